"""Marks, pages and explanations: right, escaped, and silent about what is hidden."""

import csv
import dataclasses
import os
import re
import string
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises import Check, Outcome, Task
from course.grader import reports
from course.grader.gradebook import Result
from course.grader.hand_ins import HandIn
from course.grader.reports import Row, clean, no_formula, page_names, write_csv, write_feedback

HIDDEN_INPUT = "width 7 gave 3.25"


def a_check(name, task, points, *, hidden=False):
    return Check(
        id=name,
        task=task,
        points=points,
        hint=f"Hint of `{name}`.",
        more=f"More of {name}.",
        hidden=hidden,
        says=f"says {name}",
        function=None,
        line=1,
    )


CHECKS = [
    a_check("corners", "frame", 1),
    a_check("widths", "frame", 0.5, hidden=True),
    a_check("turned", "flip", 2),
]
EXERCISE = SimpleNamespace(
    id="01_convolution",
    title="Convolution & filters",
    points=3.5,
    checks=CHECKS,
    tasks=[Task("frame", "1.1 A frame of `zeros`", 1), Task("flip", "1.2 A flip", 9)],
    checks_of=lambda task: [check for check in CHECKS if check.task == task],
    names_of={"frame": ["add_frame"], "flip": ["flip"]}.get,
)


def row(student, *, note="", file=None, status="graded", trouble=(), **verdicts):
    """A row in which each check has the status and message that are given, or passed."""
    outcomes = []
    for check in CHECKS:
        verdict, message = verdicts.get(check.id, ("passed", ""))
        earned = {"passed": check.points, "grader error": None}.get(verdict, 0.0)
        outcomes.append(
            Outcome(check.id, check.task, check.points, earned, verdict, message, 0.125)
        )
    result = Result(status, tuple(outcomes), trouble)
    return Row(HandIn(student, file or f"{student}.ipynb", ("x",), note=note), result)


def ungraded(student, status, note):
    return Row(HandIn(student, f"{student}.ipynb", status=status, note=note))


ADA = row("Ada")
BOB = row(
    "Bob",
    corners=("wrong", "gives 3 at [0, 0], expected 0"),
    widths=("wrong", HIDDEN_INPUT),
    turned=("timed out", "took longer than 10 s"),
    trouble=("cell 3 took longer than 30 s",),
    status="timed out",
)
EVE = ungraded("Eve", "unreadable", "the file is empty.")
NOT_YET = Row(HandIn("Zoe", "zoe.ipynb", ("x",)))
FAULT = row(
    "Max",
    turned=("grader error", "the check fails on the reference"),
    trouble=("turned: the check fails on the reference", "cell 1: ValueError: x"),
    status="grader error",
)


def table(path):
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content.decode("utf-8-sig").splitlines()))


# The CSV


def test_marks(tmp_path):
    path = tmp_path / "marks.csv"
    write_csv(path, EXERCISE, [ADA, BOB, EVE, FAULT, NOT_YET])
    assert table(path) == [
        ["student", "file", "status", "points", "of", "corners", "widths", "turned", "note"],
        ["Ada", "Ada.ipynb", "graded", "3.5", "3.5", "1", "0.5", "2", ""],
        ["Bob", "Bob.ipynb", "timed out", "0", "3.5", "0", "0", "0", ""],
        ["Eve", "Eve.ipynb", "unreadable", "", "3.5", "", "", "", "the file is empty."],
        ["Max", "Max.ipynb", "grader error", "", "3.5", "1", "0.5", "", ""],
        ["Zoe", "zoe.ipynb", "not graded yet", "", "3.5", "", "", "", ""],
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]


def test_times_are_not_in_the_marks(tmp_path):
    slow = tuple(dataclasses.replace(outcome, seconds=9.0) for outcome in ADA.result.outcomes)
    write_csv(tmp_path / "a", EXERCISE, [ADA])
    write_csv(tmp_path / "b", EXERCISE, [Row(ADA.hand_in, Result("graded", slow))])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", " =1", "\t=1", "＝1", "Ada;=1", "a; -1"],
)
def test_no_cell_begins_a_formula(tmp_path, text):
    path = tmp_path / "marks.csv"
    write_csv(path, EXERCISE, [row(text, file=text, note=text)])
    cells = table(path)[1]
    for part in ";".join((cells[0], cells[1], cells[-1])).split(";"):
        assert part.strip()[:1] not in tuple("=+-@＝＋－＠")
    assert cells[0].replace("'", "") == text.replace("'", "")


def test_harmless_text_stays():
    assert no_formula("Ada-Maria O'Neil, a=b; c") == "Ada-Maria O'Neil, a=b; c"


def test_a_failed_write_leaves_the_old_marks(tmp_path, monkeypatch):
    path = tmp_path / "marks.csv"
    write_csv(path, EXERCISE, [ADA])
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="28"):
        write_csv(path, EXERCISE, [ADA, BOB])
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]


# Pages' names


def test_plain_names_stay():
    names = ["Ada Lovelace", "Zoë", "O'Brien", "李雷", "x.y"]
    assert page_names(names) == {name: f"{name}.html" for name in names}


AWKWARD = ["../x", "..", ".", "/etc/passwd", "a/b", "a\\b", "C:x", "", " ", "-rf", "CON", "nul.txt",
           "a" * 300, "🦄" * 99, "Ada", "ada", "ADA", "=1", "x\\n", "<b>", "a.", "é" * 80,
           "x-d6b96a97d147"]  # fmt: skip


def test_awkward_names_are_safe_and_differ():
    names = page_names(AWKWARD)
    check_names(names)
    assert len(names) == len(AWKWARD)


@given(st.sets(st.text(max_size=150) | st.text(string.ascii_letters + "./\\", max_size=4)))
def test_any_names_are_safe_and_differ(students):
    check_names(page_names(sorted(students)))


def check_names(names):
    assert len({name.casefold() for name in names.values()}) == len(names)
    for name in names.values():
        assert len(name.encode()) <= 255 and name.endswith(".html")
        assert not re.search(r'[/\\:*?"<>|\x00-\x1f]', name)
        assert name[0] not in ".- "
        assert not re.match(r"(?i)(con|nul|aux|prn)\.", name)


def test_a_second_ada_does_not_take_the_firsts_page(tmp_path):
    write_feedback(tmp_path, EXERCISE, [row("Ada")])
    assert [path.name for path in tmp_path.iterdir()] == ["Ada.html"]
    names = write_feedback(tmp_path, EXERCISE, [row("Ada"), row("ada")])
    assert len(names) == 2
    assert {path.name for path in tmp_path.iterdir()} == set(names.values())
    for student, name in names.items():
        assert f"Feedback for {student}<" in (tmp_path / name).read_text()


# Pages


class Page(HTMLParser):
    """The text of a page, and the tags and attributes in it."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data if self.tags[-1:] != ["style"] else ""


def page(*rows):
    return Page(reports.feedback_page(EXERCISE, rows[0].hand_in.student, rows))


def test_what_a_student_sees():
    text = page(BOB).text
    for part in (
        "Convolution & filters", "Feedback for Bob", "0 of 3.5 points", "1.1 A frame of zeros",
        "0 of 1.5 points", "✗ not passed: says corners (0 of 1 point)", "3 at [0, 0], expected 0",
        "Hint of corners.", "More of corners.", "✗ not passed: a hidden check (0 of 0.5 points)",
        "Hint of widths.", "More of widths.", "longer than 10 s", "cell 3 took longer than 30 s",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("status", ["wrong", "raised", "timed out", "died", "not data"])
def test_a_hidden_check_gives_nothing_away(status):
    lost = page(row("Bob", widths=(status, HIDDEN_INPUT)))
    assert HIDDEN_INPUT not in lost.text and "says widths" not in lost.text
    assert status not in lost.text.replace("Hint", "")
    assert "✗ not passed: a hidden check (0 of 0.5 points)" in lost.text
    passed = page(ADA)
    assert "✓ passed: a hidden check (0.5 of 0.5 points)" in passed.text
    assert "Hint" not in passed.text


def test_a_student_learns_what_was_not_answered_and_where_an_error_was():
    error = "IndexError: too many (in flip: return image[0, 0])"
    unwritten = ("not answered", "`add_frame` isn't written yet.")
    bob = row("Bob", corners=unwritten, widths=unwritten, turned=("raised", error))
    text = page(bob).text
    assert "– not answered: says corners" in text and "– not answered: a hidden check" in text
    assert text.count("add_frame isn't written yet.") == 1  # not of the hidden check
    codes = re.findall("<code>(.*?)</code>", reports.feedback_page(EXERCISE, "Bob", [bob]))
    assert {"add_frame", "IndexError: too many", "flip", "return image[0, 0]"} <= set(codes)


def test_what_is_not_graded_has_no_points():
    text = page(FAULT).text
    assert "! not graded: says turned (– of 2 points)" in text and "Hint of turned" not in text
    assert "the check fails on the reference" not in text and "cell 1: ValueError: x" in text
    assert "not your fault" in text and "of 3.5" not in text
    text = page(EVE).text
    assert "unreadable the file is empty." in text and "3.5" not in text


def test_two_submissions_stand_on_one_page(tmp_path):
    first, second = row("Ada", file="a.ipynb"), row("Ada", file="b.ipynb", turned=("wrong", "no"))
    assert write_feedback(tmp_path, EXERCISE, [first, second]) == {"Ada": "Ada.html"}
    text = page(first, second).text
    assert "2 files" in text
    assert text.index("a.ipynb") < text.index("3.5 of 3.5") < text.index("b.ipynb")
    assert text.index("b.ipynb") < text.index("1.5 of 3.5")


def test_a_page_tells_nothing_of_the_instructors_folders():
    assert "/home/prof" not in page(row("Ada", file="/home/prof/in/Ada_1/a.ipynb")).text
    text = page(row("Ada", file="in/Ada_1/a.ipynb"), row("Ada", file="in/Ada_2/a.ipynb")).text
    assert "in/Ada_1/a.ipynb" in text and "in/Ada_2/a.ipynb" in text


def test_no_page_before_all_of_a_student_is_graded(tmp_path):
    again = Row(HandIn("Ada", "second.ipynb", ("y",)))
    write_feedback(tmp_path, EXERCISE, [ADA, again, BOB, NOT_YET])
    assert [path.name for path in tmp_path.iterdir()] == ["Bob.html"]


EVIL = "<script>alert(1)<script><img src=x onerror=y>`<b>`{{ 7*7 }}&\"'>"


def test_what_students_write_is_text():
    evil = row(EVIL, file=EVIL, corners=("wrong", EVIL), trouble=(EVIL,), status="died")
    good = row("Bob", file="b", corners=("wrong", "m"), trouble=("t",), status="died")
    seen, expected = page(evil), page(good)
    added = list(seen.tags)
    for tag in expected.tags:
        added.remove(tag)
    assert added == ["code", "code"]  # of the backticks: in the message and in the trouble
    assert [pair for pair in seen.attributes if pair not in expected.attributes] == []
    assert seen.text.count(EVIL.replace("`", "")) == 2
    assert seen.text.count(EVIL) == 3  # title, name, file
    assert "49" not in seen.text
    other = page(ungraded(EVIL, "unreadable", EVIL))
    assert "script" not in other.tags and other.text.count(EVIL) == 4


def test_a_page_needs_nothing_else():
    assert not {"script", "link", "img", "iframe"} & set(page(BOB).tags)
    html = reports.feedback_page(EXERCISE, "Bob", [BOB])
    assert "http" not in html.replace("http-equiv", "") and "url(" not in html
    assert "default-src 'none'" in html  # and were something let through, no browser would load it
    assert "prefers-color-scheme: dark" in html and "@media print" in html


def test_control_characters_are_written_out():
    assert "\\x1b[31m" in page(row("Bob", corners=("wrong", "\x1b[31mred\x00"))).text


# For the instructor


def test_summary():
    never = ("wrong", "no")
    rows = [ADA, row("Cid", turned=never), EVE, BOB, row("Dan", note="two submissions: a, b")]
    assert reports.summary(EXERCISE, rows) == [
        "5 hand-ins: 3 graded, 1 unreadable, 1 timed out",
        "points: mean 2.1, median 2.5, of 3.5",
        "passed, of 4:",
        "  corners     3",
        "  widths      3 (hidden)",
        "  turned      2",
        "unreadable: Eve (Eve.ipynb): the file is empty.",
        "timed out: Bob (Bob.ipynb): cell 3 took longer than 30 s",
        "graded: Dan (Dan.ipynb): two submissions: a, b",
    ]


def test_summary_spots_a_check_that_nobody_passes():
    rows = [row("Ada", turned=("wrong", "")), row("Cid", turned=("raised", ""))]
    assert "  turned      0   nobody: is the check right?" in reports.summary(EXERCISE, rows)


def test_summary_is_loud_about_the_graders_own_errors():
    crash = Row(HandIn("Liz", "l", ("x",)), Result("grader error", (), ("the grader failed: X",)))
    loud, of_max, of_liz = reports.summary(EXERCISE, [ADA, FAULT, crash])[-3:]
    assert "GRADER ERROR" in loud
    for part in ("Max", "Max.ipynb", *FAULT.result.trouble):
        assert of_max.count(part) == 1 + (part == "Max")
    assert "Liz" in of_liz and "the grader failed: X" in of_liz


def test_summary_of_nothing_graded():
    assert reports.summary(EXERCISE, [EVE])[0] == "1 hand-in: 1 unreadable"


def test_which_could_not_be_graded():
    assert reports.ungraded([ADA, BOB, EVE, FAULT, NOT_YET]) == [EVE, FAULT, NOT_YET]


def test_explain_tells_all():
    cells = ["import os", "def add_frame(image):\n    return '\x1b[2J'", "def flip(x): pass"]
    text = reports.explain(EXERCISE, BOB, "frame", cells=cells, seed="1f")
    at = 0
    for part in (
        "Bob: frame", "Bob.ipynb", "timed out", "1f", "strong", "cell 3 took longer than 30 s",
        "corners", "wrong", "0 of 1", "0.125 s", "gives 3 at [0, 0], expected 0",
        "widths (hidden)", "wrong", "0 of 0.5", HIDDEN_INPUT,
        "code cell 2", "  def add_frame(image):", "      return '\\x1b[2J'",
    ):  # fmt: skip
        at = text.index(part, at)
    assert "turned" not in text and "import os" not in text and "def flip" not in text


def test_explain_what_was_not_graded():
    text = reports.explain(EXERCISE, EVE, "frame", cells=[], seed="1f")
    assert "unreadable" in text and "the file is empty." in text and "1f" not in text


def test_clean_keeps_lines_and_letters():
    assert clean("ä\r\n\tb\x07\u202e") == "ä\n    b\\x07\\u202e"


def test_a_note_that_names_others_is_for_the_instructor():
    note = "the same code as Bob"
    cut_off = Row(HandIn("Ada", "Ada.ipynb", ("x",), note=note), None)
    for noted in (row("Ada", note=note), cut_off):
        assert "Bob" not in reports.feedback_page(EXERCISE, "Ada", [noted])
        assert any("Bob" in line for line in reports.summary(EXERCISE, [noted]))
