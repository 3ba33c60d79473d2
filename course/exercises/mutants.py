"""Named wrong solutions, and right ones: what mutants.py and variants.py are written with."""

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


@dataclasses.dataclass(frozen=True)
class Variant:
    """A right solution in another style than the reference: it must get all points."""

    name: str
    tasks: dict  # id -> the code that stands instead of all code cells of the task
    line: int


def variant(name, **tasks):
    """Describe a right solution in another style.

    Args:
        name: unique in the exercise: what is special about it.
        tasks: of each task that it solves otherwise, by its id, the code that stands in place of
            all its code cells. A line such as `# %% tags=["try"]` begins a cell in it.
    """
    caller = sys._getframe(1)
    collect(Variant(name, tasks, caller.f_lineno), caller.f_globals)
