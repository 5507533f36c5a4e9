# SAYS: A Function of yours has no backward
import numpy as np
import torch
from torch import nn


class Sinc(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(np.sinc(x.detach().numpy()))


net = nn.Linear(3, 2)
y = Sinc.apply(net(torch.randn(4, 3)))  # <-
y.sum().backward()  # <-
