"""The site for the tests: all pages, with stored results, and one with live figures."""

import os

import nbformat
from filelock import FileLock

from course.exercises import exercise_ids, load_exercise
from tools import build_site
from tools.build_lessons import OFFLINE, execute
from tools.staleness import lessons

PAGE = "99_test"
LIVE = """\
from skimage.data import chelsea
from course.instruments import ConvolutionStepper

image = chelsea()[40:168:8, 130:258:8].mean(axis=-1) / 255
ConvolutionStepper(image, [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])"""
SLIDERS = """\
from matplotlib.figure import Figure
from course_utils import sliders

figure = Figure(figsize=(4, 1), layout="constrained")
axes = figure.subplots()
(line,) = axes.plot([0, 1])
axes.set_title("A line that rises")

def update(end):
    line.set_ydata([0, end])
    return [line]

sliders.live_figure(figure, update, end=(0.0, 1.0), alt="A rising line.")"""
HEAD = r"""# 99. A page of the tests

**What stays alive?**

**You will learn**

1. that a formula, $\frac{a}{b}$, is one everywhere:
   <details><summary>Check</summary>$c^2$, but <code>$HOME and $PATH</code>;
   see <a href="01_convolution.ipynb">lesson 1</a>.</details>
2. and a link is one: [lesson 2](02_mnist.ipynb).

| in a table | link |
|---|---|
| $\sum_{k} w_k$ | [lesson 3](03_cats_and_dogs.ipynb) |

**Predict.** What comes?"""


def notebook_of(*cells):
    """A notebook; texts that begin with '#' are Markdown."""
    kinds = [
        nbformat.v4.new_markdown_cell if cell.startswith("#") else nbformat.v4.new_code_cell
        for cell in cells
    ]
    notebook = nbformat.v4.new_notebook(cells=[k(c) for k, c in zip(kinds, cells, strict=True)])
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    return notebook


def small_site(tmp_path_factory):
    """Folder of the built site: built once, also when several processes share the tests."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each has a folder of its own in a common one
        folder = folder.parent
    with FileLock(folder / "site.lock"):
        if not (folder / "site").exists():
            live = notebook_of(HEAD, LIVE, "## Sliders", SLIDERS)
            execute(live, OFFLINE, timeout=100)
            build_site.keep_live_figures(live)
            notebooks = {path.stem: build_site.stored(path) for path in lessons()} | {PAGE: live}
            exercises = {
                name: build_site.stored_exercise(load_exercise(name)) for name in exercise_ids()
            }
            build_site.build(notebooks, folder / "site", exercises)
    return folder / "site"
