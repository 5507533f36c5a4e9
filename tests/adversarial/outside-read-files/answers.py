# %% extra
import glob
import os

TRIED = ["/etc/passwd", "/etc/shadow", "/root/.bashrc", "/etc/hostname", "@HOME@/canary.txt", "@COURSE@/canary.txt"]
TRIED += (
    glob.glob("@COURSE@/**/*", recursive=True) + glob.glob("/home/*/.*") + glob.glob("/proc/[0-9]*/root/etc/passwd")
)
TRIED += [
    "/proc/self/root/etc/passwd",
    "/proc/1/root/@HOME@/canary.txt",
    "/dev/mem",
    "/proc/kcore",
    "/dev/vda",
    "/dev/sda",
]
for path in TRIED + ["../../../../../../../@HOME@/canary.txt", "/.old/etc/passwd", "/run/space/../../etc/passwd"]:
    try:
        with open(path, "rb") as file:
            print("LEAK", path, file.read(200))
    except OSError:
        pass
print(os.listdir("/"), os.listdir("."))
