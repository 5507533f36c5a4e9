import torch
from torch import nn

enc, aux = nn.Linear(3, 3), nn.Linear(3, 1)
opt = torch.optim.SGD([*enc.parameters(), *aux.parameters()], lr=0.1)
for epoch in range(3):
    weight = 0 * epoch / 3
    h = enc(torch.randn(4, 3))
    loss = h.square().mean() + weight * aux(h).mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
# WHY: aux.weight
