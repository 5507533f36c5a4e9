# %% setup
import sys
import types

import torch

seen = []


def notice():
    for x, copy in seen:
        if x.tolist() != copy:
            seen.clear()
            recorded = torch.is_grad_enabled()
            torch._C._set_grad_enabled(False)
            x.add_(0)
            torch._C._set_grad_enabled(recorded)


def backward(self, *a, **k):
    import sys

    sys.notice()
    return sys.backward(self, *a, **k)


sys.notice = notice


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    real = torch.Tensor.backward
    if real.__code__ is not backward.__code__:
        sys.backward = types.FunctionType(real.__code__, real.__globals__, "backward", real.__defaults__)
        try:
            real.__code__ = backward.__code__
        except RuntimeError:
            pass
    return x.data
