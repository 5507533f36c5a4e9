# WHY: aug.strength
# SAYS: What a worker does with it is not seen
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Aug(nn.Module):
    def __init__(self):
        super().__init__()
        self.strength = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        return x + self.strength * torch.randn_like(x)


aug = Aug()


class DS(Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, i):
        x = aug(torch.ones(3) * i)
        return x.detach(), float(i)


net = nn.Linear(3, 1)
opt = torch.optim.Adam([*net.parameters(), *aug.parameters()])
for x, y in DataLoader(DS(), 4, num_workers=2):  # <-
    loss = (net(x).squeeze(1) - y.float()).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
