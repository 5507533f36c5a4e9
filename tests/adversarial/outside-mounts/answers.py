# %% extra
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
    if libc.unshare(flags) == 0:
        print("LEAK unshare", hex(flags))
if libc.mount(b"proc", b"/tmp", b"proc", 0, None) == 0:
    print("LEAK mount")
if libc.mount(None, b"/", None, 32 | 4096, None) == 0:
    print("LEAK remount")
for action in (lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        action()
        print("LEAK", action)
    except OSError:
        pass
for number in (161, 155, 308, 304, 165, 428, 430):  # on this machine's list of system calls, or another's
    if libc.syscall(number, b"/", b"/", 0, 0, 0) == 0:
        print("LEAK", number)
