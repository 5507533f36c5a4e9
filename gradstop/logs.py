"""The logger ``gradstop``: what a command says of its own work, on the terminal and in ``grading/logs``."""

import logging
import os
import platform
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from gradstop.course.root import is_course

LOGGER = logging.getLogger("gradstop")
FOLDER, NAME, WARM_PROCESS = Path("grading", "logs"), "gradstop.log", "warm-process.log"
MAX_SIZE, KEPT_FILES = 1_000_000, 3  # bytes of one file; older ones that are kept
_FORM = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def readable(text: str) -> str:
    """Return a text as a terminal may show it: lines, and no sign that would move a cursor or colour what follows."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


class _Formatter(logging.Formatter):
    """Formats what may quote a submission."""

    def format(self, record: logging.LogRecord) -> str:
        return readable(super().format(record))


class _File(RotatingFileHandler):
    """Says nothing of a file that can no longer be written, as on a full disk, where others print tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging calls it so
        pass


class _Forward(logging.Handler):
    """Logs here what another logger is told, which then prints nothing itself."""

    def emit(self, record: logging.LogRecord) -> None:
        LOGGER.handle(record)


def to_terminal(level: int) -> None:
    """Have what is of this level and above printed to standard error: ``logging.INFO``, ``logging.DEBUG``.

    What nbgrader says of its database's errors, in a logger of tornado's, and with the traceback, is logged beside it.
    """
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)
    logging.getLogger("tornado.application").addHandler(_Forward())


def to_files(root: Path, command: str) -> None:
    """Keep what is logged, INFO and above, in the course at ``root``; nothing where there is no course.

    ``command`` stands in the first line. Where the folder cannot be written, nothing is kept: a log is no reason to
    stop.
    """
    path = root / FOLDER / NAME
    if not is_course(root) or _handler() is not None:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _File(path, maxBytes=MAX_SIZE, backupCount=KEPT_FILES, encoding="utf-8")
        handler.setLevel(logging.INFO)
        handler.setFormatter(_Formatter(_FORM))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(min(LOGGER.getEffectiveLevel(), logging.INFO))
        LOGGER.info("%s; Python %s, %s", command, platform.python_version(), sys.platform)


def log_file() -> Path | None:
    """Return the file in which this process keeps what it logs, None where it keeps nothing."""
    handler = _handler()
    return None if handler is None else Path(handler.baseFilename)


def warm_process_log() -> Path | None:
    """Return the file for what the process says that others are forked from, None where nothing is kept.

    A large one is put aside first.
    """
    beside = log_file()
    if beside is None:
        return None
    path = beside.with_name(WARM_PROCESS)
    with suppress(OSError):
        if path.stat().st_size > MAX_SIZE:
            path.replace(path.with_name(f"{WARM_PROCESS}.1"))
    return path


def in_a_fork() -> None:
    """Leave the files' rotation to the process that this one was forked from."""
    handler = _handler()
    if handler is not None:
        handler.maxBytes = 0


def fault(message: str) -> str:
    """Log a fault of ours, with the traceback of the exception that is being handled; return where it can be read."""
    LOGGER.error(message, exc_info=True)
    return where()


def where() -> str:
    """Say where a traceback is kept, in words that end a sentence."""
    path = log_file()
    return f"the traceback is in {os.path.relpath(path)}" if path else "run it with --debug to see the traceback"


def last_errors(root: Path, count: int) -> list[str]:
    """Return the first lines of the last errors that are kept in the course at ``root``, the latest last."""
    try:
        lines = (root / FOLDER / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if " ERROR gradstop" in line or " CRITICAL gradstop" in line][-count:]


def _handler() -> RotatingFileHandler | None:
    return next((handler for handler in LOGGER.handlers if isinstance(handler, RotatingFileHandler)), None)
