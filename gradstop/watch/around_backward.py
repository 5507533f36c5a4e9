"""What is looked at before and after a backward: what it passes, what it fills, where zeros arise."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.events import FIRST_LOOK, Story
from gradstop.watch.failures import Failure, explain_backward
from gradstop.watch.growth import look_for_growth
from gradstop.watch.guarded import log_our_own, our_own_faults_logged
from gradstop.watch.inside_func import gradients
from gradstop.watch.lines import Line
from gradstop.watch.records import Backward, Used
from gradstop.watch.stale import stale
from gradstop.watch.tensors import state_of, tensors_in
from gradstop.watch.values import is_finite, not_zero
from gradstop.watch.walk import nodes_behind
from gradstop.watch.zeros import HOOK, START, SUM, Zeros

MOST_BACKWARDS = 200


class AroundBackward:
    """Stands around each backward of a story."""

    def __init__(self, story: Story):
        self.story = story
        self.failure: Failure | None = None
        self.growth: dict[Line, Any] = {}
        self.zero: set[int] = set()  # leaves whose .grad was all zeros when it was looked at, and has been since
        self._looked: dict[Line, int] = {}
        self.count = 0
        self._explained = 0  # the id of the error that was explained last

    def run(self, line: Line, backward: Callable[..., Any], tensors: Any, args: Any, kwargs: Any) -> Any:
        """Run the engine."""
        roots = [tensors] if isinstance(tensors, Tensor) else list(tensors_in(list(tensors)))
        kept = bool(args[1])
        accumulates = bool(kwargs.get("accumulate_grad"))
        try:
            with no_overrides():
                nodes, calls, leaves = nodes_behind(roots)
                record = self._record(line, roots, calls, kept, accumulates)
                record.creates = bool(args[2])
                record.stale = stale(self.story, roots, calls)
                leaves += [root for root in roots if root.grad_fn is None and root.requires_grad]
                before = [state_of(leaf.grad) for leaf in leaves]
            zeros = Zeros(nodes, roots) if accumulates and self._looks(line) else None
        except Exception:  # a fault of ours never ends the program
            log_our_own()
            return backward(tensors, *args, **kwargs)
        try:
            result = backward(tensors, *args, **kwargs)
        except Exception as error:
            record.failed = True
            if self._explained != id(error):  # else a backward inside of this one has raised it
                self._explained = id(error)
                self.failure = Failure(type(error).__name__, str(error), line, ())
                with our_own_faults_logged(), no_overrides():
                    self.failure = explain_backward(self.story, error, line, roots, tensors_in(args[3]))
            raise
        finally:
            if zeros is not None:
                zeros.remove()
        if not accumulates:
            with our_own_faults_logged():
                gradients(self.story, line, roots, tensors_in(args[3]), record.creates, result)
            if not args[2]:  # gradients of gradients: the same round
                self._next_round(line)
            return result
        with our_own_faults_logged(), no_overrides():
            self._filled(record, leaves, before, zeros if not args[3] else None)
        del nodes, leaves
        self._next_round(line)
        return result

    def _next_round(self, line: Line) -> None:
        self.story.ended[self.story.epoch] = line
        self.story.ended.pop(self.story.epoch - MOST_BACKWARDS, None)
        self.story.epoch += 1
        self.story.last_backward = self.story.calls
        self.story.look_at = self.story.calls + FIRST_LOOK
        self.count += 1
        with our_own_faults_logged(), no_overrides():
            look_for_growth(self.story, self.count, self.growth)

    def _record(self, line: Line, roots: Sequence[Tensor], calls: set[int], kept: bool, fills: bool) -> Backward:
        story = self.story
        numbers = tuple(story.know(root, line).number for root in roots)
        record = Backward(next(story.numbers), line, numbers, frozenset(calls), kept, accumulates=fills)
        story.backwards.append(record)
        del story.backwards[:-MOST_BACKWARDS]
        return record

    def _filled(self, record: Backward, leaves: list[Tensor], before: list[Any], zeros: Zeros | None) -> None:
        filled, first = [], []
        for leaf, state in zip(leaves, before, strict=True):
            if leaf.grad is None and zeros is not None:
                culprit = zeros.culprit(leaf)
                if culprit.operation not in (HOOK, START, SUM):  # a hook may have taken the gradient away again
                    record.none[self.story.know(leaf, record.line).number] = culprit
            known = self.story.know(leaf, record.line)
            if leaf.grad is None and self.story.cleared_at.get(known.number, 0) > record.number:
                filled.append(known.number)  # and cleared again by a hook
            if leaf.grad is None or state_of(leaf.grad) == state:
                continue
            self.story.ever_tracked.add(known.number)
            filled.append(known.number)
            used = self.story.used.pop(known.number, None)
            if state is None:
                first.append(known.number)
            elif used is not None and used.state == state:
                self.story.used[known.number] = Used(state_of(leaf.grad), used.step, used.added or record.line)
            if zeros is not None and zeros.spoiled is not None and not is_finite(leaf.grad) and leaf.grad.isnan().any():
                record.nan.setdefault(known.number, zeros.spoiled_by())
            if (zeros is not None or known.number in self.zero) and not_zero(leaf.grad):
                self.zero.discard(known.number)
            elif zeros is not None:
                self.zero.add(known.number)
                record.zero[known.number] = zeros.culprit(leaf)
        record.filled, record.first = tuple(filled), tuple(first)

    def _looks(self, line: Line) -> bool:
        """Whether to look for zeros: at the first, the fourth, the sixteenth, ... backward of a line."""
        count = self._looked[line] = self._looked.get(line, 0) + 1
        return count & (count - 1) == 0 and count.bit_length() % 2 == 1
