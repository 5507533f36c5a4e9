import torch
from torch import nn


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.maker, self.main = nn.Linear(2, 12), nn.Linear(4, 3, bias=False)

    def forward(self, x, task):
        self.main.weight.data = self.maker(task).view(3, 4)  # <-
        return self.main(x)


net = Hyper()
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    loss = net(torch.randn(5, 4), torch.randn(2)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
# SAYS: maker.weight of Hyper (12 by 2) was used, and its history ends on the way to the loss.
# SAYS: torch.func.functional_call(net, {name: tensor}, (x,)) keeps the way back
