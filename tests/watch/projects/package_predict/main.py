# SAYS: site-packages/timmy/models.py:
import timmy
import torch
from torch import nn

backbone = timmy.create_model("tiny")
head = nn.Linear(4, 2)
opt = torch.optim.AdamW([*backbone.parameters(), *head.parameters()], 1e-3)
for it in range(3):
    x, y = torch.randn(4, 3, 8, 8), torch.randint(0, 2, (4,))
    feats = backbone.extract_features(x)  # <-
    loss = nn.functional.cross_entropy(head(feats), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
