# SAYS: retain_graph=True in the first
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)
loss = net(torch.randn(5, 3)).pow(2).mean()
norms = [g.norm() for g in torch.autograd.grad(loss, list(net.parameters()))]  # <-
opt.zero_grad()
loss.backward()  # <-
opt.step()
