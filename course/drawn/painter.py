"""A canvas for soft, furry, rounded things, and the outlines that are painted on it.

Outlines are float arrays of shape (n, 2), x to the right and y down, in pixels once they reach
the canvas. Colours are RGB in [0, 1]. Hair grows away from a point, the *root* of its part, so
that it follows the body: away from the nose on a head, away from the hip on a leg.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from course.drawn.seeds import Rng

PARTS = ("", "body", "head", "ears", "eyes", "muzzle", "nose", "tongue")
"""What a pixel may show; a number in `Canvas.shows` is an index into this tuple, 0 is scenery."""

_SMOOTHING = 2  # outlines are cut this many times larger, then shrunk, which smooths their edges
_STRAND_TILE = 256  # pixels a side of the tile of hair that covers every canvas
_STRAND_ANGLES = 24  # directions in which hair is kept ready, over half a turn


class Canvas:
    """A picture in the making, and which part of the animal each of its pixels shows.

    Attributes:
        colours: float32 array, shape (height, width, 3).
        shows: uint8 array, shape (height, width), indices into `PARTS`.
    """

    def __init__(self, colours: np.ndarray, rng: Rng):
        self.colours = colours
        self.height, self.width = colours.shape[:2]
        self.shows = np.zeros((self.height, self.width), np.uint8)
        light = rng.uniform(-math.pi, 0)  # from above, some way to the side
        self._light = np.array([math.cos(light), math.sin(light) - 0.4]) / 1.2
        self._strands = _strand_tiles(max(1.0, round(min(self.height, self.width) / 32) / 2))
        self._shift = rng.integers(0, _STRAND_TILE, 2)

    def fill(
        self, outlines, colour, part: str = "", *, alpha: float = 1.0, blur: float = 0.0,
        shade: float = 0.0, inside: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """Paint one or more outlines in a smooth colour.

        Args:
            outlines: array (n, 2) in pixels, or a list of them, painted as one.
            colour: RGB in [0, 1].
            part: name in `PARTS` of what is painted; "" leaves `shows` as it is.
            alpha: how much it covers what is below.
            blur: pixels by which the edge is softened.
            shade: how round it looks, 0 for flat.
            inside: bool array, shape (height, width), where paint may go; everywhere by default.
        """
        cut = self._stencil(outlines, 2 + int(2 * blur))
        if cut is None:
            return
        window, stencil = cut
        if blur:
            stencil = stencil.filter(ImageFilter.GaussianBlur(blur))
        cover = np.asarray(stencil, np.float32) / 255
        if inside is not None:
            cover = cover * inside[window]
        paint = np.asarray(colour, np.float32)
        if shade:
            paint = paint * self._roundness(stencil, shade)[0][..., None]
        self._lay(window, cover * alpha, paint, part)

    def fur(
        self, outlines, coat, area: str, root, part: str = "body", *, shade: float = 0.6,
        lift: float = 0.0, tone: float = 1.0, ruffle: float = 1.0, alpha: float = 1.0,
    ) -> None:  # fmt: skip
        """Paint one or more outlines with fur.

        Args:
            outlines: array (n, 2) in pixels, or a list of them, painted as one.
            coat: `coats.Coat`, which knows colours, pattern and length of hair.
            area: which region of the coat, such as "leg"; see `coats.AREAS`.
            root: point (x, y) in pixels from which the hair grows away.
            part: name in `PARTS`.
            shade: how round it looks, 0 for flat.
            lift: how dark a shadow it casts on what the animal shows below.
            tone: brightness of the whole part.
            ruffle: how far the edge frays, in lengths of hair.
            alpha: how much it covers what is below.
        """
        fray = coat.hair * ruffle
        cut = self._stencil(outlines, 3 + int(2 * fray))
        if cut is None:
            return
        window, stencil = cut
        rows = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None]
        columns = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None]
        along_x, along_y = columns - float(root[0]), rows - float(root[1])
        direction = np.arctan2(along_y, along_x)
        strands = self._hair(window, direction)
        form, soft = self._roundness(stencil, shade)
        blurred = stencil.filter(ImageFilter.GaussianBlur(0.4 + 0.5 * fray))
        edge = np.asarray(blurred, np.float32) / 255
        frayed = strands * min(0.06 + 0.07 * fray, 0.2) * 4 * edge * (1 - edge)
        cover = np.clip((edge - 0.5 + frayed) * (1.3 + 0.6 * fray) + 0.5, 0, 1)
        distance = np.hypot(along_x, along_y)
        colour = coat.colours(area, window, distance, direction)
        light = form * (1 + coat.strands * strands) * tone
        if lift:
            below = self.shows[window] > 0
            self.colours[window] *= (1 - lift * soft * below)[..., None]
        self._lay(window, cover * alpha, colour * light[..., None], part)

    def shadow(self, outline, strength: float, blur: float) -> None:
        """Darken the scenery softly under an outline."""
        self.fill(outline, (0.02, 0.02, 0.03), alpha=strength, blur=blur)

    def mask(self, *parts: str) -> np.ndarray:
        """Bool array, shape (height, width): where one of the parts is seen; any, if none named."""
        if not parts:
            return self.shows > 0
        return np.isin(self.shows, [PARTS.index(part) for part in parts])

    def _stencil(self, outlines, pad: int):
        """The window of the canvas that holds the outlines, and what they cover of it, 0 to 255."""
        outlines = [outlines] if isinstance(outlines, np.ndarray) else outlines
        points = np.concatenate(outlines)
        left, top = (int(math.floor(v)) - pad for v in points.min(axis=0))
        right, bottom = (int(math.ceil(v)) + pad for v in points.max(axis=0))
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.width), min(bottom, self.height)
        if right - left < 2 or bottom - top < 2:
            return None
        large = Image.new("L", ((right - left) * _SMOOTHING, (bottom - top) * _SMOOTHING))
        pen = ImageDraw.Draw(large)
        for outline in outlines:
            pen.polygon(((outline - (left, top)) * _SMOOTHING).ravel().tolist(), fill=255)
        return (slice(top, bottom), slice(left, right)), large.reduce(_SMOOTHING)

    def _hair(self, window, direction: np.ndarray) -> np.ndarray:
        """Strands along the direction at each pixel, around 0 with spread 1."""
        turn = ((direction + math.pi) * (_STRAND_ANGLES / math.pi)).astype(np.intp)
        rows = (np.arange(window[0].start, window[0].stop) + self._shift[0]) % _STRAND_TILE
        columns = (np.arange(window[1].start, window[1].stop) + self._shift[1]) % _STRAND_TILE
        return self._strands[turn % _STRAND_ANGLES, rows[:, None], columns[None]]

    def _roundness(self, stencil: Image.Image, shade: float) -> tuple[np.ndarray, np.ndarray]:
        """Light on a rounded thing cut by the stencil, around 1, and the stencil blurred."""
        radius = min(max(1.0, 0.13 * max(stencil.size)), 12.0)
        shrink = max(1, int(radius / 1.5))  # a broad blur needs few pixels
        small = stencil.reduce(shrink).filter(ImageFilter.GaussianBlur(radius / shrink))
        blurred = small.resize(stencil.size, Image.BILINEAR) if shrink > 1 else small
        soft = np.asarray(blurred, np.float32) / 255
        light = 1 + shade * (soft - 0.82)
        slope_x, slope_y = np.zeros_like(soft), np.zeros_like(soft)
        slope_x[:, 1:-1] = soft[:, 2:] - soft[:, :-2]
        slope_y[1:-1] = soft[2:] - soft[:-2]
        strength = 0.62 * shade * radius
        return light - strength * (self._light[0] * slope_x + self._light[1] * slope_y), soft

    def _lay(self, window, cover: np.ndarray, paint: np.ndarray, part: str) -> None:
        below = self.colours[window]
        below += cover[..., None] * (np.clip(paint, 0, 1.05) - below)
        if part:
            self.shows[window][cover > 0.5] = PARTS.index(part)


@lru_cache(maxsize=8)
def _strand_tiles(width: float) -> np.ndarray:
    """Tiles of hair, one for each direction: the same noise, blurred along that direction.

    One noise for all keeps neighbouring directions alike, so that hair can bend without a seam.
    """
    noise = np.random.default_rng(1).standard_normal((_STRAND_TILE, _STRAND_TILE))
    spectrum = np.fft.rfft2(noise)
    fy = np.fft.fftfreq(_STRAND_TILE)[:, None]
    fx = np.fft.rfftfreq(_STRAND_TILE)[None]
    tiles = np.empty((_STRAND_ANGLES, _STRAND_TILE, _STRAND_TILE), np.float32)
    for k in range(_STRAND_ANGLES):
        angle = math.pi * (k + 0.5) / _STRAND_ANGLES
        along = fx * math.cos(angle) + fy * math.sin(angle)
        across = fy * math.cos(angle) - fx * math.sin(angle)
        for length, thickness, share in ((11, 1.6, 0.75), (22, 5.0, 0.45)):
            blur = np.exp(-((along * length * width) ** 2) - (across * thickness * width) ** 2)
            hair = np.fft.irfft2(spectrum * blur, s=noise.shape)
            tiles[k] = share * hair / hair.std() + (tiles[k] if length > 11 else 0)
        tiles[k] /= tiles[k].std()
    return np.clip(tiles, -2.5, 2.5)


# --- Outlines -----------------------------------------------------------------------------------


def smooth(points, *, closed: bool = True, steps: int = 5) -> np.ndarray:
    """A smooth curve through the points (Catmull-Rom spline), shape (m, d)."""
    p = np.asarray(points, float)
    p = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([p[:1], p, p[-1:]])
    before, here, there, after = (p[i : len(p) - 3 + i, None] for i in range(4))
    t = (np.arange(steps) / steps)[None, :, None]
    bend = 2 * before - 5 * here + 4 * there - after
    curve = here + t / 2 * (there - before + t * (bend + t * (3 * (here - there) + after - before)))
    curve = curve.reshape(-1, p.shape[1])
    return curve if closed else np.vstack([curve, p[-2:-1]])


@lru_cache(maxsize=4)
def _circle(n: int) -> np.ndarray:
    angles = np.linspace(0, 2 * math.pi, n, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def ellipse(centre, half_width: float, half_height: float, turn: float = 0.0) -> np.ndarray:
    """An ellipse of 24 points, turned clockwise by `turn` radians."""
    points = _circle(24) * (half_width, half_height)
    if turn:
        points = points @ turned(turn).T
    return points + np.asarray(centre, float)


def turned(angle: float) -> np.ndarray:
    """The 2 x 2 matrix of a clockwise turn, in a plane whose y points down."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s], [s, c]])


def tube(path, half_widths: Sequence[float]) -> np.ndarray:
    """Outline of a bent tube: a smooth path with a half width at each of its points."""
    spine = smooth(np.column_stack([np.asarray(path, float), half_widths]), closed=False)
    line, widths = spine[:, :2], spine[:, 2:]
    step = np.gradient(line, axis=0)
    step /= np.linalg.norm(step, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1)
    tip = line[-1] + step[-1] * widths[-1]
    near_tip = line[-1] + 0.7 * step[-1] * widths[-1]
    side = 0.7 * normal[-1] * widths[-1]
    left, right = line + normal * widths, line - normal * widths
    return np.vstack([left, near_tip + side, tip, near_tip - side, right[::-1]])


def capsule(start, start_radius: float, end, end_radius: float) -> np.ndarray:
    """Outline of two circles and what lies between them."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    towards = math.atan2(end[1] - start[1], end[0] - start[0])
    half = np.linspace(-math.pi / 2, math.pi / 2, 9) + towards
    cap = np.stack([np.cos(half), np.sin(half)], axis=1)
    return np.vstack([end + end_radius * cap, start - start_radius * cap])
