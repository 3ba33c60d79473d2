"""A workspace in one file: what is in it, that it all comes back, and what is refused."""

import json
import os
import sqlite3
import stat
import sys
import threading
import zipfile
from contextlib import closing
from types import SimpleNamespace

import pytest

from course.workspace import WorkspaceError, copies, first_page, packing, places, progress
from course_utils.files import write_whole

LESSON = "01_lesson_convolution.ipynb"
GUESS = {"guess": 44, "right": True}


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    """A clone of a course of one lesson."""
    monkeypatch.setattr(copies, "CLONE", tmp_path / "clone")
    monkeypatch.setattr(progress, "_said", set())
    notebooks = {
        "00_start_here": "# 0. Start",
        "01_convolution": "# 1. Convolution",
        "exercises/01_convolution": "# Exercises 1",
        "exercises/solutions/01_convolution": "# Solved",
    }
    for path, text in notebooks.items():
        cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": [text]}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        write_whole(tmp_path / "clone/notebooks" / f"{path}.ipynb", json.dumps(notebook))


@pytest.fixture
def work_in(tmp_path, monkeypatch):
    """work_in(name): make a workspace of this name, and work in it from here on."""

    def work_in(name):
        folder = copies.make(tmp_path / name).folder
        monkeypatch.setenv(places.VARIABLE, str(folder))
        return folder

    return work_in


@pytest.fixture
def folder(work_in):
    return work_in("mine")


def change(path, text="mine"):
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][0]["source"].append(text)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path.read_bytes()


def all_files(folder):
    """Every file's content but that of the progress, by its name from the folder on."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != progress.FILE]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def names_in(path):
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def zip_of(path, members, *, mark=places.MARK):
    """A zip with the mark and some members: dict of name or ZipInfo -> bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({mark: b"mark"} | members).items():
            archive.writestr(name, content)
    return path


# ---- pack ----------------------------------------------------------------------------------------


def test_what_is_the_learners_is_in_it_and_what_can_be_made_again_is_not(folder):
    change(folder / LESSON)
    write_whole(folder / "data/foto ü.txt", "a photo")
    write_whole(folder / ".ipynb_checkpoints/x.ipynb", "{}")
    write_whole(folder / ".writing-1/x", "half")
    write_whole(folder / "damaged.ipynb", "{")
    write_whole(folder / "other.zip", "no zip")
    write_whole(folder / "progress.sqlite-journal", "")
    progress.note("01_convolution", "task", "slide", False)
    copies.solutions("1")
    first = packing.pack()
    mine = {LESSON, "data/foto ü.txt", "damaged.ipynb", "other.zip"}
    mine |= {"01_solutions_convolution.ipynb"}  # an install elsewhere may have no solutions
    assert names_in(first.path) == mine | {places.MARK, progress.FILE}
    assert first.path.parent == folder and first.files == len(mine) and first.left_out == ()
    second = packing.pack()
    assert second.path != first.path and names_in(second.path) == names_in(first.path)


def test_only_the_courses_own_files_are_left_out_with_the_progress(folder):
    progress.note("01_convolution", "task", "slide", True)
    mine = {"progress.sqlite.bak", "older/progress.sqlite", "progress_damaged_1.sqlite"}
    for name in mine:
        write_whole(folder / name, "mine")
    assert names_in(packing.pack().path) == mine | {places.MARK, progress.FILE}


def test_a_damaged_zip_among_the_files_is_packed_like_any_other(folder):
    name, content = "\u00fc.txt", b"x" * 50
    whole = zip_of(folder / "a.zip", {name: content}, mark="README").read_bytes()
    for position in range(len(whole) // 2, len(whole)):
        for other in (255, 7):
            damaged = bytearray(whole)
            damaged[position] ^= other
            (folder / "a.zip").write_bytes(damaged)
            packing._is_remade(folder / "a.zip", "a.zip")
    assert "a.zip" in names_in(packing.pack().path)


def test_where_a_pack_goes(folder, tmp_path):
    assert packing.pack(tmp_path / "a.zip").path == tmp_path / "a.zip"
    before = (tmp_path / "a.zip").read_bytes()
    for place in ("a.zip", "no folder/a.zip"):
        with pytest.raises(WorkspaceError, match=str(tmp_path)):
            packing.pack(tmp_path / place)
    assert (tmp_path / "a.zip").read_bytes() == before
    assert packing.pack(tmp_path).path.parent == tmp_path
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".writing-")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't have such names")
def test_links_and_odd_names_are_said_to_be_left_out(folder, tmp_path):
    (folder / "to a folder").symlink_to(tmp_path)
    (folder / "to a file").symlink_to(folder / LESSON)
    (folder / "a:b").touch()
    (folder / "a\nb").touch()
    (folder / os.fsdecode(b"\xff")).touch()
    packed = packing.pack()
    assert set(packed.left_out) == {"to a folder", "to a file", "a:b", "a\\nb", "\\xff"}
    assert names_in(packed.path) <= {places.MARK, progress.FILE}


def test_too_much_for_one_file_names_what_is_large(folder, monkeypatch):
    write_whole(folder / "large.keras", b"0" * 2_000_000)
    monkeypatch.setattr(packing, "MOST_MB", 1)
    with pytest.raises(WorkspaceError, match=r"2 MB.*large\.keras"):
        packing.pack()
    monkeypatch.setattr(packing, "MOST_FILES", 0)
    with pytest.raises(WorkspaceError, match="1 file"):
        packing.pack()


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    before = all_files(folder)

    class Full(zipfile.ZipFile):
        def write(self, path, name):
            super().write(path, name)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.zipfile, "ZipFile", Full)
    with pytest.raises(WorkspaceError, match="No space left"):
        packing.pack()
    assert all_files(folder) == before


def test_a_full_disk_is_not_called_damaged_progress(folder, tmp_path, monkeypatch):
    progress.note("01_convolution", "task", "slide", True)
    real = sqlite3.connect

    def connect(path, **options):
        """A connection that has room for one page only, where the copy is made."""
        connection = real(path, **options)
        if ".writing-" in str(path):
            connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(packing.sqlite3, "connect", connect)
    with pytest.raises(WorkspaceError, match=r"mine can't be packed: No space left"):
        packing.pack()


def test_without_a_workspace(tmp_path, monkeypatch):
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match="course lab"):
        packing.pack()


def test_progress_is_whole_while_a_kernel_writes_it(folder):
    """Another thread writes all the time, and leaves a transaction open when packing begins."""
    progress.note("01_convolution", "task", "first", True)
    stop, began = threading.Event(), threading.Event()

    def write():
        with sqlite3.connect(folder / progress.FILE, timeout=5) as connection:
            number = 0
            while not stop.wait(0.005):
                number += 1
                for name in ("a", "b"):
                    values = ("01", "section", f"{name}{number}", "1", "1", "t", "t")
                    connection.execute("INSERT INTO noted VALUES (?,?,?,?,?,?,?)", values)
                connection.commit()
                began.set()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert began.wait(10)
        packed = packing.pack()
    finally:
        stop.set()
        writer.join()
    with zipfile.ZipFile(packed.path) as archive:
        archive.extract(progress.FILE, folder / "out")
    rows = sqlite3.connect(folder / "out" / progress.FILE).execute("SELECT item FROM noted")
    items = {item for (item,) in rows}
    assert {"first", "a1"} <= items
    assert len([i for i in items if i[0] == "a"]) == len([i for i in items if i[0] == "b"])


def test_progress_that_cannot_be_read_is_not_left_out_unsaid(folder, monkeypatch):
    monkeypatch.setattr(packing, "PATIENCE_SECONDS", 0)
    progress.note("01_convolution", "task", "slide", True)
    with closing(sqlite3.connect(folder / progress.FILE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(WorkspaceError, match=progress.FILE):
            packing.pack()
    assert progress.FILE in names_in(packing.pack().path)
    (folder / progress.FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(WorkspaceError, match=progress.FILE):
        packing.pack()


# ---- there and back ------------------------------------------------------------------------------


def test_there_and_back(folder, work_in, tmp_path):
    change(folder / LESSON)
    write_whole(folder / "data/foto ü.txt", "a photo")
    write_whole(folder / "empty", "")
    write_whole(folder / "older" / LESSON, "{}")
    progress.note("01_convolution", "prediction", "wrap", GUESS)
    progress.note("01_convolution", "task", "slide", False)
    packed = packing.pack(tmp_path)
    there, noted = all_files(folder), progress.noted()
    fresh = work_in("fresh")
    done = packing.unpack(packed.path)
    assert all_files(fresh) == there and progress.noted() == noted
    assert done.folder == fresh and done.noted == 2 and done.beside == {}
    assert set(done.written) == {LESSON, "data/foto ü.txt", "empty", f"older/{LESSON}"}
    again = packing.unpack(packed.path)
    assert again.written == () and set(again.same) == set(done.written)
    assert all_files(fresh) == there and progress.noted() == noted
    assert copies.update() == []


def test_a_workspace_is_made_for_it_where_there_is_none(folder, tmp_path, monkeypatch):
    mine = change(folder / LESSON)
    progress.note("01_convolution", "task", "slide", True)
    packed = packing.pack(tmp_path)
    monkeypatch.delenv(places.VARIABLE)
    monkeypatch.chdir(tmp_path)
    done = packing.unpack(packed.path)
    assert done.folder == tmp_path / "clone" / places.NAME
    assert (done.folder / LESSON).read_bytes() == mine
    assert places.VARIABLE not in os.environ
    monkeypatch.chdir(done.folder)
    assert [one.item for one in progress.noted()] == ["slide"]


def test_what_is_there_and_differs_stays(folder, work_in, tmp_path):
    theirs = change(folder / LESSON, "there")
    write_whole(folder / "a [1].txt", "there")
    packed = packing.pack(tmp_path)
    here = work_in("here")
    mine = change(here / LESSON, "here")
    write_whole(here / "a [1].txt", "here")
    done = packing.unpack(packed.path)
    assert (here / LESSON).read_bytes() == mine
    beside = {LESSON: "01_lesson_convolution (packed).ipynb", "a [1].txt": "a [1] (packed).txt"}
    assert done.beside == beside and done.written == ()
    assert (here / beside[LESSON]).read_bytes() == theirs
    before = all_files(here)
    assert packing.unpack(packed.path).beside == beside and all_files(here) == before
    write_whole(here / beside["a [1].txt"], "mine, too")
    packing.unpack(packed.path)
    assert (here / beside["a [1].txt"]).read_text() == "mine, too"
    assert (here / "a [1] (packed) (2).txt").read_text() == "there"


def test_progress_is_joined(folder, work_in, tmp_path):
    progress.note("01_convolution", "prediction", "wrap", GUESS)
    progress.note("01_convolution", "task", "slide", False)
    packed = packing.pack(tmp_path)
    work_in("here")
    progress.note("01_convolution", "prediction", "wrap", GUESS | {"guess": 300, "right": False})
    progress.note("02_mnist", "task", "softmax", True)
    packing.unpack(packed.path)
    found = {(one.lesson, one.item): one for one in progress.noted()}
    assert {item for _, item in found} == {"wrap", "slide", "softmax"}
    wrap = found["01_convolution", "wrap"]
    assert (wrap.first["guess"], wrap.last["guess"]) == (44, 300)


def test_the_first_page_is_packed_only_with_cells_of_somebodys_own(folder, work_in, tmp_path):
    # The small course has no questions that the page could count: its cell is enough.
    page = {"cells": [{"source": first_page._CODE, "outputs": [1]}]}
    (folder / places.FIRST_PAGE).write_text(json.dumps(page))
    assert places.FIRST_PAGE not in names_in(packing.pack().path)
    page["cells"].append({"source": "My notes", "outputs": []})
    (folder / places.FIRST_PAGE).write_text(json.dumps(page))
    packed = packing.pack(tmp_path)
    fresh = work_in("fresh")
    (fresh / places.FIRST_PAGE).write_text(json.dumps({"cells": page["cells"][:1]}))
    assert packing.unpack(packed.path).written == (places.FIRST_PAGE,)
    assert "My notes" in (fresh / places.FIRST_PAGE).read_text()


def test_files_that_the_course_keeps_are_not_taken_from_a_zip(folder, tmp_path):
    progress.note("01_convolution", "task", "slide", True)
    names = ["progress.sqlite-journal", "Progress.SQLITE-wal", "progress.sqlite/x", copies.LOCK]
    before = all_files(folder)
    packing.unpack(zip_of(tmp_path / "p.zip", dict.fromkeys(names, b"evil") | {"a": b"good"}))
    assert all_files(folder) == before | {"a": b"good"}
    assert [one.item for one in progress.noted()] == ["slide"]


@pytest.mark.parametrize(
    ("name", "here"),
    [("why?/<a>.", "why_/_a__"), ("Aux.txt", "_Aux.txt"), ("a /com1", "a_/_com1"),
     ("auxiliary/con x.ipynb", "auxiliary/con x.ipynb")],
)  # fmt: skip
def test_names_that_windows_does_not_take(name, here):
    assert packing._name_here(name, "nt") == here and packing._name_here(name, "posix") == name


def test_two_files_that_get_one_name_here_are_both_there(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "_name_here", lambda name: name.replace("?", "_"))
    packing.unpack(zip_of(tmp_path / "p.zip", {"a?.txt": b"one", "a_.txt": b"two", "b?/c": b"c"}))
    assert {path.read_bytes() for path in folder.glob("a_*.txt")} == {b"one", b"two"}
    assert (folder / "b_/c").read_bytes() == b"c"


# ---- what is refused -----------------------------------------------------------------------------


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


REFUSED = {
    "absolute": {"/tmp/evil": b""},
    "above": {"../evil": b""},
    "above, further in": {"a/../../evil": b""},
    "above, as Windows reads it": {"a/.. /evil": b""},
    "a drive": {"C:/evil": b""},
    "a Windows path": {"a\\..\\evil": b""},
    "a link": {link("evil"): b"/etc/passwd"},
    "a newline": {"a\nb": b""},
    "both a file and a folder": {"a": b"", "a/b": b""},
    "no progress": {progress.FILE: b"not a database"},
    "an empty name": {"a//b": b""},
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_zip_that_would_do_harm_is_refused_before_anything_is_written(what, folder, tmp_path):
    before = all_files(tmp_path)
    bad = zip_of(tmp_path / "bad.zip", {"good.txt": b"good"} | REFUSED[what])
    with pytest.raises(WorkspaceError, match=r"bad\.zip"):
        packing.unpack(bad)
    bad.unlink()
    assert all_files(tmp_path) == before


def test_a_zip_from_elsewhere_is_refused(folder, tmp_path):
    foreign = zip_of(tmp_path / "foreign.zip", {LESSON: b"{}"}, mark="README")
    with pytest.raises(WorkspaceError, match="course pack"):
        packing.unpack(foreign)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_in_it_twice_is_refused(folder, tmp_path):
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as archive:
        for name in (places.MARK, "a.txt", "a.txt"):
            archive.writestr(name, name)
    with pytest.raises(WorkspaceError, match=r"a\.txt"):
        packing.unpack(twice)


def test_a_bomb_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "MOST_MB", 1)
    bomb = zip_of(tmp_path / "bomb.zip", {"zeros": b"0" * 3_000_000})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(WorkspaceError, match="3 MB"):
        packing.unpack(bomb)
    monkeypatch.setattr(packing, "MOST_FILES", 3)
    many = zip_of(tmp_path / "many.zip", {str(number): b"" for number in range(9)})
    with pytest.raises(WorkspaceError, match="9 files"):
        packing.unpack(many)
    assert not (folder / "zeros").exists() and not (folder / "0").exists()


def test_more_than_the_disk_has_room_for_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(packing.shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000))
    big = zip_of(tmp_path / "big.zip", {"big": b"0" * 3_000_000})
    with pytest.raises(WorkspaceError, match="3 MB"):
        packing.unpack(big)


@pytest.mark.parametrize("cut", [0, 10, 300, -20, -1])
def test_a_zip_that_is_not_whole_is_refused(cut, folder, tmp_path):
    change(folder / LESSON)
    path = packing.pack(tmp_path).path
    path.write_bytes(path.read_bytes()[:cut] if cut else b"")
    before = all_files(folder)
    with pytest.raises(WorkspaceError, match=path.name):
        packing.unpack(path)
    assert all_files(folder) == before


def test_a_damaged_byte_is_found_before_anything_is_written(folder, work_in, tmp_path):
    write_whole(folder / "a.txt", "a")
    write_whole(folder / "noise", os.urandom(5000))
    path = packing.pack(tmp_path).path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    fresh = work_in("fresh")
    before = all_files(fresh)
    with pytest.raises(WorkspaceError, match=path.name):
        packing.unpack(path)
    assert all_files(fresh) == before


def test_no_such_file(folder, tmp_path):
    with pytest.raises(WorkspaceError, match=r"gone\.zip"):
        packing.unpack(tmp_path / "gone.zip")
    with pytest.raises(WorkspaceError, match=tmp_path.name):
        packing.unpack(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_is_written_through_a_link_or_a_file_in_the_way(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "data").symlink_to(outside)
    packed = zip_of(tmp_path / "p.zip", {"good.txt": b"", "data/evil": b""})
    with pytest.raises(WorkspaceError, match="data"):
        packing.unpack(packed)
    (folder / "data").unlink()
    (folder / "data").touch()
    with pytest.raises(WorkspaceError, match="data"):
        packing.unpack(packed)
    assert list(outside.iterdir()) == [] and not (folder / "good.txt").exists()


def test_a_link_under_a_files_name_is_not_written_through(folder, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("outside")
    (folder / "a.txt").symlink_to(outside)
    packing.unpack(zip_of(tmp_path / "p.zip", {"a.txt": b"packed"}))
    assert outside.read_text() == "outside"
    assert (folder / "a (packed).txt").read_text() == "packed"
