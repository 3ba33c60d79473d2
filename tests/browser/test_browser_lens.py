"""The lens in JupyterLab: hovered over, moved by keys, asked for maps and heat."""

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import correlate2d
from skimage.transform import resize

from course import explain
from course.explain import Field

SIDES = (24, 30)
random = np.random.default_rng(5)
CAT, DOG = random.integers(0, 256, (2, *SIDES, 3)).astype(float)
FIRST = random.integers(-2, 3, (3, 3, 3, 2)).astype(float)
SECOND = random.integers(-2, 3, (3, 3, 2, 4)).astype(float)
HEAT = random.random((3, 5)).round(3)

FIELDS = {  # by hand; "same" adds one row and column of zeros, and those behind
    "first": Field((3, 3), (2, 2), (0, 0), (12, 15)),
    "second": Field((13, 13), (4, 4), (0, 0), (4, 5)),
}
BEYOND = 1  # pixels that fields of both layers reach beyond the image

SETUP = f"""
from course_utils import start
SCALE = start.begin_lesson(seed=6)
import keras, numpy as np, time
from keras import layers
from course.instruments import Lens
first, second, heat = map(np.array, {[FIRST.tolist(), SECOND.tolist(), HEAT.tolist()]})
cat, dog = np.array({[CAT.tolist(), DOG.tolist()]}, "float32")
"""
LENS = """
halved = {"strides": 2, "padding": "same"}
network = keras.Sequential([
    keras.Input((24, 30, 3)),
    layers.Conv2D(2, 3, use_bias=False, activation="relu", name="first", **halved),
    layers.MaxPooling2D(2),
    layers.Conv2D(4, 3, use_bias=False, activation="relu", name="second"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax"),
])
network.get_layer("first").set_weights([first])
network.get_layer("second").set_weights([second])
asked = []

def known(model, images, targets):
    asked.append(int(targets[0]))
    return heat[None] * (1 + targets[0])

def slow(model, images, targets):
    while not gate.exists():  # as SmoothGrad of a large network takes its time
        time.sleep(0.02)
    return known(model, images, targets) - 0.5

def broken(model, images, targets):
    raise ValueError("this method is broken")

methods = {"known": known, "slow": slow, "broken": broken}
lens = Lens(network, {"cat": cat, "dog": dog}, classes=("cat", "dog"), methods=methods)
lens"""

# What the page tells the kernel, and every question and answer in their order.
LISTEN = """
window.said = [];
window.kept = {};
window.kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
kernel.anyMessage.connect((_, {msg, direction}) => {
  const {method, state} = msg.content.data ?? {};
  if (method !== "update") return;
  if (direction === "send") Object.assign(kept, state);
  const kind = direction === "send" ? "question" : "answer";
  if (state[kind]) said.push([kind, state[kind].number, state[kind].what ?? "error"]);
});
"""


def activations(image):
    """{layer: (h, w, channels)} by SciPy."""
    # 24 x 30 pixels at stride 2 need 25 x 31: "same" adds its one zero behind.
    padded = np.pad(image, ((0, 1), (0, 1), (0, 0)))
    first = correlated(padded, FIRST)[::2, ::2]
    pooled = first[:12, :14].reshape(6, 2, 7, 2, 2).max(axis=(1, 3))
    return {"first": first, "second": correlated(pooled, SECOND)}


def correlated(image, kernels):
    maps = [
        sum(correlate2d(image[..., k], kernel[..., k], "valid") for k in range(kernel.shape[2]))
        for kernel in np.moveaxis(kernels, -1, 0)
    ]
    return np.maximum(np.stack(maps, axis=-1), 0)


def number(text):
    return float(text.replace("−", "-"))


def place_of(canvas, row, column, beyond):
    """Where a pixel of the image lies, from a canvas's corner, in CSS pixels."""
    side = canvas.bounding_box()["width"]
    scale = side / (max(SIDES) + 2 * beyond)
    top, left = ((side - count * scale) / 2 for count in SIDES)
    return left + (column + 0.5) * scale, top + (row + 0.5) * scale


def hover(page, row, column):
    canvas = page.locator("canvas[data-part=image]")
    canvas.scroll_into_view_if_needed()
    box, (x, y) = canvas.bounding_box(), place_of(canvas, row, column, BEYOND)
    page.mouse.move(box["x"] + x, box["y"] + y)


def expect_activation(page, layer, channel, unit, name="cat"):
    place = f"{name}: {layer}, channel {channel}, row {unit[0]}, column {unit[1]}:"
    expect(page.locator("[data-part=said]")).to_contain_text(place)
    shown = page.locator("[data-part=activation]")
    expect(shown).not_to_have_text("…")
    value = activations({"cat": CAT, "dog": DOG}[name])[layer][(*unit, channel)]
    assert number(shown.inner_text()) == pytest.approx(value, rel=5e-3)


def liveliest(layer, image=CAT):
    return int(activations(image)[layer].std(axis=(0, 1)).argmax())


def ask_python(page, code):
    """What a line of Python prints in the notebook's kernel."""
    return page.evaluate(
        """async (code) => {
          let text = "";
          const future = kernel.requestExecute({code});
          future.onIOPub = ({header, content}) => {
            if (header.msg_type === "stream") text += content.text;
          };
          await future.done;
          return text.trim();
        }""",
        code,
    )


def expect_one_at_a_time(page):
    """No question left before the answer to the one before had come."""
    expect(page.locator(".course-instrument")).to_have_attribute("aria-busy", "false")
    said = page.evaluate("window.said")
    questions, answers = said[::2], said[1::2]
    assert [kind for kind, *_ in said] == ["question", "answer"] * (len(said) // 2)
    assert [number for _, number, _ in questions] == [number for _, number, _ in answers]
    return [what for *_, what in questions]


def heat_pixel(page, row, column):
    """A pixel of the image with heat, as it is on the screen."""
    canvas = page.locator("canvas[data-part=heat]")
    script = (
        "(canvas, at) => [...canvas.getContext('2d').getImageData(...at, 1, 1).data].slice(0, 3)"
    )
    return canvas.evaluate(script, [int(k) for k in place_of(canvas, row, column, 0)])


def test_hover_keys_layer_and_channel(lab):
    page = lab([SETUP, LENS])
    channel = liveliest("first")
    expect(page.locator("[data-part=warmth]")).not_to_be_empty()
    page.evaluate(LISTEN)

    hover(page, 9, 14)  # middles of fields are at 1, 3, ...: 9 lies on one, 14 between two
    expect_activation(page, "first", channel, (4, 7))
    expect(page.locator("[data-part=said]")).to_contain_text(
        "sees 3 × 3 pixels (rows 8 to 10, columns 14 to 16)"
    )
    hover(page, 23, 29)
    expect_activation(page, "first", channel, (11, 14))
    expect(page.locator("[data-part=said]")).to_contain_text("2 × 2 of them in the image")
    page.wait_for_function("JSON.stringify(kept.place) === '[23,29]'")
    assert page.evaluate("said") == []  # nothing was asked
    assert ask_python(page, "print(lens.unit)") == "(11, 14)"

    plane = page.locator("canvas[data-part=map]")
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp", "Shift+ArrowLeft"):
        plane.press(key)
    expect_activation(page, "first", channel, (9, 8))
    page.get_by_role("button", name="strongest place").click()
    maps = activations(CAT)["first"][..., channel]
    strongest = tuple(int(k) for k in np.unravel_index(maps.argmax(), maps.shape))
    expect_activation(page, "first", channel, strongest)

    page.get_by_label("layer", exact=True).press("ArrowDown")
    unit = FIELDS["second"].unit_at(*(2 * k + 1 for k in strongest))
    expect_activation(page, "second", liveliest("second"), unit)
    other = (liveliest("second") + 1) % 4
    page.get_by_label("channel", exact=True).fill(str(other))
    expect_activation(page, "second", other, unit)
    page.get_by_label("image", exact=True).press("ArrowDown")
    expect_activation(page, "second", other, unit, name="dog")
    assert expect_one_at_a_time(page)[:2] == ["maps", "maps"]
    assert page.errors == []


def test_heat_that_takes_its_time(lab, gate):
    gate.touch()
    page = lab([SETUP, f"from pathlib import Path\ngate = Path({str(gate)!r})", LENS])
    title = page.locator("figure:has(> canvas[data-part=heat]) figcaption")
    page.get_by_label("image", exact=True).select_option("dog")
    page.get_by_label("class", exact=True).select_option("dog")
    expect(title).to_contain_text("known for dog: yellow")
    channel = page.get_by_label("channel", exact=True)
    expect_activation(page, "first", int(channel.input_value()), (6, 7), name="dog")
    page.evaluate(LISTEN)
    hover(page, 9, 14)
    heat = resize((2 * HEAT).astype("float32"), SIDES, order=1, mode="edge", anti_aliasing=False)
    warmth = page.locator("[data-part=warmth]")
    expect(page.locator("[data-part=said]")).to_contain_text("known for dog, here")
    assert number(warmth.inner_text()) == pytest.approx(heat[9, 14], rel=5e-3)

    opacity = page.get_by_label("opacity", exact=True)
    for key, share in (("Home", 0.0), ("End", 1.0)):
        opacity.press(key)
        expect(page.get_by_text(f"{share:.0%}".replace("%", " %"), exact=True)).to_be_visible()
        laid_over = explain.overlay(DOG.astype("uint8"), 2 * HEAT, opacity=share, colours="viridis")
        for place in ((3, 4), (20, 25), (9, 4)):
            page.wait_for_function("() => new Promise(requestAnimationFrame)")
            assert np.abs(np.subtract(heat_pixel(page, *place), laid_over[place])).max() <= 2

    gate.unlink()
    page.get_by_label("heatmap", exact=True).select_option("slow")
    expect(title).to_have_text("slow for dog: being computed …")
    expect(page.locator(".waiting")).to_contain_text("asking the kernel")
    hover(page, 1, 1)  # goes on meanwhile
    expect_activation(page, "first", liveliest("first"), (0, 0), name="dog")
    for number_given in ("0", "1", "0", "1"):
        channel.fill(number_given)
    page.get_by_label("layer", exact=True).select_option("second")
    expect(title).to_have_text("slow for dog: being computed …")
    gate.touch()
    best = liveliest("second", DOG)
    expect_activation(page, "second", best, (0, 0), name="dog")
    expect(title).to_contain_text("slow for dog: yellow")
    expect(page.locator(".waiting")).to_be_empty()

    page.get_by_label("heatmap", exact=True).select_option("broken")
    expect(title).to_contain_text("broken for dog failed: ValueError: this method is broken")
    hover(page, 5, 5)  # is no reason to ask for it again
    page.wait_for_function("JSON.stringify(kept.place) === '[5,5]'")
    page.get_by_label("heatmap", exact=True).select_option("slow")  # is still there
    expect(title).to_contain_text("slow for dog: yellow")
    assert expect_one_at_a_time(page) == ["heat", "maps", "heat"]
    page.wait_for_function("kept.method === 'slow'")
    told = ask_python(page, "print(asked[-2:], lens.layer, lens.channel, lens.method)")
    assert told == f"[1, 1] second {best} slow"

    ask_python(page, "lens.layer, lens.channel, lens.place = 'first', 0, [13, 5]")
    expect_activation(page, "first", 0, (6, 2), name="dog")
    expect(page.get_by_label("layer", exact=True)).to_have_value("first")
    assert page.errors == []
