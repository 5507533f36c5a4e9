# %% setup
import logging
import sys
import warnings

warnings.simplefilter("error")
logging.basicConfig(level="DEBUG")


# %% stop
def stop(x):
    logging.error("called")
    print("called", file=sys.stderr)
    try:
        warnings.warn("called", stacklevel=1)
    except UserWarning:
        pass
    return x.detach()


# %% extra
warnings.simplefilter("default")
warnings.warn("a warning", stacklevel=1)
sys.stderr.write("an error\n")
