import torch
from torch import nn

SAYS = "is frozen"


def main(live):
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    net[0].requires_grad_(False)  # <-
    live["why"] = net[0].bias
    net(torch.randn(4, 3)).square().mean().backward()
