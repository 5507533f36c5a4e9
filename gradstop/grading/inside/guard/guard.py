"""Puts back what a submission has changed of torch and of Python, before it is observed and after each of its calls.

What a submission has added stays (an attribute on ``Tensor`` that its own functions use), unless it hides something.
"""

import gc
import operator
import sys
from collections.abc import Callable, Collection, Iterable
from types import MethodType
from typing import Any, TypeVar

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
from gradstop.grading.inside.guard.finish import finish, returned_or_raised, say_so
from gradstop.grading.inside.guard.frames import (
    LOOKED_INTO,
    NAMES_CAN_BE_SET,
    contents_by_identity,
    held_by_frames,
)
from gradstop.grading.inside.guard.held import Held, at
from gradstop.grading.inside.guard.holders import HOLDERS, OBSERVING, ours
from gradstop.grading.inside.guard.inner import Inner
from gradstop.grading.inside.guard.left_on import LeftOn, what_is_on
from gradstop.grading.inside.guard.own import Mark, mark, state_of, words_of_code
from gradstop.grading.inside.guard.plain_values import require_plain
from gradstop.grading.inside.guard.running import Running
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


class Guard:
    """What torch and Python, and what observes, looked like when the guard was made."""

    def __init__(self) -> None:
        self._known: tuple[frozenset[int], ...] = ()
        self._before: tuple[tuple[Before, ...], ...] = ()
        self._watched: tuple[Any, ...] = ()
        self._parts: tuple[Any, ...] = ()
        self._seen: tuple[Any, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._cells: tuple[Any, ...] = ()
        self._looked_into = LOOKED_INTO
        self._log: ObservationLog | None = None
        self._returned: dict[int, tuple[int, ...]] = {}
        self._code: Any = None
        self._held, self._inner, self._written = Held(), Inner(), written()
        observing = [vars(module) for name, module in sys.modules.items() if name.startswith(OBSERVING[0])]
        own = list(ours(OBSERVING))
        self._names_of_code = names_that_stay(own)
        self.report_to(-1)
        self._hold_all((*HOLDERS, *own), *used_by(*observing))

    def keep(self, *names: dict[str, Any]) -> None:
        """Put these names back too: a submission's code finds them by way of the frames below its call.

        A call that writes to those of a module, or to a class that is defined in it, disturbs what is observed: code of
        a case runs inside of calls, too.
        """
        classes = list(defined_in(names))
        modules = [Names(held) for held in names if "__name__" in held]
        self._names_of_code += names_that_stay((*modules, *classes))
        self._looked_into |= {id(one) for one in classes if one.__dictoffset__}
        self._hold_all(map(Names, names), classes)

    def keep_what_is_used(self, *names: dict[str, Any]) -> None:
        """Put back the classes and modules that the functions of these names use, and what they look up in those."""
        classes, modules = used_by(*names)
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
        parts: list[Any] = [self, self._held, self._inner]
        parts += [words for part in parts for words in vars(part).values() if isinstance(words, Words)]
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

    def report_to(self, descriptor: int, speaker: Callable[..., Any] | None = None) -> None:
        """From now on say there that what guards and observes was changed by what is called, and end the process.

        So is what the names refer to that ``speaker``, a function that tells the judge, shares with that around it.
        Threads that run at this moment are not the calls'.
        """
        self._end, self._on = MethodType(say_so, descriptor), what_is_on()
        self._cells = (speaker and speaker.__closure__) or ()

    def watch(self, *things: Any) -> None:
        """See whether a function that is called changes these objects, too: a case observes by them."""
        self._watched, self._on, self._seen = things, what_is_on(self._on.threads), ()
        log = next((one for one in things if isinstance(one, ObservationLog)), None)
        if log is not self._log:
            self._log, self._returned = log, {}

    def settle(self, *, written: bool = False) -> None:
        """Restore, take modes off that are on since the last ``watch``, and see whether what is observed already stays.

        Code of the submission's may have run that is called by nobody: where an object is dropped, say. Where something
        was ``written`` this is called to know of it.
        """
        if not written:
            self._on.take_off_modes()
            self.restore()
        now = tuple(self._log.written) if self._log else ()
        if len(now) != len(self._seen) + written or not all(map(operator.is_, self._seen, now)):
            self._end()
        if written:
            self._texts += (text_of(now[-1].reported()),)
        self._seen = now

    def report(self, stopped: str | None) -> str:
        """Return as text what the judge is told of a phase that is over, and begin anew.

        Each observation is as it was when it was written: what is in a value could be changed since.
        """
        seen, self._texts = self._texts, ()
        return f'{{"seen":[{",".join(seen)}],"stopped":{text_of(stopped)}}}'

    def after(self, run: Callable[[], _T]) -> _T:
        """Return what ``run`` does, in which a submission's code may run (hooks in a backward), and restore after it.

        What ``run`` draws may be noted meanwhile, and nothing be observed.
        """
        self.restore()  # of what has run since the last call
        things = [one for one in self._watched if hasattr(one, "__dict__")]
        log = self._log
        held = (log.written, log.names) if log else ()
        on, marked = self._mark([log.grads] if log else (), things, (), held, runs_a_case=True)
        state, restore = state_of(self._written), self.restore
        result: _T = finish(restore, on, self._end, marked, state, (), *returned_or_raised(run, (), {}))
        require_plain(result)
        return result

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a guard that restores when it has returned, and that refuses lying results."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            given = (*args, *kwargs.values())
            on, marked = self._mark(given, (), self._watched, (), runs_a_case=False)
            state = state_of(self._written)
            _collection()
            drawn = [leaf for one in self._watched if isinstance(one, Draw) for leaf in one.leaves()]
            looked_at = tuple({id(one): one for one in (*given, *drawn)}.values())
            restore, end = self.restore, self._end
            result = finish(restore, on, end, marked, state, looked_at, *returned_or_raised(function, args, kwargs))
            require_plain(result)
            self._returned.update(contents_by_identity([result]))
            return result

        return guarded

    def _mark(
        self,
        given: Collection[Any],
        things: Iterable[Any],
        filled: Iterable[Any],
        held: Iterable[Any],
        *,
        runs_a_case: bool,
    ) -> tuple[LeftOn, Mark]:
        """Mark before a call what it may not change, of what waits for it too, but for what it is given."""
        on = what_is_on(self._on.threads)  # a thread that an earlier call has left is none that may be there
        frame = sys._getframe(2)
        more, sharing = held_by_frames(frame, given, self._returned, self._looked_into, runs_a_case=runs_a_case)
        things = (on, self._on, *self._parts, *things)
        below = frame if NAMES_CAN_BE_SET else sharing
        return on, mark(self._code, things, filled, (*held, *self._cells, *more), below)


def keep_kernels() -> None:
    """Refuse other kernels for torch's own operators from now on; operators of the submission's own are free."""
    refuse_registrations("aten", "torch's own operators stay as they are in a notebook that is graded")
