# %% stop
import signal

for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(_number, signal.SIG_IGN)
while True:
    pass
