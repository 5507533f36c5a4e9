import torch
import torch.nn.functional as F
from torch import nn

teacher, student = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 4)).eval(), nn.Linear(3, 4)
opt = torch.optim.SGD(student.parameters(), 0.1)
for _ in range(4):
    x, y = torch.randn(8, 3), torch.randint(4, (8,))
    with torch.no_grad():
        t = teacher(x)
    s = student(x)
    loss = F.cross_entropy(s, y) + F.kl_div(F.log_softmax(s / 2, 1), F.softmax(t / 2, 1), reduction="batchmean") * 4
    opt.zero_grad(set_to_none=False)
    loss.backward()
    opt.step()
