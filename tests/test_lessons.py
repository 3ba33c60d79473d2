"""The house rules of a lesson, and that each notebook is what its source builds."""

import ast
import base64
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from course import instruments
from tools import colab
from tools.build_lessons import MAX_BYTES, clean, complaints, read_lesson
from tools.staleness import LESSONS, NOTEBOOKS, lessons

SOURCES = lessons()
LONGEST_CELL = 15
LONGEST_MODEL = 25
FEWEST_CHECKED_OUTPUTS = 5
LONGEST_LINE = 88  # what JupyterLab shows of a cell at 1280 px, with the file browser open

every_lesson = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def stored(source):
    path = NOTEBOOKS / f"{source.stem}.ipynb"
    assert path.exists(), f"{path.name} is missing: run `make lessons`"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = colab.without_cell(notebook)
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert [source.stem[:2] for source in SOURCES] == ["00", "01", "02", "03", "04", "05", "06"]


@every_lesson
def test_notebook_is_built_from_its_source(source):
    built, notebook = read_lesson(source), stored(source)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [
        (c.cell_type, c.source) for c in built.cells
    ], f"{source.stem} was edited but not rebuilt: run `make lessons LESSON={source.stem[:2]}`"


@every_lesson
def test_reader_sees_no_errors_warnings_or_reprs(source):
    path = NOTEBOOKS / f"{source.stem}.ipynb"
    assert complaints(stored(source), path.stat().st_size) == []
    assert path.stat().st_size <= MAX_BYTES
    assert "widgets" not in stored(source).metadata


@every_lesson
def test_interactive_cells_show_a_picture_where_there_are_no_widgets(source):
    """As GitHub, nbviewer and nbconvert show it: no front end that knows widgets."""
    made = [name for name in instruments.__all__ if name not in ("Prediction", "open_lesson")]
    kinds = "|".join(rf"instruments\.{name}\(" for name in made)
    makes = re.compile(rf"sliders\.live_figure\(|{kinds}|instruments\.ShapeCalculator\.of\(")
    interactive = [cell for cell in code_cells(stored(source)) if makes.search(cell.source)]
    assert interactive
    for cell in interactive:
        page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
        assert re.search(r'<img[^>]+src="data:image/(png|jpeg);base64,', page), cell.source


@every_lesson
def test_outputs_are_stored_and_checked(source):
    tagged = [
        c for c in code_cells(stored(source)) if "nbval-check-output" in c.metadata.get("tags", [])
    ]
    assert len(tagged) >= FEWEST_CHECKED_OUTPUTS
    for cell in tagged:
        assert cell.outputs, f"nothing to check in: {cell.source[:80]}"


@every_lesson
def test_cells_are_short_and_stand_between_prose(source):
    cells = read_lesson(source).cells
    for before, cell in zip(cells, cells[1:], strict=False):
        if cell.cell_type != "code" or before.source.startswith("predict("):
            continue
        lines = [line for line in cell.source.splitlines() if line.strip()]
        limit = LONGEST_MODEL if "layers.Dense(" in cell.source else LONGEST_CELL
        assert len(lines) <= limit, f"{len(lines)} lines: {cell.source[:80]}"
        assert before.cell_type == "markdown", f"no prose before: {cell.source[:80]}"


@every_lesson
def test_lines_of_code_need_no_scrolling(source):
    lines = [line for cell in code_cells(read_lesson(source)) for line in cell.source.splitlines()]
    longer = [line for line in lines if len(line) > LONGEST_LINE]
    assert longer == []


@every_lesson
def test_no_figure_is_lost(source):
    """Only the last expression of a cell is shown."""
    for cell in code_cells(read_lesson(source)):
        for statement in ast.parse(cell.source).body[:-1]:
            called = isinstance(statement, ast.Expr) and ast.unparse(statement)
            assert not str(called).startswith(("figures.", "sliders.")), cell.source


@every_lesson
def test_order_of_a_lesson(source):
    text = "\n".join(c.source for c in read_lesson(source).cells if c.cell_type == "markdown")
    parts = [
        "# ",
        "**You will learn**",
        "**Predict.**",
        "## Take-aways",
        "## Exercises",
        "## Where next",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, f"missing: {parts[places.index(-1)]}"
    assert places == sorted(places)


@every_lesson
def test_links_between_lessons_lead_somewhere(source):
    text = "\n".join(c.source for c in read_lesson(source).cells if c.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)#:]+\.ipynb)\)", text):
        assert (NOTEBOOKS / target).exists() or (
            LESSONS / Path(target).with_suffix(".py")
        ).exists(), target


@pytest.mark.parametrize("source", SOURCES[:5], ids=lambda source: source.stem)
def test_every_picture_has_words(source):
    """Of lessons 0 to 4; the others get them with their next editions."""
    without = [
        cell.source
        for cell in code_cells(stored(source))
        for output in cell.outputs
        for kind in {"image/png", "image/jpeg"} & set(output.get("data", {}))
        if not output.metadata.get(kind, {}).get("alt")
    ]
    assert without == []


@every_lesson
def test_one_spelling(source):
    """British spelling in prose; code keeps its libraries' names."""
    text = "\n".join(c.source for c in read_lesson(source).cells if c.cell_type == "markdown")
    prose = re.sub(r"`[^`]*`|\$\$?[^$]*\$\$?|\*[^*]*\*|\([^)]*\)", "", text)
    american = r"\b(colors?|gray|neighbors?|center(?:ed)?|behavior|\w+ization|optimizer)\b"
    assert re.findall(american, prose) == []


def test_photos_are_stored_as_jpeg_and_drawings_as_png():
    def output(pixels):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "png")
        data = {"image/png": base64.b64encode(buffer.getvalue()).decode(), "text/plain": "<Figure>"}
        metadata = {"image/png": {"width": 200}}
        return nbformat.v4.new_output("display_data", data, metadata=metadata)

    noise = np.random.default_rng(0).integers(0, 256, (90, 200, 3), np.uint8)
    line = np.full((90, 200, 3), 255, np.uint8)
    line[40:42] = (0, 80, 160)
    cells = [nbformat.v4.new_code_cell(outputs=[output(pixels)]) for pixels in (noise, line)]
    clean(notebook := nbformat.v4.new_notebook(cells=cells))
    for cell, kind in zip(notebook.cells, ("image/jpeg", "image/png"), strict=True):
        (stored,) = cell.outputs
        assert set(stored.data) == {kind, "text/plain"} and stored.data["text/plain"] == "A figure."
        assert stored.metadata == {kind: {"width": 200}}
        assert Image.open(io.BytesIO(base64.b64decode(stored.data[kind]))).size == (200, 90)
