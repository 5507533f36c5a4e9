# %% setup
import sys

list = [1]
id = 3
type = "a"
check = print
sum = len = max = 0
_guard = cells = judge = run = None
sys.path.clear()
