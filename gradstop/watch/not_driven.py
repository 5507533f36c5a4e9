"""Who has a gradient and is in no optimizer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from torch import nn

from gradstop.watch.cuts import COPIED
from gradstop.watch.lines import Line
from gradstop.watch.look import Look
from gradstop.watch.owners import Owner, living_modules
from gradstop.watch.records import Backward
from gradstop.watch.unregistered import unregistered
from gradstop.watch.words import Answer, listed

_ANOTHER = "the optimizer got another object here"
_AFTER = "make the optimizer after that, or opt.add_param_group({'params': ...})"
_WRITE = "write into the one that the optimizer has: with torch.no_grad(): p.copy_(values), or p.clamp_(0, 1)"
_LIST = "put what it is in into an nn.ModuleList, nn.ModuleDict or nn.ParameterList"
_REST = "give the optimizer net.parameters(), or a group for the rest"
UNFROZEN, OTHER, LATE, UNREGISTERED, SIBLING, ELSEWHERE, ALONE, TWICE, ANEW, CAST, BESIDE = range(11)


@dataclass
class _Left:
    """Parameters that no optimizer drives, for one reason."""

    how: int
    record: Backward
    at: Line | None  # what made it so
    made: Line | None  # where the optimizer was made
    numbers: list[int] = field(default_factory=list)
    held: str = ""  # what has them, in words


class NotDriven(Look):
    """Parameters that have a gradient, and stand still."""

    def all(self) -> Iterator[Answer]:
        """Yield what is nearly never meant: unfrozen or put in too late, replaced, in a plain list, half a layer."""
        yield from (self._answer(left) for left in self._left if left.how not in (ELSEWHERE, BESIDE))

    def elsewhere(self) -> Iterator[Answer]:
        """Yield what may be meant: other layers of a model that an optimizer drives a part of, other networks."""
        yield from (self._answer(left) for left in self._left if left.how in (ELSEWHERE, BESIDE))

    @cached_property
    def _left(self) -> list[_Left]:
        found: dict[tuple[int, Line | None, Line], _Left] = {}
        if not self.story.steps:
            return []
        handed = self.story.handed & self.steps.driven.keys()  # gradients of another network may be handed on to these
        filled = {number: record for record in reversed(self.story.backwards) for number in record.filled}
        for number, record in filled.items():
            shape = self.story.parameters.get(number)
            if number in self.steps.driven or self.written_after(number, record.number) or shape is None:
                continue
            left = self._reason(number, shape, record)
            if left is not None and not (handed and left.how in (OTHER, ALONE, BESIDE)):
                found.setdefault((left.how, left.at, record.line), left).numbers.append(number)
        return list(found.values())

    def _reason(self, number: int, shape: tuple[int, ...], record: Backward) -> _Left | None:
        first_made = min((line for _, line in self.story.optimizers.values()), key=str, default=None)
        flag = self.story.frozen.get(number)
        owner, builder = self.story.owners.get(number), self.story.builders.get(number)
        family = self._driven_in(owner) if owner is not None else []
        late = bool(family) and number > self.steps.made.get(self.steps.driven[family[0]], number)
        if flag and flag[0] and not late:
            return _Left(UNFROZEN, record, flag[1], first_made)
        if (place := self._unused_twin(shape)) is not None:
            return _Left(OTHER, record, place, first_made)
        registered = self.story.registered.get(number) or self.story.first_lines.get(number)
        if number in self._held:
            held, made = self._held[number]
            return _Left(UNREGISTERED, record, registered, made, held=held)
        if owner is None:
            built = self._driven_in(builder) if builder is not None else []
            how = ANEW if number in self.story.in_forward else CAST if self._is_cast(number) else UNREGISTERED
            return _Left(how, record, registered, self.steps.driven[built[0]]) if built else None
        siblings = [n for n in self.steps.driven if self.story.owners.get(n) is owner]
        if late:
            made = self.steps.driven[family[0]]
            put_in = owner.put_in_after(self.steps.made.get(made, number))
            return _Left(LATE, record, put_in or registered, made)
        if siblings:
            return _Left(SIBLING, record, None, self.steps.driven[siblings[0]])
        if builder is not None and builder.root is not owner.root and (built := self._driven_in(builder)):
            how = ANEW if number in self.story.in_forward else UNREGISTERED
            return _Left(how, record, registered, self.steps.driven[built[0]])
        if family:
            return _Left(ELSEWHERE, record, None, self.steps.driven[family[0]])
        if self._twice is not None:
            return _Left(TWICE, record, self._twice[1], self._twice[0])
        rounds = [other for other in self.story.backwards if other.line == record.line and other.accumulates]
        driven = {n for other in rounds for n in other.filled if n in self.steps.driven}
        if driven:  # of an image that learns through a network nothing is said
            return _Left(BESIDE, record, None, first_made) if driven & self.story.parameters.keys() else None
        alone = len(rounds) > 1 and not self._is_written_by_driven(number)
        return _Left(ALONE, record, None, first_made) if alone else None

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
        """Parameters in an attribute that is no module, of a model that is driven: the attribute, who drives."""
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

    def _answer(self, left: _Left) -> Answer:
        numbers = left.numbers
        have, them = ("have", "them") if len(numbers) > 1 else ("has", "it")
        reason = f"{listed(list(map(self.names.of, numbers)))} {have} a gradient, and no optimizer drives {them}"
        made = (self.steps.said_of(left.made),) if left.made is not None else ()
        at: tuple[tuple[str, Line], ...] = ()
        mend, read = _AFTER, "object"
        if left.how == UNFROZEN and left.at:
            at = (("unfrozen here", left.at),)
        elif left.how == OTHER and left.at:
            entered = self.story.entered(numbers[0])
            put = ((f"it was {entered[0]} here", entered[1]),) if entered is not None else ()
            copied = (self.flow.copied_to(number, numbers[0]) for number in self.steps.driven)
            if (copy := next(filter(None, copied), None)) is not None:
                put, mend, read = (("values were copied into it here", copy.line),), COPIED, "call"
            at = (self.steps.said_of(left.at, _ANOTHER), *put)
        elif left.how == LATE and left.at:
            at = (("it was put in here", left.at),)
            if len(numbers) > len({*map(self.names.of, numbers)}):  # again in each round
                mend = _WRITE
        elif left.how == ANEW and left.at:
            at = (("it was made here", left.at),)
            reason += ": each forward makes a new one"
            mend, read = "make it once, in __init__", "optimizer"
        elif left.how == CAST and left.at:
            at = (("it was made here", left.at),)
            reason += ": the model has what an operation made of it on the same line, and that is no parameter"
            mend, read = "operation first, nn.Parameter last: nn.Parameter(torch.ones(1).double())", "flag"
        elif left.how == BESIDE:
            reason += f": the loss of another network fills {them}"
            mend, read = "where it is not to learn: requires_grad_(False), or run it under torch.no_grad()", "frozen"
        elif left.how == UNREGISTERED:
            made_here = self.story.made(numbers[0]) is not None or numbers[0] in self.story.registered
            said = "it was made here" if made_here else "it is first used here"
            at = ((said, left.at),) if left.at else ()
            has = f"that has {them} in {left.held}" if left.held else "that made it"
            reason += f": the model {has} has not registered {them} (a plain list or dict does not)"
            mend, read = _LIST, "optimizer"
        elif left.how == TWICE:
            at = (("another got the same here", left.at),) if left.at else ()
            reason += ": two optimizers have the same parameters"
            mend, read = "give each optimizer the parameters of its own network", "optimizer"
        elif left.how == ALONE:
            reason += ": this backward fills nothing that one drives"
            mend, read = "give an optimizer the parameters of this network, or leave the backward out", "optimizer"
        elif left.how == SIBLING:
            reason += ", though one drives the rest of the same layer"
            mend, read = _REST, "optimizer"
        else:
            reason += ", though one drives another part of the same model"
            mend, read = "freeze it (requires_grad_(False)), or give the optimizer net.parameters()", "optimizer"
        lines = (*at, *(said for said in made if said[1] not in [line for _, line in at]))
        return Answer("not driven", f"{reason}.", (*lines, ("filled here", left.record.line)), mend, read)

    def _unused_twin(self, shape: tuple[int, ...]) -> Line | None:
        """Return where the optimizer got a parameter of this shape that no call took."""
        for number, line in self.steps.driven.items():
            unused = self.flow.is_copied_only(number)
            if unused and self.story.parameters.get(number) == shape and number not in self.steps.ever_given:
                return line
        return None
