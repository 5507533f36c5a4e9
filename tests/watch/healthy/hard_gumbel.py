import torch
from torch import nn

net, dec = nn.Linear(3, 4), nn.Linear(4, 3)
opt = torch.optim.Adam([*net.parameters(), *dec.parameters()])
for i in range(4):
    x = torch.randn(8, 3)
    z = nn.functional.gumbel_softmax(net(x), hard=True)
    loss = (dec(z) - x).square().mean() * min(1.0, i / 2)
    opt.zero_grad()
    loss.backward()
    opt.step()
