import torch
from torch import nn

net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
net(torch.randn(2, 1, 6, 6))
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    opt.zero_grad()
    nn.functional.cross_entropy(net(torch.randn(4, 1, 6, 6)), torch.tensor([0, 1, 0, 1])).backward()
    opt.step()
