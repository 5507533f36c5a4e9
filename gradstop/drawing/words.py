"""The words for what a graph holds. Picture, text and alternative text all take them from here."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from gradstop.graph import Graph, NodeInfo, SavedInfo, TensorInfo
from gradstop.graph.walk import reached

TIMES = "\N{MULTIPLICATION SIGN}"
CUT = "cut: same memory, no history"
_RAISING = {"edited", "detached", "freed"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Note:
    """A statement and the mark that is drawn before it."""

    mark: str
    text: str


class Words:
    """Names and phrases for one graph. While a backward is running, a `.grad` can be filled through what it freed."""

    def __init__(self, graph: Graph, running: bool = False) -> None:
        self.graph = graph
        shared = [group for group in graph.memories if len(group) > 1]
        self.memories = {_letter(i): group for i, group in enumerate(shared)}
        self._memory = {tensor: letter for letter, group in self.memories.items() for tensor in group}
        unnamed = [info.id for info in graph.tensors if not info.names and not info.is_root]
        only = len(unnamed) == 1
        self._unnamed = {i: "unnamed leaf" + ("" if only else f" {k}") for k, i in enumerate(unnamed, 1)}
        self._lost = set() if running else _out_of_reach(graph)
        self._results = _results(graph)

    def tensor(self, number: int) -> str:
        """Return what a tensor is called where others mention it."""
        info = self.graph.tensors[number]
        if info.names:
            return info.names[0]
        if info.is_root:
            return "root" if len(self.graph.roots) == 1 else f"root {self.graph.roots.index(number) + 1}"
        return self._unnamed[number]

    def heading(self, number: int) -> str:
        """Return all names of a tensor."""
        return ", ".join(self.graph.tensors[number].names) or self.tensor(number)

    def node(self, number: int) -> str:
        """Return a node's operation and number."""
        return f"{self.graph.nodes[number].operation} (node {number})"

    def memory(self, number: int) -> str:
        """Return "memory A" for a tensor that shares its memory with another one here, else nothing."""
        return f"memory {self._memory[number]}" if number in self._memory else ""

    def grad(self, tensor: TensorInfo) -> Note | None:
        """Return what is, or will be, in the `.grad` slot; None for a tensor that has none to speak of."""
        if tensor.grad is not None:
            return Note("full", f".grad {tensor.grad}")
        if tensor.kind == "constant" or (tensor.kind == "interior" and not tensor.retains_grad):
            return None
        if not tensor.will_be_filled:
            return Note("never", ".grad None,\nnot reached")
        if {tensor.accumulator, tensor.node} & self._lost:
            return Note("never", ".grad None,\nbackward will raise")
        return Note("will", f".grad None\n→ will be filled{self._by(tensor)}")

    def _by(self, tensor: TensorInfo) -> str:
        """Name the results whose backward fills a slot, where the picture has several results."""
        if len(self._results) < 2:
            return ""
        return "\nby " + ", ".join(
            self.tensor(number) for number, nodes in self._results.items() if {tensor.accumulator, tensor.node} & nodes
        )

    def saved(self, node: NodeInfo) -> list[Note]:
        """Return what a node saved, what is alike in one note."""
        alike: dict[tuple[str, str], list[SavedInfo]] = defaultdict(list)
        for info in node.saved:
            alike[info.status, "" if info.status == "freed" else self._what(info, node)].append(info)
        return [self._saved(what, infos) for (_, what), infos in alike.items()]

    def _saved(self, what: str, infos: list[SavedInfo]) -> Note:
        first = infos[0]
        times = {1: "", 2: ", twice"}.get(len(infos), f", {len(infos)} times")
        match first.status:
            case "kept":
                known = first.tensor is not None or first.made_by is not None
                state = f", version {first.saved_version}" if known else ", a constant"
                return Note("kept", f"saves {what}{state}{times}")
            case "edited":
                versions = f"at version {first.saved_version},\nnow version {first.current_version}"
                return Note("warn", f"saved {what} {versions}:\nbackward will raise")
            case "freed":
                return Note("freed", "freed: " + ", ".join(info.field for info in infos))
            case "detached":
                return Note("warn", f"saved {what},\nsince detached in place:\nbackward will raise")
            case "packed":
                return Note("kept", f"saves {what}, packed by a hook")
        return Note("warn", f"saved {what}, which torch refuses to show")

    def _what(self, info: SavedInfo, node: NodeInfo) -> str:
        if info.tensor is not None:
            return self.tensor(info.tensor)
        if info.made_by == node.id:
            return f"its own result {shape(info.shape)}"
        if info.made_by is not None:
            return f"the result of {self.graph.nodes[info.made_by].operation} {shape(info.shape)}"
        return info.field if info.shape is None else f"{info.field} {shape(info.shape)}"

    def folded(self, nodes: tuple[int, ...]) -> list[Note]:
        """Return what a card that stands for many nodes says."""
        infos = [self.graph.nodes[number] for number in nodes]
        operations = Counter(info.operation for info in infos if info.accumulates is None)
        notes = [Note("", _most(operations))] if operations else []
        leaves = [self.graph.tensors[info.accumulates] for info in infos if info.accumulates is not None]
        slots = Counter(self._slot(leaf) for leaf in leaves)
        notes += [Note(mark, f"{_count(count, 'leaf', 'leaves')} {text}") for (mark, text), count in slots.items()]
        saved = Counter(info.status for node in infos for info in node.saved)
        for status, count in sorted(saved.items()):
            notes.append(_many_saved(status, count))
        return notes

    def _slot(self, leaf: TensorInfo) -> tuple[str, str]:
        note = self.grad(leaf)
        mark = note.mark if note else ""
        if mark == "never":
            return mark, "not reached" if not leaf.will_be_filled else "not filled: backward will raise"
        return mark, {"full": "with .grad filled", "will": "that will be filled"}.get(mark, "")


def kind(tensor: TensorInfo, several: bool = False) -> str:
    """Return "interior, view, version 1": the kind, then what is special."""
    return ", ".join([tensor.kind, *special(tensor, several)])


def special(tensor: TensorInfo, several: bool = False) -> list[str]:
    """Return what is worth saying beside the kind; `several` outputs of its node are shown."""
    facts = {
        "parameter": tensor.is_parameter,
        f"output {tensor.output}": several or tensor.output > 0,
        "view": tensor.is_view,
        f"version {tensor.version}": bool(tensor.version),
        "inference tensor": tensor.version is None,
        "retains grad": tensor.retains_grad,
        "history lost: its base was edited": tensor.broken,
    }
    return [fact for fact, holds in facts.items() if holds]


def flat(text: str) -> str:
    """Return a text without the line breaks that it has in the picture."""
    return text.replace("\n", " ")


def shape(sizes: tuple[int, ...] | None) -> str:
    """Return a shape as Python writes it."""
    return "(shape unknown)" if sizes is None else str(sizes)


def look(tensor: TensorInfo) -> str:
    """Return shape, and dtype where it is not the usual one."""
    dtype = "" if tensor.dtype == "float32" else f" {tensor.dtype}"
    return shape(tensor.shape) + dtype


def fold_title(nodes: list[NodeInfo]) -> str:
    """Return the heading of a card that stands for many nodes."""
    operations = sum(node.accumulates is None for node in nodes)
    return _count(operations, "node", "nodes") if operations else _count(len(nodes), "leaf", "leaves")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _most(operations: Counter[str]) -> str:
    """Return the operations, the most frequent ones first, six at most."""
    ranked = sorted(operations.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{count:,} {name}" for name, count in ranked[:6]]
    rest = sum(count for _, count in ranked[6:])
    return ", ".join(words + ([f"{rest:,} others"] if rest else []))


def _many_saved(status: str, count: int) -> Note:
    tensors = _count(count, "tensor", "tensors")
    words = {
        "kept": Note("kept", f"saves {tensors}"),
        "packed": Note("kept", f"saves {tensors}, packed by a hook"),
        "freed": Note("freed", f"saved {tensors}, now freed"),
        "edited": Note("warn", f"saved {tensors},\nedited since: backward will raise"),
        "detached": Note("warn", f"saved {tensors},\ndetached in place since:\nbackward will raise"),
    }
    return words.get(status, Note("warn", f"saved {tensors}, which torch refuses to show"))


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"{_LETTERS[number % 26]}{number // 26}"


def _results(graph: Graph) -> dict[int, set[int]]:
    """Return the tensors from which a backward would start, none behind another, each with the nodes it reaches."""
    chosen = [graph.tensors[i] for i in graph.roots] or [tensor for tensor in graph.tensors if tensor.names]
    below = {tensor.id: reached([tensor.node], graph.targets) for tensor in chosen if tensor.node is not None}
    nodes = {number: graph.tensors[number].node for number in below}
    return {
        number: found
        for number, found in below.items()
        if not any(nodes[number] in other for i, other in below.items() if nodes[i] != nodes[number])
    }


def _out_of_reach(graph: Graph) -> set[int]:
    """Return the nodes that no backward comes to without raising."""
    raising = [node.id for node in graph.nodes if any(info.status in _RAISING for info in node.saved)]
    failing = reached(raising, graph.sources)
    roots = [graph.tensors[i] for i in graph.roots] or graph.tensors
    starts = [root.node for root in roots if root.node is not None and root.node not in failing]
    return {*range(len(graph.nodes))} - reached(starts, graph.targets)
