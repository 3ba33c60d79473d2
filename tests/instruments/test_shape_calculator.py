"""Shapes, weights, multiply-adds and fields against Keras and TensorFlow; the table of vectors."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course.instruments import ShapeCalculator, shape_calculator
from tools import vectors as tables

LESSON_2 = list(shape_calculator.LESSON_2)
PRODUCTS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
STACKS = [
    ((28, 28, 1), LESSON_2),
    ((70, 120, 1), ["Conv2D(1, 7)"]),
    ((70, 120, 1), ["Conv2D(1, 7, padding='same')"]),
    ((70, 120, 3), ["Conv2D(16, 7, strides=2, padding='same')", "GlobalAveragePooling2D()"]),
    ((70, 120, 2), ["Conv2D(4, 4, strides=3, padding='same')", "MaxPooling2D(3, strides=2)"]),
    ((64, 48, 3), ["Conv2D(8, 3, dilation_rate=4)", "AveragePooling2D(2, 2, 'same')", "Dense(9)"]),
    ((61, 90, 3), ["DepthwiseConv2D(5, strides=2, padding='same')", "SeparableConv2D(24, 3)"]),
    ((90, 60, 4), ["SeparableConv2D(8, 3, dilation_rate=2, padding='same')", "Flatten()"]),
    ((33, 50, 2), ["MaxPooling2D(3, 2, 'same')", "Conv2D(6, 1, strides=2)", "Flatten()"]),
    ((9, 9, 3), ["Conv2D(2, 12, padding='same')", "MaxPooling2D(10)"]),
    ((8, 8, 3), ["Flatten()", "Flatten()", "Dense(5)", "Dense(1)"]),
    ((8, 8, 3), ["GlobalAveragePooling2D()", "Conv2D(4, 3)", "Dense(2)"]),
    ((8, 12, 3), ["Conv2D(4, 3, dilation_rate=4)"]),
    ((8, 12, 3), ["Conv2D(4, 3, strides=2, dilation_rate=2)"]),
    ((224, 224, 3), ["Conv2D(64, 7, strides=2, padding='same')", "AveragePooling2D(31)"]),
    ((5, 5, 1), []),
]


def keras_model(code):
    """The model that the code makes."""
    import keras

    names = {"keras": keras, "layers": keras.layers}
    exec(code, names)
    return names["model"]


def keras_rows(model):
    """Shapes and parameters as Keras has them, multiply-adds as TensorFlow counts them."""
    return [
        {
            "shape": tuple(layer.compute_output_shape(layer.input.shape))[1:],
            "parameters": layer.count_params(),
            "multiply_adds": multiply_adds(layer) if layer.count_params() else 0,
        }
        for layer in model.layers
    ]


def multiply_adds(layer):
    """Half of the floating-point operations of a layer's products in TensorFlow's own count.

    TensorFlow rearranges the input of a dilated layer, pads it, and counts the padding, too. So
    such a layer is counted as one without dilation whose output is as large.
    """
    import tensorflow as tf

    shape = layer.input.shape[1:]
    if max(getattr(layer, "dilation_rate", (1,))) > 1:
        config = layer.get_config() | {"dilation_rate": (1, 1), "padding": "valid"}
        sides = np.add(layer.output.shape[1:3], config["kernel_size"]) - 1
        layer, shape = type(layer).from_config(config), (*map(int, sides), shape[-1])
        layer.build((None, *shape))
    image = tf.TensorSpec((1, *shape))
    graph = tf.function(layer).get_concrete_function(image).graph
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    count = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    total = 0
    while count.children:  # each operation is the only child of the one before it
        (count,) = count.children
        total += count.float_ops if count.name in PRODUCTS else 0
    return total // 2


def measured_field(model, place):
    """The pixels that the middle number after a layer depends on: (middle, receptive_field).

    With weights and pixels of one, every path counts; averages take the place of maxima, which
    have paths for the largest number only.
    """
    import keras
    import tensorflow as tf

    image = tf.ones((1, *model.input_shape[1:]))
    with tf.GradientTape(watch_accessed_variables=False) as tape:  # not with regard to weights
        tape.watch(image)
        maps = image
        for layer in model.layers[: place + 1]:
            if hasattr(layer, "pool_size"):
                config = layer.get_config()
                names = ("pool_size", "strides", "padding")
                layer = keras.layers.AveragePooling2D(**{name: config[name] for name in names})
            else:
                layer.set_weights([np.ones_like(weights) for weights in layer.get_weights()])
                if hasattr(layer, "activation"):
                    layer.activation = keras.activations.linear
            maps = layer(maps)
        height, width = maps.shape[1:3] if maps.ndim == 4 else (1, 1)
        index = (0, (height - 1) // 2, (width - 1) // 2) if maps.ndim == 4 else (0, 0)
        middle = tf.reduce_sum(maps[index])
    rows, columns = np.nonzero(tape.gradient(middle, image).numpy().any(axis=(0, 3)))
    if not rows.size:  # all weights lie on padding
        return None
    return (rows.min(), columns.min()), (np.ptp(rows) + 1, np.ptp(columns) + 1)


def check_field(model, stack, place):
    """A field that lies on the image is the measured one; of one that doesn't, less may count.

    Zeros that a deeper layer pads with stand where the field leaves the image, or over pixels
    that an earlier layer had left over.
    """
    row, shape = stack.rows()[place], stack.input_shape[:2]
    measured = measured_field(model, place)
    ends = np.add(row["middle"], row["receptive_field"])
    low, high = np.maximum(row["middle"], 0), np.minimum(ends, shape)
    if min(row["middle"]) >= 0 and all(ends <= shape):
        assert measured == (tuple(low), tuple(high - low)), row["layer"]
    elif measured is not None:
        corner, size = measured
        assert all(low <= corner) and all(np.add(corner, size) <= high), row["layer"]


def vectors():
    """Stacks with what Keras makes of them, and the texts that both sides have to agree on."""
    stacks = []
    for shape, layers in STACKS:
        stack = ShapeCalculator(shape, layers)
        problems = [row["problem"] for row in stack.rows()]
        good = next((i for i, problem in enumerate(problems) if problem), len(problems))
        theirs = [{} for _ in layers]
        if good:
            model = keras_model(ShapeCalculator(shape, layers[:good]).code)
            theirs[:good] = keras_rows(model)
        stacks.append(
            {
                "input_shape": list(shape),
                "layers": stack.layers,
                "keras": theirs,
                "rows": stack.rows(),
                "code": stack.code,
            }
        )
    table = {"kinds": shape_calculator.KINDS, "limits": shape_calculator.LIMITS, "stacks": stacks}
    return json.loads(json.dumps(table))  # tuples become lists, as they are when it is read


def test_the_table_is_what_keras_computes_now():
    stored, fresh = tables.load("shape_calculator"), vectors()
    assert stored == fresh
    for stack in stored["stacks"]:
        for row, theirs in zip(stack["rows"], stack["keras"], strict=True):
            assert row == row | theirs if theirs else row["shape"] is None
    problems = [row["problem"] for stack in stored["stacks"] for row in stack["rows"]]
    assert sum(map(bool, problems)) == 5  # the table has each kind of misfit


def test_the_numbers_of_the_lessons():
    rows = ShapeCalculator().rows()
    assert [row["shape"][0] for row in rows[:5]] == [26, 13, 11, 5, 3]
    parameters = [row["parameters"] for row in rows]
    assert parameters[:5:2] == [320, 18_496, 36_928] and sum(parameters[:5]) == 55_744
    assert ShapeCalculator().totals()["parameters"] == 93_322
    assert rows[4]["receptive_field"] == (18, 18) and rows[4]["jump"] == 4
    assert rows[5]["receptive_field"] == (18, 18) and rows[6]["receptive_field"] == (26, 26)
    plain = ShapeCalculator((28, 28, 1), ["Conv2D(8, 3)"] * 3).rows()
    assert plain[-1]["receptive_field"] == (7, 7)
    for padding, shape in (("valid", (64, 114, 1)), ("same", (70, 120, 1))):
        stack = ShapeCalculator((70, 120, 1), [f"Conv2D(1, 7, padding={padding!r})"])
        assert stack.rows()[0]["shape"] == shape
    half = ShapeCalculator((70, 120, 1), ["Conv2D(1, 7, strides=2, padding='same')"]).rows()[0]
    assert half["shape"] == (35, 60, 1)
    assert half["middle"] == (17 * 2 - 2, 29 * 2 - 2)  # two pixels before, three after


@st.composite
def stacks(draw):
    """An input, and up to five layers that may or may not fit."""
    kinds = list(shape_calculator.KINDS)
    numbers = {"filters": 6, "units": 6, "kernel": 4, "pool": 4, "stride": 3, "dilation": 3}
    layers = []
    for _ in range(draw(st.integers(1, 5))):
        layer = {"kind": draw(st.sampled_from(kinds + ["Conv2D", "MaxPooling2D"] * 2))}
        for name in shape_calculator.KINDS[layer["kind"]]:
            few = st.integers(1, numbers.get(name, 1))
            layer[name] = draw(st.sampled_from(("valid", "same")) if name == "padding" else few)
        if layer.get("dilation", 1) > 1 and draw(st.integers(0, 3)):
            layer["stride"] = 1
        layers.append(layer)
    return draw(st.tuples(*[st.integers(4, 30)] * 2, st.integers(1, 3))), layers


@settings(max_examples=40, deadline=None)
@given(stacks())
def test_rows_are_what_keras_makes_of_the_code(stack):
    calculator = ShapeCalculator(*stack)
    rows = calculator.rows()
    good = [row for row in rows if row["shape"]]
    theirs = []
    if good:
        model = keras_model(ShapeCalculator(stack[0], stack[1][: len(good)]).code)
        theirs = keras_rows(model)
        for place, row in enumerate(good):
            if row["jump"] or stack[1][place]["kind"] != "Flatten":
                check_field(model, calculator, place)
    assert good == [row | mine for row, mine in zip(good, theirs, strict=True)]
    if len(good) == len(rows):
        assert calculator.totals()["parameters"] == model.count_params()
        return
    misfit = stack[1][len(good)]
    assert rows[len(good)]["problem"] and calculator.totals()["parameters"] is None
    # Keras would take some of these all the same: Dense on maps works on each pixel by itself, and
    # its documentation excludes strides with dilation for the separable layers, too.
    lenient = misfit["kind"] == "Dense" or "Depthwise" in misfit["kind"]
    if not lenient and not misfit["kind"].startswith("Separable"):
        with pytest.raises(ValueError):
            keras_model(calculator.code)


def test_fields_of_the_tables_stacks_by_gradient():
    for shape, layers in STACKS[:9]:
        stack = ShapeCalculator(shape, layers)
        model = keras_model(ShapeCalculator(shape, layers[:2]).code)
        for place, row in enumerate(stack.rows()[:2]):
            if row["jump"] or row["layer"].startswith("Global"):
                check_field(model, stack, place)


def test_vgg16_is_read_and_has_its_known_field():
    import keras

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    stack = ShapeCalculator.of(model)
    assert stack.totals()["parameters"] == model.count_params() == 14_714_688
    assert stack.rows()[-1]["receptive_field"] == (212, 212)  # Araujo et al. (2019), table 1
    assert stack.ignored == []
    again = keras_model(stack.code)
    assert [layer.name.rstrip("0123456789_") for layer in again.layers] == [
        "max_pooling2d" if "pool" in layer.name else "conv2d" for layer in model.layers[1:]
    ]


def test_a_models_plain_layers_are_left_out_and_named():
    import keras
    from keras import layers

    augment = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])
    model = keras.Sequential(
        [
            keras.Input((30, 40, 3)),
            augment,
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.ReLU(),
            layers.AveragePooling2D(3, strides=2),
            layers.Conv2D(4, 3, dilation_rate=2, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ]
    )
    stack = ShapeCalculator.of(model)
    assert stack.ignored == [
        *("RandomFlip", "RandomRotation", "Rescaling", "ReLU", "Dropout"),
        "activation 'tanh' of layer 3",
    ]
    assert stack.totals()["parameters"] == model.count_params()
    assert stack.rows()[-1]["shape"] == model.output_shape[1:] == (5,)
    assert [layer["kind"] for layer in stack.layers] == [
        *("Conv2D", "AveragePooling2D", "Conv2D", "GlobalAveragePooling2D", "Dense"),
    ]


def _twice(keras, layers):
    image = keras.Input((8, 8, 3))
    layer = layers.Conv2D(3, 3)
    return keras.Model(image, layer(layer(image)))


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda k, ly: k.Sequential([ly.Flatten()]), r"shape.* None.*keras\.Input"),
        (lambda k, ly: k.Sequential([k.Input((None, 5, 3)), ly.Conv2D(1, 3)]), r"None, None, 5, 3"),
        (lambda k, ly: k.Sequential([k.Input((8, 8, 3)), ly.BatchNormalization()]), "BatchNorm"),
        (lambda k, ly: k.Sequential([k.Input((8, 8, 3)), ly.Conv2D(1, (1, 3))]), r"\(1, 3\)"),
        (lambda k, ly: k.Sequential([k.Input((8, 8, 3)), ly.Conv2D(1, 3, use_bias=False)]), "bias"),
        (_twice, "chain"),
    ],
)
def test_models_it_cannot_read_are_refused(build, says):
    import keras

    model = build(keras, keras.layers)
    with pytest.raises(ValueError, match=says):
        ShapeCalculator.of(model)


def test_a_functional_chain_is_read_and_a_branch_is_not():
    import keras
    from keras import layers

    image = keras.Input((8, 8, 3))
    maps = layers.Conv2D(3, 3)(image)
    chain = keras.Model(image, layers.Flatten()(maps))
    assert ShapeCalculator.of(chain).rows()[-1]["shape"] == (108,)
    added = keras.Model(image, layers.Dropout(0.1)(maps) + maps)
    with pytest.raises(ValueError, match="chain|Add"):
        ShapeCalculator.of(added)


def test_three_ways_to_write_a_layer():
    complete = {"kind": "Conv2D", "filters": 8, "kernel": 5, "stride": 2, "dilation": 1}
    complete["padding"] = "same"
    for written in (
        complete,
        {"kind": "Conv2D", "filters": 8, "kernel": 5, "stride": 2, "padding": "same"},
        'layers.Conv2D(8, 5, 2, "same", activation="relu")',
        "Conv2D(filters=8, kernel_size=(5, 5), strides=2, padding='same')",
    ):
        assert ShapeCalculator((28, 28, 1), [written]).layers == [complete]
    pool = ShapeCalculator((28, 28, 1), ["MaxPooling2D(3)"])
    assert pool.layers[0]["stride"] == 3 and "layers.MaxPooling2D(3)," in pool.code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (((28, 28), []), r"input_shape.*\[28, 28\].*\(height, width, channels\)"),
        (((28, 0, 1), []), "width.*input.* 0 .* 1 to 1,024"),
        (((28, 28, 1.0), []), r"channels.*input.* 1\.0 "),
        (((28, 28, 1), ["Conv3D(3, 3)"]), "layer 1 is of kind 'Conv3D'; known are Conv2D, Dep"),
        (((28, 28, 1), ["Flatten", ""]), "'Flatten'.*Keras"),
        (((28, 28, 1), ["Conv2D(3, (3, 5))"]), r"kernel \(3, 5\)"),
        (((28, 28, 1), ["Dense(3, 4)"]), r"'Dense\(3, 4\)'.*\b1\b"),
        (((28, 28, 1), [{"kind": "Dense", "filters": 3}]), "layer 1, Dense.*'filters'.*units"),
        (((28, 28, 1), [{"kind": "Flatten", "units": 3}]), "layer 1, Flatten.*'units'.*nothing"),
        (((28, 28, 1), ["Conv2D(3, 32)"]), "kernel.*layer 1, Conv2D.* 32 .* 1 to 31"),
        (((28, 28, 1), ["Conv2D(3, 3.0)"]), r"kernel.*layer 1, Conv2D.* 3\.0 "),
        (((28, 28, 1), ["Conv2D(3, 3, padding='full')"]), "padding 'full'.*'valid'.*'same'"),
        (((28, 28, 1), ["Flatten()"] * 65), r"\b65\b.*\b64\b"),
    ],
)
def test_bad_input_is_named(arguments, says):
    with pytest.raises(ValueError, match=says):
        ShapeCalculator(*arguments)


def test_what_is_set_later_is_checked_and_completed():
    stack = ShapeCalculator()
    stack.layers = ["Conv2D(4, 3)", "Flatten()"]
    assert stack.layers[0]["padding"] == "valid" and stack.rows()[-1]["shape"] == (26 * 26 * 4,)
    with pytest.raises(ValueError, match="'Nonsense'"):
        stack.layers = [{"kind": "Nonsense"}]
    assert len(stack.layers) == 2


@pytest.mark.parametrize(
    ("shape", "layers", "title"),
    [
        ((28, 28, 1), None, "28 × 28 × 1 → 10 numbers: 93,322 parameters, 2,794,240 multiply-adds"),
        ((8, 8, 3), ["Dense(10)", "Flatten()"], "Layer 1 does not fit what comes in"),
        ((8, 8, 3), [], "8 × 8 × 3, and no layers yet"),
    ],
)
def test_the_picture_has_the_finding_and_the_table(shape, layers, title):
    stack = ShapeCalculator(shape, layers)
    figure = stack.picture()
    assert figure.get_figwidth() <= 9 and figure.get_suptitle() == title
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    for row in stack.rows():
        assert row["layer"] in texts
        assert row["shape"] is None or f"{row['parameters']:,}" in texts


def test_its_output_has_a_picture():
    data, metadata = ShapeCalculator()._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size[0] == metadata["image/png"]["width"] <= 9 * 72
    assert np.asarray(picture.convert("L")).std() > 20
