import torch
from torch import nn

a, b = nn.Linear(3, 3), nn.Linear(3, 1)
oa = torch.optim.SGD(a.parameters(), 0.1)
ob = torch.optim.SGD(a.parameters(), 0.1)  # <-
for _ in range(3):
    loss = b(a(torch.randn(4, 3)).relu()).pow(2).mean()
    oa.zero_grad()
    ob.zero_grad()
    loss.backward()  # <-
    oa.step()
    ob.step()
# SAYS: two optimizers have the same parameters
