"""The head of an animal, modelled in three dimensions and painted from any side it turns.

Coordinates are in radii of the head: x to the right, y down, z towards the viewer, the origin in
the middle of the skull. The skull is an ellipsoid; eyes lie on it, ears stand on it, and the
muzzle sticks out of it.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from course_utils.drawn.coats import Coat
from course_utils.drawn.creatures import Features
from course_utils.drawn.painter import Canvas, capsule, ellipse, smooth, tube, turned
from course_utils.drawn.seeds import Rng, chance

_DEPTH = 0.85  # of the skull, from its middle to its front
_SIDES = (-1, 1)
_DARK = np.array([0.05, 0.04, 0.04])
_MOUTH, _TONGUE = (0.26, 0.08, 0.09), (0.80, 0.45, 0.46)
_GLINT = (0.96, 0.96, 0.97)


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
    _draw_skull(canvas, features, coat, held, nose_root)
    muzzle = _draw_snout if features.muzzle_kind == "snout" else _draw_pads
    if features.muzzle_kind == "snout":
        _draw_bridge(canvas, features, coat, held)
    _draw_eyes(canvas, features, coat, held, rng)
    muzzle(canvas, features, coat, held, rng)
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
            inner = 0.55 * coat.base * 0.7 + 0.45 * np.array([0.76, 0.52, 0.49]) * 0.8
            hole = triangle(0.68) + (0, -0.02)
            canvas.fill(seen(hole, 0.02), inner, "ears", shade=0.5, blur=0.03 * held.radius)
    return flaps


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
        pupils.append(ellipse((x, y), f.pupil_width * size[0], height, held.roll))
        glints.append(ellipse((x - 0.3 * size[0], y - 0.34 * size[1]), *(0.22 * size[0],) * 2))
    canvas.fill(pupils, (0.03, 0.03, 0.035), "eyes")
    canvas.fill(glints, _GLINT, "eyes", alpha=0.9)


# --- Muzzles, noses, mouths ---------------------------------------------------------------------


def _muzzle_coat(coat: Coat, rng: Rng) -> str:
    """The area of the coat that the muzzle takes: its own, or at times that of the chest."""
    return "muzzle" if chance(rng, 0.8) else "chest"


def _draw_pads(canvas, features, coat, held, rng) -> None:
    """A short muzzle of two whisker pads and a chin under a small triangular nose."""
    f = features
    front = _DEPTH + f.muzzle_length
    area, root = _muzzle_coat(coat, rng), held.spot(0, 0.16, front)
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
    area = _muzzle_coat(coat, rng)
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
