import torch
from torch import nn

D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(D.parameters())
real, fake = torch.randn(4, 3), torch.randn(4, 3)
for _ in range(2):
    eps = torch.rand(4, 1)
    mid = (eps * real + (1 - eps) * fake).requires_grad_(True)
    out = D(mid)
    (g,) = torch.autograd.grad(out.sum(), mid)  # <-
    gp = ((g.norm(dim=1) - 1) ** 2).mean()
    loss = 10 * gp
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: create_graph=True
