"""The gradebook of one exercise and one class: a SQLite file that only the grading parent writes.

A result belongs to what was graded and how: the code's SHA-256, the digest of all that a verdict
rests on, the seed and the isolation. It is written in one transaction as soon as it is there, so a
killed run loses nothing that was graded, and the next run grades only what has no result yet.
"""

import contextlib
import dataclasses
import json
import os
import secrets
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from course.exercises import Outcome
from course_utils.texts import printable

FILE = "gradebook.sqlite"
SCHEMA_VERSION = 1
_APPLICATION = (
    0x436F4772  # "CoGr", in the file's header: so that no other program's file is touched
)
_MAGIC = b"SQLite format 3\0"
_MESSAGE_CHARACTERS = 10_000
_SCHEMA = """
CREATE TABLE gradebook (exercise TEXT NOT NULL, folder TEXT NOT NULL, seed TEXT NOT NULL);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, digest TEXT NOT NULL,
    seed TEXT NOT NULL, isolation TEXT NOT NULL, options TEXT NOT NULL
);
CREATE TABLE hand_ins (
    run INTEGER NOT NULL REFERENCES runs(id), student TEXT NOT NULL, file TEXT NOT NULL,
    content TEXT NOT NULL, status TEXT NOT NULL, note TEXT NOT NULL
);
CREATE TABLE codes (content TEXT PRIMARY KEY, cells TEXT NOT NULL);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, content TEXT NOT NULL, digest TEXT NOT NULL, seed TEXT NOT NULL,
    isolation TEXT NOT NULL, status TEXT NOT NULL, trouble TEXT NOT NULL, graded TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs(id), UNIQUE (content, digest, seed, isolation)
);
CREATE TABLE outcomes (
    result INTEGER NOT NULL REFERENCES results(id) ON DELETE CASCADE, position INTEGER NOT NULL,
    "check" TEXT NOT NULL, task TEXT NOT NULL, points REAL NOT NULL, earned REAL,
    status TEXT NOT NULL, message TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (result, position)
);
"""


class GradebookError(Exception):
    """A gradebook can't be used; the text says why, and what to do. The file is as it was."""


@dataclasses.dataclass(frozen=True)
class Result:
    """How a submission was graded.

    Args:
        status: "graded", "timed out", "died" or "grader error".
        outcomes: tuple of Outcome, in the checks' order; empty if nothing could be graded.
        trouble: tuple of str: what happened to cells, or to the grader.
        isolation: "strong" or "weak".
    """

    status: str
    outcomes: tuple
    trouble: tuple = ()
    isolation: str = "strong"


@dataclasses.dataclass(frozen=True)
class Run:
    """A run of `course grade`: `ended` is None if it was cut off, `isolation` the least allowed."""

    id: int
    started: str
    ended: str | None
    digest: str
    seed: str
    isolation: str


@contextlib.contextmanager
def open_gradebook(folder, exercise=None, *, seed=None, new=True):
    """Open the gradebook of a folder, or make one.

    Args:
        folder: the folder of a class's marks.
        exercise: the Exercise to be graded; None to take the gradebook as it is.
        seed: hexadecimal str for a new gradebook; None draws a secret one.
        new: make one if there is none.
    Returns:
        Gradebook, closed at the end of the `with`.
    Raises:
        GradebookError: it is damaged, of another program or version, or of another exercise.
    """
    path = Path(folder) / FILE
    fresh = not path.exists() or path.stat().st_size == 0
    if fresh and not new:
        raise GradebookError(f"There is no gradebook in {folder}. Grade first, or check --out.")
    if not fresh:
        _refuse_foreign(path)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # it will hold the secret seed
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        if fresh:
            _create(connection, exercise, seed or secrets.token_hex(16))
        _refuse_damaged(connection, path)
        book = Gradebook(connection)
        if exercise is not None and book.exercise != exercise.id:
            raise GradebookError(
                f"{path} is the gradebook of {book.exercise}, not of {exercise.id}. "
                "Choose another folder with --out."
            )
        yield book
    finally:
        connection.close()


class Gradebook:
    """What was graded, and how. Made by `open_gradebook`."""

    def __init__(self, connection):
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        row = connection.execute("SELECT exercise, folder, seed FROM gradebook").fetchone()
        self.exercise, self.folder, self.seed = row

    def start_run(self, exercise, hand_ins, *, digest, seed, isolation, options):
        """Write down that a run begins, and what was handed in.

        Args:
            exercise: an Exercise.
            hand_ins: list of HandIn.
            digest: `submission.grading_digest` of the exercise.
            seed: hexadecimal str.
            isolation: "strong", or "weak" if that will do.
            options: dict of what was asked for.
        Returns:
            int, the run's number.
        """
        with self._transaction() as write:
            values = (_now(), digest, seed, isolation, json.dumps(options))
            run = write(
                "INSERT INTO runs (started, digest, seed, isolation, options) "
                "VALUES (?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            write("UPDATE gradebook SET folder = ?", (str(Path(exercise.folder).resolve()),))
            for hand_in in hand_ins:
                content = hand_in.content
                values = (run, hand_in.student, hand_in.file, content, hand_in.status, hand_in.note)
                write("INSERT INTO hand_ins VALUES (?, ?, ?, ?, ?, ?)", values)
                values = (content, json.dumps(hand_in.cells))
                write("INSERT OR IGNORE INTO codes VALUES (?, ?)", values)
        return run

    def end_run(self, run):
        """Write down that a run came to its end."""
        self._connection.execute("UPDATE runs SET ended = ? WHERE id = ?", (_now(), run))

    def save(self, run, content, result, *, digest, seed):
        """Keep the result of a submission, in place of an earlier one; all of it, or nothing.

        Args:
            run: number of the run.
            content: SHA-256 of the submission's code.
            result: Result.
            digest: `submission.grading_digest` of the exercise.
            seed: hexadecimal str.
        """
        trouble = json.dumps([_message(text) for text in result.trouble])
        with self._transaction() as write:
            key = (content, digest, seed, result.isolation)
            write(
                "DELETE FROM results WHERE (content, digest, seed, isolation) = (?, ?, ?, ?)", key
            )
            number = write(
                "INSERT INTO results "
                "(content, digest, seed, isolation, status, trouble, graded, run) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, result.status, trouble, _now(), run),
            ).lastrowid
            for position, outcome in enumerate(result.outcomes):
                write(
                    "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (number, position, outcome.check, outcome.task, float(outcome.points),
                     None if outcome.earned is None else float(outcome.earned),
                     outcome.status, _message(outcome.message), float(outcome.seconds)),
                )  # fmt: skip

    def result(self, content, *, digest, seed, isolations):
        """The result of a submission, or None.

        Args:
            content: SHA-256 of the submission's code.
            digest: `submission.grading_digest` of the exercise.
            seed: hexadecimal str.
            isolations: those that will do, the best first.
        """
        for isolation in isolations:
            row = self._connection.execute(
                "SELECT id, status, trouble FROM results "
                "WHERE (content, digest, seed, isolation) = (?, ?, ?, ?)",
                (content, digest, seed, isolation),
            ).fetchone()
            if row:
                number, status, trouble = row
                outcomes = self._outcomes(number)
                return Result(status, outcomes, tuple(json.loads(trouble)), isolation)
        return None

    def runs(self):
        """All runs, a list of Run, the oldest first."""
        rows = self._connection.execute(
            "SELECT id, started, ended, digest, seed, isolation FROM runs ORDER BY id"
        )
        return [Run(*row) for row in rows]

    def handed_in(self, run):
        """What a run was given: list of (student, file, content, status, note)."""
        return self._connection.execute(
            "SELECT student, file, content, status, note FROM hand_ins WHERE run = ? "
            "ORDER BY rowid",
            (run,),
        ).fetchall()

    def cells(self, content):
        """The code cells of a submission, a list of str."""
        row = self._connection.execute("SELECT cells FROM codes WHERE content = ?", (content,))
        return json.loads(row.fetchone()[0])

    def _outcomes(self, number):
        rows = self._connection.execute(
            'SELECT "check", task, points, earned, status, message, seconds FROM outcomes '
            "WHERE result = ? ORDER BY position",
            (number,),
        )
        return tuple(Outcome(*row) for row in rows)

    @contextlib.contextmanager
    def _transaction(self):
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection.execute
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _create(connection, exercise, seed):
    # All in one transaction, before WAL: the file's own header says at once whose it is.
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO gradebook VALUES (?, ?, ?)",
        (exercise.id, str(Path(exercise.folder).resolve()), seed),
    )
    connection.execute("COMMIT")


def _refuse_foreign(path):
    """Look at the file's header only: SQLite itself would begin to recover or to convert it."""
    try:
        with open(path, "rb") as file:
            header = file.read(100)
    except OSError as error:
        raise GradebookError(f"{path} cannot be opened: {error.strerror}.") from None
    if header[:16] != _MAGIC or int.from_bytes(header[68:72], "big") != _APPLICATION:
        raise GradebookError(
            f"{path} is not a gradebook of this course, or it is damaged. It was left as it is: "
            "move it away, or choose another folder with --out."
        )
    version = int.from_bytes(header[60:64], "big")
    if version != SCHEMA_VERSION:
        raise GradebookError(
            f"{path} is a gradebook of version {version}; this course reads version "
            f"{SCHEMA_VERSION}. It was left as it is: choose another folder with --out."
        )


def _refuse_damaged(connection, path):
    try:
        state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if connection.execute("SELECT seed FROM gradebook").fetchone() is None:
            state = "it belongs to no exercise"
    except sqlite3.DatabaseError as error:
        state = str(error)
    if state != "ok":
        raise GradebookError(
            f"{path} is damaged ({state.splitlines()[-1]}). It was left as it is: restore it from "
            "a copy, or move it away and grade again."
        )


def _message(text):
    """Text that SQLite takes, of a length that a page takes. Its lines stay lines."""
    return printable(text, keep="\n\t", most=_MESSAGE_CHARACTERS)


def _now():
    return datetime.now(UTC).isoformat(timespec="seconds")
