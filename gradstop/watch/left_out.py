"""Parameters that no optimizer drives: in which way each was left out, and how that is said."""

from dataclasses import dataclass, field

from gradstop.watch.lines import Line
from gradstop.watch.records import Backward

(UNFROZEN, OTHER, LATE, UNREGISTERED, SIBLING, ELSEWHERE, ALONE, TWICE, ANEW, CAST, BESIDE, BARE, PLAIN) = range(13)
MAY_BE_MEANT = (ELSEWHERE, BESIDE)
WRITE = "write into the one that the optimizer has: with torch.no_grad(): p.copy_(values), or p.clamp_(0, 1)"
MADE = "it was made here"
COPY = "call the one that the optimizer has; or hand the gradients on: p.grad = q.grad; or drive the copy"
_AFTER = "make the optimizer after that, or opt.add_param_group({'params': ...})"


@dataclass
class Left:
    """Parameters that no optimizer drives, for one reason."""

    how: int
    record: Backward
    at: Line | None  # what made it so
    made: Line | None  # where the optimizer was made
    numbers: list[int] = field(default_factory=list)
    held: str = ""  # what has them, in words


@dataclass(frozen=True)
class Said:
    """The words for one way: what its line did, the rest of the reason, the mend, what to read."""

    at: str = ""
    because: str = ""
    mend: str = _AFTER
    read: str = "optimizer"


WORDS = {
    UNFROZEN: Said("unfrozen here", read="object"),
    OTHER: Said(read="object"),  # its lines are those of both objects
    LATE: Said("it was put in here", read="object"),
    UNREGISTERED: Said(
        MADE,
        ": the model {has} has not registered {them} (a list, a dict, a class or a cached_property does not)",
        "put what it is in into an nn.ModuleList, nn.ModuleDict or nn.ParameterList, made in __init__",
    ),
    SIBLING: Said(
        because=", though one drives the rest of the same layer",
        mend="give the optimizer net.parameters(), or a group for the rest",
    ),
    ELSEWHERE: Said(
        because=", though one drives another part of the same model",
        mend="freeze it (requires_grad_(False)), or give the optimizer net.parameters()",
    ),
    ALONE: Said(
        because=": this backward fills nothing that one drives",
        mend="give an optimizer the parameters of this network, or leave the backward out",
    ),
    TWICE: Said(
        "another got the same here",
        ": two optimizers have the same parameters",
        "give each optimizer the parameters of its own network",
    ),
    ANEW: Said(MADE, ": each forward makes a new one", "make it once, in __init__"),
    CAST: Said(
        MADE,
        ": the model has what an operation made of it on the same line, and that is no parameter",
        "operation first, nn.Parameter last: nn.Parameter(torch.ones(1).double())",
        "flag",
    ),
    BESIDE: Said(
        because=": the loss of another network fills {them}",
        mend="where it is to learn too, give it to an optimizer; where not: requires_grad_(False), or torch.no_grad()",
        read="frozen",
    ),
    BARE: Said(
        MADE,
        ": {they} in no module, so that no parameters() gives {them}",
        "name it in the list of the optimizer: [*net.parameters(), p]",
    ),
    PLAIN: Said(
        MADE,
        ": what {held} has is a plain tensor, and that is no parameter",
        "nn.Parameter(...) around it: then parameters() gives it to the optimizer",
    ),
}
