"""What errors of one type are about: a graph that was freed and one that was never made are both a RuntimeError."""

# A part of the message, and what it is about. A message in which none of these stands is like any other such.
_ABOUT = {
    "does not require grad": "no graph",
    "a second time": "freed",
    "modified by an inplace operation": "edited",
    "only for scalar outputs": "no scalar",
    "to not have been used in the graph": "not used",
    "detach views in-place": "cut of a view",
    "is being used in an in-place operation": "edit of a leaf",
    "only change requires_grad flags of leaf": "flag of an interior tensor",
    "nference tensor": "inference",
    "created explicitly by the user": "deepcopy",
    # Python's own, such as the first slip of who has no wrong idea of tensors.
    "NoneType": "None",
    "has no attribute": "an attribute",
    "positional argument": "arguments",
    "keyword argument": "arguments",
    "indices must be": "an index",
    "is ambiguous": "a truth value",
    "is not callable": "a call",
    "not iterable": "no collection",
    "iteration over": "no collection",
    "to unpack": "another number",
    "not supported between": "an order",
    "is not defined": "a name",
}


def about(message: str) -> str:
    """Return in a word what an error's message is about."""
    return next((about for part, about in _ABOUT.items() if part in message), "another")
