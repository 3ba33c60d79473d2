"""A notebook that is saved, its kernel ended, and opened again: no instrument becomes an error.

Before that, what asks the kernel is looked at for everybody, as test_browser_axe.py does the rest.
"""

import nbformat
import pytest
from lab_process import TOKEN
from playwright.sync_api import expect

from browser.conftest import DARK_THEME, IS_READY, RUN, RUN_MS
from browser.reach import violations, walk
from course.workspace import places

NAME = "test_browser_reopened.ipynb"
START = """\
from course_utils.start import import_tensorflow
import_tensorflow()  # without its log
import keras, numpy as np
from course.instruments import *
from course_utils.sliders import live_figure
from matplotlib.figure import Figure

random = np.random.default_rng(2)
image = random.random((14, 14)).round(2)
photo = random.integers(0, 256, (24, 30, 3)).astype("uint8")
"""
MODELS = """\
keras.utils.set_random_seed(3)
reader = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255),
    keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax")])
looker = keras.Sequential([
    keras.Input((24, 30, 3)), keras.layers.Conv2D(4, 3, activation="relu"),
    keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")])"""
FIGURE = """\
figure = Figure((4, 1), layout="constrained")
axes = figure.subplots()
(line,) = axes.plot([0, 1])

def update(end):
    line.set_ydata([0, end])
    return [line]

live_figure(figure, update, end=(0.0, 1.0), alt="A line that rises.")"""
CELLS = [
    START,
    MODELS,
    "stepper = ConvolutionStepper(image, [[-1.0, 0, 1]] * 3)\nstepper",
    "ShapeCalculator()",
    "AugmentationDesk({'noise': photo})",
    "GaborBench({'noise': image})",
    "DigitPad(reader)",
    "Lens(looker, {'noise': photo})",
    FIGURE,
]
COMPUTE = ["Convolution stepper", "Shape calculator", "Augmentation desk", "Gabor bench"]
ASK = ["Digit pad", "Lens: what a unit of the network sees"]
SHUT_DOWN = "async () => jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
SAVE = "jupyterapp.commands.execute('docmanager:save')"
SETTING = "jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"
ERRORS = "Error displaying widget"


@pytest.fixture
def opened(lab_server, open_page):
    """opened(name): the notebook in JupyterLab, with nothing run."""
    address, _ = lab_server

    def opened(name):
        page = open_page(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_function(IS_READY, timeout=60_000)
        return page

    return opened


def save_and_stop(page):
    page.evaluate(SAVE)
    page.evaluate(SHUT_DOWN)


def expect_kept(page):
    """What computes in the browser is alive; what asks is a picture, and says what to do."""
    ended = page.get_by_text("run this cell").filter(visible=True)
    expect(ended).to_have_count(3, timeout=60_000)  # the two that ask, and the live figure
    for name in COMPUTE:
        expect(page.get_by_role("group", name=name)).to_have_count(1)
    for name in ASK:
        expect(page.get_by_role("group", name=name)).to_have_count(0)
    stills = page.get_by_role("group", name="An instrument without its kernel").get_by_role("img")
    expect(stills).to_have_count(2)
    figure = page.get_by_role("img", name="A line that rises.")
    for picture in [*stills.all(), figure]:
        assert picture.evaluate("image => image.naturalWidth") > 200
        assert len(picture.get_attribute("alt")) > 10
    expect(page.get_by_role("slider", name="end")).to_be_disabled()
    expect(page.get_by_text(ERRORS)).to_have_count(0)
    step = page.get_by_role("button", name="one step on")
    step.click()
    expect(page.get_by_label("position", exact=True)).to_have_attribute(
        "aria-valuetext", "2 of 144"
    )


def test_a_saved_notebook_is_opened_again(lab, lab_server, opened, tmp_path):
    (tmp_path / places.MARK).touch()
    workspace = f"import os\nos.environ['COURSE_WORKSPACE'] = {str(tmp_path)!r}\n"
    first_page = "from course.workspace import first_page\nfirst_page.show()"
    page = lab([*CELLS, workspace + first_page])
    live = page.locator(".course-live")
    for root in (*(page.get_by_role("group", name=name) for name in ASK), live):
        root.scroll_into_view_if_needed()
        walk(page, root)
    shown = ".course-instrument, .course-live, .jp-OutputArea .jp-RenderedMarkdown"
    assert page.locator(shown).count() == 8
    assert violations(page, shown) == []
    page.evaluate(DARK_THEME)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    assert violations(page, shown) == []
    assert page.errors == []
    save_and_stop(page)
    expect(page.get_by_text("run this cell").filter(visible=True)).to_have_count(3)  # at once

    page = opened(NAME)  # the next day
    expect_kept(page)
    assert violations(page, shown) == []
    page.evaluate(SETTING)  # JupyterLab's own way of saving comes before ours
    save_and_stop(page)

    page = opened(NAME)  # and the day after
    expect_kept(page)
    page.evaluate(SETTING)
    page.evaluate(RUN)
    expect(page.get_by_role("group", name=ASK[1])).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("slider", name="end")).to_be_enabled(timeout=RUN_MS)
    expect(page.get_by_text("run this cell").filter(visible=True)).to_have_count(0)
    save_and_stop(page)

    _, folder = lab_server
    notebook = nbformat.read(folder / NAME, 4)
    notebook.metadata["from"] = "somebody else"  # so it isn't the one that is trusted
    nbformat.write(notebook, folder / "stranger.ipynb")
    page = opened("stranger.ipynb")
    page.set_viewport_size({"width": 1280, "height": 6000})  # cells are drawn when they are seen
    expect(page.locator(".jp-OutputArea-output img")).to_have_count(7)
    assert page.locator(".course-instrument, .course-live").count() == 0
    expect(page.get_by_text(ERRORS)).to_have_count(0)
