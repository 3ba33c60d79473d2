"""Build the HTML edition of the course into build/site: pages that open from the file system.

    python -m tools.build_site [02 ...] [--stored] [--force]

Pages come from lessons/ and exercises/, never from what somebody did in a notebook. Lessons and the
exercises' solutions are executed as for the notebooks, and kept in build/site_cache until they, or
the package, change; of solutions, pages show only what a right answer shows. Instruments that
compute in the browser stay alive on the pages. With numbers, only these lessons, and the exercises
that go with them, are executed; the others are taken as they were last, or from notebooks/. With
--stored none is executed: a quick look, in which all figures are pictures. What is taken from
notebooks/ is results alone, and only where they are those that the notebook was built with.
"""

import argparse
import ast
import base64
import copy
import html
import json
import re
import shutil
import subprocess
import sys
import time
from functools import partial

from course.exercises import ExerciseError, exercise_ids, load_exercise
from course.instruments import Prediction
from tools import exported, glossary
from tools.address import published
from tools.build_exercises import SOLVED, solutions_notebook, student_notebook
from tools.build_lessons import (
    OFFLINE,
    WIDGET_VIEW,
    clean,
    complaints,
    execute,
    is_progress_bar,
    shows_what_was_built,
)
from tools.colab import without_cell
from tools.lesson_source import read_lesson, with_ids
from tools.readme import KINDS, README, THUMBNAILS, heading_of, study_time
from tools.site_links import dead_links
from tools.staleness import (
    NOTEBOOKS,
    ROOT,
    chosen,
    kept_mark,
    lessons,
    mark_of_exercise,
    mark_of_lesson,
    rebuild,
)

SITE = ROOT / "tools" / "site"
TARGET = ROOT / "build" / "site"
CACHE = ROOT / "build" / "site_cache"
RESULTS = ROOT / "docs" / "benchmarks" / "results.json"
# `python -m sphinx`, without what jsonschema builds as it is imported: 38 grammars for IRIs, for as
# long as the rest of a small build takes.
SPHINX = "import sys; sys.modules['rfc3987_syntax'] = None; import sphinx.__main__"
SCREENSHOT = ROOT / "docs" / "lesson1.png"
THERE = {source.stem for source in lessons()}  # lessons, of which the study times are known
SCORE = "predict.score()"  # a lesson's cell that says how its reader predicted
MAX_PAGE_BYTES = 3_000_000
CELL_SECONDS = 600
# In an output's data: the module and state of an instrument; None where a figure needs the kernel.
LIVE = "application/vnd.course.live+json"
FORM = "1"  # of what is cached; another one makes `make site` execute everything anew
NOT_SHOWN = "(Not here: its notebook shows other results than those that it was built with.)"
NEEDS_KERNEL = "A picture of a live figure. Run this cell in JupyterLab to work with it."


# ---- executed notebooks ---------------------------------------------------------------------


def keep_live_figures(notebook):
    """Set aside what brings the instruments to life, then clean as for the stored notebooks."""
    live = exported.live_instruments(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(WIDGET_VIEW)
            if view and not is_progress_bar(output):
                output.data[LIVE] = live.get(view["model_id"])
    clean(notebook)


def executed(source, *, force=False, only_cached=False):
    """A lesson's notebook with its outputs and instruments, from the cache where it is fresh.

    Args:
        source: path of the lesson.
        force: execute in any case.
        only_cached: take what is in the cache, however old, or else what `stored` gives.
    Raises:
        ValueError: the lesson fails, or shows what readers must not see.
    """
    kept = _cached(source.stem)
    if only_cached:
        return kept or stored(source)
    mark = f"{mark_of_lesson(source)}-{FORM}"
    if kept and not force and _is_fresh(source.stem, mark):
        return kept
    return _run(source.stem, read_lesson(source), mark, keep_live_figures)


def executed_exercise(exercise, *, force=False, only_cached=False):
    """An exercise as learners get it, with what right answers show; the rest as of `executed`.

    Args:
        exercise: an Exercise.
        force, only_cached: as of `executed`.
    Raises:
        ValueError: a solution fails, or shows what readers must not see.
    """
    name, solved = f"exercises/{exercise.id}", solutions_notebook(exercise)
    kept = _cached(name)
    if only_cached:  # what was kept has its pictures at the places of the solutions' cells
        sources = [cell.source for cell in solved.cells]
        if not kept or [cell.source for cell in kept.cells] != sources:
            return stored_exercise(exercise)
        return student_notebook(exercise, kept)
    mark = f"{mark_of_exercise(exercise.folder)}-{FORM}"
    if force or not kept or not _is_fresh(name, mark):
        kept = _run(name, solved, mark, clean)
    return student_notebook(exercise, kept)


def _cached(name):
    """What the cache has under a name, or None."""
    import nbformat

    path = CACHE / f"{name}.ipynb"
    return nbformat.read(path, as_version=4) if path.exists() else None


def _is_fresh(name, mark):
    if kept_mark(CACHE / f"{name}.ipynb") != mark:
        return False
    print(f"{name}: up to date")
    return True


def _run(name, notebook, mark, tidy):
    """Execute a notebook, tidy it up, and keep it in the cache; returns it."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    print(f"{name}: running ...", flush=True)
    start = time.perf_counter()
    try:
        execute(notebook, OFFLINE, timeout=CELL_SECONDS)
    except CellExecutionError as error:
        raise ValueError(f"{name} fails: {str(error).strip()}") from None
    tidy(notebook)
    if problems := complaints(notebook, 0):
        raise ValueError(f"{name}: " + "\n".join(problems))
    notebook.metadata["course"] = {"built_from": mark}
    path = CACHE / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    print(f"{name}: {time.perf_counter() - start:.0f} s")
    return notebook


def stored(source):
    """A lesson's notebook with the results that are in notebooks/; every figure is a picture.

    Args:
        source: path of the lesson.
    Raises:
        ValueError: there is no such notebook, or it can't be read.
    """
    path = NOTEBOOKS / f"{source.stem}.ipynb"
    return _with_stored_results(read_lesson, source, path)


def stored_exercise(exercise):
    """An exercise as learners get it, with what right answers show in notebooks/.

    Args:
        exercise: an Exercise.
    Raises:
        ValueError: there is no such notebook, or it can't be read.
    """
    import nbformat

    path = SOLVED / f"{exercise.id}.ipynb"
    solved = _with_stored_results(solutions_notebook, exercise, path)
    for cell, its_source in zip(solved.cells, exercise.cells, strict=True):
        if "expected" in its_source.tags and not cell.outputs:
            cell.outputs = [nbformat.v4.new_output("stream", text=NOT_SHOWN)]
    return student_notebook(exercise, solved)


def _with_stored_results(read, source, path):
    """What a source gives, with the results of its stored notebook where they belong to it.

    Only results are taken, and only below a cell that is the source's own: an answer, a changed or
    an added cell, and results that somebody saved don't get onto a page.
    """
    import nbformat

    below = path.relative_to(NOTEBOOKS).as_posix()
    name, mend = f"notebooks/{below}", rebuild(below)
    if not path.exists():
        raise ValueError(f"{name} isn't there; run `{mend}`")
    try:
        there = nbformat.read(path, as_version=4)
    except Exception as error:  # over a damaged file nbformat ends in any
        raise ValueError(f"{name} can't be read ({str(error)[:100]}); run `{mend}`") from None
    notebook = read(source)
    there.cells = without_cell(there)
    if not shows_what_was_built(there):
        print(f"{name} shows other results than it was built with; its page has none: {mend}")
        return notebook
    sources = [[(cell.cell_type, cell.source) for cell in n.cells] for n in (notebook, there)]
    if sources[0] != sources[1]:
        print(f"{name} isn't what its source gives; its page shows the source: {mend}")
    results = {cell["id"]: cell.outputs for cell in with_ids(there).cells if "outputs" in cell}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = results.get(cell["id"], [])
    return notebook


# ---- pages ----------------------------------------------------------------------------------


def figure_words(cell):
    """What a cell's pictures show, for those who don't see them: what the notebook says of them."""
    outputs = [output for output in cell.outputs if "data" in output]
    about = [output.metadata.get(kind, {}) for output in outputs for kind in KINDS]
    return " ".join(one["alt"] for one in about if "alt" in one) or figure_title(cell.source)


def figure_title(source):
    """The title that a cell's code gives to its figure, where that has no words of its own."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        titles = [keyword.value for keyword in node.keywords if keyword.arg == "title"]
        if getattr(node.func, "attr", "") in ("set_title", "suptitle"):
            titles += node.args[:1]
        for title in titles:
            if isinstance(title, ast.Constant) and isinstance(title.value, str):
                return f"Figure: {title.value}"
    return "Figure: what the code above draws"


def page_output(output, alt):
    """The outputs of a page in place of a notebook's one."""
    import nbformat

    data = dict(output.get("data", {}))
    live = data.pop(LIVE, "no instrument")
    if live == "no instrument":
        return [output]
    if live is None:
        note = f'<p class="needs-kernel">{NEEDS_KERNEL}</p>'
        picture = nbformat.v4.new_output("display_data", data, metadata=output.metadata)
        return [picture, nbformat.v4.new_output("display_data", {"text/html": note})]
    text = exported.instrument_html(*live, exported.instead_of(data, alt))
    return [nbformat.v4.new_output("display_data", {"text/html": text})]


def score_line(output):
    """The output of `predict.score()` as a line that the page's predictions keep up to date."""
    import nbformat

    text = html.escape(output["data"]["text/plain"])
    line = f'<p data-predictions role="status">{text}</p>'
    return nbformat.v4.new_output("display_data", {"text/html": line})


def page_of(notebook, name):
    """A lesson's notebook as Sphinx reads it.

    Returns:
        the notebook and the names of its instruments' modules, one for each instrument.
    """
    import nbformat

    page = copy.deepcopy(notebook)
    page.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    modules = []
    for cell in page.cells:
        if cell.cell_type != "code":
            cell.source = re.sub(
                rf"\]\({re.escape(glossary.NOTEBOOK)}#([^)]+)\)",
                lambda found: f"]({glossary.PAGE.name}#{slug(found[1])})",
                cell.source,
            )
            continue
        alt = figure_words(cell)
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
        modules += [o.data[LIVE][0] for o in cell.outputs if o.get("data", {}).get(LIVE)]
        cell.outputs = [new for output in cell.outputs for new in page_output(output, alt)]
        if cell.source == SCORE and Prediction.module in modules:
            cell.outputs = [score_line(cell.outputs[0])]
    figures = [module for module in modules if module != Prediction.module]
    page.cells.insert(1, nbformat.v4.new_markdown_cell(edition_line(name, len(figures))))
    return page, modules


def glossary_page(notebooks):
    """The glossary as Sphinx reads it: its links lead to the sections of these lessons' pages."""
    text = glossary.notebook_text()

    def led_on(found):
        name, anchor = found[2], found[3]
        return f"[{found[1]}]({name}.ipynb#{slug(anchor)})" if name in notebooks else found[1]

    return re.sub(r"\[([^]]*)\]\((\d\d_\w+)\.ipynb#?([^)]*)\)", led_on, text)


def slug(anchor):
    """What Sphinx calls the place of a heading that JupyterLab calls this."""
    return re.sub(r"[^\w-]", "", anchor.lower())


def exercise_page(notebook, name, pictures):
    """An exercise's notebook as Sphinx reads it: tasks to read.

    Args:
        notebook: the learners' notebook.
        name: of the exercise.
        pictures: folder for the pictures that its text cells carry.
    Returns:
        a notebook.
    """
    import nbformat

    page = copy.deepcopy(notebook)
    page.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    pictures.mkdir(parents=True, exist_ok=True)
    for number, cell in enumerate(page.cells):
        for attached, kinds in cell.pop("attachments", {}).items():
            (content,) = kinds.values()
            file = f"{name}_{number}_{attached}"
            (pictures / file).write_bytes(base64.b64decode(content))
            path = f"../{pictures.relative_to(pictures.parents[1]).as_posix()}/{file}"
            cell.source = cell.source.replace(f"attachment:{attached}", path)
    run = _run_it(f"notebooks/exercises/{name}.ipynb", up="../")
    line = f"The tasks, to read. To solve them, and have your answers checked: {run}."
    page.cells.insert(1, nbformat.v4.new_markdown_cell(f'<p class="edition">{line}</p>'))
    return page


def _run_it(path, *, up=""):
    """Links to where a notebook can be run."""
    run = f'<a href="{up}index.html#run-it-yourself">two commands</a>'
    if address := published():
        run += f', <a href="{address.binder(path)}">Binder</a>'
        run += f', or <a href="{address.colab(path)}">Colab</a>'
    return run


def edition_line(name, live):
    """What this page is, below a lesson's head."""
    live_ones = {0: "", 1: " One of its figures is live."}.get(
        live, f" {live} of its figures are live."
    )
    run = _run_it(f"notebooks/{name}.ipynb")
    text = f"The lesson with its results.{live_ones} To change the code and run it: {run}."
    return f'<p class="edition">{text}</p>'


def readme_part(text, heading):
    """The text below one of README's headings, without its HTML comments."""
    part = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    if not part:
        raise ValueError(f"README.md has no section '## {heading}'; the index page shows it")
    return re.sub(r"<!--.*?-->", "", part[1], flags=re.DOTALL).strip()


def links_from_the_index(text, pages):
    """README's Markdown with its links leading on from the site's first page.

    Args:
        text: Markdown.
        pages: dict from a file of the course to the page that the site makes of it.
    Returns:
        the text. A link to another file leads to the repository, or is plain text while there is
        none; links in code stay.
    """
    address = published()

    def mended(found):
        if found["code"]:
            return found[0]
        label, target = found["label"], found["target"]
        path, _, fragment = target.partition("#")
        if re.match(r"\w+:", target) or not path:
            return found[0]
        if path in pages:
            return f"[{label}]({pages[path]})"
        if address and (ROOT / path).exists():
            file = address.file(path.rstrip("/"), folder=(ROOT / path).is_dir())
            return f"[{label}]({file}{'#' + fragment if fragment else ''})"
        return label

    code = r"(?P<code>^```.*?^```|`[^`\n]+`)"
    link = r"(?<!!)\[(?P<label>[^]\n]+)\]\((?P<target>[^)\s]+)\)"
    return re.sub(f"{code}|{link}", mended, text, flags=re.DOTALL | re.MULTILINE)


def card(name, notebook, modules, measured):
    """A lesson on the index page."""
    title, question = map(html.escape, heading_of(notebook))
    picture = ""
    if (THUMBNAILS / f"{name}.png").exists():
        alt = f"A figure of lesson {int(name[:2])}"
        picture = f'<img src="_static/thumbnails/{name}.png" alt="{alt}" loading="lazy">'
    facts = [f"{study_time(name)} to study"] if name in THERE else []
    if name in measured:
        facts.append(f"{measured[name]['seconds']:.0f} s to run")
    if live := [module for module in modules if module != Prediction.module]:
        facts.append(f"{len(live)} live {'figure' if len(live) == 1 else 'figures'}")
    return (
        f'<li><a href="{name}.html"><span class="thumbnail">{picture}</span><span class="about">'
        f'<strong>{title}</strong><span class="asked">{question}</span>'
        f'<span class="facts">{" · ".join(facts)}</span></span></a></li>'
    )


def index_page(notebooks, modules, exercises):
    """The first page: README's title and promise, the lessons, and how to run them."""
    text = README.read_text(encoding="utf-8")
    title, promise = re.match(r"# (.+)\n\n(.+)\n", text).groups()
    measured = json.loads(RESULTS.read_text())["lessons"]
    cards = [card(name, notebooks[name], modules[name], measured) for name in sorted(notebooks)]
    names = "\n".join(sorted(notebooks))
    sets = "\n".join(f"exercises/{name}" for name in sorted(exercises))
    if sets:
        sets = f"```{{toctree}}\n:hidden:\n:caption: Exercises\n{sets}\n```\n"
    pages = {f"notebooks/{name}.ipynb": f"{name}.ipynb" for name in notebooks}
    pages |= {f"notebooks/{p}.ipynb": f"{p}.ipynb" for p in map("exercises/{}".format, exercises)}
    promise = links_from_the_index(promise, pages)
    elsewhere = ""
    if address := published():
        elsewhere = (
            f" Without installing anything, [Binder]({address.binder()}), "
            f"[Colab]({address.colab()}) and [GitHub Codespaces]({address.codespaces}) run it in "
            "your browser."
        )
    commands = links_from_the_index(readme_part(text, "Two commands"), pages)
    return f"""# {title}

{promise}

## Lessons

```{{raw}} html
<ol class="lessons">
{chr(10).join(cards)}
</ol>
```

```{{toctree}}
:hidden:
:caption: Lessons
{names}
```

{sets}
What the words mean, and which section explains each: [Glossary]({glossary.PAGE.name}).

```{{toctree}}
:hidden:
:caption: Words
{glossary.PAGE.stem}
```

## Run it yourself

These pages are for reading, and for playing where a figure is live. To change the code and see what
happens, run the course on a machine of your own.{elsewhere}

{commands}

```{{raw}} html
<img class="screenshot" src="_static/{SCREENSHOT.name}" alt="Lesson 1 in JupyterLab" loading="lazy">
```

Text and figures are CC BY 4.0, code is BSD-3.
"""


def write_sources(notebooks, folder, exercises):
    """Everything that Sphinx reads: settings, pages, and the instruments' scripts."""
    import nbformat

    static = folder / "_static"
    (static / "instruments").mkdir(parents=True)
    (folder / glossary.PAGE.name).write_text(glossary_page(notebooks), encoding="utf-8")
    for name in ("conf.py", "mathml.py", "lesson_pages.py"):
        shutil.copy(SITE / name, folder)
    shutil.copy(SITE / "course.css", static)
    shutil.copy(SCREENSHOT, static)
    shutil.copytree(THUMBNAILS, static / "thumbnails")
    modules = {}
    for name, notebook in notebooks.items():
        page, modules[name] = page_of(notebook, name)
        nbformat.write(page, folder / f"{name}.ipynb")
        if kinds := sorted(set(modules[name])):
            target = static / "instruments" / name
            target.with_suffix(".js").write_text(exported.script(kinds), encoding="utf-8")
            target.with_suffix(".css").write_text(exported.style_text(*kinds), encoding="utf-8")
    (folder / "exercises").mkdir()
    for name, notebook in exercises.items():
        page = exercise_page(notebook, name, static / "exercises")
        nbformat.write(page, folder / "exercises" / f"{name}.ipynb")
    index = index_page(notebooks, modules, exercises)
    (folder / "index.md").write_text(index, encoding="utf-8")


def weight(page):
    """Bytes of a page with all that it loads."""
    text = page.read_text(encoding="utf-8")
    loaded = set(re.findall(r'(?:src|href)="([^":?#]+\.(?:js|css|png|jpe?g))', text))
    return page.stat().st_size + sum((page.parent / path).stat().st_size for path in loaded)


def build(notebooks, target, exercises=None):
    """Build the site; what was at `target` stays until the new one is whole.

    Args:
        notebooks: dict from name ("01_convolution") to a notebook: of `executed` or `stored`.
        target: folder of the site; its neighbour with "_work" is for the build alone.
        exercises: dict from name to a notebook, of `executed_exercise` or `stored_exercise`; None:
            no such pages.
    Returns:
        dict from a page's file name to its bytes, with all that it loads.
    Raises:
        ValueError: Sphinx warns of something, a link leads nowhere, or a page is too large.
    """
    work, old = target.with_name(f"{target.name}_work"), target.with_name(f"{target.name}_old")
    for folder in (work, old):
        shutil.rmtree(folder, ignore_errors=True)
    source, pages = work / "source", work / "html"
    write_sources(notebooks, source, exercises or {})
    title = README.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    command = [sys.executable, "-c", SPHINX, "-b", "html", "-q", "-W", "--keep-going"]
    command += [
        "-j",
        "auto",
        "-D",
        f"project={title}",
        "-D",
        f"html_title={title}",
        "-d",
        work / "doctrees",
    ]
    run = subprocess.run([*command, source, pages], capture_output=True, text=True)
    if run.returncode:
        raise ValueError(f"Sphinx is not content:\n{run.stderr or run.stdout}")
    files = sorted(pages.rglob("*.html"))
    sizes = {page.relative_to(pages).as_posix(): weight(page) for page in files}
    for name, size in sizes.items():
        if size > MAX_PAGE_BYTES:
            raise ValueError(f"{name}: {size / 1e6:.1f} MB, over {MAX_PAGE_BYTES / 1e6:g} MB")
    shutil.rmtree(pages / "_sources", ignore_errors=True)  # empty
    (pages / ".buildinfo").unlink(missing_ok=True)
    if dead := dead_links(pages):
        raise ValueError("these links lead nowhere:\n" + "\n".join(dead))
    if target.exists():
        target.rename(old)
    pages.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02; none: all of them")
    parser.add_argument(
        "--stored", action="store_true", help="execute nothing: figures as pictures"
    )
    parser.add_argument("--force", action="store_true", help="execute also what has not changed")
    options = parser.parse_args()
    sources = lessons()
    try:
        executing = chosen(options.lesson, sources)
    except ValueError as error:
        parser.error(str(error))
    if options.stored and (options.lesson or options.force):
        parser.error("--stored executes nothing: give it alone")
    try:
        notebooks, exercises = {}, {}
        for source in sources:
            how = {"force": options.force, "only_cached": source not in executing}
            make = stored if options.stored else partial(executed, **how)
            notebooks[source.stem] = make(source)
        numbers = {source.stem[:2] for source in executing}
        for exercise in map(load_exercise, exercise_ids()):
            how = {"force": options.force, "only_cached": exercise.id[:2] not in numbers}
            make = stored_exercise if options.stored else partial(executed_exercise, **how)
            exercises[exercise.id] = make(exercise)
        start = time.perf_counter()
        sizes = build(notebooks, TARGET, exercises)
    except (ValueError, ExerciseError) as error:
        there = "; build/site is as it was" if TARGET.exists() else ""
        sys.exit(f"{error}\nNo site was built{there}.")
    print("\n".join(f"  {size / 1e3:6.0f} kB  {name}" for name, size in sizes.items()))
    print(f"{len(sizes)} pages in {time.perf_counter() - start:.0f} s: open {TARGET}/index.html")


if __name__ == "__main__":
    main()
