"""What a learner calls in a notebook of exercises.

    check = open_exercise("01_convolution")
    check("slide")          # run the checks of a task on what the notebook defines now
    check.hint("slide")     # a hint; called again, another one
    check.progress()        # all tasks

`answers` says what is answered, `verdicts` how it looks, `pictures` draws expected and actual.
"""

import contextlib
import difflib
import os
import random
import sys
import warnings
from functools import cached_property

import numpy as np

from course.exercises import answers
from course.exercises.runner import GRADING, PUBLIC_SEED, Here, Memo, Side, run_check
from course.exercises.source import ExerciseError, load_exercise
from course.exercises.stand_in import reference_of
from course_utils import start


class _Inert:
    """An opened exercise where cells run to be judged: answers nothing, shows nothing."""

    def __call__(self, *args, **kwargs):
        return None

    def __getattr__(self, name):
        return self


class NoSuchTask(ValueError):
    """There is no such task; a notebook shows the message alone."""

    def _render_traceback_(self):
        return [str(self)]


def open_exercise(exercise):
    """Open an exercise in a notebook, and say in one line what is in it.

    Args:
        exercise: an id such as "01_convolution", or a folder.
    Returns:
        OpenExercise; where cells run to be graded, an object that does nothing.
    Raises:
        ExerciseError: there is no such exercise, or a file of it is wrong or missing.
    """
    if os.environ.get(GRADING):
        return _Inert()
    opened = OpenExercise(load_exercise(exercise))
    start.prepare_figures()
    if {"keras", "tensorflow"} & set(opened.exercise.warm):
        start.import_keras()  # without the start-up log, and with the usual settings
    answers.show(answers.opening(opened.exercise))
    return opened


class OpenExercise:
    """An exercise in a notebook. Call it with a task's name; it looks at what is defined now.

    Args:
        exercise: Exercise.
    """

    def __init__(self, exercise):
        self.exercise = exercise
        self._outcomes = {}  # task -> list of Outcome, as of its last check
        self._hints = {}  # check -> how many of its hints were shown

    def __call__(self, task):
        """Check a task on the notebook's own names, and show what is right and what isn't.

        Args:
            task: its name, or the name of one of its functions, or such a function.
        Raises:
            NoSuchTask: there is no such task; the message names the closest.
        """
        task = self._task(task)
        student = Here(probes=self.exercise.probes, namespace=_names(sys._getframe(1)))
        checks = [check for check in self.exercise.checks_of(task.id) if not check.hidden]
        outcomes = [run_check(check, student, self._reference, PUBLIC_SEED) for check in checks]
        self._outcomes[task.id] = outcomes
        failed = answers.first_failed(outcomes)
        if failed is not None:
            self._hints[failed.check] = max(1, self._hints.get(failed.check, 0))
        answers.show(answers.answer(self.exercise, task, self._outcomes))

    def hint(self, task):
        """Show a hint on the first check of a task that failed, or on its first; then another.

        Args:
            task: as for a call.
        Raises:
            NoSuchTask: there is no such task; the message names the closest.
        """
        task = self._task(task)
        checks = [check for check in self.exercise.checks_of(task.id) if not check.hidden]
        failed = answers.first_failed(self._outcomes.get(task.id, []))
        check = next((check for check in checks if failed and check.id == failed.check), checks[0])
        shown = self._hints.get(check.id, 0)
        self._hints[check.id] = min(2, shown + 1)
        answers.show(answers.hints(task, check, self._hints[check.id], none_left=shown == 2))

    def progress(self):
        """Show all tasks: which are right, as of their last check, and which come next."""
        answers.show(answers.progress(self.exercise, self._outcomes))

    def __repr__(self):
        return answers.standing(self.exercise, self._outcomes)

    @cached_property
    def _reference(self):
        return Memo(_Quiet(self.exercise))

    def _task(self, given):
        """The task that is meant."""
        tasks = {task.id: task for task in self.exercise.tasks}
        owners = {}
        for task in self.exercise.tasks:
            for name in self.exercise.names_of(task.id):
                owners.setdefault(name, task)
        name = given if isinstance(given, str) else getattr(given, "__name__", None)
        if name in tasks:
            return tasks[name]
        if name in owners:
            return owners[name]
        for task in tasks.values():  # "1.2", as its heading begins
            if str(given) == task.title.split()[0]:
                return task
        there = ", ".join(f'"{task}"' for task in tasks)
        if not isinstance(name, str):
            kind = type(given).__name__
            raise NoSuchTask(
                f"check was given a value of type {kind}; give the name of a task, in quotes, "
                f"such as check({there.split(',')[0]}). The tasks are {there}."
            )
        close = difflib.get_close_matches(name.lower(), [*tasks, *owners], n=1, cutoff=0.4)
        meant = tasks.get(close[0]) or owners[close[0]] if close else None
        guess = f' Did you mean check("{meant.id}")?' if meant else ""
        raise NoSuchTask(f'There is no task "{name}".{guess} The tasks are {there}.')


class _Quiet(Side):
    """The reference in the learner's process: silent, and without effect on random numbers."""

    def __init__(self, exercise):
        with _unnoticed():
            try:
                self._side = reference_of(exercise)
            except ExerciseError:
                raise
            except Exception as error:
                what = "given cells" if exercise.released else "solutions"
                raise ExerciseError(
                    f"The {what} of {exercise.id} don't run here, so nothing can be checked: "
                    f"{type(error).__name__}: {error}. `course doctor` tells what is missing."
                ) from error
        self._solved = self._side._solved

    def call(self, name, args, kwargs):
        with _unnoticed():
            return self._side.call(name, args, kwargs)

    def value(self, name):
        return self._side.value(name)


@contextlib.contextmanager
def _unnoticed():
    # NumPy's global generator is a learner's too: `np.random.rand` goes on as if nothing had been.
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002


def _names(frame):
    """The names that a notebook defines; outside of one, those of the calling module."""
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
        if shell is not None:
            return shell.user_ns
    return frame.f_globals
