# SAYS: max_norm writes the weight
import torch
from torch import nn

emb = nn.Embedding(10, 4, max_norm=1.0)
W = nn.Parameter(torch.randn(4, 4))
opt = torch.optim.SGD([*emb.parameters(), W], 0.1)
for _ in range(2):
    a = emb.weight @ W  # <-
    b = emb(torch.tensor([1, 2, 3]))  # <-
    loss = (a[0] - b).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
