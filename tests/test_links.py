"""No dead link: from lessons and exercises to files and headings; and no address that is none."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from course.exercises import exercise_ids, load_exercise
from tools.build_exercises import RELEASED, SOLVED, solutions_notebook
from tools.build_lessons import read_lesson
from tools.staleness import NOTEBOOKS, ROOT, lessons

CODE = re.compile(r"^```.*?^```|`[^`\n]*`|<code>.*?</code>", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?[^)]*\)|(?:href|src)=\"([^\"]+)\"")


def prose_of(notebook):
    """The text of a notebook's text cells, without the code in it, and what is attached to them."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    attached = set().union(*(cell.get("attachments", {}) for cell in cells))
    return CODE.sub("", "\n\n".join(cell.source for cell in cells)), attached


def headings_of(notebook):
    """Where JupyterLab's links lead in a notebook: its headings, with hyphens for spaces."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[*`]", "", head).strip().replace(" ", "-") for head in heads}


def dead_links(notebook, folder):
    """The links of a notebook that lie in a folder, and lead nowhere."""
    text, attached = prose_of(notebook)
    dead = []
    for link in (first or second for first, second in LINK.findall(text)):
        path, _, anchor = link.partition("#")
        if link.startswith("attachment:"):
            found = link.removeprefix("attachment:") in attached
        elif re.match(r"\w+:", link):
            found = re.match(r"https?://[\w.-]+\.[a-z]+(/|$)|mailto:", link)
        else:
            target = (folder / path).resolve() if path else None
            found = target is None or (target.exists() and target.is_relative_to(ROOT))
            if found and anchor and (target is None or target.suffix == ".ipynb"):
                there = nbformat.read(target, as_version=4) if target else notebook
                found = anchor in headings_of(there)
        if not found:
            dead.append(link)
    return dead


@pytest.mark.parametrize("source", lessons(), ids=lambda source: source.stem)
def test_links_of_lessons_lead_somewhere(source):
    notebook = read_lesson(source)
    assert LINK.search(prose_of(notebook)[0])
    assert dead_links(notebook, NOTEBOOKS) == []


@pytest.mark.parametrize("name", exercise_ids())
def test_links_of_exercises_lead_somewhere(name):
    assert dead_links(solutions_notebook(load_exercise(name)), SOLVED) == []
    for folder in (RELEASED, SOLVED):
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        assert LINK.search(prose_of(notebook)[0])
        assert dead_links(notebook, folder) == [], folder.name


def test_dead_links_are_found():
    text = (
        "# A `b` c\n[1](00_start_here.ipynb) [2](gone.ipynb) [3](#A-b-c) [4](#a) `[5](x.md)`\n"
        '<a href="../README.md">6</a> <img src="no.png"> ![7](attachment:x.png) [8](http:x)\n'
        "[9](../../elsewhere.md) [10](00_start_here.ipynb#Nowhere) [11](https://keras.io/api)\n"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    dead = ["gone.ipynb", "#a", "no.png", "attachment:x.png", "http:x", "../../elsewhere.md"]
    assert dead_links(notebook, NOTEBOOKS) == [*dead, "00_start_here.ipynb#Nowhere"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git lists the files")
def test_no_file_has_an_address_that_is_none():
    """A stand-in for owner and name leads nowhere, and is easily forgotten."""
    inside = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True)
    if inside.returncode:
        pytest.skip("this is no clone")
    stand_in = "/".join(["ORG", "REPO"]).encode()
    for name in filter(None, inside.stdout.split("\0")):
        path = ROOT / name
        if Path(name).parts[0] not in ("tools", "tests") and path.is_file():
            assert stand_in not in path.read_bytes(), name
