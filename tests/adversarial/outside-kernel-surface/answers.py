# %% extra
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "x86_64": (101, 310, 321, 425, 250, 29, 319, 298, 323, 135),
    "aarch64": (117, 270, 280, 425, 219, 194, 279, 241),
}
for number in CALLS[os.uname().machine]:
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 4096, 0o600, 0, 0, 0) >= 0 or ctypes.get_errno() != 1:
        print("LEAK", number, ctypes.get_errno())
