# %% stop
import torch


def stop(x):
    still = torch.zeros(1, requires_grad=True)
    torch.optim.SGD([still], lr=0.1).step()
    return x.detach()


# %% scale_grad
def scale_grad(x, scale):
    torch.func.vmap(torch.sin)(torch.ones(2))
    return x * scale + (x - x * scale).detach()
