"""The first page shows each lesson, what is done, and where one stopped."""

import re

import nbformat
import pytest

from course.exercises import load_exercise
from course.workspace import copies, first_page, places, progress, questions

LESSON = "01_convolution"
TASKS = len(load_exercise(LESSON).tasks)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace with its copies, which this process works in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    copies.make(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def row(lesson):
    (found,) = [
        line
        for line in first_page.text().splitlines()
        if line.startswith("| [**") and copies.name_of(lesson, "lesson") in line
    ]
    return found.replace("\N{NO-BREAK SPACE}", " ")


def test_every_lesson_and_its_exercises_can_be_opened(folder):
    text = first_page.text()
    links = re.findall(r"\]\(([^)#]+)", text)
    assert {name for name in links if name.endswith(".ipynb")} == {
        path.name for path in folder.glob("*.ipynb")
    }
    assert all((folder / link).is_file() for link in links)
    assert "Start with" in text


def test_a_lesson_s_time_is_told_to_ten_minutes_and_what_is_optional_apart(folder, monkeypatch):
    monkeypatch.setattr(questions, "of_lesson", lambda lesson: questions.Lesson({}, {}, [124, 16]))
    assert (
        first_page.study_time(LESSON).replace("\N{NO-BREAK SPACE}", " ")
        == "120 min, and 20 optional"
    )
    monkeypatch.setattr(questions, "of_lesson", lambda lesson: questions.Lesson({}, {}, [4, 4]))
    assert first_page.study_time(LESSON).replace("\N{NO-BREAK SPACE}", " ") == "10 min"
    assert "| 10\N{NO-BREAK SPACE}min |" in row(LESSON).replace(" min", "\N{NO-BREAK SPACE}min")


def test_what_is_done_is_counted(folder):
    first, second, *_ = sections = list(questions.of_lesson(LESSON).sections)
    asked = questions.of_lesson(LESSON).questions
    for section in (first, second, first, "9.9 A section that was there once"):
        progress.note(LESSON, "section", section)
    for task, right in [("slide", False), ("slide", True), ("stack", False), ("gone", True)]:
        progress.note(LESSON, "task", task, right)
    for number, question in enumerate(asked):
        progress.note(LESSON, "prediction", question, {"guess": 1, "right": number > 0})
    standing = first_page.standing(LESSON)
    assert (standing.read, standing.sections) == (2, len(sections))
    assert (standing.solved, standing.tried, standing.tasks) == (1, 2, TASKS)
    score = standing.predictions
    assert (score.right, score.made) == (max(0, len(asked) - 1), len(asked)) and asked
    shown = row(LESSON)
    assert f"| 2 of {len(sections)} |" in shown and f"[1 of {TASKS} solved]" in shown
    assert f"| {score.right} of {score.asked} |" in shown


def test_what_is_tried_in_vain_is_not_called_new(folder):
    assert f"[{TASKS} tasks]" in row(LESSON)
    progress.note(LESSON, "task", "slide", False)
    assert f"[0 of {TASKS} solved]" in row(LESSON)


def test_where_one_stopped_leads_there(folder):
    section = list(questions.of_lesson(LESSON).sections)[3]
    progress.note(LESSON, "section", section)
    progress.note("02_mnist", "task", "softmax", True)
    line = first_page.text().splitlines()[2]
    assert section in line and f"({copies.name_of(LESSON, 'lesson')}#" in line
    anchor = re.search(r"#([^)]+)\)", line)[1]
    assert " " not in anchor and "?" not in anchor


def test_what_no_lesson_has_is_not_where_one_stopped(folder):
    for lesson, section in [("nonsense", "1.1"), ("99_later", "1.1"), (LESSON, "gone](x) | <b>")]:
        progress.note(lesson, "section", section)
        progress.note(lesson, "task", section, True)
    first_page.write(folder)
    text = first_page.text()
    assert "Start with" in text and "gone" not in text and "99_later" not in text


@pytest.mark.parametrize("content", [b"[" * 9999, b"", b"[]", b'{"cells": [{"source": 3}]}'])
def test_a_first_page_that_is_no_notebook_stays(folder, content):
    (folder / places.FIRST_PAGE).write_bytes(content)
    first_page.write(folder)
    assert (folder / places.FIRST_PAGE).read_bytes() == content


def test_solutions_are_offered_after_a_try(folder):
    def offered():
        return [line for line in first_page.text().splitlines() if "`!course solutions 2`" in line]

    progress.note(LESSON, "task", "slide", False)
    assert not offered()
    progress.note("02_mnist", "task", "softmax", True)
    assert len(offered()) == 1 and "`!course solutions 1`" in offered()[0]
    copies.solutions("2")
    name = copies.name_of("02_mnist", "solutions")
    assert not offered() and f"({name})" in row("02_mnist") and (folder / name).is_file()


def test_the_page_stands_below_its_cell_before_anything_is_run(folder):
    first_page.write(folder)
    notebook = nbformat.read(folder / places.FIRST_PAGE, as_version=4)
    nbformat.validate(notebook)
    (cell,) = notebook.cells
    assert cell.outputs[0].data["text/markdown"] == first_page.text()
    names = {}
    exec(cell.source, names)
    assert names["first_page"].show().data == first_page.text()


def test_a_page_with_cells_of_ones_own_stays(folder):
    first_page.write(folder)
    path = folder / places.FIRST_PAGE
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("my notes"))
    nbformat.write(notebook, path)
    for mine in (path.read_bytes(), b"{ damaged"):
        path.write_bytes(mine)
        first_page.write(folder)
        assert path.read_bytes() == mine


def test_outside_a_workspace_it_says_what_makes_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    with pytest.raises(copies.WorkspaceError, match="course lab"):
        first_page.show()
