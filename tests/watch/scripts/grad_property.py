import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
x = torch.randn(4, 3, requires_grad=True)
net(x).sum().backward()  # <-
penalty = x.grad.pow(2).sum()
opt.zero_grad()
penalty.backward()
# SAYS: it comes from a .grad
