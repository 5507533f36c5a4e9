import copy

import torch
from torch import nn


class Learner:
    def __init__(self, net, lr):
        self.opt = torch.optim.SGD(net.parameters(), lr)  # <-
        self.net = copy.deepcopy(net)  # <-

    def step(self, x):
        loss = self.net(x).pow(2).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


L = Learner(nn.Linear(3, 1), 0.1)
for _ in range(3):
    L.step(torch.randn(4, 3))
# SAYS: it was copied here
