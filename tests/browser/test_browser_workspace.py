"""A learner's sitting in a fresh clone: opened as `make lab` opens it, worked in, corrected."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from lab_process import TOKEN, started
from playwright.sync_api import expect

from browser.conftest import IS_READY, RUN_MS
from course.workspace import copies, places
from tools.staleness import ROOT

LESSON = copies.name_of("00_start_here", "lesson")
UNTOUCHED, CHANGED = (copies.name_of(name, "lesson") for name in ("01_convolution", "02_mnist"))
QUESTION, ANSWER = 'predict("house_numbers")', "3072"
IS_OPEN = """name => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.path === name && panel.context.isReady;
}"""
RUN = """index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    return jupyterapp.commands.execute("notebook:run-cell-and-select-next");
}"""
RUN_NEW = """async source => {
    await jupyterapp.commands.execute("notebook:insert-cell-below");
    jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(source);
    await jupyterapp.commands.execute("notebook:run-cell");
}"""
SAVE = "jupyterapp.commands.execute('docmanager:save')"
SHUT_DOWN = "jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"


def git(folder, *words):
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder, message):
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of the course as it is in this folder, with what isn't committed yet."""
    folder = tmp_path_factory.mktemp("a clone")
    parts = ["course", "course_utils", "notebooks", "pyproject.toml", ".gitignore"]
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *parts)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    commit(folder, "the course")
    return folder


@pytest.fixture(scope="module")
def address(clone, chromium_path, tmp_path_factory):
    """Where `course lab` serves it, with nobody's settings."""
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {
        "PYTHONPATH": str(clone),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
        "COURSE_DATA_DIR": str(home / "data"),
        "COURSE_OFFLINE": "1",
    }
    command = [sys.executable, "-m", "course", "lab", "--no-browser"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with started(command, folder=clone, home=home, environment=environment) as address:
        yield address


def correct(clone, name):
    """The makers correct a lesson: a word more below its title."""
    path = clone / "notebooks" / name
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\nCorrected."
    nbformat.write(notebook, path)


def first_words(path):
    return nbformat.read(path, as_version=4).cells[0].source


def test_a_sitting(address, clone, open_page):
    mine = clone / places.NAME
    page = open_page(f"{address}/lab/tree/{places.FIRST_PAGE}?token={TOKEN}")
    page.wait_for_function(IS_READY, timeout=60_000)
    page.get_by_role("link", name="0. Start here").click()
    page.wait_for_function(IS_OPEN, arg=LESSON)
    expect(page.get_by_role("tab", name=LESSON)).to_be_visible()
    page.wait_for_function(IS_READY, timeout=60_000)

    cells = nbformat.read(mine / LESSON, as_version=4).cells
    asked = [cell.source for cell in cells].index(QUESTION)
    code = [index for index, cell in enumerate(cells) if cell.cell_type == "code"]
    for index in code[: code.index(asked) + 1]:
        page.evaluate(RUN, index)
    field, said = page.locator(".prediction"), page.locator(".prediction .said")
    page.get_by_label("Your guess").fill(ANSWER)
    page.get_by_label("Your guess").press("Enter")
    expect(said).to_contain_text(f"{int(ANSWER):,}")
    page.evaluate(RUN, code[code.index(asked) + 1])
    expect(said).to_contain_class("right")
    assert page.locator("[data-mime-type*=error], [data-mime-type*=stderr]").count() == 0
    page.evaluate(SAVE)
    page.evaluate(SHUT_DOWN)
    assert git(clone, "status", "--porcelain") == ""

    # The next day.
    page.goto(f"{address}/lab/tree/{LESSON}?reset")
    page.wait_for_function(IS_READY, timeout=60_000)
    expect(field).to_be_visible()
    expect(said).to_contain_class("right")
    assert page.get_by_text("Error displaying widget").count() == 0

    # Two lessons are corrected; one of them has notes in it.
    for name in ("01_convolution.ipynb", "02_mnist.ipynb"):
        correct(clone, name)
    commit(clone, "corrected")
    notes = json.loads((mine / CHANGED).read_text(encoding="utf-8"))
    notes["cells"][0]["source"] = ["My notes."]
    (mine / CHANGED).write_text(json.dumps(notes), encoding="utf-8")
    page.evaluate(RUN_NEW, "!course update")
    told = page.locator(".jp-OutputArea-output", has_text=UNTOUCHED)
    expect(told).to_contain_text(CHANGED, timeout=RUN_MS)
    (beside,) = mine.glob("* (corrected).ipynb")
    assert "Corrected." in first_words(mine / UNTOUCHED)
    assert "Corrected." in first_words(beside) and first_words(mine / CHANGED) == "My notes."

    # What is done stands on the first page, to which each copy has a link.
    page.get_by_role("link", name="My course").first.click()
    page.wait_for_function(IS_OPEN, arg=places.FIRST_PAGE)
    page.wait_for_function(IS_READY, timeout=60_000)
    page.evaluate(RUN, 0)
    row = page.locator("tr", has=page.get_by_role("link", name="0. Start here"))
    expect(row).to_contain_text("1 of 6", timeout=RUN_MS)
    stopped = page.get_by_role("link", name="0.3 Your data")
    stopped.click()
    page.wait_for_function(IS_OPEN, arg=LESSON)
    expect(page.get_by_role("heading", name="0.3 Your data")).to_be_in_viewport()
    expect(page.locator(".Toastify__toast")).to_have_count(0)  # a question about news stays
    page.evaluate(SAVE)
    assert git(clone, "status", "--porcelain") == ""
    assert page.errors == []
