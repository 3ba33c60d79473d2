"""Features are what the base makes of the pixels, whether computed or from the cache."""

import functools
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from printed import line_of, numbers_in

from course import data
from course.data import bases, features
from course.data.features import compute_features
from course_utils import memory

SIZE = 32


def make_base(size=SIZE, seed=1, name=None):
    """A small base; its layers have the names that Keras gives, which are others each time."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(4, 3, strides=8, activation="relu", padding="same")(inputs)
    spread = keras.initializers.RandomUniform(0.5, 2.0)
    x = layers.BatchNormalization(moving_variance_initializer=spread)(x)
    model = keras.Model(inputs, layers.Conv2D(5, 2, name=name)(x))
    preprocess = functools.partial(bases._preprocess, "mobilenetv2")
    return bases.Base(model, preprocess, "mobilenetv2", "MobileNetV2", "none", "ImageNet")


@pytest.fixture(scope="module")
def base():
    return make_base()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (10, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture
def counts_of(capsys):
    """How many of the images' features came from the cache, and how many were computed."""

    def counts_of(base, images, *, pooled=True):
        compute_features(base, images, pooled=pooled, verbose=True)
        return numbers_in(line_of(capsys))

    return counts_of


def files():
    return sorted((data.data_folder() / "features").glob("*.npy"))


# What they are


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_features(base, images, kind):
    maps = np.asarray(base.model(images / np.float32(127.5) - 1, training=False))
    given = images.astype(kind)
    kept = given.copy()
    computed = compute_features(base, given, pooled=False)
    assert computed.shape == (10, 3, 3, 5) and computed.dtype == np.float32
    assert np.isfinite(maps).all() and maps.std() > 0.1
    np.testing.assert_allclose(computed, maps, atol=1e-5)
    pooled = compute_features(base, given)
    assert pooled.shape == (10, 5) and pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, maps.mean(axis=(1, 2)), atol=1e-5)
    np.testing.assert_array_equal(given, kept)


def test_batch_size_does_not_matter(base, images, tmp_path, monkeypatch):
    expected = compute_features(base, images, batch_size=10)
    for batch_size in (1, 3, 64):
        monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / str(batch_size)))
        computed = compute_features(base, images, batch_size=batch_size)
        np.testing.assert_allclose(computed, expected, atol=1e-4)


def test_the_last_batch_is_no_other_size(base, images, monkeypatch):
    seen = []

    def predict_on_batch(batch):
        seen.append(len(batch))
        return np.zeros((len(batch), 3, 3, 5))

    monkeypatch.setattr(base.model, "predict_on_batch", predict_on_batch)
    compute_features(base, images, batch_size=4)
    assert seen == [4, 4, 4]
    compute_features(base, images[:5], batch_size=32, pooled=False)
    assert seen[3:] == [8]  # the next power of two, not 32


def test_nothing_is_said_but_the_bar(base, images, capsys):
    compute_features(base, images[:3])
    out, err = capsys.readouterr()
    assert out == "" and "0/3" in err and "image/s" in err
    compute_features(base, images[:4], progress=False)
    compute_features(base, images[:4])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("pooled", [True, False])
def test_no_images(base, pooled):
    shape = (0, 5) if pooled else (0, 3, 3, 5)
    for kind in (np.uint8, np.float32):
        computed = compute_features(base, np.zeros((0, SIZE, SIZE, 3), kind), pooled=pooled)
        assert computed.shape == shape and computed.dtype == np.float32
    assert files() == []


# The cache


def test_order_and_copies_do_not_matter(base, images, counts_of):
    assert counts_of(base, images) == [0, 10]
    mixed = [3, 1, 1, 9, 0, 3]
    expected = compute_features(base, images)[mixed]
    np.testing.assert_array_equal(compute_features(base, images[mixed]), expected)
    assert counts_of(base, images[mixed]) == [6, 0]


def test_copies_are_computed_once(base, images, monkeypatch):
    asked = []
    compute = features._compute

    def recorded(base, images, chosen, *rest):
        asked.extend(chosen)
        return compute(base, images, chosen, *rest)

    monkeypatch.setattr(features, "_compute", recorded)
    computed = compute_features(base, images[[0, 0, 1, 0]])
    assert len(asked) == 2
    np.testing.assert_array_equal(computed[[0, 0, 0]], computed[[0, 1, 3]])


def test_what_was_computed_before_an_interruption_is_kept(base, images, counts_of, monkeypatch):
    calls = []

    def preprocess(pixels):
        calls.append(len(pixels))
        if calls[1:] == [4, 4, 4]:  # the first one is for the cache's key
            raise KeyboardInterrupt
        return base.preprocess(pixels)

    with pytest.raises(KeyboardInterrupt):
        compute_features(base._replace(preprocess=preprocess), images, batch_size=4)
    assert counts_of(base, images) == [8, 2]
    np.testing.assert_allclose(
        compute_features(base, images),
        np.asarray(base.model(base.preprocess(images))).mean(axis=(1, 2)),
        atol=1e-5,
    )


def test_a_changed_image_is_computed_anew(base, images, counts_of):
    before = compute_features(base, images)
    changed = images.copy()
    changed[4] = 255 - changed[4]
    assert counts_of(base, changed) == [9, 1]
    after = compute_features(base, changed)
    assert (before != after).any(axis=1).tolist() == [i == 4 for i in range(10)]
    assert counts_of(base, images) == [10, 0]  # both are kept
    assert len(files()) == 1


@pytest.mark.parametrize("change", ["weights", "moving mean", "preprocess", "size", "pooled"])
def test_another_computation_is_computed_anew(images, counts_of, change):
    base = make_base()
    assert counts_of(base, images) == [0, 10]
    if change == "weights":
        base.model.layers[-1].bias.assign_add([0, 0, 1e-3, 0, 0])
    elif change == "moving mean":
        base.model.layers[-2].moving_mean.assign_add([1e-3, 0, 0, 0])
    elif change == "preprocess":
        base = base._replace(preprocess=lambda pixels: np.float32(pixels) / 255)
    elif change == "size":
        base, images = make_base(size=40), np.pad(images, [(0, 0), (0, 8), (0, 8), (0, 0)])
    assert counts_of(base, images, pooled=change != "pooled") == [0, 10]


def test_the_same_computation_is_recognised(images, counts_of):
    base = make_base()
    assert counts_of(base, images) == [0, 10]
    base.model.trainable = False
    assert counts_of(base, images) == [10, 0]
    base.model.compile("adam", "mse")
    assert counts_of(base, images) == [10, 0]
    again = make_base(name="called otherwise")
    assert again.model.layers[1].name != base.model.layers[1].name
    assert counts_of(again, images) == [10, 0]


def test_a_layer_that_does_something_else_is_recognised(images, counts_of):
    base = make_base()
    compute_features(base, images)
    base.model.layers[1].strides = (7, 7)  # same weights
    assert counts_of(base, images) == [0, 10]


@pytest.mark.parametrize("damage", ["byte", "cut", "record", "empty", "other table"])
def test_damaged_file(base, images, counts_of, damage, capsys):
    expected = compute_features(base, images)
    (file,) = files()
    content = bytearray(file.read_bytes())
    if damage == "byte":
        content[-1] ^= 1
    elif damage == "record":
        file.with_name(file.name + ".json").unlink()
    elif damage == "other table":
        np.save(file, np.zeros(3))
        content = file.read_bytes()
        record = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        file.with_name(file.name + ".json").write_text(json.dumps(record))
    file.write_bytes({"cut": content[:-7], "empty": b""}.get(damage, content))
    np.testing.assert_array_equal(compute_features(base, images), expected)
    assert str(file) in line_of(capsys)  # it was damaged
    assert counts_of(base, images) == [10, 0]
    np.testing.assert_array_equal(compute_features(base, images), expected)


def test_folder_that_cannot_be_written(base, images, monkeypatch, tmp_path, capsys):
    expected = compute_features(base, images)
    capsys.readouterr()
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    np.testing.assert_array_equal(compute_features(base, images), expected)
    assert "not kept" in line_of(capsys)


def test_nothing_else_is_left_in_the_folder(base, images):
    left = data.data_folder() / "features" / ".making-killed"
    left.mkdir(parents=True)
    compute_features(base, images)
    names = {path.name for path in (data.data_folder() / "features").iterdir()}
    (file,) = files()
    assert names == {file.name, file.name + ".json", ".lock"}


def test_a_file_keeps_the_newest(base, images, counts_of, monkeypatch):
    monkeypatch.setattr(features, "FILE_BYTES", 6 * (32 + 5 * 4))
    assert counts_of(base, images[:4]) == [0, 4]
    assert counts_of(base, images[4:]) == [0, 6]
    assert counts_of(base, images[4:]) == [6, 0]
    assert counts_of(base, images[:4]) == [0, 4]
    assert counts_of(base, images) == [6, 4]


def test_the_folder_keeps_what_was_used_last(images, counts_of, monkeypatch):
    first, second, third = (make_base(seed=seed) for seed in (1, 2, 3))
    compute_features(first, images)
    compute_features(second, images)
    compute_features(first, images)
    monkeypatch.setattr(features, "FOLDER_BYTES", 2.5 * files()[0].stat().st_size)
    compute_features(third, images)
    assert len(files()) == 2
    assert counts_of(first, images) == [10, 0]
    assert counts_of(second, images) == [0, 10]


def test_processes_that_keep_features_at_once_lose_none(tmp_path):
    row = np.dtype([("image", "V32"), ("features", np.float32, (2,))])
    rows = np.zeros(8, row)
    rows["image"] = np.array([bytes([i]) * 32 for i in range(8)], "V32")
    path = tmp_path / "features" / "x.npy"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: features._keep(path, rows[i : i + 1]), range(8)))
    table = features._read(path, row)
    assert {image.tobytes()[0] for image in table["image"]} == set(range(8))


# What cannot be right


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x / 255, "value is 1: .*255.*preprocess"),
        (lambda x: x / 127.5 - 1, "value is -1: .*preprocess"),
        (lambda x: np.where(x == 0, np.nan, x), "nan"),
        (lambda x: np.where(x == 0, np.inf, x), "from 1 to inf"),
        (lambda x: x * 2.0, "value is 510"),
        (lambda x: x.astype(int), "int64.*uint8 or float"),
        (lambda x: x[0], r"\(32, 32, 3\).*images\[None\]"),
        (lambda x: x[..., 0], r"\(10, 32, 32\).*\(N, 32, 32, 3\)"),
        (lambda x: x[..., :1], r"\(10, 32, 32, 1\).*\(N, 32, 32, 3\)"),
        (lambda x: x[:, :16, :16], r"\(10, 16, 16, 3\).*32 x 32$"),
        (lambda x: x.repeat(2, 1), r"\(10, 64, 32, 3\).*32 x 32$"),
        (lambda x: x.repeat(2, 1).repeat(2, 2), r"\(10, 64, 64, 3\).*32 x 32.*size=64$"),
    ],
)
def test_images_that_are_not_pixels(base, images, wrong, message):
    given = images.copy()
    given[0, 0, 0] = (0, 128, 255)
    with pytest.raises(ValueError, match=message):
        compute_features(base, wrong(given))
    assert files() == []


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_black_images_are_pixels(base, kind):
    assert compute_features(base, np.zeros((2, SIZE, SIZE, 3), kind)).shape == (2, 5)


def test_dark_images_of_type_uint8_are_pixels(base):
    assert compute_features(base, np.ones((1, SIZE, SIZE, 3), np.uint8)).shape == (1, 5)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, None])
def test_batch_size_is_checked(base, images, batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size} .*integer, 1 or more"):
        compute_features(base, images, batch_size=batch_size)


def test_too_little_memory(base, images, monkeypatch):
    known = compute_features(base, images)
    monkeypatch.setattr(memory, "available", lambda: 0.0)
    np.testing.assert_array_equal(compute_features(base, images), known)  # needs none
    with pytest.raises(MemoryError, match="8 images of 32 x 32 .*0.0 GB"):
        compute_features(base, 255 - images, batch_size=8)


# The real thing: make test-real


@pytest.mark.real
def test_real_features(monkeypatch, images):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    images = images.repeat(3, axis=1).repeat(3, axis=2)
    base = bases.load_base("mobilenetv2", size=96, source="real", verbose=False)
    computed = compute_features(base, images)
    assert computed.shape == (10, 1280) and computed.min() >= 0  # behind a ReLU
    single = [compute_features(base, image[None].astype(np.float32)) for image in images]
    np.testing.assert_allclose(np.concatenate(single), computed, atol=1e-4)
