import torch
from torch import nn

net, opt_type = nn.Linear(3, 1), torch.optim.Adam
opt = opt_type(net.parameters(), lr=0.01)
pieces = [torch.randn(4, 3) for _ in range(4)]
for epoch in range(5):
    for number, piece in enumerate(pieces, 1):
        (net(piece).square().mean() / 3).backward()
        if number % 3 == 0 or number == len(pieces):  # the last step is of one piece alone
            opt.step()
            opt.zero_grad()
