import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
opt = torch.optim.AdamW(net.parameters())
for ep in range(3):
    net.train()
    for _ in range(3):
        loss = nn.functional.cross_entropy(net(torch.randn(4, 3)), torch.randint(2, (4,)))
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    preds, ok = [], 0
    with torch.inference_mode():
        for _ in range(12):
            p = net(torch.randn(4, 3))
            preds.append(p.argmax(1))
            ok += (p.argmax(1) == 0).sum().item()
    torch.cat(preds)
