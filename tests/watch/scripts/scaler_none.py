import torch
from torch import nn

net, ref = nn.Linear(3, 2), nn.Linear(3, 2)
opt = torch.optim.SGD(ref.parameters(), 0.1)
scaler = torch.amp.GradScaler("cpu")
for _ in range(2):
    with torch.autocast("cpu", torch.bfloat16):
        loss = net(torch.randn(4, 3)).float().square().mean()  # <-
    opt.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(opt)
    scaler.update()
