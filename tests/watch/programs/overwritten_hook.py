import torch
from torch import nn

SAYS = "was written over"


def main(live):
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 1))
    net[0].register_forward_hook(lambda m, i, o: live.update(kept=o.detach()))  # <-
    net(torch.randn(5, 3)).sum().backward()  # <-
