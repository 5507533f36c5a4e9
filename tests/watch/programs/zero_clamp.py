import torch

SAYS = "gradient of zeros"


def main(live):
    live["why"] = w = torch.ones(3, requires_grad=True)
    y = (w * 3).clamp(max=1)  # <-
    y.exp().sum().backward()
