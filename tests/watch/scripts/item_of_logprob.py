# SAYS: stay with torch's operations
import torch
from torch import nn

policy = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2), nn.Softmax(-1))
opt = torch.optim.Adam(policy.parameters(), 1e-2)
for episode in range(3):
    logps, rewards = [], []
    s = torch.zeros(2)
    for t in range(6):
        p = policy(s)
        d = torch.distributions.Categorical(p)
        a = d.sample()
        logps.append(d.log_prob(a).item())  # <-
        rewards.append(float(a))
        s = torch.randn(2)
    G = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    loss = -(torch.tensor(logps, requires_grad=True) * G).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
