"""How CPython holds the values of a dictionary: each write is seen, and what is only read is not."""

import math
import sys
from types import ModuleType

import pytest

from gradstop.grading.inside.guard import guard as guard_module
from gradstop.grading.inside.guard.guard import Guard
from gradstop.internals import written
from gradstop.internals.cpython import version_tag

HAS_VERSIONS = version_tag({}) is not None
WAYS = [written.Values, *([written.Versions] if HAS_VERSIONS else [])]


def module():
    made = ModuleType("module")
    made.first, made.second = 1, "two"
    return made


def mixed():
    made = module()
    vars(made)[0] = "a key that is no text"
    return made


def large():
    made = module()
    vars(made).update({f"name_{number}": number for number in range(3000)})
    return made


def a_class():
    return type("Class", (), dict(vars(module())))


HOLDERS = {"a module": module, "a class": a_class, "mixed": mixed, "large": large}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
def test_each_write_is_seen(way, make):
    holder, other = make(), module()
    tells = way()
    tells.hold([vars(other)])
    tells.hold([vars(holder)])
    assert tells.look() == []
    for write in (
        lambda: setattr(holder, "first", 2),
        lambda: (setattr(holder, "first", 3), setattr(holder, "second", "three")),
        lambda: setattr(holder, "third", 3),
        lambda: delattr(holder, "third"),
        lambda: [setattr(holder, f"more_{number}", number) for number in range(200)],
        lambda: [delattr(holder, f"more_{number}") for number in range(199)],
        lambda: (delattr(holder, "more_199"), setattr(holder, "another", 1)),
    ):
        write()
        assert tells.look().count(1) == 1
        assert tells.look().count(1) == 1  # until it is noted
        tells.note()
        assert tells.look() == []
        assert holder.first
        assert list(dict(vars(holder)).items())
        assert tells.look() == []


@pytest.mark.parametrize("way", WAYS)
def test_what_is_held_later_leaves_what_is_held_already(way):
    first, second = large(), module()
    tells = way()
    tells.hold([vars(first)])
    vars(first).update({f"later_{number}": number for number in range(9000)})  # its words are elsewhere now
    assert tells.look() == [0]
    tells.note()
    tells.hold([vars(second)])
    assert tells.look() == []
    first.name_7 = second.first = "another"
    assert tells.look() == [0, 1]


def test_a_dictionary_whose_layout_is_not_known_may_always_have_been_written_to(monkeypatch):
    monkeypatch.setattr(written, "_IS_KNOWN", False)
    tells = written.Values()
    tells.hold([vars(module()), vars(module())])
    assert tells.look() == [0, 1]
    tells.note()
    assert tells.look() == [0, 1]


def test_the_layout_is_known_here():
    assert written.value_words(vars(math)) is not None
    assert written.value_words(vars(sys)) is not None


@pytest.mark.parametrize("way", WAYS)
def test_the_guard_puts_back_what_was_replaced(monkeypatch, way):
    monkeypatch.setattr(guard_module, "written", way)
    guard, root = Guard(), math.sqrt
    assert guard.restore() == []
    monkeypatch.setattr(math, "sqrt", abs)
    assert guard.restore() == ["math.sqrt"]
    assert math.sqrt is root
    assert guard.restore() == []
