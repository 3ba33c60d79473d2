"""The selftest finds each kind of fault that an exercise may have. (Elsewhere it runs on all.)"""

import shutil
from pathlib import Path

import pytest

from course.exercises import load_exercise
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


def problems(exercise, **options):
    return selftest(exercise, **options).problems


def test_a_sound_exercise_has_no_problems():
    report = selftest(load_exercise(SMALL), seeds=(1, 2, 3))
    assert report.problems == [] and report.exercise == "small_exercise"
    assert set(report.lost["ones"]) == {"zeros_all_around", "any_width"}
    assert [outcome.status for outcome in report.outcomes] == ["passed"] * 5


def test_a_check_that_nothing_fails(spoiled):
    exercise = spoiled(
        "mutants.py", 'mutant("highest_level"', 'mutant("other_levels"', 'by="255"', 'by="256"'
    )
    found = problems(exercise)
    assert "no mutant loses counts_levels: a check that nothing can fail" in found
    assert any("'other_levels' passes counts_levels, which it should lose" in one for one in found)


def test_a_mutant_that_loses_too_much(spoiled):
    exercise = spoiled("mutants.py", 'loses=["any_width"]', 'loses=["negative_values"]')
    found = problems(exercise)
    assert any("'always_one' loses any_width, which it should pass" in one for one in found)
    assert any("'always_one' passes negative_values, which it should" in one for one in found)


def test_a_reference_that_loses_points(spoiled):
    found = problems(spoiled("exercise.py", "np.pad(image, width)", "np.pad(image, width) + 1"))
    assert any("the reference loses any_width, which it should pass" in one for one in found)


def test_an_untouched_notebook_that_earns_points(spoiled):
    loose = spoiled("checks.py", 'equal(student["levels"], 256, what="`levels`")', "return")
    assert "the untouched notebook earns 1 in counts_levels (seed 1)" in problems(loose)


def test_a_check_with_a_fault(spoiled):
    found = problems(spoiled("checks.py", 'equal(student["levels"], 256', "equal(undefined, 256"))
    assert any("counts_levels" in one and "fails on the reference too" in one for one in found)


def test_a_check_that_is_right_for_some_seeds_only(spoiled):
    flaky = spoiled(
        "checks.py",
        'equal(student["levels"], 256, what="`levels`")',
        'equal(student["levels"] + int(rng.integers(2)), 256, what="`levels`")',
    )
    found = problems(flaky, seeds=range(1, 9))
    lost = [one for one in found if "the reference loses counts_levels" in one]
    assert 0 < len(lost) < 8


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
