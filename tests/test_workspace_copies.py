"""A learner's copies: made, brought up to date, given afresh. What is theirs is kept."""

import json
import os
import re
import stat
from pathlib import Path

import filelock
import nbformat
import pytest

from course.workspace import WorkspaceError, copies, places, progress
from tools.colab import CODE, TAG
from tools.staleness import ROOT

LESSON = "01_lesson_convolution.ipynb"
EXERCISES = "01_exercises_convolution.ipynb"
SOLUTIONS = "01_solutions_convolution.ipynb"
CORRECTED = "01_lesson_convolution (corrected).ipynb"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A workspace with copies of the course's notebooks, as it is."""
    return copies.make(tmp_path_factory.mktemp("real") / "my_course").folder


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A clone of a small course; `write(path, *cells)` writes one of its notebooks."""
    monkeypatch.setattr(copies, "CLONE", tmp_path / "clone")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)

    def write(path, *texts):
        cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
        cells.append(nbformat.v4.new_code_cell("1 + 1", execution_count=3))
        cells[-1].outputs = [nbformat.v4.new_output("stream", text="2")]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"course": {"built_from": "1"}})
        path = tmp_path / "clone" / "notebooks" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)

    write("00_start_here.ipynb", "# 0. Start here\n\nHello.")
    write("01_convolution.ipynb", "# 1. Convolution", "## 1.1 An image")
    write("exercises/01_convolution.ipynb", "# Exercises 1\n\nOf [1](../01_convolution.ipynb).")
    write("exercises/solutions/01_convolution.ipynb", "# Exercises 1\n\nSolved.")
    return write


@pytest.fixture
def folder(course, tmp_path, monkeypatch):
    """A workspace of the small course, in which this process works."""
    made = copies.make(tmp_path / "my_course")
    monkeypatch.chdir(made.folder)
    return made.folder


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def change(path, text="## My own heading"):
    """Save a notebook as JupyterLab does, with a cell of the learner's."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell(text))
    notebook.metadata["kernelspec"] = {"name": "other", "display_name": "Other"}
    nbformat.write(notebook, path)
    return path.read_bytes()


def run(path):
    """Save a notebook with an output."""
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(notebook, path)
    return path.read_bytes()


def all_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- the copies ----------------------------------------------------------------------------------


def test_every_lesson_and_exercise_has_a_copy_without_outputs(real):
    given = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks/exercises").glob("*.ipynb")]
    found = sorted(real.glob("*.ipynb"))
    assert len(found) == len(given) and LESSON in {path.name for path in found}
    for path in found:
        nbformat.validate(nbformat.read(path, as_version=4))
        about = json.loads(path.read_text("utf-8"))["metadata"]["course"]
        assert copies.name_of(about["lesson"], about["kind"]) == path.name
        assert copies.about(path.read_bytes()).untouched
        for cell in cells_of(path):
            assert not cell.get("outputs") and cell.get("execution_count") is None


def test_every_link_leads_to_a_copy_or_an_address(real):
    there = {path.name for path in real.iterdir()} | {places.FIRST_PAGE}
    checked = 0
    for path in real.glob("*.ipynb"):
        for cell in cells_of(path):
            source = cell.source if cell.cell_type == "markdown" else ""
            links = re.findall(r"\]\(([^)\s]+)", source)
            links += re.findall(r"(?:href|src)=[\"']([^\"']+)", source)
            for link in links:
                checked += 1
                if link.startswith("attachment:"):
                    assert link.removeprefix("attachment:") in cell.attachments
                else:
                    assert link.startswith(("https://", "#")) or link.split("#")[0] in there, link
    assert checked > 50


def test_lesson_and_exercises_lead_to_each_other_and_to_the_first_page(real):
    for path, other in ((LESSON, EXERCISES), (EXERCISES, LESSON)):
        first = cells_of(real / path)[0].source
        assert first.startswith("# ")
        assert f"]({other})" in first.split("\n")[2] and f"]({places.FIRST_PAGE})" in first
    assert "exercises" not in cells_of(real / "00_lesson_start_here.ipynb")[0].source.split("\n")[2]


def test_links_from_solutions_lead_to_what_is_there(folder, course):
    course("exercises/solutions/01_convolution.ipynb",
           "# 1\n\n[a](../../01_convolution.ipynb) [b](../01_convolution.ipynb#top) "
           "[c](01_convolution.ipynb) [d](https://example.org/01_convolution.ipynb)")  # fmt: skip
    progress.note("01_convolution", "task", "slide", False)
    copies.solutions("1")
    text = cells_of(folder / SOLUTIONS)[0].source
    assert f"[a]({LESSON}) [b]({EXERCISES}#top) [c]({EXERCISES}) [d](https://example.org" in text


def test_a_copy_is_without_the_cell_for_colab(folder, course, tmp_path):
    path = tmp_path / "clone/notebooks/01_convolution.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = nbformat.v4.new_code_cell(CODE, metadata={"tags": [TAG]})
    notebook.cells.insert(0, cell)
    nbformat.write(notebook, path)
    (folder / LESSON).unlink()
    assert copies.make(folder).added == (LESSON,)
    assert cells_of(folder / LESSON)[0].source.startswith("# 1. Convolution")
    assert copies.update() == []  # nor is the copy another for it


# ---- making --------------------------------------------------------------------------------------


def test_a_workspace_is_made_where_somebody_says_and_completed_later(course, tmp_path):
    folder = tmp_path / "Ada's course" / "über"
    made = copies.make(folder)
    assert made.created and len(made.added) == 3 and places.is_workspace(folder)
    mine = change(folder / LESSON)
    (folder / EXERCISES).unlink()
    again = copies.make(folder)
    assert (again.created, again.added) == (False, (EXERCISES,))
    assert (folder / LESSON).read_bytes() == mine
    assert copies.make(folder).added == ()


def test_a_folder_with_other_things_is_no_workspace(course, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").touch()
    with pytest.raises(WorkspaceError, match=r"thesis\.txt"):
        copies.make(tmp_path / "papers")
    assert os.listdir(tmp_path / "papers") == ["thesis.txt"]
    with pytest.raises(WorkspaceError, match="a file"):
        (tmp_path / "a file").touch()
        copies.make(tmp_path / "a file")


def test_where_the_workspace_is(course, tmp_path, monkeypatch):
    assert copies.home() == tmp_path / "clone" / places.NAME
    made = copies.make(tmp_path / "mine").folder
    monkeypatch.chdir(made)
    assert copies.home() == made
    monkeypatch.setattr(copies, "CLONE", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert copies.home() == tmp_path / places.NAME


def test_without_notebooks_and_without_a_workspace_it_says_so(course, tmp_path, monkeypatch):
    with pytest.raises(WorkspaceError, match="course lab"):
        copies.update()
    with pytest.raises(WorkspaceError, match="nowhere"):
        copies.reset("1", folder=tmp_path / "nowhere")
    monkeypatch.setattr(copies, "CLONE", tmp_path / "site-packages")
    monkeypatch.setattr(copies, "DISTRIBUTION", "not-installed-here")
    with pytest.raises(WorkspaceError, match="no notebooks"):
        copies.make(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


# ---- update --------------------------------------------------------------------------------------


def test_update_replaces_the_untouched_and_keeps_the_changed(folder, course):
    mine = change(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Convolution", "## 1.1 An image, corrected")
    course("exercises/01_convolution.ipynb", "# Exercises 1, corrected")
    course("02_mnist.ipynb", "# 2. MNIST")
    found = {one.name: (one.what, one.path and one.path.name) for one in copies.update()}
    assert found == {
        LESSON: ("kept", CORRECTED),
        EXERCISES: ("replaced", EXERCISES),
        "02_lesson_mnist.ipynb": ("added", "02_lesson_mnist.ipynb"),
    }
    assert (folder / LESSON).read_bytes() == mine
    assert "corrected" in cells_of(folder / CORRECTED)[1].source
    assert "corrected" in cells_of(folder / EXERCISES)[0].source
    before = all_files(folder)
    assert copies.update() == [] and all_files(folder) == before


def test_a_copy_with_outputs_is_the_learners(folder, course):
    mine = run(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Corrected")
    (one,) = copies.update()
    assert one.what == "kept" and CORRECTED in one.says and LESSON in one.says
    assert (folder / LESSON).read_bytes() == mine


def test_a_corrected_one_is_the_learners_too_once_they_changed_it(folder, course):
    mine = change(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Corrected")
    copies.update()
    course("01_convolution.ipynb", "# 1. Corrected twice")
    (one,) = copies.update()  # nobody has touched the corrected one
    assert one.path.name == CORRECTED and "twice" in cells_of(one.path)[0].source
    also_mine = change(folder / CORRECTED)
    course("01_convolution.ipynb", "# 1. Corrected thrice")
    (one,) = copies.update()
    assert one.path.name not in (LESSON, CORRECTED)
    assert "thrice" in cells_of(one.path)[0].source
    assert (folder / LESSON).read_bytes() == mine
    assert (folder / CORRECTED).read_bytes() == also_mine
    assert copies.update() == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'{"cells": 3, "metadata": {"course": 4}}', b"\xff\xfe",
     b"[" * 9999,
     b'{"cells": [1], "metadata": {"course": {"lesson": 1, "kind": [], "given": {}}}}',
     b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'],
)  # fmt: skip
def test_what_is_no_copy_stays_and_the_lesson_goes_beside_it(folder, content):
    (folder / LESSON).write_bytes(content)
    (folder / CORRECTED).write_bytes(content)
    (one,) = copies.update()
    assert one.what == "kept" and one.path.name not in (LESSON, CORRECTED)
    assert (folder / LESSON).read_bytes() == (folder / CORRECTED).read_bytes() == content
    assert copies.update() == []


def test_a_copy_of_another_lesson_under_this_name_stays(folder):
    theirs = (folder / EXERCISES).read_bytes()
    (folder / LESSON).write_bytes(theirs)
    (one,) = copies.update()
    assert one.what == "kept" and (folder / LESSON).read_bytes() == theirs


def test_a_folder_or_a_link_under_a_copys_name_stays(folder, tmp_path):
    (folder / LESSON).unlink()
    (folder / LESSON).mkdir()
    (folder / EXERCISES).unlink()
    (folder / EXERCISES).symlink_to(tmp_path / "gone")
    assert {one.what for one in copies.update()} == {"kept"}
    assert (folder / LESSON).is_dir() and (folder / EXERCISES).is_symlink()
    assert copies.update() == []


def strip(path):
    """Save a notebook as a program that drops what it doesn't know."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.clear()
    nbformat.write(notebook, path)
    return path.read_bytes()


def test_a_copy_that_lost_what_it_is_stays_and_is_corrected_once(folder, course):
    stripped = strip(folder / LESSON)
    assert copies.update() == [] and (folder / LESSON).read_bytes() == stripped
    course("01_convolution.ipynb", "# 1. Corrected")
    (one,) = copies.update()
    assert (one.what, one.path.name) == ("kept", CORRECTED)
    also_stripped = strip(folder / CORRECTED)
    assert copies.update() == [] and (folder / CORRECTED).read_bytes() == also_stripped
    copies.reset("1")
    (old,) = (folder / copies.OLDER).iterdir()
    assert old.read_bytes() == stripped and (folder / CORRECTED).read_bytes() == also_stripped


def test_one_command_at_a_time(folder, course, monkeypatch):
    change(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Corrected")
    before = all_files(folder)
    monkeypatch.setattr(copies, "WAIT_SECONDS", 0.05)
    with filelock.FileLock(folder / copies.LOCK):
        for command in (copies.update, lambda: copies.reset("1"), lambda: copies.make(folder)):
            with pytest.raises(WorkspaceError, match=str(folder)):
                command()
        assert all_files(folder) == before
    assert [one.what for one in copies.update()] == ["kept"]


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{", "{}", "[]", '{"cells": []}'])
def test_a_damaged_notebook_of_the_course_itself_is_named(folder, tmp_path, content):
    change(folder / LESSON)
    before = all_files(folder)
    (tmp_path / "clone/notebooks/01_convolution.ipynb").write_text(content)
    for command in (copies.update, lambda: copies.reset("1")):
        with pytest.raises(WorkspaceError, match=r"notebooks.01_convolution\.ipynb"):
            command()
    assert all_files(folder) == before


def test_a_file_in_the_way_of_older_is_named_and_nothing_is_lost(folder):
    mine = change(folder / LESSON)
    (folder / copies.OLDER).touch()
    with pytest.raises(WorkspaceError, match="another name"):
        copies.reset("1")
    assert (folder / LESSON).read_bytes() == mine


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written(folder, course):
    course("01_convolution.ipynb", "# 1. Corrected")
    before = all_files(folder)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(WorkspaceError, match=LESSON):
            copies.update()
    finally:
        folder.chmod(stat.S_IRWXU)
    assert all_files(folder) == before


def full_disk(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_full_disk_loses_nothing(folder, course, monkeypatch):
    mine = change(folder / EXERCISES)
    course("01_convolution.ipynb", "# 1. Corrected")
    before = all_files(folder)
    monkeypatch.setattr(copies, "write_whole", full_disk)
    with pytest.raises(WorkspaceError, match="No space left"):
        copies.update()
    with pytest.raises(WorkspaceError, match="No space left"):
        copies.reset("1", exercises=True)
    assert all_files(folder) == before and (folder / EXERCISES).read_bytes() == mine


# ---- reset ---------------------------------------------------------------------------------------


def test_reset_puts_the_old_one_away(folder):
    fresh, mine = (folder / LESSON).read_bytes(), change(folder / LESSON)
    one = copies.reset("1")
    assert one.what == "renewed" and (folder / LESSON).read_bytes() == fresh
    (old,) = (folder / copies.OLDER).iterdir()
    assert old.read_bytes() == mine and re.fullmatch(
        r"01_lesson_convolution \d{4}-\d\d-\d\d \d\d\.\d\d\.ipynb", old.name
    )
    assert LESSON in one.says and old.name in one.says
    change(folder / LESSON)
    copies.reset("01_convolution")  # within the same minute
    assert len(list((folder / copies.OLDER).iterdir())) == 2


def test_reset_of_exercises_leaves_the_lesson(folder):
    lesson, mine = change(folder / LESSON), change(folder / EXERCISES)
    assert copies.reset("01", exercises=True).name == EXERCISES
    assert (folder / LESSON).read_bytes() == lesson
    (old,) = (folder / copies.OLDER).iterdir()
    assert old.read_bytes() == mine


def test_reset_of_what_nobody_changed_or_has_no_more(folder):
    fresh = (folder / LESSON).read_bytes()
    assert copies.reset("1").what == "replaced"
    (folder / LESSON).unlink()
    copies.reset("1")
    assert (folder / LESSON).read_bytes() == fresh and not (folder / copies.OLDER).exists()


def test_reset_makes_the_corrected_one_the_lesson(folder, course):
    change(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Corrected")
    copies.update()
    copies.reset("1")
    assert "Corrected" in cells_of(folder / LESSON)[0].source
    assert not (folder / CORRECTED).exists() and copies.update() == []


def test_reset_leaves_a_corrected_one_that_somebody_changed(folder, course):
    change(folder / LESSON)
    course("01_convolution.ipynb", "# 1. Corrected")
    copies.update()
    mine = run(folder / CORRECTED)
    copies.reset("1")
    assert (folder / CORRECTED).read_bytes() == mine


@pytest.mark.parametrize("asked", ["", "7", "0", "nonsense", "1_convolution", "-1", "²", "../01"])
def test_a_lesson_that_is_none(folder, asked):
    with pytest.raises(WorkspaceError, match="01_convolution" if asked != "0" else "Lesson 0"):
        copies.reset(asked, exercises=True)


# ---- solutions -----------------------------------------------------------------------------------


def test_solutions_come_after_a_try(folder):
    with pytest.raises(WorkspaceError, match=EXERCISES):
        copies.solutions("1")
    assert not (folder / SOLUTIONS).exists()
    progress.note("01_convolution", "task", "slide", False)
    assert copies.solutions("1").path == folder / SOLUTIONS
    assert "Solved" in cells_of(folder / SOLUTIONS)[0].source
    assert [one.kind for one in progress.noted("01_convolution")] == ["task", "solutions"]
    mine = change(folder / SOLUTIONS)
    assert copies.solutions("1").what == "current" and (folder / SOLUTIONS).read_bytes() == mine


def test_solutions_are_brought_up_to_date_where_they_are(folder, course):
    course("exercises/solutions/01_convolution.ipynb", "# Solved better")
    assert copies.update() == []
    progress.note("01_convolution", "task", "slide", True)
    copies.solutions("1")
    course("exercises/solutions/01_convolution.ipynb", "# Solved best")
    assert [(one.name, one.what) for one in copies.update()] == [(SOLUTIONS, "replaced")]


def test_an_install_without_solutions_says_so(folder, tmp_path):
    (tmp_path / "clone/notebooks/exercises/solutions/01_convolution.ipynb").unlink()
    progress.note("01_convolution", "task", "slide", True)
    with pytest.raises(WorkspaceError, match="no solutions"):
        copies.solutions("1")
    with pytest.raises(WorkspaceError, match="Lesson 0"):
        copies.solutions("0")


def test_what_is_in_a_workspace_is_never_written_through_a_link(folder, course, tmp_path):
    """A copy that is a link to somebody's file: the link may be replaced, the file is not."""
    outside = tmp_path / "outside.ipynb"
    outside.write_bytes((folder / LESSON).read_bytes())
    before = outside.read_bytes()
    (folder / LESSON).unlink()
    (folder / LESSON).symlink_to(outside)
    course("01_convolution.ipynb", "# 1. Corrected")
    copies.update()
    assert outside.read_bytes() == before and Path(folder / LESSON).exists()
