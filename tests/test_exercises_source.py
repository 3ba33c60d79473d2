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
    ("checks.py", "points=2,", "points=0,", 0, "'zeros_all_around' 0"),
    ("checks.py", "points=2,", "points=-1,", 0, "-1"),
    ("checks.py", "points=2,", "points=float('nan'),", 0, "nan"),
    ("checks.py", "points=2,", "points=float('inf'),", 0, "inf"),
    ("checks.py", "points=2,", "points='2',", 0, "'2'"),
    ("checks.py", "points=2,", "points=True,", 0, "True"),
    ("checks.py", "points=2,", "", None, "points"),
    ("checks.py", '"add_frame",', '"add_farme",', 0, "'add_farme' add_frame brightest"),
    ("checks.py", "def any_width", "def zeros_all_around", None, "'zeros_all_around' 6"),
    ("checks.py", '"Look at the corners of your result."', '" "', None, "'zeros_all_around'"),
    ("checks.py", '"""makes frames of any width"""', "", None, "'any_width'"),
    ("checks.py", "(student, reference, rng)", "(student, rng)", None, "reference"),
    ("checks.py", "    hidden=True,\n", "", None, "'add_frame' hidden"),
    ("checks.py", "points=2,", "points=2, hidden=True,", None, "'add_frame' visible"),
    ("checks.py", "@check(", "@chek(", 0, "NameError 'chek'"),
    ("checks.py", "import numpy as np", "import numpy as", 0, "syntax"),
    ("checks.py", "import numpy as np", "1 / 0", 0, "ZeroDivisionError"),
    ("mutants.py", "np.pad(image, width)", "np.pad(image, 7)", 0, "'two_sides' 'np.pad(image, 7)'"),
    ("mutants.py", '"2**8"', '"image"', 0, "'highest_level' 'image'"),
    ("mutants.py", '"ones"', '"two_sides"', 0, "'two_sides' 3"),
    ("mutants.py", '["counts_levels"]', '["count_levels"]', -1, "'highest_level' 'count_levels'"),
    ("mutants.py", '["counts_levels"]', "[]", -1, "'highest_level'"),
    ("mutants.py", 'replace="2**8"', 'task="brightst"', 0, "'brightst' add_frame brightest"),
    ("mutants.py", 'replace="2**8", ', "", 0, "'highest_level'"),
    ("mutants.py", 'by="255"', 'by="2 +"', 0, "'highest_level' Python"),
    ("mutants.py", 'by="255",', "by='255'", None, "syntax"),
    ("mutants.py", 'replace="2**8"', 'replce="2**8"', 0, "TypeError"),
    ("exercise.toml", 'title = "A small', "title = A small", 0, "line 1"),
    ("exercise.toml", 'lesson = "01_convolution"', "", None, "lesson"),
    ("exercise.toml", "title = ", "titel = ", 0, "'titel' title lesson"),
    ("exercise.toml", "title = ", "title = 5 #", 0, "'title'"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = 0", 0, "call_seconds 0"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = nan", 0, "call_seconds nan"),
    ("exercise.toml", "call_seconds = 1", "call_seconds = '1'", 0, "call_seconds '1'"),
    ("exercise.toml", "call_seconds", "calls", 0, "'calls' call_seconds"),
    ("exercise.py", '# %% task="add_frame"', '# %% taks="add_frame"', 0, 'taks="add_frame"'),
    ("exercise.py", '# %% task="add_frame"', '# %% task="ad"', 0, "'ad'"),
    ("exercise.py", '# %% tags=["try"]', '# %% tags=["tyr"]', 0, "'tyr' check try"),
    ("exercise.py", '# %% tags=["try"]', "# %% tags=[try]", 0, "tags=[try]"),
    ("exercise.py", '# %% tags=["try"]', '# %% tags=[{}]', 0, "tags=[{}]"),
    ("exercise.py", '# %% tags=["try"]', '# %% tags="try"', 0, 'tags="try"'),
    ("exercise.py", '# %% tags=["try"]', "# %% task=[1]", 0, "task=[1]"),
    ("exercise.py", "    ### BEGIN SOLUTION\n", "", None, "END BEGIN"),
    ("exercise.py", "    ### END SOLUTION\n", "", None, "BEGIN END"),
    ("exercise.py", "### BEGIN SOLUTION", "### BEGIN SOLUTION now", 0, "BEGIN END"),
    ("exercise.py", "### END SOLUTION", "### BEGIN SOLUTION", 0, "BEGIN 21"),
    ("exercise.py", "return np.pad(image, width)", "return np.pad(image", 0, "closed"),
    ("exercise.py", "# ## 2", '# ## 2\n# %% [markdown] task="brightest"\n# #', 1, "'brightest'"),
    ("exercise.py", 'check("brightest")', 'check("add_frame")', None, 'check("brightest")'),
    ("exercise.py", "# ## 2 The brightest pixel", "#", None, "'brightest'"),
    ("exercise.py", "print(levels)", "### BEGIN SOLUTION\n### END SOLUTION", 0, "task="),
]  # fmt: skip


@pytest.mark.parametrize("name, old, new, shift, says", CHECKS)
def test_a_fault_is_named_with_file_and_line(folder, name, old, new, shift, says):
    line = spoil(folder, name, old, new)
    said = error(folder)
    where, _, text = said.partition(": ")
    path, _, number = where.rpartition(":")
    assert Path(path).name == name
    assert [word for word in says.split() if word not in text] == []
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
    said = error(folder)
    assert "checks.py:1:" in said and "'brightest'" in said and "visible" in said


def test_a_task_without_solution(folder):
    path = folder / "exercise.py"
    text = path.read_text(encoding="utf-8")
    for mark in ("    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"):
        text = text.replace(mark, "", 1)
    path.write_text(text, encoding="utf-8")
    said = error(folder)
    assert "exercise.py:13:" in said and "'add_frame'" in said


@pytest.mark.parametrize("name", ["exercise.toml", "exercise.py", "checks.py", "mutants.py"])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    assert f"{name}:1: this file is missing" in error(folder)


@pytest.mark.parametrize("name", source._VERDICT)
def test_a_module_that_a_verdict_rests_on_is_missing(name, tmp_path, monkeypatch):
    here = Path(shutil.copytree(Path(source.__file__).parent, tmp_path / "exercises"))
    monkeypatch.setattr(source, "__file__", str(here / "source.py"))
    exercise = load_exercise(SMALL)
    digest = exercise.digest
    del exercise.digest  # it is kept once it is known
    (here / f"{name}.py").unlink()
    with pytest.raises(ExerciseError, match=rf"{name}\.py:1: "):
        _ = exercise.digest
    assert load_exercise(SMALL).id == exercise.id and len(digest) == 16


@pytest.mark.parametrize("name", ["exercise.toml", "exercise.py", "checks.py", "mutants.py"])
def test_a_file_that_is_not_utf8(folder, name):
    lines = (folder / name).read_bytes().split(b"\n")
    (folder / name).write_bytes(b"\n".join([lines[0], b"# caf\xe9", *lines[1:]]))
    said = error(folder)
    assert f"{name}:2:" in said and "UTF-8" in said


def test_probes_are_read_too(folder):
    (folder / "probes.py").write_text("def f(student):\n    return (\n", encoding="utf-8")
    assert "probes.py:2" in error(folder)
    (folder / "probes.py").write_text("def f(student):\n    return 1\n", encoding="utf-8")
    assert load_exercise(folder).probes.startswith("def f")


@pytest.mark.parametrize("name", ["exercise.py", "checks.py", "mutants.py", "probes.py"])
def test_a_null_byte(folder, name):
    (folder / name).write_text("# %%\nx = 1\0\n", encoding="utf-8")
    said = error(folder)
    assert f"{name}:" in said and "null bytes" in said


def test_no_such_exercise_names_those_that_there_are():
    with pytest.raises(ExerciseError, match="'99_none'.* 01_convolution, .*06_"):
        load_exercise("99_none")


def test_without_any_folder_of_exercises(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "EXERCISES", tmp_path / "exercises")
    monkeypatch.setattr(source, "RELEASED", tmp_path / "released")
    with pytest.raises(ExerciseError) as caught:
        load_exercise("01_convolution")
    for place in ("exercises", "released"):
        assert str(tmp_path / place) in str(caught.value)
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
    with pytest.raises(
        ExerciseError, match=r"exercise\.py:\d+: .*'tests/small_exercise'.*'07_copied'"
    ):
        load_exercise(folder)
