import torch
from torch import nn

SAYS = "A state is carried over"


def main(live):
    cell, state = nn.GRUCell(3, 4), torch.zeros(2, 4)
    for _ in range(2):
        state = cell(torch.randn(2, 3), state)  # <-
        loss = state.square().mean()
        loss.backward()  # <-
