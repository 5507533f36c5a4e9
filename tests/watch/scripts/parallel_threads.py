import threading

import torch
from torch import nn

nets = [nn.Linear(3, 1) for _ in range(2)]
opts = [torch.optim.SGD(n.parameters(), 0.1) for n in nets]


def work(i):
    for _ in range(3):
        out = nets[i](torch.randn(4, 3))
        if i == 1:
            out = out.data  # <-
            out = out * torch.ones(1, requires_grad=True)
        loss = out.square().mean()
        opts[i].zero_grad()
        loss.backward()
        opts[i].step()


ts = [threading.Thread(target=work, args=(i,)) for i in range(2)]
[t.start() for t in ts]
[t.join() for t in ts]
