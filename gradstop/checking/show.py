"""Shows a report where the learner is: a table in a notebook, text at a prompt; and fails without a traceback."""

import sys
from types import TracebackType
from typing import Any


class CheckFailed(AssertionError):  # noqa: N818 - the learner reads this name
    """The answer differs from the reference, or could not be checked. The message says which and why.

    Attributes:
        shown: whether the message is said already, by the report above.

    """

    shown = False

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a traceback."""
        return ["CheckFailed: see the report above."] if self.shown else [f"CheckFailed: {self}"]


class Report:
    """A report in two forms; the notebook or the prompt picks one."""

    def __init__(self, text: str, html: str):
        self.text, self.html = text, html

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def show(report: Report) -> None:
    """Display a report in a notebook, or print it."""
    if _ipython() is None:
        sign_set = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(report.text.encode(sign_set, "replace").decode(sign_set))  # a terminal may lack a sign of ours
        return
    from IPython.display import display

    display(report)  # type: ignore[no-untyped-call]


def fail(message: str) -> CheckFailed:
    """Return the exception to raise; at a plain prompt it prints its message alone."""
    if _ipython() is None and sys.excepthook is not _message_alone:
        _others.append(sys.excepthook)
        sys.excepthook = _message_alone
    return CheckFailed(message)


_others: list[Any] = []


def _message_alone(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, CheckFailed):
        print(f"CheckFailed: {error}", file=sys.stderr)
    else:
        _others[-1](kind, error, trace)


def _ipython() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None
