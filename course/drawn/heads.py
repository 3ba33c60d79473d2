"""The head of an animal, modelled in three dimensions and painted from any side it turns.

Coordinates are in radii of the head: x to the right, y down, z towards the viewer, the origin in
the middle of the skull. The skull is an ellipsoid; eyes lie on it, ears stand on it, and the
muzzle sticks out of it.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from course.drawn.bodies import contrasting
from course.drawn.coats import Coat
from course.drawn.creatures import PINK, Features
from course.drawn.painter import Canvas, capsule, ellipse, smooth, tube, turned
from course.drawn.seeds import Rng, chance

_DEPTH = 0.85  # of the skull, from its middle to its front
_SIDES = (-1, 1)
_DARK = np.array([0.05, 0.04, 0.04])
_MOUTH, _TONGUE = (0.26, 0.08, 0.09), (0.80, 0.45, 0.46)
_GLINT = (0.96, 0.96, 0.97)
_IVORY = (0.80, 0.75, 0.64)  # of horns and tusks


@dataclass(frozen=True)
class Held:
    """Where a head is and how it is held: centre and radius in pixels, angles in radians.

    Positive yaw turns the nose to the right of the picture, positive pitch lowers it, and positive
    roll tilts the head clockwise.
    """

    centre: tuple[float, float]
    radius: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    def flat(self, points, z=0.0) -> np.ndarray:
        """Pixels, shape (n, 2), of points (n, 2) of the head at depth z."""
        points = np.atleast_2d(np.asarray(points, float))
        x, y, z = points[:, 0], points[:, 1], np.broadcast_to(z, len(points))
        x, z = (
            x * math.cos(self.yaw) + z * math.sin(self.yaw),
            z * math.cos(self.yaw) - x * math.sin(self.yaw),
        )
        y = y * math.cos(self.pitch) + z * math.sin(self.pitch)
        seen = np.stack([x, y], axis=1) * self.radius
        return seen @ turned(self.roll).T + self.centre

    def spot(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        """Pixel (x, y) of one point of the head."""
        return tuple(self.flat([(x, y)], z)[0].tolist())


def draw_head(canvas: Canvas, features: Features, coat: Coat, held: Held, rng: Rng) -> None:
    """Paint a head: ears behind, skull, muzzle, eyes, nose, mouth, ears in front, whiskers."""
    nose_root = held.spot(0, 0.25, _DEPTH)
    flaps = _draw_ears(canvas, features, coat, held, rng)
    if features.crown in CROWNS_BEHIND:
        CROWNS_BEHIND[features.crown](canvas, features, coat, held, rng)
    _draw_skull(canvas, features, coat, held, nose_root)
    if features.face in FACES:
        FACES[features.face](canvas, features, coat, held)
    if features.muzzle_kind == "snout":
        _draw_bridge(canvas, features, coat, held)
    if features.beard:
        _draw_beard(canvas, features, coat, held)
    _draw_eyes(canvas, features, coat, held, rng)
    MUZZLES[features.muzzle_kind](canvas, features, coat, held, rng)
    if features.crown in CROWNS_IN_FRONT:
        CROWNS_IN_FRONT[features.crown](canvas, features, coat, held, rng)
    for flap, root in flaps:
        canvas.fur(flap, coat, "ear", root, "ears", shade=0.6, lift=0.4, tone=0.8)
    if features.whiskers:
        _draw_whiskers(canvas, features, coat, held, rng)


# --- Skull and ears -----------------------------------------------------------------------------


def _draw_skull(canvas, features, coat, held, root) -> None:
    w, h, jaw, tuft = (
        features.skull_width, features.skull_height, features.jaw_width, features.cheek_tufts
    )  # fmt: skip
    right = [
        (0.45 * w, -0.92 * h),
        (0.84 * w, -0.55 * h),
        (w, 0.02),
        (0.97 * jaw + tuft, 0.48 * h),
        (0.55 * jaw, 0.86 * h),
    ]
    outline = [(0, -0.97 * h), *right, (0, 0.98 * h), *[(-x, y) for x, y in reversed(right)]]
    lower = np.array([0.12 * held.yaw * (y > 0.1) for _, y in outline])
    outline = np.array(outline) * (1 - 0.05 * abs(held.yaw), 1)
    outline[:, 0] += lower
    front = replace(held, yaw=0.0, pitch=0.0).flat(smooth(outline))
    canvas.fur(front, coat, "head", root, "head", shade=0.7, lift=0.45)


def _draw_ears(canvas, features, coat, held, rng) -> list:
    """Paint what of the ears stands behind the skull; return the flaps that hang in front."""
    f, flaps = features, []
    if f.ear_kind == "none":
        return flaps
    tip_round = 0.05 + 0.13 * f.ear_round
    far_first = sorted(_SIDES, key=lambda side: -side * held.yaw)
    for side in far_first:
        length, spread = f.ear_length * rng.uniform(0.93, 1.07), f.ear_spread + rng.normal(0, 0.05)
        x, y = f.skull_width * f.ear_place, -0.72 * f.skull_height
        y += 0.55 * max(0.0, f.ear_place - 0.55)  # ears set wide apart sit lower
        root = held.spot(side * x, y + 0.4)

        def seen(points, z, side=side):
            return held.flat(np.asarray(points) * (side, 1), z)

        if f.ear_kind == "hanging":
            flap = _hanging_ear(x, y, length, f.ear_width, spread, f.ear_round) * (side, 1)
            if side * held.yaw > 0:  # on the far side: it stays at the edge, off the face
                beside = replace(held, yaw=0.0)
                flaps.append((beside.flat(flap), beside.spot(side * x, y - 0.1)))
            else:
                flaps.append((held.flat(flap, -0.25), held.spot(side * x, y - 0.1, -0.25)))
            continue
        if f.ear_kind in _SHEETS:
            sheet, hollow = _SHEETS[f.ear_kind](x, y, length, spread, f)
            canvas.fur(seen(sheet, -0.05), coat, "ear", root, "ears", shade=0.5, ruffle=0.6)
            _draw_hollow(canvas, coat, held, seen(hollow, 0.0))
            continue
        tip = np.array([x + spread, y - length])

        def triangle(share, x=x, y=y, tip=tip, spread=spread):
            base, top = np.array([x, y]), np.array([x, y]) * (1 - share) + tip * share
            width = f.ear_width * (0.25 + 0.75 * share)
            return smooth(
                [
                    base + (width * 1.05, 0.30),
                    base + (width * 0.9 + 0.38 * spread, -0.42 * share * f.ear_length),
                    top + (tip_round, 0.03 + 0.1 * f.ear_round),
                    top - (0.8 * tip_round, -0.02 - 0.1 * f.ear_round),
                    base + (0.3 * spread - 0.62 * width, -0.5 * share * f.ear_length),
                    base + (-width, 0.0),
                    base + (0, 0.35),
                ],
                steps=4,
            )

        canvas.fur(seen(triangle(1.0), -0.05), coat, "ear", root, "ears", shade=0.5, ruffle=0.6)
        if f.ear_kind == "folded":
            fold = np.array([x, y]) * 0.42 + tip * 0.58
            flap = smooth(
                [
                    fold + (-0.72 * f.ear_width, 0.10),
                    fold + (-0.1, -0.14 * length),
                    fold + (0.5 * f.ear_width + 0.1, -0.02),
                    fold + (0.85 * f.ear_width, 0.28 * length),
                    fold + (0.35 * f.ear_width, 0.52 * length),
                    fold + (-0.35 * f.ear_width, 0.36 * length),
                ],
                steps=4,
            )
            flaps.append((seen(flap, 0.15), held.spot(side * fold[0], fold[1] - 0.2)))
        else:
            _draw_hollow(canvas, coat, held, seen(triangle(0.68) + (0, -0.02), 0.02))
    return flaps


def _draw_hollow(canvas, coat, held, outline) -> None:
    """The bare inside of an ear."""
    inner = 0.55 * coat.base * 0.7 + 0.45 * np.array([0.76, 0.52, 0.49]) * 0.8
    canvas.fill(outline, inner, "ears", shade=0.5, blur=0.03 * held.radius)


def _leaf_ear(x, y, length, spread, f):
    """A leaf on its stalk, from upright to hanging, as it is turned; and its hollow."""
    along = np.array([math.sin(f.ear_turn), -math.cos(f.ear_turn)])
    across = np.array([-along[1], along[0]])
    shares = ((0.0, -0.5), (0.35, -0.95), (0.72, -0.8), (1.0, -0.1 - 0.2 * f.ear_round))
    side = np.array([*shares, *[(s, -w) for s, w in reversed(shares)]])

    def leaf(low, high, width):
        s, w = low + (high - low) * side[:, :1], width * side[:, 1:]
        bend = spread * s**2 * (1, 0)
        return smooth(np.array([x, y + 0.2]) + (length + 0.2) * s * along + w * across + bend)

    return leaf(0.0, 1.0, f.ear_width), leaf(0.2, 0.92, 0.6 * f.ear_width)


def _round_ear(x, y, length, spread, f):
    """A disc, set half behind the skull, and its hollow."""
    middle = (x + 0.3 * spread, y - 0.02 - 0.45 * length)
    disc, hollow = (ellipse(middle, k * f.ear_width, k * length) for k in (1.0, 0.66))
    return disc, hollow


def _fan_ear(x, y, length, spread, _features):
    """A sail from the temple to the jaw, as an elephant's, and the shade on it."""
    points = np.array(
        [(-0.2, -0.15), (0.45, -0.35), (0.95, -0.05), (1.0, 0.6), (0.75, 1.25), (0.45, 1.5),
         (0.15, 1.2), (-0.2, 0.9)]
    ) * (length, 0.9 + 0.2 * length)  # fmt: skip
    sheet = smooth(points + (x + 0.5 * spread, y + 0.1))
    return sheet, sheet * 0.55 + sheet.mean(axis=0) * 0.45


_SHEETS = {"leaf": _leaf_ear, "round": _round_ear, "fan": _fan_ear}


def _hanging_ear(x, y, length, width, spread, roundness) -> np.ndarray:
    tip = 0.75 + 0.5 * roundness
    return smooth(
        [
            (x - 0.5 * width, y + 0.0),
            (x + 0.25 * width, y - 0.13),
            (x + 1.0 * width + 0.4 * spread, y + 0.25 * length),
            (x + (0.75 + 0.2 * tip) * width + spread, y + 0.72 * length),
            (x + 0.35 * width + 0.8 * spread, y + 1.0 * length),
            (x - 0.05 * width * tip + 0.4 * spread, y + 0.72 * length),
            (x - 0.2 * width, y + 0.3 * length),
        ],
    )


# --- Eyes ---------------------------------------------------------------------------------------


def _draw_eyes(canvas, features, coat, held, rng) -> None:
    f = features
    gaze = rng.normal(0, 0.14, 2)
    closed = chance(rng, 0.04)
    lid = np.clip(coat.base * 0.35, 0.03, 0.25)

    def outline(side, scale, opening=f.eye_opening):
        circle = ellipse((0, 0), 1, 1)
        almond = 1.0 + 1.2 * (1 - opening)
        eye = np.stack(
            [circle[:, 0], np.sign(circle[:, 1]) * np.abs(circle[:, 1]) ** almond * opening], axis=1
        )
        eye = eye * scale * f.eye_size @ turned(-side * f.eye_slant).T
        return on_skull(eye + (side * f.eye_apart, f.eye_height))

    def on_skull(points):
        inside = 1 - (points[:, 0] / 1.05) ** 2 - points[:, 1] ** 2
        return held.flat(points, _DEPTH * np.sqrt(np.clip(inside, 0.02, 1)))

    if f.eye_bulge:
        for side in _SIDES:
            x, y = side * f.eye_apart, f.eye_height
            bulge = held.flat(ellipse((x, y + 0.05), *(f.eye_bulge * f.eye_size,) * 2), 0.35)
            canvas.fur(bulge, coat, "head", held.spot(x, y + 0.6, 0.35), "head", shade=0.6)
    around = [outline(side, 1.7) for side in _SIDES]
    canvas.fill(around, coat.base * 0.55, alpha=0.5, blur=max(0.5, 0.06 * held.radius))
    if closed:
        canvas.fill([outline(side, 1.15, 0.2) for side in _SIDES], lid, "eyes")
        return
    canvas.fill([outline(side, 1.22) for side in _SIDES], lid, "eyes")
    iris = [outline(side, 1.0) for side in _SIDES]
    canvas.fill(iris, np.array(f.iris) * rng.uniform(0.9, 1.1), "eyes", shade=0.35)
    pupils, glints = [], []
    for edge in iris:
        middle = edge.mean(axis=0)
        size = np.ptp(edge, axis=0) / 2
        x, y = middle + gaze * size * 0.7
        height = 0.92 * size[1] if f.pupil_slit else min(f.pupil_width * size[0], 0.92 * size[1])
        wide, high = f.pupil_width * size[0], height
        if f.pupil_bar:
            wide, high = 0.85 * size[0], 0.3 * size[1]
        pupils.append(ellipse((x, y), wide, high, held.roll))
        glints.append(ellipse((x - 0.3 * size[0], y - 0.34 * size[1]), *(0.22 * size[0],) * 2))
    canvas.fill(pupils, (0.03, 0.03, 0.035), "eyes")
    canvas.fill(glints, _GLINT, "eyes", alpha=0.9)


# --- Muzzles, noses, mouths ---------------------------------------------------------------------


def _muzzle_coat(rng: Rng) -> str:
    """The area of the coat that the muzzle takes: its own, or at times that of the chest."""
    return "muzzle" if chance(rng, 0.8) else "chest"


def _draw_pads(canvas, features, coat, held, rng) -> None:
    """A short muzzle of two whisker pads and a chin under a small triangular nose."""
    f = features
    front = _DEPTH + f.muzzle_length
    area, root = _muzzle_coat(rng), held.spot(0, 0.16, front)
    bridge = capsule(held.spot(0, -0.08, 0.8), 0.12 * held.radius, root, 0.13 * held.radius)
    canvas.fur(bridge, coat, "head", held.spot(0, 0.5, 0.9), "muzzle", shade=0.3, alpha=0.6)
    chin = ellipse((0, 0.32 + 1.15 * f.muzzle_height), 0.2, 0.17)
    canvas.fur(held.flat(chin, 0.8), coat, area, root, "muzzle", shade=0.5, tone=0.93)
    if f.mouth_open:
        gap = ellipse((0, 0.40 + f.muzzle_height), 0.13, 0.16)
        canvas.fill(held.flat(gap, 0.85), _MOUTH, "muzzle", shade=0.3)
    pads = []
    for side in _SIDES:
        pad = ellipse(
            (side * 0.5 * f.muzzle_width, 0.40), 0.6 * f.muzzle_width, 0.8 * f.muzzle_height
        )
        pads.append(held.flat(pad, front - 0.08))
    canvas.fur(pads, coat, area, root, "muzzle", shade=0.5, lift=0.12, tone=1.03, ruffle=0.6)
    s, y = f.nose_size, 0.23
    line = 0.024
    for side in _SIDES:
        path = [(0, y + 0.5 * s), (0, y + 0.5 * s + 0.1), (side * 0.4 * f.muzzle_width, y + 0.3),
                (side * 0.8 * f.muzzle_width, y + 0.24)]  # fmt: skip
        mouth = tube(path, [line, line, 0.9 * line, 0.5 * line])
        canvas.fill(held.flat(mouth, front), coat.base * 0.3, alpha=0.8)
    nose = smooth(
        [(-s, y - 0.55 * s), (0, y - 0.7 * s), (s, y - 0.55 * s), (0.35 * s, y + 0.55 * s),
         (-0.35 * s, y + 0.55 * s)], steps=4,
    )  # fmt: skip
    canvas.fill(held.flat(nose, front + 0.04), f.nose, "nose", shade=0.4)


def _snout_axis(f: Features):
    """Heights and depths of the snout's root and tip."""
    return (0.16, 0.55), (0.30 + 0.12 * f.muzzle_length, _DEPTH + f.muzzle_length)


def _draw_bridge(canvas, features, coat, held) -> None:
    """The part of a snout between the eyes."""
    f = features
    (y0, z0), (y1, z1) = _snout_axis(f)
    half = 0.5
    middle = held.spot(0, y0 + half * (y1 - y0), z0 + half * (z1 - z0))
    root = held.spot(0, y0 - 0.28, z0)
    wide, narrow = 0.62 * f.muzzle_width * held.radius, 0.9 * f.muzzle_width * held.radius
    bridge = capsule(root, wide, middle, narrow)
    canvas.fur(bridge, coat, "head", held.spot(0, y1, z1), "head", shade=0.45, tone=1.02, alpha=0.8)


def _draw_snout(canvas, features, coat, held, rng) -> None:
    """A muzzle that sticks out, a lower jaw with a tongue if it is open, and a broad nose."""
    f, r = features, held.radius
    (y0, z0), (y1, z1) = _snout_axis(f)
    area = _muzzle_coat(rng)
    start, tip = held.spot(0, y0 + 0.1, z0), held.spot(0, y1, z1)
    thick, wide = f.muzzle_height, f.muzzle_width
    if f.mouth_open:
        gape = rng.uniform(0.2, 0.42)
        jaw_tip = held.spot(0, y1 + 0.30 + gape * 0.55, z1 - 0.2)
        jaw = capsule(held.spot(0, y0 + 0.35, z0), 0.8 * wide * r, jaw_tip, 0.62 * wide * r)
        canvas.fur(jaw, coat, area, start, "muzzle", shade=0.6, tone=0.85, lift=0.2)
        hole = ellipse((0, y1 + 0.24 + 0.3 * gape), 0.62 * wide, 0.12 + 0.42 * gape)
        canvas.fill(held.flat(hole, z1 - 0.1), _MOUTH, "muzzle", shade=0.3)
        aside, low = rng.normal(0, 0.06), y1 + 0.34 + 1.15 * gape
        tongue = smooth(
            [(aside - 0.15, y1 + 0.2), (aside + 0.15, y1 + 0.2), (aside + 0.17, low - 0.1),
             (aside + 0.02, low + 0.05), (aside - 0.15, low - 0.08)], steps=4,
        )  # fmt: skip
        canvas.fill(held.flat(tongue, z1 - 0.05), _TONGUE, "tongue", shade=0.5)
    else:
        chin = ellipse((0, y1 + 0.78 * thick + 0.05), 0.5 * wide, 0.17)
        canvas.fur(held.flat(chin, z1 - 0.2), coat, area, start, "muzzle", shade=0.5, tone=0.85)
    shaft = capsule(start, 0.85 * wide * r, tip, (0.25 * wide + 0.6 * thick) * r)
    flews = [
        held.flat(ellipse((side * 0.42 * wide, y1 + 0.13), 0.55 * wide, 0.68 * thick), z1 - 0.06)
        for side in _SIDES
    ]
    canvas.fur([shaft, *flews], coat, area, start, "muzzle", shade=0.75, lift=0.3, ruffle=0.6)
    s, y, z = f.nose_size, y1 - 0.42 * thick + 0.06, z1 + 0.16
    line = 0.028
    groove = [(0, y + 0.6 * s), (0, y + 0.85 * s + 0.1)]
    canvas.fill(held.flat(tube(groove, [line, line]), z), coat.base * 0.25, alpha=0.8)
    if not f.mouth_open:
        for side in _SIDES:
            path = [(0, y + 0.85 * s + 0.08), (side * 0.45 * wide, y + s + 0.2),
                    (side * 0.95 * wide, y + s + 0.1)]  # fmt: skip
            lips = held.flat(tube(path, [line, line, 0.5 * line]), z - 0.06)
            canvas.fill(lips, coat.base * 0.25, alpha=0.8)
    nose = smooth(
        [(-s, y - 0.3 * s), (-0.5 * s, y - 0.72 * s), (0.5 * s, y - 0.72 * s), (s, y - 0.3 * s),
         (0.72 * s, y + 0.45 * s), (0, y + 0.82 * s), (-0.72 * s, y + 0.45 * s)], steps=3,
    )  # fmt: skip
    canvas.fill(held.flat(nose, z), f.nose, "nose", shade=0.4)
    holes = [
        held.flat(ellipse((side * 0.48 * s, y + 0.12 * s), 0.2 * s, 0.24 * s), z) for side in _SIDES
    ]
    canvas.fill(holes, np.array(f.nose) * 0.35, "nose")
    shine = held.flat(ellipse((-0.2 * s, y - 0.42 * s), 0.34 * s, 0.13 * s), z)
    canvas.fill(shine, np.clip(np.array(f.nose) + 0.4, 0, 1), "nose", alpha=0.5)


# --- Muzzles of other creatures -----------------------------------------------------------------


def _draw_line(canvas, coat, held, path, z: float, width: float = 0.026) -> None:
    """A dark line, such as a mouth."""
    line = tube(path, [width] * len(path))
    canvas.fill(held.flat(line, z), coat.base * 0.28, alpha=0.8)


def _draw_nostrils(canvas, held, colour, x: float, y: float, z: float, size) -> None:
    holes = [held.flat(ellipse((side * x, y), *size), z) for side in _SIDES]
    canvas.fill(holes, colour, "nose")


def _draw_cone(canvas, features, coat, held, rng) -> None:
    """A small pointed snout with a button of a nose at its tip, as a mouse has."""
    f, r = features, held.radius
    area, z = _muzzle_coat(rng), _DEPTH + f.muzzle_length
    start, tip = held.spot(0, 0.3, 0.6), held.spot(0, 0.42, z)
    jaw = ellipse((0, 0.66), 0.5 * f.muzzle_width, 0.14)
    canvas.fur(held.flat(jaw, 0.85), coat, area, start, "muzzle", shade=0.5, tone=0.88)
    cone = capsule(start, 1.05 * f.muzzle_width * r, tip, 0.9 * f.nose_size * r)
    canvas.fur(cone, coat, area, start, "muzzle", shade=0.6, lift=0.2, ruffle=0.6)
    mouth = [(-0.4 * f.muzzle_width, 0.66), (0, 0.6), (0.4 * f.muzzle_width, 0.66)]
    _draw_line(canvas, coat, held, mouth, 0.92)
    nose = held.flat(ellipse((0, 0.40), f.nose_size, 0.85 * f.nose_size), z + 0.05)
    canvas.fill(nose, f.nose, "nose", shade=0.5)


def _draw_tall(canvas, features, coat, held, rng) -> None:
    """A flat face with a tall bare nose between the eyes and a small mouth under it."""
    f = features
    z, s, tall = _DEPTH + f.muzzle_length, f.nose_size, f.nose_size * f.nose_tall
    area, root = _muzzle_coat(rng), held.spot(0, 0.1, z)
    chin = ellipse((0, 0.55), 1.1 * f.muzzle_width, f.muzzle_height)
    canvas.fur(held.flat(chin, 0.85), coat, area, root, "muzzle", shade=0.5, tone=1.04)
    mouth = [(-0.6 * f.muzzle_width, 0.62), (0, 0.66), (0.6 * f.muzzle_width, 0.62)]
    _draw_line(canvas, coat, held, mouth, z)
    y = 0.52 - tall
    nose = smooth(
        [(-0.7 * s, y - 0.8 * tall), (0, y - tall), (0.7 * s, y - 0.8 * tall), (s, y + 0.5 * tall),
         (0.5 * s, y + tall), (-0.5 * s, y + tall), (-s, y + 0.5 * tall)], steps=4,
    )  # fmt: skip
    canvas.fill(held.flat(nose, z + 0.08), f.nose, "nose", shade=0.5)
    dark = np.array(f.nose) * 0.3
    _draw_nostrils(canvas, held, dark, 0.5 * s, y + 0.6 * tall, z + 0.1, (0.2 * s, 0.2 * s))


def _draw_disc(canvas, features, coat, held, rng) -> None:
    """A short trunk that ends in a broad bare disc with two nostrils, as a pig has."""
    f, r = features, held.radius
    area, z = _muzzle_coat(rng), _DEPTH + f.muzzle_length
    y, wide, high = 0.36, f.muzzle_width, 0.82 * f.muzzle_height
    start, tip = held.spot(0, 0.22, 0.6), held.spot(0, y, z)
    jaw = capsule(
        held.spot(0, 0.55, 0.6), 0.34 * r, held.spot(0, y + high + 0.12, z - 0.3), 0.2 * r
    )
    canvas.fur(jaw, coat, area, start, "muzzle", shade=0.5, tone=0.88)
    mouth = [(-0.9 * wide, y + high), (0, y + high + 0.14), (0.9 * wide, y + high)]
    _draw_line(canvas, coat, held, mouth, z - 0.15)
    shaft = capsule(start, 1.05 * wide * r, tip, 0.5 * (wide + high) * r)
    canvas.fur(shaft, coat, area, start, "muzzle", shade=0.7, lift=0.2, ruffle=0.4)
    colour = 0.6 * coat.base + 0.4 * np.array(PINK)
    canvas.fill(held.flat(ellipse((0, y), 1.05 * wide, 1.08 * high), z), 0.6 * colour, "nose")
    canvas.fill(held.flat(ellipse((0, y), wide, high), z + 0.05), colour, "nose", shade=0.3)
    size = (0.2 * wide, 0.34 * high)
    _draw_nostrils(canvas, held, 0.3 * colour, 0.4 * wide, y, z + 0.06, size)


def _draw_long(canvas, features, coat, held, rng) -> None:
    """A long face that widens at the nostrils, as hoofed animals have."""
    f, r = features, held.radius
    y = 0.45 + 0.6 * f.muzzle_length
    z = 0.75 + 0.55 * f.muzzle_length
    wide, high = f.muzzle_width, f.muzzle_height
    start, tip = held.spot(0, 0.1, 0.55), held.spot(0, y, z)
    shaft = capsule(start, 0.7 * f.skull_width * r, tip, 0.82 * wide * r)
    canvas.fur(shaft, coat, "head", held.spot(0, -0.6, 0.4), "muzzle", shade=0.7, lift=0.2)
    area = _muzzle_coat(rng)
    chin = ellipse((0, y + 0.85 * high), 0.6 * wide, 0.4 * high)
    canvas.fur(held.flat(chin, z - 0.1), coat, area, start, "muzzle", shade=0.5, tone=0.85)
    end = held.flat(ellipse((0, y + 0.1), wide, high), z)
    canvas.fur(end, coat, area, start, "muzzle", shade=0.55, lift=0.1, ruffle=0.5, tone=1.03)
    s, top = f.nose_size, y - 0.05
    dark = coat.base * 0.22
    if f.nose_pad:
        pad = smooth([(-s, top - 0.5 * s), (0, top - 0.65 * s), (s, top - 0.5 * s),
                      (0.55 * s, top + 0.45 * s), (0, top + 0.75 * s),
                      (-0.55 * s, top + 0.45 * s)], steps=4)  # fmt: skip
        canvas.fill(held.flat(pad, z + 0.12), f.nose, "nose", shade=0.45)
        dark = np.array(f.nose) * 0.35
        _draw_line(canvas, coat, held, [(0, top + 0.7 * s), (0, y + 0.6 * high)], z + 0.1)
    apart = max(0.55 * s, 0.5 * wide) if not f.nose_pad else 0.6 * s
    _draw_nostrils(canvas, held, dark, apart, top, z + 0.13, (0.075 + 0.1 * s, 0.1 + 0.1 * s))
    low = y + 0.6 * high
    mouth = [(-0.85 * wide, low + 0.02), (0, low + 0.1), (0.85 * wide, low + 0.02)]
    _draw_line(canvas, coat, held, mouth, z + 0.04)


def _draw_flat(canvas, features, coat, held, _rng) -> None:
    """A bare rounded muzzle with two slits for nostrils and a wide mouth, as a monkey has."""
    f = features
    z, wide, high = _DEPTH + f.muzzle_length, f.muzzle_width, f.muzzle_height
    skin = _bare_skin(coat)
    canvas.fill(held.flat(ellipse((0, 0.48), wide, high), z - 0.1), skin, "muzzle", shade=0.6)
    bridge = capsule(held.spot(0, -0.1, 0.85), 0.1 * held.radius, held.spot(0, 0.24, z),
                     0.17 * held.radius)  # fmt: skip
    canvas.fill(bridge, skin * 0.95, "muzzle", shade=0.5)
    _draw_nostrils(canvas, held, skin * 0.25, 0.4 * f.nose_size + 0.03, 0.3, z + 0.02, (0.05, 0.04))
    mouth = [(-0.75 * wide, 0.52), (0, 0.6), (0.75 * wide, 0.52)]
    _draw_line(canvas, coat, held, mouth, z)


def _bare_skin(coat: Coat) -> np.ndarray:
    """Skin that stands out from the coat: light in a dark one, dark in a light one."""
    light, dark = np.array((0.74, 0.58, 0.48)), np.array((0.34, 0.25, 0.21))
    return 0.75 * (light if coat.base.mean() < 0.5 else dark) + 0.25 * coat.base


def _draw_beak(canvas, features, _coat, held, rng) -> None:
    """A short hooked beak between the eyes."""
    z, w = _DEPTH + features.muzzle_length, features.muzzle_width
    colour = np.array((0.72, 0.56, 0.28)) if chance(rng, 0.5) else np.array((0.22, 0.20, 0.19))
    hook = smooth([(-w, 0.0), (0, -0.14), (w, 0.0), (0.75 * w, 0.26), (0, 0.52), (-0.75 * w, 0.26)])
    canvas.fill(held.flat(hook, z), colour, "muzzle", shade=0.6)
    _draw_nostrils(canvas, held, colour * 0.4, 0.45 * w, 0.06, z + 0.02, (0.035, 0.03))


def _draw_wide(canvas, features, coat, held, rng) -> None:
    """A mouth from cheek to cheek and two nostrils, as a frog has."""
    f = features
    area, root, w = _muzzle_coat(rng), held.spot(0, -0.4, 0.8), f.muzzle_width
    throat = smooth([(-w, 0.22), (0, 0.3), (w, 0.22), (0.6 * w, 0.6), (0, 0.7), (-0.6 * w, 0.6)])
    canvas.fur(held.flat(throat, 0.65), coat, area, root, "muzzle", shade=0.4, tone=1.25)
    mouth = [(-1.05 * w, 0.08), (-0.6 * w, 0.24), (0, 0.28), (0.6 * w, 0.24), (1.05 * w, 0.08)]
    _draw_line(canvas, coat, held, mouth, 0.7, 0.035)
    _draw_nostrils(canvas, held, coat.base * 0.25, 0.14, 0.0, 0.92, (0.045, 0.035))


def _draw_trunk(canvas, features, coat, held, rng) -> None:
    """A trunk that hangs and curls, at times with tusks beside it, as an elephant has."""
    long, w = features.muzzle_length, features.muzzle_width
    curl = rng.uniform(-0.6, 0.6)
    path = [(0, 0.0), (0.02, 0.5), (0.15 * curl, 0.5 + 0.45 * long),
            (0.5 * curl, 0.5 + 0.85 * long), (1.1 * curl, 0.4 + long)]  # fmt: skip
    if chance(rng, 0.6):
        length = rng.uniform(0.5, 1.0)
        for side in _SIDES:
            tusk = [
                (side * 0.42, 0.5),
                (side * 0.5, 0.6 + 0.5 * length),
                (side * 0.42, 0.7 + length),
            ]
            canvas.fill(held.flat(tube(tusk, [0.1, 0.08, 0.03]), 0.8), _IVORY, "muzzle", shade=0.5)
    trunk = tube(path, [1.3 * w, w, 0.75 * w, 0.6 * w, 0.45 * w])
    root = held.spot(0, -0.4, 0.9)
    canvas.fur(held.flat(trunk, 0.95), coat, "muzzle", root, "muzzle", shade=0.75, lift=0.3)
    spine = smooth(np.array(path), closed=False)
    for x, y in spine[4:-2:3]:
        ring = [(x - 0.6 * w, y - 0.02), (x, y + 0.05), (x + 0.6 * w, y - 0.02)]
        canvas.fill(held.flat(tube(ring, [0.018] * 3), 1.0), coat.base * 0.3, alpha=0.4)


MUZZLES = {
    "pads": _draw_pads,
    "snout": _draw_snout,
    "cone": _draw_cone,
    "tall": _draw_tall,
    "disc": _draw_disc,
    "long": _draw_long,
    "flat": _draw_flat,
    "beak": _draw_beak,
    "wide": _draw_wide,
    "trunk": _draw_trunk,
}
"""Kind of muzzle -> what paints it."""


# --- Markings of the face -----------------------------------------------------------------------


def _draw_bandit(canvas, features, coat, held) -> None:
    """A mask over both eyes, as a raccoon has."""
    f, soft = features, 0.04 * held.radius
    masks = []
    for side in _SIDES:
        x, y = side * f.eye_apart, f.eye_height
        mask = ellipse((x + side * 0.12, y + 0.1), 0.42, 0.25, side * 0.45)
        masks.append(held.flat(mask, 0.72))
    canvas.fill(masks, contrasting(coat), blur=soft, alpha=0.92)


def _draw_bars(canvas, features, coat, held) -> None:
    """A stripe over each eye, from ear to nose, on a face of the other tone, as a badger has."""
    f, dark = features, contrasting(coat)
    pale = np.clip(coat.base * 0.4 + 0.5, 0, 0.93) if coat.base.mean() > 0.3 else coat.base
    w, h = f.skull_width, f.skull_height
    face = smooth([(-0.5 * w, -0.85 * h), (0.5 * w, -0.85 * h), (0.9 * w, 0), (0, 0.9 * h),
                   (-0.9 * w, 0)])  # fmt: skip
    canvas.fill(held.flat(face, 0.45), pale, shade=0.3, blur=0.05 * held.radius, alpha=0.9)
    bars = []
    for side in _SIDES:
        x, y = side * f.eye_apart, f.eye_height
        path = [(side * 0.62 * w, -0.85 * h), (x, y), (side * 0.25, 0.3)]
        bars.append(held.flat(tube(path, [0.14, 0.19, 0.12]), 0.55))
    canvas.fill(bars, dark, blur=0.03 * held.radius, alpha=0.92)


def _draw_bare_face(canvas, features, coat, held) -> None:
    """A bare face in the shape of a heart, as a monkey has."""
    w, h = features.skull_width, features.skull_height
    right = [(0.3 * w, -0.5 * h), (0.68 * w, -0.3), (0.66 * w, 0.2), (0.5 * w, 0.7 * h)]
    heart = smooth([(0, -0.34 * h), *right, (0, 0.92 * h), *[(-x, y) for x, y in reversed(right)]])
    canvas.fill(held.flat(heart, 0.75), _bare_skin(coat), shade=0.4, blur=0.02 * held.radius)


def _draw_face_disc(canvas, features, coat, held) -> None:
    """Two shallow dishes of feathers around the eyes, with a dark rim, as an owl has."""
    f = features
    tone = np.clip(coat.base * 0.5 + 0.38, 0, 0.92)
    for size, colour in ((1.1, coat.base * 0.4), (1.0, tone)):
        dishes = [
            held.flat(ellipse((side * 0.44, 0.02), 0.5 * size, 0.66 * size, -side * 0.2), 0.62)
            for side in _SIDES
        ]
        canvas.fill(dishes, colour, shade=0.35, blur=0.03 * held.radius, alpha=0.85)
    brow = f.eye_height - 0.9 * f.eye_size
    lines = []
    for side in _SIDES:
        path = [(0, 0.0), (side * 0.2, brow), (side * 0.62, brow - 0.25)]
        lines.append(held.flat(tube(path, [0.05, 0.06, 0.03]), 0.8))
    canvas.fill(lines, coat.base * 0.35, alpha=0.8)


FACES = {
    "bandit": _draw_bandit,
    "bars": _draw_bars,
    "bare": _draw_bare_face,
    "disc": _draw_face_disc,
}
"""Kind of face -> what paints its markings; a plain one has none."""


# --- Horns, manes and beards --------------------------------------------------------------------


def _horn_pair(canvas, held, path, widths, colour) -> None:
    for side in _SIDES:
        horn = tube(np.array(path) * (side, 1), widths)
        canvas.fill(held.flat(horn, -0.05), colour, "head", shade=0.6)


def _horn_colour(rng: Rng) -> np.ndarray:
    return np.array(_IVORY if chance(rng, 0.5) else (0.32, 0.27, 0.22)) * rng.uniform(0.85, 1.05)


def _draw_horns(canvas, features, _coat, held, rng) -> None:
    """Horns that leave sideways and bend up, as a cow's."""
    c, w, y = features.crown_size, features.skull_width, -0.75 * features.skull_height
    path = [(0.4 * w, y), (0.4 * w + 0.55 * c, y - 0.08), (0.4 * w + 0.75 * c, y - 0.65 * c)]
    _horn_pair(canvas, held, path, [0.15, 0.12, 0.03], _horn_colour(rng))


def _draw_swept_horns(canvas, features, _coat, held, rng) -> None:
    """Horns that rise side by side and bend apart, as a goat's."""
    c, w, y = features.crown_size, features.skull_width, -0.75 * features.skull_height
    apart = rng.uniform(0.1, 0.5)
    path = [(0.28 * w, y), (0.3 * w, y - 0.55 * c), (0.4 * w + apart * c, y - 1.15 * c)]
    _horn_pair(canvas, held, path, [0.15, 0.12, 0.03], _horn_colour(rng))


def _draw_antlers(canvas, features, _coat, held, rng) -> None:
    """Antlers with two or three tines each, as a stag's."""
    c, w, y = features.crown_size, features.skull_width, -0.8 * features.skull_height
    colour, lean = _horn_colour(rng), rng.uniform(0.35, 0.7)
    beam = np.array(
        [(0.3 * w, y), (0.4 * w + lean * c, y - 0.6 * c), (0.35 * w + lean * c, y - 1.5 * c)]
    )
    _horn_pair(canvas, held, beam, [0.1, 0.08, 0.03], colour)
    for share in (0.3, 0.62, 0.8)[: int(rng.integers(2, 4))]:
        x, rise = beam[0] + share * (beam[1] - beam[0]) * 1.3, 0.45 * c
        x = x - (0, share * 0.4 * c)
        tine = [x, x + (0.28 * c, -0.2 * c), x + (0.34 * c, -0.2 * c - rise)]
        _horn_pair(canvas, held, tine, [0.075, 0.065, 0.03], colour)


def _draw_curled_horns(canvas, features, _coat, held, rng) -> None:
    """Horns rolled up beside the head, as a ram's."""
    c, x = features.crown_size, 0.75 * features.skull_width
    angles = np.linspace(-2.0, 2.9, 8)
    spiral = (
        np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.linspace(0.58, 0.34, 8)[:, None]
    )
    path = spiral * c + (x + 0.25, -0.35)
    _horn_pair(canvas, held, path, np.linspace(0.2, 0.06, 8), _horn_colour(rng))


def _draw_spines(canvas, _features, coat, held, rng) -> None:
    """A fan of spines behind the face, as a hedgehog's."""
    colour = contrasting(coat)
    spines = []
    for angle in np.linspace(-3.3, 0.16, 34) + rng.normal(0, 0.03, 34):
        out = np.array([math.cos(angle), math.sin(angle)])
        reach = rng.uniform(1.25, 1.5)
        spines.append(held.flat(tube([0.6 * out, reach * out], [0.09, 0.015]), -0.1))
    canvas.fill(spines, colour, "head", shade=0.3)
    tips = spines[::2]
    canvas.fill(tips, 0.5 * coat.base + 0.5 * colour, "head", shade=0.3)


def _draw_mane(canvas, features, coat, held, rng) -> None:
    """A forelock between the ears, as a horse's."""
    y, colour = -0.9 * features.skull_height, contrasting(coat)
    fall = rng.uniform(-0.25, 0.25)
    lock = smooth([(-0.3, y), (0, y - 0.12), (0.3, y), (0.2 + fall, y + 0.45), (fall, y + 0.85),
                   (fall - 0.15, y + 0.5)])  # fmt: skip
    canvas.fill(held.flat(lock, 0.6), colour, "head", shade=0.6)


def _draw_wool(canvas, features, coat, held, rng) -> None:
    """A cap of curls, as a sheep's."""
    w, h = features.skull_width, features.skull_height
    root = held.spot(0, -0.4, 0.3)
    for x in np.linspace(-0.75, 0.75, 5):
        y = -0.95 * h + 0.3 * x * x + rng.normal(0, 0.05)
        curl = ellipse((x * w, y), rng.uniform(0.26, 0.36), rng.uniform(0.24, 0.32))
        canvas.fur(held.flat(curl, 0.25), coat, "chest", root, "head", shade=0.7, tone=1.08)


def _draw_tufts(canvas, features, coat, held, _rng) -> None:
    """Tufts of feathers that slant away from the beak, as some owls have."""
    c, w, y = features.crown_size, features.skull_width, -0.72 * features.skull_height
    for side in _SIDES:
        tuft = np.array([(0.3 * w, y + 0.15), (0.95 * w, y - 0.5 * c), (0.85 * w, y + 0.25)])
        root = held.spot(side * 0.1, 0.0)
        canvas.fur(held.flat(tuft * (side, 1), 0.2), coat, "ear", root, "head", tone=0.75)


def _draw_beard(canvas, features, coat, held) -> None:
    """A beard under the chin, as a goat's."""
    y, z = 0.75 + 0.6 * features.muzzle_length, 0.6 + 0.4 * features.muzzle_length
    tip = y + 0.35 + features.beard * 0.6
    beard = smooth(
        [(-0.2, y), (0.2, y), (0.12, 0.5 * (y + tip)), (0, tip), (-0.12, 0.5 * (y + tip))]
    )
    canvas.fur(held.flat(beard, z), coat, "chest", held.spot(0, y - 0.4, z), "muzzle", tone=0.85)


CROWNS_BEHIND = {
    "horns": _draw_horns,
    "swept": _draw_swept_horns,
    "antlers": _draw_antlers,
    "spines": _draw_spines,
}
CROWNS_IN_FRONT = {
    "curled": _draw_curled_horns,
    "mane": _draw_mane,
    "wool": _draw_wool,
    "tufts": _draw_tufts,
}
"""Kind of crown -> what paints it, before the skull or after it."""


# --- Whiskers -----------------------------------------------------------------------------------


def _draw_whiskers(canvas, features, coat, held, rng) -> None:
    f = features
    z = _DEPTH + f.muzzle_length - 0.1
    line = (0.013 + 0.16 / held.radius) * min(1.0, 0.5 + 0.6 * f.whiskers)
    whiskers = []
    for side in _SIDES:
        for k in range(int(rng.integers(3, 5))):
            x, y = side * 0.6 * f.muzzle_width, 0.34 + 0.065 * k
            angle, length = (
                -0.30 + 0.19 * k + rng.normal(0, 0.06),
                f.whiskers * rng.uniform(0.75, 1.05),
            )
            reach, drop = side * length * math.cos(angle), length * math.sin(angle)
            path = [
                (x, y),
                (x + 0.5 * reach, y + 0.4 * drop),
                (x + reach, y + drop + 0.08 * length),
            ]
            whiskers.append(held.flat(tube(path, [line, 0.8 * line, 0.35 * line]), z))
    light = coat.base.mean() < 0.72 or chance(rng, 0.4)
    # Of a small or far head a camera shows hardly any: thin lines would fade with each resizing.
    alpha = 0.75 * min(1.0, f.whiskers / 0.75) * min(1.0, max(0.3, (held.radius - 2) / 15))
    canvas.fill(whiskers, (0.95, 0.95, 0.93) if light else (0.2, 0.18, 0.17), alpha=alpha)
