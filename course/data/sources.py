"""Where data comes from: the cache's folder, the mirror, and the first place that has a thing.

What the loaders of arrays (`course.data.arrays`), of folders of photos (`pets`) and of weights
(`bases`, `imagenet`) have in common. The mirror's files have their original names, which `arrays`
lists, or lie as they do in a cache, so that a copy of the data folder is a mirror.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from course.data import download, kept, network
from course.data.download import DataError, OfflineError, StorageError
from course.data.kept import data_folder
from course_utils.texts import to_type

FAILED_SECONDS = 300.0  # "auto" does not repeat a failed download for so long
TRAIN_SEED, TEST_SEED = 1, 2  # of the drawn images


def to_fetch(name: str) -> str:
    """The command that brings a data set, as one types it here."""
    return to_type(f"course data fetch {name}")


_failed: dict[str, tuple[float, DataError]] = {}  # URL -> when and how it failed last


@dataclass(frozen=True)
class DataFile:
    """One file of a data set, its published hash, and the arrays in it ("x_train", ...).

    host: the address of its folder, if it is not on the data set's hosts.
    """

    name: str
    known_hash: str
    megabytes: float
    keys: tuple[str, ...]
    host: str = ""


@dataclass(frozen=True)
class Dataset:
    """A data set: what it holds, in which files, and where they are to be had."""

    title: str
    things: str
    shapes: dict[str, tuple[int, ...]]  # "x_train" -> shape
    hosts: tuple[str, ...]  # addresses of the folders with the files, the best one first
    mirror: str  # the files' folder below COURSE_MIRROR
    files: tuple[DataFile, ...]
    on_request: bool = False  # fetched only when it is named


@dataclass(frozen=True)
class Status:
    """What is here of one data set, as `course.data.status` and `fetch` tell it."""

    name: str
    here: str  # "all", "part", "none" or "damaged"
    source: str  # where it came from: hosts, "the mirror"
    megabytes: float
    verified: bool  # there is something, and all of it is as it was when stored
    would_use: str  # what a lesson would load now
    came: bool = field(default=False, compare=False)  # `fetch` brought some of it just now
    remarks: tuple[str, ...] = field(default=(), compare=False)  # what else `fetch` tells, in lines


def check_source(source: str) -> None:
    """Raise ValueError unless it is "auto", "real" or "embedded"."""
    if source not in ("auto", "real", "embedded"):
        raise ValueError(f'source is {source!r}; give "auto", "real" or "embedded"')


def stamp(name: str) -> dict[str, int]:
    """What changes whenever something is stored for a data set: its records and their times."""
    folder = data_folder() / name
    records = [*folder.glob("*.json"), *folder.glob("whole/record.json")]
    return {str(path): path.stat().st_mtime_ns for path in records}


def mirror() -> Path | str | None:
    """COURSE_MIRROR: a folder, an address without its last slash, or None if it is not set.

    An address comes without the password that it may have, so that none is told or recorded;
    `download.obtain` takes it from the setting.
    Without it, where the usual data folder takes no files, that one is looked into: what was
    stored there before serves on.
    """
    chosen = os.environ.get("COURSE_MIRROR", "").strip()
    if download.is_url(chosen):
        scheme, _, rest = chosen.rstrip("/").partition("://")
        host, slash, folder = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{folder}"
    if chosen:
        return Path(os.path.expanduser(chosen))
    usual = kept.place().usual
    return usual if usual and not _fault_of_folder(usual) else None


def said_of_mirror() -> tuple[str, str]:
    """COURSE_MIRROR as one can show it, and what is wrong with it, for the doctor; "" if nothing.

    Only a folder is looked at: this asks no network.
    """
    text = f"COURSE_MIRROR={network.masked(os.environ.get('COURSE_MIRROR', ''))}"
    place_of_mirror = mirror()
    return text, _fault_of_folder(place_of_mirror) if isinstance(place_of_mirror, Path) else ""


def _fault_of_folder(folder: Path) -> str:
    """Why a folder can't be a mirror, in words that follow its name; "" if it can."""
    try:
        if stat.S_ISDIR(os.stat(folder).st_mode):
            return ""
    except (FileNotFoundError, NotADirectoryError, ValueError):
        pass
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return "is not a folder"


def is_there(path: Path) -> bool:
    """Whether there is something, or what it is can't be found out: reading it will tell."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def _is_readable(path: Path) -> bool:
    """Whether there is a file whose first byte can be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError):
        return False
    return True


def in_mirror(name: str, place: str | Path) -> Path:
    """A file in the mirror's folder: by its original name, or else where a cache has it.

    Args:
        name: the data set's name, which is that of its folder in a cache.
        place: the path of the original name, below COURSE_MIRROR.
    Returns:
        `place`; or MIRROR/name/file if only that is there, as in a copy of a cache.
    """
    place, folder = Path(place), mirror()
    if is_there(place) or not isinstance(folder, Path):
        return place
    copy = folder / name / place.name
    return copy if is_there(copy) and folder.resolve() != data_folder().resolve() else place


def keras_models() -> Path:
    """The folder to which Keras itself downloads weights, below KERAS_HOME or ~/.keras."""
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "models"


def called(source: str | Path) -> str:
    """A place's name for people: a host, the mirror, Keras's cache or a data folder as it was."""
    if download.is_url(source):
        return download.host_of(str(source))
    if Path(source).parent == keras_models():
        return "Keras's cache"
    usual = kept.place().usual
    return "the read-only data folder" if usual in Path(source).parents else "the mirror"


def told_of_place() -> str:
    """A line for below the one that says what was loaded; "" where it is kept for good."""
    said, remedy = kept.said_of_place()
    return said and f"\n  {said[0].upper()}{said[1:]}. To keep it: {remedy}"


def bring_files(
    name: str,
    dataset: Dataset,
    files: Iterable[DataFile],
    check: Callable[[Path, DataFile], None],
    *,
    progress: bool,
    anew: bool,
    also: Path | None = None,
) -> str:
    """See to it that files of a data set are in the cache, whole; the damaged are replaced.

    Args:
        name: the data set's, which is that of its folder in the cache.
        dataset: where its files are to be had.
        files: those that are needed.
        check: called with a file that came and what it should be; raises if it is not that.
        progress: show a progress bar.
        anew: try also the addresses that failed a short while ago.
        also: a folder in which to look between the mirror and the hosts, for files that have
            their published hash, where there is one.
    Returns:
        where they were: "the cache", or what `called` says of the place.
    Raises:
        StorageError: they cannot be stored.
        DataError: no place has them; the message lists each.
    """
    folder = data_folder() / name
    missing = [file for file in files if not download.record_of(folder / file.name)]
    origin = "the cache"
    if missing:
        with download.locked(folder, progress=progress):
            for file in missing:
                target = folder / file.name
                if not download.record_of(target):  # nor has another process brought it by now
                    origin = _bring_file(name, dataset, file, target, check, progress, anew, also)
    return origin


def _bring_file(name, dataset, file, target, check, progress, anew, also) -> str:
    """Bring one file from the first place that has it, or raise what each one said."""
    errors, place_of_mirror = [], mirror()
    if os.path.exists(target):
        reason = f"the cached {file.name} is damaged"
        errors.append(DataError(f"Reading {target}", reason, "It is replaced as soon as possible"))
    hosts = [host + file.name for host in ([file.host] if file.host else dataset.hosts)]
    places: list[str | Path] = list(hosts)
    if also and is_there(also / file.name):
        places.insert(0, also / file.name)
    if isinstance(place_of_mirror, Path):
        places.insert(0, place_of_mirror / dataset.mirror / file.name)
    elif place_of_mirror:
        places.insert(0, f"{place_of_mirror}/{dataset.mirror}{file.name}")

    def bring(place: str | Path) -> None:
        def check_all(path: Path) -> None:
            if also and Path(place).parent == also:
                _check_hash(path, file.known_hash)
            check(path, file)

        known_hash = (file.known_hash or None) if place in hosts else None
        download.obtain(
            place,
            target,
            known_hash=known_hash,
            check=check_all,
            progress=progress,
            owner=called(place),
        )

    return from_first(places, bring, title=dataset.title, name=name, errors=errors, anew=anew)


def _check_hash(path: Path, known_hash: str) -> None:
    """Raise ValueError unless the file has its published hash, if it has one."""
    import pooch

    algorithm, _, wanted = known_hash.partition(":")
    if wanted and (digest := pooch.file_hash(path, algorithm)) != wanted:
        raise ValueError(f"its {algorithm} is {digest}, the published one {wanted}")


def files_in_mirror(name: str, dataset: Dataset) -> bool:
    """Whether all of a data set's files are in a mirror that is a folder."""
    folder = mirror()
    return isinstance(folder, Path) and all(
        _is_readable(in_mirror(name, folder / dataset.mirror / file.name)) for file in dataset.files
    )


def files_in_keras_models(dataset: Dataset) -> bool:
    """Whether all of a data set's files are where Keras itself downloads weights to."""
    return all(_is_readable(keras_models() / file.name) for file in dataset.files)


def from_first(
    places: Iterable[str | Path],
    bring: Callable[[str | Path], None],
    *,
    title: str,
    name: str,
    errors: Iterable[DataError] = (),
    anew: bool = False,
) -> str:
    """Bring a thing from the first place that has it.

    Args:
        places: addresses, and paths in a mirror.
        bring: called with one place after the other, until it returns.
        title: what it is, for the error.
        name: the data set's name, for the advice.
        errors: what went wrong before, to be told with the rest.
        anew: somebody asked for it by name: try also the addresses that failed a short while
            ago, and give each host its time, as `download.patient` does.
    Returns:
        what the place is called: a host, or "the mirror".
    Raises:
        StorageError: it cannot be stored, so that no other place would help.
        DataError: no place has it; the message lists each.
    """
    errors, place_of_mirror, usual = list(errors), mirror(), kept.place().usual
    places = [place if download.is_url(place) else in_mirror(name, place) for place in places]
    # Nobody named the usual data folder, so what it lacks is no fault.
    places = [place for place in places if usual not in Path(place).parents or is_there(place)]
    fault = _fault_of_folder(place_of_mirror) if isinstance(place_of_mirror, Path) else ""
    if fault:
        attempt, reason = f"Looking in {place_of_mirror}", f"COURSE_MIRROR {fault}"
        errors.append(DataError(attempt, reason, "Correct it or unset it"))
        places = [
            place
            for place in places
            if download.is_url(place) or not Path(place).is_relative_to(place_of_mirror)
        ]
    for place in places:
        failed_at, error = _failed.get(str(place), (0.0, None))
        if anew or error is None or time.monotonic() - failed_at > FAILED_SECONDS:
            try:
                with download.patient(anew):
                    bring(place)
                return called(place)
            except StorageError:
                raise  # no other place would help
            except DataError as failure:
                error = failure
                if download.is_url(place) and not isinstance(error, OfflineError):
                    _failed[str(place)] = time.monotonic(), error
        errors.append(error)
    reasons = "; ".join(dict.fromkeys(error.reason for error in errors))
    tried = "".join(f"\n  - {error}" for error in errors)
    advice = f"Tried:{tried}\nThen: {to_fetch(name)}, or set COURSE_MIRROR to a copy"
    unreachable = all(isinstance(error, OfflineError) for error in errors)
    if download.offline() and unreachable:
        # Nothing was tried; do not list hosts as if it had been.
        advice = f"Unset it, or set COURSE_MIRROR to a folder; then: {to_fetch(name)}"
    kind = OfflineError if unreachable else DataError
    raise kind(f"Getting {title}", reasons, advice)
