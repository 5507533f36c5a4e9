import queue
import threading

import torch
from torch import nn

q = queue.Queue(2)


def produce():
    for _ in range(5):
        q.put(torch.randn(4, 3) / 2)
    q.put(None)


threading.Thread(target=produce, daemon=True).start()
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), 0.1)
hist = []
while (x := q.get()) is not None:
    loss = net(x).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    hist.append(loss.detach())
torch.stack(hist).mean().item()
