"""What a report of a fault needs: versions, what works on this machine and why not, and the last errors."""

import logging
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from gradstop import __version__, logs
from gradstop.course import CourseError
from gradstop.course.root import is_course

PACKAGES = (
    "gradstop",
    "torch",
    "numpy",
    "matplotlib",
    "ipykernel",
    "jupyter_client",
    "jupyterlab",
    "nbgrader",
    "msgspec",
)
ERRORS = 5  # of the log
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, and what was found."""

    name: str
    text: str

    def line(self) -> str:
        """Return the finding as it is printed."""
        return f"{self.name + ':':<16}{self.text}"


def findings(root: Path) -> Iterator[Finding]:
    """Look at this machine and at the course at ``root``, and yield what is found. Nothing of it is changed."""
    yield Finding("system", f"{platform.platform()}, {os.cpu_count()} cores")
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    yield Finding("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    for name, look in (("sandbox", _sandbox), ("warm kernels", _warm_kernels)):
        yield Finding(name, _tried(look))
    yield Finding("free disk", f"{shutil.disk_usage(root).free / 1e9:.1f} GB at {root}")
    yield Finding("gradebook", _tried(lambda: _gradebook(root)))
    errors = logs.last_errors(root, ERRORS)
    yield Finding("last errors", f"in {logs.FOLDER / logs.NAME}" if errors else "none are kept")
    yield from (Finding("", error) for error in errors)


def _version(name: str) -> str:
    if name == __name__.partition(".")[0]:  # from an archive it is not installed
        return __version__
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _tried(look: Callable[[], str]) -> str:
    """Return what ``look`` says, or why it cannot be had."""
    try:
        return look()
    except ModuleNotFoundError as missing:
        return f"not tried: {missing.name} is not installed"
    except (CourseError, OSError) as reason:
        return f"no: {reason}"
    except Exception as error:
        _log.debug("while it was tried", exc_info=True)
        return f"no, by a fault of its own: {type(error).__name__}: {error}"


def _require_extra(extra: str) -> None:
    """Raise ModuleNotFoundError where something is not installed that the package's extra names."""
    for requirement in requires("gradstop") or ():
        name = re.split(r"[^\w.-]", requirement)[0]
        if re.search(rf"extra == ['\"]{extra}['\"]", requirement) and name != "gradstop":
            try:
                version(name)
            except PackageNotFoundError:
                raise ModuleNotFoundError(name=name) from None


def _sandbox() -> str:
    """Start a submission's process in a sandbox and run a cell in it."""
    _require_extra("grading")
    from gradstop.grading.process.warm_process import WarmProcess
    from gradstop.grading.rules import Rules
    from gradstop.sandbox import cgroup, missing

    if missing():
        return f"no: {missing()}"
    warm_process = WarmProcess(Rules(lazy_imports=()))
    try:
        with warm_process.start_submission("", {}) as submission:
            submission.run("import os", seconds=20, room=10_000)
            counted = cgroup.holds(submission.pid)
    finally:
        warm_process.close()
    return (
        "yes: a cell has run in one, with processes, files, network and memory of its own; the kernel's memory is "
        + ("counted in a control group" if counted else "limited kind by kind, as no control group can be made here")
    )


def _warm_kernels() -> str:
    """Start a kernel as Jupyter does where warm kernels are asked for."""
    from jupyter_client.manager import KernelManager

    from gradstop.kernels import WarmProvisioner

    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "warm-provisioner"
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    try:
        provisioner = manager.provisioner
        if isinstance(provisioner, WarmProvisioner) and provisioner.is_warm:
            return "yes"
        return f"no, an ordinary kernel was started in its place: {getattr(provisioner, 'doubt', '')}"
    finally:
        manager.shutdown_kernel(now=True)


def _gradebook(root: Path) -> str:
    """Say which schema the gradebook has, and which one this nbgrader writes."""
    if not is_course(root):
        return "there is no course here"
    _require_extra("grading")
    from gradstop.grading.nbgrader_bridge.gradebook import schema_of
    from gradstop.grading.nbgrader_bridge.register import course_config

    return schema_of(course_config(root))
