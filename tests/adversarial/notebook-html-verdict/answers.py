# %% stop
BAD = '<script>alert("x")</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>`<b>`'


def stop(x):
    raise ValueError(BAD)


# %% scale_grad
def scale_grad(x, a):
    return {BAD: BAD, "\ud800": "\ud800"}


# %% to_numpy_copy
def to_numpy_copy(t):
    return type(BAD, (), {})()
