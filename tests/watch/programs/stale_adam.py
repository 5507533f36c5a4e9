import torch
from torch import nn

SAYS = "A fused step changed"


def main(live):
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    opt = torch.optim.Adam(net.parameters(), fused=True)
    score = net(torch.randn(4, 3))  # <-
    score.mean().backward(retain_graph=True)
    opt.step()  # <-
    (-score.mean()).backward()  # <-
