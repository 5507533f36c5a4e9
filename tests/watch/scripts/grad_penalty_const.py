import torch
from torch import nn

D = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
real, fake = torch.randn(4, 3), torch.randn(4, 3)
mid = 0.5 * real + 0.5 * fake  # <-
out = D(mid)
(g,) = torch.autograd.grad(out.sum(), mid, create_graph=True)  # <-
