import torch
from torch import nn

net = nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    out = net(torch.randn(4, 2))
    losses = [out.square().mean(), out.abs().mean()]
    total = torch.tensor(losses, requires_grad=True).sum()  # <-
    opt.zero_grad()
    total.backward()
    opt.step()
# SAYS: weight of Linear (1 by 2) was used, and its history ends on the way to the loss.
# SAYS: torch.stack([...]) in its place keeps their histories
