"""What a drawing inside a watch says of a tensor: the lines that made it and wrote it, and what it was cut from."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor

from gradstop.graph.given import cut_tellers, tellers
from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.events import Story
from gradstop.watch.flow import Flow, was_tracked
from gradstop.watch.records import Event


@contextmanager
def told_on_cards(story: Story) -> Iterator[None]:
    """Have drawings say what a story knows of their tensors, while the body runs."""
    seen = _Seen(story)
    tellers.append(seen.lines)
    cut_tellers.append(seen.sources)
    try:
        yield
    finally:
        tellers.remove(seen.lines)
        cut_tellers.remove(seen.sources)


class _Seen:
    def __init__(self, story: Story) -> None:
        self.story = story
        self._flow: tuple[int, Flow] | None = None

    def lines(self, tensor: Tensor) -> list[str]:
        """Return where a tensor was made, cut and written."""
        with no_overrides():
            known = self.story.find(tensor)
            if known is None:
                return []
            made, texts = self.story.made(known.number), []
            cuts = [] if tensor.requires_grad else self._cuts(known.number)
            if cuts:
                texts += [f"cut by {event.name} at {event.line.place}" for event in cuts]
            elif made is not None and known.number not in made.written:
                what = "cut" if was_tracked(made) and not tensor.requires_grad else "made"
                texts.append(f"{what} by {made.name} at {made.line.place}")
            if known.edited is not None:
                texts.append(f"written at {known.edited.place}")
            return texts

    def sources(self, constant: Tensor, tensors: Sequence[Tensor]) -> Iterable[int]:
        """Return which of some tensors a constant was cut from."""
        with no_overrides():
            known = self.story.find(constant)
            if known is None or constant.requires_grad:
                return []
            origins = {number for event in self._cuts(known.number) for number, tracked in event.inputs if tracked}
            others = [self.story.find(tensor) for tensor in tensors]
            return [place for place, other in enumerate(others) if other is not None and other.number in origins]

    def _cuts(self, number: int) -> list[Event]:
        """Return the calls that cut the history of a constant's values."""
        if self._flow is None or self._flow[0] != self.story.calls:
            self._flow = self.story.calls, Flow(self.story)
        return list(self._flow[1].before(number).cuts.values())
