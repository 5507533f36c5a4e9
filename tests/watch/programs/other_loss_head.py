import torch
from torch import nn

SAYS = "no loss that went backward was computed from it"


def main(live):
    body, one, two = nn.Linear(3, 3), nn.Linear(3, 1), nn.Linear(3, 1)
    feat = body(torch.randn(4, 3))
    live["why"] = two.weight
    live["second"] = two(feat).square().mean()  # <-
    one(feat).square().mean().backward()  # <-
