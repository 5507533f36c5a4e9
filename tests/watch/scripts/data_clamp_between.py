# SAYS: A write through .data changed
import torch
from torch import nn

G, D = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
og, od = torch.optim.RMSprop(G.parameters(), 1e-3), torch.optim.RMSprop(D.parameters(), 1e-3)
for _ in range(3):
    real, z = torch.randn(6, 4), torch.randn(6, 3)
    g_loss = -D(G(z)).mean()
    d_loss = D(G(z).detach()).mean() - D(real).mean()
    od.zero_grad()
    d_loss.backward()
    for p in D.parameters():
        p.data.clamp_(-0.01, 0.01)  # <-
    og.zero_grad()
    g_loss.backward()  # <-
    og.step()
    od.step()
