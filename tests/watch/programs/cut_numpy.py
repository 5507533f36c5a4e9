import torch
from torch import nn

SAYS = "left torch before"


def main(live):
    net = nn.Linear(3, 2)
    pred = net(torch.randn(4, 3)).detach().numpy()  # <-
    loss = torch.from_numpy(pred * 2).mean()
    loss.backward()  # <-
