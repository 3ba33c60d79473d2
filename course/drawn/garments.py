"""A stand-in for Fashion-MNIST: grey 28 x 28 clothes, shoes and bags in its ten classes.

Outlines are written in pixels of the finished picture, x to the right of its middle and y down
from its top, and drawn several times larger, so that shrinking smooths the edges.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from course.drawn.painter import smooth
from course.drawn.seeds import (
    GARMENT_STREAM,
    Rng,
    balanced_labels,
    chance,
    checked_counts,
    pick,
)

GARMENT_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""The ten class names of Fashion-MNIST; a label is an index into this tuple."""

GARMENT_SIZE = 28  # pixels a side, as Fashion-MNIST

_GARMENT_SCALE = 8  # garments are drawn this many times larger, then shrunk
_CANVAS = GARMENT_SIZE * _GARMENT_SCALE
_DARKEST, _LIGHTEST = 45, 245  # grey levels of cloth; 0 is kept for the background

Point = tuple[float, float]
Canvas = Image.Image
Cloth = Image.Image | float  # a canvas of cloth, or one grey level


def draw_garments(n: int, *, seed: int = 0, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw n grey pictures of clothes, shoes and bags, as a stand-in for Fashion-MNIST.

    Picture i of the answer depends only on `seed` and `start + i`: drawing 100 pictures and then
    50 from `start=100` gives the same as drawing 150. Each block of ten indices (0..9, 10..19, ...)
    holds every class once, in a shuffled order.

    Args:
        n: how many pictures, >= 0.
        seed: which set, >= 0; use different seeds for training and for testing.
        start: index of the first picture, >= 0.
    Returns:
        images, uint8 array, shape (n, 28, 28), 0 where there is no garment, and labels, uint8
        array, shape (n,), indices into `GARMENT_NAMES`.
    Raises:
        ValueError: n, seed or start is negative or not an integer.
    Example:
        >>> images, labels = draw_garments(20, seed=3)
        >>> images.shape, images.dtype, sorted(labels[:10].tolist())
        ((20, 28, 28), dtype('uint8'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        >>> shoes = images[np.isin(labels, [5, 7, 9])]
        >>> len(shoes), [GARMENT_NAMES[label] for label in (5, 7, 9)]
        (6, ['Sandal', 'Sneaker', 'Ankle boot'])

    Source: classes, size and background as in Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017,
        arXiv:1708.07747); the drawings are this course's own.
    """
    n, seed, start = checked_counts(n, seed, start)
    labels = balanced_labels(n, seed, start)
    images = np.empty((n, GARMENT_SIZE, GARMENT_SIZE), np.uint8)
    for i, label in enumerate(labels):
        rng = np.random.default_rng([GARMENT_STREAM, seed, start + i])
        canvas = Image.new("L", (_CANVAS, _CANVAS))
        _GARMENT_PAINTERS[label](canvas, rng)
        images[i] = _photographed(canvas, rng)
    return images, labels


# --- Pencil and scissors ------------------------------------------------------------------------


def _shade(tone: float, factor: float) -> int:
    """The grey level `factor` times as bright, kept within the range of cloth."""
    return int(min(max(tone * factor, _DARKEST), _LIGHTEST))


def _contrasting(tone: float, amount: float) -> int:
    """A grey level `amount` away from tone, on the side where there is room."""
    return int(tone - amount if tone > (_DARKEST + _LIGHTEST) / 2 else tone + amount)


def _mirror(points: Sequence[Point]) -> list[Point]:
    """The points on the other side of the middle, in reverse order."""
    return [(-x, y) for x, y in reversed(points)]


def _both_sides(*right: Point) -> list[Point]:
    """Close a symmetric outline, given its right half from top to bottom."""
    return [*right, *_mirror(right)]


def _smooth(points: Sequence[Point], *, closed: bool = False, steps: int = 6) -> list[Point]:
    return smooth(points, closed=closed, steps=steps).tolist()


def _large(points: Sequence[Point]) -> list[Point]:
    return [((x + GARMENT_SIZE / 2) * _GARMENT_SCALE, y * _GARMENT_SCALE) for x, y in points]


def _cut(canvas: Canvas, cloth: Cloth, outline: Sequence[Point], *, twice: bool = False) -> None:
    """Lay a piece of cloth, cut along the outline, on the canvas; `twice` adds its mirror image."""
    if isinstance(cloth, Canvas):
        stencil = Image.new("1", canvas.size)
        ImageDraw.Draw(stencil).polygon(_large(outline), fill=1)
        canvas.paste(cloth, mask=stencil)
    else:
        ImageDraw.Draw(canvas).polygon(_large(outline), fill=int(cloth))
    if twice:
        _cut(canvas, cloth, _mirror(outline))


def _stroke(
    canvas: Canvas, path: Sequence[Point], tone: float, width: float, *, twice: bool = False
) -> None:
    """Draw a line along the path; `twice` adds its mirror image."""
    pen_width = max(1, round(width * _GARMENT_SCALE))
    ImageDraw.Draw(canvas).line(_large(path), fill=int(tone), width=pen_width, joint="curve")
    if twice:
        _stroke(canvas, _mirror(path), tone, width)


def _across(canvas: Canvas, half: float, y: float, tone: float, width: float) -> None:
    """Draw a level line from -half to half."""
    _stroke(canvas, [(-half, y), (half, y)], tone, width)


def _spot(canvas: Canvas, centre: Point, radius: float, tone: float) -> None:
    x, y = centre
    box = _large([(x - radius, y - radius), (x + radius, y + radius)])
    ImageDraw.Draw(canvas).ellipse(box, fill=int(tone))


# --- Cloth --------------------------------------------------------------------------------------


def _wave(rng: Rng, period: float, share: float) -> np.ndarray:
    """A row of the canvas: 1 on stripes, which take `share` of each period, and 0 between."""
    phase = np.arange(_CANVAS) / (_GARMENT_SCALE * period) + rng.random()
    return (phase % 1 < share).astype(np.float32)


def _cloth(rng: Rng, tone: float, patterns: str) -> Canvas:
    """A canvas of cloth in one of the patterns, whose names are separated by spaces."""
    pattern = pick(rng, patterns.split())
    period, strength = rng.uniform(3, 5.5), rng.uniform(45, 95)
    if pattern == "plain":
        return Image.new("L", (_CANVAS, _CANVAS), int(tone))
    if pattern == "print":
        blots = Image.fromarray((rng.random((20, 20)) * 255).astype(np.uint8))
        weave = np.asarray(blots.resize((_CANVAS, _CANVAS), Image.BICUBIC)) > rng.uniform(150, 185)
    elif pattern == "dots":
        weave = _wave(rng, period, 0.45)[None] * _wave(rng, period, 0.45)[:, None]
    elif pattern == "checks":
        weave = (_wave(rng, period, 0.4)[None] + _wave(rng, period, 0.4)[:, None]) / 2
    elif pattern == "knit":
        weave, strength = _wave(rng, rng.uniform(1.7, 2.3), 0.5)[None], strength / 2
    else:
        weave = _wave(rng, period, rng.uniform(0.25, 0.6))
        weave = weave[:, None] if pattern == "rows" else weave[None]
    levels = tone + (_contrasting(tone, strength) - tone) * weave
    levels = np.clip(levels, _DARKEST, _LIGHTEST).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(levels, (_CANVAS, _CANVAS))))


def _dimmed(cloth: Canvas, factor: float) -> Canvas:
    return cloth.point([int(level * factor) for level in range(256)])


def _photographed(canvas: Canvas, rng: Rng) -> np.ndarray:
    """Tilt and shift the drawing, shrink it, and add folds, rounding and grain."""
    angle, stretch_x, stretch_y = rng.normal(0, 0.05), *rng.uniform(0.93, 1.1, 2)
    shift_x, shift_y = rng.normal(0, 0.5, 2) * _GARMENT_SCALE
    middle = _CANVAS / 2
    a, b, d, e = stretch_x, -angle, angle, stretch_y  # small angle: cos is 1, sin is the angle
    tilt = (a, b, middle * (1 - a - b) + shift_x, d, e, middle * (1 - d - e) + shift_y)
    small = canvas.transform(canvas.size, Image.AFFINE, tilt, Image.BILINEAR)
    small = small.reduce(_GARMENT_SCALE)
    grey = np.asarray(small, np.float32)
    solid = small.point([0] + [255] * 255).filter(ImageFilter.GaussianBlur(1.6))
    rounding = 1 - rng.uniform(0.1, 0.4) * (1 - np.asarray(solid, np.float32) / 255)
    bumps = rng.normal(0, rng.uniform(0.03, 0.1), (4, 7)).astype(np.float32)
    folds = 1 + np.asarray(Image.fromarray(bumps).resize(small.size, Image.BICUBIC))
    grain = rng.normal(0, rng.uniform(1, 6), grey.shape)
    lit = np.clip(grey * rounding * folds + grain, 1, 255)
    return np.where(grey > 0, lit, 0).astype(np.uint8)


# --- Garments with a torso ----------------------------------------------------------------------
# Below, `u` draws a length, an angle or a tone at random; widths are half widths.


def _add_sleeves(
    canvas: Canvas, cloth: Cloth, shoulder: Point, length: float, angle: float, bend: float,
    upper: float, cuff: float,
) -> list[Point]:  # fmt: skip
    """Lay both sleeves, `angle` degrees from vertical; return the edge of the right cuff."""
    arm, forearm = np.deg2rad(angle), np.deg2rad(angle - bend)

    def along(point: Point, direction: float, step: float) -> Point:
        return point[0] + step * np.sin(direction), point[1] + step * np.cos(direction)

    def inwards(point: Point, direction: float, step: float) -> Point:
        return point[0] - step * np.cos(direction), point[1] + step * np.sin(direction)

    elbow = along(shoulder, arm, length / 2)
    wrist = along(elbow, forearm, length / 2)
    edge = [wrist, inwards(wrist, forearm, cuff)]
    below = [inwards(elbow, arm, (upper + cuff) / 2), inwards(shoulder, arm, upper)]
    _cut(canvas, cloth, [shoulder, elbow, *edge, *below], twice=True)
    return edge


def _add_top(
    canvas: Canvas, rng: Rng, tone: float, patterns: str, reach: float, flare: float = 0.0
) -> tuple[float, float, float, float, list[Point]]:
    """Lay sleeves and body, cut alike for all four kinds of top.

    `reach` is the length of the sleeves over that of the body. Returns the height of the top and
    of the bottom, the half widths of the chest and of the hem, and the edge of the right cuff.
    """
    u, cloth = rng.uniform, _cloth(rng, tone, patterns)
    top, bottom, shoulder = u(1.4, 3.2), u(24.6, 27), u(5.5, 7.1)
    chest, start = shoulder + u(-0.4, 0.4), top + 1.4
    waist, hem = chest + u(-1, 0.4), chest + u(-0.5, 0.7) + flare
    angle, loose = (u(28, 60), 0.8) if reach < 0.4 else (u(11, 20), 0.0)
    length, bend = reach * (bottom - start), u(-2, 6)
    upper, cuff = u(3.5, 4.6) + loose, u(2.3, 3.2) + 2 * loose
    sleeve = _dimmed(cloth, u(0.78, 1))
    edge = _add_sleeves(canvas, sleeve, (shoulder, start), length, angle, bend, upper, cuff)
    shoulders = [(2.6, top), (shoulder, start), (chest, top + 6.5)]
    sides = [(waist, (top + 6.5 + bottom) / 2), (hem, bottom - 0.4)]
    _cut(canvas, cloth, _both_sides(*shoulders, *sides, (hem / 2, bottom)))
    _stroke(canvas, [*shoulders[1:], *sides], _shade(tone, u(0.45, 0.65)), 0.6, twice=True)
    return top, bottom, chest, hem, edge


def _add_cuffs(canvas: Canvas, edge: Sequence[Point], tone: float, width: float) -> None:
    """Draw a band inside the edge of both cuffs."""
    _stroke(canvas, [(x, y - width / 2) for x, y in edge], tone, width, twice=True)


def _add_neckline(
    canvas: Canvas, tone: float, kind: str, top: float, half: float, depth: float, band: float
) -> None:
    """Open the neck: the inside of the back in shadow, and a ribbed band along the front."""
    low = top + depth * (1.5 if kind == "V" else 1)
    front = [(-half, top), (0, low), (half, top)]
    if kind == "round":
        side = [(half * 0.7, low - depth * 0.3), (half, top)]
        front = _smooth([*_mirror(side), (0, low), *side])
    _cut(canvas, 0, [(-half, 0), *front, (half, 0)])
    back = [(-half, top), (0, top + 0.4), (half, top)]
    _cut(canvas, _shade(tone, 0.45), [*back, *reversed(front)])
    _stroke(canvas, front, band, 0.9)


def _draw_tshirt(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 240)
    patterns = "plain plain plain plain plain rows dots print"
    reach = u(0.45, 0.62) if chance(rng, 0.15) else u(0.2, 0.38)
    top, bottom, _, hem, edge = _add_top(canvas, rng, tone, patterns, reach)
    seam = _shade(tone, u(0.55, 0.85))
    _add_cuffs(canvas, edge, seam, u(0.4, 1))
    _across(canvas, hem, bottom - 1, seam, 0.3)
    if chance(rng, 0.45):
        _add_chest_print(canvas, rng, tone)
    band = _contrasting(tone, 60) if chance(rng, 0.4) else _shade(tone, 0.7)
    neck = pick(rng, ("V", "round", "round"))
    _add_neckline(canvas, tone, neck, top, u(2.4, 3.8), u(1.6, 3.6), band)


def _add_chest_print(canvas: Canvas, rng: Rng, tone: float) -> None:
    ink, y = _contrasting(tone, rng.uniform(60, 110)), rng.uniform(9, 12)
    half, height = rng.uniform(2, 4.2), rng.uniform(2, 6)
    kind = pick(rng, ("disc", "block", "lines"))
    if kind == "disc":
        _spot(canvas, (0, y + height / 2), min(half, 3.2), ink)
        _spot(canvas, (0.8, y + height / 2 - 0.4), 1, _shade(tone, 0.9))
    elif kind == "block":
        _cut(canvas, ink, _both_sides((half, y), (half, y + height)))
    else:
        for row in np.arange(y, y + height, 1.9):
            _across(canvas, half * rng.uniform(0.6, 1), row, ink, 0.9)


def _draw_pullover(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 235)
    patterns = "plain plain plain plain knit knit rows rows print"
    top, bottom, _, hem, edge = _add_top(canvas, rng, tone, patterns, u(0.78, 1.04))
    ribs = _contrasting(tone, u(15, 60))
    _add_cuffs(canvas, edge, ribs, 1.6)
    _across(canvas, hem, bottom - 1, ribs, 1.8)
    neck = pick(rng, ("round", "round", "V", "roll", "hood", "zip"))
    if neck in ("roll", "zip"):
        _cut(canvas, ribs, _both_sides((2.6, top - 1.4), (3.1, top + 1.6)))
        _across(canvas, 3, top + 1.7, _shade(tone, 0.5), 0.5)
        _across(canvas, 2.4, top - 1.2, _shade(tone, 0.4), 0.6)
        if neck == "zip":
            _stroke(canvas, [(0, top - 1), (0, top + u(5, 8))], _shade(tone, 0.4), 0.7)
    elif neck == "hood":
        _add_hood(canvas, tone, top)
        _stroke(canvas, [(1.4, top + 4), (1.4, top + 8)], _contrasting(tone, 80), 0.5, twice=True)
        pocket = _both_sides((2.4, 17), (4, 22))
        _stroke(canvas, [*pocket, pocket[0]], _shade(tone, 0.6), 0.5)
    else:
        _add_neckline(canvas, tone, neck, top, u(2.4, 3.6), u(1.6, 3), ribs)


def _add_hood(canvas: Canvas, tone: float, top: float) -> None:
    rim = [(-4, top - 1), (0, top - 1.9), (4, top - 1), (5.4, top + 3), (0, top + 5)]
    _cut(canvas, _shade(tone, 0.8), _smooth([*rim, (-5.4, top + 3)], closed=True))
    _cut(canvas, _shade(tone, 0.4), _smooth([(-3, top), (3, top), (0, top + 4)], closed=True))


def _draw_dress(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(65, 240)
    cloth = _cloth(rng, tone, "plain plain plain plain print dots rows columns checks")
    top, waist_y, bottom = u(1.2, 2.4), u(9.5, 12.5), u(25.8, 27.4)
    chest, waist, hem, neck = u(3.8, 5), u(2.7, 3.9), u(4.2, 9), u(1.8, 2.6)
    kind = pick(rng, ("none", "none", "straps", "straps", "short", "long"))
    start = top + 3.6 if kind == "straps" else top
    shoulder = {"none": chest - 0.6, "straps": chest - 0.7}.get(kind, chest + 0.2)
    if kind in ("short", "long"):
        length, angle = (u(3.5, 5.5), u(20, 45)) if kind == "short" else (u(12, 16), u(9, 16))
        at = (shoulder, top + 1.2)
        _add_sleeves(canvas, _dimmed(cloth, 0.85), at, length, angle, 0, 3.2, u(1.7, 2.4))
    bodice = [(neck, start), (shoulder, start + 1), (chest, top + 5.5), (waist, waist_y)]
    knee = (waist + (hem - waist) * u(0.3, 0.6), waist_y + (bottom - waist_y) * 0.4)
    _cut(canvas, cloth, _both_sides(*bodice, knee, (hem, bottom - 0.5), (hem / 2, bottom)))
    if kind == "straps":
        strap = [(u(1.4, 2), top - 0.6), (chest - 1.2, start + 0.5)]
        _stroke(canvas, strap, tone, u(0.7, 1.3), twice=True)
    else:
        shape = pick(rng, ("round", "V"))
        _add_neckline(canvas, tone, shape, top, neck, u(1.4, 3), _shade(tone, 0.75))
    belt = _contrasting(tone, u(50, 90)) if chance(rng, 0.4) else _shade(tone, 0.65)
    _across(canvas, waist, waist_y, belt, u(0.5, 1.5))
    for pleat in np.linspace(-0.6, 0.6, int(rng.integers(0, 5))):
        fold = [(pleat * waist, waist_y + 1), (pleat * hem, bottom - 1)]
        _stroke(canvas, fold, _shade(tone, 0.72), 0.4)


def _draw_coat(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 225)
    patterns = "plain plain plain plain plain plain checks knit"
    top, bottom, chest, _, edge = _add_top(canvas, rng, tone, patterns, u(0.74, 0.96), u(0, 1.2))
    seam, shadow = _shade(tone, u(0.5, 0.7)), _shade(tone, u(0.3, 0.5))
    _add_cuffs(canvas, edge, seam, u(0.5, 2))
    collar = pick(rng, ("lapels", "lapels", "lapels", "hood", "stand"))
    opening = u(8, 12) if collar == "lapels" else top + 4
    front, vent = u(-0.5, 0.5), u(0, 1)  # vent: how far the fronts hang apart at the hem
    _cut(canvas, 0, [(front, opening + 8), (front - vent, bottom + 1), (front + vent, bottom + 1)])
    _stroke(canvas, [(front, opening - 1), (front, bottom)], shadow, u(0.6, 1))
    if collar == "lapels":
        _add_lapels(canvas, rng, tone, top, opening)
    elif collar == "hood":
        _add_hood(canvas, tone, top)
    else:
        _add_stand_collar(canvas, tone, top, chest, bottom)
    button = _contrasting(tone, u(30, 110))
    columns = pick(rng, ((), (front - 1.9, front + 1.9), (front + 1.3,), (front + 1.3,)))
    for y in np.arange(opening + 1, bottom - 6, u(2.8, 4)):
        for x in columns:
            _spot(canvas, (x, y), 0.55, button)
    if chance(rng, 0.35):  # belt
        _across(canvas, chest, opening + u(2, 4), seam, u(1, 1.6))
    if chance(rng, 0.7):  # pockets
        y = u(17, 19)
        _stroke(canvas, [(2.6, y + u(-0.8, 0.8)), (5, y)], shadow, 0.7, twice=True)


def _add_stand_collar(canvas: Canvas, tone: float, top: float, chest: float, bottom: float) -> None:
    """The high collar and the quilting of a padded coat."""
    for y in np.arange(top + 5.5, bottom - 1, 3.2):
        _across(canvas, chest, y, _shade(tone, 0.7), 0.6)
    collar = [(3.4, top + 2.4), (3, top - 0.9), (0.9, top - 0.4), (0.3, top + 4)]
    _cut(canvas, _shade(tone, 1.25), collar, twice=True)
    _stroke(canvas, [collar[0], collar[-1]], _shade(tone, 0.5), 0.5, twice=True)


def _add_lapels(canvas: Canvas, rng: Rng, tone: float, top: float, opening: float) -> None:
    """The V of a coat: lining in shadow, and two lapels folded out."""
    half, reach, notch = rng.uniform(2.2, 2.8), rng.uniform(4, 5.2), top + rng.uniform(3.4, 5)
    _cut(canvas, _shade(tone, 0.4), [(-half, top), (0, opening), (half, top)])
    lapel = [(half - 0.6, top - 0.4), (reach - 1, top + 1.6), (reach, notch), (0, opening)]
    facing = pick(rng, (_shade(tone, 1.25), _shade(tone, 0.78), _contrasting(tone, 60)))
    _cut(canvas, facing, lapel, twice=True)
    _stroke(canvas, lapel[1:], _shade(tone, 0.5), 0.4, twice=True)


def _draw_shirt(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 240)
    patterns = "plain plain plain plain columns columns checks checks rows print"
    reach = pick(rng, (u(0.78, 1), u(0.78, 1), u(0.78, 1), u(0.5, 0.65), u(0.25, 0.38)))
    top, bottom, _, hem, edge = _add_top(canvas, rng, tone, patterns, reach)
    seam = _shade(tone, u(0.5, 0.7))
    if chance(rng, 0.6):  # the hem of a shirt curves up at the sides
        tail = [(hem + 1, bottom - 2.6), (hem - 1.4, bottom + 0.1), (hem + 1.5, bottom + 1)]
        _cut(canvas, 0, tail, twice=True)
    _add_cuffs(canvas, edge, seam, u(0.5, 1.6))
    _add_placket(canvas, rng, tone, top, bottom if chance(rng, 0.8) else u(12, 16))
    _add_collar(canvas, rng, tone, top)
    if chance(rng, 0.5):
        y = u(9.2, 10.5)
        pocket = [(2.2, y), (2.2, y + 3), (5.2, y + 3), (5.2, y), (2.2, y)]
        _stroke(canvas, pocket, seam, 0.4)


def _add_placket(canvas: Canvas, rng: Rng, tone: float, top: float, bottom: float) -> None:
    """The strip of buttons down the front of a shirt."""
    half = rng.uniform(0.8, 1.1)
    strip = _both_sides((half, top + 1.5), (half, bottom - 0.2))
    _cut(canvas, _shade(tone, rng.uniform(0.95, 1.15)), strip)
    _stroke(canvas, strip[:2], _shade(tone, 0.6), 0.35, twice=True)
    button = _contrasting(tone, rng.uniform(20, 110))
    for y in np.arange(top + 4, bottom - 1.5, rng.uniform(2.6, 4.2)):
        _spot(canvas, (0, y), 0.5, button)


def _add_collar(canvas: Canvas, rng: Rng, tone: float, top: float) -> None:
    """Two pointed flaps, with the inside of the collar in shadow between them."""
    half, tip = rng.uniform(2.3, 2.9), (rng.uniform(2.8, 4), top + rng.uniform(2.6, 3.6))
    _cut(canvas, _shade(tone, 0.4), [(-half, top - 0.8), (0, top + 2), (half, top - 0.8)])
    flap = [(half - 0.4, top - 1.4), (half + 0.8, top), tip, (0.1, top + 1.8)]
    flap_tone = pick(rng, (_shade(tone, 1.25), _shade(tone, 0.95), _contrasting(tone, 60)))
    _cut(canvas, flap_tone, flap, twice=True)
    _stroke(canvas, [*flap, flap[0]], _shade(tone, 0.5), 0.35, twice=True)


# --- Trousers and bags --------------------------------------------------------------------------


def _draw_trouser(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 235)
    cloth = _cloth(rng, tone, "plain plain plain plain plain plain plain columns checks print")
    top, bottom, crotch = u(0.8, 2), u(26, 27.4), u(8, 10.5)
    waist, hip = u(3.6, 4.8), u(4.6, 6)
    outer = hip + u(-1.4, 1.8)  # of the ankle
    inner = max(0.4, outer - u(2.2, 4.6))
    knee_out, knee_in = (hip + outer) / 2 - u(0, 0.8), max(0.25, inner * u(0.3, 0.7))
    outside = [(0, top), (waist, top), (hip, crotch - 1.5), (knee_out, 17.5), (outer, bottom)]
    inside = [(inner, bottom), (knee_in, 17.5), (0.12, crotch), (0, crotch)]
    _cut(canvas, cloth, outside + inside, twice=True)
    seam = _shade(tone, 0.55)
    band = _both_sides((waist, top), (waist + 0.2, top + 1.4))
    _cut(canvas, _shade(tone, u(0.65, 1.3)), band)
    _stroke(canvas, [(0, top + 1.4), (0, crotch)], seam, 0.5)
    if chance(rng, 0.6):
        pocket = [(waist - 1.4, top + 1.6), (hip - 0.4, top + 4.4)]
        _stroke(canvas, pocket, seam, 0.45, twice=True)
    if chance(rng, 0.6):
        crease = [(waist * 0.55, top + 3), ((inner + outer) / 2, bottom)]
        crease_tone = _shade(tone, pick(rng, (0.75, 1.25)))
        _stroke(canvas, crease, crease_tone, u(0.5, 1.2), twice=True)
    if chance(rng, 0.3):
        _stroke(canvas, [(inner, bottom - 1.2), (outer, bottom - 1.2)], seam, 0.6, twice=True)


def _draw_bag(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(60, 235)
    cloth = _cloth(rng, tone, "plain plain plain plain plain plain checks print knit rows")
    kind = pick(rng, ("handbag", "handbag", "tote", "shoulder", "clutch", "barrel"))
    top, bottom = (u(7, 9), u(20, 22)) if kind == "clutch" else (u(10, 13), u(23.5, 26.5))
    upper = u(7.5, 11) if kind in ("handbag", "tote") else u(9.5, 12.5)
    lower = upper + (u(-1.5, 0.5) if kind == "tote" else u(0, 2))
    _add_handles(canvas, rng, kind, _shade(tone, u(0.6, 1.3)), top + 0.6, upper)
    side = [(upper - 1, top), (upper, top + 1), (lower, bottom - 1.6), (lower - 1.4, bottom)]
    body = _both_sides(*side)
    round_body = kind in ("barrel", "clutch")
    _cut(canvas, cloth, _smooth(body, closed=True, steps=3) if round_body else body)
    seam, metal = _shade(tone, 0.55), _contrasting(tone, 110)
    _stroke(canvas, [(upper - 1, top + 1), (lower - 1, bottom - 1)], seam, 0.4, twice=True)
    if kind in ("shoulder", "clutch") or chance(rng, 0.3):
        fall = top + (bottom - top) * u(0.4, 0.65)
        flap = _both_sides((upper - 0.6, top + 0.2), (upper - u(0, 2), fall - 2), (2.5, fall))
        _cut(canvas, _dimmed(cloth, u(0.75, 0.92)), flap)
        _stroke(canvas, flap[1:-1], seam, 0.5)
        _spot(canvas, (0, fall - 0.6), u(0.8, 1.2), metal)
        return
    y = top + u(1.2, 2.6)
    _across(canvas, upper - 0.6, y, seam, 0.5)
    if chance(rng, 0.6):
        pocket = _both_sides((upper * 0.6, y + 4), (upper * 0.6, bottom - 2))
        _stroke(canvas, [*pocket, pocket[0]], seam, 0.5)
    if chance(rng, 0.6):
        _spot(canvas, (0, y + u(0, 2)), u(0.6, 1), metal)


def _add_handles(canvas: Canvas, rng: Rng, kind: str, tone: float, top: float, half: float) -> None:
    rise, width = top - rng.uniform(1, 4), rng.uniform(0.8, 1.6)
    reach = half * rng.uniform(0.4, 0.7)
    if kind == "clutch":  # a thin chain, or nothing
        rise, width, reach = rng.uniform(3, 5), 0.6, half - 1
        if chance(rng, 0.5):
            return
    elif kind == "shoulder":
        reach = half - 0.8
    foot, shoulder = (reach, top), (reach * 0.84, top - 0.72 * rise)
    arch = _smooth([*_mirror([shoulder, foot]), (0, top - rise), shoulder, foot])
    if kind in ("tote", "barrel"):  # the far handle, seen behind the near one
        _stroke(canvas, [(x + 1.4, y + 0.8) for x, y in arch], _shade(tone, 0.6), width)
    _stroke(canvas, arch, tone, width)


# --- Shoes, all pointing left -------------------------------------------------------------------


def _on_heel(points: Sequence[Point], height: float) -> list[Point]:
    """Lift the back of a shoe: nothing at the toe (x <= -6), `height` from x = 5 on."""
    p = np.asarray(points, float)
    t = np.clip((p[:, 0] + 6) / 11, 0, 1)
    p[:, 1] -= height * t * t * (3 - 2 * t)
    return p.tolist()


def _draw_sneaker(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(55, 230)
    cloth = _cloth(rng, tone, "plain plain plain plain plain knit checks")
    ground, sole, tall, toe = u(19.5, 21.5), u(1.6, 3.2), u(0.95, 1.5), u(-0.8, 0.6)
    base = ground - sole

    def above(*points: Point) -> list[Point]:
        return [(x, base + y * tall) for x, y in points]

    toe_side = above((-12.2, -0.2), (-11.4, -2.4 + toe), (-8, -3.8 + toe), (-4, -5.2))
    collar = above((-0.6, -7.6), (1.4, -9), (3, -7.6), (5.5, -6.2), (8.5, -6.8), (10.8, -8.2))
    heel = above((12, -6.6), (11.7, -3), (12.2, 0))
    _cut(canvas, cloth, [*_smooth(toe_side + collar + heel), (0, base + 0.6)])
    opening = above((1.6, -8.8), (3, -7.2), (5.5, -5.8), (8.5, -6.4), (10.6, -8))
    _cut(canvas, _shade(tone, 0.35), _smooth(opening, closed=True))
    seam, accent = _shade(tone, 0.5), _contrasting(tone, u(60, 120))
    if chance(rng, 0.5):
        cap = above((-12.2, 0), (-11.4, -2.3 + toe), (-8, -3.6 + toe), (-7, -1.8), (-6.6, 0))
        _cut(canvas, _shade(tone, pick(rng, (0.75, 1.3))), cap)
    if chance(rng, 0.5):
        patch = above((10.6, -7.6), (11.7, -6.6), (11.4, -3), (11.8, 0), (8.6, 0), (9, -3.4))
        _cut(canvas, accent, patch)
    for t in np.linspace(0.1, 0.9, int(rng.integers(3, 6))):  # laces
        [(x, y)] = above((-5.4 + 5.6 * t, -4.7 - 3.6 * t))
        _stroke(canvas, [(x - 0.4, y), (x + 1.5, y + 1.7)], _contrasting(tone, 100), 0.6)
    side = pick(rng, ("bars", "swoosh", "panel", "none"))
    if side == "bars":
        for x in (0, 2.4, 4.8):
            _stroke(canvas, above((x, -0.6), (x + 1.8, -5)), accent, 0.9)
    elif side == "swoosh":
        hook = above((-1, -3.4), (1, -1.4), (4, -2), (9.5, -5), (3.5, -3), (1.5, -2.8))
        _cut(canvas, accent, _smooth(hook, closed=True))
    elif side == "panel":
        _stroke(canvas, above((-3, -0.3), (-0.5, -3.4), (6, -3), (9, -0.3)), seam, 0.5)
    rubber = pick(rng, (u(200, 245), _contrasting(tone, 90), _shade(tone, 0.6)))
    front = [(-12.6, base - 0.3), (-12.5, ground - u(0.6, 1.4)), (-10, ground)]
    rear = [(10.5, ground), (12.6, ground - 0.6), (12.6, base - 0.3), (0, base + 0.3)]
    _cut(canvas, rubber, front + rear)
    _stroke(canvas, [(-12.4, base - 0.1), (0, base + 0.3), (12.4, base - 0.2)], seam, 0.4)


def _draw_ankle_boot(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(55, 225)
    cloth = _cloth(rng, tone, "plain plain plain plain plain plain plain knit print")
    heel = pick(rng, ("flat", "flat", "block", "block", "stiletto"))
    height = {"flat": 0.0, "block": u(1.5, 4), "stiletto": u(4, 6)}[heel]
    ground, sole = u(23.5, 26.6), u(0.9, 2.4) if heel == "flat" else u(0.6, 1.2)
    base = ground - sole
    top, front, back, tip = u(2, 8) + height * 0.3, u(-1.4, 0.6), u(9.8, 11.4), u(-12.4, -11)
    toe = base - u(2.6, 4.4)
    back_top = top + u(-0.8, 0.8)
    shaft = [(front + 0.2, top + 5), (front, top), (back, back_top), (back - 0.3, top + 3)]
    heel_side = [(back - 0.6, 15), (11.3, 20), (11, base), (0, base), (-10, base)]
    toe_side = [(tip, base - 0.6), (tip + 0.8, toe + 0.6), (-7.5, toe - 1), (-3.6, toe - 2.8)]
    foot = _smooth([shaft[-1], *_on_heel(heel_side + toe_side, height), shaft[0]])
    _cut(canvas, cloth, shaft + foot)
    seam, accent = _shade(tone, 0.55), _contrasting(tone, u(50, 100))
    opening = [shaft[1], shaft[2], (back - 0.4, back_top + 0.9), (front + 0.4, top + 0.9)]
    _cut(canvas, _shade(tone, 0.4), opening)
    _add_boot_detail(canvas, rng, seam, accent, top, front, back)
    rubber = pick(rng, (_shade(tone, 0.5), _shade(tone, 0.6), _contrasting(tone, 70)))
    line = _on_heel([(x, base + sole / 2) for x in (tip, -5, 0, 5, 11.2)], height)
    _stroke(canvas, line, rubber, sole)
    if heel != "flat":
        rear = base - height + sole * 0.6
        inner, foot_inner = (4.5, 5.5) if heel == "block" else (6.5, 9.6)
        _cut(canvas, rubber, [(inner, rear), (11.2, rear), (11, ground), (foot_inner, ground)])


def _add_boot_detail(
    canvas: Canvas, rng: Rng, seam: float, accent: float, top: float, front: float, back: float
) -> None:
    kind = pick(rng, ("laces", "elastic", "zip", "strap", "fold"))
    if kind == "laces":
        for y in np.arange(top + 1.5, 18, 1.9):
            _stroke(canvas, [(front - 0.2, y), (front + 2.6, y + 0.9)], accent, 0.6)
        _stroke(canvas, [(front + 2.8, top + 1), (front + 2.8, 17)], seam, 0.4)
    elif kind == "elastic":
        x = (front + back) / 2
        _cut(canvas, seam, [(x - 2, top), (x + 2, top), (x + 1, 14), (x - 1, 14)])
    elif kind == "zip":
        x = rng.uniform(3, 7)
        _stroke(canvas, [(x, top + 1), (x - 0.5, 18)], accent, 0.5)
    elif kind == "strap":
        y = rng.uniform(12, 15)
        _stroke(canvas, [(front - 1, y + 1), (back - 0.4, y - 0.5)], seam, 1.3)
        _spot(canvas, (rng.uniform(2, 6), y + 0.3), 0.9, accent)
    else:
        low = top + 3
        _cut(canvas, accent, [(front - 0.5, top), (back + 0.5, top), (back, low), (front, low)])


def _draw_sandal(canvas: Canvas, rng: Rng) -> None:
    u, tone = rng.uniform, rng.uniform(80, 240)
    heel = pick(rng, ("flat", "flat", "flat", "wedge", "block", "stiletto"))
    height = {"flat": u(0, 0.8), "wedge": u(2, 4.5)}.get(heel, u(3.5, 7))
    ground = u(19.5, 21.5) if heel == "flat" else u(22.5, 25)
    sole = u(1.5, 3) if heel == "flat" else u(1.2, 2)
    base = ground - sole
    _add_straps(canvas, rng, tone, base, height)
    rubber = pick(rng, (_shade(tone, 0.55), _shade(tone, 0.7), _contrasting(tone, 50)))
    line = _on_heel([(x, base) for x in np.linspace(-12.6, 12.4, 12)], height)
    under = _on_heel([(x, base + sole) for x in np.linspace(12, -11.8, 12)], height)
    if heel == "wedge":
        under = [(12, ground), (0, ground), (-10, ground)]
    elif heel in ("block", "stiletto"):
        rear, (wide, foot) = base - height, (5, 4) if heel == "block" else (3, 1)
        post = [(12.2 - wide, rear + sole), (12.2, rear), (11.8, ground), (11.8 - foot, ground)]
        _cut(canvas, rubber, post)
    _cut(canvas, rubber, line + under)
    _stroke(canvas, line, _contrasting(rubber, 40), 0.5)


def _add_straps(canvas: Canvas, rng: Rng, tone: float, base: float, height: float) -> None:
    """A piece over the toes with slits in it, and mostly a strap around the heel."""
    u, tall = rng.uniform, rng.uniform(0.9, 1.2)

    def on_foot(x: float, share: float) -> Point:
        """A point of the foot at x: on the sole if share is 0, on the instep if it is 1."""
        instep = np.interp(x, (-11, -6, -1, 4, 10), (2.8, 4.6, 6.2, 7.8, 9.2)) * tall
        return x, _on_heel([(x, base)], height)[0][1] - share * float(instep)

    toe, end, lean = u(-10, -8.5), u(-3, 2), u(0.5, 2.2)
    kind = pick(rng, ("slide", "slits", "slits", "slits", "crossed", "crossed"))
    tops = np.linspace(toe + lean, end + lean, 5)
    inside = [on_foot(end, 0), on_foot(end + lean, 1), on_foot(end + lean + 1.2, 0.85)]
    _cut(canvas, _shade(tone, 0.45), [*inside, on_foot(end + 1.6, 0)])
    outline = [on_foot(toe, 0), *(on_foot(x, 1) for x in tops), on_foot(end, 0)]
    _cut(canvas, tone, outline)
    if kind == "slits":
        for x in np.linspace(toe, end, 3 if end < -1 else 4)[1:-1]:
            _stroke(canvas, [on_foot(x, 0.1), on_foot(x + lean, 1.1)], 0, u(0.9, 1.3))
    elif kind == "crossed":
        middle = (toe + end + lean) / 2
        for x, share in ((toe + 0.3, 0.5), (middle, 0.95), (middle - 0.3, 0.05), (end, 0.5)):
            _spot(canvas, on_foot(x, share), u(0.9, 1.3), 0)
    if kind != "slide" or chance(rng, 0.3):
        _add_heel_strap(canvas, rng, tone, on_foot, on_foot(end + lean - 0.5, 0.9))


def _add_heel_strap(
    canvas: Canvas, rng: Rng, tone: float, on_foot: Callable[[float, float], Point], vamp: Point
) -> None:
    """A strap around the ankle, joined to the toe piece or to the sole, or a sling behind."""
    kind, width = pick(rng, ("ankle", "ankle", "bar", "sling")), rng.uniform(1.2, 1.9)
    reach = rng.uniform(0.8, 1.1)
    front, back = (vamp if kind == "sling" else on_foot(3.5, reach)), on_foot(11.2, reach)
    middle = ((front[0] + back[0]) / 2, (front[1] + back[1]) / 2)
    far, near = (middle[0], middle[1] - 1.2), (middle[0], middle[1] + 0.9)
    _stroke(canvas, _smooth([front, far, back]), _shade(tone, 0.5), width * 0.7)
    _stroke(canvas, _smooth([front, near, back]), tone, width)
    _spot(canvas, near, 0.8, _contrasting(tone, 90))
    counter = [on_foot(12, 0), on_foot(12, reach), on_foot(10.4, reach)]
    _cut(canvas, tone, [*counter, on_foot(rng.uniform(6.5, 9), 0)])
    if kind == "bar":
        _stroke(canvas, [vamp, front], tone, width)
    elif kind == "ankle" and chance(rng, 0.5):
        _stroke(canvas, [front, on_foot(rng.uniform(1.5, 4.5), 0)], tone, width)


_GARMENT_PAINTERS: tuple[Callable[[Canvas, Rng], None], ...] = (
    _draw_tshirt,
    _draw_trouser,
    _draw_pullover,
    _draw_dress,
    _draw_coat,
    _draw_sandal,
    _draw_shirt,
    _draw_sneaker,
    _draw_bag,
    _draw_ankle_boot,
)
