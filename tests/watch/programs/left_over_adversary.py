import torch
from torch import nn

SAYS = "another network's backward left"


def main(live):
    body, foe = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    ob, of = torch.optim.SGD(body.parameters(), 0.1), torch.optim.SGD(foe.parameters(), 0.1)
    for _ in range(2):
        fool = -foe(body(torch.randn(4, 3))).square().mean()
        fool.backward()  # <-
        ob.step()
        ob.zero_grad(set_to_none=False)
        with torch.no_grad():
            feat = body(torch.randn(4, 3))
        foe(feat).square().mean().backward()  # <-
        of.step()  # <-
        of.zero_grad(set_to_none=False)
