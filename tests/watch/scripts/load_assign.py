import copy

import torch
from torch import nn

net = nn.Linear(3, 2)
state = copy.deepcopy(net.state_dict())
opt = torch.optim.SGD(net.parameters(), lr=0.1)  # <-
net.load_state_dict(state, assign=True)  # <-
for _ in range(3):
    loss = net(torch.randn(4, 3)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
