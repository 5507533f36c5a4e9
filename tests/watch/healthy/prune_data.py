import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(net.parameters(), 0.1)
mask = {n: (torch.rand_like(p) > 0.3).float() for n, p in net.named_parameters() if p.dim() > 1}
for _ in range(4):
    for n, p in net.named_parameters():
        if n in mask:
            p.data.mul_(mask[n])
    loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(0, 2, (8,)))
    opt.zero_grad()
    loss.backward()
    for n, p in net.named_parameters():
        if n in mask:
            p.grad.data.mul_(mask[n])
    opt.step()
