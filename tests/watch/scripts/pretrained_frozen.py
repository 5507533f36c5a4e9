# WHY: net.emb.weight
# SAYS: freeze=False
import torch
from torch import nn

vecs = torch.randn(8, 3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding.from_pretrained(vecs)  # <-
        self.fc = nn.Linear(3, 2)

    def forward(self, i):
        return self.fc(self.emb(i).mean(1))


net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(3):
    loss = nn.functional.cross_entropy(net(torch.randint(0, 8, (4, 5))), torch.randint(0, 2, (4,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
