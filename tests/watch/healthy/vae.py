import torch
import torch.nn.functional as F
from torch import nn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv, self.dec = nn.Linear(6, 8), nn.Linear(8, 2), nn.Linear(8, 2), nn.Linear(2, 6)

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * (0.5 * lv).exp()
        return self.dec(z), mu, lv


net = VAE()
opt = torch.optim.Adam(net.parameters())
for epoch in range(5):
    total = 0
    x = torch.rand(8, 6)
    out, mu, lv = net(x)
    kl = -0.5 * (1 + lv - mu.pow(2) - lv.exp()).sum()
    loss = F.mse_loss(out, x) + kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    total += loss.item()
net.eval()
with torch.no_grad():
    net.dec(torch.randn(3, 2))
