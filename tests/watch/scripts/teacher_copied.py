import copy

import torch
from torch import nn

student = nn.Linear(2, 1)
teacher = copy.deepcopy(student)
opt = torch.optim.SGD(student.parameters(), 0.1)
for _ in range(3):
    x = torch.randn(4, 2)
    loss = (student(x) - teacher(x + 0.1)).square().mean()
    opt.zero_grad()
    loss.backward()  # <-
    opt.step()
# SAYS: no optimizer drives them: the loss of another network fills them.
