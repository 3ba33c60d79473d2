"""Whatever is handed in, it is found, named and read; or it is said what is wrong with it."""

import codecs
import json
import os
import re
import subprocess
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_class import hand_in, notebook

from course.exercises.reach import set_aside
from course.grader import hand_ins
from course.grader.hand_ins import HandInError, collect, read_cells, student_name
from course.workspace import copies
from course_utils.texts import printable

RELEASED, SOLVED = "def add_frame(): ...", "def add_frame(): return 1"
CODE = "def add_frame(image, width):\n    return image"


def an_exercise(name, title, **names):
    tasks = [SimpleNamespace(id=task) for task in names]
    exercise = SimpleNamespace(id=name, title=title, tasks=tasks, names_of=names.get)
    exercise.release_cells, exercise.solution_cells = lambda: [RELEASED], lambda: [SOLVED]
    return exercise


EXERCISE = an_exercise(
    "01_convolution", "Convolution and filter banks", frame=["add_frame"], ratio=["ratio"]
)
OTHER = an_exercise("02_mnist", "Digits", split=["split"])


@pytest.fixture(autouse=True)
def two_exercises(monkeypatch):
    monkeypatch.setattr(hand_ins, "exercise_ids", lambda: ["01_convolution", "02_mnist"])
    there = {"01_convolution": EXERCISE, "02_mnist": OTHER}
    monkeypatch.setattr(hand_ins, "load_exercise", there.get)


def only(place):
    """The one hand-in of a place."""
    (hand_in,) = collect(EXERCISE, [place])
    return hand_in


# Names


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("ada_01_convolution.ipynb", "ada"),
        ("01_convolution_ada.ipynb", "ada"),
        ("Ada Lovelace_77_assignsubmission_file_01_convolution.ipynb", "Ada Lovelace_77"),
        ("01_convolution - Ada Lovelace.ipynb", "Ada Lovelace"),
        ("Ada-01-CONVOLUTION.IPYNB", "Ada"),
        ("ada_convolution and filter banks.ipynb", "ada"),
        ("01_convolution.ipynb", "the folder"),
        ("01_convolution (2).ipynb", "the folder"),
        ("01_convolution(2).ipynb", "the folder"),
        ("01_convolution-Copy1.ipynb", "the folder"),
        ("01_convolution - Copy.ipynb", "the folder"),
        ("ada_01_convolution (1).ipynb", "ada"),
        ("01_exercises_convolution.ipynb", "the folder"),
        ("01_exercises_convolution (corrected) (2).ipynb", "the folder"),
        ("01_exercises_convolution (packed).ipynb", "the folder"),
        ("ada_01_exercises_convolution.ipynb", "ada"),
        ("01_exercises_convolution_ada.ipynb", "ada"),
        ("01_exercises_convolution - Ada Lovelace (1).ipynb", "Ada Lovelace"),
        ("Ada (2).ipynb", "Ada (2)"),
        ("ada.ipynb", "ada"),
        ("ada_101_convolution.ipynb", "ada_101_convolution"),
        ("-rf.ipynb", "-rf"),
        (".ipynb", "the folder"),
    ],
)
def test_the_name_of_a_student_from_a_file(file, student):
    assert student_name(Path("/x/the folder") / file, EXERCISE) == student


def test_one_folder_a_student_as_moodle_packs_them(tmp_path):
    hand_in(tmp_path, "Ada Lovelace_12345_assignsubmission_file/01_convolution.ipynb", [CODE])
    hand_in(tmp_path, "Grace/week 1/deep/anything.ipynb", [CODE + "\n"])
    (tmp_path / "Linus_7_assignsubmission_file").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    handed_in = collect(EXERCISE, [tmp_path])
    assert [(hand_in.student, hand_in.status) for hand_in in handed_in] == [
        ("Ada Lovelace_12345", ""),
        ("Grace", ""),
        ("Linus_7", "unreadable"),
    ]
    assert "no notebook" in handed_in[2].note


def test_a_flat_folder_makes_no_students_of_empty_folders(tmp_path):
    hand_in(tmp_path, "ada.ipynb", [CODE])
    (tmp_path / "pictures").mkdir()
    assert [hand_in.student for hand_in in collect(EXERCISE, [tmp_path])] == ["ada"]


def test_what_is_not_handed_in(tmp_path):
    hand_in(tmp_path, "ada.ipynb", [CODE])
    for name in (".ipynb_checkpoints/a.ipynb", ".git/a.ipynb", "__MACOSX/a.ipynb", "x/.y/a.ipynb",
                 "._ada.ipynb", "notes.txt"):  # fmt: skip
        hand_in(tmp_path, name, ["stop"])
    assert [Path(hand_in.file).name for hand_in in collect(EXERCISE, [tmp_path])] == ["ada.ipynb"]


def test_the_same_file_by_two_ways_is_one(tmp_path):
    path = hand_in(tmp_path, "ada.ipynb", [CODE])
    assert len(collect(EXERCISE, [tmp_path, path, tmp_path / "." / "ada.ipynb"])) == 1


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller 🦄", "O'Brien \"Bob\"", "Ada\nLovelace", "-o", "=cmd|'C calc'!A0", "CON",
        "a" * 249, b"caf\xe9".decode("utf-8", "surrogateescape"), "\u202egpj.exe", "Ada", "ada",
        "🦄" * 62,
    ],
)  # fmt: skip
def test_any_name(tmp_path, name):
    try:
        hand_in(tmp_path, f"{name}.ipynb", [CODE])
    except OSError:
        pytest.skip("this file system doesn't take the name")
    handed_in = only(tmp_path)
    assert handed_in.status == "" and handed_in.cells == (CODE,)
    handed_in.student.encode()  # printable, whatever the bytes
    assert "\n" not in handed_in.student and "\u202e" not in handed_in.student
    assert handed_in.student == printable(name)


def test_names_are_the_same_however_they_are_composed(tmp_path):
    for name in ("Zoe\u0308", "Zo\u00eb"):
        hand_in(tmp_path, f"{name}/a.ipynb", [CODE + name])
    handed_in = collect(EXERCISE, [tmp_path])
    assert {hand_in.student for hand_in in handed_in} == {"Zo\u00eb"}
    assert all(hand_in.note.startswith("2 submissions: ") for hand_in in handed_in)


# Reading


def test_the_code_cells_of_a_notebook(tmp_path):
    path = tmp_path / "ada.ipynb"
    text = json.loads(notebook(["a = 1\nb = 2", "c"], "01_convolution"))
    text["cells"][1]["source"] = "a = 1\nb = 2"  # as one string, besides a list of lines
    path.write_text(json.dumps(text))
    assert read_cells(path) == (("a = 1\nb = 2", "c"), "01_convolution")


BOOK = json.loads(notebook([CODE]))
WITH = {
    "utf-8 with a mark": codecs.BOM_UTF8 + notebook([CODE]),
    "utf-16 little": notebook([CODE]).decode().encode("utf-16"),
    "utf-16 big": codecs.BOM_UTF16_BE + notebook([CODE]).decode().encode("utf-16-be"),
    "utf-16 without a mark": notebook([CODE]).decode().encode("utf-16-le"),
    "utf-32": notebook([CODE]).decode().encode("utf-32"),
    "metadata of any kind": json.dumps(BOOK | {"metadata": [1]}).encode(),
    "course of any kind": json.dumps(BOOK | {"metadata": {"course": 3}}).encode(),
    "exercise of any kind": json.dumps(BOOK | {"metadata": {"course": {"exercise": [1]}}}).encode(),
    "copy of any kind": json.dumps(BOOK | {"metadata": {"course": {"kind": ["lesson"]}}}).encode(),
}


@pytest.mark.parametrize("content", WITH.values(), ids=WITH)
def test_what_can_be_read(tmp_path, content):
    (tmp_path / "ada.ipynb").write_bytes(content)
    assert only(tmp_path).cells == (CODE,)


def changed(**values):
    return json.dumps({**BOOK, **values}).encode()


def with_cell(**values):
    return changed(cells=[{**BOOK["cells"][1], **values}])


BAD = {  # what is in the file, and what is said of it: the kind of trouble, and where it is
    "empty": (b"", "empty"),
    "blank": (b" \n ", "empty"),
    "cut off": (notebook([CODE])[:-20], "JSON .*line 1"),
    "not JSON": (b"\x89PNG\r\n\x1a\n", "byte 0 .*UTF-8"),
    "latin-1": (notebook([CODE]).replace(b"Mine", b"M\xe9"), r"byte \d+ .*UTF-8"),
    "utf-16, cut off": (notebook([CODE]).decode().encode("utf-16")[:-1], r"byte \d+ .*UTF-16"),
    "a list": (b"[1, 2]", "no cells"),
    "an object": (b'{"a": 1}', "no cells"),
    "format 3": (b'{"nbformat": 3, "worksheets": []}', "format .*3.* 4"),
    "format x": (changed(nbformat="4"), "format .*'4'.* 4"),
    "no format": (b'{"cells": []}', "format .*None.* 4"),
    "no cells": (b'{"nbformat": 4}', "list of cells"),
    "cells a dict": (changed(cells={}), "list of cells"),
    "cell a number": (changed(cells=[3]), "cell 1 "),
    "no type": (changed(cells=[{"source": ""}]), "cell 1 "),
    "source a number": (with_cell(source=3), "cell 1 .*text"),
    "source of numbers": (with_cell(source=["a", 3]), "cell 1 .*text"),
    "no source": (changed(cells=[{"cell_type": "code"}]), "cell 1 .*text"),
    "deep": (b"[" * 1_000_000, "nested"),
    "long number": (b'{"nbformat": ' + b"4" * 5000 + b"}", "JSON .*digits"),
    "too large": (b" " * 20_000_001, f"{hand_ins.FILE_MB} MB"),
    "too much code": (with_cell(source="#" * 1_000_001), f"{hand_ins.CODE_MB} MB .*code"),
}


@pytest.mark.parametrize(("content", "why"), BAD.values(), ids=BAD)
def test_what_cannot_be_read(tmp_path, content, why):
    (tmp_path / "ada.ipynb").write_bytes(content)
    hand_in(tmp_path, "grace.ipynb", [CODE])
    bad, good = collect(EXERCISE, [tmp_path])
    assert (bad.student, bad.status, bad.cells) == ("ada", "unreadable", ())
    assert re.search(why, bad.note) and bad.note.endswith(".")
    assert (good.status, good.cells) == ("", (CODE,))


def test_half_a_surrogate_pair_is_made_harmless(tmp_path):
    hand_in(tmp_path, "ada.ipynb", ["a = '\ud83d'", "b = '🦄'"])
    handed_in = only(tmp_path)
    assert handed_in.cells == ("a = '\ufffd'", "b = '🦄'")
    assert handed_in.content


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_only_plain_files_are_opened(tmp_path, monkeypatch):
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "queue.ipynb")  # opening it would wait for ever
    (tmp_path / "dangling.ipynb").symlink_to("nowhere")
    hand_in(tmp_path.parent, "secret.ipynb", [CODE])
    (tmp_path / "stolen.ipynb").symlink_to(tmp_path.parent / "secret.ipynb")
    (tmp_path / "away").symlink_to(tmp_path.parent)
    handed_in = {hand_in.student: hand_in for hand_in in collect(EXERCISE, [tmp_path])}
    link = "this is a link, and links are not followed: give the file itself."
    assert {name: hand_in.note for name, hand_in in handed_in.items()} == {
        "folder": "this is a folder, not a notebook.",
        "queue": "this isn't a plain file.",
        "dangling": link,
        "stolen": link,
        "away": link,
    }
    assert {hand_in.status for hand_in in handed_in.values()} == {"unreadable"}


def test_files_that_are_given_by_name(tmp_path):
    (tmp_path / "dangling.ipynb").symlink_to("nowhere")
    (tmp_path / "folder.ipynb").mkdir()
    ada = hand_in(tmp_path / "real", "ada.ipynb", [CODE])
    (tmp_path / "linked.ipynb").symlink_to(ada)  # whoever names a link means what it leads to
    for name, why in {"dangling": "leads nowhere", "folder": "a folder"}.items():
        bad = only(tmp_path / f"{name}.ipynb")
        assert bad.status == "unreadable" and why in bad.note
    linked = only(tmp_path / "linked.ipynb")
    assert (linked.status, linked.note, linked.cells) == ("", "", (CODE,))
    assert only("/dev/zero").status == "unreadable"


def test_no_permission(tmp_path, monkeypatch):
    hand_in(tmp_path, "ada.ipynb", [CODE])
    hand_in(tmp_path, "closed/a.ipynb", [CODE])

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", path)

    entries = hand_ins._entries
    monkeypatch.setattr(hand_ins.os, "open", refuse)  # whoever runs the tests may be root
    monkeypatch.setattr(
        hand_ins, "_entries", lambda path: (refuse if path.name == "closed" else entries)(path)
    )
    ada, closed = collect(EXERCISE, [tmp_path])
    for bad in (ada, closed):
        assert bad.status == "unreadable" and "Permission denied" in bad.note
    with pytest.raises(HandInError, match="closed .*Permission denied"):
        collect(EXERCISE, [tmp_path / "closed"])


def test_folders_without_end(tmp_path):
    hand_in(tmp_path, "ada/a.ipynb", [CODE])
    deep = tmp_path / "x"
    for _ in range(1010):  # deeper than Python recurses
        deep.mkdir()
        deep /= "d"
    handed_in = collect(EXERCISE, [tmp_path])
    subprocess.run(["rm", "-r", tmp_path / "x"], check=True)  # pytest can't
    statuses = [(hand_in.student, hand_in.status) for hand_in in handed_in]
    assert statuses == [("ada", ""), ("x", "unreadable")]


def test_nowhere_to_look(tmp_path):
    with pytest.raises(HandInError, match=str(tmp_path / "nowhere")):
        collect(EXERCISE, [tmp_path / "nowhere"])
    with pytest.raises(HandInError, match=rf"\*\.ipynb.*{tmp_path}"):
        collect(EXERCISE, [tmp_path])


# Which exercise


def test_a_notebook_that_names_another_exercise(tmp_path):
    hand_in(tmp_path, "ada.ipynb", [CODE], "02_mnist")
    handed_in = only(tmp_path)
    assert (handed_in.status, handed_in.cells) == ("wrong exercise", ())
    assert "02_mnist" in handed_in.note and "01_convolution" in handed_in.note


def test_a_notebook_that_names_none_is_known_by_what_it_defines(tmp_path):
    hand_in(tmp_path, "other.ipynb", ["%matplotlib inline\nif (\ndef split(x):\n  pass"])
    hand_in(tmp_path, "both.ipynb", ["def split(x): pass", "ratio = 4"])
    hand_in(tmp_path, "neither.ipynb", ["x = 1"])
    hand_in(tmp_path, "nothing.ipynb", [])
    handed_in = {hand_in.student: hand_in for hand_in in collect(EXERCISE, [tmp_path])}
    for name in ("split", "02_mnist", "01_convolution"):
        assert name in handed_in["other"].note
    assert handed_in["other"].status == "wrong exercise"
    assert {handed_in[name].status for name in ("both", "neither", "nothing")} == {""}


# Two of one student


def test_two_submissions_of_one_student_are_both_graded_and_noted(tmp_path):
    first = hand_in(tmp_path, "Ada/01_convolution.ipynb", [CODE])
    second = hand_in(tmp_path, "Ada/final.ipynb", [CODE + "  # better"])
    hand_in(tmp_path, "Grace/01_convolution.ipynb", [CODE + "  # mine"])
    handed_in = collect(EXERCISE, [tmp_path])
    assert [hand_in.status for hand_in in handed_in] == ["", "", ""]
    assert [hand_in.note for hand_in in handed_in] == [f"2 submissions: {first}, {second}"] * 2 + [
        ""
    ]


def test_the_same_code_twice_is_one_submission(tmp_path):
    first = hand_in(tmp_path, "Ada/a.ipynb", [CODE])
    second = hand_in(tmp_path, "Ada/b.ipynb", [CODE], "01_convolution")  # other bytes, same code
    handed_in = collect(EXERCISE, [tmp_path])
    assert len({hand_in.content for hand_in in handed_in}) == 1
    assert {hand_in.note for hand_in in handed_in} == {
        f"the same code, handed in 2 times: {first}, {second}"
    }


def test_of_a_learners_copies_those_of_the_exercise_are_graded(tmp_path):
    """A whole workspace handed in, such as a pack of it."""
    folder = copies.make(tmp_path / "class" / "Ada Lovelace").folder
    for name in ("01_exercises_convolution", "01_lesson_convolution", "02_exercises_mnist"):
        path = folder / f"{name}.ipynb"
        book = json.loads(path.read_text("utf-8"))
        cell = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": CODE}
        book["cells"].append(cell | {"execution_count": None})
        path.write_text(json.dumps(book), encoding="utf-8")
    solved = book["metadata"]["course"] | {"kind": "solutions", "exercise": "01_convolution"}
    book["metadata"]["course"] = solved
    (folder / "01_solutions_convolution.ipynb").write_text(json.dumps(book), encoding="utf-8")
    found = {Path(one.file).name: one for one in collect(EXERCISE, [tmp_path / "class"])}
    graded = [name for name, one in found.items() if not one.status]
    assert graded == ["01_exercises_convolution.ipynb"]
    assert found[graded[0]].student == "Ada Lovelace" and CODE in found[graded[0]].cells
    assert {one.status for one in found.values()} == {"", "wrong exercise"}
    assert "solutions" in found["01_solutions_convolution.ipynb"].note


def test_cells_for_a_look_are_set_aside(tmp_path):
    """What they define may be needed; that is found out where the code runs: see `reach.to_run`."""

    def cell(source, *tags):
        return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}}

    aside = {"slow()": "try", "check('frame')": "check", "ratio = 2": "expected"}
    cells = [cell("a = 1"), cell("%pip install course", "colab")]
    cells += [cell(source, tag, "mine") for source, tag in aside.items()]
    cells += [cell("b = 1", "mine"), {**cell("c = 1"), "metadata": "odd"}]
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
    assert only(path).cells == ("a = 1", *map(set_aside, aside), "b = 1", "c = 1")


def test_a_cell_for_a_look_makes_no_other_code(tmp_path):
    """Of the same answers it is said so, whatever was tried beside them."""
    tried = {"cell_type": "code", "source": "slide()", "metadata": {"tags": ["try"]}}
    for student, more in {"Ada": [], "Bob": [tried]}.items():
        path = hand_in(tmp_path, f"{student}/01_convolution.ipynb", [CODE])
        book = json.loads(path.read_text(encoding="utf-8"))
        book["cells"] += more
        path.write_text(json.dumps(book), encoding="utf-8")
    ada, bob = collect(EXERCISE, [tmp_path])
    assert (ada.note, bob.note) == ("the same code as Bob", "the same code as Ada")
    assert ada.content != bob.content  # it may define something, so it is graded by itself


def test_code_that_is_not_only_the_students_is_noted(tmp_path):
    for student, code in {"Ada": CODE, "Bob": CODE, "Cy": RELEASED, "Di": RELEASED}.items():
        hand_in(tmp_path, f"{student}/01_convolution.ipynb", [code])
    hand_in(tmp_path, "Eve/01_convolution.ipynb", [SOLVED])
    hand_in(tmp_path, "Flo/01_convolution.ipynb", [CODE + "  # mine"])
    assert [hand_in.note for hand_in in collect(EXERCISE, [tmp_path])] == [
        "the same code as Bob",
        "the same code as Ada",
        "the code is as it was handed out",
        "the code is as it was handed out",
        "the code is that of the solution",
        "",
    ]


# One student, one turn


def test_of_a_student_the_latest_few_are_graded_and_of_the_rest_is_said_so(tmp_path):
    for number in range(300):
        path = hand_in(tmp_path, f"ada/{number:03}.ipynb", [CODE, f"# {number}"], EXERCISE.id)
        os.utime(path, (number, number))
    hand_in(tmp_path, "ben/x.ipynb", [CODE], EXERCISE.id)
    found = collect(EXERCISE, [tmp_path])
    graded = [Path(one.file).name for one in found if not one.status]
    latest = [f"{number}.ipynb" for number in range(300 - hand_ins.MOST_GRADED, 300)]
    assert graded == [*latest, "x.ipynb"]
    (rest,) = [one for one in found if one.status]
    assert (rest.student, rest.status) == ("ada", "too many")
    assert rest.file == f"{300 - hand_ins.MOST_GRADED} more notebooks"
    assert rest.note.endswith(f"and {300 - hand_ins.MOST_GRADED - 3} more.")
    assert max(len(one.note) for one in found) < 1000
    assert "and 2 more" in found[0].note


def test_what_is_no_submission_takes_no_turn_from_what_is_one(tmp_path):
    for number in range(2 * hand_ins.MOST_GRADED):
        hand_in(tmp_path, f"ada/{number}_of_another.ipynb", ["x = 1"], "02_mnist")
    path = hand_in(tmp_path, "ada/01_convolution.ipynb", [CODE], EXERCISE.id)
    os.utime(path, (1, 1))  # the oldest
    statuses = [one.status for one in collect(EXERCISE, [tmp_path])]
    assert sorted(statuses) == ["", *["wrong exercise"] * 2 * hand_ins.MOST_GRADED]


def test_so_many_are_not_even_read(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(hand_ins, "read_cells", lambda path: read.append(path) or ((), "other"))
    for number in range(300):
        hand_in(tmp_path, f"ada/{number}.ipynb", [CODE], EXERCISE.id)
    collect(EXERCISE, [tmp_path])
    assert len(read) == hand_ins.MOST_READ


@pytest.mark.parametrize(
    "outputs", [b"[]," * 4_000_000, b'"\xf0\x9f\x98\x80' + b"x" * 15_000_000 + b'",']
)
def test_a_notebook_takes_little_memory_to_read(tmp_path, outputs):
    code = json.dumps({"cell_type": "code", "source": CODE, "metadata": {}, "outputs": []})
    content = b'{"nbformat": 4, "metadata": {"x": [' + outputs + b'0]}, "cells": [' + code.encode()
    (tmp_path / "ada.ipynb").write_bytes(content + b"]}")
    tracemalloc.start()
    try:
        (found,) = collect(EXERCISE, [tmp_path])
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert found.status == ("unreadable" if outputs[0] == ord("[") else "")


def test_same_code_in_many_names_some(tmp_path):
    for number in range(40):
        hand_in(tmp_path, f"student {number:02}/x.ipynb", [CODE], EXERCISE.id)
    assert "student 02, student 03 and 36 more" in collect(EXERCISE, [tmp_path])[0].note
