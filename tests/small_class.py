"""A small exercise, notebooks that students hand in, and a grader that needs no sandbox."""

import json
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from course.exercises import Here, Memo, load_exercise, run_check
from course.grader import classes
from course.grader.submission import Grader

_one_at_a_time = threading.Lock()  # in one process, cells share the environment and linecache
SMALL = Path(__file__).parent / "small_exercise"


def small_exercise():
    return load_exercise(SMALL)


def notebook(cells, exercise=None):
    """A notebook as bytes: code cells, and the exercise's id in its metadata."""
    metadata = {"course": {"exercise": exercise}} if exercise else {}
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": metadata,
            "cells": [
                {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "Mine."},
                *(
                    {
                        "cell_type": "code",
                        "id": f"c{number}",
                        "metadata": {},
                        "outputs": [],
                        "execution_count": None,
                        "source": cell.splitlines(keepends=True),
                    }
                    for number, cell in enumerate(cells)
                ),
            ],
        }
    ).encode()


def hand_in(folder, name, cells, exercise=None):
    """Write a notebook."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook(cells, exercise))
    return path


def solutions(exercise):
    """Ways to solve it: dict of name -> (cells, points deserved)."""
    points = {check.id: check.points for check in exercise.checks}
    ways = {
        "right": (exercise.solution_cells(), exercise.points),
        "untouched": (exercise.release_cells(), 0.0),
    }
    for mutant in exercise.mutants:
        lost = sum(points[check] for check in mutant.loses)
        ways[mutant.name] = (exercise.mutant_cells(mutant), exercise.points - lost)
    return ways


def write_class(folder, exercise, number):
    """A class of `number` students, no two with the same code.

    Returns:
        dict, student -> points deserved.
    """
    ways = list(solutions(exercise).values())
    deserved = {}
    for student in range(number):
        cells, points = ways[student % len(ways)]
        name = f"student {student:03}"
        hand_in(folder, f"{name}/{exercise.id}.ipynb", [*cells, f"# {student}"], exercise.id)
        deserved[name] = points
    return deserved


class HereGrader:
    """What course.grader.submission.Grader does, in this process and without any protection."""

    isolation = "strong"
    seconds = 0.0  # that each submission takes besides
    made = 0  # so many in this process

    def __init__(self, exercise, seed, *, weak_ok=False):
        type(self).made += 1
        self.exercise, self.seed = exercise, seed
        with _one_at_a_time:
            self.reference = Memo(Here(exercise.solution_cells(), exercise.probes))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def grade(self, cells, *, seed=None):
        seed = self.seed if seed is None else seed
        time.sleep(self.seconds)
        checks = self.exercise.checks
        with _one_at_a_time:
            student = Here(cells, self.exercise.probes)
            outcomes = [run_check(check, student, self.reference, seed) for check in checks]
        failed = any(outcome.status == "grader error" for outcome in outcomes)
        status = "grader error" if failed else "graded"
        return SimpleNamespace(outcomes=outcomes, status=status, trouble=[])


def grade_without_sandbox(seconds=0.0):
    """Make this process grade with the stand-in; for workers of a cluster and for `__main__`."""
    HereGrader.seconds, HereGrader.made = seconds, 0
    classes.Grader = HereGrader


def grade_in_sandbox():
    classes.Grader = Grader


def graders_made():
    return HereGrader.made


def graders_open():
    return len(classes._graders)


if __name__ == "__main__":  # a `course grade` of its own, to be killed
    from course.grader import command

    places, out, seconds, sandbox = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    if sandbox == "no":
        grade_without_sandbox(seconds)
        command._refuse_weak = lambda scheduler, weak_ok: None
    sys.exit(command.grade(str(SMALL), [places], jobs=2, out=out, seed="1f"))
