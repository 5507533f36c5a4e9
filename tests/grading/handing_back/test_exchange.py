"""``nbgrader release_feedback`` where some handed in by the exchange, and some by other ways."""

import pytest
from support.classroom import SOLVED, hand_in, keep_only, make_course, nbgrader, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("exchange")]
NAME = "03-detach"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with an exchange, graded with its feedback made: ann handed in by the exchange, ben by e-mail."""
    folder = tmp_path_factory.mktemp("exchange")
    course, exchange = make_course(folder / "course", NAME), folder / "exchange"
    keep_only(course, ["stop"])
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    ann = hand_in(course, "ann", SOLVED)
    ann.with_name("submission_secret.txt").write_text("a" * 128)
    ann.with_name("timestamp.txt").write_text("2027-03-01 20:00:00.000000 UTC")
    hand_in(course, "ben", SOLVED)
    return course


def test_where_there_is_an_exchange_the_summary_says_how_feedback_reaches_students(course):
    done = run(course, "gradstop", "grade", NAME)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert f"nbgrader generate_feedback {NAME} --force; nbgrader release_feedback {NAME}" in last
    assert f"nbgrader fetch_feedback {NAME} --course gradients" in last


def test_who_handed_in_by_the_exchange_gets_feedback_and_the_others_are_named(course):
    nbgrader(course, "generate_feedback", NAME, "--force")
    done = run(course, "nbgrader", "release_feedback", NAME)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "did not hand in by the exchange: ben." in done.stderr
    (page,) = (course.parent / "exchange" / "gradients" / "feedback").glob("*.html")
    assert "Score: 5.0 / 5.0" in page.read_text()
