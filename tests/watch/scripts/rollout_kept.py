import torch
from torch import nn
from torch.distributions import Categorical

policy, value = nn.Linear(3, 2), nn.Linear(3, 1)
opt = torch.optim.Adam([*policy.parameters(), *value.parameters()])
states, returns = torch.randn(8, 3), torch.randn(8)
chosen = Categorical(logits=policy(states))
actions = chosen.sample()
before = chosen.log_prob(actions)  # <-
advantage = returns - value(states).squeeze(1)  # <-
for _ in range(3):
    ratio = (Categorical(logits=policy(states)).log_prob(actions) - before).exp()  # <-
    clipped = ratio.clamp(0.8, 1.2)
    loss = -torch.min(ratio * advantage, clipped * advantage).mean()  # <-
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
# SAYS: both share what squeeze made
# SAYS: both share what sub made
