import torch
from torch import nn

SAYS = "was written over"


def main(live):
    x = torch.randn(5, 3, requires_grad=True)
    h = x * 2
    live["before"] = h.detach()  # <-
    nn.functional.relu_(h)  # <-
    h.sum().backward()
