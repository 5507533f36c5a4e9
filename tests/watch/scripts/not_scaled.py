# SAYS: no loss was scaled by it
import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
sc = torch.amp.GradScaler("cpu")
for i in range(2):
    with torch.autocast("cpu", torch.bfloat16):
        loss = net(torch.randn(8, 4)).float().pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    sc.step(opt)
    sc.update()
