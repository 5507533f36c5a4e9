import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

models = [nn.Linear(3, 1) for _ in range(4)]
opt = torch.optim.SGD([p for m in models for p in m.parameters()], lr=0.1)
params, buffers = stack_module_state(models)  # <-
base = models[0]
for _ in range(3):
    x = torch.randn(5, 3)
    out = vmap(lambda p, b: functional_call(base, (p, b), (x,)))(params, buffers)
    loss = out.square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
