"""What a reader calls to watch a backward: ``step_through``."""

from collections.abc import Collection

from torch import Tensor, nn

from gradstop.drawing.choice import Choosable, choice, new_group
from gradstop.drawing.figure import as_model, caption
from gradstop.drawing.steps import Shown, groups_to_step, show_steps
from gradstop.drawing.svg import clean, scrolling
from gradstop.graph import Trace, read_given, trace_groups
from gradstop.internals.torch_graph import untraced


class Stepper:
    """A backward that has run, to be gone through step by step.

    A notebook shows one picture at a time, chosen by mouse or by the arrow keys, without a script; plain Python prints
    the steps. Nothing in it is live.

    Attributes:
        trace: what happened, as plain data.
        text: the steps, one in a line.
        title: the caption, if any.

    """

    def __init__(self, trace: Trace, title: str | None = None, forward: bool = False) -> None:
        self.trace = trace
        self.title = title
        self.shown: list[Shown] = show_steps(trace, forward)
        self.text = "\n".join(f"{number}. {step.words}" for number, step in enumerate(self.shown))

    def __repr__(self) -> str:
        return self.text if not self.title else f"{self.title}\n{self.text}"

    def _repr_mimebundle_(self, **_: Collection[str] | None) -> dict[str, str]:
        """Return what a notebook shows. It picks a form itself, so its filters may be ignored."""
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self) -> str:
        last = len(self.shown) - 1
        pictures = [
            Choosable(
                str(number),
                f"{number} of {last}. {step.words}",
                f"<p><strong>{number} of {last}.</strong> {clean(step.words)}</p>{scrolling(step.svg)}",
            )
            for number, step in enumerate(self.shown)
        ]
        return choice(new_group(), "Steps of the backward", pictures, self.title)


@untraced
def step_through(
    loss: Tensor,
    gradient: Tensor | None = None,
    /,
    *,
    retain_graph: bool = False,
    forward: bool = False,
    title: str | None = None,
    model: nn.Module | None = None,
    **named: object,
) -> Stepper:
    """Run the backward of ``loss`` and show it step by step.

    The backward is real: ``.grad`` is filled, saved tensors are freed. Each step is a node that ran: what it received,
    what it sent along which edge, what it freed, what it added to a ``.grad``. In a large graph what has no name is
    folded, and the nodes of one card are one step. If a node or a hook raises, the steps end there and say so.

    Args:
        loss: where the backward starts; any tensor with a history.
        gradient: what it starts with, of the shape of ``loss``; None means 1, for a single number.
        retain_graph: as in ``Tensor.backward``.
        forward: show before it, operation by operation, the values that went forward. They are those of now, of the
            tensors that have names and few values; nothing is computed again.
        title: a caption.
        model: a large net, whose modules are boxes, one step each.
        named: tensors by name, such as ``x=x``, and modules, optimizers, dicts and lists of tensors.

    Returns:
        The steps, which show themselves at the end of a notebook cell.

    Raises:
        RuntimeError: torch's own, if the backward cannot start.
        TypeError: if an argument is no tensor, and holds none; if the title is no text.
        ValueError: if so much is named that there would be too many pictures, or the tensor is within a transform of
            torch.func. Nothing has run then.

    """
    text = caption(title)
    for name, switch in (("retain_graph", retain_graph), ("forward", forward)):
        if not isinstance(switch, bool):
            raise TypeError(f"{name} is True or False: give a tensor of this name another one.")
    if not isinstance(loss, Tensor):
        raise TypeError(f"A backward starts from a tensor, not from {type(loss).__name__}: pass the loss first.")
    others, net = as_model(model, named)
    before = read_given([loss], others, net)
    transform = before.tensors[before.roots[0]].transform
    if transform:
        raise ValueError(
            f"This tensor is within {transform}, where no backward runs: step through what is made of it outside, or "
            "look at it with draw()."
        )
    groups = groups_to_step(before)
    return Stepper(trace_groups(before, groups, loss, gradient, others, retain_graph, net), text, forward)
