import torch

SAYS = "is an interior tensor"


def main(live):
    w = torch.randn(3).requires_grad_()  # <-
    w = w.double()  # <-
    live["why"] = w
    w.sum().backward()
