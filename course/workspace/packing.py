"""A workspace and its progress in one file, to be carried elsewhere, and brought back.

For places that forget: Binder and Colab lose everything when nobody uses them for a while. The file
is a zip with the workspace's mark in it, by which it is known. What can be made again isn't in it:
copies that nobody has touched, checkpoints, older packs.
"""

import contextlib
import datetime
import errno
import glob
import lzma
import os
import re
import shutil
import sqlite3
import stat
import tempfile
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from course.workspace import copies, first_page, places, progress
from course.workspace.copies import WorkspaceError
from course_utils.files import write_whole
from course_utils.texts import counted, printable

MOST_FILES = 10_000
MOST_MB = 1_000  # unpacked
PATIENCE_SECONDS = 10  # with notebooks that write progress
_MB = 1_000_000
_SKIPPED_FOLDERS = {".ipynb_checkpoints", "__pycache__", ".virtual_documents"}
_WRITING = ".writing-"  # how files begin that write_whole hasn't finished
_SKIPPED_FILES = {".DS_Store", "Thumbs.db", "desktop.ini", places.MARK, copies.LOCK}
# What reading a damaged or strange zip raises.
_NOT_WHOLE = (
    ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
)  # fmt: skip
_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)", re.IGNORECASE)  # on Windows
_NOTHING = "Nothing of it was written."


class Packed(NamedTuple):
    """What `pack` made.

    Attributes:
        path: Path of the zip.
        files: how many files of the learner's are in it.
        left_out: names of what isn't in it though it is the learner's: links, and odd names.
    """

    path: Path
    files: int
    left_out: tuple


class Unpacked(NamedTuple):
    """What `unpack` did.

    Attributes:
        folder: Path of the workspace.
        written: names of files that weren't there, or took the place of an untouched copy.
        same: names of files that were there already, just so.
        beside: dict of name -> name of the packed file beside one that differs.
        noted: how many things of progress the file had.
    """

    folder: Path
    written: tuple
    same: tuple
    beside: dict
    noted: int


# ---- pack ----------------------------------------------------------------------------------------


def pack(file=None):
    """Put the workspace that this process works in, and its progress, into one zip.

    Args:
        file: path of the zip, or of a folder for it; None: in the workspace, named by the time.
    Returns:
        Packed.
    Raises:
        WorkspaceError: there is no workspace, something has that name already, it is too much for
            one file, or it can't be read or written.
    """
    folder = copies.this_workspace()
    target = Path(os.path.expanduser(file)).absolute() if file else folder
    if target.is_dir():
        now = datetime.datetime.now().strftime("%Y-%m-%d_%H.%M.%S")
        target = copies.free_name(target / f"{places.NAME}_{now}.zip")
    if os.path.lexists(target):
        raise WorkspaceError(f"{target} is there already. Give another name, or a folder.")
    if not target.parent.is_dir():
        raise WorkspaceError(f"There is no folder {target.parent}. Give one that there is.")
    try:
        with (
            copies.alone_in(folder),
            tempfile.TemporaryDirectory(dir=target.parent, prefix=_WRITING) as nearby,
        ):
            fresh, kept = Path(nearby) / "fresh.zip", _progress_now(folder, Path(nearby))
            found, left_out = _to_pack(folder)
            _check_size(found)
            with zipfile.ZipFile(
                fresh, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
            ) as archive:
                for name, path in {places.MARK: folder / places.MARK, **kept, **found}.items():
                    archive.write(path, name)
            target = copies.free_name(target)  # something may have that name by now
            fresh.replace(target)
    except OSError as error:
        what = error.filename or target
        if _WRITING in str(what):
            what = target.parent
        raise WorkspaceError(f"{what} can't be packed: {error.strerror or error}.") from error
    return Packed(target, len(found), tuple(left_out))


def _to_pack(folder):
    """(dict of name in the zip -> Path, names of what can't be packed) of a workspace."""
    found, left_out = {}, []
    for above, folders, files in os.walk(folder, onerror=_raise):
        linked = [name for name in folders if os.path.islink(os.path.join(above, name))]
        folders[:] = [
            name
            for name in sorted({*folders} - {*linked} - _SKIPPED_FOLDERS)
            if not name.startswith(_WRITING)
        ]
        for path in (Path(above, name) for name in sorted([*files, *linked])):
            name = path.relative_to(folder).as_posix()
            if path.name in _SKIPPED_FILES or path.name.startswith(_WRITING) or _is_ours(name):
                continue
            if path.is_symlink() or not path.is_file() or _oddity(name):
                left_out.append(printable(name))
            elif not _is_remade(path, name):
                found[name] = path
    return found, left_out


def _is_ours(name):
    """Whether a name in a workspace is that of a file which the course itself keeps there."""
    first = name.split("/")[0].casefold()
    beside_the_database = first.startswith(f"{progress.FILE}-")
    return first in (places.MARK, copies.LOCK, progress.FILE) or beside_the_database


def _raise(error):
    raise error


def _is_remade(path, name):
    """Whether a file of a workspace can be made again."""
    if path.suffix == ".ipynb":
        if name == places.FIRST_PAGE:
            return first_page.is_untouched(path)
        about = copies.about(copies.content_of(path))
        return about.untouched and about.kind != "solutions"  # those came after a try
    if path.suffix.lower() == ".zip":
        with contextlib.suppress(*_NOT_WHOLE), zipfile.ZipFile(path) as archive:
            return places.MARK in archive.namelist()  # an older pack
    return False


def _check_size(found):
    """Refuse what one file shouldn't carry: dict of name -> Path."""
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if len(sizes) <= MOST_FILES and sum(sizes.values()) <= MOST_MB * _MB:
        return
    largest = sorted(sizes, key=sizes.get, reverse=True)[:3]
    raise WorkspaceError(
        f"Your workspace has {counted(len(sizes), 'file')}, {sum(sizes.values()) / _MB:,.0f} MB; "
        f"a pack takes {MOST_FILES:,} files and {MOST_MB:,} MB. Move away what you don't need "
        f"there, such as {', '.join(map(printable, largest))}."
    )


def _progress_now(folder, nearby):
    """A copy of the progress, whole also while notebooks go on writing to it.

    Returns:
        dict of its name in the zip -> Path of the copy; empty where there is no progress.
    """
    source, target = folder / progress.FILE, nearby / progress.FILE
    if not source.exists():
        return {}
    until = time.monotonic() + PATIENCE_SECONDS

    def on(status, *_):  # SQLite itself would wait for ever
        if status != sqlite3.SQLITE_DONE and time.monotonic() > until:
            raise sqlite3.OperationalError("something else writes to it all the time")

    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=1)
            ) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, progress=on)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:  # the copy has no room
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(nearby)) from error
        raise WorkspaceError(
            f"{source} can't be read: {error}. Try again in a moment. If it stays so, give that "
            "file another name: then nothing but the progress is missing."
        ) from error
    return {progress.FILE: target}


# ---- unpack --------------------------------------------------------------------------------------


def unpack(file):
    """Bring back what `pack` put into a zip. Nothing that differs is overwritten.

    Args:
        file: path of the zip.
    Returns:
        Unpacked: in the workspace that `copies.home()` names, which is made if need be. A file that
        differs from one that is there goes beside it, but takes the place of a copy that nobody has
        touched. Progress is joined: of each thing the first and the latest time.
    Raises:
        WorkspaceError: `pack` didn't make the file, or it isn't whole: then nothing was written.
            Or something can't be written; unpacking again goes on from there.
    """
    file, folder = Path(os.path.expanduser(file)).absolute(), copies.home()
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory() as nearby:
            members = _checked(archive)
            kept = members.pop(progress.FILE, None)
            kept = progress.read(Path(archive.extract(kept, nearby))) if kept else []
            _check_place(folder, members)
            copies.make(folder)
            with copies.alone_in(folder), _working_in(folder):
                progress.merge(kept)
                done = _written(archive, members, folder)
    except _NOT_WHOLE as error:
        raise WorkspaceError(f"{file} can't be unpacked: {error}. {_NOTHING}") from error
    except OSError as error:
        said = f"{error.filename or file}: {error.strerror or error}".rstrip(".")
        raise WorkspaceError(f"{said}.") from error
    return Unpacked(folder, *done, len(kept))


def _checked(archive):
    """The files in a zip, if they are what `pack` writes: dict of name -> ZipInfo.

    Raises:
        ValueError: they are not; the text says what is wrong.
    """
    members = {}
    for member in archive.infolist():
        name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
        if member.is_dir() or (name not in (places.MARK, progress.FILE) and _is_ours(name)):
            continue  # zipped anew by hand
        if odd := _oddity(name):
            raise ValueError(f"{printable(name, most=200)} in it {odd}")
        if kind not in (0, stat.S_IFREG):
            raise ValueError(f"{printable(name)} in it is a link or a device")
        if name in members:
            raise ValueError(f"{printable(name)} is in it twice")
        if member.flag_bits & 1:
            raise ValueError("it is encrypted")
        members[name] = member
    if members.pop(places.MARK, None) is None:
        raise ValueError("it isn't from `course pack`")
    if within := [above for above in map(str, _folders(members)) if above in members]:
        raise ValueError(f"{printable(within[0])} in it is both a file and a folder")
    size = sum(member.file_size for member in members.values())
    if len(members) > MOST_FILES + 1 or size > 1.1 * MOST_MB * _MB:  # progress comes besides
        raise ValueError(
            f"it has {counted(len(members), 'file')}, {size / _MB:,.0f} MB unpacked; "
            f"{MOST_FILES:,} files and {MOST_MB:,} MB are the most"
        )
    if broken := archive.testzip():  # no file gives more than the size that it declares
        raise ValueError(f"{printable(broken)} in it is damaged")
    return members


def _folders(names):
    """The folders that files lie in, as paths from the workspace on, itself among them."""
    return {above for name in names for above in PurePosixPath(name).parents}


def _oddity(name):
    """What makes a file's name in a zip one to refuse, on some system at least; "" if nothing."""
    if name.startswith("/") or "\\" in name or ":" in name:
        return "has no plain name"
    if any(part.rstrip(" .") == "" for part in name.split("/")):  # Windows takes "..  " for ".."
        return "leads out of its folder"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        return "has a name that can't be written"
    return ""


def _check_place(folder, members):
    """See that all has its place in a folder, before anything is written."""
    size = sum(member.file_size for member in members.values())
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if (free := shutil.disk_usage(there).free) < size:
        raise ValueError(f"it needs {size / _MB:,.0f} MB, and {free / _MB:,.0f} MB are free")
    for above in _folders(map(_name_here, members)):
        place = folder / above
        if os.path.lexists(place) and not place.is_dir():
            raise ValueError(f"{place} is in the way of a folder: move it away")
        if not place.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{place} leads out of your workspace: move that link away")


def _name_here(name, system=os.name):
    """A packed file's name as this system takes it: Windows has no `a?`, no `a.` and no `aux`."""
    if system != "nt":
        return name
    parts = [re.sub(r'[<>"|?*]|[ .]$', "_", part) for part in name.split("/")]
    return "/".join(re.sub(_DEVICES, r"_\g<0>", part) for part in parts)


def _written(archive, members, folder):
    """Write what is in a zip: the names written, those that were there, and what went beside."""
    written, same, beside = [], [], {}
    for name, member in members.items():
        path, content = folder / _name_here(name), archive.read(member)
        there = copies.content_of(path)
        if there == content:
            same.append(name)
        elif (
            not os.path.lexists(path)
            or copies.about(there).untouched
            or (name == places.FIRST_PAGE and first_page.is_untouched(path))
        ):
            write_whole(path, content)
            written.append(name)
        else:
            others = path.parent.glob(f"{glob.escape(path.stem)} (packed)*")
            found = [other for other in others if copies.content_of(other) == content]
            other = (found or [copies.free_name(path.with_stem(f"{path.stem} (packed)"))])[0]
            if not found:
                write_whole(other, content)
            beside[name] = other.relative_to(folder).as_posix()
    return tuple(written), tuple(same), beside


@contextlib.contextmanager
def _working_in(folder):
    """Have progress kept in this workspace, wherever this process works."""
    before = os.environ.get(places.VARIABLE)
    os.environ[places.VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[places.VARIABLE]
        else:
            os.environ[places.VARIABLE] = before
