"""An exercise's expected observations, recorded from the solution, and what is known of wrong answers."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from gradstop.compare.difference import agrees
from gradstop.observe.case import Case
from gradstop.observe.encode import Json
from gradstop.observe.record import Record
from gradstop.observe.run import observe, observe_with_choices

Seeds = tuple[int, int]
CANDIDATES = 40  # seeds that are tried to cover every choice of a case
FEWEST = 2  # turns of one case, however few its choices
MOST = 8  # turns that are spent on pairs of options


@dataclass(frozen=True)
class Turn:
    """One run of a case: its two seeds and what the solution did."""

    seeds: Seeds
    record: Record


@dataclass(frozen=True)
class Wrong:
    """An answer that people give: the misconception, a sentence to who wrote it, the section to read."""

    name: str
    misconception: str
    says: str
    read: str


@dataclass(frozen=True)
class Reference:
    """What an exercise's solution does: for each case its title and turns.

    ``parameters`` names the function's parameters. ``behaviours`` holds each known wrong answer with, for each
    turn of each case, the values in which it differs from the solution (None where it did not get that far).
    """

    exercise: str
    parameters: tuple[str, ...]
    titles: dict[str, str]
    turns: dict[str, tuple[Turn, ...]]
    behaviours: tuple[tuple[Wrong, dict[str, list[dict[str, Json]]]], ...] = ()

    def to_json(self) -> Json:
        """Return plain data; ``from_json`` reads it back."""
        cases = [
            {
                "name": name,
                "title": self.titles[name],
                "turns": [{"seeds": list(t.seeds), "record": t.record.to_json()} for t in turns],
            }
            for name, turns in self.turns.items()
        ]
        wrong = [{**vars(answer), "differs": differs} for answer, differs in self.behaviours]
        return {"parameters": list(self.parameters), "cases": cases, "wrong": wrong}

    @classmethod
    def from_json(cls, exercise: str, data: Json) -> "Reference":
        """Read what ``to_json`` wrote."""
        turns = {
            case["name"]: tuple(Turn(tuple(t["seeds"]), Record.from_json(t["record"])) for t in case["turns"])
            for case in data["cases"]
        }
        titles = {case["name"]: case["title"] for case in data["cases"]}
        keys = ("name", "misconception", "says", "read")
        known = tuple((Wrong(**{k: w[k] for k in keys}), w["differs"]) for w in data["wrong"])
        return cls(exercise, tuple(data["parameters"]), titles, turns, known)


def make_reference(
    cases: Sequence[Case],
    solution: Callable[..., Any],
    wrong: Iterable[tuple[Wrong, Callable[..., Any]]],
    seed: Callable[[], int],
) -> Reference:
    """Observe the solution, and each wrong answer, in every case under as many seeds as cover its choices.

    ``seed`` is called for each seed that is needed: a fixed stream for a recording, a secret one for a grader.
    """
    return _with_turns(cases, solution, wrong, {case.name: covering_turns(case, solution, seed) for case in cases})


def repeat_reference(
    cases: Sequence[Case],
    solution: Callable[..., Any],
    wrong: Iterable[tuple[Wrong, Callable[..., Any]]],
    seeds: Mapping[str, Sequence[Seeds]],
) -> Reference:
    """Observe the solution, and each wrong answer, in these turns: for each case their seeds."""
    turns = {case.name: tuple(Turn(s, observe(case, solution, s)) for s in seeds[case.name]) for case in cases}
    return _with_turns(cases, solution, wrong, turns)


def _with_turns(
    cases: Sequence[Case],
    solution: Callable[..., Any],
    wrong: Iterable[tuple[Wrong, Callable[..., Any]]],
    turns: dict[str, tuple[Turn, ...]],
) -> Reference:
    behaviours = tuple((answer, _behaviour(cases, function, turns)) for answer, function in wrong)
    titles = {case.name: case.title for case in cases}
    return Reference(cases[0].exercise, tuple(inspect.signature(solution).parameters), titles, turns, behaviours)


def covering_turns(case: Case, solution: Callable[..., Any], seed: Callable[[], int]) -> tuple[Turn, ...]:
    """Return turns that together take every option of every choice that the case draws, and most pairs of options.

    They are picked greedily from ``CANDIDATES`` runs. Raises ValueError if the solution itself cannot finish the case.
    """
    tried = [_try(case, solution, (seed(), seed())) for _ in range(CANDIDATES)]
    options = frozenset[Any]().union(*(candidate.options for candidate in tried))
    pairs = frozenset[Any]().union(*(candidate.pairs for candidate in tried))
    picked: list[Turn] = []
    while options or len(picked) < FEWEST or (pairs and len(picked) < MOST):
        best = max(tried, key=lambda candidate: (len(candidate.options & options), len(candidate.pairs & pairs)))
        tried.remove(best)
        picked.append(best.turn)
        options, pairs = options - best.options, pairs - best.pairs
    return tuple(picked)


@dataclass(frozen=True, eq=False)
class _Candidate:
    turn: Turn
    options: frozenset[Any]
    pairs: frozenset[Any]


def _try(case: Case, solution: Callable[..., Any], seeds: Seeds) -> _Candidate:
    record, choices = observe_with_choices(case, solution, seeds)
    if record.stopped is not None:
        raise ValueError(f"{case.exercise}, case {case.name!r}: the solution itself stops: {record.stopped}")
    return _Candidate(Turn(seeds, record), choices, frozenset(map(frozenset, combinations(choices, 2))))


def behaves_like(reference: Reference, observed: dict[str, list[Record]]) -> Wrong | None:
    """Return the known wrong answer that agrees with every observation, if there is one."""
    for answer, differs in reference.behaviours:
        if all(
            is_behaviour(record, turn, differs[case][number])
            for case, turns in reference.turns.items()
            for number, (turn, record) in enumerate(zip(turns, observed[case], strict=True))
        ):
            return answer
    return None


def _behaviour(
    cases: Sequence[Case], function: Callable[..., Any], turns: dict[str, tuple[Turn, ...]]
) -> dict[str, list[dict[str, Json]]]:
    return {case.name: [_differing(observe(case, function, t.seeds), t) for t in turns[case.name]] for case in cases}


def _differing(record: Record, turn: Turn) -> dict[str, Json]:
    seen = _values(record)
    return {
        wanted.name: seen.get(wanted.name)
        for wanted in turn.record.observations
        if not agrees(seen.get(wanted.name), wanted)
    }


def is_behaviour(record: Record, turn: Turn, differs: dict[str, Json]) -> bool:
    """Whether a record is the solution's, but for the values in ``differs``."""
    seen = _values(record)
    for wanted in turn.record.observations:
        got = seen.get(wanted.name)
        if wanted.name not in differs:
            same = agrees(got, wanted)
        elif differs[wanted.name] is None or got is None:
            same = got is differs[wanted.name]
        else:
            same = agrees(got, type(wanted)(wanted.name, wanted.kind, differs[wanted.name]))
        if not same:
            return False
    return True


def _values(record: Record) -> dict[str, Json]:
    return {observation.name: observation.value for observation in record.observations}
