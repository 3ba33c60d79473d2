"""Photos that are there more than once: exact copies, and those that only look alike.

What looks alike is found in time and memory that grow with the number of photos, not with that of
their pairs, also where thousands look alike. On a set of pets the usual difference hash finds
copies and nothing else. In products on white it takes each disc for each square, because most of
its bits see nothing but white. So a pair has to pass three tests here:

- of the bits of the hash that see something, few differ;
- the mean colours are near;
- at no place do the two differ by more than what is around there allows, which in flat pictures
  is little: a spot on a scan makes another scan of it.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from course_utils.start import cpu_count

if TYPE_CHECKING:
    from course.data.photos import Photo

__all__ = ["exact_copies", "look_alikes", "look_of"]

SIDE = 32  # pixels of the small picture that is kept of each photo
# Share of the hash's bits that differ: of 1,260 pairs of copies of photos (shrunk, enlarged, saved
# anew, brighter, cropped) 99 in 100 have .12 or less, of 326,385 other pairs each .24 or more.
MOST_BITS = 0.15
MOST_COLOUR = 20.0  # of 255, the mean difference of 8 x 8 colours
SEEN = 4  # of 255: a step of brightness that counts
ALLOWED = 8.0  # of 255, at any place of a flat picture; elsewhere the median of what is around more
BLANK = 24  # of 255; a picture with less contrast is of nothing, and like any other
NEIGHBOURS = 12  # photos that each is compared with: copies are among the nearest
DIMENSIONS = 12  # in which they are the nearest; with more, the search goes through all pairs
CHUNK = 512  # photos at a time
BATCH = 128  # pairs at a time: those that hang together by then needn't be compared


def look_of(picture: Image.Image) -> np.ndarray:
    """What `look_alikes` compares of an RGB picture: uint8 array, shape (32, 32, 3)."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=3)
    return np.asarray(small, np.uint8)


def exact_copies(photos: Sequence["Photo"]) -> list[list[int]]:
    """Photos whose pixels are the same: as decoded, upright in RGB, before any is shrunk.

    So one file under two names is found, and the same picture in PNG and in another loss-free
    format. A JPEG that was saved anew has other pixels, and only looks alike.

    Args:
        photos: good ones, as in `Imported.photos`.
    Returns:
        groups of two or more indices, each ascending, in the order of their first.
    """
    groups: dict[bytes, list[int]] = {}
    for number, photo in enumerate(photos):
        groups.setdefault(photo.digest, []).append(number)
    return [group for group in groups.values() if len(group) > 1]


def look_alikes(photos: Sequence["Photo"], *, progress: bool = False) -> list[tuple[int, int]]:
    """Photos that look alike: copies made smaller or saved anew, and what else looks the same.

    They are to be looked at, and nothing is to be done without: pictures of a film, or scans, may
    look alike and be different. Pictures of nothing (one colour, paper) are never named.

    Args:
        photos: good ones, as in `Imported.photos`.
        progress: show a progress bar if it takes more than a second.
    Returns:
        pairs (i, j) with i < j. Photos that hang together by pairs are one group, and of n there
        are only n - 1 pairs. Of exact copies only the first is compared, so that no pair is one.
    Source: the difference hash (dHash) of Neal Krawetz, hackerfactor.com, 2013; made stricter.
    """
    again = {number for group in exact_copies(photos) for number in group[1:]}
    numbers = np.array([n for n in range(len(photos)) if n not in again], int)
    if len(numbers) < 2:
        return []
    looks = np.stack([photos[number].look for number in numbers])
    seen = looks.max((1, 2)).astype(int) - looks.min((1, 2)) >= BLANK
    looks, numbers = looks[seen.any(1)], numbers[seen.any(1)]
    if len(numbers) < 2:
        return []
    bits, sure, places = _marks(looks)
    looks, roughness = _smooth(looks)
    parent = list(range(len(numbers)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    found = []
    for pairs in _near(places, progress):
        i, j = pairs.T
        both = sure[i] | sure[j]
        differ = np.bitwise_count((bits[i] ^ bits[j]) & both).sum(1)
        pairs = pairs[differ <= MOST_BITS * np.bitwise_count(both).sum(1)]
        while len(pairs := np.array([pair for pair in pairs if root(pair[0]) != root(pair[1])])):
            i, j = pairs[:BATCH].T
            alike = _alike(looks[i], looks[j], np.minimum(roughness[i], roughness[j]))
            for a, b in pairs[:BATCH][alike]:
                if root(a) != root(b):
                    parent[max(root(a), root(b))] = min(root(a), root(b))
                    found.append((int(numbers[min(a, b)]), int(numbers[max(a, b)])))
            pairs = pairs[BATCH:]
    return sorted(found)


def _marks(looks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each photo: the hash's bits, which of them are sure, and a place in space.

    Photos that look alike have places near one another, also when one is brighter.
    """
    bits, sure, places = [], [], []
    for some in np.split(looks, range(CHUNK, len(looks), CHUNK)):
        grey = some.mean(3, dtype=np.float32)
        halves = _shrunk(grey, 16)
        steps = np.concatenate(
            [np.diff(halves, axis=axis).reshape(len(some), -1) for axis in (1, 2)], axis=1
        )
        bits.append(np.packbits(steps > 0, axis=1))
        sure.append(np.packbits(np.abs(steps) >= SEEN, axis=1))
        tones = np.log(_shrunk(grey, 8) + 16).reshape(len(some), -1)
        places.append(tones - tones.mean(1, keepdims=True))
    placed = np.concatenate(places)
    placed -= placed.mean(0)
    _, axes = np.linalg.eigh(placed.T @ placed)  # in the directions in which they differ most
    placed = placed @ axes[:, -DIMENSIONS:]
    return np.concatenate(bits), np.concatenate(sure), placed


def _near(places: np.ndarray, progress: bool) -> Iterator[np.ndarray]:
    """Pairs of photos with near places, the nearest of each chunk first: (i, j), shape (n, 2)."""
    from scipy.spatial import KDTree
    from tqdm.auto import tqdm

    tree, n = KDTree(places), len(places)
    for begin in tqdm(
        range(0, n, CHUNK), desc="comparing photos", leave=False, delay=1, disable=not progress
    ):
        distances, others = tree.query(
            places[begin : begin + CHUNK], k=min(NEIGHBOURS + 1, n), workers=cpu_count()
        )
        order = np.argsort(distances, axis=None, kind="stable")
        pairs = np.stack(np.unravel_index(order, distances.shape), 1)
        pairs = np.stack([pairs[:, 0] + begin, others[pairs[:, 0], pairs[:, 1]]], 1)
        yield pairs[pairs[:, 0] != pairs[:, 1]]


def _alike(a: np.ndarray, b: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """Whether smooth pictures look alike, one by one; none of their places may differ."""
    alike = np.abs(_shrunk(a, 8) - _shrunk(b, 8)).mean((1, 2, 3)) <= MOST_COLOUR
    for one, other in ((a, b), (b, a)):
        left = np.flatnonzero(alike)
        alike[left] = _worst(one[left], other[left]) <= ALLOWED + roughness[left]
    return alike


def _worst(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far pixels of `a` are, at the worst place, from what `b` has around there.

    One of them may be brighter by a fifth, as long as it is so everywhere.
    """
    low, high = _around(b)
    shown = (a < 245) & (b < 245)  # what is white stays white
    a, b = a * np.float32(1), np.where(shown, b, np.float32(0))
    gain = (a * b).sum((1, 2, 3)) / np.maximum((a * a * shown).sum((1, 2, 3)), 1)
    gain = np.where(shown.sum((1, 2, 3)) < 96, 1, gain).clip(0.8, 1.25).astype(np.float32)
    brighter = np.minimum(a * gain[:, None, None, None], 255)
    short, over = low - np.maximum(a, brighter), np.minimum(a, brighter) - high
    return np.maximum(short, over).max((1, 2, 3), initial=0)


def _smooth(looks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures in which each 3 x 3 pixels are averaged, in uint8; and how rough each is."""
    smooth, roughness = np.empty_like(looks), np.empty(len(looks), np.float32)
    for begin in range(0, len(looks), CHUNK):
        some = looks[begin : begin + CHUNK].astype(np.uint16)
        for axis in (1, 2):
            before, middle, after = _shifted(some, axis)
            some = before + middle + after
        smooth[begin : begin + CHUNK] = (some + 4) // 9
        low, high = _around(smooth[begin : begin + CHUNK])
        roughness[begin : begin + CHUNK] = np.median((high - low).max(3), (1, 2))
    return smooth, roughness


def _around(smooth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest value in each 3 x 3 pixels."""
    low = high = smooth
    for axis in (1, 2):
        before, middle, after = _shifted(low, axis)
        low = np.minimum(np.minimum(before, middle), after)
        before, middle, after = _shifted(high, axis)
        high = np.maximum(np.maximum(before, middle), after)
    return low, high


def _shifted(pictures: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures beside themselves, by a pixel to either side; their edges are repeated."""
    width = [(0, 0)] * 4
    width[axis] = (1, 1)
    wide = np.pad(pictures, width, "edge")
    return tuple(wide[:, k : k + SIDE] if axis == 1 else wide[:, :, k : k + SIDE] for k in range(3))


def _shrunk(pictures: np.ndarray, side: int) -> np.ndarray:
    """The mean of each field of side x side."""
    n, k, more = len(pictures), SIDE // side, pictures.shape[3:]
    return pictures.reshape(n, side, k, side, k, *more).mean((2, 4))
