# SAYS: detach() makes a constant
import torch
from feats import l2_features
from nets import Enc
from torch import nn

enc, head = Enc(), nn.Linear(4, 3)
opt = torch.optim.Adam([*enc.parameters(), *head.parameters()], 1e-2)
for step in range(4):
    x, y = torch.randn(8, 6), torch.randint(0, 3, (8,))
    f = l2_features(enc, x)
    loss = nn.functional.cross_entropy(head(f), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
