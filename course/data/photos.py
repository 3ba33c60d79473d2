"""Folders of photos: which files are good, and bringing them in cleanly.

Keras reads every file with an image's name, and a single bad one ends a training in mid-epoch.
`import_photos` therefore decodes each file once, leaves out what is no photo or not all of one, and
turns the odd ones (CMYK, transparent, rotated by a note, another format, ...) into plain RGB JPEGs:
these alone, for a published set that is to stay as it is, or all, for photos of one's own. It tells
of every file that was odd.
"""

import hashlib
import io
import os
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError, features
from PIL.JpegImagePlugin import jpeg_factory

from course.data import jpegs
from course.data.copies import exact_copies, look_alikes, look_of
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
]

MIN_SIDE = 16  # pixels; there is nothing to see in less
MAX_PIXELS = 89_478_485  # Pillow's own bound for what may be a decompression bomb
MAX_IN_ROWS = 250_000_000  # of one's own JPEGs, if they can be read small: telephones make 200
SCALE = 4  # so many times shorter are the sides at which those of more than MAX_PIXELS are read
MAX_SIDE = 65_500  # pixels of a JPEG, for libjpeg
MANY_PIXELS = 25_000_000  # no two pictures of more are decoded at once: each takes 100 MB and more
MAX_BYTES = 300_000_000  # of a file; films lie among the photos of many a telephone
LONGEST = 1024  # pixels on the longer side of one's own photos; 12 megapixels take .4 s to read
QUALITY = 95  # of the JPEGs that are written anew
MOST_BYTES = 100  # of a name: encrypted folders take 143, and a path on Windows 260 in all

# fmt: off
SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic",
    ".heif", ".avif", ".jp2",
}
_RAW = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".srw"}
# fmt: on
# After "ftyp", what begins a photo's file and not a film's.
_STILL = {
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"mif1",
    b"mif2",
    b"msf1",
    b"avif",
    b"avis",
}  # fmt: skip
_OTHERS = {
    b"PK\x03\x04": "an archive: unpack it first",
    b"Rar!": "an archive: unpack it first",
    b"7z\xbc\xaf": "an archive: unpack it first",
    b"%PDF": "a PDF, not an image",
    b"RIFF": "a film or a sound, not a photo",
    b"%!PS": "PostScript, not an image",
    b"II*\0": "a TIFF that is damaged, or of a kind that is not read here",
    b"MM\0*": "a TIFF that is damaged, or of a kind that is not read here",
}
_DEVICES = re.compile(r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]", re.IGNORECASE)
_OF_SYSTEMS = re.compile(
    r"(eh)?thumbs(_vista)?\.db|thumbs\.db:encryptable|desktop\.ini|picasa\.ini|zbthumbnail\.info|"
    r".*\.(lnk|url|webloc|desktop)|icon\r|"  # links of desktops; a folder's own icon
    r"__macosx|network trash folder|temporary items|thevolumesettingsfolder|"  # macOS
    r"\$recycle\.bin|recycler|system volume information|found\.\d{3}|msdownld\.tmp|"  # Windows
    r"lost\+found|lost\.dir|"  # Linux, Android
    r"[@#](eadir|recycle|snapshot|recently-snapshot|tmp|__thumb|sharebin|quarantine)",  # NAS
    re.IGNORECASE,
)

TO_EXPORT = "which is not read here: export it"  # so that another program makes a JPEG of it
UNREADABLE = "it cannot be read"  # begins the reason where a disk or a right is to blame
_ALONE = threading.Lock()


@dataclass(frozen=True)
class Photo:
    """What decoding a file showed.

    Args:
        problem: why it is of no use; "" for a photo.
        change: what is done to make a plain RGB JPEG of it; "" where it is one.
        digest: of the picture as it was read, upright in RGB, before it is shrunk.
        look: uint8 array, shape (32, 32, 3), of the whole picture; None for no photo.
    """

    problem: str = ""
    change: str = ""
    digest: bytes = field(default=b"", repr=False, compare=False)
    look: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass
class Imported:
    """What `import_photos` made of the files: names are paths below the folder of images."""

    photos: dict[str, Photo] = field(default_factory=dict)  # the good ones, as "cats/cat.1.jpg"
    left_out: list[tuple[str, str]] = field(default_factory=list)  # file, why
    changed: list[tuple[str, str]] = field(default_factory=list)  # file, how


# Finding files


def files_below(folder: str | Path) -> list[Path]:
    """The files in a folder and in its subfolders, sorted, as `look_below` finds them."""
    return look_below(folder)[0]


def look_below(folder: str | Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The files in a folder and in its subfolders, also where links lead to; hidden ones aside.

    Args:
        folder: to look into.
    Returns:
        files: sorted.
        left_out: (path, why) of folders that cannot be read, or are here already by another name.
    """
    files: list[Path] = []
    left_out: list[tuple[Path, str]] = []
    top = Path(folder)
    pending, links, seen = [top], [], set()
    holding = {*Path(os.path.realpath(top)).parents}
    while pending or links:  # links last, so that a folder is told by its own name
        place = pending.pop() if pending else links.pop(0)
        try:
            real = os.path.realpath(place)
            if real in seen:
                left_out.append((place, "a link to a folder that is here already"))
            elif Path(real) in holding:
                left_out.append((place, "a link to a folder that holds this one"))
            else:
                names = sorted(name for name in os.listdir(place) if not is_hidden(name))
                seen.add(real)
                for path in (place / name for name in names):
                    if not os.path.isdir(path):  # nor is a link in a circle: to read it, tells
                        files.append(path)
                    elif path.is_symlink() or _is_junction(path):
                        links.append(path)
                    else:
                        pending.append(path)
        except OSError as error:
            left_out.append((place, _unreadable(error)))
    return sorted(files), sorted(left_out)


def _is_junction(path: Path) -> bool:
    """Whether it is one of Windows' links between folders; Python 3.11 cannot tell."""
    return getattr(path, "is_junction", bool)()


def _unreadable(error: OSError) -> str:
    return f"{UNREADABLE} ({error.strerror or error})"


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is a system's or a program's own, and no photo.

    Names with a dot first are, and those of trash, thumbnails and indexes, in letters of any case.
    """
    return name.startswith(".") or _OF_SYSTEMS.fullmatch(name) is not None


# Importing


def import_photos(
    groups: Mapping[str, Iterable[Path]], images: Path, *, root: Path, move=False, progress=True,
    anew=False,
) -> Imported:  # fmt: skip
    """Bring files into folders below `images`: each decoded once, and plain RGB JPEG afterwards.

    A plain one is copied byte for byte, or with `anew` saved as the others are: upright, as JPEG
    with quality 95, without the notes that a camera makes (among them the place). What is no photo
    stays out, and so does one of which a part is missing.

    Args:
        groups: folder below `images` ("train/cats") -> the files that go there.
        images: the folder to fill; it is made.
        root: names in the result are told from this folder on.
        move: take the files away from where they are instead of copying them.
        progress: show a progress bar.
        anew: save every photo anew, in the colours of sRGB, with at most 1,024 pixels on its
            longer side.
    Returns:
        the good photos, and the names of those that were left out or changed. Saving a plain JPEG
        anew is no change, to shrink it is one.
    Raises:
        OSError: a file cannot be written.
    """
    from tqdm.auto import tqdm

    jobs = []
    for group, paths in groups.items():
        (images / group).mkdir(parents=True)
        taken: dict[str, int] = {}
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


def clean_name(name: str, taken: dict[str, int], suffix: str = "") -> str:
    """A name that any disk takes, not Linux's alone, and that is free.

    What Windows does not take is replaced, and a long name is shortened; names that come to the
    same, also but for case, or for how an accent is written, are numbered.

    Args:
        name: of a file, less its suffix, or of a folder.
        taken: the names there are already, for one folder: {} at first; the new one is added.
        suffix: of the new name.
    Example:
        >>> taken = {}
        >>> [clean_name(name, taken, ".jpg") for name in ("Rex", "rex", "what?", "aux.1")]
        ['Rex.jpg', 'rex_2.jpg', 'what_.jpg', '_aux.1.jpg']

    """
    stem = re.sub(r'[<>:"/\\|?*]', "_", printable(name, instead="_"))
    stem = stem.strip(" .") or "_"
    if len(stem.encode()) > MOST_BYTES:
        mark = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        stem = stem.encode()[: MOST_BYTES - 9].decode("utf-8", "ignore").rstrip(" .") + "~" + mark
    if _DEVICES.fullmatch(stem.partition(".")[0].rstrip()) or is_hidden(stem + suffix):
        stem = f"_{stem}"
    new, key = stem + suffix, stem.casefold()
    while new.casefold() in taken:
        taken[key] = taken.get(key, 1) + 1
        new = f"{stem}_{taken[key]}{suffix}"
    taken.setdefault(new.casefold(), 1)
    return new


def _import_one(path: Path, target: Path, move: bool, anew: bool) -> Photo:
    photo, image, content = _decode(path, anew)
    if photo.problem:
        return photo
    if anew or photo.change:
        image.save(target, "JPEG", quality=QUALITY)
    elif move:
        os.replace(path, target)
    else:
        target.write_bytes(content)
    return photo


def _decode(path: Path, anew: bool) -> tuple[Photo, Image.Image | None, bytes]:
    """Look at a file; return the picture as well, as it is to be saved, and the file's bytes."""
    try:
        content, problem = _read(path)
    except OSError as error:
        content, problem = b"", _unreadable(error)
    if problem:
        return Photo(problem), None, content
    try:
        with _opened(content) as image:
            parts = jpegs.parts_of(content) if image.format in ("JPEG", "MPO") else None
            problem = _of_no_use(image.size, parts, anew)
            if problem:
                return Photo(problem), None, content
            with _ALONE if image.width * image.height > MANY_PIXELS else nullcontext():
                photo, picture = _taken_in(image, content, parts, anew)
    except Image.DecompressionBombError:
        return Photo(_more_than(MAX_PIXELS)), None, content
    except UnidentifiedImageError:
        return Photo(_no_image(content)), None, content
    except Exception as error:  # Pillow's readers raise all sorts
        damage = f"damaged: {printable(str(error) or repr(error), most=200)}"
        return Photo("cut off" if "truncated" in damage.lower() else damage), None, content
    return photo, picture, content


def _read(path: Path) -> tuple[bytes, str]:
    """A file's bytes, or why it is not read."""
    if not path.is_file():
        if path.is_symlink() and not path.exists():
            return b"", "a link that leads nowhere"
        path.stat()  # says what is wrong with it
        return b"", "not a file"  # a pipe, say, would be read for ever
    if path.suffix.lower() in _RAW:
        return b"", f"a camera's raw file, {TO_EXPORT} as JPEG"
    with path.open("rb", buffering=0) as file:  # else read() has all of it twice
        begin = file.read(32)
        if begin[4:8] == b"ftyp" and begin[8:12] not in _STILL:
            return b"", "a film, not a photo"
        if os.fstat(file.fileno()).st_size > MAX_BYTES:
            return b"", f"more than {MAX_BYTES / 1e6:.0f} MB: a film?"
        file.seek(0)
        return file.read(), ""


def _opened(content: bytes) -> Image.Image:
    """A picture that is not decoded yet, also a JPEG that Pillow takes for a bomb by its size."""
    try:
        return Image.open(io.BytesIO(content), formats=_formats())
    except Image.DecompressionBombError:
        if not content.startswith(b"\xff\xd8\xff"):
            raise
        return jpeg_factory(io.BytesIO(content))


def _of_no_use(size: tuple[int, int], parts: jpegs.Parts | None, anew: bool) -> str:
    """What is wrong with a picture's size, given the parts of a JPEG; "" if nothing is."""
    width, height = size
    if min(size) < MIN_SIDE:
        return f"{width} x {height} pixels; {MIN_SIDE} x {MIN_SIDE} are needed"
    most = MAX_IN_ROWS if anew and parts and parts.in_rows else MAX_PIXELS
    if width * height > most:
        if anew and parts and width * height <= MAX_IN_ROWS:
            how = "in a JPEG that is not stored row by row (progressive): save it smaller"
            return f"{_more_than(most)}, {how}"
        return _more_than(most)
    if anew and min(size) * LONGEST < MIN_SIDE * max(size):
        return f"{width} x {height} pixels: a strip, not a photo"
    if not anew and max(size) > MAX_SIDE:
        return f"{width} x {height} pixels; no JPEG has more than {MAX_SIDE:,} in a row"
    return ""


def _more_than(pixels: int) -> str:
    return f"more than {pixels / 1e6:.0f} million pixels"


def _taken_in(
    image: Image.Image, content: bytes, parts: jpegs.Parts | None, anew: bool
) -> tuple[Photo, Image.Image | None]:
    """Decode a picture: what is to be told of it, and what is to be saved."""
    (width, height), scale = image.size, 1
    if width * height > MAX_PIXELS:
        scale = SCALE
        image.draft(image.mode, (width // scale, height // scale))
    image.load()
    damage = jpegs.damage(content, parts, image, scale=scale) if parts else ""
    if damage:
        return Photo(damage), None
    picture, changes = _plain(image)
    rgb = picture.convert("RGB") if picture.mode != "RGB" else picture
    digest = hashlib.blake2b(repr(rgb.size).encode(), digest_size=16)
    digest.update(rgb.tobytes())
    if anew:
        if max(picture.size) > LONGEST:
            across, down = (width, height) if picture.size == image.size else (height, width)
            changes.append(f"{across} x {down} pixels shrunk to {LONGEST}")
            picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=1.5)
            rgb = picture.convert("RGB")
        in_srgb = _in_srgb(picture, image.info.get("icc_profile"))
        if in_srgb is not None:
            changes.append("colours to sRGB")
            rgb = in_srgb
    elif parts and not parts.plain and not changes:
        changes.append("unusual JPEG to a plain one")
    rgb.info = {}  # else a note in it would be saved as well
    return Photo("", ", ".join(changes), digest.digest(), look_of(rgb)), rgb


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image | None:
    """A picture whose file says what its colours mean, in those that are meant where none do.

    Phones save "Display P3", in which the same numbers are stronger colours. Keras and TensorFlow
    know of no profiles.

    Returns:
        an RGB picture; None for one that is in sRGB already, or does not say so.
    """
    if not profile or not features.check("littlecms2"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        of_mode = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}
        if of_mode.get(source.profile.xcolor_space.strip()) != picture.mode:
            return None
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing of the colours
        return None


def _formats() -> list[str]:
    """The formats to try: Pillow's, but for those that it would have another program draw."""
    Image.init()
    return [name for name in Image.ID if name not in ("EPS", "WMF")]


def _no_image(content: bytes) -> str:
    if not content:
        return "0 bytes"
    if content[4:8] == b"ftyp":
        kind = "AVIF" if content[8:11] == b"avi" else "HEIC"
        if kind == "AVIF" and features.check("avif"):
            return "damaged: an AVIF that cannot be decoded"
        return f"{kind}, {TO_EXPORT} as JPEG"
    if content.startswith(b"\xff\xd8\xff"):
        parts = jpegs.parts_of(content)
        if parts.bits in (12, 16):
            return f"a JPEG of {parts.bits} bits, {TO_EXPORT} with 8"
        return "damaged: a JPEG whose beginning makes no sense"
    for begin, kind in _OTHERS.items():
        if content.startswith(begin):
            return kind
    try:
        content[:2000].decode("utf-8", "strict" if len(content) <= 2000 else "ignore")
        text = b"\0" not in content[:2000] and content[:200].decode("utf-8", "ignore").isascii()
    except UnicodeDecodeError:
        text = False
    return "text, not an image" if text else "not an image, or one that is not known here"


def _plain(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The picture upright with 8 bits a colour, and what of that and of RGB it was not.

    It is RGB, or it is grey or CMYK, which a colour profile may tell more of.
    """
    changes, kind, mode = [], image.format, image.mode
    turned = image
    try:
        if image.getexif().get(0x0112, 1) in range(2, 9):
            turned = ImageOps.exif_transpose(image)
            changes.append("turned upright")
    except Exception:  # notes in the file that cannot be read say nothing of its rotation
        turned = image
    if kind != "JPEG":
        first = ", its first picture" if getattr(image, "n_frames", 1) > 1 else ""
        changes.append(f"{kind} to JPEG{first}")
    if turned.has_transparency_data:
        picture = Image.new("RGBA", turned.size, "white")
        picture.alpha_composite(turned.convert("RGBA"))
        turned = picture.convert("RGB")
        changes.append("transparency to white")
    elif mode.startswith(("I", "F")):  # Pillow's own conversion would cut off at 255
        levels = np.nan_to_num(np.asarray(turned, np.float64))
        levels -= min(levels.min(), 0.0)  # as of a scanner for bodies, in which water is 0
        top = max(levels.max(), 1.0)
        # Of 12 bits are pictures of many a microscope: as one of 16 they would be all but black.
        full = next(most for most in (1.0, 255.0, 4095.0, 65535.0, top) if top <= most)
        turned = Image.fromarray(np.uint8(levels.clip(0, full) / full * 255 + 0.5))
        changes.append("16 bits or more to 8")
    elif mode in ("L", "1", "LA"):
        changes.append("grey to RGB")
    elif mode == "P":
        changes.append("palette to RGB")
    elif mode != "RGB":
        changes.append(f"{mode} to RGB")
    return turned if turned.mode in ("RGB", "L", "CMYK") else turned.convert("RGB"), changes


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings (large, odd notes, ...) name no file; ours do.

    Nor does it fill up what is cut off meanwhile, as many a notebook has it do.
    """
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient


@contextmanager
def _workers() -> Iterator[ThreadPool]:
    """Threads, none of which writes a file any more after an interrupt."""
    pool = ThreadPool(cpu_count())
    try:
        yield pool
    finally:
        pool.terminate()
        pool.join()
