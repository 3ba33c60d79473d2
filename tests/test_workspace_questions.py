"""Which cells belong to which section, and how somebody predicted."""

import hashlib

import pytest
from small_lesson import NAME, write_small_lesson

from course.workspace import places, progress, questions
from tools.staleness import lessons


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The small lesson's notebook, its questions at hand, and a workspace."""
    (tmp_path / places.MARK).touch()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))
    notebook, folder = write_small_lesson(tmp_path)
    monkeypatch.setattr(questions, "FOLDER", folder)
    questions.of_lesson.cache_clear()
    yield [cell for cell in notebook.cells if cell.cell_type == "code"]
    questions.of_lesson.cache_clear()


def test_a_cell_is_found_by_its_id_or_by_its_code(small):
    _, wrap, total, shape, *_, score = small
    for cell, section in ((wrap, "90.1 Bytes"), (total, "90.1 Bytes"), (shape, "90.2 Maps")):
        assert questions.section_of(NAME, cell.source) == section
        assert questions.section_of(NAME, "changed", cell.id) == section
    assert questions.section_of(NAME, small[0].source, small[0].id) is None  # before any section
    assert questions.section_of(NAME, "print('my own')", "0f3c-some-id") is None
    assert questions.mark_of(total.source) == hashlib.sha1(b"total = 1").hexdigest()[:8]
    assert questions.section_of(NAME, score.source) == "90.2 Maps"


def test_the_score_counts_first_guesses(small):
    assert questions.score(NAME) == (0, 0, 4, [])
    for name, guess, right in (("wrap", 300, False), ("wrap", 44, True), ("map", [26, 26], True)):
        progress.note(NAME, "prediction", name, {"guess": guess, "right": right})
    progress.note(
        NAME, "prediction", "a question of an older edition", {"guess": 1, "right": False}
    )
    assert questions.score(NAME) == (1, 2, 4, ["90.1 Bytes"])


def test_a_lesson_that_is_none_is_named(small):
    with pytest.raises(ValueError, match=f"'01_nothing'.*{NAME}"):
        questions.of_lesson("01_nothing")


def test_every_lesson_has_its_sections():
    for source in lessons():
        sections = questions.of_lesson(source.stem).sections
        assert len(sections) >= 4 and all(sections.values())
        assert all(name.startswith(f"{int(source.stem[:2])}.") for name in sections)
