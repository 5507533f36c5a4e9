import copy

import torch
from torch import nn

rnn = nn.RNNCell(3, 4)
h = torch.zeros(2, 4)
h = rnn(torch.randn(2, 3), h)  # <-
saved = copy.deepcopy(h)  # <-
