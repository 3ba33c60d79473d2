"""Receptive fields: by hand, as lesson 6 adds them up, and as raised pixels measure them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import lesson_network

from course.explain import Field, fields_of, stages_of


def measured(model, layer, shape, ground):
    """Whether each pixel moves each unit: bool array (H, W, h, w).

    Each pixel alone is raised above the ground. With weights above zero, and a ground that makes
    no sum negative, no ReLU or maximum hides a path.
    """
    import keras

    for weight in model.trainable_variables:
        weight.assign(np.abs(weight.numpy()) + 0.1)
    height, width, _ = shape
    images = np.full((1 + height * width, *shape), ground, np.float32)
    for i, image in enumerate(images[1:]):
        image[i // width, i % width] += 50
    maps = keras.Model(model.inputs[0], model.get_layer(layer).output)(images).numpy().sum(axis=-1)
    return (maps[1:] > maps[:1]).reshape(height, width, *maps.shape[1:])


def check_against_measured(model, layer, shape, *, ground=0, gaps=False):
    """How many sides of fields lie within the image; those are measured to the pixel."""
    moved = measured(model, layer, shape, ground)
    field = fields_of(model, layer, size=shape[:2])[layer]
    assert field.units == moved.shape[2:]
    inner = 0
    for unit in np.ndindex(*field.units):
        top, left, bottom, right = field.box(*unit)
        rows, columns = (
            np.flatnonzero(moved[:, :, *unit].any(axis=axis)).tolist() for axis in (1, 0)
        )
        for hit, start, end, side in (
            (rows, top, bottom, shape[0]), (columns, left, right, shape[1]),
        ):  # fmt: skip
            assert not hit or max(start, 0) <= hit[0] <= hit[-1] < min(end, side)
            if start >= 0 and end <= side and rows and columns:
                inner += 1
                assert (hit[0], hit[-1] + 1) == (start, end)
            elif hit and not gaps:
                assert hit[0] == max(start, 0)
    return inner


def test_fields_of_the_lessons_network_as_the_lesson_adds_them_up():
    network = lesson_network()
    fields = fields_of(network, size=(150, 150))
    stages = [fields[f"relu{number}"] for number in (1, 2, 3, 4)]
    assert [(f.size[0], f.jump[0]) for f in stages] == [(3, 1), (8, 2), (18, 4), (38, 8)]
    assert [field.units for field in stages] == [(148, 148), (72, 72), (34, 34), (15, 15)]
    assert {field.start for field in stages} == {(0, 0)}
    assert fields["pool1"] == Field((4, 4), (2, 2), (0, 0), (74, 74))
    assert fields["mean"] is fields["dog"] is None
    assert check_against_measured(network, "relu3", (23, 26, 3), ground=150) == 2 * 2 * 3


@pytest.mark.parametrize(("side", "start"), [(8, 0), (7, -1), (9, -1), (2, 0)])
def test_where_same_padding_puts_the_first_field_depends_on_the_size(side, start):
    import keras

    # Kernel 3, stride 2, 8 pixels: 4 units span 9, so one zero is added, and that behind.
    # 7 pixels: 4 units span 9, so one zero each before and behind.
    layer = keras.layers.Conv2D(2, 3, strides=2, padding="same", name="halved")
    model = keras.Sequential([keras.Input((side, side, 1)), layer])
    assert fields_of(model)["halved"].start == (start, start)
    check_against_measured(model, "halved", (side, side, 1))


def test_fields_of_blocks_as_in_mobilenet():
    import keras
    from keras import layers

    inputs = keras.Input((32, 36, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(inputs)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    y = layers.ReLU(6, name="relu6")(layers.BatchNormalization()(y))
    x = layers.Add(name="sum")([x, layers.Conv2D(4, 1, name="project")(y)])
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="pad")(x)
    x = layers.DepthwiseConv2D(3, strides=2, name="down")(x)
    x = layers.SeparableConv2D(5, 3, padding="same", name="separable")(x)
    model = keras.Model(inputs, x)
    fields = fields_of(model)
    assert fields["stem"] == Field((3, 3), (2, 2), (0, 0), (16, 18))
    assert fields["project"] == fields["sum"] == Field((7, 7), (2, 2), (-2, -2), (16, 18))
    assert fields["pad"] == Field((7, 7), (2, 2), (-2, -2), (17, 19))
    assert fields["down"] == Field((11, 11), (4, 4), (-2, -2), (8, 9))
    assert fields["separable"] == Field((19, 19), (4, 4), (-6, -6), (8, 9))
    assert check_against_measured(model, "separable", (32, 36, 3)) > 10


def test_fields_of_mobilenet_itself():
    import keras

    model = keras.applications.MobileNetV2(
        weights=None, input_shape=(224, 224, 3), include_top=False
    )
    last = fields_of(model)["out_relu"]
    assert (last.size, last.jump, last.units) == ((491, 491), (32, 32), (7, 7))  # Araujo et al.


def test_fields_through_models_inside_and_operations_on_the_way():
    import keras
    from keras import layers

    inside = keras.Sequential(
        [
            keras.Input((20, 20, 3)),
            layers.Conv2D(3, 3, strides=2, name="c"),
            layers.MaxPooling2D(2),
        ],
        name="inside",
    )
    inputs = keras.Input((20, 20, 3))
    x = inside(inputs[..., ::-1] / 127.5 - 1.0)
    model = keras.Model(inputs, layers.Conv2D(2, 2, name="outer", activation="relu")(x))
    fields = fields_of(model)
    assert fields["inside/c"] == Field((3, 3), (2, 2), (0, 0), (9, 9))
    assert fields["inside"] == Field((5, 5), (4, 4), (0, 0), (4, 4))
    assert fields["outer"] == Field((9, 9), (4, 4), (0, 0), (3, 3))
    assert fields_of(model, ["c"]) == {"c": fields["inside/c"]}
    assert stages_of(model) == ["outer"]
    assert stages_of(keras.Model(inside.inputs, inside.outputs)) == ["c"]


@pytest.mark.parametrize(
    "unknown", ["upsampling", "transposed", "lambda", "softmax", "side by side", "no places"]
)
def test_what_the_walk_does_not_know_is_not_guessed(unknown):
    import keras
    from keras import layers

    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(2, 3, padding="same", name="before")(inputs)
    if unknown == "upsampling":
        x = layers.UpSampling2D(2)(x)
    elif unknown == "transposed":
        x = layers.Conv2DTranspose(2, 3)(x)
    elif unknown == "lambda":
        x = layers.Lambda(lambda x: x[:, ::-1])(x)
    elif unknown == "softmax":
        x = layers.Softmax(axis=(1, 2))(x)
    elif unknown == "side by side":
        x = layers.Concatenate(axis=1)([x, x])
    else:
        x = layers.Multiply()([x, layers.GlobalAveragePooling2D(keepdims=True)(x)])
    fields = fields_of(keras.Model(inputs, layers.Conv2D(2, 3, name="after")(x)))
    assert fields["before"] and fields["after"] is None


LAYERS = st.tuples(
    st.sampled_from(
        ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Max", "Average", "Pad", "ReLU"]
    ),
    st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"]), st.integers(1, 2),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(9, 15), st.integers(9, 15))
def test_fields_are_those_that_are_measured(chain, height, width):
    import keras
    from keras import layers

    x = inputs = keras.Input((height, width, 1))
    gaps = False
    for number, (kind, kernel, stride, padding, dilation) in enumerate(chain):
        name = f"layer{number}"
        if kind in ("Max", "Average"):
            layer = getattr(layers, f"{kind}Pooling2D")(kernel, stride, padding, name=name)
            gaps |= stride > kernel
        elif kind == "Pad":
            layer = layers.ZeroPadding2D(((kernel, stride), (dilation, 0)), name=name)
        elif kind == "ReLU":
            layer = layers.ReLU(name=name)
        else:
            dilation = 1 if stride > 1 else dilation
            amount = (kernel,) if kind == "DepthwiseConv2D" else (2, kernel)
            layer = getattr(layers, kind)(
                *amount, strides=stride, padding=padding, dilation_rate=dilation, name=name
            )
            gaps |= stride > kernel or (dilation > 1 and kernel > 1)
        reach = kernel if kind in ("Max", "Average") else (kernel - 1) * dilation + 1
        if padding == "valid" and kind not in ("Pad", "ReLU") and min(x.shape[1:3]) < reach:
            break
        x = layer(x)
    else:
        number += 1
    if number == 0:
        return
    check_against_measured(
        keras.Model(inputs, x), f"layer{number - 1}", (height, width, 1), gaps=gaps
    )


@pytest.mark.parametrize(
    ("layers", "size", "says"),
    [
        ("relu7", (30, 30), "'relu7'.*relu4"),
        (None, None, r"\(None, None\).*\(N, N, N, 3\).*size=\(H, W\)"),
        (None, (0, 30), r" 0 .*size=\(H, W\)"),
        (None, (30.0, 30), r" 30\.0 .*size=\(H, W\)"),
        (None, (30, 30, 3), r"\(30, 30, 3\).*size=\(H, W\)"),
    ],
)
def test_bad_input_to_fields_is_named(layers, size, says):
    with pytest.raises(ValueError, match=says):
        fields_of(lesson_network(), layers, size=size)


def test_sizes_may_come_from_numpy():
    network, plain = lesson_network(), (40, 50)
    fields = fields_of(network, size=tuple(np.array(plain)))
    assert fields == fields_of(network, size=plain)
    assert type(fields["conv1"].units[0]) is int
