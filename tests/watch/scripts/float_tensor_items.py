# SAYS: made anew here
import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)


def per_sample(x, y):
    return (net(x) - y).pow(2).mean()


for _ in range(3):
    losses = [per_sample(torch.randn(3), 1.0) for _ in range(4)]
    vals = [l.item() for l in losses]  # <-
    loss = torch.FloatTensor(vals).mean()  # <-
    loss.requires_grad_()
    opt.zero_grad()
    loss.backward()
    opt.step()
