import torch
from torch._subclasses.fake_tensor import FakeTensorMode

with torch.device("meta"):
    m = torch.nn.Linear(3, 2)
print(m(torch.empty(4, 3, device="meta")).shape)
with FakeTensorMode() as mode:
    f = torch.nn.Linear(3, 2)
    y = f(torch.randn(4, 3)).sum()
    y.backward()
    print(f.weight.grad.shape)
