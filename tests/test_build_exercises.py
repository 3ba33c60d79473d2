"""The notebooks of exercises are what their folders give, and show what they promise."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from course.exercises import ExerciseError, exercise_ids, load_exercise
from tools import build_exercises
from tools.build_exercises import RELEASED, SOLVED, leftovers, stale
from tools.staleness import NOTEBOOKS

SMALL = Path(__file__).parent / "small_exercise"
PICTURE = re.compile(r'<img(?=[^>]+src="data:image/(?:png|jpeg);base64,)[^>]*>')

every_exercise = pytest.mark.parametrize("name", exercise_ids())


def page_of(path):
    """A notebook as nbconvert shows it to somebody without a kernel."""
    page, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    return page


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


# ---- the notebooks that are there --------------------------------------------------------------


@every_exercise
def test_notebooks_are_what_their_exercise_gives(name):
    assert stale(load_exercise(name)) == []


def test_no_notebook_is_left_over():
    assert leftovers(exercise_ids()) == []


@every_exercise
def test_a_reader_sees_what_a_right_answer_shows(name):
    exercise = load_exercise(name)
    expected = [cell for cell in exercise.cells if "expected" in cell.tags]
    page = page_of(RELEASED / f"{name}.ipynb")
    pictures = PICTURE.findall(page)
    assert len(pictures) >= len(expected)
    assert all("What a right answer" in picture for picture in pictures)
    assert page.count("What a right answer shows:") == len(expected)


@every_exercise
def test_learners_get_no_solution_and_no_output(name):
    path = RELEASED / f"{name}.ipynb"
    assert "SOLUTION" not in path.read_text(encoding="utf-8")
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        if cell.cell_type == "code" and "task" in cell.metadata and not cell.metadata.get("tags"):
            assert cell.source in {given.release for given in load_exercise(name).cells}


@every_exercise
def test_solutions_show_that_all_is_right(name):
    notebook = nbformat.read(SOLVED / f"{name}.ipynb", as_version=4)
    cells = tagged(notebook, "check")
    assert cells
    for cell in cells:
        assert cell.outputs, f"nothing is shown by: {cell.source}"


@every_exercise
def test_links_lead_somewhere(name):
    for folder in (RELEASED, SOLVED):
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        targets = re.findall(r"\]\(([^)#:]+\.ipynb)\)", text)
        assert targets
        for target in targets:
            assert (folder / target).resolve().is_relative_to(NOTEBOOKS)
            assert (folder / target).exists(), target


# ---- building ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small exercise's folder and notebooks, built once; copies are for the tests."""
    folder = tmp_path_factory.mktemp("built")
    exercise = folder / "exercises" / "small_exercise"
    shutil.copytree(SMALL, exercise)
    edit(load_exercise(exercise), "tests/small_exercise", exercise.as_posix())
    with pytest.MonkeyPatch.context() as patch:
        _redirect(patch, folder)
        assert build_exercises.build(load_exercise(exercise), force=True)
    return folder


@pytest.fixture
def small(built, tmp_path, monkeypatch):
    """A function that loads a copy of the small exercise, whose notebooks are built."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    _redirect(monkeypatch, tmp_path)
    return lambda: load_exercise(tmp_path / "exercises" / "small_exercise")


def _redirect(patch, folder):
    notebooks = folder / "notebooks"
    patch.setattr(build_exercises, "NOTEBOOKS", notebooks)
    patch.setattr(build_exercises, "RELEASED", notebooks / "exercises")
    patch.setattr(build_exercises, "SOLVED", notebooks / "exercises" / "solutions")
    patch.setattr(build_exercises, "RELEASES", folder / "released")


def edit(exercise, old, new):
    path = exercise.folder / "exercise.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_is_built_is_not_stale(small):
    released, solved = map(nbformat.read, build_exercises.targets_of(small()), (4, 4))
    assert stale(small()) == []
    for notebook in (released, solved):
        assert notebook.metadata["course"]["exercise"] == "small_exercise"
        assert notebook.metadata["kernelspec"]["name"] == "python3"
        assert len({cell["id"] for cell in notebook.cells}) == len(notebook.cells)
    (expected,) = tagged(released, "expected") or [c for c in released.cells if "attachments" in c]
    (picture,) = expected.attachments.values()
    (cell,) = tagged(solved, "expected")
    assert picture.items() <= cell.outputs[0]["data"].items()
    assert "![What a right answer to “1 A frame of zeros” shows](attachment:" in expected.source
    assert len(PICTURE.findall(page_of(build_exercises.targets_of(small())[0]))) == 1


def test_what_did_not_change_is_not_built_again(small, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("executed")

    monkeypatch.setattr(build_exercises, "execute", refuse)
    assert build_exercises.build(small(), force=False)
    (small().folder / "mutants.py").write_text("")  # no notebook rests on it
    assert build_exercises.build(small(), force=False)
    edit(small(), "np.pad(image, width)", "np.pad(image, int(width))")
    with pytest.raises(AssertionError, match="executed"):
        build_exercises.build(small(), force=False)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("np.pad(image, width)", "np.pad(image, int(width))", "solutions/small_exercise.ipynb"),
        ("figsize=(2, 2)", "figsize=(3, 2)", "solutions/small_exercise.ipynb"),
        ("# Small exercises", "# Smaller exercises", "solutions/small_exercise.ipynb"),
    ],
)
def test_an_edit_makes_notebooks_stale(small, old, new, where):
    edit(small(), old, new)
    complaints = stale(small())
    assert complaints
    assert all(text.startswith(where) and "make exercises" in text for text in complaints)


def test_a_lost_or_old_picture_is_stale(small):
    path, _ = build_exercises.targets_of(small())
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [cell for cell in notebook.cells if "attachments" in cell]
    cell["attachments"]["expected_1.png"] = {"image/png": "AAAA"}
    nbformat.write(notebook, path)
    (old,) = stale(small())
    del cell["attachments"]
    nbformat.write(notebook, path)
    (lost,) = stale(small())
    path.unlink()
    (missing,) = stale(small())
    assert "make exercises" in old and "make exercises" in lost
    assert all("small_exercise.ipynb" in text for text in (old, lost, missing))
    assert "is missing" in missing


def test_leftovers_are_found(small):
    exercise = small()
    assert leftovers(["small_exercise"]) == []
    assert leftovers([]) == sorted(build_exercises.targets_of(exercise))
    build_exercises.build_release(exercise, force=False)
    assert leftovers(["small_exercise"]) == []
    assert build_exercises.RELEASES / "small_exercise" in leftovers([])


def test_notebooks_of_one_s_own_are_no_leftovers(small):
    """As JupyterLab names them, whose first folder is notebooks/: they aren't removed."""
    exercise = small()
    learners, _ = build_exercises.targets_of(exercise)
    shutil.copy(learners, learners.with_name(f"{exercise.id}-Copy1.ipynb"))
    nbformat.write(nbformat.v4.new_notebook(), learners.with_name("Untitled.ipynb"))
    learners.with_name("torn.ipynb").write_text("{")
    learners.with_name("folder.ipynb").mkdir()
    assert leftovers([exercise.id]) == []


def test_a_failing_solution_is_not_kept(small, capsys):
    before = [path.read_bytes() for path in build_exercises.targets_of(small())]
    edit(small(), "return np.pad(image, width)", "return np.pad(image, wide)")
    with pytest.raises(Exception, match="wide"):
        build_exercises.build(small(), force=False)
    assert [path.read_bytes() for path in build_exercises.targets_of(small())] == before


def test_an_expected_cell_must_show_something(small):
    solved = nbformat.read(build_exercises.targets_of(small())[1], as_version=4)
    (cell,) = tagged(solved, "expected")
    cell.outputs = []
    with pytest.raises(ExerciseError, match=r"exercise\.py:\d+: .*shows nothing"):
        build_exercises.student_notebook(small(), solved)


def test_a_released_copy_is_built_when_something_changed(small, capsys):
    def built():
        build_exercises.build_release(small(), force=False)
        return "small_exercise" in capsys.readouterr().out

    released = build_exercises.RELEASES / "small_exercise"
    assert built() and not built()
    assert load_exercise(released).released.hidden == {"add_frame": (1, 3), "brightest": (1, 2.5)}
    edit(load_exercise(released), "# Small exercises", "# Mine")  # by hand
    assert built() and not built()
    assert "# Small exercises" in (released / "exercise.py").read_text(encoding="utf-8")
    (small().folder / "mutants.py").write_text("", encoding="utf-8")  # it knows their answers
    assert built() and not built()
    edit(small(), "np.pad(image, width)", "np.pad(image, int(width))")
    assert built() and not built()
