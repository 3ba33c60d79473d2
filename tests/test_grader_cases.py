"""Cases that once won, or stopped a class, in the course's own exercises: now as they deserve."""

import csv
import re
import subprocess
import sys

import psutil
import pytest
from hostile.cases import CONVOLUTION, MNIST
from sandbox import needs_strong_isolation
from small_class import hand_in

from course.exercises import load_exercise
from course.grader.submission import Grader

pytestmark = pytest.mark.sandbox

MOST_MB = 300  # that the process of `course grade` may take, whatever is handed in


def lost_with(exercise, names):
    """The points of all checks that ask one of these functions, or are named."""
    lost = 0.0
    for check in exercise.checks:
        asks = re.search(rf"student\.({'|'.join(names)})\b", _source(check)) if names else None
        lost += check.points if asks or check.id in names else 0
    return lost


def _source(check):
    code = check.function.__code__
    return (
        " ".join(f"student.{name}" for name in code.co_names)
        + " "
        + " ".join(
            f"student.{name}"
            for constant in code.co_consts
            if hasattr(constant, "co_names")
            for name in constant.co_names
        )
    )


def largest(process):
    """MB at most of a process and of its descendants that judge, so far."""
    sizes = [0.0]
    family = [process]
    for child in process.children(recursive=True):
        if "course.grader.judge" in child.cmdline():
            family.append(child)
    for one in family:
        with open(f"/proc/{one.pid}/status") as status:
            sizes.append(int(status.read().partition("VmHWM:")[2].split()[0]) / 1000)
    return max(sizes)


def test_a_class_with_all_of_them_is_graded_in_bounded_memory(tmp_path):
    needs_strong_isolation()
    exercise = load_exercise("01_convolution")
    right = exercise.solution_cells()
    deserved = {"right": (exercise.points, "graded"), "untouched": (0, "graded")}
    hand_in(tmp_path / "in", "right/x.ipynb", right, exercise.id)
    hand_in(tmp_path / "in", "untouched/x.ipynb", exercise.release_cells(), exercise.id)
    for name, (cell, functions, status) in CONVOLUTION.items():
        hand_in(tmp_path / "in", f"{name}/x.ipynb", [*right, cell], exercise.id)
        deserved[name] = (exercise.points - lost_with(exercise, functions), status)
    command = [sys.executable, "-m", "course", "grade", exercise.id, str(tmp_path / "in")]
    command += ["--jobs", "1", "--seed", "1f", "--out", str(tmp_path / "out")]
    sizes = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                sizes.append(largest(psutil.Process(process.pid)))
            except (psutil.Error, OSError, IndexError):
                continue
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    assert process.returncode == 0
    with open(tmp_path / "out" / "marks.csv", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    given = {row["student"]: (float(row["points"]), row["status"]) for row in rows}
    assert given == deserved
    assert 20 < max(sizes) < MOST_MB
    for name, heard in (("page", "SEEN"), ("trouble", "53454e")):
        pages = [p for p in (tmp_path / "out" / "feedback").iterdir() if name in p.name]
        assert pages
        for page in pages:
            text = page.read_text()
            seen = text.partition(heard)[2].partition("<")[0]
            # It tells what visible checks have asked, and nothing of what comes after them.
            assert len(seen.split()) <= 2


@pytest.fixture(scope="module")
def mnist():
    """A grader of the exercise on MNIST: it starts TensorFlow twice, and trains a solution."""
    pytest.importorskip("keras")
    needs_strong_isolation()
    with Grader(load_exercise("02_mnist"), 1) as grader:
        yield grader


@pytest.mark.parametrize("name", MNIST)
def test_what_trains_with_more_than_it_may_loses_the_training(name, mnist):
    graded = mnist.grade([*mnist.exercise.solution_cells(), MNIST[name]])
    lost = {outcome.check: outcome.message for outcome in graded.outcomes if not outcome.earned}
    assert set(lost) == {"reads_digits"}, lost
    wanted = {"10": "50,890 parameters", "23": "KeyError"}[name[:2]]
    assert wanted in lost["reads_digits"]
