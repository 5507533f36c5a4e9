# SAYS: new_tensor: a copy of the values
import torch
from torch import nn

a, b = nn.Linear(3, 4), nn.Linear(4, 1)
opt = torch.optim.SGD([*a.parameters(), *b.parameters()], 0.1)
for _ in range(3):
    h = a(torch.randn(8, 3)).tanh()
    h = h.new_tensor(h)  # <-
    loss = (b(h) - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
