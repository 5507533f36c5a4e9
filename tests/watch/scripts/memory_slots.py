# SAYS: carries the state
import torch
from torch import nn


class Mem(nn.Module):
    def __init__(self):
        super().__init__()
        self.write, self.read = nn.Linear(4, 4), nn.Linear(4, 1)
        self.slots = torch.zeros(3, 4)

    def forward(self, x, i):
        slots = self.slots.clone()
        slots[i % 3] = torch.tanh(self.write(x)).mean(0)  # <-
        self.slots = slots
        return self.read(torch.softmax(x @ slots.t(), -1) @ slots)


m = Mem()
opt = torch.optim.Adam(m.parameters())
for i in range(4):
    loss = m(torch.randn(2, 4), i).pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
