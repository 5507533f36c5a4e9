# SAYS: clear it after step()
import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters())


def log_and_free(p):
    norms.append(p.grad.norm().item())
    p.grad = None  # <-


norms = []
for p in net.parameters():
    p.register_post_accumulate_grad_hook(log_and_free)
for _ in range(3):
    loss = net(torch.randn(5, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
