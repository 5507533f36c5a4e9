import torch
from torch import nn

SAYS = "by weight decay"


def main(live):
    emb = nn.Embedding(5, 3)
    opt = torch.optim.AdamW(emb.parameters(), weight_decay=0.1)
    emb(torch.tensor([1, 4])).square().sum().backward()
    emb.weight.grad[:4] = 0  # <-
    opt.step()  # <-
