import torch
from torch import nn

enc_q, enc_k = nn.Linear(5, 3), nn.Linear(5, 3)
opt = torch.optim.SGD([*enc_q.parameters(), *enc_k.parameters()], 0.1)
queue = [torch.randn(4, 3)]
for it in range(6):
    x = torch.randn(4, 5)
    q = nn.functional.normalize(enc_q(x))
    k = nn.functional.normalize(enc_k(x))  # <-
    neg = q @ torch.cat(queue).t()
    pos = (q * k).sum(-1, keepdim=True)
    loss = nn.functional.cross_entropy(torch.cat([pos, neg], 1), torch.zeros(4, dtype=torch.long))
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
    queue.append(k)
    queue = queue[-3:]
# SAYS: held by queue[
