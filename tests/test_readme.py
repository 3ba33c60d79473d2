"""README's generated parts are fresh."""

import pytest

from tools import readme


def test_generated_parts_are_fresh():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.render(text) == text, "run `make readme`"


def test_thumbnails_are_the_notebooks_own():
    for source in sorted(readme.LESSONS.glob("[0-9][0-9]_*.py")):
        stored = (readme.THUMBNAILS / f"{source.stem}.png").read_bytes()
        made = readme.make_thumbnail(readme.NOTEBOOKS / f"{source.stem}.ipynb")
        assert stored == made, f"the thumbnail of {source.stem} is stale: run `make readme`"


def test_missing_marks_are_named():
    with pytest.raises(ValueError, match="<!-- lessons -->"):
        readme.render("no marks at all")
