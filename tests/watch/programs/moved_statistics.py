import torch
from torch import nn

SAYS = "its layer is frozen"


def main(live):
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    net.requires_grad_(False)  # <-
    head = nn.Linear(4, 1)
    head(net(torch.randn(8, 3))).mean().backward()  # <-
