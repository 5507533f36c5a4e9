"""The judge: asks a submission's process for observations and compares them with its own.

The submission never says that it has passed. It says what it saw under seeds that it is told one at a time; what is
missing, late or malformed is worth nothing.
"""

import contextlib
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradstop.compare import Reference, Verdict, judge
from gradstop.grading.parse import parse_record
from gradstop.observe import Record
from gradstop.observe.channel import ENDED, Channel, ProtocolError

PATIENCE = 20.0  # seconds for all cases of one exercise; they take some 30 ms
_LOST = (ProtocolError, OSError)  # the process ended, or went silent (TimeoutError is an OSError)


@contextmanager
def listening() -> Iterator[socket.socket]:
    """Open a socket for a submission's process, in a folder of its own that goes with it."""
    with tempfile.TemporaryDirectory(prefix="gradstop-") as folder:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.closing(server):
            server.bind(str(Path(folder) / "judge"))
            server.listen()
            server.settimeout(PATIENCE)
            yield server


def judge_all(
    server: socket.socket, start: Callable[[str], None], cases: str, references: dict[str, Reference]
) -> dict[str, Verdict]:
    """Have a submission observed in all exercises and return the verdicts.

    ``start`` is called with the socket's address, and makes the submission's process serve it (see
    ``gradstop.observe.remote``); ``cases`` is the text of ``cases.py``. Never raises for what that process does.
    """
    observed: dict[str, dict[str, list[Record]]] = {name: {} for name in references}
    missing = dict.fromkeys(references, "the submission's process did not answer")
    with contextlib.suppress(*_LOST):
        start(server.getsockname())
        with _accept(server) as control:
            control.send({"cases": cases})
            for name, reference in references.items():
                control.send({"exercise": name})
                control.receive()
                try:
                    with _accept(server) as process:
                        _observe(process, reference, observed[name])
                except _LOST as error:
                    missing[name] = _why(error)
                control.send({"end": name})
    return {name: judge(reference, observed[name], missing[name]) for name, reference in references.items()}


def _observe(process: Channel, reference: Reference, observed: dict[str, list[Record]]) -> None:
    """Challenge one exercise's process, case by case and turn by turn; each record is kept as it comes."""
    for case, turns in reference.turns.items():
        for turn in turns:
            process.send({"case": case, "seed": turn.seeds[0]})
            first = parse_record(process.receive(), case)
            process.send({"seed": turn.seeds[1]})
            second = parse_record(process.receive(), case)
            observed.setdefault(case, []).append(first + second)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it had not returned after {PATIENCE:g} s: look for a loop that never ends"
    if isinstance(error, OSError) or str(error) == ENDED:
        return "its process ended: a crash, or an exit"
    return f"its report could not be read: {error}"


def _accept(server: socket.socket) -> Channel:
    connection, _ = server.accept()
    connection.settimeout(PATIENCE)
    return Channel(connection)
