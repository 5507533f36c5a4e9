import torch
from torch import nn

net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).eval()
store = {}
h1 = net[1].register_forward_hook(lambda m, i, o: store.__setitem__("act", o.detach()))
h2 = net[1].register_full_backward_hook(lambda m, gi, go: store.__setitem__("grad", go[0]))
for _ in range(4):
    out = net(torch.randn(1, 1, 6, 6))
    net.zero_grad()
    out[0, out.argmax()].backward()
    cam = (store["grad"].mean((2, 3), keepdim=True) * store["act"]).sum(1).relu()
h1.remove()
h2.remove()
