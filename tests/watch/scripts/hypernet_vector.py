# SAYS: functional_call
import torch
from torch import nn

hyper, target = nn.Linear(2, 8), nn.Linear(3, 2)
opt = torch.optim.Adam(hyper.parameters())
for _ in range(3):
    theta = hyper(torch.randn(2))
    nn.utils.vector_to_parameters(theta, target.parameters())  # <-
    loss = target(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
