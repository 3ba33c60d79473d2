"""Grade submissions, one after the other: run them in a jail, judge what they answer out here.

The checks run in this process and ask the submission's process for answers to their questions. It
knows neither the checks nor what they expect; whatever it does to itself changes its answers only.
"""

import ast
import dataclasses
import re
from pathlib import Path

from course.exercises import (
    Died,
    ExerciseError,
    Memo,
    NotAnswered,
    NotData,
    Outcome,
    Raised,
    Side,
    SideError,
    TimedOut,
    digest_of,
    run_check,
)
from course.grader.jail import IsolationError, Jail

_SAID = {kind.status: kind for kind in (NotAnswered, Raised, NotData)}  # by a worker
_REFERENCE_PATIENCE = 3  # times a submission's limits: a slow machine isn't the reference's fault
_MEMO_BYTES = 256e6  # of answers of the reference to keep
_FOLDER = Path(__file__).parent
# The modules beside this one that a verdict rests on, and this one.
_VERDICT = ("jail", "submission", "wire", "worker", "zygote")


def grading_digest(exercise):
    """Changes when anything changes that a verdict of the grader rests on.

    That is what `exercise.digest` covers, and the way through the sandbox.

    Args:
        exercise: Exercise.
    Returns:
        str: the exercise's digest, "-", the grader's.
    Raises:
        ExerciseError: a file that counts is not there.
    """
    return f"{exercise.digest}-{digest_of(_FOLDER / f'{name}.py' for name in _VERDICT)}"


@dataclasses.dataclass
class Graded:
    """What became of a submission.

    Args:
        outcomes: list of Outcome, one a check, in the exercise's order.
        status: "graded"; "timed out" or "died" if some part of it did, and all the rest is graded;
            "grader error" if something of ours failed.
        trouble: list of str: what went wrong besides wrong answers.
    """

    outcomes: list
    status: str
    trouble: list


class Grader:
    """Grades submissions of one exercise. Close it, or use it as a context manager.

    To grade several at a time, give each thread a Grader of its own. Where each submission has a
    sandbox of its own (see `jail`), it ends with the thread that called `grade`.

    Args:
        exercise: Exercise.
        seed: int >= 0, the secret that hidden inputs are drawn from; `grade` takes others, too.
        weak_ok: whether weak isolation will do.
    Raises:
        IsolationError: only weak isolation can be had, and it won't do.
        ExerciseError: the reference itself doesn't pass every check with this seed.
    Example:
        with Grader(load_exercise("01_convolution"), seed=1234) as grader:
            graded = grader.grade(cells)
    """

    def __init__(self, exercise, seed, *, weak_ok=False):
        self.exercise = exercise
        self.seed = int(seed)
        self._jail = Jail(_warm(exercise), hide=[exercise.folder], weak_ok=weak_ok)
        self.isolation = self._jail.isolation
        try:
            self._reference = _Reference(self._jail, exercise)
            self._memo = Memo(self._reference)
            self._prove_reference()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End every process that belongs to it."""
        self._jail.close()

    def grade(self, cells, *, seed=None):
        """Grade a submission.

        Args:
            cells: list of str, its code cells.
            seed: int >= 0 for this submission alone; None: the grader's own. That the reference
                passes every check was proved with the grader's own only.
        Returns:
            Graded. Nothing that a submission does is raised here.
        """
        seed = self.seed if seed is None else int(seed)
        student = _Student(self._jail, self.exercise, list(cells))
        try:
            outcomes = [self._judge(check, student, seed) for check in self.exercise.checks]
        finally:
            student.end()
            self._forget()
        trouble = student.trouble
        trouble += [f"{o.check}: {o.message}" for o in outcomes if o.status == "grader error"]
        status = student.ended_by or "graded"
        if any(outcome.status == "grader error" for outcome in outcomes):
            status = "grader error"
        return Graded(outcomes, status, trouble)

    def _judge(self, check, student, seed):
        outcome = run_check(check, student, self._memo, seed)
        broken = student.broken or self._reference.broken
        if broken:  # our failure, whatever the check has made of it
            return _unjudged(check, broken, outcome.seconds)
        return outcome

    def _forget(self):
        """Let no submission meet a reference that has seen another submission's data."""
        self._reference.end()
        self._reference.broken = ""
        if self._reference.said_bytes > _MEMO_BYTES:
            self._memo = Memo(self._reference)
            self._reference.said_bytes = 0

    def _prove_reference(self):
        for check in self.exercise.checks:
            outcome = run_check(check, self._reference, self._memo, self.seed)
            if self._reference.broken:
                raise IsolationError(self._reference.broken)
            if outcome.status != "passed":
                raise ExerciseError(
                    f"{self.exercise.folder}/checks.py:{check.line}: {check.id} is not passed by "
                    f"the solution itself ({outcome.status}: {outcome.message}). Nobody can be "
                    "graded with it. `course exercises selftest` says more."
                )
        self._reference.end()


class _Worked(Side):
    """A side that lives in a worker of the jail, which is started when it is first asked."""

    def __init__(self, jail, exercise, cells, patience=1):
        self._jail, self._cells, self._probes = jail, cells, exercise.probes
        limits = exercise.limits
        self._call_seconds = limits.call_seconds * patience
        self._cell_seconds = limits.cell_seconds * patience
        self._all_seconds = limits.submission_seconds * patience
        self._memory_mb = limits.memory_mb
        self._worker = None
        self._spent = 0.0  # seconds, by workers that were ended
        self.broken = ""  # why our own part failed

    def call(self, name, args, kwargs):
        request = {"do": "call", "name": name, "args": list(args), "kwargs": kwargs}
        return self._answer(request, name)

    def value(self, name):
        return self._answer({"do": "value", "name": name}, name)

    def end(self):
        """End its processes."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            self._spent += worker.spent
            worker.end()

    def _start(self):
        for trial in (1, 2):  # the second with a new zygote
            try:
                return self._jail.worker(memory_mb=self._memory_mb, seconds=self._all_seconds)
            except IsolationError as error:
                if trial == 2:
                    self.broken = str(error)
                    raise
        return None

    def _ask(self, request, seconds):
        """Ask the worker. It is ended if it dies, or doesn't answer in time."""
        try:
            reply = self._worker.ask(request, seconds)
        except (Died, TimedOut):
            self.end()
            raise
        if "ok" in reply:
            return reply["ok"]
        # A worker can say no more than that: a submission doesn't choose its other statuses.
        raise _SAID.get(reply["status"], Raised)(reply["message"])

    def _answer(self, request, name):
        raise NotImplementedError


class _Student(_Worked):
    """A submission. Cells that kill or block it are left out when it is started again."""

    def __init__(self, jail, exercise, cells):
        super().__init__(jail, exercise, cells)
        self._failed = {}  # number of a cell -> the SideError that it ended in
        self.trouble = []
        self.ended_by = ""  # "timed out" or "died": what first happened to a part of it

    def _answer(self, request, name):
        while self._worker is None:
            self._run_cells()
        seconds = min(self._call_seconds, self._left())
        try:
            return self._ask(request, seconds)
        except NotAnswered as error:
            raise self._why_missing(name, error) from None
        except TimedOut:
            raise self._lost(TimedOut, f"`{name}`", self._too_slow(seconds)) from None
        except Died as error:
            raise self._lost(Died, f"`{name}`", str(error)) from None

    def _run_cells(self):
        """Start it, and run all cells but those that ended it before."""
        self._left()
        self._worker = self._start()
        for number, cell in enumerate(self._cells, 1):
            if isinstance(self._failed.get(number), TimedOut | Died):
                continue
            request = {"do": "cell", "source": cell, "label": f"<cell {number}>"}
            seconds = min(self._cell_seconds, self._left())
            try:
                self._ask(request, seconds)
                self._failed.pop(number, None)
            except TimedOut:
                why = self._too_slow(seconds)
                self._failed[number] = self._lost(TimedOut, f"cell {number}", why)
                return
            except Died as error:
                self._failed[number] = self._lost(Died, f"cell {number}", str(error))
                return
            except SideError as error:
                if number not in self._failed:
                    self.trouble.append(f"cell {number}: {error}")
                self._failed[number] = type(error)(f"cell {number}: {error}")
        if self._probes:
            self._ask({"do": "probes", "source": self._probes}, self._left())

    def _left(self):
        """Seconds left for the whole submission."""
        left = self._all_seconds - self._spent - (self._worker.spent if self._worker else 0)
        if left > 0:
            return left
        self.end()
        raise self._lost(TimedOut, "the submission", self._too_slow(0))

    def _too_slow(self, seconds):
        if seconds in (self._call_seconds, self._cell_seconds):
            return f"it took longer than {seconds:g} s"
        return f"the whole submission took longer than {self._all_seconds:g} s"

    def _lost(self, kind, what, why):
        """Note what has happened, and make an error of it."""
        error = kind(f"{what}: {why}")
        self.ended_by = self.ended_by or kind.status
        if str(error) not in self.trouble:
            self.trouble.append(str(error))
        return error

    def _why_missing(self, name, error):
        """A name that isn't there because the cell with it failed has that cell's fate."""
        for number, why in self._failed.items():
            if re.search(rf"\b{re.escape(name)}\b", self._cells[number - 1]):
                return type(why)(f"{error} Its cell failed: {why}")
        return error


class _Reference(_Worked):
    """The solution, in a worker that never sees a submission's code."""

    def __init__(self, jail, exercise):
        super().__init__(jail, exercise, exercise.solution_cells(), _REFERENCE_PATIENCE)
        self.said_bytes = 0

    def _answer(self, request, name):
        if self._worker is None:
            self._worker = self._start()
            for number, cell in enumerate(self._cells, 1):
                request_cell = {"do": "cell", "source": cell, "label": f"<solution {number}>"}
                self._ask(request_cell, self._cell_seconds)
            self._ask({"do": "probes", "source": self._probes}, self._cell_seconds)
        value = self._ask(request, self._call_seconds)
        self.said_bytes += getattr(value, "nbytes", 1000)
        return value


def _unjudged(check, why, seconds):
    return Outcome(check.id, check.task, check.points, None, "grader error", why, seconds)


def _warm(exercise):
    """What workers import before they are forked: as the exercise says, and what its cells need.

    Returns:
        list of str, import statements.
    """
    statements = [f"import {name}" for name in exercise.warm]
    for cell in exercise.solution_cells():
        nodes = ast.parse(cell).body
        imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
        statements += map(ast.unparse, imports)
    return list(dict.fromkeys(statements))
