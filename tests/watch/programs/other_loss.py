import torch
from torch import nn

SAYS = "no loss that went backward was computed from it"


def main(live):
    one, two, x = nn.Linear(3, 2), nn.Linear(3, 2), torch.randn(4, 3)
    live["why"] = one.weight
    live["loss"] = one(x).mean()  # <-
    two(x).mean().backward()  # <-
