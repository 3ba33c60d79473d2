"""What a notebook is built from, and whether it is stale: for lessons, exercises and the site.

    python -m tools.staleness        names what is stale, and ends with 1 if anything is

A notebook is built from its source; from the modules of ours that this imports, directly or not;
from the recorded runs that they load, and other files that come with the modules and that these
name, such as weights; and from the locked versions of the libraries that all of it imports. Of
this, one mark is made, and kept in the notebook. Nothing else makes a notebook stale. The same goes
for the released exercises that every install carries; a file of one that was changed by hand makes
it stale, too. Files with the lessons' questions have no mark: what they should have is compared.
"""

import ast
import functools
import hashlib
import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import grimp
from packaging.utils import canonicalize_name

from course.exercises.release import content_of
from tools.declared import ROOT, pins
from tools.lesson_source import questions_file, questions_text

LESSONS = ROOT / "lessons"
EXERCISES = ROOT / "exercises"
NOTEBOOKS = ROOT / "notebooks"
RELEASES = ROOT / "course" / "exercises" / "released"
LOCK = ROOT / "requirements.lock"
RECORDED = ROOT / "course_utils" / "recorded"
PACKAGES = ("course", "course_utils")
COMES_ALONG = {".json", ".jpg", ".h5", ".html"}  # kinds of files beside modules
# Of an exercise's files, those that its notebooks are built from: mutants.py is not among them.
EXERCISE_FILES = ("exercise.py", "exercise.toml", "checks.py", "probes.py")
RELEASE = ROOT / "course" / "exercises" / "release.py"  # what makes released copies of them


def mark_of_lesson(source):
    """The mark of a lesson's notebook.

    Args:
        source: path of the lesson's .py file.
    Returns:
        str of 16 hexadecimal digits; another one when anything changes that it is built from.
    """
    return _mark([source])


def mark_of_exercise(folder):
    """The mark of an exercise's two notebooks, as of `mark_of_lesson`.

    Args:
        folder: path of the exercise's folder.
    """
    files = [folder / name for name in EXERCISE_FILES]
    return _mark([path for path in files if path.exists()])


def mark_of_release(folder):
    """The mark of an exercise's released copy, as of `mark_of_lesson`.

    Args:
        folder: path of the exercise's own folder.
    """
    files = [folder / name for name in (*EXERCISE_FILES, "mutants.py")]
    return _mark([*(path for path in files if path.exists()), RELEASE])


def ingredients(sources):
    """What a notebook is built from, name by name.

    Args:
        sources: paths of its own files.
    Returns:
        dict from a name (a path below the course's folder, or a library) to its content's digest
        or its version.
    """
    imported = {name for path in sources if path.suffix == ".py" for name in _imports(path)}
    modules = _with_all_that_they_import(imported)
    code_of = {path: _text(path) for path in [*sources, *map(_path_of, modules)]}
    all_code = "\n".join(code_of.values())
    parts = {_name(path): _digest(code.encode()) for path, code in code_of.items()}
    parts |= {
        _name(path): _digest(path.read_bytes())
        for path in _files_that_come_along()
        if path.stem in all_code and re.search(_loaded_by(path), all_code)  # the first is quick
    }
    libraries = {name.split(".")[0] for name in imported}
    for module in modules:
        libraries |= _graph().find_modules_directly_imported_by(module)
    for library in sorted(libraries - set(PACKAGES)):
        if version := _locked_version(library):
            parts[library] = version
    return parts


def stale():
    """The notebooks that are not built from what is here now.

    Returns:
        list of paths, below the notebooks' folder: lessons, then exercises and their solutions.
    """
    wanted = {f"{path.stem}.ipynb": mark_of_lesson(path) for path in lessons()}
    for settings in sorted(EXERCISES.glob("*/exercise.toml")):
        name, mark = f"{settings.parent.name}.ipynb", mark_of_exercise(settings.parent)
        wanted |= {f"exercises/{name}": mark, f"exercises/solutions/{name}": mark}
    return [name for name, mark in wanted.items() if kept_mark(NOTEBOOKS / name) != mark]


def rebuild(name):
    """The command that builds a notebook anew.

    Args:
        name: its path below the notebooks' folder, as of `stale`.
    """
    kind = "EXERCISE" if name.startswith("exercises/") else "LESSON"
    return f"make {kind.lower()}s {kind}={name.rpartition('/')[2][:2]}"


def stale_releases():
    """The released exercises that are not what they would be now, or were changed by hand.

    Returns:
        list of str, ids of exercises, also of those that are no more.
    """
    wanted = {path.parent.name for path in EXERCISES.glob("*/exercise.toml")}
    there = {path.parent.name for path in RELEASES.glob("*/exercise.toml")}
    fresh = {
        name for name in wanted if is_fresh(RELEASES / name, mark_of_release(EXERCISES / name))
    }
    return sorted((wanted | there) - fresh)


def stale_questions():
    """The lessons, list of paths, whose file of questions isn't what their source declares."""
    return [source for source in lessons() if not _has(questions_file(source), source)]


def _has(path, source):
    return path.exists() and _text(path) == questions_text(source)


def is_fresh(release, mark):
    """Whether a released exercise was built with this mark, and none of its files changed since.

    Args:
        release: path of its folder.
        mark: str, as of `mark_of_release`.
    """
    settings = release / "exercise.toml"
    if not settings.exists():
        return False
    kept = tomllib.loads(_text(settings)).get("released", {})
    return kept.get("built_from") == mark and kept.get("content") == content_of(release)


def kept_mark(path):
    """The mark that a notebook was built with; None if it has none, or is no notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        return notebook["metadata"]["course"]["built_from"]
    except (OSError, ValueError, KeyError, TypeError):  # not there, damaged, or somebody's own
        return None


def lessons():
    """The sources of the lessons, in order: list of paths."""
    return sorted(LESSONS.glob("[0-9][0-9]_*.py"))


def chosen(numbers, sources):
    """The sources with these numbers.

    Args:
        numbers: list of str such as "02"; empty for all.
        sources: paths or names that begin with their numbers.
    Raises:
        ValueError: a number that none has; the message lists those there are.
    """
    number_of = {source: Path(source).stem[:2] for source in sources}
    if unknown := set(numbers) - set(number_of.values()):
        there = ", ".join(Path(source).stem for source in sources) or "none"
        raise ValueError(f"there is no {', '.join(sorted(unknown))}; there are {there}")
    return [source for source in sources if not numbers or number_of[source] in numbers]


def _mark(sources):
    parts = ingredients(sources)
    return _digest("\n".join(f"{name} {parts[name]}" for name in sorted(parts)).encode())


@functools.cache
def _graph():
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def _imports(path):
    """Names of all modules that a file may import, wherever in it; some are names in a module."""
    names = set()
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _with_all_that_they_import(names):
    """Our modules that run when these are imported: they, the packages around, their imports."""
    ours, todo = set(), set(names)
    while todo:
        name = todo.pop()
        if name.split(".")[0] not in PACKAGES or name in ours or name not in _graph().modules:
            continue
        ours.add(name)
        todo |= _graph().find_modules_directly_imported_by(name) | {name.rpartition(".")[0]}
    return ours


def _path_of(module):
    path = ROOT.joinpath(*module.split("."))
    package = path / "__init__.py"
    return package if package.exists() else path.with_suffix(".py")


def _files_that_come_along():
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in COMES_ALONG
    ]


def _loaded_by(path):
    """A pattern of code that loads a file: a recorded run by its stem, any other by its name."""
    if path.parent == RECORDED:
        return rf"(?:load_run\(|load_picture\(|RECORD = )[\"']{re.escape(path.stem)}[\"']"
    return rf"[\"'/]{re.escape(path.name)}[\"']"


@functools.cache
def _distributions():
    return metadata.packages_distributions()


@functools.cache
def _locked():
    return dict(pins(_text(LOCK)))


def _locked_version(library):
    """The version of an importable library in the lock, or None: it is Python's own, say."""
    versions = {
        _locked().get(canonicalize_name(name)) for name in _distributions().get(library, ())
    }
    return " ".join(sorted(versions - {None})) or None


def _name(path):
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _text(path):
    return path.read_text(encoding="utf-8")


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def main():
    names = stale()
    for name in names:
        print(f"notebooks/{name} is stale: {rebuild(name)}")
    releases = stale_releases()
    for name in releases:
        print(f"course/exercises/released/{name} is stale: make exercises")
    asked = stale_questions()
    for source in asked:
        print(f"{_name(questions_file(source))} is stale: {rebuild(source.name)}")
    sys.exit(bool(names or releases or asked))


if __name__ == "__main__":
    main()
