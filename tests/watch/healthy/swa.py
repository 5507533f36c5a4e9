import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), 0.1)
swa = torch.optim.swa_utils.AveragedModel(net)
data = [torch.randn(8, 3) for _ in range(3)]
for i in range(6):
    loss = net(data[i % 3]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i > 2:
        swa.update_parameters(net)
torch.optim.swa_utils.update_bn(data, swa)
