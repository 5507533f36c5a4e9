import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(4):
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    opt.zero_grad()
    (net(x) - y).square().mean().backward()
    with torch.no_grad():
        norm = torch.stack([p.grad.norm() for p in net.parameters()]).norm()
        eps = []
        for p in net.parameters():
            e = 0.05 * p.grad / norm
            p.add_(e)
            eps.append(e)
    opt.zero_grad()
    (net(x) - y).square().mean().backward()
    with torch.no_grad():
        for p, e in zip(net.parameters(), eps):
            p.sub_(e)
    opt.step()
