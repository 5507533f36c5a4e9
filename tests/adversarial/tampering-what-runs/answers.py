# %% setup
import json
import sys
import types

import torch
from torch.autograd import Variable

seen = []
engine = Variable._execution_engine


def notice():
    for x, copy in seen:
        if x.tolist() != copy:
            seen.clear()
            recorded = torch.is_grad_enabled()
            real(False)
            x.add_(0)
            real(recorded)


def noticing(function):
    return lambda *a, **k: notice() or function(*a, **k)


class Engine:
    def run_backward(self, *a, **k):
        notice()
        return engine.run_backward(*a, **k)


class Module(types.ModuleType):
    def __getattr__(self, name):
        notice()
        return getattr(sys.modules["_real"][self.__name__], name)


real, transforms = torch._C._set_grad_enabled, torch._C._are_functorch_transforms_active
names = [name for name in sys.modules if name.startswith("torch.")]
sys.modules["_real"] = {name: sys.modules[name] for name in names}


def replace():
    torch._C._set_grad_enabled = noticing(real)
    torch._C._are_functorch_transforms_active = noticing(transforms)
    Variable._execution_engine = Engine()
    torch.set_grad_enabled.__exit__ = noticing(torch.set_grad_enabled.__exit__)
    json.JSONEncoder.iterencode = noticing(json.JSONEncoder.iterencode)
    sys.modules.update({name: Module(name) for name in names})


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    replace()
    return x.data
