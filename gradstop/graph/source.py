"""The source of a Python function that is at hand, as a syntax tree."""

import ast
import linecache
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType, MethodType
from typing import Any

Definition = ast.FunctionDef | ast.Lambda


def plain_function(function: Callable[..., Any]) -> FunctionType | None:
    """Return the function of a bound method, or itself; None for what is written in another language."""
    inner = function.__func__ if isinstance(function, MethodType) else function
    return inner if isinstance(inner, FunctionType) else None


def definition(function: FunctionType) -> Definition | None:
    """Return where a function is written, None where its file cannot be read, or holds it no longer."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    found = [node for node in _definitions("".join(lines)) if _is_of(node, code)]
    lambdas = [node for node in found if isinstance(node, ast.Lambda)]  # of those around each other the innermost
    inner = [node for node in lambdas if not any(_is_within(other, node) for other in lambdas if other is not node)]
    chosen = [*inner] or found
    return chosen[0] if len(chosen) == 1 else None


@lru_cache(maxsize=16)
def _definitions(text: str) -> tuple[Definition, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, Definition))


def _is_of(node: Definition, code: CodeType) -> bool:
    arguments = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if arguments != [*code.co_varnames[: len(arguments)]]:
        return False
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and all(_is_in(place, node.body) for place in code.co_positions())
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return code.co_name == node.name and code.co_firstlineno == first


def _is_in(place: tuple[int | None, ...], node: ast.expr) -> bool:
    """Whether a place, lines before columns, is in an expression; one without columns is no place in the source."""
    line, last, column, end = place
    if None in place or column == end:
        return True
    return (node.lineno, node.col_offset) <= (line, column) and (last, end) <= (node.end_lineno, node.end_col_offset)


def _is_within(inner: ast.expr, outer: ast.expr) -> bool:
    return _is_in((inner.lineno, inner.end_lineno, inner.col_offset, inner.end_col_offset), outer)


def closure(function: object) -> dict[str, Any]:
    """Return what a function has from the functions around it, by its name there."""
    found = {}
    code = getattr(function, "__code__", None)
    for name, cell in zip(getattr(code, "co_freevars", ()), getattr(function, "__closure__", None) or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found
