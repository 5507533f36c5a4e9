import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(p=1.0), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    loss = net(torch.randn(5, 3)).square().mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
# WHY: net[0].weight
