"""Grade submissions, one after the other: run them in a jail, judge what they answer out here.

The checks run in a process for this alone (see `judge`), which asks the submission's process for
answers to their questions. That one knows neither the checks nor what they expect; whatever it does
to itself changes its answers only.
"""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

import course
import course_utils
from course.exercises import ExerciseError, Outcome, digest_of
from course.grader.jail import IsolationError
from course.grader.judge import HIDDEN, JUDGE_MB, JUDGE_SECONDS, in_order, summed_up

_FOLDER = Path(__file__).parent
# The modules beside this one that a verdict rests on, and this one.
_VERDICT = ("jail", "judge", "submission", "taken", "wire", "worker", "zygote")
_LAST_SECONDS = 10  # that the judge gets to end in an orderly way
_EARLY = 2  # times that it may end before it judges anything of a submission
_TICK = 0.2  # seconds between two looks at its memory, where it can't be limited
_numbers = itertools.count()
_THREADS = {f"{library}_NUM_THREADS": "1" for library in ("MKL", "OMP", "OPENBLAS")}


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


class Grader:
    """Grades submissions of one exercise. Close it, or use it as a context manager.

    To grade several at a time, give each thread a Grader of its own. If this process ends in
    whatever way, everything that belongs to a Grader ends too.

    Args:
        exercise: Exercise, as it is in its folder.
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
        self._weak_ok = weak_ok
        self._judge = None
        self.isolation = self._start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End every process that belongs to it."""
        if self._judge is None:
            return
        judge, self._judge = self._judge, None
        family = _family(judge)
        with contextlib.suppress(BrokenPipeError):  # an order that it was too dead to take
            judge.stdin.close()
        try:
            judge.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            judge.kill()
            judge.wait()
        judge.stdout.close()
        for process in psutil.wait_procs(family, timeout=_LAST_SECONDS)[1]:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def grade(self, cells, *, seed=None):
        """Grade a submission.

        Args:
            cells: list of str, its code cells.
            seed: int >= 0 for this submission alone; None: the grader's own. That the reference
                passes every check was proved with the grader's own only.
        Returns:
            Graded. Nothing that a submission does is raised here.
        Raises:
            IsolationError, ExerciseError: the judge has ended, and doesn't start again.
            RuntimeError: it failed itself, which is no submission's fault; the text says how.
        """
        checks = in_order(self.exercise.checks)
        seed = self.seed if seed is None else int(seed)
        order = {"cells": list(cells), "seed": f"{seed:x}", "limits": vars(self.exercise.limits)}
        outcomes, trouble, status, early = {}, [], "graded", 0
        while len(outcomes) < len(checks):
            asked, end = self._have_judged({**order, "judged": list(outcomes)}, outcomes)
            if end:
                trouble += [text for text in end["trouble"] if text not in trouble]
                status = end["status"] if status == "graded" else status
                break
            if asked is None:  # it asked nothing of the submission: so it's another judge's turn
                early += 1
                if early == _EARLY:
                    raise RuntimeError(f"the judge ended {early} times before it judged anything")
                continue
            # The check during which the judge has ended is lost, with whatever had been answered.
            check = next(check for check in checks if check.id not in outcomes)
            seconds = time.monotonic() - asked
            outcomes[check.id] = _lost(check, seconds)
            trouble.append(f"{HIDDEN if check.hidden else ''}`{check.task}`: {_WHY}")
            status = "died"
        outcomes = [outcomes[check.id] for check in self.exercise.checks]
        return summed_up(outcomes, status, trouble)

    def _have_judged(self, order, outcomes):
        """Give an order, and fill in outcomes as they come.

        Returns:
            (when the check that it was at began, by the clock, or None if it was at none; the last
            message, or None if the judge's process ended before).
        """
        if self._judge is None:
            self._start()
        began, order["number"] = None, next(_numbers)
        try:
            self._judge.stdin.write(json.dumps(order).encode() + b"\n")
            self._judge.stdin.flush()
            while said := self._hear():
                if "outcome" in said:
                    outcomes[said["outcome"]["check"]] = Outcome(**said["outcome"])
                    began = None
                elif "check" in said:
                    began = time.monotonic()
                elif "end" in said:
                    return began, said["end"]
                elif "failed" in said:
                    self.close()
                    raise RuntimeError(said["failed"])
                elif said.get("gone") == order["number"]:
                    return began, None
        except BrokenPipeError:
            pass
        self.close()  # it was ended itself; the next one starts anew
        return began, None

    def _hear(self):
        """The judge's next message, a dict; None if there is none."""
        while (line := self._judge.stdout.readline()).endswith(b"\n"):
            with contextlib.suppress(ValueError):  # its child has ended within a line
                return json.loads(line)
        return None

    def _start(self):
        settings = {
            "folder": str(self.exercise.folder.resolve()),
            "seed": f"{self.seed:x}",
            "weak_ok": self._weak_ok,
        }
        places = {str(Path(package.__file__).parents[1]) for package in (course, course_utils)}
        path = [*sorted(places), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._judge = subprocess.Popen(
            [sys.executable, "-m", "course.grader.judge", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_THREADS, "PYTHONPATH": os.pathsep.join(path)},
            start_new_session=os.name != "nt",  # Ctrl-C is for this process, which tidies up
        )
        said = self._hear()
        if said is None or "isolation" not in said:
            self.close()
            said = said or {"text": "The process that judges submissions did not start."}
            kind = ExerciseError if said.get("kind") == "ExerciseError" else IsolationError
            raise kind(said["text"])
        if sys.platform != "linux":
            threading.Thread(target=_watch, args=(self._judge,), daemon=True).start()
        return said["isolation"]


_WHY = (
    f"judging what it answered took more than {JUDGE_MB} MB of memory, or more than "
    f"{JUDGE_SECONDS} s, and was ended"
)


def _lost(check, seconds):
    return Outcome(check.id, check.task, check.points, 0.0, "died", f"{_WHY}.", seconds)


def _family(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def _watch(judge):
    """End a judge that takes too much memory, where the system has no limit for that."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(judge.pid)
        most = process.memory_info().rss + (JUDGE_MB << 20)
        while process.memory_info().rss < most:
            time.sleep(_TICK)
        process.kill()
