# WHY: teacher[0].weight
# SAYS: the loss of another network fills them
import torch
from torch import nn

student = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
teacher = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
teacher.eval()
opt = torch.optim.Adam(student.parameters())
for _ in range(4):
    x = torch.randn(5, 4)
    loss = (student(x) - teacher(x)).pow(2).mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
