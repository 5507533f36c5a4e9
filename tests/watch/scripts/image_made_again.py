# SAYS: it was made here
import torch
from torch import nn

vgg = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()).eval().requires_grad_(False)
content = torch.rand(1, 3, 8, 8)
tgt = torch.rand(1, 4, 8, 8)
img = nn.Parameter(content.clone())
opt = torch.optim.LBFGS([img], max_iter=3)  # <-
img = nn.Parameter(img.data.clamp(0, 1))  # <-
for _ in range(3):

    def closure():
        opt.zero_grad()
        loss = (vgg(img) - tgt).pow(2).mean()
        loss.backward()
        return loss

    opt.step(closure)
