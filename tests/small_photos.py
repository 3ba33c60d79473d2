"""Small pictures that differ like photos, folders and zips of them, and files with each fault."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageDraw

from course.data import jpegs

CLASSES = ("cats", "dogs")


def picture(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Soft spots of colour, others for each seed."""
    spots = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, *, quality: int = 90, **options) -> bytes:
    return encoded(image, "JPEG", quality=quality, **options)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg_with(content: bytes, part: bytes) -> bytes:
    """A JPEG with one more part, right after its beginning."""
    return content[:2] + part + content[2:]


def product(seed: int, *, round_: bool) -> Image.Image:
    """A disc or a square on white, as shops show things: of any size and colour, in the middle."""
    rng = np.random.default_rng(seed)
    image, half = Image.new("RGB", (256, 256), "white"), int(rng.integers(30, 110))
    draw, (x, y) = ImageDraw.Draw(image), rng.integers(118, 139, 2)
    colour = tuple(int(value) for value in rng.integers(0, 230, 3))
    shape = draw.ellipse if round_ else draw.rectangle
    shape((x - half, y - half, x + half, y + half), fill=colour)
    return image


def scan(seed: int, *, spot: tuple[int, int] | None = None) -> Image.Image:
    """Noisy grey paper; with a dark spot at a place, or without."""
    grey = np.random.default_rng(seed).normal(200, 3, (256, 256))
    if spot:
        y, x = np.mgrid[:256, :256]
        grey -= 90 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 15**2)
    return Image.fromarray(np.uint8(grey.clip(0, 255))).convert("RGB")


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def make_classes(folder: Path, n: int, *, seed: int = 0, classes=CLASSES) -> Path:
    """Class folders with n photos each: cats/cats.0.jpg, ..."""
    for number, name in enumerate(classes):
        for i in range(n):
            content = jpeg(picture(1000 * seed + 100 * number + i))
            write(folder / name / f"{name}.{i}.jpg", content)
    return folder


def make_set(folder: Path, n_train: int = 6, n_validation: int = 4) -> Path:
    """train/ and validation/, each with class folders of so many photos."""
    make_classes(folder / "train", n_train, seed=1)
    make_classes(folder / "validation", n_validation, seed=2)
    return folder


def zip_of(folder: Path, top: str, **more: bytes) -> bytes:
    """A zip with a folder's files below `top`, and with more members by their whole names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                zipped.write(path, f"{top}/{path.relative_to(folder).as_posix()}")
        for name, content in more.items():
            zipped.writestr(name, content)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 100,000 x 100,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


DAMAGES = (
    "cut", "cut, with an end", "zeroed tail", "zeros inside", "flipped", "header flipped",
    "marker changed", "blocks swapped", "a block twice", "a block gone", "joined", "two in a row",
    "no end", "zeros for the end",
)  # fmt: skip


def damaged(content: bytes, kind: str, rng: np.random.Generator, other: bytes = b"") -> bytes:
    """A JPEG as bad disks, cards and lines leave it; `other` is one that it may run into."""
    size = len(content)
    first, second = sorted(int(n) for n in rng.integers(2, size, 2))
    block = int(rng.choice([16, 64, 512, 4096]))
    head = min(700, size)
    if kind == "cut":
        return content[:first]
    if kind == "cut, with an end":
        return content[:first] + b"\xff\xd9"
    if kind == "zeroed tail":
        return content[:first] + bytes(size - first)
    if kind == "zeros inside":
        return content[:first] + bytes(second - first) + content[second:]
    if kind in ("flipped", "header flipped", "marker changed"):
        new = bytearray(content)
        places = rng.integers(2, head if kind == "header flipped" else size, rng.integers(1, 9))
        if kind == "marker changed":
            there = [n + 1 for n in range(2, size - 1) if content[n] == 0xFF and content[n + 1]]
            places = rng.choice(there, min(len(there), int(rng.integers(1, 3))), replace=False)
        for place in places:
            new[place] = rng.integers(256)
        return bytes(new)
    if kind == "blocks swapped":
        a, b = content[first : first + block], content[second : second + block]
        return content[:first] + b + content[first + block : second] + a + content[second + block :]
    if kind == "a block twice":
        return content[: first + block] + content[first:]
    if kind == "a block gone":
        return content[:first] + content[first + block :]
    if kind == "joined":
        return content[:first] + other[int(rng.integers(2, len(other))) :]
    if kind == "two in a row":
        return content[: first if rng.integers(2) else size] + other
    return content[:-2] + bytes(0 if kind == "no end" else int(rng.integers(1, 600)))


def turned(image: Image.Image) -> bytes:
    """A JPEG whose notes say that it lies on its side."""
    notes = Image.Exif()
    notes[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    return jpeg(image, exif=notes)


def profiled(image: Image.Image) -> bytes:
    """A JPEG whose colour profile says that its red is green, and its green red.

    So little is left to chance as with "Display P3", whose colours differ less.
    """
    profile = srgb_profile().replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))
    for one, other in ((b"rXYZ", b"gXYZ"), (b"rTRC", b"gTRC")):
        profile = profile.replace(one, b"####", 1).replace(other, one, 1).replace(b"####", other, 1)
    return jpeg(image, icc_profile=profile)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def nul_tail(content: bytes, share: float = 1.0) -> bytes:
    """A JPEG with zeros for its last part, its end marker at least: a card was pulled out."""
    begun = int((len(content) - 2) * share)
    return content[:begun] + bytes(max(500, len(content) - begun))


def begun_scan(content: bytes, share: float) -> bytes:
    """A JPEG of whose first scan the last part is missing, but nothing else."""
    begin, end = jpegs.parts_of(content).scan
    return content[: begin + int((end - begin) * share)] + content[end:]


def repeated(image: Image.Image, times: int, **options) -> bytes:
    """A JPEG with a picture so many times below itself, made without ever decoding so much.

    Args:
        image: whose height is a multiple of 128, for the marks of its rows to go on.
        times: of pictures.
        options: for Pillow.
    """
    content = jpeg(image, restart_marker_rows=1, **options)
    begin, end = jpegs.parts_of(content).scan
    head, height = content[:begin], (times * image.height).to_bytes(2)
    place = head.index(b"\xff\xc0") + 5
    head = head[:place] + height + head[place + 2 :]
    return head + b"\xff\xd7".join([content[begin:end]] * times) + content[end:]


def zeros_inside(content: bytes, share: float, size: int) -> bytes:
    begin = int(len(content) * share)
    return content[:begin] + bytes(size) + content[begin + size :]


def noise(seed: int) -> Image.Image:
    """Grains as in a dim light: hardly any two pixels are equal."""
    grains = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    return Image.fromarray(grains)


def marker_lost(content: bytes) -> bytes:
    """A JPEG whose data break off, with an end marker all the same."""
    return content[: len(content) * 6 // 10] + b"\xff\xd9"


BAD = {  # content -> what is said of it
    "text.jpg": (b"Not found. Please log in.\n", "text, not an image"),
    "page.jpg": (b"<!doctype html><html></html>" * 200, "text, not an image"),
    "empty.jpg": (b"", "0 bytes"),
    "dot.jpg": (jpeg(Image.new("RGB", (1, 1))), "1 x 1 pixels; 16 x 16 are needed"),
    "strip.jpg": (jpeg(picture(900, (300, 15))), "300 x 15 pixels; 16 x 16 are needed"),
    "bomb.png": (bomb(), "more than 89 million pixels"),
    "noise.jpg": (bytes(range(256)) * 9, "not an image, or one that is not known here"),
    "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(99), "HEIC, which is not read here"),
    "half.jpg": (jpeg(picture(901))[:900], "cut off"),
    "nearly.jpg": (jpeg(picture(902))[:-1], "cut off"),
    "holes.jpg": (jpeg(picture(903))[:700] + b"\xff\x11" * 40, "damaged: "),
    "nul_tail.jpg": (nul_tail(jpeg(picture(905, (256, 192)))), "cut off"),
    "ztail.jpg": (nul_tail(jpeg(picture(906, (256, 192))), 0.94), "cut off"),
    "most_is_nul.jpg": (nul_tail(jpeg(picture(907, (256, 192))), 0.25), "cut off"),
    "marker_lost.jpg": (marker_lost(jpeg(picture(908, (256, 192)))), "cut off"),
    "progressive.jpg": (
        begun_scan(jpeg(picture(909, (256, 192)), progressive=True), 0.6),
        "cut off",
    ),
    "rows.jpg": (begun_scan(jpeg(picture(900, (256, 192)), restart_marker_rows=1), 0.6), "cut off"),
    "zeros.jpg": (
        zeros_inside(jpeg(noise(1), quality=95), 0.5, 800),
        "damaged: a part of it is zeros",
    ),
    "bits12.jpg": (
        jpeg(picture(900)).replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "a JPEG of 12 bits, which is not read here",
    ),
    "head.jpg": (jpeg(picture(900))[:20] + bytes(3000), "damaged: a JPEG whose beginning"),
    "film.mov": (b"\0\0\0\x14ftypqt  " + bytes(99), "a film, not a photo"),
    "film.avi": (b"RIFF\x10\0\0\0AVI LIST" + bytes(99), "a film or a sound, not a photo"),
    "raw.CR2": (b"II*\0" + bytes(99), "a camera's raw file, which is not read here"),
    "photos.zip": (b"PK\x03\x04" + bytes(99), "an archive: unpack it first"),
    "letter.pdf": (b"%PDF-1.7\n" + bytes(99), "a PDF, not an image"),
    "program.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "PostScript"),
    "half.tif": (encoded(picture(904), "TIFF", compression="tiff_lzw")[:999], "a TIFF that is"),
    "half.gif": (encoded(picture(904), "GIF")[:2500], "cut off"),
    "zeros.png": (zeros_inside(encoded(picture(904), "PNG"), 0.5, 500), "damaged: "),
    "half.png": (encoded(picture(904), "PNG")[:2000], "cut off"),
}

ODD = {  # content -> how it is changed
    "grey.jpg": (jpeg(picture(910).convert("L")), "grey to RGB"),
    "cmyk.jpg": (jpeg(picture(911).convert("CMYK")), "CMYK to RGB"),
    "turned.jpg": (turned(picture(912)), "turned upright"),
    "png.jpg": (encoded(picture(913), "PNG"), "PNG to JPEG"),
    "webp.jpg": (encoded(picture(914), "WEBP"), "WEBP to JPEG"),
    "palette.png": (encoded(picture(915).quantize(64), "PNG"), "PNG to JPEG, palette to RGB"),
    "clear.png": (
        encoded(picture(916).convert("RGBA"), "PNG"),
        "PNG to JPEG, transparency to white",
    ),
    "bits16.png": (
        encoded(Image.fromarray(np.asarray(picture(917).convert("L"), np.uint16) * 257), "PNG"),
        "PNG to JPEG, 16 bits or more to 8",
    ),
    "moving.gif": (
        encoded(picture(918), "GIF", save_all=True, append_images=[picture(919)]),
        "GIF to JPEG, its first picture, palette to RGB",
    ),
    "moving.webp": (
        encoded(picture(922), "WEBP", save_all=True, append_images=[picture(923)]),
        "WEBP to JPEG, its first picture",
    ),
    "moving.png": (
        encoded(picture(924), "PNG", save_all=True, append_images=[picture(925)]),
        "PNG to JPEG, its first picture",
    ),
    "clear palette.png": (
        encoded(picture(926).quantize(64), "PNG", transparency=3),
        "PNG to JPEG, transparency to white",
    ),
    "grey, clear.png": (
        encoded(picture(927).convert("LA"), "PNG"),
        "PNG to JPEG, transparency to white",
    ),
    "line.tif": (encoded(picture(928).convert("1"), "TIFF"), "TIFF to JPEG, grey to RGB"),
    "cmyk.tif": (encoded(picture(929).convert("CMYK"), "TIFF"), "TIFF to JPEG, CMYK to RGB"),
    "floats.tif": (
        encoded(Image.fromarray(np.asarray(picture(930).convert("L"), np.float32) / 255), "TIFF"),
        "TIFF to JPEG, 16 bits or more to 8",
    ),
    "two.jpg": (
        encoded(picture(920), "MPO", save_all=True, append_images=[picture(921)]),
        "MPO to JPEG, its first picture",
    ),
}
