"""What students handed in: finding the notebooks, naming their authors, reading the code.

A notebook comes from a stranger: it is read as data, never run here, and whatever is wrong with
one is said of that one and does no harm to the rest.
"""

import dataclasses
import hashlib
import json
import os
import re
import stat
import sys
from pathlib import Path

from course.exercises import (
    NOT_GRADED,
    ExerciseError,
    exercise_ids,
    is_aside,
    load_exercise,
    set_aside,
)
from course.workspace import copies
from course_utils.texts import counted, printable

FILE_MB = 20
CODE_MB = 0.3  # as it lies in memory
MOST_VALUES = 1_000_000  # brackets, braces and commas: what a file of JSON costs in memory
MOST_GRADED = 5  # notebooks of a student, the latest
MOST_READ = 50
_LARGE_MB = 5
_NAMED = 3  # files or students in a note
_SKIPPED_FOLDERS = ("__MACOSX", "__pycache__", "node_modules")
_MOODLE = re.compile(r"_assignsubmission_file_?$")
# What browsers, JupyterLab, Windows, and `course update` and `course unpack` add to a copy.
_COPY = re.compile(r"(?: - Copy)?(?: ?\((?:\d+|corrected|packed)\))*$|-Copy\d+$")
_NO_FOLDER = "this folder cannot be opened"
_BETWEEN = r"[\s_.\-]+"
_DEFINED = re.compile(
    r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


@dataclasses.dataclass(frozen=True)
class HandIn:
    """A notebook that was handed in, or the place where one was expected.

    Args:
        student: who handed it in, as text that can be printed.
        file: its path, as text that can be printed.
        cells: its code cells, a tuple of str; empty unless it can be graded.
        status: "" if it can be graded, else "unreadable", "wrong exercise", or "too many", which
            stands for all of a student's that are left out.
        note: a sentence: why not, or what else is to be known.
    """

    student: str
    file: str
    cells: tuple = ()
    status: str = ""
    note: str = ""

    @property
    def content(self):
        """SHA-256 of the code: the same code is the same submission, whatever the outputs say."""
        return hashlib.sha256(json.dumps(self.cells).encode()).hexdigest()


class HandInError(Exception):
    """Nothing can be looked for where submissions should be; the text says what to do."""


def collect(exercise, places):
    """Find and read the submissions of an exercise: of each student the latest few.

    Args:
        exercise: an Exercise.
        places: notebooks, or folders to search for notebooks.
    Returns:
        list of HandIn, by student, then file.
    Raises:
        HandInError: a place doesn't exist, or there is no notebook anywhere.
    """
    found, seen = {}, set()
    for place in map(Path, places):
        if not os.path.lexists(place):
            raise HandInError(f"There is no file or folder {printable(place)}. Check the path.")
        for student, path, trouble in _look_into(place, exercise):
            real = os.path.abspath(path) if trouble else os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                found.setdefault(printable(student), []).append((path, trouble))
    hand_ins = [
        hand_in
        for student, notebooks in found.items()
        for hand_in in _of_student(exercise, student, notebooks)
    ]
    if not hand_ins:
        there = ", ".join(printable(place) for place in places)
        raise HandInError(f"There is no notebook (*.ipynb) in {there}. Check the path.")
    return _noted(sorted(hand_ins, key=lambda hand_in: (hand_in.student, hand_in.file)), exercise)


def student_name(path, exercise):
    """A student's name from a notebook's: the stem, less the exercise's id or title.

    Args:
        path: Path of the notebook; its folder's name is taken where nothing else is left.
        exercise: an Exercise.
    Example:
        >>> from types import SimpleNamespace as E
        >>> exercise = E(id="01_convolution", title="Convolution and filter banks")
        >>> student_name(Path("ada_01_convolution.ipynb"), exercise)
        'ada'
        >>> student_name(Path("Ada Lovelace/01_exercises_convolution.ipynb"), exercise)
        'Ada Lovelace'
    """
    stem = path.name[: -len(".ipynb")] if path.name.lower().endswith(".ipynb") else path.name
    if moodle := re.match(r"(.+_\d+)_assignsubmission_file_", stem):  # packed without folders
        return moodle[1]
    number, _, topic = exercise.id.partition("_")
    for name in (exercise.id, f"{number}_exercises_{topic}", exercise.title):  # as copies are named
        words = _BETWEEN.join(re.escape(word) for word in re.split(_BETWEEN, name) if word)
        for pattern in (rf"^{words}(?:{_BETWEEN}|$|(?=\())", rf"(?:^|{_BETWEEN}){words}$"):
            less, times = re.subn(pattern, "", _COPY.sub("", stem), flags=re.IGNORECASE)
            if times:
                return less.strip(" _.") or folder_name(path)
    return stem if stem.strip(" _.") else folder_name(path)


def folder_name(path):
    """The name of the folder that a file lies in, without what Moodle adds to it."""
    return _MOODLE.sub("", Path(os.path.abspath(path)).parent.name) or "nameless"


def read_cells(path):
    """The code cells of a notebook that are to be graded, read as data.

    Cells tagged as being for the learner's own look are set aside: of them, only what others need
    will be run. The one that installs the course is left out.

    Args:
        path: Path. Only a plain file is opened: no device, no queue.
    Returns:
        (tuple of str, the exercise's id that the notebook names, or None).
    Raises:
        HandInError: it can't be read; the text says why.
    """
    # By hand: nbformat lets some damaged notebooks pass, and ends in any exception over others.
    notebook = _parse(_bytes(path))
    if not isinstance(notebook, dict) or not ("cells" in notebook or "nbformat" in notebook):
        raise HandInError("this isn't a notebook: it has no cells")
    version = notebook.get("nbformat")
    if version != 4:
        raise HandInError(
            f"its notebook format is {printable(repr(version)[:20])}, expected 4: "
            "open it in JupyterLab and save it"
        )
    if not isinstance(notebook.get("cells"), list):
        raise HandInError("this isn't a whole notebook: it has no list of cells")
    sources = [_source(cell, number) for number, cell in enumerate(notebook["cells"], 1)]
    tags = list(map(_tags, notebook["cells"]))
    cells = tuple(
        set_aside(source) if tags & NOT_GRADED else source
        for source, tags in zip(sources, tags, strict=True)
        if source is not None and "colab" not in tags
    )
    if sum(map(sys.getsizeof, cells)) > CODE_MB * 1e6:
        raise HandInError(f"it has more than {CODE_MB} MB of code")
    return cells, _exercise_named(notebook)


def defined_names(code):
    """The functions, classes and variables that code defines at top level.

    They are found line by line, so that magics and syntax errors don't matter, and a stranger's
    code meets no parser here.

    Example:
        >>> sorted(defined_names("%magic\\ndef half(x):\\n    y = x\\nratio = 2\\nif ("))
        ['half', 'ratio']
    """
    return {function or variable for function, variable in _DEFINED.findall(code)}


def _look_into(place, exercise):
    """Yield (student, path, trouble) for each notebook of a place."""
    if not os.path.isdir(place):
        yield student_name(place, exercise), place, ""
        return
    if _is_named(place.name):
        yield student_name(place, exercise), place, "this is a folder, not a notebook"
        return
    with_notebook = set()
    for path, trouble in _notebooks(place):
        first, *below = path.relative_to(place).parts
        with_notebook.add(first)
        alone = not below and not trouble.startswith(_NO_FOLDER)
        yield (student_name(path, exercise) if alone else _MOODLE.sub("", first)), path, trouble
    folders = [entry.name for entry in _entries(place) if entry.is_dir(follow_symlinks=False)]
    if with_notebook.intersection(folders):  # one folder a student: an empty one is a student too
        for name in folders:
            if name not in with_notebook and not _skipped(name):
                yield _MOODLE.sub("", name), place / name, "there is no notebook in this folder"


def _notebooks(place):
    """Yield (path, trouble) for each notebook below a folder; links lead nowhere."""
    folders = [place]
    while folders:
        folder = folders.pop()
        try:
            entries = _entries(folder)
        except OSError as error:
            if folder == place:
                raise HandInError(
                    f"{printable(place)} cannot be opened: {error.strerror}"
                ) from None
            yield folder, f"{_NO_FOLDER} ({error.strerror})"
            continue
        for entry in entries:
            path = folder / entry.name
            named = _is_named(entry.name)
            if entry.is_symlink():
                # It may lead to another student's work, or to the solutions.
                if named or os.path.isdir(path):
                    yield path, "this is a link, and links are not followed: give the file itself"
            elif entry.is_dir() and not named:
                if not _skipped(entry.name):
                    folders.append(path)
            elif named:
                yield path, "this is a folder, not a notebook" if entry.is_dir() else ""


def _is_named(name):
    return name.lower().endswith(".ipynb") and not name.startswith("._")  # "._": a Mac's leftovers


def _entries(folder):
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _skipped(name):
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def _of_student(exercise, student, notebooks):
    """A student's hand-ins: those to be graded, at most so many, and one that stands for the rest.

    Args:
        notebooks: list of (path, trouble).
    """
    latest = sorted(notebooks, key=lambda found: (-_changed(found[0]), str(found[0])))
    hand_ins, left_out = [], []
    for number, (path, trouble) in enumerate(latest):
        graded = sum(not hand_in.status for hand_in in hand_ins)
        if graded >= MOST_GRADED or number >= MOST_READ:
            left_out.append(printable(path))
        else:
            hand_ins.append(_read(exercise, student, path, trouble))
    if left_out:
        which = f"The {MOST_GRADED} latest of a student's notebooks are graded; these are not: "
        more = counted(len(left_out), "more notebook")
        note = f"{which}{some(left_out)}."
        hand_ins.append(HandIn(student, more, status="too many", note=note))
    return hand_ins


def _changed(path):
    """When a file was changed, in s since 1970; of links themselves, not of what they lead to."""
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def some(names):
    """The first few names, and how many more there are.

    Example:
        >>> some(["a", "b"]), some(["a", "b", "c", "d", "e"])
        ('a, b', 'a, b, c and 2 more')
    """
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _read(exercise, student, path, trouble):
    file = printable(path)
    try:
        if trouble:
            raise HandInError(trouble)
        cells, named = read_cells(path)
    except HandInError as error:
        return HandIn(student, file, status="unreadable", note=f"{error}.")
    wrong = _other_exercise(exercise, cells, named)
    if wrong:
        return HandIn(student, file, status="wrong exercise", note=wrong)
    return HandIn(student, file, cells)


def _bytes(path):
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise HandInError("this isn't a plain file")
        # Without O_NONBLOCK, a queue that took the file's place meanwhile would never let go.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            content = file.read(int(FILE_MB * 1e6) + 1)
    except FileNotFoundError:
        raise HandInError("this is a link that leads nowhere") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise HandInError(f"it cannot be opened ({why})") from None
    if len(content) > FILE_MB * 1e6:
        raise HandInError(f"it is larger than {FILE_MB} MB: clear its outputs and save it")
    if not content.strip():
        raise HandInError("the file is empty")
    return content


def _parse(content):
    if sum(content.count(mark) for mark in b"[{,") > MOST_VALUES:
        raise HandInError(f"it has more than {MOST_VALUES:,} values: clear its outputs and save it")
    if len(content) > _LARGE_MB * 1e6:  # one letter of four bytes makes all of them take four
        content = re.sub(rb"[\xf0-\xf4][\x80-\xbf]{3}", "\ufffd".encode(), content)
    try:
        return json.loads(content)  # of bytes, it knows UTF-8, -16 and -32, with a mark or without
    except RecursionError:
        raise HandInError("its JSON is nested too deeply") from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start} isn't {error.encoding.upper()}"
        raise HandInError(f"it isn't text in UTF-8, as notebooks are ({where})") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno}"
        raise HandInError(f"its JSON is broken ({where}): save it again, or send it anew") from None
    except ValueError as error:  # a number of thousands of digits
        raise HandInError(f"its JSON is broken ({str(error)[:80]})") from None


def _source(cell, number):
    """The source of a code cell, None of any other."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise HandInError(f"cell {number} isn't a notebook's cell")
    if cell["cell_type"] != "code":
        return None
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise HandInError(f"the source of cell {number} isn't text")
    # Half of a surrogate pair can stand in JSON, but no file and no compiler takes it.
    return "".join(lines).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tags(cell):
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def _exercise_named(notebook):
    """What a notebook says that it is of: an exercise's id, or something else; None if nothing."""
    for key in ("metadata", "course"):
        notebook = notebook.get(key) if isinstance(notebook, dict) else None
    about = notebook if isinstance(notebook, dict) else {}
    if about.get("kind") in ("lesson", "solutions"):  # a learner's copy of one
        return f"{about['kind']} {about.get('lesson')}"
    if about.get("kind") == copies.GLOSSARY:
        return "the glossary"
    named = about.get("exercise")
    return named if isinstance(named, str) else None


def _other_exercise(exercise, cells, named):
    """A sentence if a notebook belongs to another exercise, else ""."""
    if named == exercise.id:
        return ""
    if named is not None:
        return f"It is a notebook of {printable(named[:100])}, not of {exercise.id}."
    names = set().union(*map(defined_names, cells))
    if not cells or names & _task_names(exercise):
        return ""
    for other in exercise_ids():
        try:
            theirs = _task_names(load_exercise(other)) if other != exercise.id else set()
        except ExerciseError:
            continue  # a fault of another exercise's folder is for its own self-test to tell
        if names & theirs:
            some = ", ".join(sorted(names & theirs)[:3])
            return f"It defines {some}, as {other} asks, and nothing that {exercise.id} asks."
    return ""


def _task_names(exercise):
    return set().union(*(exercise.names_of(task.id) for task in exercise.tasks))


def _noted(hand_ins, exercise):
    """Note who handed in more than once, and whose code isn't only theirs; nobody judges that."""
    files, students = {}, {}
    for hand_in in hand_ins:
        if not hand_in.status:
            files.setdefault(hand_in.student, []).append(hand_in)
            students.setdefault(_content(hand_in.cells), set()).add(hand_in.student)
    known = {
        _content(exercise.release_cells()): "the code is as it was handed out",
        _content(exercise.solution_cells()): "the code is that of the solution",
    }
    noted = []
    for hand_in in hand_ins:
        notes = [hand_in.note, _more_than_once(hand_in, files.get(hand_in.student, []))]
        if not hand_in.status:
            code = _content(hand_in.cells)
            others = sorted(students[code] - {hand_in.student})
            same = f"the same code as {some(others)}" if others else ""
            notes.append(known.get(code, same))
        noted.append(dataclasses.replace(hand_in, note="; ".join(filter(None, notes))))
    return noted


def _more_than_once(hand_in, of_student):
    if hand_in.status or len(of_student) < 2:
        return ""
    files = some([other.file for other in of_student])
    if len({other.content for other in of_student}) == 1:
        return f"the same code, handed in {counted(len(of_student), 'time')}: {files}"
    return f"{counted(len(of_student), 'submission')}: {files}"


def _content(cells):
    return HandIn("", "", tuple(cell for cell in cells if not is_aside(cell))).content
