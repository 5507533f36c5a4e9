import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(3, 3), nn.Linear(3, 1)]  # <-

    def forward(self, x):
        for l in self.layers:
            x = l(x)
        return x


net = Net()
opt = torch.optim.Adam(net.parameters())  # <-
# SAYS: Net.layers is not
