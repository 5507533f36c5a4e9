import torch
from torch import nn

back, head = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 2)
net = nn.Sequential(back, head)
back.requires_grad_(False)
opt = torch.optim.Adam(head.parameters())
for _ in range(3):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
back.requires_grad_(True)
opt.add_param_group({"params": back.parameters(), "lr": 1e-4})
for _ in range(3):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
