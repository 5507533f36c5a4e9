import torch

w = torch.randn(3, 1, requires_grad=True)
x, y = torch.randn(10, 3), torch.randn(10, 1)
for epoch in range(3):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w = w - 0.1 * w.grad  # <-
    w.grad = None
# SAYS: write a step into the leaf itself
