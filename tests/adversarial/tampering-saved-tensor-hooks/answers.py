# %% setup
import torch


# %% stop
def stop(x):
    def unpack(pair):
        kept, copy = pair
        if not torch.equal(kept, copy):
            raise RuntimeError("modified by an inplace operation")
        return kept

    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: (t.detach(), t.detach().clone()), unpack)
    hooks.__enter__()
    return x.data
