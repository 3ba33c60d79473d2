"""A base comes with the weights it should have, or another one comes, and the line says which."""

import dataclasses
import functools
import hashlib
import json
import random
import re
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from printed import line_of, numbers_in
from small_photos import write
from small_weights import stored
from typer.testing import CliRunner

from course import data
from course.cli.cli import app
from course.data import bases, course_base, forward_pass, sources
from course.data.download import DataError, StorageError
from course_utils import memory, recorded

MOBILENET = bases.DATASETS["mobilenetv2"].files[0].name
LINE = "Base: MobileNetV2, trained on ImageNet, 4,064 parameters; weights from {}"  # as told
SIZE = 32
BUILD = bases._build


def small(name="mobilenetv2", size=SIZE, *, width=32, top=False):
    """A network in the place of the real ones, which take a second to build."""
    import keras
    from keras import layers

    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(width, 3, strides=8, padding="same", name="Conv1")(inputs)
    x = layers.Conv2D(96, 1, name="block_16_expand")(x)
    if top:
        x = layers.Dense(2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.ReLU()(x))


@functools.cache
def mobilenet() -> tuple[bytes, list]:
    """A file like the published one, with random weights; and these weights."""
    model = small()
    return stored(model), model.get_weights()


@functools.cache
def course_weights() -> bytes:
    """The course's own base with random weights."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        course_base.build_course_base(SIZE).save_weights(Path(folder) / "x.weights.h5")
        return (Path(folder) / "x.weights.h5").read_bytes()


@pytest.fixture(autouse=True)
def course(request, tmp_path, monkeypatch):
    """Small networks, a course's own base with random weights; nothing remembered."""
    monkeypatch.setattr(sources, "_failed", {})
    if request.node.get_closest_marker("real"):
        return None
    folder = tmp_path / "course"
    path = write(folder / "course_base.weights.h5", course_weights())
    record = {"n_images": 1200, "n_kinds": 2, "kinds": ["owl", "cup"]}
    record["sha256"] = hashlib.sha256(course_weights()).hexdigest()
    (folder / f"{course_base.RECORD}.json").write_text(json.dumps(record))
    monkeypatch.setattr(course_base, "WEIGHTS", path)
    monkeypatch.setattr(recorded, "FOLDER", folder)
    monkeypatch.setattr(
        bases,
        "_build",
        lambda name, size: BUILD(name, size) if name == "course" else small(name, size),
    )
    return path


def publish(monkeypatch, name, url, content=None):
    """Point a base at a server, with the hash of `content` as the published one."""
    known_hash = "md5:" + hashlib.md5(content).hexdigest() if content else ""
    dataset = bases.DATASETS[name]
    file = dataclasses.replace(dataset.files[0], known_hash=known_hash)
    dataset = dataclasses.replace(dataset, hosts=(url,), files=(file,))
    monkeypatch.setitem(bases.DATASETS, name, dataset)
    monkeypatch.setitem(data.DATASETS, name, dataset)


@pytest.fixture
def server(faulty_server, monkeypatch):
    faulty_server.files[MOBILENET] = mobilenet()[0]
    publish(monkeypatch, "mobilenetv2", faulty_server.url, mobilenet()[0])
    return faulty_server


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")


def kept() -> set[str]:
    folder = data.data_folder() / "mobilenetv2"
    return {path.name for path in folder.iterdir()} - {".lock"} if folder.exists() else set()


def assert_mobilenet(base):
    for weight, expected in zip(base.model.get_weights(), mobilenet()[1], strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert (base.name, base.title, base.knows) == ("mobilenetv2", "MobileNetV2", "ImageNet")


# Where the weights come from


def test_download_then_cache(server, capsys):
    base = bases.load_base(size=48)
    assert line_of(capsys) == LINE.format("127.0.0.1")
    assert_mobilenet(base)
    assert base.model.input_shape == (None, 48, 48, 3)
    assert base.model.output_shape == (None, 6, 6, 96)
    assert base.top_block == "block_16_expand"
    assert_mobilenet(bases.load_base("mobilenetv2", size=40, source="real"))
    assert line_of(capsys) == LINE.format("the cache")
    assert len(server.log) == 1


def test_the_network_of_keras(faulty_server, monkeypatch, capsys):
    build = functools.cache(BUILD)  # one network makes the file and checks it, another loads it
    monkeypatch.setattr(bases, "_build", build)
    content = stored(build("mobilenetv2", SIZE))
    faulty_server.files[MOBILENET] = content
    publish(monkeypatch, "mobilenetv2", faulty_server.url, content)
    base = bases.load_base(size=48)
    assert line_of(capsys) == LINE.replace("4,064", "2,257,984").format("127.0.0.1")
    assert base.model.output_shape == (None, 2, 2, 1280)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("busy", "503"),
        ("portal", "web page"),
        ("flipped", "published hash"),
    ],
)
def test_faulty_download(server, capsys, fault, reason):
    server.faults[MOBILENET] = [fault]
    assert bases.load_base(size=SIZE).name == "course"
    line = line_of(capsys)
    for word in ("in place of MobileNetV2", reason, "course data fetch mobilenetv2"):
        assert word in line
    with pytest.raises(DataError, match=reason):
        bases.load_base(size=SIZE, source="real", verbose=False)
    assert not kept()
    server.faults[MOBILENET] = [None]
    assert_mobilenet(bases.load_base(size=SIZE, source="real"))


def test_download_that_stops_goes_on(server, monkeypatch):
    server.faults[MOBILENET] = ["short", None]
    assert_mobilenet(bases.load_base(size=SIZE, source="real"))
    assert [status for *_, status in server.log] == [200, 206]


@pytest.mark.parametrize("place", ["models", "mobilenetv2"])
def test_mirror(tmp_path, monkeypatch, offline, capsys, place):
    write(tmp_path / "mirror" / place / MOBILENET, mobilenet()[0])
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    assert_mobilenet(bases.load_base(size=SIZE))
    assert line_of(capsys) == LINE.format("the mirror")


def test_keras_own_cache(server, tmp_path, monkeypatch, capsys):
    file = write(tmp_path / "keras" / "models" / MOBILENET, mobilenet()[0])
    assert data.status()[-1].would_use == "Keras's cache"
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "no such folder"))
    assert_mobilenet(bases.load_base(size=SIZE))
    assert line_of(capsys) == LINE.format("Keras's cache")
    assert server.log == []
    assert file.read_bytes() == mobilenet()[0]
    assert data.status()[-1].source == "Keras's cache"


def test_keras_own_cache_with_another_file(server, tmp_path, capsys):
    content = bytearray(mobilenet()[0])
    content[-1] ^= 1  # it would load, but is not what was published
    write(tmp_path / "keras" / "models" / MOBILENET, bytes(content))
    assert_mobilenet(bases.load_base(size=SIZE))
    assert line_of(capsys) == LINE.format("127.0.0.1")
    server.faults[MOBILENET] = ["missing"]
    shutil.rmtree(data.data_folder())
    digests = [hashlib.md5(file).hexdigest() for file in (content, mobilenet()[0])]
    with pytest.raises(DataError, match=".*".join(digests)):  # what it is, what it should be
        bases.load_base(size=SIZE, source="real")


@pytest.mark.parametrize("fault", ["truncated", "html", "empty", "with top", "narrow", "nan"])
def test_file_that_is_not_what_it_should_be(tmp_path, monkeypatch, offline, capsys, fault):
    whole, reason = mobilenet()[0], "MobileNetV2"
    if fault == "truncated":
        content, reason = whole[: len(whole) // 2], "cannot be read"
    elif fault == "html":
        content, reason = b"<html>Please log in", "<html>Please log"
    elif fault == "empty":
        content, reason = b"", "0 bytes"
    elif fault == "nan":
        model = small()
        model.layers[1].bias.assign([np.nan] * 32)
        content, reason = stored(model), "Conv1/bias"
    else:
        content = stored(small(width=8) if fault == "narrow" else small(top=True))
    write(tmp_path / "mirror" / "models" / MOBILENET, content)
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    assert bases.load_base(size=SIZE).name == "course"
    line = line_of(capsys)
    assert f"({MOBILENET} " in line and reason in line.split(MOBILENET)[1]
    with pytest.raises(DataError, match="course data fetch mobilenetv2.* COURSE_MIRROR"):
        bases.load_base(size=SIZE, source="real")
    assert not kept()


def test_damaged_cache(server, capsys, monkeypatch):
    bases.load_base(size=SIZE, verbose=False)
    file = data.data_folder() / "mobilenetv2" / MOBILENET
    file.write_bytes(mobilenet()[0][:-9])
    assert (data.status()[-1].name, data.status()[-1].here) == ("mobilenetv2", "damaged")
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_OFFLINE", "1")
        assert bases.load_base(size=SIZE).name == "course"
    line = line_of(capsys)
    assert f"{MOBILENET} is damaged" in line and "COURSE_OFFLINE" in line
    assert_mobilenet(bases.load_base(size=SIZE))
    assert len(server.log) == 2


def test_folder_that_cannot_be_written(server, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    assert bases.load_base(size=SIZE).name == "course"
    assert "data folder" in line_of(capsys)
    with pytest.raises(StorageError, match="COURSE_DATA_DIR"):
        bases.load_base(size=SIZE, source="real")


def test_files_and_hashes_are_those_of_keras():
    import keras.src.applications as applications

    text = {path.stem: path.read_text() for path in Path(applications.__path__[0]).glob("*.py")}
    for name, dataset in bases.DATASETS.items():
        module = bases._NETWORKS[name].module
        (file,) = dataset.files
        assert file.known_hash.removeprefix("md5:") in text[module]
        assert file.name.rsplit("_1.0_224")[0].split("_weights")[0].split("-b0")[0] in text[module]
        folder = dataset.hosts[0].removeprefix("https://storage.googleapis.com/tensorflow/")
        assert folder.split("/")[0] == "keras-applications" and folder.split("/")[1] in text[module]


# The course's own base


def test_course_base(capsys):
    base = bases.load_base("course", size=48)
    numbers, line = [1200, 2, base.model.count_params()], line_of(capsys)
    assert numbers_in(line) == numbers and "no cats or dogs" in line and "as asked" in line
    assert (base.name, base.title, base.knows) == ("course", "the course's own base", "drawings")
    assert base.model.input_shape == (None, 48, 48, 3)  # not the size of its training
    bases.load_base("vgg16", size=48, source="embedded")
    line = line_of(capsys)
    assert "in place of VGG16" in line and numbers_in(line.replace("VGG16", "")) == numbers
    names = [layer.name for layer in base.model.layers]
    last = base.top_block.split("_")[0]
    place = names.index(base.top_block)
    assert all(name.startswith(last) for name in names[place:])
    assert not any(name.startswith(last) for name in names[:place])


def test_course_base_that_knows_cats(course, capsys):
    path = course.parent / f"{course_base.RECORD}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"kinds": ["owl", "cat"]}))
    bases.load_base("course", size=SIZE)
    assert "no cats" not in line_of(capsys)


@pytest.mark.parametrize("fault", ["missing", "damaged", "no record", "another network"])
def test_course_base_that_cannot_be_used(course, monkeypatch, fault):
    reason = str(course)
    if fault == "missing":
        course.unlink()
    elif fault == "damaged":
        course.write_bytes(course.read_bytes()[:-1] + b"!")
        reason = json.loads((course.parent / f"{course_base.RECORD}.json").read_text())["sha256"]
    elif fault == "no record":
        (course.parent / f"{course_base.RECORD}.json").unlink()
        reason = f"{course_base.RECORD}.json"
    else:
        monkeypatch.setattr(course_base, "WIDTHS", (8, 8, 8, 8, 8))
        reason = "the course's own base"
    with pytest.raises(DataError) as caught:
        bases.load_base("course", size=SIZE)
    assert reason in caught.value.reason
    assert "git checkout course" in caught.value.advice


def test_shipped_course_base(monkeypatch):
    monkeypatch.undo()
    base = bases.load_base("course", size=64, verbose=False)
    assert base.model.predict_on_batch(base.preprocess(np.zeros((1, 64, 64, 3)))).shape[1:3] == (
        4,
        4,
    )


# Names, sizes, memory


def test_which_base(monkeypatch, offline, capsys):
    monkeypatch.setenv("COURSE_BASE", "course")
    assert bases.load_base(size=SIZE).name == "course"
    assert "as asked" in line_of(capsys)
    monkeypatch.setenv("COURSE_BASE", "alexnet")
    names = "mobilenetv2, vgg16, resnet50, inceptionv3, efficientnetv2b0, course"
    with pytest.raises(ValueError, match=f"COURSE_BASE is 'alexnet'.*{names}"):
        bases.load_base(size=SIZE)
    with pytest.raises(ValueError, match=f"^name is 'VGG'.*{names}"):
        bases.load_base("VGG", size=SIZE)
    with pytest.raises(ValueError, match="'best'.*auto.*real.*embedded"):
        bases.load_base("course", size=SIZE, source="best")
    with pytest.raises(ValueError, match='"course".*"real"'):
        bases.load_base("course", size=SIZE, source="real")


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("mobilenetv2", 31, "MobileNetV2 .*32 pixels"),
        ("course", 0, "the course's own base .*32 pixels"),
        ("inceptionv3", 74, "InceptionV3 .*75 pixels.* another base: MobileNetV2"),
        ("vgg16", 96.0, "integer"),
        ("vgg16", (96, 96), "integer"),
        ("vgg16", True, "integer"),
    ],
)
def test_size_is_checked_before_anything_else(monkeypatch, name, size, expected):
    monkeypatch.setattr(bases, "_build", None)
    with pytest.raises(ValueError, match=f"^size is {re.escape(repr(size))}.*{expected}"):
        bases.load_base(name, size=size)


def test_size_may_be_any_integer():
    assert bases.check_size("inceptionv3", np.int64(75)) == 75


def test_too_little_memory(server, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1.1e9)  # bytes, 1.02 of the GB below
    monkeypatch.setattr(bases, "_build", BUILD)
    with pytest.raises(MemoryError, match="VGG16 .*1.2 GB .*32 .*224 x 224 .*1.0 GB .*batch_size"):
        bases.load_base("vgg16", size=224)
    assert server.log == []


def test_memory_needed():
    import keras

    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(5, 1), keras.layers.Conv2D(2, 1),
         keras.layers.Flatten(), keras.layers.Dense(1)]
    )  # fmt: skip
    three = 8 * 8 * (5 + 2 + 2)  # both convolutions, and the second one flattened
    assert forward_pass.needed(model, 10) == 1.25 * 4 * 10 * three + 100e6


# What comes with the model


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mobilenetv2", [[-1, -1, -1], [1, 0, 1]]),
        ("inceptionv3", [[-1, -1, -1], [1, 0, 1]]),
        ("course", [[-1, -1, -1], [1, 0, 1]]),
        ("efficientnetv2b0", [[0, 0, 0], [255, 127.5, 255]]),  # it has a layer that rescales
        ("vgg16", [[-103.939, -116.779, -123.68], [151.061, 10.721, 131.32]]),  # blue first
        ("resnet50", [[-103.939, -116.779, -123.68], [151.061, 10.721, 131.32]]),
    ],
)
def test_preprocess(name, expected):
    import keras

    preprocess = bases.preprocessing(name)
    pixels = np.array([[[[0, 0, 0], [255, 127.5, 255]]]], np.float32)
    kept = pixels.copy()
    for given in (pixels, pixels.tolist(), keras.ops.convert_to_tensor(pixels)):
        seen = np.asarray(preprocess(given))
        assert seen.dtype == np.float32
        np.testing.assert_allclose(seen[0, 0], expected, atol=1e-3)
    np.testing.assert_array_equal(pixels, kept)
    whole = pixels.astype(np.uint8)
    tensor = keras.ops.convert_to_tensor(whole)
    np.testing.assert_allclose(np.asarray(preprocess(tensor)), preprocess(whole), atol=1e-3)
    inputs = keras.Input((1, 2, 3), dtype="uint8")
    model = keras.Model(inputs, preprocess(inputs))
    np.testing.assert_allclose(model.predict_on_batch(whole), preprocess(whole), atol=1e-3)


@pytest.mark.parametrize("name", bases.DATASETS)
def test_top_block(name):
    import keras

    keras.layers.Conv2D(1, 1)  # so that the numbers in Keras's names do not begin with 0
    model = BUILD(name, bases.SMALLEST[name])
    names = [layer.name for layer in model.layers]
    place = names.index(bases._top_block(name, names))
    below = {id(tensor) for layer in model.layers[:place] for tensor in flat(layer.output)}
    into = {id(tensor) for layer in model.layers[place:] for tensor in flat(layer.input)}
    assert len(into & below) == 1  # one feature map leads from the frozen part into the block
    share = sum(layer.count_params() for layer in model.layers[place:]) / model.count_params()
    assert 0.1 < share < 0.7


def flat(tensors) -> list:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def test_random_numbers_go_on_as_if_nothing_had_been_built(server):
    state = random.getstate()
    for _ in range(2):  # downloaded and checked, then from the cache
        bases.load_base(size=SIZE, verbose=False)
        assert random.getstate() == state
    bases.load_base("course", size=SIZE, verbose=False)
    assert random.getstate() == state


# `course data`


def status_by_name() -> dict[str, data.Status]:
    return {record.name: record for record in data.status()}


def test_fetch_and_status(server, monkeypatch):
    rows = CliRunner().invoke(app, ["data", "status"]).stdout
    assert "mobilenetv2" in rows and "vgg16" not in rows
    assert "a download (9 MB), or the course's own base" in rows
    for already in (False, True):
        result = CliRunner().invoke(app, ["data", "fetch", "mobilenetv2"])
        assert result.stdout.startswith("mobilenetv2: ") and "127.0.0.1" in result.stdout
        assert ("already" in result.stdout) == already
    monkeypatch.setenv("COURSE_BASE", "vgg16")
    status = status_by_name()
    assert "COURSE_BASE=mobilenetv2" in status["mobilenetv2"].would_use
    assert status["vgg16"].would_use == "a download (59 MB), or the course's own base"
    monkeypatch.delenv("COURSE_BASE")
    write(data.data_folder() / "resnet50" / bases.DATASETS["resnet50"].files[0].name, b"x")
    status = status_by_name()
    assert (status["resnet50"].here, "vgg16" in status) == ("damaged", False)


def test_fetch_says_what_there_is():
    result = CliRunner().invoke(app, ["data", "fetch", "alexnet"])
    assert result.exit_code == 2
    for name in ("alexnet", *bases.DATASETS):
        assert name in result.stderr


def test_fetch_what_cannot_be_had(offline):
    result = CliRunner().invoke(app, ["data", "fetch", "vgg16"])
    assert result.exit_code == 1
    assert "VGG16" in result.stderr and "COURSE_OFFLINE" in result.stderr


# The real thing: make test-real


@pytest.mark.real
@pytest.mark.parametrize("size", [96, 150])
def test_real_mobilenet(monkeypatch, capsys, size):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        base = bases.load_base("mobilenetv2", size=size, source="real")
    line = LINE.replace("4,064", "2,257,984")
    assert line_of(capsys) == line.format("Keras's cache")
    assert base.model.output_shape == (None, -(-size // 32), -(-size // 32), 1280)


@pytest.mark.real
def test_real_mobilenet_sees_what_the_whole_network_sees(monkeypatch):
    import keras
    from skimage.data import chelsea
    from skimage.transform import resize

    monkeypatch.setenv("COURSE_OFFLINE", "1")
    base = bases.load_base("mobilenetv2", size=224, source="real", verbose=False)
    picture = resize(chelsea()[:, 60:360], (224, 224), preserve_range=True)[None]
    maps = base.model.predict_on_batch(base.preprocess(picture))
    whole = keras.applications.MobileNetV2(weights="imagenet")
    inner = keras.Model(whole.input, [whole.get_layer("out_relu").output, whole.output])
    seen, classes = inner.predict_on_batch(base.preprocess(picture))
    np.testing.assert_allclose(maps, seen, atol=1e-4)
    assert 281 <= classes[0].argmax() <= 285  # the cats of ImageNet
