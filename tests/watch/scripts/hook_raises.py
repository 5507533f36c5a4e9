# SAYS: raised here
import torch
from torch import nn

net = nn.Linear(4, 1)
h = net(torch.randn(3, 4))
h.register_hook(lambda g: print(g.grad_norm))  # <-
h.sum().backward()  # <-
