"""The desk in JupyterLab and on a page without a kernel: sliders, tiles, draws, code."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from course.instruments import AugmentationDesk

MAKE = (
    "import numpy as np\nfrom course.instruments import AugmentationDesk\n"
    "random = np.random.default_rng(6)\n"
    "photos = random.integers(0, 256, (2, 24, 30, 3)).astype('uint8')\n"
    "photos = {'cat': photos[0], 'six': photos[1]}"
)
CELLS = [MAKE, "desk = AugmentationDesk(photos)\ndesk"]
TELL = "print('told', desk.rotation, desk.refused, desk.strongest, desk.draws[0])"
PIXELS = """canvas => Array.from(canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data)"""


@pytest.fixture
def twin():
    """The same desk here, to compute what should be seen."""
    space = {}
    exec(MAKE, space)
    return AugmentationDesk(space["photos"])


def tiles_of(page):
    """float array (12, H, W, 3): what the canvases hold."""
    tiles = []
    for number in range(12):
        canvas = page.locator(f"canvas[data-tile='{number}']")
        tiles.append(np.reshape(canvas.evaluate(PIXELS), (24, 30, 4))[..., :3])
    return np.array(tiles, float)


def expect_versions(page, desk):
    """The tiles show these versions, up to the rounding to whole numbers."""
    assert np.abs(tiles_of(page) - desk.versions()).max() <= 0.501


def turn_by_keyboard(page, steps):
    rotation = page.get_by_label("rotation", exact=True)
    rotation.focus()
    for _ in range(steps):
        rotation.press("ArrowRight")


def code_runs_to(page, desk):
    """The shown code, executed, makes the desk's layers."""
    space = {}
    exec(page.get_by_label("Keras code").text_content(), space)
    shown, ours = (
        [(type(layer), layer.get_config() | {"name": ""}) for layer in layers]
        for layers in (space["augment"].layers, desk.layers())
    )
    assert shown == ours


def test_in_jupyterlab(lab, twin):
    changes = {"fill_mode": "wrap", "flip": "both", "shear": 0.2, "contrast": 0.5, "shown": "six"}
    change = f"for name, value in {changes}.items():\n    setattr(desk, name, value)"
    page = lab([*CELLS, change, TELL])
    for name, value in changes.items():
        setattr(twin, name, value)
    expect(page.get_by_label("photo", exact=True)).to_have_value("six")  # Python moves the view
    expect(page.get_by_label("flip vertically")).to_be_checked()
    expect_versions(page, twin)

    turn_by_keyboard(page, 5)
    page.locator("[data-version='3']").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".course-instrument .said")).to_contain_text("2 of 11 refused")
    twin.rotation = 0.15
    expect(page.get_by_label("Keras code")).to_contain_text("RandomRotation(0.15,")
    expect_versions(page, twin)
    code_runs_to(page, twin)

    cell = page.locator(".jp-CodeCell", has_text="print('told'")
    cell.locator(".cm-content").click()  # Python, asked again
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("told 0.15 [3, 4] False")
    assert page.errors == []


def test_without_a_kernel(exported_page, twin):
    page = exported_page(CELLS, width=700)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect_versions(page, twin)
    turn_by_keyboard(page, 2)
    page.get_by_label("brightness").fill("0.4")
    page.get_by_label("flip horizontally").uncheck()
    page.get_by_label("fill", exact=True).select_option("constant")
    settings = {"rotation": 0.12, "brightness": 0.4, "flip": "none", "fill_mode": "constant"}
    for name, value in settings.items():
        setattr(twin, name, value)
    expect(page.get_by_label("Keras code")).to_contain_text(
        "RandomBrightness(0.4, value_range=(0, 255))"
    )
    expect(page.get_by_label("Keras code")).not_to_contain_text("RandomFlip")
    expect_versions(page, twin)
    code_runs_to(page, twin)
    page.get_by_label("strongest draws only").check()
    twin.strongest = True
    expect(page.locator("[data-version='1']")).to_have_attribute(
        "aria-label", re.compile("turned 43°")
    )
    expect_versions(page, twin)

    tile = page.locator("[data-version='5']")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".said")).to_contain_text("1 of 11 refused")
    for key in ("ArrowDown", "End", "Home", "ArrowUp"):  # down and right, to the last, to the first
        page.keyboard.press(key)
    page.keyboard.press("Space")
    expect(page.locator("[data-version='1']")).to_have_attribute("aria-pressed", "true")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "false")

    before = tiles_of(page)
    page.get_by_label("strongest draws only").uncheck()
    page.get_by_role("button", name="new draws").click()
    expect(page.locator(".said")).to_contain_text("None of 11 refused")
    after = tiles_of(page)
    np.testing.assert_array_equal(after[0], before[0])
    assert (np.abs(after - before).mean(axis=(1, 2, 3))[1:] > 1).all()

    page.get_by_role("button", name="copy the code").click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    code = page.get_by_label("Keras code").text_content()
    assert page.evaluate("navigator.clipboard.readText()") == code
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.errors == []
