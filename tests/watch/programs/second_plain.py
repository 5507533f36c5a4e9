import torch

SAYS = "Two backwards pass the same graph"


def main(live):
    x = torch.randn(3, requires_grad=True)
    y = x.exp()  # <-
    y.sum().backward()  # <-
    y.square().sum().backward()  # <-
