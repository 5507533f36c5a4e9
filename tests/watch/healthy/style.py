import torch
from torch import nn

vgg = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)).eval()
img = torch.rand(1, 3, 8, 8, requires_grad=True)
ref = torch.rand(1, 3, 8, 8)
opt = torch.optim.LBFGS([img], max_iter=3)
with torch.no_grad():
    want = vgg(ref)


def closure():
    opt.zero_grad()
    loss = (vgg(img) - want).square().mean()
    loss.backward()
    return loss


for _ in range(3):
    opt.step(closure)
    with torch.no_grad():
        img.clamp_(0, 1)
