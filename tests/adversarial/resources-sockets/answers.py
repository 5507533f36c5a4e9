# %% extra
import os
import socket
import time

for _ in range(30):
    if os.fork() == 0:
        kept = []
        try:
            while True:
                pair = socket.socketpair()
                kept.append(pair)
                for one in pair:
                    one.setblocking(False)
                    try:
                        while True:
                            one.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
        except OSError:
            time.sleep(3)
            os._exit(0)
time.sleep(3)
