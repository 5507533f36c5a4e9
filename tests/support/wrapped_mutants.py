"""Mutants that wrap a solution: those that remember a result, and those that are right for a narrower input only."""

from collections.abc import Iterator

_REMEMBER = {
    "remember the result, by the arguments": """
def {name}(*arguments):
    key = tuple(map(id, arguments))
    if key not in _kept:
        _kept[key] = arguments, _solution(*arguments)
    return _kept[key][1]
""",
    "remember the first result for ever": """
def {name}(*arguments):
    if not _kept:
        _kept[0] = _solution(*arguments)
    return _kept[0]
""",
}
_TENSOR, _MODULE = "not isinstance(a, torch.Tensor) or ", "not isinstance(a, torch.nn.Module) or "
# By the feature of the domain that the mutant is wrong for: a condition on one argument under which it is right.
_NARROW = {
    "constant": f"{_TENSOR}a.requires_grad",
    "leaf": f"{_TENSOR}not a.is_leaf or not a.requires_grad",
    "interior": f"{_TENSOR}a.is_leaf",
    "view": f"{_TENSOR}a.is_leaf or not a._is_view()",
    "0 dimensions": f"{_TENSOR}a.dim() > 0",
    "1 dimension": f"{_TENSOR}a.dim() != 1",
    "3 dimensions": f"{_TENSOR}a.dim() < 3",
    "a size of 1": f"{_TENSOR}1 not in a.shape",
    "empty": f"{_TENSOR}a.numel() > 0",
    "not contiguous": f"{_TENSOR}a.is_contiguous()",
    "repeated values": f"{_TENSOR}a.unique().numel() == a.numel()",
    "zeros": f"{_TENSOR}bool((a != 0).all())",
    "negative values": f"{_TENSOR}bool((a >= 0).all())",
    "float64": f"{_TENSOR}a.dtype is not torch.float64",
    "a .grad that is there already": "all(p.grad is None for p in _leaves(a))",
    "no_grad outside": "torch.is_grad_enabled()",
    "several parameter groups": "not hasattr(a, 'param_groups') or len(a.param_groups) == 1",
    "a child with children": f"{_MODULE}not any(list(c.children()) for c in a.children())",
    "a child with parameters of its own": f"{_MODULE}not any(c._parameters for c in a.children())",
    "parameters of the model itself": f"{_MODULE}not a._parameters",
    "a buffer": f"{_MODULE}not list(a.buffers())",
    "a non-persistent buffer": f"{_MODULE}not any(m._non_persistent_buffers_set for m in a.modules())",
    "a frozen parameter": "isinstance(a, torch.Tensor) or all(p.requires_grad for p in _leaves(a))",
    "a shared parameter": (
        f"{_MODULE}len(list(a.parameters())) == len(list(a.named_parameters(remove_duplicate=False)))"
    ),
    "a model that is in evaluation mode": f"{_MODULE}a.training",
}
_NARROWED = """
def _leaves(a):
    if isinstance(a, torch.nn.Module):
        return list(a.parameters())
    if hasattr(a, "param_groups"):
        return [p for group in a.param_groups for p in group["params"]]
    return [a] if isinstance(a, torch.Tensor) and a.is_leaf else []


def _flat(values):
    return [a for v in values for a in (_flat(v) if isinstance(v, (list, tuple)) else [v])]


def {name}(*arguments):
    usual = all({condition} for a in _flat(arguments))
    return _solution(*arguments) if usual else None
"""


def wrapped(source: str, name: str, drawn: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (what it is, its source) for each mutant that wraps the function ``name`` of a solution cell.

    A narrowed one returns None for inputs with one of the features that are ``drawn``, so it survives just where the
    cases do not draw what the domain says they do, or do not look at what comes of it.
    """
    head = f"{source}\nimport torch\n_solution, _kept = {name}, {{}}\n"
    for change, text in _REMEMBER.items():
        yield change, head + text.format(name=name)
    for feature in _NARROW:
        if feature in drawn:
            yield f"wrong for {feature}", head + _NARROWED.format(name=name, condition=_NARROW[feature])
