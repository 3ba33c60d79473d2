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
from pathlib import Path

from course.exercises import NOT_GRADED, ExerciseError, exercise_ids, load_exercise
from course_utils.texts import counted, printable

FILE_MB = 20
CODE_MB = 1
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
        status: "" if it can be graded, else "unreadable" or "wrong exercise".
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
    """Find and read the submissions of an exercise.

    Args:
        exercise: an Exercise.
        places: notebooks, or folders to search for notebooks.
    Returns:
        list of HandIn, by student, then file.
    Raises:
        HandInError: a place doesn't exist, or there is no notebook anywhere.
    """
    hand_ins, seen = [], set()
    for place in map(Path, places):
        if not os.path.lexists(place):
            raise HandInError(f"There is no file or folder {printable(place)}. Check the path.")
        for student, path, trouble in _look_into(place, exercise):
            real = os.path.abspath(path) if trouble else os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                hand_ins.append(_read(exercise, student, path, trouble))
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


def read_cells(path, asked=frozenset()):
    """The code cells of a notebook that are to be graded, read as data.

    Cells tagged as being for the learner's own look are left out, unless an answer stands in one.

    Args:
        path: Path. Only a plain file is opened: no device, no queue.
        asked: the names that the exercise asks for, a set of str.
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
    cells = tuple(
        source
        for source, cell in zip(sources, notebook["cells"], strict=True)
        if source is not None and (not _only_to_look(cell) or defined_names(source) & asked)
    )
    if sum(map(len, cells)) > CODE_MB * 1e6:
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


def _read(exercise, student, path, trouble):
    student, file = printable(student), printable(path)
    try:
        if trouble:
            raise HandInError(trouble)
        cells, named = read_cells(path, _task_names(exercise))
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


def _only_to_look(cell):
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and any(tag in NOT_GRADED for tag in tags if isinstance(tag, str))


def _exercise_named(notebook):
    """What a notebook says that it is of: an exercise's id, or something else; None if nothing."""
    for key in ("metadata", "course"):
        notebook = notebook.get(key) if isinstance(notebook, dict) else None
    about = notebook if isinstance(notebook, dict) else {}
    if about.get("kind") in ("lesson", "solutions"):  # a learner's copy of one
        return f"{about['kind']} {about.get('lesson')}"
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
            students.setdefault(hand_in.content, set()).add(hand_in.student)
    known = {
        _content(exercise.release_cells()): "the code is as it was handed out",
        _content(exercise.solution_cells()): "the code is that of the solution",
    }
    noted = []
    for hand_in in hand_ins:
        notes = [hand_in.note, _more_than_once(hand_in, files.get(hand_in.student, []))]
        if not hand_in.status:
            others = sorted(students[hand_in.content] - {hand_in.student})
            same = f"the same code as {', '.join(others)}" if others else ""
            notes.append(known.get(hand_in.content, same))
        noted.append(dataclasses.replace(hand_in, note="; ".join(filter(None, notes))))
    return noted


def _more_than_once(hand_in, of_student):
    if hand_in.status or len(of_student) < 2:
        return ""
    files = ", ".join(other.file for other in of_student)
    if len({other.content for other in of_student}) == 1:
        return f"the same code, handed in {counted(len(of_student), 'time')}: {files}"
    return f"{counted(len(of_student), 'submission')}: {files}"


def _content(cells):
    return HandIn("", "", tuple(cells)).content
