import torch

x = torch.randn(3, 4, requires_grad=True)
y = x * 2
a, b, c = y.unbind(0)  # <-
a += 1  # <-
(a * b).sum().backward()
# SAYS: and that is refused.
