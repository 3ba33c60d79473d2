"""The shape calculator in a browser: typed into, rearranged, broken, mended, and read in Python."""

import re

import pytest
from playwright.sync_api import expect

from course.instruments.shape_calculator import LESSON_2, ShapeCalculator

START = "from course.instruments import ShapeCalculator\n"
NAMES = ("shape", "parameters", "multiply_adds", "receptive_field", "jump")


def shown(page):
    """The page's table, as texts, one row a layer."""
    rows = page.locator("tr[data-layer]:not(.input)")
    return [
        [row.locator(f"[data-part={name}]").inner_text() for name in NAMES] for row in rows.all()
    ]


def as_shown(stack):
    """Python's table as the page writes it."""

    def text(value):
        if value is None:
            return "—"
        return " × ".join(f"{number:,}" for number in (value if type(value) is tuple else [value]))

    return [[text(row[name]) for name in NAMES] for row in stack.rows()]


def code(page):
    return page.locator("[data-part=code]")


def expect_stack(page, shape, layers):
    """The page's code and numbers are those of this stack; gives it."""
    stack = ShapeCalculator(shape, layers)
    expect(code(page)).to_have_text(stack.code)  # the last thing that a frame writes
    assert shown(page) == as_shown(stack)
    totals = [f"{n:,}" if n is not None else "—" for n in stack.totals().values()]
    assert [page.locator(f"[data-part=all-{n}]").inner_text() for n in NAMES[1:3]] == totals
    return stack


def keras_shapes(text):
    """(output shapes, parameters) of the model that the code makes."""
    import keras

    names = {"keras": keras, "layers": keras.layers}
    exec(text, names)
    model = names["model"]
    shapes = [layer.output.shape[1:] for layer in model.layers]
    return [" × ".join(f"{n:,}" for n in one) for one in shapes], model.count_params()


def type_into(page, label, text):
    field = page.get_by_label(label, exact=True)
    field.focus()
    field.press("Control+a")
    page.keyboard.type(text)


def test_typing_adding_and_moving_change_everything_that_follows(exported_page):
    page = exported_page([START + "ShapeCalculator()"])
    expect_stack(page, (28, 28, 1), LESSON_2)
    assert page.locator("[data-part=all-parameters]").inner_text() == "93,322"
    expect(page.locator("[data-part=looked-at]")).to_contain_text("sees 18 × 18 pixels of 28 × 28")

    type_into(page, "kernel of layer 1", "5")
    layers = ["Conv2D(32, 5)", *LESSON_2[1:]]
    expect_stack(page, (28, 28, 1), layers)
    expect(page.locator("[data-part=looked-at]")).to_contain_text(
        "Layer 1, Conv2D: gives maps of 24"
    )

    add = page.locator("[data-part=add]")
    expect(add).to_have_text("add it below layer 1")
    page.get_by_label("a new layer:").select_option("SeparableConv2D")
    add.press("Enter")
    layers.insert(1, "SeparableConv2D(32, 3)")
    expect_stack(page, (28, 28, 1), layers)
    type_into(page, "filters of layer 2", "48")
    page.get_by_label("padding of layer 2").select_option("same")
    layers[1] = "SeparableConv2D(48, 3, padding='same')"
    stack = expect_stack(page, (28, 28, 1), layers)
    shapes, parameters = keras_shapes(code(page).inner_text())
    assert [row[0] for row in shown(page)] == shapes
    assert stack.totals()["parameters"] == parameters

    down = page.get_by_role("button", name="move layer 2 down")
    down.press("Enter")
    expect(page.get_by_role("button", name="move layer 3 down")).to_be_focused()
    layers[1:3] = layers[2], layers[1]
    expect_stack(page, (28, 28, 1), layers)
    page.keyboard.press("Shift+Tab")  # to "up"
    expect(page.get_by_role("button", name="move layer 3 up")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="move layer 1 down")).to_be_focused()  # no further up
    layers[0:3] = layers[2], layers[0], layers[1]
    expect_stack(page, (28, 28, 1), layers)
    page.get_by_role("button", name="remove layer 1").press("Enter")
    expect(page.get_by_role("button", name="remove layer 1")).to_be_focused()
    expect_stack(page, (28, 28, 1), layers[1:])

    type_into(page, "width", "120")
    type_into(page, "height", "70")
    type_into(page, "channels", "3")
    expect_stack(page, (70, 120, 3), layers[1:])
    type_into(page, "pool of layer 2", "3")  # its stride follows, as in Keras
    expect(page.get_by_label("stride of layer 2")).to_have_value("3")
    expect_stack(page, (70, 120, 3), [layers[1], "MaxPooling2D(3)", *layers[3:]])
    assert page.errors == []


def test_a_layer_that_does_not_fit_says_why_and_is_mended(exported_page):
    page = exported_page([START + "ShapeCalculator()"], width=700, dark=True)
    type_into(page, "kernel of layer 5", "6")
    stack = expect_stack(page, (28, 28, 1), [*LESSON_2[:4], "Conv2D(64, 6)", *LESSON_2[5:]])
    assert [row[0] for row in shown(page)][3:] == ["5 × 5 × 64", "—", "—", "—", "—"]
    problem = page.locator("[data-part=problem]:visible")
    text = "Layer 5 does not fit: a kernel of 6 spans 6 × 6, and its input is only 5 × 5"
    expect(problem).to_contain_text(text)
    expect(page.get_by_role("status").first).to_contain_text(text)
    expect(page.get_by_label("kind of layer 5")).to_have_attribute("aria-invalid", "true")
    with pytest.raises(ValueError):
        keras_shapes(stack.code)
    page.get_by_label("padding of layer 5").select_option("same")
    same = [*LESSON_2[:4], "Conv2D(64, 6, padding='same')", *LESSON_2[5:]]
    expect_stack(page, (28, 28, 1), same)
    expect(problem).to_have_count(0)

    kernel = page.get_by_label("kernel of layer 1")
    type_into(page, "kernel of layer 1", "99")  # out of range: marked, said, and not taken over
    page.keyboard.press("Tab")
    expect(kernel).to_have_value("99")
    expect(kernel).to_have_attribute("aria-invalid", "true")
    expect(kernel).to_have_accessible_description(re.compile("from 1 to 31.* 9 counts"))
    page.get_by_label("kind of layer 6").select_option("Dense")
    expect(problem).to_contain_text("put Flatten or GlobalAveragePooling2D before it")
    for _ in range(8):
        page.get_by_role("button", name="remove layer 1").press("Enter")
    expect(page.locator("[data-part=add]")).to_be_focused()
    expect_stack(page, (28, 28, 1), [])
    expect(page.get_by_text("from 1 to 31")).to_have_count(0)  # it was of a layer that is gone
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect_stack(page, (28, 28, 1), ["Conv2D(32, 3)"] * 2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.errors == []


def test_results_are_hidden_until_they_are_revealed(exported_page):
    page = exported_page([START + "ShapeCalculator(hide_shapes=True)"])
    stack = as_shown(ShapeCalculator())
    hidden = ["? reveal", "?", "?", "?", "?"]
    expect(page.locator("[data-part=all-parameters]")).to_have_text("?")
    assert shown(page) == [hidden] * 8
    texts = "[...document.querySelectorAll('[data-part=boxes] text')].map(one => one.textContent)"
    assert [text for text in page.evaluate(texts) if "×" in text] == ["28×28×1"]
    page.get_by_role("button", name="reveal the results of layer 1").press("Enter")
    expect(page.get_by_label("kind of layer 1")).to_be_focused()
    assert [text for text in page.evaluate(texts) if "×" in text] == ["28×28×1", "26×26×32"]
    assert shown(page) == [stack[0], *[hidden] * 7]
    for layer in range(2, 9):
        page.get_by_role("button", name=f"reveal the results of layer {layer}").click()
    expect(page.locator("[data-part=all-parameters]")).to_have_text("93,322")
    assert shown(page) == stack
    predict = page.get_by_label("Predict: hide the results")
    predict.press("Space")
    predict.press("Space")
    expect(page.locator("[data-part=all-parameters]")).to_have_text("?")  # all hidden anew
    assert page.errors == []


def test_boxes_and_fields_are_drawn_to_scale(exported_page):
    page = exported_page([START + "ShapeCalculator()"], width=940)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("table.narrow").count() == 0
    boxes = page.locator("[data-part=boxes]")
    heights = [float(box.get_attribute("height")) for box in boxes.locator(".box").all()]
    assert [round(28 * high / heights[0]) for high in heights[:6]] == [28, 26, 13, 11, 5, 3]
    widths = [float(box.get_attribute("width")) for box in boxes.locator(".box").all()]
    doubling = (widths[1] - widths[0]) / 5  # 32 channels are five doublings of one
    assert widths[3] == pytest.approx(widths[0] + 6 * doubling)
    rows = ShapeCalculator().rows()
    boxes.focus()
    for key, place in (("Home", None), ("ArrowRight", 0), ("ArrowRight", 1), ("End", 7)):
        page.keyboard.press(key)
        expect(boxes).to_have_attribute("aria-valuenow", "0" if place is None else str(place + 1))
        field = page.locator("[data-part=fields] .field")
        image = page.locator("[data-part=fields] .image")
        unit = float(image.get_attribute("width")) / 28
        size = rows[place]["receptive_field"][1] if place is not None else 1
        assert float(field.get_attribute("width")) / unit == pytest.approx(size)
    box = boxes.locator("[data-place='4']").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 30)
    expect(boxes).to_have_attribute("aria-valuetext", re.compile("Layer 5, Conv2D.*18 × 18 pixels"))
    expect(page.locator("tr.selected")).to_have_attribute("data-layer", "5")
    left = (float(field.get_attribute("x")) - float(image.get_attribute("x"))) / unit
    assert left == pytest.approx(rows[4]["middle"][1])
    page.get_by_role("button", name="copy the code").click()
    expect(page.locator(".copied")).to_have_text(re.compile("copied|It is selected"))
    assert page.errors == []


def test_python_and_the_browser_follow_each_other(lab):
    again = "stack.layers = stack.layers[:2]\nstack.input_shape = (70, 120, 3)"
    page = lab(
        [START + "stack = ShapeCalculator()\nstack", "print(stack.code)", f"if 0: {again!r}"]
    )
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    output = cells.nth(1).locator(".jp-OutputArea-output pre")
    expect(output).to_have_text(ShapeCalculator().code)
    type_into(page, "kernel of layer 1", "5")
    page.get_by_label("kind of layer 7").focus()
    page.get_by_label("a new layer:").select_option("Dense")
    page.locator("[data-part=add]").click()
    type_into(page, "units of layer 8", "32")
    layers = ["Conv2D(32, 5)", *LESSON_2[1:7], "Dense(32)", LESSON_2[7]]
    stack = expect_stack(page, (28, 28, 1), layers)
    cells.nth(1).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(output).to_have_text(stack.code)
    shapes, parameters = keras_shapes(output.inner_text())
    assert [row[0] for row in shown(page)] == shapes
    assert page.locator("[data-part=all-parameters]").inner_text() == f"{parameters:,}"

    cells.nth(2).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(again)
    page.keyboard.press("Control+Enter")
    expect_stack(page, (70, 120, 3), layers[:2])
    expect(page.get_by_label("height", exact=True)).to_have_value("70")
    boxes = page.locator("[data-part=boxes]")
    boxes.focus()
    boxes.press("b")  # for JupyterLab, outside of an instrument: insert a cell below
    boxes.press("ArrowLeft")
    expect(boxes).to_have_attribute("aria-valuenow", "1")
    assert page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length") == 4
    assert page.errors == []
