"""The digit pad: draw a digit, flip pixels, and your own network says what it sees."""

import base64
import zlib

import numpy as np
import traitlets

from course import explain
from course.instruments.base import AskingInstrument, packed
from course_utils.texts import counted

SIDE = 28
MAPS_SHOWN = 16
MOST_FLIPS = 8  # steps of the search in the picture
FLIPS_AT_ONCE = 392  # of the 784 single flips; bounds the memory that larger networks take
WHITE_FROM = 128  # a flip turns pixels from here on black, and the darker ones white
# The digit of an empty pad's picture, of MNIST's training set: compressed, in base 85.
_DIGIT = (
    "c-muN7&!3r-_3aJGET4l{{8#&b{rNdxwn78;Lju$bSa*>e_^0o4NYzeP%x|yBKg<?MauN)-@o73R5zUd0g^n#iY#{(C}"
    "jg;#DjHCM3RdC^Y?Eim?ba?>>wo9-ue6YqZ5S5*a?!n1(!<r_4n^q7)Lzg3(%kNKq&kB_p=kiltVy`eK5}XzkiP**)Dq"
    "vC<){ILzQEw!XsyoNABR?ztu4IrN4h~c)(@+PksCQS^&wNf4?1Qb+Wf#eEj%vpoc!E!Br~X{EGrUrz2UQdie)J;zf}MY"
    "8;hABxaP9*bG>j1OVW5xWE"
)


class DigitPad(AskingInstrument):
    """Draw on 28 × 28 pixels what a network of yours is to read, or flip single pixels.

    In the browser: draw, erase, or flip pixel by pixel; start from an example; centre the drawing
    like MNIST's digits; flip the pixel that hurts the answer most; see the probabilities and how
    they changed, and the feature maps. What was drawn there can be read here.

    Args:
        model: built keras.Model that takes images (N, 28, 28, 1) or (N, 28, 28), values 0 to 255,
            and puts out (N, 10) probabilities, or logits, of which a softmax is taken.
        examples: uint8 array (N, 28, 28) of digits that can be started from; at first the pad
            is empty.
        layers: names of the layers whose feature maps can be shown, as in `course.explain`;
            None: all convolutions, if there are any.
        names: of the classes, in the order of the model's outputs.
    Attributes:
        pixels: uint8 array (28, 28), read-only: what is on the pad. Set it to start from that.
        probabilities: dict from name to float, the answer to these pixels.
        flipped: how many pixels differ from the remembered state, at first the one started from.
        layer: name of the layer whose maps are shown; "" without any. Can be set.
        takes_softmax: True if the model puts out logits.
        answered: how many questions of the browser have been answered.
    Raises:
        ValueError: a model that takes or puts out something else, examples of another shape or
            type, an unknown layer, or one without feature maps.
    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(),
        ...     keras.layers.Dense(10, kernel_initializer="zeros", activation="softmax")])
        >>> pad = DigitPad(model)
        >>> round(pad.probabilities["7"], 3)
        0.1

    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998), for
        the centring; Su et al., "One pixel attack for fooling deep neural networks" (2019).
    """

    module = "digit_pad"
    names = traitlets.List().tag(sync=True)
    layers = traitlets.List().tag(sync=True)
    example_count = traitlets.Int(0).tag(sync=True)
    takes_softmax = traitlets.Bool(False).tag(sync=True)

    def __init__(self, model, *, examples=None, layers=None, names="0123456789"):
        names = [str(name) for name in names]
        self._examples = _checked_examples(examples)
        self._deep = _check_model(model, names)
        self._model, self._asked = model, 0
        super().__init__(
            names=names,
            layers=explain.map_layers(model, layers),
            example_count=len(self._examples),
            takes_softmax=_puts_out_logits(self._outputs(_probes(self._examples))),
        )
        self._layer = self.layers[0] if self.layers else ""
        # Compiles what an answer and a search need, so that the first stroke isn't slow.
        self._example = None
        self._begin(np.zeros((SIDE, SIDE), "uint8"))
        self._worst_flip(self._pixels, 0)

    # -- what can be read and set --

    @property
    def pixels(self):
        return self._pixels

    @pixels.setter
    def pixels(self, image):
        self._example = None
        self._begin(_checked_pixels(image))

    @property
    def probabilities(self):
        return dict(zip(self.names, self._state["probabilities"], strict=True))

    @property
    def flipped(self):
        return int((self._pixels != self._start).sum())

    @property
    def layer(self):
        return self._layer

    @layer.setter
    def layer(self, name):
        self._choose_layer(name)
        self._answer_all()

    @property
    def answered(self):
        return self._asked

    def flip_worst(self, name=None):
        """Flip the pixel that lowers a class most, of all 784.

        Args:
            name: of the class; None: the present answer.
        Returns:
            (row, column) of the pixel.
        """
        if name is not None and name not in self.names:
            raise ValueError(f"no class has the name {name!r}; give one of {self.names}")
        if name is None:
            target = self._chances(self._pixels[None])[0].argmax()
        else:
            target = self.names.index(name)
        self._answer_all(hurt=self._hurt(target))
        return tuple(self._state["hurt"]["place"])

    def _hurt(self, target):
        """Flip the pixel that lowers a class most; what an answer says of it."""
        place = self._worst_flip(self._pixels, target)
        self._pixels = _frozen(flip(self._pixels, *place))
        return {"place": list(place), "target": int(target)}

    # -- questions and answers --

    def respond(self, question):
        """Read the pixels of a question, or those that it asks for.

        Args:
            question: dict of "kind" ("read", "example" with an "index", or "hurt" with the number
                of a class as "target": flip the pixel that lowers it most), "pixels" and "start"
                (hexadecimal), "layer", and "view", which the answer repeats.
        """
        kind, hurt = question["kind"], None
        self._choose_layer(question["layer"])
        if kind == "example":
            self._example = int(question["index"])
            self._pixels = self._start = _frozen(self._examples[self._example])
        else:
            self._pixels, self._start = (_from_hex(question[key]) for key in ("pixels", "start"))
        if kind == "hurt":
            hurt = self._hurt(int(question["target"]))
        self._asked += 1
        return self._read_all(kind=kind, view=question["view"], hurt=hurt)

    def _begin(self, pixels):
        self._pixels = self._start = _frozen(pixels)
        self._answer_all()

    def _answer_all(self, hurt=None):
        """Tell all views what Python did; no view has asked."""
        self.answer = self._read_all(kind="set", view="", hurt=hurt) | {"number": 0}

    def _read_all(self, *, kind, view, hurt=None):
        """All that a view shows, as the answer carries it."""
        (now, remembered), shown = self._look_at(np.stack([self._pixels, self._start]))
        low, high = min(0.0, float(shown.min(initial=0))), float(shown.max(initial=0))
        scaled = np.rint(255 * (shown[:MAPS_SHOWN] - low) / ((high - low) or 1))
        self._state = {
            "kind": kind,
            "view": view,
            "hurt": hurt,
            "example": self._example,
            "pixels": packed(self._pixels, "uint8"),
            "start": packed(self._start, "uint8"),
            "probabilities": now.tolist(),
            "remembered": remembered.tolist(),
            "layer": self._layer,
            "maps": packed(scaled, "uint8"),
            "map_count": len(shown),
            "low": low,
            "high": high,
        }
        return self._state

    def _choose_layer(self, name):
        if name and name not in self.layers or not name and self.layers:
            raise ValueError(f"layer is {name!r}; give one of {self.layers}")
        self._layer = name

    # -- the network --

    def _look_at(self, images):
        """Probabilities (N, classes), and the first image's maps (channels, h, w), maybe none."""
        outputs, maps = explain.outputs_and_maps(self._model, self._taken(images), self.layers)
        shown = np.zeros((0, 1, 1), "float32")
        if maps:
            shown = np.moveaxis(maps[self.layers.index(self._layer)][0], -1, 0)
        return self._as_probabilities(outputs), shown

    def _chances(self, images):
        """Probabilities (N, classes)."""
        return self._as_probabilities(self._outputs(images))

    def _outputs(self, images):
        return explain.outputs_and_maps(self._model, self._taken(images))[0]

    def _taken(self, images):
        """Images as the model takes them."""
        return images[..., None] if self._deep else images

    def _as_probabilities(self, outputs):
        from scipy.special import softmax

        outputs = np.asarray(outputs, float)
        if not np.isfinite(outputs).all():
            raise ValueError(
                "the model answers with values that are no finite numbers; was it trained well?"
            )
        return softmax(outputs, axis=1) if self.takes_softmax else outputs

    def _worst_flip(self, pixels, target):
        """(row, column) of the single flip that lowers the target most."""
        flipped = single_flips(pixels)
        starts = range(0, len(flipped), FLIPS_AT_ONCE)
        chances = [self._chances(flipped[start : start + FLIPS_AT_ONCE]) for start in starts]
        return divmod(int(log_odds(np.concatenate(chances), target).argmin()), SIDE)

    def search_flips(self, pixels, *, most=MOST_FLIPS):
        """Flip the pixel that hurts most, again and again, until the network changes its mind.

        A greedy search: each step is the best single one, and a smaller set may exist.

        Args:
            pixels: uint8 array (28, 28).
            most: steps after which it gives up.
        Returns:
            uint8 array (28, 28).
        """
        best = self._chances(pixels[None])[0].argmax()
        for _ in range(most):
            pixels = flip(pixels, *self._worst_flip(pixels, best))
            if self._chances(pixels[None])[0].argmax() != best:
                break
        return pixels

    @property
    def alt(self):
        maps = " and its first feature maps" if self.layers else ""
        return (
            "A digit, the same digit with flipped pixels, and the digit moved into a corner, each "
            f"with the probabilities that the network gives{maps}."
        )

    def picture(self):
        """The digit started from (or an example), flipped pixels, and the digit in a corner."""
        examples = [*self._examples[:1], _embedded_digit()]
        digit = next(image for image in (self._start, *examples) if image.any())
        corners = in_corners(digit)
        best = self._chances(digit[None])[0].argmax()
        corner = corners[log_odds(self._chances(corners), best).argmin()]
        images = [digit, self.search_flips(digit), corner]
        return _draw(images, [self._look_at(image[None]) for image in images], self)


# --- pixels ---------------------------------------------------------------------------------------


def flip(pixels, row, column):
    """A copy with one pixel flipped: light ones become black (0), dark ones white (255).

    Args:
        pixels: uint8 array (28, 28).
    """
    flipped = np.array(pixels)
    flipped[row, column] = 0 if flipped[row, column] >= WHITE_FROM else 255
    return flipped


def single_flips(pixels):
    """All images that differ from these pixels by one flip: uint8 array (784, 28, 28)."""
    flat = np.repeat(np.reshape(pixels, (1, -1)), SIDE * SIDE, axis=0)
    np.fill_diagonal(flat, np.where(np.ravel(pixels) >= WHITE_FROM, 0, 255))
    return flat.reshape(-1, SIDE, SIDE)


def in_corners(pixels):
    """What is drawn, moved as far as it goes into each of the corners: uint8 array (4, 28, 28)."""
    rows, columns = np.nonzero(pixels)
    drawn = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    corners = np.zeros((4, SIDE, SIDE), "uint8")
    height, width = drawn.shape
    corners[0, :height, :width] = drawn
    corners[1, :height, SIDE - width :] = drawn
    corners[2, SIDE - height :, :width] = drawn
    corners[3, SIDE - height :, SIDE - width :] = drawn
    return corners


def log_odds(probabilities, target):
    """log(p / (1 − p)) of the target class, shape (N,); exact where p is 1 but for rounding.

    Args:
        probabilities: array (N, classes).
        target: number of a class.
    """
    tiny = np.finfo(float).tiny
    others = np.delete(probabilities, target, axis=1).sum(axis=1)
    return np.log(np.maximum(probabilities[:, target], tiny)) - np.log(np.maximum(others, tiny))


def _frozen(pixels):
    pixels = np.array(pixels, "uint8")
    pixels.setflags(write=False)  # a change in place would not be seen: set `pixels` instead
    return pixels


def _from_hex(text):
    return _frozen(np.frombuffer(bytes.fromhex(text), "uint8").reshape(SIDE, SIDE))


def _embedded_digit():
    pixels = zlib.decompress(base64.b85decode(_DIGIT))
    return np.frombuffer(pixels, "uint8").reshape(SIDE, SIDE)


# --- the model ------------------------------------------------------------------------------------


def _check_model(model, names):
    """Whether the model's images have a last axis for the channel."""
    import keras

    if not isinstance(model, keras.Model):
        raise ValueError(f"model is a {type(model).__name__}; give a keras.Model")
    try:
        given, made = model.input_shape, model.output_shape
    except (AttributeError, ValueError):
        raise ValueError(
            f"the model {model.name!r} is not built, so its input is not known; begin it with "
            "keras.Input((28, 28, 1))"
        ) from None
    sides = given[1:] if isinstance(given, tuple) and len(given) in (3, 4) else (0,)
    if any(side not in (None, own) for side, own in zip(sides, (SIDE, SIDE, 1), strict=False)):
        raise ValueError(
            f"the model {model.name!r} takes {_shape(given)}, and the pad has (N, 28, 28, 1) or "
            "(N, 28, 28); give a network for grey images of 28 × 28 pixels"
        )
    if len(set(names)) != len(names) or len(names) < 2:
        raise ValueError(f"names are {names}; give each class a name of its own")
    if not isinstance(made, tuple) or len(made) != 2 or made[1] != len(names):
        raise ValueError(
            f"the model {model.name!r} puts out {_shape(made)}, for {counted(len(names), 'name')}: "
            f"expected (N, {len(names)}). Give a classifier, or other names"
        )
    return len(given) == 4


def _probes(examples):
    """Images enough to see whether the outputs sum to 1 by chance."""
    noise = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE))
    return np.concatenate([examples[:4], noise, np.zeros((1, SIDE, SIDE), "uint8")])


def _puts_out_logits(outputs):
    return not (np.allclose(outputs.sum(axis=1), 1, atol=1e-3) and (outputs >= 0).all())


def _checked_examples(examples):
    if examples is None:
        return np.zeros((0, SIDE, SIDE), "uint8")
    examples = np.asarray(examples)
    if examples.dtype != np.uint8 or examples.ndim != 3 or examples.shape[1:] != (SIDE, SIDE):
        raise ValueError(
            f"examples are {examples.dtype} of shape {examples.shape}; expected uint8 (N, 28, 28), "
            "values 0 to 255, as data.load_mnist gives them"
        )
    if not len(examples):
        raise ValueError("examples has no image; give at least one, or None for an empty pad")
    return examples


def _checked_pixels(image):
    image = np.asarray(image)
    if image.shape != (SIDE, SIDE) or image.dtype.kind not in "uif":
        raise ValueError(
            f"pixels are {image.dtype} of shape {image.shape}; expected numbers (28, 28)"
        )
    if not (np.isfinite(image).all() and (np.rint(image) == image).all()) or (
        image.min() < 0 or image.max() > 255
    ):
        raise ValueError(
            f"pixels go from {image.min():.3g} to {image.max():.3g}; expected whole numbers from "
            "0 (black) to 255 (white). Multiply values between 0 and 1 by 255, and round"
        )
    return image


def _shape(shape):
    return str(shape).replace("None", "N")


# --- the picture ----------------------------------------------------------------------------------

COLUMNS = 4  # of maps below each state, in two rows


def _draw(images, looks, pad):
    """Three states side by side: pixels, probabilities, and some maps; the title says what came."""
    from matplotlib.figure import Figure

    from course_utils import figures

    chances, maps = [chance[0] for chance, _ in looks], [shown[: 2 * COLUMNS] for _, shown in looks]
    names = [figures.plain(name) for name in pad.names]
    said = [f"{names[chance.argmax()]}, {_percent(chance.max())}" for chance in chances]
    changed = images[1] != images[0]
    pixels = counted(int(changed.sum()), "flipped pixel")
    with_maps = bool(pad.layers)
    figure = Figure(figsize=(9, 6.3 if with_maps else 5.1), layout="constrained")
    figure.suptitle(_finding(chances, names, pixels))
    rows = figure.add_gridspec(2 + with_maps, 3, height_ratios=(2.9, 1.8, 1.4)[: 2 + with_maps])
    high = max((float(channels.max(initial=0)) for channels in maps), default=0)
    low = min((float(channels.min(initial=0)) for channels in maps), default=0)
    for k, text in enumerate(("as given", pixels, "moved into a corner")):
        axes = figure.add_subplot(rows[0, k])
        figures.draw_image(axes, images[k], limits=(0, 255))
        axes.set_title(f"{text}: {said[k]}", fontsize="medium")
        if k == 1:
            _frame_pixels(axes, changed)
        _draw_bars(figure.add_subplot(rows[1, k]), names, chances[k], chances[0] if k else None)
        if with_maps:
            _draw_maps(figure.add_subplot(rows[2, k]), maps[k], low, high)
    if with_maps:
        scale = f"one scale for all, {low:.3g} (dark) to {high:.3g} (bright)".replace("-", "−")
        figure.supxlabel(f"the first maps of {pad.layer}; {scale}", fontsize="medium")
    return figure


def _finding(chances, names, pixels):
    """What came out of the flips and of the corner, as it is."""
    best = chances[0].argmax()
    first, flipped, corner = (names[chance.argmax()] for chance in chances)
    s = "s" if pixels.startswith("1 ") else ""
    if flipped != first:
        text = f"{pixels} turn{s} {first} into {flipped}"
    else:
        fall = f"from {_percent(chances[0][best])} to {_percent(chances[1][best])}"
        text = f"{pixels} take{s} {first} {fall}"
    kept = f"is still {first}" if corner == first else f"is taken for {corner}"
    return f"{text}; moved into a corner, it {kept}"


def _draw_maps(axes, maps, low, high):
    """Up to eight maps in rows of four."""
    from skimage.util import montage

    from course_utils import figures

    gap = max(1, maps.shape[1] // 13)
    rows = -(-len(maps) // COLUMNS)
    shown = montage(maps, fill=np.nan, grid_shape=(rows, COLUMNS), padding_width=gap)
    axes.imshow(shown, cmap=figures.MAGNITUDE, vmin=low, vmax=high or 1)
    axes.set_axis_off()


def _frame_pixels(axes, changed):
    from matplotlib.patches import Rectangle

    from course_utils import figures

    for row, column in np.argwhere(changed):
        place = column - 0.5, row - 0.5
        axes.add_patch(Rectangle(place, 1, 1, fill=False, color=figures.MARK, linewidth=2))


def _draw_bars(axes, names, chance, before):
    """Ten bars, the highest with its number in bold, and hollow marks where they were before."""
    from course_utils import figures

    places = np.arange(len(names))
    best = places == chance.argmax()
    axes.bar(places, chance, color=np.where(best, figures.MARK, "0.6"))
    if before is not None:
        axes.bar(places, before, fill=False, edgecolor="0.2", linestyle="--", label="as given")
        axes.legend(frameon=False, fontsize="small", loc="upper center", borderpad=0)
    axes.set_xticks(places, names, rotation=0 if max(map(len, names)) < 3 else 90)
    axes.get_xticklabels()[chance.argmax()].set_fontweight("bold")
    axes.set(ylim=(0, 1.3), yticks=[0, 0.5, 1])
    axes.set_yticklabels(["0", "50 %", "100 %"])
    axes.spines[["top", "right"]].set_visible(False)


def _percent(share):
    return f"{100 * share:.1f} %"
