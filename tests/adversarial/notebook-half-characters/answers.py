# %% setup
import torch

torch.__dict__["\ud800 \x1b[2J"] = 1
torch.Tensor.backward, torch.sin = 1, 2
setattr(torch.Tensor, "requires_\ud800", 3)

# %% extra
from IPython.display import HTML, display

print("\ud800 \0 \u202e \x1b[2J")
display(HTML("<b>\udfff</b>"), {"text/plain": "\ud800", "x\ud800": "\ud800"})


# %% stop
def stop(x):
    raise type("Error\0"[:5], (Exception,), {})("\ud800 \0 \u202e \x1b[2J")
