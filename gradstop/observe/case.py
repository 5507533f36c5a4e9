"""What a case is, and how a file of cases is read."""

from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from gradstop.observe.draw import Draw
from gradstop.observe.probes import Observer

Phases = Generator[None, Draw, None]
Body = Callable[[Callable[..., Any], Draw, Observer], Phases]


class Case(NamedTuple):
    """One situation in which an exercise's function is observed. Nothing of it can be changed."""

    exercise: str
    name: str
    title: str
    read: str
    body: Body
    counts_alive: bool


def case(exercise: str, title: str, read: str = "", *, counts_alive: bool = False) -> Callable[[Body], Case]:
    """Make a case of a generator function ``body(function, draw, see)``.

    The body draws inputs from ``draw``, calls ``function`` through ``see.call`` and observes. Then it
    writes ``later = yield``, once: what has been observed is committed, and ``later`` draws what the function
    need not have known (upstream gradients, where an edit lands). ``title`` completes the sentence
    "the function is observed when …"; ``read`` is the section for observations that name none. A case that
    ``counts_alive``, and collects garbage before, has its collections look at what was made in it alone.
    """

    def made(body: Body) -> Case:
        return Case(exercise, body.__name__, title, read, body, counts_alive)

    return made


@lru_cache(maxsize=4)
def read_cases(source: str, filename: str = "cases.py") -> dict[str, list[Case]]:
    """Run the text of a ``cases.py`` and return its cases, by exercise, in the order of the file; the last are kept."""
    return run_cases(compile(source, filename, "exec"))


def run_cases(code: CodeType) -> dict[str, list[Case]]:
    """Run a compiled ``cases.py`` and return its cases, by exercise, in the order of the file."""
    module = ModuleType("cases")
    exec(code, module.__dict__)  # noqa: S102 - the course's own file
    found: dict[str, list[Case]] = {}
    for item in vars(module).values():
        if isinstance(item, Case):
            found.setdefault(item.exercise, []).append(item)
    return found


def names_of(cases: Iterable[Iterable[Case]]) -> list[dict[str, Any]]:
    """Return the names that these cases look up, those of each file once."""
    found = {id(one.body.__globals__): one.body.__globals__ for several in cases for one in several}
    return list(found.values())
