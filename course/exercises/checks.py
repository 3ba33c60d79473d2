"""What an exercise's checks.py is written with: `check`, and ways to compare."""

import dataclasses
import math
import reprlib
from collections.abc import Callable

import numpy as np

from course.exercises.plain_data import describe

_KINDS = {"float": "f", "int": "iu", "bool": "b", "complex": "c"}
MOST_VALUES = 10_000  # that `equal` compares one by one
_FLOAT32 = float(np.finfo("float32").eps)  # two numbers next to each other, as a share of them
_ROUNDINGS = 4  # of a large number, on the way to an answer
_COLLECTED = "__collected__"  # in the names of a checks.py or mutants.py while it is read


class Wrong(Exception):
    """An answer is wrong: a sentence says how.

    Args:
        sentence: for the learner; on visible checks it may name numbers.
        got, expected: arrays to draw beside each other, or None.
    """

    def __init__(self, sentence, *, got=None, expected=None):
        super().__init__(sentence)
        self.got = got
        self.expected = expected


@dataclasses.dataclass(frozen=True)
class Check:
    """One check of a task. `id` is its function's name."""

    id: str
    task: str
    points: float
    hint: str
    more: str
    hidden: bool
    says: str
    function: Callable
    line: int


def check(task, *, points, hint, more, hidden=False):
    """Decorate a function of (student, reference, rng) that returns if the answer is right.

    Args:
        task: id of the task that it belongs to.
        points: what it is worth, > 0.
        hint: what to look at; helps without giving the answer away. Shown for hidden checks too.
        more: a second hint, which may say nearly everything.
        hidden: only graded, not shown in the notebook.

    The function's docstring completes "Your function ..."; it raises `Wrong`, mostly by `same` or
    `equal`. docs/grading.md explains `student`, `reference` and `rng`.
    """

    def keep(function):
        says = " ".join((function.__doc__ or "").split())
        line = function.__code__.co_firstlineno
        made = Check(function.__name__, task, points, hint, more, hidden, says, function, line)
        collect(made, function.__globals__)
        return function

    return keep


def collecting(names):
    """Make `check` and `mutant` collect what a file makes that runs with these names.

    Args:
        names: dict, the namespace of a checks.py or mutants.py.
    Returns:
        list, which is filled, in the order of the file.
    """
    return names.setdefault(_COLLECTED, [])


def collect(made, names):
    """Add a Check or a Mutant to those of the file that has these names.

    Raises:
        RuntimeError: the file isn't being read by `load_exercise`.
    """
    if _COLLECTED not in names:
        raise RuntimeError("check and mutant are for an exercise's files, which load_exercise runs")
    names[_COLLECTED].append(made)


def same(
    got,
    expected,
    *,
    what="the result",
    tolerance=1e-5,
    magnitude=0.0,
    dtype=None,
    picture=False,
):
    """Compare arrays or numbers: kind, then shape, then dtype, then whether finite, then values.

    Args:
        got: what the submission gave, plain data; lists of numbers pass for arrays.
        expected: array or number.
        what: how to call it in the message.
        tolerance: of the largest |expected|, or of 1 if that is larger.
        magnitude: of the largest number that a right answer is computed from, where that is far
            above the answer, as with the softmax of logits near 1,000. Who computes in float32 is
            right, too: differences as small as it makes between numbers of this size are allowed.
        dtype: None for any; "float", "int", "bool", "complex", or a type such as "float32".
        picture: whether a notebook should draw both (2-D, or 3-D with 3 channels at the end).
    Raises:
        Wrong: they differ; the sentence says in which of these.
    Example:
        >>> same([1.0, 2.0], np.array([1, 2]))
        >>> same(np.zeros((2, 3)), np.zeros((3, 2)))
        Traceback (most recent call last):
        course.exercises.checks.Wrong: the result has shape (2, 3); expected is (3, 2).

    """
    expected = np.asarray(expected)
    if expected.dtype.kind not in "biufc":
        raise TypeError(f"{what}: same() compares numbers; expected is {describe(expected)}")
    array = _as_array(got, what, expected)
    pair = {"got": array, "expected": expected} if picture and array.shape else {}
    if array.shape != expected.shape:
        raise Wrong(f"{what} has shape {array.shape}; expected is {expected.shape}.", **pair)
    if dtype is not None and not _has_dtype(array, dtype):
        raise Wrong(f"{what} has type {array.dtype}; expected is {dtype}.")
    if np.isfinite(expected).all() and not np.isfinite(array).all():
        raise Wrong(f"{what} holds NaN or infinite numbers.", **pair)
    wide = np.complex128 if "c" in array.dtype.kind + expected.dtype.kind else np.float64
    given, wanted = array.astype(wide), expected.astype(wide)
    with np.errstate(invalid="ignore"):  # infinite less infinite
        difference = np.asarray(np.abs(given - wanted))
    difference[(given == wanted) | np.isnan(given) & np.isnan(wanted)] = 0
    difference[np.isnan(difference)] = np.inf
    largest = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    allowed = max(tolerance * max(1.0, float(largest)), _ROUNDINGS * _FLOAT32 * float(magnitude))
    differs = difference > allowed
    if differs.any():
        _raise_difference(array, expected, difference, differs, what, pair)


def equal(got, expected, *, what="the result"):
    """Compare numbers, text, lists or dicts, exactly (lists and tuples pass for each other).

    Raises:
        Wrong: they differ.
    Example:
        >>> equal((3, 4), [3, 4])
        >>> equal("same", "valid", what="the padding")
        Traceback (most recent call last):
        course.exercises.checks.Wrong: the padding is 'same'; expected is 'valid'.

    """
    expected = _settled(expected)
    if _counted(got, most := max(MOST_VALUES, _counted(expected))) > most:
        raise Wrong(f"{what} is {describe(got)}; expected is {describe(expected)}.")
    got = _settled(got)
    if type(got) is not type(expected) and not _both_numbers(got, expected):
        wanted = "None" if expected is None else describe(expected)
        raise Wrong(f"{what} is {describe(got)}; expected is {wanted}.")
    if got != expected:
        raise Wrong(f"{what} is {_short(got)}; expected is {_short(expected)}.")


def _has_dtype(array, dtype):
    if dtype in _KINDS:
        return array.dtype.kind in _KINDS[dtype]
    return array.dtype == np.dtype(dtype)


def _as_array(got, what, expected):
    wanted = f"an array of shape {expected.shape}" if expected.ndim else "a number"
    if isinstance(got, np.ndarray | bool | int | float | complex):
        return np.asarray(got)
    shape = _shape(got) if isinstance(got, list | tuple) else None
    if shape is not None:  # only now: of texts, or of arrays beside each other, it makes far more
        if shape != expected.shape and math.prod(shape) > max(MOST_VALUES, expected.size):
            raise Wrong(f"{what} has shape {shape}; expected is {expected.shape}.")
        array = np.asarray(got)
        if array.dtype.kind in "biufc":
            return array
    raise Wrong(f"{what} is {describe(got)}; expected is {wanted}.")


def _shape(value):
    """The shape of the array that lists of numbers make; None if they make none."""
    if isinstance(value, np.ndarray):
        return value.shape
    if not isinstance(value, list | tuple):
        return () if isinstance(value, bool | int | float | complex) else None
    shapes = set()
    for item in value:
        shapes.add(_shape(item))
        if len(shapes) > 1 or None in shapes:
            return None
    return (len(value), *shapes.pop()) if shapes else (0,)


def _counted(value, most=math.inf):
    """How many values there are in lists, dicts and arrays together; it stops above `most`."""
    if isinstance(value, np.ndarray):
        return value.size
    if not isinstance(value, list | tuple | dict):
        return 1
    count = len(value)
    for item in value.values() if isinstance(value, dict) else value:
        count += _counted(item, most - count)
        if count > most:
            break
    return count


def _raise_difference(array, expected, difference, differs, what, pair):
    if not array.ndim:
        raise Wrong(f"{what} is {array.item():.6g}; expected is {expected.item():.6g}.")
    worst = np.unravel_index(int(difference.argmax()), array.shape)
    share = float(differs.mean())
    at = ", ".join(str(int(i)) for i in worst)
    raise Wrong(
        f"{what} has the right shape, but other values: most at [{at}], "
        f"{array[worst]:.6g} where {expected[worst]:.6g} is expected; "
        f"{share:.0%} of the values differ.",
        **pair,
    )


def _settled(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    return value


def _both_numbers(got, expected):
    kinds = bool | int | float | complex
    return isinstance(got, kinds) and isinstance(expected, kinds) and not _is_nan(got)


def _is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def _short(value):
    """A value for a message, whatever its size."""
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = 12
    brief.maxstring = brief.maxother = brief.maxlong = 120
    text = brief.repr(value)
    return text if len(text) <= 200 else text[:200] + "…"
