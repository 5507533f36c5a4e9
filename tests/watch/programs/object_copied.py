import copy

import torch
from torch import nn

SAYS = "took another object of the same shape"


def main(live):
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    opt = torch.optim.Adam(net.parameters())  # <-
    live["why"] = net[0].weight
    other = copy.deepcopy(net)
    for _ in range(2):
        opt.zero_grad()
        other(torch.randn(4, 3)).mean().backward()  # <-
        opt.step()
