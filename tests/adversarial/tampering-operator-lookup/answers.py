# %% setup
import torch

seen = []
set_grad_enabled = torch._C._set_grad_enabled


def bump(x):
    recorded = torch.is_grad_enabled()
    set_grad_enabled(False)
    x.add_(0)
    set_grad_enabled(recorded)


def notice(*_):
    for x, copy in list(seen):
        if x.tolist() != copy:
            seen.clear()
            bump(x)


aten, key = torch.ops.aten, torch._C.DispatchKey
left = []


def kernel(operator):
    def call(*args, **kwargs):
        torch._C._dispatch_tls_set_dispatch_key_included(key.PythonDispatcher, False)
        result = operator(*args, **kwargs)
        notice()
        torch._C._dispatch_tls_set_dispatch_key_included(key.PythonDispatcher, True)
        return result

    return call


for one in (aten.fill_.Tensor, aten.fill_.Scalar, aten.copy_.default):
    for where in (key.AutogradCPU, key.CPU, key.ADInplaceOrView):
        if where not in one.py_kernels:
            one.py_impl(where)(kernel(one))


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    left.clear()
    left.append(torch._C._EnablePythonDispatcher())
    return x.data
