"""A lens for trained networks: what a unit sees, how it answers, and where the evidence lies."""

import collections
import math

import numpy as np
import traitlets

from course import explain
from course.instruments.base import AskingInstrument, packed
from course_utils.arguments import check_integer
from course_utils.texts import counted

LARGEST = 640  # pixels on an image's longer side: a feature map travels as one message
LIVELY = 8  # channels that are offered with a small picture
SMALL = 40  # pixels on the longer side of such a picture, at most
MAPS_BYTES = 128e6  # feature maps that are kept; the image unused for longest goes first
BLUR = 1.5  # pixels, of maps as fine as the image: single dots could not be seen
STATES = 3  # layers in the picture
MOST_HEATMAPS = 6  # in the picture


# ---- the instrument ------------------------------------------------------------------------------


class Lens(AskingInstrument):
    """Look through a network: a unit's receptive field, its channel's map, and heatmaps.

    Args:
        model: keras.Model of images, built; Sequential, functional or nested. With classes at its
            end, (N, classes) or one unit for two, there are heatmaps, too.
        images: dict from a name to a uint8 or float array, shape (H, W, 3) or (H, W, 1), in the
            range that the model takes, at most 640 pixels a side. Floats in [0, 1] or [0, 255] are
            shown as they are, others from their least to their largest value.
        layers: names of layers that put out feature maps; None: those with an activation, or all
            convolutions where none has.
        classes: names of the classes, in the model's order; two for one output unit, that of 0
            first. None: "class 0", ...
        methods: dict from a name to a function of (model, images (N, H, W, C), targets (N,)) that
            gives heatmaps (N, h, w). None: Grad-CAM and saliency; {}: no heatmaps.
    Attributes:
        image, layer, method, explained: names of what is shown; `explained` is a class.
        channel: number of the channel. The first one, and that of a layer that is chosen on the
            page, is the liveliest: it has the largest standard deviation over the image.
        place: [row, column] on the image in pixels: the unit nearest to it is shown.
        opacity: of the greatest heat, from 0 to 1.
        field: the layer's `Field` on this image, None where it is not known.
        unit: (row, column) of the unit that is shown.
        activation: what that unit puts out.
    Raises:
        ValueError: no such layer, class, method, image or channel; images that the model does not
            take, or that are too large; or heatmaps of another shape.

    Answers are kept, one heatmap for each image, method and class: after the model has learnt on,
    make a new lens. `close()` lets go of the model.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014; for the
        heatmaps see `course.explain`.
    """

    module = "lens"

    pictures = traitlets.List().tag(sync=True)  # of {"name", "pixels": uint8 (H, W, 3)}
    layers = traitlets.List().tag(sync=True)
    channels = traitlets.Dict().tag(sync=True)  # layer -> how many
    fields = traitlets.Dict().tag(sync=True)  # image -> layer -> [size, jump, start, units] or None
    classes = traitlets.List().tag(sync=True)
    methods = traitlets.List().tag(sync=True)
    says = traitlets.Dict().tag(sync=True)  # image -> [class, its probability]
    colours = traitlets.Dict().tag(sync=True)  # float32 (256, 3), as explain.overlay's

    image = traitlets.Unicode().tag(sync=True)
    layer = traitlets.Unicode().tag(sync=True)
    channel = traitlets.Int(None, allow_none=True).tag(sync=True)
    place = traitlets.List().tag(sync=True)
    method = traitlets.Unicode().tag(sync=True)
    explained = traitlets.Unicode().tag(sync=True)
    opacity = traitlets.Float(0.7).tag(sync=True)

    def __init__(self, model, images, *, layers=None, classes=None, methods=None):
        import matplotlib

        self._model, self._given, self._functions = None, {}, {}
        self._maps, self._orders, self._heat = collections.OrderedDict(), {}, {}
        count = explain.count_classes(model)
        self._model, self._given = model, _checked_images(model, images)
        self._layers = paths = _checked_layers(model, layers)
        first = next(iter(self._given))
        self._functions = _checked_methods(methods, count)
        names = _checked_classes(classes, count)
        shapes = {image.shape[:2] for image in self._given.values()}
        fields = {shape: explain.fields_of(model, paths, size=shape) for shape in shapes}
        says = {}
        if count:
            for name, image in self._given.items():
                chances = explain.class_probabilities(model, image)
                says[name] = [names[int(chances.argmax())], float(chances.max())]
        super().__init__(
            pictures=[
                {"name": name, "pixels": packed(pixels_shown(image), "uint8")}
                for name, image in self._given.items()
            ],
            layers=paths,
            channels={path: maps.shape[-1] for path, maps in self._maps_of(first).items()},
            fields={
                name: {path: field and [list(pair) for pair in field] for path, field in
                       fields[image.shape[:2]].items()}
                for name, image in self._given.items()
            },
            classes=names,
            methods=list(self._functions),
            says=says,
            colours=packed(matplotlib.colormaps["viridis"](np.arange(256))[:, :3]),
        )  # fmt: skip
        self.image, self.layer = first, paths[0]
        self.place = [side // 2 for side in self._given[first].shape[:2]]
        if self._functions:
            self.method, self.explained = self.methods[0], says[first][0]
            self._heatmap(first, self.method, self.explained)  # compiles it

    # ---- what is chosen

    @traitlets.validate("image", "layer", "method", "explained")
    def _check_choice(self, proposal):
        known = {
            "image": list(self._given),
            "layer": self.layers,
            "method": self.methods,
            "explained": self.classes,
        }
        return _one_of(proposal["trait"].name, proposal["value"], known[proposal["trait"].name])

    @traitlets.validate("channel")
    def _check_channel(self, proposal):
        if proposal["value"] is None:
            return None
        return self._checked_channel(self.layer, proposal["value"])

    @traitlets.validate("place")
    def _check_place(self, proposal):
        place = proposal["value"]
        numbers = [isinstance(side, int | float) and math.isfinite(side) for side in place]
        if len(place) != 2 or not all(numbers):
            raise ValueError(f"place is {place!r}; give [row, column] in pixels")
        return place

    @traitlets.validate("opacity")
    def _check_opacity(self, proposal):
        if not 0 <= proposal["value"] <= 1:
            raise ValueError(f"opacity is {proposal['value']!r}; give a number from 0 to 1")
        return proposal["value"]

    @traitlets.observe("layer")
    def _begin_layer(self, _change):
        if self.channel is None or self.channel >= self.channels[self.layer]:
            self.channel = int(self._order(self.image, self.layer)[0])

    @property
    def field(self):
        field = self.fields[self.image][self.layer]
        return field and explain.Field(*map(tuple, field))

    @property
    def unit(self):
        units = self._maps_of(self.image)[self.layer].shape[:2]
        if self.field:
            return self.field.unit_at(*self.place)
        return tuple(
            max(0, min(count - 1, math.floor((pixel + 0.5) * count / side)))
            for pixel, count, side in zip(
                self.place, units, self._given[self.image].shape[:2], strict=True
            )
        )

    @property
    def activation(self):
        return float(self._maps_of(self.image)[self.layer][(*self.unit, self.channel)])

    # ---- answers

    def respond(self, question):
        kind = question.get("what")
        if kind == "maps":
            return self._map_answer(question["image"], question["layer"], question.get("channel"))
        if kind == "heat":
            chosen = question["image"], question["method"], question["class"]
            heat, shown = self._heatmap(*chosen)
            return question | {"heat": packed(heat), "shown": packed(shown)}
        raise ValueError(f'what is {kind!r}; ask for "maps" or "heat"')

    def _map_answer(self, image, layer, channel):
        _one_of("image", image, list(self._given))
        _one_of("layer", layer, self.layers)
        order = self._order(image, layer)
        channel = int(order[0]) if channel is None else self._checked_channel(layer, channel)
        maps = self._maps_of(image)[layer]
        step = -(-max(maps.shape[:2]) // SMALL)
        small = np.moveaxis(maps[::step, ::step, order[:LIVELY]], -1, 0)
        low, high = (f(small, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
        small = 255 * (small - low) / np.where(high > low, high - low, 1)
        return {
            "what": "maps",
            "image": image,
            "layer": layer,
            "channel": channel,
            "map": packed(maps[..., channel]),
            "order": order.tolist(),
            "small": packed(np.rint(small), "uint8"),
        }

    def _checked_channel(self, layer, channel):
        last, advice = self.channels[layer] - 1, f"the channels of the layer {layer!r}"
        return check_integer("channel", channel, least=0, most=last, advice=advice)

    def _maps_of(self, image):
        """All layers' maps of one image: dict from a layer to (h, w, channels)."""
        if image not in self._maps:
            self._maps[image] = explain.feature_maps(self._model, self._given[image], self._layers)
            sizes = [sum(layer.nbytes for layer in maps.values()) for maps in self._maps.values()]
            while len(self._maps) > 1 and sum(sizes) > MAPS_BYTES:
                self._maps.popitem(last=False)
                sizes.pop(0)
        self._maps.move_to_end(image)
        return self._maps[image]

    def _order(self, image, layer):
        """Channels, the liveliest first."""
        if (image, layer) not in self._orders:
            spread = self._maps_of(image)[layer].std(axis=(0, 1))
            self._orders[image, layer] = np.argsort(-spread, kind="stable")
        return self._orders[image, layer]

    def _heatmap(self, image, method, explained):
        """A heatmap, (h, w), and what is laid over the image of it; computed once."""
        from skimage.filters import gaussian

        _one_of("image", image, list(self._given))
        _one_of("method", method, list(self._functions))
        target = self.classes.index(_one_of("class", explained, self.classes))
        key = image, method, target
        if key not in self._heat:
            given = self._given[image]
            heat = np.asarray(self._functions[method](self._model, given[None], np.array([target])))
            if heat.ndim != 3 or len(heat) != 1 or not np.isfinite(heat).all():
                raise ValueError(
                    f"the method {method!r} gave the shape {heat.shape} for one image; a method "
                    "gives finite heatmaps, (N, h, w): of attributions, np.abs(...).max(axis=-1)"
                )
            heat = heat[0].astype(np.float32)
            shown = np.maximum(heat, 0)  # evidence against the class is left uncoloured
            if heat.shape == given.shape[:2]:
                shown = gaussian(shown, BLUR)
            self._heat[key] = heat, shown
        return self._heat[key]

    def close(self):
        super().close()
        self._model = None
        for kept in (self._maps, self._heat, self._given, self._functions):
            kept.clear()

    # ---- the picture

    @property
    def alt(self):
        image, methods = next(iter(self._given)), self.methods[:MOST_HEATMAPS]
        heat = f"; below, heatmaps for {self.explained} by {', '.join(methods)}" if methods else ""
        return (
            f"The image {image} with what the strongest unit of {', '.join(self._pictured(image))} "
            f"sees of it, each beside its feature map{heat}."
        )

    def _pictured(self, image):
        """The layers in the picture: up to three, whose fields are known if there are any."""
        known = [path for path in self.layers if self.fields[image][path]]
        return _spread_out(known or self.layers)

    def picture(self):
        """The strongest unit of up to three layers, and the heatmaps, of the first image."""
        from matplotlib.figure import Figure

        from course_utils.figures import draw_image, plain

        image = next(iter(self._given))
        pixels = pixels_shown(self._given[image])
        chosen = self._pictured(image)
        methods = self.methods[:MOST_HEATMAPS]
        figure = Figure(figsize=(9, 4.3 if methods else 2.3), layout="constrained")
        rows = np.atleast_1d(figure.subfigures(2 if methods else 1, 1, height_ratios=None))
        sides = []
        panels = np.atleast_1d(rows[0].subplots(1, 2 * len(chosen)))
        for path, left, right in zip(chosen, panels[::2], panels[1::2], strict=True):
            sides.append(self._draw_unit(left, right, image, path))
        known = [f"{side}" for side in sides if side]
        if len(known) > 1 and sides == sorted(sides):
            title = f"A deeper unit sees more: {', '.join(known[:-1])} and {known[-1]} pixels"
        else:
            title = f"Where {len(chosen)} units answer most strongly" + (
                f", seeing {', '.join(known)} pixels" if known else ""
            )
        figure.suptitle(title)
        if methods:
            panels = np.atleast_1d(rows[1].subplots(1, 1 + len(methods)))
            asked = plain(f"Why {self.explained}? The evidence, by method")
            rows[1].suptitle(asked, fontsize="medium")
            draw_image(panels[0], pixels).axes.set_title(plain(image), fontsize="small")
            for axes, method in zip(panels[1:], methods, strict=True):
                title = method.replace(" ", "\n", 1)
                try:
                    draw_image(axes, self.laid_over(image, method, self.explained))
                except Exception:  # a learner's own method may fail; the lens says why when asked
                    axes.set_axis_off()
                    title = f"{method}\nfailed"
                axes.set_title(plain(title), fontsize="small")
        return figure

    def laid_over(self, image, method, explained, opacity=None):
        """An image with its heatmap, as the lens shows it: uint8 array (H, W, 3).

        Args:
            image, method, explained: names.
            opacity: of the greatest heat; None: the lens's.
        """
        shown = self._heatmap(image, method, explained)[1]
        return explain.overlay(
            pixels_shown(self._given[image]),
            shown,
            opacity=self.opacity if opacity is None else opacity,
            colours="viridis",
        )

    def _draw_unit(self, left, right, image, path):
        """A layer's strongest unit on the image and on its map; the side of its field, or None."""
        from matplotlib.patches import Rectangle

        from course_utils.figures import MAGNITUDE, MARK, draw_image

        pixels, field = pixels_shown(self._given[image]), self.fields[image][path]
        channel = int(self._order(image, path)[0])
        shown = self._maps_of(image)[path][..., channel]
        row, column = np.unravel_index(shown.argmax(), shown.shape)
        draw_image(left, pixels)
        if field:
            top, left_edge, bottom, right_edge = explain.Field(*map(tuple, field)).box(row, column)
            for edge, width in (("w", 3), (MARK, 1.5)):
                left.add_patch(
                    Rectangle(
                        (left_edge - 0.5, top - 0.5), right_edge - left_edge, bottom - top,
                        fill=False, edgecolor=edge, linewidth=width,
                    )
                )  # fmt: skip
        size = f"sees {field[0][0]} × {field[0][1]}" if field else "sees: unknown"
        left.set_title(f"{path.rpartition('/')[2]}\n{size}", fontsize="small")
        right.imshow(shown, cmap=MAGNITUDE)
        right.set(xticks=[], yticks=[])
        right.plot(column, row, "o", markersize=9, fillstyle="none", color="w", markeredgewidth=3.5)
        right.plot(column, row, "o", markersize=9, fillstyle="none", color=MARK, markeredgewidth=2)
        right.set_title(f"channel {channel}\n{shown.max():.2f} at the ring", fontsize="small")
        return field[0][0] if field else None


# ---- what is given -------------------------------------------------------------------------------


def pixels_shown(image):
    """An image in the model's range as one to look at: uint8 array (H, W, 3)."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        if low >= 0 and high <= 1:
            image = 255 * image
        elif low < 0 or high > 255:
            image = 255 * (image - low) / (high - low)
        image = np.rint(image).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _spread_out(paths):
    """The first, the last, and one between."""
    if len(paths) <= STATES:
        return list(paths)
    return [paths[round(k * (len(paths) - 1) / (STATES - 1))] for k in range(STATES)]


def _one_of(what, given, known):
    if given not in known:
        raise ValueError(f"{what} is {given!r}; give one of {', '.join(map(repr, known))}")
    return given


def _checked_images(model, images):
    if not isinstance(images, dict) or not images:
        raise ValueError(
            f"images is {type(images).__name__} of {np.shape(images)}; give a dict of at least one "
            'image: {"cat": array (H, W, 3)}'
        )
    checked = {}
    for name, image in images.items():
        array = np.asarray(image)
        try:
            _, single = explain.check_images(model, array)
        except ValueError as error:
            raise ValueError(f"image {name!r}: {error}") from None
        if not isinstance(name, str) or not single or array.shape[-1] not in (1, 3):
            raise ValueError(
                f"image {name!r} has the shape {array.shape}; give each a name and one array, "
                "(H, W, 3) or (H, W, 1)"
            )
        if max(array.shape[:2]) > LARGEST:
            raise ValueError(
                f"image {name!r} has {array.shape[0]} x {array.shape[1]} pixels, and a lens takes "
                f"{LARGEST} a side: resize it, to what the model was trained on"
            )
        checked[name] = array
    return checked


def _checked_layers(model, layers):
    if layers is None:
        return explain.stages_of(model)
    names = [layers] if isinstance(layers, str) else list(layers)
    if not names:
        raise ValueError(f"layers is {layers!r}; give at least one, or None for the convolutions")
    return list(dict.fromkeys(names))


def _checked_classes(classes, count):
    if classes is None:
        return [f"class {number}" for number in range(count)]
    names = [str(name) for name in classes]
    if len(names) != count:
        raise ValueError(
            f"classes has {counted(len(names), 'name')}, and the model has "
            f"{counted(count, 'class', 'classes')}; give one for each, for one output unit two: "
            "that of 0 first"
        )
    twice = {name for name, times in collections.Counter(names).items() if times > 1}
    return [f"{name} ({k})" if name in twice else name for k, name in enumerate(names)]


def _checked_methods(methods, count):
    if methods is None:
        return {"Grad-CAM": _grad_cam, "saliency": _saliency} if count else {}
    if not isinstance(methods, dict) or not all(map(callable, methods.values())):
        raise ValueError(
            f"methods is {methods!r}; give a dict from a name to a function of (model, images, "
            "targets) that gives heatmaps (N, h, w)"
        )
    if methods and not count:
        raise ValueError("methods explain classes, and this model ends in none; leave them out")
    return dict(methods)


def _grad_cam(model, images, targets):
    return explain.grad_cam(model, images, target=targets)


def _saliency(model, images, targets):
    return np.abs(explain.saliency(model, images, target=targets)).max(axis=-1)
