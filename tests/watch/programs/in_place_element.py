import torch

SAYS = "written in place"


def main(live):
    x = torch.randn(4, requires_grad=True)
    y = x.exp()  # <-
    y[0] = 0  # <-
    y.sum().backward()  # <-
