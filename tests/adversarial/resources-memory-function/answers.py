# %% stop
hoard = []


def stop(x):
    while True:
        try:
            hoard.append(bytearray(8 << 20))
        except MemoryError:
            continue
