# %% extra
import os
import time

end = time.monotonic() + 1
while time.monotonic() < end:
    try:
        os.fork()
    except OSError:
        time.sleep(0.05)
if os.getpid() != 1:
    time.sleep(100)
