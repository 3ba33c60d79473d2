"""Lessons run on the learner's own photos, of any two classes; `make test-own` tries them all."""

import json
import re
from collections import Counter

import nbformat
import pytest
from own_sets import CHOICE, SETS, chosen_pairs, import_set, lessons_with_photos

from course.data import class_names
from course_utils import figures
from tools.build_lessons import OFFLINE, clean, complaints, execute
from tools.lesson_source import read_lesson

CELL_SECONDS = 300
# What figures say is in no output: it is noted as they are drawn.
NOTES = """\
import json, matplotlib.figure, matplotlib.text
texts_in_figures = set()
def noted(figure, renderer, draw=matplotlib.figure.Figure.draw):
    texts_in_figures.update(text.get_text() for text in figure.findobj(matplotlib.text.Text))
    return draw(figure, renderer)
matplotlib.figure.Figure.draw = noted"""
TOLD = "print(json.dumps(sorted(texts_in_figures)))"
PETS = re.compile(r"\b(cats|dogs)\b", re.IGNORECASE)
SAID_TO_BE = re.compile(r"\b(recorded|drawn|drawings)\b")  # of pets, in a lesson on other classes


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """imported(name): the data folder with this set, and the folder that lessons get."""
    made = {}

    def once(name):
        if name not in made:
            made[name] = import_set(name, tmp_path_factory.mktemp("own"))
        return made[name]

    return once


def run(source, data_folder):
    """A lesson in quick size on what is in a data folder: its notebook, and its figures' texts."""
    notebook = read_lesson(source)
    notes, told = nbformat.v4.new_code_cell(NOTES), nbformat.v4.new_code_cell(TOLD)
    notebook.cells = [notes, *notebook.cells, told]
    settings = OFFLINE | {"COURSE_DATA_DIR": str(data_folder)}
    execute(notebook, settings, timeout=CELL_SECONDS)
    clean(notebook)
    shown = json.loads(told.outputs[0].text)
    notebook.cells = notebook.cells[1:-1]
    return notebook, shown


def printed(notebook):
    """The lines that its cells print."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(out.text + "\n" for out in outputs if out.output_type == "stream").splitlines()


@pytest.mark.own
@pytest.mark.parametrize(
    ("source", "name"),
    [pytest.param(*pair, id=f"{pair[0].stem}-{pair[1]}") for pair in chosen_pairs()],
)
def test_a_lesson_runs_on_photos_of_ones_own(source, name, imported):
    data_folder, folder = imported(name)
    notebook, shown = run(source, data_folder)
    assert complaints(notebook, 0) == []  # neither errors nor warnings
    lines = printed(notebook)
    assert [line for line in lines if "WARNING" in line] == []  # TensorFlow prints its own
    assert any("your own" in line for line in lines)
    strange = [text for text in [*lines, *shown] if PETS.search(text)]
    assert [text for text in strange if not SAID_TO_BE.search(text)] == []
    second = figures.plain(class_names(folder, most=12)[1])
    assert any(second in text for text in shown)  # the figures are about these classes
    there = Counter(path.parent.name for path in folder.glob("validation/*/*"))
    shares = [line.split()[1] for line in lines if line.startswith("chance ")]
    assert {share.strip(":,") for share in shares} <= {f"{max(there.values()) / there.total():.3f}"}
    assert shares or "chance = " not in source.read_text(encoding="utf-8")


def test_all_lessons_with_photos_are_tried_each_on_its_set(monkeypatch):
    stems = [source.stem[:2] for source in lessons_with_photos()]
    assert stems[:4] == ["03", "04", "05", "06"]
    monkeypatch.delenv(CHOICE, raising=False)
    by_turns = chosen_pairs()
    assert [source.stem[:2] for source, _ in by_turns] == stems
    assert {name for _, name in by_turns[:4]} == set(SETS)
    assert chosen_pairs() == by_turns  # at one commit always the same
    monkeypatch.setenv(CHOICE, "few")
    assert {name for _, name in chosen_pairs()} == {"few"}
    monkeypatch.setenv(CHOICE, "all")
    assert len(set(chosen_pairs())) == len(SETS) * len(stems)
    monkeypatch.setenv(CHOICE, "cats")
    with pytest.raises(ValueError, match="cats"):
        chosen_pairs()
