import torch
from torch import nn

net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4)
x = torch.linspace(-1, 1, 20).unsqueeze(1)


def closure():
    opt.zero_grad()
    loss = (net(x) - x.sin()).pow(2).mean()
    loss.backward()
    return loss


opt.step(closure)
