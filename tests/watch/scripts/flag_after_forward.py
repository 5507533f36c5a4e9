import torch
from torch import nn

net = nn.Linear(3, 2)
x, y = torch.randn(4, 3), torch.randint(2, (4,))
loss = nn.functional.cross_entropy(net(x), y)  # <-
x.requires_grad = True  # <-
loss.backward()
adv = x + 0.1 * x.grad.sign()
# WHY: x
