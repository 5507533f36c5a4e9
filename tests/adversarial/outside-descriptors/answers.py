# %% stop
import os
import stat

for number in range(3, 256):
    try:
        kind = os.fstat(number).st_mode
        if stat.S_ISREG(kind) and os.readlink(f"/proc/self/fd/{number}").startswith(("@HOME@", "@COURSE@", "/etc")):
            print("LEAK", number)
        os.set_blocking(number, False)
        os.write(number, b'{"outputs": []}\n{"outputs": []}\n')
        os.close(number)
    except OSError:
        pass


def stop(x):
    return x.detach()
