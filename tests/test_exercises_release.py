"""An exercise as a class gets it: nothing of it is given away, and it judges as the whole one."""

import email.message
import re
import shutil
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from exercise_secrets import secrets_of, told

from course.exercises import (
    PUBLIC_SEED,
    ExerciseError,
    Here,
    Memo,
    answers,
    encode,
    exercise_ids,
    load_exercise,
    notebook,
    run_check,
    runner,
    source,
    verdicts,
)
from course.exercises.mistakes import mistakes_of
from course.exercises.release import content_of, release
from course.exercises.runner import NotRecorded
from course.exercises.stand_in import Recorded, StandIn, distance, pack_answers, read_answers
from course.grader import command
from tools.staleness import EXERCISES, RELEASES, is_fresh, stale_releases

SLOW = ("train_head", "fine_tune")  # tasks whose mutants train a network
SMALL = Path(__file__).parent / "small_exercise"
every_exercise = pytest.mark.parametrize("name", exercise_ids())
whole = cache(lambda name: load_exercise(EXERCISES / name))
released_copy = cache(lambda name: load_exercise(RELEASES / name))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small exercise, released. It opens itself by its id, as the course's own do."""
    place = tmp_path_factory.mktemp("small")
    folder = Path(shutil.copytree(SMALL, place / "whole" / "small_exercise"))
    text = (folder / "exercise.py").read_text(encoding="utf-8")
    text = text.replace('"tests/small_exercise"', '"small_exercise"')
    (folder / "exercise.py").write_text(text, encoding="utf-8")
    whole_one = load_exercise(folder)
    return release(whole_one, place / "released" / "small_exercise", built_from="a mark")


@pytest.fixture
def small(built, tmp_path):
    """A copy of it, to be spoiled."""
    shutil.copytree(built.folder, tmp_path / "small_exercise")
    return load_exercise(tmp_path / "small_exercise")


@pytest.fixture
def edited(tmp_path):
    """edited(name, old, new): the small exercise with another text in a file."""

    def edit(name, old, new):
        folder = Path(shutil.copytree(SMALL, tmp_path / "edited"))
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        return load_exercise(folder)

    return edit


@pytest.fixture
def installed(monkeypatch, tmp_path, built):
    """As in an install: no folder exercises/ beside the package, released ones within it."""
    monkeypatch.setattr(source, "EXERCISES", tmp_path / "exercises")
    monkeypatch.setattr(source, "RELEASED", built.folder.parent)
    monkeypatch.chdir(tmp_path)


# ---- what is in it -----------------------------------------------------------------------------


def test_what_a_class_gets(built):
    small = load_exercise(built.folder.parents[1] / "whole" / "small_exercise")
    names = {path.name for path in built.folder.iterdir()}
    assert names == {"exercise.toml", "exercise.py", "checks.py", "answers.bin", "mistakes.bin"}
    assert built.released.built_from == "a mark"
    assert [check.id for check in built.checks] == [c.id for c in small.checks if not c.hidden]
    assert built.points == small.points == 10
    assert [built.hidden_of(task.id) for task in built.tasks] == [(1, 3), (1, 2.5)]
    assert [small.hidden_of(task.id) for task in small.tasks] == [(1, 3), (1, 2.5)]
    assert built.release_cells() == small.release_cells()
    for task in small.tasks:
        assert built.names_of(task.id) == small.names_of(task.id)
    text = (built.folder / "exercise.py").read_text(encoding="utf-8")
    assert "imshow" not in text and "BEGIN" not in text and "print(levels)" in text
    text = (built.folder / "checks.py").read_text(encoding="utf-8")
    assert "import check, equal, same" in text and "numpy" not in text  # a hidden check's import


def test_the_same_files_each_time(built, tmp_path):
    small = load_exercise(built.folder.parents[1] / "whole" / "small_exercise")
    again = release(small, tmp_path / "small_exercise", built_from="a mark")
    for path in built.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes()


@every_exercise
def test_nothing_is_given_away(name):
    secrets = secrets_of(EXERCISES / name)
    assert all(len(lines) > 9 for lines in secrets.values())
    texts = [path.read_bytes().decode("utf-8", "replace") for path in (RELEASES / name).iterdir()]
    texts.append(str(read_answers(RELEASES / name / source.ANSWERS)))
    texts.append(str(mistakes_of(released_copy(name))))
    assert told("\n".join(texts), secrets) == []
    # It would be found: all that the exercise's own folder says.
    own = "\n".join(path.read_text("utf-8") for path in (EXERCISES / name).glob("*.py"))
    found = told(own, secrets)
    for kind in ("solution", "hidden check", "text"):
        assert {secret for of, secret in found if of == kind} == secrets[kind]


@every_exercise
def test_answers_are_those_that_visible_checks_compare_with(name):
    """Few and small: what is expected of `gabor` at two places; all else is asked of probes."""
    recorded, live = read_answers(RELEASES / name / source.ANSWERS)
    exercise = whole(name)
    tasks = {defined for task in exercise.tasks for defined in exercise.names_of(task.id)}
    assert {question.name for question in recorded} == ({"gabor"} if name[:2] == "01" else set())
    assert not live & tasks
    size = sum(path.stat().st_size for path in (RELEASES / name).iterdir())
    assert size < 10_000 * len(exercise.tasks)


@pytest.mark.parametrize(
    "ask",
    [
        lambda exercise: exercise.solution_cells(),
        lambda exercise: exercise.mutants,
        lambda exercise: release(exercise, exercise.folder.parent / "again"),
    ],
)
def test_what_it_cannot_give_is_an_error_that_says_what_to_do(built, ask):
    with pytest.raises(ExerciseError) as caught:
        ask(built)
    assert "small_exercise" in str(caught.value) and "pip install" in str(caught.value)


def test_what_to_do_names_the_courses_address_once_there_is_one(built, monkeypatch):
    def address(lines):
        published = email.message.Message()
        for line in lines:
            published["Project-URL"] = line
        monkeypatch.setattr(source.metadata, "metadata", lambda name: published)
        with pytest.raises(ExerciseError) as caught:
            built.require_whole()
        return re.findall(r"https:[^ )]+", str(caught.value))

    assert address([]) == []
    lines = ["Changes, https://example.org/new", "Repository, https://example.org/a/b"]
    assert address(lines) == ["https://example.org/a/b"]


# ---- that it judges alike ----------------------------------------------------------------------


def _found(exercise, student, reference, tasks=None):
    return {
        check.id: (outcome.status, outcome.message, outcome.earned)
        for check in exercise.checks
        if not check.hidden and (tasks is None or check.task in tasks)
        for outcome in [run_check(check, student, reference, PUBLIC_SEED)]
    }


def _one_mutant_for_each_task(exercise):
    """(mutant, task) for each task that some mutant's visible loss belongs to."""
    tasks = {check.id: check.task for check in exercise.checks if not check.hidden}
    losing = {
        tasks[check]: mutant
        for mutant in exercise.mutants[::-1]
        for check in mutant.loses
        if check in tasks
    }
    return [(losing[task.id], task.id) for task in exercise.tasks if task.id in losing]


@pytest.mark.proof
@every_exercise
def test_verdicts_are_those_of_the_whole_exercise(name):
    """`release` has tried every mutant, and so does `make selftest`; here it is one for a task."""
    exercise, copy = whole(name), released_copy(name)
    right = Here(exercise.solution_cells(), exercise.probes)
    references = Memo(right), Memo(StandIn(copy))
    mutants = _one_mutant_for_each_task(exercise)
    assert len(mutants) == len(exercise.tasks)
    students = [("right", exercise.solution_cells(), None, "passed")]
    students += [("untouched", exercise.release_cells(), None, "not answered")]
    students += [
        (mutant.name, exercise.mutant_cells(mutant), [task], None)
        for mutant, task in mutants
        if task not in SLOW
    ]
    for who, cells, tasks, status in students:
        before = _found(exercise, Here(cells, exercise.probes), references[0], tasks)
        assert _found(copy, Here(cells, copy.probes), references[1], tasks) == before, who
        statuses = {found for found, _, _ in before.values()}
        assert statuses == {status} if status else statuses - {"passed"}, who


def test_a_check_that_asks_about_the_students_answer_cannot_be_released(edited, tmp_path):
    """The doubled answer of a mutant is a question that nobody knew beforehand."""
    old = "reference.add_frame(image, 1), picture=True)"
    new = "reference.add_frame(student.add_frame(image, 1)[1:-1, 1:-1], 1))"
    exercise = edited("checks.py", old, new)
    check = exercise.checks[0]
    with pytest.raises(ExerciseError) as caught:
        release(exercise, tmp_path / "released")
    assert f"checks.py:{check.line}: {check.id}: " in str(caught.value)
    assert "add_frame" in str(caught.value) and not (tmp_path / "released").exists()


def test_a_probe_that_reads_the_solution_is_recorded_and_others_are_asked(edited, tmp_path):
    exercise = edited("checks.py", 'equal(student["levels"], 256', "equal(reference.rows(), 256")
    probes = (
        "def rows(student):\n    return student.levels\n\n\ndef hidden(student):\n    return 1\n"
    )
    (exercise.folder / "probes.py").write_text(probes, encoding="utf-8")
    exercise = load_exercise(exercise.folder)
    text = (exercise.folder / "checks.py").read_text(encoding="utf-8")
    text = text.replace("image, place = _spot(rng)", "image, place = reference.spot(), (0, 1)", 1)
    (exercise.folder / "checks.py").write_text(text, encoding="utf-8")
    spot = "\n\ndef spot(student):\n    return student.np.eye(2)[::-1]\n"
    (exercise.folder / "probes.py").write_text(probes + spot, encoding="utf-8")
    exercise = load_exercise(exercise.folder)
    mutants = exercise.folder / "mutants.py"
    mutants.write_text("", encoding="utf-8")
    released = release(exercise, tmp_path / "released")
    recorded, live = read_answers(released.folder / source.ANSWERS)
    assert [(q.name, q.answer) for q in recorded if q.name == "rows"] == [("rows", 256)]
    assert live == {"spot"} and "hidden" not in released.probes
    found = _found(released, Here(exercise.solution_cells(), released.probes), StandIn(released))
    assert {status for status, _, _ in found.values()} == {"passed"}


def test_a_hidden_check_that_cannot_be_cut_out(edited, tmp_path):
    old = '@check(\n    "add_frame",\n    points=3,'
    exercise = edited("checks.py", old, "if True:\n  pass\n" + old)
    release(exercise, tmp_path / "released")  # that one can
    path = exercise.folder / "checks.py"
    text = path.read_text(encoding="utf-8")
    start, end = text.index(old), text.index('@check(\n    "brightest"')
    inner = "".join(f"    {line}\n" for line in text[start:end].split("\n"))
    path.write_text(f"{text[:start]}if True:\n{inner}{text[end:]}", encoding="utf-8")
    exercise = load_exercise(exercise.folder)
    (line,) = (check.line for check in exercise.checks if check.id == "any_width")
    with pytest.raises(ExerciseError, match=rf"checks\.py:{line}: .*'any_width'"):
        release(exercise, tmp_path / "again")


@pytest.mark.parametrize(("apart", "told_apart"), [(1e-3, True), (1e-9, False)])
def test_questions_that_differ_in_their_last_digits_only(edited, tmp_path, apart, told_apart):
    """Where the answers differ, too, another machine could take one for the other."""
    old = "image = rng.uniform(0.5, 1, (3, 5))\n"
    ask = f"    [reference.add_frame(1.0 + k * {apart} + 0 * image, 1) for k in (0, 1)]\n"
    folder = edited("checks.py", old, old + ask).folder
    cells, pad = folder / "exercise.py", "np.pad(image, width)"
    text = cells.read_text(encoding="utf-8").replace(pad, f"{pad} + (image == 1).all()")
    cells.write_text(text, encoding="utf-8")
    (folder / "mutants.py").write_text("", encoding="utf-8")
    if told_apart:
        released = release(load_exercise(folder), tmp_path / "new")
        assert len(read_answers(released.folder / source.ANSWERS)[0]) == 3
        return
    with pytest.raises(ExerciseError, match=r"checks\.py:\d+: zeros_all_around: .*`add_frame`"):
        release(load_exercise(folder), tmp_path / "new")


# ---- other machines, other numbers -------------------------------------------------------------


class Moved:
    """Random numbers that differ by this share from those that a check draws here."""

    def __init__(self, rng, share):
        self._rng, self._share = rng, share

    def __getattr__(self, name):
        draw = getattr(self._rng, name)

        def moved(*args, **kwargs):
            drawn = draw(*args, **kwargs)
            return drawn * (1 + self._share) if np.asarray(drawn).dtype.kind == "f" else drawn

        return moved


@pytest.mark.parametrize(
    ("share", "status"),
    [(0, "passed"), (3e-16, "passed"), (1e-12, "passed"), (0.01, "grader error")],
)
def test_numbers_of_another_machine(share, status, monkeypatch):
    """Its sines differ in the last digit. If its numbers were others, no learner is to blame."""
    exercise, copy = whole("01_convolution"), released_copy("01_convolution")
    draw = runner._rng
    monkeypatch.setattr(runner, "_rng", lambda check, seed: Moved(draw(check, seed), share))
    asked = {"wave_to_the_right", "turned_wave"}
    checks = [check for check in copy.checks if check.id in asked]
    student, reference = Here(exercise.solution_cells()), Memo(StandIn(copy))
    outcomes = [run_check(check, student, reference, PUBLIC_SEED) for check in checks]
    assert [outcome.status for outcome in outcomes] == [status] * 2
    if status != "passed":
        assert all("gabor" in outcome.message and outcome.earned is None for outcome in outcomes)


ROW = np.array([1.0, 2.0, 1000.0])
SINGLE = ROW.astype("float32")


@pytest.mark.parametrize(
    ("asked", "recorded", "apart"),
    [
        (1.5, 1.5, 0),
        (np.nextafter(1.5, 2), 1.5, 1.5e-16),
        (1.5, 1.6, np.inf),
        (ROW + 1e-9, ROW, 1e-12),
        (ROW + 0.01, ROW, np.inf),
        (np.nextafter(SINGLE, np.float32(2000)), SINGLE, 6.1e-8),
        (np.zeros(2), np.zeros(2), 0),
        (np.full(2, 1e-9), np.zeros(2), 1e-9),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), 0),
        (np.array([np.inf, 1]), np.array([-np.inf, 1]), np.inf),
        (ROW, SINGLE, 0),
        (ROW[:2], ROW, np.inf),
        (3, 3, 0),
        (4, 3, np.inf),
        (3, 3.0, np.inf),
        (True, True, 0),
        (np.arange(3), np.arange(3), 0),
        (np.arange(3) + 1, np.arange(3), np.inf),
        (1 + 2j, 1 + 2j, 0),
        ("vgg16", "vgg16", 0),
        ("vgg16", "vgg19", np.inf),
        (None, None, 0),
        (0, None, np.inf),
        ("1", 1, np.inf),
        ((1, 2.0), (1, 2.0), 0),
        ([1, 2.0], (1, 2.0), np.inf),
        ((1,), (1, 2), np.inf),
        ({"a": 1.0}, {"a": 1.0 + 1e-12}, 1e-12),
        ({"a": 1.0}, {"b": 1.0}, np.inf),
        ({}, {}, 0),
        (1, {}, np.inf),
    ],
)
def test_how_far_a_question_is_from_a_recorded_one(asked, recorded, apart):
    assert distance(asked, recorded) == pytest.approx(apart, rel=0.5, abs=0)


def test_the_nearest_of_several_questions_is_meant(small):
    near = [Recorded("f", ((1.0 + k * 1e-8,), {}), k) for k in range(3)]
    answers_file = small.folder / source.ANSWERS
    answers_file.write_bytes(pack_answers(near, []))
    side = StandIn(small)
    assert [side.f(1.0 + k * 1e-8 + 1e-15) for k in range(3)] == [0, 1, 2]
    for ask in (lambda: side.f(2.0), lambda: side.f(1.0, 2), lambda: side["f"], lambda: side.g()):
        with pytest.raises(NotRecorded, match="small_exercise"):
            ask()


def test_an_answer_of_no_form_is_the_students_also_without_a_right_student_to_try(small):
    """A check that stumbles over what a learner gave isn't faulty: it was tried when released."""
    code = "def brightest(image):\n    return {1: {2: 3}}\nlevels = 256\n"
    check = small.checks_of("brightest")[1]
    object.__setattr__(check, "function", lambda student, reference, rng: student.brightest(0)[0])
    outcome = run_check(check, Here([code]), Memo(StandIn(small)), 1)
    assert outcome.status == "wrong" and "KeyError" in outcome.message
    for error in (ImportError("scipy"), AttributeError("np.of_old")):
        # Before the student is asked, or for want of a library: no fault of the student's.
        def fails(student, reference, rng, error=error):
            if isinstance(error, ImportError):
                student.brightest(0)
            raise error

        object.__setattr__(check, "function", fails)
        outcome = run_check(check, Here([code]), Memo(StandIn(small)), 1)
        assert outcome.status == "grader error" and str(error) in outcome.message


# ---- files that are wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(zlib.compress(encode({"recorded": [[1]], "live": []}))),
        lambda path: path.write_bytes(zlib.compress(encode(["recorded"]))),
        lambda path: path.write_bytes(zlib.compress(bytes(80_000_000))),
    ],
)
def test_answers_that_cannot_be_read(small, spoil):
    spoil(small.folder / source.ANSWERS)
    with pytest.raises(ExerciseError, match=r"answers\.bin:1: "):
        notebook.OpenExercise(small)("add_frame")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("exercise.toml", "[released.hidden]", "[released.hiden]", "exercise.toml:"),
        ("exercise.toml", "checks = 1", "cheks = 1", "exercise.toml:"),
        ("exercise.toml", "content =", "contents =", "exercise.toml:"),
        ("checks.py", "points=1,", "points=1, hidden=True,", "'counts_levels'"),
        ("checks.py", "points=2,", "points=2, hidden=True,", "'add_frame'"),
        ("checks.py", "points=2,", "points=0,", "'zeros_all_around'"),
    ],
)
def test_a_fault_is_named(small, name, old, new, says):
    path = small.folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ExerciseError, match=rf"{name}:\d+: ".replace(".", r"\.", 1)) as caught:
        load_exercise(small.folder)
    assert says in str(caught.value)


def test_only_an_older_release_is_replaced(small, tmp_path):
    whole_one = load_exercise(SMALL)
    (small.folder / "probes.py").write_text("of an older release", encoding="utf-8")
    (small.folder / "notes.txt").write_text("an instructor's", encoding="utf-8")
    assert release(whole_one, small.folder).released.built_from == ""
    assert not (small.folder / "probes.py").exists() and (small.folder / "notes.txt").exists()
    strangers = tmp_path / "notes"
    strangers.mkdir()
    release(whole_one, strangers)  # empty
    for folder in (shutil.copytree(SMALL, tmp_path / "whole"), small.folder / "checks.py"):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ExerciseError):
            release(whole_one, folder)
        assert sorted(tmp_path.rglob("*")) == before


def test_a_change_by_hand_is_seen_and_line_ends_are_none(small):
    assert is_fresh(small.folder, "a mark") and not is_fresh(small.folder, "another mark")
    assert not is_fresh(small.folder / "nowhere", "a mark")
    for name in ("checks.py", "exercise.toml"):
        path = small.folder / name
        data = path.read_bytes()
        path.write_bytes(data.replace(b"\n", b"\r\n"))
        assert is_fresh(small.folder, "a mark")
        path.write_bytes(data.replace(b"points", b"points ", 1))
        assert not is_fresh(small.folder, "a mark")
        path.write_bytes(data)
    assert content_of(small.folder) == small.released.content
    (small.folder / "answers.bin").write_bytes(b"")
    assert not is_fresh(small.folder, "a mark")


def test_no_released_exercise_is_stale_or_changed_by_hand():
    assert stale_releases() == [], "run `make exercises`"


# ---- where there is nothing else ---------------------------------------------------------------


def test_a_learner_sees_what_one_in_a_clone_sees(installed, monkeypatch):
    pages = []
    monkeypatch.setattr(answers, "show", pages.append)
    shown = {}
    for place in (SMALL, "small_exercise"):
        names = {"open_exercise": notebook.open_exercise, "np": np}
        pages.clear()
        wrong = "def add_frame(image, width):\n    return np.pad(image, (width, 0))\n"
        for code in (
            f"check = open_exercise({str(place)!r})",
            "check('add_frame')",
            wrong + "check('add_frame')",
            "check.hint('add_frame')",
            wrong.replace("(width, 0)", "width") + "check('add_frame')",
            "check.progress()",
        ):
            exec(code, names)
        shown[place] = [page.as_text() for page in pages]
    assert shown["small_exercise"] == shown[SMALL]
    assert pages[-2].sign == verdicts.RIGHT and pages[2].sign == verdicts.WRONG
    assert load_exercise("small_exercise").released and exercise_ids() == ["small_exercise"]


def test_by_its_id_the_whole_one_is_meant_where_it_is(installed, built):
    """A released one may also come alone, into a clone: a class gets it so from its teacher."""
    whole_one = shutil.copytree(SMALL, source.EXERCISES / "07_other")
    text = (whole_one / "exercise.py").read_text(encoding="utf-8")
    text = text.replace('"tests/small_exercise"', '"07_other"')
    (whole_one / "exercise.py").write_text(text, encoding="utf-8")
    assert exercise_ids() == ["07_other", "small_exercise"]
    assert load_exercise("small_exercise").released and not load_exercise("07_other").released
    shutil.copytree(built.folder.parents[1] / "whole", source.EXERCISES, dirs_exist_ok=True)
    assert exercise_ids() == ["07_other", "small_exercise"]
    assert not load_exercise("small_exercise").released


@pytest.mark.parametrize(
    "instructors",
    [
        lambda: command.grade("small", [Path("in")]),
        lambda: command.selftest_exercises([]),
        lambda: command.export_nbgrader(Path("out"), []),
    ],
)
def test_what_instructors_do_needs_the_whole_course(installed, instructors, capsys, tmp_path):
    assert instructors() == command.REFUSED
    said = capsys.readouterr().err
    assert "small_exercise" in said and "hidden checks" in said and "pip install" in said
    assert list(tmp_path.iterdir()) == []


def test_the_list_counts_what_is_not_here(installed, capsys):
    assert command.list_exercises() == 0
    released = capsys.readouterr().out
    assert "5 checks (2 hidden and not here), 10 points" in released.splitlines()[0]
