"""Predictions in a browser: committed by keyboard, told their verdict in time, and kept."""

import pytest
from playwright.sync_api import expect
from small_lesson import NAME, write_small_lesson

from course.workspace import places, progress

RIGHT, WRONG = "right", "wrong"  # classes of a verdict
FIRST, SECOND = 1, 3  # indices of questions


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """(code of the cells, folder of a workspace): the lesson with its questions at hand."""
    folder = tmp_path_factory.mktemp("small")
    (folder / places.MARK).touch()
    notebook, questions = write_small_lesson(folder)
    setup = (
        "import os, pathlib\n"
        f"os.environ['COURSE_WORKSPACE'] = {str(folder)!r}\n"
        "from course.workspace import questions\n"
        f"questions.FOLDER = pathlib.Path({str(questions)!r})\n"
    )
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [setup + codes[0], *codes[1:]], folder


SCORE_LINE = """() => document.body.insertAdjacentHTML("beforeend",
    '<section id="bytes"><h2>90.1 Bytes#</h2></section><p data-predictions></p>')"""
SHUT_DOWN = "jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
RESTART = "jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
IS_IDLE = "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
SAVE = "jupyterapp.commands.execute('docmanager:save')"


def fields(page):
    return page.locator(".prediction")


def said(field):
    return field.locator(".said")


def type_guess(page, label, text):
    field = page.get_by_label(label)
    field.focus()
    field.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_without_a_kernel_the_verdict_comes_at_once(exported_page, small):
    page = exported_page(small[0])
    expect(fields(page)).to_have_count(4)
    wrap, shape, side, steps = fields(page).all()
    page.evaluate(SCORE_LINE)
    score = page.locator("[data-predictions]")

    type_guess(page, "Your guess", "a lot")
    expect(wrap.get_by_role("alert")).not_to_be_empty()
    expect(said(wrap)).to_be_empty()
    type_guess(page, "Your guess", "300")
    expect(said(wrap)).to_contain_class(WRONG)
    expect(said(wrap)).to_contain_text("A byte holds no more than 255.")
    expect(said(wrap)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Guess again
    page.keyboard.type(" 44 ")
    page.keyboard.press("Enter")
    expect(said(wrap)).to_contain_class(RIGHT)

    type_guess(page, "height, width", "26x26")
    expect(said(shape)).to_contain_class(RIGHT)
    expect(score).to_contain_text("1 of 4")
    expect(score).to_contain_text("2 not tried")
    assert score.get_by_role("link", name="90.1 Bytes").get_attribute("href") == "#bytes"

    page.keyboard.press("Tab")  # Guess again
    page.keyboard.press("Tab")  # the options
    page.keyboard.press("Enter")
    expect(side.get_by_role("alert")).not_to_be_empty()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(said(side)).to_contain_class(WRONG)
    expect(said(side)).to_contain_text("Mirrored.")

    wanted = ["look", "guess", "run"]
    for place, item in enumerate(wanted):
        up = steps.get_by_role("button", name=f"{item}: up")
        while steps.locator("li").nth(place).inner_text().split()[-1] != item:
            up.focus()
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.ariaLabel").startswith(f"{item}: ")
    steps.get_by_role("button", name="Commit").press("Enter")
    expect(said(steps)).to_contain_class(RIGHT)
    assert page.errors == []


RUN = """index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    return jupyterapp.commands.execute("notebook:run-cell-and-select-next");
}"""


def test_a_lesson_keeps_what_was_guessed(lab, small, monkeypatch):
    codes, folder = small
    page = lab(codes)
    monkeypatch.setenv(places.VARIABLE, str(folder))
    field = fields(page).first
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    for index in (0, FIRST):  # the lesson is opened anew: nothing was guessed
        page.evaluate(RUN, index)
    type_guess(page, "Your guess", "255")
    expect(said(field)).to_contain_text("255")
    expect(said(field)).not_to_contain_text("top")
    page.keyboard.press("Shift+Enter")  # the focus is still in the notebook; runs its own cell,
    page.keyboard.press("Shift+Enter")  # and the next one
    expect(said(field)).to_contain_class(WRONG)
    expect(said(field)).to_contain_text("It doesn't stop at the top.")
    field.get_by_role("button", name="Guess again").click()
    type_guess(page, "Your guess", "44")
    expect(said(field)).to_contain_class(RIGHT)

    page.evaluate(RUN, FIRST)
    expect(said(field)).to_contain_class(RIGHT)
    page.evaluate(RUN, len(codes) - 1)
    score = page.locator(".jp-RenderedMarkdown", has_text="of 4")
    expect(score).to_contain_text("0 of 4")
    link = score.get_by_role("link", name="90.1 Bytes")
    assert link.get_attribute("href").endswith("#90.1-Bytes")

    (made,) = progress.noted(NAME, "prediction")
    assert (made.item, made.first["guess"], made.last["guess"]) == ("wrap", 255, 44)
    assert [note.item for note in progress.noted(NAME, "section")] == ["90.1 Bytes", "90.2 Maps"]

    page.evaluate(RUN, SECOND)  # its kernel ends before the next cell
    type_guess(page, "height, width", "26 26")
    expect(said(fields(page).nth(1))).to_contain_text("26 × 26")
    page.evaluate(RESTART)
    expect(said(fields(page).nth(1))).to_contain_class(RIGHT)
    page.wait_for_function(IS_IDLE)  # else the debugger complains that it is shut down

    page.evaluate(SAVE)
    page.evaluate(SHUT_DOWN)
    page.reload()
    expect(said(fields(page).first)).to_contain_class(RIGHT, timeout=60_000)
    assert page.errors == []
