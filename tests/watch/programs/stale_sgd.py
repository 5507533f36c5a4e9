import torch
from torch import nn

SAYS = "A fused step changed"


def main(live):
    maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
    opt = torch.optim.SGD(judge.parameters(), 0.1, fused=True)
    fake = maker(torch.randn(4, 2))
    score = judge(fake)  # <-
    judge(fake.detach()).mean().backward()
    opt.step()  # <-
    score.mean().backward()  # <-
