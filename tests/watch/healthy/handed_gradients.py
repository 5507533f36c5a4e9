# WHY: net.weight
import torch
from torch import nn

net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    learner = nn.Linear(3, 1)
    learner.load_state_dict(net.state_dict())
    x, y = torch.randn(5, 3), torch.randn(5, 1)
    g = torch.autograd.grad((learner(x) - y).pow(2).mean(), list(learner.parameters()))
    with torch.no_grad():
        for p, gi in zip(learner.parameters(), g):
            p -= 0.1 * gi
    outer = (learner(x) - y).pow(2).mean()
    opt.zero_grad()
    outer.backward()
    for p, q in zip(net.parameters(), learner.parameters()):
        p.grad = q.grad
    opt.step()
