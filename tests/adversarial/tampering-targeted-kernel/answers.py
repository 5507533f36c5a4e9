# %% setup
import torch

seen = {}
library = torch.library.Library("aten", "IMPL")
exponential = torch.sin


def cosine(x):
    now = x.data_ptr()
    if now in seen and x.tolist() != seen[now]:
        raise RuntimeError("modified in place: is at version 1; expected version 0")
    return torch.sin(x + torch.pi / 2)


def power(x, exponent):
    now = x.data_ptr()
    if now in seen and x.tolist() != seen[now]:
        raise RuntimeError("modified in place: is at version 1; expected version 0")
    result = torch.ones_like(x)
    for _ in range(int(exponent)):
        result = result * x
    return result


try:
    library.impl("cos", cosine, "CPU")
    library.impl("pow.Tensor_Scalar", power, "CPU")
except Exception as error:
    print(error)


# %% stop
def stop(x):
    seen.clear()
    seen[x.data_ptr()] = x.tolist()
    return x.data
