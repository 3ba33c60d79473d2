"""The house rules that a machine can hold: who imports whom, what is small, what is found where."""

import ast
import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.staleness import EXERCISES, ROOT, lessons

FOLDERS = sorted(path.parent.name for path in ROOT.glob("course/*/__init__.py"))
SMALL = 1500  # lines of course_utils, all in all
CALL = "from importlinter.cli import lint_imports_command as lint; lint()"  # as the Makefile does
LINT = [sys.executable, "-c", CALL, "--no-cache"]
# Modules that other folders and lessons take by name, to keep what they call apart.
TAKEN_BY_NAME = {
    "course.data": {"bases", "features", "imagenet"},
    "course.exercises": {
        "runner",  # a submission's process runs as a notebook's does
        "selftest",  # on which no notebook rests
        "release",  # nor on this
        "reach",  # nor on this, which works on names alone
    },
    "course.workspace": {"copies", "first_page", "packing", "places", "progress", "questions"},
    "course.grader": {"command"},  # its `grade` and `explain` are the instructor's commands
}


def imports_of(path):
    """(module, name) of each `from module import name` of ours in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and re.match(r"course(_utils)?\b", node.module or ""):
            yield from ((node.module, alias.name) for alias in node.names)


def defined_in(path):
    """The names that a module defines itself, at its top level."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def public_names(package):
    """The names in `__all__` of a folder's `__init__`, in order, and doubles too."""
    path = ROOT.joinpath(*package.split("."), "__init__.py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    return []


def of_lessons_and_exercises():
    files = [*lessons(), *EXERCISES.glob("*/*.py")]
    return sorted({(path.name, *pair) for path in files for pair in imports_of(path)})


@pytest.mark.parametrize(("file", "module", "name"), of_lessons_and_exercises())
def test_what_is_imported_is_in_the_folder_that_the_import_line_names(file, module, name):
    folder = ROOT.joinpath(*module.split("."))
    assert folder.is_dir(), f"{module} is no folder: import from the folder that holds it"
    if (folder / name).is_dir() or (folder / f"{name}.py").exists():
        return
    places = [path for path in folder.glob("*.py") if name in defined_in(path)]
    assert len(places) == 1, f"{name} is defined in {places or 'no module'} of {module}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_offers_its_own_names_each_once(folder):
    names = public_names(f"course.{folder}")
    assert len(names) == len(set(names))
    own = {name for path in (ROOT / "course" / folder).glob("*.py") for name in defined_in(path)}
    assert set(names) <= own


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_one_folder_needs_of_another_is_public_there(folder):
    for path in sorted((ROOT / "course" / folder).glob("*.py")):
        for module, name in imports_of(path):
            parts = module.split(".")
            if parts[0] == "course_utils" or parts[:2] == ["course", folder] or len(parts) < 2:
                continue
            where = f"{path.relative_to(ROOT)}: from {module} import {name}"
            assert len(parts) == 2, f"{where}: import from course.{parts[1]}"
            public = {*public_names(module), *TAKEN_BY_NAME.get(module, ())}
            assert name in public, f"{where}: not public there"


def test_course_utils_is_small():
    files = sorted((ROOT / "course_utils").rglob("*.py"))
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) <= SMALL


@pytest.fixture
def copy(tmp_path):
    """A copy of the library, and of the rules in pyproject.toml."""
    for package in ("course", "course_utils"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda _, names: [
            name for name in names if "." in name and not name.endswith(".py")
        ])  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder):
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(LINT, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_import_rules_hold(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("course_utils/start.py", "import course.data"),
        ("course/data/sources.py", "from course import exercises"),
        ("course/instruments/base.py", "def f():\n    from course.data import bases"),
        ("course/exercises/runner.py", "from course.grader import wire"),
        ("course/explain/heat.py", "from course.drawn import draw_pets"),
        ("course/drawn/seeds.py", "import course.data.arrays"),
        ("course/grader/classes.py", "from course.cli import doctor"),
    ],
)
def test_a_forbidden_import_is_found(copy, module, planted):
    path = copy / module
    path.write_text(f"{path.read_text()}\n\n{planted}\n")
    done = lint(copy)
    assert done.returncode == 1
    assert module.removesuffix(".py").replace("/", ".") in done.stdout


def test_ruff_leaves_the_exercises_cells_alone_also_when_a_file_is_named():
    """As pre-commit does it: short cells read better than one argument a line."""
    source = EXERCISES / "01_convolution" / "exercise.py"
    command = [sys.executable, "-m", "ruff", "format", "--check"]
    assert subprocess.run([*command, source], cwd=ROOT, capture_output=True).returncode == 0
    named = [*command, "--config", "force-exclude = false", source]
    assert subprocess.run(named, cwd=ROOT, capture_output=True).returncode == 1
