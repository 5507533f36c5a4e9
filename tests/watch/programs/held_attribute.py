import torch
from torch import nn

SAYS = "Memory grows"


def main(live):
    net = nn.Linear(3, 2)
    net.seen = []
    for _ in range(5):
        out = net(torch.randn(4, 3))  # <-
        net.seen.append(out)
        out.square().mean().backward()
