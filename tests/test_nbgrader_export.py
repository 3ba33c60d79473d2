"""Assignments for nbgrader: what is written, and what nbgrader itself makes of them."""

import ast
import json
import os
import re
import shutil
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement

from course.exercises import load_exercise
from course.grader import nbgrader_support
from course.grader.nbgrader_export import ExportError, assignment, export, grade_ids
from tools import nbgrader
from tools.staleness import ROOT

SMALL = Path(__file__).parent / "small_exercise"
SEED = 421_357_986
NOISY = """
import os, sys, warnings
_quiet = {name}
def {name}(*args):
    os.write(2, b"some library's own words")
    print("a progress bar", file=sys.stderr)
    warnings.warn("something is deprecated", stacklevel=1)
    return _quiet(*args)
"""


@pytest.fixture(scope="module")
def small():
    return load_exercise(SMALL)


@pytest.fixture
def changed(tmp_path):
    """Make a copy of the small exercise whose checks.py differs."""

    def make(*changes):
        folder = tmp_path / "exercises" / "small_exercise"
        shutil.copytree(SMALL, folder)
        text = (folder / "checks.py").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "checks.py").write_text(text, encoding="utf-8")
        return load_exercise(folder)

    return make


def marked(notebook, key):
    """grade_id -> cell, of the cells whose nbgrader metadata has `key` set."""
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(key)]
    return {cell.metadata["nbgrader"]["grade_id"]: cell for cell in cells}


def without_hidden_tests(source):
    return re.sub(r"(?ms)^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS\n?", "", source)


# ---- what is written ---------------------------------------------------------------------------


def test_each_check_is_a_test_with_its_points(small):
    notebook, _ = assignment(small, seed=SEED)
    tests = marked(notebook, "grade")
    points = {name: cell.metadata["nbgrader"]["points"] for name, cell in tests.items()}
    names = grade_ids(small)
    assert points == {names[check.id]: check.points for check in small.checks}
    for check in small.checks:
        assert f"def {check.id}(student" in tests[names[check.id]].source
    assert {type(value) for value in points.values()} == {int, float}  # one is worth 2.5


def test_each_answer_keeps_its_marks_and_nothing_else_has_them(small):
    notebook, _ = assignment(small, seed=SEED)
    answers = list(marked(notebook, "solution").values())
    with_solution = [cell.source for cell in small.cells if cell.source != cell.solution]
    assert [cell.source for cell in answers] == with_solution
    others = [cell for cell in notebook.cells if cell not in answers]
    assert not [cell for cell in others if "SOLUTION" in cell.source]


def test_ids_are_unique_and_given_code_is_locked(small):
    notebook, _ = assignment(small, seed=SEED)
    names = [
        cell.metadata["nbgrader"]["grade_id"]
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    ]
    assert len(names) == len(set(names))
    given = [cell for name, cell in marked(notebook, "locked").items() if "given" in name]
    assert [cell.source for cell in given] == ["import course_checks", "import numpy as np"]
    assert "open_exercise" not in "".join(without_hidden_tests(c.source) for c in notebook.cells)


def test_secrets_stand_in_hidden_tests_only(small):
    notebook, shared = assignment(small, seed=SEED)
    seen = json.dumps(shared)
    for cell in notebook.cells:
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            seen += without_hidden_tests(cell.source)
    hidden = [check.id for check in small.checks if check.hidden]
    for secret in ("unravel_index", "2**8", str(SEED), *hidden):
        assert secret not in seen
        assert secret in str(notebook.cells)


def test_helpers_of_hidden_checks_only_are_hidden(changed):
    exercise = changed(
        ("def _spot(", "SECRET_SHIFT = 10\n\n\ndef _spot("), ("image - 10", "image - SECRET_SHIFT")
    )
    notebook, shared = assignment(exercise, seed=SEED)
    assert "SECRET_SHIFT" not in shared["helpers"]
    assert "def _spot" in shared["helpers"]
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "SECRET_SHIFT = 10" in text
    assert "SECRET_SHIFT" not in without_hidden_tests(text)


def test_what_a_statement_without_a_name_uses_comes_with_it(changed):
    """Learners' checks run all such statements, so these must find what they name."""
    statement = "SHIFTS = []\nLARGEST = 9\nSHIFTS.append(LARGEST)\n\n\ndef _spot("
    _, shared = assignment(changed(("def _spot(", statement)), seed=SEED)
    names = {}
    exec(shared["helpers"], names)
    assert names["SHIFTS"] == [9]


def test_an_assignment_is_replaced_only_when_told(small, tmp_path):
    (path,) = export([small], tmp_path, notebooks=None, seed=1)
    config = tmp_path / "nbgrader_config.py"
    config.write_text("# an institution's own\n")
    before = path.read_bytes()
    with pytest.raises(ExportError, match="small_exercise already"):
        export([small], tmp_path, notebooks=None, seed=2)
    assert path.read_bytes() == before
    export([small], tmp_path, notebooks=None, seed=2, overwrite=True)
    assert path.read_bytes() != before
    assert config.read_text() == "# an institution's own\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["nbgrader_config.py", "source"]


def test_each_export_has_a_seed_of_its_own(small, tmp_path):
    first, second = (export([small], tmp_path / name, notebooks=None)[0] for name in "ab")
    assert first.read_text() != second.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@check(", "@(lambda function: function)\n@check(", "checks.py:6: .* one decorator"),
        ("def zeros_all_around", "def brightest", "brightest is also a name in the exercise"),
        ("student.add_frame(image, 1)", "1 + student.add_frame(image, 1)", "doesn't pass"),
    ],
)
def test_nothing_is_written_when_something_is_wrong(changed, small, tmp_path, old, new, said):
    exercise = changed((old, new))
    exercise.id = "second"
    with pytest.raises(ExportError, match=said):
        export([small, exercise], tmp_path / "course", notebooks=None)
    assert list((tmp_path / "course").iterdir()) == []


def test_missing_pictures_are_refused(small, tmp_path):
    with pytest.raises(ExportError, match="make exercises"):
        export([small], tmp_path / "course", notebooks=tmp_path)


# ---- what runs in the cells --------------------------------------------------------------------


def test_questions_are_the_same_for_the_same_data():
    key = nbgrader_support.question(["f", (np.arange(3),), {}])
    assert key == nbgrader_support.question(["f", (np.arange(3),), {}])
    assert key != nbgrader_support.question(["f", (np.arange(3.0),), {}])


def half_of(x):
    return x / 2


def unwritten(x):
    raise NotImplementedError("Your turn.")


def test_what_was_not_recorded_is_left_to_the_grader(capsys):
    @nbgrader_support.test(task="half", points=1, hint="")
    def asks_for_more(student, reference, rng):
        reference.half_of(student.half_of(3.0))

    assert "graded" in capsys.readouterr().out


def test_a_failed_check_reads_as_in_a_learners_notebook():
    with pytest.raises(AssertionError) as caught:

        @nbgrader_support.test(task="half", points=1, hint="Divide.")
        def halves(student, reference, rng):
            """halves numbers"""
            student.unwritten(3.0)

    head, *details = str(caught.value).splitlines()
    assert head == "– not answered yet: halves numbers (1 point)"
    assert details[0].startswith("    `unwritten` isn't written yet.")
    assert details[-1] == "    Hint: Divide."


def test_a_failed_hidden_check_only_hints():
    with pytest.raises(AssertionError) as caught:

        @nbgrader_support.test(task="half", points=1, hint="Divide.", hidden=True)
        def halves(student, reference, rng):
            """halves three"""
            from course.exercises import equal

            equal(student.half_of(3.0), 1.0)

    says = str(caught.value)
    assert "Divide." in says and "halves" not in says and "1.5" not in says


def test_a_check_that_fails_itself_is_no_wrong_answer():
    with pytest.raises(RuntimeError, match="fails on the reference.*ZeroDivisionError"):

        @nbgrader_support.test(task="half", points=1, hint="")
        def divides_by_zero(student, reference, rng):
            return 1 / 0


# ---- nbgrader itself ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(small, tmp_path_factory):
    """A course that nbgrader graded: folder, and student -> {check: points}."""
    if nbgrader.find() is None:
        assert os.environ.get("COURSE_NBGRADER") != "required", "no nbgrader: make nbgrader"
        pytest.skip("nbgrader isn't there; `make nbgrader` installs it beside the environment")
    folder = tmp_path_factory.mktemp("course")
    export([small], folder, notebooks=None, seed=SEED)
    released = nbgrader.generate(folder, small)
    mutants = {mutant.name: mutant for mutant in small.mutants}
    nbgrader.submit(folder, small, "right", small.solution_cells())
    nbgrader.submit(folder, small, "untouched", None)
    nbgrader.submit(folder, small, "swapped", small.mutant_cells(mutants["column_first"]))
    noisy = [cell + noise(cell) for cell in small.solution_cells()]
    nbgrader.submit(folder, small, "noisy", noisy)
    path = folder / "submitted" / "noisy" / small.id / released.name  # and with a test deleted
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.remove(marked(notebook, "grade")["test-finds_the_pixel"])
    nbformat.write(notebook, path)
    (path.parent / "course_checks.py").write_text("def test(**options): return print\n")
    return folder, nbgrader.autograde(folder, small)


def noise(cell):
    """Code that makes a cell's functions write to standard error."""
    functions = [node.name for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
    return "".join(NOISY.format(name=name) for name in functions)


def test_nbgrader_gives_the_solution_all_and_the_release_nothing(course, small):
    _, scores = course
    assert scores["right"] == {check.id: check.points for check in small.checks}
    assert scores["untouched"] == {check.id: 0 for check in small.checks}


def test_nbgrader_takes_of_a_mutant_what_it_must_lose(course, small):
    _, scores = course
    (mutant,) = (mutant for mutant in small.mutants if mutant.name == "column_first")
    expected = {c.id: 0 if c.id in mutant.loses else c.points for c in small.checks}
    assert scores["swapped"] == expected


def test_words_on_standard_error_cost_nothing_in_nbgrader(course):
    _, scores = course
    assert scores["noisy"] == scores["right"]


def test_nbgrader_puts_back_what_is_deleted_or_replaced(course):
    """A test cell that is gone is added again; course_checks.py comes from the source."""
    folder, scores = course
    assert scores["noisy"] == scores["right"]
    graded = folder / "autograded" / "noisy" / "small_exercise" / "course_checks.py"
    assert graded.read_text() == Path(nbgrader_support.__file__).read_text()


def test_learners_get_no_solution_and_no_secret(course, small):
    folder, _ = course
    release = folder / "release" / small.id
    text = "".join(path.read_text(encoding="utf-8") for path in release.iterdir())
    hidden = [check.id for check in small.checks if check.hidden]
    for secret in ("SOLUTION", "HIDDEN TESTS", "unravel_index", "2**8", str(SEED), *hidden):
        assert secret not in text
    assert 'raise NotImplementedError(\\"Your turn.\\")' in text


def test_learners_see_at_once_what_is_right(course, small, tmp_path):
    """The visible tests run in what nbgrader releases, where there are no exercises/."""
    folder, _ = course
    shutil.copytree(folder / "submitted" / "swapped" / small.id, tmp_path, dirs_exist_ok=True)
    notebook = nbformat.read(tmp_path / f"{small.id}.ipynb", as_version=4)
    resources = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, resources=resources, allow_errors=True).execute()
    failed = {
        name.removeprefix("test-"): "".join(output.get("evalue", "") for output in cell.outputs)
        for name, cell in marked(notebook, "grade").items()
        if cell.outputs
    }
    assert list(failed) == ["finds_the_pixel"]
    assert "finds the brightest pixel" in failed["finds_the_pixel"]
    assert "In which order do rows and columns come?" in failed["finds_the_pixel"]


# ---- nbgrader's own environment ----------------------------------------------------------------


def test_the_lock_of_nbgrader_adds_to_the_courses():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (declared,) = map(Requirement, project["optional-dependencies"]["nbgrader"])
    pins = {}
    for name in ("tools/nbgrader.lock", "requirements.lock", "tools/dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins[name] = dict(re.findall(r"(?m)^([\w.-]+)==([^ ;\\]+)", text))
        assert "://" not in text
    own, learners, makers = pins.values()
    shared = learners | makers
    assert declared.specifier.contains(own["nbgrader"])
    assert not set(own) & set(shared), "what both need, the course's environment has: make lock"
    assert "nbgrader" not in shared


def test_nbgrader_is_not_in_the_learners_environment():
    """It would add itself to everybody's JupyterLab."""
    from importlib.util import find_spec

    assert find_spec("nbgrader") is None
