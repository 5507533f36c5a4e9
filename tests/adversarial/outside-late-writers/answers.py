# %% extra
import os
import subprocess
import sys
import time

LATE = "import time\nwhile True:\n    time.sleep(1)\n    open('/tmp/@MARKER@', 'a').write('late')"
for _ in range(2):
    subprocess.Popen([sys.executable, "-S", "-c", LATE, "@MARKER@"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
