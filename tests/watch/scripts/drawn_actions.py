# SAYS: log-probability
import torch
from torch import nn

pi = nn.Linear(3, 4)
opt = torch.optim.Adam(pi.parameters())
reward = torch.tensor([0.0, 1.0, 0.5, 0.2])
for _ in range(3):
    p = pi(torch.randn(8, 3)).softmax(-1)
    a = torch.multinomial(p, 1)[:, 0]  # <-
    loss = -reward[a].mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
