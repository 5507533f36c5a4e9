# %% setup
import sys


def frame_with(name):
    frame = sys._getframe()
    while name not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals


# %% stop
def stop(x):
    names = frame_with("sources")
    for name, source in names["sources"].items():
        if source is None:
            names["functions"][name] = lambda x: x.detach()
    return x.detach()
