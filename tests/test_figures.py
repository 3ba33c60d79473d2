"""Each drawing at the ends of its sliders, and what it shows there."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.signal import correlate2d

from course_utils import figures, sliders

RANDOM = np.random.default_rng(0)


def draw(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    return [axes.get_title() for axes in figure.axes]


def test_image_grid_places_and_titles():
    images = [RANDOM.random((5, 7)), RANDOM.random((4, 4, 3)), RANDOM.random((3, 3))]
    figure = draw(figures.image_grid(images, titles=["a", "b", "c"], columns=2, title="all"))
    assert texts(figure) == ["a", "b", "c"]
    assert figure.get_suptitle() == "all"
    assert figure.get_figwidth() <= 9


def test_image_grid_is_never_wider_than_a_page():
    assert figures.image_grid([np.zeros((4, 4))] * 20, size=3).get_figwidth() <= 9


def test_signed_scale_is_symmetric_and_zero_is_white():
    figure = figures.image_grid([np.array([[-1.0, 0.0, 3.0]])], signed=True)
    (shown,) = figure.axes[0].images
    assert shown.get_clim() == (-3, 3)
    assert np.allclose(shown.cmap(shown.norm(0.0))[:3], 0.97, atol=0.02)


def test_signed_scale_of_a_large_image_ignores_one_extreme_pixel():
    image = np.ones((100, 100))
    image[0, 0] = -50
    (shown,) = figures.image_grid([image], signed=True).axes[0].images
    assert shown.get_clim() == (-1, 1)


def test_images_share_the_limits_they_are_given():
    figure = figures.image_grid([np.zeros((2, 2)), np.ones((2, 2))], limits=(0, 255))
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, 255)}


def test_image_grid_says_what_is_wrong():
    with pytest.raises(ValueError, match="no images"):
        figures.image_grid([])
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        figures.image_grid([np.zeros((2, 2))] * 2, titles=["one"])


@pytest.mark.parametrize("spectrum", [False, True])
def test_filter_bench_follows_its_values(spectrum):
    image = RANDOM.random((20, 30))

    def make(size, sign):
        return sign * np.ones((int(size), int(size)))

    def apply(image, kernel):
        return correlate2d(image, kernel, mode="same")

    figure, update = figures.filter_bench(
        image, make, apply, {"size": 3, "sign": 1}, spectrum=spectrum
    )
    for size, sign in ((3, -1), (3, 1), (1, 1), (41, 1)) if spectrum else ((3, -1), (3, 1)):
        update(size=size, sign=sign)
        shown = figure.axes[-1].images[0].get_array()
        assert np.sign(shown.mean()) == sign
        assert f"sign {sign}" in figure.axes[1].get_title()
        draw(figure)


def test_filter_bench_bears_a_silent_kernel():
    def apply(image, kernel):
        return np.zeros((4, 4))

    figure, update = figures.filter_bench(
        np.zeros((4, 4)), lambda a: np.zeros((3, 3)), apply, {"a": 0}
    )
    update(a=1)
    draw(figure)


def test_feature_map_browser_shows_the_maps():
    class Model:
        def predict(self, images, verbose):
            return [np.full((len(images), n, n, 16), 0.5) * np.arange(16) for n in (6, 2)]

    figure, update = figures.feature_map_browser(np.zeros((3, 8, 8), np.uint8), Model())
    for digit, layer in ((0, 1), (2, 2)):
        update(digit=digit, layer=layer)
        digits, *maps = figure.axes
        assert "6 × 6" in digits.get_title() if layer == 1 else "2 × 2" in digits.get_title()
        levels = [float(axes.images[0].get_array().max()) for axes in maps]
        assert levels == pytest.approx(np.arange(16) / 15)
    draw(figure)


def bench(spectrum):
    def make(a):
        return a * np.array([[1, 0, -1]] * 3)

    def apply(image, kernel):
        return correlate2d(image, kernel, mode="same")

    image = RANDOM.random((6, 6))
    made = figures.filter_bench(image, make, apply, {"a": 1}, spectrum=spectrum)
    return made, [{"a": a} for a in (1, -2, 3)]


def browser():
    class Model:
        def predict(self, images, verbose):
            return [RANDOM.random((len(images), n, n, 16)) for n in (6, 2)]

    made = figures.feature_map_browser(RANDOM.integers(0, 255, (3, 8, 8)), Model())
    return made, [{"digit": d, "layer": n} for d, n in ((0, 1), (1, 2), (2, 1))]


def thresholds():
    images = RANDOM.integers(0, 256, (20, 8, 8, 3), np.uint8)
    scores, labels = RANDOM.random(20), np.arange(20) % 2
    made = figures.threshold_bench(images, scores, labels, ("cat", "dog"))
    return made, [{"threshold": t} for t in (0.5, 0.05, 0.95)]


def augmentations():
    def shift(image, by):
        return np.roll(image, by, axis=1)

    def draw_shift(random, most):
        return {"by": round(random.uniform(-most, most))}

    image = RANDOM.integers(0, 256, (8, 8, 3), np.uint8)
    made = figures.augmentation_bench(image, shift, draw_shift)
    return made, [{"most": most} for most in (0, 2, 4)]


def map_browser():
    images = {name: RANDOM.integers(0, 256, (8, 8, 3), np.uint8) for name in ("cat", "dog")}
    stages = {"a": RANDOM.random((2, 6, 6, 3)), "layer": 1e4 * RANDOM.random((2, 2, 2, 9))}
    made = figures.map_browser(images, stages)
    return made, [{"layer": n, "channel": c} for n, c in (("a", 0), ("a", 5), ("layer", 8))]


def heat_bench():
    def overlay(image, heatmap, *, opacity):
        cover = opacity * np.kron(heatmap, np.ones((4, 4)))[..., None]
        return np.uint8((1 - cover) * image + cover * [255, 255, 0])

    images = list(RANDOM.integers(0, 256, (3, 8, 8, 3), np.uint8))
    heatmaps = {name: RANDOM.random((3, 2, 2)) for name in ("a", "method")}
    made = figures.heat_bench(images, heatmaps, overlay)
    return made, [{"method": n, "opacity": o} for n, o in (("a", 0), ("a", 1), ("method", 0.5))]


LIVE = pytest.mark.parametrize(
    "make",
    [
        lambda: bench(False),
        lambda: bench(True),
        browser,
        thresholds,
        augmentations,
        map_browser,
        heat_bench,
    ],
    ids=["0", "1", "2", "3", "4", "5", "6"],
)


@LIVE
def test_a_live_figure_fits_a_page_and_always_returns_the_same_artists(make):
    (figure, update), states = make()
    assert figure.get_figwidth() <= 9
    first, *others = [update(**state) for state in states]
    assert len(set(map(id, first))) == len(first)
    assert all(list(map(id, one)) == list(map(id, first)) for one in others)


@LIVE
def test_a_live_frame_shows_all_that_a_whole_drawing_shows(make):
    """Only what `update` returns is drawn again, on top of the rest: nothing is hidden or old."""
    (figure, update), states = make()
    render = sliders.frame_renderer(figure, update, states[0])
    render(**states[1])
    live = pixels(render(**states[2]))
    for artist in figure.findobj():
        artist.set_animated(False)
    whole = pixels(sliders.draw_stills(figure, update, [states[2]]))
    different = np.abs(live - whole).max(axis=-1) > 100
    assert different.mean() < 0.001


def test_threshold_bench_counts_and_shows_the_nearest():
    images = np.stack([np.full((4, 4, 3), 10 * i, np.uint8) for i in range(10)])
    scores, labels = np.arange(10) / 10 + 0.05, np.array([0, 0, 0, 0, 1, 0, 1, 1, 1, 1])
    figure, update = figures.threshold_bench(images, scores, labels, ("cat", "dog"), shown=2)
    for threshold, told, nearest in (
        (0.5, "80% of the cats, 80% of the dogs, 80.0% of all", (4, 5)),
        (0.9, "100% of the cats, 20% of the dogs, 60.0% of all", (8, 9)),
    ):
        update(threshold=threshold)
        histogram, *tiles = figure.axes
        assert told in histogram.get_title()
        assert tuple(axes.images[0].get_array()[0, 0, 0] // 10 for axes in tiles) == nearest
        assert [axes.get_title() for axes in tiles] == [
            f"{'cat' if labels[i] == 0 else 'dog'}, {scores[i]:.2f}" for i in nearest
        ]
    draw(figure)


def test_augmentation_bench_draws_the_same_change_only_stronger():
    asked = []

    def draw_number(random, most):
        asked.append(most * random.random())
        return {"by": asked[-1]}

    image = np.zeros((4, 4, 3), np.uint8)
    figure, update = figures.augmentation_bench(
        image, lambda image, by: image + np.uint8(by), draw_number
    )
    update(most=50)
    update(most=100)
    assert len(set(asked[:6])) == 6
    np.testing.assert_allclose(asked[6:], 2 * np.array(asked[:6]))
    tiles = [axes.images[0].get_array()[0, 0, 0] for axes in figure.axes]
    assert tiles == [np.uint8(by) for by in asked[6:]]


def test_frames_have_their_true_size_and_place():
    image = RANDOM.integers(0, 256, (40, 60, 3), np.uint8)
    frames = {"small": (10, 20, 3), "cut off": (5, 50, 38)}
    figure = draw(figures.frames_on(image, frames, title="t"))
    (axes,) = figure.axes
    drawn = {patch.get_label(): patch for patch in axes.patches if patch.get_label()}
    assert list(drawn) == list(frames)
    assert drawn["small"].get_bbox().bounds == (18.5, 8.5, 3, 3)  # columns 19 to 21, rows 9 to 11
    assert drawn["cut off"].get_bbox().bounds == (31, -14, 38, 38)
    assert len({patch.get_edgecolor() for patch in drawn.values()}) == 2
    assert len({patch.get_linestyle() for patch in drawn.values()}) == 2
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 59.5), (39.5, -0.5))
    np.testing.assert_array_equal(axes.images[0].get_array(), image)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(frames)
    assert axes.get_title() == "t" and figure.get_figwidth() <= 9


def test_map_browser_shows_one_channel_of_each_image_on_the_layers_scale():
    images = {"cat": np.zeros((8, 8, 3), np.uint8), "dog": np.full((8, 8, 3), 9, np.uint8)}
    stages = {
        "first": RANDOM.random((2, 6, 4, 3)),
        "last": 7 * RANDOM.random((2, 2, 3, 5)),
        "dead": np.zeros((2, 2, 2, 4)),
    }
    figure, update = figures.map_browser(images, stages)
    for layer, asked, channel in (
        ("first", 0, 0), ("first", 127, 2), ("last", 4, 4), ("dead", 0, 0),
    ):  # fmt: skip
        update(layer=layer, channel=asked)
        draw(figure)
        maps = stages[layer]
        assert figure.get_suptitle() == f"{layer}, channel {channel} of 0 to {maps.shape[-1] - 1}"
        cat, cat_map, dog, dog_map = figure.axes
        assert (cat.get_title(), dog.get_title()) == ("cat", "dog")
        assert (cat.images[0].get_array().max(), dog.images[0].get_array().max()) == (0, 9)
        for axes, one in zip((cat_map, dog_map), maps[..., channel], strict=True):
            (shown,) = axes.images
            values = np.ma.filled(shown.get_array(), np.nan) * (maps.max() or 1)
            np.testing.assert_allclose(values, one, atol=1e-12)
            assert shown.get_clim() == (0, 1)
            assert axes.get_title() == f"at most {one.max():.2f}"
            height, width = one.shape
            assert shown.get_extent() == [-0.5, width - 0.5, height - 0.5, -0.5]
            assert (axes.get_xlim(), axes.get_ylim()) == (
                (-0.5, width - 0.5),
                (height - 0.5, -0.5),
            )


def test_heat_bench_lays_each_method_over_each_image():
    images = [np.full((4, 4, 3), 10 * i, np.uint8) for i in range(4)]
    heatmaps = {"one": [np.full((2, 2), i) for i in range(4)], "two": list(np.full((4, 1, 1), 9))}

    def overlay(image, heatmap, *, opacity):
        return image + np.uint8(100 * opacity * heatmap.max() / 9)

    figure, update = figures.heat_bench(images, heatmaps, overlay)
    for method, opacity, levels in (
        ("one", 0.0, [0, 10, 20, 30]),
        ("one", 1.0, [0, 21, 42, 63]),
        ("two", 1.0, [100, 110, 120, 130]),
        ("two", 0.5, [50, 60, 70, 80]),
    ):
        update(method=method, opacity=opacity)
        assert [axes.images[0].get_array()[3, 3, 0] for axes in figure.axes] == levels
        assert figure.get_suptitle() == method
    draw(figure)


def test_smoothing_bench_shows_what_the_function_gives():
    values = [0.0, 1.0, 0.0, 1.0]
    figure, update = figures.smoothing_bench(values, lambda v, w: [w] * len(v), ylabel="y")
    (axes,) = draw(figure).axes
    for weight, said in ((0.0, "behind by 0.0"), (0.8, "behind by 4.0"), (0.98, "behind by 49.0")):
        update(weight=weight)
        assert list(axes.lines[0].get_ydata()) == values
        assert list(axes.lines[1].get_ydata()) == [weight] * 4
        assert said in draw(figure).axes[0].get_title()


def test_dot_plot_has_a_row_for_each_group():
    figure = draw(figures.dot_plot({"a": [1, 2, 6], "b": [4]}, xlabel="x", title="t"))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2, 6], [3], [4], [4]]
    assert axes.yaxis_inverted()


def test_interval_plot_puts_the_numbers_where_they_belong():
    groups = {"a": (0.5, 0.4, 0.7), "b": (0.0, 0.0, 0.1), "c": (0.9, 0.8, 1.0)}
    figure = draw(figures.interval_plot(groups, xlabel="x", title="t", level=(0.3, "chance")))
    (axes,) = figure.axes
    (bars,), (dots, level) = axes.collections, axes.lines
    assert [bar.tolist() for bar in bars.get_segments()] == [
        [[low, row], [high, row]] for row, (_, low, high) in enumerate(groups.values())
    ]
    assert (list(dots.get_xdata()), list(dots.get_ydata())) == ([0.5, 0.0, 0.9], [0, 1, 2])
    assert dots.get_linestyle() == "None"
    assert list(level.get_xdata()) == [0.3, 0.3]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["chance"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert list(axes.get_yticks()) == [0, 1, 2] and axes.yaxis_inverted()
    assert axes.get_xlim() == (0, 1) and figure.get_figwidth() <= 9
    plain = draw(figures.interval_plot(groups, xlabel="x", title="t")).axes[0]
    assert len(plain.lines) == 1 and plain.get_legend() is None


def test_line_plot_has_a_logarithmic_x_axis_when_asked():
    line = {"a": ([0.1, 1, 10], [1, 2, 3])}
    figure = draw(figures.line_plot(line, xlabel="x", ylabel="y", title="t", log_x=True))
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "linear")


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_learning_curves_share_a_colour_with_their_recording():
    history = {"accuracy": [0.5, 0.6], "val_accuracy": [0.4, 0.5], "loss": [2, 1]}
    figure = draw(
        figures.learning_curves({"net": history, "net (recorded)": history}, held_out="test")
    )
    lines = figure.axes[0].lines
    assert {line.get_color() for line in lines} == {"C0"}
    assert [line.get_label() for line in lines][:2] == ["net, test", "net, training"]


def test_line_plot_draws_each_line():
    lines = {"a": (range(1, 4), [1, 10, 100]), "b": (range(1, 4), [3, 2, 1])}
    figure = draw(
        figures.line_plot(lines, xlabel="x", ylabel="y", title="t", log=True, level=(2, "two"))
    )
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "two"]
    assert axes.get_yscale() == "log"
    assert len({line.get_marker() for line in axes.lines[:2]}) == 2


def test_spread_plot_shows_every_measurement_and_joins_the_means():
    curves = {"a": {20: [0.5, 0.7], 100: [0.9]}, "b": {20: [0.4]}}
    figure = draw(figures.spread_plot(curves, xlabel="x", ylabel="y", title="t"))
    (axes,) = figure.axes
    dots, line, *_ = axes.lines
    assert sorted(zip(*dots.get_data(), strict=True)) == [(20, 0.5), (20, 0.7), (100, 0.9)]
    assert list(line.get_xdata()) == [20, 100] and np.allclose(line.get_ydata(), [0.6, 0.9])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["20", "100"]
