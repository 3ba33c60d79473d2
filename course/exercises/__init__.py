"""Exercises that grade themselves: what a notebook, an exercise's files and the grader share.

In a notebook: `open_exercise`. In an exercise's checks.py: `check`, `same`, `equal`, `Wrong`. In
its mutants.py: `mutant`. docs/grading.md tells how to write an exercise and how to grade a class.
"""

from course_utils.exercises.checks import Check, Wrong, check, equal, same
from course_utils.exercises.data import decode, encode
from course_utils.exercises.mutants import Mutant, mutant
from course_utils.exercises.runner import (
    STATUSES,
    Here,
    Memo,
    Outcome,
    run_check,
)
from course_utils.exercises.sides import (
    Died,
    NotAnswered,
    NotData,
    Raised,
    SideError,
    TimedOut,
)
from course_utils.exercises.source import (
    EXERCISES,
    Exercise,
    ExerciseError,
    Task,
    exercise_ids,
    load_exercise,
)

__all__ = [
    "EXERCISES",
    "STATUSES",
    "Check",
    "Died",
    "Exercise",
    "ExerciseError",
    "Here",
    "Memo",
    "Mutant",
    "NotAnswered",
    "NotData",
    "Outcome",
    "Raised",
    "SideError",
    "Task",
    "TimedOut",
    "Wrong",
    "check",
    "decode",
    "encode",
    "equal",
    "exercise_ids",
    "load_exercise",
    "mutant",
    "open_exercise",
    "run_check",
    "same",
]


def open_exercise(exercise):
    """Open an exercise in a notebook: see `course_utils.exercises.notebook.open_exercise`."""
    from course_utils.exercises.notebook import open_exercise as opened

    return opened(exercise)
