"""Whether two observed values agree, within a tolerance that the expected one alone sets."""

from math import isnan
from typing import Any

from gradstop.record import Json

RELATIVE = 1e-4  # of the largest expected number of a tensor: float32 operations in another order
ABSOLUTE = 1e-5
DOUBLE = 1e-5  # both are so much smaller for values in double precision
DOUBLES = ("float64", "complex128")


def close(got: Json, expected: Json, scale: float = 1.0, double: float = DOUBLE) -> bool:
    """Compare two JSON values: exact keys, lengths and types (a bool is no int), numbers with a tolerance.

    That of single precision times ``scale``, or ``double`` where a dtype says so.
    """
    if type(got) is not type(expected):
        return False
    if isinstance(expected, dict):
        finer = double if expected.get("dtype") in DOUBLES else scale
        return got.keys() == expected.keys() and all(close(got[key], expected[key], finer, double) for key in expected)
    if isinstance(expected, list):
        tolerance = scale * _tolerance(expected)
        return len(got) == len(expected) and all(
            near(g, e, tolerance) if isinstance(e, float) else close(g, e, scale, double)
            for g, e in zip(got, expected, strict=True)
        )
    if isinstance(expected, float):
        return near(got, expected, scale * _tolerance([expected]))
    return bool(got == expected)


def numbers_apart(got: Json, expected: Json) -> list[int]:
    """Return the places where two tensors or arrays of one dtype and shape differ, as ``close`` sees it."""
    tolerance = (DOUBLE if expected["dtype"] in DOUBLES else 1.0) * _tolerance(expected["numbers"])
    pairs = zip(got["numbers"], expected["numbers"], strict=True)
    return [i for i, (g, e) in enumerate(pairs) if not (near(g, e, tolerance) if isinstance(e, float) else g == e)]


def close_numbers(got: list[float], expected: list[float], scale: list[float]) -> bool:
    """Compare two lists of numbers with the tolerance that the numbers in ``scale`` set."""
    tolerance = _tolerance(scale)
    return len(got) == len(expected) and all(near(g, e, tolerance) for g, e in zip(got, expected, strict=True))


def near(got: Any, expected: float, tolerance: float) -> bool:
    """Whether one number is within ``tolerance`` of another; NaN agrees with NaN alone."""
    return type(got) is float and (abs(got - expected) <= tolerance or (isnan(got) and isnan(expected)))


def _tolerance(expected: list[Any]) -> float:
    return ABSOLUTE + RELATIVE * max((abs(e) for e in expected if isinstance(e, float)), default=0.0)
