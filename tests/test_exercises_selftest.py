"""The selftest finds each kind of fault that an exercise may have. (Elsewhere it runs on all.)"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from course.exercises import ExerciseError, Here, encode, load_exercise
from course.exercises import selftest as selftest_module
from course.exercises.selftest import NOTHING, selftest, stub_cells

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
    stubs, mutants = asked[4 : 4 + len(NOTHING)], asked[5 + len(NOTHING) :]
    assert [seed for _, seed in stubs] == [3] * len(NOTHING)
    assert len(mutants) == 6 and [seed for _, seed in mutants] == [5] * 6
    assert len(report.problems) == 5  # nothing was judged, so no check was lost


@pytest.mark.parametrize(("trains", "seeds"), [(False, [7, 8, 9]), (True, [6])])
def test_stubs_and_float32_get_as_many_seeds_as_variants(trains, seeds, monkeypatch):
    exercise = load_exercise(SMALL)
    monkeypatch.setattr(exercise, "trains", lambda tasks: trains)
    asked = []

    def run(cells, seed):
        asked.append(("\n".join(cells), seed))
        return []

    selftest(exercise, run=run, seeds=(1,), variant_seeds=([6], [7, 8, 9]))
    stubs = [seed for cells, seed in asked if "_do_nothing(" in cells]
    assert stubs == [seed for seed in seeds for _ in NOTHING]
    assert [seed for cells, seed in asked if "_compute_in_float32(" in cells] == seeds


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
    # Reference, release, stubs and float32, then three mutants of one task and three of the other.
    whole = 3 + len(NOTHING)
    assert len(judged) == whole * 5 + 3 * 2 + 3 * 3
    judged.clear()
    assert problems(exercise, every_check=True) == []
    assert len(judged) == whole * 5 + 6 * 5


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
    assert judged.count("counts_levels") == 3 + len(NOTHING) + 6


# ---- functions that do nothing, and right solutions in other styles ----------------------------

LOOSE = {  # a check that a function earns which does nothing
    "asks for a shape alone": "same(0 * np.asarray(student.add_frame(image, 1)), np.zeros((5, 7)))",
    "compares the student with the student": "same(student.add_frame(image, 1), "
    "student.add_frame(image, 1))",
    "asks for no error": "student.add_frame(image, 1)",
}
STRICT = "same(student.add_frame(image, 1), reference.add_frame(image, 1), picture=True)"


@pytest.mark.parametrize("way", LOOSE)
def test_a_check_that_functions_earn_which_do_nothing(way, spoiled):
    told = problems(spoiled("checks.py", STRICT, LOOSE[way]))
    assert says(told, "that only return zeros like the right answer earn 2 in zeros_all_around")


@pytest.mark.parametrize("gives", NOTHING)
def test_a_stub_gives_back_what_it_is_said_to(gives):
    exercise = load_exercise(SMALL)
    assert exercise.asked == ["add_frame", "levels", "brightest"]
    student = Here(stub_cells(exercise, gives))
    image = np.array([[1.0, 2, 3], [6, 5, 4]])
    right = {
        "zeros like the right answer": (np.zeros((4, 5)), (0, 0), 0),
        "the right answer, emptied": (np.zeros((0, 5)), (None, None), None),
        "their arguments": ((image, 1), (image,), (None,)),
        "their first argument": (image, image, None),
    }
    expected = right.get(gives) or 3 * (eval(NOTHING[gives], {"np": np}),)
    got = student.add_frame(image, 1), student.brightest(image), student["levels"]
    for one, other in zip(got, expected, strict=True):
        assert encode(one) == encode(other)


def with_variants(tmp_path, text):
    folder = Path(shutil.copytree(SMALL, tmp_path / "small"))
    text = f"from course.exercises import variant\n\n{text}\n"
    (folder / "variants.py").write_text(text, encoding="utf-8")
    return load_exercise(folder)


def test_a_right_solution_in_another_style_that_loses_points(tmp_path):
    exercise = with_variants(
        tmp_path,
        'variant("block", add_frame="def add_frame(image, width):\\n    return image")\n'
        'variant("lambda", add_frame="add_frame = lambda image, width: np.pad(image, width)")',
    )
    told = says(problems(exercise), "variant")
    assert told == says(told, "the variant 'block' loses")
    assert {problem.split()[4].rstrip(",") for problem in told} == {"zeros_all_around", "any_width"}


def test_a_variants_cells_may_be_tagged(tmp_path):
    code = """# %% tags=["try"]
def around(width):
    return ((width, width), (width, width))
raise SystemExit

# %%
def add_frame(image, width):
    return np.pad(image, around(width))
"""
    exercise = with_variants(tmp_path, f"variant('helper', add_frame={code!r})")
    assert problems(exercise) == []


@pytest.mark.parametrize(
    "wrong, says_so",
    [
        ("variant('a')", "solves no task"),
        ("variant('a', frame='x = 1')", "no task 'frame'"),
        ("variant('a', add_frame='x =')", "is not Python"),
        ("\n".join(2 * ["variant('a', add_frame='x = 1')"]), "here twice, first in line 3"),
    ],
)
def test_a_variant_that_cannot_be_tried(wrong, says_so, tmp_path):
    exercise = with_variants(tmp_path, wrong)
    with pytest.raises(ExerciseError, match=r"variants\.py:\d+: .*") as error:
        _ = exercise.variants
    assert says_so in str(error.value)
