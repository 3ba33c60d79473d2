"""A notebook is stale when something that it is built from changes, and at no other time."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tools import staleness
from tools.staleness import EXERCISES, LESSONS, LOCK, ROOT, lessons

NAMES = [source.stem for source in lessons()]
SETS = [path.parent.name for path in sorted(EXERCISES.glob("*/exercise.toml"))]
# Runs in a copy of the course: changes one file after the other, and says whose marks change.
CHANGE = """
import json, sys
from pathlib import Path
from tools import staleness

def marks():
    for cached in (staleness._graph, staleness._locked):
        cached.cache_clear()
    found = {path.stem: staleness.mark_of_lesson(path) for path in staleness.lessons()}
    for path in sorted(staleness.EXERCISES.glob("*/exercise.toml")):
        found["set " + path.parent.name] = staleness.mark_of_exercise(path.parent)
    found["release"] = staleness.mark_of_release(staleness.EXERCISES / "01_convolution")
    return found

assert staleness.ROOT == Path.cwd()
before, changed = marks(), {}
for name, (old, new) in json.loads(sys.argv[1]).items():
    path = Path(name.partition(" ")[0])
    content = path.read_bytes()
    assert old.encode() in content, name
    path.write_bytes(content.replace(old.encode(), new.encode()) if old else content + new.encode())
    changed[name] = [key for key, mark in marks().items() if mark != before[key]]
    path.write_bytes(content)
assert marks() == before
print(json.dumps(changed))
"""
LOCKED = dict(re.findall(r"(?m)^([\w-]+)==([^ ;\\]+)", LOCK.read_text()))
CHANGES = {
    "course/cli/cli.py": ("Check this machine", "Look at this machine"),
    "course/cli/doctor.py": ("", "\n# changed"),
    "course/explain/heat.py": ("", "\n# changed"),
    "course/exercises/release.py": ("", "\n# changed"),
    "course/exercises/runner.py": ("", "\n# changed"),
    "course/exercises/selftest.py": ("", "\n# changed"),
    "course/grader/classes.py": ("", "\n# changed"),
    "course/instruments/lens.css": ("", "\n"),
    "course/data/weights/course_base.weights.h5": ("", "x"),
    "course_utils/recorded/06_riddle.json": ("", "\n"),
    "exercises/01_convolution/mutants.py": ("", "\n# changed"),
    "exercises/01_convolution/checks.py": ("", "\n# changed"),
    "lessons/03_cats_and_dogs.py": ("", "\n# changed"),
    "requirements.lock a library that notebooks import": (f"numpy=={LOCKED['numpy']}", "numpy==9"),
    "requirements.lock one that none imports": (
        f"tornado=={LOCKED['tornado']}",
        "tornado==99",
    ),
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("course", "course_utils", "exercises", "lessons", "tools"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(LOCK, copy)
    command = [sys.executable, "-c", CHANGE, json.dumps(CHANGES)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def importing(*folders):
    """The lessons that import one of these folders of course/, as their sources say."""
    pattern = "|".join(rf"from course\b.*\b{folder}\b" for folder in folders)
    return [n for n in NAMES if re.search(pattern, (LESSONS / f"{n}.py").read_text("utf-8"))]


@pytest.mark.parametrize(
    "name",
    [
        "course/cli/cli.py",
        "course/grader/classes.py",
        "course/instruments/lens.css",
        "requirements.lock one that none imports",
    ],
)
def test_nothing_is_stale(changed, name):
    assert changed[name] == []


def test_the_lessons_that_import_explain_are_stale_directly_or_by_the_instruments(changed):
    stale = changed["course/explain/heat.py"]
    assert [name for name in stale if name in NAMES] == importing("explain", "instruments")
    assert "06_interpretation" in stale
    assert "set 06_interpretation" in stale and "set 01_convolution" not in stale


def test_only_the_lesson_that_calls_the_doctor_is_stale_with_it(changed):
    assert changed["course/cli/doctor.py"] == ["00_start_here"]


def test_a_recorded_run_counts_for_the_lessons_that_load_it(changed):
    assert changed["course_utils/recorded/06_riddle.json"] == ["06_interpretation"]


def test_weights_count_for_all_that_may_load_them(changed):
    stale = changed["course/data/weights/course_base.weights.h5"]
    assert [name for name in stale if name in NAMES] == importing("data")
    assert "set 05_transfer_learning" in stale


def test_exercises_are_stale_with_their_files_and_with_what_runs_them(changed):
    assert changed["exercises/01_convolution/checks.py"] == ["set 01_convolution", "release"]
    assert changed["course/exercises/runner.py"] == [*(f"set {name}" for name in SETS), "release"]


def test_a_released_exercise_is_stale_also_with_what_releases_it(changed):
    assert changed["course/exercises/release.py"] == ["release"]
    assert changed["course/exercises/selftest.py"] == ["release"]  # it chooses who is tried
    assert changed["exercises/01_convolution/mutants.py"] == ["release"]  # it knows their answers


def test_a_source_makes_its_own_notebook_stale(changed):
    assert changed["lessons/03_cats_and_dogs.py"] == ["03_cats_and_dogs"]


def test_locked_versions_count_for_what_imports_the_library(changed):
    stale = changed["requirements.lock a library that notebooks import"]
    assert stale == [*NAMES, *(f"set {name}" for name in SETS), "release"]


def test_no_notebook_is_stale():
    assert staleness.stale() == [], "run `make lessons` and `make exercises`"


@pytest.mark.parametrize(
    "text", ["<<<<<<< HEAD", "[]", "{}", '{"metadata": {"course": 1}}', '{"metadata": null}']
)
def test_a_damaged_notebook_is_stale(tmp_path, text):
    """As after a merge: building it anew mends it."""
    (tmp_path / "01_x.ipynb").write_text(text)
    assert staleness.kept_mark(tmp_path / "01_x.ipynb") is None
    assert staleness.kept_mark(tmp_path) is None
    assert staleness.kept_mark(tmp_path / "02_x.ipynb") is None


def test_sources_are_chosen_by_their_numbers():
    assert staleness.chosen([], ["01_a", "02_b"]) == ["01_a", "02_b"]
    assert staleness.chosen(["02"], ["01_a", "02_b"]) == ["02_b"]
    with pytest.raises(ValueError) as caught:
        staleness.chosen(["02", "07"], ["01_a", "02_b"])
    assert "07" in str(caught.value) and "01_a, 02_b" in str(caught.value)
