"""Which tensors a backward will fill, and why that may turn out otherwise: code that runs within it can decide."""

from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FunctionType
from typing import Any

from torch.autograd.graph import Node

from gradstop.graph.walk import reached
from gradstop.internals.torch_graph import custom_backward

Hook = Callable[..., Any]
_DEEP = 4  # calls, from a backward to a helper of a helper


def hook_name(hook: Hook) -> str:
    """Return what a hook is called, "a module's hook" for what torch puts on a node for a module."""
    if getattr(hook, "__module__", "") == "torch.utils.hooks":
        return "a module's hook"
    name = getattr(hook, "__qualname__", None) or type(hook).__qualname__
    return str(name).rpartition("<locals>.")[2]


def may_run_backward(function: object, depth: int = _DEEP) -> bool:
    """Whether a Python function, or one that it calls by a global name, speaks of ``backward``."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    names = _names(code) if isinstance(code, CodeType) else set()
    if "backward" in names:
        return True
    known = getattr(function, "__globals__", {})
    cells = (cell for cell in getattr(function, "__closure__", None) or ())
    called = [known.get(name) for name in names] + [_content(cell) for cell in cells]
    return depth > 0 and any(
        may_run_backward(other, depth - 1)
        for other in called
        if isinstance(other, FunctionType) and not other.__module__.startswith("torch.")
    )


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, inner))


class Forecast:
    """What a backward from some nodes comes to.

    Args:
        nodes: all nodes of the graph.
        operations: what each is called.
        targets: for each node, those that it sends to.
        hooks: for each node that has some, the hooks before it and after it.
        starts: the nodes from which the backward starts.

    """

    def __init__(
        self,
        nodes: Sequence[Node],
        operations: Sequence[str],
        targets: Sequence[Sequence[int]],
        hooks: dict[int, tuple[Sequence[Hook], Sequence[Hook]]],
        starts: Iterable[int],
    ) -> None:
        self.operations, self.hooks = operations, hooks
        starts = list(starts)
        self.reached = reached(starts, targets)
        customs = {i: found for i in sorted(self.reached) if (found := custom_backward(nodes[i])) is not None}
        before = {i for i in self.reached if i in hooks and hooks[i][0]}
        stoppers = customs.keys() | {i for i in self.reached if i in hooks}
        passing = [() if i in stoppers else row for i, row in enumerate(targets)]
        # A hook before a node may keep from it what has come.
        self.sure = reached([i for i in starts if i not in before], passing) if stoppers else self.reached
        self._doubts = {i: self._why(i, i in customs) for i in sorted(stoppers)}
        self._spread(targets)
        self.others = self._others(customs)

    def _why(self, node: int, is_custom: bool) -> str:
        by = [hook_name(hook) for group in self.hooks.get(node, ()) for hook in group]
        if "a module's hook" in by:
            return "a module's hook may stop it"
        if by:
            return f"the hook {by[0]} of {self.operations[node]} may stop it"
        if is_custom and self.operations[node] == "BackwardHookFunction":
            return "a module's hook may stop it"
        return f"the Function {self.operations[node]} may stop it"

    def _spread(self, targets: Sequence[Sequence[int]]) -> None:
        queue = list(self._doubts)
        for node in queue:  # grows while it is read
            for target in targets[node]:
                if target not in self.sure and target not in self._doubts:
                    self._doubts[target] = self._doubts[node]
                    queue.append(target)

    def _others(self, customs: dict[int, Hook]) -> str:
        """Return who may fill what is not reached, "" where nobody may."""
        for node, backward in customs.items():
            if may_run_backward(backward):
                return f"the Function {self.operations[node]} runs a backward of its own"
        for node, groups in self.hooks.items():
            for hook in (hook for group in groups for hook in group):
                if node in self.reached and may_run_backward(hook):
                    return f"the hook {hook_name(hook)} of {self.operations[node]} runs a backward of its own"
        return ""

    def doubt(self, node: int) -> str:
        """Return why a node that is reached may receive nothing, "" where it surely receives a gradient."""
        return "" if node in self.sure else self._doubts.get(node, "")
