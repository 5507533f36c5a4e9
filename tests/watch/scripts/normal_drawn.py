import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(8, 4)
        self.mu, self.lv = nn.Linear(4, 2), nn.Linear(4, 2)
        self.dec = nn.Linear(2, 8)

    def forward(self, x):
        h = torch.tanh(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        z = torch.normal(mu, (0.5 * lv).exp())  # <-
        return self.dec(z), mu, lv


vae = VAE()
opt = torch.optim.Adam(vae.parameters())
for _ in range(3):
    x = torch.rand(6, 8)
    rec, mu, lv = vae(x)
    loss = nn.functional.mse_loss(rec, x)
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: torch.randn_like
