import torch
from torch import nn

critic = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(critic.parameters())
buffer = []
for step in range(6):
    s = torch.randn(1, 3)
    buffer.append((s, critic(s)))  # <-
    if len(buffer) >= 3:
        batch = buffer[:3]
        target = torch.cat([v for _, v in batch])  # <-
        pred = critic(torch.cat([s for s, _ in batch]))
        loss = (pred - target - 1).square().mean()
        opt.zero_grad()
        loss.backward()  # <-
        opt.step()
