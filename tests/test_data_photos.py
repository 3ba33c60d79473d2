"""Every file that comes in is a photo that TensorFlow reads; copies are found, and only copies."""

import hashlib
import io
import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFile
from small_photos import (
    BAD,
    DAMAGES,
    ODD,
    begun_scan,
    damaged,
    encoded,
    jpeg,
    jpeg_with,
    make_classes,
    noise,
    picture,
    product,
    profiled,
    repeated,
    scan,
    srgb_profile,
    turned,
    write,
)

from course.data import copies, jpegs, photos


def take(tmp_path, contents, *, move=False, anew=False):
    """Import files of these contents; what came of it, and the folder they came to."""
    source = tmp_path / "source"
    for name, content in contents.items():
        write(source / name, content)
    groups, images = {"cats": photos.files_below(source)}, tmp_path / "images"
    result = photos.import_photos(groups, images, root=source, move=move, anew=anew, progress=False)
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


def test_floats_below_zero_are_not_all_black(tmp_path):
    """As a scanner for bodies saves them, in which water is 0 and air -1,000."""
    levels = np.linspace(-1000, 3000, 64 * 48, dtype=np.float32).reshape(48, 64)
    _, images = take(tmp_path, {"ct.tif": encoded(Image.fromarray(levels), "TIFF")})
    saved = np.asarray(Image.open(next(images.rglob("*.jpg"))).convert("L"), float)
    assert saved[:8].mean() < saved[20:28].mean() < saved[-8:].mean()
    assert saved[16:24].mean() > saved[:8].mean() + 5  # all of it below zero


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "JPEG2000", "JPEG"])
def test_what_is_cut_off_stays_out_where_pillow_was_told_to_fill_it_up(tmp_path, monkeypatch, kind):
    """Many a notebook begins with LOAD_TRUNCATED_IMAGES = True."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    content = encoded(noise(1), kind)
    result, _ = take(tmp_path, {"a": content[: len(content) * 6 // 10]}, anew=True)
    assert not result.photos and len(result.left_out) == 1
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_pictures_with_fewer_bits_than_their_file_are_not_dark(tmp_path, bits):
    levels = np.linspace(0, 2**bits - 1, 64 * 48).astype(np.uint16).reshape(48, 64)
    _, images = take(tmp_path, {"a.png": encoded(Image.fromarray(levels), "PNG")})
    saved = np.asarray(Image.open(next(images.rglob("*.jpg"))).convert("L"), float)
    assert abs(saved.mean() - 127.5) < 3 and saved.max() > 245


PLAIN = {
    "as it is": lambda: jpeg(picture(1)),
    "progressive": lambda: jpeg(picture(1), progressive=True),
    "optimised": lambda: jpeg(picture(1), optimize=True),
    "with restarts": lambda: jpeg(picture(1), restart_marker_blocks=1),
    "with a thumbnail": lambda: jpeg(picture(1), exif=with_thumbnail()),
    "more after its end": lambda: jpeg(picture(1)) + b"film" * 500,
    "zeros after its end": lambda: jpeg(picture(1)) + bytes(5000),
    "filled up": lambda: jpeg(picture(1)).replace(b"\xff\xda", b"\xff\xff\xff\xda", 1),
    "zeros in its notes": lambda: jpeg(picture(1), exif=b"Exif\0\0" + bytes(4000)),
    "flat below": lambda: jpeg(flat_below(picture(1, (256, 192)))),
    "grey below": lambda: jpeg(flat_below(picture(1, (256, 192)), "#808080")),
    "flat, with the shortest codes": lambda: jpeg(
        flat_below(picture(1, (1024, 768))), optimize=True
    ),
    "flat, progressive": lambda: jpeg(flat_below(picture(1, (256, 192))), progressive=True),
    "flat, with restarts": lambda: jpeg(flat_below(picture(1, (256, 192))), restart_marker_rows=1),
}


def flat_below(image, colour="white"):
    """A picture on a sheet of paper: its last corner is flat, as where data are missing."""
    sheet = Image.new("RGB", image.size, colour)
    sheet.paste(image.resize((image.width, image.height // 2)))
    return sheet


def with_thumbnail():
    """Notes with a small JPEG in them, which has an end marker of its own."""
    return b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + jpeg(picture(5, (32, 24)))


@pytest.mark.parametrize("name", PLAIN)
def test_plain_jpegs_stay_as_they_are(tmp_path, name):
    content = PLAIN[name]()
    result, images = take(tmp_path, {"a.jpg": content})
    assert not result.changed and not result.left_out
    assert (images / "cats" / "a.jpg").read_bytes() == content


@pytest.mark.parametrize("name", PLAIN)
def test_anew_no_plain_jpeg_is_told_of(tmp_path, name):
    content = PLAIN[name]()
    result, images = take(tmp_path, {"a.jpg": content}, anew=True)
    assert not result.changed and not result.left_out
    came = (images / "cats" / "a.jpg").read_bytes()
    assert jpegs.parts_of(came).plain and came != content
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(came)) as after:
        difference = np.abs(np.asarray(before, int) - np.asarray(after, int))
    assert difference.mean() < 4


def test_an_unusual_jpeg_is_made_a_plain_one(tmp_path):
    content = jpeg_with(jpeg(picture(1)), b"\xff\xdc\x00\x04\x00\x00")  # its height, told later
    result, images = take(tmp_path, {"a.jpg": content})
    assert result.changed == [("a.jpg", "unusual JPEG to a plain one")]
    assert jpegs.parts_of((images / "cats" / "a.jpg").read_bytes()).plain


# How a picture lies in the file for each of the notes that say how to turn it.
LIES = dict(zip(range(2, 9), [
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_270,
], strict=True))  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_photos_come_upright(tmp_path, kind):
    image, contents = picture(6), {}
    for note, lies in {1: None, **LIES}.items():
        notes = Image.Exif()
        notes[0x0112] = note
        stored = image if lies is None else image.transpose(lies)
        contents[f"{note}.x"] = encoded(stored, kind, exif=notes)
    result, images = take(tmp_path, contents, anew=True)
    assert len(result.photos) == 8
    for path in (images / "cats").iterdir():
        with Image.open(path) as came:
            assert came.size == image.size, path.name
            assert np.abs(np.asarray(came, int) - np.asarray(image, int)).mean() < 6, path.name
            assert 0x0112 not in came.getexif()
    turned = [name for name, change in result.changed if "turned" in change]
    assert kind == "TIFF" or turned == [f"{note}.x" for note in LIES]  # Pillow turns those itself


def test_anew_photos_are_of_use_and_say_nothing_of_the_person(tmp_path):
    notes = Image.Exif()
    notes[0x010E] = "at home"
    notes.get_ifd(0x8825)[1] = "N"  # the latitude
    image = picture(8, (2000, 1500))
    contents = {
        "large.jpg": jpeg(image, exif=notes, comment=b"me"),
        "tall.png": encoded(picture(9, (700, 1400)), "PNG"),
        "small.jpg": jpeg(picture(10, (300, 200)), comment=b"me"),
    }
    result, images = take(tmp_path, contents, anew=True)
    assert dict(result.changed) == {
        "large.jpg": "2000 x 1500 pixels shrunk to 1024",
        "tall.png": "PNG to JPEG, 700 x 1400 pixels shrunk to 1024",
    }
    sizes = {}
    for path in (images / "cats").iterdir():
        with Image.open(path) as came:
            sizes[path.stem] = came.size
            assert not came.getexif() and "comment" not in came.info
            if path.stem == "large":
                wanted = np.asarray(image.resize(came.size), int)
                assert np.abs(np.asarray(came, int) - wanted).mean() < 3
    assert sizes == {"large": (1024, 768), "tall": (512, 1024), "small": (300, 200)}


def test_anew_colours_are_those_of_srgb(tmp_path):
    image = picture(11)
    contents = {
        "odd.jpg": profiled(image),
        "same.jpg": jpeg(image, icc_profile=srgb_profile()),
        "damaged.jpg": jpeg(image, icc_profile=b"no profile" * 20),
    }
    result, images = take(tmp_path, contents, anew=True)
    assert result.changed == [("odd.jpg", "colours to sRGB")]
    for name in contents:
        with Image.open(images / "cats" / name) as came:
            assert "icc_profile" not in came.info
            channels = [1, 0, 2] if name == "odd.jpg" else [0, 1, 2]
            difference = np.abs(np.asarray(came, int)[..., channels] - np.asarray(image, int))
        assert difference.mean() < 8, name


@pytest.mark.parametrize(("size", "anew", "left_out"), [
    ((3000, 30), True, "3000 x 30 pixels: a strip, not a photo"),
    ((3000, 30), False, ""),
    ((3000, 100), True, ""),
    ((66_000, 16), False, "66000 x 16 pixels; no JPEG has more than 65,500 in a row"),
])  # fmt: skip
def test_long_pictures(tmp_path, size, anew, left_out):
    contents = {"a.png": encoded(Image.new("RGB", size, "white"), "PNG")}
    result, images = take(tmp_path, contents, anew=anew)
    assert [why for _, why in result.left_out] == ([left_out] if left_out else [])
    for path in (images / "cats").iterdir():
        with Image.open(path) as came:
            assert min(came.size) >= photos.MIN_SIDE


@pytest.fixture
def read(monkeypatch):
    """The sizes at which pictures were decoded."""
    sizes, plain = [], photos._plain
    monkeypatch.setattr(photos, "_plain", lambda image: sizes.append(image.size) or plain(image))
    return sizes


def test_a_telephone_s_200_million_pixels_come_in(tmp_path, read):
    """Before, they were left out; now they are never in memory."""
    strip = picture(1, (1020, 6)).crop((0, 0, 1020, 1)).resize((16_320, 128))  # of columns
    result, images = take(tmp_path, {"a.jpg": repeated(strip, 96)}, anew=True)
    assert result.changed == [("a.jpg", "16320 x 12288 pixels shrunk to 1024")]
    assert read == [(4080, 3072)]
    with Image.open(images / "cats" / "a.jpg") as came:
        assert came.size == (1024, 771)
        wanted = np.asarray(strip.resize(came.size), int)
        assert np.abs(np.asarray(came, int) - wanted).mean() < 4


@pytest.mark.parametrize(("most", "decoded"), [(10**6, (1002, 750)), (1000, (251, 188))])
def test_sides_are_told_as_one_sees_them(tmp_path, monkeypatch, read, most, decoded):
    """Of a photo that lies on its side in the file, and comes in whole or at a quarter."""
    monkeypatch.setattr(photos, "MAX_PIXELS", most)
    monkeypatch.setattr(photos, "LONGEST", 128)
    result, _ = take(tmp_path, {"a.jpg": turned(picture(6, (1002, 750)))}, anew=True)
    assert result.changed == [("a.jpg", "turned upright, 750 x 1002 pixels shrunk to 128")]
    assert read == [decoded]


def with_height(content, height):
    """A JPEG that says so of itself."""
    place = content.index(b"\xff\xc0") + 5
    return content[:place] + height.to_bytes(2) + content[place + 2 :]


@pytest.mark.parametrize(("content", "anew", "left_out"), [
    (lambda: with_height(jpeg(picture(1, (16_320, 128))), 12_288), False, "more than 89 million"),
    (lambda: with_height(jpeg(picture(1, (16_320, 128))), 16_320), True, "more than 250 million"),
    (lambda: encoded(Image.new("1", (9460, 9460)), "PNG"), True, "more than 89 million pixels"),
])  # fmt: skip
def test_pictures_of_too_many_pixels(tmp_path, read, content, anew, left_out):
    result, _ = take(tmp_path, {"a.jpg": content()}, anew=anew)
    ((_, why),) = result.left_out
    assert why.startswith(left_out) and not read


def test_at_a_quarter_of_its_sides_a_whole_jpeg_is_whole(tmp_path, monkeypatch, read):
    monkeypatch.setattr(photos, "MAX_PIXELS", 1000)
    contents = {name: content() for name, content in PLAIN.items()}
    contents["two"] = encoded(picture(1), "MPO", save_all=True, append_images=[picture(2)])
    result, images = take(tmp_path, contents, anew=True)
    told = {name for name, why in result.left_out if "row by row" in why}
    assert told == {name for name, _ in result.left_out} == {"progressive", "flat, progressive"}
    assert set(read) == {(16, 12), (64, 48), (256, 192)}
    for path in (images / "cats").iterdir():
        with Image.open(path) as came, Image.open(io.BytesIO(contents[path.stem])) as before:
            wanted = before.convert("RGB").resize(came.size, Image.Resampling.BOX)
            difference = np.abs(np.asarray(came, int) - np.asarray(wanted, int)).mean()
        assert difference < 20, path.stem  # of 255; other pictures differ by 80


def test_a_large_jpeg_with_a_scan_for_each_colour_stays_out(tmp_path, monkeypatch, read):
    """It would be held in memory whole: its last colour comes last."""
    monkeypatch.setattr(photos, "MAX_PIXELS", 1000)
    content = jpeg(picture(1))
    head, data = content.split(b"\xff\xda\x00\x0c\x03", 1)  # a scan of three colours
    first = b"\xff\xda\x00\x08\x01" + data[:2] + data[6:]
    result, _ = take(tmp_path, {"a.jpg": head + first}, anew=True)
    ((_, why),) = result.left_out
    assert "row by row" in why and not read


def test_at_a_quarter_of_its_sides_damage_is_seen(tmp_path, monkeypatch, read):
    monkeypatch.setattr(photos, "MAX_PIXELS", 1000)
    contents = {name: content for name, (content, _) in BAD.items()}
    contents["last.jpg"] = begun_scan(jpeg(picture(908, (256, 192))), 0.995)
    result, _ = take(tmp_path, contents, anew=True)
    told = dict(result.left_out)
    assert told.keys() == contents.keys() and not read
    for name in ("nul_tail.jpg", "marker_lost.jpg", "rows.jpg", "last.jpg"):
        assert told[name] == "cut off"
    assert told["zeros.jpg"] == BAD["zeros.jpg"][1]


def test_large_photos_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    at_once, most = [], []

    def taken_in(image, *rest, inner=photos._taken_in):
        at_once.append(image.size)
        most.append(sum(size == (120, 90) for size in at_once))
        time.sleep(0.01)
        made = inner(image, *rest)
        at_once.remove(image.size)
        return made

    monkeypatch.setattr(photos, "_taken_in", taken_in)
    monkeypatch.setattr(photos, "MANY_PIXELS", 64 * 48)
    monkeypatch.setattr(photos, "cpu_count", lambda: 4)
    take(tmp_path, {f"{n}.jpg": jpeg(picture(n, (120, 90))) for n in range(8)})
    assert most == [1] * 8


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_what_is_no_file_at_all(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "link.jpg").symlink_to(tmp_path / "nothing")
    os.mkfifo(source / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as plug:
        monkeypatch.chdir(source)  # a socket's path must be short
        plug.bind("plug.jpg")
        monkeypatch.setattr(photos, "MAX_BYTES", 1000)
        result, _ = take(tmp_path, {"film.mkv": bytes(1001)})
    assert dict(result.left_out) == {
        "film.mkv": "more than 0 MB: a film?",
        "link.jpg": "a link that leads nowhere",
        "pipe.jpg": "not a file",
        "plug.jpg": "not a file",
    }


@pytest.mark.parametrize("anew", [False, True])
def test_a_file_that_cannot_be_read_is_left_out(tmp_path, monkeypatch, anew):
    """As on a stick with bad blocks; it is not the fault of the data folder."""

    def fail(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(photos, "_read", fail)
    result, _ = take(tmp_path, {"a.jpg": jpeg(picture(1))}, anew=anew)
    assert result.left_out == [("a.jpg", "it cannot be read (Input/output error)")]


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


@pytest.mark.parametrize("anew", [False, True])
def test_pictures_look_the_same_afterwards(tmp_path, anew):
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
    _, images = take(tmp_path, {name: ODD[name][0] for name in wanted}, anew=anew)
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
        "e\u0301.jpg": jpeg(picture(4)),
        "sub/\u00e9.jpg": jpeg(picture(5)),  # the same letter, written otherwise
    }
    result, images = take(tmp_path, contents)
    assert sorted(result.photos) == [
        "cats/A_3.jpg", "cats/a.jpg", "cats/a_2.jpg", "cats/\u00e9.jpg", "cats/\u00e9_2.jpg",
    ]  # fmt: skip
    assert len(list((images / "cats").iterdir())) == 5


def test_names_that_cannot_be_written_down(tmp_path, capsys):
    name = os.fsdecode(b"caf\xe9\n.jpg")  # Latin-1, on a system where names are UTF-8
    result, _ = take(tmp_path, {name: jpeg(picture(1)), "x" + name: b""})
    print(result.left_out[0][0], *result.photos)  # raises for a lone surrogate
    assert capsys.readouterr().out == "xcaf??.jpg cats/caf__.jpg\n"


@pytest.mark.parametrize(("name", "new"), [
    ("cats", "cats"),
    ("Кот 猫 🐈", "Кот 猫 🐈"),
    ("$5 [1] {x} & more", "$5 [1] {x} & more"),
    ("dogs *?", "dogs __"),
    ('<b>a|b:c"</b>\\', "_b_a_b_c___b__"),
    ("trailing. . ", "trailing"),
    (" .leading", "leading"),
    ("...", "_"),
    ("", "_"),
    ("con", "_con"),
    ("AUX.tar", "_AUX.tar"),
    ("nul ", "_nul"),
    ("Com1", "_Com1"),
    ("lpt\u00b9", "_lpt\u00b9"),
    ("console", "console"),
    (" @eaDir", "_@eaDir"),  # else it would be passed over
    (os.fsdecode(b"c\xe4t"), "c_t"),
])  # fmt: skip
def test_a_name_that_every_disk_takes(name, new):
    assert photos.clean_name(name, {}) == new


@pytest.mark.parametrize("letter", ["y", "ж", "猫", "🐈", "e\u0301"])
def test_a_long_name_is_shortened_and_stays_one_of_its_own(tmp_path, letter):
    taken = {}
    names = [letter * 250 + end for end in ("1", "2", "2")]
    short = [photos.clean_name(name, taken, ".jpg") for name in names]
    assert len({name.casefold() for name in short}) == 3
    assert short == [photos.clean_name(name, again, ".jpg") for again in [{}] for name in names]
    for name in short:
        assert len(name.encode()) <= 143  # of an encrypted home folder
        write(tmp_path / name, b"x")


def test_the_longest_names_that_a_disk_takes(tmp_path):
    contents = {
        "y" * 251 + ".jpg": jpeg(picture(1)),
        "y" * 251 + ".png": encoded(picture(2), "PNG"),
        "y" * 255: jpeg(picture(3)),
    }
    result, images = take(tmp_path, contents)
    assert not result.left_out and len(list((images / "cats").iterdir())) == 3


def test_ten_thousand_files_of_one_name():
    taken = {}
    names = [photos.clean_name("IMG_0001", taken, ".jpg") for _ in range(10_000)]
    assert len(set(names)) == 10_000 and names[-1] == "IMG_0001_10000.jpg"


# Finding files


SYSTEMS = (
    ".DS_Store", "._a.jpg", ".picasa.ini", ".Spotlight-V100", ".Trashes", ".AppleDouble",
    ".ipynb_checkpoints", ".thumbnails", "__MACOSX", "Network Trash Folder", "Temporary Items",
    "Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "a.jpg.lnk", "$RECYCLE.BIN",
    "RECYCLER", "System Volume Information", "FOUND.000", "lost+found", "LOST.DIR", "@eaDir",
    "@__thumb", "@Recycle", "@tmp", "#recycle", "#snapshot", "Icon\r", "cats.webloc",
)  # fmt: skip


@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_what_systems_leave_is_passed_over(tmp_path, change):
    """In folders of NAS, sticks, cameras: thumbnails came in as photos, the trash was a class."""
    for name in SYSTEMS:
        assert photos.is_hidden(change(name)), name
        write(tmp_path / "file" / change(name), jpeg(picture(1)))
        write(tmp_path / "folder" / change(name) / "cat.jpg" / "SYNOPHOTO_M.jpg", b"x")
    write(tmp_path / "folder" / "cats" / "a.jpg", b"x")
    assert photos.look_below(tmp_path) == ([tmp_path / "folder" / "cats" / "a.jpg"], [])


@pytest.mark.parametrize(
    "name", ["lost", "recycled", "Thumbs", "system", "found.jpg", "tmp", "eaDir", "icon", "$5"]
)
def test_what_people_may_name_a_class(name):
    assert not photos.is_hidden(name)


@pytest.fixture
def linked(tmp_path):
    """cats/ with a photo; elsewhere/ with two, one of them a folder further down."""
    write(tmp_path / "data" / "cats" / "a.jpg", b"x")
    write(tmp_path / "data" / "dogs" / "d.jpg", b"x")
    write(tmp_path / "elsewhere" / "b.jpg", b"x")
    write(tmp_path / "elsewhere" / "sub" / "c.jpg", b"x")
    return tmp_path / "data" / "cats"


def found_below(folder):
    """What `look_below` finds, by names from the folder on."""
    files, left_out = photos.look_below(folder)
    assert files == photos.files_below(folder)
    return (
        [path.relative_to(folder).as_posix() for path in files],
        {path.relative_to(folder).as_posix(): why for path, why in left_out},
    )


needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few people make links")


@needs_links
def test_linked_folders_are_followed(linked):
    """Before, 20 of 28 photos vanished without a word."""
    (linked / "more").symlink_to(linked.parents[1] / "elsewhere")
    (linked / "linked.jpg").symlink_to(linked.parents[1] / "elsewhere" / "b.jpg")
    names = ["a.jpg", "linked.jpg", "more/b.jpg", "more/sub/c.jpg"]
    assert found_below(linked) == (names, {})


@needs_links
def test_a_class_may_be_a_link_itself(linked):
    (linked.parent / "kittens").symlink_to(linked)
    assert found_below(linked.parent / "kittens") == (["a.jpg"], {})


@needs_links
@pytest.mark.parametrize("goal", ["cats", "data", "everything"])
def test_links_that_lead_back_are_left_out(linked, goal):
    goals = {"cats": linked, "data": linked.parent, "everything": Path(linked.anchor)}
    (linked / "sub").mkdir()
    (linked / "sub" / "loop").symlink_to(goals[goal])
    files, left_out = found_below(linked)
    assert files == ["a.jpg"]
    assert left_out.keys() == {"sub/loop"} and "a link to a folder that" in left_out["sub/loop"]


@needs_links
def test_a_folder_is_found_once_under_its_own_name(linked):
    write(linked / "zoo" / "z.jpg", b"x")
    (linked / "a link").symlink_to(linked / "zoo")
    (linked / "one").symlink_to(linked.parents[1] / "elsewhere")
    (linked / "two").symlink_to(linked.parents[1] / "elsewhere")
    files, left_out = found_below(linked)
    assert files == ["a.jpg", "one/b.jpg", "one/sub/c.jpg", "zoo/z.jpg"]
    assert left_out.keys() == {"a link", "two"}


@needs_links
def test_two_links_that_lead_to_each_other(linked):
    (linked / "one").symlink_to(linked / "two")
    (linked / "two").symlink_to(linked / "one")
    files, left_out = found_below(linked)
    assert files == ["a.jpg", "one", "two"] and not left_out
    groups = {"cats": photos.files_below(linked)}
    result = photos.import_photos(groups, linked / "new", root=linked, progress=False)
    assert {name for name, _ in result.left_out} == {"a.jpg", "one", "two"}


@needs_links
@pytest.mark.parametrize("folder", ["sub", "."])
def test_a_folder_that_cannot_be_read_is_named(linked, monkeypatch, folder):
    (linked / "sub").mkdir()
    closed, listdir = linked / folder, os.listdir

    def refuse(place):
        if Path(place) == closed:
            raise PermissionError(13, "Permission denied")
        return listdir(place)

    monkeypatch.setattr(photos.os, "listdir", refuse)
    files, left_out = found_below(linked)
    assert files == ([] if folder == "." else ["a.jpg"])
    assert left_out == {folder: "it cannot be read (Permission denied)"}


# Coming in


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


@pytest.mark.parametrize("anew", [False, True])
def test_tensorflow_reads_all_that_came_in(tmp_path, anew):
    """Before: a training that ends in mid-epoch. TensorFlow is the judge, not Pillow."""
    import keras

    contents = {name: content for name, (content, _) in (BAD | ODD).items()}
    contents |= {f"{name}.jpg": content() for name, content in PLAIN.items()}
    contents["Кот 猫.jpg"] = jpeg(picture(3))
    _, images = take(tmp_path, contents, anew=anew)
    make_classes(images, 3)
    images_read = sum(
        len(batch) for batch, _ in keras.utils.image_dataset_from_directory(
            images, image_size=(32, 32), batch_size=4, verbose=False
        )
    )  # fmt: skip
    assert images_read == len(ODD) + len(PLAIN) + 1 + 6


@pytest.mark.parametrize("anew", [False, True])
def test_tensorflow_reads_what_is_left_of_damaged_files(tmp_path, anew):
    """Cut, zeroed, flipped, swapped, joined: what comes in is read, and little is lost by it."""
    import tensorflow as tf

    rng = np.random.default_rng(18)
    options = ({}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1})
    sources = [
        jpeg(picture(number, (192, 160)), **options[number % 4], quality=60 + number)
        for number in range(24)
    ]
    contents = {}
    for number in range(30 * len(DAMAGES)):
        kind, (one, other) = DAMAGES[number % len(DAMAGES)], rng.integers(24, size=2)
        contents[f"{kind} {number}.jpg"] = damaged(sources[one], kind, rng, sources[other])
    result, images = take(tmp_path, contents, anew=anew)
    came = sorted((images / "cats").iterdir())
    for path in came:
        tf.io.decode_jpeg(path.read_bytes(), channels=3)  # each raises for what Keras cannot read
        tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
    kinds = {path.stem.rpartition(" ")[0] for path in came}
    assert not kinds & {"cut", "zeroed tail", "no end", "zeros for the end"}
    assert kinds >= {"flipped", "a block twice", "two in a row"}
    assert len(came) == len(result.photos) > 60


# Copies


def photos_of(images):
    """Photos as they would be imported, of pictures that need no file."""
    return [
        photos.Photo(digest=hashlib.sha256(image.tobytes()).digest(), look=copies.look_of(image))
        for image in images
    ]


def look_alikes_in(tmp_path, contents):
    """The names of the files that hang together because they look alike."""
    result, _ = take(tmp_path, contents)
    stems = [name.removeprefix("cats/").removesuffix(".jpg") for name in result.photos]
    groups = []
    for i, j in photos.look_alikes(list(result.photos.values())):
        pair = {stems[i], stems[j]}
        meeting = [group for group in groups if group & pair]
        groups = [group for group in groups if group not in meeting] + [pair.union(*meeting)]
    return groups


def copies_of(image):
    """The picture as other programs keep it; none has the very same pixels."""
    half, small = (image.resize((image.width // k, image.height // k)) for k in (2, 4))
    rim = image.width // 60
    return {
        "worse": jpeg(image, quality=20),
        "half": jpeg(half, quality=70),
        "small": jpeg(small, quality=80),
        "double": jpeg(image.resize((image.width * 2, image.height * 2))),
        "brighter": jpeg(ImageEnhance.Brightness(image).enhance(1.1)),
        "cropped": jpeg(image.crop((rim, rim, image.width - rim, image.height - rim))),
    }


@pytest.mark.parametrize("anew", [False, True])
def test_exact_copies_are_those_with_the_same_pixels(tmp_path, anew):
    image = picture(3, (1100, 300))  # is shrunk, after its pixels were compared
    plain = jpeg(image)
    with Image.open(io.BytesIO(plain)) as decoded:
        decoded.load()
    contents = {
        "0.jpg": plain,
        "1 under another name.jpg": plain,
        "2 with a note.jpg": jpeg_with(plain, b"\xff\xfe\x00\x07hello"),
        "3.png": encoded(decoded, "PNG"),
        "4.webp": encoded(decoded, "WEBP", lossless=True),
        "5 another.jpg": jpeg(picture(4, (1100, 300))),
        "6 saved again.jpg": jpeg(decoded, quality=89),
        "7 on its side.png": encoded(decoded.transpose(Image.Transpose.ROTATE_90), "PNG"),
    }
    result, _ = take(tmp_path, contents, anew=anew)
    came = list(result.photos.values())
    assert photos.exact_copies(came) == [[0, 1, 2, 3, 4]]
    assert photos.look_alikes(came) == [(0, 6)]
    assert photos.exact_copies([]) == photos.look_alikes([]) == photos.look_alikes(came[:1]) == []


def test_copies_look_alike_and_different_photos_do_not(tmp_path):
    size = (256, 192)
    contents = {f"{number}.jpg": jpeg(picture(number, size)) for number in range(30)}
    made = {f"{kind}.jpg": content for kind, content in copies_of(picture(0, size)).items()}
    groups = look_alikes_in(tmp_path, contents | made)
    assert groups == [{"0", *copies_of(picture(0, size))}]


def test_discs_and_squares_on_white_are_not_the_same():
    """Products in a catalogue: before, half of them were copies, and some "in both classes"."""
    pictures = [product(number, round_=number % 2) for number in range(60)]
    assert photos.look_alikes(photos_of(pictures)) == []


def test_copies_on_white_look_alike():
    pictures = [product(number, round_=number % 2) for number in range(40)]
    made = [Image.open(io.BytesIO(c)).convert("RGB") for c in copies_of(pictures[0]).values()]
    pairs = photos.look_alikes(photos_of(pictures + made))
    assert {number for pair in pairs for number in pair} == {0, *range(40, 40 + len(made))}


def test_a_spot_makes_another_scan_of_it():
    """Before, these were refused: all the photos of a class were copies of one."""
    plain = [scan(number) for number in range(20)]
    spotted = [
        scan(number, spot=(50 + 50 * (number % 4), 30 + 45 * (number // 4))) for number in range(20)
    ]
    assert photos.look_alikes(photos_of(plain + spotted)) == []


def test_pictures_of_nothing_are_like_no_other():
    noise = np.random.default_rng(0)
    papers = [
        Image.fromarray(np.uint8(noise.normal(215, 3, (200, 160, 3)).clip(0, 255)))
        for _ in range(20)
    ]
    colours = [Image.new("RGB", (40, 40), name) for name in ("red", "blue", "white", "#fe0000")]
    assert photos.look_alikes(photos_of(papers + colours)) == []


def test_the_frames_of_a_film_are_one_group_with_few_pairs(capsys):
    """All look alike: there would be 44,850 pairs."""
    scene = picture(7, (600, 400))
    frames = [scene.crop((k // 8, k // 12, k // 8 + 320, k // 12 + 240)) for k in range(300)]
    different = {frame.tobytes(): frame for frame in frames}
    pairs = photos.look_alikes(photos_of(different.values()), progress=True)
    assert len(pairs) == len(different) - 1
    assert all(i < j for i, j in pairs)
    reached = {0}
    for _ in different:
        reached |= {number for pair in pairs if reached & {*pair} for number in pair}
    assert len(reached) == len(different)
    assert capsys.readouterr().out == ""


def test_of_pairs_there_is_no_table(monkeypatch):
    """Of 400 products there are 79,800 pairs; each is compared with a few, of however many."""
    compared = []
    alike = copies._alike
    monkeypatch.setattr(
        copies, "_alike", lambda a, *rest: compared.append(len(a)) or alike(a, *rest)
    )
    images = [product(number, round_=True) for number in range(400)]
    for n in (100, 200, 400):
        compared.clear()
        photos.look_alikes(photos_of(images[:n]))
        assert n < sum(compared) <= n * copies.NEIGHBOURS
