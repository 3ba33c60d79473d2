"""Predictions in a kernel: when a verdict is due, what is kept, what stands on paper."""

import sys
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from small_lesson import NAME, write_small_lesson

from course.instruments import open_lesson, prediction
from course.workspace import places, progress, questions

MOST_CALLS = 60  # of functions, when a cell has run; `make bench` says what that takes


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """The small lesson's cells with code, its questions at hand, in a workspace."""
    (tmp_path / places.MARK).touch()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))
    notebook, folder = write_small_lesson(tmp_path)
    monkeypatch.setattr(questions, "FOLDER", folder)
    questions.of_lesson.cache_clear()
    yield [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    questions.of_lesson.cache_clear()


@pytest.fixture
def shell(cells, monkeypatch):
    """An IPython that has run the lesson's first cell."""
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert shell.run_cell(cells[0]).success
    return shell


def commit(shown, guess, right):
    """As the front end does."""
    shown.committed = {"guess": guess, "right": right}


def noted(kind):
    return {note.item: note.first for note in progress.noted(NAME, kind)}


def test_a_verdict_is_due_after_the_next_cell(shell, cells):
    shown = shell.run_cell(cells[1]).result
    assert not shown.due
    commit(shown, 300, False)
    assert not shown.due and noted("prediction") == {"wrap": {"guess": 300, "right": False}}
    assert not shell.run_cell("1 / 0").success
    shell.run_cell(cells[-1])  # the score
    assert not shown.due
    shell.run_cell(cells[2])
    assert shown.due


def test_a_lesson_opened_again_knows_the_fields_on_the_page(shell, cells):
    copies = [shell.run_cell(cells[1]).result for _ in range(2)]
    commit(copies[0], 300, False)
    shell.run_cell(cells[0])
    assert not any(one.due for one in copies)
    shell.run_cell(cells[2])
    assert all(one.due for one in copies)


def test_questions_in_a_row_wait_for_the_cell_after_them(shell, cells):
    shown = [shell.run_cell(code).result for code in cells[3:6]]
    assert not any(one.due for one in shown)
    shell.run_cell("total = 2")
    assert all(one.due for one in shown)


def test_a_cell_run_again_shows_what_was_guessed(shell, cells):
    commit(shell.run_cell(cells[1]).result, 300, False)
    again = shell.run_cell(cells[1]).result  # before the next cell
    assert again.committed == {"guess": 300, "right": False} and not again.due
    shell.run_cell(cells[2])
    commit(again, 44, True)
    assert again.due and noted("prediction") == {"wrap": {"guess": 300, "right": False}}
    shell.run_cell(cells[0])  # as after a restart
    later = shell.run_cell(cells[1]).result
    assert later.committed == {"guess": 44, "right": True} and later.due


@pytest.mark.parametrize("place", [1, 3, 4, 5])
def test_a_guess_at_another_edition_s_question_is_none(shell, cells, place):
    name = cells[place].split('"')[1]
    for guess in ("a word", ["look", "look", "run"], [2.5, 3], None):
        progress.note(NAME, "prediction", name, {"guess": guess, "right": False})
        assert shell.run_cell(cells[place]).result.committed == {}


def test_a_cell_that_was_changed_is_known_by_its_id(shell, cells):
    shell.run_cell("total = 3", cell_id=f"{questions.mark_of(cells[2])}-1")
    shell.run_cell("mine = 4", cell_id="6f1d2c3b-a-learners-own")
    assert list(noted("section")) == ["90.1 Bytes"]


def test_a_lesson_opened_twice_notes_each_section_once(shell, cells):
    shell.run_cell(cells[0])
    for code in cells[1:4]:
        shell.run_cell(code)
    notes = progress.noted(NAME, "section")
    assert [note.item for note in notes] == ["90.1 Bytes", "90.2 Maps"]
    assert all(note.first_at == note.last_at for note in notes)


def test_hooks_cost_a_cell_next_to_nothing(shell, cells, monkeypatch):
    monkeypatch.setattr(prediction, "_open", None)  # no fields of other tests wait for a verdict
    hooked = open_lesson(NAME)
    info = SimpleNamespace(raw_cell=cells[2], cell_id=None)
    result = SimpleNamespace(info=info, success=True)
    hooked.cell_has_run(result)
    calls = []

    def note(frame, event, argument):
        if event == "call":
            calls.append(frame.f_code.co_name)
        elif event == "c_call":
            calls.append(argument.__name__)

    sys.setprofile(note)
    try:
        hooked.cell_has_run(result)
    finally:
        sys.setprofile(None)
    assert "section_of" in calls and not {"open", "connect", "stat"} & {*calls}
    assert len(calls) < MOST_CALLS


def test_without_a_workspace_a_lesson_runs_the_same(shell, cells, monkeypatch, tmp_path):
    monkeypatch.delenv(places.VARIABLE)
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setattr(progress, "_in_memory", None)
    shown = shell.run_cell(cells[1]).result
    commit(shown, 44, True)
    assert shell.run_cell(cells[2]).success and shown.due


def test_without_ipython_a_lesson_opens(cells, monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    with pytest.raises(ValueError, match="'warp'.*wrap, map, side, steps"):
        open_lesson(NAME)("warp")
    with pytest.raises(ValueError, match=NAME):
        open_lesson("01_nothing")


def test_on_paper_stands_a_line(shell, cells):
    for code, options in zip(cells[3:5], ((), ("the left", "the right")), strict=True):
        data, _ = shell.run_cell(code).result._repr_mimebundle_()
        assert "image/png" not in data
        assert all(option in data["text/plain"] for option in options)
        assert data["text/plain"] in data["text/markdown"]
        assert "26" not in data["text/plain"]


def test_the_score_names_sections_and_leads_to_them(shell, cells):
    assert "4" in repr(shell.run_cell(cells[-1]).result)
    commit(shell.run_cell(cells[1]).result, 300, False)
    commit(shell.run_cell(cells[3]).result, [26, 26], True)
    score = shell.run_cell(cells[-1]).result
    assert "1 of 4" in repr(score) and "2 not tried" in repr(score)
    assert repr(score).count("90.1 Bytes") == 1 and "90.2" not in repr(score)
    assert "[90.1 Bytes](<#90.1-Bytes>)" in score._repr_markdown_()
    assert isinstance(score, prediction.Score)
