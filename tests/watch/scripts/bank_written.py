# SAYS: was used by one call alone
# WHY: bank
import torch
from torch import nn

enc = nn.Linear(6, 4)
bank = nn.Parameter(torch.randn(16, 4))
opt = torch.optim.Adam([*enc.parameters(), bank])
for i in range(3):
    idx = torch.randint(16, (4,))
    z = enc(torch.randn(4, 6))
    bank[idx] = z.detach()  # <-
    loss = (z @ bank.t()).logsumexp(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
