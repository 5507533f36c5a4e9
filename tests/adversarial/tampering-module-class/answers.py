# %% setup
import sys
import types

import torch

seen = []


def notice():
    for x, copy in seen:
        if x.tolist() != copy:
            seen.clear()
            recorded = torch._C.is_grad_enabled()
            torch._C._set_grad_enabled(False)
            x.add_(0)
            torch._C._set_grad_enabled(recorded)


class Looking(types.ModuleType):
    def __getattribute__(self, name):
        notice()
        return types.ModuleType.__getattribute__(self, name)


def replace():
    for name in ("torch", "torch.nn.functional", "torch.autograd", "random", "json", "math", "warnings"):
        sys.modules[name].__class__ = Looking


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    replace()
    return x.data
