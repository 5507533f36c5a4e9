import torch
from torch import nn

SAYS = "took another object of the same shape"


def main(live):
    net = nn.Linear(3, 2)
    opt = torch.optim.SGD(net.parameters(), 0.1)  # <-
    live["why"] = net.weight
    net.weight = nn.Parameter(net.weight.detach().clone())  # <-
    for _ in range(2):
        opt.zero_grad()
        net(torch.randn(4, 3)).mean().backward()  # <-
        opt.step()
