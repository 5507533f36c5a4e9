"""The threats of tests/adversarial: what each hands in, and what it may get."""

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.classroom import SOLVED, change, hand_in
from support.course import ROOT

NAME = "03-detach"
FOLDER = ROOT / "tests" / "adversarial"
FULL = {"stop": 5.0, "scale_grad": 4.0, "one_path": 3.0, "semi_gradient_mse": 3.0, "to_numpy_copy": 3.0}
CLASSES = ("tampering", "forgery", "outside", "resources", "notebook", "honest")
_SECTION = re.compile(r"^# %% *(\S+) *\n", re.MULTILINE)


@dataclass(frozen=True)
class Threat:
    """One submission and what it must get.

    Attributes:
        scores: where an exercise is not worth all of its points; `at_most` where chance has a say.
        untrusted: the exercises that the judge must say it could not judge.
        problem: the reason why it is not graded at all, as a pattern.
        control: the defence that is taken away in a test of its own.
        accepted: this attack wins; SECURITY.md says so.
        stock: stock nbgrader may be run on it.

    """

    name: str
    kind: str
    says: str
    control: str
    scores: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    untrusted: list[str] = field(default_factory=list)
    problem: str = ""
    accepted: bool = False
    stock: bool = True

    @property
    def folder(self) -> Path:
        """Where it is described."""
        return FOLDER / self.name

    @property
    def expected(self) -> dict[str, float]:
        """The score of each exercise."""
        return {**FULL, **self.scores}

    def hand_in(self, course: Path, places: dict[str, str]) -> None:
        """Put the submission where it is collected; `places` are the values of the @NAMES@ in its cells."""
        notebook = hand_in(course, self.name, SOLVED)
        if (self.folder / "answers.py").is_file():
            change(notebook, lambda content: fill(content, self.sections(places)))
        else:
            _function(self.folder / "make.py", "make")(notebook.parent)

    def sections(self, places: dict[str, str]) -> list[tuple[str, str]]:
        """Return the cells of answers.py, each with its name."""
        text = (self.folder / "answers.py").read_text()
        for name, value in places.items():
            text = text.replace(f"@{name}@", value)
        _, *parts = _SECTION.split(text)
        return [(name, source.strip()) for name, source in zip(parts[::2], parts[1::2], strict=True)]


def threats() -> list[Threat]:
    """Return all threats, by name."""
    return [read_threat(path.parent) for path in sorted(FOLDER.glob("*/threat.json"))]


def read_threat(folder: Path) -> Threat:
    """Return the threat that a folder describes."""
    plain: dict[str, Any] = json.loads((folder / "threat.json").read_text())
    return Threat(name=folder.name, kind=plain.pop("class"), **plain)


def fill(notebook: dict[str, Any], sections: list[tuple[str, str]]) -> None:
    """Write cells into a notebook: by their marks, and those of another name after the one before.

    The cell "setup" is locked, and every grader puts it back: what has this name follows it.
    """
    cells = notebook["cells"]
    places = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in cells if "nbgrader" in cell["metadata"]}
    place = cells.index(places["setup"])
    for name, source in sections:
        if name in places and name != "setup":
            places[name]["source"] = source
            place = cells.index(places[name])
        else:
            place += 1
            cells.insert(place, code(source))


def code(source: str, mark: str = "") -> dict[str, Any]:
    """Return a cell of code, with a mark of nbgrader's or without."""
    metadata = {"nbgrader": {"grade_id": mark}} if mark else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def markdown(source: str, **more: Any) -> dict[str, Any]:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def edit(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the notebook of a folder, once, and write it back."""
    path = folder / "detach.ipynb"
    notebook = json.loads(path.read_text())
    yield notebook
    path.write_text(json.dumps(notebook))


def _function(path: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"adversarial_{path.parent.name.replace('-', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)
