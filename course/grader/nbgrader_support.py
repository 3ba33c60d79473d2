"""Runs an exercise's checks in the cells of an nbgrader assignment.

`course export-nbgrader` puts this file beside the notebook, as course_checks.py, with
course_checks.json: what the checks share, and what right answers are for the visible ones. The
course's library has to be installed, no exercises. nbgrader puts both files back before it grades.
"""

import base64
import contextlib
import io
import json
import logging
import os
import sys
import zlib
from hashlib import sha256
from pathlib import Path
from types import FunctionType

from course.exercises import (
    PUBLIC_SEED,
    Check,
    Here,
    Memo,
    Side,
    SideError,
    decode,
    encode,
    run_check,
    verdict,
)

_DATA = Path(__file__).with_suffix(".json")
_shared = json.loads(_DATA.read_text(encoding="utf-8")) if _DATA.exists() else {}
_names = {"__name__": "__checks__"}  # what checks see: not the notebook's names
exec(compile(_shared.get("helpers", ""), "<helpers>", "exec"), _names)


class Recorded(Side):
    """The reference without its code: probes, and answers that were recorded.

    Args:
        answers: dict of `question` to a recorded answer.
        probes: source text of probes.py.
    """

    def __init__(self, answers, probes):
        self._answers = answers
        self._probes = Here(probes=probes)
        self.missed = False

    def call(self, name, args, kwargs):
        with contextlib.suppress(SideError):  # such as that it's no probe
            return self._probes.call(name, args, kwargs)
        return self._recorded([name, tuple(args), kwargs])

    def value(self, name):
        return self._recorded(name)

    def _recorded(self, asked):
        key = question(asked)
        if key not in self._answers:
            self.missed = True
            raise LookupError("no answer was recorded for this")
        return decode(zlib.decompress(base64.b64decode(self._answers[key])))


_reference, _seed = Recorded(_shared.get("answers", {}), _shared.get("probes", "")), PUBLIC_SEED


def question(asked):
    """The key of a recorded answer: hexadecimal text, the same for the same plain data."""
    return sha256(encode(asked)).hexdigest()


def reveal(*, seed, solution, helpers):
    """Check against the solution from now on. Only hidden tests call this.

    Args:
        seed: int >= 0, of the checks' random numbers.
        solution: list of str, the solution's cells.
        helpers: source text of what only hidden checks use.
    """
    global _reference, _seed
    exec(compile(helpers, "<helpers>", "exec"), _names)
    with quiet():
        _reference, _seed = Memo(Here(solution, _shared.get("probes", ""))), seed


def test(*, task, points, hint, hidden=False):
    """Run the decorated check on the notebook's functions, at once.

    Args:
        task: the task's id.
        points: what it is worth.
        hint: told when it fails.
        hidden: whether to tell no more than that.
    Raises:
        AssertionError: it fails; the message says what is wrong, and the hint.
        RuntimeError: it could not be run, which is no fault of the submission.
    """

    def run(function):
        says = " ".join((function.__doc__ or "").split())
        checking = FunctionType(function.__code__, _names, function.__name__)
        check = Check(function.__name__, task, points, hint, "", hidden, says, checking, 0)
        _reference.missed = False
        with quiet():
            student = Here(probes=_shared.get("probes", ""), namespace=function.__globals__)
            outcome = run_check(check, student, _reference, _seed)
        if outcome.status == "passed":
            return function
        if _reference.missed:
            print("This can't be judged here. It is when your work is graded.")
            return function
        row = verdict(check, outcome)
        if outcome.status == "grader error":
            raise RuntimeError(row.as_text())
        row.details.append(("Hint", hint))
        raise AssertionError(row.as_text())

    return run


@contextlib.contextmanager
def quiet():
    """Show nothing of what is printed: nbgrader takes all points for a line on stderr."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    os.dup2(nowhere, 2)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        logging.disable(disabled)
