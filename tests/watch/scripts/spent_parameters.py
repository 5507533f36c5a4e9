import torch
from torch import nn

net = nn.Linear(3, 1)
params = net.parameters()
print(sum(p.numel() for p in params))
opt = torch.optim.SGD(params, 0.1)  # <-
# SAYS: read to its end before
