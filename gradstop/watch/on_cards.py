"""What a drawing inside a watch says of a tensor: the lines that made it and wrote it, on its card."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor

from gradstop.graph.given import tellers
from gradstop.internals.torch_calls import no_overrides
from gradstop.watch.events import Story
from gradstop.watch.flow import was_tracked


@contextmanager
def told_on_cards(story: Story) -> Iterator[None]:
    """Have drawings say what a story knows of their tensors, while the body runs."""
    tell = _teller(story)
    tellers.append(tell)
    try:
        yield
    finally:
        tellers.remove(tell)


def _teller(story: Story) -> Callable[[Tensor], list[str]]:
    def tell(tensor: Tensor) -> list[str]:
        with no_overrides():
            known = story.find(tensor)
            if known is None:
                return []
            made, texts = story.made(known.number), []
            if made is not None and known.number not in made.written:
                what = "cut" if was_tracked(made) and not tensor.requires_grad else "made"
                texts.append(f"{what} by {made.name} at {made.line.place}")
            if known.edited is not None:
                texts.append(f"written at {known.edited.place}")
            return texts

    return tell
