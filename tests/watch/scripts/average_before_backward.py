# SAYS: the backward that was to fill it raised
# WHY: net[0].weight
import copy

import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
ema = copy.deepcopy(net)
opt = torch.optim.Adam(net.parameters())


def swap():
    with torch.no_grad():
        for p, e in zip(net.parameters(), ema.parameters()):
            p.copy_(0.5 * p + 0.5 * e)  # <-


for _ in range(2):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    swap()
    opt.zero_grad()
    loss.backward()
    opt.step()
