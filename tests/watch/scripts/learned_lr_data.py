# WHY: lr
# SAYS: data =: .data makes a constant
import torch
from torch import nn

lr = nn.Parameter(torch.tensor(0.1))
w = torch.randn(3, requires_grad=True)
opt = torch.optim.SGD([lr], 0.01)
for _ in range(3):
    loss = (w - 1).pow(2).sum()
    (g,) = torch.autograd.grad(loss, w, create_graph=True)
    w.data = w.data - lr * g  # <-
    outer = (w - 2).pow(2).sum()
    opt.zero_grad()
    outer.backward()
    opt.step()
