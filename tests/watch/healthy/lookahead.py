import torch
from torch import nn


class Lookahead(torch.optim.Optimizer):
    def __init__(self, base, k=2):
        self.base, self.k, self.n = base, k, 0
        self.param_groups = base.param_groups
        self.state = base.state
        self.defaults = base.defaults
        self.slow = [[p.detach().clone() for p in g["params"]] for g in self.param_groups]

    def zero_grad(self, *a):
        self.base.zero_grad(*a)

    def step(self):
        self.base.step()
        self.n += 1
        if self.n % self.k == 0:
            for g, sl in zip(self.param_groups, self.slow):
                for p, s in zip(g["params"], sl):
                    s.add_(p.data - s, alpha=0.5)
                    p.data.copy_(s)


net = nn.Linear(4, 1)
opt = Lookahead(torch.optim.SGD(net.parameters(), 0.1))
for _ in range(4):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
