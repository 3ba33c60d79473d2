"""What stands in for the solutions in a released exercise: recorded answers, and live probes.

In a notebook a check draws its numbers from one public seed, so what it asks of the solutions is
known beforehand; `release` wrote down the answers. Other questions need no solution, such as what
shape a learner's network has: for them the cells run as they are handed out, which have all that
is given.
"""

import dataclasses
import zlib
from functools import cached_property

import numpy as np

from course.exercises.errors import NotAnswered, NotData
from course.exercises.plain_data import MAX_BYTES, decode, encode
from course.exercises.runner import Here, NotRecorded, Side
from course.exercises.source import ANSWERS, ExerciseError

# How far a number of a question may be from the recorded one, as a share of the largest: sines and
# sums differ in their last digits from machine to machine. By the type's size in bytes.
_TOLERANCE = {8: 1e-6, 4: 1e-5, 2: 1e-2}


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A question, and its answer: plain data. Of a variable, `arguments` is None."""

    name: str
    arguments: tuple | None
    answer: object


class StandIn(Side):
    """The reference of a released exercise.

    Args:
        exercise: Exercise, a released one.
    Raises:
        ExerciseError: answers.bin is missing or damaged.
    """

    _solved = False

    def __init__(self, exercise):
        self._exercise = exercise
        recorded, self._live = read_answers(exercise.folder / ANSWERS)
        self._recorded = {}
        for question in recorded:
            self._recorded.setdefault(question.name, []).append(question)
        if self._live:
            _ = self._cells  # what keeps them from running is said when the exercise is opened

    def call(self, name, args, kwargs):
        if name in self._recorded:
            arguments = decode(encode((tuple(args), kwargs)))
            return self._closest(name, arguments)
        return self._answered(name, lambda side: side.call(name, args, kwargs))

    def value(self, name):
        if name in self._recorded:
            return self._closest(name, None)
        return self._answered(name, lambda side: side.value(name))

    def _answered(self, name, ask):
        if name not in self._live:
            raise NotRecorded(self._says(name))
        try:
            return ask(self._cells)
        except NotAnswered as error:
            raise NotRecorded(f"{self._says(name)} ({error})") from error

    def _closest(self, name, arguments):
        far = [distance(arguments, known.arguments) for known in self._recorded[name]]
        best = int(np.argmin(far))
        if far[best] == np.inf:
            raise NotRecorded(self._says(name))
        return decode(encode(self._recorded[name][best].answer))

    def _says(self, name):
        return f"the released copy of {self._exercise.id} has no answer to what it asks of `{name}`"

    @cached_property
    def _cells(self):
        return Here(self._exercise.release_cells(), self._exercise.probes)


def reference_of(exercise):
    """The side that knows the right answers, in this process.

    Args:
        exercise: Exercise.
    Returns:
        Side: the solutions; in a released exercise what stands in for them.
    Raises:
        ExerciseError: of a released exercise, answers.bin is missing or damaged.
        Exception: whatever a cell raises that doesn't run here.
    """
    if exercise.released is not None:
        return StandIn(exercise)
    return Here(exercise.solution_cells(), exercise.probes)


def distance(asked, recorded):
    """How far a question is from a recorded one.

    Args:
        asked, recorded: plain data.
    Returns:
        float: 0 if they are equal; the largest difference of two numbers, as a share of the largest
        number beside them, if that is within what two machines may differ in; else inf.
    Example:
        >>> distance(("slide", 0.1 + 0.2), ("slide", 0.3)) < 1e-15
        True
        >>> distance(("slide", 0.3), ("slide", 0.4)), distance([1, 2], [1, 3])
        (inf, inf)

    """
    if isinstance(recorded, dict):
        if not isinstance(asked, dict) or asked.keys() != recorded.keys():
            return np.inf
        return max((distance(asked[key], recorded[key]) for key in recorded), default=0.0)
    if isinstance(recorded, list | tuple):
        if type(asked) is not type(recorded) or len(asked) != len(recorded):
            return np.inf
        return max(map(distance, asked, recorded), default=0.0)
    if isinstance(recorded, np.ndarray | bool | int | float | complex):
        return _apart(asked, recorded)
    return 0.0 if type(asked) is type(recorded) and asked == recorded else np.inf


def _apart(asked, recorded):
    if not isinstance(asked, np.ndarray | bool | int | float | complex):
        return np.inf
    asked, recorded = np.asarray(asked), np.asarray(recorded)
    if asked.shape != recorded.shape or asked.dtype.kind != recorded.dtype.kind:
        return np.inf
    if recorded.dtype.kind not in "fc":
        return 0.0 if np.array_equal(asked, recorded) else np.inf
    with np.errstate(invalid="ignore"):  # infinite less infinite
        equal = (asked == recorded) | np.isnan(asked) & np.isnan(recorded)
        differs = np.where(equal, 0, np.abs(asked - recorded))
    largest = np.abs(recorded[np.isfinite(recorded)]).max(initial=0.0)
    share = float(differs.max(initial=0.0) / (largest or 1.0))
    size = recorded.dtype.itemsize // (2 if recorded.dtype.kind == "c" else 1)
    return share if share <= _TOLERANCE.get(size, 1e-6) else np.inf


def pack_answers(recorded, live):
    """The bytes of answers.bin.

    Args:
        recorded: list of Recorded.
        live: list of str, names of functions that answer without the solutions.
    """
    rows = [[question.name, question.arguments, question.answer] for question in recorded]
    return pack_file({"recorded": rows, "live": sorted(live)})


def read_answers(path):
    """What `pack_answers` was given: a list of Recorded, and a set of str.

    Args:
        path: of answers.bin.
    Raises:
        ExerciseError: it is missing or damaged.
    """

    def understood(content):
        recorded = [
            Recorded(name, arguments, answer) for name, arguments, answer in content["recorded"]
        ]
        return recorded, set(content["live"])

    return read_file(path, understood)


def pack_file(content):
    """The bytes of a file of a released exercise that isn't text.

    Args:
        content: plain data.
    """
    return zlib.compress(encode(content), 9)


def read_file(path, understand):
    """What `pack_file` was given.

    Args:
        path: of the file.
        understand: function that makes of the content what is wanted.
    Raises:
        ExerciseError: the file is missing or damaged.
    """
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(path.read_bytes(), MAX_BYTES)
        if not unpacking.eof or unpacking.unused_data:
            raise NotData("bytes that end too early, or too late")
        return understand(decode(data))
    except FileNotFoundError:
        says = "this file is missing"
    except (zlib.error, NotData, KeyError, TypeError, ValueError) as error:
        says = f"this file is damaged ({type(error).__name__}: {error})"
    raise ExerciseError(f"{path}:1: {says}; get the released exercise anew")
