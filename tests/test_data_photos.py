"""Every file that comes in is a photo that TensorFlow reads; copies are found, and only copies."""

import os
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from small_photos import BAD, ODD, encoded, jpeg, make_classes, picture, write

from course.data import photos


def take(tmp_path, contents, *, move=False):
    """Import files of these contents; what came of it, and the folder they came to."""
    source = tmp_path / "source"
    for name, content in contents.items():
        write(source / name, content)
    groups, images = {"cats": photos.files_below(source)}, tmp_path / "images"
    result = photos.import_photos(groups, images, root=source, move=move, progress=False)
    return result, images


# Importing


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_left_out_with_their_reason(tmp_path, name):
    content, problem = BAD[name]
    result, images = take(tmp_path, {name: content})
    ((told, why),) = result.left_out
    assert told == name and why.startswith(problem)
    assert not result.photos and not list((images / "cats").iterdir())


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_told_with_the_change(tmp_path, name):
    content, change = ODD[name]
    result, _ = take(tmp_path, {name: content})
    assert result.changed == [(name, change)]
    assert len(result.photos) == 1


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
def test_plain_jpegs_stay_as_they_are(tmp_path, options):
    content = jpeg(picture(1), **options)
    result, images = take(tmp_path, {"a.jpg": content})
    assert not result.changed and not result.left_out
    assert (images / "cats" / "a.jpg").read_bytes() == content


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_what_is_no_file_at_all(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "link.jpg").symlink_to(tmp_path / "nothing")
    os.mkfifo(source / "pipe.jpg")
    monkeypatch.setattr(photos, "MAX_BYTES", 1000)
    result, _ = take(tmp_path, {"film.mov": bytes(1001)})
    assert [name for name, _ in result.left_out] == ["film.mov", "link.jpg", "pipe.jpg"]
    assert len({why for _, why in result.left_out}) == 3


def test_only_good_files_come_in_and_the_rest_is_named(tmp_path):
    good = jpeg(picture(1))
    contents = {name: content for name, (content, _) in (BAD | ODD).items()} | {"good.jpg": good}
    result, images = take(tmp_path, contents)
    assert (images / "cats" / "good.jpg").read_bytes() == good
    assert {name for name, _ in result.left_out} == set(BAD)
    assert {name for name, _ in result.changed} == set(ODD)
    assert len(result.photos) == len(ODD) + 1
    for path in (images / "cats").iterdir():
        with Image.open(path) as image:
            image.load()
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert path.suffix == ".jpg"
            assert image.getexif().get(0x0112, 1) == 1


def test_pictures_look_the_same_afterwards(tmp_path):
    """CMYK, palette, 16 bits, alpha, rotation: each could come out wrong without an error."""
    wanted = {
        "grey.jpg": picture(910).convert("L").convert("RGB"),
        "cmyk.jpg": picture(911),
        "turned.jpg": picture(912).transpose(Image.Transpose.ROTATE_270),
        "palette.png": picture(915),
        "clear.png": picture(916),
        "bits16.png": picture(917).convert("L").convert("RGB"),
        "moving.gif": picture(918),
        "two.jpg": picture(920),
    }
    _, images = take(tmp_path, {name: ODD[name][0] for name in wanted})
    for name, image in wanted.items():
        with Image.open(images / "cats" / f"{name.split('.')[0]}.jpg") as came:
            assert came.size == image.size, name
            difference = np.abs(np.asarray(came, int) - np.asarray(image, int)).mean()
        assert difference < 20, name  # of 255; other pictures differ by 80


def test_what_is_transparent_becomes_white(tmp_path):
    _, images = take(tmp_path, {"a.png": encoded(Image.new("RGBA", (32, 32), (9, 9, 9, 0)), "PNG")})
    with Image.open(images / "cats" / "a.jpg") as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path):
    contents = {
        "a.jpg": jpeg(picture(1)),
        "a.png": encoded(picture(2), "PNG"),
        "sub/A.jpg": jpeg(picture(3)),
    }
    result, images = take(tmp_path, contents)
    assert sorted(result.photos) == ["cats/A_3.jpg", "cats/a.jpg", "cats/a_2.jpg"]
    assert len(list((images / "cats").iterdir())) == 3


def test_names_that_cannot_be_written_down(tmp_path, capsys):
    name = os.fsdecode(b"caf\xe9\n.jpg")  # Latin-1, on a system where names are UTF-8
    result, _ = take(tmp_path, {name: jpeg(picture(1)), "x" + name: b""})
    print(result.left_out[0][0], *result.photos)  # raises for a lone surrogate
    assert capsys.readouterr().out == "xcaf??.jpg cats/caf__.jpg\n"


def test_hidden_files_are_passed_over(tmp_path):
    for name in (".DS_Store", "._a.jpg", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints/a.jpg",
                 "__MACOSX/a.jpg"):  # fmt: skip
        write(tmp_path / name, b"x")
    assert photos.files_below(tmp_path) == []


def test_files_are_copied_or_moved(tmp_path):
    take(tmp_path, {"a.jpg": jpeg(picture(1))})
    assert (tmp_path / "source" / "a.jpg").exists()
    (tmp_path / "images" / "cats").rename(tmp_path / "elsewhere")
    take(tmp_path, {"a.jpg": jpeg(picture(1))}, move=True)
    assert not (tmp_path / "source" / "a.jpg").exists()


def test_progress_bar_is_shown_and_cleared(tmp_path, capsys):
    write(tmp_path / "a.jpg", jpeg(picture(1)))
    groups = {"cats": [tmp_path / "a.jpg"]}
    photos.import_photos(groups, tmp_path / "images", root=tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert "checking photos" in err and not err.endswith("\n")


def test_tensorflow_reads_all_that_came_in(tmp_path):
    """Before: a training that ends in mid-epoch. TensorFlow is the judge, not Pillow."""
    import keras

    contents = {name: content for name, (content, _) in (BAD | ODD).items()}
    contents["progressive.jpg"] = jpeg(picture(1), progressive=True)
    contents["junk after.jpg"] = jpeg(picture(2)) + b"junk" * 500
    contents["Кот 猫.jpg"] = jpeg(picture(3))
    _, images = take(tmp_path, contents)
    make_classes(images, 3)
    images_read = sum(
        len(batch) for batch, _ in keras.utils.image_dataset_from_directory(
            images, image_size=(32, 32), batch_size=4, verbose=False
        )
    )  # fmt: skip
    assert images_read == len(ODD) + 3 + 6


# Copies


def copies(image):
    half, small = (image.resize((image.width // k, image.height // k)) for k in (2, 4))
    double = image.resize((image.width * 2, image.height * 2))
    return {
        "same": jpeg(image),
        "worse": jpeg(image, quality=20),
        "half": jpeg(half, quality=70),
        "small": jpeg(small, quality=80),
        "double": jpeg(double),
        "png": encoded(image, "PNG"),
    }


def pairs_in(tmp_path, contents):
    """The names of the files that are one photo, in pairs; the distances of their hashes."""
    result, _ = take(tmp_path, contents)
    names, pairs = list(result.photos), photos.same_photos(list(result.photos.values()))
    stems = [name.removeprefix("cats/").removesuffix(".jpg") for name in names]
    return [(stems[i], stems[j]) for i, j, _ in pairs], [distance for *_, distance in pairs]


def test_copies_are_found_and_different_photos_are_not(tmp_path):
    size, kinds = (256, 192), ["0", *copies(picture(0))]
    contents = {f"{number}.jpg": jpeg(picture(number, size)) for number in range(30)}
    copied = {f"{kind}.jpg": content for kind, content in copies(picture(0, size)).items()}
    pairs, distances = pairs_in(tmp_path, contents | copied)
    assert {frozenset(pair) for pair in pairs} == set(map(frozenset, combinations(kinds, 2)))
    assert max(distances) <= photos.NEAR_BITS
    assert distances[pairs.index(("0", "same"))] == 0


def test_flat_pictures_of_two_colours_are_not_the_same(tmp_path):
    colours = ("red", "blue", "white")
    contents = {f"{name}.jpg": jpeg(Image.new("RGB", (40, 40), name)) for name in colours}
    assert pairs_in(tmp_path, contents)[0] == []


def test_only_the_others_are_compared_with(tmp_path):
    result, _ = take(tmp_path, {f"{i}.jpg": jpeg(picture(i % 3)) for i in range(6)})
    six = list(result.photos.values())
    assert photos.same_photos(six) == [(0, 3, 0), (1, 4, 0), (2, 5, 0)]
    assert photos.same_photos(six[:3], six[3:]) == [(0, 0, 0), (1, 1, 0), (2, 2, 0)]
    assert photos.same_photos(six[:3], []) == photos.same_photos([]) == []


def test_more_photos_than_are_compared_at_once():
    bits = np.random.default_rng(0).integers(0, 2**63, (200, 4), dtype=np.uint64)
    bits[150], bits[199] = bits[3], bits[70]
    grey = np.zeros(192, np.int16)
    many = [photos.Photo(bits=row, colours=grey) for row in bits]
    assert photos.same_photos(many) == [(3, 150, 0), (70, 199, 0)]
