"""How long a lesson takes: one rule, computed, and told to readers as it is."""

import json
import re

import nbformat
import pytest

from tools import study_times
from tools.lesson_source import questions_file, read_lesson
from tools.staleness import ROOT, lessons

TEXT = "word " * 130
CODE = "x = 1\n\n" * 8


def notebook(*cells):
    """Of texts, of code as `("code",)`, and of texts with tags as `("text", tags)`."""
    made = []
    for cell in cells:
        text, *tags = (cell,) if isinstance(cell, str) else cell
        if text.startswith("# code"):
            made.append(nbformat.v4.new_code_cell(text.removeprefix("# code\n")))
        else:
            made.append(nbformat.v4.new_markdown_cell(text, metadata={"tags": tags}))
    return nbformat.v4.new_notebook(cells=made)


def test_the_rule_by_hand():
    lesson = notebook(
        f"# 1. Title\n\n{TEXT}",  # a minute, and a word or two
        f"# code\n{CODE}",  # a minute: empty lines aren't read
        f"## 1.1 One\n{TEXT}\n\n**Predict.** What?",  # two and a half
        '# code\npredict("what")',  # counted with its question
        f"{TEXT}\n## 1.2 Two\n$$1 + 1 = 2$$",  # one
        f"## Exercises\n\n1. {TEXT}\n2. Again",  # one, and twice four
    )
    assert study_times.study_times(lesson) == [6, 9]


def test_what_is_optional_is_counted_apart_to_the_next_heading():
    tagged = (f"{TEXT}\n## 1.2 Two\n{TEXT * 3}", "optional")
    lesson = notebook(f"## 1.1 One\n{TEXT}", tagged, TEXT * 2, f"{TEXT}\n## 1.3 Three\n{TEXT * 7}")
    assert study_times.study_times(lesson) == [9, 6]  # one before its heading; one before the next


@pytest.mark.parametrize("text", ["no heading", "## 1.1 One\n\n## 1.2 Two"])
def test_a_tag_without_one_section_is_named(text):
    with pytest.raises(ValueError, match=text.partition("\n")[0]):
        study_times.study_times(notebook((text, "optional")))


@pytest.mark.parametrize("source", lessons(), ids=lambda source: source.stem)
def test_an_optional_section_says_so(source):
    """Who reads a lesson doesn't see tags."""
    for cell in read_lesson(source).cells:
        if cell.cell_type == "markdown" and "optional" in cell.metadata.get("tags", ()):
            section = cell.source[cell.source.index("## ") :]
            assert "optional" in section.casefold(), section[:80]


def test_readers_are_told_the_rule_and_what_comes_out():
    minutes = [json.loads(questions_file(source).read_text())["minutes"] for source in lessons()]
    said = study_times.in_words([needed for needed, _ in minutes])
    for page in ("README.md", "docs/instructors.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert said in text.replace("each of lessons 1 to 6", "each of the others"), page
    assert study_times.RULE in (ROOT / "docs" / "learners.md").read_text(encoding="utf-8")


def test_times_in_words():
    assert study_times.in_words([29, 61, 118]) == (
        "half an hour for lesson 0, and one to two hours for each of the others"
    )
    said = study_times.in_words([61, 90, 91])
    assert said == "an hour for lesson 0, and one and a half hours for each of the others"
    assert re.search("one and a half to two and a half", study_times.in_words([30, 95, 140]))
