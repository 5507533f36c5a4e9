import torch
from torch import nn

net, head = nn.Linear(3, 4), nn.Linear(4, 1)
feat = net(torch.randn(5, 3))  # <-
feat.requires_grad_(False)  # <-
head(feat).mean().backward()
