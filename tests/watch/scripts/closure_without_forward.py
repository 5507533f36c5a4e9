# SAYS: in a closure: inside of it
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.LBFGS(net.parameters(), max_iter=4)
x, y = torch.randn(20, 3), torch.randn(20, 1)
for _ in range(2):
    loss = (net(x) - y).pow(2).mean()  # <-

    def closure():
        opt.zero_grad()
        loss.backward()
        return loss

    opt.step(closure)
