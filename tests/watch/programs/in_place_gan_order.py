import torch
from torch import nn

SAYS = "optimizer's step has changed it"


def main(live):
    maker, judge = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))
    opt = torch.optim.Adam(judge.parameters())
    score = judge(maker(torch.randn(6, 3)))  # <-
    score.mean().backward(retain_graph=True)
    opt.step()  # <-
    (-score.mean()).backward()  # <-
