import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
best = torch.tensor(0.0)
for _ in range(6):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    best = torch.maximum(best, loss)  # <-
# SAYS: best
