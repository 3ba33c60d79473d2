"""The learner's own copies of the course's notebooks: made, brought up to date, given afresh.

A copy has no outputs, a name that tells lesson, exercises and solutions apart in a tab, and links
that lead to the other copies. Its metadata say what it is a copy of, and have a digest of its cells
as they were given. So a copy that nobody has touched is known, and nothing else is ever replaced.
"""

import contextlib
import datetime
import hashlib
import json
import os
import platform
import posixpath
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import filelock

from course.workspace import places, progress
from course.workspace.places import WorkspaceError
from course_utils.files import write_whole

KINDS = ("lesson", "exercises", "solutions")
CLONE = Path(__file__).resolve().parents[2]  # if it is one
OLDER = "older"  # the folder for what `reset` puts away
LOCK = ".course-lock"  # of a workspace, while a command changes what is in it
WAIT_SECONDS = 20  # for such a command
DISTRIBUTION = "deep-vision-course"
SHARED = "share/deep-vision-course/notebooks"  # where an install has them; as in pyproject.toml
# Metadata as JupyterLab writes them when it has started a kernel. A notebook that has them and is
# only opened isn't taken for changed, which JupyterLab would ask about when its tab is closed.
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    },
}
_START = "00_start_here.ipynb"
GLOSSARY = "glossary"  # the kind, and the name, of the page that says what the words mean
_LESSON = re.compile(r"\d\d_\w+")
_LINK = re.compile(r"\]\((?!\w+:)([^()\s#]+\.ipynb)")
_MARK = """\
This file tells the course that this folder has your copies of its notebooks, and your progress.
Leave it here. What is in the folder is yours: no command of the course overwrites what you changed.
"""


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


class Change(NamedTuple):
    """What was done about one copy.

    Attributes:
        name: of the copy that is the lesson's, the exercises' or the solutions' own.
        what: "added" where there was none; "replaced" where nobody had touched it; "kept" as it is,
            with the corrected one beside it; "renewed" after the old one was put away;
            "current" where there was nothing to do.
        path: Path of what was written; None if nothing was.
        says: a sentence for the learner.
    """

    name: str
    what: str
    path: Path | None
    says: str


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


def this_workspace(folder=None):
    """A workspace that is there.

    Args:
        folder: its path; None: the one that this process works in.
    Returns:
        Path.
    Raises:
        WorkspaceError: there is none.
    """
    found = places.workspace() if folder is None else Path(os.path.expanduser(folder)).absolute()
    if found is None or not places.is_workspace(found):
        raise WorkspaceError(
            f"{found or Path.cwd()} has no copies of the course's notebooks: `course lab` makes "
            "them. Or go to the folder that has them."
        )
    return found


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
        lesson: id of the lesson, or of the exercises that go with it; GLOSSARY.
        kind: "lesson", "exercises" or "solutions"; GLOSSARY.
    Example:
        >>> name_of("01_convolution", "exercises")
        '01_exercises_convolution.ipynb'
    """
    if kind == GLOSSARY:
        return f"{GLOSSARY}.ipynb"
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
    folder = Path(os.path.expanduser(folder)).absolute()
    given, created = _all_given(), not places.is_workspace(folder)
    if created:
        _begin(folder, {each.name for each in given})
    with alone_in(folder):
        missing = [each for each in given if not os.path.lexists(folder / each.name)]
        for each in missing:
            _write(folder / each.name, _text(_copy_of(each)))
    return Made(folder, created, tuple(each.name for each in missing))


def update(folder=None):
    """Bring corrected and new notebooks into a workspace. What somebody has changed stays.

    Args:
        folder: path of the workspace; None: the one that this process works in.
    Returns:
        list of Change, of the copies about which something was done.
    Raises:
        WorkspaceError: there is no workspace, or it can't be written.
    """
    folder = this_workspace(folder)
    with alone_in(folder):
        changes = [_updated(folder, each) for each in [*_all_given(), *_solutions_in(folder)]]
    return [change for change in changes if change.what != "current"]


def reset(lesson, *, exercises=False, folder=None):
    """Give a lesson or its exercises afresh. What was there goes to the folder `older`.

    Args:
        lesson: a lesson's id, the beginning of it, or its number.
        exercises: give its exercises, and leave the lesson.
        folder: path of the workspace; None: the one that this process works in.
    Returns:
        Change.
    Raises:
        WorkspaceError: there is no such notebook or no workspace, or it can't be written.
    """
    folder, each = this_workspace(folder), _given(lesson, "exercises" if exercises else "lesson")
    with alone_in(folder):
        return _reset(folder, each)


def solutions(lesson):
    """Give the solutions of a lesson's exercises to somebody who has tried them.

    Args:
        lesson: a lesson's id, the beginning of it, or its number.
    Returns:
        Change, in the workspace that this process works in.
    Raises:
        WorkspaceError: the exercises weren't tried yet, or there are none, or no solutions or no
            workspace, or it can't be written.
    """
    folder, exercises = this_workspace(), _given(lesson, "exercises")
    lesson, each = exercises.lesson, _solutions(exercises.lesson)
    path = folder / each.name
    if os.path.lexists(path):
        return Change(each.name, "current", None, f"{each.name} is there already.")
    if not progress.noted(lesson, "task"):
        raise WorkspaceError(
            f"Try first: open {exercises.name}, write an answer and run its check, right or wrong. "
            "Then the solutions are yours."
        )
    if not each.path.is_file():
        raise WorkspaceError(
            "This installation of the course has no solutions. They are in the course's "
            f"repository: notebooks/exercises/solutions/{lesson}.ipynb."
        )
    _write(path, _text(_copy_of(each)))
    progress.note(lesson, "solutions")
    return Change(each.name, "added", path, f"The solutions are in {each.name}.")


# ---- what a notebook in a workspace is -----------------------------------------------------------


class About(NamedTuple):
    """What is known of a notebook.

    Attributes:
        lesson, kind: what it is a copy of; None if it doesn't say that it is one of the course's.
        given: the digest of its cells as they were given; None like those.
        untouched: whether its cells say that still, and none has an output.
        digest: of its cells as they are; None if it is no notebook.
    """

    lesson: str | None = None
    kind: str | None = None
    given: str | None = None
    untouched: bool = False
    digest: str | None = None

    def is_of(self, given):
        """Whether it is a copy of this notebook, of whatever version."""
        return (self.lesson, self.kind) == (given.lesson, given.kind)


def about(content):
    """What a notebook's own words say about it.

    Args:
        content: bytes of its file, or None.
    Returns:
        About.
    """
    digest = None
    try:
        notebook = json.loads(content)
        digest = _digest(notebook["cells"])
        with_output = any(cell.get("outputs") for cell in notebook["cells"])
        said = notebook["metadata"]["course"]
        lesson, kind, given = said["lesson"], said["kind"], said["given"]
        return About(lesson, kind, given, not with_output and digest == given, digest)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # damaged, or not ours
        return About(digest=digest)


def content_of(path):
    """What a file holds, as bytes; None where there is none, or it can't be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


@contextlib.contextmanager
def alone_in(folder):
    """Work in a workspace while no other command of the course does; may be nested.

    Args:
        folder: Path of the workspace.
    Raises:
        WorkspaceError: another command goes on for too long.
    """
    lock = filelock.FileLock(folder / LOCK, is_singleton=True)
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except filelock.Timeout as error:
        raise WorkspaceError(
            f"Another command of the course works in {folder}. Try again when it is done."
        ) from error
    except (OSError, NotImplementedError):  # read-only, or a disk without locks: writing will tell
        yield
        return
    try:
        yield
    finally:
        lock.release()


def free_name(path):
    """The path, or the next one like it that nothing has yet: `name (2).ipynb`."""
    number, tried = 1, path
    while os.path.lexists(tried):
        number += 1
        tried = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return tried


def _reset(folder, each):
    """Give a copy afresh: a Change."""
    path, text, old = folder / each.name, _text(_copy_of(each)), None
    found = about(content_of(path))
    if os.path.lexists(path) and not (found.is_of(each) and found.untouched):
        now = datetime.datetime.now().strftime("%Y-%m-%d %H.%M")
        old = free_name(folder / OLDER / f"{path.stem} {now}.ipynb")
        _move(path, old)
    try:
        _write(path, text)
    except WorkspaceError:
        if old:
            _move(old, path)
        raise
    for corrected, said in _corrected(path, each).items():
        if said.untouched:  # the fresh one is what it was there for
            with contextlib.suppress(OSError):
                corrected.unlink()
    yours = f"; yours is now {OLDER}/{old.name}" if old else ""
    what = "renewed" if old else "replaced"
    says = f"{each.name} is as it was given{yours}. If it is open, close its tab and open it again."
    return Change(each.name, what, path, says)


def _updated(folder, each):
    """Bring one copy up to date: a Change."""
    path, copy = folder / each.name, _copy_of(each)
    now = copy["metadata"]["course"]["given"]
    if not os.path.lexists(path):
        _write(path, _text(copy))
        return Change(each.name, "added", path, f"{each.name} is new.")
    found = about(content_of(path))
    current = Change(each.name, "current", None, f"{each.name} is up to date.")
    if found.digest == now:  # also where some program that saved it has dropped what it is
        return current
    if not found.is_of(each):
        found = About()
    if found.given == now:
        return current
    if found.untouched:
        _write(path, _text(copy))
        return Change(each.name, "replaced", path, f"{each.name} is now the corrected one.")
    corrected = _corrected(path, each)
    if any(now in (said.given, said.digest) for said in corrected.values()):
        return current
    untouched = [other for other, said in corrected.items() if said.untouched]
    beside = min(untouched, default=free_name(path.with_stem(f"{path.stem} (corrected)")))
    _write(beside, _text(copy))
    why = "has changes of yours" if found.given else "isn't as the course made it"
    says = f"{each.name} {why} and stays; the corrected one is beside it: {beside.name}."
    return Change(each.name, "kept", beside, says)


def _corrected(path, each):
    """The corrected copies beside one: dict of Path -> About."""
    others = path.parent.glob(f"{path.stem} (corrected)*.ipynb")
    beside = {other: about(content_of(other)) for other in others}
    # One that doesn't say what it is may be a corrected one as well.
    return {other: said for other, said in beside.items() if said.is_of(each) or not said.lesson}


# ---- what the course has to give -----------------------------------------------------------------


def _given(lesson, kind):
    """The lesson or exercises that somebody asks for."""
    lesson = lesson_id(lesson)
    for each in _all_given():
        if (each.lesson, each.kind) == (lesson, kind):
            return each
    raise WorkspaceError(f"Lesson {int(lesson[:2])} has no exercises of its own.")


def _solutions(lesson):
    folder = given_folder() / "exercises" / "solutions"
    return _Given(lesson, "solutions", folder / f"{lesson}.ipynb")


def _solutions_in(folder):
    """The solutions that a workspace has a copy of, as far as this installation has them."""
    every = [_solutions(lesson) for lesson in lessons()]
    return [s for s in every if s.path.is_file() and os.path.lexists(folder / s.name)]


def _all_given():
    """What every workspace has a copy of: lessons and exercises, in order, and the glossary."""
    root = given_folder()
    every = []
    for lesson in lessons():
        every.append(_Given(lesson, "lesson", root / f"{lesson}.ipynb"))
        exercises = _Given(lesson, "exercises", root / "exercises" / f"{lesson}.ipynb")
        every += [exercises] if exercises.path.is_file() else []
    glossary = _Given(GLOSSARY, GLOSSARY, root / f"{GLOSSARY}.ipynb")
    return every + [glossary] * glossary.path.is_file()


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


def _move(old, new):
    if os.path.lexists(new.parent) and not new.parent.is_dir():
        raise WorkspaceError(f"{new.parent} is in the way of a folder: give it another name.")
    try:
        new.parent.mkdir(exist_ok=True)
        old.rename(new)
    except OSError as error:
        raise WorkspaceError(f"{old} can't be moved to {new}: {error.strerror}.") from error


def _write(path, content):
    try:
        write_whole(path, content)
    except OSError as error:
        raise WorkspaceError(
            f"{path} can't be written: {error.strerror}. What was there is as it was."
        ) from error


# ---- a copy --------------------------------------------------------------------------------------


def notebook_of(path):
    """One of the course's own notebooks, as what its JSON holds.

    Args:
        path: Path, in `given_folder()`.
    Raises:
        WorkspaceError: it can't be read.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"][0]["source"], notebook["metadata"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise WorkspaceError(
            f"{path}, one of the course's own notebooks, can't be read: {error}. Bring it back "
            "from the course's repository, or install the course anew."
        ) from error
    return notebook


def _copy_of(given):
    """The copy of a given notebook, as what its JSON holds."""
    notebook = notebook_of(given.path)
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
    if given.kind in ("exercises", "solutions"):
        about["exercise"] = given.lesson  # what graders know a hand-in by
    kept = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    return notebook | {"cells": cells, "metadata": kept | KERNEL | {"course": about}}


def _copy_at(link, folder):
    """Where a link to one of the course's notebooks leads in a workspace; any other stays.

    Example:
        >>> _copy_at("../02_mnist.ipynb", "exercises")
        '02_lesson_mnist.ipynb'
    """
    *folders, name = posixpath.normpath(posixpath.join(folder, link)).split("/")
    kind = {(): "lesson", ("exercises",): "exercises", ("exercises", "solutions"): "exercises"}
    lesson = name.removesuffix(".ipynb")
    if (*folders, lesson) == (GLOSSARY,):
        return name
    if tuple(folders) not in kind or not _LESSON.fullmatch(lesson):
        return link
    return name_of(lesson, kind[tuple(folders)])  # solutions are there only after a try


def _ways(given):
    """The line of links below a copy's title."""
    ways = [f"[My course]({places.FIRST_PAGE})"]
    if given.kind == GLOSSARY:
        return ways[0]
    number = int(given.lesson[:2])
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
