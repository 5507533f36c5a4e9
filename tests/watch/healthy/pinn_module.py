import torch
from torch import nn


class PINN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        self.k = nn.Parameter(torch.tensor(1.0))
        self.x = torch.linspace(0, 1, 16)[:, None].requires_grad_()

    def loss(self):
        u = self.net(self.x)
        du = torch.autograd.grad(u, self.x, torch.ones_like(u), create_graph=True)[0]
        d2 = torch.autograd.grad(du, self.x, torch.ones_like(u), create_graph=True)[0]
        return (d2 + self.k * u).pow(2).mean() + (self.net(torch.zeros(1, 1)) - 1).pow(2).mean()


m = PINN()
opt = torch.optim.Adam(m.parameters())
for _ in range(4):
    loss = m.loss()
    opt.zero_grad()
    loss.backward()
    opt.step()
