# %% setup
import torch

torch.autograd.set_detect_anomaly(True)
torch.use_deterministic_algorithms(True)
torch.set_autocast_enabled("cpu", True)
torch.autograd.graph.saved_tensors_hooks(lambda t: t.double(), lambda t: t.float() * 0).__enter__()
torch.nn.modules.module.register_module_forward_hook(lambda module, given, result: result * 0)
torch.set_printoptions(precision=1)
torch.manual_seed(0)
