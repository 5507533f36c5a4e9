"""A PostgreSQL server for a test."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def program(name: str) -> str | None:
    """Return where a program of the server lies; Debian keeps it off the path."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, os.defpath.split(":"))]
    return next((str(place / name) for place in places if (place / name).is_file()), None)


@pytest.fixture(scope="module")
def postgres():
    """Start a server that listens on a socket in a folder of its own; it does not run as root."""
    if program("initdb") is None:
        pytest.skip("no PostgreSQL: install your system's package postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path("/tmp") / f"gradstop-pg-{os.getpid()}"  # a socket's path must be short
    folder.mkdir()
    if user:
        shutil.chown(folder, user)

    def do(name, *words):
        subprocess.run([program(name), *words], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    do("initdb", "-D", data, "-U", "grader", "--auth=trust", "-E", "UTF8")
    do("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses=''", "start")
    try:
        do("createdb", "-h", str(folder), "-U", "grader", "gradebook")
        yield f"postgresql+psycopg://grader@/gradebook?host={folder}"
    finally:
        do("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)
