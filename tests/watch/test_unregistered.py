"""Layers of a model, made before the block, that it has in a plain dict."""

import torch
from torch import nn

from gradstop import watch


class Block(nn.Module):
    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        for part in self.parts.values():
            x = part(x).tanh()
        return x


def rounds(parts):
    net = nn.Sequential(Block(parts), nn.Linear(3, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with watch() as seen:
        for _ in range(2):
            optimizer.zero_grad()
            net(torch.randn(4, 3)).mean().backward()
            optimizer.step()
    return seen


def test_the_attribute_is_named_that_keeps_layers_from_being_registered():
    seen = rounds({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)})
    (answer,) = seen.faults
    assert "in Block.parts has not registered them" in answer.reason
    assert "nn.ModuleDict" in answer.mend


def test_registered_layers_are_in_no_fault():
    seen = rounds(nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)}))
    assert seen.faults == []
