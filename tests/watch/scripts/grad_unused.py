import torch
from torch import nn

net = nn.Linear(3, 1)
x = torch.randn(4, 3, requires_grad=True)
out = net(x.detach())  # <-
(g,) = torch.autograd.grad(out.sum(), x)  # <-
