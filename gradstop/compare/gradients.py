"""Compares who received which gradient, and says in words what went wrong on the way."""

from math import isnan

from gradstop.compare.close import close_numbers
from gradstop.compare.phrases import NOTHING, factor, numbers
from gradstop.record import Json


def differs(got: Json, expected: Json) -> bool:
    """Whether a backward raised something else, or gave any leaf another gradient."""
    return got["raised"] != expected["raised"] or bool(_wrong_leaves(got, expected))


def words(value: Json) -> str:
    """Say what each leaf received."""
    said = [f"{leaf}: {_leaf_words(state)}" for leaf, state in value["leaves"].items()]
    return "; ".join(([f"raises {value['raised']}"] if value["raised"] else []) + said)


def means(got: Json, expected: Json) -> str:
    """Say what the differences come from."""
    if got["raised"] and not expected["raised"]:
        return "This backward should go through, and with your function it does not."
    if expected["raised"] and not got["raised"]:
        return "This backward should have been refused; it went through, so its gradient may be wrong unnoticed."
    if got["raised"] != expected["raised"]:
        return "This backward should have been refused for another reason."
    lost = [leaf for leaf in expected["leaves"] if leaf not in got["leaves"]]
    if lost:  # a case looks at what requires grad
        return f"{' and '.join(lost)} should require grad, and does not any more."
    alike: dict[tuple[str, str], list[str]] = {}  # of many parameters the same is said once
    for leaf in _wrong_leaves(got, expected):
        alike.setdefault(_leaf_means(got["leaves"][leaf], expected["leaves"][leaf]), []).append(leaf)
    return " ".join(f"{before}{_enumerated(leaves)}{after}" for (before, after), leaves in alike.items())


def _wrong_leaves(got: Json, expected: Json) -> list[str]:
    if got["leaves"].keys() != expected["leaves"].keys():
        return list(expected["leaves"])
    return [leaf for leaf, state in expected["leaves"].items() if not _agrees(got["leaves"][leaf], state)]


def _agrees(got: Json, expected: Json) -> bool:
    wanted, scale = _received(expected), (expected["before"] or []) + (expected["after"] or [])
    if _nothing(wanted) and _nothing(_received(got)):
        return _cleared(got) == _cleared(expected)
    return close_numbers(_received(got, len(wanted)), wanted, [float(s) for s in scale])


def _received(state: Json, size: int = 0) -> list[float]:
    """Return what backward added: after minus before, where None counts as zeros."""
    length = len(state["after"] or state["before"] or []) or size
    before, after = (state[key] or [0.0] * length for key in ("before", "after"))
    return [float(a) - float(b) for a, b in zip(after, before, strict=True)]


def _nothing(values: list[float]) -> bool:
    return all(abs(v) <= NOTHING for v in values)


def _cleared(state: Json) -> bool:
    """Whether a ``.grad`` that was there has become None or zeros."""
    before, after = ([float(n) for n in state[key] or []] for key in ("before", "after"))
    return not _nothing(before) and _nothing(after)


def _leaf_words(state: Json) -> str:
    received = _received(state)
    if _cleared(state):
        return "its earlier .grad was cleared"
    return "no gradient (None or zeros)" if _nothing(received) else f"receives {numbers(received)}"


def _leaf_means(got: Json, expected: Json) -> tuple[str, str]:
    """Say what has become of a leaf's ``.grad``: what stands before the leaf's name, and what after it.

    Only that is known. Why it is so is a question: a path that is cut or open, a factor of zero, a tensor that is no
    leaf, a ``.grad`` that was written.
    """
    had, wanted = _received(got), _received(expected)
    if _cleared(got):
        return "What was in the .grad of ", " before is gone; it should still be there."
    if got["before"] is not None and close_numbers([float(a) for a in got["after"]], wanted, wanted):
        return "What was in the .grad of ", " before is lost; it should have been added to."
    if any(isnan(h) for h in had):
        return "The gradient of ", " is NaN: somewhere 0 was divided by 0, or multiplied by infinity."
    if _nothing(wanted):
        return "The .grad of ", " has changed, and nothing should arrive there: is a path to it left open?"
    if _nothing(had):
        return "Nothing arrives in the .grad of ", ": is the path to it cut, or is it no leaf?"
    return "What arrives in the .grad of ", f" is not what was asked for{factor(had, wanted)}."


def _enumerated(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
