"""Folders of photos: which files are good, bringing them in cleanly, and finding copies.

Keras reads every file with an image's name, and a single bad one ends a training in mid-epoch.
`import_photos` therefore decodes each file once, leaves out what is no photo, and turns the odd
ones (CMYK, transparent, rotated by a note, another format, ...) into plain RGB JPEGs. It tells
of every file that it did not copy byte for byte.
"""

import hashlib
import io
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from course_utils.start import cpu_count
from course_utils.texts import printable

__all__ = [
    "SUFFIXES",
    "Imported",
    "Photo",
    "clean_name",
    "exact_copies",
    "files_below",
    "import_photos",
    "is_hidden",
    "look_alikes",
    "look_below",
    "same_photos",
]

MIN_SIDE = 16  # pixels; there is nothing to see in less
MAX_PIXELS = 89_478_485  # Pillow's own bound for what may be a decompression bomb
MAX_BYTES = 300_000_000  # of a file; films lie among the photos of many a telephone
LONGEST = 1024  # pixels on the longer side of one's own photos; 12 megapixels take .4 s to read
QUALITY = 95  # of the JPEGs that are written anew

# Near duplicates. Measured on the 3,000 photos of `pets`: of 4.5 million pairs, one differs in
# fewer than 60 of the 256 bits, and that one (9 bits) is the same photo twice. Copies of 600 of
# them, shrunk to half or to 64 px, enlarged, or saved at quality 20, differ in 28 at most, and
# copies made brighter by a tenth in 23; their colours differ by 17 of 255 at most.
HASH_SIDE = 16  # the hash has 16 x 16 bits: is a pixel brighter than its left neighbour?
NEAR_BITS = 30
NEAR_COLOUR = 20.0  # mean difference of 8 x 8 thumbnails; flat pictures share a hash, not this

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic"}

_PLACEHOLDERS = {"thumbs.db", "desktop.ini", "__macosx"}  # left by Windows and by macOS


@dataclass(frozen=True)
class Photo:
    """What decoding a file showed.

    Args:
        problem: why it is of no use; "" for a photo.
        change: what is done to make a plain RGB JPEG of it; "" where it is one.
        digest: of the decoded picture, upright in RGB, before it is shrunk.
        bits: uint64 array, shape (4,), the difference hash; None for no photo.
        colours: int16 array, shape (192,), values in [0, 255], an 8 x 8 thumbnail; or None.
    """

    problem: str = ""
    change: str = ""
    digest: bytes = field(default=b"", repr=False, compare=False)
    bits: np.ndarray | None = field(default=None, repr=False, compare=False)
    colours: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass
class Imported:
    """What `import_photos` made of the files: names are paths below the folder of images."""

    photos: dict[str, Photo] = field(default_factory=dict)  # the good ones, as "cats/cat.1.jpg"
    left_out: list[tuple[str, str]] = field(default_factory=list)  # file, why
    changed: list[tuple[str, str]] = field(default_factory=list)  # file, how


# Importing


def files_below(folder: str | Path) -> list[Path]:
    """The files in a folder and in its subfolders, sorted; hidden ones are passed over.

    Hidden means a name with a dot first, or left there by a system: Thumbs.db, desktop.ini.
    """
    return look_below(folder)[0]


def look_below(folder: str | Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The files as in `files_below`, and (path, why) of what can't be looked into."""
    files, left_out = [], []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        files += [Path(place, name) for name in names if not is_hidden(name)]
    return sorted(files), left_out


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is a system's own, and no photo."""
    return name.startswith(".") or name.lower() in _PLACEHOLDERS


def import_photos(
    groups: Mapping[str, Iterable[Path]],
    images: Path,
    *,
    root: Path,
    move=False,
    progress=True,
    anew=False,
) -> Imported:
    """Bring files into folders below `images`: each decoded once, and plain RGB JPEG afterwards.

    A plain one is copied byte for byte, or with `anew` saved as all the others are: as JPEG with
    quality 95. What is no photo stays out.

    Args:
        groups: folder below `images` ("train/cats") -> the files that go there.
        images: the folder to fill; it is made.
        root: names in the result are told from this folder on.
        move: take the files away from where they are instead of copying them.
        progress: show a progress bar.
        anew: save every photo anew, with at most 1,024 pixels on its longer side.
    Returns:
        the good photos, and the names of those that were left out or changed.
    Raises:
        OSError: a file cannot be written.
    """
    from tqdm.auto import tqdm

    jobs = []
    for group, paths in groups.items():
        (images / group).mkdir(parents=True)
        taken = set()
        jobs += [(path, images / group / clean_name(path.stem, taken, ".jpg")) for path in paths]
    result = Imported()
    with _quiet(), _workers() as pool:  # Pillow decodes outside Python's lock
        done = tqdm(
            pool.imap(lambda job: _import_one(*job, move, anew), jobs),
            desc="checking photos", total=len(jobs), unit=" files", leave=False,
            disable=not progress,
        )  # fmt: skip
        for (path, target), photo in zip(jobs, done, strict=True):
            name = printable(path.relative_to(root).as_posix(), instead="?")
            if photo.problem:
                result.left_out.append((name, photo.problem))
                continue
            if photo.change:
                result.changed.append((name, photo.change))
            result.photos[target.relative_to(images).as_posix()] = photo
    return result


def clean_name(name: str, taken: set[str], suffix: str = "") -> str:
    """A name that any disk takes; where two come to the same, also but for case, they are numbered.

    Args:
        name: of a file without its suffix, or of a folder.
        taken: the names there are already, casefolded; the new one is added.
        suffix: of the new name.
    """
    stem = printable(name, instead="?")
    new, number = stem + suffix, 1
    while new.casefold() in taken:
        number += 1
        new = f"{stem}_{number}{suffix}"
    taken.add(new.casefold())
    return new


def _import_one(path: Path, target: Path, move: bool, anew: bool) -> Photo:
    photo, image = _decode(path, anew)
    if photo.problem:
        return photo
    if photo.change or anew:
        image.save(target, "JPEG", quality=QUALITY)
    elif move:
        os.replace(path, target)
    else:
        shutil.copyfile(path, target)
    return photo


def _decode(path: Path, anew: bool) -> tuple[Photo, Image.Image | None]:
    """Look at a file; return the picture as well, in RGB and upright."""
    try:
        if not path.is_file() and path.exists():
            return Photo("not a file"), None  # a pipe, say, would be read for ever
        if path.stat().st_size > MAX_BYTES:
            return Photo(f"more than {MAX_BYTES / 1e6:.0f} MB: a film?"), None
        content = path.read_bytes()
    except OSError as error:
        return Photo(f"it cannot be read ({error.strerror})"), None
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if min(width, height) < MIN_SIDE:
                small = f"{width} x {height} pixels; {MIN_SIDE} x {MIN_SIDE} are needed"
                return Photo(small), None
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            image.load()
            picture, changes = _plain(image)
    except Image.DecompressionBombError:
        return Photo(f"more than {MAX_PIXELS / 1e6:.0f} million pixels"), None
    except UnidentifiedImageError:
        return Photo(_no_image(content)), None
    except Exception as error:  # Pillow's readers raise all sorts
        damage = f"damaged: {str(error) or repr(error)}"
        return Photo("cut off" if "truncated" in damage else damage), None
    digest = hashlib.blake2b(repr(picture.size).encode(), digest_size=16)
    digest.update(picture.tobytes())
    if anew and max(picture.size) > LONGEST:
        changes.append(f"{picture.width} x {picture.height} pixels shrunk to {LONGEST}")
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=3)
    fingerprint = _fingerprint(picture)
    return Photo("", ", ".join(changes), digest.digest(), *fingerprint), picture


def _no_image(content: bytes) -> str:
    if not content:
        return "0 bytes"
    if content[4:8] == b"ftyp" and content[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        return "HEIC, which is not read here: export it as JPEG"
    try:
        content[:2000].decode("utf-8", "strict" if len(content) <= 2000 else "ignore")
        text = b"\0" not in content[:2000] and content[:200].decode("utf-8", "ignore").isascii()
    except UnicodeDecodeError:
        text = False
    return "text, not an image" if text else "not an image, or one that is not known here"


def _plain(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The picture upright in RGB with 8 bits, and what of that it was not."""
    changes, kind, mode = [], image.format, image.mode
    try:
        turned = ImageOps.exif_transpose(image)  # a copy, whether turned or not
        if image.getexif().get(0x0112, 1) in range(2, 9):
            changes.append("turned upright")
    except Exception:  # notes in the file that cannot be read say nothing of its rotation
        turned = image.copy()
    if kind != "JPEG":
        first = ", its first picture" if getattr(image, "n_frames", 1) > 1 else ""
        changes.append(f"{kind} to JPEG{first}")
    if turned.has_transparency_data:
        picture = Image.new("RGBA", turned.size, "white")
        picture.alpha_composite(turned.convert("RGBA"))
        turned = picture.convert("RGB")
        changes.append("transparency to white")
    elif mode.startswith(("I", "F")):  # Pillow's own conversion would cut off at 255
        levels = np.asarray(turned, np.float64)
        top = max(levels.max(), 1.0)
        full = 1.0 if top <= 1 else 255.0 if top <= 255 else max(65535.0, top)
        turned = Image.fromarray(np.uint8(levels.clip(0, full) / full * 255 + 0.5))
        changes.append("16 bits or more to 8")
    elif mode in ("L", "1", "LA"):
        changes.append("grey to RGB")
    elif mode == "P":
        changes.append("palette to RGB")
    elif mode != "RGB":
        changes.append(f"{mode} to RGB")
    return turned.convert("RGB"), changes


def _fingerprint(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    box, smooth = Image.Resampling.BOX, Image.Resampling.LANCZOS
    grey = picture.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), smooth, reducing_gap=3)
    grey = np.asarray(grey)
    bits = np.packbits(grey[:, 1:] > grey[:, :-1]).view(np.uint64)
    colours = np.asarray(picture.resize((8, 8), box, reducing_gap=3), np.int16)
    return bits, colours.ravel()


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings (large, odd notes, ...) name no file; ours do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _workers() -> Iterator[ThreadPool]:
    """Threads, none of which writes a file any more after an interrupt."""
    pool = ThreadPool(cpu_count())
    try:
        yield pool
    finally:
        pool.terminate()
        pool.join()


# Copies


def exact_copies(photos: Sequence[Photo]) -> list[list[int]]:
    """Photos whose pixels are the same: as decoded, upright in RGB, before any is shrunk.

    So one file under two names is found, and the same picture in PNG and in another loss-free
    format; a JPEG that was saved anew has other pixels, and only looks alike.

    Args:
        photos: good ones, as in `Imported.photos`.
    Returns:
        groups of two or more indices, each ascending, in the order of their first.
    """
    groups: dict[bytes, list[int]] = {}
    for number, photo in enumerate(photos):
        groups.setdefault(photo.digest, []).append(number)
    return [group for group in groups.values() if len(group) > 1]


def look_alikes(photos: Sequence[Photo], *, progress: bool = False) -> list[tuple[int, int]]:
    """Photos that look alike: copies made smaller or saved anew, and what else looks the same.

    They are to be looked at, and nothing is to be done without: pictures of a film, scans, or
    products on white may look alike and be different.

    Args:
        photos: good ones, as in `Imported.photos`.
        progress: show a progress bar.
    Returns:
        pairs (i, j) with i < j. Photos that hang together by pairs are one group; of n there are
        only n - 1 pairs. Of exact copies only the first is compared, so that no pair is one.
    Source: the difference hash (dHash) of Neal Krawetz, hackerfactor.com, 2013.
    """
    again = {number for group in exact_copies(photos) for number in group[1:]}
    single = [number for number in range(len(photos)) if number not in again]
    parent, pairs = list(range(len(photos))), []

    def root(number):
        while parent[number] != number:
            number = parent[number]
        return number

    for i, j, _ in same_photos([photos[number] for number in single]):
        a, b = root(single[i]), root(single[j])
        if a != b:
            parent[b] = a
            pairs.append((single[i], single[j]))
    return pairs


def same_photos(
    photos: Sequence[Photo], others: Sequence[Photo] | None = None
) -> list[tuple[int, int, int]]:
    """Compare photos with one another, or with others.

    Args:
        photos: good ones, as in `Imported.photos`.
        others: compare with these, and not among `photos`.
    Returns:
        (i, j, distance): photos[i] is the same as others[j], or as photos[j] with j > i; their
        hashes differ in 0 to 30 bits.
    Source: the difference hash (dHash) of Neal Krawetz, hackerfactor.com, 2013.
    """
    against = photos if others is None else others
    if not photos or not against:
        return []
    bits = np.array([photo.bits for photo in against], order="F")  # word by word
    colours = np.stack([photo.colours for photo in against])
    pairs = []
    for begin in range(0, len(photos), 64):  # in pieces: all distances at once need much memory
        start = 0 if others is not None else begin
        distances = np.zeros((len(photos[begin : begin + 64]), len(against) - start), np.uint16)
        for word in range(4):
            piece = np.array([photo.bits[word] for photo in photos[begin : begin + 64]])
            distances += np.bitwise_count(piece[:, None] ^ bits[start:, word])
        for row, column in np.argwhere(distances <= NEAR_BITS):
            i, j = int(row) + begin, int(column) + start
            if others is not None or j > i:
                difference = np.abs(photos[i].colours - colours[j]).mean()
                if difference <= NEAR_COLOUR:
                    pairs.append((i, j, int(distances[row, column])))
    return pairs
