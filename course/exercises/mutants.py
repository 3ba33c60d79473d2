"""Named wrong solutions: what an exercise's mutants.py is written with."""

import dataclasses
import sys

from course.exercises.checks import collect


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A mistake that people make, and the checks that it must lose."""

    name: str
    says: str
    by: str
    loses: tuple
    replace: str | None
    task: str | None
    hint: str
    line: int


def mutant(name, says, *, by, loses, replace=None, task=None, hint=""):
    """Describe a wrong solution.

    Args:
        name: unique in the exercise.
        says: what is wrong with it, completing "It ...", and, where a learner's answers are those
            of the mutant, "Your answers are those of code that ...".
        by: the code that stands instead.
        loses: ids of the checks that it must lose; it must pass all the others.
        replace: text that stands exactly once in the solution, in the cells of `task` if that is
            given; or None, and `by` replaces all code cells of `task`.
        task: id of a task.
        hint: what to say in place of that to a learner whose answers are those of the mutant.
    """
    caller = sys._getframe(1)
    made = Mutant(name, says, by, tuple(loses), replace, task, hint, caller.f_lineno)
    collect(made, caller.f_globals)
