"""Hostile submissions get exactly what they deserve, reach nothing, and leave nothing over."""

import contextlib
import dataclasses
import os
import secrets
import socket
from pathlib import Path

import psutil
import pytest
from hostile.submissions import ALL, SUBMISSIONS
from sandbox import needs_strong_isolation

from course.exercises import STATUSES, load_exercise
from course.grader.submission import Grader

HERE = Path(__file__).parent
SEED = 987654321098765
RIGHT = next(one.cells for one in SUBMISSIONS if one.name == "right")


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What submissions try to reach: files, sockets, a variable; none of it may be touched."""
    folder = tmp_path_factory.mktemp("outside")
    canary = secrets.token_hex(16)
    secret, book = folder / "secret.txt", folder / "gradebook.sqlite"
    secret.write_text(canary)
    book.write_bytes(b"")
    abstract = f"course-{canary}"
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket(socket.AF_INET))]
        listeners[0].bind(("127.0.0.1", 0))
        for address in (str(folder / "socket"), "\0" + abstract):
            listeners.append(stack.enter_context(socket.socket(socket.AF_UNIX)))
            listeners[-1].bind(address)
        for listener in listeners:
            listener.listen()
            listener.setblocking(False)
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("COURSE_CANARY", canary)
        yield {
            "SECRET": str(secret),
            "GRADEBOOK": str(book),
            "MARK": str(folder / "mark"),
            "UNIX": str(folder / "socket"),
            "ABSTRACT": abstract,
            "PORT": str(listeners[0].getsockname()[1]),
            "CANARY": canary,
            "YRANAC": canary[::-1],
            "SEED": str(SEED)[::-1],
            "PARENT": str(os.getpid()),
            "HOME": str(Path.home()),
            "REPOSITORY": str(HERE.parent),
            "EXERCISE": str(HERE / "small_exercise"),
            "listeners": listeners,
        }


@pytest.fixture(scope="module")
def grader(outside):
    needs_strong_isolation()
    with Grader(load_exercise(HERE / "small_exercise"), SEED) as grader:
        yield grader


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda one: one.name)
def test_gets_what_it_deserves(submission, grader, outside):
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    usual = grader.exercise.limits
    grader.exercise.limits = dataclasses.replace(usual, **submission.limits)
    graded = grader.grade([_filled_in(cell, outside) for cell in submission.cells])
    grader.exercise.limits = usual

    said = [(one.check, one.status, one.message) for one in graded.outcomes] + graded.trouble
    assert _passed(graded) == submission.passes, said
    points = {check.id: check.points for check in grader.exercise.checks}
    assert {one.check: one.earned for one in graded.outcomes} == {
        check: points[check] if check in submission.passes else 0 for check in points
    }
    assert graded.status == submission.status, said
    for outcome in graded.outcomes:
        assert outcome.status in STATUSES
        assert outcome.message.isprintable()
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    _assert_untouched(outside)

    after = grader.grade(RIGHT)
    assert _passed(after) == ALL
    assert (after.status, after.trouble) == ("graded", [])


def test_the_set_is_large_and_has_no_double():
    names = [one.name for one in SUBMISSIONS]
    assert len(names) == len(set(names)) >= 30


def _passed(graded):
    return {one.check for one in graded.outcomes if one.status == "passed"}


def _filled_in(cell, outside):
    for word, value in outside.items():
        if isinstance(value, str):
            cell = cell.replace(f"@{word}@", value)
    return cell


def _assert_untouched(outside):
    assert Path(outside["SECRET"]).read_text() == outside["CANARY"]
    assert Path(outside["GRADEBOOK"]).read_bytes() == b""
    assert not Path(outside["MARK"]).exists()
    for listener in outside["listeners"]:
        with pytest.raises(BlockingIOError):
            listener.accept()
