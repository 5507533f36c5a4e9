"""What honest people put round an answer that has nothing to do with gradients, by name: each defines ``one_path``.

``ANSWER`` stands for the computation itself, an expression in ``x`` and ``w``.
"""

from support.later_decorations import LATER
from support.more_decorations import MORE

RIGHT, WRONG = "x.detach() * w + x**2", "x * w + x**2"
_PLAIN = "def one_path(x, w):\n    return ANSWER\n"
DECORATIONS = {
    "compile, the default backend": "@torch.compile\n" + _PLAIN,
    "compile, backend eager": "@torch.compile(backend='eager')\n" + _PLAIN,
    "compile, backend aot_eager": "@torch.compile(backend='aot_eager')\n" + _PLAIN,
    "a helper is compiled": """
@torch.compile
def _square(x):
    return x.square()
def one_path(x, w):
    return (ANSWER) - x**2 + _square(x)
""",
    "a thread": """
import threading
def one_path(x, w):
    found = []
    thread = threading.Thread(target=lambda: found.append(ANSWER))
    thread.start()
    thread.join()
    return found[0]
""",
    "a pool of threads that is left to itself": """
from concurrent.futures import ThreadPoolExecutor
def one_path(x, w):
    return ThreadPoolExecutor(2).submit(lambda: ANSWER).result()
""",
    "a pool of threads, closed": """
from concurrent.futures import ThreadPoolExecutor
def one_path(x, w):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: ANSWER, range(2)))[0]
""",
    "a pool of threads made beforehand": """
from concurrent.futures import ThreadPoolExecutor
_pool = ThreadPoolExecutor(2)
_pool.submit(print, "ready").result()
def one_path(x, w):
    return _pool.submit(lambda: ANSWER).result()
""",
    "a pool of threads that is made once and kept": """
from concurrent.futures import ThreadPoolExecutor
from functools import cache
_pool = cache(lambda: ThreadPoolExecutor(2))
def one_path(x, w):
    return _pool().submit(lambda: ANSWER).result()
""",
    "multiprocessing's pool of threads": """
from multiprocessing.pool import ThreadPool
def one_path(x, w):
    with ThreadPool(2) as pool:
        return pool.apply(lambda: ANSWER)
""",
    "multiprocessing's pool of processes": """
import multiprocessing
def one_path(x, w):
    with multiprocessing.Pool(1) as pool:
        pool.map(abs, [-1])
    return ANSWER
""",
    "a timer that is cancelled": """
import threading
def one_path(x, w):
    timer = threading.Timer(30, print)
    timer.start()
    result = ANSWER
    timer.cancel()
    return result
""",
    "asyncio": """
import asyncio
async def _later(x, w):
    await asyncio.sleep(0)
    return ANSWER
def one_path(x, w):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_later(x, w))
    finally:
        loop.close()
""",
    "lru_cache": """
from functools import lru_cache
@lru_cache
def _power():
    return 2
def one_path(x, w):
    return (ANSWER) - x**2 + x**_power()
""",
    "functools.wraps": """
import functools
def _told(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner
@_told
"""
    + _PLAIN.lstrip(),
    "a dataclass": """
from dataclasses import dataclass
@dataclass
class _Parts:
    whole: torch.Tensor
def one_path(x, w):
    return _Parts(ANSWER).whole
""",
    "a callable object": """
class _Answer:
    def __call__(self, x, w):
        return ANSWER
one_path = _Answer()
""",
    "functools.partial": """
import functools
def _answer(scale, x, w):
    return scale * (ANSWER)
one_path = functools.partial(_answer, 1)
""",
    "a subclass with __torch_function__": """
class _Noted(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})
def one_path(x, w):
    x = x.as_subclass(_Noted)
    return (ANSWER).as_subclass(torch.Tensor)
""",
    "jit": """
@torch.jit.script
def _square(x: torch.Tensor) -> torch.Tensor:
    return x * x
def one_path(x, w):
    return (ANSWER) - x**2 + _square(x)
""",
    "a generator": """
def _parts(x, w):
    yield (ANSWER) - x**2
    yield x**2
def one_path(x, w):
    return sum(_parts(x, w))
""",
    "a context manager": """
from contextlib import contextmanager
@contextmanager
def _recorded():
    with torch.enable_grad():
        yield
def one_path(x, w):
    with _recorded():
        return ANSWER
""",
    "logging": """
import logging
logging.basicConfig(level=logging.DEBUG, force=True)
def one_path(x, w):
    logging.getLogger("mine").warning("one_path on %s", x)
    return ANSWER
""",
    "a warning": """
import warnings
def one_path(x, w):
    warnings.warn("look here")
    return ANSWER
""",
    "a plot": """
import matplotlib.pyplot as plt
def one_path(x, w):
    plt.figure()
    plt.plot(x.detach().flatten())
    plt.close("all")
    return ANSWER
""",
    "tqdm": """
from tqdm.auto import tqdm
def one_path(x, w):
    for _ in tqdm(range(3)):
        result = ANSWER
    return result
""",
    "timing": """
import time
from timeit import default_timer
def one_path(x, w):
    start = default_timer()
    time.sleep(0.001)
    result = ANSWER
    print(f"{default_timer() - start:.3f} s")
    return result
""",
    "asserts": """
def one_path(x, w):
    assert isinstance(x, torch.Tensor) and x.shape == w.shape or True
    result = ANSWER
    assert torch.isfinite(result.detach()).all()
    return result
""",
    "type checks": """
import typing
def one_path(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    for name, kind in typing.get_type_hints(one_path).items():
        assert name == "return" or isinstance(locals()[name], kind)
    return ANSWER
""",
    "global seeds": """
import random
random.seed(0)
numpy.random.seed(0)
torch.manual_seed(0)
torch.use_deterministic_algorithms(True)
def one_path(x, w):
    torch.manual_seed(1)
    return ANSWER
""",
    "a default device": "torch.set_default_device('cpu')\n" + _PLAIN,
    "anomaly mode": "torch.autograd.set_detect_anomaly(True)\n" + _PLAIN,
    "anomaly mode inside": """
def one_path(x, w):
    with torch.autograd.detect_anomaly():
        return ANSWER
""",
    "torch's profiler": """
def one_path(x, w):
    with torch.profiler.profile():
        return ANSWER
""",
    "checkpointing": """
from torch.utils.checkpoint import checkpoint
def one_path(x, w):
    return checkpoint(lambda x, w: ANSWER, x, w, use_reentrant=False)
""",
    **MORE,
    **LATER,
}


def decorated(name: str, answer: str) -> str:
    """Return the source of a cell with this decoration round an answer, ``RIGHT`` or ``WRONG``."""
    return DECORATIONS[name].lstrip("\n").replace("ANSWER", answer)
