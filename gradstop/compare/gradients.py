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
    lost = [leaf for leaf in expected["leaves"] if leaf not in got["leaves"]]
    if lost:  # a case looks at what requires grad
        return f"{' and '.join(lost)} should require grad, and does not any more."
    return " ".join(
        _leaf_means(leaf, got["leaves"][leaf], expected["leaves"][leaf]) for leaf in _wrong_leaves(got, expected)
    )


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


def _leaf_means(leaf: str, got: Json, expected: Json) -> str:
    had, wanted = _received(got), _received(expected)
    if _cleared(got):
        return f"The .grad that {leaf} had before is gone: gradients are added to it."
    if got["before"] is not None and close_numbers([float(a) for a in got["after"]], wanted, wanted):
        return f"The .grad that {leaf} had before was replaced; it should have been added to."
    if any(isnan(h) for h in had):
        return f"The gradient of {leaf} is NaN: somewhere 0 was divided by 0, or multiplied by infinity."
    if _nothing(wanted):
        return f"Gradient reaches {leaf} through a path that should have been cut."
    if _nothing(had):
        return f"No gradient reaches {leaf}: the path that should train it is cut too."
    return f"{leaf} receives a gradient, and it is not the one asked for{factor(had, wanted)}."
