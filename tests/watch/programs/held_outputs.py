import torch
from torch import nn

SAYS = "Memory grows"


def main(live):
    net, log = nn.Linear(3, 2), []
    for _ in range(4):
        loss = net(torch.randn(4, 3)).square().mean()  # <-
        loss.backward()
        log.append({"loss": loss})
