"""The names of two classes: in Keras's order, and short where there is no room."""

import keras
import pytest
from PIL import Image

from course.data import class_names


def folder_of(top, *names):
    for name in names:
        (top / "train" / name).mkdir(parents=True)
        Image.new("RGB", (16, 16)).save(top / "train" / name / "a.jpg")
    return top


@pytest.mark.parametrize(
    "names",
    [("dogs", "cats"), ("b", "B"), ("10", "9"), ("Щенок", "zebra"), ("$5", "$10"), ("_a", "A b")],
)
def test_names_are_in_the_order_of_the_labels(tmp_path, names):
    folder = folder_of(tmp_path, *names)
    (folder / "train" / ".hidden").mkdir()
    (folder / "train" / "readme.txt").write_text("no class")
    photos = keras.utils.image_dataset_from_directory(folder / "train", verbose=False)
    assert class_names(folder) == photos.class_names
    assert class_names(str(folder), most=12) == photos.class_names


LONG = "all the photos of my neighbour's"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Kitten", "a puppy with a very long tail"), ("Kitten", "a puppy wit…")),
        ((f"{LONG} cat", f"{LONG} dog"), ("…ur's cat", "…ur's dog")),
        ((LONG, f"{LONG} dog"), ("…our's", "…our's dog")),
        ((f"{'x' * 50}a{'y' * 50}", f"{'x' * 50}b{'y' * 50}"), ("…xxxxxayyyy…", "…xxxxxbyyyy…")),
        (("a" * 11, "a" * 40), ("a" * 11, "…aaaaaaaaaa…")),
    ],
)
def test_long_names_are_cut_to_parts_that_differ(tmp_path, names, shown):
    folder = folder_of(tmp_path, *names)
    short = class_names(folder, most=12)
    assert sorted(short) == sorted(shown)
    assert all(len(name) <= 12 for name in short)
    assert class_names(folder) == sorted(names)
