import torch
from torch import nn

SAYS = "leaves torch"


def main(live):
    net = nn.Linear(3, 2)
    live["why"] = net.weight
    opt = torch.optim.SGD(net.parameters(), 0.1)
    loss = net(torch.randn(4, 3)).square().mean()
    loss = torch.tensor(loss.item(), requires_grad=True)  # <-
    loss.backward()
    opt.step()
