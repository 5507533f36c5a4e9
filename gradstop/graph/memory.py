"""Which tensors lie in one memory, and where in it."""

from collections.abc import Sequence

from torch import Tensor

from gradstop.graph.values import attempt

Span = tuple[object, int, int]  # the device, the first and one past the last address


def storage_span(tensor: Tensor) -> Span | None:
    """Return where the storage of a tensor lies, None where it has no memory to share."""

    def read() -> Span | None:
        storage = tensor.untyped_storage()
        if storage.device.type == "meta":  # a fake tensor too: it has no address, and warns when asked
            return None
        start, size = storage.data_ptr(), storage.nbytes()
        return (tensor.device, start, start + size) if size and start else None

    return attempt(read)


def tensor_span(tensor: Tensor) -> tuple[int, int] | None:
    """Return the first and one past the last address of a tensor's elements."""

    def read() -> tuple[int, int]:
        steps = sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True))
        first = tensor.untyped_storage().data_ptr() + int(tensor.storage_offset()) * tensor.element_size()
        return first, first + (steps + 1) * tensor.element_size()

    return attempt(read)


def overlap(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one memory have an element in common, as far as their ends tell."""
    a, b = tensor_span(one), tensor_span(other)
    return a is None or b is None or (a[0] < b[1] and b[0] < a[1])


def group_by_memory(spans: Sequence[Span | None]) -> list[int | None]:
    """Return for each span the number of its memory: spans that overlap have one, such as NumPy's views of an array."""
    order = sorted((i for i, span in enumerate(spans) if span), key=lambda i: (str(spans[i][0]), *spans[i][1:]))  # type: ignore[index]
    first_of: list[int | None] = [None] * len(spans)
    device, end, first = None, 0, -1
    members: list[list[int]] = []
    for i in order:
        span = spans[i]
        if span is None:
            continue
        if span[0] != device or span[1] >= end:
            device, end, first = span[0], span[2], len(members)
            members.append([])
        members[first].append(i)
        end = max(end, span[2])
    for number, group in enumerate(sorted(map(sorted, members))):  # numbered as they were given
        for i in group:
            first_of[i] = number
    return first_of
