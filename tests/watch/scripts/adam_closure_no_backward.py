import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.LBFGS(net.parameters())


def closure():
    opt.zero_grad()
    loss = net(torch.ones(4, 3)).square().mean()  # <-
    return loss


for _ in range(3):
    opt.step(closure)
