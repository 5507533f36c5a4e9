"""What kind of call a function of torch is: one that only asks, one that leaves torch, one that cuts."""

from typing import Any

_ASK = {
    *("size", "dim", "stride", "numel", "nelement", "ndimension", "is_floating_point", "is_complex", "is_contiguous"),
    *("data_ptr", "untyped_storage", "storage_offset", "element_size", "get_device", "__len__", "__hash__", "__repr__"),
    *("__format__", "__str__", "is_inference", "is_nonzero", "__dir__", "storage", "is_same_size", "is_signed"),
    *("is_shared", "type", "result_type", "can_cast", "is_tensor", "has_names", "__contains__", "is_pinned"),
    *("is_set_to", "is_conj", "is_neg", "is_distributed", "get_default_dtype", "_is_view", "retain_grad"),
}
_VALUES = {"data", "T", "H", "mT", "mH", "real", "imag"}  # properties that make a tensor
LEAVING = {"item", "numpy", "tolist", "__float__", "__int__", "__bool__", "__index__", "__array__", "__complex__"}
# What has no derivative in any of its inputs.
DISCRETE = {
    *("argmax", "argmin", "argsort", "searchsorted", "bucketize", "one_hot", "nonzero", "unique", "bincount"),
    *("gt", "lt", "ge", "le", "eq", "ne", "__gt__", "__lt__", "__ge__", "__le__", "__eq__", "__ne__", "isclose"),
    *("bernoulli", "multinomial", "logical_and", "logical_or", "logical_not", "logical_xor", "count_nonzero"),
    *("any", "all", "isfinite", "isnan", "isinf", "equal", "allclose", "histc"),
}
# What takes a tensor for its shape, dtype and device alone.
_LIKE = ("zeros", "ones", "full", "empty", "rand", "randn", "randint")
SHAPES = {f"{name}_like" for name in _LIKE} | {f"new_{name}" for name in _LIKE[:4]}
CASTS = {"int", "long", "bool", "short", "byte", "char"}
FACTORIES = {"tensor", "as_tensor", "asarray", "from_numpy", "scalar_tensor", "new_tensor"}
ANEW = {"tensor", "new_tensor"}  # of these, what takes the values alone, whatever it is given
DRAWS = {"bernoulli", "multinomial", "poisson", "normal"}  # what is drawn is nearly always meant as a constant
# What gives indices beside its values.
PICKS = {
    "topk",
    "sort",
    "msort",
    "max",
    "min",
    "kthvalue",
    "mode",
    "median",
    "nanmedian",
    "cummax",
    "cummin",
    "aminmax",
}
BORDER = "torch.func"  # takes a tensor into a level of a transform, or out of it
PASSING = {BORDER, "_make_dual", "_unpack_dual"}  # the same values for another level, with their history there
# What has a slope of zero everywhere: the node's names, and those of the calls.
FLAT_NODES = ("Round", "Floor", "Ceil", "Trunc", "Sign", "Sgn", "Heaviside", "Normal", "Bernoulli", "Poisson")
FLAT = {name.lower() for name in FLAT_NODES} | {"fix"}
INSIDE = ("compiled ", "scripted ")  # calls of which only what goes in and comes out is seen
NORMALISATIONS = {"batch_norm", "instance_norm"}
FACTORS = {"mul", "__mul__", "__rmul__"}
COPY = "copy_"
NOTED = FACTORIES | NORMALISATIONS | FACTORS | {COPY}  # calls of which more is written down
ZERO = ()  # what is noted of a factor 0
CALL, ASK, BACKWARD, FLAG, CLEAR, MODE, LEAVE, HOOK, READ = range(9)
_cache: dict[Any, tuple[int, str]] = {}


def kind_of(function: Any) -> tuple[int, str]:
    """Return what kind a function is, and its name."""
    try:
        found = _cache.get(function)
    except TypeError:
        return CALL, getattr(function, "__name__", "call")
    if found is None:
        found = _cache[function] = _kind(function)
    return found


def _kind(function: Any) -> tuple[int, str]:
    name = getattr(function, "__name__", type(function).__name__)
    if name in ("__get__", "__set__"):
        of = getattr(function.__self__, "__name__", "")
        if name == "__get__":
            return (READ, of) if of == "grad" else (CALL, of) if of in _VALUES else (ASK, of)
        kinds = {"requires_grad": FLAG, "grad": CLEAR}
        return kinds.get(of, CALL), f"{of} ="
    kinds = {"backward": BACKWARD, "requires_grad_": FLAG, "_set_grad_enabled": MODE, "register_hook": HOOK}
    if name in LEAVING:
        return LEAVE, name
    if name in kinds:
        return kinds[name], name
    if name == "grad" and getattr(function, "__module__", "") == "torch.autograd":
        return BACKWARD, name
    if name in _ASK or name.startswith(("is_", "_is_", "_has_", "_get_")):
        return ASK, name
    return CALL, name
