# SAYS: indices have no derivative
# WHY: scores.weight
import torch
from torch import nn

scores = nn.Linear(4, 1)
head = nn.Linear(4, 1)
opt = torch.optim.Adam([*scores.parameters(), *head.parameters()])
for _ in range(3):
    x = torch.randn(16, 4)
    idx = scores(x).squeeze(1).topk(4).indices  # <-
    loss = head(x[idx]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
