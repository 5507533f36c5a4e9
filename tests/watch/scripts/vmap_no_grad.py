import torch
from torch import nn
from torch.func import vmap

w = nn.Parameter(torch.randn(3, 2))
opt = torch.optim.SGD([w], 0.1)


def feats(x):
    with torch.no_grad():  # <-
        h = x @ w  # <-
    return h.tanh()


xs = torch.randn(6, 3)
out = vmap(feats)(xs)
loss = out.pow(2).mean()
loss.backward()
opt.step()
# SAYS: grad mode is switched off
