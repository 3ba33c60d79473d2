"""The lens: fields by hand and as measured, answers, and what the browser computes."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from small_networks import lesson_network

from course import explain
from course.explain import Field
from course.instruments.base import unpacked
from course.instruments.lens import Lens, pixels_shown
from tools.vectors import load

FIELDS = [  # Field, the image's sides
    (Field((3, 3), (1, 1), (0, 0), (18, 13)), (20, 15)),
    (Field((18, 18), (4, 4), (0, 0), (34, 34)), (150, 150)),
    (Field((7, 11), (2, 4), (-2, -2), (16, 8)), (32, 30)),  # "same" and stride 2: not symmetric
    (Field((491, 491), (32, 32), (-214, -214), (3, 3)), (96, 96)),
    (None, (21, 14)),
]
UNITS_WITHOUT_FIELD = (6, 5)


def nearest_units(middles, pixels):
    """Of the middles nearest to each pixel the last, tried out."""
    far = np.abs(np.asarray(middles)[None] - np.asarray(pixels)[:, None])
    return [int(np.flatnonzero(np.isclose(row, row.min()))[-1]) for row in far]


def field_table():
    table = []
    for field, sides in FIELDS:
        units = field.units if field else UNITS_WITHOUT_FIELD
        axes = []
        for axis in (0, 1):
            pixels = list(range(0, sides[axis], max(1, sides[axis] // 13)))
            if field:
                size, jump, start = (one[axis] for one in field[:3])
                starts = start + jump * np.arange(units[axis])
                middles = [np.arange(s, s + size).mean() for s in starts]
            else:
                middles = [(k + 0.5) * sides[axis] / units[axis] - 0.5 for k in range(units[axis])]
            found = nearest_units(middles, pixels)
            one = {"pixels": pixels, "units": found, "middles": [float(m) for m in middles]}
            if field:
                inside = [
                    np.intersect1d(np.arange(s, s + size), np.arange(sides[axis])) for s in starts
                ]
                one["box"] = [[int(s), int(s + size)] for s in starts]
                one["clipped"] = [[int(i[0]), int(i[-1]) + 1] for i in inside]
            axes.append(one)
        table.append({"field": field, "units": units, "sides": sides, "axes": axes})
    return table


def vectors():
    """Places and fields tried out; resizing by scikit-image; laying over by `explain.overlay`."""
    import matplotlib
    from skimage.transform import resize

    random = np.random.default_rng(11)
    resized = []
    for shape, size in (((3, 4), (7, 9)), ((5, 5), (5, 5)), ((6, 7), (4, 3)), ((1, 1), (2, 3))):
        heat = random.normal(size=shape).round(4).astype(np.float32)
        found = resize(heat, size, order=1, mode="edge", anti_aliasing=False)
        resized.append({"heat": heat.tolist(), "size": size, "resized": found.tolist()})
    overlays = []
    image = random.integers(0, 256, (8, 9, 3)).astype(np.uint8)
    for shape, opacity in (((3, 4), 0.7), ((8, 9), 0.35), ((2, 2), 1.0), ((3, 3), 0.0)):
        heat = random.random(shape).round(4).astype(np.float32)
        found = explain.overlay(image, heat, opacity=opacity, colours="viridis")
        overlays.append({"heat": heat.tolist(), "opacity": opacity, "overlay": found.tolist()})
    strongest = random.integers(-3, 4, (5, 6))
    return {
        "fields": field_table(),
        "resized": resized,
        "image": image.tolist(),
        "colours": matplotlib.colormaps["viridis"](np.arange(256))[:, :3].round(6).tolist(),
        "overlays": overlays,
        "strongest": {
            "values": strongest.tolist(),
            "place": [int(k) for k in np.unravel_index(strongest.argmax(), strongest.shape)],
        },
    }


def test_the_stored_table_is_what_the_libraries_compute():
    stored, now = load("lens"), vectors()
    for name in ("image", "colours"):
        assert np.allclose(stored[name], now[name])
    for name, entry in (("resized", "resized"), ("overlays", "overlay")):
        for one, other in zip(stored[name], now[name], strict=True):
            assert np.allclose(one[entry], other[entry], atol=1e-6)
    assert stored["strongest"] == now["strongest"]
    for one, other in zip(stored["fields"], now["fields"], strict=True):
        for axis, same in zip(one["axes"], other["axes"], strict=True):
            assert axis == same


def test_python_finds_the_units_and_boxes_of_the_table():
    for one in load("lens")["fields"]:
        if not one["field"]:
            continue
        field = Field(*map(tuple, one["field"]))
        rows, columns = one["axes"]
        for pixel, unit in zip(rows["pixels"], rows["units"], strict=True):
            assert field.unit_at(pixel, 0)[0] == unit
        for pixel, unit in zip(columns["pixels"], columns["units"], strict=True):
            assert field.unit_at(0, pixel)[1] == unit
        for unit, (start, end) in enumerate(rows["box"]):
            assert field.box(unit, 0)[::2] == (start, end)
        for unit, (start, end) in enumerate(columns["box"]):
            assert field.box(0, unit)[1::2] == (start, end)


# ---- receptive fields ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(3)
    return lesson_network()


IMAGES = {
    "cat": np.random.default_rng(1).integers(0, 256, (50, 62, 3)).astype(np.uint8),
    "dog": np.random.default_rng(2).integers(0, 256, (46, 46, 3)).astype(np.uint8),
}


@pytest.fixture
def calls():
    return []


@pytest.fixture
def lens(network, calls):
    def counted(model, images, targets):
        calls.append(targets.tolist())
        return images[..., 0] * 1.0 - 100 * targets[:, None, None]

    methods = {"Grad-CAM": lambda model, x, y: explain.grad_cam(model, x, target=y), "red": counted}
    return Lens(network, IMAGES, classes=("cat", "dog"), methods=methods)


def test_it_begins_with_the_liveliest_channel_and_the_networks_answer(lens, network):
    assert lens.layers == ["relu1", "relu2", "relu3", "relu4"]
    assert lens.channels == {"relu1": 4, "relu2": 5, "relu3": 6, "relu4": 6}
    assert (lens.image, lens.layer, lens.method, lens.opacity) == ("cat", "relu1", "Grad-CAM", 0.7)
    maps = explain.feature_maps(network, IMAGES["cat"], lens.layers)
    assert lens.channel == maps["relu1"].std(axis=(0, 1)).argmax()
    dog = float(network(IMAGES["dog"][None])[0, 0])
    assert lens.says["dog"] == [
        ["cat", "dog"][dog > 0.5],
        pytest.approx(max(dog, 1 - dog), abs=1e-5),
    ]
    assert lens.explained == lens.says["cat"][0]
    assert lens.fields["dog"]["relu4"] == [[38, 38], [8, 8], [0, 0], [2, 2]]
    assert np.array_equal(unpacked(lens.pictures[1]["pixels"]), IMAGES["dog"])


def test_the_unit_its_activation_and_its_field(lens, network):
    maps = explain.feature_maps(network, IMAGES["dog"], lens.layers)
    lens.image, lens.layer, lens.channel, lens.place = "dog", "relu3", 5, [30, 5]
    lens.layer = "relu2"  # has no channel 5
    assert lens.channel == maps["relu2"].std(axis=(0, 1)).argmax()
    lens.channel, lens.layer = 2, "relu3"
    assert lens.channel == 2
    assert lens.field == Field((18, 18), (4, 4), (0, 0), (8, 8))
    assert lens.unit == (5, 0)  # the middles are at 8.5, 12.5, ...: 28.5 is nearest to 30
    assert lens.activation == pytest.approx(maps["relu3"][5, 0, 2], abs=1e-6)


def test_a_question_for_a_map(lens, network):
    maps = explain.feature_maps(network, IMAGES["dog"], ["relu2"])["relu2"]
    answer = lens.respond({"what": "maps", "image": "dog", "layer": "relu2", "channel": 3})
    assert np.allclose(unpacked(answer["map"]), maps[..., 3], atol=1e-6)
    order = np.argsort(-maps.std(axis=(0, 1)))
    assert answer["order"] == order.tolist()
    first = maps[..., order[0]]
    small = 255 * (first - first.min()) / np.ptp(first)
    assert np.abs(unpacked(answer["small"])[0] - small).max() <= 0.51
    best = lens.respond({"what": "maps", "image": "dog", "layer": "relu2", "channel": None})
    assert best["channel"] == order[0]


def test_large_maps_have_small_pictures(network):
    images = {"large": np.random.default_rng(0).random((130, 90, 3)).astype(np.float32)}
    lens = Lens(network, images, layers=["relu1"], methods={})
    answer = lens.respond({"what": "maps", "image": "large", "layer": "relu1", "channel": 0})
    assert unpacked(answer["map"]).shape == (128, 88)
    assert unpacked(answer["small"]).shape == (4, 32, 22)
    assert len(answer["map"]["data"]) + len(answer["small"]["data"]) < 50e3


def test_a_question_for_heat(lens, network):
    for number, name in enumerate(("cat", "dog")):
        asked = {"what": "heat", "image": "dog", "method": "Grad-CAM", "class": name}
        answer = lens.respond(asked)
        theirs = explain.grad_cam(network, IMAGES["dog"], target=number)
        assert np.allclose(unpacked(answer["heat"]), theirs, atol=1e-7)
        assert np.array_equal(unpacked(answer["shown"]), unpacked(answer["heat"]))
        assert {name: answer[name] for name in asked} == asked


def test_heat_as_fine_as_the_image_is_blurred_to_be_seen_and_read_as_it_is(lens):
    from skimage.filters import gaussian

    answer = lens.respond({"what": "heat", "image": "dog", "method": "red", "class": "dog"})
    heat = IMAGES["dog"][..., 0] - 100.0
    assert np.array_equal(unpacked(answer["heat"]), heat.astype(np.float32))
    shown = gaussian(np.maximum(heat, 0), 1.5)
    assert np.allclose(unpacked(answer["shown"]), shown, atol=1e-3)
    theirs = explain.overlay(IMAGES["dog"], shown, opacity=0.4, colours="viridis")
    ours = lens.laid_over("dog", "red", "dog", 0.4)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_method_is_asked_once_for_each_image_and_class(lens, calls):
    for name in ("dog", "cat", "dog", "cat"):
        lens.respond({"what": "heat", "image": "dog", "method": "red", "class": name})
    assert calls == [[1], [0]]
    lens.respond({"what": "heat", "image": "cat", "method": "red", "class": "cat"})
    assert calls == [[1], [0], [0]]


def test_maps_are_kept_within_bounds(lens, monkeypatch):
    asked = []
    theirs = explain.feature_maps
    monkeypatch.setattr(explain, "feature_maps", lambda *a, **k: asked.append(1) or theirs(*a, **k))
    question = {"what": "maps", "layer": "relu1", "channel": 0}
    for image in ("cat", "dog", "cat", "dog"):
        lens.respond(question | {"image": image})
    assert len(asked) == 1  # the cat's are there from the beginning
    monkeypatch.setattr("course.instruments.lens.MAPS_BYTES", 1)
    lens._maps.clear()
    for image in ("cat", "dog", "cat"):
        lens.respond(question | {"image": image})
    assert len(asked) == 4 and list(lens._maps) == ["cat"]


def test_an_answer_carries_its_number_and_an_error_is_said(lens):
    lens.question = {"what": "maps", "image": "dog", "layer": "relu1", "channel": 1, "number": 7}
    assert lens.answer["number"] == 7 and lens.answer["channel"] == 1
    with pytest.raises(ValueError):
        lens.question = {
            "what": "heat",
            "image": "dog",
            "method": "blue",
            "class": "cat",
            "number": 8,
        }
    assert lens.answer["number"] == 8
    assert "method is 'blue'; give one of 'Grad-CAM', 'red'" in lens.answer["error"]  # in words


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"what": "maps", "image": "cow", "layer": "relu1"}, "image.*'cow'.*'cat', 'dog'"),
        ({"what": "maps", "image": "cat", "layer": "conv1"}, "layer.*'conv1'.*'relu1'"),
        ({"what": "maps", "image": "cat", "layer": "relu1", "channel": 4}, " 4 .* 0 to 3.*'relu1'"),
        ({"what": "heat", "image": "cat", "method": "red", "class": "cow"}, "'cow'.*'cat', 'dog'"),
        ({"what": "weather"}, "'weather'.*maps.*heat"),
    ],
)  # fmt: skip
def test_a_bad_question_is_named(lens, question, says):
    with pytest.raises(ValueError, match=says):
        lens.respond(question)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("layer", "conv9", "layer.*'conv9'.*'relu4'"),
        ("image", "cow", "image.*'cow'.*'cat', 'dog'"),
        ("method", "blue", "method.*'blue'.*'red'"),
        ("explained", "cow", "explained.*'cow'.*'cat', 'dog'"),
        ("channel", 4, "channel.* 4 .* 0 to 3"),
        ("place", [1], r"place.*\[1\].*\[row, column\]"),
        ("place", [1, float("nan")], "place.*nan"),
        ("opacity", 1.5, r"opacity.* 1\.5\b.* 0 to 1"),
    ],
)
def test_a_bad_choice_is_named(lens, name, value, says):
    with pytest.raises(ValueError, match=says):
        setattr(lens, name, value)


@pytest.mark.parametrize(
    ("images", "options", "says"),
    [
        ([np.zeros((50, 50, 3))], {}, r"images.*list.*\(1, 50, 50, 3\).*dict"),
        ({}, {}, "images.*dict"),
        ({"cat": np.zeros((50, 50))}, {}, r"'cat'.*\(50, 50\)"),
        ({"cat": np.zeros((50, 50, 1))}, {}, r"'cat'.*\(50, 50, 1\).*\(N, N, N, 3\)"),
        ({"cats": np.zeros((2, 50, 50, 3))}, {}, r"'cats'.*\(2, 50, 50, 3\).*\(H, W, 3\)"),
        ({3: np.zeros((50, 50, 3))}, {}, "image 3 .*name"),
        ({"cat": np.zeros((50, 641, 3))}, {}, "'cat'.*50 x 641.* 640 "),
        ({"cat": np.full((50, 50, 3), np.nan)}, {}, "'cat'.*NaN"),
        (IMAGES, {"layers": ["relu9"]}, "'relu9'.*relu1"),
        (IMAGES, {"layers": ["mean"]}, r"'mean'.*\(N, 6\)"),
        (IMAGES, {"layers": []}, r"layers.*\[\]"),
        (IMAGES, {"classes": ["cat"]}, r"classes.*\b1\b.*\b2\b"),
        (IMAGES, {"methods": {"none": 3}}, "methods.*'none': 3.*function"),
        (IMAGES, {"methods": {"batch": lambda m, x, y: x}}, r"'batch'.*\(1, 50, 62, 3\)"),
    ],
)  # fmt: skip
def test_bad_input_is_named(network, images, options, says):
    with pytest.raises(ValueError, match=says):
        Lens(network, images, **options)


def test_a_model_without_classes_has_maps_and_no_heat():
    import keras
    from keras import layers

    convolutions = [layers.Conv2D(3, 3, name="one"), layers.Conv2DTranspose(2, 2, name="two")]
    base = keras.Sequential([keras.Input((20, 20, 1)), *convolutions])
    lens = Lens(base, {"noise": np.random.default_rng(0).normal(size=(20, 20, 1))})
    assert (lens.methods, lens.classes, lens.layers) == ([], [], ["one", "two"])
    assert lens.fields["noise"]["two"] is None
    lens.layer = "two"
    lens.place = [19, 0]
    assert lens.field is None and lens.unit == (18, 0)  # 19 units on 20 pixels
    assert len(lens.picture().axes) == 2  # the one layer whose field is known
    with pytest.raises(ValueError, match="methods"):
        Lens(base, {"noise": np.zeros((20, 20, 1))}, methods={"any": print})


def test_equal_names_of_classes_are_told_apart():
    import keras
    from keras import layers

    top = [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((8, 8, 3)), *top])
    lens = Lens(model, {"x": np.ones((8, 8, 3))}, classes=["crane", "cat", "crane"])
    assert lens.classes == ["crane (0)", "cat", "crane (2)"]
    assert lens.methods == ["Grad-CAM", "saliency"]
    theirs = np.abs(explain.saliency(model, np.ones((8, 8, 3)), target=1)).max(axis=-1)
    asked = {"what": "heat", "image": "x", "method": "saliency", "class": "cat"}
    assert np.allclose(unpacked(lens.respond(asked)["heat"]), theirs)


def test_images_are_shown_whatever_their_range():
    ramp = np.linspace(0, 1, 12).reshape(2, 2, 3)
    shown = np.rint(255 * ramp).astype(np.uint8)
    assert np.array_equal(pixels_shown(ramp), shown)
    assert np.array_equal(pixels_shown(255 * ramp), shown)
    assert np.array_equal(pixels_shown(4 * ramp - 2), shown)
    assert np.array_equal(pixels_shown(shown[..., :1])[..., 2], shown[..., 0])


def test_its_output_has_a_picture(lens):
    data, metadata = lens._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == lens.model_id
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size[0] == metadata["image/png"]["width"] <= 9 * 72
    assert np.asarray(picture.convert("L")).std() > 20


def test_the_picture_shows_the_strongest_units_and_the_heat_of_each_method(lens, network):
    figure = lens.picture()
    assert figure.get_suptitle() == "A deeper unit sees more: 3, 18 and 38 pixels"
    deep, its_map = figure.axes[4:6]
    maps = explain.feature_maps(network, IMAGES["cat"], "relu4")["relu4"]
    channel = maps.std(axis=(0, 1)).argmax()
    row, column = np.unravel_index(maps[..., channel].argmax(), maps.shape[:2])
    frame = deep.patches[-1]
    assert frame.get_xy() == (8 * column - 0.5, 8 * row - 0.5) and frame.get_width() == 38
    assert its_map.lines[-1].get_xydata().tolist() == [[column, row]]
    titles = [axes.get_title() for axes in figure.axes[6:]]
    assert titles == ["cat", "Grad-CAM", "red"]


def test_a_method_that_fails_does_not_take_the_picture_with_it(network):
    def broken(model, images, targets):
        raise ZeroDivisionError

    methods = {"Grad-CAM": lambda m, x, y: explain.grad_cam(m, x, target=y), "broken": broken}
    lens = Lens(network, {"dog": IMAGES["dog"]}, methods=methods)
    assert [axes.get_title() for axes in lens.picture().axes[-2:]] == ["Grad-CAM", "broken\nfailed"]
    with pytest.raises(ZeroDivisionError):
        lens.respond({"what": "heat", "image": "dog", "method": "broken", "class": "class 1"})


def test_names_from_anywhere_are_shown_as_they_are(network, recwarn):
    names = "$5_{ & <b>", "猫 for $10 or $2^"
    images = dict(zip(names, IMAGES.values(), strict=True))
    data, metadata = Lens(network, images, classes=names)._repr_mimebundle_()
    assert names[0] in metadata["image/png"]["alt"]
    assert "$5_{ &amp; &lt;b&gt;" in data["text/html"] and "<b>" not in data["text/html"]
    assert [str(warning.message) for warning in recwarn] == []


def test_closed_it_lets_go_of_the_model(lens):
    lens.close()
    assert lens._model is None and not lens._maps and not lens._heat
