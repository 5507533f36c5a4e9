# %% setup
import torch

torch.set_grad_enabled(False)
torch.inference_mode().__enter__()
