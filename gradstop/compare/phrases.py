"""Numbers, tensors and containers in a few words."""

from math import inf, log10

from gradstop.record import Json

MAX_NUMBERS = 6  # numbers of one tensor in a message
ALIKE = 3e-4  # of the largest: what is further apart shows in the four digits
NOTHING = 1e-6  # a gradient of None and one of zeros both mean "no gradient"


def numbers(values: list[Json]) -> str:
    """Return ``[1, 0.25, …]``: at most six numbers, four digits each."""
    shown = ", ".join(f"{v:.4g}" if isinstance(v, float | int) else str(v) for v in values[:MAX_NUMBERS])
    return f"[{shown}{', …' if len(values) > MAX_NUMBERS else ''}]"


def value(data: Json) -> str:
    """Return an encoded value in words."""
    kind = data["type"]
    if kind in ("tensor", "array"):
        return f"{kind} of {data['dtype']}, shape {tuple(data['shape'])}: {numbers(data['numbers'])}"
    if kind == "other":
        return f"an object of type {data['class']}"
    if "items" in data:
        return f"{kind}: {_items(data)}"
    return f"{data['value']:.6g}" if isinstance(data["value"], float) else repr(data["value"])


def structure(data: Json) -> str:
    """Return an encoded structure in words, such as ``tuple(tensor, list(tensor))``."""
    if "items" not in data:
        return str(data["type"])
    inside = [structure(item) for item in data["items"]]
    if "keys" in data:
        inside = [f"{key}: {item}" for key, item in zip(data["keys"], inside, strict=True)]
    return f"{data['type']}({', '.join(inside)})"


def _items(data: Json) -> str:
    shown = [value(item) for item in data["items"][:MAX_NUMBERS]]
    if "keys" in data:
        shown = [f"{key}: {item}" for key, item in zip(data["keys"], shown, strict=False)]
    return "; ".join(shown) if shown else "empty"


def digit(had: list[float], wanted: list[float]) -> str:
    """Say in which digit numbers differ that look alike where few digits are shown; nothing of others."""
    largest, apart = max(map(abs, wanted)), max(abs(h - w) for h, w in zip(had, wanted, strict=True))
    if not 0 < apart < ALIKE * largest < inf:
        return ""
    return f" The difference is in about the {round(-log10(apart / largest))}th digit."


def factor(had: list[Json], wanted: list[Json]) -> str:
    """Return ``: it is 0.5 times that`` where the numbers of one list are those of another times one number; or 0."""
    if len(had) != len(wanted) or any(abs(w) <= NOTHING < abs(h) for h, w in zip(had, wanted, strict=True)):
        return ""
    ratios = [h / w for h, w in zip(had, wanted, strict=True) if abs(w) > NOTHING]
    if ratios and not any(ratios):
        return ": each is 0"
    if ratios and max(ratios) - min(ratios) <= 1e-3 * max(map(abs, ratios)) and abs(ratios[0] - 1) > 1e-3:
        return f": it is {ratios[0]:.4g} times that"
    return ""
