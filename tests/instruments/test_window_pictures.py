"""The pictures of windows and of pooling: what is drawn, against convolutions and Keras."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course.instruments import pooled_blocks, window_positions
from course.instruments.convolution_stepper import correlate
from course.instruments.window_pictures import KEPT, LARGEST_ROW, READ
from course_utils import figures

PLAIN = {"n": 7, "k": 3}


def squares(axes, **properties):
    """(column, row, side) of each square that has these properties, insets taken off."""
    found = []
    for patch in axes.patches:
        if all(getattr(patch, f"get_{name}")() == value for name, value in properties.items()):
            side = round(patch.get_width())
            middle = np.add(patch.get_xy(), patch.get_width() / 2)
            found.append((*(middle - (side - 1) / 2).round(6), side))
    return found


def colour(patch):
    from matplotlib.colors import to_hex

    return to_hex(patch.get_facecolor())


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(3, 8),
    k=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
)
def test_a_side_has_a_line_for_each_output_and_what_it_reads(n, k, stride, padding, dilation):
    case = {"n": n, "k": k, "stride": stride, "padding": padding, "dilation": dilation}
    long, span = n + 2 * padding, dilation * (k - 1) + 1
    if span > long:
        with pytest.raises(ValueError, match=f"spans {span} pixels"):
            window_positions({"a": case})
        return
    (axes,) = window_positions({"a": case}).axes
    read = {}
    for patch in axes.patches:
        if colour(patch) == READ:
            x, y = np.add(patch.get_xy(), patch.get_width() / 2)
            read.setdefault(round(y, 6), []).append(round(x))
    # one pixel at a time is bright: a convolution along the side says which outputs see it
    sees = np.array(
        [
            correlate(np.eye(long)[[x]], np.ones((1, k)), stride=stride, dilation=dilation)[0]
            for x in range(long)
        ]
    ).T
    assert [sorted(read[y]) for y in sorted(read)] == [list(np.flatnonzero(one)) for one in sees]
    arrows = [text.get_text() for text in axes.texts if "→" in text.get_text()]
    assert arrows == [f"→ {output}" for output in range(len(sees))]
    left_out = [patch for patch in axes.patches if patch.get_linestyle() == "--"]
    assert len(left_out) == k * (long - span + 1 - len(sees))


def test_the_grid_shows_what_is_kept_and_read():
    case = {"n": (9, 7), "k": 3, "stride": 2, "dilation": 2, "padding": 1}
    figure = window_positions({"a": case}, grid=True)
    (axes,) = figure.axes
    output = correlate(np.zeros((9, 7)), np.ones((3, 3)), stride=2, dilation=2, padding=1)
    kept = [line for line in axes.lines if line.get_color() == KEPT]
    middles = sorted((line.get_ydata()[0], line.get_xdata()[0]) for line in kept)
    assert middles == [(2 + 2 * y, 2 + 2 * x) for y, x in np.ndindex(output.shape)]
    assert len(axes.lines) == 7 * 5  # every position at stride 1
    read = [patch for patch in axes.patches if colour(patch) == READ]
    places = {tuple(np.add(patch.get_xy(), patch.get_width() / 2).round(6)) for patch in read}
    assert places == {(2.0 * x, 2.0 * y) for x, y in np.ndindex(3, 3)}
    assert squares(axes, linewidth=3) == [(0, 0, 5)]
    assert squares(axes, linestyle="--") == [(2, 0, 5), (0, 2, 5)]
    assert [text.get_text() for text in axes.texts] == ["0"] * (11 * 9 - 9 * 7)
    assert "left out" in figure.get_supxlabel()
    assert "left out" not in window_positions({"a": PLAIN}, grid=True).get_supxlabel()


def test_panels_stand_side_by_side_with_their_titles():
    cases = {"one": PLAIN, "two_$": {"n": 9, "k": 3, "stride": 3}, "three": PLAIN | {"padding": 1}}
    for grid in (False, True):
        figure = window_positions(cases, grid=grid, title="found")
        assert figure.get_figwidth() <= 9 and figure.get_suptitle() == "found"
        assert [axes.get_title() for axes in figure.axes] == ["one", r"two_\$", "three"]
        figure.set_layout_engine("constrained")
        FigureCanvasAgg(figure).draw()
        tops = {round(axes.get_position().y1, 3) for axes in figure.axes}
        assert len(tops) == 1


def test_words():
    figure = window_positions({"a": PLAIN | {"dilation": 3}, "b": PLAIN | {"padding": 2}})
    assert figure.alt == (
        "a: 1 position of 3 weights on 7 pixels, reading pixels that lie 3 apart; "
        "b: 9 positions of 3 weights on 7 pixels and 2 zeros on each side."
    )
    figure = window_positions({"a": {"n": (6, 8), "k": 2, "stride": 2}}, grid=True)
    assert figure.alt == "a: 3 × 4 positions of 2 × 2 weights on 6 × 8 pixels, 2 pixels apart."
    assert window_positions({"a": PLAIN}, alt="Mine.").alt == "Mine."
    assert pooled_blocks(np.ones((2, 2)), alt="Mine.").alt == "Mine."
    assert pooled_blocks([[1, -2], [0.5, 1]]).alt == (
        "Blocks of 2 × 2, row by row: 1, −2, 0.5, 1 become 1."
    )


@pytest.mark.parametrize(
    ("cases", "says"),
    [
        ({}, "no cases"),
        ({"a": {"n": 7, "k": 8}}, "'a': a window spans 8 .* 7"),
        ({"a": PLAIN | {"strides": 2}}, "'a' has the settings n, k, strides; give"),
        ({"a": {"n": 7}}, "'a' has the settings n; give"),
        ({"a": {"n": (7, 7), "k": 3}}, r"n of 'a' is \(7, 7\)"),
        ({"a": PLAIN | {"stride": 0}}, "stride of 'a' is 0"),
        ({"a": PLAIN | {"k": 2.5}}, "k of 'a' is 2.5"),
        ({"a": PLAIN | {"padding": -1}}, "padding of 'a' is -1"),
        ({"a": {"n": LARGEST_ROW, "k": 3, "padding": 1}}, f"{LARGEST_ROW} can be drawn"),
    ],
)
def test_settings_that_cant_be_drawn_are_named(cases, says):
    with pytest.raises(ValueError, match=says):
        window_positions(cases)


@pytest.mark.parametrize(("shape", "size"), [((4, 4), 2), ((5, 7), 2), ((6, 6), 3), ((3, 3), 1)])
def test_pooling_is_that_of_keras(shape, size):
    import keras

    table = np.random.default_rng(1).integers(-9, 10, shape)
    figure = pooled_blocks(table, size, titles=["before", "after"], title="found")
    left, _, right = figure.axes
    layer = keras.layers.MaxPooling2D(size)
    theirs = keras.ops.convert_to_numpy(layer(table[None, :, :, None].astype("float32")))[0, ..., 0]
    shown = [int(text.get_text().replace("−", "-")) for text in right.texts]
    assert shown == theirs.ravel().astype(int).tolist()
    assert (left.get_title(), right.get_title(), figure.get_suptitle()) == (
        "before",
        "after",
        "found",
    )
    marked = [patch for patch in left.patches if patch.get_linewidth() == 2.5]
    assert len(marked) == theirs.size
    for patch, largest, (row, column) in zip(
        marked, theirs.flat, np.ndindex(theirs.shape), strict=True
    ):
        x, y = np.add(patch.get_xy(), patch.get_width() / 2).round().astype(int)
        assert (y // size, x // size) == (row, column) and table[y, x] == largest
        assert left.texts[y * shape[1] + x].get_fontweight() == "bold"
    assert sum(text.get_fontweight() == "bold" for text in left.texts) == theirs.size
    unused = [patch for patch in left.patches if patch.get_hatch()]
    assert len(unused) == table.size - theirs.size * size**2


def test_of_equals_one_is_marked():
    left = pooled_blocks(np.zeros((2, 4))).axes[0]
    marks = squares(left, linewidth=2.5)
    assert marks == [(0, 0, 1), (2, 0, 1)]
    from matplotlib.colors import same_color

    assert same_color(left.patches[-2].get_edgecolor(), figures.MARK)


@pytest.mark.parametrize(
    ("table", "size", "says"),
    [
        (np.zeros((2, 2, 3)), 2, r"\(2, 2, 3\)"),
        (np.zeros((2, 13)), 2, "at most 12"),
        ([[0, np.nan], [1, 2]], 2, "finite"),
        (np.zeros((2, 5)), 3, "size is 3 .* from 1 to 2"),
    ],
)
def test_tables_that_cant_be_pooled_are_named(table, size, says):
    with pytest.raises(ValueError, match=says):
        pooled_blocks(table, size)
