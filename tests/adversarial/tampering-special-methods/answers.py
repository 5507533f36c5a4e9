# %% setup
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


def add():
    for kind in (torch.no_grad, torch.enable_grad, torch.inference_mode):
        kind.__del__ = notice


add()


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    add()
    return x.data
