"""What a class report consists of, as plain data."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """What a report has to know of an assignment, each by exercise where it says nothing else.

    Attributes:
        assignment: its name.
        titles: the titles of the cases.
        stubs: the tokens of the answer as it was handed out.
        solutions: the tokens of the published solution.
        sections: the titles of the book's sections, by place.

    """

    assignment: str
    titles: dict[str, list[str]] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)
    solutions: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bin:
    """Scores from ``low`` on and below ``high``; the last bin has those with all points."""

    low: float
    high: float
    count: int

    @property
    def words(self) -> str:
        """Say which scores these are."""
        return f"{self.low:g} to below {self.high:g}" if self.high > self.low else f"all {self.low:g}"


@dataclass(frozen=True)
class Scores:
    """The distribution of the scores."""

    points: float
    mean: float
    median: float
    bins: list[Bin]


@dataclass(frozen=True)
class Exercise:
    """How the class did in one exercise: ``solved`` completely, the mean ``share`` of the points, ``untouched`` stubs.

    ``hardest`` is the case that most answers failed first, ``failed`` how many; stubs do not count there.
    """

    name: str
    points: float
    graded: int
    solved: int
    share: float
    untouched: int
    hardest: str
    failed: int


@dataclass(frozen=True)
class Way:
    """One form of a misconception: ``says`` completes "This behaves like …"."""

    exercise: str
    says: str
    count: int


@dataclass(frozen=True)
class Misconception:
    """A misconception that was met: by how many, in which forms, where the book explains it."""

    name: str
    count: int
    who: list[str]
    ways: list[Way]
    read: list[str]


@dataclass(frozen=True)
class Note:
    """Something about one student's submission."""

    who: str
    what: str


@dataclass(frozen=True)
class Same:
    """Answers to an exercise that are the same token for token, and perhaps the published solution's."""

    exercise: str
    tokens: int
    who: list[str]
    published: bool


@dataclass(frozen=True)
class Missed:
    """An exercise in which a student has not earned all, and why."""

    who: str
    exercise: str
    score: float
    points: float
    why: str


@dataclass(frozen=True)
class Together:
    """Two exercises that more students failed together than by chance: ``both``, and ``first`` and ``second`` at all.

    ``written`` students have changed both answers; of others nothing is known here.
    """

    exercises: tuple[str, str]
    both: int
    first: int
    second: int
    written: int


@dataclass(frozen=True)
class Before:
    """How those who were graded now and in the assignment before stand in both: mean shares of the points."""

    assignment: str
    graded: int
    share: float
    share_before: float
    higher: int
    lower: int


@dataclass(frozen=True)
class Report:
    """A class report on one assignment. Each list is in the order in which it is shown."""

    assignment: str
    anonymous: bool
    graded: int
    scores: Scores | None
    exercises: list[Exercise]
    misconceptions: list[Misconception]
    not_graded: list[Note]
    outdated: list[Note]
    late: list[Note]
    attempts: list[Note]
    lost: list[Note]
    distrusted: list[Note]
    changed: list[Note]
    same: list[Same]
    unsandboxed: list[str]
    why: list[Missed]
    stuck: list[Note]
    together: list[Together]
    before: Before | None
