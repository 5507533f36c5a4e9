"""The kinds of observation: how each is compared, worded and explained. One shape for all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gradstop.compare import gradients, phrases
from gradstop.compare.close import DOUBLES, close, numbers_apart
from gradstop.record import Json


class Cause(str):
    """What a difference comes from, where the other differences of its case follow from it."""


_NO_RESULT = {
    "None": Cause("Your function returns None: is a `return` missing?"),
    "a coroutine": Cause("Your function is written `async def`: to call it runs nothing. Write `def`."),
    "an asynchronous generator": Cause("Your function is written `async def`: to call it runs nothing. Write `def`."),
    "a generator": Cause(
        "It is a generator, of which nothing has run yet: write `return` where there is a `yield`, or `[…]` for `(…)`."
    ),
}


@dataclass(frozen=True)
class Kind:
    """How one kind of observation is compared.

    ``order`` is its place in a report; ``words`` says one value, ``means`` what a difference between the
    one got and the one expected comes from.
    """

    order: int
    words: Callable[[Json], str]
    means: Callable[[Json, Json], str]
    differs: Callable[[Json, Json], bool] = lambda got, expected: not close(got, expected)


_ASKED = {
    "array": "A NumPy array",
    "float": "A number",
    "int": "An integer",
    "dict": "A dictionary",
    "str": "A string",
    "NoneType": "None",
}


def _other_type(got: str, asked: str) -> str:
    if got == "NoneType":
        return Cause(f"It is None. {asked} is asked for.")
    called = ": call it, with ()" if got in ("method", "builtin_function_or_method", "function") else ""
    return Cause(f"{asked} is asked for{called}.")


def _flag_words(value: Json) -> str:
    if "type" in value:
        return f"no tensor: {value['type']}"
    return f"requires_grad={value['requires_grad']}, is_leaf={value['is_leaf']}"


def _flag_means(got: Json, expected: Json) -> str:
    if "type" in got:
        return _other_type(got["type"], "A tensor")
    if got["requires_grad"] and not expected["requires_grad"]:
        return "It still takes part in the graph: what is computed from it is recorded."
    if expected["requires_grad"] and not got["requires_grad"]:
        return "It has left the graph: nothing computed from it can send a gradient back."
    return "It has a history." if expected["is_leaf"] else "It has lost its history: gradient stops here."


def _value_means(got: Json, expected: Json) -> str:
    if got.get("type") != expected["type"]:
        return _other_type(
            str(got.get("class", got.get("type"))), _ASKED.get(expected["type"], f"A {expected['type']}")
        )
    if got.get("dtype") != expected.get("dtype"):
        return "The dtype is another."
    if got.get("shape") != expected.get("shape"):
        return "The shape is another."
    if "items" in expected:
        return _items_means(got, expected)
    if "numbers" not in expected:
        return ""
    return _which_differ(got, expected) + _digit(got, expected)


def _which_differ(got: Json, expected: Json) -> str:
    apart = numbers_apart(got, expected)
    if len(apart) == len(expected["numbers"]):
        return f"Every number is another{_factor(got['numbers'], expected['numbers'])}."
    if len(apart) == 1:
        return f"Of {len(expected['numbers'])} numbers one differs, at position {apart[0]}."
    return f"Of {len(expected['numbers'])} numbers {len(apart)} differ, the first at position {apart[0]}."


def _digit(got: Json, expected: Json) -> str:
    """Say in which digit numbers differ that look alike; and of double precision, how many digits another one has."""
    if not all(type(one) is float for one in got["numbers"] + expected["numbers"]):
        return ""
    said = phrases.digit(got["numbers"], expected["numbers"])
    return f"{said} A computation in float32 has about seven digits." if said and expected["dtype"] in DOUBLES else said


def _items_means(got: Json, expected: Json) -> str:
    """Say of a container how many it holds, or which of what it holds is the first to differ, and how."""
    if lacks := [key for key in expected.get("keys", ()) if key not in got.get("keys", ())]:
        return f"It lacks {', '.join(lacks)}."
    had, wanted = len(got["items"]), len(expected["items"])
    if had != wanted:
        return f"It holds {had}, and {wanted} {'is' if wanted == 1 else 'are'} asked for."
    names = [f"“{key}”" for key in expected.get("keys", ())] or [f"at position {number}" for number in range(wanted)]
    for name, one, other in zip(names, got["items"], expected["items"], strict=True):
        if not close(one, other):
            return f"The first that differs is {name}. {_value_means(one, other)}".strip()
    return ""


def _factor(got: list[Json], expected: list[Json]) -> str:
    """Say by which factor all of several numbers are others; of a single one that is chance."""
    return phrases.factor(got, expected) if len(got) > 1 and all(type(one) is float for one in got + expected) else ""


def _members_means(got: Json, expected: Json) -> str:
    wanted: Counter[str] = Counter(expected)
    held: Counter[str] = Counter(got)
    lacks, more = wanted - held, held - wanted
    if not more:
        return "The collection lacks some."
    if not lacks and not more.keys() - wanted.keys():
        return "The collection holds some more than once."
    return "The collection holds others."


def _sharing_words(value: Json) -> str:
    return "; ".join(f"{' and '.join(group)} share memory" for group in value) or "no shared memory"


def _sharing_means(got: Json, expected: Json) -> str:
    if len(got) < len(expected):
        return "A copy was made: from now on an edit of one does not show in the other."
    if len(got) > len(expected):
        return "No copy was made: an edit of one shows in the other."
    return "Other tensors share memory than should."


def _written_words(value: Json) -> str:
    names = [name for name, raised in value.items() if raised]
    return f"writes into {', '.join(names)}" if names else "writes into nothing"


def _written_means(got: Json, expected: Json) -> str:
    extra = [name for name in got if got[name] and not expected.get(name)]
    if extra:
        return f"{', '.join(extra)} was edited in place: its version counter went up."
    return "The version counter did not move: autograd has not noticed any edit in place."


def _raised_words(value: Json) -> str:
    if value["raised"]:
        other = "" if value.get("the same object", True) else ", another exception than the one that was raised inside"
        return f"raises {value['raised']}{other}"
    return f"returns {value['returns']}" if "returns" in value else "raises nothing"


def _raised_differs(got: Json, expected: Json) -> bool:
    """Whether something else is raised, or there is no result where there should be one; any result is one."""
    if got.keys() != expected.keys() or got["raised"] != expected["raised"]:
        return True
    if got.get("the same object") != expected.get("the same object"):
        return True
    return got.get("returns") in _NO_RESULT and expected["returns"] not in (got["returns"], "None")


def _raised_means(got: Json, expected: Json) -> str:
    if got["raised"] and got["raised"] == expected["raised"]:
        return "The exception that was raised inside should reach the caller: itself, and no other in its place."
    if not got["raised"] and got.get("returns") in _NO_RESULT:
        return _NO_RESULT[got["returns"]]
    if not expected["raised"]:
        return "This should go through."
    if not got["raised"]:
        return f"This should have raised {expected['raised']}, and nothing was raised."
    return "Another error than the one that should be raised here."


def _left_words(things: Json) -> str:
    """Say what has come before what has gone: after “no longer” all that follows would read as gone."""
    return "; ".join(sorted(things, key=lambda thing: str(thing).startswith("no longer"))) or "nothing"


def _alive_means(got: Json, expected: Json) -> str:
    kept = got["nodes"] > expected["nodes"] or got["saved"] > expected["saved"]
    return "More of the graph is kept alive than needed." if kept else "Something is freed that is still needed."


KINDS: dict[str, Kind] = {
    "raised": Kind(0, _raised_words, _raised_means, _raised_differs),
    "structure": Kind(1, phrases.structure, lambda *_: "The containers are others."),
    "flags": Kind(2, _flag_words, _flag_means),
    "same": Kind(
        3,
        lambda same: "the same object" if same else "two objects",
        lambda got, _: "It is the very same object." if got else "It is another object.",
    ),
    "members": Kind(3, lambda names: ", ".join(names) or "none", _members_means),
    "sharing": Kind(4, _sharing_words, _sharing_means),
    "written": Kind(5, _written_words, _written_means),
    # Before the gradients: another value sends other gradients back, and is the cause.
    "value": Kind(6, phrases.value, _value_means),
    "gradients": Kind(7, gradients.words, gradients.means, gradients.differs),
    "grad mode": Kind(
        8,
        lambda enabled: "operations are recorded" if enabled else "nothing is recorded",
        lambda *_: "The grad mode was changed and not put back.",
    ),
    "left": Kind(
        9,
        _left_words,
        lambda got, _: (
            "The call has changed what was given to it." if got else "What the call should change is as it was."
        ),
    ),
    "alive": Kind(9, lambda v: f"{v['nodes']} nodes and {v['saved']} saved tensors alive", _alive_means),
}
