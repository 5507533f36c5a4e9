"""The entries of the book's error clinic: where a message leads to that the watch cannot say more of."""

import re

from gradstop.watch.lines import Line
from gradstop.watch.words import READ, Answer

# The headings of each page: each is a part of a message, without its signs. Those that ``READ`` has are not here.
_ENTRIES = {
    "errors-backward": (
        "element 0 of tensors does not require grad",
        "Trying to backward through the graph a second time",
        "One of the differentiated Tensors does not require grad",
        "inputs argument to grad cannot be empty",
        "Mismatch in shape",
        "got 2 tensors and 1 gradients",
        "object has no attribute backward",
        "The grad attribute of a Tensor that is not a leaf Tensor",
        "retain grad on Tensor that has requires grad False",
        "NoneType object has no attribute zero",
        "attempting to assign a gradient",
        "returned nan values in its 0th output",
        "Found dtype Double but expected Float",
        "derivative for aten heaviside is not implemented",
        "is not differentiable with respect to argument",
    ),
    "errors-func": (
        "backward called inside a functorch transform",
        "You are attempting to call Tensor requires grad",
        "to return a Tensor got class float",
        "that would mutate a captured Tensor",
        "your tensor may have escaped from inside a function being vmapped",
        "called random operation while in randomness error mode",
        "in reparametrizing for Linear",
        "Output 0 of the user-provided function does not require gradients",
        "Trying to create a dual Tensor for forward AD but no level exists",
        "Trying to use forward AD with",
        "Jacobian mismatch for output 0 with respect to input 0",
    ),
    "errors-functions": (
        "expected Variable or None",
        "Legacy autograd function with non-static forward method",
        "takes 2 positional arguments but 3 were given",
        "save for backward can only save variables",
        "Some elements marked as dirty during the forward method",
        "a leaf Variable that requires grad has been used in an in-place operation",
        "This view was created inside a custom Function",
        "cannot register a hook on a tensor",
        "post accumulate grad hooks cannot be registered on non-leaf tensors",
        "Full backward hook is firing",
        "For backward hooks to be called module output should be a Tensor",
    ),
    "errors-in-place": (
        "a leaf Variable that requires grad is being used in an in-place operation",
        "a view of a leaf Variable that requires grad",
        "modified by an inplace operation",
        "which is output 0 of torch autograd CopySlices",
        "is at version 2 expected version 1 instead",
        "the backtrace further above shows the operation that failed",
        "No forward pass information available",
        "Trying to use a saved tensor that has been detached in-place",
        "A view was created in no grad mode and is being modified inplace",
        "its base or another view of its base has been modified inplace",
        "more than one element of the written-to tensor",
        "some elements of the input tensor and the written-to tensor",
        "cannot resize variables that require grad",
        "match the broadcast shape",
    ),
    "errors-leaving": (
        "call numpy on Tensor that requires grad",
        "export tensors that require gradient",
        "Converting a tensor with requires grad True to a scalar",
        "To copy construct from a tensor",
        "unspecified requires grad now defaults to",
        "Only Tensors created explicitly by the user",
        "Cowardly refusing to serialize non-leaf tensor",
        "Only Tensors of floating point and complex dtype can require gradients",
        "Inference tensors cannot be saved for backward",
        "Inplace update to inference tensor outside InferenceMode",
        "Setting requires grad True on inference tensor",
        "Inference tensors do not track version counter",
        "Decorating classes is deprecated",
    ),
    "errors-modules": (
        "optimizer got an empty parameter list",
        "params argument given to the optimizer should be an iterable",
        "some parameters appear in more than one parameter group",
        "loaded state dict contains a parameter group",
        "cannot assign torch FloatTensor as parameter",
        "data set to a tensor that requires gradients must be floating point",
        "is non-finite so it cannot be clipped",
        "is an empty generator no gradient clipping will occur",
        "Expected nested tensorlist 0 empty to be true but got false",
        "No inf checks were recorded for this optimizer",
        "Attempting to unscale FP16 gradients",
        "has already been called on this optimizer since the last update",
        "that is different to the input size",
        "the use reentrant parameter should be passed explicitly",
        "None of the inputs have requires grad True",
        "none of output has requires grad True",
    ),
    "errors-scale": (
        "mat1 and mat2 must have the same dtype",
        "expected m1 and m2 to have the same dtype",
        "value cannot be converted to type",
        "Expected to have finished reduction in the prior iteration",
        "Expected to mark a variable ready only once",
        "DistributedDataParallel is not needed when a module",
        "Must flatten tensors with uniform requires grad",
        "was compiled with non-empty donated buffers",
        "does not currently support double backward",
    ),
}
# Other messages that an entry is about, and its heading.
_OTHERS = {
    "argument to backward cannot be empty": "inputs argument to grad cannot be empty",
    "gradients can be either tensors or none": "Mismatch in shape",
    "assigned grad expected to be a tensor or none": "attempting to assign a gradient",
    "to return a scalar tensor got tensor with": "to return a Tensor got class float",
    "batch norm got a batched tensor as input": "that would mutate a captured Tensor",
    "does not have vmap support": "setup_context",
    "is not possible because there exists a tensor": "vmap write",
    "trying to set a forward gradient": "Trying to create a dual Tensor for forward AD but no level exists",
    "expected variable but hook returned": "hook size",
    "a view was created in inference mode": "A view was created in no grad mode and is being modified inplace",
    "can t be cast to the desired output type": "match the broadcast shape",
    "only tensors of floating point dtype": "Only Tensors of floating point and complex dtype can require gradients",
    "optimizer can only optimize tensors": "params argument given to the optimizer should be an iterable",
    "loaded state dict has a different number": "loaded state dict contains a parameter group",
    "no inf checks were recorded": "No inf checks were recorded for this optimizer",
    "has already been called since the last update": "has already been called on this optimizer since the last update",
    "is being called after step": "has already been called on this optimizer since the last update",
    "the derivative for": "derivative for aten heaviside is not implemented",
    "and bias type": "mat1 and mat2 must have the same dtype",
}
READ |= {heading: (page, heading) for page, headings in _ENTRIES.items() for heading in headings}
_FOUND = "The book's error clinic has this message, with its causes and what to write."


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower())


def entry(message: str, line: Line | None) -> list[Answer]:
    """Return where to read about a message, with the line that raised it; empty where the clinic does not have it."""
    plain = _plain(message)
    found = [key for key, (page, heading) in READ.items() if page.startswith("errors-") and _plain(heading) in plain]
    found += [key for part, key in _OTHERS.items() if part in plain]
    key = max(found, key=len, default=None)
    lines = (("raised here", line),) if line is not None else ()
    return [Answer("clinic", _FOUND, lines, "", key)] if key is not None else []
