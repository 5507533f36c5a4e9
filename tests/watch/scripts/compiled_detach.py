import torch
from torch import nn

net, head = nn.Linear(3, 4), nn.Linear(4, 1)
opt = torch.optim.SGD([*net.parameters(), *head.parameters()], 0.1)


@torch.compile(backend="eager")
def feat(x):
    return net(x).detach()


for _ in range(3):
    loss = head(feat(torch.randn(4, 3))).square().mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
