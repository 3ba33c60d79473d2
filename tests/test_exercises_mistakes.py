"""Wrong answers are known again as a mutant's, in whatever idiom; right and other ones are not."""

import os
from functools import cache

import numpy as np
import pytest

from course.exercises import PUBLIC_SEED, Here, Memo, Outcome, load_exercise, run_check
from course.exercises.errors import NotData, Raised
from course.exercises.mistakes import (
    MISTAKES,
    Mistake,
    Trail,
    alike,
    mistakes_of,
    named,
    sentence,
    sketch,
)
from course.exercises.source import EXERCISES, ExerciseError
from course.exercises.stand_in import reference_of
from tools.staleness import RELEASES

QUICK = "01_convolution"
GIVEN = "import numpy as np\nfrom numpy.lib.stride_tricks import sliding_window_view\n"
exercise = cache(lambda name=QUICK: load_exercise(EXERCISES / name))
released = cache(lambda name=QUICK: load_exercise(RELEASES / name))
reference = cache(lambda: Memo(reference_of(released())))


def checked(cells, task, one=None):
    """What `named` takes: the visible checks of a task, run on these cells."""
    one = one or released()
    student, found = Here(cells, one.probes), {}
    for check in one.checks_of(task):
        if not check.hidden:
            trail = Trail(student)
            outcome = run_check(check, trail, reference(), PUBLIC_SEED)
            right = outcome.status == "passed"
            found[check.id] = outcome, trail.names() if right else trail.sketches()
    return found


def names(code, task):
    """The names of the mistakes that code shows, for each failed check that shows any."""
    found = named(mistakes_of(released()), checked([GIVEN + code], task))
    return {check: [mistake.name for mistake in mistakes] for check, mistakes in found.items()}


# ---- mutants themselves ------------------------------------------------------------------------


def test_each_mutant_is_named_by_what_it_answers_and_hidden_ones_are_not_known():
    known = {mistake.name: mistake for mistake in mistakes_of(released())}
    visible = {check.id: check.task for check in exercise().checks if not check.hidden}
    alone = 0
    for mutant in exercise().mutants:
        lost = [check for check in mutant.loses if check in visible]
        assert (mutant.name in known) == bool(lost)
        for task in {visible[check] for check in lost}:
            found = named(list(known.values()), checked(exercise().mutant_cells(mutant), task))
            assert set(found) == {check for check in lost if visible[check] == task}
            for mistakes in found.values():
                assert known[mutant.name] in mistakes
            alone += all(len(mistakes) == 1 for mistakes in found.values())
    assert alone >= 0.9 * len(known)


def test_a_right_answer_is_nobodys_and_what_is_not_answered_neither():
    for task in released().tasks:
        for cells in (exercise().solution_cells(), exercise().release_cells()):
            assert named(mistakes_of(released()), checked(cells, task.id)) == {}


# ---- the same mistakes, written by others ------------------------------------------------------

LOOPS = """
def correlate(image, kernel, padding=0, stride=1):
    big = np.zeros([n + 2 * padding for n in image.shape])
    big[padding:len(big) - padding, padding:big.shape[1] - padding] = image
    k, l = kernel.shape
    return [[(big[i:i + k, j:j + l] * KERNEL).sum() for j in range(0, big.shape[1] - l + 1, stride)]
            for i in range(0, len(big) - k + 1, stride)]
"""
FLIPPED = LOOPS.replace("KERNEL", "np.flip(kernel)")
RIGHT = LOOPS.replace("KERNEL", "kernel")
CONVOLVE = "def convolve(image, kernel, p=0, s=1):\n    return {}\n"
BY_MISTAKE = CONVOLVE.format("correlate(image, kernel, p, s)")
BY_ITSELF = RIGHT.replace("correlate", "right") + CONVOLVE.format("right(image, {}, p, s)")
HALF_TURN, FLIPPED_UD = BY_ITSELF.format("kernel[::-1, ::-1]"), BY_ITSELF.format("kernel[::-1]")
SIZE = "def map_size(n, layers):\n    for k, s, p, d in layers:\n        n = {}\n    return n\n"


@pytest.mark.parametrize(
    ("task", "code", "mistakes"),
    [
        ("changes", "changes = lambda a, b: np.float32(abs(b / 255 - a / 255))", "absolute_change"),
        ("changes", "changes = lambda a, b: b / 255 - a / 255", "eight_bytes"),
        ("changes", "changes = lambda a, b: abs(b / 255 - a / 255)", "absolute_change"),
        ("changes", "changes = lambda a, b: (b - 1.0 * a) / 510", ""),
        ("changes", "changes = lambda a, b: a[5, 5, 5]", ""),
        ("changes", "changes = lambda a, b: None", ""),
        ("slide", FLIPPED, "turned_anyway"),
        ("slide", FLIPPED + BY_MISTAKE, "turned_anyway"),
        ("slide", FLIPPED + HALF_TURN, "turned_anyway"),
        ("slide", RIGHT + FLIPPED_UD, "upside_down_only"),
        ("slide", FLIPPED + FLIPPED_UD, "turned_anyway upside_down_only"),
        ("stack", SIZE.format("int(np.ceil((n + 2 * p - d * (k - 1) - 1) / s)) + 1"), "rounded_up"),
        ("stack", SIZE.format("(n + 2 * p - d * (k - 1) - 1) // s + 3"), ""),
        ("bank", "def gabor(wavelength, degrees, sigma):\n    return 1 / 0", ""),
        ("separate", "separate = lambda kernel: (kernel.sum(1), kernel.sum(0))", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_known_in_another_idiom(task, code, mistakes):
    found = names(code, task).values()
    assert {name for some in found for name in some} == set(mistakes.split())


def test_those_that_answer_alike_are_named_together():
    alike = ["no_tolerance", "sums_of_rows_and_columns"]
    assert names("separate = lambda kernel: None", "separate") == {
        "takes_it_apart": alike,
        "says_so_if_not": alike,
    }


def test_it_is_said_how_sure_it_is():
    """None is an answer that many mistakes give; a picture's values aren't."""
    for code, task, sure in (
        ("separate = lambda kernel: None", "separate", False),
        ("changes = lambda a, b: abs(b / 255 - a / 255)", "changes", True),
    ):
        found = checked([GIVEN + code], task)
        mistakes = next(iter(named(mistakes_of(released()), found).values()))
        says, is_sure = sentence(mistakes, found)
        assert is_sure is sure
        assert all(mistake.says in says for mistake in mistakes)


WRONG, PASSED = (Outcome("", "", 1, 0, status, "", 0) for status in ("wrong", "passed"))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (7.13, 3.33, {"first", "second"}),  # all its answers
        (5.21, 3.33, set()),  # the second function is wrong, as the first one is: otherwise
        (None, 3.33, set()),  # what would be wrong in the first one isn't
    ],
)
def test_what_begins_in_an_earlier_function_is_not_named_by_a_later_one(first, second, expected):
    shows = {check: {"answers": [[check[0], sketch(value)]], "lost": True, "by_type": False}
             for check, value in (("first", 7.13), ("second", 3.33))}  # fmt: skip
    known = [Mistake("one", "", "does it", shows)]
    found = {
        "first": (WRONG if first else PASSED, [["f", first and sketch(first)]]),
        "second": (WRONG, [["s", sketch(second)]]),
    }
    assert set(named(known, found)) == expected


@pytest.mark.parametrize(("share", "names"), [(0.875, set()), (0.8431, {"second"})])
def test_besides_another_mistake_only_a_telling_answer_is_named(share, names):
    shows = {"second": {"answers": [["s", sketch(share)]], "lost": True, "by_type": False}}
    known = [Mistake("one", "", "does it", shows)]
    found = {"first": (WRONG, [["f", sketch(5.21)]]), "second": (WRONG, [["s", sketch(share)]])}
    assert set(named(known, found)) == names


def test_a_mutants_own_hint_is_said_in_its_place():
    loud = next(m for m in exercise().mutants if m.name == "kernels_not_scaled")
    found = checked(exercise().mutant_cells(loud), "useless")
    (mistakes,) = named(mistakes_of(released()), found).values()
    assert loud.hint and sentence(mistakes, found) == (loud.hint, True)


# ---- answers in a few numbers ------------------------------------------------------------------

LARGE = np.random.default_rng(1).normal(size=(20, 30))
MOVED = LARGE + 1e-6 * np.random.default_rng(2).normal(size=LARGE.shape)
ONE_OFF = LARGE + 0.3 * (np.arange(600).reshape(20, 30) == 333)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (LARGE, MOVED, True),
        (LARGE, LARGE.astype("float32"), True),
        (LARGE, LARGE.tolist(), True),
        (LARGE, ONE_OFF, False),
        (LARGE, LARGE.T, False),
        (LARGE, LARGE.T.reshape(20, 30), False),
        (LARGE, -LARGE, False),
        (1e-6 * LARGE, 2e-6 * LARGE, False),
        ((1, 2), [1, 2], True),
        ([(0, 3)], [(0, 3)], True),
        ([(0, 3)], [], False),
        (1234567, 1234568, False),
        (14, 14.0, True),
        (np.float32(0.1), 0.1, True),
        (0.0, 1e-17, True),
        (True, False, False),
        (None, False, False),
        (([1.0, 2], [1.0]), ([1.0, 2], [1.0]), True),
        (([1.0, 2], [1.0]), ([1.0, 2], [2.0]), False),
        ({"a": 1, "b": 2.5}, {"b": 2.5, "a": 1}, True),
        ({"a": 1}, {"c": 1}, False),
        ("the box", "the box", True),
        ("the box", "another", False),
        (np.array([1, np.nan]), np.array([1, np.nan]), True),
        (np.array([1, np.nan]), np.array([1, 0.0]), False),
        (np.zeros((3, 0)), np.zeros((0, 3)), False),
        (1 + 2j, 1 - 2j, False),
        (10**40, 10**40, True),
        (Raised("ValueError: shapes (3,) (4,)"), Raised("ValueError: other words"), True),
        (Raised("ValueError: shapes"), Raised("TypeError: shapes"), False),
        (Raised("NotData: x"), NotData("x"), True),
        (LARGE, Raised("ValueError"), False),
    ],
)  # fmt: skip
def test_which_answers_are_alike(one, other, same):
    pair = [["f", sketch(one)]], [["f", sketch(other)]]
    assert alike(*pair) is alike(*pair[::-1]) is same


def test_types_count_where_they_are_the_mistake():
    pair = [["f", sketch(LARGE)]], [["f", sketch(LARGE.astype("float32"))]]
    assert alike(*pair) and not alike(*pair, exact=True) and alike(pair[0], pair[0], exact=True)


def test_a_sketch_is_small():
    assert len(str(sketch(np.ones((100, 100, 3))))) < 300


# ---- files -------------------------------------------------------------------------------------


def test_without_a_file_nothing_is_known_and_a_damaged_one_is_named(tmp_path):
    for name in os.listdir(released().folder):
        if name != MISTAKES:
            (tmp_path / name).write_bytes((released().folder / name).read_bytes())
    assert mistakes_of(load_exercise(tmp_path)) == []
    (tmp_path / MISTAKES).write_bytes(b"damaged")
    with pytest.raises(ExerciseError, match=rf"{MISTAKES}:1: "):
        mistakes_of(load_exercise(tmp_path))
