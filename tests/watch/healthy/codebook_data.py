import torch
from torch import nn


class VQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(4, 3), nn.Linear(3, 4)
        self.register_buffer("book", torch.randn(5, 3))
        self.register_buffer("n", torch.ones(5))

    def forward(self, x):
        z = self.enc(x)
        d = torch.cdist(z, self.book)
        k = d.argmin(1)
        q = self.book[k]
        if self.training:
            one = nn.functional.one_hot(k, 5).float()
            self.n.data.mul_(0.9).add_(one.sum(0), alpha=0.1)
            self.book.data.lerp_(one.t() @ z.detach() / (one.sum(0)[:, None] + 1e-3), 0.1)
        return self.dec(z + (q - z).detach()), (z - q.detach()).pow(2).mean()


m = VQ()
opt = torch.optim.Adam(m.parameters())
for _ in range(5):
    x = torch.randn(7, 4)
    y, c = m(x)
    loss = (y - x).pow(2).mean() + 0.25 * c
    opt.zero_grad()
    loss.backward()
    opt.step()
