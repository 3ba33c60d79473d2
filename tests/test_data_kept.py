"""What the course keeps is removed, and nothing else: `course.data.kept`."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import filelock
import platformdirs
import pytest
from faulty_server import mnist_bytes, point_mnist_at
from small_photos import make_classes, make_set, write
from typer.testing import CliRunner

from course import data
from course.cli import doctor
from course.cli.cli import app
from course.data import bases, download, imagenet, kept, pets

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "course" / "data" / "kept.py"


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, of each test's own; nothing is known of other folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))  # of child processes
    monkeypatch.setattr(kept, "_refusals", {})
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A data folder with one of everything that the course puts there, by its own hands."""
    place = tmp_path_factory.mktemp("kept")
    folder, mnist = place / "data", place / "mirror" / "mnist.npz"
    write(mnist, mnist_bytes())
    make_set(place / "mirror" / "cats_and_dogs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA_DIR", str(folder))
        patch.setenv("COURSE_MIRROR", str(place / "mirror"))
        patch.setenv("COURSE_OFFLINE", "1")
        for name in ("mnist/mnist.npz", "features/key.npy"):
            with download.locked((folder / name).parent):
                download.obtain(mnist, folder / name)
        data.fetch("pets", progress=False)
        data.load_pets(n_train=4, n_validation=2, verbose=False)
        data.load_pets(n_train=2, n_validation=2, size=32, source="embedded", verbose=False)
        data.add_pets(make_classes(place / "own", 6), verbose=False)
        data.load_pets(n_train=4, n_validation=2, verbose=False)
    return SimpleNamespace(folder=folder, own=place / "own")


@pytest.fixture
def folder(whole):
    """Such a data folder for a test of its own: new names for the same files."""
    shutil.copytree(whole.folder, data.data_folder(), copy_function=os.link)
    return data.data_folder()


def leave_scraps(folder):
    """What processes leave that are killed in the middle of something."""
    write(folder / "svhn" / "test_32x32.mat.part", b"begun")
    note = json.dumps({"url": "http://127.0.0.1/", "validator": "1"})
    write(folder / "svhn" / "test_32x32.mat.part.json", note.encode())
    write(folder / "mnist" / ".incoming" / "mnist.npz", b"begun")
    write(folder / "mnist" / ".writing-abc", b"begun")
    write(folder / "pets" / ".unpacked" / "cats_and_dogs_filtered" / "a.jpg", b"begun")
    write(folder / "pets" / "..unpacked-abc" / "new" / "a.jpg", b"begun")
    write(folder / "pets-own" / ".making-whole-abc" / "new" / "images" / "a" / "b.jpg", b"begun")


def test_names_are_those_of_the_data_sets():
    assert set(kept.NAMES) == {*data.DATASETS, "pets-drawn", "features", pets.OWN}


def test_all_of_it_goes(folder, whole, capsys):
    leave_scraps(folder)
    assert {path.name for path in folder.iterdir()} == {
        "mnist", "svhn", "pets", "pets-drawn", "features", "pets-own",
    }  # fmt: skip
    parts, strangers = kept.survey(folder)
    assert strangers == []
    assert {file for part in parts for file in part.files} == {
        path for path in folder.rglob("*") if path.is_file()
    }
    assert kept.remove_all(yes=True) == 0
    assert not folder.exists()
    assert len(files_below(whole.own)) == 12  # the photos themselves
    assert "pets-own" in capsys.readouterr().out
    assert kept.remove_all(yes=True) == 0  # there is nothing now


def test_what_others_put_there_stays(folder, tmp_path, capsys):
    others = {
        "notes.txt",
        "thesis/chapter.tex",
        "mnist/mine.npz",  # no record
        "mnist/mine.json",  # no record of ours
        "mnist/deeper/mnist.npz",
        "features/old.npy",
        "pets/whole/images/train/cats/of_mine.jpg",  # not in the set's record
        "pets/whole/notes.txt",
        "pets-own/photos/a.jpg",
        "resnet50/weights.h5",
    }
    for name in others:
        write(folder / name, b"[]" if name.endswith("json") else b"mine")
    assert kept.remove_all(yes=True) == 0
    assert files_below(folder) == others
    out = capsys.readouterr().out
    for name in ("notes.txt", "thesis", "mnist/mine.npz"):
        assert str(folder / name) in out
    assert kept.remove_all(yes=True) == 0
    assert files_below(folder) == others


def test_links_are_not_followed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder / "mnist", elsewhere / "svhn")
    shutil.copytree(folder / "pets", elsewhere / "pets-all")
    before = files_below(elsewhere)
    for name in ("svhn", "pets-all"):
        (folder / name).symlink_to(elsewhere / name)
    (folder / "pets" / "linked").symlink_to(elsewhere / "pets-all" / "whole")
    (folder / "pets" / ".unpacked").mkdir()
    (folder / "pets" / ".unpacked" / "linked").symlink_to(elsewhere / "svhn")
    (folder / "mnist" / "other.npz").symlink_to(elsewhere / "svhn" / "mnist.npz")
    assert kept.remove_all(yes=True) == 0
    assert files_below(elsewhere) == before
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink()}
    assert left == {"svhn", "pets-all", "pets/linked", "mnist/other.npz"}


def test_a_home_folder_as_data_folder(tmp_path, monkeypatch):
    """Somebody's own folders may be named like data sets, and have records of another kind."""
    home = tmp_path / "home"
    for name in ("mnist/mnist.npz", "mnist/mnist.npz.json", "features/a.py", "pets/rex/record.json",
                 "pets/rex/images/a.jpg", "project/mnist.npz", "vgg16/.git/config"):  # fmt: skip
        write(home / name, b'{"size": 3, "files": ["a.jpg"]}')
    monkeypatch.setenv("COURSE_DATA_DIR", str(home))
    before = files_below(home)
    assert kept.remove_all(yes=True) == 0
    assert files_below(home) == before


def test_sizes_count_two_names_of_a_file_once(folder):
    parts = {part.folder.name: part for part in kept.survey(folder)[0]}
    facts = [path.stat() for path in folder.rglob("*") if path.is_file()]
    there = sum({fact.st_ino: fact.st_size for fact in facts}.values())
    assert sum(fact.st_size for fact in facts) > there  # parts of a set are links into it
    assert sum(part.megabytes for part in parts.values()) == pytest.approx(there / 1e6)
    assert {name: part.photos for name, part in parts.items() if part.photos} == {"pets-own": 12}


def test_only_copies_are_told(folder, whole, capsys, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert kept.remove_all() == 1
    assert "12 photos of yours" in (told := capsys.readouterr().out)
    assert str(whole.own) in told and "ONLY" not in told
    (own,) = (part for part in kept.survey(folder)[0] if part.photos)
    assert not own.only_copies
    moved = whole.own.rename(whole.own.with_name("moved"))
    try:
        assert own.only_copies
        assert kept.remove_all() == 1
    finally:
        moved.rename(whole.own)
    assert str(whole.own) in (told := capsys.readouterr().out) and "ONLY" in told


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("YES", 0), ("n", 1), ("", 1)])
def test_answers(folder, monkeypatch, answer, code):
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    assert kept.remove_all() == code
    assert len(asked) == 1
    assert folder.exists() == (code == 1)


def test_control_c_instead_of_an_answer(folder, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    before = files_below(folder)
    monkeypatch.setattr("builtins.input", interrupt)
    assert kept.remove_all() == 1
    assert files_below(folder) == before


def test_what_cannot_be_read_is_told(folder, monkeypatch, capsys):
    scan, before = os.scandir, files_below(folder)

    def refuse(path):
        if os.fspath(path) == str(folder / "pets" / "whole" / "images"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        assert kept.remove_all(yes=True) == 1
    assert "images" in capsys.readouterr().err
    assert files_below(folder) == before


def test_nobody_answers(folder):
    before = files_below(folder)
    done = subprocess.run(
        [sys.executable, "-I", KEPT], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "--yes" in done.stdout and "Traceback" not in done.stderr
    assert files_below(folder) == before


def test_a_set_that_is_being_fetched_stays(folder, capsys):
    with filelock.FileLock(folder / "mnist" / ".lock"):
        assert kept.remove_all(yes=True) == 1
    assert "mnist" in capsys.readouterr().err
    assert files_below(folder) == {"mnist/.lock", "mnist/mnist.npz", "mnist/mnist.npz.json"}
    assert kept.remove_all(yes=True) == 0
    assert not folder.exists()


def test_what_cannot_be_removed_is_told(folder, monkeypatch, capsys):
    real = Path.unlink

    def refuse(path, *arguments, **options):
        if path.name == "mnist.npz":
            raise PermissionError(13, "Permission denied", str(path))
        real(path, *arguments, **options)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert kept.remove_all(yes=True) == 1
    err = capsys.readouterr().err
    assert str(folder / "mnist" / "mnist.npz") in err and "Permission denied" in err
    assert "mnist/mnist.npz" in files_below(folder)
    monkeypatch.undo()


def test_killed_in_the_middle_it_goes_on(folder, monkeypatch):
    """Records go last: what is left is still known as the course's."""
    unlink = Path.unlink

    def remove_some(some):
        left = iter(range(some))

        def die(path, *arguments, **options):
            if path.exists() and next(left, None) is None:
                raise KeyboardInterrupt
            unlink(path, *arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", die)
            return kept.remove_all(yes=True)

    for some in (1, 2, 3, 5, 8, 13, 21):
        with pytest.raises(KeyboardInterrupt):
            remove_some(some)
        assert kept.survey(folder)[1] == []
    assert kept.remove_all(yes=True) == 0
    assert not folder.exists()


# ---- where the data folder is -------------------------------------------------------------------


@pytest.mark.parametrize("cache", [None, "/somewhere/cache", "relative", ""])
def test_usual_folder_here(monkeypatch, cache):
    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if cache is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", cache)
    assert kept.data_folder() == Path(platformdirs.user_cache_dir(kept.APP))


def test_usual_folder_elsewhere(monkeypatch, tmp_path):
    from platformdirs import macos, unix, windows

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(windows, "get_win_folder", windows.get_win_folder_from_env_vars)
    for platform, dirs in (
        ("linux", unix.Unix),
        ("darwin", macos.MacOS),
        ("win32", windows.Windows),
    ):
        theirs = dirs(appname=kept.APP).user_cache_dir.replace("\\", os.sep)
        assert kept._usual_folder(platform) == Path(theirs)


@pytest.mark.parametrize("chosen", ["", "~nobody-of-this-name/data"])
def test_a_user_without_a_home(monkeypatch, temporary, chosen):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user unknown here
    monkeypatch.setenv("COURSE_DATA_DIR", chosen)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert kept.data_folder() == Path(chosen) if chosen else kept.data_folder().parent == temporary
    assert ("no home" in kept.said_of_place()[0]) == (not chosen)


@pytest.fixture
def no_home(tmp_path, monkeypatch):
    """A cache folder that takes no files, for root either; returns the course's in it."""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.delenv("COURSE_DATA_DIR")
    usual = tmp_path / "file" / "cache"
    monkeypatch.setattr(kept, "_usual_folder", lambda platform: usual)
    return usual


def test_a_home_that_takes_no_files(no_home, temporary):
    here = kept.place()
    assert here.folder.parent == temporary and here.usual == no_home
    assert kept.place() == here and kept.data_folder() == here.folder  # one for all processes
    said, remedy = kept.said_of_place()
    assert str(here.folder) in said and str(no_home) in said and here.why in said
    assert "COURSE_DATA_DIR" in remedy
    if os.name != "nt":
        assert here.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_asked_for_is_not_replaced(no_home, monkeypatch, tmp_path):
    chosen = tmp_path / "file" / "chosen"
    monkeypatch.setenv("COURSE_DATA_DIR", str(chosen))
    assert kept.place() == kept.Place(chosen)
    assert kept.said_of_place() == ("", "")
    assert kept.why_no_files(chosen)


@pytest.mark.skipif(os.name == "nt", reason="Windows gives each user temporary files of their own")
@pytest.mark.parametrize("theirs", ["open", "link", "file", "owner"])
def test_a_folder_that_others_may_have_put_there(no_home, temporary, monkeypatch, tmp_path, theirs):
    first = kept._temporary_folders()[0]
    if theirs == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        first.symlink_to(tmp_path / "elsewhere")
    elif theirs == "file":
        first.touch()
    else:
        first.mkdir(mode=0o700)
    if theirs == "open":
        first.chmod(0o777)
    if theirs == "owner":
        usual = os.lstat

        def lstat(path, **options):
            facts = usual(path, **options)
            if Path(path) != first:
                return facts
            return SimpleNamespace(st_mode=facts.st_mode, st_uid=facts.st_uid + 1)

        monkeypatch.setattr(os, "lstat", lstat)
    here = kept.data_folder()
    assert here != first and here.parent == temporary
    assert kept._is_private(here)


def test_a_full_disk_takes_files(tmp_path, monkeypatch):
    def full(dir):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert kept.why_no_files(tmp_path) == ""


def test_nowhere_at_all(no_home, monkeypatch):
    def nothing():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nothing)
    assert kept.place() == kept.Place(no_home)
    with pytest.raises(data.StorageError):
        data.load_pets(2, 2, source="embedded")


def test_what_is_kept_in_a_temporary_folder(no_home, temporary, capsys):
    """Drawn once, found by another process, told by each, and removed with the rest."""
    pets_made = data.load_pets(n_train=2, n_validation=2, size=32, source="embedded")
    assert temporary in pets_made.folder.parents
    said, remedy = kept.said_of_place()
    told = capsys.readouterr().out.splitlines()[-1]
    assert told == f"  {said[0].upper()}{said[1:]}. To keep it: {remedy}"
    data.load_mnist(n_train=1, n_test=1, source="embedded")
    assert "Kept in" not in capsys.readouterr().out  # nothing is
    code = "import sys; from course import data; from course.data import kept; from pathlib import \
Path; kept._usual_folder = lambda _: Path(sys.argv[1]); print(data.load_pets(2, 2, size=32, \
source='embedded', verbose=False).folder)"
    done = subprocess.run(
        [sys.executable, "-c", code, no_home], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(pets_made.folder) and "drawing" not in done.stderr
    assert doctor.check_data()[0] == doctor.Finding("note", "data", said, remedy)
    status = CliRunner().invoke(app, ["data", "status"]).output
    assert said in status and remedy in status
    assert kept.remove_all(yes=True) == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("source", ["real", "auto", "embedded"])
def test_networks_in_a_temporary_folder(no_home, monkeypatch, capsys, source):
    """Told of weights that were stored there, and of none where nothing was."""
    made = SimpleNamespace(model=None)
    monkeypatch.setattr(bases, "_load_real", lambda *_, **__: (made, "MobileNetV2"))
    monkeypatch.setattr(bases, "_load_course", lambda *_: (made, "the course's own"))
    monkeypatch.setattr(imagenet, "_load_real", lambda *_, **__: (made, "MobileNetV2"))
    bases.load_base("mobilenetv2", size=96, source=source)
    imagenet.load_classifier(size=96, source=source)
    stored = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  Kept in")]
    assert len(stored) == (0 if source == "embedded" else 2)


def test_what_was_stored_before_the_disk_could_only_be_read(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at("http://host.invalid/"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    usual = tmp_path / "usual"
    monkeypatch.setenv("COURSE_DATA_DIR", str(usual))
    write(tmp_path / "mirror" / "mnist.npz", mnist_bytes())
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    make_set(tmp_path / "mirror" / "cats_and_dogs")
    for name in ("mnist", "pets"):
        data.fetch(name, progress=False)
    for name in ("COURSE_DATA_DIR", "COURSE_MIRROR"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(kept, "_usual_folder", lambda platform: usual)
    monkeypatch.setattr(kept, "_refusals", {usual: "Read-only file system"})
    capsys.readouterr()
    assert data.status()[0].would_use == "the read-only data folder"
    (x_train, _), _ = data.load_mnist()
    assert len(x_train) == 200
    told = capsys.readouterr().out
    assert "from the read-only data folder" in told and kept.said_of_place()[0][1:] in told
    assert kept.said_of_place()[0] in CliRunner().invoke(app, ["data", "fetch", "mnist"]).output
    assert data.load_pets(2, 2).origin == "photos"
    # What is not there is no fault of it, and is not told.
    data.load_svhn(n_train=1, n_test=1)
    assert "read-only data folder" not in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows each user's folder")
def test_a_user_without_a_home_is_given_one(monkeypatch, temporary):
    monkeypatch.setenv("HOME", "as it was")  # which is put back
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["unknown"])
    kept.give_home()
    assert Path.home().parent.parent == temporary
    assert kept.data_folder() == Path.home().parent and "no home" in kept.place().why


def test_temporary_folders_are_removed_whichever_is_in_use(folder, temporary, capsys):
    left = kept._temporary_folders()[0]
    left.mkdir(mode=0o700)
    shutil.copytree(folder / "mnist", left / "mnist")
    assert kept.remove_all(yes=True) == 0
    assert f"In {left}:" in capsys.readouterr().out
    assert not left.exists() and not folder.exists()


# ---- make uninstall -----------------------------------------------------------------------------

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture
def clone(tmp_path):
    """What `make uninstall` needs of the course's folder, with an environment that is broken."""
    clone = tmp_path / "a clone's folder"
    for name in ("Makefile", "tools/uninstall.sh", "course/data/kept.py"):
        write(clone / name, (ROOT / name).read_bytes())
    write(clone / ".venv" / "bin" / "python", b"#!/nowhere/python3.12\n")
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    write(clone / ".venv" / "pyvenv.cfg", b"home = /nowhere")
    write(clone / ".venv" / "lib" / "site.py", b"")
    write(clone / "build" / "site" / "index.html", b"")
    write(clone / "deep_vision_course.egg-info" / "PKG-INFO", b"")
    write(clone / "notebooks" / "00_start_here.ipynb", b"my notes are in it")
    return clone


def make_uninstall(clone, *words, path=None, typed=""):
    return subprocess.run(
        ["make", "uninstall", *words],
        cwd=clone,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        input=typed,
        capture_output=True,
        text=True,
    )


@needs_make
@pytest.mark.parametrize("environment", ["broken", "missing"])
def test_make_uninstall(folder, clone, environment):
    if environment == "missing":
        shutil.rmtree(clone / ".venv")
    write(folder / "notes.txt", b"mine")
    before = files_below(clone)
    refused = make_uninstall(clone, typed="n\n")
    assert refused.returncode != 0
    assert files_below(clone) == before and (folder / "mnist").exists()
    done = make_uninstall(clone, "YES=1")
    assert done.returncode == 0, done.stderr
    assert str(folder / "notes.txt") in done.stdout
    assert files_below(folder) == {"notes.txt"}
    assert files_below(clone) == {
        "Makefile", "tools/uninstall.sh", "course/data/kept.py", "notebooks/00_start_here.ipynb",
    }  # fmt: skip


@needs_make
@pytest.mark.parametrize("target", ["clean", "uninstall"])
def test_another_folder_is_no_environment(folder, clone, target):
    shutil.rmtree(clone / ".venv")
    write(clone.parent / "papers" / "thesis.txt", b"mine")
    before = files_below(clone.parent) | files_below(folder)
    done = subprocess.run(
        ["make", target, "VENV=../papers", "YES=1"], cwd=clone, capture_output=True, text=True
    )
    assert done.returncode != 0 and "../papers" in done.stderr
    assert files_below(clone.parent) | files_below(folder) == before


@needs_make
def test_make_uninstall_without_any_python(folder, clone, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("make", "sh", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    before = files_below(folder) | files_below(clone)
    done = make_uninstall(clone, "YES=1", path=str(tools))
    assert done.returncode != 0
    assert str(folder) in done.stderr and "make clean" in done.stderr
    assert files_below(folder) | files_below(clone) == before


def test_data_in_a_folder_that_goes(folder, clone, monkeypatch, capsys):
    """Somebody's file in a data folder in build/ would go along."""
    moved = clone / "build" / "data"
    shutil.move(folder, moved)
    monkeypatch.setenv("COURSE_DATA_DIR", str(moved))
    monkeypatch.chdir(clone)
    assert kept.main(["--yes", "--also", ".venv", "build"]) == 0  # only the course's own: fine
    assert not (clone / "build").exists()
    write(moved / "notes.txt", b"mine")
    assert kept.main(["--yes", "--also", "build"]) == 1
    assert "notes.txt" in capsys.readouterr().err
    assert (moved / "notes.txt").read_bytes() == b"mine"
