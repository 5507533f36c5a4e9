import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(2):
    rate = net(torch.randn(6, 3))
    loss = (rate.log() - rate).square().mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: as the loss is NaN
