"""Whether everybody can use what a page shows: axe-core's findings, and a walk by keyboard."""

from axe_playwright_python.sync_playwright import Axe

# What the Tab key should come to, in order; of radio buttons one in each group.
STOPS = """root => {
    const groups = new Set();
    const stops = [...root.querySelectorAll("a[href], button, input, select, summary, [tabindex]")]
        .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility())
        .filter((one) => one.type !== "radio" || !groups.has(one.name) && groups.add(one.name));
    stops.forEach((one, i) => (one.dataset.stop = i));
    stops[0].focus();
    return stops.map((one) => `${one.tagName} ${one.ariaLabel ?? one.textContent.slice(0, 30)}`);
}"""
FOCUS = """() => {
    const { dataset, outerHTML } = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    const stop = dataset.stop === undefined ? null : Number(dataset.stop);
    return [stop, seen, outerHTML.slice(0, 150)];
}"""


def violations(page, selector=None):
    """What axe-core finds wrong on a page, or in the elements that a selector finds; a list."""
    found = Axe().run(page, selector).response["violations"]
    return [
        f"{rule['id']} ({rule['help']}): {node['html'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def walk(page, root):
    """Press Tab from the first control of an element to its last, and out of it.

    Each control has to be reached, in its order, and to show that it has the focus.
    """
    stops = root.evaluate(STOPS)
    for expected in range(1, len(stops)):
        page.keyboard.press("Tab")
        at, seen, what = page.evaluate(FOCUS)
        assert at == expected, f"Tab came to {what}, instead of {stops[expected]}"
        assert seen, f"the focus isn't seen on {what}"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[0] is None, f"Tab stays within {stops[-1]}"
    root.evaluate(
        "root => root.querySelectorAll('[data-stop]').forEach((one) => delete one.dataset.stop)"
    )
