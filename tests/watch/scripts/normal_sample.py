import torch
from torch import nn

enc, dec = nn.Linear(5, 4), nn.Linear(2, 5)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()])
for _ in range(3):
    x = torch.randn(6, 5)
    mu, logvar = enc(x).chunk(2, 1)
    z = torch.distributions.Normal(mu, (0.5 * logvar).exp()).sample()  # <-
    loss = (dec(z) - x).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: grad mode is off
