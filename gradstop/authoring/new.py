"""Lays out a new exercise: notebook cells with nbgrader's metadata, a case, its domain, wrong and right answers."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradstop.authoring.refresh import write
from gradstop.course import CHECK, Assignment, CourseError, graded_cells
from gradstop.course.files import SOLUTIONS

_NAME = re.compile(r"([0-9]{2}-[a-z][a-z-]*)/([a-z_][a-z0-9_]*)")
_HEADERS = {
    "cases.py": '"""The cases of {name}: which inputs a function is given, and what is observed of it."""\n\n'
    "from gradstop.observe import Draw, Observer, case\n",
    "domain.toml": "# What the inputs of each exercise may be: drawn by its cases, or excluded by its statement.\n",
    "right_answers.py": '"""Other right answers to {name}: each reaches the behaviour in another way."""\n\n'
    "from gradstop.course import right\n",
    "wrong_answers.py": '"""Answers to {name} that people give, each with the misconception behind it."""\n\n'
    "from gradstop.course import wrong\n",
}
_PARTS = {
    "cases.py": """

# {function} {line}


@case("{function}", "x is of each kind", "{name}#a-section")
def {function}_of_each_kind({function}, draw: Draw, see: Observer):
    x = draw.tensor("x", draw.choice("leaf", "interior"))
    result = see.call({function}, x)
    see.value("the result", result, "the result is …")
    later = yield  # what has been observed is committed; from here on draw what the function could not know
    weights = later.numbers(x.shape)
    backward = (result * weights).sum().backward
    see.gradients("the backward", backward, "x receives …", x=draw.source(x))
""",
    "domain.toml": """
[{function}]
inputs = ["tensor"]
drawn = ["leaf", "interior"]
meaningless = []

[{function}.excluded]
"constant" = "words of the statement"
""",
    "right_answers.py": """

@right("{function}")
def another_way_{function}(x):
    raise NotImplementedError("write a right answer that is built otherwise than the solution")
""",
    "wrong_answers.py": """

@wrong("{function}", "name-of-the-misconception", "what it does, and why that is wrong.", "{name}#a-section")
def a_mistake_{function}(x):
    raise NotImplementedError("write an answer that people give")
""",
}
_STATEMENT = """## {function}

*Medium · 10 minutes · chapter {chapter}, “A section” · 1 points*

Write `{function}(x)`. Say all that is observed, and nothing else.

```python
{function}(x)    # one example of use
```

<details><summary>Hint 1</summary>

A first step, not the answer.

</details>"""
_SOLUTION = '''def {function}(x: torch.Tensor) -> torch.Tensor:
    """Return … ."""
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION'''


def new_exercise(root: Path, place: str) -> list[Path]:
    """Lay out the exercise ``NN-topic/function`` in ``solutions/`` and return the files to fill in.

    An assignment that exists is extended, at its end.

    Raises:
        CourseError: for a name of another form, or one that is taken.

    """
    match = _NAME.fullmatch(place)
    if not match:
        raise CourseError(f"{place!r} is no name for an exercise: write NN-topic/function, such as 10-hooks/tap.")
    name, function = match.groups()
    assignment = Assignment(root / SOLUTIONS / name)
    words = {"name": name, "function": function, "chapter": str(int(name[:2])), "line": "-" * (100 - len(function))}
    _extend_notebook(assignment, function, words)
    for file, part in _PARTS.items():
        path = assignment.folder / file
        before = path.read_text(encoding="utf-8") if path.is_file() else _HEADERS[file].format(**words)
        path.write_text(before + part.format(**words), encoding="utf-8")
    return [assignment.notebook, *(assignment.folder / file for file in _PARTS)]


def _extend_notebook(assignment: Assignment, function: str, words: dict[str, str]) -> None:
    assignment.folder.mkdir(parents=True, exist_ok=True)
    if assignment.notebook.is_file():
        if function in {cell.grade_id for cell in graded_cells(assignment.notebook)}:
            raise CourseError(f"{assignment.name} has an exercise {function!r} already.")
        notebook = nbformat.read(assignment.notebook, as_version=4)
    else:
        title = new_markdown_cell(f"# Exercises: {assignment.name.partition('-')[2]}", id="title")
        setup = _code("setup", "setup", "import torch\n\nfrom gradstop import check", locked=True)
        notebook = new_notebook(cells=[title, setup])
    cell = function.replace("_", "-")
    notebook.cells += [
        new_markdown_cell(_STATEMENT.format(**words), id=f"{cell}-text"),
        _code(cell, function, _SOLUTION.format(**words), solution=True),
        _code(f"check-{cell}", CHECK + function, f'check("{function}")', grade=True, points=1, locked=True),
    ]
    write(assignment.notebook, notebook)


def _code(identity: str, grade_id: str, source: str, **marks: Any) -> nbformat.NotebookNode:
    plain = {
        "grade": False,
        "grade_id": grade_id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    return new_code_cell(source, id=identity, metadata={"nbgrader": {**plain, **marks}})
