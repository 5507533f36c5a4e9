import torch
from torch import nn

actor, critic = nn.Linear(3, 2), nn.Linear(3, 1)
opt = torch.optim.Adam([*actor.parameters(), *critic.parameters()])
for it in range(3):
    with torch.no_grad():
        s = torch.randn(16, 3)
        d = torch.distributions.Categorical(logits=actor(s))
        a = d.sample()
        old = d.log_prob(a)
        adv = torch.randn(16)
        ret = critic(s)[:, 0] + adv
    for _ in range(3):
        for idx in torch.randperm(16).split(8):
            d = torch.distributions.Categorical(logits=actor(s[idx]))
            ratio = (d.log_prob(a[idx]) - old[idx]).exp()
            surr = torch.min(ratio * adv[idx], ratio.clamp(0.8, 1.2) * adv[idx])
            loss = -surr.mean() + 0.5 * (critic(s[idx])[:, 0] - ret[idx]).pow(2).mean() - 0.01 * d.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(actor.parameters(), 0.5)
            opt.step()
