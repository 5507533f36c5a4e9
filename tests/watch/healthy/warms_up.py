import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.AdamW(net.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: min(1.0, step / 2))  # the first step is by nothing
for _ in range(3):
    loss = net(torch.randn(3, 4)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    schedule.step()
