# SAYS: on a complex number
import torch
from torch import nn

w = nn.Parameter(torch.randn(3, dtype=torch.cfloat))
x = torch.randn(3, dtype=torch.cfloat)
loss = (w * x).sum() ** 2  # <-
loss.backward()  # <-
