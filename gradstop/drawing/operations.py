"""What an operation is called in Python, for the name that torch gives its node."""

import re

_WRITTEN = {
    "mul": "*",
    "add": "+",
    "sub": "-",
    "rsub": "-",
    "div": "/",
    "pow": "**",
    "neg": "unary -",
    "mm": "@",
    "bmm": "@",
    "mv": "@",
    "dot": "@",
    "matmul": "@",
    "baddbmm": "@ and +",
    "remainder": "%",
    "t": ".T",
    "select": "[i]",
    "slice": "[i:j]",
    "index": "[index]",
    "index_put": "[index] = …",
    "copy_slices": "write into a view",
    "to_copy": ".to()",
    "addmm": "linear",
    "prelu_kernel": "prelu",
    "convolution": "conv",
    "mkldnn_convolution": "conv",
    "slow_conv2d": "conv",
    "cudnn_convolution": "conv",
    "accumulate_grad": "fills .grad",
}
_DIMENSIONS = re.compile(r"(\d)_d")  # "max_pool2_d"
_PREFIXES = ("native_", "cudnn_", "mkldnn_", "thnn_")
_ATTENTION = "scaled_dot_product_"


def written(operation: str) -> str:
    """Return "*" for "mul", and "layer_norm" for "native_layer_norm": as one writes it, where torch has other words."""
    operation = _DIMENSIONS.sub(r"\1d", operation).removesuffix("with_indices").removesuffix("_")
    if operation in _WRITTEN:
        return _WRITTEN[operation]
    if operation.startswith(_ATTENTION):
        return "attention"
    for prefix in _PREFIXES:
        operation = operation.removeprefix(prefix)
    return operation
