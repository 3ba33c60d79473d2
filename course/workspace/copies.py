"""The learner's own copies of the course's notebooks: made, brought up to date, given afresh.

A copy has no outputs, a name that tells lesson, exercises and solutions apart in a tab, and links
that lead to the other copies. Its metadata say what it is a copy of, and have a digest of its cells
as they were given. So a copy that nobody has touched is known, and nothing else is ever replaced.
"""

import hashlib
import json
import os
import posixpath
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from course.workspace import places
from course_utils.files import write_whole

KINDS = ("lesson", "exercises", "solutions")
CLONE = Path(__file__).resolve().parents[2]  # if it is one
DISTRIBUTION = "deep-vision-course"
SHARED = "share/deep-vision-course/notebooks"  # where an install has them; as in pyproject.toml
_START = "00_start_here.ipynb"
_LESSON = re.compile(r"\d\d_\w+")
_LINK = re.compile(r"\]\((?!\w+:)([^()\s#]+\.ipynb)")
_MARK = """\
This file tells the course that this folder has your copies of its notebooks, and your progress.
Leave it here. What is in the folder is yours: no command of the course overwrites what you changed.
"""


class WorkspaceError(Exception):
    """Something about the workspace can't be done; the text says why, and what to do."""


class Made(NamedTuple):
    """What `make` did.

    Attributes:
        folder: Path of the workspace.
        created: whether it is new.
        added: names of the copies that were missing, in order.
    """

    folder: Path
    created: bool
    added: tuple


class _Given(NamedTuple):
    """A notebook of the course, and what a copy of it is called."""

    lesson: str
    kind: str
    path: Path

    @property
    def name(self):
        return name_of(self.lesson, self.kind)


# ---- where things are ----------------------------------------------------------------------------


def home():
    """The workspace that commands work on, or where it would be made.

    Returns:
        Path: the workspace that this process is in, else `my_course` in a clone of the course, else
        `my_course` in the current folder.
    """
    in_clone = (CLONE / "notebooks" / _START).is_file()
    return places.workspace() or (CLONE if in_clone else Path.cwd()) / places.NAME


def given_folder():
    """The folder with the course's notebooks: beside the package, or where an install put them.

    Raises:
        WorkspaceError: this installation has none.
    """
    if (CLONE / "notebooks" / _START).is_file():
        return CLONE / "notebooks"
    try:
        files = metadata.files(DISTRIBUTION) or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.as_posix().endswith(f"{SHARED}/{_START}") and Path(file.locate()).is_file():
            return Path(file.locate()).resolve().parent
    raise WorkspaceError(
        "This installation of the course has no notebooks to copy. Install the course anew, "
        "or open its notebooks from a copy of its repository."
    )


def lessons():
    """The ids of the course's lessons, in order, such as "01_convolution"."""
    names = (path.stem for path in given_folder().glob("*.ipynb"))
    return sorted(name for name in names if _LESSON.fullmatch(name))


def lesson_id(text):
    """A lesson's id, from its id, the beginning of it, or its number.

    Args:
        text: such as "01_convolution", "01" or "1".
    Raises:
        WorkspaceError: there is no such lesson, or the text fits several.
    """
    there = lessons()
    wanted = f"{int(text):02}_" if re.fullmatch(r"[0-9]{1,2}", text) else text
    fitting = [name for name in there if name == text] or [
        name for name in there if wanted and name.startswith(wanted)
    ]
    if len(fitting) != 1:
        raise WorkspaceError(f"{text!r} names no lesson. There are: {', '.join(there)}.")
    return fitting[0]


def name_of(lesson, kind):
    """What the copy of a notebook is called.

    Args:
        lesson: id of the lesson, or of the exercises that go with it.
        kind: "lesson", "exercises" or "solutions".
    Example:
        >>> name_of("01_convolution", "exercises")
        '01_exercises_convolution.ipynb'
    """
    number, topic = lesson.split("_", 1)
    return f"{number}_{kind}_{topic}.ipynb"


# ---- what learners and commands do ---------------------------------------------------------------


def make(folder):
    """Make a workspace, or complete it: the copies that are missing. What is there stays.

    Args:
        folder: path; it is made if need be.
    Returns:
        Made.
    Raises:
        WorkspaceError: it can't be written, or is a folder with other things in it.
    """
    folder = Path(folder).expanduser().absolute()
    given, created = _all_given(), not places.is_workspace(folder)
    if created:
        _begin(folder, {each.name for each in given})
    missing = [each for each in given if not os.path.lexists(folder / each.name)]
    for each in missing:
        _write(folder / each.name, _text(_copy_of(each)))
    return Made(folder, created, tuple(each.name for each in missing))


def _all_given():
    """What every workspace has a copy of: lessons and exercises, in order."""
    root = given_folder()
    every = []
    for lesson in lessons():
        every.append(_Given(lesson, "lesson", root / f"{lesson}.ipynb"))
        exercises = _Given(lesson, "exercises", root / "exercises" / f"{lesson}.ipynb")
        every += [exercises] if exercises.path.is_file() else []
    return every


def _begin(folder, names):
    """Make the folder and its mark."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {entry.name for entry in os.scandir(folder) if not entry.name.startswith(".")}
    except OSError as error:
        raise WorkspaceError(f"{folder} can't be a workspace: {error.strerror}.") from error
    if there and not there & names:
        raise WorkspaceError(
            f"{folder} has other things in it, such as {min(there)}. Your copies need a folder of "
            "their own: name a new one, or an empty one."
        )
    _write(folder / places.MARK, _MARK)


def _write(path, content):
    try:
        write_whole(path, content)
    except OSError as error:
        raise WorkspaceError(
            f"{path} can't be written: {error.strerror}. What was there is as it was."
        ) from error


# ---- a copy --------------------------------------------------------------------------------------


def _copy_of(given):
    """The copy of a given notebook, as what its JSON holds."""
    notebook = json.loads(given.path.read_text(encoding="utf-8"))
    cells = [c for c in notebook["cells"] if "colab" not in c["metadata"].get("tags", ())]
    folder = posixpath.dirname(given.path.relative_to(given_folder()).as_posix())
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        else:
            source = _LINK.sub(lambda link: f"]({_copy_at(link[1], folder)}", source)
        cell["source"] = source.splitlines(keepends=True)
    title, *rest = cells[0]["source"]
    cells[0]["source"] = [title.rstrip("\n") + "\n", "\n", _ways(given)] + (
        ["\n", *rest] if rest else []
    )
    about = {"lesson": given.lesson, "kind": given.kind, "given": _digest(cells)}
    if given.kind != "lesson":
        about["exercise"] = given.lesson  # what graders know a hand-in by
    kept = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    return notebook | {"cells": cells, "metadata": kept | {"course": about}}


def _copy_at(link, folder):
    """Where a link to one of the course's notebooks leads in a workspace; any other stays.

    Example:
        >>> _copy_at("../02_mnist.ipynb", "exercises")
        '02_lesson_mnist.ipynb'
    """
    *folders, name = posixpath.normpath(posixpath.join(folder, link)).split("/")
    kind = {(): "lesson", ("exercises",): "exercises", ("exercises", "solutions"): "exercises"}
    lesson = name.removesuffix(".ipynb")
    if tuple(folders) not in kind or not _LESSON.fullmatch(lesson):
        return link
    return name_of(lesson, kind[tuple(folders)])  # solutions are there only after a try


def _ways(given):
    """The line of links below a copy's title."""
    number = int(given.lesson[:2])
    ways = [f"[My course]({places.FIRST_PAGE})"]
    if given.kind != "lesson":
        ways.append(f"[Lesson {number}]({name_of(given.lesson, 'lesson')})")
    if given.kind != "exercises" and (given_folder() / "exercises" / given.path.name).is_file():
        ways.append(f"[Exercises {number}]({name_of(given.lesson, 'exercises')})")
    return " · ".join(ways)


def _digest(cells):
    """Of what the cells say, whatever else is kept with them."""
    said = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _text(notebook):
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
