"""Folders as people have them: the two classes are found, or a sentence says how to go on."""

import errno
import os
import shlex
import subprocess
import unicodedata
from pathlib import Path

import pytest
from small_photos import write

from course.data import own_photos
from course.data.download import DataError


def lay(path: Path, *folders: str, n: int = 5) -> Path:
    """Make files that are called photos: "cats" for cats/0.jpg, ...; "cat.*.jpg" for cat.0.jpg."""
    for folder in folders:
        pattern = folder if "*" in folder else f"{folder}/*.jpg"
        for i in range(n):
            write(path / pattern.replace("*", str(i)), b"x")
    return path


def found(path: Path) -> own_photos.Found:
    """What is found, and that no file is in two groups, or made up."""
    result = own_photos.find_classes(path)
    files = [file for group in result.groups.values() for file in group]
    assert len(files) == len(set(files)) and all(file.is_file() for file in files)
    return result


def names_of(result) -> dict[str, list[str]]:
    return {group: sorted(file.name for file in files) for group, files in result.groups.items()}


def refused(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        own_photos.find_classes(own_photos.folder_given(path))
    assert str(path) in caught.value.attempt
    return caught.value


def refused_path(given: str) -> DataError:
    with pytest.raises(DataError) as caught:
        own_photos.folder_given(given)
    return caught.value


FOUR = {"train/cats", "train/dogs", "validation/cats", "validation/dogs"}


def parts(train: str, validation: str, *more: str) -> list[str]:
    return [f"{part}/{cls}" for part in (train, validation, *more) for cls in ("cats", "dogs")]


# Parts


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ("train", "validation"),
        ("train", "val"),
        ("Train", "Valid"),
        ("TRAIN", "TEST"),
        ("Training", "Testing"),
        ("training_set", "test_set"),
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train", "dev"),
        ("train_images", "test_images"),
        ("train/images", "test/images"),
        ("catdog_train", "catdog_valid"),
        ("data_train", "data_test"),
        ("train-set", "eval-set"),
        ("TrainSet", "ValidationSet"),
        ("trainset", "testset"),
        ("train2017", "val2017"),
        ("1_train", "2_test"),
        ("training data", "test data"),
    ],
)
@pytest.mark.parametrize("above", ["", "archive/", "a/b/c/"])
def test_parts_by_many_names(tmp_path, train, validation, above):
    lay(tmp_path, *(f"{above}{folder}" for folder in parts(train, validation)))
    result = found(tmp_path)
    assert set(result.groups) == FOUR
    for group, files in result.groups.items():
        part, cls = group.split("/")
        place = tmp_path / above / {"train": train, "validation": validation}[part] / cls
        assert files == sorted(place.iterdir())
    named = {"train": f"{above}{train}", "validation": f"{above}{validation}"}
    assert result.part_names == named and result.unused == []
    assert validation.split("/")[0] in result.note or train.lower() == "train"


@pytest.mark.parametrize(
    ("folders", "validation", "left"),
    [
        (["train", "val", "test"], "val", "test"),
        (["TRAIN", "TEST", "VAL"], "VAL", "TEST"),
        (["seg_train", "seg_test", "dev"], "dev", "seg_test"),
    ],
)
def test_of_three_parts_the_test_set_is_left_alone(tmp_path, folders, validation, left):
    result = found(lay(tmp_path, *parts(*folders)))
    assert set(result.groups) == FOUR and result.part_names["validation"] == validation
    ((name, why),) = result.unused
    assert name == f"{left}/" and "last test" in why


@pytest.mark.parametrize("test", ["test1", "test1/test1", "seg_pred/seg_pred", "test/images"])
@pytest.mark.parametrize("labels", [("cats", "dogs"), ("cat.*.jpg", "dog.*.jpg")])
def test_a_test_set_without_classes_is_no_validation(tmp_path, test, labels):
    """As of the competition Dogs vs. Cats: then a fifth of train/ becomes validation."""
    result = found(lay(tmp_path, *(f"train/{label}" for label in labels), test))
    assert set(result.groups) in ({"cats", "dogs"}, {"cat", "dog"})
    assert result.part_names == {} and "fifth" in result.note
    assert [name for name, _ in result.unused] == [f"{test.split('/')[0]}/"]


def test_train_alone(tmp_path):
    result = found(lay(tmp_path, "train/cats", "train/dogs"))
    assert set(result.groups) == {"cats", "dogs"}


def test_parts_that_are_in_the_classes(tmp_path):
    folders = [f"{cls}/{part}" for cls in ("cats", "dogs") for part in ("train", "test", "val")]
    result = found(lay(tmp_path, *folders))
    assert set(result.groups) == FOUR
    assert {file.parent.parent.name for file in result.groups["train/dogs"]} == {"dogs"}
    assert [name for name, _ in result.unused] == ["cats/test/", "dogs/test/"]


@pytest.mark.parametrize(
    ("names", "validation"),
    [
        (["{}_train", "{}_test"], "test"),
        (["train_{}", "val_{}"], "val"),
        (["{}_train", "{}_test", "{}_val"], "val"),
        (["training set {}", "test set {}"], "test"),
        (["{}-TRAIN", "{}-VALID"], "VALID"),
    ],
)
@pytest.mark.parametrize("above", ["", "archive/"])
def test_parts_in_the_names_of_classes(tmp_path, names, validation, above):
    folders = [name.format(cls) for cls in ("cats", "dogs") for name in names]
    result = found(lay(tmp_path, *(above + folder for folder in folders)))
    assert set(result.groups) == FOUR
    for group, files in result.groups.items():
        part, cls = group.split("/")
        (place,) = {file.parent.name for file in files}
        assert cls in place and (validation if part == "validation" else "train") in place.replace(
            "TRAIN", "train"
        )
        assert place in result.note and place in result.part_names[part]
    left = {name.rstrip("/").removeprefix(above) for name, _ in result.unused}
    used = {file.parent.name for files in result.groups.values() for file in files}
    assert left == set(folders) - used


@pytest.mark.parametrize("beside", ["unlabeled", "test", "test1", "all photos/cats"])
def test_what_lies_beside_parts_in_names_is_named(tmp_path, beside):
    folders = [f"{cls}_{part}" for cls in ("cats", "dogs") for part in ("train", "val")]
    (lay(tmp_path, *folders, beside) / "models").mkdir()
    result = found(tmp_path)
    assert set(result.groups) == FOUR
    assert [name for name, _ in result.unused] == [f"{beside.split('/')[0]}/"]


def test_names_of_parts_that_are_no_text(tmp_path):
    folders = [f"{cls}\n_{part}" for cls in ("cats", "dogs") for part in ("train", "test")]
    result = found(lay(tmp_path, *folders))
    assert set(result.groups) == FOUR and "\n" not in result.note


def test_parts_in_names_without_a_line_between(tmp_path):
    result = found(lay(tmp_path, "horse2zebra/trainA", "horse2zebra/trainB",
                       "horse2zebra/testA", "horse2zebra/testB"))  # fmt: skip
    assert set(result.groups) == {"train/A", "train/B", "validation/A", "validation/B"}


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ("Trainingsdaten", "Testdaten"),
        ("Training", "Validierung"),
        ("entrainement", "validation"),
        ("entrai\u0302nement", "test"),  # as a Mac writes it
        ("entrenamiento", "prueba"),
        ("treino", "teste"),
        ("Обучение", "Тест"),
        ("обучающая выборка", "валидационная выборка"),
        ("训练集", "测试集"),
        ("訓練データ", "検証データ"),
        ("학습", "검증"),
    ],
)
def test_parts_in_other_languages(tmp_path, train, validation):
    result = found(lay(tmp_path, *parts(train, validation)))
    assert set(result.groups) == FOUR
    assert result.part_names == {
        "train": unicodedata.normalize("NFC", train),
        "validation": validation,
    }
    (folder,) = {file.parent.parent.name for file in result.groups["train/cats"]}
    assert folder == train


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ("cats ", "cats"),
        ("caf\u00e9", "cafe\u0301"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
    ],
)
def test_classes_that_two_systems_write_in_two_ways(tmp_path, train, validation):
    """As where one part is from a Mac, and the other from Windows."""
    result = found(lay(tmp_path, f"train/{train}", "train/x", f"val/{validation}", "val/x"))
    names = {group.split("/")[1] for group in result.groups}
    assert len(result.groups) == 4 and len(names) == 2
    assert {len(files) for files in result.groups.values()} == {5}


@pytest.mark.parametrize(
    ("classes", "inside"),
    [(("fold1", "fold2"), ("cats", "dogs")), (("images", "masks"), ("a", "b", "c", "d")),
     (("10253", "10254"), ("0", "1")), (("1/raw", "1/new"), ("cats", "dogs"))],
)  # fmt: skip
def test_classes_that_may_be_parts_are_told(tmp_path, classes, inside):
    """They are taken, for years or places in a class are common, but not without a word."""
    lay(tmp_path, *(f"{cls}/{one}" for cls in classes for one in inside))
    result = found(tmp_path)
    assert set(result.groups) == {cls.split("/")[-1] for cls in classes}
    assert all(f"{name.split('/')[-1]}/" in result.note for name in (*classes, *inside[:3]))
    assert "train and validation" in result.note


@pytest.mark.parametrize("inside", [("2019", "2020"), ("one",), ()])
def test_folders_that_differ_are_no_parts(tmp_path, inside):
    lay(tmp_path, "cats", "dogs", *(f"cats/{one}" for one in inside), "dogs/one")
    assert found(tmp_path).note == ""


@pytest.mark.parametrize(
    ("train", "test"),
    [("training_set", "test_set"), ("train", "test"), ("catdog_train", "data_test"),
     ("Training", "Testing"), ("seg_train", "seg_pred"), ("val", "test"), ("train1", "train2")],
)  # fmt: skip
def test_parts_are_no_classes(tmp_path, train, test):
    """Before: `training_set` and `test_set` became the two classes without a word."""
    error = refused(lay(tmp_path, train, test))
    assert train in error.reason and test in error.reason and "rename" in error.advice


@pytest.mark.parametrize(
    "folders",
    [
        ["train/cats", "train/dogs", "test/cats"],
        ["train/cats", "train/dogs", "bus"],
        ["train/cats", "train/dogs", "test/cats", "test/birds"],
        ["train", "test/cats", "test/dogs"],
        ["test/cats", "test/dogs", "photos/cats", "photos/dogs"],
        ["test/cats", "test/dogs", "photos"],
        ["test", "photos/cats", "photos/dogs"],
        ["train", "photos/cats", "photos/dogs"],
        ["train1/cats", "train1/dogs", "train2/cats", "train2/dogs", "val/cats", "val/dogs"],
        ["cats_train", "dogs_train", "cats_test", "birds_test"],
        ["cats_train", "dogs_train", "cats_test"],
        ["train_1", "train_2", "test_1"],
        ["train/a", "train/b", "train/c", "test/a", "test/b", "test/c"],
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(tmp_path, folders):
    error = refused(lay(tmp_path, *folders))
    assert any(name in error.reason for folder in folders for name in folder.split("/"))
    assert "cats/  a.jpg" in error.advice


@pytest.mark.parametrize(
    "classes",
    [("train", "bus"), ("test", "control"), ("valid", "invalid"), ("trains", "buses"),
     ("test_positive", "test_negative"), ("dev", "ops"), ("testimony", "evidence"),
     ("train", "bus/red"), ("Test tubes", "bottles")],
)  # fmt: skip
def test_classes_that_are_called_like_parts(tmp_path, classes):
    result = found(lay(tmp_path, *classes))
    assert set(result.groups) == {cls.split("/")[0] for cls in classes}
    assert result.part_names == {}


# Folders in folders, and beside one another


@pytest.mark.parametrize("above", ["PetImages", "a/b/c", "train/images", "/".join("folders" * 5)])
def test_folders_that_hold_nothing_else(tmp_path, above):
    lay(tmp_path, f"{above}/cats", f"{above}/dogs")
    write(tmp_path / "readme.txt", b"x")
    write(tmp_path / above.split("/")[0] / "cover.jpg", b"x")
    result = found(tmp_path)
    assert set(result.groups) == {"cats", "dogs"}
    assert result.unused == [(f"{above.split('/')[0]}/cover.jpg", "outside the class folders")]
    assert above in result.note


def test_what_lies_beside_is_named(tmp_path):
    lay(tmp_path, "images/cats", "images/dogs")
    write(tmp_path / "annotations" / "a.xml", b"x")
    assert set(found(tmp_path).groups) == {"cats", "dogs"}
    assert found(tmp_path).unused == [("annotations/", "no photos in it")]


def test_empty_folders_and_the_same_set_again_are_no_third_class(tmp_path):
    lay(tmp_path, "cells/sick", "cells/well", "cells/cells/sick", "cells/cells/well")
    (tmp_path / "cells" / "birds").mkdir()
    result = found(tmp_path)
    assert {group: len(files) for group, files in result.groups.items()} == {"sick": 5, "well": 5}
    left = dict(result.unused)
    assert set(left) == {"cells/birds/", "cells/cells/"} and len(set(left.values())) == 2


def test_an_empty_class(tmp_path):
    (lay(tmp_path / "classes", "cats/a", "cats/b") / "dogs").mkdir()
    assert "dogs/" in refused(tmp_path / "classes").reason
    (lay(tmp_path / "parts", "train/cats", "train/dogs") / "validation").mkdir()
    assert "validation/" in refused(tmp_path / "parts").reason


def test_archives_in_a_folder(tmp_path):
    for name in ("train.zip", "test1.zip", "sampleSubmission.csv"):
        write(tmp_path / name, b"PK")
    error = refused(tmp_path)
    assert "3 loose files" in error.reason and "Unpack" in error.advice


def test_more_than_two_classes(tmp_path):
    error = refused(lay(tmp_path, *"abcdefgh"))
    assert "8 class folders" in error.reason and "two of them" in error.advice


def test_systems_folders_are_no_classes_and_hold_no_photos(tmp_path):
    names = ("@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "#recycle")
    lay(tmp_path, "cats", "dogs", *names, *(f"cats/{name}" for name in names))
    (tmp_path / "lost+found").chmod(0)
    result = found(tmp_path)
    assert set(names_of(result)) == {"cats", "dogs"} and result.unused == []
    assert len(result.groups["cats"]) == 5


def test_a_class_that_is_hidden_is_named(tmp_path):
    assert ".cats" in refused(lay(tmp_path, ".cats", "dogs")).advice


# Links


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links(tmp_path):
    lay(tmp_path, "elsewhere", n=20)
    path = lay(tmp_path / "own", "cats", "dogs", n=8)
    (path / "cats" / "more").symlink_to(tmp_path / "elsewhere")
    (path / "dogs" / "loop").symlink_to(path / "dogs")
    (path / "again").symlink_to(path)
    (path / "cats" / "one.jpg").symlink_to(tmp_path / "elsewhere" / "0.jpg")
    result = own_photos.find_classes(path)
    assert {name: len(files) for name, files in result.groups.items()} == {"cats": 29, "dogs": 8}
    assert sorted(name for name, _ in result.unused) == ["again/", "dogs/loop/"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_classes_that_are_links(tmp_path):
    lay(tmp_path, "a", "b")
    path = tmp_path / "own"
    path.mkdir()
    (path / "cats").symlink_to(tmp_path / "a")
    (path / "dogs").symlink_to(tmp_path / "b")
    assert set(found(path).groups) == {"cats", "dogs"}
    (path / "dogs").unlink()
    (path / "dogs").symlink_to(tmp_path / "a")
    assert "one folder" in refused(path).reason


# Classes in the files' names


@pytest.mark.parametrize(
    ("patterns", "classes"),
    [
        (["cat.*.jpg", "dog.*.jpg"], {"cat", "dog"}),
        (["cat_*.jpg", "dog_*.png"], {"cat", "dog"}),
        (["cat (*).jpg", "dog (*).jpg"], {"cat", "dog"}),
        (["Cat *.JPG", "cat-9*.jpg", "dog*.jpg"], {"cat", "dog"}),
        (["*_cat.jpg", "*_dog.jpg"], {"cat", "dog"}),
        (["cat_front_*.jpg", "cat_side_*.jpg", "dog_*.jpg"], {"cat", "dog"}),
        (["cat.* - Copy.jpg", "dog.*.jpg"], {"cat", "dog"}),
        (["кот *.jpg", "пёс *.jpg"], {"кот", "пёс"}),
        (["pets_cat*.jpg", "pets_dog*.jpg"], {"pets_cat", "pets_dog"}),
        (["\u00e9t\u00e9*.jpg", "e\u0301te\u0301 *.png", "hiver*.jpg"], {"\u00e9t\u00e9", "hiver"}),
        (["scan_cat_*.jpg", "scan_dog_*.jpg"], {"scan_cat", "scan_dog"}),
    ],
)
@pytest.mark.parametrize("above", [[""], ["photos/"], ["train/", "test/"], ["train/", "val/"]])
def test_classes_in_the_names_of_files(tmp_path, patterns, classes, above):
    lay(tmp_path, *(place + pattern for place in above for pattern in patterns))
    write(tmp_path / above[0] / "labels.csv", b"x")
    result = found(tmp_path)
    two = len(above) == 2
    assert {group.split("/")[-1] for group in result.groups} == classes
    assert len(result.groups) == 2 * len(above) and bool(result.part_names) == two
    for group, files in result.groups.items():
        names = [unicodedata.normalize("NFC", file.name).casefold() for file in files]
        assert all(group.split("/")[-1] in name for name in names)
    assert sum(map(len, result.groups.values())) == 5 * len(patterns) * len(above)
    assert two or classes <= set(result.note.replace(",", " ").split())


@pytest.mark.parametrize(
    "patterns",
    [
        ["IMG_*.jpg", "DSC_*.jpg"],
        ["*.jpg"],
        ["cat.*.jpg"],
        ["cat.*.jpg", "9*.jpg"],
        ["photo *.jpg", "holiday *.jpg"],
        ["IMG-20240101-WA000*.jpg", "IMG-20240102-WA000*.jpg"],
        ["Screenshot 2024-01-01 at 10.0*.png", "Screenshot 2024-01-02 at 10.0*.png"],
        ["IMG_*.jpg", "IMG_*_edited.jpg"],
        ["Bildschirmfoto *.png", "Foto *.jpg"],
        ["Snapchat-*.jpg", "FB_IMG_*.jpg"],
        ["mmexport*.jpg", "wx_camera_*.jpg"],
        ["received_*.jpeg", "InShot_*.jpg"],
    ],
)
def test_names_that_tell_no_two_classes(tmp_path, patterns):
    error = refused(lay(tmp_path, *patterns))
    assert f"{5 * len(patterns)} loose files" in error.reason
    assert "a folder for each" in error.advice


@pytest.mark.skipif(os.name == "nt", reason="there it is a folder")
def test_a_zip_of_windows_that_was_unpacked_elsewhere(tmp_path):
    r"""Folders are in the files' names then: pets\cats\0.jpg."""
    lay(tmp_path, "pets\\cats\\*.jpg", "pets\\dogs\\IMG_*.jpg")
    assert set(found(tmp_path).groups) == {"cats", "dogs"}


@pytest.mark.skipif(os.name == "nt", reason="runs a Unix shell")
def test_the_command_that_sorts_files_of_many_classes(tmp_path):
    path = lay(tmp_path / "it's mine", "beagle_*.jpg", "boxer_*.jpg", "pug_*.jpg")
    advice = refused(path).advice
    command = advice[advice.index("mkdir") : advice.index(".\nExpected")]
    subprocess.run(["bash", "-e", "-c", command], check=True)
    new = Path(shlex.split(command)[1].rstrip(";"))
    assert {name: len(files) for name, files in found(new).groups.items()} == {
        "beagle": 5,
        "boxer": 5,
    }
    assert len(list(path.iterdir())) == 15


# Names


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not take")
def test_names_of_classes_are_fit_for_any_disk(tmp_path):
    odd = os.fsdecode(b"c\xe4t")
    for names in ((odd, "c\ufffdt"), ("aux", "con"), ("cats ", "cats."), ("c" * 250, "d" * 250),
                  ("$5", "$10"), ("-x", "'q\""), ("猫 🐈", "собаки «псы»"), ("a\nb", "a\tb"),
                  ("e\u0301", "\u00e9")):  # fmt: skip
        path = lay(tmp_path / str(len(names[0].encode("utf-8", "replace"))) / ascii(names[1][:9]),
                   *names)  # fmt: skip
        groups = found(path).groups
        assert len(groups) == 2, names
        for name in groups:
            name.encode()
            assert name == name.strip(" .") and name.isprintable() and len(name.encode()) < 200
            assert not set(name) & set('<>:"/\\|?*') and name.lower() not in ("aux", "con")
    assert set(found(lay(tmp_path / "money", "$5", "$10")).groups) == {"$5", "$10"}


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not take")
def test_errors_about_names_that_are_no_text_are_text(tmp_path):
    path = tmp_path / os.fsdecode(b"c\xe4t\n")
    for folders in (["a"], ["a", "b", os.fsdecode(b"\xff")], [os.fsdecode(b"train\xff"), "test"]):
        lay(path, *folders)
        with pytest.raises(DataError) as caught:
            own_photos.find_classes(path)
        str(caught.value).encode()
        assert "\n" not in caught.value.attempt + caught.value.reason


# What is no folder, or cannot be read


@pytest.mark.parametrize(
    ("given", "reason", "advice"),
    [
        ("~nosuchuser/photos", "nobody's home", "whole path"),
        ("", "no folder", "FOLDER"),
        ("  ", "no folder", "FOLDER"),
        ("a\0b", "NUL", "path"),
        ("x" * 300, "name too long", "disk"),
        ("/".join(["y" * 200] * 30), "name too long", "disk"),
        ("https://example.org/cats.zip", "address", "Download"),
        ("file:///home/me/my%20cats", "address", "/home/me/my cats"),
        ("'/home/me/cats'", "quotes", ": /home/me/cats"),
        ("/nowhere/at all", "no such folder", "path"),
        ("/etc/passwd/cats", "no such folder", "path"),
        ('"/home/me/cats"', "quotes", ": /home/me/cats"),
    ],
)
def test_what_is_no_folder(given, reason, advice):
    with pytest.raises(DataError) as caught:
        own_photos.find_classes(own_photos.folder_given(given))
    assert reason in caught.value.reason.lower() or reason in caught.value.reason
    assert advice in caught.value.advice
    str(caught.value).encode()


@pytest.mark.skipif(os.name == "nt", reason="Windows passes over a space at a name's end")
@pytest.mark.parametrize(
    ("given", "what"),
    [("{} ", "spaces"), ("{}\n", "line breaks"), (" {}", "spaces"), ('"{}', "quotes"),
     ('{}"', "quotes"), ("‘{}’", "quotes"), (" '{}' ", "quotes")],
)  # fmt: skip
def test_a_path_with_more_at_its_ends(tmp_path, given, what):
    """As copied from a page; and C:\\photos\\" is what Windows' shell makes of a last backslash."""
    error = refused_path(given.format(tmp_path))
    assert what in error.reason and error.advice.endswith(f": {tmp_path}")
    (tmp_path / "own ").mkdir()
    assert own_photos.folder_given(f"{tmp_path}/own ") == tmp_path / "own "


def test_a_path_with_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOS", str(tmp_path))
    error = refused_path("$PHOTOS")
    assert "variable" in error.reason and error.advice.endswith(f": {tmp_path}")
    monkeypatch.chdir(tmp_path)
    Path("$PHOTOS").mkdir()
    assert own_photos.folder_given("$PHOTOS") == tmp_path / "$PHOTOS"


@pytest.mark.skipif(os.name == "nt", reason="there it is a path")
@pytest.mark.parametrize("given", ["C:\\Users\\me\\my pets", "C:/Users/me/my pets"])
def test_a_path_of_windows_elsewhere(given):
    error = refused_path(given)
    assert "Windows" in error.reason and error.advice.endswith("/mnt/c/Users/me/my pets")


@pytest.mark.parametrize("name", ["pets.tar.gz", "pets.rar", "pets.7z", "pets.tgz"])
def test_an_archive_in_place_of_a_folder(tmp_path, name):
    assert "unpack it" in refused(write(tmp_path / name, b"x")).reason


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that is in use")
def test_where_the_current_folder_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    error = refused_path("photos")
    assert "where you are" in error.reason and "whole path" in error.advice


def test_the_home_folder_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    lay(tmp_path, "cats", "dogs")
    assert own_photos.folder_given("~") == tmp_path
    assert own_photos.folder_given("~/cats/../dogs") == tmp_path / "dogs"


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_that_lead_nowhere(tmp_path):
    (tmp_path / "own").symlink_to(tmp_path / "gone")
    assert str(tmp_path / "gone") in refused(tmp_path / "own").reason
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "cannot be read" in refused(tmp_path / "circle").reason


@pytest.mark.parametrize("name", ["", "dogs", "train", "train/dogs"])
@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch, name, error):
    """As on a disk that was pulled out; or somebody else's."""
    path = lay(tmp_path / "own", *(parts("train", "val") if "train" in name else ("cats", "dogs")))
    listdir, scandir = os.listdir, os.scandir

    def failing(function):
        def called(folder="."):
            if Path(folder) == path / name:
                raise OSError(error, os.strerror(error), str(folder))
            return function(folder)

        return called

    monkeypatch.setattr(os, "listdir", failing(listdir))
    monkeypatch.setattr(os, "scandir", failing(scandir))
    raised = refused(path)
    assert os.strerror(error) in raised.reason and name in raised.reason
