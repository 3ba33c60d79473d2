"""The HTML edition: links lead somewhere, nothing comes from elsewhere, formulas are formulas.

What needs a browser is in tests/browser/test_browser_site.py.
"""

import json
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import nbformat
import pytest
from small_site import PAGE, notebook_of, small_site

from course.exercises import load_exercise
from tools import build_lessons, build_site, colab
from tools.address import Address
from tools.readme import heading_of
from tools.site_links import dead_links
from tools.staleness import LESSONS, NOTEBOOKS, lessons

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools" / "site"))

from mathml import mathml  # noqa: E402

NAMES = [source.stem for source in lessons()]
VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
every_lesson = pytest.mark.parametrize("name", NAMES)


class Page(HTMLParser):
    """A page's elements, its text outside of code, and where its tags don't nest."""

    def __init__(self, path):
        super().__init__()
        self.path, self.elements, self.open, self.badly_nested, self.text = path, [], [], [], ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.badly_nested += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
            return
        self.badly_nested.append(f"line {self.getpos()[0]}: </{tag}> within {self.open[-3:]}")
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data):
        if not {"code", "pre", "script", "style"} & set(self.open):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self):
        return {attributes["id"] for _, attributes in self.elements if attributes.get("id")}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return small_site(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site):
    return {path.stem: Page(path) for path in site.glob("*.html")}


def formulas_of(name):
    """Formulas in the prose of a stored notebook: (block, inline)."""
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]*`|<code>.*?</code>", "", text, flags=re.DOTALL)
    blocks = re.findall(r"\$\$.+?\$\$", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)
    return len(blocks), len(re.findall(r"\$[^$]+?\$", text))


# ---- the site -------------------------------------------------------------------------------


def test_every_lesson_has_a_page(pages):
    assert set(pages) == {"index", "search", "glossary", PAGE, *NAMES}


def test_no_internal_link_is_dead(site):
    assert dead_links(site) == []


def test_the_link_checker_finds_dead_links(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="#gone">2</a><img src="no.png">'
        '<a href="b.html#there">3</a><a href="b.html#not">4</a><a href="https://x.org/y">5</a></p>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    assert dead_links(tmp_path) == ["a.html: #gone", "a.html: no.png", "a.html: b.html#not"]


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for name, page in pages.items():
        loaded = [a.get("src") for tag in ("script", "img", "iframe") for a in page.all(tag)]
        loaded += [a.get("href") for a in page.all("link")]
        assert [url for url in loaded if url and re.match(r"(\w+:)?//", url)] == [], name
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(['\"]?(https?:)?//", text), style.name


def test_no_page_is_heavy(site, pages):
    for name, page in pages.items():
        loaded = {a["src"] for tag in ("script", "img") for a in page.all(tag) if "src" in a}
        loaded |= {a["href"] for a in page.all("link") if a.get("rel") == "stylesheet"}
        files = [site / urlsplit(url).path for url in loaded if not url.startswith("data:")]
        size = (site / f"{name}.html").stat().st_size + sum(f.stat().st_size for f in files)
        assert size < build_site.MAX_PAGE_BYTES == 3_000_000, f"{name}: {size}"


def test_titles_and_order(pages):
    course = build_site.README.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    order = ["index", *NAMES, PAGE]
    for place, name in enumerate(order):
        page = pages[name]
        head = page.path.read_text(encoding="utf-8").split("</head>")[0]
        assert re.search(rf"<title>.*{re.escape(course)}</title>", head)
        assert len(page.all("h1")) == 1
        related = {
            a["rel"]: a["href"] for a in page.all("link") if a.get("rel") in ("prev", "next")
        }
        expected = {"prev": order[place - 1] + ".html"} if place else {}
        after = [*order, "exercises/01_convolution"][place + 1]
        expected |= {"next": f"{after}.html"}
        assert related == expected


@pytest.mark.parametrize("name", NAMES[1:])
def test_exercises_can_be_read(site, name):
    page = Page(site / "exercises" / f"{name}.html")
    assert f"../{name}.html" in [a.get("href") for a in page.all("a")]
    assert f"exercises/{name}.html" in (site / f"{name}.html").read_text(encoding="utf-8")
    notebook = build_site.stored_exercise(load_exercise(name))
    attached = [cell for cell in notebook.cells if cell.get("attachments")]
    shown = [image for image in page.all("img") if "/_images/" in image["src"]]
    assert len(shown) == len(attached) and all(image["alt"] for image in shown)


@every_lesson
def test_page_shows_its_lesson(pages, name):
    notebook = build_site.stored(LESSONS / f"{name}.py")
    title, question = heading_of(notebook)
    text = " ".join(pages[name].text.replace("’", "'").split())
    assert title in text and question in text
    headings = re.findall(r"^## (.+)$", "\n".join(c.source for c in notebook.cells), re.MULTILINE)
    assert len(pages[name].all("h2")) == len([h for h in headings if h])
    html = pages[name].path.read_text(encoding="utf-8")
    assert html.count('class="cell_input ') == sum(c.cell_type == "code" for c in notebook.cells)
    figures = [
        o
        for c in notebook.cells
        for o in c.get("outputs", [])
        if {"image/png", "image/jpeg"} & set(o.get("data", {}))
    ]
    assert html.count("_images/") == len(figures)


@every_lesson
def test_formulas_are_formulas(pages, name):
    blocks, inline = formulas_of(name)
    shown = [attributes.get("display") for attributes in pages[name].all("math")]
    assert (shown.count("block"), shown.count("inline")) == (blocks, inline)
    assert "$" not in pages[name].text and "\\" not in pages[name].text


def test_tags_nest(pages):
    """An answer of an exercise that isn't indented falls out of its `<details>`."""
    assert {name: p.badly_nested for name, p in pages.items() if p.badly_nested} == {}


def test_every_picture_has_a_text(pages):
    for name, page in pages.items():
        assert [a for a in page.all("img") if not a.get("alt")] == [], name
    thumbnails = [a for a in pages["index"].all("img") if "thumbnails" in a["src"]]
    assert [a["alt"] for a in thumbnails] == [f"A figure of lesson {int(n[:2])}" for n in NAMES]


def test_search_index_knows_the_words(site):
    assert '"gabor":' in (site / "searchindex.js").read_text(encoding="utf-8")


# ---- a page with everything ------------------------------------------------------------------


def test_instrument_is_on_the_page_with_its_picture(site, pages):
    (host,) = [a for a in pages[PAGE].all("div") if "data-instrument" in a]
    assert host["data-instrument"] == "convolution_stepper"
    scripts = [a["src"] for a in pages[PAGE].all("script") if "src" in a]
    assert any(src.startswith(f"_static/instruments/{PAGE}.js") for src in scripts)
    html = pages[PAGE].path.read_text(encoding="utf-8")
    assert re.search(
        r'data-instrument="convolution_stepper"><img alt="[^"]+" src="data:image', html
    )
    assert "1 live figure<" in (site / "index.html").read_text(encoding="utf-8")


def test_pages_without_instruments_load_no_instrument(pages):
    for name in NAMES:  # stored: all figures are pictures
        assert "instruments/" not in pages[name].path.read_text(encoding="utf-8")


def test_sliders_are_a_picture_that_says_so(pages):
    html = pages[PAGE].path.read_text(encoding="utf-8")
    assert html.count(build_site.NEEDS_KERNEL) == 1
    assert 'alt="A rising line. end = 0.5."' in html
    assert "widget" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL).lower()


def test_formulas_and_links_in_details_and_tables(pages):
    html = pages[PAGE].path.read_text(encoding="utf-8")
    details = re.search(r"<details>.*?</details>", html, re.DOTALL)[0]
    assert "<msup><mi>c</mi><mn>2</mn></msup>" in details
    assert "<code>$HOME and $PATH</code>" in details
    assert 'href="01_convolution.html"' in details
    table = re.search(r"<table.*?</table>", html, re.DOTALL)[0]
    assert "<munder>" in table and 'href="03_cats_and_dogs.html"' in table


def test_parts_of_a_lesson_are_marked(pages):
    html = pages[PAGE].path.read_text(encoding="utf-8")
    assert re.search(r'<p class="question"><strong>What stays alive\?', html)
    assert re.search(r'<p class="predict">', html)
    assert re.search(r'<div class="aims[^"]*">\s*<p><strong>You will learn', html)


# ---- building -------------------------------------------------------------------------------


@pytest.fixture
def old_site(tmp_path):
    target = tmp_path / "site"
    target.mkdir()
    (target / "index.html").write_text("the old one")
    return target


def test_a_dead_link_fails_the_build_and_leaves_the_old_site(old_site):
    raw = '# 0. X\n\n**Why?**\n\n<a href="gone.html">there</a>, <a href="#nowhere">here</a>'
    with pytest.raises(ValueError, match=r"00_x.html: gone.html\n00_x.html: #nowhere"):
        build_site.build({"00_x": notebook_of(raw)}, old_site)
    assert (old_site / "index.html").read_text() == "the old one"


def test_an_unknown_formula_fails_the_build(old_site):
    with pytest.raises(ValueError, match="latex2mathml doesn't know"):
        build_site.build({"00_x": notebook_of("# 0. X\n\n**Why?**\n\n$\\nonsense x$")}, old_site)
    assert (old_site / "index.html").read_text() == "the old one"


def test_a_heavy_page_is_refused(old_site, monkeypatch):
    monkeypatch.setattr(build_site, "MAX_PAGE_BYTES", 1000)
    with pytest.raises(ValueError, match=r"00_plain.html: .* MB, over 0.001 MB"):
        build_site.build({"00_plain": notebook_of("# 0. Plain\n\n**Why?**", "1 + 1")}, old_site)
    assert (old_site / "index.html").read_text() == "the old one"


def test_a_lesson_is_executed_once(tmp_path, monkeypatch, capsys):
    source = tmp_path / "00_small.py"
    source.write_text("# %% [markdown]\n# # 0. Small\n#\n# **Why?**\n\n# %%\n40 + 2\n")
    monkeypatch.setattr(build_site, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(build_site, "mark_of_lesson", lambda source: source.read_text())
    (output,) = build_site.executed(source).cells[1].outputs
    assert output.data["text/plain"] == "42"
    monkeypatch.setattr(build_site, "execute", None)  # calling it would fail
    assert build_site.executed(source).cells[1].outputs[0] == output
    assert "00_small: up to date" in capsys.readouterr().out
    source.write_text(source.read_text().replace("40", "50"))
    assert build_site.executed(source, only_cached=True).cells[1].outputs[0] == output
    with pytest.raises(TypeError):
        build_site.executed(source)


def test_a_lesson_that_fails_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(build_site, "CACHE", tmp_path / "cache")
    source = tmp_path / "00_broken.py"
    source.write_text("# %%\n1 / 0\n")
    with pytest.raises(ValueError, match=r"00_broken fails: (.|\n)*ZeroDivisionError"):
        build_site.executed(source)
    source.write_text('# %%\nimport warnings\nwarnings.warn("beware")\n')
    with pytest.raises(ValueError, match=r"00_broken: .*shows an error or a warning(.|\n)*beware"):
        build_site.executed(source)
    assert not (tmp_path / "cache").exists()


# ---- from sources, whatever stands in notebooks/ -----------------------------------------------

LESSON = """\
# %% [markdown]
# # 0. Small
#
# **Why?**

# %%
40 + 2

# %% [markdown]
# ## The end

# %%
"and"
"""
SMALL = Path(__file__).parent / "small_exercise"
MINE = "what somebody wrote"


def results(notebook, text):
    """Give each code cell a result, as a kernel would."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=text)]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A lesson and an exercise with their stored notebooks; executing is only noted down."""
    notebooks = tmp_path / "notebooks"
    monkeypatch.setattr(build_site, "ROOT", tmp_path)
    monkeypatch.setattr(build_site, "NOTEBOOKS", notebooks)
    monkeypatch.setattr(build_site, "SOLVED", notebooks / "exercises" / "solutions")
    monkeypatch.setattr(build_site, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(build_site, "mark_of_lesson", lambda source: source.read_text())
    monkeypatch.setattr(build_lessons, "published", lambda: None)
    (source := tmp_path / "00_small.py").write_text(LESSON)
    exercise = load_exercise(SMALL)
    built = {
        notebooks / "00_small.ipynb": build_site.read_lesson(source),
        build_site.SOLVED / f"{exercise.id}.ipynb": build_site.solutions_notebook(exercise),
    }
    for path, notebook in built.items():
        results(notebook, "as built")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(build_lessons.finished(notebook, "mark"), path)
    learners = notebooks / "exercises" / f"{exercise.id}.ipynb"
    nbformat.write(build_site.student_notebook(exercise, notebook), learners)
    runs = []

    def execute(notebook, settings, *, timeout):
        runs.append(notebook)
        results(notebook, "executed")

    monkeypatch.setattr(build_site, "execute", execute)
    return SimpleNamespace(
        source=source, exercise=exercise, paths=[*built, learners], runs=runs, folder=tmp_path
    )


def change(path, how):
    notebook = nbformat.read(path, as_version=4)
    how(notebook)
    nbformat.write(notebook, path)


def answer(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = f"{MINE!r}"
    results(notebook, MINE)


def add_a_cell(notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell(MINE))
    notebook.cells.insert(1, nbformat.v4.new_code_cell(f"print({MINE!r})"))


def edit_the_text(notebook):
    notebook.cells[0].source += f"\n\n{MINE}"


def edit_the_code(notebook):
    notebook.cells[1].source = f"{MINE!r}"


def save_results(notebook):
    results(notebook, MINE)


def attach(notebook):
    notebook.cells[0]["attachments"] = {f"{MINE}.png": {"image/png": "AAAA"}}


CHANGES = [answer, add_a_cell, edit_the_text, edit_the_code, save_results, attach]
every_change = pytest.mark.parametrize("how", CHANGES, ids=lambda how: how.__name__)


def as_text(notebook):
    return json.dumps([notebook.cells, notebook.metadata], sort_keys=True)


@every_change
def test_stored_notebooks_give_results_of_the_build_alone(house, how, capsys):
    before = [build_site.stored(house.source), build_site.stored_exercise(house.exercise)]
    assert all("as built" in as_text(notebook) for notebook in before)
    assert capsys.readouterr().out == ""
    for path in house.paths:
        change(path, how)
    after = [build_site.stored(house.source), build_site.stored_exercise(house.exercise)]
    assert all(MINE not in as_text(notebook) for notebook in after)
    for old, new in zip(before, after, strict=True):
        count = [sum(cell.cell_type == "code" for cell in n.cells) for n in (old, new)]
        assert count[0] == count[1]
    if how is not attach:
        said = capsys.readouterr().out
        assert "notebooks/00_small.ipynb" in said and "make lessons LESSON=00" in said
        assert f"solutions/{house.exercise.id}.ipynb" in said and "make exercises" in said


def test_of_an_edited_lesson_the_other_results_are_shown(house):
    change(house.paths[0], edit_the_code)
    first, second = (c for c in build_site.stored(house.source).cells if c.cell_type == "code")
    assert (first.source, first.outputs) == ("40 + 2", [])
    assert second.outputs[0]["text"] == "as built"


@every_change
def test_executed_pages_don_t_look_at_notebooks(house, how):
    for path in house.paths:
        change(path, how)
    made = [build_site.executed(house.source), build_site.executed_exercise(house.exercise)]
    assert len(house.runs) == 2
    assert all(
        "executed" in as_text(notebook) and MINE not in as_text(notebook) for notebook in made
    )
    again = [build_site.executed(house.source), build_site.executed_exercise(house.exercise)]
    assert len(house.runs) == 2 and list(map(as_text, again)) == list(map(as_text, made))
    build_site.executed_exercise(house.exercise, force=True)
    assert len(house.runs) == 3


@every_change
def test_what_is_not_executed_now_comes_from_the_cache_or_as_stored(house, how):
    for path in house.paths:
        change(path, how)
    made = [
        build_site.executed(house.source, only_cached=True),
        build_site.executed_exercise(house.exercise, only_cached=True),
    ]
    assert house.runs == [] and all(MINE not in as_text(notebook) for notebook in made)
    build_site.executed_exercise(house.exercise)
    kept = build_site.executed_exercise(house.exercise, only_cached=True)
    assert len(house.runs) == 1 and "executed" in as_text(kept)


def test_a_good_build_replaces_the_site_and_has_no_answer_on_any_page(house, old_site):
    change(house.paths[-1], answer)
    exercises = {house.exercise.id: build_site.stored_exercise(house.exercise)}
    notebooks = {"00_small": build_site.stored(house.source)}
    task = f"exercises/{house.exercise.id}.html"
    pages = build_site.build(notebooks, old_site, exercises)
    assert set(pages) == {"00_small.html", "index.html", "search.html", "glossary.html", task}
    assert "the old one" not in (old_site / "index.html").read_text()
    assert not old_site.with_name("site_old").exists()
    text = (old_site / task).read_text()
    assert "NotImplementedError" in text and "as built" in text
    for solution in (c.solution for c in house.exercise.cells if c.source != c.solution):
        assert solution not in unescape(re.sub(r"<[^>]+>", "", text))
    for path in old_site.rglob("*"):
        assert path.is_dir() or MINE.encode() not in path.read_bytes(), path.name


def test_a_solution_that_fails_is_named(house, monkeypatch):
    monkeypatch.setattr(build_site, "execute", lambda notebook, *_, **__: results(notebook, "x"))
    error = nbformat.v4.new_output("stream", name="stderr", text="beware")
    monkeypatch.setattr(
        build_site, "clean", lambda notebook: notebook.cells[1].update(outputs=[error])
    )
    with pytest.raises(ValueError, match=rf"exercises/{house.exercise.id}: (.|\n)*beware"):
        build_site.executed_exercise(house.exercise)
    assert not (house.folder / "cache").exists()


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", "[]", '{"cells": 1}'])
def test_a_notebook_that_cannot_be_read_is_named(house, text):
    for path in house.paths:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"00_small\.ipynb.*make lessons LESSON=00"):
        build_site.stored(house.source)
    with pytest.raises(ValueError, match=r"solutions/.*\.ipynb.*make exercises"):
        build_site.stored_exercise(house.exercise)


def test_the_cell_for_colab_is_on_no_page(house):
    address = Address("ada", "course")
    for path in house.paths:
        change(path, lambda notebook: colab.with_cell(notebook, address))
    made = [build_site.stored(house.source), build_site.stored_exercise(house.exercise)]
    assert all("as built" in as_text(n) and "pip" not in as_text(n) for n in made)


def test_a_lesson_that_was_never_built_is_named():
    with pytest.raises(ValueError, match="run `make lessons LESSON=77`"):
        build_site.stored(Path("77_missing.py"))


# ---- links of the first page -------------------------------------------------------------------

LINKED = """\
[one](notebooks/01_x.ipynb#part), [page](docs/grading.md#isolation), [folder](docs), [no](no.md)
![a picture](docs/lesson1.png), [out](https://x.org/y), [here](#below), `[code](docs/grading.md)`
```sh
echo [this](docs/grading.md)
```
"""


@pytest.mark.parametrize("address", [None, Address("ada", "course")])
def test_links_of_readme_lead_on_from_the_first_page(monkeypatch, address):
    monkeypatch.setattr(build_site, "published", lambda: address)
    text = build_site.links_from_the_index(LINKED, {"notebooks/01_x.ipynb": "01_x.ipynb"})
    assert "[one](01_x.ipynb)" in text and "[out](https://x.org/y), [here](#below)" in text
    assert "`[code](docs/grading.md)`" in text and "echo [this](docs/grading.md)\n" in text
    assert "![a picture](docs/lesson1.png)" in text and ", no\n" in text
    there = "https://github.com/ada/course/"
    if address:
        assert f"[page]({there}blob/main/docs/grading.md#isolation)" in text
        assert f"[folder]({there}tree/main/docs)" in text
    else:
        assert ", page, folder, " in text and "github.com" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["77"], "no 77; there are 00_start_here"), (["--stored", "01"], "give it alone")],
)
def test_bad_arguments(arguments, said):
    command = [sys.executable, "-m", "tools.build_site", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and said in run.stderr


def test_title_and_question_of_a_lesson():
    assert heading_of(notebook_of("# 3. Cats\n\n**Why?**\n\nText")) == (
        "3. Cats",
        "Why?",
    )
    with pytest.raises(ValueError, match="begins with '# '"):
        heading_of(notebook_of("## Cats"))


def test_binder_and_colab_are_named_once_the_course_is_published(monkeypatch):
    monkeypatch.setattr(build_site, "published", lambda: None)
    assert "https" not in build_site.edition_line("02_mnist", 0)
    address = Address("someone", "course")
    monkeypatch.setattr(build_site, "published", lambda: address)
    line = build_site.edition_line("02_mnist", 2)
    assert "2 of its figures are live" in line
    path = "notebooks/02_mnist.ipynb"
    assert f'"{address.binder(path)}"' in line and f'"{address.colab(path)}"' in line


def test_readme_is_quoted_by_its_headings():
    text = "# A\n\nB\n\n## C\n\nD <!-- E -->\n\n## F\n\nG\n"
    assert build_site.readme_part(text, "C") == "D"
    with pytest.raises(ValueError, match="no section '## H'"):
        build_site.readme_part(text, "H")


@pytest.mark.parametrize(
    ("source", "alt"),
    [
        ('figures.image_grid(x, title="It is so")', "Figure: It is so"),
        ('axes.set_title("A line")\nfigure', "Figure: A line"),
        ('axes.set(title=f"{x} lines")', "Figure: what the code above draws"),
        ("figure", "Figure: what the code above draws"),
    ],
)
def test_pictures_without_words_are_named_by_their_titles(source, alt):
    assert build_site.figure_words(nbformat.v4.new_code_cell(source)) == alt


def test_progress_bars_are_not_kept():
    data = {build_lessons.WIDGET_VIEW: {"model_id": "x"}, "text/plain": "100%|###|"}
    notebook = notebook_of("1")
    notebook.cells[0].outputs = [nbformat.v4.new_output("display_data", data)]
    build_site.keep_live_figures(notebook)
    assert notebook.cells[0].outputs == []


# ---- formulas -------------------------------------------------------------------------------


def inside(latex, **options):
    return re.sub(r"^<math [^>]*><mrow>|</mrow></math>$", "", mathml(latex, **options))


def test_limits_stand_below_large_operators():
    assert inside(r"\sum_{k} w") == (
        '<munder><mo movablelimits="true">∑</mo><mrow><mi>k</mi></mrow></munder><mi>w</mi>'
    )
    assert inside(r"w_k") == "<msub><mi>w</mi><mi>k</mi></msub>"


def test_functions_keep_their_distance():
    space = '<mspace width="0.167em" />'
    assert inside(r"x\cos y") == f"<mi>x</mi>{space}<mi>cos</mi>{space}<mi>y</mi>"
    assert space not in inside(r"\cos(y)")


def test_a_minus_is_a_sign_or_an_operation():
    assert inside("a - b") == "<mi>a</mi><mo>−</mo><mi>b</mi>"
    assert inside("a = -b") == '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi>'


def test_aligned_columns():
    table = inside(r"\begin{aligned}x &= 1\\ y &= -2\end{aligned}", display=True)
    assert table.count("<mtr>") == 2 and table.count("text-align: right") == 2
    assert 'class="aligned"' in table and 'form="prefix"' in table


@pytest.mark.parametrize(
    "latex", [r"\nonsense x", r"\begin{nonsense}x & y\end{nonsense}", r"\frac{1}{"]
)
def test_what_cannot_be_shown_is_an_error(latex):
    with pytest.raises(ValueError, match=re.escape(repr(latex))):
        mathml(latex)


def test_a_page_with_live_predictions_keeps_its_score_up_to_date():
    def cell(source, **data):
        output = nbformat.v4.new_output("execute_result", {"text/plain": "A line.", **data})
        return nbformat.v4.new_code_cell(source, outputs=[output])

    score, head = cell("predict.score()"), nbformat.v4.new_markdown_cell("# 9. A page")
    field = cell('predict("wrap")', **{build_site.LIVE: ["prediction", {}]})
    notebook = nbformat.v4.new_notebook(cells=[head, field, score])
    page, modules = build_site.page_of(notebook, "09_page")
    assert modules == ["prediction"] and "live" not in page.cells[1].source  # no figure
    assert (
        '<p>A line.</p><script type="application/json">'
        in page.cells[2].outputs[0].data["text/html"]
    )
    assert "<p data-predictions" in page.cells[3].outputs[0].data["text/html"]
    stored = nbformat.v4.new_notebook(cells=[head, cell('predict("wrap")'), score])
    page, _ = build_site.page_of(stored, "09_page")
    assert page.cells[3].outputs == score.outputs
