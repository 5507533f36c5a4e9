import torch
from torch import nn

SAYS = "a copy of the values"


def main(live):
    net = nn.Linear(3, 2)
    live["why"] = net.weight
    pred = net(torch.randn(4, 3))
    pred = torch.tensor(pred)  # <-
    (pred - 1).abs().mean().backward()  # <-
