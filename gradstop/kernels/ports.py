"""Ports for a kernel that nobody else gets, from the moment they are chosen.

jupyter_client chooses a free port and lets it go again until the kernel binds it, some tenths of a second later, and
seconds on a busy machine. Whoever asks for any free port meanwhile may get it, and the kernel ends.
"""

import socket


class HeldPorts:
    """Free ports that are bound, and on which nobody listens; a kernel's sockets, which reuse addresses, still can.

    Attributes:
        numbers: of the ports.

    """

    def __init__(self, ip: str, count: int) -> None:
        """Choose that many ports of an address of this machine. On Linux alone such a socket is in nobody's way."""
        self._sockets = [socket.socket() for _ in range(count)]
        for one in self._sockets:
            one.bind((ip, 0))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.numbers = [int(one.getsockname()[1]) for one in self._sockets]

    def release(self) -> None:
        """Let the ports go."""
        for one in self._sockets:
            one.close()
