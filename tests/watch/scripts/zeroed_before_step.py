# SAYS: cleared again before the step
import torch
from torch import nn

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(4):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    loss.backward()
    opt.zero_grad(set_to_none=False)  # <-
    opt.step()  # <-
