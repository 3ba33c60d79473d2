"""A stand-in for SVHN: colour 32 x 32 digits as it crops them from photographs of houses."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from course.drawn.seeds import (
    N_CLASSES,
    NUMBER_STREAM,
    Rng,
    balanced_labels,
    chance,
    checked_counts,
    pick,
)

NUMBER_SIZE = 32  # pixels a side, as SVHN's cropped digits

_NUMBER_SCALE = 4
_SHEET = NUMBER_SIZE * _NUMBER_SCALE
_GLYPH_POINTS = 120  # font size at which a digit is rendered once, then resized

_FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf",
    "DejaVuSans-BoldOblique.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf",
    "DejaVuSerif-Italic.ttf", "DejaVuSerif-BoldItalic.ttf",
    "STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBolIta.ttf",
    "cmb10.ttf", "cmr10.ttf", "cmss10.ttf", "cmti10.ttf", "cmtt10.ttf",
)  # fmt: skip
_THIN_FONTS = ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "cmr10.ttf", "cmss10.ttf",
               "cmti10.ttf", "cmtt10.ttf")  # fmt: skip
# matplotlib has this one from 3.11 on; Colab's is older. Before, the most like it stands in.
_STAND_INS = {"cmti10.ttf": "STIXGeneralItalic.ttf"}

_DARK_COLOURS = (
    (28, 28, 30), (52, 40, 34), (40, 50, 78), (44, 66, 54), (96, 40, 36), (86, 64, 44),
    (70, 74, 80), (30, 60, 90),
)  # fmt: skip
_LIGHT_COLOURS = (
    (232, 230, 224), (222, 208, 176), (198, 178, 140), (188, 196, 204), (170, 160, 150),
    (206, 170, 150), (180, 192, 170), (214, 196, 120), (200, 208, 220),
)  # fmt: skip
_WALLS = ("plain", "render", "brick", "planks", "blocks")
_NEIGHBOUR_CHANCE = 0.75  # that another digit follows, on each side
_PLATE_CHANCE = 0.35
_LOWEST_CONTRAST = 40  # grey levels between digit and background that stay readable

Canvas = Image.Image


def draw_house_numbers(n: int, *, seed: int = 0, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw n colour pictures of a digit on a wall or a plate, as a stand-in for SVHN.

    The labelled digit is in the centre; its neighbours in the house number peek in from the
    sides. Picture i of the answer depends only on `seed` and `start + i`, and each block of ten
    indices (0..9, 10..19, ...) holds every digit once, in a shuffled order.

    Args:
        n: how many pictures, >= 0.
        seed: which set, >= 0; use different seeds for training and for testing.
        start: index of the first picture, >= 0.
    Returns:
        images, uint8 array, shape (n, 32, 32, 3), RGB, and labels, uint8 array, shape (n,): the
        digit itself, so that 0 is labelled 0 (SVHN's own files write 10).
    Raises:
        ValueError: n, seed or start is negative or not an integer.
    Example:
        >>> images, labels = draw_house_numbers(30, seed=1)
        >>> images.shape, np.bincount(labels).tolist()
        ((30, 32, 32, 3), [3, 3, 3, 3, 3, 3, 3, 3, 3, 3])
        >>> later, _ = draw_house_numbers(10, seed=1, start=20)
        >>> np.array_equal(images[20:], later)
        True

    Source: framing as in SVHN's cropped digits (Netzer et al., "Reading Digits in Natural
        Images", 2011); the drawings are this course's own, in fonts that come with matplotlib.
    """
    n, seed, start = checked_counts(n, seed, start)
    labels = balanced_labels(n, seed, start)
    images = np.empty((n, NUMBER_SIZE, NUMBER_SIZE, 3), np.uint8)
    for i, digit in enumerate(labels.tolist()):
        rng = np.random.default_rng([NUMBER_STREAM, seed, start + i])
        images[i] = _house_number(digit, rng)
    return images, labels


@lru_cache(maxsize=1)
def _font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=len(_FONTS) * N_CLASSES)
def _glyph(font_name: str, digit: int) -> Canvas:
    """One digit, white on black, cropped to its ink."""
    path = _font_folder() / font_name
    if font_name in _STAND_INS and not path.exists():
        path = _font_folder() / _STAND_INS[font_name]
    font = ImageFont.truetype(str(path), _GLYPH_POINTS)
    page = Image.new("L", (2 * _GLYPH_POINTS, 2 * _GLYPH_POINTS))
    ImageDraw.Draw(page).text((_GLYPH_POINTS // 2, _GLYPH_POINTS // 4), str(digit), 255, font=font)
    return page.crop(page.getbbox())


def _house_number(digit: int, rng: Rng) -> np.ndarray:
    """One picture, float work inside, uint8 (32, 32, 3) outside."""
    ink_sheet, plate_sheet = _lettering(digit, rng)
    corners = _viewpoint(rng)
    ink = _shrunk(ink_sheet, corners)[..., None]
    ink_colour, wall_colour = _colours(rng)
    picture = _wall(rng, wall_colour)
    if plate_sheet is not None:
        edge = _shrunk(plate_sheet, corners)[..., None]
        picture += edge * (pick(rng, (ink_colour, wall_colour * 0.6)) - picture)
    if chance(rng, 0.35):  # numbers that stand off the wall cast a shadow
        shadow = np.roll(ink, tuple(rng.integers(-1, 2, 2)), axis=(0, 1))
        picture *= 1 - 0.45 * shadow
    picture += ink * (ink_colour - picture)
    return _snapshot(picture, rng)


def _lettering(digit: int, rng: Rng) -> tuple[Canvas, Canvas | None]:
    """The digit and its neighbours, and sometimes the edges of plates, on two large sheets."""
    font = pick(rng, _FONTS)
    height, stretch = rng.uniform(0.6, 0.95) * _SHEET, rng.uniform(0.72, 1.15)
    gap = rng.uniform(0, 0.15) * height
    sheet = Image.new("L", (_SHEET, _SHEET))
    middle = _SHEET / 2

    def place(number: int, x: float, side: int) -> tuple[float, float]:
        """Put a digit at x: its centre if side is 0, else its near edge; return its edges."""
        glyph = _glyph(font, number)
        width = max(1.0, glyph.width * height / glyph.height * stretch)
        left = x - width * (1 - side) / 2
        glyph = glyph.resize((round(width), round(height)), Image.BILINEAR)
        sheet.paste(255, (round(left), round(middle - height / 2)), glyph)
        return left, left + width

    placed = [place(digit, middle, 0)]
    for side in (-1, 1):
        edge = placed[0][0] if side < 0 else placed[0][1]
        while chance(rng, _NEIGHBOUR_CHANCE) and 0 < edge + side * gap < _SHEET:
            placed.append(place(int(rng.integers(N_CLASSES)), edge + side * gap, side))
            edge = placed[-1][0] if side < 0 else placed[-1][1]
    if font in _THIN_FONTS or chance(rng, 0.25):
        sheet = sheet.filter(ImageFilter.MaxFilter(5 if font in _THIN_FONTS else 3))
    if not chance(rng, _PLATE_CHANCE):
        return sheet, None
    if chance(rng, 0.5):  # one long plate
        placed = [(min(left for left, _ in placed), max(right for _, right in placed))]
    return sheet, _plate_edges(rng, placed, gap / 2, height)


def _plate_edges(
    rng: Rng, spans: Sequence[tuple[float, float]], margin: float, height: float
) -> Canvas:
    """Border lines of plates that reach from left to right of each span."""
    sheet = Image.new("L", (_SHEET, _SHEET))
    pen = ImageDraw.Draw(sheet)
    width, above = int(rng.integers(3, 6)), rng.uniform(6, 14)
    top, bottom = (_SHEET - height) / 2 - above, (_SHEET + height) / 2 + above
    for left, right in spans:
        box = (left - margin - width / 2, top, right + margin + width / 2, bottom)
        pen.rounded_rectangle(box, radius=8, outline=255, width=width)
    return sheet


def _viewpoint(rng: Rng) -> np.ndarray:
    """Corners of the part of the sheet that is seen: turned, slanted, shifted, in perspective."""
    turn, slant = rng.normal(0, 0.08), rng.normal(0, 0.1)
    square = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * _SHEET / 2  # anticlockwise
    seen = square @ np.array([[1, turn], [slant - turn, 1]])
    return seen + _SHEET / 2 + rng.normal(0, 2, 2) + rng.normal(0, 3, (4, 2))


def _shrunk(sheet: Canvas, corners: np.ndarray) -> np.ndarray:
    seen = sheet.transform(sheet.size, Image.QUAD, corners.ravel().tolist(), Image.BILINEAR)
    return np.asarray(seen.reduce(_NUMBER_SCALE), np.float32) / 255


def _colours(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Ink and wall: one dark, one light, often washed out towards each other."""
    pair = np.array([pick(rng, _DARK_COLOURS), pick(rng, _LIGHT_COLOURS)], np.float32)
    pair += rng.normal(0, 12, (2, 1)) + rng.normal(0, 4, (2, 3))
    if chance(rng, 0.5):
        pair = pair[::-1]
    ink, wall = pair
    difference = abs(float(ink.mean() - wall.mean()))
    least = min(1.0, _LOWEST_CONTRAST / difference)
    keep = least + (1 - least) * rng.random() ** 0.5
    pivot = wall + (ink - wall) * rng.uniform(0, 1 - keep) if keep < 1 else wall
    return pivot + keep * (ink - wall), pivot


def _wall(rng: Rng, colour: np.ndarray) -> np.ndarray:
    """A 32 x 32 piece of wall around one colour."""
    kind = pick(rng, _WALLS)
    rows, columns = np.mgrid[:NUMBER_SIZE, :NUMBER_SIZE] + rng.integers(0, 16, (2, 1, 1))
    relief = np.zeros((NUMBER_SIZE, NUMBER_SIZE), np.float32)
    if kind == "render":
        bumps = rng.normal(0, 1, (11, 11)).astype(np.float32)
        relief += np.asarray(Image.fromarray(bumps).resize(relief.shape, Image.BICUBIC)) * 0.6
    elif kind == "brick":
        course = int(rng.integers(6, 10))
        offset = (rows // course % 2) * course
        relief -= 1.6 * ((rows % course == 0) | ((columns + offset) % (2 * course) == 0))
    elif kind == "planks":
        board = int(rng.integers(8, 14))
        relief -= 2 * (rows % board == 0)
        relief += rng.normal(0, 0.4, (NUMBER_SIZE, 1))
    elif kind == "blocks":
        half = int(rng.integers(6, 26))
        relief += rng.uniform(-2, 2) * ((rows if chance(rng, 0.5) else columns) % 32 < half)
    return colour + relief[..., None] * rng.uniform(6, 16)


def _snapshot(picture: np.ndarray, rng: Rng) -> np.ndarray:
    """Light from one side, a soft lens, and a noisy sensor."""
    y, x = np.mgrid[-1 : 1 : NUMBER_SIZE * 1j, -1 : 1 : NUMBER_SIZE * 1j]
    slope_x, slope_y = rng.normal(0, 0.15, 2)
    light = rng.uniform(0.75, 1.1) * (1 + slope_x * x + slope_y * y)
    lit = np.clip(picture * light[..., None], 0, 255).astype(np.uint8)
    soft = Image.fromarray(lit).filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.4)))
    noise = rng.normal(0, rng.uniform(1, 9), (NUMBER_SIZE, NUMBER_SIZE, 3))
    return np.clip(np.asarray(soft) + noise, 0, 255).astype(np.uint8)
