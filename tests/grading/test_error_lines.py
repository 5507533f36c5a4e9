"""What is shown of an error: as much of the largest as of any other, and what helps of an honest one."""

import sys
from collections.abc import Callable

import pytest
from support.course import ROOT

from gradstop.grading.inside import error_lines
from gradstop.grading.inside.error_lines import lines_of, words_of

ENDS = error_lines.FIRST_FRAMES + error_lines.LAST_FRAMES


def raised(count: int) -> BaseException:
    """Return an error that has come through ``count`` frames."""

    def deep(left: int) -> None:
        if left == 1:
            raise ValueError("at the bottom")
        deep(left - 1)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(count + 1_000)
    try:
        deep(count)
    except ValueError as error:
        return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    finally:
        sys.setrecursionlimit(limit)


def chained(count: int, *, cause: bool = False, first: BaseException | None = None) -> BaseException:
    error = first or KeyError("the first one")
    for number in range(count - 1):
        new = ValueError(f"error {number}")
        setattr(new, "__cause__" if cause else "__context__", error)
        error = new
    return error


def grouped(depth: int, width: int) -> BaseException:
    error: BaseException = ValueError("the last one")
    for _ in range(depth):
        error = BaseExceptionGroup("several", [error] * width)
    return error


def noted(notes: object) -> BaseException:
    error = ValueError("x")
    error.__notes__ = notes  # type: ignore[assignment]
    return error


def circle() -> BaseException:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    return first


class LongError(Exception):
    def _render_traceback_(self):
        return ["x" * 100_000] * 100_000


class UnsaidError(Exception):
    def __str__(self):
        raise ValueError


class FallsError(LongError):
    def _render_traceback_(self):
        raise ValueError


class EmptyError(ValueError):
    def __len__(self):
        return 0


LARGE: dict[str, Callable[[], BaseException]] = {
    "frames": lambda: raised(20_000),
    "contexts": lambda: chained(100_000),
    "causes": lambda: chained(100_000, cause=True),
    "a chain with frames": lambda: chained(50, first=raised(5_000)),
    "a group at the end of a chain": lambda: chained(100_000, first=grouped(1, 2)),
    "a wide group": lambda: grouped(1, 100_000),
    "a deep group": lambda: grouped(100_000, 1),
    "a group that grows": lambda: grouped(40, 2),
    "a message": lambda: ValueError("x" * 10_000_000),
    "notes": lambda: noted(["x" * 100_000] * 100_000),
    "a name": lambda: type("E" * 10_000_000, (Exception,), {})(),
    "what it says itself": LongError,
    "a line of what is no code": lambda: SyntaxError("x", ("a", 1, 9_000_000, "x" * 10_000_000)),
    "a message of what is no code": lambda: SyntaxError("x" * 10_000_000),
}


def shown(error: BaseException) -> str:
    return "\n".join(lines_of(error, lambda file: file))


@pytest.mark.parametrize("name", LARGE)
def test_what_is_shown_of_the_largest_error_is_bounded(name):
    lines = lines_of(LARGE[name](), lambda file: file)
    assert 0 < len(lines) <= 4 * ENDS + 50
    assert sum(map(len, lines)) <= (error_lines.MAX_OWN + 1) * (error_lines.MAX_SAID + 100)


def test_of_a_long_traceback_the_ends_are_shown_and_it_is_said_how_many_frames_are_not():
    lines = lines_of(raised(1_000), lambda file: "here")
    assert len(lines) == ENDS + 2
    assert lines[error_lines.FIRST_FRAMES].strip() == f"(... {1_000 - ENDS} frames are left out here ...)"
    assert "---->" in lines[0]
    assert 'raise ValueError("at the bottom")' in lines[-2]
    assert lines[-1] == "\x1b[31mValueError\x1b[39m: at the bottom"


@pytest.mark.parametrize("count", [1, ENDS, ENDS + 1])
def test_a_traceback_of_usual_length_is_shown_whole(count):
    assert len(lines_of(raised(count), lambda file: file)) == count + 1


@pytest.mark.parametrize(("cause", "word"), [(True, "direct cause"), (False, "was handled")])
def test_a_chain_is_shown_in_the_order_in_which_it_happened(cause, word):
    text = shown(chained(3, cause=cause))
    assert text.index("the first one") < text.index(word) < text.index("error 0") < text.index("error 1")
    text = shown(chained(1_000, cause=cause))
    assert "(... 995 errors of this chain are left out here ...)" in text
    assert text.index("the first one") < text.index("995") < text.index("error 998")


def test_what_stands_in_a_chain_counts_as_python_counts_it():
    error = EmptyError("handled")
    error.__cause__ = EmptyError("the cause")
    assert "the cause" in shown(error)
    hidden = chained(2)
    hidden.__suppress_context__ = True
    assert "the first one" not in shown(hidden)
    assert shown(circle()).count("first") == 1


def test_of_a_group_the_members_are_shown():
    text = shown(ExceptionGroup("several", [raised(1), KeyError("two")]))
    assert text.index("several (2 sub-exceptions)") < text.index("at the bottom") < text.index("two")


def test_an_error_may_say_what_is_shown_and_one_that_cannot_be_said_is_shown_without_words():
    assert lines_of(FallsError("x"), str) == ["\x1b[31mFallsError\x1b[39m: x"]
    assert lines_of(UnsaidError(), str) == ["\x1b[31mUnsaidError\x1b[39m: "]
    assert words_of(UnsaidError()) == ("UnsaidError", "")
    assert lines_of(noted([ValueError("x"), UnsaidError()]), str)[:2] == ["\x1b[31mValueError\x1b[39m: x", "x"]


def test_a_place_in_a_long_line_is_marked():
    *_, place, _ = lines_of(SyntaxError("odd", ("a", 1, 5_001, "x" * 5_000 + "?" + "x" * 5_000)), str)
    text, mark = place.splitlines()
    assert text[mark.index("^")] == "?"


def test_security_says_how_much_of_an_error_is_shown():
    said = (
        f"the first {error_lines.FIRST_FRAMES} and the last {error_lines.LAST_FRAMES} frames of a traceback, "
        f"the first {error_lines.FIRST_ERRORS} and the last {error_lines.LAST_ERRORS} errors of a chain, "
        f"{error_lines.MAX_MEMBERS} of a group and {error_lines.MAX_SAID:,} characters of a message"
    )
    assert said in " ".join((ROOT / "SECURITY.md").read_text().split())
