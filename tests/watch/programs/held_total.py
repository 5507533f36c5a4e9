import torch
from torch import nn

SAYS = "Memory grows"


def main(live):
    net, total = nn.Linear(3, 2), 0
    for _ in range(4):
        loss = net(torch.randn(4, 3)).square().mean()
        loss.backward()
        total = total + loss  # <-
