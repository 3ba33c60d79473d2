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
    return {"outputs": outputs, "predict": lesson, "sizes": sizes}


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
