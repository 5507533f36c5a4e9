import torch
from torch import nn

net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), 0.1)
norms = []
for _ in range(4):
    opt.zero_grad()
    nn.functional.cross_entropy(net(torch.randn(1, 4)), torch.randint(2, (1,))).backward()
    norms.append(sum(p.grad.norm().item() for p in net.parameters()))
