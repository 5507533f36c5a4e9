"""One process at a time where nbgrader looks whether something is in the gradebook, and makes it if it is not.

Between the two another process makes it too, and one of both ends: with "table comment already exists" on a fresh
course, or with "UNIQUE constraint failed" where both enter a student. SQLite: a lock on a file beside the gradebook.
PostgreSQL: an advisory lock of the server, so that it holds for several machines.
"""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, make_url, text

_KEY = 7_246_881_201_355_902_417  # any number that no other program takes
_held = threading.local()


@contextmanager
def gradebook_lock(db_url: str) -> Iterator[None]:
    """Wait until no other process holds this gradebook's lock, and hold it. Who holds it may ask for it again."""
    depths: dict[URL, int] = _held.__dict__.setdefault("depths", {})
    address = make_url(db_url)
    depths[address] = depths.get(address, 0) + 1
    try:
        if depths[address] > 1:
            yield
            return
        with _locked(address):
            yield
    finally:
        depths[address] -= 1


@contextmanager
def _locked(address: URL) -> Iterator[None]:
    kind, database = address.get_backend_name(), address.database or ""
    if kind == "sqlite" and database and Path(database).parent.is_dir():
        with ExitStack() as stack:  # closing the file gives the lock back, and so does the process's end
            with suppress(OSError):  # who may not write there cannot make anything either
                file = stack.enter_context(Path(f"{database}.lock").open("a"))
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
    elif kind == "postgresql":
        engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:  # so does closing the connection
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _KEY})
            yield
    else:
        yield
