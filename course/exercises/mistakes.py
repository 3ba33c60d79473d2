"""Which mistake a wrong answer shows: it is compared with what an exercise's mutants answer.

When an exercise is released, each mutant's answers to the visible checks are written down where
they aren't the solution's: mistakes.bin. Of an answer it keeps a few numbers, enough to know it
again on another machine; nothing of any code.
"""

import dataclasses
import hashlib

import numpy as np

from course.exercises import source
from course.exercises.errors import Raised, SideError
from course.exercises.runner import Side
from course.exercises.stand_in import pack_file, read_file

MISTAKES = "mistakes.bin"  # in a released exercise
MOST_NAMED = 2  # of mistakes that answer alike
_FEW = 12  # so many numbers are kept of an array
_LONGEST = 50  # of lists that are looked through
_PACKED = {"kind", "config", "weights", "trainable"}  # a network, as `packed_models` has it


class Trail(Side):
    """Passes all questions on to a side, and keeps its answers, as (name, value or SideError).

    Attributes:
        answers: list, of the questions so far.
    """

    def __init__(self, side):
        self._side, self._solved = side, getattr(side, "_solved", True)
        self.answers = []

    def call(self, name, args, kwargs):
        return self._kept(name, lambda: self._side.call(name, args, kwargs))

    def value(self, name):
        return self._kept(name, lambda: self._side.value(name))

    def _kept(self, name, ask):
        try:
            answer = ask()
        except SideError as error:
            self.answers.append((name, error))
            raise
        self.answers.append((name, answer))
        return answer

    def sketches(self):
        """list of [name, sketch], one for each answer."""
        return [[name, sketch(answer)] for name, answer in self.answers]

    def names(self):
        """list of [name, None], one for each answer: of right ones no more is needed."""
        return [[name, None] for name, _ in self.answers]


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A mutant as learners' answers are compared with it.

    Attributes:
        name: the mutant's.
        hint: str, what to say to whoever makes it; or empty.
        says: str, completing "code that ...".
        checks: dict of check id -> dict with "answers" (list of [name, sketch]), "lost" (whether it
            fails the check) and "by_type" (whether the values are right, and only of another type).
    """

    name: str
    hint: str
    says: str
    checks: dict


# ---- what a release writes down ----------------------------------------------------------------


def mistake_of(mutant, found, right):
    """A mutant's answers, as far as they aren't right: a Mistake; None if it passes all.

    Args:
        mutant: Mutant.
        found: dict of check id -> (whether it passes, list of [name, sketch]).
        right: the same of the solution.
    """
    checks = {}
    for check, (passes, answers) in found.items():
        others = right[check][1]
        same_values = len(answers) == len(others) and alike(answers, others)
        if not (passes and same_values):
            checks[check] = {"answers": answers, "lost": not passes, "by_type": same_values}
    if not any(seen["lost"] for seen in checks.values()):
        return None
    return Mistake(mutant.name, mutant.hint, mutant.says, checks)


def pack_mistakes(mistakes):
    """The bytes of mistakes.bin.

    Args:
        mistakes: list of Mistake.
    """
    return pack_file([dataclasses.asdict(mistake) for mistake in mistakes])


def mistakes_of(exercise):
    """The mistakes that are known in an exercise: list of Mistake.

    Args:
        exercise: Exercise; of a whole one, its released copy is looked up.
    Returns:
        list; empty where there is no released copy, or one of an older form.
    Raises:
        ExerciseError: mistakes.bin is damaged.
    """
    folder = exercise.folder if exercise.released is not None else source.RELEASED / exercise.id
    path = folder / MISTAKES
    return read_file(path, lambda rows: [Mistake(**row) for row in rows]) if path.exists() else []


# ---- whose mistake it is -----------------------------------------------------------------------


def named(known, checked):
    """The mistakes that a learner's answers to a task's visible checks show.

    A mistake is named if the learner's answers are its own in all checks: right where it is right,
    and the same wrong ones where it is wrong. If none is, each function is looked at for itself,
    because there may be several mistakes; then only what begins there, and shows in answers that
    tell much, is named: a later function may be wrong because an earlier one is. Checks that
    weren't answered count for nothing.

    Args:
        known: list of Mistake.
        checked: dict of check id -> (Outcome, list of [name, sketch]).
    Returns:
        dict of the id of a failed check -> list of Mistake, at most two; no entry where none fits,
        or so many that nothing is known.
    """
    answered = {
        check: _Answered(outcome.status == "passed", answers)
        for check, (outcome, answers) in checked.items()
        if answers and outcome.status not in ("not answered", "grader error")
    }
    fits = {None: _fitting(known, answered)}
    groups = {None: answered}
    if not fits[None]:
        subjects = dict.fromkeys(seen.subject for seen in answered.values())
        for name in subjects:
            groups[name] = {c: a for c, a in answered.items() if a.subject == name}
            begun = [m for m in known if _begins(m, answered) in groups[name]]
            fits[name] = [m for m in _fitting(begun, groups[name]) if _tells(m, groups[name])]
    found = {}
    for name, group in groups.items():
        fitting = fits[name]
        if 0 < len(fitting) <= MOST_NAMED:
            found |= {check: fitting for check, seen in group.items() if not seen.passed}
    return found


def sentence(mistakes, checked):
    """What to say of mistakes that `named` found.

    Args:
        mistakes: list of Mistake.
        checked: as `named` takes it.
    Returns:
        str, and bool: whether the answers are such that other mistakes would hardly give them.
    """
    sure = all(_tells(mistake, checked) for mistake in mistakes)
    if len(mistakes) == 1 and mistakes[0].hint:
        return mistakes[0].hint, sure
    if sure:
        code = ", or of code that ".join(mistake.says for mistake in mistakes)
        return f"Your answers are those of code that {code}.", True
    code = ", or from code that ".join(mistake.says for mistake in mistakes)
    return f"The same answers would come from code that {code}.", False


@dataclasses.dataclass(frozen=True)
class _Answered:
    passed: bool
    answers: list

    @property
    def subject(self):
        """The function or variable that was asked for last, which the check judges."""
        return self.answers[-1][0]


def _fitting(known, answered):
    """The mistakes whose answers are these; of errors alone, too little is known."""
    wrong = [answer for seen in answered.values() if not seen.passed for _, answer in seen.answers]
    if all(kind == "error" for kind, *_ in wrong):
        return []
    return [m for m in known if all(_agrees(m.checks.get(c), s) for c, s in answered.items())]


def _begins(mistake, answered):
    """The first check, in a task's order, that a mistake fails; None if there is none."""
    return next((c for c in answered if mistake.checks.get(c, {}).get("lost")), None)


def _agrees(mistake, learner):
    """Whether a mistake's answers in a check, None if they are right, are the learner's."""
    if learner.passed:
        return mistake is None or not mistake["lost"]
    if mistake is None:
        return False
    return alike(learner.answers, mistake["answers"], exact=mistake["by_type"])


def _tells(mistake, checked):
    """Whether among the wrong answers is one that other mistakes would hardly give."""
    return any(
        _is_telling(answer)
        for check, seen in mistake.checks.items()
        if seen["lost"] and check in checked
        for _, answer in seen["answers"][-1:]
    )


def _is_telling(answer):
    kind, *rest = answer
    if kind == "several":
        return any(map(_is_telling, rest[0]))
    if kind != "numbers":
        return False
    numbers = set(rest[2])
    return len(numbers) > 1 or not all(map(_is_simple, numbers))


def _is_simple(number):
    """Whether many an answer is this number: 0, 1, a share such as 7 of 8."""
    parts = number * np.arange(1, 13)
    return abs(number) <= 2 and bool((np.abs(parts - parts.round()) < 1e-3).any())


# ---- answers in a few numbers ------------------------------------------------------------------


def sketch(answer):
    """An answer in a few numbers: plain data that `alike` compares.

    Args:
        answer: plain data, or a SideError.
    Returns:
        list: of an error ["error", its kind]; of numbers ["numbers", shape, type, numbers, how
        many aren't finite], where the numbers of a large array are sums with fixed weights; of
        several values ["several", sketches]; of anything else ["value", value].
    Example:
        >>> sketch(np.float32([[1, 2.5]]))
        ['numbers', [1, 2], 'float32', [1.0, 2.5], 0]
        >>> sketch((True, None))
        ['several', [['value', True], ['value', None]]]

    """
    if isinstance(answer, Raised):
        return ["error", str(answer).split(":")[0].split(" ")[0]]
    if isinstance(answer, SideError):
        return ["error", type(answer).__name__]
    if isinstance(answer, np.ndarray) and not answer.ndim:
        answer = answer.item()
    if answer is None or isinstance(answer, bool):
        return ["value", answer]
    if isinstance(answer, str):
        return ["value", hashlib.sha256(answer.encode()).hexdigest()[:16]]
    if isinstance(answer, dict) and set(answer) == _PACKED:  # weights begin at random
        answer = [*([*np.shape(weight)] for weight in answer["weights"]), answer["trainable"]]
        return ["several", [sketch(item) for item in answer[:_LONGEST]]]
    if isinstance(answer, dict):
        answer = [part for key in sorted(answer, key=str) for part in (str(key), answer[key])]
    numbers = _as_numbers(answer)
    if numbers is None:
        return ["several", [sketch(item) for item in answer[:_LONGEST]]]
    return ["numbers", list(numbers.shape), str(numbers.dtype), *_few(numbers)]


def alike(one, other, *, exact=False):
    """Whether two lists of [name, sketch] are of the same answers, as far as both go.

    Args:
        one, other: lists.
        exact: whether the types of numbers count.
    """
    pairs = list(zip(one, other, strict=False))
    return bool(pairs) and all(a[0] == b[0] and _same(a[1], b[1], exact) for a, b in pairs)


def _same(one, other, exact):
    if one[0] != other[0] or len(one) != len(other):
        return False
    if one[0] == "several":
        pairs = zip(one[1], other[1], strict=False)
        return len(one[1]) == len(other[1]) and all(_same(a, b, exact) for a, b in pairs)
    if one[0] != "numbers":
        return one[1] == other[1]
    (shape, kind, numbers, infinite), (shape_, kind_, numbers_, infinite_) = one[1:], other[1:]
    if shape != shape_ or infinite != infinite_ or exact and kind != kind_:
        return False
    numbers, numbers_ = np.array(numbers), np.array(numbers_)
    largest = max(np.abs(numbers).max(initial=0), np.abs(numbers_).max(initial=0))
    whole = "int" in kind + kind_ and np.prod(shape) <= _FEW
    far = min(0.4, 1e-3 * largest) if whole else 1e-3 * largest
    return bool((np.abs(numbers - numbers_) <= far + 1e-9).all())


def _as_numbers(answer):
    """An array of numbers, if the answer is one, or a number, or a list of such."""
    if isinstance(answer, int) and abs(answer) > 2**53:
        answer = float(answer)
    if not isinstance(answer, list | tuple):
        return np.asarray(answer)
    try:
        array = np.asarray(answer)
    except ValueError:  # of several lengths
        return None
    return array if array.dtype.kind in "biufc" else None


def _few(array):
    """A few numbers of an array, rounded to a ten-thousandth of the largest, and its NaNs' count.

    Larger arrays are summed up in several ways, each with other weights for all places.
    """
    flat = array.ravel()
    flat = np.concatenate([flat.real, flat.imag]) if flat.dtype.kind == "c" else flat
    flat = flat.astype(float)
    finite = np.isfinite(flat)
    flat = np.where(finite, flat, 0)
    if flat.size > _FEW:
        places = np.arange(flat.size)
        flat = np.array([np.cos(places * np.sqrt(n + 2) + n) @ flat for n in range(_FEW)])
    largest = np.abs(flat).max(initial=0)
    digits = 4 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    if array.dtype.kind != "f":
        digits = max(digits, 0)
    return [float(number) for number in np.round(flat, digits)], int((~finite).sum())
