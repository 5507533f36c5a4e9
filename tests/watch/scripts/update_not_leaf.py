import torch

w = torch.randn(3, requires_grad=True)
x, y = torch.randn(10, 3), torch.randn(10)
for _ in range(3):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    w = w - 0.1 * w.grad  # <-
# SAYS: interior
