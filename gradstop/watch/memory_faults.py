"""What is held too long, and what was written over while it was needed."""

from collections.abc import Iterable, Iterator
from operator import attrgetter

from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.growth import Growth, Kept, kept_results, never_passed
from gradstop.watch.holders import CTX
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.records import Event, OwnMemory, Silent
from gradstop.watch.words import Answer

_KEEP = "keep numbers: loss.item(), or tensor.detach(); cut a state that is carried"
_SAVE = "ctx.save_for_backward(y) in the place of ctx.y = y: an attribute of ctx and its result hold each other"
MOST_LINES = 6
# What changed it in silence, why torch does not notice, the mend, what to read.
_STEPPED = (
    "A fused step",
    "Torch raises nothing: a fused step does not raise a version.",
    "call all backward() before step(), or do the forward again after the step",
    "step",
)
_THROUGH_DATA = (
    "A write through .data",
    "Torch raises nothing: .data has a version of its own.",
    "write after backward(), under torch.no_grad() and without .data: then torch would have noticed",
    "data",
)


class MemoryFaults(Look):
    """Graphs that are kept, and values that were overwritten."""

    def all(self) -> Iterator[Answer]:
        """Yield all that was found."""
        yield from self.growth()
        yield from self.stale()
        yield from self.overwritten()
        yield from self.not_restored()

    def growth(self) -> Iterator[Answer]:
        """Graphs of several rounds that are alive at once."""
        by_holder: dict[str, list[Growth]] = {}
        for grown in self.backwards.growth.values():
            by_holder.setdefault(grown.holder, []).append(grown)
        for holder, grown in sorted(by_holder.items()):
            if grown[0].in_gradients:
                yield self._in_gradients(grown)
                continue
            rounds = max(item.rounds for item in grown)
            grown.sort(key=lambda item: (-item.rounds, repr(item.line)))  # which node was met first is by chance
            alive = {
                item.line.where: (f"{item.rounds} graphs alive", item.line) for item in reversed(grown[:MOST_LINES])
            }
            made = {item.made.where: item.made for item in grown if item.made is not None}
            lines = tuple(reversed(alive.values()))
            lines += tuple(("made what is held", line) for where, line in made.items() if where not in alive)
            reason = f"Memory grows: the graphs of {rounds} rounds were alive at once, held by {holder}."
            mend, read = (_SAVE, "by hand") if holder.startswith(CTX) else (_KEEP, "held")
            yield Answer("held", reason, lines, mend, read)

    def _in_gradients(self, grown: list[Growth]) -> Answer:
        made = dict.fromkeys(record.line for record in self.story.backwards if record.creates and record.accumulates)
        rounds = max(item.rounds for item in grown)
        reason = f"Memory grows: the graphs of {rounds} rounds were alive at once, held by .grad, which has a history."
        lines = tuple(("backward(create_graph=True)", line) for line in made)
        mend = "autograd.grad(..., create_graph=True) in its place, or set .grad = None in each round"
        return Answer("held", reason, lines, mend, "cycle")

    def not_passed(self) -> Iterator[Answer]:
        """Find results that are kept in number with their graphs at the end, though no backward passes them."""
        with no_overrides():
            kept = kept_results(self.story) if not self.backwards.failure else []
        yield from self._kept(kept)

    def kept_meanwhile(self) -> Iterator[Answer]:
        """Find such results that were there for some time."""
        yield from self._kept(self.story.kept.values())

    def _kept(self, kept: Iterable[Kept]) -> Iterator[Answer]:
        said = {line.where for grown in self.backwards.growth.values() for line in (grown.line, grown.made) if line}
        for its in never_passed(self.story, kept):
            if its.line.where not in said:
                said.add(its.line.where)
                count = len(its.calls)
                reason = f"{count} graphs were alive at once that no backward has passed, held by {its.holder}."
                lines = ((f"{count} graphs alive", its.line),)
                yield Answer("held", reason, lines, "compute it under torch.no_grad(), or keep tensor.detach()", "held")

    def stale(self) -> Iterator[Answer]:
        """Find backwards that used what was changed in silence."""
        said: set[tuple[Line, Line]] = set()
        for record in self.story.backwards:
            news = [item for item in record.stale if (item.step, record.line) not in said]
            for item in news[:1]:
                said.add((item.step, record.line))
                owner = next((known.number for known, _ in self.story.alive() if known.memory == item.memory), 0)
                lines = (("saved here", item.saved), (f"changed by {item.by}", item.step))
                how, note, mend, read = _STEPPED if item.by.endswith(".step") else _THROUGH_DATA
                reason = f"{how} changed {self.names.of(owner)} after it was saved: these gradients are wrong."
                yield Answer("stale", reason, (*lines, ("this backward used it", record.line)), mend, read, (note,))

    def overwritten(self) -> Iterator[Answer]:
        """Find a detached view of a result that a later call in place wrote over, and that is still held."""
        said = set()
        for known, tensor in self.story.alive():
            made = self.story.made(known.number)
            if made is None or made.name not in ("detach", "data") or tensor.requires_grad or known.memory is None:
                continue
            source = made.inputs[0][0] if made.inputs else 0
            if self.story.made(source) is None or source in self.story.ever_tracked:
                continue
            for event in self.story.events.values():
                changes = known.memory in event.memories and not isinstance(event.note, OwnMemory)
                late = event.number > made.number and changes
                if late and known.number not in event.written and event.line not in said:
                    said.add(event.line)
                    lines = (("taken here", made.line), (f"overwritten by {event.name}", event.line))
                    reason = "A value that was taken out by detach() shares memory, and was written over afterwards."
                    yield Answer("overwritten", reason, lines, "detach().clone() keeps the values", "aliases")

    def not_restored(self) -> Iterator[Answer]:
        """Find values that are put back, and were no copy: what has changed the tensor has changed them too."""
        written: dict[int, list[Event | Silent]] = {}
        writes: list[Event | Silent] = [*self.story.events.values(), *self.story.silent]
        for write in writes:
            for memory in write.memories:
                written.setdefault(memory, []).append(write)
        said = set()
        for event in self.story.events.values():
            if not isinstance(kept := event.note, OwnMemory) or event.line in said:
                continue
            found = [one for one in written.get(kept.memory, ()) if kept.number < one.number < event.number]
            changed = max((one for one in found if one.line != event.line), key=attrgetter("number"), default=None)
            if changed is not None:
                said.add(event.line)
                reason = "What is put back is the tensor's own memory: it was no copy, and holds what came later."
                lines = (("taken here", kept.taken), (f"changed by {changed.name}", changed.line))
                mend = "copy.deepcopy(model.state_dict()), or detach().clone() of a tensor, keeps the values"
                yield Answer("overwritten", reason, (*lines, ("put back here", event.line)), mend, "state_dict")
