"""Everyday things and close-up textures, drawn in the light and places of the animals.

A thing is painted in a square from -1 to 1, x to the right and y down, which a `Stage` turns and
scales. A texture is a function of two coordinates of a surface, seen at a slant.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from course.drawn.coats import COLOURS, sample_coat
from course.drawn.painter import Canvas, capsule, ellipse, smooth, tube, turned
from course.drawn.pets import set_apart
from course.drawn.scenery import PLACES, draw_place
from course.drawn.seeds import Rng, chance, pick

# Muted colours of painted and woven things, besides those of coats.
_PAINTS = (
    (0.58, 0.24, 0.22), (0.26, 0.36, 0.52), (0.30, 0.44, 0.34), (0.72, 0.58, 0.28),
    (0.44, 0.32, 0.46), (0.36, 0.52, 0.54), (0.66, 0.44, 0.40), *COLOURS.values(),
)  # fmt: skip
_GLASS, _INK, _PAPER = (0.40, 0.46, 0.50), (0.12, 0.11, 0.12), (0.88, 0.85, 0.78)

_REACH = (0.55, 1.25)  # width of a thing beside the side of the picture
_DRIFT = 0.22  # how far its middle may lie from that of the picture
_ON_GROUND = 0.6  # share of things that stand on some ground
_TURN_STANDING, _TURN_LOOSE = 0.3, math.pi  # radians
_PLATES = 36  # between cracks
_SUPERSAMPLING = 2  # textures are drawn this many times larger, then shrunk


@dataclass
class Stage:
    """Where a thing is painted: points of its square, times `matrix`, plus `origin`, are pixels."""

    canvas: Canvas
    matrix: np.ndarray
    origin: np.ndarray
    colour: np.ndarray  # of the thing
    second: np.ndarray  # of its trimmings

    def fill(
        self, points, colour=None, *, tone: float = 1.0, shade: float = 0.5, alpha: float = 1.0,
        blur: float = 0.0,
    ) -> None:  # fmt: skip
        """Paint an outline, or a list of them, in a colour; that of the thing by default."""
        points = [points] if isinstance(points, np.ndarray) else points
        outlines = [np.asarray(p, float) @ self.matrix.T + self.origin for p in points]
        colour = self.colour if colour is None else np.asarray(colour)
        paint = np.clip(colour * tone, 0, 1)
        self.canvas.fill(outlines, paint, shade=shade, alpha=alpha, blur=blur)

    def line(
        self, path, width: float, colour=None, *, tone: float = 1.0, shade: float = 0.5,
        alpha: float = 1.0, blur: float = 0.0,
    ) -> None:  # fmt: skip
        outline = tube(path, [width] * len(path))
        self.fill(outline, colour, tone=tone, shade=shade, alpha=alpha, blur=blur)

    @property
    def unit(self) -> float:
        """Pixels of one unit of the square."""
        return float(math.sqrt(abs(np.linalg.det(self.matrix))))


def _box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _mirrored(*right) -> np.ndarray:
    """A symmetric outline, given its right half from top to bottom."""
    return np.array([*right, *[(-x, y) for x, y in reversed(right)]], float)


# --- Things -------------------------------------------------------------------------------------


def _draw_mug(stage: Stage, rng: Rng) -> None:
    wide, low, tilt = rng.uniform(0.5, 0.7), rng.uniform(0.55, 0.95), rng.uniform(0.1, 0.24)
    foot = wide * rng.uniform(0.75, 1.0)
    angles = np.linspace(-1.5, 1.5, 7)
    reach = rng.uniform(0.3, 0.45)
    handle = np.stack([0.92 * wide + reach * np.cos(angles), 0.5 * low * np.sin(angles)], axis=1)
    stage.line(handle, rng.uniform(0.07, 0.11), tone=0.85)
    body = [(wide, -0.6), (0.5 * (wide + foot) + 0.03, 0.0), (foot, low), (0, low + 0.6 * tilt)]
    stage.fill(_mirrored(*body), shade=0.7)
    if chance(rng, 0.5):
        stripe = rng.uniform(-0.2, 0.4)
        stage.fill(_box(-0.97 * wide, stripe, 0.97 * wide, stripe + 0.2), stage.second, shade=0.6)
    stage.fill(ellipse((0, -0.6), wide, tilt), tone=1.12, shade=0.2)
    drink = (0.2, 0.13, 0.09) if chance(rng, 0.6) else stage.colour * 0.5
    stage.fill(ellipse((0, -0.57), 0.86 * wide, 0.75 * tilt), drink, shade=0.2)


def _draw_ball(stage: Stage, rng: Rng) -> None:
    ball = ellipse((0, 0), 0.85, 0.85)
    stage.fill(ball, shade=0.9)
    kind, turn = pick(rng, ("plain", "seams", "wedges", "band")), rng.uniform(0, math.pi)
    if kind == "seams":  # as on a basketball
        for bend in (-0.5, 0.0, 0.5):
            arc = np.array([(bend * 1.2, -0.82), (bend * 0.5, 0), (bend * 1.2, 0.82)])
            arc = arc * (0.6 if bend else 1.0, 0.95 if not bend else 0.75)
            stage.line(smooth(arc, closed=False) @ turned(turn).T, 0.03, stage.colour * 0.3)
        stage.line(np.array([(-0.82, 0), (0.82, 0)]) @ turned(turn).T, 0.03, stage.colour * 0.3)
    if kind == "wedges":  # as on a beach ball
        for k in range(3):
            angles = np.linspace(0, math.pi / 3, 6) + turn + 2 * k * math.pi / 3
            rim = 0.85 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            stage.fill(np.vstack([(0.15, -0.1), rim]), stage.second, shade=0.6)
    if kind == "band":
        band = np.array([(-0.8, -0.25), (0.8, -0.25), (0.84, 0.1), (0.8, 0.25), (-0.8, 0.25)])
        stage.fill(band @ turned(turn).T, stage.second, shade=0.6)
    stage.fill(ellipse((-0.28, -0.36), 0.22, 0.16), _PAPER, alpha=0.45, blur=0.08 * stage.unit)


def _draw_clock(stage: Stage, rng: Rng) -> None:
    round_case = chance(rng, 0.7)
    case = ellipse((0, 0), 0.9, 0.9) if round_case else _box(-0.85, -0.85, 0.85, 0.85)
    stage.fill(case, shade=0.6)
    face = _PAPER if chance(rng, 0.75) else (0.2, 0.2, 0.22)
    ink = _INK if face is _PAPER else _PAPER
    stage.fill(ellipse((0, 0), 0.74, 0.74), face, shade=0.25)
    for hour in range(12):
        out = np.array([math.cos(hour * math.pi / 6), math.sin(hour * math.pi / 6)])
        width = 0.045 if hour % 3 == 0 else 0.028
        stage.line([0.56 * out, 0.67 * out], width, ink, shade=0)
    for length, width in ((0.36, 0.055), (0.56, 0.04)):
        angle = rng.uniform(0, 2 * math.pi)
        tip = length * np.array([math.cos(angle), math.sin(angle)])
        stage.line([-0.15 * tip, tip], width, ink, shade=0)
    stage.fill(ellipse((0, 0), 0.07, 0.07), ink, shade=0)


def _draw_book(stage: Stage, rng: Rng) -> None:
    if chance(rng, 0.4):  # open, from above
        for side in (-1, 1):
            stage.fill(_box(0, -0.62, 0.98, 0.7) * (side, 1), tone=0.9, shade=0.3)
            page = np.array([(0, -0.55), (0.45, -0.66), (0.92, -0.58), (0.92, 0.6), (0.45, 0.54),
                             (0, 0.64)])  # fmt: skip
            stage.fill(page * (side, 1), _PAPER, tone=1.0 if side > 0 else 0.92, shade=0.3)
            for y in np.linspace(-0.42, 0.4, 8):
                line = np.array([(0.14, y), (rng.uniform(0.5, 0.8), y - 0.04)]) * (side, 1)
                stage.line(line, 0.022, _INK, alpha=0.6, shade=0)
        return
    wide, high, thick = rng.uniform(0.5, 0.68), rng.uniform(0.72, 0.9), rng.uniform(0.14, 0.3)
    block = np.array([(wide, -high), (wide + thick, -high + 0.8 * thick),
                      (wide + thick, high + 0.8 * thick), (-wide + thick, high + 0.8 * thick),
                      (-wide, high)])  # fmt: skip
    stage.fill(block, _PAPER, tone=0.85, shade=0.2)
    for k in (0.3, 0.6, 0.9):  # edges of pages
        edge = [
            (wide + k * thick, -high + 0.8 * k * thick),
            (wide + k * thick, high),
            (wide + k * thick, high + 0.8 * k * thick),
            (-wide, high + 0.8 * k * thick),
        ]
        stage.line(np.array(edge[:2]), 0.012, _INK, alpha=0.5, shade=0)
    stage.fill(_box(-wide, -high, wide, high), shade=0.3)
    stage.fill(_box(-wide, -high, -wide + 0.14, high), tone=0.7, shade=0.3)
    stage.fill(_box(-0.5 * wide, -0.6 * high, 0.7 * wide, -0.25 * high), stage.second, shade=0.1)
    stage.line(np.array([(-0.3 * wide, 0.4 * high), (0.5 * wide, 0.4 * high)]), 0.03, stage.second)


def _draw_bottle(stage: Stage, rng: Rng) -> None:
    wide, shoulder, neck = rng.uniform(0.26, 0.4), rng.uniform(-0.35, 0.05), rng.uniform(0.08, 0.14)
    body = _mirrored((neck, -0.9), (neck, shoulder - 0.3), (0.8 * wide, shoulder - 0.08),
                     (wide, shoulder + 0.1), (wide, 0.85), (0.85 * wide, 0.97))  # fmt: skip
    stage.fill(body, shade=0.75)
    stage.fill(_box(-1.25 * neck, -1.0, 1.25 * neck, -0.82), stage.second, shade=0.5)
    if chance(rng, 0.75):
        stage.fill(_box(-wide, 0.2, wide, 0.65), _PAPER, tone=rng.uniform(0.7, 1), shade=0.6)
        stage.fill(_box(-0.5 * wide, 0.33, 0.5 * wide, 0.45), stage.second, shade=0)
    gleam = np.array([(-0.6 * wide, shoulder + 0.15), (-0.6 * wide, 0.8)])
    stage.line(gleam, 0.05, _PAPER, alpha=0.45, shade=0, blur=0.02 * stage.unit)


def _draw_chair(stage: Stage, rng: Rng) -> None:
    """A chair at an angle: four legs, a seat, a back of boards."""
    slant, wide = rng.uniform(0.2, 0.4), rng.uniform(0.42, 0.55)
    seat_y, leg = rng.uniform(0.0, 0.15), rng.uniform(0.05, 0.08)
    deep = rng.uniform(0.2, 0.32)
    back_left, back_right = (-wide + slant, seat_y - deep), (wide + slant, seat_y - deep)
    left, right = (-wide - 0.1, seat_y), (wide - 0.1, seat_y)
    for x, y in (back_left, back_right):
        stage.line([(x, y), (x, 0.97 - deep)], leg, tone=0.62)
        stage.line([(x + 0.06, -0.97), (x, y)], leg, tone=0.85)
    for x, y in (left, right):
        stage.line([(x, y), (x, 0.97)], leg, tone=0.95)
    for y in np.linspace(-0.88, -0.5, int(rng.integers(1, 4))):
        rail = [(back_left[0] + 0.04, y), (back_right[0] + 0.04, y)]
        stage.line(rail, rng.uniform(0.06, 0.11), tone=0.92)
    stage.fill(np.array([left, back_left, back_right, right]), stage.second, shade=0.25)
    front = [left, right, (right[0], right[1] + 0.1), (left[0], left[1] + 0.1)]
    stage.fill(np.array(front), tone=0.75, shade=0.2)


def _draw_car(stage: Stage, rng: Rng) -> None:
    hood, roof = rng.uniform(-0.05, 0.05), rng.uniform(-0.5, -0.36)
    back = rng.uniform(-0.95, -0.45)  # where the roof ends: a hatchback or a saloon
    body = np.array([(-0.98, 0.0), (back, hood - 0.04), (back + 0.12, roof), (0.2, roof),
                     (0.5, hood - 0.02), (0.92, hood + 0.08), (1.0, 0.3), (0.96, 0.42),
                     (-0.98, 0.42)])  # fmt: skip
    stage.fill(body, shade=0.45)
    glass = np.array([(back + 0.1, hood - 0.02), (back + 0.19, roof + 0.08), (0.16, roof + 0.08),
                      (0.38, hood)])  # fmt: skip
    stage.fill(glass, _GLASS, tone=rng.uniform(0.5, 1.1), shade=0.3)
    middle = 0.5 * (back + 0.45)
    stage.fill(_box(middle - 0.03, roof + 0.03, middle + 0.03, hood + 0.02), tone=0.9, shade=0)
    stage.line(np.array([(middle, hood + 0.02), (middle, 0.4)]), 0.012, stage.colour * 0.4, shade=0)
    stage.fill(_box(-0.98, 0.34, 0.97, 0.43), tone=0.55, shade=0)
    stage.fill(ellipse((0.92, 0.2), 0.06, 0.07), (0.9, 0.86, 0.7), shade=0.2)
    for x in (-0.55, 0.58):
        stage.fill(ellipse((x, 0.42), 0.27, 0.27), stage.colour * 0.25, shade=0)
        stage.fill(ellipse((x, 0.45), 0.23, 0.23), (0.1, 0.1, 0.1), shade=0.4)
        stage.fill(ellipse((x, 0.45), 0.12, 0.12), (0.6, 0.6, 0.6), shade=0.5)


def _draw_umbrella(stage: Stage, rng: Rng) -> None:
    high, panels = rng.uniform(0.6, 0.8), int(rng.integers(4, 7))
    crook = [(0, -0.1), (0, 0.75), (0.06, 0.9), (0.2, 0.9), (0.25, 0.76)]
    stage.line(crook, 0.035, stage.second * 0.6)
    edges = np.linspace(-0.95, 0.95, panels + 1)
    for k, (left, right) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        low = 0.05
        rise = np.array([(0, -high), (0.6 * right, -0.72 * high), (right, low)])
        fall = np.array([(left, low), (0.6 * left, -0.72 * high), (0, -high)])
        hem = np.array([(0.5 * (left + right), low - 0.12)])
        outer = np.vstack([smooth(rise, closed=False), hem, smooth(fall, closed=False)])
        cloth = stage.second if k % 2 and chance(rng, 0.5) else stage.colour
        stage.fill(outer, cloth, tone=0.8 + 0.32 * (k % 2), shade=0.4)
    stage.line([(0, -high - 0.12), (0, -high)], 0.03, stage.second * 0.6)


def _draw_boot(stage: Stage, rng: Rng) -> None:
    top, toe, wide = rng.uniform(-0.95, -0.5), rng.uniform(0.7, 0.95), rng.uniform(0.28, 0.38)
    leather = smooth(
        [
            (-0.5, top),
            (-0.5 + 2 * wide, top),
            (-0.42 + 2 * wide, 0.1),
            (0.45, 0.3),
            (toe, 0.45),
            (toe, 0.74),
            (0.0, 0.76),
            (-0.55, 0.76),
            (-0.55, 0.2),
        ]
    )
    stage.fill(leather, shade=0.75)
    stage.fill(_box(-0.5, top - 0.02, -0.5 + 2 * wide, top + 0.14), stage.second, shade=0.5)
    sole = np.array([(-0.6, 0.7), (toe + 0.04, 0.7), (toe, 0.86), (-0.1, 0.86), (-0.15, 0.8)])
    stage.fill(sole, stage.colour * 0.3, shade=0.2)
    stage.fill(_box(-0.6, 0.7, -0.18, 0.97), stage.colour * 0.3, shade=0.2)
    if chance(rng, 0.6):
        for y in np.linspace(0.5 * top, 0.22, 4):
            x = -0.36 + 2 * wide + 0.25 * max(0.0, y)
            stage.line([(x - 0.22, y - 0.04), (x, y + 0.05)], 0.03, _PAPER, shade=0)


def _draw_key(stage: Stage, rng: Rng) -> None:
    metal = np.array((0.62, 0.54, 0.34) if chance(rng, 0.5) else (0.58, 0.59, 0.60))
    metal = 0.7 * metal + 0.3 * stage.colour
    bow = rng.uniform(0.24, 0.34)
    angles = np.linspace(0, 2 * math.pi, 17)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    loop = tube(ring * bow * (1, rng.uniform(0.75, 1.1)) + (-0.65, 0), [0.085] * 17)
    stage.fill(loop, metal, shade=0.7)
    stage.line([(-0.65 + bow, 0), (0.95, 0)], 0.075, metal, shade=0.7)
    for x in np.linspace(0.55, 0.9, int(rng.integers(2, 4))):
        tooth = rng.uniform(0.2, 0.34)
        stage.fill(_box(x - 0.06, 0, x + 0.06, tooth), metal, shade=0.3)
    stage.line([(-0.65 + bow + 0.1, 0), (-0.65 + bow + 0.16, 0)], 0.12, metal, tone=0.85)


def _draw_leaf(stage: Stage, rng: Rng) -> None:
    wide, base = rng.uniform(0.32, 0.6), rng.uniform(0.35, 0.6)
    half = [(0, -0.95), (0.55 * wide, -0.5), (wide, 0.1), (0.7 * wide, base), (0, 0.72)]
    blade = smooth(_mirrored(*half))
    stage.fill(blade, shade=0.45)
    vein = np.clip(stage.colour * 1.25 + 0.1, 0, 1) if chance(rng, 0.6) else stage.colour * 0.5
    for y in np.linspace(-0.5, 0.5, 5):
        reach = wide * (0.75 - 0.5 * abs(y - 0.1))
        for side in (-1, 1):
            path = [(0, y + 0.1), (0.6 * side * reach, y - 0.08), (side * reach, y - 0.24)]
            stage.fill(tube(path, [0.024, 0.018, 0.01]), vein, shade=0)
    stage.fill(tube([(0, -0.9), (0, 0.2), (0.08, 1.0)], [0.015, 0.03, 0.045]), vein, shade=0.2)


THINGS: dict[str, Callable[[Stage, Rng], None]] = {
    "mug": _draw_mug,
    "ball": _draw_ball,
    "clock": _draw_clock,
    "book": _draw_book,
    "bottle": _draw_bottle,
    "chair": _draw_chair,
    "car": _draw_car,
    "umbrella": _draw_umbrella,
    "boot": _draw_boot,
    "key": _draw_key,
    "leaf": _draw_leaf,
}
"""Name of a thing -> what paints it on a stage."""

_LOOSE = ("ball", "book")  # any way round when not on the ground
_FLAT = ("key", "leaf")  # never upright on the ground


def draw_thing(name: str, rng: Rng, place: Rng, size: int) -> np.ndarray:
    """Draw one thing in a place.

    Args:
        name: a key of `THINGS`.
        rng, place: sources of randomness of the thing and of what is behind it.
        size: pixels a side.
    Returns:
        float32 array, shape (size, size, 3), values about [0, 1].
    """
    on_ground = chance(rng, _ON_GROUND) and name not in _FLAT
    loose = name in _FLAT or (name in _LOOSE and not on_ground)
    limit = _TURN_LOOSE if loose else _TURN_STANDING
    turn = rng.uniform(-limit, limit)
    unit = 0.5 * size * rng.uniform(*_REACH)
    facing = -1 if chance(rng, 0.5) else 1
    slant = np.array([[facing * rng.uniform(0.82, 1.08), rng.uniform(-0.12, 0.12)], [0.0, 1.0]])
    matrix = unit * turned(turn) @ slant
    origin = size * (0.5 + rng.uniform(-_DRIFT, _DRIFT, 2))
    colour = np.array(pick(rng, _PAINTS)) * rng.uniform(0.85, 1.1)
    paints = [p for p in _PAINTS if abs(np.mean(p) - colour.mean()) > 0.15]
    second = np.array(pick(rng, paints))
    kind, horizon = pick(place, PLACES), None
    if on_ground:
        horizon = origin[1] + unit * place.uniform(0.2, 0.7)
    scenery = set_apart(draw_place(kind, place, size, size, horizon, turn), float(colour.mean()))
    canvas = Canvas(np.ascontiguousarray(scenery, np.float32), rng)
    stage = Stage(canvas, matrix, origin, colour, second)
    if on_ground:
        under = ellipse((0.05, 0.93), 0.95, 0.16) @ matrix.T + origin
        canvas.shadow(under, 0.45, 0.1 * unit)
    THINGS[name](stage, rng)
    return canvas.colours


# --- Textures -----------------------------------------------------------------------------------
#
# Each returns how much of the second colour there is, 0 to 1, and the light on the relief, around
# 1, at surface coordinates u and v, one unit of which is one period.


def _edge(x: np.ndarray, sharpness: float = 14.0) -> np.ndarray:
    """0 where x is below 0, 1 where it is above, soft between."""
    return 1 / (1 + np.exp(-np.clip(sharpness * x, -30, 30)))


def _stripes(u, _v, rng: Rng):
    share = rng.uniform(0.3, 0.65)
    mix = _edge(share / 2 - np.abs(u % 1 - 0.5))
    if chance(rng, 0.4):  # with a fine line beside each stripe
        mix = np.maximum(mix, 0.8 * _edge(0.06 - np.abs((u + 0.5) % 1 - 0.5)))
    return mix, 1.0


def _checks(u, v, rng: Rng):
    across, down = _edge(np.sin(math.pi * u), 5), _edge(np.sin(math.pi * v), 5)
    if chance(rng, 0.5):  # gingham: where two stripes cross, the cloth is darkest
        return 0.5 * (across + down), 1.0
    return across * (1 - down) + down * (1 - across), 1.0


def _dots(u, v, rng: Rng):
    row = np.floor(v)
    x = u + 0.5 * (row % 2) if chance(rng, 0.6) else u
    radius = rng.uniform(0.2, 0.38)
    return _edge(radius - np.hypot(x % 1 - 0.5, v % 1 - 0.5), 22), 1.0


def _scales(u, v, rng: Rng):
    """Rows of tongues, each over the row below, as on a fish or a roof."""
    row = np.floor(v)
    y = v - row
    x = (u + 0.5 * ((row - 1) % 2)) % 1 - 0.5
    hangs = 0.5 * np.sqrt(1 - y**2) - np.abs(x)  # above 0 where the row above covers this one
    light = 0.75 + 0.2 * np.where(hangs > 0, 1 + y, y)
    return _edge(rng.uniform(0.04, 0.08) - np.abs(hangs), 40), light


def _cracks(u, v, rng: Rng):
    """Dry mud: cells around random points, with dark gaps between them."""
    low_u, low_v = u.min(), v.min()
    points = rng.uniform(0, 1, (_PLATES, 2)) * (np.ptp(u), np.ptp(v)) + (low_u, low_v)
    away = np.hypot(u[..., None] - points[:, 0], v[..., None] - points[:, 1])
    nearest, second = np.moveaxis(np.partition(away, 1, axis=-1)[..., :2], -1, 0)
    gap = second - nearest
    spread = math.sqrt(np.ptp(u) * np.ptp(v) / len(points))
    plates = rng.uniform(0.85, 1.12, len(points))[np.argmin(away, axis=-1)]
    return _edge(0.1 * spread - gap, 40 / spread), plates


def _waves(u, v, rng: Rng):
    height = rng.uniform(0.35, 0.7)
    phase = u + height * np.sin(2 * math.pi * v / rng.uniform(1.6, 3))
    if chance(rng, 0.4):  # zigzag
        phase = u + height * 2 * np.abs((v / 2) % 1 - 0.5)
    wave = 0.5 + 0.5 * np.sin(2 * math.pi * phase)
    return wave if chance(rng, 0.5) else _edge(wave - 0.5, 8), 1.0


def _weave(u, v, rng: Rng):
    """Bands that pass over and under each other."""
    over = (np.floor(u) + np.floor(v)) % 2 > 0
    x, y = u % 1 - 0.5, v % 1 - 0.5
    across, along = np.where(over, x, y), np.where(over, y, x)
    light = (1.15 - 1.1 * along**2) * (1.1 - 1.6 * across**2)
    light = light * np.where(np.abs(across) > 0.42, 0.45, 1.0)
    return np.where(over, 0.0, rng.uniform(0.3, 1.0)), light


TEXTURES: dict[str, Callable | None] = {
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "scales": _scales,
    "cracks": _cracks,
    "waves": _waves,
    "weave": _weave,
    "fur": None,  # painted by the canvas, as on an animal
}
"""Name of a texture -> its function of surface coordinates."""


def draw_texture(name: str, rng: Rng, size: int) -> np.ndarray:
    """Draw a texture that fills the picture.

    Args:
        name: a key of `TEXTURES`.
        rng: source of randomness.
        size: pixels a side.
    Returns:
        float32 array, shape (size, size, 3), values about [0, 1].
    """
    if TEXTURES[name] is None:
        return _fur_close_up(rng, size)
    u, v = _surface(rng, size * _SUPERSAMPLING)
    mix, light = TEXTURES[name](u, v, rng)
    colour = np.array(pick(rng, _PAINTS))
    others = [p for p in _PAINTS if abs(np.mean(p) - colour.mean()) > 0.18]
    second = np.array(pick(rng, others))
    if name in ("scales", "cracks"):  # gaps are in the shade
        second = colour * rng.uniform(0.25, 0.45)
    picture = colour + np.asarray(mix)[..., None] * (second - colour)
    picture = picture * np.broadcast_to(light, u.shape)[..., None]
    picture = picture.reshape(size, _SUPERSAMPLING, size, _SUPERSAMPLING, 3).mean(axis=(1, 3))
    folds = rng.standard_normal((4, 4)).astype(np.float32)
    relief = np.asarray(Image.fromarray(folds).resize((size, size), Image.BICUBIC))
    grain = 1 + rng.uniform(0, 0.05) * rng.standard_normal((size, size))
    shaded = (1 + rng.uniform(0.02, 0.14) * relief) * grain
    return np.clip(picture * shaded[..., None], 0, 1).astype(np.float32)


def _surface(rng: Rng, size: int):
    """Coordinates of a slanting, gently bent surface at each pixel, in periods of its pattern."""
    y, x = np.meshgrid(*(np.linspace(-0.5, 0.5, size),) * 2, indexing="ij")
    points = np.stack([x, y], axis=-1) @ turned(rng.uniform(0, 2 * math.pi)).T
    x, y = points[..., 0], points[..., 1]
    depth = 1 + rng.uniform(-0.55, 0.55) * x + rng.uniform(-0.55, 0.55) * y
    bend, bends = rng.uniform(0, 0.05, 2), rng.uniform(2, 7, 2)
    u = x / depth + bend[0] * np.sin(bends[0] * y + rng.uniform(0, 6))
    v = y / depth + bend[1] * np.sin(bends[1] * x + rng.uniform(0, 6))
    periods = rng.uniform(3.5, 8.5)
    return periods * u + rng.random(), periods * v * rng.uniform(0.8, 1.25) + rng.random()


def _fur_close_up(rng: Rng, size: int) -> np.ndarray:
    """A coat so close that it fills the picture."""
    coat = sample_coat(rng, size * rng.uniform(0.25, 0.6), size, size, 0.1)
    canvas = Canvas(np.full((size, size, 3), 0.4, np.float32), rng)
    angle = rng.uniform(0, 2 * math.pi)
    root = size * (0.5 + rng.uniform(0.9, 2.5) * np.array([math.cos(angle), math.sin(angle)]))
    everything = np.array([(-1, -1), (2, -1), (2, 2), (-1, 2)]) * float(size)
    canvas.fur(everything, coat, "trunk", root, shade=0.0)
    for _ in range(int(rng.integers(2, 6))):  # tufts and folds of the skin
        middle = rng.uniform(0, size, 2)
        end = middle + rng.normal(0, 0.4, 2) * size
        tuft = capsule(middle, rng.uniform(0.1, 0.3) * size, end, rng.uniform(0.05, 0.2) * size)
        canvas.fur(tuft, coat, "trunk", root, shade=0.5, lift=0.25, alpha=0.7)
    return canvas.colours
