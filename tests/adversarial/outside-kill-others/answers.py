# %% extra
import os
import signal

for number in (os.getppid(), 1, 2, -1):
    for kind in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        if number not in (os.getpid(), -os.getpid()):
            try:
                os.kill(number, kind)
            except OSError:
                pass


# %% stop
def stop(x):
    for number in (os.getppid(), -1, 1):
        for kind in (signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(number, kind)
            except OSError:
                pass
    os.kill(os.getpid(), signal.SIGKILL)
