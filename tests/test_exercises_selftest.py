"""The selftest finds each kind of fault that an exercise may have. (Elsewhere it runs on all.)"""

import shutil
from pathlib import Path

import pytest

from course.exercises import load_exercise
from course.exercises import selftest as selftest_module
from course.exercises.selftest import selftest

SMALL = Path(__file__).parent / "small_exercise"


@pytest.fixture
def spoiled(tmp_path):
    """spoiled(file, old, new, ...): a copy of the small exercise with replaced text, loaded."""

    def spoiled(name, *changes):
        folder = Path(shutil.copytree(SMALL, tmp_path / "small"))
        text = (folder / name).read_text(encoding="utf-8")
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in text
            text = text.replace(old, new, 1)
        (folder / name).write_text(text, encoding="utf-8")
        return load_exercise(folder)

    return spoiled


def problems(exercise, seeds=(1,), every_check=False):
    return selftest(exercise, seeds=seeds, every_check=every_check).problems


def says(told, words):
    return [problem for problem in told if words in problem]


def test_a_sound_exercise_has_no_problems():
    report = selftest(load_exercise(SMALL), seeds=(1, 2, 3))
    assert report.problems == [] and report.exercise == "small_exercise"
    assert set(report.lost["ones"]) == {"zeros_all_around", "any_width"}
    assert [outcome.status for outcome in report.outcomes] == ["passed"] * 5


def test_a_check_that_nothing_fails(spoiled):
    exercise = spoiled(
        "mutants.py", 'mutant("highest_level"', 'mutant("other_levels"', 'by="255"', 'by="256"'
    )
    told = problems(exercise)
    assert says(told, "no mutant loses counts_levels")
    assert says(told, "'other_levels' passes counts_levels")


def test_a_mutant_that_loses_too_much(spoiled):
    exercise = spoiled("mutants.py", 'loses=["any_width"]', 'loses=["negative_values"]')
    told = problems(exercise)
    assert says(told, "'always_one' loses any_width")
    assert says(told, "'always_one' passes negative_values")


def test_a_reference_that_loses_points(spoiled):
    told = problems(spoiled("exercise.py", "np.pad(image, width)", "np.pad(image, width) + 1"))
    assert says(told, "reference loses any_width")


def test_an_untouched_notebook_that_earns_points(spoiled):
    loose = spoiled("checks.py", 'equal(student["levels"], 256, what="`levels`")', "return")
    assert says(problems(loose), "untouched notebook earns 1 in counts_levels (seed 1)")


def test_a_check_with_a_fault(spoiled):
    told = problems(spoiled("checks.py", 'equal(student["levels"], 256', "equal(undefined, 256"))
    assert says(told, "counts_levels (seed 1): the check fails on the reference")


def test_a_check_that_is_right_for_some_seeds_only(spoiled):
    flaky = spoiled(
        "checks.py",
        'equal(student["levels"], 256, what="`levels`")',
        'equal(student["levels"] + int(rng.integers(2)), 256, what="`levels`")',
    )
    told = problems(flaky, range(1, 9))
    assert 0 < len(says(told, "reference loses counts_levels")) < 8


def test_too_few_mutants(spoiled):
    text = (SMALL / "mutants.py").read_text(encoding="utf-8")
    first = text.index('mutant("two_sides"'), text.index('mutant("highest_level"')
    exercise = spoiled("mutants.py", text[first[0] : first[1]], "")
    assert "3 mutants; at least 5 are expected" in problems(exercise)


def test_runs_elsewhere_too():
    """A sandbox's `run` is asked for reference, release and each mutant, once for each seed."""
    exercise = load_exercise(SMALL)
    asked = []

    def run(cells, seed):
        asked.append((tuple(cells), seed))
        return []

    report = selftest(exercise, run=run, seeds=(3, 4), mutant_seeds=(5,))
    assert asked[0] == (tuple(exercise.solution_cells()), 3)
    assert asked[1] == (tuple(exercise.release_cells()), 3)
    assert len(asked) == 4 + 6 and [seed for _, seed in asked[4:]] == [5] * 6
    assert len(report.problems) == 5  # nothing was judged, so no check was lost


# ---- which checks are run on a mutant ----------------------------------------------------------


@pytest.fixture
def judged(monkeypatch):
    """Checks that were run, in their order: list of ids."""
    ids = []

    def run_check(check, *args):
        ids.append(check.id)
        return run_check_itself(check, *args)

    run_check_itself = selftest_module.run_check
    monkeypatch.setattr(selftest_module, "run_check", run_check)
    return ids


def test_checks_that_a_mutant_cannot_reach_are_left_out_unless_asked_for(judged):
    exercise = load_exercise(SMALL)
    assert problems(exercise) == []
    # Reference and release, then three mutants of one task and three of the other.
    assert len(judged) == 2 * 5 + 3 * 2 + 3 * 3
    judged.clear()
    assert problems(exercise, every_check=True) == []
    assert len(judged) == 2 * 5 + 6 * 5


# How the second task may come to rest on the first one's function: each loses `counts_levels` with
# a mutant of `add_frame`, which doesn't say so.
LEVELS = 'equal(student["levels"], 256, what="`levels`")'
SUM = "def _sum(side):\n    return side.add_frame(np.ones(256), 0).sum()\n\n\n"
GIVEN = '# %% [markdown] task="brightest"'
USES = {
    "a cell": [("exercise.py", "2**8", "2**8 * int(add_frame(np.ones((1, 1)), 0).sum())")],
    "a function of the same cell": [
        (
            "exercise.py",
            "levels = ",
            "def one():\n    return add_frame(np.ones((1, 1)), 0)\nlevels = ",
        ),
        ("exercise.py", "2**8", "2**8 * int(one().sum())"),
    ],
    "given code": [
        (
            "exercise.py",
            GIVEN,
            "# %%\ndef one():\n    return add_frame(np.ones((1, 1)), 0)\n\n" + GIVEN,
        ),
        ("exercise.py", "2**8", "2**8 * int(one().sum())"),
    ],
    "a check": [("checks.py", LEVELS, "equal(student.add_frame(np.ones(256), 0).sum(), 256)")],
    "a helper of a check": [
        ("checks.py", LEVELS, "equal(_sum(student), 256)"),
        ("checks.py", "def _spot", SUM + "def _spot"),
    ],
    "a probe": [("checks.py", LEVELS, "equal(student.sum_of_ones(), 256)")],
}
PROBES = """
import numpy as np

def sum_of_ones(student):
    return framed(student).sum()

def framed(student):
    return student.add_frame(np.ones(256), 0)
"""


@pytest.mark.parametrize("way", USES)
def test_a_mutant_that_harms_another_task_is_noticed(way, tmp_path, judged):
    folder = Path(shutil.copytree(SMALL, tmp_path / "small"))
    (folder / "probes.py").write_text(PROBES, encoding="utf-8")
    for name, old, new in USES[way]:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    mutants = folder / "mutants.py"
    harm = (
        'mutant("nothing", "gives nothing", replace="np.pad(image, width)", by="image[:0]", '
        'loses=["zeros_all_around", "any_width"])\n'
    )
    mutants.write_text(mutants.read_text(encoding="utf-8") + harm, encoding="utf-8")
    told = says(problems(load_exercise(folder)), "'nothing' ")
    assert says(told, "loses counts_levels")
    assert told == says(problems(load_exercise(folder), every_check=True), "'nothing' ")


def test_a_mutant_that_redefines_the_name_of_another_task_is_noticed(spoiled):
    exercise = spoiled(
        "mutants.py", 'by="int(column), int(row)"', 'by="int(column), int(row)\\nadd_frame = 5"'
    )
    assert says(problems(exercise), "'column_first' loses any_width")


def test_a_check_made_by_a_function_is_run_on_every_mutant(spoiled, judged):
    text = (SMALL / "checks.py").read_text(encoding="utf-8")
    start = text.index("@check(", text.index("def any_width"))
    end = text.index("@check(", start + 1)
    made = '''
def make():
    def counts_levels(student, reference, rng):
        """counts"""
        equal(student["levels"], 256)

    check("brightest", points=1, hint="h", more="m")(counts_levels)

make()

'''
    exercise = spoiled("checks.py", text[start:end], made)
    assert problems(exercise) == []
    assert judged.count("counts_levels") == 2 + 6
