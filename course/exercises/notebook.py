"""What a learner calls in a notebook of exercises.

    check = open_exercise("01_convolution")
    check("slide")          # run the checks of a task on what the notebook defines now
    check.hint("slide")     # a hint; called again, another one
    check.case("slide")     # what the call was made with that went wrong
    check.progress()        # all tasks, and all sets of exercises
    check.solutions()       # a notebook with the solutions, after a try

`answers` says what is answered, `verdicts` how it looks, `pictures` draws expected and actual.
"""

import contextlib
import difflib
import os
import random
import re
import sys
import tomllib
import warnings
from functools import cached_property

import numpy as np

from course.exercises import answers, calls, cells, source
from course.exercises.mistakes import Trail, mistakes_of, named, sentence
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


class _Said:
    """An error of which a notebook shows the message alone."""

    def _render_traceback_(self):
        return [str(self)]


class NoSuchTask(_Said, ValueError):
    """There is no such task."""


class NoCase(_Said, LookupError):
    """No call of a learner's function went wrong in this task."""


class Interrupted(_Said, KeyboardInterrupt):
    """The learner interrupted a check."""


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
        self._cases = {}  # task -> (check, Call), the first that went wrong
        self._hints = {}  # check -> how many of its hints were shown
        self._cells = cells.watch() if answers.in_notebook() else None

    def __call__(self, task=None):
        """Check a task on the notebook's own names, and show what is right and what isn't.

        Args:
            task: its name, or the name of one of its functions, or such a function; without, the
                tasks are shown.
        Raises:
            NoSuchTask: there is no such task; the message names the closest.
            Interrupted: the learner interrupted it.
        """
        if task is None:
            answers.show(answers.choice(self.exercise, self._standings(), "check"))
            return
        task = self._task(task)
        failed = self._cells and self._cells.failed(self.exercise.names_of(task.id))
        if failed:
            answers.show(answers.not_judged(task, *failed))
            return
        checked = self._checked(task, _names(sys._getframe(1)))
        outcomes = [outcome for outcome, _ in checked.values()]
        self._outcomes[task.id] = outcomes
        failed = answers.first_failed(outcomes)
        if failed is not None:
            self._hints[failed.check] = max(1, self._hints.get(failed.check, 0))
        if any(outcome.status != "not answered" for outcome in outcomes):
            right = all(outcome.status == "passed" for outcome in outcomes)
            _progress().note(self.exercise.id, "task", task.id, right)
        page = answers.answer(
            self.exercise,
            task,
            outcomes,
            self._standings(),
            mistakes=self._mistakes(checked),
            again=self._again(task),
        )
        answers.show(page)

    def hint(self, task=None):
        """Show a hint on the first check of a task that failed, or on its first; then another.

        Args:
            task: as for a call.
        Raises:
            NoSuchTask: there is no such task; the message names the closest.
        """
        if task is None:
            answers.show(answers.choice(self.exercise, self._standings(), "check.hint"))
            return
        task = self._task(task)
        checks = [check for check in self.exercise.checks_of(task.id) if not check.hidden]
        failed = answers.first_failed(self._outcomes.get(task.id, []))
        check = next((check for check in checks if failed and check.id == failed.check), checks[0])
        shown = self._hints.get(check.id, 0)
        self._hints[check.id] = min(2, shown + 1)
        answers.show(answers.hints(task, check, self._hints[check.id], none_left=shown == 2))

    def case(self, task):
        """What your function was called with when a check of a task went wrong.

        Args:
            task: as for a call.
        Returns:
            tuple of the arguments; one alone as it is. They are copies: change them as you like.
        Raises:
            NoSuchTask: there is no such task; the message names the closest.
            NoCase: the task wasn't checked yet, or no call of a function went wrong.
        Example:
            image, kernel = check.case("slide")
            correlate(image, kernel)
        """
        task = self._task(task)
        if task.id not in self._cases:
            raise NoCase(
                f'There is no call in "{task.id}" that went wrong. `check("{task.id}")` looks for '
                "one in what is defined now."
            )
        return self._cases[task.id][1].values()

    def progress(self):
        """Show all tasks, which are right and which come next, and how far all sets are."""
        answers.show(answers.progress(self.exercise, self._standings(), _sets()))

    def solutions(self):
        """Put a notebook with the solutions into your workspace, once you have tried a task."""
        from course.workspace import WorkspaceError, copies

        try:
            page = answers.Page("Solutions", answers.RIGHT, copies.solutions(self.exercise.id).says)
        except WorkspaceError as error:
            page = answers.Page("Solutions", answers.OPEN, str(error))
        answers.show(page)

    def __repr__(self):
        return answers.standing(self.exercise, self._standings())

    def _checked(self, task, names):
        """dict of check id -> (Outcome, sketches of the answers), for the visible checks of a task.

        A call that went on for too long is the last one: all others would, too.
        """
        limit, notices = calls.CLOCK * self.exercise.limits.call_seconds, []

        def slow(name):
            notices.append((name, answers.show(answers.running(task, name, limit))))

        watched = calls.Watched(names, limit, slow)
        try:
            return self._run(task, watched)
        finally:
            for name, replace in notices:
                replace(answers.running(task, name, calls.NOTICE_SECONDS, over=True))

    def _run(self, task, watched):
        student = Here(probes=self.exercise.probes, namespace=watched)
        self._cases.pop(task.id, None)
        checked = {}
        for check in self.exercise.checks_of(task.id):
            if check.hidden:
                continue
            trail, watched.last = Trail(student), None
            try:
                outcome = run_check(check, trail, self._reference, PUBLIC_SEED)
            except KeyboardInterrupt:
                self._cases.pop(task.id, None)
                self._keep_case(task, check, watched.last)
                raise Interrupted(self._interrupted(task, watched.last)) from None
            if outcome.status in ("wrong", "raised", "not data", "timed out"):
                self._keep_case(task, check, watched.last)
            right = outcome.status == "passed"
            checked[check.id] = outcome, trail.names() if right else trail.sketches()
            if outcome.status == "timed out":
                break
        return checked

    def _keep_case(self, task, check, call):
        if call is not None:
            self._cases.setdefault(task.id, (check.id, call))

    def _interrupted(self, task, call):
        says = f'You stopped `check("{task.id}")`'
        if call is None:
            return f"{says}. The kernel goes on."
        again, make = call.as_code(f'check.case("{task.id}")')
        return (
            f"{says} while `{call.name}` was running. The kernel goes on. To see what it was asked "
            f"for: `{again}`, then `{make}`."
        )

    def _again(self, task):
        """The check whose call went wrong, and two pieces of code that make it again; or None."""
        if task.id not in self._cases:
            return None
        check, call = self._cases[task.id]
        return check, *call.as_code(f'check.case("{task.id}")')

    def _mistakes(self, checked):
        """dict of check id -> (sentence, whether it is sure), for mistakes that are known."""
        found = named(self._known, checked)
        return {check: sentence(mistakes, checked) for check, mistakes in found.items()}

    @cached_property
    def _known(self):
        return mistakes_of(self.exercise)

    def _standings(self):
        noted = _progress().noted(self.exercise.id, "task")
        before = {done.item: done.last is True for done in noted}
        return answers.standings(self.exercise, self._outcomes, before)

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


def _progress():
    """What a learner has done, as it is kept beside the workspace."""
    from course.workspace import progress

    return progress


def _sets():
    """All sets of exercises: list of (title, how many tasks are right, how many there are)."""
    noted = _progress().noted(kind="task")
    sets = []
    for exercise in source.exercise_ids():
        folders = source.EXERCISES / exercise, source.RELEASED / exercise
        folder = next(folder for folder in folders if folder.is_dir())
        settings = tomllib.loads((folder / "exercise.toml").read_text(encoding="utf-8"))
        cells_of_it = (folder / "exercise.py").read_text(encoding="utf-8")
        tasks = set(re.findall(r'(?m)^# %% \[markdown\] task="(\w+)"', cells_of_it))
        right = {done.item for done in noted if done.lesson == exercise and done.last is True}
        sets.append((f"{exercise[:2]} {settings['title']}", len(right & tasks), len(tasks)))
    return sets


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
