"""The stepper in JupyterLab and on a page without a kernel: dragged, typed into, predicted."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import correlate2d

KERNEL = np.array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
IMAGE = np.round(np.random.default_rng(5).random((14, 14)), 2)
CELLS = [
    "import numpy as np\nfrom course.instruments import ConvolutionStepper",
    f"image = np.array({IMAGE.tolist()})\n"
    f"stepper = ConvolutionStepper(image, {KERNEL.tolist()}, padding='same')\nstepper",
]


@pytest.fixture(params=["lab", "exported_page"])
def page(request):
    return request.getfixturevalue(request.param)(CELLS)


def shown_value(page):
    text = page.locator("[data-part=value]").inner_text()
    return float(text.replace("−", "-"))


def truth(image=IMAGE, kernel=KERNEL, padding=1):
    return correlate2d(np.pad(image, padding), kernel, "valid")


def drag_to(page, row, column, side=14):
    """Press at the output's first position and drag to this one."""
    canvas = page.locator("canvas[data-part=output]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    unit = box["width"] / side
    page.mouse.move(box["x"] + unit / 2, box["y"] + unit / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + (column + 0.5) * unit, box["y"] + (row + 0.5) * unit, steps=8)
    page.mouse.up()


def test_drag_type_and_predict(page):
    drag_to(page, 6, 9)
    expect(page.locator("canvas[data-part=output]")).to_have_attribute(
        "aria-valuenow", str(6 * 14 + 9 + 1)
    )
    expect(page.locator("[data-part=value]")).to_have_text(f"{truth()[6, 9]:.2f}".replace("-", "−"))

    page.get_by_label("weight in row 1, column 1").fill("3")  # a kernel of one's own
    changed = KERNEL.copy()
    changed[1, 1] = 3
    own = truth(kernel=changed)
    expect(page.locator("[data-part=value]")).to_have_text(f"{own[6, 9]:.2f}".replace("-", "−"))

    page.get_by_label("Predict: hide the value").check()
    expect(page.locator("[data-part=value]")).to_have_text("?")
    typed = page.get_by_label("the value at the orange mark")
    typed.fill(f"{own[7, 9]:.2f}")  # one row too low
    typed.press("Enter")
    said = page.locator(".said")
    expect(said).to_have_attribute("data-mistakes", "row")
    expect(said).to_contain_text("one row lower")
    typed.fill(f"{own[6, 9]:.2f}")
    typed.press("Enter")
    expect(said).to_contain_text("is right")
    expect(page.locator("canvas[data-part=output]")).to_have_attribute("aria-valuenow", str(95))
    page.get_by_role("button", name="one step on").click()
    expect(said).to_have_text("")  # the verdict was of another place
    patch = np.pad(IMAGE, 1)[6:9, 11:14]
    read = "; ".join(", ".join(f"{pixel:.2f}" for pixel in row) for row in patch)
    expect(
        page.get_by_role("img", name=f"pixels in the window, row by row: {read}")
    ).to_be_visible()
    assert page.errors == []


def test_keyboard_and_settings(exported_page):
    page = exported_page(CELLS, width=700)
    output = page.locator("canvas[data-part=output]")
    output.focus()
    for key in ("End", "ArrowUp", "ArrowLeft", "ArrowDown", "ArrowDown"):  # the last has no row
        output.press(key)
    expect(output).to_have_attribute("aria-valuenow", str(195))
    page.get_by_label("padding", exact=True).fill("0")
    page.get_by_label("stride", exact=True).fill("2")
    page.get_by_label("bias", exact=True).fill("-1.25")
    page.get_by_label("flip the kernel").check()
    expected = truth(kernel=KERNEL[::-1, ::-1], padding=0)[::2, ::2] - 1.25
    output.press("End")
    expect(output).to_have_attribute("aria-valuemax", str(expected.size))
    assert shown_value(page) == pytest.approx(expected[-1, -1], abs=0.006)
    padding = page.get_by_label("padding", exact=True)
    padding.fill("99")  # it stays, marked; what was there goes on counting
    padding.blur()
    expect(padding).to_have_value("99")
    expect(padding).to_have_attribute("aria-invalid", "true")
    expect(padding).to_have_accessible_description(re.compile("from 0 to 8.* 0 counts"))
    expect(output).to_have_attribute("aria-valuemax", str(expected.size))
    padding.press("ArrowDown")  # from what counts
    expect(padding).to_have_value("0")
    expect(padding).to_have_accessible_description("")
    bias = page.get_by_label("bias", exact=True)
    bias.fill("1,5")
    bias.blur()
    expect(bias).to_have_value("1.5")
    assert shown_value(page) == pytest.approx(expected[-1, -1] + 2.75, abs=0.006)
    weight = page.get_by_label("weight in row 2, column 0")
    weight.fill("1000000000")
    weight.blur()
    expect(weight).to_have_value("1e9")
    expect(weight).to_have_attribute("title", "1000000000")
    assert len(page.locator("[data-part=value]").inner_text()) < 9
    weight.fill("a lot")
    weight.blur()
    expect(weight).to_have_value("a lot")
    expect(weight).to_have_accessible_description(re.compile("number; until then 1e9 counts"))
    weight.fill("-1")
    page.get_by_label("dilation", exact=True).fill("4")
    page.get_by_label("stride", exact=True).fill("1")
    expect(output).to_have_attribute("aria-valuemax", str(6 * 6))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.errors == []


def test_play_goes_on_and_stops(exported_page):
    page = exported_page(CELLS)
    page.get_by_role("button", name="▶ play").click()
    output = page.locator("canvas[data-part=output]")
    expect(output).not_to_have_attribute("aria-valuenow", "1")
    page.get_by_role("button", name="⏸ stop").click()
    here = output.get_attribute("aria-valuenow")
    page.get_by_role("button", name="one step back").click()
    expect(output).to_have_attribute("aria-valuenow", str(int(here) - 1))


def test_python_and_the_browser_follow_each_other(lab):
    page = lab([*CELLS, "stepper.position = 100\nstepper.bias = 2.0"])
    value = truth()[divmod(100, 14)] + 2
    shown = page.locator("[data-part=value]")
    expect(shown).to_have_text(f"{value:.2f}".replace("-", "−"))
    expect(page.get_by_label("bias", exact=True)).to_have_value("2")
    output = page.locator("canvas[data-part=output]")
    output.focus()
    output.press("ArrowDown")
    output.press("b")  # for JupyterLab, outside of an instrument: insert a cell below
    expect(output).to_have_attribute("aria-valuenow", str(100 + 14 + 1))
    expect(output).to_be_focused()
    assert page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length") == len(CELLS) + 2
    assert page.errors == []


def test_without_scripts_the_picture_stays(exported_page, browser):
    url = exported_page(CELLS).url
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert page.locator("[data-instrument] img").bounding_box()["height"] > 200
    context.close()
