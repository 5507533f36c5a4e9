import torch
from torch import nn

emb, out = nn.Embedding(6, 4, padding_idx=0), nn.Linear(4, 2)
opt = torch.optim.AdamW([*emb.parameters(), *out.parameters()], weight_decay=0.1)
for _ in range(3):
    loss = out(emb(torch.tensor([1, 2, 3]))).square().mean()
    opt.zero_grad()
    loss.backward()
    emb.weight.grad[4:] = 0  # <-
    opt.step()  # <-
