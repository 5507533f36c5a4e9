"""Tells answers apart by their tokens: comments, docstrings and layout do not count, names and numbers do."""

import ast
import io
import tokenize
from hashlib import sha256
from pathlib import Path

from gradstop.course import graded_cells
from gradstop.grading.intake.bounds import MAX_ANSWER

_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def tokens_of(source: str) -> str:
    """Return the number of an answer's tokens and a digest of them, ``"57:9f86d081884c7d65"``.

    Two answers have the same if they are the same token for token. What is no Python, or too long to be parsed here,
    has none.
    """
    if len(source) > MAX_ANSWER:
        return ""
    try:
        tree = ast.parse(source)
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in _LAYOUT]
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        return ""
    explained = {node.body[0].lineno for node in ast.walk(tree) if _has_docstring(node)}  # type: ignore[attr-defined]
    words = [t.string for t in tokens if not (t.type == tokenize.STRING and t.start[0] in explained)]
    return f"{len(words)}:{sha256(chr(0).join(words).encode()).hexdigest()[:16]}"


def _has_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Module)
        and ast.get_docstring(node, clean=False) is not None
    )


def tokens_of_answers(notebook: Path) -> dict[str, str]:
    """Return the digest of the answer to each exercise of a notebook."""
    return {cell.grade_id: tokens_of(cell.source) for cell in graded_cells(notebook) if cell.solution}
