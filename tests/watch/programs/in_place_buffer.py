import torch

SAYS = "written in place"


def main(live):
    x, scale = torch.randn(4, requires_grad=True), torch.ones(4)
    y = x * scale  # <-
    scale.view(2, 2)[0].mul_(2)  # <-
    y.sum().backward()
