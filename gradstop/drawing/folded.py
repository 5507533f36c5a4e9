"""What a card says that stands for many nodes."""

from collections import Counter
from collections.abc import Iterator, Sequence

from gradstop.drawing.words import Line, Outlook, Words
from gradstop.graph import NodeInfo, TensorInfo
from gradstop.graph.data import Status

_MOST_NAMED = 6  # operations; the others are counted together
_SLOTS: dict[Outlook | None, tuple[str, str]] = {
    None: ("", ""),
    "filled": ("full", "with .grad filled"),
    "will be filled": ("will", "that will be filled"),
    "perhaps filled": ("perhaps", "perhaps filled"),
    "returned": ("never", "whose gradient is returned"),
    "not reached": ("never", "not reached"),
    "backward will raise": ("never", "not filled: backward will raise"),
}
_SAVED: dict[Status, tuple[str, str]] = {
    "kept": ("kept", "saves {}"),
    "packed": ("kept", "saves {}, packed by a hook"),
    "freed": ("freed", "saved {}, now freed"),
    "edited": ("warn", "saved {},\nedited since: backward will raise"),
    "detached": ("warn", "saved {},\ndetached in place since:\nbackward will raise"),
    "unknown": ("warn", "saved {}, which torch refuses to show"),
}


def fold_lines(words: Words, group: tuple[int, ...]) -> list[Line]:
    """Return the heading of a group of nodes, then what they do, which leaves they fill and what they save."""
    graph = words.graph
    nodes = [graph.nodes[number] for number in group]
    leaves = [graph.tensors[node.accumulates] for node in nodes if node.accumulates is not None]
    operations = _operations(words, nodes)
    title = _count(operations.total(), "node", "nodes") if operations else _count(len(leaves), "leaf", "leaves")
    return [Line("op", title), *_contents(words, nodes, leaves, ("leaf", "leaves"))]


def box_lines(words: Words, group: tuple[int, ...], members: Sequence[int]) -> list[Line]:
    """Return what is in a box of a model: its parameters, frozen and unreached ones too, and its nodes."""
    nodes = [words.graph.nodes[number] for number in group]
    parameters = [words.graph.tensors[number] for number in members]
    return list(_contents(words, nodes, parameters, ("parameter", "parameters")))


def _operations(words: Words, nodes: Sequence[NodeInfo]) -> Counter[str]:
    return Counter(words.operation(node.id) for node in nodes if node.accumulates is None)


def _contents(
    words: Words, nodes: Sequence[NodeInfo], leaves: Sequence[TensorInfo], called: tuple[str, str]
) -> Iterator[Line]:
    operations = _operations(words, nodes)
    if operations:
        yield Line("note", _most(operations))
    frozen = sum(leaf.kind == "constant" for leaf in leaves)
    if frozen:
        yield Line("note", f"{_count(frozen, *called)} frozen", "never")
    for outlook, count in Counter(words.outlook(leaf) for leaf in leaves if leaf.kind != "constant").items():
        mark, text = _SLOTS[outlook]
        yield Line("note", f"{_count(count, *called)} {text}", mark)
    for note, count in Counter(note for leaf in leaves for note in leaf.notes).items():
        yield Line("note", f"{_count(count, *called)} {note}")
    hooked = sum(bool(node.hooks) for node in nodes) + sum(bool(leaf.hooks or leaf.after_hooks) for leaf in leaves)
    if hooked:
        yield Line("note", f"hooks on {hooked}", "hook")
    for status, count in sorted(Counter(info.status for node in nodes for info in node.saved).items()):
        mark, text = _SAVED[status]
        yield Line("note", text.format(_count(count, "tensor", "tensors")), mark)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _most(operations: Counter[str]) -> str:
    """Return the operations, the most frequent ones first."""
    ranked = sorted(operations.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count:,} {name}" for name, count in ranked[:_MOST_NAMED]]
    others = sum(count for _, count in ranked[_MOST_NAMED:])
    return ", ".join(named + ([f"{others:,} others"] if others else []))
