# %% extra-1
for _ in range(300):
    print("x" * 1_000_000)

# %% extra-2
import os

try:
    for _ in range(60):
        os.write(1, b"y" * 1_000_000)
except OSError:
    pass

# %% extra-3
from IPython.display import HTML, display

for _ in range(3000):
    display(HTML("<p>z</p>"))
display("z" * 5_000_000)

# %% extra-4
raise ValueError("v" * 5_000_000)
