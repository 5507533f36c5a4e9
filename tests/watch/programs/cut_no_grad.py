import torch
from torch import nn

SAYS = "grad mode is off"


def main(live):
    net, head = nn.Linear(3, 2), nn.Linear(2, 1)
    live["why"] = net.weight
    with torch.no_grad():  # <-
        feat = net(torch.randn(4, 3))  # <-
    head(feat).mean().backward()
