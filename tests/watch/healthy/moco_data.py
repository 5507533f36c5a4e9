import torch
from torch import nn

q, k = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
k.load_state_dict(q.state_dict())
k.requires_grad_(False)
opt = torch.optim.SGD(q.parameters(), 0.1)
for p, r in zip(k.parameters(), q.parameters()):
    p.data = p.data * 0.9 + r.data * 0.1
x = torch.randn(5, 3)
loss = (q(x) - k(x)).square().mean()
opt.zero_grad()
loss.backward()
opt.step()
