# %% setup
import torch


# %% stop
def stop(x):
    def unpack(pair):
        kept, copy = pair
        if not torch.equal(kept, copy):
            raise RuntimeError("modified in place: is at version 1; expected version 0")
        return kept

    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: (t.detach(), t.detach().clone()), unpack)
    hooks.__enter__()
    return x.data
