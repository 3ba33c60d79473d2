"""The drawn stand-ins: identities of the draw, and that classes can be told apart."""

import doctest
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from course import drawn
from course.drawn import garments as garments_module
from course.drawn import house_numbers as house_numbers_module

DRAWS = [drawn.draw_garments, drawn.draw_house_numbers]
SHAPES = {drawn.draw_garments: (28, 28), drawn.draw_house_numbers: (32, 32, 3)}
CHANCE = 1 / drawn.N_CLASSES

both = pytest.mark.parametrize("draw", DRAWS)


@pytest.fixture(scope="module")
def garments():
    return drawn.draw_garments(600, seed=0)


@pytest.fixture(scope="module")
def new_garments():
    return drawn.draw_garments(200, seed=1)


@pytest.fixture(scope="module")
def house_numbers():
    return drawn.draw_house_numbers(600, seed=0)


@pytest.fixture(scope="module")
def new_house_numbers():
    return drawn.draw_house_numbers(200, seed=1)


# --- The draw: shapes, order, seeds -------------------------------------------------------------


@both
@pytest.mark.parametrize("n", [0, 1, 13])
def test_shapes_and_types(draw, n):
    images, labels = draw(n)
    assert images.shape == (n, *SHAPES[draw]) and images.dtype == np.uint8
    assert labels.shape == (n,) and labels.dtype == np.uint8


@both
def test_drawing_twice_gives_the_same_pictures(draw):
    for first, second in zip(draw(12, seed=4), draw(12, seed=4), strict=True):
        np.testing.assert_array_equal(first, second)


@both
@pytest.mark.parametrize("start", [0, 1, 10, 17])
def test_a_slice_of_a_long_draw_is_the_short_draw(draw, start):
    images, labels = draw(30, seed=5)
    some_images, some_labels = draw(8, seed=5, start=start)
    np.testing.assert_array_equal(some_images, images[start : start + 8])
    np.testing.assert_array_equal(some_labels, labels[start : start + 8])


@both
def test_pictures_do_not_depend_on_what_was_drawn_before(draw):
    expected, _ = draw(3, seed=6, start=40)
    drawn.draw_garments(2, seed=9)
    drawn.draw_house_numbers(2, seed=9)
    np.random.default_rng().random()
    np.testing.assert_array_equal(draw(3, seed=6, start=40)[0], expected)


def test_a_new_process_draws_the_same_pictures():
    code = (
        "import hashlib; from course import drawn as d; "
        "print(hashlib.sha256(b''.join(f(5, seed=8)[0].tobytes() "
        "for f in (d.draw_garments, d.draw_house_numbers))).hexdigest())"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
        for _ in range(2)
    ]
    assert outputs[0] == outputs[1]


@both
def test_every_block_of_ten_holds_each_class_once_in_a_shuffled_order(draw):
    _, labels = draw(60, seed=2)
    blocks = labels.reshape(6, 10)
    np.testing.assert_array_equal(np.sort(blocks, axis=1), np.tile(np.arange(10), (6, 1)))
    assert len({tuple(block) for block in blocks.tolist()}) > 1


@both
def test_seeds_give_different_pictures_and_different_orders(draw):
    images, labels = draw(40, seed=0)
    other_images, other_labels = draw(40, seed=1)
    same = (images == other_images).reshape(40, -1).all(axis=1)
    assert not same.any()
    assert (labels != other_labels).any()


@both
def test_no_picture_comes_twice(draw):
    images, _ = draw(100, seed=3)
    assert len({image.tobytes() for image in images}) == 100


@both
def test_numpy_integers_are_accepted(draw):
    images, _ = draw(np.int64(2), seed=np.uint8(1), start=np.int32(3))
    np.testing.assert_array_equal(images, draw(2, seed=1, start=3)[0])


@both
@pytest.mark.parametrize("name", ["n", "seed", "start"])
def test_a_negative_count_is_refused(draw, name):
    arguments = {"n": 1} | {name: -3}
    with pytest.raises(ValueError, match=rf"\b{name}\b.* -3 .*\b0\b"):
        draw(**arguments)


@both
@pytest.mark.parametrize("value", [2.5, 2.0, "2", None, [2], True])
def test_a_count_that_is_no_integer_is_refused(draw, value):
    with pytest.raises(ValueError, match=rf"\bn\b.*{re.escape(repr(value))}.*integer"):
        draw(value)


# --- Garments -----------------------------------------------------------------------------------


def test_the_names_are_fashion_mnists():
    assert len(drawn.GARMENT_NAMES) == drawn.N_CLASSES == len(set(drawn.GARMENT_NAMES))
    assert drawn.GARMENT_NAMES[0] == "T-shirt/top" and drawn.GARMENT_NAMES[9] == "Ankle boot"


def test_garments_lie_on_black(garments):
    images, _ = garments
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 0).mean() > 0.95
    dark = (images == 0).mean(axis=(1, 2))
    assert dark.min() > 0.1 and dark.max() < 0.95


def test_garments_fill_most_of_the_frame(garments):
    images, _ = garments
    ink = images > 0
    height = ink.any(axis=2).sum(axis=1)
    width = ink.any(axis=1).sum(axis=1)
    assert np.quantile(np.maximum(height, width), 0.05) >= 22


def test_brightness_varies_within_every_class(garments):
    images, labels = garments
    brightness = np.array([image[image > 0].mean() for image in images])
    for label in range(drawn.N_CLASSES):
        assert brightness[labels == label].std() > 15


def test_mean_images_of_classes_differ(garments):
    images, labels = garments
    means = np.stack([images[labels == label].mean(axis=0) for label in range(10)])
    gaps = np.abs(means[:, None] - means[None]).mean(axis=(2, 3))
    assert gaps[~np.eye(10, dtype=bool)].min() > 4  # grey levels a pixel


def test_tops_are_centred_and_shoes_point_left(garments):
    images, labels = garments
    columns = np.arange(28) - 13.5
    for name, low, high in [("Shirt", -1, 1), ("Trouser", -1, 1), ("Ankle boot", 1, 6)]:
        ink = (images[labels == drawn.GARMENT_NAMES.index(name)] > 0).mean(axis=(0, 1))
        assert low < (ink * columns).sum() / ink.sum() < high, name


def test_boots_reach_higher_than_sneakers_and_sandals(garments):
    images, labels = garments
    highest_row = (images > 0).any(axis=2).argmax(axis=1)
    boot, sneaker, sandal = (np.median(highest_row[labels == label]) for label in (9, 7, 5))
    assert boot + 2 <= min(sneaker, sandal)


def test_sandals_show_more_holes_than_sneakers(garments):
    images, labels = garments
    ink = images > 0
    hull = ink[:, ::-1].cumsum(axis=1)[:, ::-1] > 0  # everything above some ink in its column
    hull &= ink.cumsum(axis=1) > 0  # and below some ink
    holes = 1 - ink.sum(axis=(1, 2)) / hull.sum(axis=(1, 2))
    assert holes[labels == 5].mean() > 0.05
    assert holes[labels == 7].mean() < 0.02


# --- House numbers ------------------------------------------------------------------------------


def test_every_font_has_ten_different_digits():
    for font in house_numbers_module._FONTS:
        digits = [house_numbers_module._glyph(font, digit).resize((20, 30)) for digit in range(10)]
        assert all(glyph.getbbox() for glyph in digits)
        assert len({glyph.tobytes() for glyph in digits}) == 10, font


def test_house_numbers_can_be_drawn_with_the_fonts_of_an_older_matplotlib(tmp_path, monkeypatch):
    """Of these fonts, matplotlib 3.10 has all but one; pictures with the others stay the same."""
    module = house_numbers_module
    everything = module._font_folder()
    ((new, other),) = module._STAND_INS.items()
    for font in set(module._FONTS) - {new}:
        shutil.copy(everything / font, tmp_path)
    before = module.draw_house_numbers(60, seed=1)[0]
    module._glyph.cache_clear()
    monkeypatch.setattr(module, "_font_folder", lambda: tmp_path)
    try:
        assert module._glyph(new, 3).tobytes() == module._glyph(other, 3).tobytes()
        after = module.draw_house_numbers(60, seed=1)[0]
    finally:
        module._glyph.cache_clear()
    changed = (before != after).any(axis=(1, 2, 3))
    assert 0 < changed.sum() < 20


def test_no_glyph_touches_the_edge_of_its_page():
    for font in house_numbers_module._FONTS:
        for digit in range(10):
            glyph = house_numbers_module._glyph(font, digit)
            assert glyph.height < 1.2 * house_numbers_module._GLYPH_POINTS, font


def test_neighbours_peek_in_from_the_sides(house_numbers, monkeypatch):
    def edge_contrast(images):
        grey = images.mean(axis=3)
        return np.concatenate([grey[:, :, :3], grey[:, :, -3:]], axis=2).std(axis=(1, 2))

    images, _ = house_numbers
    assert np.median(edge_contrast(images)) > 8
    monkeypatch.setattr(house_numbers_module, "_NEIGHBOUR_CHANCE", 0.0)
    alone, _ = drawn.draw_house_numbers(200, seed=0)
    assert np.median(edge_contrast(images)) > 1.3 * np.median(edge_contrast(alone))


def test_light_and_dark_digits_are_both_common(house_numbers):
    images, _ = house_numbers
    grey = images.mean(axis=3)
    centre = grey[:, 6:26, 11:21].mean(axis=(1, 2))
    border = np.concatenate([grey[:, :2], grey[:, -2:]], axis=1).mean(axis=(1, 2))
    assert 0.25 < (centre > border).mean() < 0.75


def test_house_numbers_are_in_colour_and_readable(house_numbers):
    images, _ = house_numbers
    assert np.abs(images.astype(int)[..., 0] - images[..., 2]).mean() > 5
    inside = images[:, 4:28, 8:24].mean(axis=3).reshape(len(images), -1)
    spread = np.quantile(inside, 0.95, axis=1) - np.quantile(inside, 0.05, axis=1)
    assert np.quantile(spread, 0.02) > 15  # grey levels between digit and wall


def test_ink_and_wall_keep_their_contrast():
    for seed in range(300):
        ink, wall = house_numbers_module._colours(np.random.default_rng(seed))
        assert abs(ink.mean() - wall.mean()) > house_numbers_module._LOWEST_CONTRAST - 1


# --- Telling the classes apart ------------------------------------------------------------------


def nearest_mean_accuracy(x, y, new_x, new_y):
    means = np.stack([x[y == label].mean(axis=0) for label in range(10)])
    distances = ((new_x[:, None] - means[None]) ** 2).reshape(len(new_x), 10, -1).sum(axis=2)
    return (distances.argmin(axis=1) == new_y).mean()


def test_nearest_mean_names_most_garments_but_not_all(garments, new_garments):
    (x, y), (new_x, new_y) = garments, new_garments
    accuracy = nearest_mean_accuracy(x / 255.0, y, new_x / 255.0, new_y)
    assert 0.5 < accuracy < 0.9


def test_raw_pixels_say_little_about_house_numbers(house_numbers, new_house_numbers):
    (x, y), (new_x, new_y) = house_numbers, new_house_numbers
    assert nearest_mean_accuracy(x / 255.0, y, new_x / 255.0, new_y) < 0.6


def test_edges_say_more_about_house_numbers_than_chance(house_numbers, new_house_numbers):
    def edges(images):  # blind to whether the digit is darker or lighter than the wall
        grey = images[:, 2:30, 6:26].mean(axis=3)
        slopes = np.stack(np.gradient(grey, axis=(1, 2)), axis=-1)
        size = np.abs(slopes)
        blocks = size.reshape(len(images), 7, 4, 5, 4, 2).mean(axis=(2, 4))
        return blocks / blocks.mean(axis=(1, 2, 3), keepdims=True)

    (x, y), (new_x, new_y) = house_numbers, new_house_numbers
    assert nearest_mean_accuracy(edges(x), y, edges(new_x), new_y) > 3 * CHANCE


# --- The module ---------------------------------------------------------------------------------


def test_the_examples_in_the_docstrings_run():
    results = [doctest.testmod(module) for module in (garments_module, house_numbers_module)]
    assert sum(result.attempted for result in results) >= 6
    assert not any(result.failed for result in results)


def test_importing_the_module_loads_nothing_heavy():
    code = (
        "import sys; import course.drawn; "
        "print([m for m in ('matplotlib', 'tensorflow', 'skimage', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
