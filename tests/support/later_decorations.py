"""More of what honest people put round an answer: helpers of the standard library, of torch, and of a notebook."""

_PLAIN = "def one_path(x, w):\n    return ANSWER\n"
_TRY = "one_path(torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True))"
LATER = {
    "a module of torch": """
class _Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = torch.nn.Parameter(torch.zeros(1))
    def forward(self, x, w):
        return ANSWER
_net = _Net()
def one_path(x, w):
    return _net(x, w)
""",
    "a function of autograd": """
class _Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return 2 * x * grad
def one_path(x, w):
    return (ANSWER) - x**2 + _Square.apply(x)
""",
    "vmap": """
def one_path(x, w):
    torch.func.vmap(lambda row: row * 0)(x.detach().reshape(1, -1))  # it takes no empty batch
    return ANSWER
""",
    "a trial with a backward of its own": f"""
{_PLAIN}
_x = torch.randn(3, requires_grad=True)
_w = torch.randn(3, requires_grad=True)
one_path(_x, _w).sum().backward()
torch.testing.assert_close(_x.grad, 2 * _x.detach()) if _x.grad is not None else None
print(_x.grad, _w.grad)
""",
    "gradcheck below": f"""
{_PLAIN}
try:
    torch.autograd.gradcheck(one_path, [torch.randn(2, dtype=torch.float64, requires_grad=True) for _ in "ab"])
except Exception as error:
    print(type(error).__name__)
""",
    "hooks on the inputs": """
def one_path(x, w):
    result = ANSWER
    if result.requires_grad:
        result.register_hook(lambda grad: None)
    return result
""",
    "a match statement": """
def one_path(x, w):
    match x.dim():
        case 0:
            return ANSWER
        case _:
            return ANSWER
""",
    "a recursion": """
def _again(x, w, left):
    return ANSWER if left == 0 else _again(x, w, left - 1)
def one_path(x, w):
    return _again(x, w, 50)
""",
    "keyword-only with a default": "def one_path(x, w, *, power=2):\n    return (ANSWER) - x**2 + x**power\n",
    "arguments by a star": "def one_path(*tensors):\n    x, w = tensors\n    return ANSWER\n",
    "singledispatch": """
from functools import singledispatch
@singledispatch
def one_path(x, w):
    return ANSWER
""",
    "a retry": """
def one_path(x, w):
    for attempt in range(3):
        try:
            return ANSWER
        except RuntimeError:
            if attempt == 2:
                raise
""",
    "a named temporary file": """
import json, tempfile
def one_path(x, w):
    with tempfile.NamedTemporaryFile("w+") as file:
        json.dump({"shape": list(x.shape)}, file)
        file.flush()
    return ANSWER
""",
    "saved and loaded": """
import io
def one_path(x, w):
    data = io.BytesIO()
    torch.save(x.detach(), data)
    data.seek(0)
    torch.load(data)
    return ANSWER
""",
    "copied beforehand": """
import copy
def one_path(x, w):
    copy.deepcopy(x.detach())
    return ANSWER
""",
    "the recursion limit": f"import sys\nsys.setrecursionlimit(10_000)\n{_PLAIN}",
    "garbage collected": """
import gc
gc.disable()
def one_path(x, w):
    result = ANSWER
    gc.collect()
    return result
""",
    "a weak reference": """
import weakref
_seen = weakref.WeakSet()
class _Call:
    pass
def one_path(x, w):
    call = _Call()
    _seen.add(call)
    return ANSWER
""",
    "memory is traced": """
import tracemalloc
tracemalloc.start()
def one_path(x, w):
    tracemalloc.get_traced_memory()
    return ANSWER
""",
    "print options": f"torch.set_printoptions(precision=10)\nnumpy.set_printoptions(precision=3)\n{_PLAIN}",
    "shown with rich displays": f"""
from IPython.display import HTML, Markdown, clear_output, display
{_PLAIN}
display(HTML("<b>done</b>"), Markdown("$x^2$"))
clear_output(wait=True)
{_TRY}
""",
    "a bar in the cell": f"""
import time
from tqdm.notebook import trange
{_PLAIN}
try:
    for _ in trange(3):
        time.sleep(0.01)
except ImportError as error:
    print(error)
""",
    "a class of the same name first": f"class one_path:\n    pass\n{_PLAIN}",
    "a frame is looked at": """
import inspect
def one_path(x, w):
    name = inspect.currentframe().f_code.co_name
    assert name == "one_path" and len(inspect.stack()) > 0
    return ANSWER
""",
    "a traceback is printed": """
import traceback
def one_path(x, w):
    try:
        raise ValueError("on purpose")
    except ValueError:
        traceback.print_exc()
    return ANSWER
""",
    "a sum by einsum and a dtype kept": """
def one_path(x, w):
    assert torch.get_default_dtype() in (torch.float32, torch.float64)
    with torch.autocast("cpu", enabled=False):
        return ANSWER
""",
    "inference mode beside": """
def one_path(x, w):
    with torch.inference_mode():
        (x * w).sum().item()
    return ANSWER
""",
}
