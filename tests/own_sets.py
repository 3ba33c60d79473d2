"""Photos as learners have them: four sets of two classes, drawn, and imported as one's own."""

import os
import subprocess

import numpy as np
import pytest
from PIL import Image

from course import data, drawn
from tools.staleness import ROOT, lessons

CHOICE = "COURSE_OWN"  # the name of a set, or "all"
SIDE = 96  # pixels
# Two dollars are a formula to matplotlib, 猫 isn't in its font; Windows has no folder with a "<".
DOLLARS = "$5_%x & 'all'" if os.name == "nt" else '$5_%x & <b>"all"\''
LONG = "Щенок 猫 for $10, who was called the largest of them all, the kindest and the fastest, too"
SETS = {  # name -> how many photos there are of each of the two classes
    "few": {"Kitten": 5, "Puppy": 5},
    "unequal": {"glass": 40, "bus": 200},
    "by colour": {"amber": 60, "blue": 60},
    "oddly named": {DOLLARS: 24, LONG: 24},
}
TINTS = (1.0, 0.75, 0.4), (0.35, 0.6, 1.0)  # red, green and blue of the first class, of the second


def write_set(name, folder):
    """Draw a set's photos into a folder with two class folders, which is made."""
    counts = SETS[name]
    pictures, kinds = drawn.draw_pets(2 * max(counts.values()), size=SIDE, seed=18, workers=1)
    for number, (kind, count) in enumerate(counts.items()):
        chosen = pictures[kinds == number][:count]
        if name == "by colour":  # in each class as many cats as dogs
            chosen = pictures[number::2][:count] * np.float32(TINTS[number])
        (folder / kind).mkdir(parents=True)
        for i, picture in enumerate(chosen.round().astype(np.uint8)):
            Image.fromarray(picture).save(folder / kind / f"{i:03}.jpg", quality=92)


def import_set(name, folder):
    """Draw a set, and import it into a data folder of its own, as `course data add pets` does.

    Args:
        name: one of SETS.
        folder: path; photos/ and data/ are made in it.
    Returns:
        the data folder, and the folder in it that lessons get.
    """
    write_set(name, folder / "photos")
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("COURSE_DATA_DIR", str(folder / "data"))
        return folder / "data", data.add_pets(folder / "photos", verbose=False).folder


def lessons_with_photos():
    """The sources of all lessons that take photos."""
    return [source for source in lessons() if "load_pets(" in source.read_text(encoding="utf-8")]


def chosen_pairs():
    """(source of a lesson, name of a set) of what is to be tried.

    Each lesson on one set, by turns: which one depends on the commit, so that over a few commits
    each meets them all. COURSE_OWN names a set for all of them, or says "all".
    """
    names, asked = list(SETS), os.environ.get(CHOICE, "")
    if asked not in ("", "all", *names):
        raise ValueError(f'{CHOICE} is {asked!r}; give "all", or one of {", ".join(names)}')
    if asked == "all":
        return [(source, name) for source in lessons_with_photos() for name in names]
    git = ["git", "rev-parse", "HEAD"]  # not the number of commits: a copy in CI has only the last
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    turn = int(commit or "0", 16)
    return [
        (source, asked or names[(turn + number) % len(names)])
        for number, source in enumerate(lessons_with_photos())
    ]
