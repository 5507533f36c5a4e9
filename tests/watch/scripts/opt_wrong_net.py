import torch
from torch import nn

G, D = nn.Linear(2, 3), nn.Linear(3, 1)
og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(G.parameters())  # <-
for _ in range(3):
    fake = G(torch.randn(4, 2))
    od.zero_grad()
    (D(fake.detach()) - D(torch.randn(4, 3))).mean().backward()  # <-
    od.step()
    og.zero_grad()
    (-D(fake).mean()).backward()
    og.step()
# SAYS: no optimizer drives
