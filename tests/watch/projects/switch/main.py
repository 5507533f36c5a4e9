# SAYS: grad mode is switched off
import inference
import torch
from torch import nn

net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), 0.1)
x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
for _ in range(3):
    out = net(x)  # <-
    loss = nn.functional.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
print(inference.predict(net, x))
