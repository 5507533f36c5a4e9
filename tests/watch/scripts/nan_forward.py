import torch
from torch import nn

score, head = nn.Linear(4, 1), nn.Linear(4, 2)
opt = torch.optim.AdamW([*score.parameters(), *head.parameters()], lr=1e-3)
for _ in range(3):
    x, y = torch.randn(3, 5, 4), torch.randint(2, (3,))
    pad = torch.arange(5)[None] >= torch.tensor([5, 2, 0])[:, None]
    weights = score(x)[..., 0].masked_fill(pad, -torch.inf).softmax(1)  # <-
    loss = nn.functional.cross_entropy(head((weights[..., None] * x).sum(1)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: as the loss is NaN: softmax had it forward, before any backward
# SAYS: a softmax of -inf alone
