"""Runs a converter of nbgrader quietly and keeps the cause of what it logs as an error."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.converters.base import BaseConverter, NbGraderException
from sqlalchemy.exc import SAWarning


@contextmanager
def complaints(converter: BaseConverter) -> Iterator[list[str]]:
    """Collect why a converter fails; the list stays empty if it does not.

    The cause is the last line of the first traceback that it logs, else the message of what it raises.
    """
    logger, logged, why = logging.Logger("gradstop.nbgrader"), _Causes(), list[str]()
    logger.addHandler(logged)
    logger.parent = logging.getLogger("gradstop.nbgrader")  # what it logs is kept
    converter.log = logger
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, on how it fills its tables
            yield why
    except NbGraderException as error:
        why.extend([*logged.causes, str(error)])


class _Causes(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.causes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        if "Traceback" in message:
            self.causes.append(message.splitlines()[-1])
