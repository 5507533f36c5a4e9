import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(4):
    loss = net(torch.randn(8, 3)).square().mean()
    loss.backward()  # <-
    opt.zero_grad()  # <-
    opt.step()
# SAYS: cleared
