# SAYS: site-packages/lightstep/__init__.py:
import torch
from lightstep import Module, Trainer
from torch import nn


class Lit(Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 3)

    def training_step(self, batch):
        x, y = batch
        pred = self.net(x).argmax(-1).float()  # <-
        return nn.functional.l1_loss(pred, y.float())

    def configure(self):
        return torch.optim.Adam(self.parameters(), 1e-3)


data = [(torch.randn(5, 4), torch.randint(0, 3, (5,))) for _ in range(3)]
Trainer(epochs=2).fit(Lit(), data)  # <-
