# SAYS: One term of the loss has no gradient
import librosette
import torch
from torch import nn

gen = nn.Sequential(nn.Linear(8, 32), nn.Tanh())
opt = torch.optim.Adam(gen.parameters())
for _ in range(2):
    wav = gen(torch.randn(2, 8))
    ref = torch.randn(2, 32)
    spec = librosette.melspec(wav)  # <-
    loss = (spec - librosette.melspec(ref)).abs().mean() + 0.01 * wav.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
