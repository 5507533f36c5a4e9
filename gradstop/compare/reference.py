"""An exercise's expected observations, recorded from the solution, and what is known of wrong answers."""

from dataclasses import dataclass, replace

from gradstop.compare.difference import agrees, is_about
from gradstop.compare.errors import about
from gradstop.record import Json, Observation, Record, Setups

ABOUT = "about"  # in the value of something that raises: what its error is about


@dataclass(frozen=True)
class Trial:
    """One run of a case: what its two phases are drawn from, and what the solution did."""

    setups: Setups
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
    """What an exercise's solution does: for each case its title and trials.

    ``parameters`` names the function's parameters. ``behaviours`` holds each known wrong answer with, for each
    trial of each case, the values in which it differs from the solution (None where it did not get that far).
    """

    exercise: str
    parameters: tuple[str, ...]
    titles: dict[str, str]
    trials: dict[str, tuple[Trial, ...]]
    behaviours: tuple[tuple[Wrong, dict[str, list[dict[str, Json]]]], ...] = ()


def behaves_like(reference: Reference, observed: dict[str, list[Record]]) -> Wrong | None:
    """Return the known wrong answer that agrees with every observation, if there is one."""
    for answer, differs in reference.behaviours:
        if all(
            is_behaviour(record, trial, differs[case][number])
            for case, trials in reference.trials.items()
            for number, (trial, record) in enumerate(zip(trials, observed[case], strict=True))
        ):
            return answer
    return None


def behaves_in_part_like(reference: Reference, observed: dict[str, list[Record]]) -> dict[str, Wrong]:
    """Return known wrong answers that do the same as this one in some of the cases in which it differs, by case.

    For an answer with two faults, or a fault and a slip. One that differs in anything in which this one agrees is none
    of them: what is said of it would not be true. Those that explain more cases come first.
    """
    pairs = {case: list(zip(trials, observed[case], strict=True)) for case, trials in reference.trials.items()}
    apart = {case: [differing(record, trial) for trial, record in both] for case, both in pairs.items()}
    telling = [case for case, both in pairs.items() if any(apart[case]) and all(map(_tells, both, apart[case]))]
    found: list[tuple[Wrong, list[str]]] = []
    for answer, differs in reference.behaviours:
        both = [pair for case in pairs for pair in zip(differs[case], apart[case], strict=True)]
        if any(known.keys() - here.keys() for known, here in both):
            continue
        same = [
            case
            for case in telling
            if any(differs[case])
            and all(
                is_behaviour(record, trial, one)
                for (trial, record), one in zip(pairs[case], differs[case], strict=True)
            )
        ]
        found.append((answer, same))
    explained: dict[str, Wrong] = {}
    for answer, cases in sorted(found, key=lambda one: -len(one[1])):
        explained = dict.fromkeys(cases, answer) | explained
    return explained


def is_behaviour(record: Record, trial: Trial, differs: dict[str, Json]) -> bool:
    """Whether a record is the solution's, but for the values in ``differs``."""
    seen = {observation.name: observation for observation in record.observations}
    for wanted in trial.record.observations:
        got = seen.get(wanted.name)
        if wanted.name not in differs:
            same = agrees(got and got.value, wanted)
        elif differs[wanted.name] is None or got is None:
            same = got is differs[wanted.name]
        else:
            same = _does(got, differs[wanted.name]) and not agrees(got.value, wanted)
        if not same:
            return False
    return True


def _tells(pair: tuple[Trial, Record], differs: dict[str, Json]) -> bool:
    """Whether something follows from how a trial differs: a call that raises, or observes nothing, has many causes.

    So has a backward that does not come as far as torch's engine, and raises another class of error.
    """
    kinds = {seen.kind for seen in pair[0].record.observations if seen.name in differs}
    if any(_raises_other(value) for value in differs.values()):
        return False
    return "raised" not in kinds and (not differs or any(value is not None for value in differs.values()))


def _raises_other(value: Json) -> bool:
    raised = value.get("raised") if isinstance(value, dict) else None
    return isinstance(raised, str) and not raised.startswith("RuntimeError")


def differing(record: Record, trial: Trial) -> dict[str, Json]:
    """Return the values of a record in which it is not the solution's: what ``is_behaviour`` looks for.

    That of something that raises says in a word what the error is about, beside its type.
    """
    seen = {observation.name: observation for observation in record.observations}
    both = [(seen.get(wanted.name), wanted) for wanted in trial.record.observations]
    return {wanted.name: _told(got) for got, wanted in both if not agrees(got and got.value, wanted)}


def _told(got: Observation | None) -> Json:
    if got is None or not isinstance(got.value, dict) or not got.value.get("raised"):
        return got and got.value
    return {**got.value, ABOUT: about(got.note)}


def _does(got: Observation, known: Json) -> bool:
    """Whether something observed is what is known of a wrong answer, which may compute doubles in single precision."""
    if isinstance(known, dict) and ABOUT in known:
        if about(got.note) != known[ABOUT]:
            return False
        known = {key: value for key, value in known.items() if key != ABOUT}
    return agrees(got.value, replace(got, value=known)) or (got.kind == "value" and is_about(got.value, known))
