"""Places for an animal to be in, made of muted photographs that come with scikit-image.

A place has something behind (a wall, leaves, a blurred street) and, where the animal stands on
it, some ground (grass, gravel, boards), with a horizon between them.
"""

import math
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from course.drawn.seeds import Rng, chance, pick

PLACES = ("meadow", "street", "room", "blanket", "elsewhere")
"""The kinds of place; "meadow" and "room" are those of the planted background."""

# Tints of grey textures and plain walls, as RGB in [0, 1] at a middle brightness.
_GREENS = ((0.42, 0.52, 0.30), (0.50, 0.55, 0.36), (0.36, 0.44, 0.30), (0.56, 0.55, 0.40))
_STONES = ((0.58, 0.56, 0.52), (0.50, 0.50, 0.50), (0.62, 0.57, 0.48), (0.46, 0.44, 0.42))
_BRICKS = ((0.56, 0.42, 0.36), (0.58, 0.54, 0.48), (0.50, 0.46, 0.44))
_WALLS = (
    (0.74, 0.71, 0.65), (0.62, 0.66, 0.68), (0.66, 0.60, 0.52), (0.50, 0.55, 0.50),
    (0.55, 0.48, 0.46), (0.40, 0.44, 0.50), (0.78, 0.76, 0.72),
)  # fmt: skip
_BOARDS = ((0.55, 0.42, 0.31), (0.45, 0.33, 0.25), (0.66, 0.55, 0.42))
_CLOTHS = (
    (0.48, 0.40, 0.40), (0.40, 0.46, 0.54), (0.60, 0.55, 0.47), (0.46, 0.50, 0.42),
    (0.66, 0.63, 0.60), (0.56, 0.44, 0.38),
)  # fmt: skip
_SKIES = ((0.64, 0.72, 0.80), (0.74, 0.77, 0.80), (0.80, 0.76, 0.70))

# Photographs in colour, and the part of each (left, top, right, bottom) that shows no person.
_SCENES = {
    "coffee": (0, 0, 600, 400),
    "rocket": (0, 0, 640, 427),
    "motorcycle": (0, 0, 741, 500),
    "china": (0, 0, 640, 427),
    "flower": (0, 0, 640, 427),
}


def draw_place(
    kind: str, rng: Rng, height: int, width: int, horizon: float | None, tilt: float
) -> np.ndarray:
    """Draw scenery.

    Args:
        kind: one of `PLACES`.
        rng: source of randomness.
        height, width: in pixels.
        horizon: row in which the ground begins at the middle of the picture; None for no ground.
        tilt: radians by which the horizon is turned.
    Returns:
        float32 array, shape (height, width, 3), values in [0, 1].
    """
    size = (width, height)
    if kind == "blanket":
        return _cloth(rng, size, folds=rng.uniform(0.05, 0.14))
    if horizon is None:  # a sky alone would not show that this is a meadow
        return _leaves(rng, size) if kind == "meadow" else _BEHIND[kind](rng, size)
    behind = _BEHIND[kind](rng, size)
    ground = _GROUND[kind](rng, size)
    x = np.arange(width, dtype=np.float32)[None] - width / 2
    depth = np.arange(height, dtype=np.float32)[:, None] - horizon - x * math.tan(tilt)
    cover = np.clip(depth / max(1.0, 0.02 * height) + 0.5, 0, 1)[..., None]
    shade = 0.82 + 0.22 * np.clip(depth / (0.5 * height), 0, 1)[..., None]  # darker far away
    return behind * (1 - cover) + ground * shade * cover


def _textured(rng: Rng, name: str, size, tints, zoom: tuple[float, float], squash: float = 1.0):
    """A grey photograph of a surface in one of the tints; `squash` > 1 lays it on the ground."""
    crop = _crop(rng, name, size, zoom, squash)
    relief = np.asarray(crop, np.float32)
    if relief.ndim == 3:
        relief = relief.mean(axis=2)
    relief = (relief - relief.mean()) / (relief.std() + 8.0)
    tint = np.array(pick(rng, tints), np.float32) * rng.uniform(0.75, 1.2)
    return tint * (1 + rng.uniform(0.12, 0.34) * relief)[..., None]


def _cloth(rng: Rng, size, folds: float) -> np.ndarray:
    """Cloth with broad folds."""
    width, height = size
    coarse = rng.standard_normal((4, 5)).astype(np.float32)
    fine = rng.standard_normal((height // 3, width // 3)).astype(np.float32)
    relief = folds * np.asarray(Image.fromarray(coarse).resize(size, Image.BICUBIC))
    relief = relief + 0.03 * np.asarray(Image.fromarray(fine).resize(size, Image.BICUBIC))
    return _tinted(rng, _CLOTHS, 1 + relief)


def _wall(rng: Rng, size) -> np.ndarray:
    """A plain wall, lighter on one side, at times with a window, a door or a picture on it."""
    width, height = size
    slope = np.linspace(-1, 1, width, dtype=np.float32)[None] * rng.uniform(-0.15, 0.15)
    light = np.ones((height, width), np.float32) + slope
    for _ in range(int(rng.integers(0, 3))):
        left, top = rng.uniform(-0.2, 0.9) * width, rng.uniform(-0.4, 0.3) * height
        right, bottom = left + rng.uniform(0.2, 0.6) * width, top + rng.uniform(0.3, 0.7) * height
        box = (slice(max(0, int(top)), max(0, int(bottom))),
               slice(max(0, int(left)), max(0, int(right))))  # fmt: skip
        light[box] *= rng.uniform(0.7, 1.2)
    return _blurred(_tinted(rng, _WALLS, light), rng.uniform(0.004, 0.02) * width)


def _boards(rng: Rng, size) -> np.ndarray:
    """A floor of boards."""
    width, height = size
    grain = rng.standard_normal((height, max(2, width // 12))).astype(np.float32)
    relief = 0.05 * np.asarray(Image.fromarray(grain).resize(size, Image.BICUBIC))
    board = max(4, int(rng.uniform(0.06, 0.12) * height))
    rows = np.arange(height)
    relief = relief + (rng.normal(0, 0.07, height // board + 1)[rows // board])[:, None]
    relief = relief - 0.25 * (rows % board == 0)[:, None]
    return _tinted(rng, _BOARDS, (1 + relief).astype(np.float32))


def _sky(rng: Rng, size) -> np.ndarray:
    width, height = size
    fall = 1.06 - 0.16 * np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return _tinted(rng, _SKIES, fall * np.ones((1, width), np.float32))


def _tinted(rng: Rng, tints, light: np.ndarray) -> np.ndarray:
    tint = np.array(pick(rng, tints), np.float32) * rng.uniform(0.75, 1.15)
    return tint * light[..., None]


def _leaves(rng: Rng, size) -> np.ndarray:
    leaves = _textured(rng, pick(rng, ("grass", "flower")), size, _GREENS, (0.2, 0.6))
    return _blurred(leaves * rng.uniform(0.7, 1.0), rng.uniform(0.005, 0.03) * size[0])


def _bokeh(rng: Rng, size) -> np.ndarray:
    """A photograph out of focus, with muted colours."""
    crop = _crop(rng, pick(rng, list(_SCENES)), size, (0.35, 0.95))
    scene = np.asarray(crop, np.float32) / 255
    grey = scene.mean(axis=2, keepdims=True)
    muted = grey + rng.uniform(0.25, 0.6) * (scene - grey)
    muted = 0.5 + (muted - muted.mean()) * rng.uniform(0.7, 1.1) + rng.uniform(-0.15, 0.15)
    return _blurred(np.clip(muted, 0, 1), rng.uniform(0.005, 0.035) * size[0])


def _blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


_BEHIND = {
    "meadow": lambda rng, size: pick(rng, (_leaves, _leaves, _sky))(rng, size),
    "street": lambda rng, size: (
        _textured(rng, "brick", size, _BRICKS, (0.35, 0.8))
        if chance(rng, 0.6)
        else _bokeh(rng, size)
    ),
    "room": _wall,
    "elsewhere": _bokeh,
}
_GROUND = {
    "meadow": lambda rng, size: _textured(rng, "grass", size, _GREENS, (0.2, 0.5), 1.6),
    "street": lambda rng, size: (
        _textured(rng, "gravel", size, _STONES, (0.4, 0.8), 1.8)
        if chance(rng, 0.6)
        else _textured(rng, "brick", size, _STONES, (0.3, 0.5), 2.0)
    ),
    "room": lambda rng, size: (
        _boards(rng, size) if chance(rng, 0.5) else _cloth(rng, size, folds=0.03)
    ),
    "elsewhere": lambda rng, size: (
        _textured(rng, "gravel", size, _STONES, (0.5, 0.9), 1.8)
        if chance(rng, 0.4)
        else _cloth(rng, size, folds=0.05)
    ),
}


# --- Photographs --------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _photograph(name: str) -> Image.Image:
    """One of the photographs that are installed with scikit-image and scikit-learn."""
    if name in ("china", "flower"):
        # Importing scikit-learn takes longer than drawing a hundred pictures: its file is enough.
        package = Path(find_spec("sklearn").submodule_search_locations[0])
        image = Image.open(package / "datasets" / "images" / f"{name}.jpg").convert("RGB")
    else:
        from skimage import data

        pixels = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
        image = Image.fromarray(pixels)
    return image.crop(_SCENES[name]) if name in _SCENES else image


def _crop(rng: Rng, name: str, size, zoom: tuple[float, float], squash: float = 1.0) -> Image.Image:
    """A random part of a photograph; `zoom` is the share of its shorter side that is seen."""
    photo = _photograph(name)
    share = rng.uniform(*zoom)
    seen_width = share * min(photo.size)
    seen_height = min(seen_width * size[1] / size[0] * squash, photo.height)
    left = rng.uniform(0, photo.width - seen_width)
    top = rng.uniform(0, photo.height - seen_height)
    box = (left, top, left + seen_width, top + seen_height)
    crop = photo.resize(size, Image.BILINEAR, box=box)
    return crop.transpose(Image.FLIP_LEFT_RIGHT) if chance(rng, 0.5) else crop
