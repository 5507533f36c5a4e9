"""How an answer is worded: the lines, the reason, the mend, the section of the book."""

from dataclasses import dataclass, field

from gradstop.watch.lines import Line


@dataclass(frozen=True, repr=False)
class Answer:
    """What was found: a sentence, the lines that show it, the mend, where to read on."""

    kind: str  # "cut", "frozen", "edited", ...
    reason: str
    lines: tuple[tuple[str, Line], ...] = ()  # what each line did, and the line
    mend: str = ""
    read: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def place(self) -> tuple[object, ...]:
        """What two answers share that say the same: the kind, and the lines."""
        return (self.kind, *(line.where for _, line in self.lines))

    def __str__(self) -> str:
        parts = [self.reason]
        width = max((len(what) for what, _ in self.lines), default=0)
        parts += [f"  {what:<{width}}  {line}" for what, line in self.lines]
        parts += [f"  {note}" for note in self.notes]
        if self.mend:
            parts.append(f"  Mend: {self.mend}")
        if self.read:
            parts.append(f"  Read: {section(self.read)}")
        return "\n".join(parts)

    __repr__ = __str__  # a notebook shows it as it is read


class Answers(list[Answer]):
    """Several answers, printed one below the other."""

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def __repr__(self) -> str:
        return str(self)


# What to read: the page, and the heading of its section.
READ = {
    "detach": ("03-detach", "The result is a constant"),
    "data": ("03-detach", "Data is not detach"),
    "numpy": ("03-detach", "To NumPy"),
    "discrete": ("02-requires-grad", "Results without a history"),
    "no_grad": ("05-no-grad", "What is switched off"),
    "flag": ("02-requires-grad", "Operation first, flag last"),
    "frozen": ("03-detach", "Detach, freeze or no_grad"),
    "where": ("02-requires-grad", "Where grad appears"),
    "adds": ("02-requires-grad", "Gradients add up"),
    "zero": ("01-computation-graph", "Zero gradient or no gradient"),
    "round": ("09-representation", "Straight through"),
    "fills": ("01-computation-graph", "What backward fills"),
    "optimizer": ("02-requires-grad", "Parameters and optimizers"),
    "object": ("06-clone", "The optimizer holds the object"),
    "edited": ("07-in-place", "The error, and how to read it"),
    "aliases": ("07-in-place", "Views and aliases"),
    "step": ("09-patterns", "Forward again after a step"),
    "gan": ("09-patterns", "GAN: the generator"),
    "left_over": ("09-patterns", "Leave it as you found it"),
    "freed": ("08-memory", "What backward frees"),
    "chain": ("08-memory", "Cutting a long chain"),
    "held": ("08-memory", "Keep numbers, not tensors"),
    "buffers": ("05-no-grad", "A frozen network in the middle"),
    "leaf": ("07-in-place", "Leaves refuse"),
    "views": ("errors-in-place", "Output 0 of Unbind is a view and is being modified inplace"),
    "inference": ("05-no-grad", "Inference mode"),
    "deepcopy": ("06-clone", "What deepcopy refuses"),
    "state_dict": ("06-clone", "A `state_dict` is live"),
    "flags": ("errors-leaving", "you can only change requires grad flags of leaf variables"),
    "not a leaf": ("errors-modules", "optimize a non-leaf Tensor"),
    "not used": ("errors-backward", "appears to not have been used in the graph"),
    "second order": ("09-patterns", "Gradient penalty"),
    "by hand": ("09-gradients-by-hand", "A Function of your own"),
    "hooks": ("09-gradients-by-hand", "Hooks"),
    "nan": ("09-gradients-by-hand", "Where, twice"),
    "function": ("errors-functions", "returned an incorrect number of gradients"),
    "invalid gradient": ("errors-functions", "returned an invalid gradient at index 0"),
    "no backward": ("errors-functions", "You must implement either the backward or vjp method"),
    "hook size": ("errors-functions", "has changed the size of value"),
    "scalar": ("errors-backward", "grad can be implicitly created only for scalar outputs"),
    "checkpoint": ("10-checkpointing", "A frozen input"),
    "checkpoint differs": ("errors-modules", "A different number of tensors was saved"),
    "checkpoint grad": ("errors-modules", "is incompatible with grad or passing an inputs parameter"),
    "detach views": ("errors-in-place", "detach views in-place"),
    "out": ("errors-in-place", "functions with out arguments"),
    "setup_context": ("errors-func", "In order to use an autograd Function with functorch transforms"),
    "vmap item": ("errors-func", "calling item on a Tensor"),
    "vmap write": ("errors-func", "inplace arithmetic self extra args is not possible"),
    "cycle": ("errors-backward", "will create a reference cycle"),
    "sent": ("10-processes", "What others send has no history"),
    "call": ("06-clone", "Calling a layer with another weight"),
    "rewrapped": ("06-clone", "A copy outside the graph"),
}


def section(key: str) -> str:
    """Return the section of the book that explains it."""
    page, heading = READ[key]
    return f"{page}, “{heading}”"


def shape_of(shape: tuple[int, ...]) -> str:
    """Return a shape as one writes it."""
    return " by ".join(map(str, shape)) if shape else "scalar"


def counted(count: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{count} {what}{'s' * (count != 1)}"


def listed(names: list[str], most: int = 4) -> str:
    """Return some names and the number of the rest."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
