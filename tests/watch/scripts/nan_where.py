import torch

w = torch.zeros(3, requires_grad=True)
x = torch.tensor([1.0, 0.0, 4.0])
opt = torch.optim.SGD([w], 0.1)
norm = (w * x).norm(dim=0)
out = torch.where(norm > 0, x / norm, torch.zeros(3))  # <-
loss = out.sum()
opt.zero_grad()
loss.backward()
opt.step()
print(w)
# SAYS: a gradient with NaN
