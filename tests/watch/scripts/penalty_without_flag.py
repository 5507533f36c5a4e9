import torch
from torch import nn

D, G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)), nn.Linear(3, 2)
opt = torch.optim.Adam(D.parameters())
for _ in range(2):
    real, fake = torch.randn(6, 2), G(torch.randn(6, 3)).detach()  # <-
    e = torch.rand(6, 1)
    mix = e * real + (1 - e) * fake
    g = torch.autograd.grad(D(mix).sum(), mix, create_graph=True)[0]  # <-
    loss = D(fake).mean() - D(real).mean() + 10 * ((g.norm(dim=1) - 1) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: Mend: x.requires_grad_() before the forward that takes it; or leave the detach() out
