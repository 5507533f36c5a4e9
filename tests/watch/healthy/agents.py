import torch
from torch import nn


class Agent:
    def __init__(self):
        self.net = nn.Linear(3, 1)
        self.opt = torch.optim.SGD(self.net.parameters(), 0.1)
        self.loss = None

    def learn(self):
        self.loss = self.net(torch.randn(4, 3)).pow(2).mean()
        self.opt.zero_grad()
        self.loss.backward()
        self.opt.step()


agents = [Agent() for _ in range(4)]
for _ in range(4):
    for a in agents:
        a.learn()
