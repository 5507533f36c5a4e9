import torch
from torch import nn

SAYS = "was written over"


def main(live):
    net = nn.Linear(3, 2)
    out = net(torch.randn(4, 3))
    live["log"] = [out.data]  # <-
    out *= 10  # <-
    out.mean().backward()
