import torch

SAYS = "is an interior tensor"


def main(live):
    w = torch.randn(3, requires_grad=True) * 0.1  # <-
    live["why"] = w
    for _ in range(2):
        (w * torch.randn(3)).sum().backward()
        break
