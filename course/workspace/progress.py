"""What a learner has read, predicted and solved, kept in a small file of the workspace.

The file is an SQLite database: several notebooks may write to it at once. It may be deleted at any
time; then there is no progress. Where it can't be written, progress is kept as long as the kernel
runs, and one line says so. Nothing here raises an error into a lesson.
"""

import contextlib
import datetime
import json
import sqlite3
from typing import NamedTuple

from course.workspace.places import workspace

FILE = "progress.sqlite"
WAIT_SECONDS = 3  # for another notebook that is writing
KINDS = ("section", "prediction", "task", "solutions")
_TABLE = """
CREATE TABLE IF NOT EXISTS noted (
    lesson TEXT, kind TEXT, item TEXT, first TEXT, last TEXT,
    first_at TEXT, last_at TEXT, PRIMARY KEY (lesson, kind, item)
)"""
_NOTE = """
INSERT INTO noted VALUES (:lesson, :kind, :item, :value, :value, :now, :now)
ON CONFLICT (lesson, kind, item) DO UPDATE SET last = :value, last_at = :now"""
_MERGE = """
INSERT INTO noted VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lesson, kind, item) DO UPDATE SET
    first = iif(excluded.first_at < first_at, excluded.first, first),
    last = iif(excluded.last_at > last_at, excluded.last, last),
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)"""


class Noted(NamedTuple):
    """Something that was done, at first and as of the last time.

    Attributes:
        lesson: id of the lesson, or of the exercise of the same name, such as "01_convolution".
        kind: one of KINDS: a "section" was run (item: its heading), a "prediction" was made (item:
            the question's name, value {"guess": ..., "right": bool}), a "task" was checked (item:
            its id, value: whether it was right), "solutions" were asked for.
        item: str.
        first, last: values, as JSON carries them.
        first_at, last_at: times of day, UTC, as ISO 8601 has them, to be compared as text.
    """

    lesson: str
    kind: str
    item: str
    first: object
    last: object
    first_at: str
    last_at: str


def note(lesson, kind, item="", value=None):
    """Keep that something was done.

    Args:
        lesson, kind, item: as of `Noted`.
        value: anything that JSON carries.
    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"progress has the kinds {', '.join(KINDS)}; given was {kind!r}")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    values = {"lesson": lesson, "kind": kind, "item": item, "now": now, "value": json.dumps(value)}
    _with_file(lambda connection: connection.execute(_NOTE, values))


def noted(lesson=None, kind=None):
    """What was done, in the order in which it was last done.

    Args:
        lesson, kind: only of these; None: of all.
    Returns:
        list of Noted.
    """
    where = "(:lesson IS NULL OR lesson = :lesson) AND (:kind IS NULL OR kind = :kind)"
    query = f"SELECT * FROM noted WHERE {where} ORDER BY last_at"
    asked = {"lesson": lesson, "kind": kind}
    return _with_file(lambda connection: [_noted(row) for row in connection.execute(query, asked)])


def read(file):
    """What another file of progress has.

    Args:
        file: path of an SQLite database that `note` made.
    Returns:
        list of rows, for `merge`.
    Raises:
        ValueError: it is no such file.
    """
    try:
        with contextlib.closing(
            sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        ) as other:
            rows = other.execute("SELECT * FROM noted").fetchall()
        for row in rows:
            _noted(row)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise ValueError(f"{file} has no progress that can be read: {error}") from error
    return rows


def merge(rows):
    """Take over what `read` gave: of each thing the first and the latest time.

    Args:
        rows: list.
    Raises:
        OSError: the workspace's own file can't be written; nothing was taken over.
    """
    _with_file(lambda connection: connection.executemany(_MERGE, rows), must=True)


# ---- the file ------------------------------------------------------------------------------------

_in_memory = None  # a connection, once progress has no file
_said = set()


def _with_file(work, *, must=False):
    """What `work` gives for a connection to the file; all that it writes is kept, or nothing.

    What couldn't be written before, and is kept in memory, goes into the file as soon as it can.

    Args:
        work: a function of an sqlite3.Connection.
        must: raise OSError where there is a file that can't be had, in place of doing without.
    """
    folder, there = workspace(), []
    if folder is not None:
        path = folder / FILE
        for _ in range(2):  # the second time with a new file
            try:
                with contextlib.closing(_opened(path)) as connection, connection:
                    if held := _held():
                        connection.executemany(_MERGE, held)
                    result = work(connection)
                _let_go()
                return result
            except sqlite3.OperationalError as error:  # locked, read-only, no room
                _do_without(path, error, must)
                break
            except (sqlite3.DatabaseError, ValueError, TypeError) as error:
                if not _set_aside(path):
                    _do_without(path, error, must)
                    break
        with contextlib.suppress(ValueError):
            there = read(path)
    with _memory() as connection:
        connection.executemany(_MERGE, there)
        return work(connection)


def _do_without(path, error, must):
    text = f"Your progress can't be kept in {path}: {error}."
    if must:
        raise OSError(text) from error
    _say(text)


def _opened(path):
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS)
    try:
        connection.execute(_TABLE)
        columns = [column for _, column, *_ in connection.execute("PRAGMA table_info(noted)")]
        if columns != list(Noted._fields):
            raise ValueError(f"it has a table noted with the columns {', '.join(columns)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _memory():
    global _in_memory
    if _in_memory is None:
        _in_memory = sqlite3.connect(":memory:", check_same_thread=False)
        _in_memory.execute(_TABLE)
    return _in_memory


def _held():
    """The rows that no file has yet."""
    return _in_memory.execute("SELECT * FROM noted").fetchall() if _in_memory else []


def _let_go():
    global _in_memory
    if _in_memory:
        _in_memory.close()
        _in_memory = None


def _set_aside(path):
    """Give a damaged file another name; True when that worked."""
    now = datetime.datetime.now().strftime("%Y-%m-%d_%H.%M.%S.%f")  # no name twice
    aside = path.with_name(f"{path.stem}_damaged_{now}{path.suffix}")
    try:
        path.replace(aside)
    except OSError:
        return False
    _say(f"Your progress could not be read and begins anew; the old file is {aside.name}.")
    return True


def _say(line):
    if line not in _said:
        _said.add(line)
        print(line)


def _noted(row):
    """A row as `note` writes it: a Noted; ValueError or TypeError for any other."""
    lesson, kind, item, first, last, first_at, last_at = row
    try:
        first, last = json.loads(first), json.loads(last)
        for time in (first_at, last_at):
            datetime.datetime.fromisoformat(time).astimezone()
    except (RecursionError, OverflowError) as error:
        raise ValueError(f"it has a value that is none: {error}") from error
    if not all(isinstance(text, str) for text in (lesson, kind, item)):
        raise ValueError("it has names that are no text")
    if kind == "prediction" and not all(
        isinstance(value, dict) and {"guess", "right"} <= value.keys() for value in (first, last)
    ):
        raise ValueError("it has predictions without a guess")
    return Noted(lesson, kind, item, first, last, first_at, last_at)
