import torch

emb = torch.zeros(5, 3, requires_grad=True)  # <-
for i in range(5):
    emb[i] = torch.randn(3)  # <-
loss = emb.sum()
loss.backward()
# SAYS: zeros made it here
