import torch
from torch import nn

SAYS = "another network's backward left"


def main(live):
    maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
    om, oj = torch.optim.SGD(maker.parameters(), 0.1), torch.optim.SGD(judge.parameters(), 0.1)
    for _ in range(2):
        fake = maker(torch.randn(4, 2))
        (-judge(fake).mean()).backward()  # <-
        om.step()
        om.zero_grad()
        (judge(fake.detach()).mean() - judge(torch.randn(4, 3)).mean()).backward()  # <-
        oj.step()  # <-
        oj.zero_grad()
