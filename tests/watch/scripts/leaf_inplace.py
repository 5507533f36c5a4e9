import torch

w = torch.randn(3, requires_grad=True)
x = torch.randn(5, 3)
for _ in range(3):
    loss = (x @ w).square().mean()
    loss.backward()
    w -= 0.1 * w.grad  # <-
# SAYS: leaf
