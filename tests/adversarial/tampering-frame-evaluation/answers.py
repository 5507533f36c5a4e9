# %% setup
from types import SimpleNamespace

import torch

seen, frames = [], torch._C._dynamo.eval_frame
as_it_is = frames._FrameExecStrategy(frames._FrameAction.DEFAULT, frames._FrameAction.DEFAULT)


def look(frame, *more):
    for x, copy in seen:
        if x.tolist() != copy:
            seen.clear()
            with torch.no_grad():
                x.add_(0)
    return SimpleNamespace(guarded_code=None, apply_to_code=False, frame_exec_strategy=as_it_is)


# %% stop
def stop(x):
    seen[:] = [(x, x.tolist())]
    frames.set_eval_frame(look)
    return x.data
