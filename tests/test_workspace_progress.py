"""Progress is kept over restarts and between kernels; without its file there is simply none."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest

from course.workspace import places, progress

WRITE = """
import sys
from course.workspace import progress
for number in range(40):
    progress.note("01_convolution", "task", f"{sys.argv[1]} {number}", True)
    progress.note("01_convolution", "section", "both", None)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty workspace, which this process works in."""
    (tmp_path / places.MARK).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setattr(progress, "_in_memory", None)
    monkeypatch.setattr(progress, "_said", set())
    return tmp_path


def test_the_workspace_is_the_nearest_folder_with_the_mark(folder, monkeypatch):
    below = folder / "photos" / "cats"
    below.mkdir(parents=True)
    assert places.workspace(below) == places.workspace() == folder
    (below.parent / places.MARK).touch()
    assert places.workspace(below) == below.parent
    (below / places.NAME).mkdir()
    (below / places.NAME / places.MARK).touch()  # as in a clone, or on Colab
    assert places.workspace(below) == below / places.NAME
    monkeypatch.setenv(places.VARIABLE, str(below.parent))
    assert places.workspace() == below.parent
    monkeypatch.setenv(places.VARIABLE, str(below))
    assert places.workspace() is None


def test_first_and_last_value_stay(folder):
    for guess in (300, 255, 44):
        progress.note(
            "01_convolution", "prediction", "wrap", {"guess": guess, "right": guess == 44}
        )
    progress.note("02_mnist", "section", "2.1 The digits")
    guessed, read = progress.noted()
    assert (guessed.lesson, guessed.kind, guessed.item) == ("01_convolution", "prediction", "wrap")
    assert (guessed.first["guess"], guessed.last["guess"]) == (300, 44)
    assert guessed.first_at < guessed.last_at < read.last_at
    assert read.first is None and progress.noted("02_mnist") == [read]
    assert progress.noted(kind="prediction") == [guessed]
    assert (folder / progress.FILE).stat().st_size < 50_000


def test_an_unknown_kind_is_an_error(folder):
    with pytest.raises(ValueError, match="chapter"):
        progress.note("01_convolution", "chapter")


def test_two_kernels_at_once_lose_nothing(folder):
    command = [sys.executable, "-c", WRITE]
    writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE) for name in "ab"]
    assert [writer.communicate()[0] for writer in writers] == [b"", b""]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(progress.noted(kind="task")) == 80
    assert len(progress.noted(kind="section")) == 1


def test_without_its_file_there_is_no_progress(folder, capsys):
    progress.note("01_convolution", "task", "slide", True)
    (folder / progress.FILE).unlink()
    assert progress.noted() == []
    progress.note("01_convolution", "task", "slide", False)
    assert [each.first for each in progress.noted()] == [False]
    assert capsys.readouterr().out == ""


def no_database(path):
    path.write_bytes(b"no database" * 100)


def other_columns(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE noted (lesson TEXT)")


def other_values(path):
    progress.note("02_mnist", "task", "size", True)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE noted SET last = 'true or false'")


STRANGE = {
    "last": ["true or false", "[" * 100_000, "1" * 9999],
    "first": ["3", "[]", '{"guess": 1}', None],
    "item": [None, b"wrap"],
    "lesson": [None],
    "last_at": ["yesterday", "0001-01-01T00:00:00+14:00", None, 5],
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column in STRANGE for value in STRANGE[column]]
)
def test_what_no_note_has_written_is_damage(folder, column, value, capsys):
    progress.note("01_convolution", "prediction", "wrap", {"guess": 1, "right": True})
    with contextlib.closing(sqlite3.connect(folder / progress.FILE)) as connection, connection:
        connection.execute(f"UPDATE noted SET {column} = ?", [value])
    copy = folder / "copy.sqlite"
    copy.write_bytes((folder / progress.FILE).read_bytes())
    assert progress.noted() == [] and "damaged" in capsys.readouterr().out
    with pytest.raises(ValueError, match="copy"):
        progress.read(copy)


def test_what_is_set_aside_twice_is_there_twice(folder):
    for content in (b"first" * 100, b"second" * 100):
        (folder / progress.FILE).write_bytes(content)
        assert progress.noted() == []
    assert len(list(folder.glob("progress_damaged_*"))) == 2


def test_a_home_that_nobody_has_is_no_workspace(folder, monkeypatch):
    monkeypatch.setenv(places.VARIABLE, "~nobody-of-this-name/mine")
    progress.note("01_convolution", "task", "slide", True)
    assert len(progress.noted()) == 1 and not (folder / progress.FILE).exists()


@pytest.mark.parametrize("damage", [no_database, other_columns, other_values])
def test_a_damaged_file_is_set_aside(folder, capsys, damage):
    damage(folder / progress.FILE)
    before = (folder / progress.FILE).read_bytes()
    assert progress.noted() == []
    progress.note("01_convolution", "task", "slide", True)
    assert len(progress.noted()) == 1
    (aside,) = folder.glob("progress_damaged_*")
    assert aside.read_bytes() == before and aside.name in capsys.readouterr().out


def test_where_nothing_can_be_written_one_line_says_so(folder, capsys):
    (folder / progress.FILE).mkdir()
    for right in (False, True):
        progress.note("01_convolution", "task", "slide", right)
    assert (progress.noted()[0].first, progress.noted()[0].last) == (False, True)
    assert capsys.readouterr().out.count(str(folder)) == 1


def test_while_another_writes_a_note_waits_and_is_not_lost(folder, monkeypatch, capsys):
    progress.note("01_convolution", "task", "slide", False)
    monkeypatch.setattr(progress, "WAIT_SECONDS", 0.05)
    other = sqlite3.connect(folder / progress.FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    progress.note("01_convolution", "task", "slide", True)
    assert "can't be kept" in capsys.readouterr().out
    other.execute("ROLLBACK")
    other.close()
    progress.note("01_convolution", "section", "1.1")
    for rows in (progress.noted(kind="task"), progress.read(folder / progress.FILE)):
        (task,) = [row for row in map(tuple, rows) if row[1] == "task"]
        assert task[3:5] in ((False, True), ("false", "true"))


@pytest.mark.skipif(os.name == "nt", reason="a folder's mode says nothing there")
def test_what_a_read_only_file_has_is_seen_beside_what_is_new(folder, capsys, monkeypatch):
    progress.note("01_convolution", "task", "slide", False)
    only = f"{(folder / progress.FILE).as_uri()}?mode=ro&immutable=1"
    connect = sqlite3.connect
    monkeypatch.setattr(  # root may write to any file
        progress.sqlite3,
        "connect",
        lambda path, **options: (
            connect(only, uri=True) if path == folder / progress.FILE else connect(path, **options)
        ),
    )
    progress.note("01_convolution", "task", "slide", True)
    progress.note("01_convolution", "task", "stack", True)
    assert {note.item: (note.first, note.last) for note in progress.noted()} == {
        "slide": (False, True),
        "stack": (True, True),
    }
    assert capsys.readouterr().out.count("can't be kept") == 1


def test_outside_a_workspace_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setattr(progress, "_in_memory", None)
    progress.note("01_convolution", "task", "slide", True)
    assert len(progress.noted()) == 1 and os.listdir(tmp_path) == []


def test_progress_comes_back_from_a_copy_first_times_and_last(folder, tmp_path):
    one, two = ({"guess": guess, "right": True} for guess in (1, 2))
    progress.note("01_convolution", "prediction", "wrap", one)
    copy = (folder / progress.FILE).rename(tmp_path / "copy.sqlite")
    progress.note("01_convolution", "prediction", "wrap", two)
    progress.note("01_convolution", "section", "1.1")
    rows = progress.read(copy)
    assert len(rows) == 1
    progress.merge(rows)
    merged = {each.kind: each for each in progress.noted()}
    assert (merged["prediction"].first, merged["prediction"].last) == (one, two)
    assert set(merged) == {"prediction", "section"}
    progress.merge(rows)
    assert len(progress.noted()) == 2
    (folder / progress.FILE).unlink()
    (folder / progress.FILE).mkdir()
    with pytest.raises(OSError, match="can't be kept"):
        progress.merge(rows)


def test_a_foreign_file_is_no_progress(folder, tmp_path):
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_bytes(b"no database" * 100)
    with pytest.raises(ValueError, match="foreign"):
        progress.read(foreign)
    with pytest.raises(ValueError, match="nowhere"):
        progress.read(tmp_path / "nowhere")
