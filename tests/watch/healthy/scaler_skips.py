import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), 1e-3)
sc = torch.amp.GradScaler("cpu", init_scale=2.0**120)
for _ in range(4):
    opt.zero_grad()
    loss = (net(torch.randn(8, 4)) * 1e20).pow(2).mean()
    sc.scale(loss).backward()
    sc.step(opt)
    sc.update()
