"""The choices that a reader has in one short program, and the program's text for each way to choose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

Selection = tuple[int, ...]  # for each of ``CHOICES`` the option that is taken


@dataclass(frozen=True)
class Choice:
    """A place in the program where one of several texts stands."""

    name: str  # as the address holds it
    label: str  # as a screen reader says it
    options: tuple[str, ...]


CHOICES = (
    Choice("op", "The operation", ("w * 3", "w ** 2", "w.exp()")),
    Choice(
        "cut",
        "What stands at the cut",
        (
            "z = y",
            "z = y.detach()",
            "z = y.detach().clone()",
            "z = y.clone()",
            "z = y.view(-1)",
            "z = y.data",
            "z = y.detach_()",
            "with torch.no_grad(): z = y * 1",
            "with torch.inference_mode(): z = y * 1",
            "z = y.requires_grad_(False)",
            "z = torch.from_numpy(y.detach().numpy())",
            "z = y.detach().requires_grad_()",
        ),
    ),
    Choice(
        "edit",
        "An edit, and its grad mode",
        (
            "pass",
            "z += 1",
            "z *= 2",
            "z = z * 2",
            "with torch.no_grad(): z += 1",
            "with torch.no_grad(): z *= 2",
        ),
    ),
    Choice("loss", "The loss", ("y.sum()", "z.sum()", "(y * z).sum()")),
    Choice(
        "before",
        "What comes before backward",
        (
            "optimizer.zero_grad()",
            "optimizer.step(); optimizer.zero_grad()",
            "w.data -= 0.1; optimizer.zero_grad()",
            "pass",
        ),
    ),
    Choice(
        "backward",
        "Backward",
        ("loss.backward()", "loss.backward(); loss.backward()", "loss.backward(retain_graph=True); loss.backward()"),
    ),
)
# The lines of the program. A line begins anew in the table of outcomes where it has a choice.
LINES = (
    "w = torch.tensor([1.0, 2.0], requires_grad=True)",
    "w.grad = torch.ones(2)  # left by an earlier batch",
    "optimizer = torch.optim.SGD([w], lr=0.1)",
    "y = {op}",
    "{cut}",
    "{edit}",
    "loss = {loss}",
    "{before}",
    "{backward}",
)
LOSS, BEFORE, BACKWARD = 6, 7, 8  # among the lines
# Taken already in the small copy of the program.
PLAIN: dict[str, int] = {"before": 0, "backward": 0}


def program(selection: Selection) -> list[str]:
    """Return the program's lines; one of them may hold several statements."""
    texts = {choice.name: choice.options[option] for choice, option in zip(CHOICES, selection, strict=True)}
    return [line.format(**texts) for line in LINES]


def selections(fixed: dict[str, int] | None = None) -> Iterator[Selection]:
    """Yield each way to choose.

    Args:
        fixed: choices that are taken already, by name.

    """
    ranges = [
        [fixed[choice.name]] if fixed and choice.name in fixed else range(len(choice.options)) for choice in CHOICES
    ]
    yield from product(*ranges)


def prefix_length(line: int) -> int:
    """Return how many of the choices stand in this line of the program or before it."""
    text = "".join(LINES[: line + 1])
    return sum(f"{{{choice.name}}}" in text for choice in CHOICES)


def number(taken: Sequence[int], counts: Sequence[int]) -> int:
    """Return the place of a selection's first choices among all beginnings, where the choices have so many options."""
    found = 0
    for option, count in zip(taken, counts, strict=False):
        found = found * count + option
    return found


def select(**texts: str) -> Selection:
    """Return the selection that takes these texts, and the first option where none is named.

    Raises:
        ValueError: where there is no such choice or option; it names those that there are.

    """
    named = {choice.name: choice for choice in CHOICES}
    for name, text in texts.items():
        if name not in named:
            raise ValueError(f"There is no choice {name!r}: take {', '.join(named)}.")
        if text not in named[name].options:
            raise ValueError(f"{name}={text!r} is no option: take one of {', '.join(map(repr, named[name].options))}.")
    return tuple(choice.options.index(texts.get(choice.name, choice.options[0])) for choice in CHOICES)
