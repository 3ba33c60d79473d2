"""An exercise's folder: what is handed out and graded, and every fault with its file and line."""

import ast
import shutil
from pathlib import Path

import pytest

from course.exercises import ExerciseError, exercise_ids, load_exercise, source

SMALL = Path(__file__).parent / "small_exercise"


@pytest.fixture
def folder(tmp_path):
    """A copy of the small exercise, to be spoiled."""
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


def spoil(folder, name, old, new):
    """Replace text that stands once or more in a file; the number of the first line of it."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def error(folder):
    """What load_exercise, with the mutants, says about a folder."""
    with pytest.raises(ExerciseError) as caught:
        _ = load_exercise(folder).mutants
    return str(caught.value)


CHECKS = [
    ("checks.py", "points=2,", "points=0,", 0, "'zeros_all_around' is worth 0 points"),
    ("checks.py", "points=2,", "points=-1,", 0, "is worth -1 points"),
    ("checks.py", "points=2,", "points=float('nan'),", 0, "is worth nan points"),
    ("checks.py", "points=2,", "points=float('inf'),", 0, "is worth inf points"),
    ("checks.py", "points=2,", "points='2',", 0, "is worth '2' points"),
    ("checks.py", "points=2,", "points=True,", 0, "is worth True points"),
    ("checks.py", "points=2,", "", None, "points"),
    ("checks.py", '"add_frame",', '"add_farme",', 0, "there is no task 'add_farme'; there are add"),
    ("checks.py", "def any_width", "def zeros_all_around", None, "here twice, first in line 6"),
    ("checks.py", '"Look at the corners of your result."', '" "', None, "has an empty hint"),
    ("checks.py", '"""makes frames of any width"""', "", None, "has no docstring"),
    ("checks.py", "(student, reference, rng)", "(student, rng)", None, "should take (student, ref"),
    ("checks.py", "    hidden=True,\n", "", None, "'add_frame' has no hidden check"),
    ("checks.py", "points=2,", "points=2, hidden=True,", None, "'add_frame' has no visible check"),
    ("checks.py", "@check(", "@chek(", 0, "NameError: name 'chek' is not defined"),
    ("checks.py", "import numpy as np", "import numpy as", 0, "nvalid syntax"),
    ("checks.py", "import numpy as np", "1 / 0", 0, "ZeroDivisionError"),
    ("mutants.py", "np.pad(image, width)", "np.pad(image, 7)", 0, "'np.pad(image, 7)' stands 0 t"),
    ("mutants.py", '"2**8"', '"image"', 0, "'image' stands"),
    ("mutants.py", '"ones"', '"two_sides"', 0, "here twice, first in line 3"),
    ("mutants.py", '["counts_levels"]', '["count_levels"]', -1, "loses 'count_levels', which is"),
    ("mutants.py", '["counts_levels"]', "[]", -1, "loses no check"),
    ("mutants.py", 'replace="2**8"', 'task="brightst"', 0, "there is no task 'brightst'"),
    ("mutants.py", 'replace="2**8", ', "", 0, "neither what it replaces nor which task"),
    ("mutants.py", 'by="255"', 'by="2 +"', 0, "'highest_level' is not Python"),
    ("mutants.py", 'by="255",', "by='255'", None, "nvalid syntax"),
    ("mutants.py", 'replace="2**8"', 'replce="2**8"', 0, "TypeError"),
    ("exercise.toml", 'title = "A small', "title = A small", 0, "Invalid value"),
    ("exercise.toml", 'lesson = "01_convolution"', "", None, "lesson is missing"),
    ("exercise.toml", "title = ", "titel = ", 0, "'titel' should be one of: title, lesson"),
    ("exercise.toml", "title = ", "title = 5 #", 0, "'title' should be one of"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = 0", 0, "call_seconds is 0; a number"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = nan", 0, "call_seconds is nan"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = '1'", 0, "a number above 0 is expected"),
    ("exercise.toml", "call_seconds", "calls", 0, "there is no limit 'calls'; there are cell_sec"),
    ("exercise.py", '# %% task="add_frame"', '# %% taks="add_frame"', 0, "are known"),
    ("exercise.py", '# %% task="add_frame"', '# %% task="ad"', 0, "'ad' has no text cell with a"),
    ("exercise.py", '# %% tags=["try"]', '# %% tags=["tyr"]', 0, "unknown tag 'tyr'; known: check"),
    ("exercise.py", '# %% tags=["try"]', "# %% tags=[try]", 0, "this can't be read"),
    ("exercise.py", '# %% tags=["try"]', '# %% tags=[{}]', 0, 'tags=["name"] is expected'),
    ("exercise.py", '# %% tags=["try"]', '# %% tags="try"', 0, 'tags=["name"] is expected'),
    ("exercise.py", '# %% tags=["try"]', "# %% task=[1]", 0, 'task="name" or'),
    ("exercise.py", "    ### BEGIN SOLUTION\n", "", None, "### END SOLUTION without ### BEGIN"),
    ("exercise.py", "    ### END SOLUTION\n", "", None, "### BEGIN SOLUTION without ### END"),
    ("exercise.py", "### BEGIN SOLUTION", "### BEGIN SOLUTION now", 0, "should hold nothing but"),
    ("exercise.py", "### END SOLUTION", "### BEGIN SOLUTION", 0, "a second ### BEGIN SOLUTION"),
    ("exercise.py", "return np.pad(image, width)", "return np.pad(image", 0, "never closed"),
    ("exercise.py", "# ## 2", '# ## 2\n# %% [markdown] task="brightest"\n# #', 1, "twice"),
    ("exercise.py", 'check("brightest")', 'check("add_frame")', None, 'calls check("brightest")'),
    ("exercise.py", "# ## 2 The brightest pixel", "#", None, "'brightest' has no text cell"),
    ("exercise.py", "print(levels)", "### BEGIN SOLUTION\n### END SOLUTION", 0, "without task="),
]  # fmt: skip


@pytest.mark.parametrize("name, old, new, shift, says", CHECKS)
def test_a_fault_is_named_with_file_and_line(folder, name, old, new, shift, says):
    line = spoil(folder, name, old, new)
    said = error(folder)
    where, _, text = said.partition(": ")
    path, _, number = where.rpartition(":")
    assert Path(path).name == name and says in text
    lines = (folder / name).read_text(encoding="utf-8").count("\n") + 1
    assert 1 <= int(number) <= lines
    if shift is not None:  # a decorator's or call's first line may be the one that is named
        assert int(number) in (line + shift, _start(folder / name, line))


def _start(path, line):
    """The first line of the statement, or its decorator, that a line belongs to."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return line
    starts = [
        min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        for node in tree.body
    ]
    return max((start for start in starts if start <= line), default=line)


def test_a_missing_check_names_the_task(folder):
    path = folder / "checks.py"
    text = path.read_text(encoding="utf-8")
    start = text.index('@check(\n    "brightest"')
    path.write_text(text[:start], encoding="utf-8")
    assert "checks.py:1: the task 'brightest' has no visible check" in error(folder)


def test_a_task_without_solution(folder):
    path = folder / "exercise.py"
    text = path.read_text(encoding="utf-8")
    for mark in ("    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"):
        text = text.replace(mark, "", 1)
    path.write_text(text, encoding="utf-8")
    assert "the task 'add_frame' has no cell with a solution" in error(folder)


@pytest.mark.parametrize("name", ["exercise.toml", "exercise.py", "checks.py", "mutants.py"])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    assert f"{name}:1: this file is missing" in error(folder)


@pytest.mark.parametrize("name", ["exercise.toml", "exercise.py", "checks.py", "mutants.py"])
def test_a_file_that_is_not_utf8(folder, name):
    lines = (folder / name).read_bytes().split(b"\n")
    (folder / name).write_bytes(b"\n".join([lines[0], b"# caf\xe9", *lines[1:]]))
    assert f"{name}:2: this is not UTF-8" in error(folder)


def test_probes_are_read_too(folder):
    (folder / "probes.py").write_text("def f(student):\n    return (\n", encoding="utf-8")
    assert "probes.py:2" in error(folder)
    (folder / "probes.py").write_text("def f(student):\n    return 1\n", encoding="utf-8")
    assert load_exercise(folder).probes.startswith("def f")


@pytest.mark.parametrize("name", ["exercise.py", "checks.py", "mutants.py", "probes.py"])
def test_a_null_byte(folder, name):
    (folder / name).write_text("# %%\nx = 1\0\n", encoding="utf-8")
    said = error(folder)
    assert f"{name}:" in said and "source code string cannot contain null bytes" in said


def test_no_such_exercise_names_those_that_there_are():
    with pytest.raises(ExerciseError, match="no exercise '99_none'. There are: 01_convolution"):
        load_exercise("99_none")


def test_without_the_folder_of_exercises(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "EXERCISES", tmp_path / "exercises")
    with pytest.raises(ExerciseError, match="not beside course"):
        load_exercise("01_convolution")
    assert exercise_ids() == []


def test_after_a_fault_the_next_folder_is_read_as_ever(folder):
    spoil(folder, "checks.py", "@check(", "1 / 0\n@check(")
    error(folder)
    assert len(load_exercise(SMALL).checks) == 5


def test_what_is_read():
    exercise = load_exercise(SMALL)
    assert [task.id for task in exercise.tasks] == ["add_frame", "brightest"]
    assert exercise.tasks[0].title == "1 A frame of zeros"
    assert exercise.points == 10 and type(exercise.points) is float
    assert [check.id for check in exercise.checks_of("add_frame")] == [
        "zeros_all_around",
        "any_width",
    ]
    assert exercise.names_of("brightest") == ["levels", "brightest"]
    assert exercise.limits.call_seconds == 1 and exercise.warm == ["numpy"]


def test_solution_and_release():
    exercise = load_exercise(SMALL)
    setup, frame, levels, brightest = exercise.release_cells()
    assert "BEGIN SOLUTION" not in "".join(exercise.solution_cells())
    assert frame.endswith('    raise NotImplementedError("Your turn.")') and "np.pad" not in frame
    assert levels == "levels = ...  # your turn"
    assert setup == exercise.solution_cells()[0]
    for cell in [setup, frame, levels, brightest]:
        ast.parse(cell)


def test_cells_with_tags_are_not_graded():
    graded = "\n".join(load_exercise(SMALL).solution_cells())
    assert "print(levels)" not in graded and "imshow" not in graded and 'check("' not in graded


def test_a_mutant_changes_its_task_only():
    exercise = load_exercise(SMALL)
    right = exercise.solution_cells()
    for mutant in exercise.mutants:
        wrong = exercise.mutant_cells(mutant)
        changed = [cell for cell in wrong if cell not in right]
        assert len(changed) == 1, mutant.name
    replaced = next(m for m in exercise.mutants if m.name == "from_zero")
    assert len(exercise.mutant_cells(replaced)) == len(right) - 1  # for both cells of its task


def test_the_digest_changes_with_what_a_verdict_rests_on(folder):
    first = load_exercise(folder).digest
    spoil(folder, "mutants.py", '"adds ones"', '"adds  ones"')
    assert load_exercise(folder).digest == first
    for name, old in (("checks.py", "points=2"), ("exercise.py", "2**8"), ("exercise.toml", "512")):
        before = load_exercise(folder).digest
        spoil(folder, name, old, {"points=2": "points=4", "2**8": "4**4", "512": "600"}[old])
        assert load_exercise(folder).digest != before


def test_a_copy_that_opens_the_exercise_it_was_copied_from(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "EXERCISES", tmp_path)
    folder = shutil.copytree(SMALL, tmp_path / "07_copied")
    with pytest.raises(ExerciseError, match="exercise.py:.*it opens .tests/small"):
        load_exercise(folder)
