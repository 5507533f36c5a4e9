# SAYS: A gradient is asked for
import numpy as np
import torch
from torch import nn

net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), 1e-3)
pts = np.random.default_rng(0).random((32, 2)).astype("float32")
for _ in range(3):
    xt = torch.from_numpy(pts)  # <-
    u = net(xt)
    g = torch.autograd.grad(u, xt, torch.ones_like(u), create_graph=True)[0]
    loss = (g[:, :1] + g[:, 1:]).pow(2).mean() + u.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
