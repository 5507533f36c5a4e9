import copy

import torch
from torch import nn

net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))
net[0].weight.data.copy_(net.state_dict()["0.weight"])  # nothing has changed since
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(16, 2), torch.randn(16, 1)
for _ in range(3):
    opt.zero_grad()
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    best = copy.deepcopy(net.state_dict())
    opt.step()
net.load_state_dict(best)
state = net.state_dict()
state["0.weight"] = torch.ones(4, 2)
net.load_state_dict(state)
