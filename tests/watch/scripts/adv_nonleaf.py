import torch
from torch import nn

net = nn.Linear(4, 2)
delta = torch.zeros(3, 4, requires_grad=True)
delta = delta * 0.1  # <-
x = torch.randn(3, 4)
for _ in range(2):
    loss = net(x + delta).logsumexp(1).mean()
    loss.backward(retain_graph=True)
    delta = delta + 0.1 * delta.grad.sign()
# SAYS: interior
