import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)


def log(value, history=[]):
    history.append(value)


for _ in range(5):
    loss = net(torch.randn(4, 3)).square().mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
    log(loss)
# SAYS: Memory grows
