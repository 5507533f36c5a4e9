import torch
from torch import nn

enc, dec = nn.Linear(4, 3), nn.Linear(3, 4)
book = torch.randn(5, 3)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()])
for _ in range(5):
    x = torch.randn(9, 4)
    z = enc(x)
    code = torch.cdist(z, book).argmin(1)
    q = book[code]
    st = z + (q - z).detach()
    loss = (dec(st) - x).square().mean() + 0.25 * (z - q.detach()).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for i in range(5):
            m = code == i
            if m.any():
                book[i] = 0.9 * book[i] + 0.1 * z[m].mean(0)
