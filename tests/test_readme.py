"""README and CONTRIBUTING say what is so."""

import re
from pathlib import Path

import pytest

from tools import readme

ROOT = Path(__file__).parent.parent


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


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/benchmarks/README.md"])
def test_local_links_lead_somewhere(name):
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name} links to {target}, which isn't there"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_commands_exist(name):
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.M), f"{name} names `make {target}`"
