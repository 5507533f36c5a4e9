# %% extra-1
import torch
from torch.utils.checkpoint import checkpoint

layer = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
for seed in range(2):
    torch.manual_seed(seed)
    optimizer.zero_grad()
    checkpoint(layer, torch.randn(3, 2), use_reentrant=False).sum().backward()
    optimizer.step()

x = torch.ones(2, requires_grad=True)
torch.func.vmap(torch.sin)(x)
torch.func.hessian(lambda x: (x**3).sum())(x)
torch.autograd.grad(x.sin(), x, torch.eye(2), is_grads_batched=True)
