"""One check on one side: every status, and whose fault it is."""

import os

import numpy as np
import pytest

from course.exercises import (
    Check,
    Died,
    ExerciseError,
    Here,
    Memo,
    NotAnswered,
    NotData,
    Raised,
    TimedOut,
    Wrong,
    open_exercise,
    run_check,
    same,
)
from course.exercises.runner import GRADING, Side, describe_error, run_cell

RIGHT = "def double(x):\n    return 2 * x"


def verdict(cell, judge, *, reference=RIGHT, seed=1, probes=""):
    check = Check("doubles", "double", 2, "h", "m", False, "doubles", judge, 1)
    return run_check(check, Here([cell], probes), Memo(Here([reference], probes)), seed)


def doubles(student, reference, rng):
    x = rng.random(3)
    same(student.double(x), reference.double(x))


@pytest.mark.parametrize(
    "cell, status, says",
    [
        (RIGHT, "passed", ""),
        ("def double(x):\n    return 3 * x", "wrong", "other values"),
        ("def double(x):\n    return x[:2]", "wrong", "(2,) (3,)"),
        ("def double(x):\n    pass", "wrong", "None"),
        ("def double(x):\n    raise NotImplementedError", "not answered", "`double`"),
        ("", "not answered", "`double`"),
        ("double = ...", "not answered", "`double`"),
        ("def double(x):\n    return 1 / 0", "raised", "ZeroDivisionError double"),
        ("def double(x):\n    return undefined", "raised", "NameError"),
        ("def double():\n    return 1", "raised", "TypeError"),
        ("def double(x):\n    return double(x)", "raised", "RecursionError"),
        ("def double(x):\n    return object()", "not data", "object"),
        ("double = 5", "not data", "`double` 5 function"),
    ],
)  # fmt: skip
def test_statuses(cell, status, says):
    outcome = verdict(cell, doubles)
    assert outcome.status == status
    assert [word for word in says.split() if word not in outcome.message] == []
    assert outcome.earned == (2 if status == "passed" else 0)
    assert outcome.seconds >= 0 and outcome.points == 2


@pytest.mark.parametrize("kind", [NotAnswered, Raised, TimedOut, Died, NotData])
def test_what_a_side_raises_is_the_status(kind):
    class Broken(Side):
        def call(self, name, args, kwargs):
            raise kind("so it went")

    check = Check("doubles", "double", 2, "h", "m", False, "doubles", doubles, 1)
    outcome = run_check(check, Broken(), Memo(Here([RIGHT])), 1)
    assert (outcome.status, outcome.message, outcome.earned) == (kind.status, "so it went", 0)


def careless(student, reference, rng):
    """A check that takes for granted that it gets an array of two axes."""
    assert student.double(np.ones((2, 2)))[1, 1] == 2


@pytest.mark.parametrize("answer", ["5", "None", "'text'", "[1]", "{}", "x[0]", "(x, x)", "3 * x"])
def test_a_strange_answer_is_wrong_though_the_check_fails_on_it(answer):
    outcome = verdict(f"def double(x):\n    return {answer}", careless)
    assert outcome.status == "wrong" and outcome.earned == 0
    assert "`double`" in outcome.message


def test_an_answer_that_the_reference_cannot_take_is_wrong():
    def passes_it_on(student, reference, rng):
        reference.double(student.double(1.0))

    outcome = verdict("def double(x):\n    return {}", passes_it_on)
    assert outcome.status == "wrong" and "`double`" in outcome.message


def faulty(student, reference, rng):
    student.double(1)
    raise KeyError("oops")


def unfair(student, reference, rng):
    student.double(1)
    raise Wrong("never right")


@pytest.mark.parametrize("cell", [RIGHT, "def double(x):\n    return 5"])
def test_a_check_that_fails_on_the_reference_too_is_no_ones_loss(cell):
    outcome = verdict(cell, faulty)
    assert (outcome.status, outcome.earned) == ("grader error", None)
    assert "KeyError" in outcome.message and "reference" in outcome.message


def test_a_reference_that_gives_no_answer_is_the_graders_error():
    outcome = verdict(RIGHT, doubles, reference="def double(x):\n    return 1 / 0")
    assert (outcome.status, outcome.earned) == ("grader error", None)
    assert "ZeroDivisionError" in outcome.message


def test_ctrl_c_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        verdict("def double(x):\n    raise KeyboardInterrupt", doubles)


def test_random_numbers_come_from_seed_and_check():
    drawn = []

    def draws(student, reference, rng):
        drawn.append(rng.random())

    for seed in (1, 1, 2):
        verdict(RIGHT, draws, seed=seed)
    other = Check("other", "double", 2, "h", "m", False, "draws", draws, 1)
    run_check(other, Here([RIGHT]), Here([RIGHT]), 1)
    assert drawn[0] == drawn[1] and len(set(drawn)) == 3


def test_a_function_cannot_change_what_the_check_holds():
    def judge(student, reference, rng):
        x = np.ones(3)
        student.double(x)
        assert x.tolist() == [1, 1, 1]

    assert verdict("def double(x):\n    x *= 2\n    return x", judge).status == "passed"


def test_memo_asks_once_and_gives_copies():
    asked = []

    class Counting(Side):
        def call(self, name, args, kwargs):
            asked.append(name)
            return args[0] * 2

        def value(self, name):
            asked.append(name)
            return [1]

    memo = Memo(Counting())
    for _ in range(2):
        got = memo.double(np.ones(2))
        assert got.tolist() == [2, 2]
        got += 1  # must not reach what is kept
        memo["levels"].append(2)
    assert memo["levels"] == [1]
    assert asked == ["double", "levels"]
    memo.double(np.ones(3))
    memo.double(np.ones(2, "float32"))
    memo.other(np.ones(2))
    assert len(asked) == 5


def test_probes_win_over_the_submissions_names():
    probes = "import math\ndef double(student, x):\n    return student.own(x) + 1"
    side = Here(["def double(x):\n    return 0\ndef own(x):\n    return 10 * x"], probes)
    assert side.double(2) == 21
    assert side.own(2) == 20
    with pytest.raises(NotAnswered):
        side.math(1)  # what a probes.py imports is no probe


def test_a_probe_that_looks_for_what_isnt_there_is_not_answered():
    side = Here([], "def probe(student):\n    return student.missing")
    with pytest.raises(NotAnswered, match="`missing`"):
        side.probe()


def test_variables():
    side = Here(["levels = 256\nlater = ...\nthing = object()"])
    assert side["levels"] == 256
    for name in ("later", "never"):
        with pytest.raises(NotAnswered):
            side[name]
    with pytest.raises(NotData):
        side["thing"]


def test_within_a_side_open_exercise_does_nothing(capsys):
    opens = "from course.exercises import open_exercise\ncheck = open_exercise('no such')"
    side = Here([opens, "check('x')\ncheck.hint('x')\ndone = 1"])
    assert side["done"] == 1
    assert capsys.readouterr().out == "" and GRADING not in os.environ


def test_grading_ends_when_a_cell_fails(monkeypatch):
    monkeypatch.setenv(GRADING, "before")
    with pytest.raises(ZeroDivisionError):
        Here(["1 / 0"])
    assert os.environ[GRADING] == "before"
    assert open_exercise("no such")("x") is None


def test_an_error_names_the_last_line_of_the_submissions_own_code():
    names = {}
    run_cell("import numpy as np\ndef f(x):\n    return np.ones(2) @ np.ones(3)", names, "<cell 9>")
    with pytest.raises(ValueError) as caught:
        names["f"](1)
    assert describe_error(caught.value).endswith("(in f: return np.ones(2) @ np.ones(3))")
    assert describe_error(ValueError()) == "ValueError"
    assert len(describe_error(ValueError("x" * 9999))) < 400


def test_a_reference_without_an_answer_is_an_exercise_error():
    with pytest.raises(ExerciseError, match="double"):
        Memo(Here([])).double(1)
