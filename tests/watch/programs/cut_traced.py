import torch

SAYS = "traced"


def main(live):
    inner = torch.jit.trace(lambda t: t.detach() * 2, torch.ones(3))
    w = torch.randn(3, requires_grad=True)
    live["why"] = w
    inner(w)  # <-
