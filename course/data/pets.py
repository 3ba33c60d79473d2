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
"""

import hashlib
import os
import shlex
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

from course import drawn
from course.data import download, own_photos, photo_sets, photos, sources
from course.data.download import DataError, StorageError
from course.data.photo_sets import PARTS, SEED
from course.data.sources import DataFile, Dataset, Status, data_folder
from course_utils.arguments import check_integer
from course_utils.texts import counted

__all__ = ["DATASETS", "Pets", "Removed", "add_pets", "fetch", "load_pets", "remove_pets"]

CLASSES = ("cats", "dogs")
DRAWN = {"train": 2000, "validation": 1000}  # how many are drawn unless asked otherwise
DRAWN_SEEDS = {"train": sources.TRAIN_SEED, "validation": sources.TEST_SEED}
MIN_SIZE = 32  # pixels; smaller drawn animals cannot be told apart
MOST = 25_000  # photos that there are in all
BLOCK = 10  # pictures in a row of which just half are cats
FEW_OWN = 10  # with fewer training photos in a class of one's own, a warning is given
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
            choice is part of a larger one, and always the same. None for all there are: 2,000
            photos, or 2,000 drawn.
        n_validation: the same for validation; None: 1,000.
        size: typical side of drawn images, in pixels, >= 32. Photos keep their own sizes.
        source: "auto" (the learner's own photos, see `add_pets`, else cache, mirror, download,
            else drawn), "real" (the same, but never drawn), "own", "all" (the 25,000 photos of
            which the others are a part: a download of 825 MB) or "embedded" (drawn).
        seed: of the choice among photos. What is drawn does not depend on it.
        verbose: print one line that says what was prepared, and from where, and a second one if
            files were left out or changed; show progress bars.
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
        print("\n".join(lines) + sources.told_of_place())
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

    Args:
        path: a folder with two class folders of any names, of which a fifth of each becomes
            validation; or with train/ and validation/ (or val/, valid/, test/), each with the
            same two class folders. Each class needs at least 5 photos, with two parts 5 for
            training and 1 for validation. Nothing in it is changed.
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
    path = Path(os.path.abspath(Path(path).expanduser()))  # without "..", links as they are
    _refuse_data_folder(path)
    root = data_folder() / OWN
    groups, part_names, unused = own_photos.find_classes(path)
    with download.locked(root, progress=verbose):
        _tidy(root)
        before = photo_sets.notes_of(root / "whole")
        record = photo_sets.make_set(
            root / "whole", path, groups, source=str(path), origin="own", seed=seed,
            part_names=part_names, unused=unused, progress=verbose,
        )  # fmt: skip
    if verbose:
        lines = [_line(record, _have(record), ""), *_remarks(record, root / "whole")]
        if before:
            replaced = counted(len(before.get("files", ())), "photo")
            lines.append(
                f"  This replaces {replaced} from {before.get('source', 'another folder')}."
            )
        print("\n".join(lines) + sources.told_of_place())
    return Pets(root / "whole" / "images", "own")


def _refuse_data_folder(path: Path) -> None:
    """Raise DataError for the cache, a folder in it, or one that holds it."""
    cache, real = data_folder().resolve(), path.resolve()
    if real.is_relative_to(cache) or cache.is_relative_to(real):
        relation = "is in" if real.is_relative_to(cache) else "holds"
        raise DataError(
            f"Adding the photos in {path}",
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
        if whole.exists() and not yes and not (source and Path(source).is_dir()):
            gone = (
                f"{source}, where they came from, is gone"
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


def fetch(name: str, *, progress: bool = True) -> str:
    """Bring "pets" or "pets-all" into the cache, whole; return where it was found.

    What is there already is kept if every file has the very bytes that were stored.

    Raises:
        StorageError: the cache cannot be written.
        DataError: no place has the photos; the message lists each.
    """
    return _bring(name, progress=progress, anew=True, look=_verified)[1]


def remarks(name: str) -> list[str]:
    """What is to be told of "pets" or "pets-all": files left out or changed, own photos in use."""
    record = photo_sets.record_of(data_folder() / name / "whole")
    lines = _remarks(record, data_folder() / name / "whole") if record else []
    if name == "pets" and own_in_use():
        lines.append("  lessons use your own photos until: course data remove pets")
    return lines


def status_of(name: str) -> Status:
    """What is in the cache of "pets" or "pets-all"; reads every file, uses no network."""
    record, here = _here(data_folder() / name)
    dataset, mirror = DATASETS[name], sources.mirror()
    if name == "pets-all":
        would_use = 'pets, unless source="all" is asked for'
    elif own_in_use():
        would_use = "your own photos"
    elif record:
        would_use = "the cache"
    elif isinstance(mirror, Path) and _in_mirror(name, mirror).exists():
        would_use = "the mirror"
    elif download.offline():
        would_use = "drawn cats and dogs"
    else:
        megabytes = sum(file.megabytes for file in dataset.files)
        would_use = f"a download ({megabytes:,.0f} MB), or drawn cats and dogs"
    return _status(name, record, here, would_use)


def own_in_use() -> bool:
    """Whether lessons use the learner's own photos: they are here, or can be copied anew."""
    root = data_folder() / OWN
    if photo_sets.record_of(root / "whole"):
        return True
    source = _source_of(root)
    return (root / "whole").exists() and bool(source) and Path(source).is_dir()


def own_status() -> list[Status]:
    """The status of the learner's own photos, if any were added; reads every file."""
    record, here = _here(data_folder() / OWN)
    source = _source_of(data_folder() / OWN)
    would_use = "the cache" if record else f"{source}, copied anew"
    if not own_in_use():
        would_use = "pets: the folder these came from is gone"
    return [] if here == "none" else [_status(OWN, record, here, would_use)]


def _here(root: Path) -> tuple[dict | None, str]:
    record = photo_sets.record_of(root / "whole")
    damaged = record and "digests" in record and not photo_sets.intact(root / "whole", record)
    if record and not damaged:
        return record, "all"
    return record, "damaged" if (root / "whole").exists() else "none"


def _status(name: str, record: dict | None, here: str, would_use: str) -> Status:
    return Status(
        name=name,
        here=here,
        source=sources.called(record["source"]) if record and name != OWN
        else _source_of(data_folder() / OWN) if name == OWN else "",
        megabytes=sum(record["files"].values()) / 1e6 if record else 0.0,
        verified=here == "all" and "digests" in record,
        would_use=would_use,
    )  # fmt: skip


# Finding and fetching


def _load_photos(counts, source, seed, errors, *, progress) -> tuple[Pets, list[str]]:
    """The folder and its lines; what was wrong with the learner's own photos goes to `errors`."""
    note = ""
    if source != "all":
        try:
            record, origin = _own(progress=progress)
            return _choose(OWN, record, counts, seed, origin, progress=progress)
        except _NoneAdded:
            if source == "own":
                raise
        except DataError as error:
            if source != "auto" or isinstance(error, StorageError):
                raise
            errors.append(error)
            note = f". {error.reason[0].upper()}{error.reason[1:]}. {error.advice}"
    name, anew = ("pets-all" if source == "all" else "pets"), source != "auto"
    record, origin = _bring(name, progress=progress, anew=anew, errors=errors)
    pets, lines = _choose(name, record, counts, seed, f"from {origin}", progress=progress)
    return pets, [lines[0] + note, *lines[1:]]


class _NoneAdded(DataError):
    """There are no photos of the learner's own."""


def _own(*, progress) -> tuple[dict, str]:
    """The record of the learner's own photos, which are copied anew if they were damaged."""
    root = data_folder() / OWN
    attempt = "Loading your own photos"
    if not (root / "whole").exists() and any(root.glob(".making-*")):  # killed, or at work
        with download.locked(root, progress=progress):
            _tidy(root)
    if not (root / "whole").exists():
        raise _NoneAdded(attempt, "none were added", "Add them: course data add pets FOLDER")
    record = photo_sets.record_of(root / "whole")
    if record:
        return record, "your own"
    source, damaged = _source_of(root), "the copies of your own photos are damaged"
    other = "Add another folder (course data add pets FOLDER), or: course data remove pets"
    if not source:
        raise DataError(attempt, f"{damaged}, and where they came from is not known", other)
    if not Path(source).is_dir():
        raise DataError(attempt, f"{damaged}, and {source}, where they came from, is gone", other)
    try:
        add_pets(source, seed=_seed_of(root), verbose=False)
    except StorageError:
        raise
    except DataError as error:
        reason = f"{damaged}, and copying them anew failed ({error.reason})"
        advice = f"Mend {source}, then: course data add pets {shlex.quote(source)}"
        raise DataError(attempt, reason, f"{advice}; or: course data remove pets") from error
    origin = f"your own, copied anew from {source} because the copies were damaged"
    return photo_sets.record_of(root / "whole"), origin


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
    record = photo_sets.record_of(folder)
    return record if record and photo_sets.intact(folder, record) else None


def _bring(
    name: str, *, progress: bool, anew: bool, errors=(), look=photo_sets.record_of
) -> tuple[dict, str]:
    """See to it that a set of photos is in the cache; return its record and where it was found.

    `look` gives the record of the set that is there, if it is good: `_verified` reads each file.
    """
    root = data_folder() / name
    record = look(root / "whole")
    if record:
        return record, "the cache"
    with download.locked(root, progress=progress):
        _tidy(root)
        record = look(root / "whole")
        if record:  # another process has brought it by now
            return record, "the cache"
        with download.storage_errors(f"Preparing {root}", root):
            for left in root.glob("*.unpacked*"):  # by a process that was killed
                shutil.rmtree(left)
        dataset, mirror = DATASETS[name], sources.mirror()
        errors = list(errors)
        if (root / "whole").exists():
            attempt, reason = f"Reading {root / 'whole'}", "the cached photos are damaged"
            errors.append(DataError(attempt, reason, "They are replaced as soon as possible"))
        file = dataset.files[0].name
        places: list[str | Path] = [host + file for host in dataset.hosts]
        if isinstance(mirror, Path):
            places.insert(0, _in_mirror(name, mirror))
        elif mirror:
            places.insert(0, f"{mirror}/{file}")
        origin = sources.from_first(
            places,
            lambda place: _bring_from(name, place, root, progress=progress),
            title=dataset.title,
            name=name,
            errors=errors,
            anew=anew,
        )
    return photo_sets.record_of(root / "whole"), origin


def _in_mirror(name: str, mirror: Path) -> Path:
    """The set in a mirror's folder: a folder with its photos if there is one, else its zip.

    The mirror may be a copy of a cache as well, with name/whole/images, but not the cache itself.
    """
    folder, copy = mirror / _LAYOUTS[name][0], mirror / name / "whole"
    if folder.is_dir():
        return folder
    itself = (data_folder() / name / "whole").resolve() == copy.resolve()
    if copy.is_dir() and not itself:
        return copy / "images"
    return mirror / DATASETS[name].files[0].name


def _bring_from(name: str, place: str | Path, root: Path, *, progress: bool) -> None:
    _, top, layout = _LAYOUTS[name]
    if not download.is_url(place) and Path(place).name == "images":
        layout = _SAME
        if not _verified(Path(place).parent):
            raise DataError(
                f"Copying {place}",
                f"the mirror's copy of {name} is not complete, or was changed",
                "Copy the whole data folder again",
            )
    if not download.is_url(place) and Path(place).is_dir():
        photo_sets.make_set(
            root / "whole", Path(place), _groups(Path(place), layout),
            source=str(place), progress=progress,
        )  # fmt: skip
        return
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
            photo_sets.make_set(
                root / "whole", base, _groups(base, layout),
                source=str(place), move=True, progress=progress,
            )  # fmt: skip
        except StorageError:
            raise
        except DataError:
            _delete(archive)  # so that the next try downloads it again
            raise
        _delete(archive)  # the photos are in `whole` now
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


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


def _groups(base: Path, layout: dict[str, str]) -> dict[str, list[Path]]:
    """The files for each folder of the cache: "train/cats" or, where it is to be split, "cats"."""
    return {goal: photos.files_below(base / folder) for folder, goal in layout.items()}


# Making the folders


def _choose(name, record, counts, seed, origin, *, progress) -> tuple[Pets, list[str]]:
    """A folder with so many photos of each class: all, or a part made of hard links."""
    root = data_folder() / name
    have = _have(record)
    chosen = {
        part: {
            cls: n if counts[part] is None else min(counts[part] // 2, n)
            for cls, n in have[part].items()
        }
        for part in PARTS
    }
    folder = root / "whole"
    if chosen != have:
        label = "+".join("-".join(map(str, chosen[part].values())) for part in PARTS)
        folder = root / f"part-{label}-seed{seed}"
        made = photo_sets.record_of(folder)
        if not made or made["of"] != record["date"]:
            with download.locked(root, progress=progress):
                made = photo_sets.record_of(folder)
                if not made or made["of"] != record["date"]:  # nor has another process made it
                    photo_sets.make_part(root / "whole", folder, record, chosen, seed)
    lines = [_line(record, chosen, origin, counts), *_remarks(record, root / "whole")]
    return Pets(folder / "images", record["origin"]), lines


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
        return f"{line}, copied from {record['source']}"
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


def _remarks(record: dict, folder: Path) -> list[str]:
    """What is to be told of the import: a line, or none if every file came in as it was."""
    told, in_both = [], record.get("in_both", ())  # sets of an earlier course have no such key
    for pairs, what in (
        (record["left_out"], f"{len(record['left_out']):,} of {record['given']:,} files left out"),
        (record["repeated"], _repeated(record)),
        (in_both, f"{counted(len(in_both), 'photo')} in both classes, so that one label is wrong"),
        (record["changed"], f"{counted(len(record['changed']), 'file')} made plain RGB JPEG"),
    ):  # fmt: skip
        if pairs:
            told.append(f"{what}: {photo_sets.some(pairs)}")
    if told:
        told.append(f"All of it: {folder / 'report.txt'}")
    lines = ["  " + ". ".join(told)] if told else []
    fewest = min(_have(record)["train"].values())
    if record["origin"] == "own" and fewest < FEW_OWN:
        few = counted(fewest, "training photo")
        lines.append(f"  Only {few} of a class: results will vary a lot.")
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
