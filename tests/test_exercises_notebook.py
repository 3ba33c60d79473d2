"""What a learner sees: in terminals, in notebooks, right, wrong and not answered yet."""

import _thread
import dataclasses
import html.parser
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course.exercises import (
    ExerciseError,
    TimedOut,
    answers,
    calls,
    cells,
    exercise_ids,
    load_exercise,
    mistakes,
    notebook,
    pictures,
    run_check,
    runner,
    source,
    verdicts,
)
from course.exercises.runner import GRADING
from course.workspace import places, progress

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "tests" / "small_exercise"
MOST_STEPS = 150_000  # of Python, for an answer


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    """Each test has a workspace of its own, and so no progress yet."""
    (tmp_path / places.MARK).touch()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))


@pytest.fixture
def learner(monkeypatch):
    """learner(code): the page shown last when this runs, with `check` for the small exercise."""
    pages = []
    monkeypatch.setattr(answers, "show", pages.append)
    names = {"open_exercise": notebook.open_exercise, "np": np}

    def run(code):
        exec(code, names)
        return pages[-1]

    run(f"check = open_exercise({str(SMALL)!r})")
    return run


RIGHT = "def add_frame(image, width):\n    return np.pad(image, width)\n"
WRONG = "def add_frame(image, width):\n    return np.pad(image, (width, 0))\n"
BRIGHTEST = "levels = 256\nbrightest = lambda i: np.unravel_index(i.argmax(), i.shape)\n"
HINTS = {check.id: (check.hint, check.more) for check in load_exercise(SMALL).checks}


def signs(page):
    return [row.sign for row in page.rows]


def details(page):
    """What stands below each row, as one text."""
    return [" ".join(text for _, text in row.details) for row in page.rows]


def numbers(text):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def line(page, label):
    (text,) = (text for name, text in page.lines if name == label)
    return text


def test_the_first_line_says_what_is_in_it(learner):
    page = learner(f"open_exercise({str(SMALL)!r})")
    assert "A small exercise for the tests" in page.heading
    assert numbers(page.about) == [2, 10, 4.5]  # tasks, points, points seen here


def test_an_answer_reads_well(capsys):
    names = {"open_exercise": notebook.open_exercise, "np": np}
    code = f"check = open_exercise({str(SMALL)!r})\nlevels = 255\ncheck('brightest')"
    exec(code, names)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "✗ 2 The brightest pixel: not yet right",
        "  ✗ not yet: counts the grey levels of 8 bits (1 point)",
        "      `levels` is 255; expected is 256.",
        "      Hint: How many values do 8 bits have?",
        "  – not answered yet: finds the brightest pixel (1.5 points)",
        "      `brightest` isn't defined. Run the cell that defines it, then this one.",
        "  Only when graded: 1 more check, for 2.5 points, with other inputs.",
        "  So far: – ✗ · 0 of 2 tasks right · 0 of 4.5 visible points",
        "  Next: change your code, run its cell, then run this one again; "
        '`check.hint("brightest")` has',
        "  another hint.",
    ]


def test_not_answered_yet_is_friendly_and_hints_at_nothing(learner):
    stub = "def add_frame(image, width):\n    raise NotImplementedError\n"
    for code in ("", stub):
        page = learner(f'{code}check("add_frame")')
        assert [page.sign, *signs(page)] == [verdicts.OPEN, verdicts.OPEN]
        assert "`add_frame`" in details(page)[0]
        assert HINTS["zeros_all_around"][0] not in page.as_text()


def test_wrong_says_how_and_gives_the_first_hint(learner):
    page = learner(WRONG + 'check("add_frame")')
    assert [page.sign, *signs(page)] == [verdicts.WRONG, verdicts.WRONG]
    assert "(4, 6)" in details(page)[0] and "(5, 7)" in details(page)[0]
    assert ("Hint", HINTS["zeros_all_around"][0]) in page.rows[0].details
    assert numbers(line(page, "Only when graded")) == [1, 3]  # check, points
    text = page.as_text()
    assert HINTS["zeros_all_around"][1] not in text
    assert "any width" not in text  # the hidden check's text
    assert "✗ –" in line(page, "So far") and numbers(line(page, "So far")) == [0, 2, 0, 4.5]


def test_right_goes_on_to_the_next_task(learner):
    page = learner(RIGHT + 'check("add_frame")')
    assert [page.sign, *signs(page)] == [verdicts.RIGHT, verdicts.RIGHT] and not details(page)[0]
    assert "✓ –" in line(page, "So far") and numbers(line(page, "So far")) == [1, 2, 2, 4.5]
    assert '`check("brightest")`' in line(page, "Next")
    page = learner(BRIGHTEST + 'check("brightest")')
    assert "✓ ✓" in line(page, "So far") and numbers(line(page, "So far")) == [2, 2, 4.5, 4.5]
    assert "check(" not in line(page, "Next")


def test_it_looks_at_what_is_defined_now(learner):
    for code, right in ((WRONG, 0), (RIGHT, 1), (WRONG, 0)):
        assert numbers(line(learner(code + 'check("add_frame")'), "So far"))[0] == right
    assert learner('del add_frame\ncheck("add_frame")').sign == verdicts.OPEN


def test_an_error_shows_the_learners_line(learner):
    page = learner(
        "from course.exercises.runner import run_cell\n"
        "run_cell('def add_frame(image, width):\\n    return image[width, 0, 0]', globals(), 'c')\n"
        'check("add_frame")'
    )
    assert signs(page) == [verdicts.WRONG]
    for part in ("`IndexError: too many indices", "`add_frame`", "`return image[width, 0, 0]`"):
        assert part in details(page)[0]


def test_some_answered_some_not(learner):
    page = learner('levels = 255\ncheck("brightest")')
    assert [page.sign, *signs(page)] == [verdicts.WRONG, verdicts.WRONG, verdicts.OPEN]
    assert {255, 256} <= set(numbers(details(page)[0])) and "`brightest`" in details(page)[1]
    page = learner('levels = 256\ncheck("brightest")')
    assert [page.sign, *signs(page)] == [verdicts.WRONG, verdicts.RIGHT, verdicts.OPEN]
    assert numbers(page.heading) == [2, 1, 2]  # the task's number, and checks of checks
    assert numbers(line(page, "So far")) == [0, 2, 1, 4.5]


def test_a_check_that_fails_itself_is_not_the_learners_fault():
    exercise = load_exercise(SMALL)
    check = exercise.checks_of("add_frame")[0]
    faulty = dataclasses.replace(check, function=lambda student, reference, rng: 1 / 0)
    outcome = run_check(faulty, None, None, 0)
    assert outcome.status == "grader error"
    stand = answers.standings(exercise, {"add_frame": [outcome]}, {})
    page = answers.answer(exercise, exercise.tasks[0], [outcome], stand)
    assert [page.sign, *signs(page)] == [verdicts.FAULT, verdicts.FAULT]
    assert outcome.message in details(page)[0]


def hinted(page):
    return [text for label, text in page.lines if label]


def test_hints_one_after_the_other(learner):
    first, second, third = (learner('check.hint("add_frame")') for _ in range(3))
    both = list(HINTS["zeros_all_around"])
    assert [hinted(first), hinted(second), hinted(third)] == [both[:1], both, both]
    assert [len(page.lines) for page in (first, second, third)] == [2, 2, 3]  # third: no more


def test_after_a_wrong_answer_comes_the_second_hint_of_what_failed(learner):
    learner("levels = 256\nbrightest = lambda image: (0, 0)\ncheck('brightest')")
    assert hinted(learner('check.hint("brightest")')) == list(HINTS["finds_the_pixel"])


def test_progress(learner):
    learner(RIGHT + 'check("add_frame")')
    page = learner("check.progress()")
    assert signs(page) == [verdicts.RIGHT, verdicts.OPEN]
    assert [numbers(row.worth) for row in page.rows] == [[2, 2, 3], [0, 2.5, 2.5]]
    assert "1 A frame of zeros" in page.rows[0].about
    assert numbers(page.about) == [1, 2, 2, 4.5]


def test_progress_outlasts_the_kernel_and_counts_all_sets(learner):
    learner('check("add_frame")')  # not answered: no try
    assert progress.noted("small_exercise") == []
    learner(WRONG + 'check("add_frame")')
    learner(RIGHT + 'check("add_frame")')
    learner("levels = 255\ncheck('brightest')")
    progress.note("01_convolution", "task", "slide", True)
    learner(f"check = open_exercise({str(SMALL)!r})")  # as after a restart
    page = learner("check.progress()")
    assert signs(page) == [verdicts.RIGHT, verdicts.WRONG]
    assert numbers(page.about) == [1, 2, 2, 4.5]
    sets = [text for label, text in page.lines if not label]
    tasks = [len(load_exercise(name).tasks) for name in exercise_ids()]
    assert [numbers(text)[-2:] for text in sets] == [[1, tasks[0]], *([0, n] for n in tasks[1:])]
    assert "brightest" in line(page, "Next")
    (noted,) = progress.noted("small_exercise", "task")[:1]
    assert (noted.item, noted.first, noted.last) == ("add_frame", False, True)


def test_without_a_task_the_tasks_are_shown(learner):
    learner(RIGHT + 'check("add_frame")')
    for method in ("check", "check.hint"):
        page = learner(f"{method}()")
        assert signs(page) == [verdicts.RIGHT, verdicts.OPEN]
        for row, task in zip(page.rows, ("add_frame", "brightest"), strict=True):
            assert f'{method}("{task}")' in row.worth


def test_solutions_are_given_by_the_workspace(learner, monkeypatch):
    from course.workspace import WorkspaceError, copies

    asked = []
    change = copies.Change("a.ipynb", "added", None, "They are in a.ipynb.")
    monkeypatch.setattr(copies, "solutions", lambda lesson: asked.append(lesson) or change)
    assert learner("check.solutions()").about == change.says and asked == ["small_exercise"]
    monkeypatch.setattr(copies, "solutions", raising(WorkspaceError("try first")))
    page = learner("check.solutions()")
    assert (page.sign, page.about) == (verdicts.OPEN, "try first")


def raising(error):
    def function(*args):
        raise error

    return function


def test_a_case_is_what_a_function_was_called_with(learner):
    """Fresh copies, of the first call that failed, whatever the function does to its arguments."""
    with pytest.raises(notebook.NoCase, match="add_frame"):
        learner("check.case('add_frame')")
    spoils = "def add_frame(picture, width=1):\n    picture[:] = 0\n    return picture\n"
    page = learner(spoils + 'check("add_frame")')
    (again,) = (text for label, text in page.rows[0].details if label == "Try it")
    first, second = re.findall("`([^`]+)`", again)
    assert second == "add_frame(picture, width)"
    learner(f"{first}\npicture[0] = 5\n{first}\nassert 0.5 <= picture.min() and width == 1")
    learner('levels = 256\nbrightest = lambda image: [0, 0]\ncheck("brightest")')
    learner('assert check.case("brightest").shape == (4, 9)')
    learner(RIGHT + 'check("add_frame")')
    with pytest.raises(notebook.NoCase):
        learner("check.case('add_frame')")
    learner('levels = 255\ndel brightest\ncheck("brightest")')  # a variable is no call
    with pytest.raises(notebook.NoCase):
        learner("check.case('brightest')")


def test_a_mistake_that_is_known_is_named_in_place_of_the_hint(learner, monkeypatch):
    hint = ("Hint", HINTS["zeros_all_around"][0])
    ones = "def add_frame(image, width):\n    return 1 - np.pad(1 - image, width)\n"
    assert hint in learner(ones + 'check("add_frame")').rows[0].details
    monkeypatch.setattr(notebook, "mistakes_of", lambda exercise: known_mistakes())
    learner(f"check = open_exercise({str(SMALL)!r})")
    page = learner(ones + 'check("add_frame")')
    assert hint not in page.rows[0].details
    assert any("adds ones" in text for _, text in page.rows[0].details)
    assert "adds ones" not in learner(RIGHT + 'check("add_frame")').as_text()


def known_mistakes():
    exercise = load_exercise(SMALL)
    (mutant,) = (mutant for mutant in exercise.mutants if mutant.name == "ones")
    check, found = exercise.checks_of("add_frame")[0], []
    reference = runner.Here(exercise.solution_cells())
    for who in (exercise.mutant_cells(mutant), exercise.solution_cells()):
        trail = mistakes.Trail(runner.Here(who))
        passes = run_check(check, trail, reference, runner.PUBLIC_SEED).status == "passed"
        found.append({check.id: (passes, trail.sketches())})
    return [mistakes.mistake_of(mutant, *found)]


@pytest.mark.parametrize(("rows", "closes"), [(1, False), (5, True)])
def test_the_heading_of_a_long_answer_is_its_last_line_too(rows, closes):
    row = verdicts.Row(verdicts.WRONG, "not yet", "adds", "1 point", [("", "It is 2.")])
    page = verdicts.Page("1 A sum: not yet right", verdicts.WRONG, rows=[row] * rows, repeats=True)
    assert page.as_text().endswith("✗ 1 A sum: not yet right") == closes
    assert Reader(page.as_html()).text.count("1 A sum: not yet right") == 1 + closes


# Functions that run for long, and cells that stopped


def ended(function, limit, monkeypatch, interrupt_after=None):
    """How a call of a learner's function ends that is stopped after so many seconds."""
    monkeypatch.setattr(calls, "NOTICE_SECONDS", 0.05)
    told = []
    watched = calls.Watched({"f": function}, limit, told.append)
    timer = threading.Timer(interrupt_after or 99, _thread.interrupt_main)
    timer.start()
    try:
        return watched.get("f")(3), told
    except (TimedOut, KeyboardInterrupt) as error:
        return error, told
    finally:
        timer.cancel()


def forever(x):
    while True:
        x = x + 1


def test_a_loop_that_never_ends_is_told_of_and_stopped(monkeypatch):
    error, told = ended(forever, 0.2, monkeypatch)
    assert isinstance(error, TimedOut) and "`f`" in str(error) and numbers(str(error)) == [0.2]
    assert told == ["f"]
    assert ended(lambda x: x + 1, 0.2, monkeypatch) == (4, [])
    with pytest.raises(TypeError):
        ended(lambda: None, 0.2, monkeypatch)


def test_it_is_stopped_in_any_thread_and_also_where_all_exceptions_are_caught(monkeypatch):
    def stubborn(x):
        for _ in range(2):
            try:
                forever(x)
            except:  # noqa: E722 - as learners write it
                x = 0
        return "stopped twice"

    found = []
    thread = threading.Thread(target=lambda: found.append(ended(stubborn, 0.1, monkeypatch)))
    thread.start()
    thread.join()
    assert found == [("stopped twice", ["f"])]
    assert sum(1 for _ in range(10_000)) == 10_000  # nothing is left on its way


def test_an_interrupt_passes(monkeypatch):
    error, _ = ended(forever, 30, monkeypatch, interrupt_after=0.1)
    assert isinstance(error, KeyboardInterrupt)


def test_an_interrupted_check_names_task_and_call_and_has_the_case(learner):
    code = "def add_frame(image, width):\n    raise KeyboardInterrupt\ncheck('add_frame')"
    with pytest.raises(notebook.Interrupted) as caught:
        learner(code)
    (told,) = caught.value._render_traceback_()
    assert 'check("add_frame")' in told and "`add_frame`" in told
    learner("image, width = check.case('add_frame')\nassert image.shape == (3, 5)")


@pytest.fixture(scope="module")
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("runs", "missing"),
    [
        (["def f(x):\n    return x"], None),
        (["def f(x):\n    return x", "def f(x)\n    return 2"], "SyntaxError"),
        (["def f(x):\n    return x)"], "SyntaxError"),
        (["def f(x):\n  return x\n   return 2"], "IndentationError"),
        (["def f(x):\n    return x)", "def f(x):\n    return x"], None),
        (["1 / 0\ndef f(x):\n    return x"], "ZeroDivisionError"),
        (["def f(x):\n    return x\n1 / 0"], None),  # it is there already
        (["f: int = int('a')"], "ValueError"),
        (["f = 1 +", "g = 2"], "SyntaxError"),
        (["f = 1 +", "%precision 3\nf = 2"], None),
        (["g(f == 2"], None),
        (["def g():\n    f = 1 +"], None),
    ],
)  # fmt: skip
def test_what_a_cell_failed_to_define(shell, runs, missing, capsys):
    seen = cells.Cells()
    for code in runs:
        seen.see(shell.run_cell(code))
    found = seen.failed(["e", "f"])
    assert (found and (found[0], found[1].split(":")[0])) == (missing and ("f", missing))


def test_an_opened_exercise_shows_how_far_it_is(learner, capsys):
    learner(RIGHT + 'check("add_frame")\nprint(repr(check))')
    assert "✓ –" in capsys.readouterr().out


def test_a_function_or_its_name_will_do(learner):
    for given in ("add_frame", "'add_frame'", "'1'"):
        assert learner(f"{RIGHT}check({given})").sign == verdicts.RIGHT
    assert "2 The brightest pixel" in learner('check("levels")').heading


@pytest.mark.parametrize(
    "given, named",
    [
        ("'add_fram'", ['"add_fram"', '? ', 'check("add_frame")', '"brightest"']),
        ("'Brightest'", ['"Brightest"', '? ', 'check("brightest")', '"add_frame"']),
        ("'xyz'", ['"xyz"', '"add_frame"', '"brightest"']),
        ("np.sum", ['"sum"', '"add_frame"', '"brightest"']),
        ("5", ["int", 'check("add_frame")', '"brightest"']),
        ("np.zeros(3)", ["ndarray", '"add_frame"', '"brightest"']),
    ],
)  # fmt: skip
def test_unknown_tasks(learner, given, named):
    for call in ("check", "check.hint"):
        with pytest.raises(notebook.NoSuchTask) as caught:
            learner(f"{call}({given})")
        for part in named:
            assert part in str(caught.value)
    assert ("? " in str(caught.value)) == ("? " in named)  # a guess only where there is one


def test_ctrl_c_passes_and_leaves_the_task_open(learner, capsys):
    with pytest.raises(KeyboardInterrupt):
        learner("def add_frame(image, width):\n    raise KeyboardInterrupt\ncheck('add_frame')")
    learner("print(repr(check))")
    assert "– –" in capsys.readouterr().out


def test_the_learners_prints_are_shown_and_the_solutions_are_not(learner, capsys):
    code = "def add_frame(image, width):\n    print('mine')\n    return np.pad(image, width)\n"
    learner(code + "check('add_frame')")
    assert capsys.readouterr().out == "mine\n"
    exercise = load_exercise(SMALL)
    exercise.solution_cells = lambda: ["print('solution')\nimport numpy as np\n" + RIGHT]
    opened = notebook.OpenExercise(exercise)
    np.random.seed(3)  # noqa: NPY002
    assert opened._reference.add_frame(np.ones((1, 1)), 1).sum() == 1
    assert np.random.random() == np.random.RandomState(3).random_sample()  # noqa: NPY002
    assert capsys.readouterr().out == ""


def test_solutions_that_dont_run_here_are_an_error_that_says_so():
    exercise = load_exercise(SMALL)
    exercise.solution_cells = lambda: ["import no_such_module"]
    with pytest.raises(ExerciseError, match="small_exercise.*no_such_module.*course doctor"):
        _ = notebook.OpenExercise(exercise)._reference


def test_where_exercises_are_missing_the_error_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "EXERCISES", tmp_path / "exercises")
    monkeypatch.setattr(source, "RELEASED", tmp_path / "released")
    with pytest.raises(ExerciseError) as caught:
        notebook.open_exercise("01_convolution")
    for part in (str(tmp_path / "exercises"), str(tmp_path / "released"), "pip install"):
        assert part in str(caught.value)


def test_when_graded_it_does_nothing(monkeypatch, capsys):
    monkeypatch.setenv(GRADING, "1")
    check = notebook.open_exercise("no such exercise")
    assert check("x") is None
    check.hint("x")
    check.progress()
    assert capsys.readouterr().out == ""


# As HTML


class Reader(html.parser.HTMLParser):
    """Collects tags and text; fails where tags aren't closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.tags = [], "", []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.text += text


def test_html_says_what_the_text_says(learner):
    page = learner(WRONG + "check('add_frame')")
    page.rows[0].numbers = ""  # which stand in place of pictures
    text = Reader(page.as_html()).text
    assert "`" not in text
    for words in page.as_text().replace("`", "").splitlines():
        assert " ".join(words.split()) in " ".join(text.split())


def test_html_brings_no_style_sheet_no_script_and_no_background(learner):
    page = learner(WRONG + "check('add_frame')").as_html()
    read = Reader(page)
    assert {tag for tag, _ in read.tags} <= {"div", "span", "strong", "ul", "li", "small", "code", "br", "img"}  # noqa: E501 # fmt: skip
    styles = " ".join(attributes.get("style", "") for _, attributes in read.tags)
    assert "background" not in styles and "url(" not in page
    coloured = [a for _, a in read.tags if re.search(r"(?<![-\w])color:", a.get("style", ""))]
    assert coloured  # each is a mark's, which has a word beside it
    for sign in re.findall(r"(?<![-\w])color:[^>]*>([^<]*)<", page):
        assert sign in "✓✗–!?"


@pytest.mark.parametrize("sign", [verdicts.RIGHT, verdicts.WRONG, verdicts.OPEN, verdicts.FAULT])
@pytest.mark.parametrize("page", ["#ffffff", "#111111", "#1e1e1e", "#383838"])
def test_marks_can_be_seen_on_light_and_dark_pages(sign, page):
    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(sign.colour), luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 2.9


HOSTILE = "<script>alert(1)</script><b onload='x'>`<i>`\"&amp;"


def test_what_a_learner_wrote_is_escaped(learner):
    code = f"def add_frame(image, width):\n    raise ValueError({HOSTILE!r})\ncheck('add_frame')"
    read = Reader(learner(code).as_html())
    assert {"script", "b", "i"}.isdisjoint(tag for tag, _ in read.tags)
    assert "<script>alert(1)</script>" in read.text and "&amp;" in read.text
    code = f"levels = {HOSTILE!r}\ncheck('brightest')"
    read = Reader(learner(code).as_html())
    assert {"script", "b", "i"}.isdisjoint(tag for tag, _ in read.tags)


# Pictures


def pixels(picture):
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(picture.png)))


def test_pictures_are_in_the_answer_with_words_for_those_who_dont_see_them(learner):
    code = "def add_frame(image, width):\n    return np.pad(image, width, constant_values=1)\n"
    read = Reader(learner(code + "check('add_frame')").as_html())
    shown = [attributes for tag, attributes in read.tags if tag == "img"]
    assert len(shown) == 3
    assert all(image["src"].startswith("data:image/png;base64,") for image in shown)
    assert [image["alt"].split(":")[0] for image in shown] == ["expected", "yours", "difference"]
    assert shown[0]["alt"].startswith("expected: 5 × 7, 0 to 0.9")
    assert shown[2]["alt"] == "difference: 5 × 7, 0 to 1"
    assert "blue is −1, white 0, red 1" in read.text


def test_small_arrays_are_written_out_where_there_are_no_pictures(learner):
    says = learner(WRONG + "check('add_frame')").as_text()
    assert "expected:\n      [[0." in says and "yours:\n      [[0." in says


def test_one_scale_for_both_and_one_size_of_pixel():
    expected, got = np.eye(16) * 4, np.eye(16)[:8] * 2
    drawn, scale = pictures.compare(got, expected)
    assert [picture.title for picture in drawn] == [
        "expected",
        "yours",
    ]  # shapes differ: no difference
    assert drawn[0].width == drawn[1].width and drawn[0].height == 2 * drawn[1].height
    assert pixels(drawn[0]).max() == 255 and pixels(drawn[1]).max() == 128
    assert numbers(scale) == [0, 4]


def test_signed_values_have_zero_in_the_middle():
    expected = np.zeros((16, 16))
    expected[0], expected[1] = -1, 4
    (first, _, difference), scale = pictures.compare(-expected, expected)
    colours = pixels(first)
    zero, low, high = colours[-1, 0], colours[0, 0], colours[-1 + 2 * colours.shape[0] // 16, 0]
    assert zero.min() == zero.max() and low[2] > low[0] and high[0] > high[2]
    assert numbers(scale) == [4, 0, 4, 8, 0, 8] and scale.count("−") == 2
    assert difference.caption == "16 × 16, −8 to 2"


@pytest.mark.parametrize(
    "got, expected, n",
    [
        (np.zeros((4, 5, 3)), np.ones((4, 5, 3)), 3),
        (np.zeros((4, 5, 3)), np.ones((4, 5)), 2),
        (np.zeros((4, 5, 1)), np.ones((4, 5)), 3),
        (np.zeros(5), np.ones(5), 3),
        (np.zeros((2, 4, 5, 3)), np.ones((4, 5)), 1),
        (np.zeros((2, 4, 5, 3)), np.ones((2, 4, 5, 3)), 0),
        (np.zeros((0, 5)), np.ones((4, 5)), 1),
        (None, None, 0),
        (np.zeros((4, 5), complex), np.ones((4, 5)), 1),
        (np.full((4, 5), np.nan), np.ones((4, 5)), 3),
        (np.full((4, 5), np.inf), np.full((4, 5), np.inf), 3),
        (np.full((4, 5), 1e300), np.ones((4, 5)), 3),
        (np.zeros((500, 750)), np.ones((500, 750)), 3),
        (np.zeros((1, 50_000)), np.ones((4, 5)), 2),
        (np.zeros((4, 5), bool), np.ones((4, 5), bool), 3),
        (np.full((4, 5), 255, "uint8"), np.zeros((4, 5), "uint8"), 3),
        (np.full((4, 5), -(2**62)), np.zeros((4, 5), "int8"), 3),
    ],
)  # fmt: skip
def test_whatever_comes_is_drawn_or_left_out(got, expected, n):
    drawn, scale = pictures.compare(got, expected)
    assert len(drawn) == n and bool(scale) == bool(n)
    for picture in drawn:
        assert max(picture.width, picture.height) <= 250 and len(picture.png) < 300_000


def test_bytes_are_subtracted_without_wrapping_round():
    drawn, scale = pictures.compare(np.zeros((4, 5), "uint8"), np.full((4, 5), 200, "uint8"))
    assert drawn[2].caption == "4 × 5, all −200"


def test_numbers_that_arent_finite_are_marked():
    got = np.zeros((16, 16))
    got[0, 0] = np.nan
    drawn, scale = pictures.compare(got, np.ones((16, 16)))
    assert tuple(pixels(drawn[1])[0, 0]) == pictures._NOT_FINITE
    assert "orange is NaN or infinite" in scale


# In a kernel, and in good time


def executed(*cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(made, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    return made.cells


def test_in_a_notebook_both_html_and_text_and_untouched_cells_dont_fail():
    exercise = load_exercise(SMALL)
    sources = [
        cell.release if cell.graded else cell.source
        for cell in exercise.cells
        if cell.kind == "code" and "expected" not in cell.tags
    ]
    cells = executed(*sources, "check.progress()", f"{WRONG}check(add_frame)")
    shown = [output for cell in cells for output in cell.outputs if output.output_type != "stream"]
    assert len(shown) == 5
    for output in shown:
        assert output.output_type == "display_data"
        assert set(output.data) == {"text/plain", "text/html"}
    assert "shape (4, 6); expected is (5, 7)" in shown[-1].data["text/html"]
    assert "<img" in shown[-1].data["text/html"] and "<img" not in shown[-1].data["text/plain"]


def test_in_a_kernel_a_loop_is_told_of_and_a_cell_that_failed_is_not_judged():
    quick = "from course.exercises import calls, notebook\ncalls.NOTICE_SECONDS = 0.1\n"
    quick += f"calls.CLOCK = 0.3\ncheck = notebook.open_exercise({str(SMALL)!r})"
    loop = "def add_frame(image, width):\n    while True:\n        pass\n\ncheck('add_frame')"
    broken = f"get_ipython().run_cell({RIGHT.replace(':', '', 1)!r})\ncheck('add_frame')"
    _, looped, failed = executed(quick, loop, broken)
    told, verdict = looped.outputs
    assert numbers(told.data["text/plain"])[-1] == 0.1  # what it said before was taken away
    assert "timed out" in verdict.data["text/plain"] and "0.3" in verdict.data["text/plain"]
    assert "`SyntaxError" in failed.outputs[-1].data["text/plain"]
    assert "shape" not in failed.outputs[-1].data["text/plain"]


def test_numpy_exercises_need_nothing_heavy():
    code = (
        "import sys; sys.path.insert(0, '.'); import numpy as np\n"
        "from course.exercises import open_exercise\n"
        f"check = open_exercise({str(SMALL)!r})\n{WRONG}check('add_frame')\n"
        "heavy = {'tensorflow', 'keras', 'jinja2', 'matplotlib.pyplot', 'sklearn'}\n"
        "heavy |= {'scipy.stats', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    environment = {k: v for k, v in os.environ.items() if k != GRADING}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


@pytest.mark.parametrize("exercise", ["01_convolution"])
def test_an_answer_takes_few_steps(exercise, learner, monkeypatch):
    """So it comes at once; `make bench` says how soon. Steps are calls, the solution's too."""
    loaded = load_exercise(exercise)
    steps = []
    with monkeypatch.context() as patch:
        patch.setenv(GRADING, "1")
        learner("\n".join(loaded.solution_cells()))
    learner(f"check = open_exercise({exercise!r})")
    for task in loaded.tasks:
        learner(f"check({task.id!r})")  # what is imported and compiled once
        steps.clear()
        sys.setprofile(lambda frame, event, argument: steps.append(event))
        try:
            page = learner(f"check({task.id!r})")
            page.as_html()
        finally:
            sys.setprofile(None)
        assert page.sign == verdicts.RIGHT
        assert 1000 < steps.count("call") + steps.count("c_call") < MOST_STEPS, task.id
