import torch
from torch import nn


class MoE(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.experts = nn.Linear(4, 3), nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        w = self.gate(x).softmax(-1)
        top, idx = w.topk(1, -1)
        out = torch.zeros_like(x)
        for i, e in enumerate(self.experts):
            m = idx[:, 0] == i
            if m.any():
                out = out.index_add(0, m.nonzero()[:, 0], e(x[m]) * top[m])
        return out


net = MoE()
opt = torch.optim.AdamW(net.parameters())
for _ in range(6):
    loss = (net(torch.randn(9, 4)) - 1).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
