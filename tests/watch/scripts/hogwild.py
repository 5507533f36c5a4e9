import threading

import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
loss = net(torch.randn(4, 3)).mean()  # <-


def other():
    l2 = net(torch.randn(4, 3)).mean()
    g = torch.autograd.grad(l2, list(net.parameters()))
    with torch.no_grad():
        for p, gi in zip(net.parameters(), g):
            p.sub_(0.1 * gi)  # <-


t = threading.Thread(target=other)
t.start()
t.join()
loss.backward()
