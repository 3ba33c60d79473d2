"""The drawn cats and dogs: identities of the draw, masks, planted cues, files, honest colours."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from test_drawn_draws import REFUSED

from course import drawn
from course.drawn import coats, creatures, painter, pets, scenery

PARTS_OF_THE_HEAD = ("ears", "eyes", "muzzle", "nose")


@pytest.fixture(scope="module")
def cast():
    """Sixty pictures of 64 pixels with the masks of their parts."""
    return drawn.draw_pets(60, seed=11, parts=True)


@pytest.fixture(scope="module")
def crowd():
    """A training set and a test set, for the linear models."""
    return drawn.draw_pets(500, size=32, seed=21), drawn.draw_pets(300, size=32, seed=22)


# --- The draw: shapes, order, seeds -------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(0, 64), (1, 32), (3, 101)])
def test_shapes_and_types(n, size):
    images, labels = drawn.draw_pets(n, size=size)
    assert images.shape == (n, size, size, 3) and images.dtype == np.uint8
    assert labels.shape == (n,) and labels.dtype == np.uint8


def test_every_block_of_ten_holds_five_cats_and_five_dogs_in_a_shuffled_order():
    _, labels = drawn.draw_pets(40, size=32, seed=2)
    blocks = labels.reshape(4, 10)
    assert (blocks.sum(axis=1) == 5).all() and set(labels.tolist()) == {0, 1}
    assert len({tuple(block) for block in blocks.tolist()}) > 1
    assert drawn.PET_NAMES == ("cat", "dog")


def test_workers_draw_what_one_process_draws(monkeypatch):
    monkeypatch.setattr(pets, "_CHUNK", 4)
    alone, labels, parts = drawn.draw_pets(9, size=40, seed=6, parts=True, workers=1)
    shared, shared_labels, shared_parts = drawn.draw_pets(9, size=40, seed=6, parts=True, workers=2)
    np.testing.assert_array_equal(alone, shared)
    np.testing.assert_array_equal(labels, shared_labels)
    assert [animal.box for animal in parts] == [animal.box for animal in shared_parts]


def test_pictures_are_lit_in_colour_and_not_burnt_out(cast):
    images, _, _ = cast
    tone = images.mean(axis=(1, 2, 3))
    assert tone.min() > 60 and tone.max() < 200 and tone.std() > 10
    assert np.median(images.std(axis=(1, 2, 3))) > 25
    assert (images == 255).mean() < 0.03 and (images == 0).mean() < 0.03


# --- Parts --------------------------------------------------------------------------------------


def test_asking_for_parts_changes_no_picture(cast):
    images, labels, _ = cast
    same, same_labels = drawn.draw_pets(60, seed=11)
    np.testing.assert_array_equal(images, same)
    np.testing.assert_array_equal(labels, same_labels)


def test_parts_lie_where_they_belong(cast):
    _, _, animals = cast
    for animal in animals:
        masks = animal.masks
        assert all(mask.shape == (64, 64) and mask.dtype == bool for mask in masks.values())
        assert not (masks["head"] & masks["body"]).any()
        np.testing.assert_array_equal(masks["head"] | masks["body"], masks["animal"])
        for name in PARTS_OF_THE_HEAD:
            assert not (masks[name] & ~masks["head"]).any(), name
        assert not (masks["nose"] & ~masks["muzzle"]).any()
        assert not (masks["eyes"] & masks["muzzle"]).any()
        assert "shortcut" not in masks


def test_the_box_is_the_animals(cast):
    _, _, animals = cast
    for animal in animals:
        x0, y0, x1, y1 = animal.box
        mask = animal.masks["animal"]
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        assert mask[y0].any() and mask[y1 - 1].any()
        assert mask[:, x0].any() and mask[:, x1 - 1].any()


def test_the_face_can_be_seen(cast):
    _, _, animals = cast
    for animal in animals:
        rows, columns = np.nonzero(animal.masks["head"])
        assert np.ptp(rows) >= 12 and np.ptp(columns) >= 12
        assert animal.masks["eyes"].sum() >= 3
        rows, columns = np.nonzero(animal.masks["muzzle"])
        assert len(rows) >= 10


def test_animals_differ_in_size_and_place(cast):
    _, _, animals = cast
    heads_of = [animal.masks["head"] for animal in animals]
    areas = np.array([mask.sum() for mask in heads_of])
    assert np.quantile(areas, 0.9) > 3 * np.quantile(areas, 0.1)
    centres = np.array([np.argwhere(mask).mean(axis=0) for mask in heads_of])
    assert (centres.std(axis=0) > 6).all()
    assert all(animal.masks["body"].any() for animal in animals)


def test_the_head_stays_inside_for_every_pose():
    for seed in range(300):
        rng = np.random.default_rng(seed)
        features = creatures.SAMPLERS[pets.PET_NAMES[seed % 2]](rng)
        _, held, *_ = pets._framed(features, rng, 64, 80)
        x, y = held.centre
        assert 0 < x < 80 and 0 < y < 64
        assert 2 * held.radius >= 12


def test_dogs_have_larger_muzzles_and_cats_larger_eyes(cast):
    _, labels, animals = cast

    def share(part):
        return np.array([a.masks[part].sum() / a.masks["head"].sum() for a in animals])

    cats, dogs = labels == 0, labels == 1
    assert share("muzzle")[dogs].mean() > 1.2 * share("muzzle")[cats].mean()
    assert share("eyes")[cats].mean() > 1.2 * share("eyes")[dogs].mean()


def test_both_classes_have_upright_and_folded_ears():
    rng = np.random.default_rng(0)
    for sampler in creatures.SAMPLERS.values():
        assert {"upright", "folded"} <= {sampler(rng).ear_kind for _ in range(100)}


def test_hair_follows_the_direction_it_is_given():
    tiles = painter._strand_tiles(1.0)
    for k in range(0, len(tiles), 3):
        along = np.pi * (k + 0.5) / len(tiles)
        slope_y, slope_x = np.gradient(tiles[k])
        across = np.array([np.cos(along) * slope_x + np.sin(along) * slope_y,
                           np.cos(along) * slope_y - np.sin(along) * slope_x])  # fmt: skip
        assert across[1].std() > 2 * across[0].std()


def test_every_pattern_can_be_painted():
    seen = {
        coats.sample_coat(np.random.default_rng(s), 12, 64, 64, 0.05).pattern for s in range(99)
    }
    assert seen == set(coats.PATTERNS)


def test_every_place_fills_the_picture():
    for kind in scenery.PLACES:
        for horizon in (None, 20.0):
            rng = np.random.default_rng(3)
            place = scenery.draw_place(kind, rng, 48, 64, horizon, 0.1)
            assert place.shape == (48, 64, 3) and np.isfinite(place).all()
            assert 0.1 < place.mean() < 0.95


# --- Planted cues -------------------------------------------------------------------------------


def test_swapping_the_tag_changes_only_the_tag():
    plain, labels = drawn.draw_pets(12, seed=4)
    tagged, _, animals = drawn.draw_pets(12, seed=4, shortcut="tag", parts=True)
    swapped, same_labels, others = drawn.draw_pets(12, seed=4, shortcut="tag-swapped", parts=True)
    np.testing.assert_array_equal(labels, same_labels)
    for i in range(12):
        tag, other = animals[i].masks["shortcut"], others[i].masks["shortcut"]
        np.testing.assert_array_equal(plain[i][~tag], tagged[i][~tag])
        np.testing.assert_array_equal(plain[i][~other], swapped[i][~other])
        assert (tagged[i][tag & other] != swapped[i][tag & other]).any(axis=-1).mean() > 0.9
        assert 0.005 < tag.mean() < 0.06
        assert not (animals[i].masks["animal"] & tag).any()


def test_tags_tell_the_classes_apart_by_form_and_colour():
    images, labels, animals = drawn.draw_pets(20, seed=8, shortcut="tag", parts=True)
    for image, label, animal in zip(images, labels, animals, strict=True):
        tag = animal.masks["shortcut"]
        rows, columns = np.nonzero(tag)
        filled = tag.sum() / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1))
        red, _, blue = image[tag].mean(axis=0)
        assert (filled == 1) == (label == 1)
        assert (blue > red) == (label == 1)


def test_planted_backgrounds_are_green_for_one_class_only():
    def greenness(shortcut):
        images, labels, animals = drawn.draw_pets(40, seed=9, shortcut=shortcut, parts=True)
        behind = [image[~a.masks["animal"]] for image, a in zip(images, animals, strict=True)]
        green = np.array([p[:, 1].mean() - p[:, [0, 2]].mean() for p in behind])
        return green[labels == 1].mean() - green[labels == 0].mean()

    assert greenness("background") > 4
    assert greenness("background-swapped") < -4
    assert abs(greenness(None)) < 4


def test_a_planted_background_leaves_the_animal_in_its_place():
    _, _, plain = drawn.draw_pets(6, seed=9, parts=True)
    _, _, moved = drawn.draw_pets(6, seed=9, parts=True, shortcut="background-swapped")
    for animal, same in zip(plain, moved, strict=True):
        np.testing.assert_array_equal(animal.masks["head"], same.masks["head"])


# --- Files --------------------------------------------------------------------------------------


def test_files_are_jpegs_of_many_sizes_in_class_folders(tmp_path):
    drawn.save_pets(tmp_path / "pets", 20, size=60, progress=False)
    names = {path.relative_to(tmp_path / "pets").as_posix() for path in tmp_path.rglob("*.jpg")}
    expected = {f"{kind}s/{kind}.{k:04d}.jpg" for kind in ("cat", "dog") for k in range(1, 11)}
    assert names == expected
    sizes = set()
    for path in tmp_path.rglob("*.jpg"):
        with Image.open(path) as image:
            image.load()
            assert image.format == "JPEG" and image.mode == "RGB"
            sizes.add(image.size)
    assert len(sizes) > 15
    assert min(min(s) for s in sizes) >= 48 and max(max(s) for s in sizes) <= 81
    aspects = [width / height for width, height in sizes]
    assert min(aspects) < 0.9 and max(aspects) > 1.1


def test_a_later_start_adds_the_files_that_a_longer_draw_has(tmp_path):
    drawn.save_pets(tmp_path / "once", 13, size=32, progress=False)
    drawn.save_pets(tmp_path / "twice", 6, size=32, progress=False)
    drawn.save_pets(tmp_path / "twice", 7, size=32, start=6, progress=False)
    for path in (tmp_path / "once").rglob("*.jpg"):
        other = tmp_path / "twice" / path.relative_to(tmp_path / "once")
        assert other.read_bytes() == path.read_bytes()
    assert len(list((tmp_path / "twice").rglob("*.jpg"))) == 13


# --- Refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *REFUSED,
        ({"shortcut": "collar"}, "'collar'.*'tag', 'tag-swapped', 'background', .*None"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        drawn.draw_pets(**{"n": 1} | arguments)
    with pytest.raises(ValueError, match=message):
        drawn.save_pets(tmp_path / "none", **{"n": 1} | arguments)
    assert not (tmp_path / "none").exists()


# --- Telling the classes apart ------------------------------------------------------------------


def histograms(images):
    bins = np.arange(16)
    return np.stack([(i[..., None] // 16 == bins).mean(axis=(0, 1)).ravel() for i in images])


def thumbnails(images):
    return images.reshape(len(images), 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(images), -1)


@pytest.mark.parametrize("describe", [histograms, thumbnails])
def test_colours_alone_hardly_tell_the_classes_apart(crowd, describe):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x, y), (new_x, new_y) = crowd
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    assert model.fit(describe(x), y).score(describe(new_x), new_y) < 0.66  # of 300, 1 sigma is .029


# --- The package --------------------------------------------------------------------------------


def test_drawing_loads_neither_scikit_learn_nor_tensorflow():
    code = (
        "import sys; from course.drawn import draw_pets; draw_pets(40, size=32); "
        "print([m for m in ('sklearn', 'tensorflow', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
