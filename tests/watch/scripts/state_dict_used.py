# SAYS: a state_dict has the values alone
import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    sd = net.state_dict()  # <-
    loss = (torch.randn(8, 3) @ sd["weight"].t() + sd["bias"]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
