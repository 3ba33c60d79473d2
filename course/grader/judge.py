"""The process in which verdicts are reached, and what it does with a submission.

What a submission answers is decoded, and compared, in a child that is there for this submission
alone: with a limit of memory and, for each check, of processor time. Whatever it is made to do,
there is an end to it; then the check that did it is lost, and another child judges the rest.

`Grader` in `submission` starts this process and talks with it over its standard input and output,
in lines of JSON: one for each order, and for what is found.
"""

import ast
import dataclasses
import gc
import json
import math
import os
import re
import select
import signal
import sys
import time
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
    is_aside,
    load_exercise,
    run_check,
)
from course.grader.jail import PATIENCE, IsolationError, Jail
from course.grader.zygote import call_libc, limit, own_data

try:
    import resource
except ImportError:  # Windows, where nothing is forked
    resource = None

JUDGE_MB = 160  # that judging a submission may take, more than the process has at its start
JUDGE_SECONDS = 20  # of processor time, for a check
HIDDEN = "hidden checks: "  # what went wrong in them begins with it; students aren't told
_LONGEST = 4000  # characters of a message
_SAID = {kind.status: kind for kind in (NotAnswered, Raised, NotData)}  # by a worker
_REFERENCE_PATIENCE = 3  # times a submission's limits: a slow machine isn't the reference's fault
_MEMO_BYTES = 128e6  # of answers of the reference to keep
_PR_SET_PDEATHSIG = 1


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


class Judge:
    """Judges submissions of one exercise in this process. Close it, or use it as a context manager.

    Where each submission has a sandbox of its own (see `jail`), it ends with the thread that called
    `grade`.

    Args:
        exercise: Exercise.
        seed: int >= 0, the secret that hidden inputs are drawn from; `grade` takes others, too.
        weak_ok: whether weak isolation will do.
    Raises:
        IsolationError: only weak isolation can be had, and it won't do.
        ExerciseError: the reference itself doesn't pass every check with this seed.
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

    def grade(self, cells, *, seed=None, judged=(), tell=lambda **what: None):
        """Grade a submission: first what is visible, then the rest in a worker that saw none of it.

        So nothing that it learns from a hidden check can stand in what its student is told.

        Args:
            cells: list of str, its code cells.
            seed: int >= 0 for this submission alone; None: the judge's own. That the reference
                passes every check was proved with the judge's own only.
            judged: ids of checks to leave out.
            tell: called with check=id before a check, and with outcome=Outcome after it.
        Returns:
            Graded. Nothing that a submission does is raised here.
        """
        seed = self.seed if seed is None else int(seed)
        student = _Student(self._jail, self.exercise, list(cells))
        outcomes = {}
        try:
            for check in in_order(self.exercise.checks):
                if check.id in judged:
                    continue
                tell(check=check.id)
                student.task = check.task
                if check.hidden:
                    student.hide()
                outcomes[check.id] = self._judge(check, student, seed)
                tell(outcome=outcomes[check.id])
        finally:
            student.end()
            self._forget()
        outcomes = [outcomes[check.id] for check in self.exercise.checks if check.id in outcomes]
        return summed_up(outcomes, student.ended_by or "graded", student.trouble)

    def ready(self, seed):
        """See to it that there is a jail, and that the reference's answers for a seed are known."""
        self._jail.revive()
        if seed not in self._known_seeds:
            for check in self.exercise.checks:
                run_check(check, self._reference, self._memo, seed)
            self._reference.end()
            self._known_seeds.add(seed)

    def renew(self):
        """Go on with a new jail, where something happened to whoever used this one."""
        self._jail.renew()

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
            self._known_seeds = set()

    def _prove_reference(self):
        self._known_seeds = {self.seed}
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


def summed_up(outcomes, status, trouble):
    """Graded, its status being the worst of what is known and what outcomes say.

    Args:
        outcomes: list of Outcome, in the exercise's order.
        status: "graded", "timed out" or "died".
        trouble: list of str.
    """
    errors = [f"{o.check}: {o.message}" for o in outcomes if o.status == "grader error"]
    if errors:
        status = "grader error"
    elif status == "graded" and any(outcome.status == "died" for outcome in outcomes):
        status = "died"
    return Graded(outcomes, status, trouble + [text for text in errors if text not in trouble])


def in_order(checks):
    """Checks in the order in which they are run: the hidden ones last."""
    return sorted(checks, key=lambda check: check.hidden)


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
    """A submission. Cells that kill or block it are cut down when it is started again.

    What is left of them then is what they define; if that still kills or blocks it, nothing.
    """

    def __init__(self, jail, exercise, cells):
        super().__init__(jail, exercise, cells)
        self._asked = sorted({n for task in exercise.tasks for n in exercise.names_of(task.id)})
        self._failed = {}  # number of a cell -> the SideError that it ended in
        self._cut = set()  # numbers of cells that ended it
        self._left_out = set()  # of those that ended it twice
        self._known = {}  # numbers of cells that have ended it -> what is run of each cell
        self._readable = True  # or its code harms whoever looks for what is needed of it
        self._hidden = False
        self._tasks = set()  # whose checks have asked its worker
        self.task = ""  # whose check asks
        self.trouble = []
        self.ended_by = ""  # "timed out" or "died": what first happened to a part of it

    def hide(self):
        """From now on hidden checks ask: of a worker that nobody has asked anything yet."""
        if not self._hidden:
            self.end()
            self._hidden = True
            self._spent = 0.0

    def _answer(self, request, name):
        while self._worker is None:
            self._run_cells()
            self._tasks = set()
        # A task isn't to blame for a worker that another one left in disorder: it gets a new one.
        upset = bool(self._tasks - {self.task})
        self._tasks.add(self.task)
        seconds = min(self._call_seconds, self._left())
        try:
            return self._ask(request, seconds)
        except NotAnswered as error:
            raise self._why_missing(name, error) from None
        except TimedOut:
            lost = self._lost(TimedOut, f"`{name}`", self._too_slow(seconds))
        except Died as error:
            lost = self._lost(Died, f"`{name}`", str(error))
        if upset:
            return self._answer(request, name)
        raise lost

    def _run_cells(self):
        """Start it, and run its cells: whole, as far as others need them, or not at all."""
        self._left()
        self._worker = self._start()
        if self._readable:
            try:
                cells = self._cells_to_run()
            except SideError:
                self._readable = False
                self.end()
                return
        else:
            gone = [n in self._cut or is_aside(cell) for n, cell in enumerate(self._cells, 1)]
            cells = ["" if left else cell for cell, left in zip(self._cells, gone, strict=True)]
        for number, cell in enumerate(cells, 1):
            if number in self._left_out:
                continue
            if not cell:
                if self._readable:
                    self._failed.pop(number, None)
                continue
            request = {"do": "cell", "source": cell, "label": f"<cell {number}>"}
            seconds = min(self._cell_seconds, self._left())
            try:
                self._ask(request, seconds)
                self._failed.pop(number, None)
            except TimedOut:
                self._ended(number, TimedOut, self._too_slow(seconds))
                return
            except Died as error:
                self._ended(number, Died, str(error))
                return
            except SideError as error:
                if number not in self._failed:
                    self._note(f"cell {number}: {error}")
                self._failed[number] = type(error)(f"cell {number}: {error}")
        if self._probes:
            self._ask({"do": "probes", "source": self._probes}, self._left())

    def _cells_to_run(self):
        """What to run of each cell: asked of the first worker before it has run anything."""
        cut = tuple(sorted(self._cut))
        if cut not in self._known:
            again = [number - 1 for number in cut]
            request = {"do": "notebook", "cells": self._cells, "asked": self._asked, "again": again}
            cells = self._ask(request, min(self._cell_seconds, self._left()))
            if type(cells) is not list or list(map(type, cells)) != [str] * len(self._cells):
                raise Died("it sent something else than cells")
            self._known[cut] = cells
        return self._known[cut]

    def _ended(self, number, kind, why):
        """Note that a cell has ended it."""
        if number in self._cut:
            self._left_out.add(number)
        self._cut.add(number)
        self._failed[number] = self._lost(kind, f"cell {number}", why)

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
        self._note(str(error))
        return error

    def _note(self, text):
        text = HIDDEN + text if self._hidden else text
        if text not in self.trouble and text.removeprefix(HIDDEN) not in self.trouble:
            self.trouble.append(text)

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
        self._ran = False  # the solution's cells, in the present worker

    def _answer(self, request, name):
        if self._worker is None:
            self._worker = self._start()
            self._ran = False
            self._ask({"do": "probes", "source": self._probes}, self._cell_seconds)
        try:
            value = self._ask(request, self._call_seconds)
        except NotAnswered:
            if self._ran:
                raise
            self._run_cells()  # only now: most probes need nothing of the solution
            value = self._ask(request, self._call_seconds)
        self.said_bytes += getattr(value, "nbytes", 1000)
        return value

    def _run_cells(self):
        self._ran = True
        for number, cell in enumerate(self._cells, 1):
            request = {"do": "cell", "source": cell, "label": f"<solution {number}>"}
            self._ask(request, self._cell_seconds)


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


def main():
    """Run as `python -m course.grader.judge SETTINGS`: JSON with "folder", "seed" and "weak_ok".

    An order is a line with "cells", "seed", "limits" and "judged", as `Judge.grade` has them, and
    its "number". It is answered by lines with "check" or "outcome", and one with "end", which has
    "status" and "trouble"; where the child has ended itself, perhaps within a line, by one with
    "gone", the number; or, where something of ours has failed, by one with "failed".
    """
    settings = json.loads(sys.argv[1])
    orders, found = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # checks may print what they like
        os.dup2(nowhere, descriptor)
    try:
        exercise = load_exercise(Path(settings["folder"]))
        judge = Judge(exercise, int(settings["seed"], 16), weak_ok=settings["weak_ok"])
    except (IsolationError, ExerciseError) as error:
        _say(found, kind=type(error).__name__, text=str(error))
        return
    with judge:
        _say(found, isolation=judge.isolation)
        gc.collect()
        gc.freeze()  # so that children share these pages
        with open(orders, "rb", buffering=0) as lines:
            while order := _line(lines):
                _carry_out(judge, json.loads(order), orders, found)


def _line(file):
    """A line of a file without a buffer, of which a child would have a copy."""
    parts = []
    while not (parts and parts[-1].endswith(b"\n")):
        part = os.read(file.fileno(), 1 << 16)
        if not part:
            return b""
        parts.append(part)
    return b"".join(parts)


def _carry_out(judge, order, orders, found):
    exercise, limits = judge.exercise, judge.exercise.limits
    exercise.limits = dataclasses.replace(limits, **order["limits"])
    try:
        judge.ready(int(order["seed"], 16))
        if sys.platform == "linux":
            _in_a_child(judge, order, orders, found)
        else:  # forking is refused there, or isn't safe: if something happens, this process ends
            _grade(judge, order, found, lambda: None)
    finally:
        exercise.limits = limits


def _in_a_child(judge, order, orders, found):
    """Let a child grade, and see to it that it ends."""
    hearing, living = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(hearing)
            os.close(orders)
            _shut_in()
            _grade(judge, order, found, _let_compute)
            status = 0
        finally:
            os._exit(status)  # what it leaves open ends with it
    os.close(living)  # the child's own closes when it ends
    # Each request and each check has limits of its own; this is for what nobody has thought of.
    checks, submission = len(judge.exercise.checks), judge.exercise.limits.submission_seconds
    most = 2 * PATIENCE * ((2 + _REFERENCE_PATIENCE) * submission + JUDGE_SECONDS * checks)
    watch = select.poll()
    watch.register(hearing, select.POLLIN)
    watch.register(orders, 0)  # says only that whoever orders is gone: the next order may be here
    happened = dict(watch.poll(1000 * most))
    os.close(hearing)
    if hearing not in happened:
        os.kill(child, signal.SIGKILL)
    if orders in happened:
        judge.close()
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        judge.renew()
        _write(found, b"\n")
        _say(found, gone=order["number"])


def _shut_in():
    """Set the child's limits."""
    call_libc("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
    limit(resource.RLIMIT_DATA, own_data() + (JUDGE_MB << 20))
    limit(resource.RLIMIT_CORE, 0)


def _let_compute():
    used = math.ceil(time.process_time())
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (used + JUDGE_SECONDS, hard))


def _grade(judge, order, found, before_check):
    told = []  # what is said with the next line: each wakes who listens

    def tell(check=None, outcome=None):
        if outcome is None:
            before_check()
            _say(found, told, check=check)
            told.clear()
            return
        row = dataclasses.replace(outcome, got=None, expected=None)
        row.message = row.message[:_LONGEST]
        told.append({"outcome": vars(row)})

    try:
        graded = judge.grade(
            order["cells"], seed=int(order["seed"], 16), judged=order["judged"], tell=tell
        )
    except MemoryError:
        raise  # of what was answered: it ends this process
    except BaseException as error:  # SystemExit too: nothing that a submission does is raised
        _say(found, failed=f"{type(error).__name__}: {error}"[:_LONGEST])
        return
    trouble = [text[:_LONGEST] for text in graded.trouble]
    _say(found, told, end={"status": graded.status, "trouble": trouble})


def _say(descriptor, before=(), **what):
    lines = [*before, what]
    _write(descriptor, b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def _write(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
