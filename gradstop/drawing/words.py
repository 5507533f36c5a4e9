"""The words for what a graph holds. Picture, text and alternative text all take them from here."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Literal

from gradstop.drawing.operations import written
from gradstop.drawing.reach import idle, results
from gradstop.graph import CutInfo, Graph, NodeInfo, SavedInfo, TensorInfo

TIMES = "\N{MULTIPLICATION SIGN}"
# What is said of a cut, on two lines.
CUTS = {
    "cut": ("cut: same memory,", "no history"),
    "perhaps cut": ("perhaps a cut:", "the numbers fit"),
    "seen cut": ("cut: the watch", "saw the call"),
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Outlook = Literal["filled", "will be filled", "perhaps filled", "not reached", "backward will raise", "returned"]


@dataclass(frozen=True)
class Line:
    """One line of a card. ``role`` says how it is set, ``mark`` which small shape stands before it."""

    role: Literal["name", "op", "plain", "code", "note", "slot"]
    text: str
    mark: str = ""
    look: str = ""  # after a name: shape and dtype
    memory: str = ""  # after a name: the badge
    said: str = ""  # how a sentence puts it, where that is not the text
    title: str = ""  # what a pointer shows


class Words:
    """Names and phrases for one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        shared = [group for group in graph.memories if len(group) > 1]
        self.memories = {_letter(i): group for i, group in enumerate(shared)}
        self._memory = {tensor: letter for letter, group in self.memories.items() for tensor in group}
        unnamed = [info.id for info in graph.tensors if not (info.names or info.members or info.is_root)]
        only = len(unnamed) == 1
        self._unnamed = {i: "unnamed leaf" + ("" if only else f" {k}") for k, i in enumerate(unnamed, 1)}
        self._perhaps: dict[int, list[str]] = defaultdict(list)
        for one in graph.taken:
            if not one.is_sure:
                self._perhaps[one.node].append(self.tensor(one.tensor))
        self._results = results(graph)
        self._idle = not graph.roots and self._results and idle(graph)

    def tensor(self, number: int) -> str:
        """Return what a tensor is called where others mention it."""
        info = self.graph.tensors[number]
        if names := _names(info):
            return names[0]
        if info.is_root:
            return "root" if len(self.graph.roots) == 1 else f"root {self.graph.roots.index(number) + 1}"
        return self._unnamed[number]

    def heading(self, number: int) -> str:
        """Return all names of a tensor."""
        return ", ".join(_names(self.graph.tensors[number])) or self.tensor(number)

    def node(self, number: int) -> str:
        """Return a node's operation and number."""
        return f"{self.operation(number)} (node {number})"

    def operation(self, number: int) -> str:
        """Return a node's operation as one writes it."""
        node = self.graph.nodes[number]
        return node.operation if node.is_custom else written(node.operation)

    def ends(self, cut: CutInfo) -> tuple[str, str]:
        """Return what a cut lies between."""
        source = (
            self.tensor(cut.source) if cut.source is not None else f"the result of {self.node(cut.source_node or 0)}"
        )
        if cut.taken_by is not None:
            return source, f"what {self.node(cut.taken_by)} {'takes' if cut.is_sure else 'perhaps takes'}"
        return source, self.tensor(cut.cut or 0)

    def memory(self, number: int) -> str:
        """Return "memory A" for a tensor that shares its memory with another one here, else nothing."""
        return f"memory {self._memory[number]}" if number in self._memory else ""

    def outlook(self, tensor: TensorInfo) -> Outlook | None:
        """Return how it stands with the ``.grad`` of a tensor; None for a tensor that has none to speak of."""
        if tensor.grad is not None:
            return "filled"
        if tensor.kind == "constant" or (tensor.kind == "interior" and not tensor.retains_grad):
            return None
        if tensor.will_raise:
            return "backward will raise"
        if not tensor.will_be_filled:
            return "perhaps filled" if tensor.doubt else "not reached"
        if tensor.transform and tensor.transform != "vmap":
            return "returned"
        return "perhaps filled" if tensor.doubt else "will be filled"

    def slot(self, tensor: TensorInfo) -> Line | None:
        """Return the line for the ``.grad`` of a tensor, None where there is none to speak of."""
        outlook = self.outlook(tensor)
        if outlook is None:
            return None
        if outlook == "filled":
            return Line("slot", f".grad {tensor.grad}", "full", said=f"{tensor.grad}")
        if outlook == "returned":
            return Line(
                "slot",
                ".grad None,\nthe transform returns\nits gradient",
                "never",
                said="None: the transform returns its gradient",
            )
        if outlook == "perhaps filled":
            perhaps = f"{outlook}:\n{tensor.doubt}"
            return Line("slot", f".grad None\n→ {perhaps}", "perhaps", said=f"None and {flat(perhaps)}")
        if outlook == "will be filled":
            will = outlook + self._by(tensor)
            return Line("slot", f".grad None\n→ {will}", "will", said=f"None and {flat(will)}")
        why = f"{outlook}:\n{tensor.doubt}" if tensor.doubt else outlook
        return Line("slot", f".grad None,\n{why}", "never", said=f"None and {flat(why)}")

    def _by(self, tensor: TensorInfo) -> str:
        """Name the results whose backward fills a slot, where the picture has others from which none starts."""
        if len(self._results) < 2 and not self._idle:
            return ""
        return "\nby " + ", ".join(
            self.tensor(number) for number, nodes in self._results.items() if {tensor.accumulator, tensor.node} & nodes
        )

    def node_lines(self, node: NodeInfo) -> list[Line]:
        """Return what a node takes and saves; what it saved alike is one line."""
        what = "a custom Function" + (",\ndifferentiable once" if node.is_once else "")
        lines = [Line("plain", what, said=f"is {flat(what)}")] if node.is_custom else []
        if node.hooks:
            lines.append(hook_line(node.hooks))
        if node.constants:
            inputs = f"{node.constants} constant {'input' if node.constants == 1 else 'inputs'}"
            lines.append(Line("plain", f"+ {inputs}", said=f"has {inputs}"))
        for taken in self._perhaps.get(node.id, ()):
            lines.append(
                Line("note", f"perhaps {taken}:\nits numbers fit", said=f"perhaps takes {taken}, whose numbers fit")
            )
        return lines + list(dict.fromkeys(self._saved(node)))

    def _saved(self, node: NodeInfo) -> Iterator[Line]:
        """Yield what a node has saved: one line for all that is as it was, and for each that is not."""
        kept = Counter(self._what(info, node) for info in node.saved if info.status == "kept")
        if kept:
            parts = [what + {1: "", 2: " twice"}.get(times, f" {times} times") for what, times in kept.items()]
            yield Line("note", f"saves {listed(parts)}", "kept")
        freed, packed = (sum(info.status == status for info in node.saved) for status in ("freed", "packed"))
        if freed:
            yield Line("note", "freed what it saved", "freed", said="has freed what it saved")
        if packed:
            yield Line("note", f"saves {packed} {'tensor' if packed == 1 else 'tensors'},\npacked by a hook", "kept")
        for info in node.saved:
            what = self._called(info, node)
            match info.status:
                case "edited":
                    versions = f"at version {info.saved_version},\nnow version {info.current_version}"
                    yield Line("note", f"saved {what} {versions}:\nbackward will raise", "warn")
                case "detached":
                    yield Line("note", f"saved {what},\nsince detached in place:\nbackward will raise", "warn")
                case "unknown":
                    yield Line("note", f"saved {what}, which torch refuses to show", "warn")

    def _what(self, info: SavedInfo, node: NodeInfo) -> str:
        if info.tensor is None:
            return self._called(info, node) if info.values is None else info.values
        tensor = self.graph.tensors[info.tensor]
        if info.is_constant and tensor.requires_grad:
            return f"{self.tensor(info.tensor)} without history"
        return f"{self.tensor(info.tensor)} at version {info.saved_version}"

    def _called(self, info: SavedInfo, node: NodeInfo) -> str:
        if info.tensor is not None:
            return self.tensor(info.tensor)
        if info.made_by == node.id or info.field.startswith("result"):
            return "its own result"
        if info.made_by is not None:
            return f"the result of {self.operation(info.made_by)}"
        return f"a constant {shape(info.shape)}" if info.is_constant else f"an input {shape(info.shape)}"


def _names(tensor: TensorInfo) -> list[str]:
    """Return the names of a tensor, the one by which an optimizer holds it last."""
    return sorted(dict.fromkeys([*tensor.names, *tensor.members]), key=lambda name: ".param_groups[" in name)


def special(tensor: TensorInfo, several: bool = False) -> list[str]:
    """Return what is worth saying beside the kind; ``several`` outputs of its node are shown."""
    facts = {
        "parameter": tensor.is_parameter,
        f"output {tensor.output}": several or tensor.output > 0,
        "view": tensor.is_view,
        f"within {tensor.transform}": bool(tensor.transform),
        "with a tangent": tensor.has_tangent,
        f"version {tensor.version}": bool(tensor.version),
        "inference tensor": tensor.version is None,
        "retains grad": tensor.retains_grad,
        "history lost: its base was edited": tensor.broken,
    }
    return [*(fact for fact, holds in facts.items() if holds), *tensor.notes]


def start_of(tensor: TensorInfo) -> tuple[str, str]:
    """Return what is said of a tensor from which a backward would start, on its card and in a sentence."""
    if not tensor.requires_grad:
        return "no backward starts here", "No backward starts here"
    if tensor.shape is not None and prod(tensor.shape) == 1 and not tensor.dtype.startswith("complex"):
        return "backward starts here", "A backward starts here"
    return "backward starts here,\nwith a gradient", "A backward starts here, with a gradient"


def kind_of(tensor: TensorInfo) -> str:
    """Return the kind of a tensor, for which a constant is one that no gradient of either mode flows through."""
    return "no history" if tensor.kind == "constant" and tensor.has_tangent else tensor.kind


def hooks_of(tensor: TensorInfo) -> list[Line]:
    """Return the lines that name the hooks on the gradient of a tensor."""
    lines = [hook_line(tensor.hooks)] if tensor.hooks else []
    return lines + ([hook_line(tensor.after_hooks, " after its .grad is filled")] if tensor.after_hooks else [])


def hook_line(hooks: tuple[str, ...], when: str = "") -> Line:
    """Return the line that names the hooks on a gradient; ``when`` they do not run before it is used."""
    what = f"{'hook' if len(hooks) == 1 else 'hooks'}{when}: {', '.join(hooks)}"
    return Line("note", what, "hook", said=f"has the {what}")


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


def listed(names: list[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), *names[-1:]]) if len(names) > 1 else "".join(names)


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"{_LETTERS[number % 26]}{number // 26}"
