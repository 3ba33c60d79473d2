"""How strong may augmentation be? One photo many times, and the Keras code that makes it so."""

import math
from numbers import Real

import numpy as np
import traitlets

from course.instruments.base import Instrument, packed, unpacked

VERSIONS = 11  # beside the photo itself: twelve tiles
SIDE = 128
# The strongest that the sliders offer. A zoom of -1 would fetch the whole photo from one point.
LIMITS = {
    "rotation": 0.5,
    "zoom": 0.9,
    "translation": 0.5,
    "shear": 0.5,
    "brightness": 1.0,
    "contrast": 1.0,
}
FLIPS = ("none", "horizontal", "vertical", "both")
FILLS = ("reflect", "nearest", "wrap", "constant")
# What each version draws, in this order, from [-1, 1]; a flip happens where its draw is positive.
DRAWS = (
    "horizontal",
    "vertical",
    "rotation",
    "zoom",
    "down",
    "right",
    "shear_x",
    "shear_y",
    "brightness",
    "contrast",
)
TOO_STRONG = 3
QUOTED = 60  # letters
FOR_WHAT = "float32, values 0 to 255; in training only"


class AugmentationDesk(Instrument):
    """One photo in eleven random versions, with sliders for the strength of each change.

    The versions are those of Keras's layers, one after the other in the order of the code that is
    shown. Each has its draws, numbers in [-1, 1] that the strengths multiply: a slider moves every
    version smoothly, and "new draws" makes others. Click on a version, or press Enter, to cross it
    out because its label doesn't survive.

    Args:
        photo: uint8 array (H, W, 3), square or not, each side from 2 to 128 pixels; or a dict from
            names to such photos, to choose from. The name is what the versions should still be.
        rotation: largest turn, in turns, from 0 to 0.5; 0.1 is 36 degrees to either side.
        zoom: from 0 to 0.9; drawn numbers below zero enlarge, since they say from where to fetch.
        translation: largest shift, as a share of the height and of the width, from 0 to 0.5.
        shear: largest slope, from 0 to 0.5, both ways; Keras holds the upper left corner.
        brightness: largest share of 255 that is added or taken away, from 0 to 1.
        contrast: from 0 to 1; differences from the channel's mean are multiplied by at least
            1 - contrast and at most 1 + contrast.
        flip: "none", "horizontal", "vertical", or "both", which are two layers that flip
            independently.
        fill_mode: what stands where the photo ends: "reflect", "nearest", "wrap" or "constant"
            (black).
        seed: of the first draws.

    Attributes:
        rotation, zoom, translation, shear, brightness, contrast, flip, fill_mode: as given and as
            set since, the strengths with at most 4 decimals; setting them moves the live view.
        shown: the name of the chosen photo.
        strongest: True while all draws are at their extremes, -1 or 1.
        draws: 11 lists of 10 numbers, in the order of `DRAWS`.
        refused: the numbers of the crossed-out versions, from 1 to 11.
        refused_share: how many these are of the 11, from 0 to 1.
        code: the Keras code, as shown.

    Raises:
        ValueError: a photo of another kind or size, a strength beyond its limits, an unknown flip
            or fill mode.

    Example:
        >>> desk = AugmentationDesk(np.full((4, 4, 3), 99, "uint8"), zoom=0, translation=0)
        >>> print(desk.code)
        import keras
        from keras import layers
        <BLANKLINE>
        augment = keras.Sequential([  # float32, values 0 to 255; in training only
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1, fill_mode="reflect"),  # turns: ±36°
        ])

    Source: the layers `keras.layers.Random...` of Keras 3.15, applied to float32 photos.
    """

    module = "augmentation_desk"
    photos = traitlets.Dict().tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)
    rotation = traitlets.Float(0.0).tag(sync=True)
    zoom = traitlets.Float(0.0).tag(sync=True)
    translation = traitlets.Float(0.0).tag(sync=True)
    shear = traitlets.Float(0.0).tag(sync=True)
    brightness = traitlets.Float(0.0).tag(sync=True)
    contrast = traitlets.Float(0.0).tag(sync=True)
    flip = traitlets.Unicode("none").tag(sync=True)
    fill_mode = traitlets.Unicode("reflect").tag(sync=True)
    strongest = traitlets.Bool(False).tag(sync=True)
    draws = traitlets.List().tag(sync=True)
    refused = traitlets.List().tag(sync=True)

    def __init__(
        self,
        photo,
        *,
        rotation=0.1,
        zoom=0.2,
        translation=0.1,
        shear=0,
        brightness=0,
        contrast=0,
        flip="horizontal",
        fill_mode="reflect",
        seed=4,
    ):
        photos = photo if isinstance(photo, dict) else {"the photo": photo}
        if not photos:
            raise ValueError("the dict of photos is empty; give at least one name with its photo")
        photos = {str(name): _checked_photo(name, pixels) for name, pixels in photos.items()}
        strengths = (rotation, zoom, translation, shear, brightness, contrast)
        super().__init__(
            photos={name: packed(pixels, "uint8") for name, pixels in photos.items()},
            shown=next(iter(photos)),
            flip=_checked_choice("flip", flip, FLIPS),
            fill_mode=_checked_choice("fill_mode", fill_mode, FILLS),
            draws=_drawn(seed),
            **{
                name: _checked_strength(name, value)
                for name, value in zip(LIMITS, strengths, strict=True)
            },
        )

    # ---- what may be set ------------------------------------------------------------------

    @traitlets.validate(*LIMITS)
    def _check_strength(self, proposal):
        return _checked_strength(proposal["trait"].name, proposal["value"])

    @traitlets.validate("flip")
    def _check_flip(self, proposal):
        return _checked_choice("flip", proposal["value"], FLIPS)

    @traitlets.validate("fill_mode")
    def _check_fill_mode(self, proposal):
        return _checked_choice("fill_mode", proposal["value"], FILLS)

    @traitlets.validate("shown")
    def _check_shown(self, proposal):
        return _checked_choice("shown", proposal["value"], tuple(self.photos))

    @traitlets.validate("draws")
    def _check_draws(self, proposal):
        expected = (
            f"expected {VERSIONS} lists of {len(DRAWS)} numbers from -1 to 1; draw_anew(seed) "
            "makes them"
        )
        try:
            draws = np.asarray(proposal["value"], float)
        except (TypeError, ValueError):  # texts, or lists of several lengths
            raise ValueError(f"draws is {_cut(proposal['value'])}; {expected}") from None
        if draws.shape != (VERSIONS, len(DRAWS)):
            raise ValueError(f"draws has shape {draws.shape}; {expected}")
        if not (np.abs(draws) <= 1).all():
            raise ValueError(f"draws go from {draws.min():.4g} to {draws.max():.4g}; {expected}")
        return draws.tolist()

    @traitlets.validate("refused")
    def _check_refused(self, proposal):
        refused = proposal["value"]
        if not all(number in range(1, VERSIONS + 1) for number in refused):
            raise ValueError(
                f"refused is {_cut(refused)}; give the numbers of versions, from 1 to {VERSIONS}"
            )
        return sorted({int(number) for number in refused})

    @traitlets.observe("draws", "shown")
    def _forget_refused(self, change):
        """Other versions, so nobody has judged them yet."""
        if change["old"] not in (traitlets.Undefined, [], ""):
            self.refused = []

    # ---- what can be read -----------------------------------------------------------------

    @property
    def strengths(self):
        """dict from each transformation's name to its strength."""
        return {name: getattr(self, name) for name in LIMITS}

    @property
    def refused_share(self):
        """Share of the 11 versions that are crossed out, from 0 to 1."""
        return len(self.refused) / VERSIONS

    @property
    def code(self):
        """The Keras code with the layers that are at work, ready to run."""
        lines = [
            "import keras",
            "from keras import layers",
            "",
            f"augment = keras.Sequential([  # {FOR_WHAT}",
        ]
        for name, positional, keywords, comment in self._recipe():
            texts = [_written(value) for value in positional]
            texts += [f"{keyword}={_written(value)}" for keyword, value in keywords.items()]
            note = f"  # {comment}" if comment else ""
            lines.append(f"    layers.{name}({', '.join(texts)}),{note}")
        return "\n".join([*lines, "])"])

    def layers(self):
        """The Keras layers of the code, new ones: `keras.Sequential(desk.layers())`."""
        from keras import layers

        return [
            getattr(layers, name)(*positional, **keywords)
            for name, positional, keywords, _ in self._recipe()
        ]

    def draw_anew(self, seed=None):
        """Other draws, and so eleven other versions; what was refused is forgotten.

        Args:
            seed: whole number, or None for draws that nobody has seen.
        """
        self.draws = _drawn(seed)

    def versions(self, *, times=1):
        """The tiles as Keras computes them: its layers, each with its factor fixed.

        Args:
            times: multiplies all strengths, none beyond what its slider offers.
        Returns:
            float32 array (12, H, W, 3), values from 0 to 255; the photo itself is the first.
        """
        return self._tiles(VERSIONS, times)

    # ---- how --------------------------------------------------------------------------------

    def _flips(self):
        return ("horizontal", "vertical") if self.flip == "both" else (self.flip,)

    def _recipe(self):
        """The layers at work: (class, positional arguments, keywords, comment), in their order."""
        at = self.strengths
        fill = {"fill_mode": self.fill_mode}
        values = {"value_range": (0, 255)}
        rows = [("RandomFlip", (mode,), {}, "") for mode in self._flips() if mode != "none"]
        if turn := at["rotation"]:
            note = f"turns: ±{_short(360 * turn)}°"
            rows.append(("RandomRotation", (turn,), fill, note))
        if zoom := at["zoom"]:
            rows.append(("RandomZoom", (zoom,), fill, f"-{_short(zoom)} enlarges"))
        if shift := at["translation"]:
            rows.append(("RandomTranslation", (shift, shift), fill, "height, width"))
        if slope := at["shear"]:
            rows.append(("RandomShear", (slope, slope), fill, "x, y"))
        if light := at["brightness"]:
            note = f"adds up to ±{_short(255 * light)}"
            rows.append(("RandomBrightness", (light,), values, note))
        if spread := at["contrast"]:
            # A single number would draw from [1, 1 + spread] (Keras 3.15): never less contrast.
            note = f"×{_short(1 - spread)} to ×{_short(1 + spread)}"
            rows.append(("RandomContrast", ((spread, spread),), values, note))
        # Keras refuses to call Sequential([]).
        return rows or [("Identity", (), {}, "nothing is changed")]

    def _tiles(self, count, times):
        """The photo and the first versions, so many, as float32 array."""
        strengths = {
            name: min(value * times, LIMITS[name]) for name, value in self.strengths.items()
        }
        photo = unpacked(self.photos[self.shown]).astype("float32")
        return np.stack(
            [photo, *(self._version(photo, draw, strengths) for draw in self.draws[:count])]
        )

    def _version(self, photo, draw, at):
        """One version: the layers with factor (v, v), or with their transformation given.

        RandomFlip, RandomShear and RandomContrast can't be fixed by their factors: the first has
        none, the second draws a sign besides, and the third takes bounds below and above 1.
        """
        from keras import layers

        drawn = dict(zip(DRAWS, draw, strict=True))
        if self.strongest:
            drawn = {name: 1 if value >= 0 else -1 for name, value in drawn.items()}
        fill = {"fill_mode": self.fill_mode}

        def fixed(value):
            return value, value

        x = photo[None]
        for mode in self._flips():
            if mode != "none" and drawn[mode] > 0:
                done = {"flips": np.ones((1, 1, 1, 1), bool)}
                x = layers.RandomFlip(mode).transform_images(x, done, training=True)
        if at["rotation"]:
            turn = layers.RandomRotation(fixed(at["rotation"] * drawn["rotation"]), **fill)
            x = turn(x, training=True)
        if at["zoom"]:
            x = layers.RandomZoom(fixed(at["zoom"] * drawn["zoom"]), **fill)(x, training=True)
        if at["translation"]:
            down, right = (fixed(at["translation"] * drawn[name]) for name in ("down", "right"))
            x = layers.RandomTranslation(down, right, **fill)(x, training=True)
        if at["shear"]:
            slopes = [[at["shear"] * drawn[name] for name in ("shear_x", "shear_y")]]
            done = {"shear_factor": np.array(slopes, "float32")}
            x = layers.RandomShear(1.0, 1.0, **fill).transform_images(x, done, training=True)
        if at["brightness"]:
            light = fixed(at["brightness"] * drawn["brightness"])
            x = layers.RandomBrightness(light, value_range=(0, 255))(x, training=True)
        if at["contrast"]:
            factor = 1 + at["contrast"] * drawn["contrast"]
            done = {"contrast_factor": np.full((1, 1, 1, 1), factor, "float32")}
            spread = layers.RandomContrast((1.0, 1.0), value_range=(0, 255))
            x = spread.transform_images(x, done, training=True)
        return np.asarray(x)[0]

    @property
    def alt(self):
        working = [name for name in LIMITS if getattr(self, name)]
        changes = [f"flip ({self.flip})"] * (self.flip != "none") + working
        return (
            f"{self.shown[0].upper()}{self.shown[1:]} and random versions of it, with "
            f"{', '.join(changes) or 'no change'}: at half the strengths, as set, and at "
            f"{TOO_STRONG} times the strengths."
        )

    def picture(self):
        """Three rows of versions with the same draws: half the strengths, as set, three times."""
        from matplotlib.figure import Figure

        from course_utils.figures import draw_image, plain

        shown = 6
        rows = {
            "half as strong": self._tiles(shown - 1, 0.5),
            "as set": self._tiles(shown - 1, 1),
            f"{TOO_STRONG} × as strong": self._tiles(shown - 1, TOO_STRONG),
        }
        photo = next(iter(rows.values()))[0]
        ratio = photo.shape[0] / photo.shape[1]
        lines = self.code.split("\n")[3:]
        height, text_height = 0.5 + len(rows) * (1.3 * ratio + 0.1), 0.1 + 0.165 * len(lines)
        figure = Figure(figsize=(9, height + text_height), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=(height, text_height))
        grid = above.subplots(len(rows), shown)
        for row, (name, versions) in zip(grid, rows.items(), strict=True):
            for number, axes in enumerate(row):
                draw_image(axes, versions[number].round().astype("uint8"))
                if name == "as set" and number in self.refused:
                    _cross_out(axes, photo.shape)
            row[0].set_ylabel(name)
        for number, axes in enumerate(grid[0]):
            name = f"version {number}" if number else plain(self.shown)
            axes.set_title(name, fontsize="medium")
        above.suptitle(
            "A strength multiplies the same draws: from row to row each version goes further"
        )
        below.text(0.02, 0.98, "\n".join(lines), family="monospace", fontsize=9, va="top")
        return figure


def _checked_photo(name, photo):
    """The photo, or a ValueError that says what was given instead."""
    photo = np.asarray(photo)
    given = f"{name} has shape {photo.shape} and dtype {photo.dtype}"
    if photo.ndim == 2:
        raise ValueError(
            f"{given}; expected (H, W, 3). Give a grey image three channels: "
            "np.stack(3 * [image], axis=-1)"
        )
    if photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"{given}; expected one photo (H, W, 3)")
    if photo.dtype != np.uint8:
        raise ValueError(
            f"{given}; expected uint8 with values from 0 to 255. For values from 0 to 1: "
            '(255 * photo).round().astype("uint8")'
        )
    if not 2 <= min(photo.shape[:2]) <= max(photo.shape[:2]) <= SIDE:
        raise ValueError(
            f"{given}; expected sides from 2 to {SIDE} pixels, so that twelve versions follow a "
            "slider. Make it smaller: skimage.transform.resize(photo, (96, 96), "
            'anti_aliasing=True, preserve_range=True).round().astype("uint8")'
        )
    return photo


def _checked_strength(name, value):
    most = LIMITS[name]
    if not isinstance(value, (Real, np.number)) or not 0 <= value <= most or math.isnan(value):
        unit = " (in turns: 0.1 is 36 degrees)" if name == "rotation" else ""
        raise ValueError(f"{name} is {value!r}; give a number from 0 to {most:g}{unit}")
    return round(float(value), 4)


def _checked_choice(name, value, known):
    value = "none" if name == "flip" and value is None else value
    if value not in known:
        names = ", ".join(f'"{choice}"' for choice in known)
        raise ValueError(f"{name} is {value!r}; give one of {names}")
    return value


def _cut(value):
    """What was given, as a message quotes it."""
    text = repr(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]} …"


def _drawn(seed):
    return np.random.default_rng(seed).uniform(-1, 1, (VERSIONS, len(DRAWS))).round(4).tolist()


def _short(number):
    """A number of a comment, at most four digits."""
    return f"{number:.4g}"


def _written(value):
    """A value as the code writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    return f'"{value}"' if isinstance(value, str) else f"{value:.4g}"


def _cross_out(axes, shape):
    bottom, right = shape[0] - 0.5, shape[1] - 0.5
    for ends in ((-0.5, bottom), (bottom, -0.5)):
        axes.plot((-0.5, right), ends, color="white", linewidth=5)
        axes.plot((-0.5, right), ends, color="#b2182b", linewidth=2.5)
    axes.set(xlim=(-0.5, right), ylim=(bottom, -0.5))
