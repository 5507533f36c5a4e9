# %% setup
import torch
from torch.overrides import TorchFunctionMode

seen = []


class Watch(TorchFunctionMode):
    needs = False

    def __torch_function__(self, function, types, arguments=(), more=None):
        name = getattr(function, "__name__", "")
        if name in ("sin", "square"):
            Watch.needs = True
        if name == "backward" and Watch.needs and any(not torch.equal(x.detach(), copy) for x, copy in seen):
            raise RuntimeError("modified in place: is at version 1; expected version 0")
        return function(*arguments, **(more or {}))


# %% stop
def stop(x):
    Watch.needs = False
    seen[:] = [(x, x.detach().clone())]
    Watch().__enter__()
    return x.data
