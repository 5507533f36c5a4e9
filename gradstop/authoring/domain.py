"""The domain of an exercise: which features of its inputs are drawn, and which the statement excludes.

``solutions/NN-topic/domain.toml`` holds a table for each exercise::

    [stop]
    inputs = ["tensor"]            # which groups of FEATURES mean something
    drawn = ["leaf", "interior", ...]
    meaningless = ["..."]          # of those groups, what can mean nothing here
    [stop.excluded]
    "constant" = "a tensor that requires grad"   # words of the statement that exclude it

What is drawn is not taken on trust: the cases are run, and tell what they met.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradstop.course import CourseError, read_text
from gradstop.grading.answer_key.trial_selection import covering_paths
from gradstop.observe import Case
from gradstop.observe.features import AGAIN, DIMENSIONS, KINDS, LAYOUTS, SIZES, VALUES

FEATURES: dict[str, tuple[str, ...]] = {
    "tensor": (*KINDS, *DIMENSIONS, *SIZES, *LAYOUTS, *VALUES, "float32", "float64", "a .grad that is there already"),
    "module": (
        "a shared parameter",
        "a frozen parameter",
        "a buffer",
        "a non-persistent buffer",
        "a child with children",
        "a child with parameters of its own",
        "parameters of the model itself",
        "a model that mixes the rows of a batch",
        "a model that returns a view of its input",
        "a model that returns its input",
        "a model that raises",
        "a model that is in evaluation mode",
    ),
    "optimizer": ("several parameter groups", "a parameter without .grad", "a frozen parameter", "momentum"),
    "function": ("a function that raises",),
    "any": (
        "a hook on an input",
        "no_grad outside",
        *AGAIN,
        "what is left on the inputs",
    ),
}


@dataclass(frozen=True)
class Domain:
    """The domain of one exercise, as its author states it.

    Attributes:
        inputs: the groups of ``FEATURES`` that mean something for it; the group "any" always does.
        drawn: what its cases meet; features of its own may be among them.
        excluded: what they do not, each with the words of the statement that exclude it.
        meaningless: what of the groups can mean nothing for this exercise.

    """

    inputs: tuple[str, ...]
    drawn: frozenset[str]
    excluded: dict[str, str] = field(default_factory=dict)
    meaningless: frozenset[str] = frozenset()

    @property
    def _known(self) -> set[str]:
        return {feature for group in (*self.inputs, "any") for feature in FEATURES[group]}

    @property
    def in_arguments(self) -> frozenset[str]:
        """What is drawn of the function's own arguments; a tensor that a model or a function holds is none."""
        return self.drawn & self._known

    def faults(self, met: frozenset[str], statement: str) -> Iterator[str]:
        """Yield what is wrong with the table, given what the cases met and the exercise's statement."""
        decided = self.drawn | self.excluded.keys() | self.meaningless
        plain = " ".join(statement.split())
        for feature in sorted(self._known - decided):
            yield f"{feature!r} is neither drawn nor excluded: decide it in domain.toml."
        for feature in sorted(self.drawn - met):
            yield f"domain.toml says that {feature!r} is drawn, and no case meets it."
        for feature in sorted(met - self.drawn):
            yield f"a case meets {feature!r}, and domain.toml does not say so."
        for feature, words in self.excluded.items():
            if " ".join(words.split()) not in plain:
                yield f"{feature!r} is excluded by words that the statement does not have: {words!r}."


def read_domains(path: Path) -> dict[str, Domain]:
    """Read a ``domain.toml``; where there is none, no exercise has a table.

    Raises:
        CourseError: for another form.

    """
    if not path.is_file():
        return {}
    try:
        return {name: _domain(table) for name, table in tomllib.loads(read_text(path)).items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{path.parent.name}/{path.name} cannot be read: {error}.") from None


def _domain(table: dict[str, Any]) -> Domain:
    unknown = table.keys() - {"inputs", "drawn", "excluded", "meaningless"} or set(table["inputs"]) - FEATURES.keys()
    if unknown:
        raise KeyError(f"it has {', '.join(sorted(unknown))}")
    return Domain(
        tuple(table["inputs"]),
        frozenset(table["drawn"]),
        dict(table.get("excluded", {})),
        frozenset(table.get("meaningless", ())),
    )


def features_met(cases: list[Case], solution: Callable[..., Any]) -> frozenset[str]:
    """Return what the cases of an exercise meet together."""
    paths = [path for case in cases for path in covering_paths(case, solution)]
    return frozenset[str]().union(*(path.features for path in paths))
