"""Sphinx extension: formulas as MathML, which browsers show with no script, font or network."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise

from docutils import nodes
from latex2mathml.converter import convert

SPACE = "{http://www.w3.org/1998/Math/MathML}"
LARGE_OPERATORS = {"∑", "∏", "⋃", "⋂", "max", "min", "lim"}
FUNCTIONS = {"cos", "exp", "ln", "log", "sin", "tan"}
# What a function's name keeps a distance from; brackets and operators bring their own.
OPERANDS = {SPACE + tag for tag in ("mi", "mn", "msup", "msub", "mfrac")}
# After these a minus is a sign; an empty element stands where a column of an alignment begins.
OPENING = {"=", "(", "[", ",", None}
# Names of spaces that MathML Core has dropped: browsers take lengths only.
LENGTHS = {"negativethinmathspace": "-0.167em", "thinmathspace": "0.167em"}

ElementTree.register_namespace("", SPACE[1:-1])


def mathml(latex, *, display=False):
    """A formula as browsers show it.

    Args:
        latex: the formula without its dollars.
        display: whether it stands on lines of its own.
    Returns:
        a `<math>` element.
    Raises:
        ValueError: the formula has a part that the converter doesn't know.
    Source: latex2mathml; `_mend` adds what MathML Core wants besides.
    """
    known = latex.replace("{aligned}", "{split}")  # the same thing under another name
    try:
        root = ElementTree.fromstring(convert(known, display="block" if display else "inline"))
        understood = not any("\\" in (part.text or "") for part in root.iter())
    except Exception:  # latex2mathml has a dozen kinds, and lets other ones through
        understood = False
    if not understood:
        raise ValueError(
            f"the formula {latex!r} has a part that latex2mathml doesn't know; "
            "write it with other commands, and look at the page"
        )
    for element in list(root.iter()):
        _mend(element)
    root.set("alttext", " ".join(latex.split()))
    return ElementTree.tostring(root, encoding="unicode")


def _mend(element):
    """Limits below large operators, signs, room beside functions' names, aligned columns."""
    if element.tag in (SPACE + "msub", SPACE + "msubsup") and element[0].text in LARGE_OPERATORS:
        element.tag = SPACE + {"msub": "munder", "msubsup": "munderover"}[element.tag[len(SPACE) :]]
        element[0].set("movablelimits", "true")  # to the side, where it stands in a line of text
    if element.get("width") in LENGTHS:
        element.set("width", LENGTHS[element.get("width")])
    if "columnalign" in element.attrib:
        element.set("style", f"text-align: {element.attrib.pop('columnalign')}")
    if element.get("columnspacing", "").startswith("0em"):
        element.set("class", "aligned")
    for before, part in pairwise(element):
        if part.text == "−" and before.text in OPENING:
            part.set("form", "prefix")
    for place in reversed(range(len(element) - 1)):
        pair = element[place], element[place + 1]
        named = any(part.text in FUNCTIONS for part in pair)
        if named and all(part.tag in OPERANDS for part in pair):
            element.insert(place + 1, ElementTree.Element(SPACE + "mspace", width="0.167em"))


def visit_inline(translator, node):
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(translator, node):
    translator.body.append(f'<div class="formula">{mathml(node.astext(), display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer(
        "mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
