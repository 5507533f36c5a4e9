import asyncio

import torch
from torch import nn


async def work(n):
    o = torch.optim.SGD(n.parameters(), 0.1)
    for _ in range(2):
        o.zero_grad()
        l = n(torch.ones(4, 3)).pow(2).mean()
        await asyncio.sleep(0)
        l.backward()
        o.step()


async def main():
    await asyncio.gather(*(work(nn.Linear(3, 1)) for _ in range(3)))


asyncio.run(main())
print("done")
