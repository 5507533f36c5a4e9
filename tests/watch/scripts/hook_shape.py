# SAYS: a hook was put on here
import torch
from torch import nn

net = nn.Linear(4, 2)
net.weight.register_hook(lambda g: g.mean(0))  # <-
loss = net(torch.randn(5, 4)).pow(2).mean()
loss.backward()  # <-
