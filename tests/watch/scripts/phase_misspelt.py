# SAYS: look at its argument
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
opt = torch.optim.SGD(net.parameters(), 0.1)
for epoch in range(2):
    for phase in ["Train", "val"]:
        net.train(phase == "Train")
        with torch.set_grad_enabled(phase == "train"):  # <-
            loss = nn.functional.cross_entropy(net(torch.randn(8, 3)), torch.randint(2, (8,)))  # <-
            if phase == "Train":
                opt.zero_grad()
                loss.backward()
                opt.step()
