"""A set of photos is whole and recorded, or not there; what was there before stays until then."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from small_photos import write

from course.data import photo_sets
from course.data.download import StorageError


def make(folder, content=b"new"):
    with photo_sets.replacing(folder) as new:
        write(new / "images" / "train" / "a.jpg", content)
        photo_sets.write_record(new, {"source": "here"})


def test_a_set_that_is_whole(tmp_path):
    make(tmp_path / "set")
    record = photo_sets.record_of(tmp_path / "set")
    assert (record["source"], record["files"]) == ("here", {"train/a.jpg": 3})
    write(tmp_path / "set" / "images" / "train" / ".DS_Store", b"x")  # of no account
    assert photo_sets.record_of(tmp_path / "set")


def test_a_change_that_leaves_names_and_sizes(tmp_path):
    make(tmp_path / "set")
    record = photo_sets.record_of(tmp_path / "set")
    assert not photo_sets.intact(tmp_path / "set", record)  # it has no digests
    record = photo_sets.write_record(tmp_path / "set", {}, digests=True)
    assert photo_sets.intact(tmp_path / "set", record)
    (tmp_path / "set" / "images" / "train" / "a.jpg").write_bytes(b"odd")
    assert photo_sets.record_of(tmp_path / "set") == record
    assert not photo_sets.intact(tmp_path / "set", record)


@pytest.mark.parametrize("damage", ["missing", "shorter", "more", "no record", "not a record"])
def test_a_set_that_was_changed(tmp_path, damage):
    make(tmp_path / "set")
    images, record = tmp_path / "set" / "images" / "train", tmp_path / "set" / "record.json"
    if damage == "missing":
        (images / "a.jpg").unlink()
    elif damage == "shorter":
        (images / "a.jpg").write_bytes(b"ne")
    elif damage == "more":
        (images / "b.jpg").write_bytes(b"new")
    elif damage == "no record":
        record.unlink()
    else:
        record.write_text("[]")
    assert photo_sets.record_of(tmp_path / "set") is None
    assert photo_sets.record_of(tmp_path / "nothing") is None


FOUR = [f"{part}/{cls}/a.jpg" for part in photo_sets.PARTS for cls in ("cats", "dogs")]


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        (FOUR, True),
        (FOUR[:3], False),
        ([*FOUR, "train/birds/a.jpg", "validation/birds/a.jpg"], False),
        ([*FOUR, "more.jpg"], False),
        (["train/a.jpg"], False),
    ],
)
def test_what_an_earlier_edition_kept_is_filled_in(tmp_path, names, whole):
    with photo_sets.replacing(tmp_path / "set") as new:
        for name in names:
            write(new / "images" / name, b"x")
        photo_sets.write_record(new, {"source": "here", "seed": 5})
    record = photo_sets.set_of(tmp_path / "set")
    assert (record is not None) == whole
    if whole:
        assert (record["source"], record["seed"], record["classes"]) == (
            "here",
            5,
            ["cats", "dogs"],
        )
        assert record["in_both"] == record["alike"] == [] and record["given"] == 4
        assert "anew" not in record
    (tmp_path / "set" / "record.json").write_text("[1]")
    assert photo_sets.set_of(tmp_path / "set") is None
    assert photo_sets.notes_of(tmp_path / "set") == {}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_one(tmp_path, error):
    make(tmp_path / "set", b"old")
    with pytest.raises(error), photo_sets.replacing(tmp_path / "set") as new:
        write(new / "images" / "b.jpg", b"half")
        raise error
    assert photo_sets.record_of(tmp_path / "set")["files"] == {"train/a.jpg": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_failed_rename_leaves_the_old_one(tmp_path, monkeypatch):
    make(tmp_path / "set", b"old")
    rename = os.rename

    def fail(source, target):
        if source.name == "new":
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(photo_sets.os, "rename", fail)
    with pytest.raises(StorageError, match="the disk is full"):
        make(tmp_path / "set")
    assert (tmp_path / "set" / "images" / "train" / "a.jpg").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from course.data import photo_sets
    rename, when = os.rename, sys.argv[2]
    def kill(source, target):
        if when == "between" and source.name == "new":
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, target)
    os.rename = kill
    with photo_sets.replacing(Path(sys.argv[1])) as new:
        (new / "images").mkdir()
        if when == "within":
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("when", ["within", "between"])
def test_a_kill_leaves_the_old_one(tmp_path, when):
    make(tmp_path / "set", b"old")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "set"), when]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "set").exists() == (when == "within")
    photo_sets.tidy(tmp_path)
    assert (tmp_path / "set" / "images" / "train" / "a.jpg").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
