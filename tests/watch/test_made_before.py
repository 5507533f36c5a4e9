"""A model and its optimizer that were made before the block, as in a notebook's earlier cell."""

import pytest
import torch
from torch import nn

from gradstop import watch


def rounds(net, optimizer, count=4, between=lambda: None):
    for _ in range(count):
        optimizer.zero_grad()
        net(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
        between()


def test_a_layer_that_is_unfrozen_in_the_block_was_not_put_in_there():
    net = nn.Sequential(nn.Linear(3, 3).requires_grad_(False), nn.Tanh(), nn.Linear(3, 1))
    with watch() as seen:
        optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad])
        rounds(net, optimizer, between=lambda: net[0].requires_grad_(True))
    (answer,) = seen.faults
    assert [what for what, _ in answer.lines] == ["unfrozen here", "the optimizer was made here", "filled here"]


def test_a_layer_that_is_put_in_after_the_optimizer_is_named_there():
    net, head = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)), nn.Linear(3, 1)
    with watch() as seen:
        optimizer = torch.optim.Adam(net.parameters())
        net[1] = head
        rounds(net, optimizer)
    assert "net[1] = head" in str(seen.faults)


@pytest.mark.filterwarnings("ignore")
def test_an_optimizer_without_one_gradient_is_explained():
    net, scaler = nn.Linear(3, 1), torch.amp.GradScaler("cpu")
    optimizer, other = torch.optim.SGD(net.parameters(), 0.1), nn.Linear(3, 1)

    def step():
        scaler.scale(net(torch.ones(2, 3)).detach().sum() * other(torch.ones(3))).backward()
        scaler.step(optimizer)

    with pytest.raises(AssertionError, match="inf checks"), watch() as seen:
        step()
    assert ".detach()" in str(seen.error)


def test_an_optimizer_whose_step_is_not_called_is_named():
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    optimizer.step = lambda: None
    with watch() as seen:
        rounds(net, optimizer)
    (answer,) = seen.faults
    assert answer.kind == "no step"
    assert "never steps" in answer.reason
