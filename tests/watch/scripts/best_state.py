# SAYS: What is put back is the tensor's own memory
# SAYS: SGD.step
# SAYS: copy.deepcopy(model.state_dict())
import torch
from torch import nn

net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.5)
x, y = torch.randn(16, 2), torch.randn(16, 1)
best, lowest = None, float("inf")
for _ in range(5):
    opt.zero_grad()
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    if loss.item() < lowest:
        best, lowest = net.state_dict(), loss.item()  # <-
    opt.step()  # <-
net.load_state_dict(best)  # <-
