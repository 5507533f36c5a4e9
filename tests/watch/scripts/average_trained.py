# SAYS: it is first used here
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
swa = AveragedModel(net)
for i in range(4):
    loss = swa(torch.randn(8, 4)).pow(2).mean()  # <-
    opt.zero_grad()
    loss.backward()
    opt.step()
    swa.update_parameters(net)
