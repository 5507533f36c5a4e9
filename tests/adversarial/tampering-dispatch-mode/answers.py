# %% setup
import torch
from torch.utils._python_dispatch import TorchDispatchMode

seen = []


class Watch(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, arguments=(), more=None):
        if str(function) in ("aten.cos.default", "aten.pow.Tensor_Scalar") and arguments[0].data_ptr() in seen:
            raise RuntimeError("modified in place: is at version 1; expected version 0")
        return function(*arguments, **(more or {}))


# %% stop
def stop(x):
    seen[:] = [x.data_ptr()]
    Watch().__enter__()
    return x.data
