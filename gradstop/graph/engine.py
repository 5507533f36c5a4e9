"""A simulated backward: its nodes in the order in which torch's engine would run them, and what comes to each."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

from gradstop.graph.follow import follow
from gradstop.graph.follow_live import UNKNOWN
from gradstop.graph.live import Live, Place
from gradstop.graph.verdicts import (
    Hook,
    Verdict,
    gradients,
    of_after_hook,
    of_function,
    of_posthook,
    of_prehook,
    of_tensor_hook,
    user_hooks,
)
from gradstop.graph.walk import reached
from gradstop.graph.writers import may_raise, reads_saved
from gradstop.internals.torch_graph import needed_inputs, sends_nothing, sequence_number, takes_zeros

Doubts = dict[int, str]  # for what comes, by its place: why it may not; the empty text is: surely comes


class _StopError(Exception):
    """The backward raises here."""


class Run:
    """One simulated backward.

    Attributes:
        reached: the nodes that it comes to.
        ran: those that have run.
        filled: for the nodes that fill a leaf, why that may not be, empty where it surely is.
        kept: the same for the outputs of nodes, before the hooks of the nodes run.
        raised: what raises; None where nothing surely does; empty where the card of a node tells.

    """

    def __init__(self, live: Live, starts: Sequence[Place]) -> None:
        self.live = live
        self.reached = reached([node for node, _ in starts], live.targets)
        self.ran: set[int] = set()
        self.filled: Doubts = {}
        self.kept: dict[Place, str] = {}
        self.raised: str | None = None
        self._before = ""  # what may have raised by now
        self._come: dict[int, Doubts] = defaultdict(dict)
        for node, output in starts:
            self._come[node][output] = ""
        self._hooked = {node for node, _ in live.tensor_hooks}
        if live.is_plain(self.reached):
            self._all_comes()
            return
        try:
            for node in self._order():
                self._visit(node)
                self.ran.add(node)
        except _StopError as stopped:
            self.raised = str(stopped)

    def _all_comes(self) -> None:
        self.ran = self.reached
        self.filled = {node: "" for node in self.reached if not self.live.edges[node]}
        self.kept = {(node, output): "" for node, come in self._come.items() for output in come}
        self.kept |= {(edge.target, edge.output): "" for node in self.reached for edge in self.live.edges[node]}

    def _order(self) -> Iterator[int]:
        """Yield the nodes as the engine takes them: of those that wait for nothing, the one that was made last."""
        missing = Counter(target for node in self.reached for target in self.live.targets[node])
        ready: list[tuple[int, int]] = []
        for node in {node for node in self._come if not missing[node]}:
            heappush(ready, (-sequence_number(self.live.nodes[node]), node))
        while ready:
            _, node = heappop(ready)
            yield node
            for target in self.live.targets[node]:
                missing[target] -= 1
                if not missing[target]:
                    heappush(ready, (-sequence_number(self.live.nodes[target]), target))

    def _visit(self, node: int) -> None:
        live, come = self.live, self._come.pop(node, {})
        before, after = live.node_hooks.get(node, ((), ()))
        is_special = bool(before or after) or node in self._hooked or node in live.functions
        shapes = gradients(live.nodes[node]) if is_special else []
        if node in self._hooked:
            self._tensor_hooks(node, come, shapes)
        self.kept.update({(node, output): doubt or self._before for output, doubt in come.items()})
        for hook in before:
            came = [shape if output in come else None for output, shape in enumerate(shapes)]
            self._change(come, of_prehook(hook, came), hook, live.called(node, hook))
        if not live.edges[node]:
            self._fill(node, come, after)
            return
        sent = self._send(node, come, shapes)
        for hook in after:
            wanted = self._wanted(node)
            going = [shape if place in sent else None for place, shape in enumerate(wanted)]
            self._change(sent, of_posthook(hook, going, shapes), hook, live.called(node, hook))
        for edge in live.edges[node]:
            if edge.input in sent:
                known = self._come[edge.target].get(edge.output, sent[edge.input])
                self._come[edge.target][edge.output] = known and sent[edge.input] and known

    def _tensor_hooks(self, node: int, come: Doubts, shapes: Sequence[Any]) -> None:
        for output, shape in enumerate(shapes):
            for hook, who in self.live.tensor_hooks.get((node, output), ()):
                verdict = of_tensor_hook(hook, shape if output in come else None)
                self._judge(verdict, hook, who)
                if output in come and (verdict.raises is None or not verdict.is_followed):
                    come[output] = come[output] or f"{who} may raise"

    def _change(self, come: Doubts, verdict: Verdict, hook: Hook, who: str) -> None:
        """Do to gradients what a hook does to them."""
        self._judge(verdict, hook, who)
        for place, comes in enumerate(verdict.comes):
            if comes is None and place in come:
                come[place] = come[place] or f"{who} may stop it"
            elif comes is False:
                come.pop(place, None)
            elif comes:
                come.setdefault(place, "")

    def _fill(self, node: int, come: Doubts, after: Sequence[Hook]) -> None:
        """Fill a leaf, and run the hooks that come after it."""
        if 0 in come:
            self.filled[node] = come[0] or self._before
        own = [(hook, self.live.called(node, hook), False) for hook in after]
        own += [(hook, who, True) for hook, who in self.live.after_hooks.get(node, ())]
        for hook, who, is_of_leaf in own:
            verdict, may_clear = of_after_hook(hook, self.live.nodes[node], is_of_leaf)
            if may_clear and node in self.filled:
                doubts = [self.filled[node], "a hook after it may clear it"]
                self.filled[node] = " and ".join(dict.fromkeys(filter(None, doubts)))
            self._judge(verdict, hook, who)

    def _send(self, node: int, come: Doubts, shapes: Sequence[Any]) -> Doubts:
        """Return what a node sends along its edges, by the input that it is for."""
        live, places = self.live, [edge.input for edge in self.live.edges[node]]
        if node in live.without:
            raise _StopError(live.without[node])
        self._unpack(node)
        if node in live.functions:
            return self._function(node, come, shapes, places)
        if node in live.gone:
            raise _StopError
        if not come or (node in live.odd and sends_nothing(live.nodes[node], come.keys())):
            return {}
        doubt = "" if "" in come.values() else next(iter(come.values()))
        return dict.fromkeys(places, doubt)

    def _unpack(self, node: int) -> None:
        for hook in self.live.unpackers.get(node, ()):
            endings = follow(hook, UNKNOWN)
            raising = [one.kind == "raises" for one in endings]
            verdict = Verdict((), True if raising and all(raising) else None if any(raising) else False, bool(endings))
            self._judge(verdict, hook, "the hook for saved tensors")

    def _function(self, node: int, come: Doubts, shapes: Sequence[Any], places: Sequence[int]) -> Doubts:
        live, name = self.live, self.live.operations[node]
        who = "a module's hook" if name == "BackwardHookFunction" else f"the Function {name}"
        zeros = takes_zeros(live.nodes[node])
        needed, wanted = needed_inputs(live.nodes[node]), self._wanted(node)
        want: list[Any] = [None] * len(needed)
        inputs = [i for i, is_needed in enumerate(needed) if is_needed]
        for i, place in zip(inputs, places, strict=False):
            want[i] = wanted[place]
        came = [shape if zeros or output in come else None for output, shape in enumerate(shapes)]
        verdict = of_function(live.functions[node], live.nodes[node], came, want)
        if not verdict.is_followed and node in live.gone and reads_saved(live.functions[node]):
            raise _StopError
        self._judge(verdict, live.functions[node], who)
        doubt = "" if zeros or "" in come.values() else next(iter(come.values()), "")
        sent: Doubts = {}
        for i, place in zip(inputs, places, strict=False):
            if verdict.comes[i] is not False:
                sent[place] = doubt if verdict.comes[i] else f"{who} may stop it"
        return sent

    def _wanted(self, node: int) -> list[Any]:
        """Return for each input of a node a gradient of its shape, None where none is needed."""
        wanted: list[Any] = [None] * len(self.live.nodes[node].next_functions)
        for edge in self.live.edges[node]:
            wanted[edge.input] = gradients(self.live.nodes[edge.target])[edge.output]
        return wanted

    def _judge(self, verdict: Verdict, code: Hook, who: str) -> None:
        """Stop where code raises, and note where it may."""
        if verdict.raises:
            raise _StopError(f"{who} raises")
        unknown = not verdict.is_followed and any(map(may_raise, user_hooks(code) or (code,)))
        if verdict.raises is None or unknown:
            self._before = self._before or f"{who} may raise before"
