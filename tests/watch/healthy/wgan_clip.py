import torch
from torch import nn

G, D = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
og, od = torch.optim.RMSprop(G.parameters(), 1e-3), torch.optim.RMSprop(D.parameters(), 1e-3)
for it in range(6):
    real = torch.randn(6, 4)
    od.zero_grad()
    (D(G(torch.randn(6, 3)).detach()).mean() - D(real).mean()).backward()
    od.step()
    for p in D.parameters():
        p.data.clamp_(-0.1, 0.1)
    if it % 2:
        og.zero_grad()
        (-D(G(torch.randn(6, 3))).mean()).backward()
        og.step()
