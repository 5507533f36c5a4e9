import torch
from torch import nn

SAYS = "no optimizer drives"


def main(live):
    net = nn.Linear(3, 2)
    opt = torch.optim.SGD(net.parameters(), 0.1)  # <-
    net = nn.Linear(3, 2)  # <-
    for _ in range(2):
        opt.zero_grad()
        net(torch.randn(4, 3)).mean().backward()  # <-
        opt.step()
