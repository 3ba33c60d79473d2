"""The pad against models with hand-set weights, SciPy and MNIST itself; its table of vectors."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy import ndimage
from scipy.optimize import lsq_linear
from scipy.signal import correlate2d
from scipy.special import expit, logit, softmax

from course import data
from course.instruments import DigitPad
from course.instruments.base import unpacked
from course.instruments.digit_pad import flip, in_corners, log_odds, single_flips
from tools import vectors as tables

DIGITS = arrays.arrays("uint8", (28, 28), elements=st.sampled_from([0, 1, 127, 128, 200, 255]))


# --- the table ------------------------------------------------------------------------------------


def covered(start, end, radius):
    """The share of each pixel that a pen covers, its distances to the way by least squares."""
    start, end = np.array(start, float), np.array(end, float)
    centres = np.stack(np.meshgrid(np.arange(28) + 0.5, np.arange(28) + 0.5), axis=-1)
    shares = np.zeros((28, 28))
    near = np.minimum(
        np.linalg.norm(centres - (start + end) / 2, axis=-1) - np.linalg.norm(end - start) / 2, 99
    )
    for row, column in np.argwhere(near < radius + 1):
        offset = centres[row, column] - start
        if (start != end).any():
            # Solved to the last digits; the default stops at 1e-10 of the cost.
            found = lsq_linear((end - start)[:, None], offset, bounds=(0, 1), tol=1e-15)
            offset = offset - found.x * (end - start)
        shares[row, column] = np.clip(radius + 0.5 - np.linalg.norm(offset), 0, 1)
    return shares


def fitted(image):
    """A drawing in a box of 20 × 20: means over areas, as differences of its running sums."""
    rows, columns = np.nonzero(image)
    scale = max(np.ptp(rows) + 1, np.ptp(columns) + 1) / 20
    if scale == 1:
        return image.astype(float)
    edges = scale * (np.arange(29) - 14)
    sums = image.astype(float)
    for axis, places in enumerate((rows, columns)):
        middle = (places.min() + places.max() + 1) / 2
        running = np.insert(np.cumsum(sums, axis), 0, 0, axis)

        def at_edges(line, middle=middle):
            return np.interp(middle + edges, np.arange(29), line)

        sums = np.diff(np.apply_along_axis(at_edges, axis, running), axis=axis) / scale
    return sums


def rounded(values):
    """To whole numbers, halves up, also those that came out short by a rounding error."""
    return np.floor(values + 0.5 + 1e-9)


def centred(image):
    """Fitted, then moved by whole pixels until the centre of mass is on pixel (14, 14)."""
    at_size = rounded(fitted(image))
    away = 14 - np.array(ndimage.center_of_mass(at_size))
    return ndimage.shift(at_size, np.floor(away + 0.5), order=0).astype("uint8")


def embedded_digits():
    _, (x_test, _) = data.load_mnist(n_train=0, source="embedded", verbose=False)
    return x_test[::101]  # one of each class


def drawings():
    """Drawn with the brush: a small 7 in a corner, a 1 as high as the pad, a large 6, a hook."""
    seven = [(2, 3), (8, 3), (5, 12)]
    one = [(17, 4), (20.5, 0.5), (18, 27.5)]
    turns = np.linspace(-0.5, 1.6, 14) * np.pi
    six = [(17, 1), *zip(13 - 9 * np.cos(turns), 19 + 7 * np.sin(turns), strict=True)]
    hook = [(9.2, 20.7), (11, 20.5), (10.6, 23)]
    images = []
    for path in (seven, one, six, hook):
        shares = [covered(*pair, 1.15) for pair in zip(path, path[1:], strict=False)]
        images.append(np.rint(255 * np.max(shares, axis=0)).astype("uint8"))
    return images


def vectors():
    """Coverage of strokes, drawings fitted and centred, MNIST's digits from corners, and flips."""
    strokes = [
        ((3.2, 4.9), (17.6, 9.1), 1.15),
        ((8, 8), (8, 8), 1.8),
        ((25.5, 3), (25.5, 30), 1.15),
        ((-2, 26), (6, 21), 2.5),
    ]
    digits = embedded_digits()
    moved = [in_corners(digit)[k % 4] for k, digit in enumerate(digits)]
    return {
        "strokes": [
            {
                "from": start,
                "to": end,
                "radius": radius,
                "covered": np.round(covered(start, end, radius), 9).ravel().tolist(),
            }
            for start, end, radius in strokes
        ],
        "drawings": [
            {
                "pixels": image.tobytes().hex(),
                "mass": ndimage.center_of_mass(image),
                "fitted": np.round(fitted(image), 8).ravel().tolist(),
                "centred": centred(image).tobytes().hex(),
            }
            for image in drawings()
        ],
        "mnist": [
            {"pixels": image.tobytes().hex(), "centred": digit.tobytes().hex()}
            for image, digit in zip(moved, digits, strict=True)
        ],
        "flipped": [0 if value >= 128 else 255 for value in range(256)],
    }


def test_the_table_is_what_the_libraries_say():
    stored, now = tables.load("digit_pad"), vectors()
    for name in ("strokes", "drawings"):
        for one, other in zip(stored[name], now[name], strict=True):
            assert one.keys() == other.keys()
            for key, value in other.items():
                if isinstance(value, str):
                    assert one[key] == value
                else:
                    assert np.allclose(one[key], value, atol=1e-7)
    assert stored["mnist"] == now["mnist"]
    assert stored["flipped"] == now["flipped"]


def test_mnist_was_centred_this_way():
    """MNIST's digits stay as they are: their box is 20 × 20, their centre of mass in the middle.

    Of the 5,000 embedded ones there is a single exception, whose box is 19 high.
    """
    (x_train, _), (x_test, _) = data.load_mnist(source="embedded", verbose=False)
    digits = np.concatenate([x_train, x_test])
    assert sum(np.array_equal(centred(digit), digit) for digit in digits) == 4999


# --- pixels ---------------------------------------------------------------------------------------


@given(DIGITS, st.integers(0, 27), st.integers(0, 27))
def test_a_flip_changes_one_pixel_to_an_extreme(pixels, row, column):
    flipped = flip(pixels, row, column)
    assert np.argwhere(flipped != pixels).tolist() == [[row, column]]
    assert flipped[row, column] == (0 if pixels[row, column] >= 128 else 255)
    assert np.array_equal(single_flips(pixels)[28 * row + column], flipped)


@given(arrays.arrays("float64", (4, 3), elements=st.floats(-20, 20)))
def test_log_odds_are_scipys_where_scipys_are_exact(outputs):
    probabilities = softmax(outputs, axis=1)
    odds = log_odds(probabilities, 1)
    assert np.allclose(expit(odds), probabilities[:, 1])
    moderate = (probabilities[:, 1] > 1e-6) & (probabilities[:, 1] < 1 - 1e-6)
    assert np.allclose(odds[moderate], logit(probabilities[moderate, 1]), atol=1e-6)


def test_log_odds_tell_apart_what_rounds_to_one():
    sure = np.array([[1.0, 1e-30], [1.0, 1e-20]])
    assert log_odds(sure, 0)[0] > log_odds(sure, 0)[1]


@given(DIGITS.filter(np.any))
def test_corners_hold_the_whole_drawing(pixels):
    for corner in in_corners(pixels):
        assert np.sort(corner[corner > 0]).tolist() == np.sort(pixels[pixels > 0]).tolist()
    rows, columns = np.nonzero(in_corners(pixels)[3])
    assert rows.max() == columns.max() == 27


# --- the pad and its model ------------------------------------------------------------------------

WEIGHTS = np.random.default_rng(4).normal(0, 0.2, (784, 10))
BIASES = np.linspace(-1, 1, 10)


def dense_model(*, activation="softmax", shape=(28, 28, 1), weights=WEIGHTS):
    import keras

    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation=activation),
        ]
    )
    model.layers[-1].set_weights([weights, BIASES])
    return model


def by_hand(images, weights=WEIGHTS):
    return softmax(np.reshape(images, (-1, 784)) / 255 @ weights + BIASES, axis=1)


def a_digit(seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (28, 28)).astype("uint8") * (random.random((28, 28)) < 0.2)


def ask(pad, kind="read", pixels=None, start=None, **more):
    """A question as the front end puts it, and the answer."""
    pixels = pad.pixels if pixels is None else pixels
    start = pixels if start is None else start
    question = {"pixels": pixels.tobytes().hex(), "start": start.tobytes().hex()}
    number = pad.answered + 100
    pad.question = {
        "kind": kind, "view": "v", "layer": pad.layer, "number": number, **question, **more
    }  # fmt: skip
    assert pad.answer["number"] == number
    return pad.answer


@pytest.fixture(scope="module")
def dense():
    return dense_model()


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28)])
@pytest.mark.parametrize("activation", ["softmax", None])
def test_probabilities_are_the_models(activation, shape):
    pad = DigitPad(dense_model(activation=activation, shape=shape))
    assert pad.takes_softmax == (activation is None)
    assert np.allclose([*pad.probabilities.values()], by_hand(np.zeros(784))[0], atol=1e-6)
    pad.pixels = a_digit()
    assert [*pad.probabilities] == [*"0123456789"]
    assert np.allclose([*pad.probabilities.values()], by_hand(a_digit())[0], atol=1e-6)
    assert np.array_equal(pad.pixels, a_digit()) and pad.flipped == 0


def test_it_starts_empty_offers_its_examples_and_names_its_classes(dense):
    names = ["top", *"bcdefghij"]
    pad = DigitPad(dense, examples=np.stack([a_digit(3), a_digit(4)]), names=names)
    assert not pad.pixels.any() and pad.answer["example"] is None
    assert [*pad.probabilities] == names
    answer = ask(pad, "example", index=1)
    assert np.array_equal(pad.pixels, a_digit(4)) and answer["example"] == 1
    assert np.array_equal(unpacked(answer["pixels"]), a_digit(4))
    assert np.array_equal(unpacked(answer["start"]), a_digit(4))


@settings(max_examples=25, deadline=None)
@given(pixels=DIGITS, start=DIGITS)
def test_an_answer_is_about_the_questions_pixels(dense, pixels, start):
    pad = DigitPad(dense)
    answer = ask(pad, pixels=pixels, start=start)
    assert np.allclose(answer["probabilities"], by_hand(pixels)[0], atol=1e-5)
    assert np.allclose(answer["remembered"], by_hand(start)[0], atol=1e-5)
    assert np.array_equal(pad.pixels, pixels) and pad.flipped == (pixels != start).sum()
    assert answer["view"] == "v" and pad.answered == 1


@pytest.mark.parametrize("target", [0, 7])
def test_the_flip_that_hurts_most_is_that(dense, target):
    pad = DigitPad(dense)
    answer = ask(pad, "hurt", pixels=a_digit(), target=target)
    falls = []
    for row in range(28):  # all of them, one by one
        for column in range(28):
            pixels = a_digit()
            pixels[row, column] = 0 if pixels[row, column] >= 128 else 255
            falls.append(by_hand(pixels)[0, target])
    assert answer["hurt"] == {"place": [*divmod(int(np.argmin(falls)), 28)], "target": target}
    assert np.isclose(answer["probabilities"][target], min(falls), rtol=1e-4)
    assert pad.flipped == 1 and pad.probabilities[str(target)] == answer["probabilities"][target]


def test_python_flips_as_the_button_does(dense):
    pad, other = DigitPad(dense), DigitPad(dense)
    pad.pixels = other.pixels = a_digit()
    best = max(pad.probabilities, key=pad.probabilities.get)
    before = pad.probabilities[best]
    assert [*pad.flip_worst()] == ask(other, "hurt", target=int(best))["hurt"]["place"]
    assert pad.flipped == 1 and pad.probabilities[best] < before
    assert pad.answer["view"] == "" and np.array_equal(unpacked(pad.answer["pixels"]), pad.pixels)
    with pytest.raises(ValueError, match="no class has the name 'ten'"):
        pad.flip_worst("ten")


def test_flips_lower_an_answer_that_rounds_to_one():
    """Where float32 says 1.0 for hundreds of flips, the choice still falls on the right one."""
    weights = np.zeros((784, 10))
    weights[100, 3], weights[200, 3], weights[300, 3] = 30, 40, 35
    pad = DigitPad(dense_model(weights=weights))
    pixels = np.zeros(784, "uint8")
    pixels[[100, 200, 300]] = 255
    pad.pixels = pixels.reshape(28, 28)
    assert pad.probabilities["3"] == 1
    assert pad.flip_worst() == divmod(200, 28)


def test_a_training_after_it_was_made_is_seen():
    model = dense_model()
    pad = DigitPad(model)
    model.layers[-1].set_weights([-WEIGHTS, BIASES])
    assert np.allclose(ask(pad, pixels=a_digit())["probabilities"], by_hand(a_digit(), -WEIGHTS)[0])


def test_pixels_are_not_changed_in_place(dense):
    pad = DigitPad(dense)
    with pytest.raises(ValueError, match="read-only"):
        pad.pixels[3, 4] = 255
    digit = a_digit()
    pad.pixels = digit
    digit[:] = 0
    assert pad.pixels.any()


def test_a_question_that_fails_is_answered_and_the_next_one_too(dense):
    pad = DigitPad(dense)
    with pytest.raises(ValueError, match="layer is 'conv'"):
        ask(pad, layer="conv")
    assert "ValueError: layer is 'conv'" in pad.answer["error"]
    assert "error" not in ask(pad, pixels=a_digit())


# --- feature maps ---------------------------------------------------------------------------------

EDGES = np.random.default_rng(1).normal(size=(3, 3, 20))


@pytest.fixture(scope="module")
def nested():
    """A model in a model: 20 kernels, ReLU by itself, and a classifier on top."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    inner = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(20, 3, use_bias=False, name="edges"),
            layers.ReLU(name="relu"),
        ],
        name="inner",
    )
    inner.get_layer("edges").set_weights([EDGES[:, :, None]])
    head = [layers.Conv2D(4, 3, strides=4), layers.Flatten(), layers.Dense(10)]
    return keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), inner, *head, layers.Softmax()]
    )


def maps_of(answer):
    scaled = unpacked(answer["maps"]).astype(float) / 255
    return answer["low"] + scaled * (answer["high"] - answer["low"])


@pytest.mark.parametrize("layer, lowest", [("inner/edges", -np.inf), ("inner/relu", 0)])
def test_maps_are_the_layers(nested, layer, lowest):
    pad = DigitPad(nested, layers=["inner/relu", "edges"])
    assert pad.layers == ["inner/relu", "inner/edges"] and pad.layer == "inner/relu"
    pad.pixels = a_digit()
    pad.layer = layer
    image = a_digit() / 255
    by_scipy = [correlate2d(image, EDGES[:, :, k], "valid") for k in range(20)]
    expected = np.maximum(by_scipy, lowest)
    assert pad.answer["map_count"] == 20 and unpacked(pad.answer["maps"]).shape == (16, 26, 26)
    assert np.isclose(pad.answer["high"], expected.max(), rtol=1e-5)
    step = (pad.answer["high"] - pad.answer["low"]) / 255
    assert np.allclose(maps_of(pad.answer), expected[:16], atol=0.51 * step)


def test_the_convolutions_are_its_layers_and_probabilities_stay(nested):
    pad = DigitPad(nested)
    assert pad.layers == ["inner/edges", nested.layers[2].name] and not pad.takes_softmax
    pad.pixels = a_digit()
    expected = nested(a_digit()[None, :, :, None].astype("float32")).numpy()[0]
    assert np.allclose([*pad.probabilities.values()], expected, atol=1e-6)
    with pytest.raises(ValueError, match="layer is 'pool'; give one of"):
        pad.layer = "pool"


def test_a_network_without_convolutions_has_no_maps(dense):
    pad = DigitPad(dense)
    assert pad.layers == [] and pad.layer == "" and pad.answer["map_count"] == 0
    assert len(pad.picture().axes) == 6


# --- what it refuses ------------------------------------------------------------------------------


def model_of(shape, units=10):
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Dense(units)]
    return keras.Sequential([keras.Input(shape), *layers] if shape else layers)


@pytest.mark.parametrize(
    "shape, units, said",
    [
        ((32, 32, 1), 10, r"\(N, 32, 32, 1\).*\(N, 28, 28, 1\)"),
        ((28, 28, 3), 10, r"\(N, 28, 28, 3\)"),
        ((784,), 10, r"\(N, 784\)"),
        ((28, 28, 1), 7, r"\(N, 7\).*\b10 names.*\(N, 10\)"),
        (None, 10, r"'sequential.*keras\.Input"),
    ],
)
def test_models_that_do_not_fit(shape, units, said):
    with pytest.raises(ValueError, match=said):
        DigitPad(model_of(shape, units))


def test_a_model_that_puts_out_maps_is_no_classifier():
    import keras

    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(10, 3)])
    with pytest.raises(ValueError, match=r"\(N, 26, 26, 10\)"):
        DigitPad(model)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"model": "convnet"}, r"str.*keras\.Model"),
        ({"names": "0123"}, r"\(N, 10\).*\b4 names"),
        ({"names": "0123456788"}, "names.*'8', '8'"),
        ({"layers": ["conv"]}, "'conv'.*flat"),
        ({"layers": ["flat"]}, r"'flat'.*\(N, 784\)"),
        ({"examples": np.zeros((5, 28, 28))}, r"examples.*float64.*\(5, 28, 28\).*uint8"),
        ({"examples": np.zeros((5, 784), "uint8")}, r"\(5, 784\).*\(N, 28, 28\)"),
        ({"examples": np.zeros((0, 28, 28), "uint8")}, "examples"),
    ],
)
def test_arguments_that_do_not_fit(dense, options, said):
    import keras

    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(name="flat"), keras.layers.Dense(10)]
    )
    with pytest.raises(ValueError, match=said):
        DigitPad(**{"model": model} | options)


def test_a_network_gone_astray():
    with pytest.raises(ValueError, match="no finite numbers"):
        DigitPad(dense_model(weights=np.full((784, 10), np.nan)))


@pytest.mark.parametrize(
    "image, said",
    [
        (np.zeros((28, 27)), r"\(28, 27\).*\(28, 28\)"),
        (np.full((28, 28), "0"), "<U1"),
        (np.full((28, 28), 0.5), r"0\.5 to 0\.5"),
        (np.full((28, 28), -1), "-1 to -1.*0.*255"),
        (np.full((28, 28), 256), "256 to 256.*0.*255"),
        (np.full((28, 28), np.nan), "nan to nan"),
    ],
)
def test_pixels_that_do_not_fit(dense, image, said):
    pad = DigitPad(dense, examples=a_digit()[None])
    with pytest.raises(ValueError, match=said):
        pad.pixels = image
    assert not pad.pixels.any()


# --- the picture ----------------------------------------------------------------------------------


def title(figure):
    return figure.get_suptitle()


def test_the_picture_says_how_many_flips_it_took():
    """Each light pixel speaks for a 3, and four of five have to go before it is a 5."""
    weights = np.zeros((784, 10))
    weights[[300, 301, 302, 303, 304], 3] = 2
    model = dense_model(weights=weights, activation=None)
    model.layers[-1].set_weights([weights, 3.0 * (np.arange(10) == 5)])
    digit = np.zeros(784, "uint8")
    digit[300:305] = 255
    pad = DigitPad(model, examples=digit.reshape(1, 28, 28))
    assert title(pad.picture()) == (
        "4 flipped pixels turn 3 into 5; moved into a corner, it is taken for 5"
    )
    pad.pixels = digit.reshape(28, 28)
    found = pad.search_flips(pad.pixels)
    assert (found != pad.pixels).sum() == 4 and (found.ravel()[300:305] == 0).sum() == 4
    assert pad.flipped == 0  # the search is not the pad's


def test_the_picture_says_when_it_did_not_succeed():
    weights = np.zeros((784, 10))
    weights[:, 3] = 0.001
    model = dense_model(weights=weights)
    model.layers[-1].set_weights([weights, 5.0 * (np.arange(10) == 3)])
    pad = DigitPad(model, examples=a_digit()[None])
    assert "8 flipped pixels take 3 from 9" in title(pad.picture())
    assert title(pad.picture()).endswith("moved into a corner, it is still 3")


def test_the_output_has_a_picture_for_readers_without_a_kernel(nested):
    pad = DigitPad(nested)  # an empty pad shows one of MNIST's digits
    bundle, metadata = pad._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.width == metadata["image/png"]["width"] <= 9 * 72
    assert np.asarray(picture.convert("L")).std() > 20
    assert not pad.pixels.any()
