import torch
from torch import nn


class Sal(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.x = nn.Linear(4, 2), None

    def forward(self, x):
        self.x = x.detach().requires_grad_()
        return self.f(self.x)


m = Sal()
opt = torch.optim.SGD(m.parameters(), 0.1)
maps = []
for _ in range(4):
    loss = nn.functional.cross_entropy(m(torch.randn(8, 4)), torch.randint(2, (8,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
    maps.append(m.x.grad.abs().mean().item())
