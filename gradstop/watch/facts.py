"""What happened in a block, without a judgement: backwards, steps, cuts, writes."""

from collections.abc import Iterable

from gradstop.watch.events import Story
from gradstop.watch.flow import Flow
from gradstop.watch.lines import Line
from gradstop.watch.names import Names
from gradstop.watch.records import Event
from gradstop.watch.words import counted, listed

MOST = 8


def facts(story: Story) -> str:
    """Return what happened, each with its line."""
    names, flow = Names(story), Flow(story)
    calls, steps = counted(story.calls, "call"), counted(len(story.steps), "step")
    parts = [f"Seen: {calls} of torch, {len(story.backwards)} backward, {steps}."]
    filled: dict[Line, dict[int, None]] = {}
    for record in story.backwards:
        if record.accumulates:
            filled.setdefault(record.line, {}).update(dict.fromkeys(record.filled))
    told = [(line, listed([names.of(n) for n in numbers])) for line, numbers in filled.items() if numbers]
    parts += [_told("filled", line, by) for line, by in told][:MOST]
    cuts = _by_line(event for event in story.events.values() if flow.cut(event))
    parts += [_told("cut", line, event.name) for line, event in cuts.items()][:MOST]
    written = _by_line(event for event in story.events.values() if event.written and not _is_setup(event))
    parts += [_told("written", line, event.name) for line, event in written.items()][:MOST]
    return "\n".join(parts)


def _by_line(events: Iterable[Event]) -> dict[Line, Event]:
    found: dict[tuple[str, int], Event] = {}
    for event in events:
        found.setdefault(event.line.where, event)
    return {event.line: event for event in found.values()}


def _is_setup(event: Event) -> bool:
    """Whether a module's first values are written."""
    library = event.line.library
    return (library is not None and library.function in ("__init__", "reset_parameters", "reset_running_stats")) or (
        library is not None and library.file.endswith("init.py")
    )


def _told(what: str, line: Line, by: str) -> str:
    return f"  {what:<8} {line.place}  {line.code}  [{by}]"
