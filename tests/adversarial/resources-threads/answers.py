# %% extra
import threading
import time

try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
except RuntimeError as refused:
    print(refused)
