# WHY: net[0].weight
# SAYS: written after the backward
import torch
from torch import nn

cfg = {"max_norm": 0.0}
net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), 0.5)
for _ in range(3):
    loss = net(torch.randn(6, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), cfg["max_norm"])  # <-
    opt.step()
