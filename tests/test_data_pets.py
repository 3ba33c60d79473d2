"""Cats and dogs: whatever comes, the folder holds good photos, and every fault is told."""

import dataclasses
import errno
import hashlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import pytest
from PIL import Image
from printed import numbers_in
from small_photos import BAD, ODD, jpeg, make_classes, make_set, picture, write, zip_of

from course import data, drawn
from course.data import download, pets, photo_sets, photos, sources
from course.data.download import DataError, OfflineError, StorageError

ZIP, ALL_ZIP = "cats_and_dogs_filtered.zip", "kagglecatsanddogs_5340.zip"
TOP = "cats_and_dogs_filtered"
SAVE_PETS = drawn.save_pets  # the real drawing; see `draws`


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(sources, "_failed", {})
    download.forget_unreachable()
    yield
    download.forget_unreachable()


@pytest.fixture(autouse=True)
def small_sets(request, monkeypatch):
    """The published sets have as many photos as `make_set` and `all_mirror` make."""
    if request.node.get_closest_marker("real"):
        return
    whole = {f"{part}/{cls}": n for part, n in (("train", 6), ("validation", 4))
             for cls in pets.CLASSES}  # fmt: skip
    monkeypatch.setattr(pets, "WHOLE", {"pets": whole, "pets-all": {"cats": 20, "dogs": 21}})
    monkeypatch.setattr(pets, "GIVEN", {"pets-all": 43})


@pytest.fixture(autouse=True)
def draws(monkeypatch):
    """A quick stand-in for the drawing; the calls it got."""
    calls = []

    def save_pets(folder, n, *, size=64, seed=0, start=0, shortcut=None, workers=None,
                  progress=True):  # fmt: skip
        calls.append((n, size, seed, progress))
        for i in range(n):
            name = ("cat", "dog")[i % 2]
            image = picture(1000 * seed + i, (size, size))
            write(Path(folder) / f"{name}s" / f"{name}.{i // 2 + 1:04}.jpg", jpeg(image))

    monkeypatch.setattr(drawn, "save_pets", save_pets, raising=False)
    monkeypatch.setattr(drawn, "PETS_VERSION", 7, raising=False)
    return calls


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")


@pytest.fixture
def mirror(tmp_path, monkeypatch, offline):
    """A mirror with 12 + 8 photos in a folder."""
    make_set(tmp_path / "mirror" / "cats_and_dogs")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    return tmp_path / "mirror"


@pytest.fixture
def content(tmp_path):
    return zip_of(make_set(tmp_path / "set"), TOP, **{f"{TOP}/vectorize.py": b"pass"})


@pytest.fixture
def server(faulty_server, monkeypatch, content):
    """A server of the same photos as a zip, taken for the real host."""
    faulty_server.files[ZIP] = content
    here = dataclasses.replace(pets.DATASETS["pets"], hosts=(faulty_server.url,))
    monkeypatch.setitem(pets.DATASETS, "pets", here)
    return faulty_server


def lines_of(capsys) -> list[str]:
    out, err = capsys.readouterr()
    assert "\n" not in err  # progress bars clear themselves
    return out.splitlines()


def assert_told(line, numbers, *words):
    """The line has these words or paths, and besides them these numbers, in this order."""
    rest = line
    for word in sorted(map(str, words), key=len, reverse=True):
        assert word in line
        rest = rest.replace(word, "")
    assert numbers_in(rest) == numbers, line


def assert_drawn(lines, *words):
    """One line tells that 8 + 4 were drawn, why, and how to get the photos."""
    (line,) = lines
    assert_told(line, [8, 4], "drawn", "course data fetch pets", *words)


def status_of(name) -> data.Status | None:
    return next((record for record in data.status() if record.name == name), None)


def copies_in(folder: Path, scratch: Path) -> list[list[Path]]:
    """The photos that are there more than once, those of one photo together."""
    files = photos.files_below(folder)
    came = photos.import_photos({"all": files}, scratch, root=folder, progress=False).photos
    groups = photos.exact_copies(list(came.values()))
    return [[files[number] for number in group] for group in groups]


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def assert_only_whole(name="pets"):
    """Nothing half-made lies about."""
    assert {path.name for path in (data.data_folder() / name).iterdir()} == {".lock", "whole"}


def assert_nothing(name="pets"):
    assert {path.name for path in (data.data_folder() / name).iterdir()} == {".lock"}


# From a mirror, by download, from the cache


def test_mirror_then_cache(mirror, monkeypatch, capsys):
    folder, origin = data.load_pets()
    assert lines_of(capsys) == [
        "Cats and dogs: 12 training and 8 validation photos, from the mirror (12 + 8 there)"
    ]  # the one line whose wording counts
    assert origin == "photos"
    there = mirror / "cats_and_dogs"
    assert names_in(folder) == names_in(there)
    for name in names_in(there):
        assert (folder / name).read_bytes() == (there / name).read_bytes()
    monkeypatch.delenv("COURSE_MIRROR")
    assert data.load_pets(source="real") == (folder, origin)
    (line,) = lines_of(capsys)
    assert_told(line, [12, 8, 12, 8], "from the cache")
    data.load_pets(verbose=False)
    assert capsys.readouterr() == ("", "")
    assert_only_whole()


@pytest.mark.parametrize("kind", ["host", "mirror folder", "mirror server"])
def test_zip(server, content, tmp_path, monkeypatch, capsys, kind):
    place = "127.0.0.1"
    if kind == "mirror folder":
        write(tmp_path / "mirror" / ZIP, content)
        monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
        place = "the mirror"
    elif kind == "mirror server":
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        gone = dataclasses.replace(pets.DATASETS["pets"], hosts=("http://host.invalid/",))
        monkeypatch.setitem(pets.DATASETS, "pets", gone)
    folder, _ = data.load_pets(source="real")
    (line,) = lines_of(capsys)
    assert_told(line, [12, 8, 12, 8], f"from {place}")
    assert names_in(folder) == names_in(tmp_path / "set")
    assert len(server.log) == (kind != "mirror folder")
    assert_only_whole()  # the zip is used up


def test_interrupted_download_goes_on(server, content, capsys):
    server.faults[ZIP] = ["short"]
    assert data.load_pets(8, 4).origin == "drawn"
    assert "the connection " in lines_of(capsys)[0]
    assert (data.data_folder() / "pets" / f"{ZIP}.part").exists()
    asked = len(server.log)
    data.load_pets(8, 4, verbose=False)
    assert len(server.log) == asked  # "auto" remembers for a while
    with pytest.raises(DataError, match="the connection "):
        data.load_pets(source="real", verbose=False)
    server.faults[ZIP] = [None]
    assert data.fetch("pets", progress=False).here == "all"
    assert server.log[-1][2] == 206
    assert data.load_pets(verbose=False).origin == "photos"
    assert_only_whole()


def damaged(content: bytes, at: bytes) -> bytes:
    """The zip with one byte changed inside a member."""
    place = content.index(at) + 300
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no zip", [ZIP, "not a zip file"]),
        ("cut", [ZIP, "not a zip file"]),
        ("byte", [ZIP, f"{TOP}/train/cats/cats.1.jpg"]),
        ("structure", [ZIP, f"{TOP}/validation/dogs"]),
        ("hostile", ["'../evil.jpg'"]),
        ("text", [*(f"validation/dogs/{name}.jpg (" for name in "abc"), "4 files", "1 more"]),
    ],
)
def test_faulty_zip(server, content, tmp_path, capsys, fault, words):
    good, folder = content, tmp_path / "set"
    if fault == "no zip":
        content = b"<html>" * 100
    elif fault == "cut":
        content = content[:-2000]
    elif fault == "byte":
        content = damaged(content, b"train/cats/cats.1.jpg")
    elif fault == "structure":
        for path in (folder / "validation" / "dogs").iterdir():
            path.unlink()
        content = zip_of(folder, TOP)
    elif fault == "hostile":
        content = zip_of(folder, TOP, **{"../evil.jpg": jpeg(picture(1))})
    else:
        for path in (folder / "validation" / "dogs").iterdir():
            path.unlink()
        for name, bad in (("a", "text"), ("b", "empty"), ("c", "dot"), ("d", "half")):
            write(folder / "validation" / "dogs" / f"{name}.jpg", BAD[f"{bad}.jpg"][0])
        content = zip_of(folder, TOP)
    server.files[ZIP] = content
    assert data.load_pets(8, 4).origin == "drawn"
    (line,) = lines_of(capsys)
    with pytest.raises(DataError) as caught:
        data.load_pets(source="real", verbose=False)
    for word in words:
        assert word in line and word in caught.value.reason
    assert "course data fetch pets" in caught.value.advice
    assert_nothing()
    assert not list(tmp_path.rglob("evil.jpg"))
    asked = len(server.log)
    server.files[ZIP] = good
    assert data.fetch("pets", progress=False).here == "all"  # downloaded again, not taken up
    assert len(server.log) > asked


def test_encrypted_zip(server, content, capsys):
    changed = bytearray(content)
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the bit that says so, everywhere
        at = changed.find(mark)
        while at >= 0:
            changed[at + place] |= 1
            at = changed.find(mark, at + 4)
    server.files[ZIP] = bytes(changed)
    data.load_pets(8, 4)
    assert "encrypted" in lines_of(capsys)[0]


def test_a_zip_that_was_not_used_up_is_not_downloaded_again(server, monkeypatch):
    """As after a kill between the download and the end of the import."""

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(photos, "import_photos", killed)
        with pytest.raises(KeyboardInterrupt):
            data.load_pets(verbose=False)
    write(data.data_folder() / "pets" / ".unpacked-x" / "new" / "a.jpg", b"left by a kill")
    write(data.data_folder() / "pets" / "..unpacked-x" / "new" / "a.jpg", b"left by a kill")
    assert data.load_pets(source="real", verbose=False).origin == "photos"
    assert len(server.log) == 1
    assert_only_whole()


def test_mirror_without_the_photos(tmp_path, monkeypatch, offline, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    data.load_pets(8, 4)
    assert_drawn(lines_of(capsys), ZIP, "COURSE_OFFLINE")
    with pytest.raises(DataError) as caught:
        data.load_pets(source="real")
    for word in (str(tmp_path / ZIP), "storage.googleapis.com"):  # all places that were tried
        assert word in caught.value.advice
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "nothing"))
    data.load_pets(8, 4)
    assert_drawn(lines_of(capsys), "COURSE_MIRROR is not a folder", "COURSE_OFFLINE")


@pytest.mark.parametrize("damage", [False, True])
def test_mirror_that_is_a_copy_of_a_cache(mirror, tmp_path, monkeypatch, damage):
    shutil.copytree(data.load_pets(verbose=False).folder.parents[2], tmp_path / "stick")
    there = names_in(mirror / "cats_and_dogs")
    monkeypatch.setenv("COURSE_MIRROR", str(data.data_folder()))  # the cache itself: no mirror
    assert pets._in_mirror("pets", data.data_folder()).suffix == ".zip"
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    assert status_of("pets").would_use == "the mirror"
    if damage:
        (tmp_path / "stick/pets/whole/images/train/cats/cats.0.jpg").unlink()
        with pytest.raises(DataError, match="the mirror's copy of pets"):
            data.load_pets(source="real")
        return
    folder, _ = data.load_pets(source="real", verbose=False)
    assert names_in(folder) == there
    assert status_of("pets").source == "the mirror"


def test_mirror_that_is_a_copy_of_a_cache_with_all(all_mirror, tmp_path, monkeypatch):
    first = data.load_pets(source="all", verbose=False).folder
    shutil.copytree(data.data_folder(), tmp_path / "stick")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    assert names_in(data.load_pets(source="all", verbose=False).folder) == names_in(first)


def test_a_mirror_with_the_zip_unpacked(mirror):
    (mirror / "cats_and_dogs").rename(mirror / "cats_and_dogs_filtered")
    assert data.load_pets(source="real", verbose=False).origin == "photos"


def test_mirror_without_a_class(mirror):
    for path in (mirror / "cats_and_dogs" / "train" / "dogs").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="train/dogs"):
        data.load_pets(source="real", verbose=False)
    assert_nothing()


def test_offline_setting_opens_no_socket(monkeypatch, offline, capsys):
    def opened(*_, **__):
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, opened)
    data.load_pets(8, 4)
    assert_drawn(lines_of(capsys), "COURSE_OFFLINE")
    for source in ("real", "all"):
        with pytest.raises(OfflineError, match="COURSE_OFFLINE"):
            data.load_pets(source=source)


# What comes in


def test_what_was_left_out_is_told(mirror, capsys):
    train = mirror / "cats_and_dogs" / "train" / "cats"
    for name in ("empty.jpg", "half.jpg", "text.jpg", "dot.jpg"):
        write(train / name, BAD[name][0])
    for name in ("grey.jpg", "cmyk.jpg"):
        write(train / name, ODD[name][0])
    write(train / ".DS_Store", b"x")
    folder, _ = data.load_pets()
    first, second = lines_of(capsys)
    assert_told(first, [14, 8, 14, 8])
    report = folder.parent / "report.txt"
    told = [f"train/cats/{name}.jpg (" for name in ("dot", "empty", "half", "cmyk", "grey")]
    words = ["1 x 1 pixels; 16 x 16", "0 bytes", "CMYK to RGB", "grey to RGB"]
    assert_told(second, [4, 26, 1, 2], report, *told, *words)
    text = report.read_text()
    assert str(mirror / "cats_and_dogs") in text
    assert "train/cats/text.jpg: text, not an image" in text  # the one that was not named above
    data.load_pets()
    assert lines_of(capsys)[1] == second


def test_photos_of_training_are_left_out_of_validation(mirror, capsys):
    here = mirror / "cats_and_dogs"
    image = picture(50, (256, 192))
    write(here / "train" / "cats" / "x.jpg", jpeg(image))
    write(here / "train" / "cats" / "x2.jpg", jpeg(image))  # twice in training: as it may be
    write(here / "validation" / "cats" / "x.jpg", jpeg(image))
    write(here / "validation" / "cats" / "y.jpg", jpeg(image.resize((128, 96)), quality=50))
    folder, _ = data.load_pets()
    first, second, third = lines_of(capsys)
    assert_told(first, [14, 9, 14, 9])
    assert_told(third, [2], "look alike", folder.parent / "report.txt")
    pair = "validation/cats/x.jpg (the same as train/cats/x.jpg)"
    assert_told(second, [1], folder.parent / "report.txt", pair)
    names = {path.name for path in folder.glob("validation/cats/*")}
    assert "x.jpg" not in names and "y.jpg" in names  # which only looks alike
    report = (folder.parent / "report.txt").read_text()
    assert "train/cats/x.jpg\n    validation/cats/y.jpg" in report


def test_validation_that_is_all_in_training(mirror):
    here = mirror / "cats_and_dogs"
    for path in (here / "validation" / "cats").iterdir():
        path.write_bytes((here / "train" / "cats" / "cats.0.jpg").read_bytes())
    with pytest.raises(DataError, match="cats is left for validation"):
        data.load_pets(source="real", verbose=False)


@pytest.fixture
def all_mirror(tmp_path, monkeypatch, offline):
    """Like the big zip: 2 x 20 photos, a copy of one, two bad files, and a Thumbs.db."""
    folder = make_classes(tmp_path / "big", 20, classes=("Cat", "Dog"))
    write(folder / "Cat" / "666.jpg", b"")
    write(folder / "Dog" / "11702.jpg", BAD["half.jpg"][0])
    write(folder / "Dog" / "Thumbs.db", b"x")
    write(folder / "Dog" / "twin.jpg", (folder / "Dog" / "Dog.3.jpg").read_bytes())
    content = zip_of(folder, "PetImages", **{"readme[1].txt": b"read me"})
    write(tmp_path / "mirror" / ALL_ZIP, content)
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    return content


def test_all_photos(all_mirror, capsys):
    folder, origin = data.load_pets(source="all")
    first, second = lines_of(capsys)
    assert_told(first, [32, 8, 32, 8], "from the mirror")
    told = (
        "Cat/666.jpg (0 bytes)",
        "Dog/11702.jpg (",
        "dogs/twin.jpg (the same as dogs/Dog.3.jpg)",
    )
    assert_told(second, [2, 43, 1], folder.parent / "report.txt", *told)
    assert origin == "photos"
    counts = {
        f"{part}/{name}": len(list((folder / part / name).iterdir()))
        for part in pets.PARTS for name in pets.CLASSES
    }  # fmt: skip
    assert list(counts.values()) == [16, 16, 4, 4]
    assert_only_whole("pets-all")
    # "auto" leaves them alone
    assert data.load_pets(8, 4, verbose=False).origin == "drawn"


def test_all_photos_are_split_the_same_way_each_time(all_mirror, monkeypatch, tmp_path):
    first = names_in(data.load_pets(source="all", verbose=False).folder)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    assert names_in(data.load_pets(source="all", verbose=False).folder) == first


def test_all_photos_of_another_hash(all_mirror, faulty_server, monkeypatch):
    monkeypatch.delenv("COURSE_MIRROR")
    monkeypatch.delenv("COURSE_OFFLINE")
    faulty_server.files[ALL_ZIP] = all_mirror
    here = dataclasses.replace(pets.DATASETS["pets-all"], hosts=(faulty_server.url,))
    monkeypatch.setitem(pets.DATASETS, "pets-all", here)
    begins = hashlib.sha256(all_mirror).hexdigest()[:8]
    with pytest.raises(DataError, match=f"{begins}.* b7974bd0"):
        data.load_pets(source="all", verbose=False)
    monkeypatch.setattr(pets, "ALL_HASH", begins)
    assert data.fetch("pets-all", progress=False).here == "all"


# Parts


def test_parts_are_nested_balanced_and_always_the_same(mirror, monkeypatch, tmp_path):
    whole = names_in(data.load_pets(verbose=False).folder)
    last = set()
    for n_train, n_validation in ((4, 2), (8, 4), (10, 8), (None, 8)):
        folder, _ = data.load_pets(n_train, n_validation, verbose=False)
        names = names_in(folder)
        assert last < names <= whole
        for part, n in (("train", n_train or 12), ("validation", n_validation)):
            for cls in pets.CLASSES:
                assert len(list((folder / part / cls).iterdir())) == n // 2
        last = names
    some = names_in(data.load_pets(4, 2, verbose=False).folder)
    assert names_in(data.load_pets(4, 2, seed=1, verbose=False).folder) != some
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    assert names_in(data.load_pets(4, 2, verbose=False).folder) == some
    for cls in pets.CLASSES:  # in the order of the names' hashes, which nothing can change
        names = [f"train/{cls}/{cls}.{i}.jpg" for i in range(6)]
        names.sort(key=lambda name: hashlib.sha256(f"0/{name}".encode()).hexdigest())
        assert {name for name in some if name.startswith(f"train/{cls}")} == set(names[:2])


@pytest.mark.parametrize("links", [True, False])
def test_a_part_is_made_of_links_or_else_of_copies(mirror, monkeypatch, links):
    if not links:

        def refuse(*_):
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    whole = data.load_pets(verbose=False).folder
    part = data.load_pets(4, 2, verbose=False).folder
    for name in names_in(part):
        assert (part / name).samefile(whole / name) == links
        assert (part / name).read_bytes() == (whole / name).read_bytes()


def test_a_part_is_made_once_and_again_if_damaged(mirror, monkeypatch):
    folder, _ = data.load_pets(4, 2, verbose=False)
    with monkeypatch.context() as patch:
        patch.setattr(photo_sets, "replacing", None)
        assert data.load_pets(4, 2, verbose=False).folder == folder
    names = names_in(folder)
    (folder / sorted(names)[0]).unlink()
    data.load_pets(4, 2, verbose=False)
    assert names_in(folder) == names


def test_a_change_that_leaves_the_size_is_found_where_every_file_is_read(mirror, tmp_path):
    folder, _ = data.load_pets(verbose=False)
    own = data.add_pets(make_classes(tmp_path / "own", 10), verbose=False).folder
    contents = []
    for image in (folder / "train/cats/cats.0.jpg", next(own.rglob("*.jpg"))):
        content = image.read_bytes()
        contents.append((image, content))
        image.write_bytes(content[:-20] + bytes([content[-20] ^ 255]) + content[-19:])
    for name, would_use in (("pets", "your own photos"), ("pets-own", "the cache")):
        status = status_of(name)
        assert (status.here, status.verified) == ("damaged", False)
        assert status.would_use == would_use  # there, only names and sizes are looked at
    assert data.load_pets(verbose=False).folder == own
    data.remove_pets()
    assert data.load_pets(verbose=False).folder == folder
    status = data.fetch("pets", progress=False)
    assert (status.here, status.verified) == ("all", True)
    assert contents[0][0].read_bytes() == contents[0][1]


def test_a_set_stored_without_digests_is_not_verified(mirror):
    folder, _ = data.load_pets(verbose=False)
    path = folder.parent / "record.json"
    record = json.loads(path.read_text())
    del record["digests"]
    path.write_text(json.dumps(record))
    assert (status_of("pets").here, status_of("pets").verified) == ("all", False)
    assert data.load_pets(verbose=False).folder == folder
    assert data.fetch("pets", progress=False).verified


def test_a_copy_on_a_stick_that_is_changed(mirror, tmp_path, monkeypatch):
    data.load_pets(verbose=False)
    shutil.copytree(data.data_folder(), tmp_path / "stick")
    image = tmp_path / "stick/pets/whole/images/train/cats/cats.0.jpg"
    image.write_bytes(image.read_bytes()[:-20] + bytes(20))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    with pytest.raises(DataError, match="the mirror's copy of pets"):
        data.load_pets(source="real")


def test_a_file_damaged_in_both_is_mended_in_both(mirror):
    folder, _ = data.load_pets(4, 2, verbose=False)
    name = sorted(names_in(folder))[0]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(b"through the hard link")
    assert status_of("pets").here == "damaged"
    folder, _ = data.load_pets(4, 2, verbose=False)
    assert (folder / name).read_bytes() == content


def test_more_than_there_are(mirror, capsys):
    folder, _ = data.load_pets(5000, 4)
    (line,) = lines_of(capsys)
    assert_told(line, [12, 4, 12, 8, 5000, 4])
    assert len(names_in(folder)) == 16


def test_none_of_a_part(mirror):
    folder, _ = data.load_pets(4, 0, verbose=False)
    assert {path.split("/")[0] for path in names_in(folder)} == {"train"}
    assert (folder / "validation" / "cats").is_dir()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("n_validation", -2, "25,000"),
        ("n_validation", 7, "even"),
        ("n_train", 25_002, "25,000"),
        ("n_train", 4.0, "integer"),
        ("n_validation", "4", "integer"),
        ("n_train", True, "integer"),
        ("size", 31, "32"),
        ("size", "64", "integer"),
        ("size", None, "integer"),
        ("seed", "a/b", "integer"),
        ("seed", None, "integer"),
        ("source", "drawn", '"auto", "real", "own", "all" or "embedded"'),
    ],
)
def test_arguments_are_checked(name, value, expected):
    with pytest.raises(ValueError, match=f"^{name} is {value!r}.*{expected}"):
        data.load_pets(**{name: value})


# Damage and interruption


def test_damaged_cache_is_mended(mirror, capsys):
    folder, _ = data.load_pets(verbose=False)
    names = names_in(folder)
    (folder / "train" / "cats" / "cats.0.jpg").write_bytes(b"")
    assert data.load_pets(verbose=False).folder == folder
    assert names_in(folder) == names
    assert (folder / "train" / "cats" / "cats.0.jpg").stat().st_size > 500


def test_damaged_cache_without_a_source(mirror, monkeypatch, capsys):
    folder, _ = data.load_pets(verbose=False)
    (folder / "train" / "cats" / "cats.0.jpg").unlink()
    monkeypatch.delenv("COURSE_MIRROR")
    data.load_pets(8, 4)
    assert_drawn(lines_of(capsys), "damaged", "COURSE_OFFLINE")
    with pytest.raises(DataError, match="damaged"):
        data.load_pets(source="real")


def test_a_failure_in_mid_import_leaves_nothing(mirror, monkeypatch):
    import_one, calls = photos._import_one, []

    def fail(*args):
        calls.append(args)
        if len(calls) > 7:
            raise MemoryError
        return import_one(*args)

    with monkeypatch.context() as patch:
        patch.setattr(photos, "_import_one", fail)
        with pytest.raises(MemoryError):
            data.load_pets(verbose=False)
    assert_nothing()
    assert data.load_pets(source="real", verbose=False).origin == "photos"  # the lock is free


def test_an_interrupt_waits_for_the_threads_that_write(mirror, monkeypatch):
    import_one, imported = photos._import_one, photos.Imported

    def slowly(*job):
        time.sleep(0.02)
        return import_one(*job)

    class Interrupted(list):
        def append(self, _):
            raise KeyboardInterrupt

    write(mirror / "cats_and_dogs" / "train" / "cats" / "cats.00.jpg", b"")  # the first of all
    with monkeypatch.context() as patch:
        patch.setattr(photos, "_import_one", slowly)
        patch.setattr(photos, "Imported", lambda: imported(left_out=Interrupted()))
        with pytest.raises(KeyboardInterrupt):
            data.load_pets(verbose=False)
    assert_nothing()
    time.sleep(0.05)
    assert_nothing()


@pytest.mark.parametrize("name", ["pets", "pets-own", "pets-drawn"])
def test_a_kill_between_two_renames_loses_nothing(mirror, monkeypatch, tmp_path, draws, name):
    def load():
        if name == "pets-drawn":
            return data.load_pets(4, 2, source="embedded", verbose=False).folder
        return data.load_pets(verbose=False).folder

    if name == "pets-own":
        data.add_pets(make_classes(tmp_path / "own", 6), verbose=False)
    folder = load().parent
    scratch = folder.parent / f".making-{folder.name}-x"
    scratch.mkdir()
    folder.rename(scratch / f"old-{folder.name}")
    monkeypatch.delenv("COURSE_MIRROR")
    draws.clear()
    assert load() == folder / "images"
    assert {path.name for path in folder.parent.iterdir()} == {".lock", folder.name}
    assert draws == []


def test_an_interrupt_before_the_end_leaves_nothing(mirror, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(photo_sets, "write_record", interrupt)
        with pytest.raises(KeyboardInterrupt):
            data.load_pets(verbose=False)
    assert_nothing()
    assert data.load_pets(source="real", verbose=False).origin == "photos"


def test_folder_that_cannot_be_written(mirror, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    for source in ("auto", "real", "embedded"):
        with pytest.raises(StorageError, match="COURSE_DATA_DIR"):
            data.load_pets(8, 4, source=source, verbose=False)
    with pytest.raises(StorageError, match="COURSE_DATA_DIR"):
        data.add_pets(make_classes(tmp_path / "own", 6), verbose=False)


def test_a_part_that_cannot_be_stored_is_not_drawn_instead(mirror, monkeypatch, tmp_path, draws):
    def full(*_):
        raise OSError(28, "No space left on device")

    for own in (False, True):
        if own:
            data.add_pets(make_classes(tmp_path / "own", 10), verbose=False)
        data.load_pets(verbose=False)
        with monkeypatch.context() as patch:
            patch.setattr(photo_sets, "_link", full)
            with pytest.raises(StorageError, match="disk is full"):
                data.load_pets(4, 2, verbose=False)
    assert draws == []


def test_disk_full(mirror, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="disk is full"):
            data.load_pets(source="real", verbose=False)
    assert_nothing()


def test_read_only_cache_that_has_the_photos(mirror, monkeypatch):
    data.load_pets(4, 2, verbose=False)

    def locked(*_, **__):
        raise AssertionError("needs to write")

    monkeypatch.setattr(download, "locked", locked)
    data.load_pets(verbose=False)
    data.load_pets(4, 2, verbose=False)


# Drawn


def test_drawn_once(draws, capsys):
    folder, origin = data.load_pets(8, 4, size=40, source="embedded")
    (line,) = lines_of(capsys)
    assert_told(line, [8, 4], "drawn", "as asked")
    assert origin == "drawn"
    assert draws == [(10, 40, sources.TRAIN_SEED, True), (10, 40, sources.TEST_SEED, True)]
    assert len(list((folder / "train" / "dogs").iterdir())) == 4
    assert data.load_pets(8, 4, size=40, source="embedded") == (folder, origin)
    assert lines_of(capsys) == [line]
    assert len(draws) == 2


def test_drawn_anew_for_another_size_number_or_version(draws, monkeypatch):
    folders = {data.load_pets(8, 4, size=40, source="embedded", verbose=False).folder}
    folders.add(data.load_pets(8, 4, size=32, source="embedded", verbose=False).folder)
    folders.add(data.load_pets(8, 2, size=40, source="embedded", verbose=False).folder)
    monkeypatch.setattr(drawn, "PETS_VERSION", 8)
    folders.add(data.load_pets(8, 4, size=40, source="embedded", verbose=False).folder)
    assert len(folders) == 4 and len(draws) == 8
    assert not draws[0][3]  # verbose=False: no progress bar
    next(iter(folders)).joinpath("train", "cats", "cat.0001.jpg").unlink()
    for size, n in ((40, 4), (32, 4), (40, 2)):
        data.load_pets(8, n, size=size, source="embedded", verbose=False)
    assert len(draws) >= 10


def test_half_of_each_class_is_drawn(monkeypatch):
    monkeypatch.setattr(drawn, "save_pets", SAVE_PETS)
    before = set()
    for n in (2, 14):  # within a block of pictures, and beyond
        folder, _ = data.load_pets(n, n, size=32, source="embedded", verbose=False)
        names = names_in(folder)
        assert names == {
            f"{part}/{animal}s/{animal}.{number:04}.jpg"
            for part in pets.PARTS for animal in ("cat", "dog") for number in range(1, n // 2 + 1)
        }  # fmt: skip
        contents = {(name, (folder / name).read_bytes()) for name in names}
        assert before < contents  # a smaller set is part of a larger one
        before = contents


def test_a_folder_in_the_home_folder_is_drawn_into(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    SAVE_PETS("~/pets", 1, size=32, progress=False)
    assert len(list((tmp_path / "pets").rglob("*.jpg"))) == 1


def test_what_was_drawn_with_unequal_classes_is_drawn_anew(draws):
    folder, _ = data.load_pets(4, 2, source="embedded", verbose=False)
    names = names_in(folder)
    (folder / "train" / "cats" / "cat.0002.jpg").rename(folder / "train" / "dogs" / "dog.0003.jpg")
    photo_sets.write_record(folder.parent, {"version": 7})
    data.load_pets(4, 2, source="embedded", verbose=False)
    assert names_in(folder) == names and len(draws) == 4


def test_drawing_cut_short_leaves_nothing(draws, monkeypatch):
    whole = drawn.save_pets

    def save_pets(folder, n, **options):
        whole(folder, n, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drawn, "save_pets", save_pets)
        with pytest.raises(KeyboardInterrupt):
            data.load_pets(8, 4, source="embedded", verbose=False)
    assert_nothing("pets-drawn")
    data.load_pets(8, 4, source="embedded", verbose=False)


def test_how_many_are_drawn_by_default(draws, monkeypatch):
    asked = []
    monkeypatch.setattr(drawn, "save_pets", lambda folder, n, **_: asked.append(n))
    data.load_pets(source="embedded", verbose=False)
    assert asked == [2000, 1000]
    data.load_pets(0, 4, source="embedded", verbose=False)
    assert asked == [2000, 1000, 10]


# The learner's own photos


def test_own_photos_in_two_folders(tmp_path, mirror, capsys):
    path = make_classes(tmp_path / "own", 10, classes=("pears", "apples"))
    before = {name: (path / name).read_bytes() for name in names_in(path)}
    folder, origin = data.add_pets(path)
    first, second = lines_of(capsys)
    assert_told(first, [16, 4], path, "Apples and pears")
    assert_told(second, [8])  # few of a class
    assert origin == "own"
    assert {name: (path / name).read_bytes() for name in names_in(path)} == before
    assert {path.parent.name for path in folder.rglob("*.jpg")} == {"apples", "pears"}
    assert len(list((folder / "validation" / "pears").iterdir())) == 2
    assert data.load_pets() == (folder, "own")  # before the mirror
    assert_told(lines_of(capsys)[0], [16, 4, 16, 4], "Apples and pears", "your own")
    assert data.load_pets(8, 2, source="own", verbose=False).origin == "own"
    names = names_in(folder)
    data.add_pets(path, verbose=False)
    assert names_in(folder) == names  # split the same way again
    assert_only_whole("pets-own")  # and parts of the photos that were there are gone


def test_own_copies_stay_on_one_side(tmp_path, capsys):
    path = make_classes(tmp_path / "own", 10)
    for number in range(10):
        original = (path / "dogs" / f"dogs.{number}.jpg").read_bytes()
        write(path / "dogs" / f"copy{number}.jpg", original)
    folder, _ = data.add_pets(path)
    assert numbers_in(lines_of(capsys)[1])[0] == 10
    assert len(list((folder / "validation" / "dogs").iterdir())) == 4
    pairs = copies_in(folder, tmp_path / "scratch")
    assert len(pairs) == 10
    assert all(first.parts[-3] == second.parts[-3] for first, second in pairs)


def test_own_photos_that_are_all_one(tmp_path):
    path = make_classes(tmp_path / "own", 6)
    for file in (path / "dogs").iterdir():
        file.write_bytes(jpeg(picture(1)))
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert str(path) in caught.value.attempt
    assert "dogs" in caught.value.reason and "copies" in caught.value.reason


def test_own_validation_that_is_all_in_training(tmp_path):
    path = make_set(tmp_path / "own", 6, 2)
    shutil.rmtree(path / "validation" / "dogs")
    shutil.copytree(path / "train" / "dogs", path / "validation" / "dogs")
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert "dogs in validation are in train" in caught.value.reason.replace("those", "dogs")
    assert "give train alone" in caught.value.advice


@pytest.mark.parametrize("top", [True, False])
def test_a_folder_that_goes_away_while_it_is_read(tmp_path, monkeypatch, top):
    """A stick that is pulled out: nothing of it comes in, and what was there stays."""
    before = data.add_pets(make_classes(tmp_path / "before", 6), verbose=False)
    path, read = make_classes(tmp_path / "own", 30), photos._read

    def pulled_out(file):
        if file.name == "dogs.7.jpg":
            (path if top else path / "dogs").rename(tmp_path / "elsewhere")
        return read(file)

    monkeypatch.setattr(photos, "_read", pulled_out)
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert str(path) in caught.value.reason and "went away" in caught.value.reason
    assert "disk" in caught.value.advice
    assert data.load_pets(source="own", verbose=False) == before


def test_a_class_of_what_a_telephone_saves(tmp_path):
    path = make_classes(tmp_path / "own", 6)
    for file in (path / "dogs").iterdir():
        file.write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert "HEIC" in caught.value.reason and "Export them as JPEG" in caught.value.advice


def test_a_class_that_cannot_be_read(tmp_path, monkeypatch):
    path, read = make_classes(tmp_path / "own", 6), photos._read

    def denied(file):
        if file.parent.name == "dogs":
            raise PermissionError(13, "Permission denied", str(file))
        return read(file)

    monkeypatch.setattr(photos, "_read", denied)
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert "Permission denied" in caught.value.reason and "you may read them" in caught.value.advice


@pytest.mark.parametrize("name", ["validation", "val", "Valid", "test"])
def test_own_photos_in_parts(tmp_path, capsys, name):
    path = make_set(tmp_path / "own", 12, 4)
    (path / "validation").rename(path / name)
    write(path / "extra" / "a.jpg", b"x")
    write(path / "train" / "loose.jpg", b"x")
    write(path / "train" / "labels.csv", b"x")
    folder, _ = data.add_pets(path)
    first, *note, second = lines_of(capsys)
    assert_told(first, [24, 8], path)
    assert ["test/ for validation" in line for line in note] == [True] * (name == "test")
    told = ("extra/ (", f" {name}/ ", "train/loose.jpg (")
    assert_told(second, [2, 34], folder.parent / "report.txt", *told)
    assert names_in(folder) == {
        file.replace(f"{name}/", "validation/") for file in names_in(path) if file.count("/") == 2
    }


def spoil(path: Path, fault: str) -> None:
    """Make of a good folder with cats/ and dogs/ one with this fault."""
    if fault in ("missing", "file", "archive", "empty"):
        for file in path.rglob("*.jpg"):
            file.unlink()
        (path / "cats").rmdir()
        (path / "dogs").rmdir()
    if fault in ("missing", "file", "archive"):
        path.rmdir()
    if fault == "missing":
        return
    if fault == "file":
        path.write_text("x")
    elif fault == "archive":
        with zipfile.ZipFile(path, "w") as zipped:
            zipped.writestr("cats/a.jpg", b"x")
    elif fault == "empty":
        write(path / ".DS_Store", b"x")
    elif fault == "loose":
        for number, file in enumerate(sorted(path.rglob("*.jpg"))):
            file.rename(path / f"{number}.jpg")
        (path / "cats").rmdir()
        (path / "dogs").rmdir()
    elif fault == "one class":
        (path / "dogs").rename(path.parent / "elsewhere")
    elif fault == "three":
        write(path / "birds" / "a.jpg", b"x")
    elif fault == "no photos":
        for file in (path / "dogs").iterdir():
            file.unlink()
        write(path / "dogs" / "Thumbs.db", b"x")
    elif fault == "unreadable":
        for file in (path / "dogs").iterdir():
            file.write_bytes(b"")
    elif fault == "differ in case":
        (path / "dogs").rename(path / "Cats")
    elif fault == "few":
        for file in sorted((path / "dogs").iterdir())[4:]:
            file.write_bytes(b"")
    else:
        make_set(path)
        (path / "cats").rename(path.parent / "elsewhere")
        (path / "dogs").rename(path.parent / "elsewhere too")
        if fault == "classes differ":
            (path / "validation" / "dogs").rename(path / "validation" / "Dogs")
        elif fault == "no validation":
            (path / "validation").rename(path / "holdout")
        elif fault == "no validation of three":
            (path / "validation").rename(path / "holdout")
            write(path / "more" / "a.jpg", b"x")
        elif fault == "few in train":
            for file in sorted((path / "train" / "dogs").iterdir())[4:]:
                file.write_bytes(b"")
        elif fault == "no train":
            (path / "train").rename(path / "teach")
        elif fault == "one class in a part":
            (path / "validation" / "dogs").rename(path / "elsewhere")
        elif fault == "part empty":
            for file in (path / "validation" / "dogs").iterdir():
                file.write_bytes(b"")


@pytest.mark.parametrize(
    ("fault", "reason", "advice", "layout"),
    [
        ("missing", [], [], False),
        ("file", ["file"], ["FOLDER/"], True),
        ("archive", ["archive", "unpack"], ["FOLDER/"], True),
        ("empty", ["empty"], [], True),
        ("loose", ["12 loose files", "0.jpg"], [], True),
        ("one class", ["one class", "cats/"], ["second class"], True),
        ("three", ["3", "birds/, cats/, dogs/"], ["two"], True),
        ("no photos", ["dogs/"], [], True),
        ("unreadable", ["6", *(f"dogs/dogs.{i}.jpg (0 bytes)" for i in range(3)), "3 more"],
         ["image viewer"], False),
        ("few", ["4", "dogs", *(f"dogs/dogs.{i}.jpg (0 bytes)" for i in (4, 5))], ["5 or more"],
         False),
        ("classes differ", ["cats and dogs", "Dogs and cats"], [], True),
        ("differ in case", ["Cats/", "cats/"], ["Rename"], True),
        ("few in train", ["4", "dogs in train",
                          *(f"train/dogs/dogs.{i}.jpg (0 bytes)" for i in (4, 5))],
         ["5 or more in train", "1 or more in validation"], False),
        ("no validation", ["train/", "no validation/"], ["rename train/"], True),
        ("no validation of three", ["train/", "no validation/"], ["Add it"], True),
        ("no train", ["validation/", "no train/"], ["rename validation/"], True),
        ("one class in a part", ["validation/", "cats/"], ["second class"], True),
        ("part empty", ["4", *(f"validation/dogs/dogs.{i}.jpg (0 bytes)" for i in range(3)),
                        "1 more"], ["image viewer"], False),
    ],
)  # fmt: skip
def test_own_folder_that_is_not_as_it_should_be(
    tmp_path, own_before, fault, reason, advice, layout
):
    path = make_classes(tmp_path / "own", 6)
    spoil(path, fault)
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert str(path) in caught.value.attempt
    for word in reason:
        assert word in caught.value.reason
    for word in advice:
        assert word.replace("{path}", str(path)) in caught.value.advice
    if fault == "no validation of three":
        assert "rename" not in caught.value.advice  # with three folders it is no class
    assert ("cats/  a.jpg" in caught.value.advice) == layout  # a picture of a good folder
    assert names_in(data.data_folder() / "pets-own") == own_before  # those of before are there


@pytest.fixture
def own_before(tmp_path):
    """The names of what is stored of own photos that were added before."""
    data.add_pets(make_classes(tmp_path / "good", 6, seed=9), verbose=False)
    return names_in(data.data_folder() / "pets-own")


def test_a_class_folder_itself(tmp_path):
    path = make_classes(tmp_path / "own", 6)
    with pytest.raises(DataError, match="6 loose files") as caught:
        data.add_pets(path / "cats", verbose=False)
    assert f"give {path}." in caught.value.advice
    assert "\n  own/\n" in caught.value.advice  # what that folder looks like


def test_the_data_folder_itself(tmp_path, mirror):
    cache = data.load_pets(verbose=False).folder
    for path, relation in ((cache / "train", "is in"), (data.data_folder(), "is in"),
                           (data.data_folder().parent, "holds")):  # fmt: skip
        with pytest.raises(DataError, match=f"{relation} .*{data.data_folder()}"):
            data.add_pets(path, verbose=False)


def test_few_photos_for_validation_are_enough(tmp_path):
    data.add_pets(make_set(tmp_path / "own", 5, 1), verbose=False)
    assert data.load_pets(verbose=False).origin == "own"


def test_adding_waits_for_another_process(tmp_path, monkeypatch):
    told = queue.Queue()
    monkeypatch.setattr(download, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(download, "print", lambda text, **_: told.put(text), raising=False)
    path = make_classes(tmp_path / "own", 6)
    lock = filelock.FileLock(data.data_folder() / "pets-own" / ".lock")
    data.data_folder().joinpath("pets-own").mkdir(parents=True)
    with lock, ThreadPoolExecutor() as pool:
        adding = pool.submit(data.add_pets, path)
        assert "pets-own" in told.get(timeout=20)
        assert not adding.done()
        lock.release()
        assert adding.result(timeout=20).origin == "own"


def test_what_own_photos_replace_is_told(tmp_path, capsys):
    first, second = (make_classes(tmp_path / name, 20, seed=i) for i, name in enumerate("ab"))
    data.add_pets(first)
    data.add_pets(second)
    _, came, replaced = lines_of(capsys)
    assert_told(came, [32, 8], second)
    assert_told(replaced, [40], first)


@pytest.mark.parametrize("parts", [False, True])
def test_own_photos_that_are_in_both_classes(tmp_path, capsys, parts):
    path = tmp_path / "own"
    inside = make_set(path, 20, 5) / "train" if parts else make_classes(path, 20)
    write(inside / "dogs" / "x.jpg", (inside / "cats" / "cats.3.jpg").read_bytes())
    folder, _ = data.add_pets(path)
    top = "train/" if parts else ""
    (line,) = (line for line in lines_of(capsys) if "both classes" in line)
    pair = f"{top}cats/cats.3.jpg and {top}dogs/x.jpg"
    assert pair in line and pair in (folder.parent / "report.txt").read_text()


def test_own_photos_asked_for_but_not_added():
    with pytest.raises(DataError, match="course data add pets"):
        data.load_pets(source="own")


def test_own_photos_damaged(tmp_path, mirror, capsys):
    path = make_classes(tmp_path / "own", 30)
    folder, _ = data.add_pets(path, seed=5, verbose=False)
    names = names_in(folder)
    (folder / sorted(names)[0]).unlink()
    assert status_of("pets-own").here == "damaged"
    assert str(path) in status_of("pets-own").would_use
    assert status_of("pets").would_use == "your own photos"
    assert data.load_pets().origin == "own"
    (line,) = lines_of(capsys)
    assert_told(line, [48, 12, 48, 12], path, "damaged")
    assert names_in(folder) == names  # copied anew, and split as before
    (folder / sorted(names)[0]).unlink()
    path.rename(tmp_path / "moved")
    assert status_of("pets-own").here == "damaged"
    assert "gone" in status_of("pets-own").would_use
    assert status_of("pets").would_use == "the mirror"
    assert data.load_pets().origin == "photos"
    (line,) = lines_of(capsys)
    commands = ("course data add pets FOLDER", "course data remove pets")
    assert_told(line, [12, 8, 12, 8], "the mirror", "damaged", path, *commands)
    for source in ("own", "real"):
        with pytest.raises(DataError, match="damaged"):
            data.load_pets(source=source)


def test_own_photos_damaged_and_not_to_be_had_again(tmp_path, offline, capsys):
    path = make_classes(tmp_path / "my own", 20)
    folder, _ = data.add_pets(path, verbose=False)
    (folder / sorted(names_in(folder))[0]).unlink()
    (path / "dogs").rename(tmp_path / "dogs")
    data.load_pets(8, 4)
    (line,) = lines_of(capsys)
    words = ("drawn", "damaged", "cats/", "COURSE_OFFLINE", "course data remove pets")
    assert_told(line, [8, 4], f"course data add pets '{path}'", path, *words)
    (folder.parent / "record.json").unlink()
    data.load_pets(8, 4)
    (line,) = lines_of(capsys)
    commands = ("course data add pets FOLDER", "course data remove pets")
    assert_told(line, [8, 4], "drawn", "damaged", "not known", "COURSE_OFFLINE", *commands)
    assert status_of("pets").would_use == "drawn cats and dogs"


def test_own_photos_removed(tmp_path, mirror):
    assert data.remove_pets() is None
    path = make_classes(tmp_path / "own", 6)
    names = names_in(path)
    data.add_pets(path, verbose=False)
    data.load_pets(4, 2, verbose=False)
    assert data.remove_pets() == (12, path)
    assert names_in(path) == names
    assert_nothing("pets-own")
    assert data.load_pets(verbose=False).origin == "photos"
    assert data.remove_pets() is None


# Sets of the first edition


def make_old(whole: Path, *keys: str) -> dict:
    """Take out of a set's record what the first edition didn't keep, and these keys."""
    record = json.loads((whole / "record.json").read_text())
    new = ("in_both", "alike", "anew", "note", "counts", "digests")
    record = {key: value for key, value in record.items() if key not in (*new, *keys)}
    (whole / "record.json").write_text(json.dumps(record))
    return record


KEYS = ("source", "origin", "seed", "classes", "part_names", "given", "left_out", "changed",
        "repeated", "date")  # fmt: skip


@pytest.mark.parametrize("keys", [(), *((key,) for key in KEYS), KEYS])
def test_a_published_set_of_the_first_edition_is_read(mirror, capsys, keys):
    folder, _ = data.load_pets(verbose=False)
    make_old(folder.parent, *keys)
    content = (folder / "train" / "cats" / "cats.0.jpg").read_bytes()
    assert data.load_pets(source="real") == (folder, "photos")
    (line,) = lines_of(capsys)
    assert_told(line, [12, 8, 12, 8], "from the cache")
    assert len(names_in(data.load_pets(4, 2, verbose=False).folder)) == 6
    status = status_of("pets")
    assert (status.here, status.verified) == ("all", False)
    assert (folder / "train" / "cats" / "cats.0.jpg").read_bytes() == content
    assert data.fetch("pets", progress=False).verified


def old_own(tmp_path, *keys) -> Path:
    """Own photos as an earlier edition kept them: large, not upright, one of them half."""
    path = make_classes(tmp_path / "own", 12)
    large = jpeg(picture(7, (1500, 1100)))
    write(path / "cats" / "large.jpg", large)
    folder, _ = data.add_pets(path, seed=3, verbose=False)
    stored = next(folder.rglob("large.jpg"))
    stored.write_bytes(large)
    next((folder / "train" / "dogs").glob("*.jpg")).write_bytes(BAD["half.jpg"][0])
    sizes = photo_sets._sizes(folder)
    make_old(folder.parent, *keys)
    record = json.loads((folder.parent / "record.json").read_text())
    (folder.parent / "record.json").write_text(json.dumps({**record, "files": sizes}))
    return path


@pytest.mark.parametrize("keys", [(), ("part_names",), ("origin", "classes"), KEYS[1:]])
@pytest.mark.parametrize("gone", [False, True])
def test_own_photos_of_an_earlier_edition_come_in_anew(tmp_path, mirror, capsys, gone, keys):
    path = old_own(tmp_path, *keys)
    if gone:
        path.rename(tmp_path / "moved")
    folder, origin = data.load_pets()
    first = lines_of(capsys)[0]
    n = 24 if gone else 25  # the half one is not among the copies any more
    assert origin == "own" and "earlier edition" in first
    assert len(list(folder.rglob("*.jpg"))) == n and (str(path) in first) == (not gone)
    for file in folder.rglob("*.jpg"):
        with Image.open(file) as image:
            image.load()
            assert max(image.size) <= 1024
    assert data.load_pets().folder == folder
    assert "earlier" not in lines_of(capsys)[0]  # once is enough
    assert data.load_pets(4, 2, verbose=False).origin == "own"
    if keys == KEYS[1:]:
        return
    assert json.loads((folder.parent / "record.json").read_text())["seed"] == 3


def test_own_photos_of_an_earlier_edition_on_a_full_disk(tmp_path, monkeypatch):
    old_own(tmp_path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photos, "import_photos", full)
    assert data.load_pets(verbose=False).origin == "own"  # as good as they were


# Sets that are not whole


def cut(folder: Path, n: int = 2) -> Path:
    """Take n dogs away from training, as where copying was cut off."""
    for file in sorted((folder / "train" / "dogs").iterdir())[-n:]:
        file.unlink()
    return folder


@pytest.fixture
def half(tmp_path, monkeypatch):
    """A published set of 10 + 10 and 4 + 4 photos."""
    whole = {f"{part}/{cls}": n for part, n in (("train", 10), ("validation", 4))
             for cls in pets.CLASSES}  # fmt: skip
    monkeypatch.setattr(pets, "WHOLE", {"pets": whole, "pets-all": {"cats": 20, "dogs": 20}})
    return make_set(tmp_path / "whole", 10, 4)


def place_half(kind: str, tmp_path: Path, monkeypatch, server=None, n: int = 2) -> None:
    """Make a mirror with a part of the set."""
    stick = tmp_path / "stick"
    part = cut(make_set(tmp_path / "part", 10, 4), n)
    if kind == "folder":
        shutil.copytree(part, stick / "cats_and_dogs")
    elif kind == "zip":
        write(stick / ZIP, zip_of(part, TOP))
    elif kind == "server":
        server.files[f"mirror/{ZIP}"] = zip_of(part, TOP)
    else:  # a cache to which an earlier version of the course had copied a part
        monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "first"))
        shutil.copytree(part, tmp_path / "first" / "cats_and_dogs")
        with monkeypatch.context() as patch:
            patch.setenv("COURSE_DATA_DIR", str(tmp_path / "stick"))
            patch.setenv("COURSE_OFFLINE", "1")
            data.load_pets(verbose=False)
        if kind == "older copy":
            make_old(stick / "pets" / "whole")
    place = f"{server.url}mirror" if kind == "server" else str(stick)
    monkeypatch.setenv("COURSE_MIRROR", place)


KINDS = ["folder", "zip", "server", "copy", "older copy"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_in_part_gives_way_to_the_next_place(
    half, server, tmp_path, monkeypatch, capsys, kind
):
    place_half(kind, tmp_path, monkeypatch, server)
    server.files[ZIP] = zip_of(half, TOP)
    capsys.readouterr()
    for load in (lambda: data.fetch("pets", progress=False), data.load_pets):
        load()
        status = status_of("pets")
        assert (status.here, status.verified) == ("all", True)
        assert names_in(data.data_folder() / "pets" / "whole" / "images") == names_in(half)
        shutil.rmtree(data.data_folder() / "pets")
    assert_told(lines_of(capsys)[0], [20, 8, 20, 8], "from 127.0.0.1")


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_in_part_is_told_and_replaced(half, server, tmp_path, monkeypatch, capsys, kind):
    place_half(kind, tmp_path, monkeypatch, server)
    if kind != "server":
        monkeypatch.setenv("COURSE_OFFLINE", "1")
    server.files.pop(ZIP)
    capsys.readouterr()
    for source in ("auto", "real"):  # brought, and kept
        assert data.load_pets(source=source).origin == "photos"
        first, second = lines_of(capsys)
        assert_told(first.replace("127.0.0.1", "a host"), [18, 8, 18, 8], "in part")
        assert_told(second, [26, 28, 8, 10], "train/dogs", "course data fetch pets")
    status = data.fetch("pets", progress=False)
    assert (status.here, status.came) == ("part", False)
    assert "26 of 28 photos" in status.would_use and "train/dogs 8 of 10" in status.would_use
    assert "in part" in " ".join(status.remarks) and "train/dogs 8 of 10" in status.remarks[0]
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    server.files[ZIP] = zip_of(half, TOP)
    status = data.fetch("pets", progress=False)
    assert (status.here, status.came, status.verified) == ("all", True, True)
    assert not any("in part" in remark for remark in status.remarks)


def test_a_part_is_not_replaced_by_a_smaller_one(half, tmp_path, monkeypatch, offline):
    place_half("folder", tmp_path, monkeypatch)
    folder, _ = data.load_pets(verbose=False)
    names = names_in(folder)
    cut(tmp_path / "stick" / "cats_and_dogs", 1)
    monkeypatch.setattr(photos, "import_photos", None)  # nor is it read for that
    assert data.fetch("pets", progress=False).here == "part"
    assert data.load_pets(verbose=False).folder == folder
    assert names_in(folder) == names


def test_what_an_earlier_version_took_for_whole_is_a_part(half, tmp_path, monkeypatch, offline):
    place_half("folder", tmp_path, monkeypatch)
    folder, _ = data.load_pets(verbose=False)
    make_old(folder.parent)
    assert status_of("pets").here == "part"
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "good"))
    shutil.copytree(half, tmp_path / "good" / "cats_and_dogs")
    assert names_in(data.load_pets(verbose=False).folder) == names_in(half)


@pytest.mark.parametrize("fault", ["zeros", "half"])
def test_files_that_are_there_and_are_no_photos_make_a_part(
    half, tmp_path, monkeypatch, offline, fault
):
    stick = tmp_path / "stick" / "cats_and_dogs"
    shutil.copytree(half, stick)
    file = stick / "validation" / "cats" / "cats.1.jpg"
    content = file.read_bytes()
    file.write_bytes(bytes(len(content)) if fault == "zeros" else content[: len(content) // 2])
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    status = data.fetch("pets", progress=False)
    assert status.here == "part" and "validation/cats 3 of 4" in status.remarks[0]
    assert "cats.1.jpg" in status.remarks[0]


def test_too_little_to_be_a_part(half, server, tmp_path, capsys):
    """A zip of one photo a class: what is drawn is better."""
    small = make_set(tmp_path / "small", 1, 1)
    server.files[ZIP] = zip_of(small, TOP)
    assert data.load_pets(8, 4).origin == "drawn"
    (line,) = lines_of(capsys)
    assert "in part" in line and "train/cats 1 of 10" in line
    with pytest.raises(DataError, match="train/cats 1 of 10"):
        data.fetch("pets", progress=False)
    assert_nothing()
    assert status_of("pets").here == "none"


def test_a_part_on_a_disk_that_takes_no_more(half, tmp_path, monkeypatch, offline):
    place_half("folder", tmp_path, monkeypatch)
    folder, _ = data.load_pets(verbose=False)

    def refuse(*_, **__):
        raise StorageError("Preparing", "the data folder cannot be written to", "Make it writable")

    monkeypatch.setattr(download, "locked", refuse)
    assert data.load_pets(verbose=False).folder == folder


def test_a_large_set_in_part(half, all_mirror, tmp_path, monkeypatch):
    shutil.rmtree(tmp_path / "mirror")
    folder = make_classes(tmp_path / "mirror" / "PetImages", 20, classes=("Cat", "Dog"))
    status = data.fetch("pets-all", progress=False)
    assert status.here == "part" and "40 of 43 files" in " ".join(status.remarks)
    for number in range(3):
        write(folder / "Cat" / f"bad{number}.jpg", b"")
    assert data.fetch("pets-all", progress=False).here == "all"
    shutil.copytree(data.data_folder(), tmp_path / "stick")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "stick"))
    assert data.fetch("pets-all", progress=False).here == "all"  # copies and all


# A stick that is pulled out


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="has a file that gives EIO")
@pytest.mark.parametrize("what", ["all files", "class folder", "folders", "some files"])
def test_a_mirror_that_cannot_be_read(half, server, tmp_path, monkeypatch, capsys, what):
    """The mirror is named, not the data folder, and the next place is tried."""
    stick = tmp_path / "stick"
    shutil.copytree(half, stick / "cats_and_dogs")
    monkeypatch.setenv("COURSE_MIRROR", str(stick))
    broken = list((stick / "cats_and_dogs").glob("*/*"))
    if "files" in what:
        for file in list(stick.rglob("*.jpg"))[:: 1 if "all" in what else 3]:
            file.unlink()
            file.symlink_to("/proc/self/mem")
        broken = []
    elif what == "class folder":
        broken = broken[:1]

    def or_refuse(function):
        def called(folder="."):
            if not isinstance(folder, int) and Path(folder) in broken:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))
            return function(folder)

        return called

    monkeypatch.setattr(os, "scandir", or_refuse(os.scandir))
    monkeypatch.setattr(os, "listdir", or_refuse(os.listdir))
    with monkeypatch.context() as patch:
        patch.setenv("COURSE_OFFLINE", "1")
        if what == "some files":  # then it has a part
            told = " ".join(data.fetch("pets", progress=False).remarks)
        else:
            with pytest.raises(DataError) as caught:
                data.load_pets(source="real")
            assert not isinstance(caught.value, StorageError)
            told = caught.value.reason
        assert "the mirror" in told and os.strerror(errno.EIO) in told
    server.files[ZIP] = zip_of(half, TOP)
    assert data.load_pets(source="real").origin == "photos"
    assert "from 127.0.0.1" in lines_of(capsys)[-1]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="has a file that gives EIO")
def test_own_photos_on_a_disk_that_cannot_be_read(tmp_path, own_before, capsys):
    path, reason = make_classes(tmp_path / "own", 8), os.strerror(errno.EIO)
    files = sorted((path / "dogs").iterdir())
    for file in files[:2]:
        file.unlink()
        file.symlink_to("/proc/self/mem")
    folder, _ = data.add_pets(path)
    line = lines_of(capsys)[1]
    assert all(f"dogs/dogs.{i}.jpg (it cannot be read ({reason}))" in line for i in range(2))
    for file in files[2:]:
        file.unlink()
        file.symlink_to("/proc/self/mem")
    with pytest.raises(DataError) as caught:
        data.add_pets(path, verbose=False)
    assert not isinstance(caught.value, StorageError)
    assert "dogs/dogs.0.jpg" in caught.value.reason and reason in caught.value.reason
    assert len(names_in(folder)) == 14  # what was there stays


# Several processes


BESIDE = """
import sys
from course import data
what, path, other = sys.argv[1:]
for _ in range(5):
    if what == "fetch":
        data.fetch("pets", progress=False)
    else:
        data.add_pets(other, verbose=False)
        if what == "remove":
            data.remove_pets(yes=True)
        data.add_pets(path, verbose=False)
"""


@pytest.mark.parametrize("what", ["add", "remove", "fetch"])
def test_loading_beside_another_process(tmp_path, mirror, what):
    """Before: StorageError, for a record that was read before the lock was had."""
    one, other = (make_classes(tmp_path / name, n, seed=n) for name, n in (("a", 6), ("b", 9)))
    if what != "fetch":
        data.add_pets(one, verbose=False)
    command = [sys.executable, "-c", BESIDE, what, str(one), str(other)]
    seen = set()
    with subprocess.Popen(command) as beside:
        while beside.poll() is None:
            if what == "fetch":
                shutil.rmtree(data.data_folder() / "pets" / "whole", ignore_errors=True)
            for n in (2, 4, 6, None):
                folder, origin = data.load_pets(n, 2, verbose=False)
                seen.add(origin)
                data.status()
    assert beside.returncode == 0
    assert seen <= (
        {"own", "photos"} if what == "remove" else {"photos" if what == "fetch" else "own"}
    )
    if what != "fetch":
        assert len(names_in(data.load_pets(4, 2, verbose=False).folder)) == 6


def test_two_processes_that_load_different_parts(tmp_path, mirror):
    code = "import sys; from course import data; data.load_pets(int(sys.argv[1]), 2, verbose=False)"
    running = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in (2, 4, 6)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert {path.name for path in (data.data_folder() / "pets").iterdir()} == {
        ".lock", "whole", *(f"part-{n}-{n}+1-1-seed0" for n in (1, 2, 3)),
    }  # fmt: skip


def test_a_set_that_is_replaced_while_a_part_is_made_of_it(tmp_path, monkeypatch):
    first, second = (make_classes(tmp_path / name, n, seed=n) for name, n in (("a", 8), ("b", 12)))
    data.add_pets(first, verbose=False)
    locked = download.locked

    def replaced_before(folder, **options):
        monkeypatch.setattr(download, "locked", locked)
        data.add_pets(second, verbose=False)
        return locked(folder, **options)

    monkeypatch.setattr(download, "locked", replaced_before)
    folder, _ = data.load_pets(4, 2, verbose=False)
    contents = {file.read_bytes() for file in (folder.parents[1] / "whole").rglob("*.jpg")}
    assert {file.read_bytes() for file in folder.rglob("*.jpg")} < contents


def test_a_set_that_is_removed_while_a_part_is_made_of_it(tmp_path, mirror, monkeypatch):
    data.add_pets(make_classes(tmp_path / "own", 8), verbose=False)
    locked = download.locked

    def removed_before(folder, **options):
        monkeypatch.setattr(download, "locked", locked)
        data.remove_pets()
        return locked(folder, **options)

    monkeypatch.setattr(download, "locked", removed_before)
    assert data.load_pets(4, 2, verbose=False).origin == "photos"


# Copies and look-alikes


def test_photos_that_look_alike_are_told_and_nothing_else(tmp_path, capsys):
    path = make_classes(tmp_path / "own", 10)
    image = picture(3000, (256, 192))
    for number in range(20):  # the frames of a film, of both classes
        cls = ("cats", "dogs")[number % 2]
        frame = image.copy()
        frame.paste((0, 0, 0), (number, 0, number + 4, 4))
        write(path / cls / f"frame{number}.jpg", jpeg(frame))
    folder, _ = data.add_pets(path)
    first, *lines = lines_of(capsys)
    assert_told(first, [32, 8], path)  # none is refused, none left out, and the split is as usual
    (line,) = lines
    report = folder.parent / "report.txt"
    assert_told(line, [20], "look alike", report)
    text = report.read_text()
    assert all(f"frame{number}.jpg" in text for number in range(20))
    for word in ("wrong", "copy of", "copies of"):
        assert word not in line
    assert "one label is wrong, or it fits both: 0" in text
    assert len(names_in(folder)) == 40


def test_a_set_of_frames_that_all_look_alike(tmp_path):
    image = picture(3000, (256, 192))
    for number in range(24):
        frame = image.copy()
        frame.paste((0, 0, 0), (number, 0, number + 4, 4))
        write(tmp_path / "own" / ("cats", "dogs")[number % 2] / f"{number}.jpg", jpeg(frame))
    folder, _ = data.add_pets(tmp_path / "own", verbose=False)
    assert {len(list(cls.iterdir())) for cls in folder.glob("train/*")} == {10}
    assert {len(list(cls.iterdir())) for cls in folder.glob("validation/*")} == {2}


def test_copies_leave_something_for_validation(tmp_path):
    path = make_classes(tmp_path / "own", 12)
    for i, file in enumerate(sorted((path / "dogs").iterdir())):
        file.write_bytes((path / "dogs" / "dogs.0.jpg").read_bytes() if i < 8
                         else jpeg(picture(1)))  # fmt: skip
    folder, _ = data.add_pets(path, verbose=False)
    counts = [len(list((folder / part / "dogs").iterdir())) for part in pets.PARTS]
    assert counts == [8, 4]


# Unequal classes


def test_unequal_classes_are_told(tmp_path, capsys):
    path = make_classes(tmp_path / "own", 40, classes=("bikes", "cars"))
    for i in range(160):
        write(path / "cars" / f"more{i}.jpg", jpeg(picture(5000 + i)))
    data.add_pets(path)
    for load in (lambda: None, data.load_pets):
        load()
        (line,) = (line for line in lines_of(capsys) if "Unequal" in line)
        assert_told(line, [40, 200, 83], "of bikes", "of cars", "Guessing cars")
    folder, _ = data.load_pets(100, 20)
    counts = {f"{part}/{cls}": len(list((folder / part / cls).iterdir()))
              for part in pets.PARTS for cls in ("bikes", "cars")}  # fmt: skip
    assert list(counts.values()) == [32, 50, 8, 10]  # half of each, as far as there are
    first, line = lines_of(capsys)
    assert_told(first, [82, 18, 192, 48, 100, 20])
    assert_told(line, [40, 60, 56], "Guessing cars")
    data.load_pets(40, 16)
    assert len(lines_of(capsys)) == 1  # they are equal


def test_nearly_all_is_not_all():
    n = {"train/a": 4, "train/b": 1600, "validation/a": 1, "validation/b": 400}
    files = {f"{group}/{i}.jpg": 1 for group, many in n.items() for i in range(many)}
    record = {"classes": ["a", "b"], "files": files}
    (line,) = (
        line for line in pets._few_or_unequal(record, pets._have(record)) if "Unequal" in line
    )
    assert "right for more than 99% of the validation photos" in line


# Names, and where they are printed


@pytest.mark.parametrize("name", pets.PARTS)
def test_a_class_may_be_called_as_a_part_is(tmp_path, name):
    path = make_classes(tmp_path / "own", 6, classes=(name, "bus"))
    folder, _ = data.add_pets(path, verbose=False)
    assert {file.parent.relative_to(folder).as_posix() for file in folder.rglob("*.jpg")} == {
        f"{part}/{cls}" for part in pets.PARTS for cls in (name, "bus")
    }


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
def test_names_of_other_scripts_go_through_any_pipe(tmp_path, encoding):
    path = make_classes(tmp_path / "фото 写真", 8, classes=("猫 🐈", "собаки"))
    write(path / "собаки" / "плохой.jpg", b"")
    write(path / "собаки" / "ещё.jpg", (path / "собаки" / "собаки.0.jpg").read_bytes())
    write(path / "猫 🐈" / "ещё.jpg", (path / "собаки" / "собаки.0.jpg").read_bytes())
    code = f"from course import data; data.add_pets({str(path)!r}); data.load_pets(); data.status()"
    commands = ([sys.executable, "-c", code],
                [sys.executable, "-m", "course", "data", "add", "pets", str(path)],
                [sys.executable, "-m", "course", "data", "status"],
                [sys.executable, "-m", "course", "data", "remove", "pets"])  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, check=False,
                              env=os.environ | {"PYTHONIOENCODING": encoding})  # fmt: skip
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode(encoding.replace("ascii", "utf-8"))  # what typer makes of it
        cat = "猫" if encoding == "utf-8" else "\\u732b"
        assert (
            cat in text
            or "写真".encode(encoding, "backslashreplace").decode(encoding) in text
            or encoding == "ascii"
        )


def test_what_is_no_folder_is_a_sentence(tmp_path, own_before):
    for path in ("~nosuchuser/photos", "", "a\0b", "x" * 300, "file:///tmp/photos"):
        with pytest.raises(DataError):
            data.add_pets(path, verbose=False)
    assert names_in(data.data_folder() / "pets-own") == own_before


# Status


def test_status(mirror, monkeypatch, tmp_path):
    assert status_of("pets-own") is None
    assert (status_of("pets").here, status_of("pets").would_use) == ("none", "the mirror")
    assert 'source="all"' in status_of("pets-all").would_use
    record = data.fetch("pets", progress=False)
    size = sum(path.stat().st_size for path in mirror.rglob("*.jpg")) / 1e6
    assert record == data.Status("pets", "all", "the mirror", size, True, "the cache")
    again = data.fetch("pets", progress=False)
    assert again == record and (record.came, again.came) == (True, False)
    (data.data_folder() / "pets" / "whole" / "record.json").unlink()
    assert (status_of("pets").here, status_of("pets").verified) == ("damaged", False)
    monkeypatch.delenv("COURSE_MIRROR")
    assert status_of("pets").would_use == "drawn cats and dogs"
    monkeypatch.delenv("COURSE_OFFLINE")
    assert_told(status_of("pets").would_use, [69], "download", "drawn cats and dogs")
    path = make_classes(tmp_path / "own", 6)
    data.add_pets(path, verbose=False)
    own = status_of("pets-own")
    assert (own.here, own.source, own.would_use) == ("all", str(path), "the cache")
    assert status_of("pets").would_use == "your own photos"


# The real thing: COURSE_MIRROR=... python -m pytest -m real tests


@pytest.mark.real
def test_real_pets(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    folder, origin = data.load_pets(source="real")
    assert origin == "photos"
    assert_told(lines_of(capsys)[0], [2000, 1000, 2000, 1000], "from the mirror")
    for part, n in (("train", 1000), ("validation", 500)):
        for name in pets.CLASSES:
            assert len(list((folder / part / name).glob("*.jpg"))) == n
    assert copies_in(folder, tmp_path / "scratch") == []
    record = json.loads((folder.parent / "record.json").read_text())
    alike = [f"train/dogs/{name}.jpg" for name in ("dog.180", "dog.74")]  # four puppies in an oval
    assert record["alike"] == [alike]
    assert not any(record[key] for key in ("left_out", "changed", "repeated"))
    assert status_of("pets").here == "all"
    monkeypatch.delenv("COURSE_MIRROR")
    part, _ = data.load_pets(200, 100, source="real")
    assert_told(lines_of(capsys)[0], [200, 100, 2000, 1000], "from the cache")
    assert len(names_in(part)) == 300
