"""reference.json: small, and no verdict or diagnosis becomes another one by it."""

import json

import pytest
from support.course import ASSIGNMENTS, ROOT, bench_of, exercises, observed_anew, together

from gradstop.compare import Reference, Trial, Wrong, verdict_on
from gradstop.course import Assignment, CourseError
from gradstop.record import Observation, Record, Setup
from gradstop.reference_file import ReferenceFile, read_reference_file, reference_text

MOST = 110  # bytes for a run of the solution or of a known mistake, on average: who clones has each of their versions


def read_back(folder, *references):
    """Write references to a file and return what is read of them."""
    file = ReferenceFile("1.0.0", {}, {reference.exercise: reference for reference in references})
    (folder / "reference.json").write_text(reference_text(file))
    return read_reference_file(Assignment(folder)).references


def stub(*_):
    raise NotImplementedError


@pytest.mark.slow
@pytest.mark.parametrize(("bench", "exercise"), exercises(together))
def test_no_verdict_becomes_another_one(bench, exercise, tmp_path):
    """Every known answer is judged by the recording as it is by the reference in memory, in the same words."""
    full = observed_anew(bench, exercise)
    read = read_back(tmp_path, full)[exercise]
    answers = [*bench.right.get(exercise, []), *bench.wrong.get(exercise, [])]
    others = (bench.observed(exercise, function) for function in (bench.solutions[exercise], stub))
    for observed in (*others, *map(bench.known_observed, answers)):
        assert verdict_on(read, observed) == verdict_on(full, observed)


def test_the_recordings_are_small():
    size = sum((ROOT / "exercises" / a.name / "reference.json").stat().st_size for a in ASSIGNMENTS)
    references = [reference for a in ASSIGNMENTS for reference in bench_of(a.name).recorded.values()]
    runs = [(1 + len(one.behaviours)) * sum(map(len, one.trials.values())) for one in references]
    assert size <= MOST * sum(runs)


def values(*numbers, dtype="float32"):
    return {"type": "tensor", "dtype": dtype, "shape": [len(numbers)], "numbers": list(numbers)}


def gradients(before, after):
    return {"raised": None, "leaves": {"before": {"before": before, "after": after}}}


def record(*seen, stopped=None):
    return Record("c", ("x is a leaf",), tuple(Observation(*one) for one in seen), stopped)


def reference(*records, differs=()):
    trials = tuple(Trial((Setup(n, (1, 0)), Setup(n)), record) for n, record in enumerate(records))
    known = tuple((Wrong(f"wrong_{n}", "m", "says", "03"), {"c": rows}) for n, rows in enumerate(differs))
    return Reference("f", ("x", "y"), {"c": "a title"}, {"c": trials}, known)


def test_whatever_is_observed_is_read_back(tmp_path):
    """Values of any form, observations that come in another order or not in each trial, leaves named like our keys."""
    one = ("one", "value", values(1.5, "nan"), "asked", "03")
    two = ("two", "gradients", gradients(None, [0.5]), "", "04")
    three = ("three", "value", {"type": "dict", "keys": ["shape"], "items": [values(), values(True), values(1)]})
    four = ("four", "written", {"numbers": True, "before": False})
    five = ("five", "value", {"type": "str", "value": "“shape”\n"})
    kept = reference(
        record(one, two, three, four, five),
        record(two, one, five, stopped="an error"),
        record(),
        record(one[:4], ("two", "value", {"type": "float", "value": 0.5})),
        differs=[
            [{"two": None, "one": values(2.5)}, {"one": values(1.5, "nan")}, {}, {"one": None}],
            [{}, {}, {}, {}],
            [{"one": None}, {"two": None}, {}, {"one": None}],
        ],
    )
    assert read_back(tmp_path, kept) == {"f": kept}
    assert read_back(tmp_path, Reference("f", (), {}, {}))["f"].trials == {}


def test_numbers_are_rounded_as_far_as_no_report_shows_it(tmp_path):
    def rounded(value, kind="value"):
        kept = reference(record(("it", kind, value)), differs=[[{"it": value}]])
        read = read_back(tmp_path, kept)["f"]
        return read.trials["c"][0].record.observations[0].value, read.behaviours[0][1]["c"][0]["it"]

    assert rounded(values(1 / 3)) == (values(0.3333333),) * 2
    assert rounded(values(1 / 3, dtype="float64")) == (values(0.333333333333, dtype="float64"),) * 2
    assert rounded({"type": "float", "value": 1 / 3}) == ({"type": "float", "value": 0.333333333333},) * 2
    # 0.50105 is shown as 0.501, and 1.50105 - 1 too. What wrong answers do is not shown.
    assert rounded(values(0.501050003)) == (values(0.501050003), values(0.50105))
    assert rounded(gradients(None, [0.501050003]), "gradients")[0] == gradients(None, [0.501050003])
    # What is received, 0.000123673, is a small difference.
    assert rounded(gradients([3.0], [3.000123673]), "gradients") == (gradients([3.0], [3.00012367]),) * 2


def test_equal_values_are_written_once():
    long = ("other", "value", {"type": "str", "value": "long"})
    kept = reference(record(("it", "value", values(0.125, 7.5)), long), differs=[[{"it": values(0.125, 9.5)}]] * 2)
    text = reference_text(ReferenceFile("", {}, {"f": kept}))
    assert text.count("[0.125,7.5]") == text.count("[0.125,9.5]") == text.count("long") == 1


def stop(data):
    return data["exercises"]["stop"]


def case(data):
    return next(iter(stop(data)["cases"].values()))


def trial(data):
    return case(data)["trials"][0]


def differs(data):
    return next(iter(stop(data)["wrong"][0]["differs"].values()))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("exercises"),
        lambda data: data.update(format="2"),
        lambda data: stop(data).pop("cases"),
        lambda data: stop(data).update(outlines=[]),
        lambda data: case(data).update(trials=case(data)["trials"] * 2),
        lambda data: case(data)["observations"][0].clear(),
        lambda data: case(data)["observations"][0].__setitem__(1, "no kind"),
        lambda data: trial(data).update(values=[]),
        lambda data: trial(data).update(parts=[]),
        lambda data: trial(data)["values"].pop(),
        lambda data: trial(data)["setups"].pop(),
        lambda data: differs(data)[0].pop(),
        lambda data: differs(data)[0].__setitem__(0, 999),
    ],
)
def test_a_damaged_file_is_said_in_a_sentence(damage, tmp_path):
    data = json.loads((ROOT / "exercises" / "03-detach" / "reference.json").read_text())
    damage(data)
    (tmp_path / "reference.json").write_text(json.dumps(data))
    with pytest.raises(CourseError, match=r"reference\.json is damaged .*\. gradstop start \S+ copies"):
        read_reference_file(Assignment(tmp_path))
