"""What the course keeps on this disk, and how it is removed: only what the course put there.

    python -I course/data/kept.py [--yes] [--also FOLDER ...]     what `make uninstall` runs

Nothing is imported but the standard library, no other module of the course, so that this file runs
with any Python from 3.9 on, also where the course's environment is broken or gone.

A thing is the course's if it lies in a folder named like a data set and has a record of the
course's: `mnist.npz` is named by `mnist.npz.json`, a set's photos by the `record.json` above them,
a begun download by `mnist.npz.part.json`. So are the scratch folders and locks that the course
makes in there. Anything else stays, and so does what a link leads to.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["NAMES", "Part", "data_folder", "remove_all", "survey"]

APP = "deep-vision-course"
OWN, FEATURES = "pets-own", "features"
NAMES = (  # of the folders in the data folder: the data sets', and three more
    "mnist", "fashion_mnist", "svhn", "pets", "pets-all", "imagenet-classes", "mobilenetv2",
    "vgg16", "resnet50", "inceptionv3", "efficientnetv2b0", "pets-drawn", FEATURES, OWN,
)  # fmt: skip
SCRATCH = (".incoming", ".making-", ".unpacked", "..unpacked-")  # beginnings of folders' names
LOCK, WRITING = ".lock", ".writing-"
TOLD = 20  # things that are named


def data_folder() -> Path:
    """The folder of the cache: COURSE_DATA_DIR, or one in the user's cache folder.

    Source: the latter is `platformdirs.user_cache_dir`, which need not be there to be asked.
    """
    chosen = os.environ.get("COURSE_DATA_DIR", "").strip()
    return Path(os.path.expanduser(chosen)) if chosen else _usual_folder(sys.platform)


def _usual_folder(platform: str) -> Path:
    if platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
        return _below_home(local) / APP / APP / "Cache"
    if os.path.isabs(os.environ.get("XDG_CACHE_HOME", "")):
        return Path(os.environ["XDG_CACHE_HOME"]) / APP
    return _below_home("~/Library/Caches" if platform == "darwin" else "~/.cache") / APP


def _below_home(folder: str) -> Path:
    """A folder that begins with ~; for a user without a home, as in some containers, the temporary
    folder."""
    path = os.path.expanduser(folder)
    return Path(tempfile.gettempdir() if path.startswith("~") else path)


@dataclass
class Part:
    """What the course keeps in one folder of the data folder.

    Args:
        folder: the folder.
        files: the course's files in it, in the order in which they are to be removed.
        megabytes: what removing them frees; files of two names count once.
        photos: how many of them are copies of the learner's own photos.
        source: where these were copied from, "" if that isn't known.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    megabytes: float = 0.0
    photos: int = 0
    source: str = ""

    @property
    def only_copies(self) -> bool:
        """Whether these photos may be nowhere else: their folder is gone, or not known."""
        return bool(self.photos) and not (self.source and Path(self.source).is_dir())


def survey(folder: Path) -> tuple[list[Part], list[Path]]:
    """Tell the course's things in a data folder from others.

    Args:
        folder: the data folder, which need not be there.
    Returns:
        the parts in which there is something of the course's; and what is somebody else's:
        files, folders and links, each folder of which nothing is the course's once.
    Raises:
        OSError: a folder can't be read.
    """
    parts, strangers, seen = [], [], set()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name not in NAMES or path.is_symlink() or not path.is_dir():
            strangers.append(path)
            continue
        part, others = Part(path), []
        _look_in(path, part, others)
        strangers += others
        for file in part.files:
            facts = file.lstat()
            if not facts.st_ino or (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                part.megabytes += facts.st_size / 1e6
        if part.files or not others:  # an empty folder is removed, too
            parts.append(part)
    return parts, strangers


def _look_in(folder: Path, part: Part, strangers: list[Path]) -> None:
    """Sort what is in a data set's folder."""
    inside = sorted(folder.iterdir())
    records, ours = [], []
    for path in inside:
        if path.name.endswith(".json") and not path.is_symlink():
            keys = ("url", "validator") if path.name.endswith(".part.json") else ("sha256", "size")
            if _keys_of(path).issuperset(keys):
                records.append(path)
                ours += [other for other in inside if other.name + ".json" == path.name]
    for path in inside:
        scratch = path.name.startswith(SCRATCH)
        if path.is_symlink():
            strangers.append(path)
        elif path.is_dir() and (scratch or _is_set(path)):
            part.files += _everything_in(path) if scratch else _files_of_set(path, strangers)
        elif path in ours or path.name == LOCK or path.name.startswith(WRITING):
            part.files.append(path)
        elif path not in records and not (path.is_dir() and not _everything_in(path)):
            strangers.append(path)  # but for an empty folder: a set of which no file is left
    part.files += records
    if folder.name == OWN:
        part.photos = sum("images" in file.relative_to(folder).parts[:3] for file in part.files
                          if not file.relative_to(folder).parts[0].startswith("part-"))  # fmt: skip
        part.source = str(_read(folder / "whole" / "record.json").get("source", ""))


def _read(path: Path) -> dict:
    """What a record says; {} if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _keys_of(path: Path) -> set:
    return set(_read(path))


def _is_set(folder: Path) -> bool:
    """Whether a folder has the record of a set of photos."""
    record = folder / "record.json"
    return not record.is_symlink() and isinstance(_read(record).get("files"), dict)


def _files_of_set(folder: Path, strangers: list[Path]) -> list[Path]:
    """The photos that a set's record names, and, last of all, the record."""
    record, images, ours = folder / "record.json", folder / "images", []
    named = _read(record)["files"]
    for path in _everything_in(folder):
        if path == record:
            continue
        known = path == folder / "report.txt"
        if images in path.parents:
            known = path.relative_to(images).as_posix() in named
        (ours if known and not path.is_symlink() else strangers).append(path)
    return [*ours, record]


def _everything_in(folder: Path) -> list[Path]:
    """All files and links below a folder; links are not followed."""
    found = []

    def stop(error):
        raise error

    for above, folders, files in os.walk(folder, onerror=stop):
        links = [name for name in folders if Path(above, name).is_symlink()]
        found += [Path(above, name) for name in files + links]
    return sorted(found)


# ---- removing -----------------------------------------------------------------------------------


def remove_all(*, yes: bool = False, also: tuple[Path, ...] = ()) -> int:
    """Say what the course keeps, ask, and remove it; what isn't the course's stays, and is named.

    Args:
        yes: don't ask.
        also: other folders to remove as a whole, such as the environment; a link is removed, and
            not what it leads to.
    Returns:
        an exit code: 0, all is removed, or there was nothing; 1, something is left, or the
        answer was no.
    """
    folder = data_folder()
    try:
        parts, strangers = survey(folder)
    except OSError as error:
        return _fail(f"{error.filename} cannot be read ({error.strerror}); make it readable")
    also = [path for path in also if path.is_symlink() or path.exists()]
    if not parts and not also:
        print(f"Nothing to remove: there is nothing of the course's in {folder}.")
        return 0
    inside = [path for path in strangers if {p.resolve() for p in also} & {*path.resolve().parents}]
    if inside:
        return _fail(f"{_shown(inside[0])} is not the course's, and would go; move it first.")
    _tell(folder, parts, strangers, also)
    if not yes and not _agreed():
        return _fail("Nothing was removed.")
    failures = [failure for part in parts for failure in _remove_part(part)]
    with contextlib.suppress(OSError):  # it isn't empty
        if not folder.is_symlink():
            folder.rmdir()
            if folder == _usual_folder("win32"):
                folder.parent.rmdir()
    failures += [failure for path in also for failure in _remove_tree(path)]
    if failures:
        print("Not removed:", file=sys.stderr)
        _name(failures, file=sys.stderr)
        return _fail("Close what uses them, or make them writable; then give the command again.")
    gone = sum(part.megabytes for part in parts)
    print(", ".join([f"Removed: {gone:,.1f} MB of data", *map(str, also)]) + ".")
    return 0


def _tell(folder: Path, parts: list[Part], strangers: list[Path], also: list[Path]) -> None:
    """Say what will go, and what will stay."""
    if parts:
        print(f"In {_shown(folder)}:")
        width = max(len(part.folder.name) for part in parts)
        for part in parts:
            print(f"  {part.folder.name:{width}}  {part.megabytes:8,.1f} MB{_of_photos(part)}")
    if also:
        print(f"In {_shown(Path.cwd())}:")
        for path in also:
            print(f"  {path}  {_megabytes_of(path):,.1f} MB")
    if strangers:
        print("What the course did not put there stays:")
        _name(strangers)


def _of_photos(part: Part) -> str:
    if not part.photos:
        return ""
    copies = f"  copies of {part.photos:,} photos of yours"
    source = _shown(Path(part.source)) if part.source else "the folder that they came from"
    if part.only_copies:
        return f"{copies}, PERHAPS THE ONLY ONES: {source} is gone"
    return f"{copies}; {source} is not touched"


def _agreed() -> bool:
    """Whether the answer is yes; without anybody to answer, it is no."""
    try:
        return input("Remove all this? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("\nNobody answers here: --yes removes it without asking (make uninstall YES=1).")
        return False
    except KeyboardInterrupt:
        print()
        return False


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


def _shown(path: Path) -> str:
    """A path as text that any terminal can show."""
    return str(path) if str(path).isprintable() else ascii(str(path))


def _name(things: list, file=None) -> None:
    """Name the first few things, each in a line of its own."""
    for thing in things[:TOLD]:
        print(f"  {_shown(thing)}", file=file)
    if len(things) > TOLD:
        print(f"  and {len(things) - TOLD:,} more", file=file)


def _megabytes_of(path: Path) -> float:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size / 1e6
    return sum(file.lstat().st_size for file in _everything_in(path)) / 1e6


def _remove_part(part: Part) -> list[str]:
    """Remove the files of a part, and the folders that are empty then; return what went wrong."""
    with _held(part.folder / LOCK) as free:
        if not free:
            return [f"{part.folder}: another process is using it"]
        files = [file for file in part.files if file.name != LOCK]
        failures = [failure for file in files for failure in _unlink(file)]
    failures += _unlink(part.folder / LOCK)  # Windows keeps it while it is held
    for above, _, _ in os.walk(part.folder, topdown=False):
        with contextlib.suppress(OSError):  # it isn't empty
            os.rmdir(above)
    return failures


@contextlib.contextmanager
def _held(lock: Path) -> Iterator[bool]:
    """Hold a lock as filelock does; yields whether nobody else holds it."""
    if not lock.is_file() or lock.is_symlink():
        yield True
        return
    try:
        file = lock.open("r+b")
    except OSError:
        yield True  # nor can it be removed: that is told
        return
    with file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            yield False
            return
        except OSError:  # a file system without locks, on which nobody can hold one
            pass
        yield True


def _unlink(file: Path) -> list[str]:
    """Remove a file or a link; returns what went wrong."""
    try:
        file.unlink()
    except FileNotFoundError:
        pass
    except OSError as error:
        return [f"{file} ({error.strerror})"]
    return []


def _remove_tree(path: Path) -> list[str]:
    """Remove a folder with all that is in it, or a file or link; returns what went wrong."""
    if path.is_symlink() or not path.is_dir():
        return _unlink(path)
    failures: list[str] = []

    def note(_, name, what):
        error = what[1] if isinstance(what, tuple) else what
        failures.append(f"{name} ({error.strerror})")

    shutil.rmtree(path, **{"onexc" if sys.version_info >= (3, 12) else "onerror": note})
    return failures


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Remove what the course keeps on this disk.")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--also", nargs="*", type=Path, default=[], metavar="FOLDER")
    given = parser.parse_args(arguments)
    return remove_all(yes=given.yes, also=tuple(given.also))


if __name__ == "__main__":
    sys.exit(main())
