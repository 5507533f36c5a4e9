import torch
from torch import nn

SAYS = "another network's backward left"


def main(live):
    actor, critic = nn.Linear(3, 2), nn.Linear(2, 1)
    oa, oc = torch.optim.Adam(actor.parameters()), torch.optim.Adam(critic.parameters())
    for _ in range(3):
        oa.zero_grad()
        (-critic(actor(torch.randn(4, 3))).mean()).backward()  # <-
        oa.step()
        critic(torch.randn(4, 2)).square().mean().backward()  # <-
        oc.step()  # <-
        oc.zero_grad()
