"""``gradstop collect``: takes the hand-ins of an assignment out of what a platform lets an instructor download."""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gradstop.course import Assignment, CourseError, find_assignment
from gradstop.grading.collecting.archive import open_archive
from gradstop.grading.collecting.placing import Decision, carry_out, last, places_of, said
from gradstop.grading.collecting.sorting import Collected, Sorted, sort_archive
from gradstop.grading.intake.plain_files import printable
from gradstop.grading.judging.bundle import handed_out_template
from gradstop.grading.nbgrader_bridge.course import Course, open_course
from gradstop.grading.platforms.class_list import ClassList, HandIn, write_class
from gradstop.grading.platforms.groups import read_groups
from gradstop.grading.platforms.people import everybody
from gradstop.grading.result_store import result_store_of

AT_ONCE = 3  # hand-ins


def collect_command(root: Path, options: Namespace) -> int:
    """Collect, and say whose each hand-in is; return 1 if something could not be taken.

    Raises:
        CourseError: where the archive, the groups or the class list cannot be read, or the course not be written.

    """
    assignment, zone = find_assignment(root, options.assignment), _zone(options.zone)
    course = open_course(root)
    people = everybody(course)
    was_best = assignment.name in people.best
    if options.attempts:
        {"best": people.best.add, "last": people.best.discard}[options.attempts](assignment.name)
    groups = read_groups(options.groups, people) if options.groups else {}
    with open_archive(options.archive, zone) as archive:
        found = sort_archive(archive, people, groups, assignment, handed_out_template(assignment))
    if options.attempts == "last" and was_best and not options.dry_run:
        result_store_of(root).forget_attempts(assignment.name)
        for student in [one for one in people.students if places_of(course, assignment, one).restore_last()]:
            print(f"{student:<20} the last attempt counts again")
    counts, changed = dict.fromkeys(("collected", "as before"), 0), list[str]()
    for student in sorted(found.students):
        decision, lines = _place(course, assignment, people, student, found.students[student], dry=options.dry_run)
        counts["collected" if decision.changes else "as before"] += 1
        if decision.counts or decision.time:
            changed.append(student)
        print("\n".join(lines), flush=True)
    if not options.dry_run:
        write_class(root, people)
        # The gradebook has to learn another time, whether or not anything is graded again for it.
        result_store_of(root).mark_entered(assignment.name, changed, entered=False)
    missing = [
        one for one in sorted(people.students.keys() - found.students.keys()) if not _is_there(course, assignment, one)
    ]
    for line in _summary(found, missing, counts, assignment, options, best=assignment.name in people.best):
        print(line)
    return 1 if found.not_taken else 0


def _place(
    course: Course, assignment: Assignment, people: ClassList, student: str, collected: Collected, *, dry: bool
) -> tuple[Decision, list[str]]:
    """Put one student's attempts in their places, unless it is a ``dry`` run; return what was decided, in words too."""
    places = places_of(course, assignment, student)
    now, kept = places.counting(), places.kept()
    decision = last(now, kept, [attempt for attempt, _ in collected.hand_ins])
    others = [one for one in collected.others if not any(one.same_work(other) for other in kept)]
    decision = replace(decision, beside=others)
    shown = decision.counts or decision.time or now
    names = {id(attempt): hand_in for attempt, hand_in in collected.hand_ins}
    hand_in = names.get(id(decision.counts)) or collected.hand_ins[-1][1]
    what = said(shown) if shown else ""
    if not decision.changes:
        what = "as before"
    lines = [f"{student:<20} {what:<24} {printable(hand_in.path, 200)}"]
    if hand_in.group:
        lines.append(f"{'':<20} of the group {', '.join(hand_in.group)}")
    best = assignment.name in people.best
    done = _would(places.folder.exists(), decision, best=best) if dry else carry_out(places, decision, best=best)
    lines += [f"{'':<20} {note}" for note in (*dict.fromkeys(collected.notes), *done)]
    known = people.students[student].hand_ins.get(assignment.name, HandIn(""))
    if decision.counts or not (decision.kept or decision.beside) or not known.platform:
        _note(people, student, assignment.name, hand_in)  # not of an attempt that does not count
    return decision, lines


def _is_there(course: Course, assignment: Assignment, student: str) -> bool:
    """Whether a student has handed in this way or another."""
    return (course.submitted / student / assignment.name).is_dir()


def _note(people: ClassList, student: str, assignment: str, hand_in: HandIn) -> None:
    """Remember how the platform calls what counts; what comes by another way leaves what is known of the platform's."""
    known = people.students[student].hand_ins.get(assignment, HandIn(""))
    if known.platform and not hand_in.platform:
        hand_in = replace(hand_in, platform=known.platform, path=known.path)
    people.note_hand_in(student, assignment, replace(hand_in, participant=hand_in.participant or known.participant))


def _would(is_there: bool, decision: Decision, *, best: bool) -> Iterator[str]:
    """Say what would be done."""
    count = "might count" if best else "not count"
    yield from (f"an attempt of {said(one)} would be kept, and {count}" for one in decision.kept)
    yield from (
        f"another notebook of it would be kept, and not count: {printable(one.path, 200)}" for one in decision.beside
    )
    if decision.counts and is_there:
        yield "the one before would be kept in grading/attempts"
    elif decision.time:
        yield f"the time would be {said(decision.time)}"


def _summary(
    found: Sorted,
    missing: list[str],
    counts: dict[str, int],
    assignment: Assignment,
    options: Namespace,
    *,
    best: bool,
) -> Iterator[str]:
    yield from (f"not taken: {path}: {why}" for path, why in found.not_taken.items())
    if missing:
        yield f"nothing of: {', '.join(missing)}"
    attempts = [attempt for one in found.students.values() for attempt, _ in one.hand_ins]
    if any(attempt.moment and not attempt.zoned for attempt in attempts):
        zone = options.zone or f"this computer's ({datetime.now().astimezone().tzname()}); say another with --zone"
        yield f"The archive's times have no zone; taken was {zone}."
    if options.archive.is_dir() and _at_once([attempt.moment for attempt in attempts if attempt.moment]):
        yield (
            "All these files were changed within a minute, as when a zip is unpacked: collect the zip itself, "
            "or these times count."
        )
    if any(attempt.moment is None for attempt in attempts):
        yield "Nothing says when some came in: they have no timestamp.txt, and count as in time."
    if best:
        yield "Of several attempts the best counts: gradstop grade grades each, and says which one it is."
    numbers = ", ".join(f"{count} {what}" for what, count in counts.items())
    count = len(found.not_taken)
    files = "1 file" if count == 1 else f"{count} files"
    yield f"{numbers}, {files} not taken{'; nothing was changed' if options.dry_run else ''}."
    if not options.dry_run and found.students:
        yield f"Next: gradstop grade {assignment.name}"


def _at_once(moments: list[datetime]) -> bool:
    """Whether the files of several hand-ins have one and the same time, nearly."""
    return len(moments) >= AT_ONCE and max(moments) - min(moments) < timedelta(minutes=1)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(f"There is no zone {name!r}: name one as Europe/Berlin, America/New_York or UTC.") from None
