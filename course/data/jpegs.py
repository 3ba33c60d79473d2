"""What a JPEG's bytes tell that Pillow doesn't: whether all of it is there, and in order.

Where data are missing, libjpeg fills the rest of the picture with grey, and Pillow shows it without
a word. TensorFlow refuses some of these files, in mid-training.
"""

import io
import re
from typing import NamedTuple

import numpy as np
from PIL import Image

__all__ = ["Parts", "damage", "parts_of"]

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)  # d0 to d7: restarts
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_ZEROS = re.compile(rb"\x00{256,}")
_END, _SCAN, _TABLES, _INTERVAL = 0xD9, 0xDA, {0xC4, 0xDB, 0xFE, *range(0xE0, 0xF0)}, 0xDD
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # what kind of JPEG, how large
_COMMON = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: what everybody reads
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
    """

    whole: bool
    plain: bool
    bits: int
    scan: tuple[int, int]
    restarts: int


def parts_of(content: bytes) -> Parts:
    """Go through a JPEG from part to part, to its first end; what follows that is of no account.

    Source: ITU T.81 (1992), annex B.
    """
    place, plain, whole, scan, frames, interval, restarts = 2, True, False, (0, 0), [], 0, 0
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
            plain &= kind in _COMMON and part[0] == 8 and part[5] == 3
        elif kind == _INTERVAL:
            interval = int.from_bytes(part[:2])
        elif kind == _SCAN:
            end = _END_OF_SCAN.search(content, place)
            if not scan[0]:
                scan = (place, end.start() if end else len(content))
                restarts = _restarts(frames[-1], part, interval) if frames and interval else 0
            if not end:
                break
            place = end.start()
        else:
            plain &= kind in _TABLES
    return Parts(
        whole, plain and whole and len(frames) == 1, frames[0][0] if frames else 0, scan, restarts
    )


def _restarts(frame: bytes, scan: bytes, interval: int) -> int:
    """How many restarts the first scan has, if one of all colours."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    across, down = (
        max((byte >> shift) & 15 for byte in frame[7::3]) if frame[5] > 1 else 1 for shift in (4, 0)
    )
    if not (across and down and scan[:1] == frame[5:6]):
        return 0
    units = -(-width // (_BLOCK * across)) * -(-height // (_BLOCK * down))
    return (units - 1) // interval


def damage(content: bytes, parts: Parts, image: Image.Image) -> str:
    """What is missing in a JPEG that could be decoded; "" if nothing is.

    Args:
        content: of the file.
        parts: of it, as `parts_of` gives them.
        image: as decoded, not turned.
    """
    begin, end = parts.scan
    if not parts.whole:
        return "cut off"
    zeros = max((len(run[0]) for run in _ZEROS.finditer(content, begin, end)), default=0)
    if zeros and _flat_blocks(image) < zeros / 2:  # each takes a byte or less
        return "damaged: a part of it is zeros"
    corner = image.crop((image.width - _BLOCK, image.height - _BLOCK, image.width, image.height))
    darkest, brightest = corner.convert("L").getextrema()
    # Is a corner flat because it is so, or because there were no more data? In a progressive one
    # the later scans draw over it.
    if darkest != brightest and not image.info.get("progressive"):
        return ""
    if len(_RESTART.findall(content, begin, end)) < parts.restarts:
        return "cut off"
    return "" if _small(content[:end]) == _small(content[:end] + _MORE) else "cut off"


def _small(begun: bytes) -> bytes:
    """A JPEG without an end, at an eighth of its size, which is read in a third of the time."""
    with Image.open(io.BytesIO(begun + bytes([0xFF, _END]))) as image:
        image.draft(image.mode, (1, 1))
        return image.tobytes()


def _flat_blocks(image: Image.Image) -> int:
    grey = np.asarray(image.convert("L"))
    rows, columns = (side // _BLOCK for side in grey.shape)
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return int((blocks.max((1, 3)) - blocks.min((1, 3)) <= 1).sum())
