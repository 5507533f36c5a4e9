# SAYS: detach() what was kept from before
import torch
from torch import nn

net, head = nn.LSTMCell(3, 5), nn.Linear(5, 2)
opt = torch.optim.Adam([*net.parameters(), *head.parameters()])
h = c = torch.zeros(1, 5)
replay = []
for _ in range(6):
    x = torch.randn(1, 3)
    h, c = net(x, (h, c))  # <-
    replay.append((x, h, c))
for x, h, c in (replay[0], replay[5]):
    h, _ = net(x, (h, c))
    loss = head(h).pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()  # <-
