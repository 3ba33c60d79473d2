"""The body of an animal in a pose, with the shadow it casts on the ground.

Coordinates are in head radii times the animal's bulk: x away from the way it faces, y down, the
origin in the middle of the head. A pose paints everything but the head, back to front.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course.drawn.coats import Coat
from course.drawn.creatures import Features
from course.drawn.painter import Canvas, capsule, ellipse, smooth, tube
from course.drawn.seeds import Rng, chance

_SIDES = (-1, 1)
_HOOF = (0.20, 0.17, 0.15)
_CURLING = ("slim", "sabre", "plume", "ring", "brush", "banded", "thick", "bare")  # long tails


@dataclass
class Figure:
    """An animal on its way to the canvas: what it is made of, and where it stands.

    `matrix`, shape (2, 2), and `origin` take points of the body to pixels.
    """

    canvas: Canvas
    features: Features
    coat: Coat
    matrix: np.ndarray
    origin: np.ndarray
    rng: Rng

    def place(self, points) -> np.ndarray:
        return np.atleast_2d(np.asarray(points, float)) @ self.matrix.T + self.origin

    def fur(
        self, outline, area: str, root, *, shade: float = 0.6, lift: float = 0.0,
        tone: float = 1.0, ruffle: float = 1.0,
    ) -> None:  # fmt: skip
        """Paint an outline of the body; the hair grows away from the root. See `Canvas.fur`."""
        self.canvas.fur(
            self.place(outline), self.coat, area, self.place(root)[0],
            shade=shade, lift=lift, tone=tone, ruffle=ruffle,
        )  # fmt: skip

    def chest(self, centre, half_width: float, half_height: float) -> None:
        """A lighter chest, where the coat has one."""
        if self.coat.pattern == "tuxedo" or self.coat.belly:
            colour = self.coat.marking if self.coat.pattern == "tuxedo" else self.coat.chest
            share = 0.85 if self.coat.pattern == "tuxedo" else self.coat.belly * 0.7
            soft = 0.09 * self.coat.unit
            outline = self.place(ellipse(centre, half_width, half_height))
            inside = self.canvas.shows > 0
            self.canvas.fill(outline, colour, alpha=share, blur=soft, inside=inside, shade=0.3)

    def shadow(self, x0: float, x1: float, ground: float) -> None:
        """A soft shadow on the ground from x0 to x1, darkest where the body touches it."""
        middle, half = (x0 + x1) / 2, (x1 - x0) / 2
        wide = ellipse((middle, ground - 0.02), half + 0.35, 0.34)
        close = ellipse((middle, ground - 0.04), half + 0.02, 0.15)
        unit = self.coat.unit
        self.canvas.shadow(self.place(wide), 0.42, 0.22 * unit)
        self.canvas.shadow(self.place(close), 0.5, 0.08 * unit)

    def foot(self, x: float, y: float, width: float, tone: float = 1.0) -> None:
        """A paw whose sole is at height y, with toes where they can be seen."""
        if self.features.feet == "hooves":
            top, low = 0.7 * width, 0.85 * width
            hoof = [(x - top, y - 0.28), (x + top, y - 0.28), (x + low, y), (x - low, y)]
            self.canvas.fill(self.place(hoof), np.array(_HOOF) * tone, "body", shade=0.4)
            return
        root = (x, y - 1.0)
        paw = ellipse((x, y - 0.15), width, 0.17)
        self.fur(paw, "paw", root, shade=0.6, lift=0.25, tone=tone, ruffle=0.4)
        if self.coat.unit > 9:
            toes = [
                tube([(x + k * width, y - 0.14), (x + k * width, y - 0.01)], [0.022, 0.016])
                for k in (-0.36, 0.0, 0.36)
            ]
            colour = self.coat.base * 0.35
            self.canvas.fill([self.place(toe) for toe in toes], colour, alpha=0.55)


def contrasting(coat: Coat) -> np.ndarray:
    """A tone of the coat that stands out from it: dark in a light coat, light in a dark one."""
    if coat.base.mean() > 0.3:
        return coat.base * 0.3
    return np.clip(coat.base + 0.5, 0, 0.9)


# --- Tails --------------------------------------------------------------------------------------


def _tail_path(kind: str, rng: Rng, ground: float):
    """Path and half widths of a tail that starts at (0, 0) and leads to positive x."""
    j = rng.normal(0, 0.15, 6)
    if kind == "slim" and chance(rng, 0.5):  # upright, in the shape of an S
        path = [(0, 0), (0.7, -0.1 + j[0]), (1.05 + j[1], -1.0), (0.85 + j[2], -1.75), (1.15, -2.2)]
        return path, [0.2, 0.17, 0.15, 0.14, 0.1]
    if kind == "slim":
        path = [(0, 0), (0.7, 0.3 * ground), (1.4, 0.75 * ground + 0.1 * j[0]), (2.0, 0.6 * ground)]
        return path, [0.2, 0.17, 0.15, 0.11]
    if kind == "plume":
        path = [(0, 0), (0.6, -0.1 + j[0]), (1.1 + j[1], -0.55 + j[2]), (1.45 + j[3], -0.9 + j[4])]
        return path, [0.2, 0.34, 0.36, 0.14]
    if kind == "ring":
        path = [(0, 0), (0.45, -0.45), (0.2, -0.95), (-0.3, -0.8), (-0.2, -0.4)]
        return path, [0.22, 0.24, 0.24, 0.2, 0.12]
    if kind in TAILS:
        path, widths = TAILS[kind]
        path = np.array(path) * (1, ground if kind in _LAID_DOWN else 1)
        return path + np.outer(np.linspace(0, 1, len(path)), j[:2]), widths
    path = [(0, 0), (0.55, -0.25 + j[0]), (1.0 + j[1], -0.8 + j[2]), (1.2 + j[3], -1.3 + j[4])]
    return path, [0.22, 0.17, 0.13, 0.08]


TAILS = {
    "stub": ([(0, 0), (0.2, -0.16), (0.36, -0.2)], [0.2, 0.24, 0.14]),
    "brush": (
        [(0, 0), (0.6, -0.2), (0.95, -1.1), (0.75, -2.0), (1.3, -2.4)],
        [0.22, 0.5, 0.62, 0.55, 0.2],
    ),
    "thick": ([(0, 0), (0.7, 0.4), (1.5, 0.8), (2.4, 0.7)], [0.44, 0.34, 0.25, 0.1]),
    "bare": (
        [(0, 0), (0.7, 0.4), (1.5, 0.85), (2.1, 0.5), (2.7, 0.6)],
        [0.13, 0.09, 0.07, 0.06, 0.03],
    ),
    "tuft": ([(0, 0), (0.25, 0.15), (0.4, 0.7), (0.42, 1.3)], [0.13, 0.08, 0.06, 0.06]),
    "mane": ([(0, 0), (0.4, 0.05), (0.6, 0.8), (0.5, 1.7)], [0.14, 0.26, 0.3, 0.1]),
    "curl": (
        [(0, 0), (0.2, -0.15), (0.42, -0.4), (0.2, -0.6), (0.1, -0.35), (0.4, -0.25)],
        [0.1, 0.08, 0.07, 0.06, 0.06, 0.04],
    ),
    "banded": ([(0, 0), (0.6, 0.05), (1.2, -0.25), (1.6, -0.85)], [0.2, 0.3, 0.3, 0.18]),
}
"""Kind of tail -> path and half widths; those of cats and dogs are in `_tail_path`."""

_LAID_DOWN = ("thick", "bare")  # as low as the ground allows


def _draw_tail(figure: Figure, x: float, y: float, towards: int, ground: float) -> None:
    """A tail from (x, y) to the side `towards`; `ground` is how far below (x, y) the ground is."""
    kind = figure.features.tail_kind
    if kind == "none":
        return
    path, widths = _tail_path(kind, figure.rng, ground)
    path = np.array(path) * (towards, 1) + (x, y)
    widths = np.array(widths) * (0.6 + 0.4 * figure.features.build)
    figure.fur(tube(path, widths), "tail", (x - 0.8 * towards, y), lift=0.2)
    if kind == "tuft":
        end = ellipse(path[-1] + (0, 0.12), 0.15, 0.28)
        figure.canvas.fill(figure.place(end), figure.coat.base * 0.4, "body", shade=0.5)
    if kind == "banded":
        _draw_bands(figure, path, widths)


def _draw_bands(figure: Figure, path, widths) -> None:
    """Rings around a tail."""
    spine = smooth(np.column_stack([path, widths]), closed=False)
    colour = contrasting(figure.coat)
    bands = []
    for k in range(3, len(spine) - 1, 4):
        (x0, y0, w0), (x1, y1, w1) = spine[k], spine[k + 1]
        along = np.array([x1 - x0, y1 - y0])
        across = np.array([-along[1], along[0]]) / (np.linalg.norm(along) + 1e-9)
        middle = np.array([x0, y0])
        bands.append(
            np.array([middle + w0 * across, middle + 1.6 * along + w1 * across,
                      middle + 1.6 * along - w1 * across, middle - w0 * across])
        )  # fmt: skip
    figure.canvas.fill([figure.place(band) for band in bands], colour, alpha=0.85)


def draw_neck(figure: Figure) -> None:
    """A long neck from the head, `neck` above the origin, down into the trunk."""
    b, n = figure.features.build, figure.features.neck
    path = [(-0.4 * n, 0.1 - n), (-0.15 * n + 0.1, 0.15 - 0.4 * n), (0.6, 0.9)]
    neck = tube(path, [0.5, 0.52 + 0.1 * b, 0.8 * b])
    figure.fur(neck, "trunk", (0, -n - 1.0), shade=0.65, lift=0.1)
    if figure.features.crown == "mane":
        crest = tube(
            [(0.25 - 0.4 * n, -0.3 - n), (0.75, -0.35 * n), (1.25, 0.6)], [0.2, 0.26, 0.12]
        )
        colour = contrasting(figure.coat)
        figure.canvas.fill(figure.place(crest), colour, "body", shade=0.6)


# --- Poses --------------------------------------------------------------------------------------


def _draw_portrait(figure: Figure) -> None:
    """Neck and shoulders, out of the bottom of the picture."""
    b = figure.features.build
    lean = figure.rng.uniform(-0.4, 0.4)
    right = [(0.55, 0.35), (0.98 * b, 1.3), (1.5 * b, 2.4), (1.6 * b, 5.0)]
    outline = np.array([*right, *[(-x, y) for x, y in reversed(right)]])
    outline[:, 0] += lean * np.clip(outline[:, 1], 0, 3)
    figure.fur(smooth(outline), "trunk", (0, -0.5), shade=0.55)
    figure.chest((0.6 * lean, 1.9), 0.55 * b, 0.9)


def _draw_sitting(figure: Figure) -> None:
    """Sitting, seen from the front or a little from the side."""
    b, long = figure.features.build, 0.85 + 0.15 * figure.features.legs
    lean = figure.rng.uniform(-0.35, 0.35)
    ground = 3.3 * long

    def leant(points):
        points = np.asarray(points, float)
        return points + np.outer(np.clip(points[:, 1], 0, None), (lean * 0.3, 0))

    side = 1 if figure.rng.random() < 0.5 else -1
    hips = lean * 0.3 * ground
    figure.shadow(hips - 1.15 * b, hips + 1.15 * b, ground)
    _draw_tail(figure, hips + side * 0.7 * b, ground - 0.32, side, 0.25)
    for s in _SIDES:
        figure.fur(
            leant(ellipse((s * 0.72 * b, ground - 0.62), 0.52 * b, 0.62)),
            "trunk", (hips + s * 0.3, ground - 2.0), shade=0.7, tone=0.93,
        )  # fmt: skip
        figure.foot(hips + s * 0.98 * b, ground, 0.34 * b, 0.95)
    right = [(0.5, 0.3), (0.74 * b, 1.15), (0.95 * b, 2.1 * long), (0.78 * b, 2.85 * long)]
    outline = [*right, (0, 2.95 * long), *[(-x, y) for x, y in reversed(right)]]
    figure.fur(smooth(leant(outline)), "trunk", (0, -0.3), shade=0.7, lift=0.25)
    figure.chest(leant([(0, 1.5)])[0], 0.45 * b, 0.75)
    for s in _SIDES:
        leg = leant(
            [(s * 0.3 * b, 1.1), (s * 0.38 * b, 1.75), (s * 0.38 * b, 2.4 * long),
             (s * 0.38 * b, ground - 0.15)]
        )  # fmt: skip
        figure.fur(
            tube(leg, [0.08, 0.29 * b, 0.23 * b, 0.19]),
            "leg",
            leant([(0, 0.6)])[0],
            shade=0.55,
            lift=0.3,
        )
        figure.foot(leg[-1][0], ground, 0.27)


def _draw_sitting_sideways(figure: Figure) -> None:
    """Sitting, seen from the side: a sloping back over one large haunch."""
    b, long = figure.features.build, 0.85 + 0.15 * figure.features.legs
    ground = 3.25 * long
    figure.shadow(-0.55, 1.75 * b, ground)
    _draw_tail(figure, 1.6 * b, ground - 0.3, 1, 0.25)
    far = tube([(-0.1, 1.5), (-0.25, 2.3), (-0.32, ground - 0.2)], [0.3 * b, 0.22, 0.18])
    figure.fur(far, "leg", (0, 0.6), tone=0.72)
    figure.foot(-0.4, ground - 0.06, 0.25, 0.75)
    trunk = [
        (0.45, -0.35), (0.8 * b, 0.5), (1.25 * b, 1.5), (1.65 * b, 2.4), (1.62 * b, ground - 0.15),
        (0.9, ground - 0.1), (0.25, 2.6), (-0.45 * b, 2.0), (-0.62 * b, 1.25), (-0.45, 0.4),
    ]  # fmt: skip
    figure.fur(smooth(trunk), "trunk", (0.2, -0.4), shade=0.7)
    figure.chest((-0.3 * b, 1.35), 0.3 * b, 0.7)
    haunch = smooth(
        [(1.1 * b, 1.75), (1.6 * b, 2.3), (1.5 * b, ground - 0.12), (0.7, ground - 0.1), (0.5, 2.4)]
    )
    figure.fur(haunch, "trunk", (1.3 * b, 1.5), shade=0.55, lift=0.22)
    figure.foot(0.55, ground, 0.42, 1.0)
    leg = [(0.12, 1.0), (0.03, 1.7), (0.0, 2.4), (-0.05, ground - 0.15)]
    figure.fur(tube(leg, [0.08, 0.34 * b, 0.24, 0.19]), "leg", (0, 0.6), shade=0.55, lift=0.28)
    figure.foot(-0.13, ground, 0.27)


def _draw_standing(figure: Figure) -> None:
    """Standing or walking, seen from the side."""
    f, rng = figure.features, figure.rng
    b, length, legs = f.build, rng.uniform(2.5, 3.2), f.legs
    ground = 2.1 + 1.45 * legs
    deep = 0.1 * (b - 1)  # a stout animal's belly hangs lower

    def joint(y):  # a height on the leg, from where the belly ends (0) to the ground (1)
        return 2.1 + y * (ground - 2.1)

    def hind(swing, tone, lift):
        x = length + 0.1
        path = [(x + 0.2, 1.0), (x + 0.12, 1.5), (x - 0.12 + 0.3 * swing, joint(0.1)),
                (x + 0.38 + 0.5 * swing, joint(0.5)), (x + 0.22 + swing, joint(0.92))]  # fmt: skip
        shape = tube(path, [0.2, 0.58 * b, 0.40 * b, 0.19, 0.16])
        figure.fur(shape, "leg", (x + 0.2, 0.4), shade=0.55, lift=lift, tone=tone)
        figure.foot(x + 0.12 + swing, ground, 0.26, tone)

    def fore(swing, tone, lift):
        x = 1.0
        path = [(x + 0.05, 1.05), (x, 1.55), (x + 0.12 + 0.2 * swing, joint(0.02)),
                (x + 0.6 * swing, joint(0.5)), (x + 0.02 + swing, joint(0.92))]  # fmt: skip
        shape = tube(path, [0.15, 0.46 * b, 0.31 * b, 0.2, 0.16])
        figure.fur(shape, "leg", (x, 0.4), shade=0.55, lift=lift, tone=tone)
        figure.foot(x - 0.1 + swing, ground, 0.26, tone)

    stride = rng.uniform(0.0, 0.42)
    figure.shadow(0.75, length + 0.4, ground)
    _draw_tail(figure, length + 0.55, 1.15, 1, 0.9)
    hind(-stride - 0.1, 0.68, 0.0)
    fore(stride - 0.05, 0.68, 0.0)
    back = rng.uniform(-0.08, 0.1)
    trunk = [
        (0.2, -0.5), (0.75, 0.2), (1.25, 0.72), (2.0, 0.85 + back), (length - 0.2, 0.80 + back),
        (length + 0.45, 0.92), (length + 0.72, 1.4), (length + 0.4, 2.0),
        (length - 0.4, 2.02 + deep), (1.9, 2.22 + 2 * deep), (1.1, 2.38 + deep),
        (0.5, 2.0), (0.12, 1.2), (-0.35, 0.5),
    ]  # fmt: skip
    figure.fur(smooth(trunk), "trunk", (-0.4, 0.1), shade=0.75)
    figure.chest((0.5, 1.5), 0.3, 0.55)
    hind(stride, 1.0, 0.2)
    fore(-stride, 1.0, 0.2)


def _draw_lying(figure: Figure) -> None:
    """Lying on the belly, seen from the side, paws stretched forward."""
    b, rng = figure.features.build, figure.rng
    ground = 2.0
    figure.shadow(-1.1, 3.3, ground)
    _draw_tail(figure, 3.1, ground - 0.35, 1, 0.3)
    far = tube([(0.4, 1.45), (-0.4, ground - 0.3), (-1.3, ground - 0.22)], [0.32, 0.24, 0.17])
    figure.fur(far, "leg", (1.0, 1.2), tone=0.75)
    high = 0.25 - 0.25 * (b - 0.8)
    trunk = [
        (0.1, -0.4), (0.7, 0.1), (1.5, high), (2.5, high + 0.05), (3.2, 0.75), (3.35, 1.5),
        (3.0, ground - 0.05), (1.5, ground), (0.1, ground), (-0.45, 1.4), (-0.55, 0.6),
    ]  # fmt: skip
    figure.fur(smooth(trunk), "trunk", (-0.4, 0.2), shade=0.75)
    figure.chest((-0.05, 1.25), 0.35, 0.5)
    haunch = ellipse((2.65, 1.35), 0.68, 0.62)
    figure.fur(haunch, "trunk", (2.9, 0.4), shade=0.5, lift=0.2)
    figure.foot(2.1, ground + 0.02, 0.42)
    reach = rng.uniform(0.7, 1.15)
    leg = tube([(0.55, 1.4), (0.2, ground - 0.2), (-reach, ground - 0.16)], [0.36, 0.26, 0.18])
    figure.fur(leg, "leg", (0.9, 0.8), shade=0.55, lift=0.28)
    figure.foot(-reach - 0.1, ground, 0.26)


def _draw_loaf(figure: Figure) -> None:
    """Lying on the belly, seen from the front, paws under the chin."""
    b, rng = figure.features.build, figure.rng
    ground, lean = 1.75, rng.uniform(-0.5, 0.5)
    figure.shadow(-1.3 * b + lean, 1.3 * b + lean, ground)
    _draw_tail(figure, lean + 1.2 * b, ground - 0.3, 1, 0.2)
    right = [(0.7, -0.25), (1.2 * b, 0.35), (1.45 * b, 1.2), (1.2 * b, ground)]
    outline = np.array([(0, -0.35), *right, *[(-x, y) for x, y in reversed(right)]])
    outline[:, 0] += lean
    figure.fur(smooth(outline), "trunk", (0.2 * lean, 0.1), shade=0.75)
    figure.chest((0.1 * lean, 1.15), 0.4 * b, 0.45)
    for s in _SIDES:
        leg = capsule((s * 0.55 * b, 1.2), 0.28, (s * 0.4, ground - 0.2), 0.2)
        figure.fur(leg, "leg", (s * 0.6, 0.2), shade=0.5, lift=0.25)
        figure.foot(s * 0.4, ground + 0.04, 0.27)


def _draw_curled(figure: Figure) -> None:
    """Curled up, the head on the paws and the tail around."""
    b, rng = figure.features.build, figure.rng
    high, wide = rng.uniform(1.1, 1.3), 1.75 * b
    ground = 0.25 + high
    figure.shadow(-0.7, 0.75 + 2 * wide - 0.6, ground - 0.05)
    middle = (0.25 + wide * 0.75, 0.25 - 0.02)
    body = ellipse(middle, wide, high)
    figure.fur(body, "trunk", (middle[0] - 0.8 * wide, middle[1] - 1.3 * high), shade=0.8)
    haunch = ellipse((middle[0] + 0.55 * wide, middle[1] + 0.3), 0.62, 0.66)
    figure.fur(haunch, "trunk", (middle[0] + 0.2 * wide, middle[1] - 0.6), shade=0.5, lift=0.2)
    path = [
        (middle[0] + 0.9 * wide, middle[1] + 0.35), (middle[0] + 0.55 * wide, ground - 0.22),
        (middle[0] - 0.1 * wide, ground - 0.1), (-0.1, ground - 0.12),
    ]  # fmt: skip
    if figure.features.tail_kind in _CURLING:
        figure.fur(tube(path, [0.24, 0.26, 0.24, 0.14]), "tail", path[0], shade=0.6, lift=0.3)
    figure.foot(-0.45, 1.05, 0.3)


def _draw_perched(figure: Figure) -> None:
    """A bird, upright: a body like an egg, folded wings, a short tail, two feet with claws."""
    b, rng = figure.features.build, figure.rng
    ground, lean = 3.0, rng.uniform(-0.2, 0.2)
    figure.shadow(-0.9, 0.9, ground)
    tail = np.array([(-0.35, 2.2), (0.35, 2.2), (0.3 + lean, 3.25), (-0.3 + lean, 3.25)])
    figure.fur(tail, "tail", (0, 0.5), tone=0.75)
    right = [(0.85, 0.2), (1.12 * b, 1.1), (0.98 * b, 2.1), (0.5, 2.75)]
    body = smooth([(0, -0.2), *right, (0, 2.85), *[(-x, y) for x, y in reversed(right)]])
    figure.fur(body, "trunk", (0, -1.0), shade=0.75)
    figure.chest((0, 1.5), 0.55 * b, 0.85)
    for s in _SIDES:
        for k in (0.0, 0.3):
            wing = smooth([(s * 0.72 * b, 0.55), (s * 1.25 * b, 1.1 + k), (s * 1.1 * b, 2.2 + k),
                           (s * (0.6 + k), 2.85 - k), (s * 0.78 * b, 1.5)])  # fmt: skip
            figure.fur(wing, "leg", (s * 0.6, 0.0), shade=0.6, lift=0.25, tone=0.82 + 0.3 * k)
        toes = [
            tube([(s * 0.36, 2.75), (s * 0.36 + k, ground)], [0.09, 0.05]) for k in (-0.2, 0, 0.2)
        ]
        figure.canvas.fill([figure.place(t) for t in toes], (0.45, 0.38, 0.26), "body", shade=0.4)


def _draw_squatting(figure: Figure) -> None:
    """A frog, from the front: a broad low body between folded hind legs."""
    b, rng = figure.features.build, figure.rng
    ground, lean = 1.7, rng.uniform(-0.2, 0.2)
    figure.shadow(-1.6 * b, 1.6 * b, ground)
    right = [(0.9, 0.0), (1.15 * b, 0.7), (0.95 * b, 1.5)]
    body = smooth([(lean, -0.3), *right, (0, 1.6), *[(-x, y) for x, y in reversed(right)]])
    figure.fur(body, "trunk", (0, -1.0), shade=0.75)
    figure.chest((0, 0.95), 0.6 * b, 0.55)
    for s in _SIDES:
        thigh = capsule((s * 1.35 * b, 0.65), 0.3, (s * 1.15 * b, 1.4), 0.34)
        figure.fur(thigh, "leg", (s * 1.3, 0.0), shade=0.7, lift=0.3)
        foot = tube(
            [(s * 1.1 * b, 1.5), (s * 1.5 * b, 1.6), (s * 1.9 * b, ground)], [0.16, 0.1, 0.12]
        )
        figure.fur(foot, "paw", (s, 0.9), shade=0.5, tone=0.9)
        arm = tube([(s * 0.62, 0.8), (s * 0.72, 1.25), (s * 0.5, 1.6)], [0.2, 0.17, 0.13])
        figure.fur(arm, "leg", (s * 0.6, 0.2), shade=0.6, lift=0.3)
        toes = [tube([(s * 0.5, 1.6), (s * 0.5 + k, ground)], [0.07, 0.06]) for k in (-0.2, 0, 0.2)]
        figure.fur(np.vstack(toes), "paw", (s * 0.5, 1.2), tone=0.95)


def _draw_hauled(figure: Figure) -> None:
    """A seal ashore: a body like a sack that tapers to two hind flippers, one flipper in front."""
    b, rng = figure.features.build, figure.rng
    ground, length = 1.8, rng.uniform(3.2, 4.0)
    figure.shadow(-0.6, length, ground)
    for rise in (-0.45, 0.0):
        tip = length + 0.6
        fluke = smooth([(length - 0.4, 1.4), (tip, 1.15 + rise), (tip + 0.15, 1.5 + rise),
                        (length - 0.2, 1.7)])  # fmt: skip
        figure.fur(fluke, "tail", (length - 1, 1.5), tone=0.8)
    trunk = [
        (0.3, -0.6), (0.9, 0.1), (1.7, 0.35 - 0.2 * b), (2.6, 0.7 - 0.2 * b), (length - 0.2, 1.35),
        (length - 0.3, 1.7), (1.8, ground + 0.02), (0.4, ground), (-0.5, 1.5), (-0.7, 0.6),
    ]  # fmt: skip
    figure.fur(smooth(trunk), "trunk", (-0.4, -0.4), shade=0.8)
    figure.chest((0.0, 1.1), 0.45, 0.55)
    flipper = smooth(
        [(0.5, 1.1), (0.95, 1.2), (0.7, 1.7), (-0.1, ground + 0.1), (-0.2, ground - 0.1)]
    )
    figure.fur(flipper, "paw", (0.9, 0.8), shade=0.6, lift=0.35, tone=0.85)


@dataclass(frozen=True)
class Pose:
    """How a body is drawn, and the room it takes in head radii times bulk.

    `box` is (left, top, right, bottom) around the animal, the head's middle at (0, 0); `ground` is
    where it touches the ground, None for a pose with no ground. `yaw` and `roll` limit how the
    head turns away from the viewer and to the side, in radians.
    """

    draw: Callable[[Figure], None]
    box: tuple[float, float, float, float]
    ground: float | None
    yaw: tuple[float, float]
    roll: float
    share: float  # of all pictures


POSES = {
    "portrait": Pose(_draw_portrait, (-1.3, -1.3, 1.3, 1.7), None, (-0.6, 0.6), 0.35, 0.36),
    "sitting": Pose(_draw_sitting, (-1.5, -1.3, 1.5, 3.3), 3.3, (-0.55, 0.55), 0.25, 0.16),
    "sideways": Pose(_draw_sitting_sideways, (-1.2, -1.3, 2.2, 3.25), 3.25, (-0.7, 0.3), 0.2, 0.12),
    "standing": Pose(_draw_standing, (-1.1, -1.3, 4.2, 3.5), 3.5, (-0.75, 0.2), 0.2, 0.12),
    "lying": Pose(_draw_lying, (-1.4, -1.2, 3.8, 2.0), 2.0, (-0.7, 0.3), 0.2, 0.10),
    "loaf": Pose(_draw_loaf, (-1.6, -1.2, 1.9, 1.8), 1.75, (-0.5, 0.5), 0.2, 0.08),
    "curled": Pose(_draw_curled, (-1.0, -1.2, 3.0, 1.5), 1.4, (-0.4, 0.4), 0.5, 0.06),
    "perched": Pose(_draw_perched, (-1.4, -1.3, 1.4, 3.1), 3.0, (-0.6, 0.6), 0.25, 0.6),
    "squatting": Pose(_draw_squatting, (-1.8, -1.1, 1.8, 1.8), 1.7, (-0.5, 0.5), 0.2, 0.7),
    "hauled": Pose(_draw_hauled, (-1.2, -1.2, 4.0, 1.9), 1.8, (-0.7, 0.3), 0.25, 0.6),
}
