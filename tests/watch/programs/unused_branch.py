import torch
from torch import nn

SAYS = "gate of Module (scalar) was never used"


def main(live):
    net = nn.Module()
    net.gate, net.w = nn.Parameter(torch.zeros(())), nn.Parameter(torch.randn(3))
    live["why"], use_gate = net.gate, False
    out = net.w * (net.gate if use_gate else 1.0)
    out.sum().backward()
