"""The desk's versions against Keras, SciPy and hand-worked numbers; its table of vectors."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from course.instruments import AugmentationDesk
from course.instruments.augmentation_desk import DRAWS, FILLS, LIMITS
from tools import vectors as tables

PLAIN = dict.fromkeys(LIMITS, 0.0) | {"flip": "none", "fill_mode": "reflect", "strongest": False}
PHOTO = np.random.default_rng(12).integers(0, 256, (12, 10, 3)).astype("uint8")
NAMES_IN_TURN = {
    "rotation": ["rotation"],
    "zoom": ["zoom"],
    "translation": ["down", "right"],
    "shear": ["shear_x", "shear_y"],
    "brightness": ["brightness"],
    "contrast": ["contrast"],
}


def by_keras(photo, at, draw):
    """One version from Keras layers whose factors leave no choice.

    Contrast below 1 can't be fixed by a factor, and shear draws its sign besides, so these two get
    what they would have drawn.
    """
    from keras import layers

    drawn = dict(zip(DRAWS, draw, strict=True))
    if at["strongest"]:
        drawn = {name: 1 if value >= 0 else -1 for name, value in drawn.items()}
    fill = {"fill_mode": at["fill_mode"]}
    x = photo[None].astype("float32")
    flips = ("horizontal", "vertical") if at["flip"] == "both" else (at["flip"],)
    if "horizontal" in flips and drawn["horizontal"] > 0:
        x = x[:, :, ::-1]
    if "vertical" in flips and drawn["vertical"] > 0:
        x = x[:, ::-1]

    def pair(name, strength):
        return 2 * (at[strength] * drawn[name],)

    if at["rotation"]:
        x = layers.RandomRotation(pair("rotation", "rotation"), **fill)(x, training=True)
    if at["zoom"]:
        x = layers.RandomZoom(pair("zoom", "zoom"), **fill)(x, training=True)
    if at["translation"]:
        down, right = pair("down", "translation"), pair("right", "translation")
        x = layers.RandomTranslation(down, right, **fill)(x, training=True)
    if at["shear"]:
        slopes = [[at["shear"] * drawn["shear_x"], at["shear"] * drawn["shear_y"]]]
        given = {"shear_factor": np.array(slopes, "float32")}
        x = layers.RandomShear(0.5, 0.5, **fill).transform_images(x, given, training=True)
    if at["brightness"]:
        light = layers.RandomBrightness(pair("brightness", "brightness"), value_range=(0, 255))
        x = light(x, training=True)
    if at["contrast"]:
        factor = 1 + at["contrast"] * drawn["contrast"]
        given = {"contrast_factor": np.array(factor, "float32").reshape(1, 1, 1, 1)}
        x = layers.RandomContrast((0.5, 0.5)).transform_images(x, given, training=True)
    return np.asarray(x)[0]


def cases():
    """Settings and draws: each change alone, with each way to fill, and all together."""
    random = np.random.default_rng(3)

    def draw():
        return random.uniform(-1, 1, len(DRAWS)).round(4).tolist()

    alone = {"rotation": 0.4, "zoom": 0.8, "translation": 0.45, "shear": 0.5}
    for name, value in alone.items():
        for fill in FILLS:
            yield PLAIN | {name: value, "fill_mode": fill}, draw()
    for name in ("brightness", "contrast"):
        yield PLAIN | {name: 0.6}, draw()
    for sign in (-1, 1):  # contrast below and above 1, zoom in and out
        yield PLAIN | {"contrast": 0.5, "zoom": 0.5, "strongest": True}, 10 * [sign * 0.3]
    for flip in ("none", "horizontal", "vertical", "both"):
        yield PLAIN | {"flip": flip}, 10 * [0.5]
    strong = {"rotation": 0.25, "zoom": 0.5, "translation": 0.25, "shear": 0.3}
    colours = {"brightness": 0.2, "contrast": 0.4}
    for fill in FILLS:
        yield PLAIN | strong | colours | {"flip": "both", "fill_mode": fill}, draw()


def code_of(at):
    desk = AugmentationDesk(PHOTO, **{name: at[name] for name in at if name != "strongest"})
    return desk.code


def places():
    """Where Keras fetches from instead of places far outside: on a ramp, the value is the place."""
    from keras import ops

    ramp = np.tile(np.arange(4, dtype="float32"), (4, 1))[None, ..., None]
    asked = np.arange(-13.75, 14, 0.75, dtype="float32")
    shifts = np.zeros((len(asked), 8), "float32")
    shifts[:, [0, 4]], shifts[:, 2] = 1, asked
    found = {
        fill: np.asarray(
            ops.image.affine_transform(ramp.repeat(len(asked), 0), shifts, fill_mode=fill)
        )[:, 0, 0, 0].tolist()
        for fill in FILLS
        if fill != "constant"
    }
    return {"asked": asked.tolist(), "found": found}


def vectors():
    """Versions of a photo of noise, the hardest to match, as Keras computes them; and the code."""
    versions = [
        {
            "settings": at,
            "draw": draw,
            "code": code_of(at),
            "version": by_keras(PHOTO, at, draw).ravel().astype(float).round(4).tolist(),
        }
        for at, draw in cases()
    ]
    return {
        "photo": {"shape": PHOTO.shape, "values": PHOTO.ravel().tolist()},
        "places": places(),
        "cases": versions,
    }


def test_stored_vectors_are_what_keras_computes():
    stored, now = tables.load("augmentation_desk"), vectors()
    assert len(stored["cases"]) == len(now["cases"]) > 20
    assert stored["places"] == now["places"]
    for case, computed in zip(stored["cases"], now["cases"], strict=True):
        for name in ("settings", "draw", "code"):
            assert case[name] == computed[name]
        np.testing.assert_allclose(case["version"], computed["version"], atol=0.01)


strengths = st.fixed_dictionaries(
    {name: st.sampled_from((0.0, 0.03, 0.11, 0.37)) for name in LIMITS}
    | {"flip": st.sampled_from(("none", "horizontal", "vertical", "both"))}
    | {"fill_mode": st.sampled_from(FILLS)}
)


@settings(max_examples=15, deadline=None)
@given(strengths, st.booleans(), st.integers(0, 99))
def test_versions_are_those_of_fixed_layers(at, strongest, seed):
    desk = AugmentationDesk(PHOTO, **at, seed=seed)
    desk.strongest = strongest
    version = desk._version(PHOTO.astype("float32"), desk.draws[0], desk.strengths)
    expected = by_keras(PHOTO, at | {"strongest": strongest}, desk.draws[0])
    np.testing.assert_allclose(version, expected, atol=1e-3)


def test_twelve_tiles_are_the_photo_and_its_versions():
    desk = AugmentationDesk(PHOTO, brightness=0.3)
    versions = desk.versions()
    assert versions.shape == (12, 12, 10, 3) and versions.dtype == np.float32
    np.testing.assert_array_equal(versions[0], PHOTO)
    at = desk.strengths | {"flip": desk.flip, "fill_mode": desk.fill_mode, "strongest": False}
    for draw, version in zip(desk.draws, versions[1:], strict=True):
        np.testing.assert_allclose(version, by_keras(PHOTO, at, draw), atol=1e-3)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.sampled_from(("reflect", "nearest", "constant")))
def test_turn_and_zoom_are_scipys_affine_transform(seed, fill):
    """SciPy rows come first, and places are (row, column)."""
    modes = {"reflect": "reflect", "nearest": "nearest", "constant": "grid-constant"}
    middle = (np.array(PHOTO.shape[:2]) - 1) / 2

    def fetched(matrix):
        offset = middle - matrix @ middle
        channels = [
            ndimage.affine_transform(
                PHOTO[..., c].astype(float), matrix, offset, order=1, mode=modes[fill]
            )
            for c in range(3)
        ]
        return np.stack(channels, axis=-1)

    def fifth(desk):
        return desk._version(PHOTO.astype("float32"), desk.draws[4], desk.strengths)

    nothing = {"translation": 0, "flip": "none", "fill_mode": fill, "seed": seed}
    turned = AugmentationDesk(PHOTO, rotation=0.5, zoom=0, **nothing)
    angle = 2 * np.pi * 0.5 * turned.draws[4][DRAWS.index("rotation")]
    cosine, sine = np.cos(angle), np.sin(angle)
    by_scipy = fetched(np.array([[cosine, sine], [-sine, cosine]]))
    assert np.abs(fifth(turned) - by_scipy).max() < 0.02
    zoomed = AugmentationDesk(PHOTO, rotation=0, zoom=0.7, **nothing)
    factor = 1 + 0.7 * zoomed.draws[4][DRAWS.index("zoom")]
    assert np.abs(fifth(zoomed) - fetched(factor * np.eye(2))).max() < 0.02


def test_code_is_what_layers_gives():
    from keras import Sequential

    desk = AugmentationDesk(
        PHOTO, shear=0.15, brightness=0.2, contrast=0.3, flip="both", fill_mode="wrap"
    )
    for change in (
        {},
        {"zoom": 0.0, "flip": "vertical"},
        {"contrast": 0.0, "fill_mode": "nearest"},
        {**dict.fromkeys(LIMITS, 0.0), "flip": "none"},  # Keras can't call Sequential([])
    ):
        for name, value in change.items():
            setattr(desk, name, value)
        space = {}
        exec(desk.code, space)
        ours = Sequential(desk.layers())
        configs = [
            [(type(layer).__name__, layer.get_config() | {"name": ""}) for layer in model.layers]
            for model in (space["augment"], ours)
        ]
        assert configs[0] == configs[1]
        for model in (space["augment"], ours):
            assert model(PHOTO[None].astype("float32"), training=True).shape == (1, 12, 10, 3)


def test_code_has_only_what_is_at_work():
    desk = AugmentationDesk(PHOTO, rotation=0, zoom=0, translation=0, flip="none")
    assert "Random" not in desk.code and "    layers.Identity(),  # nothing is" in desk.code
    assert [type(layer).__name__ for layer in desk.layers()] == ["Identity"]
    desk.brightness = 0.1
    assert desk.code.count("Random") == 1 and "value_range=(0, 255)" in desk.code


@pytest.mark.parametrize("name", LIMITS)
def test_layers_draw_what_the_desk_draws(name):
    """From -strength to strength, both ends nearly reached: also contrast, and shear's two."""
    quiet = {"rotation": 0, "zoom": 0, "translation": 0, "flip": "none"}
    (layer,) = AugmentationDesk(PHOTO, **quiet | {name: 0.2}).layers()
    layer.generator.seed = None
    drawn = layer.get_random_transformation(np.zeros((2000, 10, 10, 3), "float32"), training=True)
    keys = {
        "rotation": ("angle", 0, 360),
        "zoom": ("height_zoom", 1, 1),
        "translation": ("translations", 0, 10),
        "shear": ("shear_factor", 0, 1),
        "brightness": ("rgb_delta", 0, 255),
        "contrast": ("contrast_factor", 1, 1),
    }
    key, middle, unit = keys[name]
    values = (np.asarray(drawn[key]).reshape(2000, -1) - middle) / unit
    assert np.all(np.abs(values) <= 0.2 + 1e-6)
    assert (values.min(axis=0) < -0.19).all() and (values.max(axis=0) > 0.19).all()


def test_two_flips_are_independent_and_kerass_own_pair_is_not():
    from keras import Sequential, layers

    batch = np.repeat(PHOTO[None].astype("float32"), 200, axis=0)
    quiet = {"rotation": 0, "zoom": 0, "translation": 0}
    both = Sequential(AugmentationDesk(PHOTO, **quiet, flip="both").layers())
    pair = layers.RandomFlip("horizontal_and_vertical")
    ways = [PHOTO, PHOTO[:, ::-1], PHOTO[::-1], PHOTO[::-1, ::-1]]
    found = [
        [
            bool((np.asarray(model(batch, training=True)) == way).all(axis=(1, 2, 3)).any())
            for way in ways
        ]
        for model in (both, pair)
    ]
    assert found[0] == [True, True, True, True]
    assert found[1] == [True, False, False, True]  # what the note beside the code says


def test_strength_multiplies_the_draws():
    desk = AugmentationDesk(PHOTO, rotation=0.1, zoom=0, translation=0, flip="none")
    weak = AugmentationDesk(PHOTO, rotation=0.05, zoom=0, translation=0, flip="none")
    assert desk.draws == weak.draws
    np.testing.assert_array_equal(desk.versions(times=0.5), weak.versions())
    np.testing.assert_array_equal(desk.versions(times=99), desk.versions(times=5))  # the limit
    desk.strongest = True
    turned = desk.versions()
    assert len({tile.tobytes() for tile in turned[1:]}) == 2  # 36 degrees to the left or the right


def test_refused_is_kept_until_there_are_other_versions():
    desk = AugmentationDesk({"cat": PHOTO, "six": PHOTO[::-1]})
    desk.refused = [7, 2, 2]
    assert desk.refused == [2, 7] and desk.refused_share == 2 / 11
    desk.rotation = 0.3
    assert desk.refused == [2, 7]
    before = desk.draws
    desk.draw_anew(seed=8)
    assert desk.refused == [] and desk.draws != before
    desk.refused = [1]
    desk.shown = "six"
    assert desk.refused == []
    np.testing.assert_array_equal(desk.versions()[0], PHOTO[::-1])


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (PHOTO[..., 0], "np.stack"),
        (PHOTO[None], "(H, W, 3)"),
        (PHOTO / 255, "255 * photo"),
        (np.zeros((129, 40, 3), "uint8"), "resize"),
        (np.zeros((1, 40, 3), "uint8"), "from 2 to 128"),
        ({}, "empty"),
    ],
)
def test_photos_that_it_refuses(photo, words):
    with pytest.raises(ValueError, match=".") as caught:
        AugmentationDesk(photo)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"rotation": 36}, "0.1 is 36 degrees"),
        ({"zoom": 1}, "0 to 0.9"),
        ({"zoom": -0.2}, "-0.2"),
        ({"contrast": "much"}, "much"),
        ({"translation": float("nan")}, "nan"),
        ({"flip": "horizontal_and_vertical"}, "both"),
        ({"fill_mode": "mirror"}, "reflect"),
    ],
)
def test_settings_that_it_refuses(bad, words):
    with pytest.raises(ValueError, match=".") as caught:
        AugmentationDesk(PHOTO, **bad)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rotation", 0.6),
        ("flip", "up"),
        ("shown", "a dog"),
        ("draws", [[0.0]]),
        ("draws", "abc"),
        ("draws", [[1, 2], [3]]),
        ("draws", 11 * [10 * [2]]),
        ("refused", [12]),
        ("refused", ["a"]),
        ("refused", [2.5]),
    ],
)
def test_what_may_not_be_set_later(name, value):
    desk = AugmentationDesk(PHOTO)
    before = getattr(desk, name)
    with pytest.raises(ValueError, match=rf"^{name} .*(expected|give)"):
        setattr(desk, name, value)
    assert getattr(desk, name) == before


def test_picture_shows_kerass_versions():
    desk = AugmentationDesk({"cat": PHOTO}, brightness=0.1)
    desk.refused = [3]
    figure = desk.picture()
    assert figure.get_figwidth() <= 9
    tiles = [axes for part in figure.subfigs for axes in part.axes]
    labels = [axes.get_ylabel() for axes in tiles[::6]]
    assert tiles[0].get_title() == "cat"
    assert labels == ["half as strong", "as set", "3 × as strong"]
    np.testing.assert_array_equal(tiles[8].images[0].get_array(), desk.versions()[2].round())
    assert [len(axes.lines) for axes in tiles].index(4) == 9  # version 3, as set, is crossed out
    bundle, _ = desk._repr_mimebundle_()
    size = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).size
    assert size[0] <= 648 and size[1] > 300


def test_a_name_with_dollars_is_no_formula():
    desk = AugmentationDesk({"$5_{ and $10": PHOTO})
    assert "$5_{ and $10" in desk._repr_mimebundle_()[1]["image/png"]["alt"]
