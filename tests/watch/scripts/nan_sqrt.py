import torch
from torch import nn

net = nn.Linear(3, 2, bias=False)
opt = torch.optim.SGD(net.parameters(), 0.1)
x = torch.randn(4, 3)
for _ in range(3):
    a = net(x)
    dist = (a - a).pow(2).sum(1).sqrt()  # <-
    loss = dist.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(net.weight)
# SAYS: sqrt is infinite or NaN backwards
