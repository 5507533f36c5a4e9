"""The probes: what a case can observe. Each writes one observation under a name of its own."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import partial
from typing import Any, NamedTuple

import torch

from gradstop.graph import Census
from gradstop.internals.torch import parse_versions, set_grad_enabled, version
from gradstop.observe import unpatched
from gradstop.observe.attached import attached, left
from gradstop.observe.encode import encode, number, structure
from gradstop.observe.error_texts import first_line, text_then_forget_frames, where
from gradstop.observe.log import ObservationLog, as_json
from gradstop.observe.unpatched import class_name
from gradstop.record import Json, Observation

# What a call returns in the place of a result.
_NO_RESULT: tuple[tuple[type, str], ...] = (
    (type(None), "None"),
    (Coroutine, "a coroutine"),
    (AsyncGenerator, "an asynchronous generator"),
    (Generator, "a generator"),
)

Hanging = frozenset[tuple[str, int]]  # what hangs on objects, each thing with how often it does
Run = Callable[[Callable[[], Any]], Any]  # runs what a case hands it, and returns its result


def run_alone(what: Callable[[], Any]) -> Any:
    """Run it, and nothing beside."""
    return what()


class Stopped(Exception):  # noqa: N818 - not an error: the case ends here
    """Ends a case whose function raised where it should have returned."""


def _nothing(*, written: bool = False) -> None:
    """Do nothing."""


class _Held(NamedTuple):
    log: ObservationLog
    read: str = ""
    run: Run = run_alone
    # Called before anything is read, as an object that was dropped may run code, and when an observation is written.
    settle: Callable[..., object] = _nothing


class Observer(_Held):
    """What a case holds in its hand as ``see``. Nothing of it can be changed.

    The first argument of each probe is the observation's name, a short phrase that a learner reads.
    Each takes ``asked`` (the requirement in a sentence) and ``read`` (the section of the book that explains it;
    without it, the section of the case).
    """

    __slots__ = ()

    def call(self, function: Callable[..., Any], *args: Any, name: str = "the call", **kwargs: Any) -> Any:
        """Call the function under observation; if it raises, that is observed and the case ends.

        What kind of thing it returns is observed with it: an answer that returns None where the solution returns
        something has no result that could be looked at.
        """
        try:
            result = function(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            note = self._said(where, error)
            self._write(name, "raised", {"raised": class_name(type(error))}, f"{name} returns", "", note)
            raise Stopped from None
        returns = next((said for kind, said in _NO_RESULT if isinstance(result, kind)), "a result")
        self._write(name, "raised", {"raised": None, "returns": returns}, f"{name} returns", "")
        return result

    def parts(self, result: Any) -> list[Any]:
        """Return what a result holds; it may be of a class of the answer's own, whose code runs then."""
        held: list[Any] = self.run(partial(list, result))
        return held

    def value(self, name: str, value: Any, asked: str = "", read: str = "") -> None:
        """Observe a value: a tensor's or array's dtype, shape and numbers, a container's items, a number, a string."""
        self.settle()
        self._write(name, "value", encode(value), asked, read)

    def structure(self, name: str, value: Any, asked: str = "", read: str = "") -> None:
        """Observe which containers ``value`` is made of, and what lies where in them."""
        self.settle()
        self._write(name, "structure", structure(value), asked, read)

    def flags(self, name: str, tensor: Any, asked: str = "", read: str = "") -> None:
        """Observe ``requires_grad`` and ``is_leaf``."""
        self.settle()
        if not unpatched.is_tensor(tensor):
            self._write(name, "flags", {"type": class_name(type(tensor))}, asked, read)
            return
        flags = {"requires_grad": unpatched.requires_grad(tensor), "is_leaf": unpatched.is_leaf(tensor)}
        self._write(name, "flags", flags, asked, read)

    def same(self, name: str, one: Any, other: Any, asked: str = "", read: str = "") -> None:
        """Observe whether two names mean one object."""
        self._write(name, "same", one is other, asked, read)

    def members(self, name: str, items: Any, asked: str = "", read: str = "", **known: Any) -> None:
        """Observe which of the ``known`` objects a collection holds, by identity, in any order."""
        self.settle()
        labels = {id(value): label for label, value in known.items()}
        held = sorted(labels.get(id(item)) or _unknown(item) for item in self.parts(items))
        self._write(name, "members", held, asked, read)

    def sharing(self, name: str, asked: str = "", read: str = "", **tensors: Any) -> None:
        """Observe which of the ``tensors`` lie in one memory, as sorted groups; what shares with none is left out."""
        self.settle()
        places = {label: unpatched.memory(tensor) for label, tensor in tensors.items() if unpatched.is_tensor(tensor)}
        groups: list[set[str]] = []
        for label, place in places.items():
            touched = [g for g in groups if any(_overlap(place, places[other]) for other in g)]
            groups = [g for g in groups if g not in touched] + [{label}.union(*touched)]
        self._write(name, "sharing", sorted(sorted(group) for group in groups if len(group) > 1), asked, read)

    def written(
        self, name: str, run: Callable[[], Any], asked: str = "", read: str = "", **tensors: torch.Tensor
    ) -> Any:
        """Run ``run``, a call of the function, and observe which tensors' versions it raised; return its result."""
        before = {label: version(tensor) for label, tensor in tensors.items()}
        result = run()
        self.settle()
        raised = {label: version(tensor) > before[label] for label, tensor in tensors.items()}
        self._write(name, "written", as_json(raised), asked, read)
        return result

    def gradients(
        self, name: str, run: Callable[[], Any], asked: str = "", read: str = "", **leaves: torch.Tensor
    ) -> None:
        """Run a backward and observe each leaf's ``.grad`` before and after it, and what it raised.

        Where the case pre-filled a ``.grad``, that is what was before: what the function did to it shows.
        """
        self._backward(name, run, asked, read, leaves, for_an_edit=False)

    def refused_for_an_edit(
        self, name: str, run: Callable[[], Any], asked: str = "", read: str = "", **leaves: torch.Tensor
    ) -> None:
        """Observe as ``gradients`` does a backward that should raise since a value that it needs was edited.

        Another error of the same type is told apart: one for want of a graph, say.
        """
        self._backward(name, run, asked, read, leaves, for_an_edit=True)

    def _backward(
        self,
        name: str,
        run: Callable[[], Any],
        asked: str,
        read: str,
        leaves: dict[str, torch.Tensor],
        *,
        for_an_edit: bool,
    ) -> None:
        known = self.log.grads
        before = {label: known[id(leaf)][1] if id(leaf) in known else _grad(leaf) for label, leaf in leaves.items()}
        error, note = self._attempt(run)
        if error and for_an_edit and not parse_versions(note):
            error += ", and not for an edit"
        self.settle()
        got = {label: {"before": before[label], "after": _grad(leaf)} for label, leaf in leaves.items()}
        known.update({id(leaf): (leaf, got[label]["after"]) for label, leaf in leaves.items()})
        self._write(name, "gradients", {"raised": error, "leaves": as_json(got)}, asked, read, note)

    def call_for_gradients(
        self, name: str, asked: str, function: Callable[..., Any], *args: Any, **leaves: torch.Tensor
    ) -> Any:
        """Call the function, observe what it leaves in each leaf's ``.grad``, and return its result."""
        before = {label: None if leaf.grad is None else leaf.grad.clone() for label, leaf in leaves.items()}
        result = self.call(function, *args, name=name)
        after = {label: leaf.grad for label, leaf in leaves.items()}

        _fill(leaves, before)
        run = partial(_fill, leaves, after)  # no closure: what the function finds here must stay as it is
        self.gradients(f"the gradients that {name} leaves", run, asked, "", **leaves)
        return result

    def raised(
        self,
        name: str,
        run: Callable[[], Any],
        asked: str = "",
        read: str = "",
        *,
        error: BaseException | None = None,
    ) -> None:
        """Run something and observe the exact type of what it raises, or that it raises nothing.

        With ``error``, which a model or a function of the case raises, also whether it is this very object.
        """
        caught: list[BaseException] = []
        kind, note = self._attempt(run, caught)
        value: Json = {"raised": kind}
        if error is not None:
            value["the same object"] = any(one is error for one in caught)  # one may say that it equals any
        self._write(name, "raised", value, asked, read, note)

    def look(self, **objects: Any) -> Hanging:
        """Look at what hangs on objects before a call; ``left`` takes it. Nothing is observed by that."""
        self.settle()
        return frozenset(attached(objects).items())  # nothing that could be changed until then

    def left(self, name: str, before: Hanging, asked: str = "", read: str = "", **objects: Any) -> None:
        """Observe what hangs on the same objects now and did not before, and the other way round."""
        self.settle()
        if self.log.features is not None:
            self.log.features.add("what is left on the inputs")
        self._write(name, "left", left(Counter(dict(before)), attached(objects)), asked, read)

    def grad_mode(self, name: str, asked: str = "", read: str = "") -> None:
        """Observe whether operations are recorded at this moment."""
        self.settle()
        enabled = torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        self._write(name, "grad mode", enabled, asked, read)

    def alive(self, name: str, census: Census, asked: str = "", read: str = "") -> None:
        """Observe how many graph nodes and saved tensors of a census are alive."""
        self.settle()
        self._write(name, "alive", {"nodes": census.nodes(), "saved": census.saved()}, asked, read)

    def _attempt(self, run: Callable[[], Any], caught: list[BaseException] | None = None) -> tuple[str | None, str]:
        try:
            self.run(run)
        except (KeyboardInterrupt, Stopped):
            raise
        except BaseException as error:
            note = self._said(first_line, error)
            if caught is not None:
                caught.append(error)
            return class_name(type(error)), note
        return None, ""

    def _said(self, by: Callable[[BaseException], str], error: BaseException) -> str:
        """Return a text of an error, and let go of the frames behind it; the error itself is kept until the case ends.

        One of the answer's own may run code for each of these, which leaves the grad mode alone.
        """
        recorded = torch.is_grad_enabled()
        text: str = self.run(partial(text_then_forget_frames, by, error))
        self.log.errors.append(error)
        set_grad_enabled(recorded)
        return text

    def _write(self, name: str, kind: str, value: Json, asked: str, read: str, note: str = "") -> None:
        self.log.write(Observation(name, kind, value, asked, read or self.read, note))
        self.settle(written=True)


# The code of those that hold containers for no longer than they hand them on: what is in one is used by others alone.
HANDING_ON = (Observer.call.__code__, Observer._attempt.__code__)


def _overlap(one: range | None, other: range | None) -> bool:
    return one is not None and other is not None and max(one.start, other.start) < min(one.stop, other.stop)


def _unknown(item: object) -> str:
    """Say of what is none of the known objects what it is, where it is of no class that they are of."""
    if unpatched.is_tensor(item) or issubclass(type(item), list | tuple):
        return "something else"
    return f"an object of type {class_name(type(item))}"


def _fill(leaves: dict[str, Any], grads: dict[str, Any]) -> None:
    """Set each leaf's ``.grad``."""
    for label, leaf in leaves.items():
        leaf.grad = grads[label]


def _grad(tensor: torch.Tensor) -> Json:
    grad = unpatched.gradient(tensor)
    if grad is not None and type(grad) is not torch.Tensor:
        raise TypeError(f"a .grad of the class {class_name(type(grad))}, where a plain tensor is asked for")
    return None if grad is None else [number(value) for value in unpatched.numbers(grad)]
