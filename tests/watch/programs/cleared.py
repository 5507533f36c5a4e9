import torch
from torch import nn

SAYS = "was cleared again"


def main(live):
    net = nn.Linear(3, 2)
    opt = torch.optim.SGD(net.parameters(), 0.1)
    live["why"] = net.weight
    net(torch.randn(4, 3)).mean().backward()  # <-
    opt.zero_grad()  # <-
    opt.step()
