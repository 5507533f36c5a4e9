# SAYS: checkpointed here
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

f = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
x = torch.randn(4, 3, requires_grad=True)
y = checkpoint(f, x, use_reentrant=True)  # <-
(g,) = torch.autograd.grad(y.sum(), x, create_graph=True)  # <-
g.pow(2).mean().backward()
