"""Expected, yours and their difference as small pictures, drawn in a few milliseconds.

All values share one scale, and a pixel has the same size in each. Grey is for images; where values
are negative, blue is below zero, white zero and red above. Small arrays have their numbers in them.
"""

import base64
import dataclasses
import io
import re
from functools import lru_cache

import numpy as np

WIDTH = 210  # of a picture on the page, in CSS pixels, about
MOST = 240  # pixels along a side: of a larger image, every second or third is shown
_LARGEST_CELL = 30
_CELL_FOR_NUMBERS = 26
_DENSITY = 2  # pixels for one CSS pixel: sharp on a fine screen
# ColorBrewer's RdBu, as the course's figures have it, from blue to red.
_SIGNED = np.array(
    [
        (5, 48, 97), (33, 102, 172), (67, 147, 195), (146, 197, 222), (209, 229, 240),
        (247, 247, 247),
        (253, 219, 199), (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31),
    ],
    float,
)  # fmt: skip
_NOT_FINITE = (217, 95, 2)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture with its title and caption; `alt` says in words what is to be seen."""

    title: str
    caption: str
    alt: str
    png: bytes
    width: int
    height: int

    @property
    def src(self):
        """The picture itself, as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def compare(got, expected):
    """Pictures of two arrays, and of their difference where their shapes agree.

    Args:
        got, expected: arrays of numbers or None. Drawn are (N,), (H, W), (H, W, 1) and (H, W, 3).
    Returns:
        (list of Picture, text that says what the colours mean); empty if nothing can be drawn.
    """
    images = {"expected": _image(expected), "yours": _image(got)}
    images = {title: image for title, image in images.items() if image is not None}
    if not images:
        return [], ""
    low, high = _limits(images.values())
    longest = max(max(image.shape[:2]) for image in images.values())
    drawn = [_picture(title, image, low, high, longest) for title, image in images.items()]
    colour = any(image.ndim == 3 for image in images.values())
    scale = _scale(low, high, colour) + (" in both" if len(images) == 2 else "")
    if not all(np.isfinite(image).all() for image in images.values()):
        scale += "; orange is NaN or infinite"
    if len(images) == 2 and images["expected"].shape == images["yours"].shape:
        difference = _subtract(images["yours"], images["expected"])
        most = float(np.abs(difference[np.isfinite(difference)]).max(initial=0.0)) or 1.0
        drawn.append(_picture("difference", difference, -most, most, longest))
        scale += f". Difference, yours less expected: {_scale(-most, most, False)}"
    return drawn, f"{scale[:1].upper()}{scale[1:]}."


def _image(array):
    """As floats, (H, W) or (H, W, 3); None if it isn't an image."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size:
        return None
    array = array.astype(float)
    if array.ndim == 1:
        return array[None]
    if array.ndim == 3 and array.shape[2] == 1:
        return array[:, :, 0]
    if array.ndim == 2 or array.ndim == 3 and array.shape[2] == 3:
        return array
    return None


def _limits(images):
    values = np.concatenate([image[np.isfinite(image)] for image in images])
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low < -1e-6 * max(1.0, high):
        return -max(-low, high), max(-low, high)
    low = max(low, 0.0)
    return (low, high) if high > low else (min(0.0, low), high or 1.0)


def _subtract(got, expected):
    with np.errstate(invalid="ignore"):  # infinite less infinite
        difference = got - expected
    if difference.ndim == 3:  # of three channels, the one that differs most
        worst = np.nan_to_num(np.abs(difference), nan=np.inf).argmax(axis=2)[:, :, None]
        difference = np.take_along_axis(difference, worst, axis=2)[:, :, 0]
    return difference


def _picture(title, image, low, high, longest):
    from PIL import Image

    step = -(-longest // MOST)
    shown = image[::step, ::step]
    cell = max(1, min(_LARGEST_CELL, WIDTH * step // longest))
    pixels = np.kron(_colours(shown, low, high), np.ones((cell * _DENSITY,) * 2 + (1,), np.uint8))
    picture = Image.fromarray(pixels)
    if cell >= _CELL_FOR_NUMBERS and image.ndim == 2:
        _write_numbers(picture, shown, cell * _DENSITY)
    target = io.BytesIO()
    picture.save(target, "png", compress_level=2)  # half the time of the usual 6
    size = " × ".join(str(side) for side in image.shape)
    caption = f"{size}, {_span(image, 1e-6 * (high - low))}"
    height, width = (side // _DENSITY for side in pixels.shape[:2])
    return Picture(title, caption, f"{title}: {caption}", target.getvalue(), width, height)


def _colours(image, low, high):
    """uint8, (H, W, 3)."""
    finite = np.isfinite(image)
    place = (np.where(finite, image, low) - low) / (high - low)
    if image.ndim == 3:
        colours = 255 * place
        finite = finite.all(axis=2)
    elif low < 0:
        at = np.linspace(0, 1, len(_SIGNED))
        colours = np.stack([np.interp(place, at, channel) for channel in _SIGNED.T], axis=-1)
    else:
        colours = np.repeat(255 * place[:, :, None], 3, axis=2)
    colours = np.rint(np.clip(colours, 0, 255)).astype(np.uint8)
    colours[~finite] = _NOT_FINITE
    return colours


def _write_numbers(picture, image, cell):
    from PIL import ImageDraw

    draw, font = ImageDraw.Draw(picture), _font(cell / 2.7)
    for (row, column), value in np.ndenumerate(image):
        text = _number(value)
        if len(text) > 5:
            continue
        middle = (column + 0.5) * cell, (row + 0.5) * cell
        dark = sum(picture.getpixel((column * cell, row * cell))) < 330
        draw.text(middle, text, fill="white" if dark else "black", font=font, anchor="mm")


@lru_cache
def _font(size):
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _number(value):
    """Short enough for a cell, where that can be.

    Example:
        >>> [_number(value) for value in (0.0, -0.984, 12.5, 255.0, float("nan"))]
        ['0', '-.98', '12.5', '255', 'nan']

    """
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("0", "-0"):
        return "0"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _span(image, nothing):
    values = image[np.isfinite(image)]
    if not values.size:
        return "no finite value"
    low, high = (
        _brief(0 if abs(value) < nothing else value) for value in (values.min(), values.max())
    )
    return f"all {low}" if low == high else f"{low} to {high}"


def _scale(low, high, colour):
    """What the colours mean, in words."""
    if colour:
        return f"channels from {_brief(low)} to {_brief(high)}"
    if low < 0:
        return f"blue is {_brief(low)}, white 0, red {_brief(high)}"
    return f"black is {_brief(low)}, white {_brief(high)}"


def _brief(value):
    return f"{value:.3g}".replace("-", "−")
