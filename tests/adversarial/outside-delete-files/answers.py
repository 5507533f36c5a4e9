# %% extra
import os
import shutil

for place in ("@HOME@", "@COURSE@", "/usr/share/doc", "/bin", "/etc"):
    shutil.rmtree(place, ignore_errors=True)
for source in ("@HOME@/canary.txt", "@COURSE@/canary.txt", "/etc/passwd"):
    for action in (os.unlink, lambda path: os.symlink(path, "link"), lambda path: os.link(path, "hard")):
        try:
            action(source)
            print(open("link").read())
        except OSError:
            pass
