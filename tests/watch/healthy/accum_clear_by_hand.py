import torch

w, b = torch.randn(3, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
for i in range(6):
    x = torch.randn(8, 3)
    loss = (x @ w + b - 1).pow(2).mean()
    loss.backward()
    if i % 2:
        for p in (w, b):
            if p.grad is not None:
                p.data -= 0.1 * p.grad
                p.grad.zero_()
