"""All live instruments on one page: nothing sticks out, however narrow; colours suit the theme."""

import pytest
from playwright.sync_api import expect

from course.instruments.base import style_text

CELLS = [
    "import numpy as np\nfrom course.instruments import *\n"
    "AugmentationDesk.picture = lambda self: stepper.picture()  # its own needs TensorFlow\n"
    "random = np.random.default_rng(2)\nimage = random.random((14, 14)).round(2)",
    "stepper = ConvolutionStepper(image, [[-1.0, 0, 1]] * 3, padding='same')\nstepper",
    "ShapeCalculator()",
    "AugmentationDesk(random.integers(0, 256, (24, 30, 3)).astype('uint8'))",
    "GaborBench({'noise': image})",
]
# What is wider than its instrument, or lies outside; what is there for screen readers only is not.
STICKS_OUT = """root => {
    const inside = root.getBoundingClientRect();
    return [...root.querySelectorAll("*")].filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        const hidden = one.closest(".visually-hidden") || getComputedStyle(one).clipPath !== "none";
        return width > 1 && !hidden && (left < inside.left - 1 || right > inside.right + 1);
    }).map((one) => `${one.tagName} ${one.className} “${one.textContent.slice(0, 30)}”`);
}"""
OVERLAPS = """() => {
    const boxes = (selector) => [...document.querySelectorAll(selector)].map((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return { text: one.textContent, left, right, top, bottom };
    });
    const found = [];
    for (const row of document.querySelectorAll(".control:has(input[type=range])")) {
        const parts = [...row.children].map((one) => one.getBoundingClientRect());
        if (row.offsetParent === null) continue;
        parts.slice(1).forEach((part, i) => part.top < parts[i].bottom - 1
            && part.left < parts[i].right - 1 && found.push(row.textContent));
    }
    const captions = boxes(".desk-caption");
    captions.slice(1).forEach((one, i) => one.top < captions[i].bottom - 1
        && one.left < captions[i].right && found.push(one.text));
    return found;
}"""


def widths(page, selector):
    return [
        box["width"] for box in map(lambda one: one.bounding_box(), page.locator(selector).all())
    ]


def test_instruments_fit(exported_page):
    page = exported_page(CELLS)
    page.get_by_role("button", name="Keep this filter").click()
    for tile in (3, 4):
        page.locator(f"[data-version='{tile}']").click()  # "refused" is a long word
    stepper = page.get_by_role("group", name="Convolution stepper")
    for window, cell in ((1280, None), (700, None), (390, None), (700, 332)):
        page.set_viewport_size({"width": window, "height": 844})
        page.evaluate("width => (document.body.style.width = width)", f"{cell}px" if cell else "")
        stepper.get_by_label("padding", exact=True).fill("99")  # says what it takes instead
        # the calculator measures itself, and draws in the frame after that
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        where = f"a window of {window} px" + f", a cell of {cell} px" * bool(cell)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        roots = page.locator(".course-instrument")
        assert roots.count() == 4
        for root in roots.all():
            name = root.get_attribute("aria-label")
            assert root.evaluate(STICKS_OUT) == [], f"{name} in {where}"
        assert page.evaluate(OVERLAPS) == [], where
        panels = widths(page, ".panels figure")
        assert len(panels) == 3 and max(panels) - min(panels) < 1, where
        assert min(panels + widths(page, ".gabor-panels figure")) > 110, where
        assert min(widths(page, ".shape-calculator .code")) > 200, where
    assert page.errors == []


def test_common_style_may_come_again(exported_page):
    """As in JupyterLab, where each instrument brings it, also after another one's own style."""
    page = exported_page(CELLS, width=700)
    expect(page.locator(".gabor-bank")).to_have_attribute("aria-busy", "false")
    look = """() => [...document.querySelectorAll(".course-instrument, .course-instrument *")]
        .map(({ className, offsetLeft, offsetTop, offsetWidth, offsetHeight }) =>
            [String(className), offsetLeft, offsetTop, offsetWidth, offsetHeight].join(" "))"""
    before = page.evaluate(look)
    page.add_style_tag(content=style_text())
    moved = [pair for pair in zip(before, page.evaluate(look), strict=True) if len({*pair}) > 1]
    assert moved == []


def luminance(colour):
    parts = [part / 255 for part in colour]
    return sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("system_is_dark", [False, True], ids=["light", "dark"])
def test_verdicts_are_seen_in_every_theme(open_page, system_is_dark):
    """Frames need a contrast of 3; what the page chose counts, whatever the system prefers."""
    page = open_page("about:blank", dark=system_is_dark)
    page.set_content(
        f'<meta name="color-scheme" content="light dark"><style>{style_text()}</style>'
        '<div class="course-instrument"><p style="color: var(--right)"></p>'
        '<p style="color: var(--wrong)"></p></div>'
    )
    themes = {
        "data-jp-theme-light": {"true": False, "false": True},
        "data-theme": {"light": False, "dark": True, "auto": system_is_dark},
        "data-no-theme": {"": system_is_dark},
    }
    grounds = {False: (255, 255, 255), True: (0x21, 0x21, 0x21)}
    seen = {False: set(), True: set()}
    for name, values in themes.items():
        for value, is_dark in values.items():
            body = page.locator("body")
            body.evaluate("(body, pair) => body.setAttribute(...pair)", [name, value])
            colours = page.locator("p").evaluate_all(
                "all => all.map(one => getComputedStyle(one).color.match(/[0-9]+/g).map(Number))"
            )
            for colour in colours:
                assert contrast(colour, grounds[is_dark]) >= 3, (name, value, colour)
            seen[is_dark].add(str(colours))
            body.evaluate("(body, name) => body.removeAttribute(name)", name)
    assert [len(one) for one in seen.values()] == [1, 1]
