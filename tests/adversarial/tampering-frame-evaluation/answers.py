# %% setup
import torch
from torch._dynamo.types import ConvertFrameReturn

seen = []


def look(frame, *more):
    for x, copy in seen:
        if x.tolist() != copy:
            seen.clear()
            with torch.no_grad():
                x.add_(0)
    return ConvertFrameReturn(apply_to_code=False)


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    torch._C._dynamo.eval_frame.set_eval_frame(look)
    return x.data
