import torch
from torch import nn

SAYS = "is frozen"


def main(live):
    net = nn.Linear(3, 2).requires_grad_(False)  # <-
    net(torch.randn(4, 3)).mean().backward()  # <-
