import torch
from torch import nn

SAYS = "no optimizer drives"


def main(live):
    back, head = nn.Linear(3, 3).requires_grad_(False), nn.Linear(3, 1)
    opt = torch.optim.SGD(head.parameters(), 0.1)  # <-
    back.requires_grad_(True)  # <-
    head(back(torch.randn(4, 3))).mean().backward()  # <-
    opt.step()
