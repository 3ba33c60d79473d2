"""`course data ...` says what is here, and fails in plain words."""

import pytest
from faulty_server import mnist_bytes, point_mnist_at
from typer.testing import CliRunner

from course_utils import data
from course_utils.cli import app

CONTENT = mnist_bytes()


@pytest.fixture
def server(faulty_server, monkeypatch):
    """A server of a small MNIST; the other sets' hosts do not exist."""
    monkeypatch.setattr(data, "_failed", {})
    faulty_server.files["mnist.npz"] = CONTENT
    sets = {"mnist": point_mnist_at(faulty_server.url, content=CONTENT)}
    sets["gone"] = point_mnist_at(faulty_server.url + "gone/", content=CONTENT)
    monkeypatch.setattr(data, "DATASETS", sets)
    return faulty_server


def run(*words):
    return CliRunner().invoke(app, ["data", *words])


def test_status(server):
    first = run("status")
    assert first.exit_code == 0
    assert first.stdout.splitlines()[0].split()[:4] == ["data", "set", "here", "from"]
    assert "mnist     none  -" in first.stdout
    assert run("fetch", "mnist").exit_code == 0
    assert "mnist     all   127.0.0.1  0.2  yes       the cache" in run("status").stdout


def test_fetch_one(server):
    result = run("fetch", "mnist")
    assert result.exit_code == 0
    assert result.stdout == "mnist: here and verified, 0.2 MB from 127.0.0.1\n"
    again = run("fetch", "mnist")
    assert again.stdout == result.stdout
    assert len(server.log) == 1


def test_fetch_all_goes_on_after_a_failure(server, monkeypatch):
    monkeypatch.setattr(data, "DATASETS", dict(reversed(data.DATASETS.items())))
    result = run("fetch")
    assert result.exit_code == 1
    assert "mnist: here and verified" in result.stdout
    assert "gone: " in result.stderr and "answered 404" in result.stderr
    assert "Traceback" not in result.output


def test_fetch_unknown(server):
    result = run("fetch", "imagenet", "mnist")
    assert result.exit_code == 2
    assert result.stderr == "There is no data set imagenet. There are: mnist, gone.\n"
    assert server.log == []


def test_fetch_offline(server, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    result = run("fetch", "mnist")
    assert result.exit_code == 1
    assert "COURSE_OFFLINE is set" in result.stderr
