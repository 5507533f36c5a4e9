# SAYS: detach_: detach() makes a constant
import torch
from torch import nn

enc, dec = nn.Linear(4, 3), nn.Linear(3, 4)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()])
for _ in range(3):
    x = torch.randn(8, 4)
    z = enc(x)
    z.detach_()  # <-
    loss = (dec(z) - x).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
