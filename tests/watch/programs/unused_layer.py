import torch
from torch import nn

SAYS = "was never used"


def main(live):
    net = nn.ModuleDict({"used": nn.Linear(3, 2), "spare": nn.Linear(3, 2)})
    live["why"] = net["spare"].weight
    net["used"](torch.randn(4, 3)).mean().backward()
