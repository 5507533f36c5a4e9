"""Puts back what a submission has changed of torch and of Python, before it is observed and after each of its calls.

What a submission has added stays (an attribute on ``Tensor`` that its own functions use), unless it hides something.
"""

import gc
import operator
import random
import sys
from collections.abc import Callable, Collection, Iterable
from types import MethodType
from typing import Any, NoReturn, TypeVar

from torch.optim import Optimizer

from gradstop.grading.inside.channel import text_of
from gradstop.grading.inside.guard.before import Before, Names, before, restore
from gradstop.grading.inside.guard.classes import (
    changeable,
    defined_in,
    kinds_of,
    looked_up_in,
    names_that_stay,
    used_by,
)
from gradstop.grading.inside.guard.finish import finish, return_or_raise, say_so
from gradstop.grading.inside.guard.frames import (
    LOOKED_INTO,
    NAMES_CAN_BE_SET,
    contents_by_identity,
    held_by_frames,
)
from gradstop.grading.inside.guard.held import Held, at
from gradstop.grading.inside.guard.holders import HOLDERS, OBSERVING, PUTS_BACK, ours
from gradstop.grading.inside.guard.inner import Inner
from gradstop.grading.inside.guard.left_on import LeftOn, silence, what_is_on
from gradstop.grading.inside.guard.own import Mark, State, mark, state_of, words_of_code
from gradstop.grading.inside.guard.plain_values import require_plain
from gradstop.grading.inside.guard.running import Running
from gradstop.internals.cpython import memory_of_stream
from gradstop.internals.torch import refuse_registrations
from gradstop.internals.words import Words
from gradstop.internals.written import has_versions, written
from gradstop.observe.draw import Draw
from gradstop.observe.log import ObservationLog

_T = TypeVar("_T")
_LOOKS = range(100)  # at what is put back, and replaced again
_BY_TORCH = frozenset({"torch.manual_seed"})  # torch._dynamo puts another in its place when it is loaded
# What is called after each call of a submission's function, out of its reach.
_collection = gc.enable


class _Now:
    """What a guard notes of the run that it is in: a call may not change it."""

    watched: tuple[Any, ...] = ()
    seen: tuple[Any, ...] = ()
    texts: tuple[str, ...] = ()
    log: ObservationLog | None = None
    cells: tuple[Any, ...] = ()
    streams: tuple[random.Random, ...] = ()
    memories: tuple[memoryview, ...] = ()

    def __init__(self, on: LeftOn):
        self.on, self.returned = on, dict[int, tuple[int, ...]]()


class Guard:
    """What torch and Python, and what observes, looked like when the guard was made."""

    def __init__(self) -> None:
        self._known: tuple[frozenset[int], ...] = ()
        self._before: tuple[tuple[Before, ...], ...] = ()
        self._parts: tuple[Any, ...] = ()
        self._looked_into = LOOKED_INTO
        self._code: Any = None
        self._held, self._inner, self._written = Held(), Inner(), written()
        observing = [vars(module) for name, module in sys.modules.items() if name.startswith(OBSERVING[0])]
        own = list(ours(OBSERVING))
        self._names_of_code = (*names_that_stay(own),)
        self._puts_back = (*map(vars, ours(PUTS_BACK)),)
        self.report_to(-1)
        self._hold_all((*HOLDERS, *own), *used_by(*observing))

    def keep(self, *names: dict[str, Any]) -> None:
        """Put these names back too: a submission's code finds them by way of the frames below its call.

        A call that writes to those of a module, or to a class that is defined in it, disturbs what is observed: code of
        a case runs inside of calls, too.
        """
        classes = list(defined_in(names))
        modules = [Names(held) for held in names if "__name__" in held]
        self._names_of_code += (*names_that_stay((*modules, *classes)),)
        self._looked_into |= {id(one) for one in classes if one.__dictoffset__}
        self._hold_all(map(Names, names), classes)

    def keep_what_is_used(self, *names: dict[str, Any]) -> None:
        """Put back the classes and modules that the functions of these names use, and what they look up in those."""
        classes, modules = used_by(*names)
        self._looked_into |= {id(one) for one in classes if issubclass(one, Optimizer)}  # which a case may hold
        others = [one for one in modules if not any(one is known for known in HOLDERS)]
        looked_up = [(Names(vars(one)), found) for one, found in looked_up_in(others, *names)]
        self._hold((*((one, None) for one in classes), *looked_up), modules)

    def keep_what_runs(self, run: Callable[[], object]) -> None:
        """Put back what is looked up while ``run`` observes something, too."""
        running = Running()
        sys.setprofile(running.look)
        try:
            run()
        finally:
            sys.setprofile(None)
        modules = {id(vars(module)): module for module in sys.modules.values()}
        classes = ((kind, list(vars(kind))) for kind in changeable(running.classes))
        places = ((modules.get(id(place), Names(place)), names) for place, names in running.places.values())
        instances = [Names(vars(one), type(one)) for one in running.instances.values()]
        self._hold((*classes, *places, *((one, list(vars(one))) for one in instances)))

    def _hold_all(self, holders: Iterable[Any], classes: Iterable[type] = (), modules: Iterable[Any] = ()) -> None:
        self._hold(((one, None) for one in (*holders, *classes)), modules)

    def _hold(self, holders: Iterable[tuple[Any, Iterable[str] | None]], modules: Iterable[Any] = ()) -> None:
        """Put back what these hold, all or what has these names, and of which class they and the modules are."""
        fresh = {id(one): (one, names) for one, names in holders if not any(id(one) in part for part in self._known)}
        self._known += (frozenset(fresh),)
        more = [before(one, names) for one, names in fresh.values()]
        found, defaults = self._inner.found_in(value for _, items, *_ in more for _, value in items)
        more += [before(Names(held), None) for held in defaults]
        self._held.hold((*kinds_of((*(one for one, _ in fresh.values()), *modules)), *found))
        self._before += (tuple(more),)
        self._written.hold([vars(holder) for holder, *_ in more], self._held.words)
        parts = self._own_parts()
        self._code = words_of_code((*self._names_of_code, *map(vars, parts)))
        self._parts = () if has_versions() else tuple(parts)

    def restore(self) -> list[str]:
        """Put back what has been replaced, taken away or hidden; return the names of what torch has not done itself.

        Raises:
            RuntimeError: where it does not stay.

        """
        if self._written.is_untouched():
            return []
        changed: list[str] = []
        for _ in _LOOKS:
            found = self._held.restore()
            for place in self._written.look():
                found += restore(at(self._before, place))
            if not found:
                self._written.note()
                break
            changed += found  # once more, for what is dropped may run code of the submission's when it is
        else:
            raise RuntimeError("what is put back is replaced again and again")
        return [name for name in changed if name not in _BY_TORCH]

    def report_to(self, descriptor: int) -> None:
        """From now on say there that what guards and observes was changed by what is called, and end the process.

        Threads that run at this moment are not the calls'.
        """
        self._end, self._now = MethodType(say_so, descriptor), _Now(what_is_on())

    def speak_by(self, speaker: Callable[..., Any]) -> None:
        """See whether calls change what the names refer to that a function, which tells the judge, shares."""
        self._now.cells = speaker.__closure__ or ()

    def marked(self) -> tuple[Mark, Callable[[], NoReturn]]:
        """Mark what is the same from now on to the end, for ``go_on``, and return what is called where it is not."""
        return mark(self._code, self._parts), self._end

    def marked_before_cells(self) -> tuple[Mark, State]:
        """Mark what puts back, and note what it knows: cells may change all else, and are put back after."""
        code = words_of_code((*self._puts_back, *map(vars, self._own_parts())))
        return mark(code, self._parts), self.state()

    def _own_parts(self) -> list[Any]:
        """Return what knows of what is put back, and the words that these know."""
        parts: list[Any] = [self, self._held, self._inner]
        return parts + [words for part in parts for words in vars(part).values() if isinstance(words, Words)]

    def state(self) -> State:
        """Return what is known of all that is put back."""
        return state_of(self._written)

    def watch(self, *things: Any) -> None:
        """See whether a function that is called changes these objects, too: a case observes by them."""
        now = self._now
        now.watched, now.on, now.seen = things, what_is_on(now.on.threads), ()
        now.streams = tuple([one.stream for one in things if isinstance(one, Draw)])
        now.memories = tuple(map(memory_of_stream, now.streams))
        log = next((one for one in things if isinstance(one, ObservationLog)), None)
        if log is not now.log:
            now.log, now.returned = log, {}

    def settle(self, *, written: bool = False) -> None:
        """Restore, take modes off that are on since the last ``watch``, and see whether what is observed already stays.

        Code of the submission's may have run that is called by nobody: where an object is dropped, say. Where something
        was ``written`` this is called to know of it.
        """
        now = self._now
        if not written:
            now.on.take_off_modes()
            self.restore()
        seen = tuple(now.log.written) if now.log else ()
        if len(seen) != len(now.seen) + written or not all(map(operator.is_, now.seen, seen)):
            self._end()
        if written:
            now.texts += (text_of(seen[-1].reported()),)
        now.seen = seen

    def report(self, stopped: str | None) -> str:
        """Return as text what the judge is told of a phase that is over, and begin anew.

        Each observation is as it was when it was written: what is in a value could be changed since.
        """
        seen, self._now.texts = self._now.texts, ()
        return f'{{"seen":[{",".join(seen)}],"stopped":{text_of(stopped)}}}'

    def after(self, run: Callable[[], _T]) -> _T:
        """Return what ``run`` does, in which a submission's code may run (hooks in a backward), and restore after it.

        What ``run`` draws may be noted meanwhile, and nothing be observed.
        """
        self.restore()  # of what has run since the last call
        things = [one for one in self._now.watched if hasattr(one, "__dict__")]
        log = self._now.log
        held = (log.written, log.names) if log else ()
        on, marked = self._mark([log.grads] if log else (), things, held, runs_a_case=True)
        state, restore, end = self.state(), self.restore, self._end
        box: list[Any] = []
        result: _T = finish(
            restore, on, end, marked, state, (), box, silence((min, return_or_raise(box, run, (), {}))[0])
        )
        require_plain(result)
        return result

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard that restores when it has returned, and that refuses lying results."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            given = (*args, *kwargs.values())
            on, marked = self._mark(given, self._now.streams, (), runs_a_case=False)
            state = self.state()
            _collection()
            drawn = [leaf for one in self._now.watched if isinstance(one, Draw) for leaf in one.leaves()]
            looked_at = tuple({id(one): one for one in (*given, *drawn)}.values())
            restore, end = self.restore, self._end
            box: list[Any] = []
            result = finish(
                restore,
                on,
                end,
                marked,
                state,
                looked_at,
                box,
                silence((min, return_or_raise(box, function, args, kwargs))[0]),
            )
            require_plain(result)
            self._now.returned.update(contents_by_identity([result]))
            return result

        return guarded

    def _mark(
        self,
        given: Collection[Any],
        things: Iterable[Any],
        held: Iterable[Any],
        *,
        runs_a_case: bool,
    ) -> tuple[LeftOn, Mark]:
        """Mark before a call what it may not change, of what waits for it too, but for what it is given.

        One that ``runs_a_case`` in part may draw, and note what it draws.
        """
        now = self._now
        on = what_is_on(now.on.threads)  # a thread that an earlier call has left is none that may be there
        frame = sys._getframe(2)
        more, sharing = held_by_frames(frame, given, now.returned, self._looked_into, runs_a_case=runs_a_case)
        things = (on, now, now.on, *self._parts, *things)
        below = frame if NAMES_CAN_BE_SET else sharing
        filled, memories = ((), ()) if runs_a_case else (now.watched, now.memories)
        return on, mark(self._code, things, filled, (*held, *now.cells, *more), below, memories)


def keep_kernels() -> None:
    """Refuse other kernels for torch's own operators from now on; operators of the submission's own are free."""
    refuse_registrations("aten", "torch's own operators stay as they are in a notebook that is graded")
