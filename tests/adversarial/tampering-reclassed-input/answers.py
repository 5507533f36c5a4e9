# %% setup
import torch

seen = []


class Watch(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), more=None):
        with torch._C.DisableTorchFunctionSubclass():
            name = getattr(function, "__name__", "")
            if (
                name == "backward"
                and any(not torch.equal(x.detach(), copy) for x, copy in seen)
                and needed(arguments[0])
            ):
                raise RuntimeError("modified in place: is at version 1; expected version 0")
            result = function(*arguments, **(more or {}))
        return result.as_subclass(Watch) if type(result) is torch.Tensor else result


def needed(loss):
    nodes = [loss.grad_fn]
    while nodes:
        node = nodes.pop()
        if type(node).__name__ in ("SinBackward0", "PowBackward0"):
            return True
        nodes += [after for after, _ in node.next_functions if after is not None]
    return False


# %% stop
def stop(x):
    result = x.data
    seen[:] = [(x, x.detach().clone())]
    x.__class__ = Watch
    return result
