"""The generated parts of README and docs/hosts.md are fresh."""

import pytest

from course.workspace import copies
from tools import readme
from tools.address import Address, published
from tools.build_lessons import read_lesson
from tools.staleness import lessons


@pytest.mark.parametrize("path", [readme.README, readme.HOSTS], ids=lambda path: path.name)
def test_generated_parts_are_fresh(path):
    text = path.read_text(encoding="utf-8")
    assert readme.rendered(path, text, published()) == text, "run `make readme`"


def test_thumbnails_are_the_notebooks_own():
    for source in lessons():
        stored = (readme.THUMBNAILS / f"{source.stem}.png").read_bytes()
        made = readme.make_thumbnail(readme.NOTEBOOKS / f"{source.stem}.ipynb")
        assert stored == made, f"the thumbnail of {source.stem} is stale: run `make readme`"


@pytest.mark.parametrize(
    "text", ["", "<!-- a -->", "<!-- /a --> <!-- a -->", "<!-- a --><!-- a --><!-- /a -->"]
)
def test_missing_marks_are_named(text):
    with pytest.raises(ValueError, match="<!-- /?a -->"):
        readme.render(text, {"a": "new"})


def test_a_part_is_replaced_and_the_rest_stays():
    text = "1\n<!-- a -->\nold\n<!-- /a -->\n2\n<!-- b -->\n<!-- /b -->"
    once = readme.render(text, {"a": "new", "b": ""})
    assert once == text.replace("old", "new")
    assert readme.render(once, {"a": "new", "b": ""}) == once
    assert readme.render(once, {"a": ""}).startswith("1\n<!-- a -->\n<!-- /a -->\n2")


@pytest.mark.parametrize("address", [None, Address("ada", "course")])
def test_the_table_has_every_lesson_and_opens_it_once_there_is_an_address(address):
    head, _, *rows = readme.lesson_table(address).splitlines()
    assert len(rows) == len(lessons())
    for source, row in zip(lessons(), rows, strict=True):
        title, question = readme.heading_of(read_lesson(source))
        assert title in row and question in row and readme.study_time(source.stem) in row
        assert row.count("|") == head.count("|") == (5 if address else 4)
        assert row.count(f"{source.stem}.ipynb") == (2 if address else 1)
        assert (copies.name_of(source.stem, "lesson") in row) == bool(address)  # on Binder
        assert ("https://" in row) == bool(address)


def test_without_an_address_nothing_leads_to_one():
    assert readme.badges(None) == ""
    assert "://" not in readme.clone_lines(None) + readme.host_links(None)
    assert "make publish" in readme.host_links(None)
