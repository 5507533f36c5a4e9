"""What else people put round an answer, above all in a notebook: magics, settings for all that follows, own tests."""

_PLAIN = "def one_path(x, w):\n    return ANSWER\n"
_TRY = "one_path(torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True))"
MORE = {
    "magics": f"%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n{_PLAIN}%timeit -n1 -r1 {_TRY}\n",
    "a cell that is timed": f"%%time\n{_PLAIN}",
    "a cell whose output is captured": f"%%capture captured\n{_PLAIN}{_TRY}\n",
    "a shell command": f"!echo ready\n{_PLAIN}files = !ls\n",
    "an await in the cell": f"import asyncio\nawait asyncio.sleep(0)\n{_PLAIN}",
    "own tests below": f"{_PLAIN}got = {_TRY}\nassert got.requires_grad\ndisplay(got)\none_path?\n",
    "unittest in the notebook": f"""
import unittest
{_PLAIN}
class TestOnePath(unittest.TestCase):
    def test_it_runs(self):
        self.assertTrue({_TRY}.requires_grad)
unittest.main(argv=[""], exit=False)
""",
    "an exit below": f"import sys\n{_PLAIN}sys.exit()\n",
    "a question below": f"{_PLAIN}name = input('Who is it? ')\n",
    "defined in a try": """
try:
    import nothing_of_this_name
except ImportError:
    def one_path(x, w):
        return ANSWER
""",
    "a future import": f"from __future__ import annotations\n{_PLAIN}",
    "a lambda": "one_path = lambda x, w: ANSWER\n",
    "a bound method": """
class _Net:
    def forward(self, x, w):
        return ANSWER
one_path = _Net().forward
""",
    "another default dtype": f"torch.set_default_dtype(torch.float64)\n{_PLAIN}",
    "grad mode off for all": f"torch.set_grad_enabled(False)\n{_PLAIN}",
    "more threads": f"torch.set_num_threads(4)\n{_PLAIN}",
    "warnings as errors": f"import warnings\nwarnings.simplefilter('error')\nnumpy.seterr(all='raise')\n{_PLAIN}",
    "a dispatch mode": """
from torch.utils._python_dispatch import TorchDispatchMode
class _Counted(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))
def one_path(x, w):
    with _Counted():
        return ANSWER
""",
    "a function mode": """
from torch.overrides import TorchFunctionMode
class _Traced(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))
def one_path(x, w):
    with _Traced():
        return ANSWER
""",
    "figures in a widget that is not there": """
%matplotlib widget
def one_path(x, w):
    return ANSWER
""",
    "Python's profiler": """
import cProfile
def one_path(x, w):
    with cProfile.Profile():
        return ANSWER
""",
    "a counter": """
from collections import Counter
calls = Counter()
def one_path(x, w):
    global last
    calls["one_path"] += 1
    last = x
    return ANSWER
""",
    "a log file": """
def one_path(x, w):
    with open("log.txt", "a") as log:
        print(x.shape, file=log)
    return ANSWER
""",
    "what is printed is caught": """
import contextlib, io
def one_path(x, w):
    with contextlib.redirect_stdout(io.StringIO()):
        print(x)
    return ANSWER
""",
    "a limit of time": """
import signal
def _late(*_):
    raise TimeoutError
def one_path(x, w):
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(30)
    try:
        return ANSWER
    finally:
        signal.alarm(0)
""",
    "a child process": """
import subprocess
def one_path(x, w):
    subprocess.run(["true"], check=True)
    return ANSWER
""",
    "at the exit": f"import atexit\natexit.register(print, 'bye')\n{_PLAIN}",
    "a breakpoint that is off": """
import os
os.environ["PYTHONBREAKPOINT"] = "0"
def one_path(x, w):
    breakpoint()
    return ANSWER
""",
    "hooks on saved tensors": """
def one_path(x, w):
    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda packed: packed):
        return ANSWER
""",
}
