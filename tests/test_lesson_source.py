"""How a lesson's source declares its questions, and what the build makes of them."""

import json

import pytest
from small_lesson import NAME, SOURCE, write_small_lesson

from course.workspace.questions import unpacked
from tools import staleness
from tools.lesson_source import declared_cells, questions_file, questions_text, read_lesson


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """(notebook, what its file of questions has)."""
    notebook, folder = write_small_lesson(tmp_path_factory.mktemp("small"))
    return notebook, json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))


def test_the_notebook_has_the_questions_without_their_answers(small):
    codes = [cell.source for cell in small[0].cells if cell.cell_type == "code"]
    asked = [code for code in codes if code.startswith("predict(")]
    assert asked == [f'predict("{name}")' for name in ("wrap", "map", "side", "steps")]
    assert codes[-1] == "predict.score()"
    text = json.dumps(small[0])
    assert "mistakes" not in text and "300" not in text


def test_the_file_has_all_that_was_declared_and_none_of_it_to_read(small):
    asked = small[1]["questions"]
    wrap, shape, side, steps = (unpacked(question["packed"]) for question in asked.values())
    assert (wrap["kind"], wrap["answer"], wrap["mistakes"][1][0]) == ("number", 44, 255)
    assert (shape["answer"], shape["label"]) == ([26, 26], "height, width")
    assert shape["mistakes"] == [[[28, 28], "No padding here."]]
    assert side["options"] == ["the left", "the right"] and side["answer"] == "the left"
    assert sorted(steps["options"]) == sorted(steps["answer"])
    assert steps["options"] != steps["answer"]  # shown in another order
    text = json.dumps(asked)
    assert not any(word in text for word in ("44", "byte", "the left", "Mirrored"))
    assert [question["section"] for question in asked.values()] == ["90.1 Bytes"] + 3 * [
        "90.2 Maps"
    ]


def test_sections_have_the_marks_of_their_cells(small):
    marks = [cell.id.partition("-")[0] for cell in small[0].cells if cell.cell_type == "code"]
    sections = small[1]["sections"]
    assert list(sections) == ["90.1 Bytes", "90.2 Maps"]
    assert sections["90.1 Bytes"].split() == marks[1:3]  # the first cell stands before


def lesson_with(folder, old, new):
    source = folder / "91_wrong.py"
    assert old in SOURCE
    source.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    return source


CELL = SOURCE[SOURCE.index("predict.number(") : SOURCE.index("# %%\ntotal = 1")].strip()
MISDECLARED = {
    "no mistakes": ('predict.number("wrap", 44, mistakes={})', "mistakes"),
    "no name": ("predict.number(44, mistakes={3: 'Three.'})", "number(name, answer"),
    "another kind": ('predict.word("wrap", "a")', "predict.number"),
    "not alone": (f"{CELL}\ntotal = 0", "cell of its own"),
    "not written out": (
        'predict.number("wrap", 200 + 100 - 256, mistakes={1: "One."})',
        "written out",
    ),
    "right and wrong": ('predict.number("wrap", 44, tolerance=2, mistakes={43: "So."})', "43"),
    "no sentence": ('predict.number("wrap", 44, mistakes={43: ""})', "sentence"),
    "a text for a number": ('predict.number("wrap", "44", mistakes={43: "So."})', "'44'"),
    "a number for a shape": ('predict.shape("wrap", 44, mistakes={(3,): "So."})', "44"),
    "an answer that isn't offered": (
        'predict.choice("wrap", "a", options=["b", "c"], mistakes={"b": "So.", "c": "So."})',
        "'a'",
    ),
    "an option without its sentence": (
        'predict.choice("wrap", "a", options=["a", "b", "c"], mistakes={"b": "So."})',
        "'c'",
    ),
    "two of a kind in an order": (
        'predict.order("wrap", ["a", "b", "b"], mistakes={("b", "a", "b"): "So."})',
        "'b'",
    ),
    "another order's mistake": (
        'predict.order("wrap", ["a", "b", "c"], mistakes={("a", "b", "d"): "So."})',
        "'d'",
    ),
    "no dict": ('predict.number("wrap", 44, mistakes=[43])', "dict"),
    "a mistake twice": (
        'predict.number("wrap", 44, mistakes={43: "So.", 43.0: "No."})',
        "twice",
    ),
    "a mistake that hides another": (
        'predict.number("wrap", 44, tolerance=2, mistakes={30: "So.", 31: "No."})',
        "30 and 31",
    ),
    "an argument twice": (
        'predict.number("wrap", 44, mistakes={43: "So."}, mistakes={45: "No."})',
        "twice",
    ),
    "infinity": ('predict.number("wrap", 1e400, mistakes={43: "So."})', "inf"),
    "too large": ('predict.number("wrap", 44, mistakes={10000000000000000: "So."})', "1e+15"),
    "a truth for a number": ('predict.number("wrap", True, mistakes={43: "So."})', "True"),
    "a negative tolerance": (
        'predict.number("wrap", 44, tolerance=-1, mistakes={43: "So."})',
        "-1",
    ),
    "no label": ('predict.number("wrap", 44, label="", mistakes={43: "So."})', "label"),
    "a negative side": ('predict.shape("wrap", (26, -1), mistakes={(3, 1): "So."})', "-1"),
    "options that are numbers": (
        'predict.choice("wrap", 1, options=[1, 2], mistakes={2: "So."})',
        "[1, 2]",
    ),
    "options in one text": (
        'predict.choice("wrap", "a", options="ab", mistakes={"b": "So."})',
        "'ab'",
    ),
    "options that look the same": (
        'predict.choice("wrap", "a", options=["a", "a "], mistakes={"a ": "So."})',
        "'a '",
    ),
    "an order without one": (
        'predict.order("wrap", {"a", "b", "c"}, mistakes={("c", "b", "a"): "So."})',
        "list",
    ),
    "an open bracket": ('predict.number("wrap", 44, mistakes={43: "So."}', "never closed"),
    "a command before": (
        '!ls\npredict.number("wrap", 44, mistakes={43: "So."})',
        "line 1 of a cell",
    ),
    "a score of something": ("predict.score(1)", "predict.score()"),
    "a name twice": ('predict.shape("map", (1, 1), mistakes={(2, 2): "So."})', "'map'"),
}


@pytest.mark.parametrize("case", MISDECLARED)
def test_what_is_wrong_is_said_with_its_place(tmp_path, case):
    declared, says = MISDECLARED[case]
    source = lesson_with(tmp_path, CELL, declared)
    with pytest.raises(ValueError) as error:
        read_lesson(source)
    line = SOURCE[: SOURCE.index(CELL)].count("\n") + 1
    twice = case == "a name twice"  # the second of them
    assert str(error.value).startswith(f"91_wrong.py, line {'' if twice else f'{line}:'}")
    assert says in str(error.value)


def test_a_question_stands_in_a_section(tmp_path):
    with pytest.raises(ValueError, match="91_wrong.py, line 13.*## 1.1"):
        questions_text(lesson_with(tmp_path, "## 90.1 Bytes", "Bytes"))


def test_plain_questions_name_their_answers_for_the_tests_alone(tmp_path):
    head = '# %% [markdown] answer=["the left", "3"]'
    source = lesson_with(tmp_path, "# %% [markdown]\n# ## 90.1", f"{head}\n# ## 90.1")
    assert [d for _, _, d in declared_cells(source) if isinstance(d, list)] == [["the left", "3"]]
    assert all("answer" not in cell.metadata for cell in read_lesson(source).cells)


@pytest.mark.parametrize("answer", ["44", '""', "[]", '["the left", 3]'])
def test_a_plain_question_s_answers_are_texts(tmp_path, answer):
    head = f"# %% [markdown] answer={answer}"
    source = lesson_with(tmp_path, "# %% [markdown]\n# ## 90.1", f"{head}\n# ## 90.1")
    with pytest.raises(ValueError, match="91_wrong.py, line 9: write answer="):
        declared_cells(source)


def test_a_variable_of_that_name_elsewhere_is_left_alone(tmp_path):
    source = lesson_with(tmp_path, "total = 1", "model.predict(1)\n!course predict")
    assert "model.predict(1)\n!course predict" in [
        cell.source for cell in read_lesson(source).cells
    ]


def test_the_files_of_all_lessons_are_fresh():
    assert staleness.stale_questions() == [], "run `make lessons`"
    there = {path.stem for path in questions_file(staleness.lessons()[0]).parent.glob("*.json")}
    assert there == {source.stem for source in staleness.lessons()}


def test_a_file_is_stale_when_a_question_changed_and_others_are_not(tmp_path, monkeypatch):
    _, folder = write_small_lesson(tmp_path)
    source = tmp_path / f"{NAME}.py"
    monkeypatch.setattr(staleness, "lessons", lambda: [source])
    monkeypatch.setattr(staleness, "questions_file", lambda source: folder / f"{NAME}.json")
    assert staleness.stale_questions() == []
    source.write_text(SOURCE.replace("Mirrored", "Turned"), encoding="utf-8")
    assert staleness.stale_questions() == [source]
    (folder / f"{NAME}.json").unlink()
    assert staleness.stale_questions() == [source]
