import torch

img = torch.rand(1, 3, requires_grad=True)
img = img.double()  # <-
opt = torch.optim.Adam([img], lr=0.1)
# SAYS: interior
