# SAYS: it was put in here
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)  # <-
for i in (0, 2):
    weight_norm(net[i])  # <-
for _ in range(3):
    loss = net(torch.randn(5, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
