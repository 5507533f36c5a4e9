"""What the fork of a warm process does to be one itself; it loads nothing that such a process has not."""

import os
import socket
import sys

from gradstop.forkserver.server import Server

TESTS = os.environ["PYTHONPATH"]


def serve(request, descriptors, status_fd):
    """Serve a driver: the first descriptor is the socket to it, the second where errors go."""
    os.write(status_fd, b"%d ready " % os.getpid())
    os.close(status_fd)
    driver, errors = descriptors
    os.dup2(errors, 2)
    os.close(errors)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.path.remove(TESTS)
    for name in [name for name in sys.modules if name.partition(".")[0] == "support"] + [Server.__module__]:
        del sys.modules[name]
    driver = socket.socket(fileno=driver)
    driver.send(b"warm")
    Server(driver).serve()
    os._exit(0)
