"""What a JPEG's bytes tell that Pillow doesn't: whether all of it is there, and in order.

Where data are missing, libjpeg fills the rest of the picture with grey, and Pillow shows it without
a word. TensorFlow refuses some of these files, in mid-training.
"""

import io
import re
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

__all__ = ["Parts", "damage", "parts_of"]

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)  # d0 to d7: restarts
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_ZEROS = re.compile(rb"\x00{256,}")
_END, _SCAN, _TABLES, _INTERVAL = 0xD9, 0xDA, {0xC4, 0xDB, 0xFE, *range(0xE0, 0xF0)}, 0xDD
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # what kind of JPEG, how large
_SEQUENTIAL = {0xC0, 0xC1}
_COMMON = {*_SEQUENTIAL, 0xC2}  # baseline, extended, progressive: what everybody reads
_BLOCK = 8  # pixels
# More data for a scan. In a picture that is all there, nobody looks at it.
_MORE = bytes((37 * i * i + 11 * i + 85) % 251 for i in range(256))


class Parts(NamedTuple):
    """The parts of a JPEG file.

    Args:
        whole: the marker of its end is reached, part by part.
        plain: one picture of a common kind: 8 bits, three colours, its parts in order.
        bits: of a colour, as 8 or 12; 0 if not told.
        scan: where the data of its first scan begin and end, in bytes.
        restarts: markers that must be in these data; 0 if there need not be any.
        in_rows: it is decoded row by row; any other is held in memory whole, at 2 bytes and more
            for each value, however small the picture that is asked for.
    """

    whole: bool
    plain: bool
    bits: int
    scan: tuple[int, int]
    restarts: int
    in_rows: bool


def parts_of(content: bytes) -> Parts:
    """Go through a JPEG from part to part, to its first end; what follows that is of no account.

    Source: ITU T.81 (1992), annex B.
    """
    place, plain, whole, scan, frames, interval, restarts = 2, True, False, (0, 0), [], 0, 0
    sequential, in_rows = False, False
    while found := _MARKER.search(content, place):
        plain &= found.start() == place  # else there are odd bytes between two parts
        kind, place = found[1][0], found.end()
        if kind == _END:
            whole = bool(scan[0])
            break
        if kind == 1 or 0xD0 <= kind <= 0xD8:  # markers without a length
            plain = False
            continue
        length = int.from_bytes(content[place : place + 2])
        part = content[place + 2 : place + length]
        if length < 2 or len(part) < length - 2:
            break
        place += length
        if kind in _FRAMES and len(part) >= 6:
            frames.append(part)
            sequential = kind in _SEQUENTIAL
            plain &= kind in _COMMON and part[0] == 8 and part[5] == 3
        elif kind == _INTERVAL:
            interval = int.from_bytes(part[:2])
        elif kind == _SCAN:
            end = _END_OF_SCAN.search(content, place)
            if not scan[0]:
                scan = (place, end.start() if end else len(content))
                restarts = _restarts(frames[-1], part, interval) if frames and interval else 0
                in_rows = sequential and part[:1] == frames[-1][5:6]
            if not end:
                break
            place = end.start()
        else:
            plain &= kind in _TABLES
    plain = plain and whole and len(frames) == 1
    bits = frames[0][0] if frames else 0
    return Parts(whole, plain, bits, scan, restarts, in_rows)


def _restarts(frame: bytes, scan: bytes, interval: int) -> int:
    """How many restarts the first scan has, if one of all colours."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    across, down = (
        max(((byte >> shift) & 15 for byte in frame[7::3]), default=0) if frame[5] > 1 else 1
        for shift in (4, 0)
    )
    if not (across and down and scan[:1] == frame[5:6]):
        return 0
    units = -(-width // (_BLOCK * across)) * -(-height // (_BLOCK * down))
    return (units - 1) // interval


def damage(content: bytes, parts: Parts, image: Image.Image, *, scale: int = 1) -> str:
    """What is missing in a JPEG that could be decoded; "" if nothing is.

    Args:
        content: of the file.
        parts: of it, as `parts_of` gives them.
        image: as decoded, not turned.
        scale: 2 or 4 if it was decoded at a half or a quarter of its sides. (At an eighth each
            block of data is one pixel, and all are flat.)
    """
    begin, end = parts.scan
    block = _BLOCK // scale
    if not parts.whole:
        return "cut off"
    zeros = max((len(run[0]) for run in _ZEROS.finditer(content, begin, end)), default=0)
    if zeros and _flat_blocks(image, block) < zeros / 2:  # each takes a byte or less
        return "damaged: a part of it is zeros"
    corner = image.crop((image.width - block, image.height - block, image.width, image.height))
    darkest, brightest = corner.convert("L").getextrema()
    # Is a corner flat because it is so, or because there were no more data? In a progressive one
    # the later scans draw over it.
    if darkest != brightest and not image.info.get("progressive"):
        return ""
    if len(_RESTART.findall(content, begin, end)) < parts.restarts:
        return "cut off"
    begun = memoryview(content)[:end]  # of which there may be a hundred megabytes
    return "" if _small(begun) == _small(begun, _MORE) else "cut off"


def _small(*begun: bytes | memoryview) -> bytes:
    """A JPEG without an end, at an eighth of its size, which is read in a third of the time."""
    whole = io.BytesIO(b"".join([*begun, bytes([0xFF, _END])]))
    with JpegImageFile(whole) as image:  # Image.open refuses large ones
        image.draft(image.mode, (1, 1))
        return image.tobytes()


def _flat_blocks(image: Image.Image, side: int) -> int:
    grey = np.asarray(image.convert("L"))
    rows, columns = (length // side for length in grey.shape)
    blocks = grey[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return int((blocks.max((1, 3)) - blocks.min((1, 3)) <= 1).sum())
