# %% extra-1
import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import HTML, display

get_ipython().run_line_magic("matplotlib", "inline")
plt.plot([1, 2, 3])
display(HTML("<table><tr><td colspan='2'>1</td></tr></table>"))

# %% extra-2
get_ipython().run_line_magic("time", "1 + 1")
get_ipython().run_cell_magic("capture", "", "print(1)")

# %% extra-3
1 / 0
