"""A second backward: the line of the first, what both share, and the line that carries it over."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from gradstop.watch.events import Story
from gradstop.watch.lines import Line
from gradstop.watch.records import Backward, Event
from gradstop.watch.walk import lines_of_nodes
from gradstop.watch.words import Answer

MOST_SHARED = 3


def _numbers(roots: Sequence[Tensor]) -> set[int]:
    return {tag[0] for tag in lines_of_nodes(roots).values()}


def earlier_backward(story: Story, roots: Sequence[Tensor], kept: bool) -> tuple[Backward, set[int]] | None:
    """Return the last earlier backward that passed a part of this graph, and the calls that both share."""
    mine = _numbers(roots)
    for record in reversed(story.backwards[:-1]):
        shared = mine & record.passed
        if shared and not record.failed and (kept or not record.kept):
            return record, shared
    return None


def carriers(story: Story, roots: Sequence[Tensor], first: Backward) -> Iterator[tuple[Event, Event]]:
    """Yield each call after an earlier backward that took something from before it, and the call that made that."""
    for number in sorted(_numbers(roots)):
        event = story.events.get(number)
        if event is None or number < first.number:
            continue
        for taken, tracked in event.inputs:
            made = _last_made(story, taken, number) if tracked else None
            if made is not None and made.number in first.passed:
                yield event, made


def _last_made(story: Story, tensor: int, before: int) -> Event | None:
    """Return the last call before a number that made a tensor, or wrote it."""
    writers = (event for event in story.events.values() if tensor in event.written and event.number < before)
    return max((event for event in (story.made(tensor), *writers) if event), key=lambda e: e.number, default=None)


def is_carried(found: tuple[Event, Event] | None) -> bool:
    """Whether what is taken over was made by the same line in an earlier round."""
    return found is not None and (found[0].line.file, found[0].line.number) == (
        found[1].line.file,
        found[1].line.number,
    )


def carried(found: tuple[Event, Event], first: Backward) -> Answer:
    """Return the answer for a state that goes over from one round to the next."""
    taker, made = found
    lines: tuple[tuple[str, Line], ...] = (("carries the state", taker.line), ("the first backward", first.line))
    if made.line != taker.line:
        lines = (*lines, ("made there", made.line))
    if _is_sum(taker, first):
        reason = "A sum of losses goes on after its backward, so the next one passes the earlier rounds again."
        mend = "begin the sum anew after each backward (total = 0), or call loss.backward() for each loss alone"
        return Answer("carried", reason, lines, mend, "freed")
    library = made.line.library
    if library is not None and "parametriz" in library.file:
        reason = "A weight that a parametrization computed is kept, so this backward passes the last round again."
        mend = "with parametrize.cached(): around the forward of each round, not around the loop"
        return Answer("carried", reason, lines, mend, "freed")
    reason = "A state is carried over to the next round with its history, so this backward passes the last round again."
    mend = "cut the state where it is carried: state = state.detach() (each tensor of a tuple); no retain_graph"
    return Answer("carried", reason, lines, mend, "chain")


def _is_sum(taker: Event, first: Backward) -> bool:
    """Whether what is carried over is what the earlier backward was called on, and is added to."""
    return taker.name.strip("_") in ("add", "radd", "iadd", "sub", "isub") and any(
        number in first.roots for number, _ in taker.inputs
    )


def second_backward(story: Story, roots: Sequence[Tensor], line: Line) -> list[Answer]:
    """Explain torch's error about a second backward."""
    found = earlier_backward(story, roots, kept=False)
    if found is None:
        reason = "This graph was freed by a backward that this block did not see."
        return [Answer("second", reason, (("this backward", line),), "watch from before the first backward", "freed")]
    first, shared = found
    pairs = list(carriers(story, roots, first))
    taken = pairs[0] if pairs else None
    if taken is not None and (is_carried(taken) or _again(story, taken)):
        return [carried(taken, first)]
    lines: list[tuple[str, Line]] = [("the first backward", first.line), ("this backward", line)]
    firsts = {made.number: (taker, made) for taker, made in reversed(pairs)}  # of each, where it is first taken again
    for taker, made in [firsts[number] for number in sorted(firsts)][:MOST_SHARED]:
        lines += [(f"both share what {made.name} made", made.line), ("taken again here", taker.line)]
    if not pairs and (last := story.events.get(max(shared))) is not None:
        lines.append((f"both share what {last.name} made", last.line))
    reason = "Two backwards pass the same graph, and the first has freed what it saved."
    mend = "detach() it where one of them takes it as a constant; else compute it anew for each, or add the losses"
    if {*first.roots} & {*story.backwards[-1].roots}:
        mend = "do the forward again before each (in a closure: inside of it); or, where no step comes between them, "
        mend += "retain_graph=True in the first"
    return [Answer("second", reason, tuple(lines), mend, "freed")]


def _again(story: Story, taken: tuple[Event, Event]) -> bool:
    """Whether the line that takes it over has run in the earlier round too, and led to what it takes now."""
    taker, made = taken
    place = (taker.line.file, taker.line.number)
    queue, seen = [made], {made.number}
    while queue:
        event = queue.pop()
        if (event.line.file, event.line.number) == place:
            return True
        for number, _ in event.inputs:
            before = story.made(number)
            if before is not None and before.number not in seen:
                seen.add(before.number)
                queue.append(before)
    return False
