# %% setup
import signal
import subprocess
import sys
import threading
import time


def _ring(number, frame):
    raise TimeoutError("the time is over")


def _work():
    while True:
        time.sleep(0.001)


signal.signal(signal.SIGALRM, _ring)
for _ in range(3):
    threading.Thread(target=_work, daemon=True).start()
threading.Thread(target=_work).start()
subprocess.Popen(["sleep", "100"])

# %% extra
sys.settrace(lambda *a: None)
sys.setprofile(lambda *a: None)
sys.setrecursionlimit(500)
signal.setitimer(signal.ITIMER_REAL, 0.0005)
