import torch

SAYS = "gradient of zeros"


def main(live):
    live["why"] = w = torch.ones(3, requires_grad=True)
    y = w.exp() * 0  # <-
    y.sum().backward()
