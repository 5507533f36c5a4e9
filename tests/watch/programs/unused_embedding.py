import torch
from torch import nn

SAYS = "was never used"


def main(live):
    words, places = nn.Embedding(5, 3), nn.Embedding(4, 3)
    opt = torch.optim.SGD([*words.parameters(), *places.parameters()], 0.1)
    live["why"] = places.weight
    words(torch.tensor([1, 2])).sum().backward()
    opt.step()
