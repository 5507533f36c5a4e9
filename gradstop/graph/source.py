"""The source of a Python function that is at hand, as a syntax tree."""

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

Definition = ast.FunctionDef | ast.Lambda


def definition(function: FunctionType) -> Definition | None:
    """Return where a function is written, None where its file cannot be read, or holds it no longer."""
    lines = linecache.getlines(function.__code__.co_filename, function.__globals__)
    return _found(function.__code__, _Lines(lines))


class _Lines:
    """The lines of a file, which are the same as long as ``linecache`` keeps them."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Lines) and self.lines is other.lines

    def __hash__(self) -> int:
        return id(self.lines)


@lru_cache(maxsize=256)
def _found(code: CodeType, lines: _Lines) -> Definition | None:
    definitions, codes = _written(lines)
    if code not in codes:  # the file is another one by now
        return None
    found = [node for node in definitions if _is_of(node, code)]
    lambdas = [node for node in found if isinstance(node, ast.Lambda)]  # of those around each other the innermost
    inner = [node for node in lambdas if not any(_is_within(other, node) for other in lambdas if other is not node)]
    chosen = [*inner] or found
    return chosen[0] if len(chosen) == 1 else None


@lru_cache(maxsize=16)
def _written(lines: _Lines) -> tuple[tuple[Definition, ...], frozenset[CodeType]]:
    """Return the functions in a file, and their code."""
    try:
        tree = ast.parse("".join(lines.lines))
        whole = compile(tree, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return (), frozenset()
    return tuple(node for node in ast.walk(tree) if isinstance(node, Definition)), frozenset(codes_in(whole))


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of what is defined in some code, at any depth, and that code itself."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes_in(const)


def _is_of(node: Definition, code: CodeType) -> bool:
    arguments = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    if arguments != [*code.co_varnames[: len(arguments)]]:
        return False
    if isinstance(node, ast.Lambda):
        is_here = code.co_name == "<lambda>" and code.co_firstlineno == node.lineno
        return is_here and all(_is_in(place, node.body) for place in code.co_positions())
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
