# SAYS: held by AverageMeter.sum
import torch
from meters_of.meters import AverageMeter
from torch import nn

net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), 0.05)
meter = AverageMeter()
for i in range(8):
    loss = net(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    meter.update(loss, 4)
print(float(meter.avg))
