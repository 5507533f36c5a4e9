# %% setup
import numpy


class Deaf(numpy.ndarray):
    def __setitem__(self, place, value):
        pass


# %% to_numpy_copy
def to_numpy_copy(t):
    return t.detach().numpy().view(Deaf)
