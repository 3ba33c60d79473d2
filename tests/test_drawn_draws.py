"""What drawing pets and drawing kinds have in common: slices, seeds, progress, what is refused."""

import numpy as np
import pytest

from course import drawn

REFUSED = [  # arguments, and what a message about them has: the name, what was given, the least
    ({"n": -1}, r"\bn\b.* -1 .*\b0\b"),
    ({"n": 2.0}, r"\bn\b.* 2\.0 .*integer"),
    ({"seed": -3}, r"\bseed\b.* -3 .*\b0\b"),
    ({"start": "1"}, r"\bstart\b.* '1' .*integer"),
    ({"size": 31}, r"\bsize\b.* 31 .*\b32\b"),
    ({"size": 64.0}, r"\bsize\b.* 64\.0 .*integer"),
    ({"workers": 0}, r"\bworkers\b.* 0 .*\b1\b"),
    ({"workers": 1.5}, r"\bworkers\b.* 1\.5 .*integer"),
]
BLOCKS = {drawn.draw_pets: 10, drawn.draw_kinds: len(drawn.KIND_NAMES)}  # labels are shuffled in

each_draw = pytest.mark.parametrize("draw", BLOCKS, ids=lambda draw: draw.__name__)


@each_draw
@pytest.mark.parametrize("start", [0, 3, "two before a block's end", "a block's end"])
def test_a_slice_of_a_long_draw_is_the_short_draw(draw, start):
    block = BLOCKS[draw]
    start = {"two before a block's end": block - 2, "a block's end": block}.get(start, start)
    images, labels = draw(block + 6, size=32, seed=5)
    some_images, some_labels = draw(6, size=32, seed=5, start=start)
    np.testing.assert_array_equal(some_images, images[start : start + 6])
    np.testing.assert_array_equal(some_labels, labels[start : start + 6])


@each_draw
def test_a_slice_may_begin_within_a_later_block(draw):
    start = 2 * BLOCKS[draw] - 3
    images, labels = draw(start + 6, size=32, seed=5)
    some_images, some_labels = draw(6, size=32, seed=5, start=start)
    np.testing.assert_array_equal(some_images, images[start:])
    np.testing.assert_array_equal(some_labels, labels[start:])


@each_draw
def test_seeds_differ_and_no_picture_comes_twice(draw):
    n = max(40, BLOCKS[draw])
    images, _ = draw(n, size=32, seed=0)
    others, _ = draw(n, size=32, seed=1)
    assert len({image.tobytes() for image in [*images, *others]}) == 2 * n


@each_draw
def test_progress_changes_nothing_but_the_screen(draw, capsys):
    quiet, _ = draw(3, size=32)
    assert capsys.readouterr().err == ""
    loud, _ = draw(3, size=32, progress=True)
    assert draw.__name__.replace("draw_", "drawing ") in capsys.readouterr().err
    np.testing.assert_array_equal(quiet, loud)


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_kinds_refuse_wrong_arguments(arguments, message):  # pets: with files, in their own tests
    with pytest.raises(ValueError, match=message):
        drawn.draw_kinds(**{"n": 1} | arguments)
