import torch
from torch import nn

SAYS = "was cleared again"


def main(live):
    net = nn.Linear(3, 2)
    opt = torch.optim.Adam(net.parameters())
    live["why"] = net.bias
    for _ in range(3):
        net(torch.randn(4, 3)).square().mean().backward()  # <-
        opt.step()
        opt.zero_grad()  # <-
