# SAYS: around the forward of each round
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm

net = nn.Sequential(weight_norm(nn.Linear(4, 6)), nn.Tanh(), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)
with parametrize.cached():
    for _ in range(3):
        loss = net(torch.randn(5, 4)).pow(2).mean()  # <-
        opt.zero_grad()
        loss.backward()  # <-
        opt.step()
