"""The pad in JupyterLab: drawn on, flipped, centred, and never more than one question under way."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.special import softmax

# A convolution that hands the pixels on, and a dense layer with weights that both sides know.
SETUP = """
import json
from course_utils.start import import_tensorflow
import_tensorflow()  # without its log
import ipywidgets, keras, numpy as np
from course.instruments import DigitPad

weights = np.random.default_rng(4).normal(0, 0.15, (26 * 26, 10))
model = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255),
    keras.layers.Conv2D(1, 3, name="same"), keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.get_layer("same").set_weights([np.eye(9)[4].reshape(3, 3, 1, 1), np.zeros(1)])
model.layers[-1].set_weights([weights, np.zeros(10)])
example = np.zeros((28, 28), "uint8")
example[4:20, 6:9] = 200
pad = DigitPad(model, examples=np.stack([example, example.T]))
seen = ipywidgets.HTML()

def tell(change=None):
    probabilities = [*pad.probabilities.values()]
    state = {"pixels": pad.pixels.tobytes().hex(), "flipped": pad.flipped,
             "probabilities": probabilities, "answered": pad.answered}
    seen.value = f"<pre id='python'>{json.dumps(state)}</pre>"

pad.observe(tell, "answer")
tell()
"""
SLOW = """
import time
from pathlib import Path
respond = pad.respond

def slowly(question):
    while not Path({gate!r}).exists():
        time.sleep(0.02)
    return respond(question)

pad.respond = slowly
"""
CLICK = """(root, names) => names.forEach((name) =>
  [...root.querySelectorAll("button")].find((button) => button.textContent === name).click())"""
WEIGHTS = np.random.default_rng(4).normal(0, 0.15, (26 * 26, 10))
EXAMPLE = np.zeros((28, 28), "uint8")
EXAMPLE[4:20, 6:9] = 200


def by_hand(pixels):
    return softmax(pixels[1:-1, 1:-1].ravel() / 255 @ WEIGHTS)


def on_page(page):
    """The pixels that the page shows, from the middle of each of the canvas's squares."""
    values = page.locator("[data-part=pad]").evaluate(
        """canvas => {
          const step = canvas.width / 28, context = canvas.getContext("2d");
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          const middle = (i) => Math.floor((i + 0.5) * step);
          return Array.from({ length: 784 }, (_, i) =>
            data[4 * (middle(Math.floor(i / 28)) * canvas.width + middle(i % 28))]);
        }"""
    )
    return np.array(values, "uint8").reshape(28, 28)


def in_python(page):
    return json.loads(page.locator("#python").inner_text())


def settled(page, pixels=None):
    """The pixels shown, once Python has them and the page has the answer to them; both checked."""
    shown = on_page(page) if pixels is None else pixels
    page.wait_for_function(
        "hex => JSON.parse(document.querySelector('#python').textContent).pixels === hex",
        arg=shown.tobytes().hex(),
    )
    python = in_python(page)
    expected = by_hand(shown)
    assert np.allclose(python["probabilities"], expected, atol=1e-5)
    best = expected.argmax()
    expect(page.locator("[data-part=headline]")).to_have_text(
        f"It says {best}, {100 * expected[best]:.1f} %"
    )
    texts = page.locator(".digit-pad .percent").all_inner_texts()
    assert [text.removesuffix(" ◀") for text in texts] == [f"{100 * p:.1f} %" for p in expected]
    assert [i for i, text in enumerate(texts) if text.endswith("◀")] == [best]
    assert np.array_equal(on_page(page), shown)
    return shown, python


def place(page, row, column):
    """The middle of a pixel on the screen."""
    box = page.locator("[data-part=pad]").bounding_box()
    unit = box["width"] / 28
    return box["x"] + (column + 0.5) * unit, box["y"] + (row + 0.5) * unit


def draw(page, *places, steps=12):
    page.mouse.move(*place(page, *places[0]))
    page.mouse.down()
    for one in places[1:]:
        page.mouse.move(*place(page, *one), steps=steps)
    page.mouse.up()


def press(page, name):
    page.get_by_role("button", name=name).click()


@pytest.fixture
def pad(lab):
    """A page of JupyterLab with the pad, and what Python has."""

    def pad(*cells):
        page = lab([SETUP, *cells, "ipywidgets.VBox([pad, seen])"], height=1100)
        page.locator(".digit-pad").scroll_into_view_if_needed()
        return page

    return pad


def test_draw_flip_centre_and_go_back(pad):
    page = pad()
    assert not settled(page)[0].any()
    field, said = page.get_by_label("start from example"), page.locator("[data-part=said]")
    expect(field).to_have_value("")
    press(page, "next example")
    settled(page, EXAMPLE)
    expect(field).to_have_value("1")
    press(page, "clear")
    settled(page, np.zeros((28, 28), "uint8"))
    draw(page, (3, 2), (3, 9), (12, 5))
    drawn, _ = settled(page)
    assert drawn[3, 2:10].min() == 255 and drawn[14:].max() == 0 and drawn[:, 14:].max() == 0
    assert 0 < drawn[1:6, 6].sum() / 255 < 3.2  # the stroke's width

    press(page, "centre like MNIST")
    page.wait_for_function("() => document.querySelector('[data-part=said]').textContent"
                           ".startsWith('Fitted into 20 × 20')")  # fmt: skip
    centred, _ = settled(page)
    rows, columns = np.nonzero(centred)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    mass = centred / centred.sum()
    assert abs((mass.sum(1) * np.arange(28)).sum() - 14) <= 0.5
    assert abs((mass.sum(0) * np.arange(28)).sum() - 14) <= 0.5
    press(page, "undo")
    settled(page, drawn)

    press(page, "remember this")
    press(page, "flip pixels")
    page.mouse.click(*place(page, 20, 20))
    expected = drawn.copy()
    expected[20, 20] = 255
    _, python = settled(page, expected)
    assert python["flipped"] == 1
    before, now = by_hand(drawn), by_hand(expected)
    expect(page.locator("[data-part=change]")).to_have_text(
        f"Was {before.argmax()}, {100 * before.max():.1f} % → now {now.argmax()}, "
        f"{100 * now.max():.1f} %. Remembered: {before.argmax()}, {100 * before.max():.1f} %; "
        "1 pixel differs from that."
    )
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Space"):  # from where the pointer was
        page.keyboard.press(key)
    expected[18, 19] = 255
    assert settled(page, expected)[1]["flipped"] == 2
    expect(page.locator("[data-part=said]")).to_contain_text("Row 18, column 19 is white now.")
    page.keyboard.press("Control+z")
    expected[18, 19] = 0
    settled(page, expected)

    worst = min(
        (by_hand(flipped)[now.argmax()], k)
        for k in range(784)
        for flipped in [np.where(np.arange(784).reshape(28, 28) == k, other(expected), expected)]
    )[1]
    press(page, "flip the pixel that hurts most")
    expected[divmod(worst, 28)] = other(expected)[divmod(worst, 28)]
    settled(page, expected)

    press(page, "next example")
    settled(page, EXAMPLE.T)
    expect(field).to_have_value("2")
    press(page, "undo")
    settled(page, expected)
    expect(field).to_have_value("1")
    for typed, button, number in (("2.5", "next example", 2), ("-51", "example before", 1)):
        field.fill(typed)
        press(page, button)
        expect(said).to_contain_text(f"Example {number}.")
        expect(field).to_have_value(str(number))
        settled(page, [EXAMPLE, EXAMPLE.T][number - 1])
    assert page.errors == []


def other(pixels):
    return np.where(pixels >= 128, 0, 255).astype("uint8")


def test_one_question_at_a_time_and_what_python_sets(pad, gate):
    gate.touch()
    page = pad(SLOW.format(gate=str(gate)))
    press(page, "clear")
    settled(page, np.zeros((28, 28), "uint8"))
    page.evaluate("""() => {
        window.moves = 0;
        const pad = document.querySelector("[data-part=pad]");
        pad.addEventListener("pointermove", () => (window.moves += 1));
    }""")
    before = in_python(page)["answered"]
    gate.unlink()
    draw(page, (5, 5), (5, 22), (22, 5), (22, 22), steps=25)
    assert page.evaluate("moves") >= 50
    waiting = page.locator(".digit-pad .waiting")
    expect(waiting).to_contain_text("asking")
    assert in_python(page)["answered"] == before
    gate.touch()
    drawn, python = settled(page)
    expect(waiting).to_be_empty()
    assert drawn[22, 6:22].min() == 255
    asked = python["answered"] - before
    assert asked == 2  # for the beginning of the stroke, and for its end

    page.locator(".jp-Notebook").evaluate("node => node.scrollTo(0, 0)")
    cell = page.locator(".jp-CodeCell").first.locator(".cm-content")
    cell.fill("pad.pixels = example[::-1]")
    cell.press("Shift+Enter")
    _, python = settled(page, EXAMPLE[::-1])
    assert python["flipped"] == 0 and python["answered"] == before + asked

    root = page.locator(".digit-pad")
    root.evaluate(CLICK, 3 * ["flip the pixel that hurts most"])  # faster than the answers come
    expect(root).to_have_attribute("data-flipped", "3")
    assert settled(page)[1]["flipped"] == 3
    root.evaluate(CLICK, ["flip the pixel that hurts most", *4 * ["↶ undo"]])
    expect(root).to_have_attribute("data-flipped", "0")
    settled(page, EXAMPLE[::-1])
    assert page.errors == []
