# %% extra
import os

for folder in (".", "/tmp", "/dev/shm"):
    try:
        with open(f"{folder}/@MARKER@", "wb") as file:
            for _ in range(4000):
                file.write(bytes(1 << 20))
        print("LEAK", folder)
    except OSError as full:
        print(full)
    try:
        for number in range(100_000):
            os.mkdir(f"{folder}/@MARKER@-{number}")
        print("LEAK", folder)
    except OSError as full:
        print(full)
