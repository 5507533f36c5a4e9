# %% setup
import torch


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), more=None):
        plain = [a.as_subclass(torch.Tensor) if isinstance(a, Liar) else a for a in arguments]
        return function(*plain, **(more or {}))


# %% stop
def stop(x):
    return x.detach().as_subclass(Liar)
