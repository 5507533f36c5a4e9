"""The provisioner: what Jupyter calls to start a kernel, to signal it and to wait for it."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import List, Unicode

from gradstop.forkserver.forked import ForkedProcess
from gradstop.forkserver.launch import ForkServer
from gradstop.forkserver.request import NotWarmError, Request
from gradstop.kernels.jupyter_clients import CLIENTS
from gradstop.kernels.ports import HeldPorts

# The last is what torch._dynamo imports when the interpreter exits.
PRELOAD = ["numpy", "torch", "torch._dynamo", "matplotlib.pyplot", "tabulate"]
# What IPython's kernel imports at its start. Never ``matplotlib_inline``: figures would silently become text.
_KERNEL = [
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magics.basic",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "psutil",
    "pygments.formatters.terminal256",
    "sqlite3",
    "tornado.locks",
    "tornado.platform.asyncio",
    "tornado.queues",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
]
TARGET = "gradstop.kernels.main:run"
_PORTS = ["shell_port", "iopub_port", "stdin_port", "hb_port", "control_port"]
_LAUNCHER = ["-m", "ipykernel_launcher"]
_KNOWN = {"env", "cwd", "stdin", "stdout", "stderr", "independent", "extra_arguments", "kernel_id"}


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Starts a kernel as a fork of a warm process; where it can't, an ordinary one, and logs why.

    The warm process belongs to this driver process and ends with it, however it ends, and its kernels with it.
    """

    preload = List(
        Unicode(),
        PRELOAD,
        config=True,
        help="Modules that the warm process imports; what is not installed is left out.",
    )

    doubt = ""  # why the kernel that was started last is an ordinary one
    _is_ending = False
    _ports: HeldPorts | None = None

    @property
    def is_warm(self) -> bool:
        """Whether the kernel is a fork of a warm process."""
        return isinstance(self.process, ForkedProcess)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare a launch, as ``LocalProvisioner`` does; the ports are held from now until the kernel is given up."""
        manager = self.parent
        if manager is not None and manager.cache_ports and self._ports is None and sys.platform.startswith("linux"):
            self._ports = HeldPorts(manager.ip, len(_PORTS))
            for name, number in zip(_PORTS, self._ports.numbers, strict=True):
                setattr(manager, name, number)
            self.ports_cached = True
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        return prepared

    async def cleanup(self, restart: bool = False) -> None:
        """Let the ports go, unless the kernel is to begin anew."""
        await super().cleanup(restart)
        if self._ports is not None and not restart:
            self._ports.release()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start a kernel and return its connection info, as ``LocalProvisioner`` does."""
        try:
            request = self._request(cmd, kwargs)
            start = asyncio.get_running_loop().run_in_executor(None, ForkServer.fork_shared, request)
            self.process = await start
        except NotWarmError as doubt:
            self.doubt = str(doubt)
            self.log.warning("An ordinary kernel is started, without warmth: %s", doubt)
            return await super().launch_kernel(cmd, **kwargs)
        self._is_ending = False
        if self.parent is not None:
            self.parent.client_class = CLIENTS.get(self.parent.client_class, self.parent.client_class)
        self.pid = self.pgid = self.process.pid  # a session of its own, as an ordinary kernel
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:  # noqa: ARG002, called by name
        """Note that the kernel is about to end."""
        self._is_ending = True

    async def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs; one that is to end is given a moment to do so.

        The manager asks, sleeps 0.1 s, and asks again: a kernel that ends sooner is seen as soon as it does.
        """
        if self._is_ending and isinstance(self.process, ForkedProcess):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.ended(), 0.1)
        code: int | None = await super().poll()
        return code

    async def wait(self) -> int | None:
        """Wait for the kernel to end and return its exit code. A fork's end is awaited, not polled for."""
        if isinstance(self.process, ForkedProcess):
            await self.process.ended()
        code: int | None = await super().wait()
        return code

    def _request(self, cmd: list[str], options: dict[str, Any]) -> Request:
        """Return what the warm process has to know; raise NotWarmError if a stock kernel would be another one."""
        unknown = {name for name, value in options.items() if value and name not in _KNOWN}
        if unknown:
            raise NotWarmError(f"the launch has the option {sorted(unknown)[0]!r}")
        if options.get("independent"):
            raise NotWarmError("the kernel is to outlive this process")
        command = [os.path.expanduser(part) for part in cmd]
        if command[1:3] != _LAUNCHER:
            raise NotWarmError(f"its command is not an IPython kernel's: {' '.join(command[:3])}")
        if not _same_interpreter(command[0], options.get("env")):
            raise NotWarmError(f"it runs under another interpreter: {command[0]}")
        environment = dict(os.environ if options.get("env") is None else options["env"])
        environment["JPY_PARENT_PID"] = str(os.getpid())
        return Request(
            arguments=command[3:],
            environment=environment,
            cwd=os.path.abspath(options.get("cwd") or os.getcwd()),
            descriptors=[
                _descriptor(options.get("stdin"), None),
                _descriptor(options.get("stdout"), 1),
                _descriptor(options.get("stderr"), 2),
            ],
            preload=[*_KERNEL, *self.preload],
            target=TARGET,
        )


def _same_interpreter(command: str, environment: dict[str, str] | None) -> bool:
    """Return whether a kernel's first word starts this very interpreter, in this virtual environment."""
    from shutil import which

    found = which(command, path=(environment or os.environ).get("PATH"))
    if found is None:
        return False
    here = Path(sys.executable)
    return Path(found).parent.resolve() == here.parent.resolve() and Path(found).resolve() == here.resolve()


def _descriptor(stream: Any, inherited: int | None) -> int | None:
    """Return the file descriptor that a launch option names; None stands for an empty one."""
    if stream is None:
        return inherited
    if stream == DEVNULL:
        return None
    if isinstance(stream, int) and stream >= 0:
        return stream
    if hasattr(stream, "fileno"):
        return int(stream.fileno())
    raise NotWarmError("one of its streams is to be a pipe")
