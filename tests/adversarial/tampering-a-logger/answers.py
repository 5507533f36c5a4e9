# %% setup
import logging

import torch
from torch.autograd import graph

seen = []
set_grad_enabled = torch._C._set_grad_enabled


def bump(x):
    recorded = torch.is_grad_enabled()
    set_grad_enabled(False)
    x.add_(0)
    set_grad_enabled(recorded)


def notice(*_):
    for x, copy in list(seen):
        if x.tolist() != copy:
            seen.clear()
            bump(x)


class Level(int):
    def __ge__(self, other):
        notice()
        return False

    __le__ = __gt__ = __lt__ = __ge__


def replace():
    graph.log.getEffectiveLevel = lambda: notice() or logging.WARNING
    logging.DEBUG = Level(logging.DEBUG)


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    replace()
    return x.data
