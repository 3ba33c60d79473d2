"""The Gabor bench in JupyterLab and on a page without a kernel: turned, chosen from, kept."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import correlate2d

from course.instruments import gabor_bench

SETUP = """
import json
import numpy as np
from course.instruments import GaborBench

y, x = np.mgrid[:48, :60]
rings = np.round((np.sin(np.hypot(y - 20, x - 35) ** 1.3 / 3) + 1) / 2, 3)
noise = np.round(np.random.default_rng(3).random((28, 28)), 3)
images = {"rings": rings, "noise": noise}
"""
exec(SETUP, images_here := {})
RINGS, NOISE = images_here["rings"], images_here["noise"]
CELLS = [SETUP, "bench = GaborBench(images)\nbench"]
START = {"frequency": 0.15, "theta": 0, "sigma": 2, "phase": 0, "balanced": False}


def number(text):
    return float(text.replace("−", "-"))


def part(page, name):
    return page.locator(f".course-instrument [data-part={name}]")


def set_slider(page, name, value):
    part(page, name).fill(str(value))


def true_response(image=RINGS, **knobs):
    kernel = gabor_bench.kernel_of(**(START | knobs))
    return correlate2d(image, kernel, mode="same", boundary="symm")


def expect_response(page, response):
    """The range in the caption, and values at places that the mouse points at."""
    written = f"{response.min():.3f} to {response.max():+.3f}".replace("-", "−")
    expect(page.locator("figure:has([data-part=response]) figcaption")).to_contain_text(written)
    canvas = part(page, "response")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    rows, columns = response.shape
    unit = box["width"] / max(rows, columns)
    top = box["y"] + (box["height"] - rows * unit) / 2
    left = box["x"] + (box["width"] - columns * unit) / 2
    for row, column in [(0, 0), (rows // 2, columns // 3), (rows - 2, columns - 1)]:
        page.mouse.move(left + (column + 0.5) * unit, top + (row + 0.5) * unit)
        expect(part(page, "probe")).to_contain_text(f"Row {row}, column {column}:")
        value = number(re.search(r"add up to (\S+)\.$", part(page, "probe").inner_text())[1])
        assert value == pytest.approx(response[row, column], abs=6e-5)


def expect_bank(page):
    expect(page.locator(".gabor-bank")).to_have_attribute("aria-busy", "false")


def shares(page):
    expect_bank(page)
    tiles = page.locator(".gabor-tile")
    return np.reshape([float(tile.get_attribute("data-share")) for tile in tiles.all()], (3, 6))


def drag_slider(page, name, share):
    """Press on the slider's thumb at its left end and draw it to this share of its way."""
    slider = part(page, name)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle, steps=12)
    page.mouse.up()


def test_a_drag_to_90_degrees_gives_the_true_response(exported_page):
    page = exported_page(CELLS)
    expect_response(page, true_response())
    drag_slider(page, "theta", 0.5)
    expect(part(page, "theta")).to_have_value("90")
    expect_response(page, true_response(theta=90))
    expect(page.locator(".gabor-words .said").first).to_contain_text("answers to level (—) lines")

    page.get_by_label("balanced").check()
    set_slider(page, "sigma", 4.5)
    set_slider(page, "phase", 90)
    set_slider(page, "theta", 35)
    knobs = {"sigma": 4.5, "phase": 90, "balanced": True}
    expect_response(page, true_response(theta=35, **knobs))
    np.testing.assert_allclose(shares(page), gabor_bench.bank_shares(RINGS, **knobs), atol=1e-6)
    page.get_by_label("image", exact=True).select_option("noise")
    expect_response(page, true_response(NOISE, theta=35, **knobs))
    np.testing.assert_allclose(shares(page), gabor_bench.bank_shares(NOISE, **knobs), atol=1e-6)
    assert page.errors == []


def test_a_spot_of_the_spectrum_can_be_dragged(exported_page):
    page = exported_page(CELLS, width=700)
    canvas = part(page, "spectrum")
    box = canvas.bounding_box()

    def at(frequency, degrees):
        turn = np.deg2rad(degrees)
        return [
            box[start] + (0.5 + 1 / 128 + frequency * along) * box["width"]
            for start, along in (("x", np.cos(turn)), ("y", np.sin(turn)))
        ]

    page.mouse.move(*at(0.15, 0))
    page.mouse.down()
    page.mouse.move(*at(0.3, 60), steps=10)
    page.mouse.up()
    theta, frequency = (float(part(page, name).input_value()) for name in ("theta", "frequency"))
    assert theta == pytest.approx(60, abs=2)
    assert frequency == pytest.approx(0.3, abs=0.011)
    expect_response(page, true_response(theta=theta, frequency=frequency))
    canvas.press("ArrowUp")
    canvas.press("ArrowLeft")
    expect(part(page, "theta")).to_have_value(str(round(theta - 5)))
    assert float(part(page, "frequency").input_value()) == pytest.approx(frequency + 0.01)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.errors == []


def test_keys_choose_from_the_bank_keep_and_remove(exported_page):
    page = exported_page(CELLS, dark=True)
    expect_bank(page)
    tiles = page.locator(".gabor-tile")
    tiles.first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "Enter"):  # no fourth row
        page.keyboard.press(key)
    expect(tiles.nth(13)).to_have_attribute("aria-pressed", "true")
    expect(part(page, "frequency")).to_have_value("0.3")
    expect(part(page, "theta")).to_have_value("30")
    keep = page.get_by_role("button", name="Keep this filter")
    keep.press("Enter")
    keep.press("Enter")
    expect(part(page, "kept")).to_have_text("This filter is in your list already.")
    set_slider(page, "theta", 75)
    expect(part(page, "kept")).to_have_text("")  # it was said of another filter
    keep.press("Enter")
    expect(part(page, "kept")).to_contain_text("Kept: f 0.3, θ 75°")
    page.get_by_label("image", exact=True).select_option("noise")
    expect(part(page, "kept")).to_have_text("")
    page.get_by_label("image", exact=True).select_option("rings")
    cards = page.locator(".gabor-kept li")
    expect(cards).to_have_count(2)
    cards.first.get_by_text("to the bench").press("Enter")
    expect(part(page, "theta")).to_have_value("30")
    cards.first.get_by_text("remove").press("Enter")
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("f 0.3, θ 75°, σ 2, φ 0°")
    response = part(page, "response")
    response.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):  # the first shows the middle
        response.press(key)
    value = true_response(frequency=0.3, theta=30)[25, 31]
    expect(part(page, "probe")).to_contain_text("Row 25, column 31:")
    expect(part(page, "probe")).to_contain_text(f"add up to {value:.4f}.".replace("-", "−"))
    assert page.errors == []


def test_python_reads_what_was_kept_and_moves_the_bench(lab):
    read = "print(json.dumps([bench.filter(), bench.kept, [k.sum() for k in bench.kernels()]]))"
    move = "if bench.kept:\n    bench.image, bench.theta, bench.sigma = 'noise', 120, 3"
    page = lab([*CELLS, read, move])
    drag_slider(page, "theta", 0.5)
    expect(part(page, "theta")).to_have_value("90")
    expect_response(page, true_response(theta=90))
    expect_bank(page)
    page.locator(".gabor-tile").nth(8).click()  # f 0.15, θ 60°
    expect(part(page, "theta")).to_have_value("60")
    page.get_by_label("balanced").check()
    page.get_by_role("button", name="Keep this filter").click()
    expect(page.locator(".gabor-kept canvas")).to_have_count(2)

    cells = page.locator(".jp-Notebook .jp-CodeCell")
    cells.nth(2).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    output = cells.nth(2).locator(".jp-OutputArea-output pre")
    expect(output).to_contain_text('"balanced": true')
    now, kept, sums = json.loads(output.inner_text())
    one = START | {"theta": 60, "balanced": True}
    assert now == one
    assert kept == [one]
    assert abs(sums[0]) < 1e-12

    cells.nth(3).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(part(page, "theta")).to_have_value("120")
    expect_response(page, true_response(NOISE, theta=120, sigma=3, balanced=True))
    assert page.errors == []


# How often each of the four drawings was drawn, and any tile of the bank.
COUNT = """() => {
  window.drawn = {};
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    const name = this.canvas.dataset.part ?? "tile";
    drawn[name] = (drawn[name] ?? 0) + 1;
    return draw.apply(this, given);
  };
}"""
FRAME_MS = 16


def test_a_drag_draws_once_a_frame_and_the_bank_when_it_rests(exported_page):
    """By a clock that stands still until the test moves it on."""
    page = exported_page(CELLS)
    expect_bank(page)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
    page.evaluate(COUNT)
    slider = part(page, "theta")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.clock.run_for(FRAME_MS)
    page.evaluate("drawn = {}")
    seen = []
    for frame in range(10):
        for step in range(4):
            page.mouse.move(box["x"] + 8 + 12 * frame + 3 * step, middle)
        assert page.evaluate("drawn") == {}
        page.clock.run_for(FRAME_MS)
        assert page.evaluate("drawn") == dict.fromkeys(
            ("image", "kernel", "spectrum", "response"), 1
        )
        page.evaluate("drawn = {}")
        seen.append(part(page, "theta").input_value())
    assert len({*seen}) == 10
    page.mouse.up()

    set_slider(page, "sigma", 3)
    expect(page.locator(".gabor-bank")).to_have_attribute("aria-busy", "true")
    for _ in range(10):  # longer than it rests before the bank is drawn
        set_slider(page, "phase", 5)
        set_slider(page, "phase", 0)
        page.clock.run_for(FRAME_MS)
    assert "tile" not in page.evaluate("drawn")
    page.clock.run_for(1000)
    assert page.evaluate("drawn.tile") == 18
    page.clock.resume()
    expect_response(page, true_response(theta=float(seen[-1]), sigma=3))
    assert page.errors == []
