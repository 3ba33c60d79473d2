"""Hostile submissions get exactly what they deserve, reach nothing, and leave nothing over.

Each attack leaves a canary, which the test hears if it ran; without the attack there is none.
"""

import ast
import contextlib
import dataclasses
import os
import secrets
import shutil
import socket
import time
from pathlib import Path

import psutil
import pytest
from hostile.submissions import ALL, CONTROLS, SUBMISSIONS, Attack
from sandbox import needs_strong_isolation

from course.exercises import SideError, load_exercise
from course.exercises.runner import PUBLIC_SEED
from course.grader.submission import Grader
from course_utils.texts import printable

pytestmark = pytest.mark.sandbox

HERE = Path(__file__).parent
SEED = 987654321098765
BY_NAME = {submission.name: submission for submission in SUBMISSIONS}
HOSTILE = [submission for submission in SUBMISSIONS if submission not in CONTROLS]
HEARD = "heard.txt"
LISTENER = '''

@check("brightest", points=1, hidden=True, hint="-", more="-")
def listener(student, reference, rng):
    """hears the canary"""
    from course.exercises import SideError

    try:
        heard = student["canary"]
    except SideError:
        return
    with open({file!r}, "w") as file:
        file.write(repr(heard))
'''
# What an attempt ends in that never came to what it would do.
OWN_FAULTS = {"AttributeError", "EFAULT", "ModuleNotFoundError", "NameError", "TypeError"}


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
def grader(outside, tmp_path_factory):
    """A grader of the small exercise, with one more check, which hears and takes no points."""
    needs_strong_isolation()
    folder = tmp_path_factory.mktemp("hostile") / "small_exercise"
    shutil.copytree(HERE / "small_exercise", folder)
    with (folder / "checks.py").open("a") as checks:
        checks.write(LISTENER.format(file=str(folder / HEARD)))
    with Grader(load_exercise(folder), SEED) as grader:
        yield grader


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda submission: submission.name)
def test_gets_what_it_deserves(submission, grader, outside):
    before = _family()
    graded, heard = _grade(grader, submission, submission.cells, outside)

    assert _missing(submission, heard, outside) == [], "\n".join(heard)
    assert _passed(graded) == submission.passes, "\n".join(heard)
    checks = [check for check in grader.exercise.checks if check.id != "listener"]
    points = {check.id: check.points for check in checks}
    assert {outcome.check: outcome.earned for outcome in graded.outcomes} == {
        check: points[check] if check in submission.passes else 0 for check in points
    }
    assert graded.status == submission.status, "\n".join(heard)
    for outcome in graded.outcomes:
        assert outcome.status in {
            "passed",
            "wrong",
            *(kind.status for kind in SideError.__subclasses__()),
        }
        assert outcome.message == printable(outcome.message)
    assert _left_over(before) == []
    _assert_untouched(outside)

    after = grader.grade(BY_NAME["right"].cells)
    assert _passed(after) == ALL | {"listener"}
    assert (after.status, after.trouble) == ("graded", [])


@pytest.mark.parametrize("submission", HOSTILE, ids=lambda submission: submission.name)
def test_without_its_attack_no_canary_is_heard(submission, grader, outside):
    harmless = ["" if isinstance(cell, Attack) else cell for cell in submission.cells]
    _, heard = _grade(grader, submission, harmless, outside)
    assert submission.canary and _missing(submission, heard, outside), "\n".join(heard)


def test_the_set_is_large_and_has_no_double():
    assert len(BY_NAME) == len(SUBMISSIONS) and len(HOSTILE) >= 99


def test_the_table_of_answers_is_right_for_whoever_has_no_secret_seed(grader):
    cells = BY_NAME["table_of_public_answers"].cells
    assert _passed(grader.grade(cells, seed=PUBLIC_SEED)) >= ALL


def _grade(grader, submission, cells, outside):
    """Grade some cells with a submission's limits.

    Returns:
        Graded, and a list of str: what the test hears, in which there should be the canary.
    """
    exercise, limits = grader.exercise, grader.exercise.limits
    exercise.limits = dataclasses.replace(limits, **submission.limits)
    try:
        graded = grader.grade([_filled_in(cell, outside) for cell in cells])
    finally:
        exercise.limits = limits
    graded.outcomes.pop()
    heard = [f"{outcome.check} {outcome.status}: {outcome.message}" for outcome in graded.outcomes]
    heard += graded.trouble
    said = exercise.folder / HEARD
    if said.exists():
        value = ast.literal_eval(said.read_text())
        said.unlink()
        pairs = value.items() if isinstance(value, dict) else [("canary", value)]
        heard += [f"{what}: {stopped}" for what, stopped in pairs]
    return graded, heard


def _missing(submission, heard, outside):
    """What should have been heard and wasn't, and attempts that failed by a fault of their own."""
    wanted = [_filled_in(text, outside) for text in submission.canary]
    missing = [text for text in wanted if not any(text in line for line in heard)]
    return missing + [line for line in heard if line.rpartition(": ")[2] in OWN_FAULTS]


def _passed(graded):
    return {outcome.check for outcome in graded.outcomes if outcome.status == "passed"}


def _family():
    """This process's descendants, without other tests' Chromium, which starts what it likes."""
    children = psutil.Process().children()
    mine = [child for child in children if "playwright" not in " ".join(child.cmdline())]
    return {process.pid for child in mine for process in [child, *child.children(recursive=True)]}


def _left_over(before):
    """What has come since and is still there when the system has had the time to clear up."""
    deadline = time.monotonic() + 30
    while (more := _family() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [psutil.Process(pid).as_dict(["pid", "ppid", "status", "cmdline"]) for pid in more]


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
