# SAYS: x = x.detach() in its place
import torch
from torch import nn

rnn, fc = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 1)
opt = torch.optim.Adam([*rnn.parameters(), *fc.parameters()])
h = torch.zeros(1, 2, 4)
for _ in range(3):
    out, h = rnn(torch.randn(2, 5, 3), h)
    last = out[:, -1]
    last.detach_()  # <-
    loss = fc(out).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
