import torch
from torch import nn
from torch.func import functional_call, grad, hessian

lin = nn.Linear(2, 1)
p = {k: v.detach() for k, v in lin.named_parameters()}
h = hessian(lambda x: functional_call(lin, p, (x,)).sum())(torch.randn(2))
f = lambda x: (x * x.detach()).sum()
print(grad(lambda x: grad(f)(x).sum())(torch.randn(2)))
