import torch
from torch import nn

SAYS = "A fused step changed"


def main(live):
    w, x = nn.Parameter(torch.randn(3)), torch.randn(3, requires_grad=True)
    opt = torch.optim.AdamW([w], fused=True)
    kept = w * x  # <-
    w.exp().sum().backward()
    opt.step()  # <-
    kept.sum().backward()  # <-
