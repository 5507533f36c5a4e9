"""An exercise's expected observations, recorded from the solution, and what is known of wrong answers."""

from dataclasses import dataclass

from gradstop.compare.difference import agrees
from gradstop.record import Json, Record, Setup, Setups


@dataclass(frozen=True)
class Turn:
    """One run of a case: what its two phases are drawn from, and what the solution did."""

    setups: Setups
    record: Record


def setups_of(data: Json) -> Setups:
    """Read what a turn is drawn from: one ``Setup`` for each phase."""
    first, second = map(Setup.from_json, data)
    return first, second


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
                "turns": [{"setups": [s.to_json() for s in t.setups], "record": t.record.to_json()} for t in turns],
            }
            for name, turns in self.turns.items()
        ]
        wrong = [{**vars(answer), "differs": differs} for answer, differs in self.behaviours]
        return {"parameters": list(self.parameters), "cases": cases, "wrong": wrong}

    @classmethod
    def from_json(cls, exercise: str, data: Json) -> "Reference":
        """Read what ``to_json`` wrote."""
        turns = {
            case["name"]: tuple(Turn(setups_of(t["setups"]), Record.from_json(t["record"])) for t in case["turns"])
            for case in data["cases"]
        }
        titles = {case["name"]: case["title"] for case in data["cases"]}
        keys = ("name", "misconception", "says", "read")
        known = tuple((Wrong(**{k: w[k] for k in keys}), w["differs"]) for w in data["wrong"])
        return cls(exercise, tuple(data["parameters"]), titles, turns, known)


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


def differing(record: Record, turn: Turn) -> dict[str, Json]:
    """Return the values of a record in which it is not the solution's: what ``is_behaviour`` looks for."""
    seen = _values(record)
    return {
        wanted.name: seen.get(wanted.name)
        for wanted in turn.record.observations
        if not agrees(seen.get(wanted.name), wanted)
    }


def _values(record: Record) -> dict[str, Json]:
    return {observation.name: observation.value for observation in record.observations}
