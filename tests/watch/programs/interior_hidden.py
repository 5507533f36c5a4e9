import torch
from torch import nn

SAYS = "is an interior tensor"


def main(live):
    net = nn.Linear(3, 2)
    hidden = net(torch.randn(4, 3))  # <-
    live["why"] = hidden
    hidden.square().mean().backward()
