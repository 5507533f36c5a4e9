# WHY: net.weight
import torch
from torch import nn
from torch.func import functional_call

net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    opt.zero_grad()
    meta = 0.0
    for task in range(2):
        x, y = torch.randn(8, 3), torch.randn(8, 1)
        fast = dict(net.named_parameters())
        inner = (functional_call(net, fast, (x,)) - y).square().mean()
        grads = torch.autograd.grad(inner, list(fast.values()))
        fast = {k: (p - 0.1 * g).data.requires_grad_() for (k, p), g in zip(fast.items(), grads)}  # <-
        meta = meta + (functional_call(net, fast, (x,)) - y).square().mean()
    meta.backward()
    opt.step()
