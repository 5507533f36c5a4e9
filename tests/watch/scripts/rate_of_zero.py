import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)  # <-
schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: step // 10)
for _ in range(3):
    loss = net(torch.randn(3, 4)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()  # <-
    schedule.step()
# SAYS: 3 steps of SGD move nothing: its learning rate is 0.
