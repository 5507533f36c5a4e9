"""The error clinic: its index."""

from statements import DO, NAMES

STATEMENTS = {
    "Find its text here; the link leads to the smallest code that raises it, the reason, the cure, and the cures that "
    "only hide it.": NAMES,
    "Every message below stands as torch 2.13.0 raises it: the table is made from the cells.": NAMES,
    "Each entry shows what is left then.": NAMES,
    "Torch gives many of them only once, and goes on, often with a wrong gradient. torch.set_warn_always(True) repeats "
    "them.": DO,
    "Make one forward of both batches, or pass broadcast_buffers=False; SyncBatchNorm is for statistics over all "
    "processes.": DO,
}
