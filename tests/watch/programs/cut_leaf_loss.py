import torch
from torch import nn

SAYS = "the loss is a leaf"


def main(live):
    net = nn.Linear(3, 2)
    loss = net(torch.randn(4, 3)).square().mean()
    loss = loss.detach().requires_grad_()  # <-
    loss.backward()  # <-
