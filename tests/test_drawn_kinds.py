"""The drawn kinds: identities of the draw, names, variety, and colours that give nothing away."""

import numpy as np
import pytest

from course import drawn
from course.drawn import bodies, creatures, heads, kinds, pets, things

BLOCK = len(drawn.KIND_NAMES)
CAT_AND_DOG_FAMILIES = (
    "cat", "lion", "tiger", "lynx", "leopard", "cheetah", "puma", "panther", "dog", "fox", "wolf",
    "hyena", "jackal", "coyote",
)  # fmt: skip


@pytest.fixture(scope="module")
def crowd():
    """A training set and a test set of creatures, for the linear models."""
    sets = []
    for seed, blocks in ((21, 12), (22, 8)):
        images, labels = drawn.draw_kinds(blocks * BLOCK, size=32, seed=seed)
        is_creature = labels < len(drawn.CREATURES)
        sets.append((images[is_creature], labels[is_creature]))
    return sets


# --- Names --------------------------------------------------------------------------------------


def test_names_are_creatures_then_things_then_textures_each_once():
    assert drawn.KIND_NAMES == drawn.CREATURES + drawn.THINGS + drawn.TEXTURES
    assert len(set(drawn.KIND_NAMES)) == BLOCK <= 256


def test_no_animal_of_the_cat_or_dog_family_is_among_them():
    words = {word for name in drawn.KIND_NAMES for word in name.split()}
    assert not words & set(CAT_AND_DOG_FAMILIES)
    assert not set(drawn.PET_NAMES) & set(creatures.TABLES)


# --- The draw: shapes, order, seeds -------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(0, 64), (1, 32), (3, 101)])
def test_shapes_and_types(n, size):
    images, labels = drawn.draw_kinds(n, size=size)
    assert images.shape == (n, size, size, 3) and images.dtype == np.uint8
    assert labels.shape == (n,) and labels.dtype == np.uint8


def test_every_block_holds_each_kind_once_in_a_shuffled_order():
    _, labels = drawn.draw_kinds(3 * BLOCK, size=32, seed=2)
    blocks = labels.reshape(3, BLOCK)
    np.testing.assert_array_equal(np.sort(blocks, axis=1), [np.arange(BLOCK)] * 3)
    assert len({tuple(block) for block in blocks.tolist()}) == 3


def test_workers_draw_what_one_process_draws(monkeypatch):
    monkeypatch.setattr(pets, "_CHUNK", 4)
    alone, labels = drawn.draw_kinds(9, size=40, seed=6, workers=1)
    shared, shared_labels = drawn.draw_kinds(9, size=40, seed=6, workers=2)
    np.testing.assert_array_equal(alone, shared)
    np.testing.assert_array_equal(labels, shared_labels)


# --- What is drawn ------------------------------------------------------------------------------


def test_pictures_are_lit_in_colour_and_not_burnt_out(crowd):
    images, _ = crowd[0]
    tone = images.mean(axis=(1, 2, 3))
    assert tone.min() > 60 and tone.max() < 200 and tone.std() > 10
    assert (images == 255).mean() < 0.03 and (images == 0).mean() < 0.03


@pytest.mark.parametrize("name", drawn.CREATURES)
def test_each_creature_varies_and_is_made_of_known_parts(name):
    rng = np.random.default_rng(0)
    sample = [creatures.sample_features(name, rng) for _ in range(40)]
    assert len({f.skull_width for f in sample}) == len({f.eye_size for f in sample}) == 40
    for features in sample:
        assert features.muzzle_kind in heads.MUZZLES
        assert features.face in {"plain", *heads.FACES}
        assert features.crown in {"none", *heads.CROWNS_BEHIND, *heads.CROWNS_IN_FRONT}
        assert features.tail_kind in {"none", "slim", "sabre", "plume", "ring", *bodies.TAILS}
        assert set(features.poses) <= set(bodies.POSES)


def test_what_tells_cats_from_dogs_tells_creatures_apart_too():
    rng = np.random.default_rng(1)
    kinds_of = {
        feature: {
            getattr(creatures.sample_features(name, rng), feature)
            for name in drawn.CREATURES
            for _ in range(10)
        }
        for feature in ("ear_kind", "muzzle_kind", "pupil_slit", "tail_kind")
    }
    assert {"upright", "folded", "hanging", "round", "leaf", "none"} <= kinds_of["ear_kind"]
    assert {"pads", "snout", "disc", "beak"} <= kinds_of["muzzle_kind"]
    assert kinds_of["pupil_slit"] == {False, True}
    assert {"slim", "plume", "ring", "stub", "none"} <= kinds_of["tail_kind"]


def test_no_single_measure_tells_a_creature_from_all_others():
    rng = np.random.default_rng(2)
    for feature in ("skull_width", "eye_size", "eye_apart", "ear_length", "build", "legs"):
        spans = {
            name: np.quantile(
                [getattr(creatures.sample_features(name, rng), feature) for _ in range(60)], (0, 1)
            )
            for name in drawn.CREATURES
        }
        for name, (low, high) in spans.items():
            others = [span for other, span in spans.items() if other != name]
            assert any(a < high and low < b for a, b in others), (feature, name)


def test_muzzles_are_seen_where_they_should_be():
    for name in drawn.CREATURES:
        shares = []
        for seed in range(4):
            subject, place = (np.random.default_rng([seed, k]) for k in range(2))
            canvas, _ = pets.draw_animal(name, subject, place, 64, 64)
            head = canvas.mask("head", "ears", "eyes", "muzzle", "nose", "tongue")
            shares.append(canvas.mask("muzzle", "nose", "tongue").sum() / head.sum())
        assert 0.01 < np.mean(shares) < 0.7, name


@pytest.mark.parametrize("name", drawn.THINGS)
def test_a_thing_hides_some_of_its_place(name):
    subject, place = (np.random.default_rng(k) for k in range(2))
    picture = things.draw_thing(name, subject, place, 48)
    assert picture.shape == (48, 48, 3) and np.isfinite(picture).all()
    assert picture.std() > 0.03


@pytest.mark.parametrize("name", drawn.TEXTURES)
def test_a_texture_fills_the_picture(name):
    for seed in range(5):
        picture = things.draw_texture(name, np.random.default_rng(seed), 48)
        assert picture.shape == (48, 48, 3) and np.isfinite(picture).all()
        quarters = picture.mean(axis=2).reshape(2, 24, 2, 24)
        assert (quarters.std(axis=(1, 3)) > 0.005).all()


def test_every_kind_is_drawn_at_the_least_size():
    for name in drawn.KIND_NAMES:
        image = kinds._draw_kind(name, 3, 0, 32)
        assert image.shape == (32, 32, 3) and image.std() > 4


# --- Colour gives nothing away ------------------------------------------------------------------


def histograms(images):
    bins = np.arange(16)
    return np.stack([(i[..., None] // 16 == bins).mean(axis=(0, 1)).ravel() for i in images])


def test_colours_alone_hardly_name_the_creatures(crowd):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x, y), (new_x, new_y) = crowd
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    share = model.fit(histograms(x), y).score(histograms(new_x), new_y)
    guessed = 1 / len(drawn.CREATURES)
    assert share < guessed + 4 * np.sqrt(guessed * (1 - guessed) / len(new_y))
