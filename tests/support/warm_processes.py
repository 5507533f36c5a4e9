"""The warm processes of the commands that ``commands`` runs, as forks of one that has loaded what they load.

Each is a process of its own, which its command starts and ends. Imported by the process that commands are forks of.
"""

import os
import socket

from gradstop.forkserver.launch import ForkServer
from gradstop.forkserver.request import Request
from gradstop.grading.process import warm_process

# What is loaded for an assignment without lazy imports, as most tests have it.
MODULES = ["numpy", "torch", "gradstop.grading.inside.main"]
SERVER = "support.warm_process_server"
_loaded = ForkServer(Request([], dict(os.environ), os.getcwd(), preload=[*MODULES, SERVER]))


class Forked(ForkServer):
    """A warm process that is a fork, or, where it has other modules, a process that loads them as everybody's does."""

    def __init__(self, request, log=None):
        if request.preload != MODULES:
            super().__init__(request, log)
            return
        self.warm = False
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, open(log or os.devnull, "ab") as errors:
            streams = [theirs.fileno(), errors.fileno()]
            self.process = _loaded.fork(Request([], request.environment, "/", streams, target=f"{SERVER}:serve"))


warm_process.ForkServer = Forked
_loaded.wait_until_warm()
