"""The course installed, in every way that hosts do it: its exercises open and answer."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from exercise_secrets import secrets_of, told

from course.exercises import exercise_ids, load_exercise
from course.exercises.runner import GRADING
from course.workspace import copies, places
from tools.staleness import ROOT

SET = "01_convolution"  # NumPy alone
# Runs far from the course's folder, in an environment that has it installed.
ANSWER = """
import json, os, sys
import course
from course.exercises import answers, load_exercise
from course.grader import command

pages = []
answers.show = pages.append
given, said = json.load(sys.stdin), {}
for who, cells in given["students"].items():
    names = {}
    for cell in cells:
        exec(cell, names)
    said[who] = []
    for task in given["tasks"]:
        exec(f"check({task!r})", names)
        rows = [[row.word, row.details] for row in pages[-1].rows]
        said[who].append([pages[-1].heading, rows, pages[-1].lines])
print(json.dumps({
    "course": os.path.dirname(course.__file__),
    "exercise": str(load_exercise(given["set"]).folder),
    "opening": [pages[0].heading, pages[0].about],
    "said": said,
    "grade": None if given["whole"] else command.grade(given["set"], []),
    "list": command.list_exercises(),
}), file=sys.stderr)
"""
# So does this: it makes a learner's own copies, and says what else there is.
COPY = """
import json
from course.cli import lab
from course.workspace import WorkspaceError, copies, progress, questions

assert all(questions.of_lesson(lesson).sections for lesson in copies.lessons())
assert list(lab.SETTINGS.rglob("*.json"))
made, said = copies.make("mine"), ""
progress.note("01_convolution", "task", "slide", False)
try:
    copies.solutions("1")
except WorkspaceError as error:
    said = str(error)
given = str(copies.given_folder())
print(json.dumps([given, made.added, [change.name for change in copies.update("mine")], said]))
"""


@pytest.fixture(scope="module")
def copy_of_the_course(tmp_path_factory):
    """copy(name): a copy of what git has of the course, so that no install leaves its traces."""
    whole = tmp_path_factory.mktemp("course")
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")
    for folder in ("binder", "course", "course_utils", "exercises", "lessons", "notebooks"):
        shutil.copytree(ROOT / folder, whole / folder, ignore=skipped)
    for name in ("LICENSE", "README.md", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, whole)

    def copy(name):
        return shutil.copytree(whole, tmp_path_factory.mktemp(name) / "deep vision")

    return copy


@pytest.fixture
def python(tmp_path):
    """A fresh environment's Python: it sees the libraries of this one, and not the course."""
    builder = venv.EnvBuilder(with_pip=find_spec("pip") is None, symlinks=os.name != "nt")
    builder.create(tmp_path / "environment")
    context = builder.ensure_directories(tmp_path / "environment")
    where = {"base": context.env_dir, "platbase": context.env_dir}
    own = Path(sysconfig.get_path("purelib", "venv", vars=where))
    # A plain path: .pth files in it, such as an editable install's of the course, are not read.
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    find = "import sys, importlib.util as u; print(*map(bool, map(u.find_spec, sys.argv[1:])))"
    names = ("numpy", "setuptools", "pip", "course", "course_utils")
    done = run(context.env_exe, "-c", find, *names, folder=tmp_path, check=True)
    assert done.stdout.split() == ["True"] * 3 + ["False"] * 2
    return context.env_exe


def run(*command, folder, given=None, check=False, **more):
    hidden = ("PYTHONPATH", "PYTHONHOME", GRADING)
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {"PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def install(python, folder, *words):
    return run(python, "-m", "pip", "install", "--quiet", *words, folder=folder, check=True)


def as_binder_does():
    """The words behind `pip install` in binder/postBuild."""
    (line,) = re.findall(r"(?m)^pip install (.*)$", (ROOT / "binder" / "postBuild").read_text())
    return shlex.split(line)


def wheel_of(folder, python):
    """A wheel, built in a folder; nothing is fetched for it."""
    words = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "built", ".")
    run(python, "-m", "pip", "wheel", *words, folder=folder, check=True)
    (wheel,) = (folder / "built").glob("*.whl")
    return wheel


def answers_in(python, folder, *, whole):
    """What a learner gets to see who works in a folder: right and wrong, in every task."""
    exercise = load_exercise(ROOT / "exercises" / SET)
    by_task = {mutant_task(exercise, mutant): mutant for mutant in exercise.mutants[::-1]}
    by_task.pop(None)
    students = {"right": exercise.solution_cells(), "untouched": exercise.release_cells()}
    students |= {task: exercise.mutant_cells(mutant) for task, mutant in by_task.items()}
    tasks = [task.id for task in exercise.tasks]
    given = {"set": SET, "tasks": tasks, "students": students, "whole": whole}
    done = run(python, "-c", ANSWER, folder=folder, given=json.dumps(given), check=True)
    *warned, last = done.stderr.splitlines()
    return json.loads(last), " ".join(warned)


def copies_in(python, folder):
    """A workspace `mine` made in a folder: (where the notebooks come from, why no solutions).

    It has a copy of every lesson and exercise, and is up to date.
    """
    environment = {places.VARIABLE: str(folder / "mine")}
    done = run(python, "-c", COPY, folder=folder, check=True, **environment)
    given, added, changed, said = json.loads(done.stdout)
    assert len(added) == 2 * len(exercise_ids()) + 2 and changed == []  # lesson 0, the glossary
    assert {path.name for path in (folder / "mine").glob("*_lesson_*.ipynb")} <= set(added)
    return Path(given), said


def mutant_task(exercise, mutant):
    """The task of the first visible check that a mutant loses; None if there is none."""
    checks = {check.id: check for check in exercise.checks if not check.hidden}
    return next((checks[check].task for check in mutant.loses if check in checks), None)


def see_that_it_answers(found, exercise):
    assert exercise.title in found["opening"][0]
    points = sum(check.points for check in exercise.checks if not check.hidden)
    assert f"{exercise.points:g} points, {points:g} of them" in found["opening"][1]
    tasks = [task.id for task in exercise.tasks]
    assert {word for _, rows, _ in found["said"]["right"] for word, _ in rows} == {"right"}
    untouched = {word for _, rows, _ in found["said"]["untouched"] for word, _ in rows}
    assert untouched == {"not answered yet"}
    named = set()  # a wrong answer is known as a mistake's, also where no mutants are
    for number, task in enumerate(tasks):
        _, rows, lines = found["said"][task][number]
        assert "not yet" in {word for word, _ in rows} or "stopped by an error" in str(rows)
        hints = {check.hint for check in exercise.checks_of(task) if not check.hidden}
        shown = {text for _, details in rows for label, text in details if label == "Hint"}
        mistakes = {text for _, details in rows for label, text in details if label in MISTAKE}
        assert shown <= hints and (shown or mistakes or "stopped by an error" in str(rows))
        named |= mistakes
        hidden = exercise.hidden_of(task)[0]
        assert dict(lines)["Only when graded"].startswith(f"{hidden} more check")
    assert len(named) >= len(tasks) / 2


MISTAKE = {"Looks like this", "Perhaps"}
EDITABLE = ("--no-deps", "--no-build-isolation", "--editable", ".")
# One of them, as long as Binder's differs in nothing but what it leaves behind.
INSTALLS = {tuple(word for word in as_binder_does() if word != "--no-cache-dir"), EDITABLE}


@pytest.mark.parametrize("words", sorted(INSTALLS), ids=" ".join)
def test_as_binder_installs_and_editable(words, python, copy_of_the_course, tmp_path):
    """Binder stays in the folder of the repository; learners open notebooks below it."""
    course = copy_of_the_course("clone")
    install(python, course, *words, *({"--no-build-isolation"} - {*words}))
    for traces in course.glob("*.egg-info"):  # which postBuild removes, too
        shutil.rmtree(traces)
    for folder in (course / "notebooks" / "exercises", tmp_path):
        found, _ = answers_in(python, folder, whole=True)
        assert Path(found["course"]).parent == course
        assert Path(found["exercise"]) == course / "exercises" / SET  # all: it can be graded
        see_that_it_answers(found, load_exercise(ROOT / "exercises" / SET))
    assert copies_in(python, tmp_path) == (course / "notebooks", "")


def test_a_wheel_as_hubs_and_colab_install_it(python, copy_of_the_course, tmp_path):
    wheel = wheel_of(copy_of_the_course("wheel"), python)
    install(python, tmp_path, "--no-deps", "--no-index", "--no-compile", str(wheel))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "exercises").mkdir(parents=True)  # a learner's own folder of this name is none
    found, warned = answers_in(python, elsewhere, whole=False)
    assert Path(found["course"]).is_relative_to(tmp_path / "environment")
    assert Path(found["exercise"]) == Path(found["course"]) / "exercises" / "released" / SET
    see_that_it_answers(found, load_exercise(ROOT / "exercises" / SET))
    assert found["grade"] == 2 and found["list"] == 0
    assert SET in warned and "hidden checks" in warned and "pip install" in warned
    see_that_it_tells_nothing(wheel)
    given, why = copies_in(python, elsewhere)
    assert given.is_relative_to(tmp_path / "environment") and "no solutions" in why


def see_that_it_tells_nothing(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        texts = {name: packed.read(name).decode("utf-8", "replace") for name in names}
    tops = {name.split("/")[0] for name in names}
    (data,) = {top for top in tops if top.endswith(".data")}
    ours = {top for top in tops if not top.endswith(".dist-info")}
    assert ours == {"course", "course_utils", data}
    assert not [name for name in names if "solutions" in name]
    for path in [name for name in names if name.endswith(".ipynb")]:
        cells = json.loads(texts[path])["cells"]  # the text without its quoting
        texts[path] = "\n".join("".join(cell["source"]) for cell in cells)
    library = "\n".join(text for path, text in texts.items() if "/released/" not in path)
    for name in exercise_ids():
        within = f"course/exercises/released/{name}/"
        released = "\n".join(text for path, text in texts.items() if path.startswith(within))
        secrets = secrets_of(ROOT / "exercises" / name)
        assert 'check("' in released and told(released, secrets) == []
        notebook = texts[f"{data}/data/{copies.SHARED}/exercises/{name}.ipynb"]
        assert 'check("' in notebook and told(notebook, secrets) == []
        # The library does some of what exercises ask for, but says nothing of their checks.
        assert told(library, secrets, of=["text"]) == []
