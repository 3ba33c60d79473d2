"""`course grade`, `course exercises` and `course export-nbgrader`, as an instructor types them."""

import csv
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_class import SMALL, HereGrader, hand_in, small_exercise, write_class
from typer.testing import CliRunner

from course.cli.cli import app
from course.exercises import selftest
from course.grader import classes, command
from course.grader.gradebook import FILE

SECRET = "00000000000000000000000000001f08"


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch, tmp_path):
    """The stand-in grades; what is written goes to a folder of the test."""
    monkeypatch.setattr(classes, "Grader", HereGrader)
    monkeypatch.setattr(command, "_refuse_weak", lambda *_: None)
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def grade(*words):
    return run("grade", SMALL, *words)


def marks(folder):
    lines = (folder / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    return {row["student"]: row for row in csv.DictReader(lines)}


@pytest.fixture
def three(tmp_path):
    """Ada has all right, Bob nothing, Cid one mistake."""
    exercise = small_exercise()
    mutant = exercise.mutants[0]
    hand_in(tmp_path, "in/ada.ipynb", exercise.solution_cells(), exercise.id)
    hand_in(tmp_path, "in/bob.ipynb", exercise.release_cells(), exercise.id)
    hand_in(tmp_path, "in/cid.ipynb", exercise.mutant_cells(mutant), exercise.id)
    return exercise


# grade


def test_a_first_run(three, tmp_path):
    result = grade("in", "--out", "out", "--jobs", 2, "--seed", "1f08")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == ["small_exercise: graded 3.", "3 hand-ins: 3 graded"]
    assert lines[-2:] == [
        f"secret seed: {SECRET} (kept in the gradebook)",
        "written: out/marks.csv, out/feedback, out/gradebook.sqlite",
    ]
    rows = marks(tmp_path / "out")
    assert rows["ada"]["points"] == rows["ada"]["of"] == f"{three.points:g}"
    assert rows["bob"]["points"] == "0"
    lost = [check.id for check in three.checks if rows["cid"][check.id] == "0"]
    assert lost == list(three.mutants[0].loses)
    pages = sorted(path.name for path in (tmp_path / "out" / "feedback").iterdir())
    assert pages == ["ada.html", "bob.html", "cid.html"]
    for path in ((tmp_path / "out" / "feedback").iterdir(), [tmp_path / "out" / "marks.csv"]):
        assert not any(SECRET in page.read_text() for page in path)


def jobs_asked_for(folder):
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return [
            json.loads(row[0])["jobs"] for row in connection.execute("SELECT options FROM runs")
        ]


def test_as_many_jobs_as_there_are_cores_for_it(three, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "cpu_count", lambda: 3)
    assert grade("in", "--out", "out").exit_code == 0
    assert grade("in", "--out", "out", "--jobs", 2).exit_code == 0
    assert jobs_asked_for(tmp_path / "out") == [3, 2]


def test_cores_are_those_that_the_process_may_use(three, tmp_path):
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two cores, and Linux")
    script = f"""
import os, sys
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
sys.path.insert(0, {str(SMALL.parent)!r})
from small_class import SMALL, grade_without_sandbox
from course.grader import command
grade_without_sandbox()
command._refuse_weak = lambda *_: None
sys.exit(command.grade(str(SMALL), ["in"], out=command.Path("out")))
"""
    path = os.pathsep.join([str(SMALL.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert jobs_asked_for(tmp_path / "out") == [1]


def test_what_is_written_is_the_instructors_own(three, tmp_path):
    if os.name != "posix":
        pytest.skip("file modes are POSIX's")
    assert grade("in", "--out", "deep/er/out").exit_code == 0
    out = tmp_path / "deep" / "er" / "out"
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert stat.S_IMODE((out / FILE).stat().st_mode) == 0o600


def test_marks_is_the_usual_folder(three, tmp_path):
    assert grade("in").exit_code == 0
    assert (tmp_path / "marks" / "small_exercise" / "marks.csv").exists()


def test_a_second_run_grades_nothing_and_keeps_the_seed(three, tmp_path):
    first = grade("in", "--out", "out").stdout
    before = (tmp_path / "out" / "marks.csv").read_bytes()
    again = grade("in", "--out", "out")
    assert "graded 0, 3 " in again.stdout
    assert (tmp_path / "out" / "marks.csv").read_bytes() == before
    seed = [line for line in first.splitlines() if line.startswith("secret seed: ")]
    assert seed[0] in again.stdout and len(seed[0].split()[2]) == 32
    assert "graded 3.\n" in grade("in", "--out", "out", "--regrade").stdout


def test_another_seed_is_said_and_has_its_own_results(three):
    assert grade("in", "--out", "out", "--seed", "1f08").stderr == ""
    result = grade("in", "--out", "out", "--seed", "0x2F08")
    assert f"{SECRET[:-4]}2f08" in result.stderr and SECRET in result.stderr
    assert "graded 3.\n" in result.stdout
    result = grade("in", "--out", "out")
    assert "graded 0, 3 " in result.stdout and SECRET in result.stdout


@pytest.mark.parametrize("seed", ["xyz", "-1", ""])
def test_a_seed_that_is_none(three, seed):
    result = grade("in", "--out", "out", "--seed", seed)
    assert result.exit_code == 2
    assert "--seed" in result.stderr and f" {seed} " in result.stderr


def test_some_could_not_be_graded(three, tmp_path):
    (tmp_path / "in" / "dan.ipynb").write_text("{")
    hand_in(tmp_path, "in/eve.ipynb", ["x = 1"], "02_mnist")
    result = grade("in", "--out", "out")
    assert result.exit_code == 1
    assert "5 hand-ins: 3 graded, 1 unreadable, 1 wrong exercise" in result.stdout
    assert "unreadable: dan (in/dan.ipynb): " in result.stdout
    assert "wrong exercise: eve (in/eve.ipynb): " in result.stdout
    rows = marks(tmp_path / "out")
    assert (rows["dan"]["points"], rows["eve"]["points"]) == ("", "")
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 5


def test_strange_names_do_no_harm(three, tmp_path):
    names = ["=cmd|'x'!A0", "-rf", "Ada", "a\nb", "🦄", "é" * 100, "'\"<b>", "..", " x"]
    for name in names:
        hand_in(tmp_path, f"strange/{name}.ipynb", three.solution_cells(), three.id)
    odd = os.fsencode(tmp_path / "strange") + b"/caf\xe9.ipynb"
    shutil.copyfile(tmp_path / "strange" / "Ada.ipynb", odd)
    result = grade("in", "strange", "--out", "out")
    assert result.exit_code == 0, result.output
    assert len(marks(tmp_path / "out")) == 13
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 13
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "strange"]


def test_students_who_are_missing_this_time_are_named(three, tmp_path):
    grade("in", "--out", "out")
    result = grade("in/ada.ipynb", "--out", "out")
    assert result.exit_code == 0
    assert "2 students" in result.stderr and "(bob, cid)" in result.stderr
    assert list(marks(tmp_path / "out")) == ["ada"]
    assert "graded 0, 3 " in grade("in", "--out", "out").stdout


def test_a_changed_exercise_is_said_and_graded_anew(three, tmp_path):
    own = tmp_path / "own" / "small_exercise"
    shutil.copytree(SMALL, own)
    run("grade", own, "in", "--out", "out")
    checks = own / "checks.py"
    checks.write_text(checks.read_text().replace("points=2,", "points=4,"))
    result = run("grade", own, "in", "--out", "out")
    assert "small_exercise" in result.stderr and "changed" in result.stderr
    assert "graded 3.\n" in result.stdout
    assert marks(tmp_path / "out")["ada"]["of"] == f"{three.points + 2:g}"


def test_a_cluster_that_is_not_there(three, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    result = grade("in", "--out", "out", "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert "--scheduler" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "EXERCISE SUBMISSIONS"),
        (("01",), "EXERCISE SUBMISSIONS"),
        ((SMALL, "nowhere"), " nowhere"),
        ((SMALL, "empty"), "(*.ipynb) in empty"),
        (("99", "in"), "99. There are: 01_convolution, 02_mnist;"),
        (("0", "in"), "0 could be any of them. There are: 01_convolution, 02_mnist;"),
        (("empty", "in"), "exercise.toml:1: "),
        ((SMALL, "in", "--out", "in/ada.ipynb"), "--out in/ada.ipynb "),
    ],
)
def test_wrong_usage(three, tmp_path, monkeypatch, words, says):
    monkeypatch.setattr(command, "exercise_ids", lambda: ["01_convolution", "02_mnist"])
    (tmp_path / "empty").mkdir()
    result = run("grade", *words)
    assert result.exit_code == 2
    assert says in result.stderr and "Traceback" not in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "in"]


def test_a_gradebook_that_is_none_is_left_alone(three, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE).write_text("my own notes")
    result = grade("in", "--out", "out")
    assert result.exit_code == 2
    assert str(Path("out") / FILE) in result.stderr
    assert (tmp_path / "out" / FILE).read_text() == "my own notes"


def test_an_exercise_by_id_and_by_its_beginning(monkeypatch):
    asked, small = [], small_exercise()
    monkeypatch.setattr(command, "exercise_ids", lambda: ["01_convolution", "02_mnist", "02_m"])
    monkeypatch.setattr(command, "load_exercise", lambda name: asked.append(name) or small)
    for name in ("01_convolution", "01", "02_m", str(SMALL)):
        command.find_exercise(name)
    assert list(map(str, asked)) == ["01_convolution", "01_convolution", "02_m", str(SMALL)]


# explain


def test_explain(three, tmp_path):
    grade("in", "--out", "out", "--seed", "1f08")
    (tmp_path / "in").rename(tmp_path / "moved")  # the gradebook has what it needs
    mutant = three.mutants[0]
    lost = {check.id: check for check in three.checks if check.id in mutant.loses}
    task = next(iter(lost.values())).task
    result = run("grade", "--explain", "cid", task, "--out", "out")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"cid: {task}" and f"  seed       {SECRET}" in lines
    for check in three.checks_of(task):
        kind = " (hidden)" if check.hidden else ""
        verdict = "wrong" if check.id in lost else "passed"
        assert any(line.startswith(f"{check.id}{kind}: {verdict}, ") for line in lines)
    assert mutant.by in result.stdout  # the student's own code
    assert run("grade", "--explain", "CI", task, "--out", "out").stdout == result.stdout


def test_explain_from_another_folder(three, tmp_path, monkeypatch):
    monkeypatch.chdir(SMALL.parent)
    assert run("grade", SMALL.name, tmp_path / "in", "--out", tmp_path / "out").exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert run("grade", "--explain", "ada", three.tasks[0].id, "--out", "out").exit_code == 0


def test_explain_of_two_submissions_shows_both(three, tmp_path):
    hand_in(tmp_path, "in/ada_small_exercise.ipynb", three.release_cells(), three.id)
    grade("in", "--out", "out")
    task = three.tasks[0].id
    text = run("grade", "--explain", "ada", task, "--out", "out").stdout
    assert text.count(f"ada: {task}\n") == 2 and text.count("2 submissions: ") == 2


def test_explain_what_could_not_be_read(three, tmp_path):
    (tmp_path / "in" / "dan.ipynb").write_text("")
    grade("in", "--out", "out")
    text = run("grade", "--explain", "dan", three.tasks[0].id, "--out", "out").stdout
    assert re.search(r"status +unreadable\n  note +\w", text)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ada", "TASK"), "--explain STUDENT TASK --out FOLDER"),
        (("ada", "nothing", "--out", "out"), " nothing in small_exercise"),
        (("zoe", "TASK", "--out", "out"), " zoe "),
        (("", "TASK", "--out", "out"), "ada, bob, cid"),
        (("ada", "TASK", "--out", "in"), " in in"),
        (("ada", "TASK", "--out", "out", "01", "in"), "--explain STUDENT TASK --out FOLDER"),
    ],
)
def test_explain_used_wrongly(three, words, says):
    grade("in", "--out", "out")
    words = [three.tasks[0].id if word == "TASK" else word for word in words]
    result = run("grade", "--explain", *words)
    assert result.exit_code == 2
    assert says in result.stderr and "Traceback" not in result.output


# exercises


def test_list(monkeypatch, tmp_path):
    monkeypatch.setattr(command, "exercise_ids", lambda: [str(SMALL), "broken"])
    (tmp_path / "broken").mkdir()
    exercise = small_exercise()
    result = run("exercises", "list")
    first, *tasks = result.stdout.splitlines()
    hidden = sum(check.hidden for check in exercise.checks)
    assert first == (
        f"small_exercise  {exercise.title}: {len(tasks)} tasks, {len(exercise.checks)} checks "
        f"({hidden} hidden), {exercise.points:g} points"
    )
    assert tasks == [f"  {task.id}: {task.title}" for task in exercise.tasks]
    assert result.exit_code == 1
    assert "exercise.toml:1: " in result.stderr


def test_selftest():
    exercise = small_exercise()
    result = run("exercises", "selftest", SMALL, "--seeds", 2)
    counts = f"{len(exercise.checks)} checks, {len(exercise.mutants)} mutants"
    assert result.stdout == f"small_exercise: {counts}, 2 seeds (2 for the mutants): ok\n"
    assert result.exit_code == 0


def test_selftest_runs_every_check_on_every_mutant(monkeypatch):
    tried = []

    prove = selftest.selftest

    def noted(exercise, **asked):
        tried.append(asked)
        return prove(exercise, **asked)

    monkeypatch.setattr(selftest, "selftest", noted)
    assert run("exercises", "selftest", SMALL, "--seeds", 5).exit_code == 0
    (asked,) = tried
    assert asked["every_check"] is True
    assert (list(asked["seeds"]), list(asked["mutant_seeds"])) == ([1, 2, 3, 4, 5], [1, 2, 3])
    assert [len(seeds) for seeds in asked["variant_seeds"]] == [2, 25]  # where it trains, elsewhere


def test_selftest_of_a_bad_exercise(tmp_path):
    bad = tmp_path / "bad"
    shutil.copytree(SMALL, bad)
    mutants = bad / "mutants.py"
    mutants.write_text(mutants.read_text().split("\n\n")[0] + "\n")
    result = run("exercises", "selftest", bad)
    assert result.exit_code == 1
    assert "PROBLEMS" in result.stdout
    for check in small_exercise().checks:
        assert check.id in result.stdout  # now that no mutant loses it
    (bad / "checks.py").write_text("1 / 0")
    result = run("exercises", "selftest", bad)
    assert result.exit_code == 2
    assert "checks.py:1: ZeroDivisionError" in result.stderr


# export-nbgrader


def test_export_to_nbgrader(tmp_path):
    pytest.importorskip("course.grader.nbgrader_export")
    result = run("export-nbgrader", "course", SMALL, "--seed", "1f")
    assert result.exit_code == 0, result.output
    notebook = tmp_path / "course" / "source" / "small_exercise" / "small_exercise.ipynb"
    assert notebook.exists() and "small_exercise.ipynb\n" in result.stdout
    again = run("export-nbgrader", "course", SMALL)
    assert again.exit_code == 2 and "--overwrite" in again.stderr
    assert run("export-nbgrader", "course", SMALL, "--overwrite").exit_code == 0


def test_a_class_as_help_describes_it(tmp_path):
    deserved = write_class(tmp_path / "in", small_exercise(), 8)
    assert grade("in", "--out", "out").exit_code == 0
    given = {name: float(row["points"]) for name, row in marks(tmp_path / "out").items()}
    assert given == pytest.approx(deserved)
    text = " ".join(run("grade", "--help").stdout.replace("│", " ").split())
    for word in ("--jobs", "--out", "--seed", "--scheduler", "--weak-isolation", "--regrade",
                 "--explain", "goes on where it was", "130, Ctrl-C"):  # fmt: skip
        assert word in text, word


def test_the_exercise_of_the_instructors_page(tmp_path):
    """docs/grading.md: what a reader copies passes its selftest and grades a class."""
    page = (SMALL.parents[1] / "docs" / "grading.md").read_text(encoding="utf-8")
    files = re.findall(r"`exercises/07_mirror/([\w.]+)` .*?```\w+\n(.*?)```", page, re.DOTALL)
    assert [name for name, _ in files] == [
        "exercise.toml",
        "exercise.py",
        "checks.py",
        "mutants.py",
        "variants.py",
    ]
    folder = tmp_path / "07_mirror"
    folder.mkdir()
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    result = run("exercises", "selftest", folder, "--seeds", 5)
    says = "07_mirror: 2 checks, 5 mutants, 1 variant, 5 seeds (3 for the mutants): ok\n"
    assert result.stdout == says, result.output
    hand_in(tmp_path, "in/ada_07_mirror.ipynb", ["def mirror(image):\n    return image[..., ::-1]"])
    assert run("grade", folder, "in", "--out", "out").exit_code == 0
    assert marks(tmp_path / "out")["ada"]["points"] == "1"


def test_the_instructors_page_knows_every_option():
    page = (SMALL.parents[1] / "docs" / "grading.md").read_text(encoding="utf-8")
    for words in (["grade"], ["exercises", "selftest"]):
        text = run(*words, "--help").stdout
        for option in set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help"}:
            assert f"`{option}" in page or f" {option} " in page, option


@pytest.mark.parametrize(("free_gb", "jobs"), [(100, 8), (2.4, 2), (0.1, 1)])
def test_as_many_jobs_as_there_is_memory_for(monkeypatch, capsys, free_gb, jobs):
    exercise = SimpleNamespace(limits=SimpleNamespace(memory_mb=512))
    monkeypatch.setattr(command, "cpu_count", lambda: 8)
    monkeypatch.setattr(command.memory, "available", lambda: free_gb * 1e9)
    assert command._jobs(None, exercise) == jobs
    assert command._jobs(4, exercise) == 4
    assert ("--jobs 4" in capsys.readouterr().err) == (free_gb < 100)
