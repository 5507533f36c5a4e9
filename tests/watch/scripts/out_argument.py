# SAYS: in the place of out=
import torch
from torch import nn

lin = nn.Linear(4, 4)
buf = torch.empty(3, 4)
x = torch.randn(3, 4)
h = lin(x)
torch.add(h, 1.0, out=buf)  # <-
loss = buf.pow(2).mean()
loss.backward()
