"""What ends a case before its end, in the learner's words: the error is one of the case's own code."""

import re

_READ_AS_TENSOR = re.compile(
    r"descriptor '\w+' for 'torch\._C\.TensorBase' objects doesn't apply to an? '(\w+)' object"
)
_NUMBER = re.compile(r"(?:too many|not enough) values to unpack \(expected (\d+)")
_ONE = re.compile(r"iteration over a 0-d tensor|cannot unpack non-iterable|object is not iterable")


def stop_words(stopped: str) -> str:
    """Return the error, without the names of what the case reads a tensor by."""
    return _READ_AS_TENSOR.sub(r"an object of type \1 was used as a tensor", stopped)


def stop_means(stopped: str) -> str:
    """Say what it comes from."""
    if number := _NUMBER.search(stopped):
        return f"Here {number[1]} values are asked for, in a tuple or a list."
    if _ONE.search(stopped):
        return "Here several values are asked for, in a tuple or a list."
    return "What your function returned, or did to what it was given, could not be used further."
