"""Exercises that grade themselves: what a notebook, an exercise's files and the grader share.

In a notebook: `open_exercise`. In an exercise's checks.py: `check`, `same`, `equal`, `Wrong`. In
its probes.py: `pack`, `unpack`, `parameters`. In its mutants.py: `mutant`; in its variants.py:
`variant`. docs/grading.md tells how to write an exercise and how to grade a class. The module
`release` makes of an exercise what learners get, and released/ holds the course's own in that form:
every install has them.
"""

from course.exercises.checks import Check, Wrong, check, equal, same
from course.exercises.errors import (
    Died,
    NotAnswered,
    NotData,
    Raised,
    SideError,
    TimedOut,
)
from course.exercises.mutants import Mutant, Variant, mutant, variant
from course.exercises.notebook import open_exercise
from course.exercises.packed_models import pack, parameters, unpack
from course.exercises.plain_data import MAX_BYTES, decode, encode
from course.exercises.reach import is_aside, set_aside
from course.exercises.runner import (
    PUBLIC_SEED,
    Here,
    Memo,
    Outcome,
    Side,
    run_check,
)
from course.exercises.source import (
    EXERCISES,
    NOT_GRADED,
    RELEASED,
    Exercise,
    ExerciseError,
    Task,
    digest_of,
    exercise_ids,
    load_exercise,
)
from course.exercises.verdicts import clean, plain_title, verdict, verdict_templates

__all__ = [
    "EXERCISES",
    "MAX_BYTES",
    "NOT_GRADED",
    "PUBLIC_SEED",
    "RELEASED",
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
    "Side",
    "SideError",
    "Task",
    "TimedOut",
    "Variant",
    "Wrong",
    "check",
    "clean",
    "decode",
    "digest_of",
    "encode",
    "equal",
    "exercise_ids",
    "is_aside",
    "load_exercise",
    "mutant",
    "open_exercise",
    "pack",
    "parameters",
    "plain_title",
    "run_check",
    "same",
    "set_aside",
    "unpack",
    "variant",
    "verdict",
    "verdict_templates",
]
