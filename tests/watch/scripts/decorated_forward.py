import torch
from torch import nn


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 4)

    @torch.no_grad()
    def forward(self, x):
        return self.l(x)  # <-


enc, head = Enc(), nn.Linear(4, 2)
opt = torch.optim.Adam([*enc.parameters(), *head.parameters()])
for _ in range(2):
    loss = head(enc(torch.randn(4, 3))).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: grad mode is off
