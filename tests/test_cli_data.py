"""`course data ...` says what is here, and fails in plain words."""

import dataclasses

import pytest
from faulty_server import mnist_bytes, point_mnist_at
from printed import numbers_in
from small_photos import BAD, make_classes, make_set, write
from typer.testing import CliRunner

from course import data
from course.cli.cli import app
from course.data import arrays, pets, sources

CONTENT = mnist_bytes()


def use_sets(monkeypatch, sets):
    for module in (data, arrays):
        monkeypatch.setattr(module, "DATASETS", sets)


@pytest.fixture
def server(faulty_server, monkeypatch):
    """A server of a small MNIST; the other sets' hosts do not exist."""
    monkeypatch.setattr(sources, "_failed", {})
    faulty_server.files["mnist.npz"] = CONTENT
    sets = {"mnist": point_mnist_at(faulty_server.url, content=CONTENT)}
    sets["gone"] = point_mnist_at(faulty_server.url + "gone/", content=CONTENT)
    use_sets(monkeypatch, sets)
    return faulty_server


def run(*words):
    return CliRunner().invoke(app, ["data", *words])


def test_status(server):
    first = run("status")
    assert first.exit_code == 0
    heads, mnist, *_ = first.stdout.splitlines()
    assert heads.split()[:4] == ["data", "set", "here", "from"]
    assert mnist.split()[:5] == ["mnist", "none", "-", "-", "-"]
    assert run("fetch", "mnist").exit_code == 0
    row = run("status").stdout.splitlines()[1].split()
    assert row == ["mnist", "all", "127.0.0.1", "0.2", "yes", "the", "cache"]


def test_fetch_one(server):
    result = run("fetch", "mnist")
    assert result.exit_code == 0
    assert result.stdout == "mnist: here and verified, 0.2 MB from 127.0.0.1\n"  # as told
    again = run("fetch", "mnist")
    assert again.stdout == f"mnist: already {result.stdout.removeprefix('mnist: ')}"
    assert len(server.log) == 1


def test_fetch_all_goes_on_after_a_failure(server, monkeypatch):
    use_sets(monkeypatch, dict(reversed(data.DATASETS.items())))
    result = run("fetch")
    assert result.exit_code == 1
    assert result.stdout.startswith("mnist: ")
    assert result.stderr.startswith("gone: ") and "404" in result.stderr
    assert "Traceback" not in result.output


def test_fetch_unknown(server):
    result = run("fetch", "imagenet", "mnist")
    assert result.exit_code == 2
    for word in ("imagenet", "mnist, gone"):  # what was asked for, what there is
        assert word in result.stderr
    assert server.log == []


def test_fetch_offline(server, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    result = run("fetch", "mnist")
    assert result.exit_code == 1
    assert "COURSE_OFFLINE" in result.stderr


# The learner's own photos, and the two sets of cats and dogs


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror with cats and dogs, of which one file is bad."""
    make_set(tmp_path / "mirror" / "cats_and_dogs")
    write(tmp_path / "mirror" / "cats_and_dogs" / "train" / "cats" / "x.jpg", BAD["empty.jpg"][0])
    whole = {group: 6 if "train" in group else 4 for group in pets.WHOLE["pets"]}
    monkeypatch.setitem(pets.WHOLE, "pets", whole)
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")


def test_fetch_pets_tells_what_was_left_out(mirror):
    result = run("fetch", "pets")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("pets: ") and "the mirror" in first
    assert "1 of 21" in second and "train/cats/x.jpg (0 bytes)" in second


def test_a_set_in_part_is_told_as_such(mirror, tmp_path):
    """Before: a half-copied mirror was "here and verified" for ever."""
    gone = tmp_path / "mirror" / "cats_and_dogs" / "train" / "dogs" / "dogs.5.jpg"
    content = gone.read_bytes()
    gone.unlink()
    for already in (False, True):
        result = run("fetch", "pets")
        assert result.exit_code == 1
        first = result.stdout.splitlines()[0]
        assert "in part" in first and "verified" not in first
        assert ("already" in first) == already
        assert "19 of 20 photos (train/dogs 5 of 6)" in result.stdout
    (row,) = (row for row in run("status").stdout.splitlines() if row.startswith("pets "))
    assert row.split()[:2] == ["pets", "part"] and "19 of 20 photos" in row
    gone.write_bytes(content)
    result = run("fetch", "pets")
    assert result.exit_code == 0 and "here and verified" in result.stdout
    (row,) = (row for row in run("status").stdout.splitlines() if row.startswith("pets "))
    assert row.split()[:2] == ["pets", "all"]


def test_fetch_without_names_leaves_the_large_set_out(server, mirror, monkeypatch):
    sets = {"pets": data.DATASETS["mnist"], "mnist": data.DATASETS["mnist"]}
    large = dataclasses.replace(data.DATASETS["mnist"], on_request=True)
    use_sets(monkeypatch, {**sets, "pets-all": large})
    fetched = []
    monkeypatch.setattr(data, "fetch", lambda name: fetched.append(name) or data.status()[0])
    assert run("fetch").exit_code == 0
    assert fetched == ["pets", "mnist"]


def test_what_waits_to_be_asked_for():
    on_request = [name for name, dataset in data.DATASETS.items() if dataset.on_request]
    assert on_request == ["pets-all", "vgg16", "resnet50", "inceptionv3", "efficientnetv2b0"]
    text = " ".join(run("fetch", "--help").stdout.replace("│", " ").split())
    assert f"all of them but {', '.join(on_request[:-1])} and {on_request[-1]}." in text


def test_add_and_remove(tmp_path):
    path = make_classes(tmp_path / "own", 20)
    result = run("add", "pets", str(path))
    assert result.exit_code == 0 and str(path) in result.stdout
    assert numbers_in(result.stdout.replace(str(path), "")) == [32, 8]
    status = run("status").stdout
    assert "pets-own" in status and str(path) in status
    result = run("remove", "pets")
    assert result.exit_code == 0 and f"{path} was not touched" in result.stdout
    assert "pets-own" not in run("status").stdout
    result = run("remove", "pets")
    assert result.exit_code == 0 and "nothing to remove" in result.stdout


def test_own_photos_are_told_when_pets_is_fetched(mirror, tmp_path):
    run("add", "pets", str(make_classes(tmp_path / "own", 20)))
    for already in (False, True):
        first, *_, last = run("fetch", "pets").stdout.splitlines()
        assert ("already" in first) == already
        assert "your own photos" in last and "course data remove pets" in last


def test_remove_the_only_copies(tmp_path):
    path = make_classes(tmp_path / "own", 20)
    run("add", "pets", str(path))
    path.rename(tmp_path / "moved")
    result = run("remove", "pets")
    assert result.exit_code == 1
    images = data.data_folder() / "pets-own" / "whole" / "images"
    for word in (str(path), str(images), "course data remove pets --yes"):
        assert word in result.stderr
    assert len(list(images.rglob("*.jpg"))) == 40
    result = run("remove", "pets", "--yes")
    assert result.exit_code == 0 and "gone before" in result.stdout
    assert not images.exists()


def test_remove_what_a_killed_add_left(tmp_path):
    left = data.data_folder() / "pets-own" / ".making-whole-x"
    write(left / "new" / "images" / "cats" / "a.jpg", b"x")
    result = run("remove", "pets")
    assert result.exit_code == 0 and "interrupted" in result.stdout
    assert not left.exists()
    assert "nothing to remove" in run("remove", "pets").stdout


def test_remove_all(server, tmp_path):
    assert run("fetch", "mnist").exit_code == 0
    run("add", "pets", str(make_classes(tmp_path / "own", 20)))
    note = data.data_folder() / "mnist" / "note.txt"
    note.write_text("mine")
    for answer in ("n\n", ""):  # no, and nobody there
        result = CliRunner().invoke(app, ["data", "remove", "--all"], input=answer)
        assert result.exit_code == 1
        for word in ("mnist", "pets-own", str(tmp_path / "own"), str(note)):
            assert word in result.stdout
        assert run("status").stdout.splitlines()[1].split()[:2] == ["mnist", "all"]
    assert run("remove", "--all", "--yes").exit_code == 0
    assert [path for path in data.data_folder().rglob("*") if path.is_file()] == [note]
    assert len(list((tmp_path / "own").rglob("*.jpg"))) == 40
    status = run("status").stdout
    assert status.splitlines()[1].split()[:2] == ["mnist", "none"] and "pets-own" not in status
    assert run("remove", "--all").exit_code == 0  # nothing left to ask about


@pytest.mark.parametrize("words", [(), ("pets", "--all"), ("mnist", "--all", "--yes")])
def test_remove_what(words, tmp_path):
    run("add", "pets", str(make_classes(tmp_path / "own", 6)))
    result = run("remove", *words)
    assert result.exit_code == 2
    assert "remove pets" in result.stderr and "remove --all" in result.stderr
    assert "pets-own" in run("status").stdout


def test_help_says_what_can_be_added():
    text = " ".join(run("add", "--help").stdout.split())
    for part in ("PATH/cats/", "PATH/train/cats/", "5 photos or more", "a fifth of each",
                 "in place of any added before", "Nothing in PATH is changed", "test_set",
                 "cat.0.jpg"):  # fmt: skip
        assert part in text


def test_add_what_cannot_be_added(tmp_path):
    result = run("add", "pets", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert result.stderr.startswith("pets: ") and str(tmp_path / "nowhere") in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("path", ["", "~nosuchuser/photos", "x" * 300, "https://a.org/cats"])
def test_add_what_is_no_folder(path, tmp_path, monkeypatch):
    make_classes(tmp_path / "here", 6)
    monkeypatch.chdir(tmp_path / "here")  # which "" must not be taken for
    result = run("add", "pets", path)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("pets: ") and "Traceback" not in result.output
    assert "pets-own" not in run("status").stdout


@pytest.mark.parametrize("words", [("add", "mnist", "."), ("remove", "mnist")])
def test_photos_for_another_set(words):
    result = run(*words)
    assert result.exit_code == 2
    assert "pets" in result.stderr and "mnist" in result.stderr


def test_nothing_can_be_removed(tmp_path, monkeypatch):
    run("add", "pets", str(make_classes(tmp_path / "own", 6)))

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("course.data.pets.shutil.rmtree", refuse)
    result = run("remove", "pets")
    assert result.exit_code == 1
    assert "Permission denied" in result.stderr
