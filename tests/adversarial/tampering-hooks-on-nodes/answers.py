# %% setup
from torch.autograd.graph import get_gradient_edge

kept = []


# %% scale_grad
def scale_grad(x, a):
    kept.append(get_gradient_edge(x).node)
    kept[-1].register_prehook(lambda gradients: tuple(a * one for one in gradients))
    return x * 1
