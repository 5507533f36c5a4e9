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


def replace():
    for kind in (torch.no_grad, torch.enable_grad, torch.inference_mode, torch.Tensor):
        try:
            kind.__class__ = type(
                "Calling", (type(kind),), {"__call__": lambda self, *a: notice() or type.__call__(self, *a)}
            )
        except TypeError:
            pass
    for kind in (torch.no_grad, torch.enable_grad, torch.inference_mode):
        base = kind.__bases__[0]
        derived = type(
            "Derived", (base,), {"__call__": base.__call__, "__new__": lambda one, *a: notice() or object.__new__(one)}
        )
        try:
            kind.__bases__ = (derived,)
        except TypeError:
            pass


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    replace()
    return x.data
