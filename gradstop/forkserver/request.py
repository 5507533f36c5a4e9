"""What a driver asks its warm process for, and how the two write it down."""

import json
import os
import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LIMIT = 1 << 17  # bytes of one message
# Variables that Python or a library reads once, when it is loaded.
_READ_ONCE = re.compile(
    "PYTHON|LD_|DYLD_|OMP_|MKL_|KMP_|OPENBLAS_|NUMEXPR_|TORCH|PYTORCH|ATEN_|CUDA|NVIDIA|MPL|LC_|LANG|TZ"
)
# Read again in each fork; and what a driver that loads torch._inductor sets for itself.
_READ_LATER = {"MPLBACKEND", "TORCHINDUCTOR_CACHE_DIR"}


class NotWarmError(Exception):
    """A reason why a warm kernel might not be the same as an ordinary one."""


@dataclass(frozen=True)
class Request:
    """One process, as the driver wants it.

    Attributes:
        arguments: of its command line.
        environment: its variables.
        cwd: its working directory.
        descriptors: of the driver, at most three; the process gets copies of them. None is an empty file.
        preload: the modules that the server has loaded.
        target: the function that the fork becomes, ``module:name``, called with the request, its descriptors, and the
            descriptor of the pipe through which it says its process id and that it is ready; none starts a server.

    """

    arguments: list[str]
    environment: dict[str, str]
    cwd: str
    descriptors: Sequence[int | None] = (None, 1, 2)
    preload: list[str] = field(default_factory=list)
    target: str = ""

    def to_bytes(self) -> bytes:
        """Return the request as JSON; the descriptors travel beside it.

        Raises:
            NotWarmError: if it is too large for one message.

        """
        plain = {key: value for key, value in asdict(self).items() if key != "descriptors"}
        data = json.dumps(plain, ensure_ascii=True).encode()
        if len(data) > LIMIT:
            raise NotWarmError(f"its environment has {len(data)} bytes, more than {LIMIT}")
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> "Request":
        """Return the request that was written."""
        plain: dict[str, Any] = json.loads(data)
        return cls(**plain)

    def warmth(self) -> tuple[object, ...]:
        """Return what a warm process must have been started with to serve this request.

        That are the variables that are read once, the modules, and the state of the installed packages.
        """
        read_once = {
            name: value
            for name, value in self.environment.items()
            if _READ_ONCE.match(name) and name not in _READ_LATER
        }
        return tuple(sorted(read_once.items())), tuple(self.preload), tuple(_installed())


def _installed() -> list[tuple[str, int]]:
    """Return when packages were last installed or removed, as far as folders tell."""
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sys.prefix}
    return [(folder, os.stat(folder).st_mtime_ns) for folder in sorted(folders) if os.path.isdir(folder)]
