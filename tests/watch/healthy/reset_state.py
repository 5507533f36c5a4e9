import torch
from torch import nn

cell, head = nn.LSTMCell(3, 4), nn.Linear(4, 1)
opt = torch.optim.Adam([*cell.parameters(), *head.parameters()])
h = c = torch.zeros(2, 4)
for i in range(3):
    loss = 0
    for t in range(4):
        h, c = cell(torch.randn(2, 3), (h, c))
        done = torch.tensor([[t == 2.0], [False]]).float()
        h, c = h * (1 - done), c * (1 - done)
        loss = loss + head(h).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    h, c = h.detach(), c.detach()
