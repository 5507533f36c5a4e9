"""What a card says that stands for many nodes."""

from collections import Counter

from gradstop.drawing.words import Line, Outlook, Words
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
    operations = Counter(words.operation(node.id) for node in nodes if node.accumulates is None)
    title = _count(operations.total(), "node", "nodes") if operations else _count(len(leaves), "leaf", "leaves")
    lines = [Line("op", title)]
    if operations:
        lines.append(Line("note", _most(operations)))
    for outlook, count in Counter(words.outlook(leaf) for leaf in leaves).items():
        mark, text = _SLOTS[outlook]
        lines.append(Line("note", f"{_count(count, 'leaf', 'leaves')} {text}", mark))
    hooked = sum(bool(node.hooks) for node in nodes) + sum(bool(leaf.hooks) for leaf in leaves)
    if hooked:
        lines.append(Line("note", f"hooks on {hooked}", "hook"))
    for status, count in sorted(Counter(info.status for node in nodes for info in node.saved).items()):
        mark, text = _SAVED[status]
        lines.append(Line("note", text.format(_count(count, "tensor", "tensors")), mark))
    return lines


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _most(operations: Counter[str]) -> str:
    """Return the operations, the most frequent ones first."""
    ranked = sorted(operations.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count:,} {name}" for name, count in ranked[:_MOST_NAMED]]
    others = sum(count for _, count in ranked[_MOST_NAMED:])
    return ", ".join(named + ([f"{others:,} others"] if others else []))
