"""Chapter 10, Several processes: the probes run in two of them."""

from functools import partial

from support.two_ranks import outcomes

from statements import DEFINES, DO, HERE, NAMES

NO_GPU = "not run here: it needs a GPU"


def of_both(probe):
    """Return what a probe has found in two processes."""
    return outcomes()[probe]


STATEMENTS = {
    "Each process has a copy of the net and a part of the batch.": NAMES,
    "A cell that begins with %%both is run by each of them; its number is rank.": NAMES,
    "That is all you need of the next three cells.": DO,
    "That is what each has computed.": HERE,
    "Each loss is a mean over its own samples.": HERE,
    "As it is wrapped here, DDP adds no node: it waits at the parameters.": partial(of_both, "nodes_of_ddp"),
    "An exchange waits for all parameters that required grad when the net was wrapped.": partial(
        of_both, "unused_parameters"
    ),
    "Two ways out: look for them in each forward, or freeze them before you wrap.": DO,
    "Before a forward the buffers of rank 0 are copied to all: 1.38 is 0.9 · 0.2 + 0.1 · 12.": partial(
        of_both, "buffers"
    ),
    "What rank 1 had seen before is lost, and after the training each rank has its own last update.": HERE,
    "(SyncBatchNorm takes the mean over all, on GPUs: not run here.)": NO_GPU,
    "A contrastive loss compares your samples with those of all processes.": DEFINES,
    "No gradient goes from process to process here.": HERE,
    "(Another function, torch.distributed.nn.functional.all_gather, sends gradient back to each process.": partial(
        of_both, "gathered_with_history"
    ),
    "All that all_gather has filled is constant.": partial(of_both, "gathered"),
    "fully_shard leaves each process a part of each parameter.": partial(of_both, "sharded"),
    "Before a forward the whole weight is collected, and after backward each keeps the mean gradient of its part.": (
        partial(of_both, "sharded")
    ),
    "Not run here, for want of a GPU: torch.cuda.memory_allocated() tells what tensors hold, memory_reserved() what "
    "torch keeps for later. empty_cache() gives back what no tensor holds: it helps other programs, not your next "
    "tensor.": NO_GPU,
    "Fourth: each process logs the loss of its own part.": HERE,
    "One forward, one backward, all parameters. no_sync holds both, find_unused_parameters looks for those that are "
    "left out.": partial(of_both, "unused_parameters"),
    "Around forward and backward of all pieces but the last.": DO,
    "They have no history.": partial(of_both, "gathered"),
}
RULES = {
    "After a forward in no_sync or under no_grad they are not.": partial(of_both, "buffers"),
    "What all_gather brings is constant, and buffers begin a forward as those of rank 0.": partial(of_both, "gathered"),
}
