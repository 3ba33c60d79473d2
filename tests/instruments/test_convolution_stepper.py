"""The stepper's arithmetic against SciPy, Keras and hand-worked numbers; its table of vectors."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy.signal import convolve2d, correlate2d

from course.instruments import ConvolutionStepper
from course.instruments.base import packed
from course.instruments.convolution_stepper import correlate
from tools import vectors as tables

SETTINGS = {"padding": 0, "stride": 1, "dilation": 1, "bias": 0.0, "flip": False}


def by_library(image, kernel, *, padding, stride, dilation, bias, flip):
    """What SciPy makes of it, with the zeros of padding and dilation put in by Kronecker."""
    seed = np.zeros((dilation, dilation))
    seed[0, 0] = 1
    spread = np.kron(kernel, seed)[: 1 - dilation or None, : 1 - dilation or None]
    function = convolve2d if flip else correlate2d
    return function(np.pad(image, padding), spread, "valid")[::stride, ::stride] + bias


def by_library_with_channels(image, kernel, *, bias, **settings):
    """The channels' sums, (C, h, w), and the output, by einsum over all windows of SciPy's."""
    layers = zip(np.moveaxis(image, 2, 0), np.moveaxis(kernel, 2, 0), strict=True)
    sums = np.array([by_library(*layer, bias=0.0, **settings) for layer in layers])
    return sums, np.einsum("cij->ij", sums) + bias


def vectors_with_channels(random):
    """The same with channels, and the mistakes that only these allow."""
    outputs = []
    for depth, k, padding, stride, dilation, bias, flip in (
        (2, 3, 1, 1, 1, 0.0, False),
        (3, 3, 0, 2, 1, 0.5, True),
        (4, 2, 3, 1, 2, -1.5, True),
    ):
        image = random.random((7, 6, depth)).astype("float32")
        kernel = random.integers(-3, 4, (k, k, depth)).astype(float)
        settings = {"padding": padding, "stride": stride, "dilation": dilation, "flip": flip}
        settings["bias"] = bias
        sums, output = by_library_with_channels(image, kernel, **settings)
        outputs.append(
            {
                "image": image.tolist(),
                "kernel": kernel.tolist(),
                "settings": settings,
                "sums": sums.tolist(),
                "output": output.tolist(),
            }
        )
    settings = {"padding": 1, "stride": 1, "dilation": 1, "bias": 7.5, "flip": False}
    image = (10 * random.random((8, 8, 3))).astype("float32")
    kernel = random.integers(-4, 5, (3, 3, 3)).astype(float)
    row, column = 3, 5
    sums, output = by_library_with_channels(image, kernel, **settings)
    sums, truth = sums[:, row, column], output[row, column]
    changes = {"bias": {"bias": 0.0}, "flip": {"flip": True}, "padding": {"padding": 0}}
    typed = [
        ("right", truth),
        *(("channel", one + 7.5) for one in sums),
        ("channel", sums[1]),
        ("biases", truth + 2 * 7.5),
        ("channel-mean", sums.mean() + 7.5),
        ("channel-mean", truth / 3),
        ("row", output[row + 1, column]),
        ("sign", -truth),
        ("mean", (truth - 7.5) / 27 + 7.5),
        ("none", 4321.5),
    ]
    for name, change in changes.items():
        wrong = by_library_with_channels(image, kernel, **settings | change)[1]
        typed.append((name, wrong[row, column]))
    return {
        "outputs": outputs,
        "predict": {
            "image": image.tolist(),
            "kernel": kernel.tolist(),
            "settings": settings,
            "row": row,
            "column": column,
            "guesses": [
                {"typed": round(float(value), 2), "mistake": name} for name, value in typed
            ],
        },
    }


def vectors():
    """Outputs in many settings, and typed values with the mistakes that lead to them."""
    random = np.random.default_rng(7)
    outputs, guesses = [], []
    for rows, columns, k, m in ((6, 8, 3, 3), (7, 7, 2, 4), (9, 5, 1, 1), (12, 11, 5, 5)):
        for padding, stride, dilation, bias, flip in (
            (0, 1, 1, 0.0, False),
            (1, 1, 1, 0.5, False),
            (2, 2, 1, 0.0, True),
            (4, 3, 2, -1.25, True),
        ):
            image = random.random((rows, columns)).astype("float32")
            kernel = random.integers(-3, 4, (k, m)).astype(float)
            settings = {
                "padding": padding,
                "stride": stride,
                "dilation": dilation,
                "bias": bias,
                "flip": flip,
            }
            outputs.append(
                {
                    "image": image.tolist(),
                    "kernel": kernel.tolist(),
                    "settings": settings,
                    "output": by_library(image, kernel, **settings).tolist(),
                }
            )
    settings = {"padding": 2, "stride": 2, "dilation": 2, "bias": 6.5, "flip": True}
    image = (10 * random.random((12, 12))).astype("float32")
    kernel = np.array([[3.0, -1, 2], [0, -4, 5], [1, 7, -2]])
    row, column = 2, 1
    mistakes = {
        "bias": {"bias": 0.0},
        "flip": {"flip": False},
        "padding": {"padding": 1},
        "stride": {"stride": 1},
        "dilation": {"dilation": 1},
    }
    wrong = {
        name: by_library(image, kernel, **settings | change)[row, column]
        for name, change in mistakes.items()
    }
    truth = by_library(image, kernel, **settings)
    wrong |= {"row": truth[row + 1, column], "column": truth[row, column - 1]}
    wrong |= {"sign": -truth[row, column], "mean": (truth[row, column] - 6.5) / 9 + 6.5}
    for mistake, typed in (wrong | {"right": truth[row, column], "none": 1234.5}).items():
        guesses.append({"typed": round(float(typed), 2), "mistake": mistake})
    lesson = {
        "image": image.tolist(),
        "kernel": kernel.tolist(),
        "settings": settings,
        "row": row,
        "column": column,
        "guesses": guesses,
    }
    sizes = [
        {"n": n, "k": k, "padding": p, "stride": s, "dilation": d}
        | {"size": max(0, (n + 2 * p - d * (k - 1) - 1) // s + 1)}
        for n in (5, 28, 70, 120)
        for k in (1, 3, 7)
        for p, s, d in ((0, 1, 1), (3, 2, 1), (1, 2, 2), (0, 3, 4))
    ]
    channels = vectors_with_channels(random)
    return {"outputs": outputs, "predict": lesson, "sizes": sizes, "channels": channels}


def test_the_table_is_what_the_libraries_compute():
    stored, fresh = tables.load("convolution_stepper"), vectors()
    for kept, made in zip(stored["outputs"], fresh["outputs"], strict=True):
        assert kept["settings"] == made["settings"]
        assert np.allclose(kept["output"], made["output"])
        assert np.allclose(
            correlate(kept["image"], kept["kernel"], **kept["settings"]), kept["output"]
        )
    assert stored["predict"] == fresh["predict"] and stored["sizes"] == fresh["sizes"]
    assert len({guess["typed"] for guess in stored["predict"]["guesses"]}) == 11
    assert stored["channels"]["predict"] == fresh["channels"]["predict"]
    assert len({guess["typed"] for guess in stored["channels"]["predict"]["guesses"]}) == 15
    for kept, made in zip(stored["channels"]["outputs"], fresh["channels"]["outputs"], strict=True):
        assert kept["settings"] == made["settings"]
        assert np.allclose(kept["sums"], made["sums"])
        assert np.allclose(kept["output"], made["output"])
        assert np.allclose(
            correlate(kept["image"], kept["kernel"], **kept["settings"]), kept["output"]
        )


def test_sizes_of_the_lesson():
    for padding, stride, size in ((0, 1, (64, 114)), (3, 1, (70, 120)), (3, 2, (35, 60))):
        output = correlate(np.zeros((70, 120)), np.ones((7, 7)), padding=padding, stride=stride)
        assert output.shape == size


@given(
    image=arrays.arrays(
        float, st.tuples(*[st.integers(5, 12)] * 2), elements=st.floats(-2, 2, width=32)
    ),
    kernel=arrays.arrays(
        float, st.tuples(*[st.integers(1, 3)] * 2), elements=st.floats(-3, 3, width=32)
    ),
    padding=st.integers(0, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    bias=st.floats(-2, 2),
    flip=st.booleans(),
)
def test_it_computes_what_scipy_does(image, kernel, **settings):
    expected = by_library(image, kernel, **settings)
    assert np.allclose(correlate(image, kernel, **settings), expected, atol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"padding": "same"}, {"stride": 2}, {"dilation": 2}])
def test_it_computes_what_keras_does(settings):
    import keras

    random = np.random.default_rng(0)
    image, kernel = random.random((9, 10)), random.normal(size=(3, 3))
    named = {"stride": "strides", "dilation": "dilation_rate"}
    layer = keras.layers.Conv2D(1, 3, **{named.get(k, k): v for k, v in settings.items()})
    layer.build((None, 9, 10, 1))
    layer.set_weights([kernel[:, :, None, None], np.array([0.25])])
    theirs = keras.ops.convert_to_numpy(layer(image[None, :, :, None].astype("float32")))[
        0, :, :, 0
    ]
    stepper = ConvolutionStepper(image, kernel, bias=0.25, **settings)
    assert np.allclose(stepper.output, theirs, atol=1e-5)


def test_what_the_browser_changes_is_read_here():
    stepper = ConvolutionStepper(np.arange(16).reshape(4, 4), np.ones((2, 2)))
    stepper.kernel = [[0, 0], [0, 1]]
    stepper.stride = 2
    assert stepper.output.tolist() == [[5, 7], [13, 15]]


def test_fewer_positions_leave_it_at_the_last():
    stepper = ConvolutionStepper(np.eye(9), np.ones((3, 3)), position=48)
    stepper.stride = 2
    assert stepper.output.shape == (4, 4) and stepper.position == 15
    stepper.picture()
    stepper.position = 99
    assert stepper.position == 15
    stepper.dilation = 4  # spans all nine pixels: one position
    assert stepper.position == 0
    stepper.image = packed(np.eye(5))
    assert "doesn't fit" in stepper.picture().get_suptitle()


def test_a_kernel_may_be_set_as_an_array_of_the_same_shape():
    stepper = ConvolutionStepper(np.eye(9), np.ones((3, 3)))
    stepper.kernel = np.eye(3)
    assert stepper.kernel == np.eye(3).tolist()
    for kernel, says in (
        ([[1, 2], [3]], "equally long"),
        ("abc", "rows of numbers"),
        ([], "expected a table"),
        (np.ones((2, 2)), r"shape \(2, 2\) and the stepper's \(3, 3\)"),
        ([[np.inf] * 3] * 3, "finite"),
    ):
        with pytest.raises(ValueError, match=says):
            stepper.kernel = kernel
    with pytest.raises(ValueError, match="bias is nan"):
        stepper.bias = float("nan")
    assert stepper.kernel == np.eye(3).tolist()


def test_its_output_has_a_picture():
    stepper = ConvolutionStepper(np.eye(6), np.ones((3, 3)), padding="same", position=7)
    data, metadata = stepper._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == stepper.model_id
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size[0] == metadata["image/png"]["width"] <= 9 * 72
    assert np.asarray(picture.convert("L")).std() > 20


def test_the_picture_shows_window_products_and_output_so_far():
    image = np.arange(16).reshape(4, 4) / 16
    stepper = ConvolutionStepper(image, [[0, 1], [2, 3]], stride=2, bias=0.5, position=1)
    figure = stepper.picture()
    left, middle, right = figure.axes[:3]
    assert left.patches[-1].get_xy() == (1.5, -0.5)
    assert "= 0.19\n" not in middle.texts[0].get_text() and middle.texts[1].get_text() == (
        "0.19\n× 1\n= 0.19"
    )
    assert middle.get_title() == f"4 products, their sum and +0.5: {stepper.output[0, 1]:+.2f}"
    assert right.get_title() == "output 2 of 4: row 0, column 1"
    assert right.images[0].get_array().mask.tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((np.zeros((3, 3, 3)), np.ones((2, 2))), {}, r"image has shape \(3, 3, 3\).*Turn colours"),
        ((np.zeros((200, 3)), np.ones((2, 2))), {}, "at most 128"),
        ((np.zeros((9, 9)), np.ones((8, 8))), {}, "kernel has shape .* at most 7"),
        ((np.full((9, 9), np.nan), np.ones((3, 3))), {}, "finite"),
        ((np.zeros((2, 2)), np.ones((3, 3))), {}, r"spans 3 × 3 .* has 2 × 2; take more padding"),
        ((np.zeros((9, 9)), np.ones((2, 2))), {"padding": "same"}, "give a number of pixels"),
        (
            (np.zeros((9, 9)), np.ones((3, 3))),
            {"padding": "full"},
            "padding.*'full'.* 0 to 8.*'same'",
        ),
        ((np.zeros((9, 9)), np.ones((3, 3))), {"padding": 9}, "padding.* 9 .* 0 to 8"),
        ((np.zeros((3, 3)), np.ones((3, 3))), {"position": 1}, "none of the 1 positions"),
    ],
)
def test_bad_input_is_named(arguments, options, says):
    with pytest.raises(ValueError, match=says):
        ConvolutionStepper(*arguments, **options)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("settings", [{}, {"padding": "same"}, {"stride": 2}, {"dilation": 2}])
def test_with_channels_it_computes_what_keras_does(settings, depth):
    import keras

    random = np.random.default_rng(depth)
    image, kernel = random.random((9, 10, depth)), random.normal(size=(3, 3, depth))
    named = {"stride": "strides", "dilation": "dilation_rate"}
    layer = keras.layers.Conv2D(1, 3, **{named.get(k, k): v for k, v in settings.items()})
    layer.build((None, 9, 10, depth))
    layer.set_weights([kernel[:, :, :, None], np.array([0.25])])
    (theirs,) = keras.ops.convert_to_numpy(layer(image[None].astype("float32")))
    stepper = ConvolutionStepper(image, kernel, bias=0.25, **settings)
    assert theirs.shape == (*stepper.output.shape, 1)  # one kernel, one map
    assert np.allclose(stepper.output, theirs[:, :, 0], atol=1e-5)


def test_all_channels_flip():
    random = np.random.default_rng(4)
    image, kernel = random.random((6, 6, 3)), random.normal(size=(3, 2, 3))
    flipped = ConvolutionStepper(image, kernel, flip=True).output
    turned = ConvolutionStepper(image, kernel[::-1, ::-1]).output
    assert np.allclose(flipped, turned)
    assert not np.allclose(flipped, ConvolutionStepper(image, kernel).output)


def test_one_channel_is_a_table():
    image, kernel = np.arange(16).reshape(4, 4), [[0, 1], [2, 3]]
    plain = ConvolutionStepper(image, kernel)
    deep = ConvolutionStepper(image[:, :, None], np.array(kernel)[:, :, None])
    half = ConvolutionStepper(image[:, :, None], kernel)
    assert plain.get_state(plain.keys).keys() == deep.get_state(deep.keys).keys()
    for other in (deep, half):
        assert other.image == plain.image == packed(image)
        assert other.kernel == plain.kernel == kernel and other.channels == ()
        assert other.alt == plain.alt
    deep.kernel = np.ones((2, 2, 1))
    assert deep.kernel == [[1, 1], [1, 1]]


def test_channels_have_names():
    image, kernel = np.zeros((5, 5, 3)), np.ones((2, 2, 3))
    stepper = ConvolutionStepper(image, kernel)
    assert stepper.channels == ("red", "green", "blue") and "red, green and blue" in stepper.alt
    two = ConvolutionStepper(image[:, :, :2], kernel[:, :, :2])
    assert two.channels == ("channel 0", "channel 1")
    named = ConvolutionStepper(image, kernel, channels=("L", "a", "b"))
    assert named.channels == ("L", "a", "b") and named.image["channels"] == ["L", "a", "b"]
    for channels in ("rgb", ("a", "b"), ("a", "a", "b"), ("a", "", "b"), ("a", "b", 3)):
        with pytest.raises(ValueError, match="channels is"):
            ConvolutionStepper(image, kernel, channels=channels)


def test_what_the_browser_changes_with_channels_is_read_and_checked_here():
    stepper = ConvolutionStepper(np.ones((4, 4, 2)), np.ones((2, 2, 2)), position=8)
    edited = np.ones((2, 2, 2))
    edited[0, 0, 1] = 5
    stepper.kernel = edited.tolist()
    assert np.array_equal(stepper.kernel, edited) and (stepper.output == 12).all()
    for kernel, says in (
        (np.ones((2, 2)), r"shape \(2, 2\) and the stepper's \(2, 2, 2\)"),
        (np.ones((2, 2, 3)), r"shape \(2, 2, 3\) and the stepper's \(2, 2, 2\)"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "equally long"),
        (np.full((2, 2, 2), np.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=says):
            stepper.kernel = kernel
    assert np.array_equal(stepper.kernel, edited)
    stepper.stride = 2
    assert stepper.position == 3
    with pytest.raises(ValueError, match="one channel"):
        stepper.image = packed(np.ones((4, 4)))
    stepper.image = packed(np.zeros((3, 3, 2)))
    assert stepper.output.tolist() == [[0]]
    assert stepper.channels == ("channel 0", "channel 1")


def test_the_picture_shows_every_channel_and_one_map():
    random = np.random.default_rng(3)
    image, kernel = random.random((5, 5, 3)).round(2), random.integers(-2, 3, (2, 3, 3))
    stepper = ConvolutionStepper(image, kernel, bias=0.5, position=6, channels=["A", "B", "C"])
    figure = stepper.picture()
    *rows, output = figure.axes
    assert len(rows) == 9
    row, column = 2, 0
    for channel, name in enumerate("ABC"):
        window, products, beside = rows[3 * channel : 3 * channel + 3]
        assert name in window.get_title() and name in products.get_title()
        assert window.patches[-1].get_xy() == (column - 0.5, row - 0.5)
        pixels = image[row : row + 2, column : column + 3, channel]
        weights = kernel[:, :, channel]
        shown = [text.get_text().replace("−", "-") for text in products.texts]
        for pixel, weight, text in zip(pixels.flat, weights.flat, shown, strict=True):
            assert text == f"{pixel:.2f}\n× {weight:.3g}\n= {pixel * weight + 0.0:.2f}"
        total = f"{(pixels * weights).sum():.2f}".replace("-", "−")
        assert beside.texts[1].get_text() == total
        assert total.lstrip("−") in output.get_title()
    value = f"= {stepper.output[row, column]:.2f}".replace("-", "−")
    assert value in output.get_title() and "bias" in output.get_title()
    assert output.images[0].get_array().mask.sum() == 12 - 7
    assert len(stepper.picture([0, 6]).axes) == 20
    stepper.position = 0
    liveliest = int(np.argmax(np.abs(stepper.output)))
    assert liveliest > 0 and f"{liveliest + 1} of 12" in stepper.picture().axes[-1].get_title()


def test_of_wide_kernels_the_picture_of_channels_has_the_products_alone():
    image = np.full((7, 7, 2), 0.5)
    for columns, shown in ((4, ["1.00"] * 4), (6, [])):
        stepper = ConvolutionStepper(image, np.full((1, columns, 2), 2.0))
        assert [text.get_text() for text in stepper.picture().axes[1].texts] == shown


def test_its_output_with_channels_has_a_picture():
    for depth in (2, 4):
        stepper = ConvolutionStepper(np.ones((6, 6, depth)), np.ones((7, 7, depth)), padding=1)
        data, metadata = stepper._repr_mimebundle_()
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
        assert picture.size[0] == metadata["image/png"]["width"] <= 9 * 72
        assert f"7 × 7 × {depth} kernel" in metadata["image/png"]["alt"]
        stepper.image = packed(np.ones((3, 3, depth)))
        figure = stepper.picture()
        assert "doesn't fit" in figure.get_suptitle() and len(figure.axes) == 1 + depth


@pytest.mark.parametrize(
    ("image", "kernel", "says"),
    [
        ((9, 9, 3), (3, 3), r"\(9, 9, 3\).*\(3, 3\).*\(3, 3, 3\).*np.stack"),
        ((9, 9, 3), (3, 3, 4), r"\(9, 9, 3\).*\(3, 3, 4\).*\(3, 3, 3\)"),
        ((9, 9), (3, 3, 3), r"\(9, 9\).*\(3, 3, 3\).*one channel"),
        ((9, 9, 5), (3, 3, 5), r"5 channels.* 4 at most"),
        ((3, 9, 9), (3, 3, 9), r"9 channels.*come last"),
        ((1, 9, 9, 3), (3, 3, 3), "of a batch"),
        ((9, 9, 3), (3, 3, 3, 16), "a layer's kernels, take one"),
        ((129, 9, 3), (3, 3, 3), "at most 128"),
        ((9, 9, 3), (8, 3, 3), "at most 7"),
    ],
)
def test_shapes_that_dont_belong_together_are_named(image, kernel, says):
    with pytest.raises(ValueError, match=says):
        ConvolutionStepper(np.zeros(image), np.zeros(kernel))
