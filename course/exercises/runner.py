"""Run checks: a side that answers, and one check's verdict."""

import __future__

import ast
import dataclasses
import hashlib
import inspect
import linecache
import os
import traceback
import zlib
from contextlib import contextmanager
from time import perf_counter

import numpy as np

from course.exercises.checks import Wrong
from course.exercises.errors import NotAnswered, NotData, Raised, SideError
from course.exercises.plain_data import decode, describe, encode
from course.exercises.source import ExerciseError

PUBLIC_SEED = 1
GRADING = "COURSE_GRADING"  # set where cells run to be judged: open_exercise then does nothing


@dataclasses.dataclass
class Outcome:
    """What one check found. `earned` is None where the grader itself failed."""

    check: str
    task: str
    points: float
    earned: float | None
    status: str
    message: str
    seconds: float
    got: np.ndarray | None = None
    expected: np.ndarray | None = None


class Side:
    """Whoever answers a check's questions: `side.function(...)`, `side["variable"]`.

    A subclass gives `call(name, args, kwargs)` and `value(name)`; both return plain data, or raise
    a `SideError`.
    """

    _solved = True  # as a reference, it could be handed to a check as a right student, too

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.call(name, args, kwargs)

    def __getitem__(self, name):
        return self.value(name)

    def call(self, name, args, kwargs):
        raise NotImplementedError

    def value(self, name):
        raise NotImplementedError


class Here(Side):
    """A side in this very process: the reference in a notebook, and the learner's own functions.

    Args:
        cells: list of str, run in order in a namespace of their own.
        probes: source text of the exercise's probes.py.
        namespace: dict to use instead of running cells: the notebook's own names.
    """

    def __init__(self, cells=(), probes="", *, namespace=None):
        self._names = {"__name__": "__main__"} if namespace is None else namespace
        with grading():
            for number, cell in enumerate(cells, 1):
                run_cell(cell, self._names, f"<cell {number}>")
        self._probes = probe_functions(probes)

    def call(self, name, args, kwargs):
        args, kwargs = decode(encode((tuple(args), kwargs)))  # the function may change its own
        return decode(encode(answer(self._names, self._probes, name, args, kwargs)))

    def value(self, name):
        return decode(encode(find(self._names, name)))


class Memo(Side):
    """A side whose answers are kept, one for each function and arguments: for the reference."""

    def __init__(self, side):
        self._side, self._solved = side, side._solved
        self._kept = {}

    def call(self, name, args, kwargs):
        question = encode([name, tuple(args), kwargs])
        return self._remembered(question, lambda: self._side.call(name, args, kwargs))

    def value(self, name):
        return self._remembered(encode(name), lambda: self._side.value(name))

    def _remembered(self, question, ask):
        key = hashlib.sha256(question).digest()
        if key not in self._kept:
            try:
                self._kept[key] = encode(ask())
            except SideError as error:
                raise ExerciseError(f"the reference gave no answer: {error}") from error
        return decode(self._kept[key])


class NotRecorded(ExerciseError):
    """A reference without solutions has no answer to what a check asks."""


class _Unsolved(Side):
    """A student who answers nothing, where there is no right one to try a check on."""

    def call(self, name, args, kwargs):
        raise NotRecorded(name)

    def value(self, name):
        raise NotRecorded(name)


class _LastAnswer(Side):
    """Passes everything on, and remembers what came last, to name it in a message."""

    def __init__(self, side):
        self._side = side
        self.last = "no answer"

    def call(self, name, args, kwargs):
        value = self._side.call(name, args, kwargs)
        self.last = f"`{name}` gave {describe(value)}"
        return value

    def value(self, name):
        value = self._side.value(name)
        self.last = f"`{name}` is {describe(value)}"
        return value


def run_check(check, student, reference, seed):
    """One check's verdict on a student.

    Args:
        check: a Check.
        student, reference: sides.
        seed: int >= 0; with the check's id it gives the check's random numbers.
    Returns:
        Outcome. Whatever the student's side answers, nothing is raised; a check that fails on the
        reference too has the status "grader error".
    """
    start = perf_counter()
    asked = _LastAnswer(student)
    status, message, shown = "passed", "", {}
    try:
        check.function(asked, reference, _rng(check, seed))
    except Wrong as wrong:
        status, message = "wrong", str(wrong)
        shown = {"got": wrong.got, "expected": wrong.expected}
    except SideError as error:
        status, message = error.status, str(error)
    except MemoryError:
        status, message = "died", f"{asked.last}, which takes more memory to judge than there is."
    except Exception as error:
        # Either the check has a fault, or it met an answer of a form that its author didn't expect.
        fault = _fault(check, reference, seed, error)
        status = "grader error" if fault else "wrong"
        says = f"{type(error).__name__}: {error}"
        message = fault or f"{asked.last}, which is not what the check can use ({says})."
        if not fault and isinstance(error, ExerciseError):
            message = f"{asked.last}, which could not be judged ({error})."
    earned = {"passed": check.points, "grader error": None}.get(status, 0.0)
    seconds = perf_counter() - start
    return Outcome(check.id, check.task, check.points, earned, status, message, seconds, **shown)


def run_cell(source, names, label):
    """Run a cell's code in a namespace; its lines can be quoted in tracebacks.

    As in Jupyter, it may await something, and what an earlier cell has taken from `__future__`
    holds for it, too.
    """
    keep_lines(source, label)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for value in list(names.values()):
        if type(value) is __future__._Feature:
            flags |= value.compiler_flag
    code = compile(source, label, "exec", flags, dont_inherit=True)
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, names)
        return
    import asyncio  # takes a while, and hardly anybody needs it

    with asyncio.Runner() as runner:
        runner.run(eval(code, names))


def keep_lines(source, label):
    """Let the lines of code that has a label in place of a file be quoted in tracebacks."""
    linecache.cache[label] = (len(source), None, source.splitlines(keepends=True), label)


def probe_functions(probes):
    """The functions of a probes.py, by name.

    Args:
        probes: its source text.
    """
    names = {"__name__": "__probes__"}
    run_cell(probes, names, "<probes.py>")
    return {
        name: thing
        for name, thing in names.items()
        if getattr(thing, "__module__", "") == "__probes__"
    }


def find(names, name):
    """A submission's variable.

    Raises:
        NotAnswered: it isn't there, or still `...`.
    """
    value = names.get(name, ...)
    if value is ...:
        there = "has no value yet" if name in names else "isn't defined"
        raise NotAnswered(f"`{name}` {there}.")
    return value


def answer(names, probes, name, args, kwargs):
    """Call a probe, or a function of a submission.

    Returns:
        Whatever it returns, which need not be plain data.
    Raises:
        SideError: there is no such function, it isn't written yet, or it raised.
    """
    if name in probes:
        function, args = probes[name], (_Names(names), *args)
    else:
        function = find(names, name)
    if not callable(function):
        raise NotData(f"`{name}` is {describe(function)}, where a function is expected.")
    try:
        return function(*args, **kwargs)
    except SideError:
        raise
    except NotImplementedError as error:
        inner = traceback.extract_tb(error.__traceback__)[-1].name  # a probe calls others
        raise NotAnswered(f"`{inner}` isn't written yet.") from None
    except Exception as error:
        raise Raised(describe_error(error)) from error


def describe_error(error):
    """An exception in one line, with the last line of the submission's code that it came through.

    Example:
        >>> names = {}
        >>> run_cell("def half(x):\\n    return x / 0", names, "<cell 1>")
        >>> try:
        ...     names["half"](1)
        ... except ZeroDivisionError as error:
        ...     describe_error(error)
        'ZeroDivisionError: division by zero (in half: return x / 0)'

    """
    here = os.path.dirname(__file__)
    own = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(here) or "site-packages" in frame.filename:
            continue
        own = f" (in {frame.name}: {frame.line})" if frame.line else own
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}{own}" if text else f"{type(error).__name__}{own}"


@contextmanager
def grading():
    """Within it, `open_exercise` gives an object that does nothing: cells run to be judged."""
    before = os.environ.get(GRADING)
    os.environ[GRADING] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(GRADING, None)
        else:
            os.environ[GRADING] = before


class _Names:
    """A submission's names as attributes, for probes."""

    def __init__(self, names):
        self.__dict__["_names"] = names

    def __getattr__(self, name):
        return find(self._names, name)


def _rng(check, seed):
    return np.random.default_rng([seed, zlib.crc32(check.id.encode())])


def _fault(check, reference, seed, error):
    """What is wrong with a check itself, found by handing it the reference as student.

    A reference without solutions can't be one; the check was tried on them when it was released.
    Then it is at fault if it fails before it asks the student anything, or if the error is the
    machine's, such as a library that is missing.
    """
    solved = getattr(reference, "_solved", True)
    if isinstance(error, NotRecorded):
        return str(error)
    if not solved and isinstance(error, ImportError | MemoryError | OSError):
        return f"the check doesn't run here: {type(error).__name__}: {error}"
    try:
        check.function(reference if solved else _Unsolved(), reference, _rng(check, seed))
    except NotRecorded:
        return ""
    except Exception as error:
        code = check.function.__code__.co_filename
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == code]
        where = f" (checks.py:{lines[-1]})" if lines else ""
        return f"the check fails on the reference too{where}: {type(error).__name__}: {error}"
    return ""
