import torch
from torch import nn

SAYS = "no loss that went backward was computed from it"


def main(live):
    net, scale = nn.Linear(3, 2), nn.Parameter(torch.ones(2))
    live["why"] = scale
    loss = net(torch.randn(4, 3)).mean()
    live["penalty"] = scale.square().sum()  # <-
    loss.backward()  # <-
