"""Sphinx extension: what a lesson's page has besides its notebook's cells."""

import re
from pathlib import Path

from docutils import nodes
from mathml import mathml

VERBATIM = re.compile(r"(<code\b.*?</code>|<pre\b.*?</pre>)", re.DOTALL)
BLOCK_FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
FORMULA = re.compile(r"\$([^$\n]+?)\$")
# What the theme leaves out, for those who go from heading to heading, or from part to part.
LEFT_OUT = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
}
NOTEBOOK_LINK = re.compile(r'href="(\d\d_\w+)\.ipynb')


def mark_parts(app, doctree):
    """Names for the stylesheet: the lesson's question, its aims, and where to predict."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        bold = [part.astext() for part in paragraph.children if isinstance(part, nodes.strong)]
        if "Predict." in bold:
            paragraph["classes"].append("predict")
        elif bold == [paragraph.astext()]:
            before = paragraph.parent[max(paragraph.parent.index(paragraph) - 1, 0)]
            after = paragraph.next_node(descend=False, siblings=True)
            if isinstance(before, nodes.title):
                paragraph["classes"].append("question")
            elif isinstance(after, nodes.enumerated_list):
                box = nodes.container("", paragraph.deepcopy(), after.deepcopy(), classes=["aims"])
                paragraph.parent.remove(after)
                paragraph.replace_self(box)


def html_as_in_jupyter(text):
    """Formulas and links to notebooks within a lesson's own HTML, such as `<details>`."""
    pieces = VERBATIM.split(text)
    for place in range(0, len(pieces), 2):  # every second piece is verbatim
        piece = BLOCK_FORMULA.sub(lambda found: mathml(found[1], display=True), pieces[place])
        piece = FORMULA.sub(lambda found: mathml(found[1]), piece)
        pieces[place] = NOTEBOOK_LINK.sub(r'href="\1.html', piece)
    return "".join(pieces)


def mend_html(app, doctree):
    for raw in list(doctree.findall(nodes.raw)):
        if raw.get("format") == "html" and "output" not in raw["classes"]:
            text = html_as_in_jupyter(raw.astext())
            raw.replace_self(nodes.raw("", text, format="html", classes=raw["classes"]))


def add_instruments(app, pagename, templatename, context, doctree):
    """The script and style of the page's instruments, where it has any."""
    for suffix, add in ((".js", app.add_js_file), (".css", app.add_css_file)):
        name = f"instruments/{pagename}{suffix}"
        if (Path(app.srcdir) / "_static" / name).exists():
            add(name, **({"loading_method": "defer"} if suffix == ".js" else {}))


def mend_theme(app, exception):
    """Write into all pages what the theme leaves out."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for part, whole in LEFT_OUT.items():
            text = text.replace(part, whole)
        page.write_text(text, encoding="utf-8")


def setup(app):
    app.connect("doctree-read", mark_parts)
    app.connect("doctree-read", mend_html)
    app.connect("html-page-context", add_instruments)
    app.connect("build-finished", mend_theme)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
