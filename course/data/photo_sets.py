"""Sets of photos in the cache: train/ and validation/, each with two class folders.

A set is a folder with `images/`, `record.json` (the names, sizes and digests of the images, and
how they came here) and `report.txt`. `replacing` makes one so that it is whole or not there.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from course.data import download, photos
from course.data.download import DataError
from course_utils.texts import counted, printable

__all__ = [
    "PARTS",
    "intact",
    "make_part",
    "make_set",
    "notes_of",
    "record_of",
    "replacing",
    "set_of",
    "some",
    "write_record",
]

PARTS = ("train", "validation")
SEED = 0  # of the choice of a part, and of what becomes validation
VALIDATION_SHARE = 0.2  # of photos that come in two folders only
MIN_OWN = 5  # photos in each class of one's own; with parts, in that for training
NAMES_TOLD = 3  # of the files that were left out; report.txt has all


def record_of(folder: Path) -> dict | None:
    """The record of a set, if all its images are there, of the right sizes, and no others.

    Returns:
        dict; or None if the set is missing or was changed. That is found out by names and
        sizes alone, which takes 20 ms for 3,000 photos; see `intact` for their content.
    """
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        return record if _sizes(folder / "images") == record["files"] else None
    except (OSError, ValueError, KeyError, TypeError):  # no set, or not one of ours
        return None


def set_of(folder: Path) -> dict | None:
    """The record of a whole set as `make_set` keeps it, or None as in `record_of`.

    What an earlier edition of the course didn't keep is filled in, or empty: `anew` and `counts`
    are then missing.
    """
    record = record_of(folder)
    try:
        names = [name.split("/") for name in record["files"]]
        classes = sorted({cls for part, cls, _ in names if part in PARTS})
        whole = {(part, cls) for part, cls, _ in names} == {
            (part, cls) for part in PARTS for cls in classes
        }
    except (AttributeError, TypeError, ValueError):  # no set, or one of another kind
        return None
    usual = {"source": "", "origin": "photos", "seed": SEED, "part_names": {}, "date": "",
             "given": len(names), "note": "", "left_out": [], "changed": [], "repeated": [],
             "in_both": [], "alike": []}  # fmt: skip
    return {**usual, **record, "classes": classes} if whole and len(classes) == 2 else None


def intact(folder: Path, record: dict) -> bool:
    """Whether each image has the very bytes that were stored; reads them all.

    Args:
        folder: the set, whose names and sizes are right: see `record_of`.
        record: its record; without digests, as that of a part has none, the answer is no.
    """
    try:
        return _digests(folder / "images", record["files"]) == record["digests"]
    except (OSError, KeyError):
        return False


def write_record(folder: Path, record: dict, *, digests: bool = False) -> dict:
    """Finish a set that is being made: add names, sizes and date; return the record.

    Args:
        folder: holds images/; the record goes there.
        record: what else is to be kept.
        digests: keep also a digest of each image, for `intact`.
    """
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    record = {**record, "date": now, "files": _sizes(folder / "images")}
    if digests:
        record["digests"] = _digests(folder / "images", record["files"])
    text = json.dumps(record, indent=1)
    (folder / "record.json").write_text(text, encoding="utf-8")
    return record


def _sizes(images: Path) -> dict[str, int]:
    sizes, pending = {}, [("", images)]
    while pending:  # os.scandir, because the 25,000 files of pets-all are looked at each time
        above, folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if photos.is_hidden(entry.name):
                    continue
                if entry.is_dir():
                    pending.append((f"{above}{entry.name}/", Path(entry.path)))
                else:
                    sizes[above + entry.name] = entry.stat().st_size
    return dict(sorted(sizes.items()))


def _digests(images: Path, names) -> dict[str, str]:
    return {
        name: hashlib.blake2b((images / name).read_bytes(), digest_size=16).hexdigest()
        for name in names
    }


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Make a set in a scratch folder, which takes `folder`'s place at the very end.

    Call it inside `download.locked(folder.parent)`. If anything is raised, or the process is
    killed, `folder` is as it was.

    Raises:
        StorageError: it cannot be written, or the disk is full.
    """
    with download.storage_errors(f"Storing photos in {folder}", folder.parent):
        tidy(folder.parent)
        with download.replacing(folder, f".making-{folder.name}-") as new:
            yield new


def tidy(folder: Path) -> None:
    """Clear away what killed processes left in `folder`, which must be locked."""
    for scratch in folder.glob(".making-*"):
        for old in scratch.glob("old-*"):  # killed between the two renames above
            target = folder / old.name.removeprefix("old-")
            if not target.exists():
                os.rename(old, target)
        shutil.rmtree(scratch, ignore_errors=True)


def notes_of(folder: Path) -> dict:
    """What a set's record says, be its images there or not; {} without a record."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # damaged as well
        return {}
    return record if isinstance(record, dict) else {}


def make_set(
    folder: Path,
    base: Path,
    groups: dict[str, list[Path]],
    *,
    source: str,
    progress: bool,
    origin: str = "photos",
    move: bool = False,
    seed: int = SEED,
    part_names: dict[str, str] | None = None,
    unused: list[tuple[str, str]] = (),
    check: Callable[[dict[str, int], list], None] | None = None,
    kept: dict | None = None,
) -> dict:
    """Make a set of these files: checked, split, without copies, and whole or not there at all.

    Photos of validation that are in training too, pixel for pixel, are left out. Call it inside
    `download.locked(folder.parent)`; other sets there, parts of the one before, are deleted.

    Args:
        folder: where the set goes; what was there is replaced at the very end.
        base: the folder that the files' names are told from.
        groups: "train/cats" -> its files, for two parts and two classes; or "cats" -> its files,
            a fifth of which becomes validation.
        source: where the files come from, for the record.
        progress: show progress bars.
        origin: "photos", or "own" for the learner's: each is saved anew; 5 or more of each class
            are needed, in both parts or in that for training; exact copies of a photo are kept,
            on one side, instead of left out when the files are split; those that are in both
            classes are recorded. About photos that look alike nothing is done in any set.
        move: take the files away from `base` instead of copying them.
        seed: of the split.
        part_names: what `base` calls the parts, for the messages.
        unused: (name, why) of files that are left out already.
        check: called with the number of good photos in each group, and with (name, why) of what
            is left out; raises if they won't do.
        kept: what else the record keeps, or keeps in place of what is found here.
    Returns:
        the record: what `write_record` keeps, and what was left out, changed or repeated.
    Raises:
        StorageError: it cannot be written.
        DataError: a class has no photo left; the message says what was wrong with its files.
    """
    own = origin == "own"
    attempt = f"Adding the photos in {printable(base)}" if own else f"Importing {source}"
    divided = any("/" in group for group in groups)
    with replacing(folder) as new:
        images = new / "images"
        came = images if divided else new / "came"  # a class may be called train
        imported = photos.import_photos(
            groups, came, root=base, move=move, progress=progress, anew=own
        )
        classes = sorted({group.split("/")[-1] for group in groups})
        folders = {path.parent for paths in groups.values() for path in paths}
        if imported.left_out and not all(map(os.path.isdir, folders)):  # where a disk was, one is
            reason = f"{printable(base)}, or a folder in it, went away while its files were read"
            raise DataError(attempt, reason, "Check that its disk is there, and try again")
        _refuse_few(imported, groups, base, attempt, origin, part_names or {})
        counts = {group: sum(name.startswith(f"{group}/") for name in imported.photos)
                  for group in groups}  # fmt: skip
        left_out = [*unused, *imported.left_out]
        if check:
            check(counts, left_out)
        in_both = _in_both_classes(imported.photos) if own else []
        alike = _look_alikes(imported.photos, progress=progress)
        if divided:
            repeated = _leave_out_repeated(imported, images)
        else:
            repeated = _split(imported, came, images, classes, seed, keep=own)
        for part in PARTS:
            for name in classes:
                if not any(photo.startswith(f"{part}/{name}/") for photo in imported.photos):
                    reason = f"no photo of {name} is left for {part}: the others are copies of one"
                    advice = "Add photos that differ" if own else "Use another copy"
                    if own and divided:
                        train, there = ((part_names or {}).get(one, one) for one in PARTS)
                        reason = (
                            f"no photo of {name} is left for {part}: "
                            f"all of those in {there} are in {train} as well"
                        )
                        advice = (
                            f"Put others into {there}, or give {train} alone: "
                            "a fifth of it becomes validation"
                        )
                    raise DataError(attempt, reason, advice)
        record = {
            "source": source,
            "origin": origin,
            "seed": seed,
            "classes": classes,
            "part_names": part_names or {},
            "given": sum(map(len, groups.values())) + len(unused),
            "counts": counts,
            "left_out": left_out,
            "changed": imported.changed,
            "repeated": repeated,
            "in_both": in_both,
            "alike": alike,
            "anew": own,
            "note": "",
            **(kept or {}),
        }
        _write_report(new / "report.txt", record)
        record = write_record(new, record, digests=True)
    for part in folder.parent.iterdir():  # choices among the photos that were here before
        if part.is_dir() and part != folder and not part.name.startswith("."):
            shutil.rmtree(part, ignore_errors=True)
    return record


def _refuse_few(imported, groups, base, attempt, origin, part_names) -> None:
    """Raise DataError if a class has no photo left, or too few of one's own."""
    few = []
    for group, files in groups.items():
        n = sum(name.startswith(f"{group}/") for name in imported.photos)
        if n < MIN_OWN and origin == "own" and not group.startswith("validation/"):
            few.append((group, n))
        if not n:
            there = _given_name(group, part_names)
            bad = [] if not files else _bad_in(imported, files, base)
            reason = f"none of the {len(files):,} files in {there} is a usable photo"
            reason = f"{reason} ({some(bad)})" if files else f"there are no photos in {there}"
            advice = "Put photos there that open in an image viewer"
            if bad and all(why.startswith(photos.UNREADABLE) for _, why in bad):
                advice = "Check that their disk is there, and that you may read them"
            elif bad and all(photos.TO_EXPORT in why for _, why in bad):
                advice = "Export them as JPEG, and add the folder with those"
            if origin != "own":
                advice = "Use another copy"
            raise DataError(attempt, reason, advice)
    if few:
        group, n = few[0]
        part, _, cls = group.rpartition("/")
        there = f"{cls} in {part_names.get(part, part)}" if part else cls
        bad = [] if not imported.left_out else [f"left out: {some(imported.left_out)}"]
        reason = "; ".join([f"only {counted(n, 'usable photo')} of {there}", *bad])
        needed = f"{MIN_OWN} or more"
        if "/" in group:
            train, validation = (part_names.get(part, part) for part in PARTS)
            needed += f" in {train} and 1 or more in {validation}"
        advice = f"Each class needs {needed}; with fewer than 100, results vary a lot"
        raise DataError(attempt, reason, advice)


def _bad_in(imported, files: list[Path], base: Path) -> list[tuple[str, str]]:
    names = {printable(path.relative_to(base).as_posix(), instead="?") for path in files}
    return [(name, why) for name, why in imported.left_out if name in names]


def _given_name(group: str, part_names: dict[str, str]) -> str:
    part, _, name = group.rpartition("/")
    return f"{part_names.get(part, part)}/{name}" if part else name


def _leave_out_repeated(imported, images: Path) -> list[tuple[str, str]]:
    """Take the photos out of validation that are in training too; name them, and their twins."""
    repeated = {}
    for group in _copies(imported.photos):
        train = [name for name in group if name.startswith("train/")]
        repeated |= {name: f"the same as {train[0]}" for name in group
                     if train and name not in train}  # fmt: skip
    for name in repeated:
        (images / name).unlink()
        del imported.photos[name]
    return sorted(repeated.items())


def _split(
    imported, came: Path, images: Path, classes, seed: int, *, keep: bool
) -> list[tuple[str, str]]:
    """Move photos from `came` into train/ and validation/ of `images`, where exact copies never
    end up on both sides.

    Of photos that are there more than once, all but the first are deleted, or, with `keep`, all
    of them go to one side. Returns the names of the repeated ones, and of their twins.
    """
    groups = _copies(imported.photos)
    repeated = [(name, group[0]) for group in groups for name in group[1:]]
    groups += [[name] for name in imported.photos.keys() - {one for g in groups for one in g}]
    if not keep:
        for name, _ in repeated:
            (came / name).unlink()
            del imported.photos[name]
        groups = [group[:1] for group in groups]
    totals = _per_class(imported.photos, classes)
    room = {name: max(1, round(VALIDATION_SHARE * n)) for name, n in totals.items()}
    part_of = {}
    # From the last on, in an order that depends on the seed and each name alone.
    for group in sorted(groups, key=lambda group: _order(group[0], seed), reverse=True):
        needs = _per_class(group, classes)
        fits = all(needs[name] <= room[name] for name in classes)
        for name in classes:
            room[name] -= needs[name] * fits
        part_of |= dict.fromkeys(group, PARTS[fits])
    _give_to_validation(groups, part_of, classes)
    for part in PARTS:
        for name in classes:
            (images / part / name).mkdir(parents=True)
    for name in list(imported.photos):
        goal = f"{part_of[name]}/{name}"
        os.rename(came / name, images / goal)
        imported.photos[goal] = imported.photos.pop(name)
    shutil.rmtree(came)
    return [(name, f"the same as {twin}") for name, twin in repeated]


def _per_class(names, classes) -> dict[str, int]:
    """How many of the photos are in each class folder."""
    return {cls: sum(name.startswith(f"{cls}/") for name in names) for cls in classes}


def _give_to_validation(groups, part_of: dict[str, str], classes) -> None:
    """See to it that validation has photos of each class where all are copies: the fewest."""
    for cls in classes:
        sizes = [(_per_class(group, classes)[cls], group) for group in groups]
        sizes = sorted((n, group) for n, group in sizes if n)
        in_validation = [group for _, group in sizes if part_of[group[0]] == "validation"]
        if not in_validation and len(sizes) > 1:
            part_of |= dict.fromkeys(sizes[0][1], "validation")


def _copies(imported: dict[str, photos.Photo]) -> list[list[str]]:
    """The names of photos that are there more than once, those of one photo together."""
    names = list(imported)
    groups = photos.exact_copies(list(imported.values()))
    return [[names[number] for number in group] for group in groups]


def _in_both_classes(imported: dict[str, photos.Photo]) -> list[tuple[str, str]]:
    """The photos that are in both classes, pixel for pixel: the first in each, as pairs."""
    pairs = []
    for group in _copies(imported):
        first = {}
        for name in group:
            first.setdefault(name.split("/")[-2], name)
        if len(first) > 1:
            pairs.append(tuple(first.values())[:2])
    return pairs


def _look_alikes(imported: dict[str, photos.Photo], *, progress: bool) -> list[list[str]]:
    """The names of photos that look alike, those that hang together by pairs in a group."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = photos.look_alikes(list(imported.values()), progress=progress)
    ends, n = np.array(pairs, int).reshape(-1, 2), len(imported)
    links = coo_array((np.ones(len(ends)), tuple(ends.T)), shape=(n, n))
    groups: dict[int, list[str]] = {}
    for name, number in zip(imported, connected_components(links)[1], strict=True):
        groups.setdefault(int(number), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _order(name: str, seed: int) -> bytes:
    """A fixed mixed order: that of hashes, which no library's random numbers can change."""
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "backslashreplace")).digest()


def make_part(whole: Path, folder: Path, record: dict, chosen: dict, seed: int) -> None:
    """Make a set of some of another set's photos, by hard links where the disk has them.

    Args:
        whole: the other set, whose parent is locked.
        folder: where the part goes.
        record: that of `whole`.
        chosen: how many photos: {"train": {"cats": 500, ...}, ...}. Fewer are part of more.
        seed: of the choice.
    Raises:
        StorageError: it cannot be written.
    """
    with replacing(folder) as new:
        for part in PARTS:
            for cls, n in chosen[part].items():
                target = new / "images" / part / cls
                target.mkdir(parents=True)
                names = [name for name in record["files"] if name.startswith(f"{part}/{cls}/")]
                for name in sorted(names, key=lambda name: _order(name, seed))[:n]:
                    _link(whole / "images" / name, new / "images" / name)
        write_record(new, {"of": record["date"]})


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # this disk has no hard links
        shutil.copyfile(source, target)


def some(pairs) -> str:
    """The first few names with their reasons."""
    names = [f"{name} ({why})" for name, why in pairs[:NAMES_TOLD]]
    more = f" and {len(pairs) - NAMES_TOLD:,} more" if len(pairs) > NAMES_TOLD else ""
    return ", ".join(names) + more


def _write_report(path: Path, record: dict) -> None:
    """All that was not simply copied, one file a line."""
    made = "Made plain RGB JPEG, quality 95"
    sections = [
        ("Left out", _lines(record["left_out"])),
        ("There more than once", _lines(record["repeated"])),
        ("The same photo in both classes: one label is wrong, or it fits both",
         [" and ".join(pair) for pair in record["in_both"]]),
        ("Look alike, in groups: the same thing again, or really others? Nothing was done",
         ["\n    ".join(group) for group in record["alike"]]),
        (f"{made}; all others were saved anew" if record["anew"] else made,
         _lines(record["changed"])),
    ]  # fmt: skip
    text = f"{record['given']:,} files from {record['source']}\n"
    text += f"{record['note']}\n" * bool(record["note"])
    for title, lines in sections:
        text += f"\n{title}: {len(lines):,}\n" + "".join(f"  {line}\n" for line in lines)
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _lines(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{name}: {why}" for name, why in pairs]
