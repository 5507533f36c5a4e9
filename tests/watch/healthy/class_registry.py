import torch
from torch import nn


class Net(nn.Module):
    acts = {"relu": nn.ReLU(), "tanh": nn.Tanh()}
    default = nn.Identity()

    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 4)
        self.shadow = [p.detach().clone() for p in self.l.parameters()]
        self.o = nn.Linear(4, 1)

    def forward(self, x):
        return self.o(self.acts["tanh"](self.default(self.l(x))))


net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
