# SAYS: A sum of losses goes on
import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
total = 0
for i in range(9):
    loss = net(torch.randn(4, 3)).square().mean() / 3
    total = total + loss  # <-
    if (i + 1) % 3 == 0:
        total.backward()  # <-
        opt.step()
        opt.zero_grad()
