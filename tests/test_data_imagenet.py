"""The classifier comes with its own weights and names, or not at all, and the line says which."""

import dataclasses
import functools
import hashlib
import json
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from printed import line_of
from small_photos import write
from small_weights import stored
from typer.testing import CliRunner

from course import data
from course.cli.cli import app
from course.data import bases, imagenet, sources
from course.data.download import DataError, StorageError
from course_utils import memory

NAME = imagenet.NAME
WEIGHTS, INDEX = imagenet.WEIGHTS.name, imagenet.INDEX.name
LINE = "Classifier: MobileNetV2, trained on ImageNet, 5,112 parameters, 1,000 classes; {}"
FROM = LINE.format("weights and names from {}")
SIZE = 32
BUILD = imagenet._build
ENTRIES = {str(number): [f"n{number:08}", f"kind_no_{number}"] for number in range(1000)}
NAMES = json.dumps(ENTRIES).encode()


def small(size=SIZE, *, top=True, classes=1000):
    """A network in the place of the real one, which takes a second to build."""
    import keras
    from keras import layers

    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(4, 3, strides=8, name="Conv1")(inputs)
    if top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x)


@functools.cache
def weights() -> tuple[bytes, list]:
    """A file like the published one, with random weights; and these weights."""
    model = small()
    return stored(model), model.get_weights()


@pytest.fixture(autouse=True)
def small_network(request, monkeypatch):
    """A small network; nothing remembered."""
    monkeypatch.setattr(sources, "_failed", {})
    if not request.node.get_closest_marker("real"):
        monkeypatch.setattr(imagenet, "_build", small)


@pytest.fixture
def server(faulty_server, monkeypatch):
    """A server with both files, in two folders, and the hash of the names as the published one."""
    faulty_server.files |= {WEIGHTS: weights()[0], f"names/{INDEX}": NAMES}
    known_hash = f"md5:{hashlib.md5(NAMES).hexdigest()}"
    host = f"{faulty_server.url}names/"
    index = dataclasses.replace(imagenet.INDEX, known_hash=known_hash, host=host)
    dataset = dataclasses.replace(
        imagenet.DATASETS[NAME], hosts=(faulty_server.url,), files=(imagenet.WEIGHTS, index)
    )
    monkeypatch.setitem(imagenet.DATASETS, NAME, dataset)
    monkeypatch.setitem(data.DATASETS, NAME, dataset)
    return faulty_server


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")


@pytest.fixture
def mirror(tmp_path, monkeypatch, offline):
    """The folder of a mirror that has both files."""
    folder = tmp_path / "mirror" / "models"
    write(folder / WEIGHTS, weights()[0])
    write(folder / INDEX, NAMES)
    monkeypatch.setenv("COURSE_MIRROR", str(folder.parent))
    return folder


def kept() -> set[str]:
    folder = data.data_folder() / NAME
    return {path.name for path in folder.glob("*") if path.suffix in (".h5", ".json")}


def status() -> data.Status:
    return next(record for record in data.status() if record.name == NAME)


def assert_classifier(classifier):
    for weight, expected in zip(classifier.model.get_weights(), weights()[1], strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert classifier.names == tuple(f"kind no {number}" for number in range(1000))
    assert classifier.title == "MobileNetV2"


def assert_none(capsys, *words):
    """The classifier is not to be had, for this reason, whether asked for politely or not."""
    assert imagenet.load_classifier(size=SIZE) is None
    line = line_of(capsys)
    with pytest.raises(DataError) as caught:
        imagenet.load_classifier(size=SIZE, source="real")
    for word in words:
        assert word in line and word in caught.value.reason
    for text in (line, caught.value.advice):
        assert f"course data fetch {NAME}" in text


# Where the files come from


def test_download_then_cache(server, capsys):
    classifier = imagenet.load_classifier(size=48)
    assert line_of(capsys) == FROM.format("127.0.0.1")
    assert_classifier(classifier)
    assert classifier.model.input_shape == (None, 48, 48, 3)
    assert_classifier(imagenet.load_classifier(source="real"))
    assert line_of(capsys) == FROM.format("the cache")
    assert [path for path, *_ in server.log] == [WEIGHTS, f"names/{INDEX}"]


def test_the_network_of_keras(server, monkeypatch, capsys):
    build = functools.cache(BUILD)  # one network makes the file and checks it, another loads it
    monkeypatch.setattr(imagenet, "_build", build)
    server.files[WEIGHTS] = stored(build(SIZE))
    classifier = imagenet.load_classifier(size=48)
    assert line_of(capsys) == FROM.format("127.0.0.1").replace("5,112", "3,538,984")
    pixels = np.random.default_rng(1).integers(0, 256, (2, 48, 48, 3))
    probabilities = classifier.model.predict_on_batch(classifier.preprocess(pixels))
    assert probabilities.shape == (2, 1000) and probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("path", [WEIGHTS, f"names/{INDEX}"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("busy", "503"),
        ("portal", "web page"),
    ],
)
def test_faulty_download(server, capsys, path, fault, reason):
    server.faults[path] = [fault]
    assert_none(capsys, reason)
    assert Path(path).name not in kept()
    server.faults[path] = [None]
    assert_classifier(imagenet.load_classifier(size=SIZE, source="real"))


def test_names_without_the_published_hash(server, capsys):
    server.faults[f"names/{INDEX}"] = ["flipped"]
    assert_none(capsys, "published hash")
    assert INDEX not in kept()


def test_nothing_is_to_be_had(offline, capsys):
    assert_none(capsys, "COURSE_OFFLINE")
    assert not kept()


def test_nothing_comes_with_the_course(mirror, capsys):
    assert imagenet.load_classifier(source="embedded") is None
    assert line_of(capsys) == "Classifier: no MobileNetV2 with ImageNet's classes (as asked)"
    assert not kept()
    imagenet.load_classifier(source="embedded", verbose=False)
    imagenet.load_classifier(size=SIZE, verbose=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["models", NAME])
def test_mirror(mirror, capsys, place):
    mirror.rename(mirror.parent / place)
    assert status().would_use == "the mirror"
    assert_classifier(imagenet.load_classifier(size=SIZE))
    assert line_of(capsys) == FROM.format("the mirror")


def test_keras_own_cache(server, tmp_path, capsys):
    folder = tmp_path / "keras" / "models"
    write(folder / WEIGHTS, weights()[0])
    assert status().would_use == "a download (15 MB), or nothing"
    write(folder / INDEX, NAMES)
    assert status().would_use == "Keras's cache"
    assert_classifier(imagenet.load_classifier(size=SIZE))
    assert line_of(capsys) == FROM.format("Keras's cache")
    assert server.log == []
    assert status().source == "Keras's cache"


def test_files_from_two_places(server, tmp_path, capsys):
    folder = tmp_path / "keras" / "models"
    write(folder / WEIGHTS, weights()[0])
    write(folder / INDEX, NAMES + b" ")  # it would load, but is not what was published
    assert_classifier(imagenet.load_classifier(size=SIZE))
    assert line_of(capsys) == FROM.format("Keras's cache, 127.0.0.1")
    (data.data_folder() / NAME / INDEX).unlink()
    assert status().here == "part"
    assert_classifier(imagenet.load_classifier(size=SIZE))
    assert line_of(capsys) == FROM.format("the cache, 127.0.0.1")


@pytest.mark.parametrize("fault", ["no top", "other classes", "html", "empty", "truncated", "nan"])
def test_weights_that_are_not_what_they_should_be(mirror, capsys, fault):
    whole, reason = weights()[0], "MobileNetV2"
    if fault == "html":
        content, reason = b"<html>Please log in", "<html>Please log"
    elif fault == "empty":
        content, reason = b"", "0 bytes"
    elif fault == "truncated":
        content, reason = whole[: len(whole) // 2], "cannot be read"
    elif fault == "nan":
        model = small()
        model.layers[1].bias.assign([np.nan] * 4)
        content, reason = stored(model), "Conv1/bias"
    else:
        content = stored(small(top=False) if fault == "no top" else small(classes=999))
    write(mirror / WEIGHTS, content)
    assert_none(capsys, WEIGHTS, reason)
    assert not kept()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>Please log in", "JSON"),
        (b"\xff\xfe", "JSON"),
        (NAMES[:-9], "JSON"),
        (list(ENTRIES.values()), "list, not 1,000"),
        ({key: ENTRIES[key] for key in [*ENTRIES][:-1]}, "999 entries, not 1,000"),
        (ENTRIES | {"1000": ["n00001000", "a thing"]}, "1,001 entries, not 1,000"),
        ({f"{int(key) + 1}": ENTRIES[key] for key in ENTRIES}, '"0" is None'),
        (ENTRIES | {"7": ["n00000007"]}, "\"7\" is ['n00000007']"),
        (ENTRIES | {"7": ["n00000007", ""]}, "\"7\" is ['n00000007', '']"),
        (ENTRIES | {"999": ["n00000999", None]}, "\"999\" is ['n00000999', None]"),
        (ENTRIES | {"7": "ab"}, "\"7\" is 'ab'"),
    ],
)
def test_names_that_are_not_what_they_should_be(mirror, capsys, content, reason):
    write(mirror / INDEX, content if isinstance(content, bytes) else json.dumps(content).encode())
    assert_none(capsys, INDEX, reason)
    assert INDEX not in kept()


def test_damaged_cache(server, capsys, monkeypatch):
    imagenet.load_classifier(size=SIZE, verbose=False)
    (data.data_folder() / NAME / INDEX).write_bytes(NAMES[:-9])
    assert status().here == "damaged"
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_OFFLINE", "1")
        assert imagenet.load_classifier(size=SIZE) is None
    line = line_of(capsys)
    assert f"{INDEX} is damaged" in line and "COURSE_OFFLINE" in line
    assert_classifier(imagenet.load_classifier(size=SIZE))
    assert [path for path, *_ in server.log] == [WEIGHTS, f"names/{INDEX}", f"names/{INDEX}"]


def test_cached_weights_that_no_longer_fit(mirror, monkeypatch, capsys):
    imagenet.load_classifier(size=SIZE, verbose=False)
    monkeypatch.setattr(imagenet, "_build", lambda size: small(size, classes=999))
    assert_none(capsys, "MobileNetV2")
    with pytest.raises(DataError, match=f"^Loading .*{NAME}"):
        imagenet.load_classifier(size=SIZE, source="real")


def test_folder_that_cannot_be_written(server, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    assert imagenet.load_classifier(size=SIZE) is None
    assert "data folder" in line_of(capsys)
    with pytest.raises(StorageError, match="COURSE_DATA_DIR"):
        imagenet.load_classifier(size=SIZE, source="real")


def test_files_and_hash_are_those_that_keras_would_fetch(monkeypatch):
    import keras
    from keras.src.applications import imagenet_utils

    asked = []

    def get_file(name, address, file_hash="", **_):
        asked.append((name, address, file_hash and f"md5:{file_hash}"))
        raise OSError

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", None)
    with pytest.raises(OSError):
        keras.applications.MobileNetV2()
    with pytest.raises(OSError):
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))
    dataset = imagenet.DATASETS[NAME]
    assert asked == [
        (file.name, (file.host or dataset.hosts[0]) + file.name, file.known_hash)
        for file in dataset.files
    ]


# Arguments, memory, random numbers


@pytest.mark.parametrize(
    ("size", "source", "message"),
    [
        (31, "auto", "size is 31.*MobileNetV2.*32"),
        (160.0, "auto", "size is 160.0.*integer"),
        (True, "auto", "size is True.*integer"),
        (31, "embedded", "size is 31"),
        (SIZE, "best", "source is 'best'.*auto.*real.*embedded"),
    ],
)
def test_arguments_are_checked_before_anything_else(monkeypatch, size, source, message):
    monkeypatch.setattr(imagenet, "_build", None)
    with pytest.raises(ValueError, match=message):
        imagenet.load_classifier(size=size, source=source)


def test_too_little_memory(server, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 0.0)
    with pytest.raises(MemoryError, match="MobileNetV2 .*32 images of 48 x 48"):
        imagenet.load_classifier(size=48)
    assert server.log == []


def test_random_numbers_go_on_as_if_nothing_had_been_built(server):
    state = random.getstate()
    data.fetch(NAME, progress=False)  # downloaded, and checked with a network
    assert random.getstate() == state
    assert imagenet.load_classifier(size=SIZE, verbose=False)
    assert random.getstate() == state


def test_pixels_become_what_the_network_was_trained_on(mirror):
    classifier = imagenet.load_classifier(size=SIZE, verbose=False)
    pixels = np.array([[[[0, 0, 0], [255, 127.5, 255]]]])
    seen = classifier.preprocess(pixels)
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(seen, [[[[-1, -1, -1], [1, 0, 1]]]])
    assert pixels.max() == 255


# `course data`


def test_fetch_and_status(server, monkeypatch):
    rows = CliRunner().invoke(app, ["data", "status"]).stdout.splitlines()
    (row,) = [row.split(maxsplit=5) for row in rows if row.startswith(f"{NAME} ")]
    assert row == [NAME, "none", "-", "-", "-", "a download (15 MB), or nothing"]
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_OFFLINE", "1")
        assert status().would_use == "nothing"
        result = CliRunner().invoke(app, ["data", "fetch", NAME])
        assert result.exit_code == 1
        assert NAME in result.stderr and "COURSE_OFFLINE" in result.stderr
    for already in (False, True):
        result = CliRunner().invoke(app, ["data", "fetch", NAME])
        assert result.stdout.startswith(f"{NAME}: ") and "127.0.0.1" in result.stdout
        assert ("already" in result.stdout) == already
    assert (status().here, status().verified, status().would_use) == ("all", True, "the cache")


# The real thing: make test-real


@pytest.mark.real
@pytest.mark.parametrize("size", [96, 160])
def test_real_classifier_names_a_cat(monkeypatch, capsys, size):
    from skimage.data import chelsea
    from skimage.transform import resize

    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = imagenet.load_classifier(size=size, source="real")
    line = FROM.replace("5,112", "3,538,984")
    assert line_of(capsys) == line.format("Keras's cache")
    numbers = (0, 281, 282, 285, 386, 967, 999)
    names = "tench, tabby, tiger cat, Egyptian cat, African elephant, espresso, toilet tissue"
    assert [classifier.names[number] for number in numbers] == names.split(", ")
    assert not [name for name in classifier.names if "_" in name]
    picture = resize(chelsea(), (size, size), preserve_range=True)[None]
    (probabilities,) = classifier.model.predict_on_batch(classifier.preprocess(picture))
    cats = ("tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat")
    assert classifier.names[281:286] == cats
    assert classifier.names[probabilities.argmax()] in cats
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-5)


@pytest.mark.real
def test_real_base_has_the_weights_of_the_classifier_below_its_top(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    base = bases.load_base("mobilenetv2", size=SIZE, source="real", verbose=False)
    classifier = imagenet.load_classifier(size=SIZE, source="real", verbose=False)
    *below, kernel, bias = classifier.model.get_weights()
    assert (kernel.shape, bias.shape) == ((1280, 1000), (1000,))
    for weight, expected in zip(base.model.get_weights(), below, strict=True):
        np.testing.assert_array_equal(weight, expected)
