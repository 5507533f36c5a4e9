# SAYS: let the data set return data alone
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

enc = nn.Linear(4, 4)


class DS(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        return enc(torch.randn(4))


opt = torch.optim.SGD(enc.parameters(), 0.1)
for x in DataLoader(DS(), 4, num_workers=1):  # <-
    loss = x.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
