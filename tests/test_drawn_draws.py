"""What drawing pets and drawing kinds have in common: slices, seeds, progress, what is refused."""

import numpy as np
import pytest

from course import drawn

REFUSED = [
    ({"n": -1}, "n must be 0 or more, got -1; pass"),
    ({"n": 2.0}, "n must be an integer, got 2.0"),
    ({"seed": -3}, "seed must be 0 or more, got -3"),
    ({"start": "1"}, "start must be an integer, got '1'"),
    ({"size": 31}, "size must be 32 or more, got 31: .* draw at 32"),
    ({"size": 64.0}, "size must be an integer, got 64.0"),
    ({"workers": 0}, "workers must be an integer of 1 or more, got 0; leave it out"),
    ({"workers": 1.5}, "workers must be an integer of 1 or more, got 1.5"),
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
