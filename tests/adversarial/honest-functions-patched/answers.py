# %% setup
import builtins

import torch

_shown, _print, _backward = [], print, torch.Tensor.backward
builtins.print = lambda *things, **more: _shown.append(things)
torch.Tensor.backward = lambda self, *a, **k: print("backward!")
torch.sin = lambda t: print(t)
torch.Tensor.peek = lambda self: self.detach()
torch.Tensor.__repr__ = lambda self: "a tensor"


# %% stop
def stop(x):
    return x.peek()
