# %% setup
calls = []


# %% stop
def stop(x):
    calls.append(1)
    return x.detach() if len(calls) < 2 else -x
