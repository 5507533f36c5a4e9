"""Who has a gradient and is in no optimizer."""

from collections.abc import Iterator
from functools import cached_property

from torch import nn

from gradstop.watch import left_out as ways
from gradstop.watch.cuts import COPIED
from gradstop.watch.left_out import Left
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.owners import Owner, living_modules
from gradstop.watch.records import Backward
from gradstop.watch.unregistered import unregistered
from gradstop.watch.words import Answer, listed

ANOTHER = "the optimizer got another object here"


class NotDriven(Look):
    """Parameters that have a gradient, and stand still."""

    def all(self) -> Iterator[Answer]:
        """Yield what is nearly never meant: unfrozen or put in too late, replaced, in a plain list, half a layer."""
        yield from (self._answer(left) for left in self._left if left.how not in ways.MAY_BE_MEANT)

    def elsewhere(self) -> Iterator[Answer]:
        """Yield what may be meant: other layers of a model that an optimizer drives a part of, other networks."""
        yield from (self._answer(left) for left in self._left if left.how in ways.MAY_BE_MEANT)

    @cached_property
    def _left(self) -> list[Left]:
        found: dict[tuple[int, Line | None, Line], Left] = {}
        if not self.story.steps:
            return []
        handed = self.story.handed & self.steps.driven.keys()  # gradients of another network may be handed on to these
        filled = {number: record for record in reversed(self.story.backwards) for number in record.filled}
        for number, record in filled.items():
            if number in self.steps.driven or self.written_after(number, record.number):
                continue
            shape = self.story.parameters.get(number)
            left = self._plain(number, record) if shape is None else self._reason(number, shape, record)
            if left is not None and not (handed and left.how in (ways.OTHER, ways.ALONE, ways.BESIDE)):
                found.setdefault((left.how, left.at, record.line), left).numbers.append(number)
        return list(found.values())

    def _plain(self, number: int, record: Backward) -> Left | None:
        """Return how a tensor that is no parameter was left out: as an attribute of a model, which others learn."""
        if self._is_asked_for(number) or number not in self._held:
            return None
        held, made = self._held[number]
        event = self.story.made(number)
        return Left(ways.PLAIN, record, event.line if event else self._first_used(number), made, held=held)

    def _first_used(self, number: int) -> Line | None:
        users = self.flow.users.get(number)
        return users[0].line if users else None

    def _is_asked_for(self, number: int) -> bool:
        """Whether the program takes its gradient itself."""
        asked = (event.name == "autograd.grad" for event in self.flow.users.get(number, ()))
        return number in self.story.gradients.values() or any(asked)

    def _reason(self, number: int, shape: tuple[int, ...], record: Backward) -> Left | None:
        first_made = min((line for _, line in self.story.optimizers.values()), key=str, default=None)
        flag = self.story.frozen.get(number)
        owner, builder = self.story.owners.get(number), self.story.builders.get(number)
        family = self._driven_in(owner) if owner is not None else []
        since = self.steps.made.get(self.steps.driven[family[0]], number) if family else number
        put_in = owner.put_in_after(since) if owner is not None else None
        late = bool(family) and (put_in is not None if number in self.story.early else number > since)
        if flag and flag[0] and not late:
            return Left(ways.UNFROZEN, record, flag[1], first_made)
        if (place := self._unused_twin(shape)) is not None:
            return Left(ways.OTHER, record, place, first_made)
        registered = self.story.registered.get(number) or self.story.first_lines.get(number)
        if number in self._held:
            held, made = self._held[number]
            return Left(ways.UNREGISTERED, record, registered, made, held=held)
        if owner is None:
            built = self._driven_in(builder) if builder is not None else []
            how = ways.CAST if self._is_cast(number) else ways.UNREGISTERED
            how = ways.ANEW if number in self.story.in_forward else how
            if built:
                return Left(how, record, registered, self.steps.driven[built[0]])
            learns = self._filled_with(record) & self.story.parameters.keys() and not self._is_asked_for(number)
            how = ways.BESIDE if self.names.is_in_module(number) else ways.BARE
            return Left(how, record, registered if how == ways.BARE else None, first_made) if learns else None
        siblings = [n for n in self.steps.driven if self.story.owners.get(n) is owner]
        if late:
            return Left(ways.LATE, record, put_in or registered, self.steps.driven[family[0]])
        if siblings:
            return Left(ways.SIBLING, record, None, self.steps.driven[siblings[0]])
        if builder is not None and builder.root is not owner.root and (built := self._driven_in(builder)):
            how = ways.ANEW if number in self.story.in_forward else ways.UNREGISTERED
            return Left(how, record, registered, self.steps.driven[built[0]])
        if family:
            return Left(ways.ELSEWHERE, record, None, self.steps.driven[family[0]])
        if self._twice is not None:
            return Left(ways.TWICE, record, self._twice[1], self._twice[0])
        if driven := self._filled_with(record):  # of an image that learns through a network nothing is said
            return Left(ways.BESIDE, record, None, first_made) if driven & self.story.parameters.keys() else None
        alone = len(self._rounds(record)) > 1 and not self._is_written_by_driven(number)
        return Left(ways.ALONE, record, None, first_made) if alone else None

    def _rounds(self, record: Backward) -> list[Backward]:
        return [other for other in self.story.backwards if other.line == record.line and other.accumulates]

    def _filled_with(self, record: Backward) -> set[int]:
        """Return what an optimizer drives and the backwards of this line fill."""
        return {n for other in self._rounds(record) for n in other.filled if n in self.steps.driven}

    def _is_written_by_driven(self, number: int) -> bool:
        """Whether what an optimizer drives was written into it: then the cut there says more."""
        without = (n for n, flagged in self.steps.without.items() if flagged and n not in self.steps.ever_given)
        return any(number in self.flow.after(driven).tensors for driven in without)

    def _is_cast(self, number: int) -> bool:
        """Whether the line that made it also made another tensor of it: that one the module has."""
        made, users = self.story.made(number), self.flow.users.get(number, ())
        return made is not None and any(user.line.where == made.line.where and user.grad_mode for user in users)

    @cached_property
    def _twice(self) -> tuple[Line, Line] | None:
        """Return where two optimizers were made of the very same parameters, None where none were."""
        seen: dict[frozenset[int], Line] = {}
        for ref, line in self.story.optimizers.values():
            optimizer = ref()
            groups = optimizer.param_groups if optimizer else []
            theirs = frozenset(id(p) for group in groups for p in group["params"])
            if theirs and seen.setdefault(theirs, line) != line:
                return seen[theirs], line
        return None

    @cached_property
    def _held(self) -> dict[int, tuple[str, Line]]:
        """What learns in an attribute that is not registered, of a model that is driven: the attribute, who drives."""
        found: dict[int, tuple[str, Line]] = {}
        modules = living_modules()  # once: it goes through all objects
        for module, name, parameter in unregistered(modules):
            known = self.story.find(parameter)
            if known is not None and known.number not in found and (made := self._drives(module, modules)) is not None:
                found[known.number] = (f"{type(module).__name__}.{name}", made)
        return found

    def _drives(self, module: nn.Module, modules: list[nn.Module]) -> Line | None:
        """Return what drives a module, or one of ``modules`` that it is in."""
        around = (outer for outer in modules if any(inner is module for inner in outer.modules()))
        known = (self.story.find(parameter) for outer in around for parameter in outer.parameters())
        return next((self.steps.driven[k.number] for k in known if k and k.number in self.steps.driven), None)

    def _driven_in(self, owner: Owner) -> list[int]:
        return [number for number in self.steps.driven if self._root(number) is owner.root]

    def _root(self, number: int) -> Owner | None:
        owner = self.story.owners.get(number)
        return owner.root if owner is not None else None

    def _answer(self, left: Left) -> Answer:
        numbers, said = left.numbers, ways.WORDS[left.how]
        have, they, them = ("have", "they are", "them") if len(numbers) > 1 else ("has", "it is", "it")
        has = f"that has {them} in {left.held}" if left.held else f"that made {them}"
        reason = f"{listed(list(map(self.names.of, numbers)))} {have} a gradient, and no optimizer drives {them}"
        reason += said.because.format(has=has, them=them, they=they, held=left.held)
        at = ((said.at, left.at),) if said.at and left.at else ()
        mend, read = said.mend, said.read
        if left.how == ways.OTHER and left.at:
            entered = self.story.entered(numbers[0])
            put = ((f"it was {entered[0]} here", entered[1]),) if entered is not None else ()
            mend = ways.COPY if entered is not None and entered[0] == "copied" else mend
            copied = (self.flow.copied_to(number, numbers[0]) for number in self.steps.driven)
            if (copy := next(filter(None, copied), None)) is not None:
                put, mend, read = (("values were copied into it here", copy.line),), COPIED, "call"
            used = self._first_used(numbers[0])
            at = (self.steps.said_of(left.at, ANOTHER), *put, *((("it is first used here", used),) if used else ()))
        elif left.how == ways.LATE and len(numbers) > len({*map(self.names.of, numbers)}):  # again in each round
            mend = ways.WRITE
        elif said.at == ways.MADE and left.at and not self._made_here(numbers[0]):
            at = (("it is first used here", left.at),)
        made = (self.steps.said_of(left.made),) if left.made is not None else ()
        lines = (*at, *(said for said in made if said[1] not in [line for _, line in at]))
        return Answer("not driven", f"{reason}.", (*lines, ("filled here", left.record.line)), mend, read)

    def _made_here(self, number: int) -> bool:
        return self.story.made(number) is not None or number in self.story.registered

    def _unused_twin(self, shape: tuple[int, ...]) -> Line | None:
        """Return where the optimizer got a parameter of this shape that no call took."""
        for number, line in self.steps.driven.items():
            unused = self.flow.is_copied_only(number)
            if unused and self.story.parameters.get(number) == shape and number not in self.steps.ever_given:
                return line
        return None
