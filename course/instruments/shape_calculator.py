"""The shape calculator: a stack of layers, and what each makes of shapes, weights and fields."""

import ast
import math

import traitlets

from course.explain import Field
from course.instruments.base import Instrument
from course_utils.arguments import check_integer
from course_utils.texts import counted

# What can be set of each layer, with what Keras or the calculator takes when it isn't given. The
# front end has the same table, and a test holds them together. A pool's stride is its own size.
KINDS = {
    "Conv2D": {"filters": 32, "kernel": 3, "stride": 1, "dilation": 1, "padding": "valid"},
    "DepthwiseConv2D": {"kernel": 3, "stride": 1, "dilation": 1, "padding": "valid"},
    "SeparableConv2D": {"filters": 32, "kernel": 3, "stride": 1, "dilation": 1, "padding": "valid"},
    "MaxPooling2D": {"pool": 2, "stride": 2, "padding": "valid"},
    "AveragePooling2D": {"pool": 2, "stride": 2, "padding": "valid"},
    "GlobalAveragePooling2D": {},
    "Flatten": {},
    "Dense": {"units": 64},
}
# The largest of each. They keep every number of a layer below 2 ** 53, exact in JavaScript, too.
LIMITS = {"height": 1024, "width": 1024, "channels": 2048, "filters": 2048, "units": 10_000}
LIMITS |= {"kernel": 31, "pool": 31, "stride": 31, "dilation": 16}
MOST_LAYERS = 64
PADDINGS = ("valid", "same")
LESSON_2 = (
    *("Conv2D(32, 3)", "MaxPooling2D()", "Conv2D(64, 3)", "MaxPooling2D()", "Conv2D(64, 3)"),
    *("Flatten()", "Dense(64)", "Dense(10)"),
)

_NAMES = {  # Keras's names of what can be set
    "kernel": "kernel_size",
    "stride": "strides",
    "dilation": "dilation_rate",
    "pool": "pool_size",
}
_SHORT = {long: short for short, long in _NAMES.items()}
_IN_ORDER = ("filters", "units", "kernel", "pool", "stride", "padding")  # as Keras takes them
_UNCHANGED = (  # layers that leave the shape as it is, without weights
    *("InputLayer", "Rescaling", "Dropout", "SpatialDropout2D", "GaussianNoise", "Activation"),
    *("ReLU", "LeakyReLU", "ELU", "Softmax", "Identity", "RandomFlip", "RandomRotation"),
    *("RandomZoom", "RandomTranslation", "RandomShear", "RandomBrightness", "RandomContrast"),
    *("RandomHue", "RandomSaturation"),
)
_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax")


class ShapeCalculator(Instrument):
    """Build a stack of layers, and see its shapes, parameters, multiply-adds, receptive fields.

    In the browser: add, remove, move and edit layers; a layer that doesn't fit says why. The
    Keras code follows. With "hide the results", guess first, then reveal them layer by layer.

    Args:
        input_shape: (height, width, channels); sides up to 1024, up to 2048 channels.
        layers: one text or dict for each layer: "Conv2D(64, 3, strides=2)", written as in Keras
            (activations are passed over), or {"kind": "Conv2D", "filters": 64, "stride": 2}. Kinds
            and names are those of `KINDS`; what isn't given is as there. Kernels, pools, strides
            and dilations are squares. None: the network of lesson 2.
        hide_shapes: True to begin with the results hidden.
    Attributes:
        input_shape, layers, hide_shapes: as set here or in the browser; `layers` is a list of
            dicts. To change it here, assign a new list.
        code: the Keras code of the stack, as shown; it runs after
            `import keras; from keras import layers`.
        ignored: list of texts, what `of` left out of a model.
    Raises:
        ValueError: an unknown kind or setting, or a number out of range. (A layer that doesn't fit
            its input is no error: its row says so.)
    Example:
        >>> stack = ShapeCalculator((70, 120, 1), ["Conv2D(1, 7, strides=2, padding='same')"])
        >>> stack.rows()[0]["shape"]
        (35, 60, 1)
        >>> ShapeCalculator().totals()["parameters"]
        93322

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016); Araujo
        et al., Computing receptive fields of convolutional neural networks (2019).
    """

    module = "shape_calculator"
    input_shape = traitlets.List([28, 28, 1]).tag(sync=True)
    layers = traitlets.List().tag(sync=True)
    hide_shapes = traitlets.Bool(False).tag(sync=True)
    ignored = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, input_shape=(28, 28, 1), layers=None, *, hide_shapes=False):
        super().__init__(
            input_shape=_checked_input(input_shape),
            layers=_checked_layers(LESSON_2 if layers is None else layers),
            hide_shapes=hide_shapes,
        )

    @classmethod
    def of(cls, model, *, hide_shapes=False):
        """The calculator with the layers of a Keras model.

        Args:
            model: a built keras.Sequential, or a functional model that is one chain, of layers
                of `KINDS`. Layers that change no shape and have no weights (Rescaling, Dropout,
                ReLU, random augmentation and the like) are left out; `ignored` names them.
            hide_shapes: as for the class.
        Raises:
            ValueError: a layer of another kind or with a setting that the calculator doesn't
                have, a model that branches, or one without an input shape.
        """
        shape, layers, ignored = _read(model)
        calculator = cls(shape, layers, hide_shapes=hide_shapes)
        calculator.ignored = ignored
        return calculator

    @traitlets.validate("input_shape")
    def _check_input(self, proposal):
        return _checked_input(proposal["value"])

    @traitlets.validate("layers")
    def _check_layers(self, proposal):
        return _checked_layers(proposal["value"])

    @property
    def code(self):
        return keras_code(self.input_shape, self.layers)

    def rows(self):
        """The table, one dict for each layer: see `stack_rows`."""
        return stack_rows(self.input_shape, self.layers)

    def totals(self):
        """dict of the summed "parameters" and "multiply_adds"; None where a layer doesn't fit."""
        rows = self.rows()
        fits = all(row["shape"] for row in rows)
        names = ("parameters", "multiply_adds")
        return {name: sum(row[name] for row in rows) if fits else None for name in names}

    @property
    def alt(self):
        return (
            f"{counted(len(self.layers), 'layer')} on an input of "
            f"{' × '.join(map(str, self.input_shape))}: the maps as boxes, a table of shapes, "
            "parameters and multiply-adds, and the receptive fields on the input."
        )

    def picture(self):
        """The maps as boxes, the table, and the receptive fields on the input."""
        return _figure(self.input_shape, self.layers, self.rows(), self.totals())


# ---- arithmetic, the same as in shape_calculator.mjs ---------------------------------------------


def stack_rows(input_shape, layers):
    """What each layer of a stack makes of its input.

    Args:
        input_shape: (height, width, channels).
        layers: list of dicts as `ShapeCalculator.layers` has them, complete.
    Returns:
        list of dicts, one a layer:
        "layer": its Keras call; "shape": of its output, (height, width, channels) or (numbers,);
        "parameters": weights and biases; "multiply_adds": one for each weight at each output
        position, biases, activations and pooling not counted; "receptive_field": (height, width)
        in pixels of what one number depends on, padding included; "middle": (row, column) where
        the field of the middle number begins, of two middle ones the first, negative in the
        padding; "jump": pixels from one number's field to the next, None without a map;
        "problem": why the layer doesn't fit, or None. From a layer that doesn't fit on, all but
        "layer" and "problem" are None.
    """
    shape, flattened_by = tuple(input_shape), None
    field = Field((1, 1), (1, 1), (0, 0), tuple(input_shape[:2]))
    problem, rows = None, []
    for layer in layers:
        row = dict.fromkeys(
            ("shape", "parameters", "multiply_adds", "receptive_field", "middle", "jump", "problem")
        )
        rows.append({"layer": layer_call(layer)} | row)
        if problem:
            continue
        problem = rows[-1]["problem"] = _problem(layer, shape, flattened_by)
        if problem:
            continue
        kind = layer["kind"]
        flat = len(shape) == 1
        spatial = "padding" in layer
        if spatial:
            pairs = [2 * (layer.get(name, 1),) for name in ("stride", "dilation")]
            field = field.slid(2 * (_window(layer),), *pairs, padding=layer["padding"])
        elif kind in ("GlobalAveragePooling2D", "Dense"):  # sees all places
            last = tuple(count - 1 for count in field.units)
            size = (
                end - start for end, start in zip(field.box(*last)[2:], field.start, strict=True)
            )
            field = field._replace(size=tuple(size), units=(1, 1))
        weights, biases = _weights(layer, shape[-1])
        positions = math.prod(field.units) if spatial else 1
        if spatial:
            shape = *field.units, layer.get("filters", shape[-1])
        elif not flat or kind == "Dense":
            numbers = {"Flatten": math.prod(shape), "GlobalAveragePooling2D": shape[-1]}
            shape = (layer["units"] if kind == "Dense" else numbers[kind],)
            flattened_by = flattened_by or kind
        rows[-1] |= {
            "shape": shape,
            "parameters": weights + biases,
            "multiply_adds": weights * positions,
            "receptive_field": field.size,
            "middle": field.box(*((count - 1) // 2 for count in field.units))[:2],
            "jump": field.jump[0] if spatial else None,
        }
    return rows


def keras_code(input_shape, layers):
    """The stack as Keras code, which runs after `import keras; from keras import layers`.

    ReLU follows each layer with weights; a last Dense layer has softmax, or sigmoid for one unit.
    """
    lines = [f"keras.Input({tuple(input_shape)}),"]
    for place, (layer, row) in enumerate(zip(layers, stack_rows(input_shape, layers), strict=True)):
        line = f"layers.{layer_call(layer, _activation(layers, place))},"
        lines.append(line + (f"  # does not fit: {row['problem']}" if row["problem"] else ""))
    return "\n".join(["model = keras.Sequential([", *(f"    {line}" for line in lines), "])"])


def layer_call(layer, activation=None):
    """A layer as it is called in Keras, without what is Keras's default."""
    parts = [str(layer[name]) for name in ("filters", "units", "kernel") if name in layer]
    if layer.get("pool", 2) != 2 or layer["kind"] == "AveragePooling2D":  # Keras wants it there
        parts.append(str(layer["pool"]))
    if layer.get("stride", 1) != layer.get("pool", 1):
        parts.append(f"strides={layer['stride']}")
    if layer.get("dilation", 1) != 1:
        parts.append(f"dilation_rate={layer['dilation']}")
    if layer.get("padding") == "same":
        parts.append('padding="same"')
    if activation:
        parts.append(f'activation="{activation}"')
    return f"{layer['kind']}({', '.join(parts)})"


def _window(layer):
    """Side of a layer's kernel or pool."""
    return layer.get("kernel", layer.get("pool"))


def _weights(layer, channels):
    """(weights, biases) of a layer with so many input channels, or numbers."""
    window = layer.get("kernel", 0) ** 2
    filters = layer.get("filters", 0)
    return {
        "Conv2D": (window * channels * filters, filters),
        "DepthwiseConv2D": (window * channels, channels),
        "SeparableConv2D": (window * channels + channels * filters, filters),
        "Dense": (channels * layer.get("units", 0), layer.get("units", 0)),
    }.get(layer["kind"], (0, 0))


def _problem(layer, shape, flattened_by):
    """Why a layer doesn't fit what comes in, or None."""
    kind = layer["kind"]
    if len(shape) == 1:
        if kind in ("Dense", "Flatten"):
            return None
        return f"{kind} needs maps, and gets a row of {shape[0]:,} numbers: move it above {flattened_by}"  # noqa: E501
    size = " × ".join(f"{side:,}" for side in shape)
    if kind == "Dense":
        return f"Dense needs a row of numbers, and gets maps of {size}: put Flatten or GlobalAveragePooling2D before it"  # noqa: E501
    if "padding" not in layer:
        return None
    if layer["stride"] > 1 and layer.get("dilation", 1) > 1:
        return f"stride {layer['stride']} and dilation {layer['dilation']}: in Keras only one of them may be above 1"  # noqa: E501
    reach = layer.get("dilation", 1) * (_window(layer) - 1) + 1
    if layer["padding"] == "same" or reach <= min(shape[:2]):
        return None
    window = f"a kernel of {layer['kernel']}" if "kernel" in layer else f"a pool of {layer['pool']}"
    spread = f" with dilation {layer['dilation']}" if layer.get("dilation", 1) > 1 else ""
    return f'{window}{spread} spans {reach} × {reach}, and its input is only {shape[0]:,} × {shape[1]:,}: make it smaller, or take padding "same"'  # noqa: E501


def _activation(layers, place):
    """The activation that the code gives a layer: it changes no shape, but a network needs it."""
    layer = layers[place]
    if "kernel" not in layer and layer["kind"] != "Dense":
        return None
    if layer["kind"] == "Dense" and place == len(layers) - 1:
        return "softmax" if layer["units"] > 1 else "sigmoid"
    return "relu"


# ---- what comes in -------------------------------------------------------------------------------


def _checked_input(shape):
    shape = list(shape)
    if len(shape) != 3:
        raise ValueError(
            f"input_shape is {shape}; give (height, width, channels), like (28, 28, 1)"
        )
    names = ("height", "width", "channels")
    return [_checked_number(*pair, "the input") for pair in zip(names, shape, strict=True)]


def _checked_layers(layers):
    if len(layers) > MOST_LAYERS:
        raise ValueError(
            f"{len(layers)} layers are given, at most {MOST_LAYERS} can be shown; give a part"
        )
    return [_checked(layer, place) for place, layer in enumerate(layers, 1)]


def _checked(layer, place):
    """The dict of one layer with everything in it, from a text or a dict that may lack some."""
    given = dict(_parsed(layer) if isinstance(layer, str) else layer)
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"layer {place} is of kind {kind!r}; known are {', '.join(KINDS)}")
    complete = {"kind": kind} | KINDS[kind]
    if unknown := [name for name in given if name not in KINDS[kind]]:
        settings = ", ".join(KINDS[kind]) or "nothing"
        raise ValueError(
            f"layer {place}, {kind}, has no {unknown[0]!r}; what can be set of it: {settings}"
        )
    complete |= given
    if "pool" in complete and "stride" not in given:
        complete["stride"] = complete["pool"]
    for name, value in complete.items():
        if name == "padding":
            if value not in PADDINGS:
                raise ValueError(
                    f"layer {place}, {kind}, has padding {value!r}; give 'valid' or 'same'"
                )
        elif name != "kind":
            complete[name] = _checked_number(name, value, f"layer {place}, {kind}")
    return complete


def _checked_number(name, number, owner):
    return check_integer(f"{name} of {owner}", number, least=1, most=LIMITS[name])


def _parsed(text):
    """The dict of a layer that is written as in Keras."""
    wrong = f"can't read the layer {text!r}; write it as in Keras: 'Conv2D(32, 3, strides=2)'"
    try:
        call = ast.parse(text.strip(), mode="eval").body
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
        values = [ast.literal_eval(value) for value in call.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, AttributeError) as error:
        raise ValueError(wrong) from error
    if kind not in KINDS:
        return {"kind": kind}
    order = [name for name in _IN_ORDER if name in KINDS[kind]]
    if len(values) > len(order):
        raise ValueError(f"{wrong}; {kind} takes {len(order)} values without a name")
    given = dict(zip(order, values, strict=False))
    given |= {_SHORT.get(name, name): value for name, value in named.items()}
    given.pop("activation", None)
    given = {name: value for name, value in given.items() if value is not None}
    return {"kind": kind} | {name: _square(name, value, text) for name, value in given.items()}


def _square(name, value, of_what):
    """The side of what may be given as a pair."""
    if not isinstance(value, (tuple, list)):
        return value
    if len(set(value)) != 1:
        raise ValueError(f"{name} {tuple(value)} of {of_what} isn't square; only squares are known")
    return value[0]


# ---- reading a model -----------------------------------------------------------------------------


def _read(model):
    """(input_shape, layers, ignored) of a Keras model."""
    shape = _input_of(model)
    kept, ignored, activations = [], [], []
    chain = list(_chain(model))
    for place, layer in enumerate(chain):
        kind = type(layer).__name__
        if kind in _UNCHANGED:
            if kind != "InputLayer":
                ignored.append(kind)
            continue
        if kind not in KINDS:
            raise ValueError(
                f"the model has a layer {layer.name!r} of kind {kind}; the calculator knows "
                f"{', '.join(KINDS)}. Give a model of those, or write the layers yourself"
            )
        kept.append(_layer_of(layer, kind))
        following = type(chain[place + 1]).__name__ if place + 1 < len(chain) else None
        name = layer.get_config().get("activation", "linear")
        activations.append(None if name == "linear" and following in _ACTIVATIONS else name)
    for place, name in enumerate(activations):
        if name not in (None, _activation(kept, place) or "linear"):
            ignored.append(f"activation {name!r} of layer {place + 1}")
    return shape, kept, list(dict.fromkeys(ignored))


def _input_of(model):
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:]:
        raise ValueError(
            f"the model's input shape is {shape}; the calculator needs one input of (None, height, "
            "width, channels), all known: begin the model with keras.Input((28, 28, 1))"
        )
    return shape[1:]


def _chain(model):
    """A model's layers from its input to its output, those of models in a Sequential, too."""
    import keras

    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            yield from _chain(layer) if isinstance(layer, keras.Sequential) else [layer]
        return
    # The chain of a functional model: each layer takes what the one before it gives.
    branching = ValueError(f"the model {model.name!r} isn't one chain of layers; give a part of it")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise branching
    value = model.inputs[0]
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        try:
            follows = layer.input is value
            value = layer.output
        except (AttributeError, ValueError):  # a layer that is used twice has no one input
            follows = False
        if not follows:
            raise branching
        yield layer
    if value is not model.outputs[0]:
        raise branching


def _layer_of(layer, kind):
    """A Keras layer as a dict."""
    config = layer.get_config()
    where = f"layer {layer.name!r}"
    expected = {"data_format": "channels_last", "use_bias": True, "groups": 1}
    expected |= {"depth_multiplier": 1, "keepdims": False}
    for name, value in expected.items():
        if config.get(name, value) != value:
            raise ValueError(
                f"{where} has {name}={config[name]!r}; the calculator knows only {name}={value!r}"
            )
    values = {name: config[_NAMES.get(name, name)] for name in KINDS[kind]}
    return {"kind": kind} | {name: _square(name, value, where) for name, value in values.items()}


# ---- the picture ---------------------------------------------------------------------------------

_WITH_WEIGHTS, _WITHOUT = "#9ecae1", "#e8e8e8"


def _figure(input_shape, layers, rows, totals):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.7 + 0.215 * (len(layers) + 3)), layout="constrained")
    boxes, below = figure.subfigures(2, 1, height_ratios=(2, 0.7 + 0.215 * (len(layers) + 3)))
    table, fields = below.subfigures(1, 2, width_ratios=(6.7, 2.3))
    _draw_boxes(boxes.subplots(), input_shape, layers, rows)
    _draw_table(table.subplots(), input_shape, rows, totals)
    _draw_fields(fields.subplots(), input_shape, rows)
    figure.suptitle(_finding(input_shape, rows, totals))
    return figure


def _finding(input_shape, rows, totals):
    for number, row in enumerate(rows, 1):
        if row["problem"]:
            return f"Layer {number} does not fit what comes in"
    start = _sizes(input_shape)
    if not rows:
        return f"{start}, and no layers yet"
    shape = rows[-1]["shape"]
    end = _sizes(shape) if len(shape) == 3 else f"{shape[0]:,} numbers"
    counts = f"{totals['parameters']:,} parameters, {totals['multiply_adds']:,} multiply-adds"
    return f"{start} → {end}: {counts}"


def _sizes(shape):
    return " × ".join(f"{size:,}" for size in shape)


def _draw_boxes(axes, input_shape, layers, rows):
    """A box for each output: as high as the map, the broader the more channels."""
    from matplotlib.patches import Polygon, Rectangle

    few = len(layers) < 12
    shapes = [tuple(input_shape), *(row["shape"] for row in rows)]
    names = ["input", *(layer["kind"].replace("ing2D", "").replace("2D", "") for layer in layers)]
    previous = None
    for place, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        label = name.replace("GlobalAveragePool", "Global\nAverage").replace(
            "AveragePool", "AvgPool"
        )
        if shape is None:
            text = "does not fit" if rows[place - 1]["problem"] else "—"
            axes.text(place, 0, "✗" if text != "—" else "—", ha="center", va="center", color="C3")
            previous = None
        else:
            height = (shape[0] if len(shape) == 3 else 1) / input_shape[0]
            width = 0.06 + 0.06 * math.log2(shape[-1])
            if previous:
                (x, h) = previous
                corners = [(x, h / 2), (place - width / 2, height / 2)]
                corners += [(a, -b) for a, b in reversed(corners)]
                axes.add_patch(Polygon(corners, color="0.94", zorder=0))
            with_weights = place and rows[place - 1]["parameters"]
            axes.add_patch(
                Rectangle(
                    (place - width / 2, -height / 2), width, height, edgecolor="0.3",
                    facecolor=_WITH_WEIGHTS if with_weights else _WITHOUT,
                    hatch=None if with_weights or not place else "////",
                )
            )  # fmt: skip
            previous = place + width / 2, height
            text = _sizes(shape).replace(" ", "")
        axes.text(
            place, -0.56, f"{label}\n{text}" if few else text.split("×")[0],
            ha="center", va="top", fontsize="x-small",
        )  # fmt: skip
    axes.set(xlim=(-0.6, max(len(layers), 3) + 0.6), ylim=(-1, 0.55))
    axes.set_axis_off()


def _draw_table(axes, input_shape, rows, totals):
    columns = {0: "layer", 0.5: "output", 0.645: "parameters", 0.825: "multiply-adds"}
    columns |= {0.94: "field", 1: "jump"}
    lines = [[f"input {_sizes(input_shape)}", _sizes(input_shape), "", "", "1 × 1", "1"]]
    for row in rows:
        values = ["—"] * 5
        if row["shape"]:
            values = [_sizes(row["shape"]), f"{row['parameters']:,}", f"{row['multiply_adds']:,}"]
            values += [_sizes(row["receptive_field"]), str(row["jump"] or "—")]
        lines.append([row["layer"], *values])
    lines[0][0] = "input"
    sums = [f"{total:,}" if total is not None else "—" for total in totals.values()]
    lines.append(["in all", "", *sums, "", ""])
    problems = {number: row["problem"] for number, row in enumerate(rows, 1) if row["problem"]}
    for y, line in enumerate([list(columns.values()), *lines]):
        bold = "bold" if y in (0, len(lines)) else "normal"
        for x, (text, right) in enumerate(zip(line, columns, strict=True)):
            if y - 1 in problems and x:
                continue
            axes.text(
                right, -y, text, ha="right" if x else "left", va="center", weight=bold,
                fontsize="small" if x or len(text) < 36 else "x-small",
            )  # fmt: skip
    for number, problem in problems.items():
        # a long reason goes on below its layer, where the lines have nothing to say any more
        axes.text(
            1, -number - 1, "✗ " + problem.replace(": ", ":\n", 1), ha="right", va="center",
            fontsize="x-small", color="C3", linespacing=1.1,
        )  # fmt: skip
    for y in (-0.5, 0.5 - len(lines)):
        axes.axhline(y, color="0.6", linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(-len(lines) - 0.6, 0.6))
    axes.set_axis_off()


def _draw_fields(axes, input_shape, rows):
    """The receptive field of each layer's middle number on the pixels, the last map's in orange."""
    from matplotlib.patches import Rectangle

    from course_utils.figures import MARK

    height, width, _ = input_shape
    axes.add_patch(Rectangle((0, 0), width, height, facecolor="0.94", edgecolor="0.3"))
    maps = [row for row in rows if row["jump"]]
    for row in maps:
        (top, left), (tall, wide) = row["middle"], row["receptive_field"]
        last = row is maps[-1]
        axes.add_patch(
            Rectangle(
                (left, top), wide, tall, edgecolor=MARK if last else "0.3",
                facecolor=f"{MARK}40" if last else "none", linewidth=2.5 if last else 0.8,
            )
        )  # fmt: skip
    margin = 0.08 * max(height, width)
    axes.set(xlim=(-margin, width + margin), ylim=(height + margin, -margin), aspect="equal")
    axes.set_axis_off()
    if maps:
        seen = _sizes(maps[-1]["receptive_field"])
        axes.set_title(f"one number of the last\nmap sees {seen} pixels", fontsize="small")
