"""Small mechanical changes of a solution, to find what an exercise's cases let through."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any

from support.wrapped_mutants import wrapped

# What a method, an attribute or a context is exchanged for; None takes it away.
METHODS: dict[str, tuple[str | None, ...]] = {
    "detach": (None, "clone", "detach_", "view_as_itself"),
    "clone": (None, "detach"),
    "deepcopy": ("copy",),
    "requires_grad_": (None,),
    "mean": ("sum",),
    "sum": ("mean",),
    "square": ("abs",),
    "max": ("min",),
    "minimum": ("maximum",),
    "argmin": ("argmax",),
    "round": ("floor",),
    "clamp": (None,),
    "squeeze": (None,),
    "unsqueeze": (None,),
    "item": (None,),
    "ones_like": ("zeros_like",),
    "zeros_like": ("ones_like",),
    "randn": ("rand", "ones"),
    "mse_loss": ("l1_loss",),
    "parameters": ("buffers",),
    "buffers": ("parameters",),
    "no_grad": ("enable_grad", "inference_mode"),
    "enable_grad": ("no_grad", "inference_mode"),
    "eval": ("train",),
    "train": ("eval",),
    "append": (None,),
    "zero_grad": (None,),
}
MODES = ("no_grad", "enable_grad", "inference_mode")
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
PARTS = {"without the first": (1, None), "without the last": (None, -1), "the first alone": (None, 1)}
Change = Callable[[Any], Any]  # from a node to what stands in its place: a node, or a list of statements


@dataclass(frozen=True)
class Mutant:
    """A changed copy of a solution: what was changed, the first line that reads otherwise, and the whole source."""

    change: str
    line: str
    source: str


def mutants(source: str, drawn: frozenset[str] = frozenset()) -> list[Mutant]:
    """Return copies of a solution cell that each differ from it in one place; no two read the same.

    With them come those that remember a result, and one for each feature of the exercise's domain that is ``drawn``.
    """
    tree = ast.parse(source)
    original = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    parameters = _parameters(tree)
    locals_ = _locals(tree) - parameters
    for number, (_, _, _, node) in enumerate(_places(tree)):
        for change, apply in _changes(node, parameters, locals_):
            changed = copy.deepcopy(tree)
            _replace(changed, number, apply)
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
                compile(text, "mutant", "exec")
            except (SyntaxError, ValueError):
                continue
            if text != original and text not in found:
                found[text] = Mutant(change, _first_other_line(text, original), text)
    name = next(node.name for node in reversed(tree.body) if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return [*found.values(), *(Mutant(change, name, text) for change, text in wrapped(original, name, drawn))]


def _first_other_line(text: str, original: str) -> str:
    """Return the first line that reads otherwise; where every change of its kind reads so, with what stood there."""
    pairs = zip_longest(text.splitlines(), original.splitlines(), fillvalue="")
    line, was = next((line.strip(), was.strip()) for line, was in pairs if line != was)
    return f"{line} ({was})" if line == "pass" or line.startswith("with torch.") else line


def _parameters(tree: ast.Module) -> set[str]:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {argument.arg for function in functions for argument in function.args.args}


def _locals(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _changes(node: ast.AST, parameters: set[str], locals_: set[str]) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Call):
        yield from _call_changes(node)
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
            yield "swap the operands", _swap_operands
        if type(node.op) in OPERATORS:
            yield "another operator", _other_operator
        yield "left operand alone", lambda n: n.left
        yield "right operand alone", lambda n: n.right
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        yield "another comparison", _other_comparison
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "another constant", _other_constant
    if isinstance(node, ast.UnaryOp):
        yield "without the sign", lambda n: n.operand
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            yield "without a condition", partial(_without_condition, index=index)
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield "swap the elements", _swap_elements
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        yield "data of what is written", _data_of_value
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in parameters:
        for method in ("detach", "clone"):
            yield f"{method} a use", partial(_method_call, method=method)
        yield "data of a use", _data
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in locals_:
        yield "detach a use", partial(_method_call, method="detach")
    if isinstance(node, ast.comprehension | ast.For):
        for change, part in PARTS.items():
            yield change, partial(_part_of_iter, part=part)
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "without the condition", _without_filter
    if isinstance(node, ast.If | ast.IfExp):
        yield "the other branch", _negate
        yield "always the first branch", lambda n: n.body
        yield "never the first branch", lambda n: n.orelse or ast.Pass()
    yield from _statement_changes(node)


def _statement_changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.FunctionDef):
        for mode in MODES:
            yield f"all under {mode}", partial(_body_under, mode=mode)
    if isinstance(node, ast.Return) and node.value is not None:
        for method in ("detach", "clone", "requires_grad_"):
            yield f"{method} the result", partial(_on_result, method=method)
        yield "no result", lambda _: ast.Return(None)
    if isinstance(node, ast.With):
        yield "without the context", lambda n: n.body
    if isinstance(node, ast.Try):
        yield "without the restore", lambda n: n.body
        yield "restore only without an error", lambda n: n.body + n.finalbody
    if isinstance(node, ast.Expr) and _in_place(node.value):
        yield "rebind for in place", _rebind
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Assign | ast.For) and not _is_docstring(node):
        yield "without the statement", lambda _: ast.Pass()
        yield "the statement under no_grad", partial(_under, mode="no_grad")
    if isinstance(node, ast.Expr | ast.AugAssign) and not _is_docstring(node):
        yield "the statement twice", lambda n: [n, n]


def _call_changes(node: ast.Call) -> Iterator[tuple[str, Change]]:
    if isinstance(node.func, ast.Attribute):
        for other in METHODS.get(node.func.attr, ()):
            if other is None:
                yield f"without {node.func.attr}", lambda n: n.func.value
            elif other == "view_as_itself":
                yield "data for detach", lambda n: _data(n.func.value)
            else:
                yield f"{other} for {node.func.attr}", partial(_renamed, name=other)
    if _in_place(node):
        name = node.func.attr[:-1]  # type: ignore[attr-defined]
        yield f"{name} for {name}_", partial(_renamed, name=name)
        yield "data of what is written", _data_of_receiver
    if len(node.args) >= 2 and not any(isinstance(argument, ast.Starred) for argument in node.args[:2]):
        yield "swap the arguments", _swap_arguments
    for index, keyword in enumerate(node.keywords):
        yield f"without {keyword.arg}", partial(_without_keyword, index=index)


def _replace(tree: ast.AST, number: int, change: Change) -> None:
    """Apply a change to the node with this number, in the order of ``_places``."""
    for count, (parent, name, index, node) in enumerate(_places(tree)):
        if count == number:
            new = change(node)
            if index is None:
                setattr(parent, name, new)
            else:
                getattr(parent, name)[index : index + 1] = new if isinstance(new, list) else [new]
            return


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield each node with where it hangs: parent, field, index in the field's list or None, node.

    Annotations are left out: they change nothing.
    """
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns"):
            continue
        values = value if isinstance(value, list) else [value]
        for index, node in enumerate(values):
            if isinstance(node, ast.AST):
                yield tree, name, index if isinstance(value, list) else None, node
                yield from _places(node)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _method_call(node: Any, method: str) -> Any:
    return ast.Call(ast.Attribute(node, method, ast.Load()), [], [])


def _on_result(node: Any, method: str) -> Any:
    return ast.Return(_method_call(node.value, method))


def _renamed(node: Any, name: str) -> Any:
    node.func.attr = name
    return node


def _data(node: Any) -> Any:
    return ast.Attribute(node, "data", ast.Load())


def _data_of_value(node: Any) -> Any:
    node.value = _data(node.value)
    return node


def _data_of_receiver(node: Any) -> Any:
    node.func.value = _data(node.func.value)
    return node


def _in_place(node: ast.AST) -> bool:
    """Whether a node is a call of a method such as ``add_``."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr.endswith("_") and called.attr != "requires_grad_"


def _rebind(node: Any) -> Any:
    """Turn ``p.add_(x)`` into ``p = p.add(x)``, and ``p.copy_(x)`` into ``p = x``."""
    call = node.value
    target, name = call.func.value, call.func.attr[:-1]
    if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return node
    stored = copy.deepcopy(target)
    stored.ctx = ast.Store()
    return ast.Assign([stored], call.args[0] if name == "copy" else _renamed(call, name))


def _context(mode: str) -> Any:
    return _method_call(ast.Name("torch", ast.Load()), mode)


def _under(node: Any, mode: str) -> Any:
    return ast.With([ast.withitem(_context(mode))], [node])


def _body_under(node: Any, mode: str) -> Any:
    start = int(_is_docstring(node.body[0]))
    node.body[start:] = [ast.With([ast.withitem(_context(mode))], node.body[start:])]
    return node


def _part_of_iter(node: Any, part: tuple[int | None, int | None]) -> Any:
    start, stop = (None if end is None else ast.Constant(end) for end in part)
    items = ast.Call(ast.Name("list", ast.Load()), [node.iter], [])
    node.iter = ast.Subscript(items, ast.Slice(start, stop), ast.Load())
    return node


def _without_filter(node: Any) -> Any:
    node.ifs = []
    return node


def _without_condition(node: Any, index: int) -> Any:
    del node.values[index]
    return node if len(node.values) > 1 else node.values[0]


def _swap_elements(node: Any) -> Any:
    node.elts[:2] = reversed(node.elts[:2])
    return node


def _swap_operands(node: Any) -> Any:
    node.left, node.right = node.right, node.left
    return node


def _swap_arguments(node: Any) -> Any:
    node.args[:2] = reversed(node.args[:2])
    return node


def _without_keyword(node: Any, index: int) -> Any:
    del node.keywords[index]
    return node


def _other_operator(node: Any) -> Any:
    node.op = OPERATORS[type(node.op)]()
    return node


def _other_comparison(node: Any) -> Any:
    node.ops[0] = COMPARISONS[type(node.ops[0])]()
    return node


def _other_constant(node: Any) -> Any:
    value = node.value
    node.value = (not value) if isinstance(value, bool) else value + 1
    return node


def _negate(node: Any) -> Any:
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return node


def mutant_function(bench, exercise, source):
    """Run a mutant's source and return its function."""
    namespace = {"__name__": "mutant"}
    exec(bench.cells["setup"].source, namespace)
    exec(source, namespace)
    return namespace[exercise]
