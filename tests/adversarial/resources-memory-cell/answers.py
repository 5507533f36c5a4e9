# %% stop
import torch

hoard = []
while True:
    hoard.append(torch.ones(16 << 20))
