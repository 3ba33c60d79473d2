"""The stepper with channels: every channel seen, edited and flipped, and one map; for everybody."""

import json
import re

import numpy as np
import pytest
from lab_process import TOKEN
from playwright.sync_api import expect
from scipy.signal import correlate2d

from browser.conftest import IS_READY
from browser.reach import violations, walk
from browser.test_browser_reopened import save_and_stop
from browser.test_browser_widths import OVERLAPS, STICKS_OUT, contrast
from course.instruments.base import FOLDER

NAMES = ("red", "green", "blue")
IMAGE = np.round(np.random.default_rng(6).random((12, 12, 3)), 2)
KERNEL = np.stack([[[-1.0, 0, 2]] * 3, [[0.0, 1, 0]] * 3, [[1.0, -2, 0]] * 3], axis=-1)
BIAS = 1.5
SETUP = (
    "import numpy as np\nfrom course.instruments import ConvolutionStepper\n"
    f"image = np.array({IMAGE.tolist()})"
)
CELLS = [
    SETUP,
    f"stepper = ConvolutionStepper(image, {KERNEL.tolist()}, padding='same', bias={BIAS})\nstepper",
]
MANY = [
    SETUP + "\nfour = np.dstack([image, image[:, :, 0]])",
    "ConvolutionStepper(image, np.ones((3, 3, 3)))",
    "ConvolutionStepper(four, np.ones((7, 7, 4)), channels=['short', 'and', 'rather long', "
    "'twenty letters in it'])",
    "ConvolutionStepper(image[:, :8, :2], np.ones((5, 5, 2)), padding='same')",
]


def sums(row, column, image=IMAGE, kernel=KERNEL, padding=1):
    """Each channel's sum at one position, by SciPy."""
    padded = np.pad(image, [(padding, padding)] * 2 + [(0, 0)])
    return np.array(
        [correlate2d(padded[..., c], kernel[..., c], "valid")[row, column] for c in range(3)]
    )


def written(value):
    return f"{value + 0.0:.2f}".replace("-", "−")


def expect_sums(page, values, bias=BIAS):
    """The channels' sums are shown, each beside its name, and together the one number."""
    for name, partial, value in zip(NAMES, page.locator(".partial").all(), values, strict=True):
        expect(partial).to_contain_text(name)
        expect(partial.locator("strong")).to_have_text(written(value))
    expect(page.locator("[data-part=value]")).to_have_text(written(values.sum() + bias))


@pytest.fixture(params=["lab", "exported_page"])
def page(request):
    return request.getfixturevalue(request.param)(CELLS)


def test_drag_type_flip_and_predict(page):
    assert page.locator("canvas[data-part=output]").count() == 1
    images = page.locator("canvas[data-part=image]")
    assert images.count() == 3
    box = images.nth(2).bounding_box()  # any channel's window can be dragged
    unit = box["width"] / 14  # with the zeros outside
    images.nth(2).scroll_into_view_if_needed()
    box = images.nth(2).bounding_box()
    page.mouse.move(box["x"] + 1.5 * unit, box["y"] + 1.5 * unit)
    page.mouse.down()
    page.mouse.move(box["x"] + 8.5 * unit, box["y"] + 5.5 * unit, steps=6)
    page.mouse.up()
    row, column = 4, 7
    output = page.locator("canvas[data-part=output]")
    expect(output).to_have_attribute("aria-valuenow", str(row * 12 + column + 1))
    expect_sums(page, sums(row, column))
    for c, name in enumerate(NAMES):
        patch = np.pad(IMAGE[..., c], 1)[row : row + 3, column : column + 3]
        read = f"{name}: products, row by row: {patch[0, 0]:.2f} times {KERNEL[0, 0, c]:.0f}, "
        read = re.escape(read.replace("-", "−"))
        expect(page.get_by_role("img", name=re.compile(read))).to_be_visible()

    page.get_by_label("weight in row 1, column 2, green").fill("-3")
    changed = KERNEL.copy()
    changed[1, 2, 1] = -3
    expect_sums(page, sums(row, column, kernel=changed))
    page.get_by_label("flip the kernel").check()
    turned = changed[::-1, ::-1]
    expect_sums(page, sums(row, column, kernel=turned))
    said_of = ", ".join(
        f"{name} {written(value)}"
        for name, value in zip(NAMES, sums(row, column, kernel=turned), strict=True)
    )
    expect(output).to_have_attribute("aria-valuetext", re.compile(re.escape(f"({said_of})")))

    page.get_by_label("Predict: hide the value").check()
    expect(page.locator("[data-part=value]")).to_have_text("?")
    expect(page.locator(".partial strong")).to_have_text(["?"] * 3)
    assert re.search(r"hidden", output.get_attribute("aria-valuetext"))
    parts = sums(row, column, kernel=turned)
    typed, said = page.get_by_label("the value at the orange mark"), page.locator(".said")
    for value, mistake, words in (
        (parts[2], "channel", "channel blue alone"),
        (parts.sum() + 3 * BIAS, "biases", "once for each channel"),
        (parts.mean() + BIAS, "channel-mean", "the mean of the channels"),
    ):
        typed.fill(f"{value:.2f}")
        typed.press("Enter")
        expect(said).to_have_attribute("data-mistakes", re.compile(rf"\b{mistake}\b"))
        expect(said).to_contain_text(words)
    typed.fill(f"{parts.sum() + BIAS:.2f}")
    typed.press("Enter")
    expect(said).to_contain_text("is right")
    assert page.errors == []


def test_keyboard_settings_and_play(exported_page):
    page = exported_page(CELLS, width=700)
    output = page.locator("canvas[data-part=output]")
    output.focus()
    page.get_by_label("padding", exact=True).fill("0")
    page.get_by_label("stride", exact=True).fill("2")
    page.get_by_label("dilation", exact=True).fill("3")
    page.get_by_label("bias", exact=True).fill("0")
    for key in ("End", "ArrowUp", "ArrowLeft"):
        output.press(key)
    expect(output).to_have_attribute("aria-valuemax", "9")
    expect(output).to_have_attribute("aria-valuenow", "5")
    read = IMAGE[2:9:3, 2:9:3]
    expect_sums(page, np.einsum("abc,abc->c", read, KERNEL), bias=0)
    page.get_by_label("padding", exact=True).fill("8")
    page.get_by_role("button", name="▶ play").click()
    expect(output).not_to_have_attribute("aria-valuenow", "5")
    page.get_by_role("button", name="⏸ stop").click()
    assert page.errors == []


def test_python_and_the_browser_follow_each_other_and_a_reopened_one_is_kept(
    lab, lab_server, open_page
):
    set_here = "stepper.kernel = np.arange(27).reshape(3, 3, 3) - 9\nstepper.position = 30"
    read_back = "print('read back:', f'{stepper.output[2, 6]:.3f}', np.shape(stepper.kernel))"
    page = lab([*CELLS, set_here, read_back])
    ramp = np.arange(27).reshape(3, 3, 3) - 9
    expect_sums(page, sums(2, 6, kernel=ramp))
    expect(page.get_by_label("weight in row 2, column 0, blue")).to_have_value("11")
    page.get_by_label("weight in row 2, column 0, blue").fill("0.5")
    ramp = ramp.astype(float)
    ramp[2, 0, 2] = 0.5
    expect_sums(page, sums(2, 6, kernel=ramp))
    expected = f"read back: {sums(2, 6, kernel=ramp).sum() + BIAS:.3f} (3, 3, 3)"
    said = page.locator(".jp-OutputArea-output").filter(has_text="read back:")
    page.get_by_text("print('read back:'").click()
    for _ in range(40):  # until the browser's edit has come to the kernel
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(250)
        if said.inner_text().strip() == expected:
            break
    expect(said).to_have_text(expected)
    save_and_stop(page)
    page.close()

    address, _ = lab_server
    name = f"{__name__.rpartition('.')[2]}.ipynb"
    page = open_page(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_function(IS_READY, timeout=60_000)
    expect(page.locator("[data-part=value]")).to_be_visible(timeout=60_000)
    expect_sums(page, sums(2, 6, kernel=ramp))
    page.get_by_role("button", name="one step on").click()
    expect_sums(page, sums(2, 7, kernel=ramp))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_for_everybody(exported_page, dark):
    page = exported_page(CELLS, dark=dark)
    if not dark:
        walk(page, page.locator(".course-instrument"))
    page.get_by_label("padding", exact=True).fill("99")
    page.get_by_label("weight in row 0, column 0, red").fill("much")
    page.get_by_label("Predict: hide the value").check()
    assert violations(page, ".course-instrument") == []
    assert page.errors == []


def test_it_fits_into_every_width(exported_page):
    page = exported_page(MANY)
    for window in (1280, 900, 700, 560, 390, 348):
        page.set_viewport_size({"width": window, "height": 844})
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        where = f"a window of {window} px"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        roots = page.locator(".course-instrument")
        assert roots.count() == 3
        for root in roots.all():
            assert root.evaluate(STICKS_OUT) == [], where
            widths = [one.bounding_box()["width"] for one in root.locator("canvas").all()]
            assert min(widths) > 110, where
        assert page.evaluate(OVERLAPS) == [], where
    assert page.errors == []


def test_channels_differ_by_more_than_colour(exported_page):
    page = exported_page(MANY)
    root = page.locator(".course-instrument").nth(1)
    chips = root.locator(".partial .channel")
    looks = chips.evaluate_all("all => all.map((one) => getComputedStyle(one).borderBottomStyle)")
    assert len(set(looks)) == chips.count() == 4
    text = (FOLDER / "convolution_stepper.mjs").read_text(encoding="utf-8")
    named, others = (
        re.findall(r'"#(\w{6})"', re.search(rf"{name} = .*;", text)[0])
        for name in ("CHANNEL_COLOURS", "OTHER_COLOURS")
    )
    assert (len(named), len(others)) == (3, 4)
    for colour in named + others:
        for ground in ((255, 255, 255), (0x21, 0x21, 0x21)):
            assert contrast(tuple(bytes.fromhex(colour)), ground) >= 3, (colour, ground)


def test_names_are_text(exported_page):
    name = "<b>&amp;\"'</b>"
    names = json.dumps([name, "x"])
    cell = f"ConvolutionStepper(image[:, :, :2], np.ones((2, 2, 2)), channels={names})"
    page = exported_page([SETUP, cell])
    expect(page.locator(".partial .channel").first).to_have_text(name)
    assert page.errors == []
