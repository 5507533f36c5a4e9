# %% extra
import os

for name in os.listdir("/proc"):
    if name.isdigit() and name not in ("1", str(os.getpid())):
        print("LEAK a process", name)
for place in (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/user/max_user_namespaces",
    "/proc/sysrq-trigger",
    "/proc/1/oom_score_adj",
):
    try:
        with open(place, "w") as file:
            file.write("@MARKER@")
        print("LEAK", place)
    except (OSError, ValueError):
        pass
print(open("/proc/1/environ").read().count("@MARKER@"))
