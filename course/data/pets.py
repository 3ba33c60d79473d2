"""Cats and dogs: a folder of photos for Keras, or of pictures drawn by the course.

    folder, origin = data.load_pets(n_train=1000, n_validation=500)

`load_pets` takes the photos that the learner added, else the 2,000 + 1,000 of a well-known
teaching set (cache, mirror, download), else draws some. Every photo is decoded once, when it
comes into the cache; see `course.data.photos`. In the cache's folder are

    pets/whole/      2,000 + 1,000 photos, train/ and validation/, each with cats/ and dogs/
    pets-all/whole/  all 25,000, of which nothing is used unless it is asked for
    pets-own/whole/  copies of the learner's own photos, of any two classes
    pets-drawn/      what was drawn, one folder for each size and number

and, beside each `whole`, its parts of other sizes as hard links, which take no space.

Before a set is used, the names and sizes of its files are compared with those that were stored:
`load_pets` does no more. `course data fetch`, `course data status` and `course doctor` compare a
digest of each file of a `whole` as well, and so does copying from a mirror that is a copy of a
cache.

How many photos the two published sets have is known. A place that has fewer, such as a mirror
whose copying was cut off, has the set in part: that is told, and the next place is tried. Where
none has more, the largest part is kept and used, if it has as many photos as one's own must have,
and replaced as soon as a place has all; until then `course data fetch` fails, and says why.

Own photos are saved anew as they come in. Those that an earlier edition of the course copied as
they were come in anew when they are used first: from their folder, or else from the copies.
"""

import hashlib
import os
import shlex
import shutil
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple

from course import drawn
from course.data import download, own_photos, photo_sets, photos, sources
from course.data.download import DataError, StorageError
from course.data.photo_sets import PARTS, SEED
from course.data.sources import DataFile, Dataset, Status, data_folder
from course_utils.arguments import check_integer
from course_utils.texts import counted, fitting, printable

__all__ = ["DATASETS", "Pets", "Removed", "add_pets", "fetch", "load_pets", "remove_pets"]

CLASSES = ("cats", "dogs")
DRAWN = {"train": 2000, "validation": 1000}  # how many are drawn unless asked otherwise
DRAWN_SEEDS = {"train": sources.TRAIN_SEED, "validation": sources.TEST_SEED}
MIN_SIZE = 32  # pixels; smaller drawn animals cannot be told apart
MOST = 25_000  # photos that there are in all
BLOCK = 10  # pictures in a row of which just half are cats
FEW_OWN = 10  # with fewer training photos in a class of one's own, a warning is given
FAR_APART = 1.5  # the larger class is so many times the smaller one: unequal classes are told
TRIES = 5  # to use a set that other processes replace or remove again and again
OWN = "pets-own"
ALL_HASH = "b7974bd0"  # sha256 of kagglecatsanddogs_5340.zip: only its beginning is known

_MLEDU = "https://storage.googleapis.com/mledu-datasets/"
_MICROSOFT = "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
# fmt: off
DATASETS = {
    "pets": Dataset(
        "Cats and dogs", "photos", {}, (_MLEDU,), "",
        (DataFile("cats_and_dogs_filtered.zip", "", 68.6, ()),),
    ),
    "pets-all": Dataset(
        "Cats and dogs", "photos", {}, (_MICROSOFT,), "",
        (DataFile("kagglecatsanddogs_5340.zip", "", 824.9, ()),), on_request=True,
    ),
}
# fmt: on
# How many good photos there are in each folder: of 12,500 a class in pets-all one is known to be
# unreadable, and some more may be, the more so the stricter they are read.
WHOLE = {
    "pets": {
        f"{part}/{cls}": n for part, n in (("train", 1000), ("validation", 500)) for cls in CLASSES
    },
    "pets-all": {"cats": 12_400, "dogs": 12_400},
}  # fmt: skip
GIVEN = {"pets-all": 24_998}  # files; those two may have been taken out
_SAME = {f"{part}/{name}": f"{part}/{name}" for part in PARTS for name in CLASSES}
_LAYOUTS = {  # the folder in a mirror, the folder in the zip, and which of its folders go where
    "pets": ("cats_and_dogs", "cats_and_dogs_filtered", _SAME),
    "pets-all": ("PetImages", "PetImages", {"Cat": "cats", "Dog": "dogs"}),
}


class Pets(NamedTuple):
    """A folder with train/ and validation/, each with two class folders of JPEGs; its origin.

    `origin` is "photos", "own" (the learner's) or "drawn".
    """

    folder: Path
    origin: str


class Removed(NamedTuple):
    """What `remove_pets` deleted: so many copies, and the folder that they were made from.

    `photos` is 0 where only the remains of an interrupted `add_pets` were there; `source` is None
    where it is not known.
    """

    photos: int
    source: Path | None


def load_pets(
    n_train=None, n_validation=None, *, size=150, source="auto", seed=SEED, verbose=True
) -> Pets:
    """Prepare a folder of cats and dogs that `keras.utils.image_dataset_from_directory` reads.

    Args:
        n_train: how many images for training, half of each class: even, 0 to 25,000. A smaller
            choice is part of a larger one, and always the same. Of a class that has fewer than
            half of it, all are taken. None for all there are: 2,000 photos, or 2,000 drawn.
        n_validation: the same for validation; None: 1,000.
        size: typical side of drawn images, in pixels, >= 32. Photos keep their own sizes.
        source: "auto" (the learner's own photos, see `add_pets`, else cache, mirror, download,
            else drawn), "real" (the same, but never drawn), "own", "all" (the 25,000 photos of
            which the others are a part: a download of 825 MB) or "embedded" (drawn). Where no
            place has the whole set, the largest part is used, and told, if it has 5 photos of
            each class for training and 1 for validation.
        seed: of the choice among photos. What is drawn does not depend on it.
        verbose: print one line that says what was prepared, and from where, and more if files
            were left out or changed, or the classes are unequal; show progress bars.
    Returns:
        Pets(folder, origin): folder holds train/cats, train/dogs, validation/cats and
        validation/dogs (or the class names of one's own photos), with RGB JPEGs of various
        sizes. Do not change it: it is in the cache.
    Raises:
        ValueError: no integer, an odd or negative number or one above 25,000, too small a size,
            or an unknown source.
        DataError: no place has the photos asked for; the message lists each.
        StorageError: the cache cannot be written.
    Example:
        >>> load_pets(n_train=7)
        Traceback (most recent call last):
            ...
        ValueError: n_train is 7; give an even number, half for each class, or None for all there \
are

    Source: Elson et al., Asirra (2007); Google's teaching part of it, cats_and_dogs_filtered.zip.
    """
    counts = {
        "train": _check_count("n_train", n_train),
        "validation": _check_count("n_validation", n_validation),
    }
    size = check_integer("size", size, least=MIN_SIZE, advice="a drawn picture's side in pixels")
    seed = check_integer("seed", seed)
    if source not in ("auto", "real", "own", "all", "embedded"):
        raise ValueError(f'source is {source!r}; give "auto", "real", "own", "all" or "embedded"')
    reason, hint = "as asked", ""
    if source in ("real", "all"):
        download.forget_unreachable()
    if source != "embedded":
        own_errors: list[DataError] = []
        try:
            pets, lines = _load_photos(counts, source, seed, own_errors, progress=verbose)
        except DataError as error:
            if source != "auto" or isinstance(error, StorageError):
                raise
            hint = (
                own_errors[0].advice
                if own_errors
                else f"To get the photos: {sources.to_fetch('pets')}"
            )
            reason, hint = error.reason, f". {hint}"
            source = "embedded"
    if source == "embedded":
        pets, line = _load_drawn(counts, size, reason, progress=verbose)
        lines = [line + hint]
    if verbose:
        print(fitting("\n".join(lines) + sources.told_of_place()))
    return pets


def _check_count(name: str, n) -> int | None:
    """How many images are asked for, or None."""
    if n is None:
        return None
    advice = "half for each class, or None for all there are"
    n = check_integer(name, n, least=0, most=MOST, advice=advice)
    if n % 2:
        raise ValueError(f"{name} is {n}; give an even number, {advice}")
    return n


def add_pets(path: str | Path, *, seed: int = SEED, verbose: bool = True) -> Pets:
    """Copy photos of one's own into the cache, checked; `load_pets` uses them from then on.

    Each is saved anew: upright, RGB, with at most 1,024 pixels on its longer side.

    Args:
        path: a folder with two class folders of any names, of which a fifth of each becomes
            validation; or with train/ and validation/ (by these or similar names), each with the
            same two class folders. Classes may be told by the files' names as well (cat.0.jpg);
            `course.data.own_photos` has all layouts. Each class needs at least 5 photos, with
            two parts 5 for training and 1 for validation. Nothing in it is changed.
        seed: of the choice of what becomes validation.
        verbose: print what came in, what was left out, and which photos of one's own they
            replace; show a progress bar.
    Returns:
        Pets(folder, "own").
    Raises:
        ValueError: a seed that is no integer.
        DataError: the folder is not as described; the message says what is wrong with it.
        StorageError: the cache cannot be written.
    """
    seed = check_integer("seed", seed)
    path = own_photos.folder_given(path)
    root = data_folder() / OWN
    found = _find_own(path)
    with download.locked(root, progress=verbose):
        _tidy(root)
        before = photo_sets.notes_of(root / "whole")
        record = _make_own(root, path, found, seed, progress=verbose)
    if verbose:
        have = _have(record)
        lines = [_line(record, have, ""), *_remarks(record, root / "whole", have)]
        if before:
            replaced = counted(len(before.get("files", ())), "photo")
            there = printable(before.get("source", "another folder"))
            lines.append(f"  This replaces {replaced} from {there}.")
        print(fitting("\n".join(lines) + sources.told_of_place()))
    return Pets(root / "whole" / "images", "own")


def _find_own(path: Path) -> own_photos.Found:
    _refuse_data_folder(path)
    return own_photos.find_classes(path)


def _make_own(root: Path, path: Path, found: own_photos.Found, seed: int, *, progress) -> dict:
    """The set of the learner's own photos, from their folder; `root` is locked."""
    return photo_sets.make_set(
        root / "whole", path, found.groups, source=str(path), origin="own", seed=seed,
        part_names=found.part_names, unused=found.unused, progress=progress,
        kept={"note": found.note},
    )  # fmt: skip


def _refuse_data_folder(path: Path) -> None:
    """Raise DataError for the cache, a folder in it, or one that holds it."""
    cache, real = (Path(os.path.realpath(folder)) for folder in (data_folder(), path))
    if real.is_relative_to(cache) or cache.is_relative_to(real):
        relation = "is in" if real.is_relative_to(cache) else "holds"
        raise DataError(
            f"Adding the photos in {printable(path)}",
            f"this folder {relation} the course's own data folder, {data_folder()}",
            "Give a folder elsewhere, with photos of yours alone",
        )


def remove_pets(*, yes: bool = False) -> Removed | None:
    """Forget the photos of one's own: delete the copies in the cache, and only these.

    Args:
        yes: delete them even if the folder they were copied from is gone, or is not known.
    Returns:
        how many copies, and of which folder, which is left alone; None if nothing was there.
    Raises:
        DataError: the folder they were copied from is gone, so that they are the only copies.
        StorageError: the copies cannot be deleted.
    """
    root = data_folder() / OWN
    if not any(folder.is_dir() for folder in root.glob("*")):  # those with a dot as well
        return None
    with (
        download.locked(root),
        download.storage_errors(f"Deleting the copies in {root}", root),
    ):
        photo_sets.tidy(root)
        whole, source = root / "whole", _source_of(root)
        if whole.exists() and not yes and not (source and os.path.isdir(source)):
            gone = (
                f"{printable(source)}, where they came from, is gone"
                if source
                else "their folder is not known"
            )
            raise DataError(
                "Removing your own photos",
                f"{gone}, so these may be the only copies",
                f"To keep them, copy {whole / 'images'}; "
                "to delete them all the same: course data remove pets --yes",
            )
        n = len(photos.files_below(whole / "images"))
        for folder in root.iterdir():
            if folder.is_dir():
                shutil.rmtree(folder)
    return Removed(n, Path(source) if source else None)


def fetch(name: str, *, progress: bool = True) -> list[str]:
    """Bring "pets" or "pets-all" into the cache, whole, or the largest part that is to be had.

    What is there already is kept if every file has the very bytes that were stored.

    Returns:
        what went wrong at each place, if only a part is there now.
    Raises:
        StorageError: the cache cannot be written.
        DataError: no place has the photos; the message lists each.
    """
    failures: list[DataError] = []
    _bring(name, progress=progress, anew=True, look=_verified, failures=failures)
    return [f"  {failure}" for failure in failures]


def remarks(name: str) -> list[str]:
    """What is to be told of "pets" or "pets-all": what is missing, files left out or changed, own
    photos in use."""
    record = photo_sets.set_of(data_folder() / name / "whole")
    lines = _remarks(record, data_folder() / name / "whole", _have(record)) if record else []
    if record and _lacking(name, record):
        lines.insert(0, f"  in part: {_in_part(name, _counts(record), record['given'])}")
    if name == "pets" and own_in_use():
        lines.append("  lessons use your own photos until: course data remove pets")
    return lines


def status_of(name: str) -> Status:
    """What is in the cache of "pets" or "pets-all"; reads every file, uses no network."""
    record, here = _here(name)
    dataset, mirror = DATASETS[name], sources.mirror()
    if name == "pets-all":
        would_use = 'pets, unless source="all" is asked for'
    elif own_in_use():
        would_use = "your own photos"
    elif record and not _lacking(name, record):
        would_use = "the cache"
    elif isinstance(mirror, Path) and os.path.exists(_in_mirror(name, mirror)):
        would_use = "the mirror"
    elif download.offline():
        would_use = "drawn cats and dogs"
    else:
        megabytes = sum(file.megabytes for file in dataset.files)
        would_use = f"a download ({megabytes:,.0f} MB), or drawn cats and dogs"
    if here == "part":
        there = _in_part(name, _counts(record), record["given"])
        if name == "pets-all" or own_in_use() or not _is_usable(name, _counts(record)):
            would_use += f"; here are {there}"
        elif download.offline() and would_use != "the mirror":
            would_use = f"the {there} that are here"
        else:
            would_use = f"{would_use.split(',')[0]} if it has all, or the {there} that are here"
    return _status(name, record, here, would_use)


def own_in_use() -> bool:
    """Whether lessons use the learner's own photos: they are here, or can be copied anew."""
    root = data_folder() / OWN
    if photo_sets.set_of(root / "whole"):
        return True
    source = _source_of(root)
    return (root / "whole").exists() and bool(source) and os.path.isdir(source)


def own_status() -> list[Status]:
    """The status of the learner's own photos, if any were added; reads every file."""
    record, here = _here(OWN)
    source = _source_of(data_folder() / OWN)
    would_use = "the cache" if record else f"{printable(source)}, copied anew"
    if not own_in_use():
        would_use = "pets: the folder these came from is gone"
    return [] if here == "none" else [_status(OWN, record, here, would_use)]


def _here(name: str) -> tuple[dict | None, str]:
    """The record of a set, and "all", "part", "damaged" or "none"."""
    whole = data_folder() / name / "whole"
    for _ in range(TRIES):
        record, before = photo_sets.set_of(whole), photo_sets.notes_of(whole)
        damaged = record and "digests" in record and not photo_sets.intact(whole, record)
        if before == photo_sets.notes_of(whole):  # or else it was replaced meanwhile
            break
    if record and not damaged:
        return record, "part" if _lacking(name, record) else "all"
    return record, "damaged" if whole.exists() else "none"


def _status(name: str, record: dict | None, here: str, would_use: str) -> Status:
    return Status(
        name=name,
        here=here,
        source=sources.called(record["source"]) if record and name != OWN
        else printable(_source_of(data_folder() / OWN)) if name == OWN else "",
        megabytes=sum(record["files"].values()) / 1e6 if record else 0.0,
        verified=here in ("all", "part") and "digests" in record,
        would_use=would_use,
    )  # fmt: skip


# A set in part


def _counts(record: dict) -> dict[str, int]:
    """How many good photos came in, in each folder of a published set: see WHOLE."""
    if "counts" in record:
        return record["counts"]
    names = [*record["files"], *(name for name, _ in record["repeated"])]  # of an earlier edition
    counts: dict[str, int] = {}
    for name in names:
        group = name.rpartition("/")[0]
        for key in (group, group.rpartition("/")[2]):
            counts[key] = counts.get(key, 0) + 1
    return counts


def _lacking(name: str, record: dict) -> bool:
    """Whether a published set is here in part only."""
    counts = _counts(record)
    few = any(counts.get(group, 0) < n for group, n in WHOLE.get(name, {}).items())
    return few or ("counts" in record and record["given"] < GIVEN.get(name, 0))


def _is_usable(name: str, counts: dict[str, int]) -> bool:
    """Whether a part has as many photos as one's own must have."""
    return all(
        counts.get(group, 0) >= (1 if group.startswith("validation/") else photo_sets.MIN_OWN)
        for group in WHOLE[name]
    )


def _in_part(name: str, counts: dict[str, int], given: int | None = None) -> str:
    """How much of a set there is, and where the rest is missing."""
    whole = WHOLE[name]
    n = sum(min(counts.get(group, 0), most) for group, most in whole.items())
    few = [f"{group} {counts.get(group, 0):,} of {most:,}" for group, most in whole.items()
           if counts.get(group, 0) < most]  # fmt: skip
    if not few and given:  # of which some more could not be read
        return f"{given:,} of {GIVEN[name]:,} files"
    return f"{n:,} of {sum(whole.values()):,} photos ({', '.join(few)})"


# Finding and fetching


def _load_photos(counts, source, seed, errors, *, progress) -> tuple[Pets, list[str]]:
    """The folder and its lines; what was wrong with the learner's own photos goes to `errors`."""
    for last in range(TRIES):
        errors.clear()
        try:
            return _load_photos_once(counts, source, seed, errors, progress=progress)
        except _Gone:  # between two looks; those of another process are there now, or none
            if last == TRIES - 1:
                raise
    raise AssertionError("not reached")


def _load_photos_once(counts, source, seed, errors, *, progress) -> tuple[Pets, list[str]]:
    note = ""
    if source != "all":
        try:
            record, origin = _own(progress=progress)
            return _choose(OWN, record, counts, seed, origin, progress=progress)
        except _NoneAdded:
            if source == "own":
                raise
        except DataError as error:
            if source != "auto" or isinstance(error, (StorageError, _Gone)):
                raise
            errors.append(error)
            note = f". {error.reason[0].upper()}{error.reason[1:]}. {error.advice}"
    name, anew = ("pets-all" if source == "all" else "pets"), source != "auto"
    record, origin = _bring(name, progress=progress, anew=anew, errors=errors)
    pets, lines = _choose(name, record, counts, seed, f"from {origin}", progress=progress)
    if _lacking(name, record):
        there = _in_part(name, _counts(record), record["given"])
        lines.insert(1, f"  In part: {there}. To get all: {sources.to_fetch(name)}")
    return pets, [lines[0] + note, *lines[1:]]


class _NoneAdded(DataError):
    """There are no photos of the learner's own."""


class _Gone(DataError):
    """A set was removed, or damaged, after its record was read."""


def _own(*, progress) -> tuple[dict, str]:
    """The record of the learner's own photos, which are copied anew if they were damaged, or were
    copied as they are by an earlier edition of the course."""
    root = data_folder() / OWN
    record = photo_sets.set_of(root / "whole")
    if record and "anew" in record:
        return record, "your own"
    attempt = "Loading your own photos"
    none = _NoneAdded(attempt, "none were added", "Add them: course data add pets FOLDER")
    if not (root / "whole").exists() and not any(root.glob(".making-*")):  # killed, or at work
        if (root / "whole").exists():  # it was being replaced just now
            return _own(progress=progress)
        raise none
    try:
        with download.locked(root, progress=progress):
            _tidy(root)
            record = photo_sets.set_of(root / "whole")
            if record and "anew" in record:
                return record, "your own"
            if not (root / "whole").exists():
                raise none
            return _renew_own(root, record, attempt, progress=progress)
    except StorageError:
        if record:  # the disk is full, or not to be written: they are as good as they were
            return {**record, "origin": "own"}, "your own"
        raise


def _renew_own(root: Path, record: dict | None, attempt: str, *, progress) -> tuple[dict, str]:
    """Make the learner's own photos anew, from their folder or, undamaged, from the copies."""
    source, seed = _source_of(root), _seed_of(root)
    why = "the copies were damaged"
    if record:
        why = "an earlier edition of the course had not checked them as strictly"
    reason, advice = "the copies of your own photos are damaged", ""
    other = "Add another folder (course data add pets FOLDER), or: course data remove pets"
    if not source:
        reason += ", and where they came from is not known"
    elif not os.path.isdir(source):
        reason += f", and {printable(source)}, where they came from, is gone"
    else:
        try:
            path = Path(source)
            made = _make_own(root, path, _find_own(path), seed, progress=progress)
            return made, f"your own, copied anew from {printable(source)} because {why}"
        except StorageError:
            raise
        except DataError as error:
            reason += f", and copying them anew failed ({error.reason})"
            advice = f"Mend {printable(source)}, then: course data add pets {shlex.quote(source)}"
    if record:
        images = root / "whole" / "images"
        kept = {key: record[key] for key in ("part_names", "given")}
        groups = {f"{part}/{cls}": photos.files_below(images / part / cls)
                  for part in PARTS for cls in record["classes"]}  # fmt: skip
        made = photo_sets.make_set(
            root / "whole", images, groups, source=source, origin="own", seed=seed, kept=kept,
            unused=[tuple(pair) for pair in record["left_out"]], progress=progress,
        )  # fmt: skip
        return made, f"your own, each saved anew from the copies because {why}"
    advice = f"{advice}; or: course data remove pets" if advice else other
    raise DataError(attempt, reason, advice)


def _tidy(root: Path) -> None:
    """Put back a set whose replacement was killed, and clear the rest away; `root` is locked."""
    with download.storage_errors(f"Clearing {root}", root):
        photo_sets.tidy(root)


def _source_of(root: Path) -> str:
    return str(photo_sets.notes_of(root / "whole").get("source", ""))


def _seed_of(root: Path) -> int:
    return int(photo_sets.notes_of(root / "whole").get("seed", SEED))


def _verified(folder: Path) -> dict | None:
    """The record of a set if every byte of its images is as it was stored."""
    record = photo_sets.set_of(folder)
    return record if record and photo_sets.intact(folder, record) else None


def _bring(
    name: str, *, progress: bool, anew: bool, errors=(), look=photo_sets.set_of, failures=None
) -> tuple[dict, str]:
    """See to it that a set of photos is in the cache; return its record and where it was found.

    `look` gives the record of the set that is there, if it is good: `_verified` reads each file.
    Where no place has all, a part will do; what went wrong comes to the list `failures`.
    """
    root = data_folder() / name
    record = look(root / "whole")
    if record and not _lacking(name, record):
        return record, "the cache"
    made: dict[str, dict] = {}
    try:
        with download.locked(root, progress=progress):
            _tidy(root)
            record = look(root / "whole")
            if record and not _lacking(name, record):  # another process has brought it by now
                return record, "the cache"
            origin = _bring_anew(name, record, list(errors), made, progress=progress, anew=anew)
            return made["record"], origin
    except DataError as error:
        record = made.get("record", record)
        full = isinstance(error, StorageError) and "record" in made
        if full or not record or not _is_usable(name, _counts(record)):
            raise
        if failures is not None:
            failures.append(error)
        return record, f"{sources.called(record['source']) if made else 'the cache'}, in part"


def _bring_anew(name, record, errors, made, *, progress: bool, anew: bool) -> str:
    """Make a set from the first place that has it whole, or else from that with the most of it.

    `record` is that of the part that is there, `errors` go before those of the places, and the
    record of what was made comes to `made`. The set's folder is locked.
    """
    root = data_folder() / name
    with download.storage_errors(f"Preparing {root}", root):
        for left in root.glob("*.unpacked*"):  # by a process that was killed
            shutil.rmtree(left)
    if record or (root / "whole").exists():
        attempt, reason = f"Reading {root / 'whole'}", "the cached photos are damaged"
        if record:
            reason = f"the cache has it in part, {_in_part(name, _counts(record), record['given'])}"
        errors.append(DataError(attempt, reason, "They are replaced as soon as possible"))
    dataset, mirror = DATASETS[name], sources.mirror()
    file = dataset.files[0].name
    places: list[str | Path] = [host + file for host in dataset.hosts]
    if isinstance(mirror, Path):
        places.insert(0, _in_mirror(name, mirror))
    elif mirror:
        places.insert(0, f"{mirror}/{file}")
    best = record

    def bring(place: str | Path) -> None:
        nonlocal best

        def check(counts: dict[str, int], left_out: list) -> None:
            """Raise DataError if there is too little in a place to be kept."""
            whole = all(counts.get(group, 0) >= n for group, n in WHOLE[name].items())
            more = not best or sum(counts.values()) > sum(_counts_in(best, counts).values())
            if not whole and not (more and _is_usable(name, counts)):
                raise _partial(name, place, counts, None, left_out)

        brought = _bring_from(name, place, root, check, progress=progress)
        best = made["record"] = brought
        if _lacking(name, brought):
            given, left_out = brought["given"], brought["left_out"]
            raise _partial(name, place, _counts(brought), given, left_out)

    return sources.from_first(
        places, bring, title=dataset.title, name=name, errors=errors, anew=anew
    )


def _counts_in(record: dict, groups) -> dict[str, int]:
    counts = _counts(record)
    return {group: counts.get(group, 0) for group in groups}


def _partial(name: str, place: str | Path, counts, given, left_out: list) -> DataError:
    reason = f"{sources.called(place)} has {name} in part, {_in_part(name, counts, given)}"
    if left_out:
        reason += f"; left out: {photo_sets.some(left_out)}"
    return DataError(f"Copying {place}", reason, "Copy it again, all of it")


def _in_mirror(name: str, mirror: Path) -> Path:
    """The set in a mirror's folder: a folder with its photos if there is one, else its zip.

    The mirror may be a copy of a cache as well, with name/whole/images, but not the cache itself.
    """
    copy = mirror / name / "whole"
    for folder in (mirror / top for top in _LAYOUTS[name][:2]):  # the second: as the zip unpacks
        if _is_folder(folder):
            return folder
    itself = (data_folder() / name / "whole").resolve() == copy.resolve()
    if _is_folder(copy) and not itself:
        return copy / "images"
    return mirror / DATASETS[name].files[0].name


def _is_folder(path: Path) -> bool:
    """Whether there is a folder, or what it is cannot be read: reading its files will tell."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def _bring_from(name: str, place: str | Path, root: Path, check, *, progress: bool) -> dict:
    """Make a set of what a place has, if `check` takes its numbers of photos; its record."""
    _, top, layout = _LAYOUTS[name]
    if not download.is_url(place) and _is_folder(Path(place)):
        return _copy_folder(name, Path(place), root, check, progress=progress)
    archive, unpacked = root / DATASETS[name].files[0].name, root / ".unpacked"
    record = download.record_of(archive)
    try:
        # One that is here whole was not used up: the process was ended while it was unpacked.
        if not record or record["source"] != str(place):
            download.obtain(
                place,
                archive,
                check=lambda path: _check_zip(path, name, published=download.is_url(place)),
                progress=progress,
            )
        try:
            download.extract_zip(archive, unpacked)
            base = unpacked / top
            groups, unused = _groups(base, layout)
            made = photo_sets.make_set(
                root / "whole", base, groups, unused=unused,
                source=str(place), move=True, check=check, progress=progress,
            )  # fmt: skip
        except StorageError:
            raise
        except DataError:
            _delete(archive)  # so that the next try downloads it again
            raise
        _delete(archive)  # the photos are in `whole` now
        return made
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _copy_folder(name: str, place: Path, root: Path, check, *, progress: bool) -> dict:
    """Make a set of a mirror's folder, or of one in a mirror that is a copy of a cache."""
    layout, kept = _LAYOUTS[name][2], {}
    if place.name == "images":
        layout, copy = _SAME, photo_sets.set_of(place.parent)
        # One of an earlier edition has no digests; each file is looked at below, anyhow.
        if not copy or ("digests" in copy and not photo_sets.intact(place.parent, copy)):
            raise DataError(
                f"Copying {place}",
                f"the mirror's copy of {name} is not complete, or was changed",
                "Copy the whole data folder again",
            )
        if _lacking(name, copy):
            check(_counts(copy), copy["left_out"])
        told = ("given", "left_out", "changed", "repeated")
        kept = {"counts": _counts(copy)} | {key: copy[key] for key in told}
    groups, unused = _groups(place, layout)
    there = {group: len(files) for group, files in groups.items()}
    if not kept and any(there[group] < n for group, n in WHOLE[name].items()):
        check(there, unused)  # before they are read
    try:
        return photo_sets.make_set(
            root / "whole", place, groups, source=str(place), unused=unused,
            check=None if kept else check, kept=kept, progress=progress,
        )  # fmt: skip
    except StorageError:
        raise
    except DataError as error:
        raise DataError(error.attempt, f"the mirror: {error.reason}", error.advice) from error


def _delete(archive: Path) -> None:
    archive.unlink(missing_ok=True)
    archive.with_name(archive.name + ".json").unlink(missing_ok=True)


def _check_zip(path: Path, name: str, *, published: bool) -> None:
    """Raise ValueError unless the zip is whole and has photos in each folder it should have."""
    _, top, layout = _LAYOUTS[name]
    if name == "pets-all" and published:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(ALL_HASH):
            raise ValueError(f"its sha256 begins {digest[:8]}, not {ALL_HASH}")
    with zipfile.ZipFile(path) as zipped:
        members = zipped.namelist()
        for folder in layout:
            inside = f"{top}/{folder}/"
            if not any(name.startswith(inside) and name[-1] != "/" for name in members):
                raise ValueError(f"it has no photos in {top}/{folder}")
        damaged = zipped.testzip()
    if damaged:
        raise ValueError(f"{damaged} in it is damaged")


def _groups(base: Path, layout: dict[str, str]) -> tuple[dict[str, list[Path]], list]:
    """The files for each folder of the cache: "train/cats" or, where it is to be split, "cats";
    and (name, why) of folders that cannot be looked into."""
    groups, unused = {}, []
    for folder, goal in layout.items():
        groups[goal], left_out = photos.look_below(base / folder)
        unused += [(printable(path.relative_to(base), instead="?"), why) for path, why in left_out]
    return groups, unused


# Making the folders


def _choose(name, record, counts, seed, origin, *, progress) -> tuple[Pets, list[str]]:
    """A folder with so many photos of each class: all, or a part made of hard links.

    Raises:
        _Gone: the set is not there any more.
    """
    root = data_folder() / name
    chosen, folder = _chosen(root, record, counts, seed)
    if folder != root / "whole" and not _is_part(folder, record):
        with download.locked(root, progress=progress):
            now = photo_sets.set_of(root / "whole")  # another process may have replaced it
            if not now:
                gone = "they were removed, or damaged, meanwhile"
                raise _Gone(f"Choosing among the photos in {root}", gone, "Try again")
            record = {**now, "origin": record["origin"]}
            chosen, folder = _chosen(root, record, counts, seed)
            if folder != root / "whole" and not _is_part(folder, record):
                photo_sets.make_part(root / "whole", folder, record, chosen, seed)
    lines = [_line(record, chosen, origin, counts), *_remarks(record, root / "whole", chosen)]
    return Pets(folder / "images", record["origin"]), lines


def _chosen(root: Path, record: dict, counts, seed) -> tuple[dict, Path]:
    """How many photos of each class are taken, and the folder where they are, or will be."""
    have = _have(record)
    chosen = {
        part: {
            cls: n if counts[part] is None else min(counts[part] // 2, n)
            for cls, n in have[part].items()
        }
        for part in PARTS
    }
    if chosen == have:
        return chosen, root / "whole"
    label = "+".join("-".join(map(str, chosen[part].values())) for part in PARTS)
    return chosen, root / f"part-{label}-seed{seed}"


def _is_part(folder: Path, record: dict) -> bool:
    """Whether a part was made, of the very set that has this record."""
    made = photo_sets.record_of(folder)
    return made is not None and made.get("of") == record["date"]


def _load_drawn(counts, size, reason, *, progress) -> tuple[Pets, str]:
    n = {part: DRAWN[part] if counts[part] is None else counts[part] for part in PARTS}
    root = data_folder() / "pets-drawn"
    folder = root / f"v{drawn.PETS_VERSION}-{size}px-{n['train']}+{n['validation']}"
    if not _drawn_whole(folder, n):
        with download.locked(root, progress=progress):
            _tidy(root)
            if not _drawn_whole(folder, n):  # nor has another process drawn it by now
                _draw(folder, n, size, progress=progress)
    line = f"Cats and dogs: {n['train']:,} + {n['validation']:,} drawn by the course"
    return Pets(folder / "images", "drawn"), f"{line}, in place of photos ({reason})"


def _drawn_whole(folder: Path, n: dict[str, int]) -> bool:
    """Whether all that was to be drawn is there, half of each class."""
    record = photo_sets.record_of(folder)
    files = [name.rpartition("/")[0] for name in record["files"]] if record else []
    return record is not None and all(
        files.count(f"{part}/{cls}") == n[part] // 2 for part in PARTS for cls in CLASSES
    )


def _draw(folder: Path, n: dict[str, int], size: int, *, progress: bool) -> None:
    with photo_sets.replacing(folder) as new:
        for part in PARTS:
            target = new / "images" / part
            for cls in CLASSES:
                (target / cls).mkdir(parents=True)
            if n[part]:  # whole blocks, in which the classes are balanced, less what is too much
                blocks = -(-n[part] // BLOCK) * BLOCK
                drawn.save_pets(
                    target, blocks, size=size, seed=DRAWN_SEEDS[part], progress=progress
                )
            for path in target.glob("*/*.jpg"):
                if int(path.stem.rpartition(".")[2]) > n[part] // 2:  # "cat.0006"
                    path.unlink()
        photo_sets.write_record(new, {"version": drawn.PETS_VERSION})


# Telling


def _have(record: dict) -> dict[str, dict[str, int]]:
    """How many photos there are: {"train": {"cats": 1000, ...}, ...}."""
    have = {part: dict.fromkeys(record["classes"], 0) for part in PARTS}
    for name in record["files"]:
        part, cls, _ = name.split("/")
        have[part][cls] += 1
    return have


def _line(record: dict, chosen: dict, origin: str, counts: dict | None = None) -> str:
    train, validation = (sum(chosen[part].values()) for part in PARTS)
    there = " + ".join(f"{sum(n.values()):,}" for n in _have(record).values())
    line = f"{_title(record)}: {train:,} training and {validation:,} validation photos"
    if not counts:
        return f"{line}, copied from {printable(record['source'])}"
    asked = [counts[part] for part in PARTS]
    short = any(n is not None and n > sum(chosen[part].values()) for part, n in counts.items())
    if short:
        wanted = " + ".join("all" if n is None else f"{n:,}" for n in asked)
        return f"{line}, {origin} ({there} there, {wanted} asked for)"
    return f"{line}, {origin} ({there} there)"


def _title(record: dict) -> str:
    if record["origin"] != "own":
        return "Cats and dogs"
    first, second = record["classes"]
    return f"{first[:1].upper()}{first[1:]} and {second}"


def _remarks(record: dict, folder: Path, chosen: dict) -> list[str]:
    """What is to be told of the import: a line, or none if every file came in as it was; and, of
    own photos, how few or unequal those are that were chosen."""
    told, in_both = [], record["in_both"]
    for pairs, what in (
        (record["left_out"], f"{len(record['left_out']):,} of {record['given']:,} files left out"),
        (record["repeated"], _repeated(record)),
        (record["changed"], f"{counted(len(record['changed']), 'file')} made plain RGB JPEG"),
    ):  # fmt: skip
        if pairs:
            told.append(f"{what}: {photo_sets.some(pairs)}")
    if told:
        told.append(f"All of it: {printable(folder / 'report.txt')}")
    lines = [f"  {record['note']}."] * bool(record["note"])
    lines += ["  " + ". ".join(told)] * bool(told)
    if in_both:
        pairs = "; ".join(" and ".join(pair) for pair in in_both[: photo_sets.NAMES_TOLD])
        more = f" and {len(in_both) - photo_sets.NAMES_TOLD:,} more"
        pairs += more * (len(in_both) > photo_sets.NAMES_TOLD)
        lines.append(f"  The same photo is in both classes: {pairs}. "
                     "One label must be wrong, or the photo fits both.")  # fmt: skip
    alike = record["alike"] if record["origin"] == "own" else _on_both_sides(record["alike"])
    if alike:
        n = sum(map(len, alike))
        lines.append(f"  {n:,} photos look alike: check whether some are the same; "
                     f"{printable(folder / 'report.txt')} names them.")  # fmt: skip
    if record["origin"] == "own":
        lines += _few_or_unequal(record, chosen)
    return lines


def _on_both_sides(groups: list[list[str]]) -> list[list[str]]:
    """The groups of which some photos are in training, others in validation."""
    sides = [f"{part}/" for part in PARTS]
    return [
        group
        for group in groups
        if all(any(name.startswith(side) for name in group) for side in sides)
    ]


_PHOTOS_OF = {"train": "training", "validation": "validation"}


def _few_or_unequal(record: dict, chosen: dict) -> list[str]:
    """A line each if there are few photos for training, or far more of one class."""
    lines, have = [], _have(record)
    fewest = min(have["train"].values())
    if fewest < FEW_OWN:
        few = counted(fewest, "training photo")
        lines.append(f"  Only {few} of a class: results will vary a lot.")
    if any(max(n.values()) > FAR_APART * min(n.values()) for n in chosen.values()):
        n = {cls: sum(chosen[part][cls] for part in PARTS) for cls in record["classes"]}
        small, large = sorted(n, key=n.get)
        part = "validation" if any(chosen["validation"].values()) else "train"
        share = chosen[part][large] / sum(chosen[part].values())
        right = f"{share:.0%}" if share < 0.995 else "more than 99%"  # of 2,000 some are others
        lines.append(
            f"  Unequal classes: {n[small]:,} of {small}, {n[large]:,} of {large}. "
            f"Guessing {large} every time is right for {right} "
            f"of the {_PHOTOS_OF[part]} photos."
        )
    return lines


def _repeated(record: dict) -> str:
    """How many photos are there more than once, and what was done with them."""
    names = [name for name, _ in record["repeated"]]
    copies = counted(len(names), "copy of another photo", "copies of other photos")
    if record["origin"] == "own" and not record["part_names"]:
        return f"{copies} kept on one side"
    if names and names[0].startswith("validation/"):
        return f"{counted(len(names), 'validation photo')} also in training left out"
    return f"{copies} left out"
