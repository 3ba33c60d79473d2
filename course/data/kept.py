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
import errno
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "NAMES",
    "Part",
    "Place",
    "data_folder",
    "give_home",
    "place",
    "remove_all",
    "said_of_place",
    "survey",
    "why_no_files",
]

APP = "deep-vision-course"
OWN, FEATURES = "pets-own", "features"
NAMES = (  # of the folders in the data folder: the data sets', and three more
    "mnist", "fashion_mnist", "svhn", "pets", "pets-all", "imagenet-classes", "mobilenetv2",
    "vgg16", "resnet50", "inceptionv3", "efficientnetv2b0", "pets-drawn", FEATURES, OWN,
)  # fmt: skip
SCRATCH = (".incoming", ".making-", ".unpacked", "..unpacked-")  # beginnings of folders' names
LOCK, WRITING = ".lock", ".writing-"
TOLD = 20  # things that are named
HOME = "home"  # in a temporary folder, for a user without one
TEMPORARY = 9  # names that are tried for a folder among the temporary files


class Place(NamedTuple):
    """Where the course keeps things.

    Args:
        folder: the data folder.
        usual: the one in the user's cache folder, where `folder` is a temporary one because that
            takes no files; None otherwise, and for a user without a home.
        why: why it takes none; "" where `folder` is not a temporary one.
    """

    folder: Path
    usual: Path | None = None
    why: str = ""


_refusals: dict[Path, str] = {}  # what this process was told by the usual folder, once and for all


def place() -> Place:
    """The data folder: COURSE_DATA_DIR, or one in the user's cache folder, or a temporary one.

    Without COURSE_DATA_DIR, and with a cache folder that takes no files (a read-only disk, a home
    that is somebody else's, or none at all), things are kept among the temporary files, in a
    folder of this user's that nobody else can look into; all processes find the same one.

    Source: the usual one is `platformdirs.user_cache_dir`, which need not be there to be asked.
    """
    chosen = os.environ.get("COURSE_DATA_DIR", "").strip()
    if chosen:
        return Place(Path(os.path.expanduser(chosen)))
    usual = _usual_folder(sys.platform)
    if usual and usual not in _refusals:
        _refusals[usual] = why_no_files(usual)
    why = _refusals[usual] if usual else "this user has no home folder"
    if why:
        for folder in _temporary_folders():
            if _is_private(folder, make=True):
                return Place(folder, usual, why)
    return Place(usual or Path("~", ".cache", APP))  # which tells what is wrong as it is used


def give_home() -> None:
    """Give a user without a home a temporary one: scikit-image can't be imported without any."""
    if os.path.expanduser("~") != "~":
        return
    for folder in _temporary_folders():
        if _is_private(folder, make=True):
            os.environ["HOME"] = str(folder / HOME)
            return


def data_folder() -> Path:
    """The folder in which the course keeps data: see `place`."""
    return place().folder


def said_of_place() -> tuple[str, str]:
    """What the loaders, the doctor and `course data status` say of a temporary data folder.

    Returns:
        where things are kept, and why, half a sentence; and what to do, so that they last. Two
        empty texts where they do.
    """
    here = place()
    if not here.why:
        return "", ""
    why = f"{here.usual} takes no files ({here.why})" if here.usual else here.why
    said = f"kept in {here.folder}, which the system empties from time to time, because {why}"
    return said, "set COURSE_DATA_DIR to a folder of yours"


def why_no_files(folder: Path) -> str:
    """Why nothing can be stored in a folder, which need not be there; "" if something can.

    A disk that is full takes files, when there is room again.
    """
    try:
        for existing in (folder, *folder.absolute().parents):
            with contextlib.suppress(FileNotFoundError):
                os.stat(existing)
                break
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except (OSError, ValueError) as error:  # the latter: a name with a zero byte
        if getattr(error, "errno", None) in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            return ""
        return getattr(error, "strerror", None) or str(error)


def _usual_folder(platform: str) -> Path | None:
    """The course's folder in the user's cache folder; None for a user without a home."""
    if platform == "win32":
        local = _below_home(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
        return local and local / APP / APP / "Cache"
    if os.path.isabs(os.environ.get("XDG_CACHE_HOME", "")):
        return Path(os.environ["XDG_CACHE_HOME"]) / APP
    cache = _below_home("~/Library/Caches" if platform == "darwin" else "~/.cache")
    return cache and cache / APP


def _below_home(folder: str) -> Path | None:
    """A folder that begins with ~; None for a user without a home, as in some containers."""
    path = os.path.expanduser(folder)
    given = [str(temporary / HOME) for temporary in _temporary_folders()]
    return None if path.startswith("~") or os.environ.get("HOME") in given else Path(path)


def _temporary_folders() -> list[Path]:
    """Folders among the temporary files that may be this user's, the usual one first."""
    try:
        above = Path(tempfile.gettempdir())
    except OSError:  # there is no folder for temporary files either
        return []
    user = f"-{os.geteuid()}" if hasattr(os, "geteuid") else ""
    return [above / f"{APP}{user}{f'-{n}' * (n > 1)}" for n in range(1, TEMPORARY + 1)]


def _is_private(folder: Path, *, make: bool = False) -> bool:
    """Whether a folder is this user's, and nobody else gets in; made if need be.

    Anybody can make a folder of any name among the temporary files, or a link: theirs are not
    used, since what is in there could be changed, or be written elsewhere.
    """
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700)
        facts = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(facts.st_mode):
        return False
    if not hasattr(os, "geteuid"):  # Windows, where each user's temporary files are their own
        return True
    return facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o077


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
    here = place()
    theirs = [folder for folder in _temporary_folders() if _is_private(folder)]
    usual = [here.usual] if here.usual else []
    found = {}
    for folder in dict.fromkeys([here.folder, *usual, *theirs]):
        try:
            found[folder] = survey(folder)
        except OSError as error:
            return _fail(f"{error.filename} cannot be read ({error.strerror}); make it readable")
    parts = [part for some, _ in found.values() for part in some]
    also = [path for path in also if path.is_symlink() or path.exists()]
    if not parts and not also:
        _remove_empty(found)
        there = " or ".join(map(str, [here.folder, *usual]))
        print(f"Nothing to remove: there is nothing of the course's in {there}.")
        return 0
    inside = [path for _, strangers in found.values() for path in strangers
              if {p.resolve() for p in also} & {*path.resolve().parents}]  # fmt: skip
    if inside:
        return _fail(f"{_shown(inside[0])} is not the course's, and would go; move it first.")
    _tell(found, also)
    if not yes and not _agreed():
        return _fail("Nothing was removed.")
    failures = [failure for part in parts for failure in _remove_part(part)]
    _remove_empty(found)
    failures += [failure for path in also for failure in _remove_tree(path)]
    if failures:
        print("Not removed:", file=sys.stderr)
        _name(failures, file=sys.stderr)
        return _fail("Close what uses them, or make them writable; then give the command again.")
    gone = sum(part.megabytes for part in parts)
    print(", ".join([f"Removed: {gone:,.1f} MB of data", *map(str, also)]) + ".")
    return 0


def _remove_empty(folders) -> None:
    """Remove those of the data folders that are empty now."""
    for folder in folders:
        with contextlib.suppress(OSError):  # it isn't empty, or isn't there
            if not folder.is_symlink():
                folder.rmdir()
                if folder == _usual_folder("win32"):
                    folder.parent.rmdir()


def _tell(found: dict[Path, tuple[list[Part], list[Path]]], also: list[Path]) -> None:
    """Say what will go, and what will stay."""
    for folder, (parts, _) in found.items():
        if parts:
            print(f"In {_shown(folder)}:")
            width = max(len(part.folder.name) for part in parts)
            for part in parts:
                print(f"  {part.folder.name:{width}}  {part.megabytes:8,.1f} MB{_of_photos(part)}")
    if also:
        print(f"In {_shown(Path.cwd())}:")
        for path in also:
            print(f"  {path}  {_megabytes_of(path):,.1f} MB")
    strangers = [path for _, others in found.values() for path in others]
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
