import torch
from torch import nn

SAYS = "is frozen"


def main(live):
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    for p in net[0].parameters():
        p.requires_grad = False  # <-
    live["why"] = net[0].weight
    net(torch.randn(4, 3)).mean().backward()
