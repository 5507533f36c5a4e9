# %% setup
import os
import threading
import time


def write_records():
    while True:
        for number in range(3, 30):
            try:
                os.write(number, b"")
            except OSError:
                pass
        time.sleep(0.01)


threading.Thread(target=write_records, daemon=True).start()
if os.fork() == 0:
    write_records()


# %% stop
def stop(x):
    return -x
