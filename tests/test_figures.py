"""Each drawing at the ends of its sliders, and what it shows there."""

import base64
import inspect
import io

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy.signal import correlate2d

from course_utils import figures, sliders, start
from tools.build_lessons import clean

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def style():
    """The course's, whatever tests before have left behind."""
    import matplotlib

    with matplotlib.rc_context(matplotlib.rcParamsDefault | start.FIGURE_STYLE):
        yield


def draw(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    return [axes.get_title() for axes in figure.axes]


WORDS = 'A "diagonal" at 45°, in grey → white.'


def words_in(output, kind):
    """Those of the picture itself."""
    info = Image.open(io.BytesIO(base64.b64decode(output.data[kind]))).info
    return info["comment"].decode() if "comment" in info else info.get("Description")


@pytest.fixture
def output_of():
    """output_of(figure): what a cell of a notebook has of it."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.pylabtools import select_figure_formats

    shell = InteractiveShell()
    select_figure_formats(shell, "png")  # as `%matplotlib inline` does
    figures.show_with_words(shell)

    def output_of(figure):
        data, metadata = shell.display_formatter.format(figure)
        return nbformat.v4.new_output("display_data", data, metadata=metadata)

    return output_of


def test_a_figure_has_its_words_wherever_they_are_looked_for(output_of, monkeypatch):
    bare, shown = Figure(), []
    bare.subplots().plot([1, 2])
    monkeypatch.setattr("IPython.display.display", shown.append)
    figures.show(bare, alt=WORDS)
    drawn = figures.image_grid([np.eye(3)], alt=WORDS)
    photo = figures.image_grid([RANDOM.random((50, 90, 3))], alt=WORDS)
    pictures = [output_of(figure) for figure in (*shown, drawn, photo)]
    for output in pictures:
        assert output.metadata == {"image/png": {"alt": WORDS}}
        assert output.data["text/plain"] == words_in(output, "image/png") == WORDS
        assert 'alt="A &quot;diagonal&quot; at 45°' in output.data["text/html"]
        assert output.data["image/png"] in output.data["text/html"]
    clean(notebook_with(pictures))
    for output, kind in zip(pictures, ("image/png", "image/png", "image/jpeg"), strict=True):
        assert set(output.data) == {kind, "text/plain"}
        assert output.metadata == {kind: {"alt": WORDS}}
        assert output.data["text/plain"] == words_in(output, kind) == WORDS


def test_a_figure_without_words_is_shown_all_the_same(output_of):
    output = output_of(figures.image_grid([np.eye(3)]))
    clean(notebook_with([output]))
    assert output.metadata == {} and words_in(output, "image/png") is None
    assert set(output_of(Figure()).data) == {"text/plain"}  # an empty one


def notebook_with(outputs):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])


def test_every_drawing_takes_words():
    """Those with an update leave it to `live_figure`, as does the drawing on given axes."""
    others = {"draw_image", "cell_output", "show_with_words", "plain"}
    for name, function in inspect.getmembers(figures, inspect.isfunction):
        if function.__module__ == figures.__name__ and not name.endswith("_bench"):
            assert name in others or "alt" in inspect.signature(function).parameters, name


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
    with pytest.raises(ValueError, match="2 images.*1 title\\b"):
        figures.image_grid([np.zeros((2, 2))] * 2, titles=["one"])


def test_filter_bench_follows_its_values():
    image = RANDOM.random((20, 30))

    def make(size, sign):
        return sign * np.ones((int(size), int(size)))

    def apply(image, kernel):
        return correlate2d(image, kernel, mode="same")

    figure, update = figures.filter_bench(image, make, apply, {"size": 3, "sign": 1})
    for sign in (-1, 1):
        update(size=3, sign=sign)
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


def bench():
    def make(a):
        return a * np.array([[1, 0, -1]] * 3)

    def apply(image, kernel):
        return correlate2d(image, kernel, mode="same")

    image = RANDOM.random((6, 6))
    made = figures.filter_bench(image, make, apply, {"a": 1})
    return made, [{"a": a} for a in (1, -2, 3)]


def thresholds():
    images = RANDOM.integers(0, 256, (20, 8, 8, 3), np.uint8)
    scores, labels = RANDOM.random(20), np.arange(20) % 2
    made = figures.threshold_bench(images, scores, labels, ("cats", "dogs"))
    return made, [{"threshold": t} for t in (0.5, 0.05, 0.95)]


LIVE = pytest.mark.parametrize("make", [bench, thresholds], ids=["bench", "thresholds"])


@LIVE
def test_a_live_figure_fits_a_page_and_always_returns_the_same_artists(make):
    (figure, update), states = make()
    assert figure.get_figwidth() <= 9
    first, *others = [update(**state) for state in states]
    assert len(set(map(id, first))) == len(first)
    assert all(list(map(id, artists)) == list(map(id, first)) for artists in others)


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
    figure, update = figures.threshold_bench(images, scores, labels, ("cats", "dogs"), shown=2)
    for threshold, told, nearest in (
        (0.5, "80% of cats, 80% of dogs, 80.0% of all", (4, 5)),
        (0.9, "100% of cats, 20% of dogs, 60.0% of all", (8, 9)),
    ):
        update(threshold=threshold)
        histogram, *tiles = figure.axes
        assert told in histogram.get_title()
        assert tuple(axes.images[0].get_array()[0, 0, 0] // 10 for axes in tiles) == nearest
        assert [axes.get_title() for axes in tiles] == [
            f"{'cats' if labels[i] == 0 else 'dogs'}\n{scores[i]:.2f}" for i in nearest
        ]
    draw(figure)


@pytest.mark.parametrize("labels", [[0, 1, 1], [1, 1], [0]])
def test_threshold_bench_shows_the_few_images_there_are_of_whatever_class(labels):
    images, scores = np.zeros((len(labels), 4, 4, 3), np.uint8), np.full(len(labels), 0.25)
    figure, update = figures.threshold_bench(images, scores, np.array(labels), ("a", "b"))
    update(threshold=0.5)
    histogram, *tiles = draw(figure).axes
    assert len(tiles) == len(labels)
    told = {0: "100% of a", 1: "0% of b"}
    for label, words in told.items():
        assert (words in histogram.get_title()) == (label in labels)


ODD = ["$5_{", "$10 & $2", "_hidden", "50 %", "<b>x</b>", "a\\$", "猫", "🐈 $x^$", "Щенок", "x\ny"]


def drawn_names():
    """Each drawing that takes names, with those that are odd."""
    images, scores = [np.eye(3)] * len(ODD), RANDOM.random(4)
    line, about = ([1, 10], [0.2, 0.4]), {"xlabel": "x", "ylabel": "y", "title": ODD[1]}
    photos = RANDOM.integers(0, 256, (4, 8, 8, 3), np.uint8)
    yield figures.image_grid(images, titles=ODD, title=ODD[1])
    for one, other in zip(ODD, ODD[1:] + ODD[:1], strict=True):
        bench, update = figures.threshold_bench(photos, scores, np.arange(4) % 2, (one, other))
        update(threshold=0.3)
        yield bench
    yield figures.learning_curves({name: {"accuracy": [0.1, 0.2]} for name in ODD}, title=ODD[1])
    yield figures.line_plot(dict.fromkeys(ODD[:6], line), log_x=True, **about)
    yield figures.spread_plot({name: {20: [0.5, 0.6]} for name in ODD[:6]}, **about)
    yield figures.dot_plot({name: [1, 2] for name in ODD}, xlabel="x", title=ODD[1])
    yield figures.interval_plot(dict.fromkeys(ODD, (0.5, 0.4, 0.6)), xlabel="x", title=ODD[1])


def test_names_from_anywhere_are_drawn_as_they_are_without_a_warning(recwarn, caplog):
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    for figure in drawn_names():
        shown = {text.get_text() for text in draw(figure).findobj(Text)}
        assert not [text for text in shown if is_math_text(text) and "mathdefault" not in text]
        for axes in figure.axes:
            if axes.get_legend():
                labels = [artist.get_label() for artist in axes.get_legend_handles_labels()[0]]
                assert len(axes.get_legend().get_texts()) == len(labels) >= 2
    assert [str(warning.message) for warning in recwarn] == [] and caplog.records == []


def test_a_character_that_no_font_has_is_shown_as_its_code():
    assert figures.plain("Щенок, 50 %") == "Щенок, 50 %"
    assert figures.plain("a\n_$") == "a\n_\\$" and figures.plain("_a") == " _a"
    assert figures.plain("\U0010fffd!") == "\\U0010fffd!"


def test_a_curve_below_the_axis_lowers_it():
    figure = figures.learning_curves({"net": {"accuracy": [0.1, 0.9]}}, low=0.45)
    assert figure.axes[0].get_ylim()[0] < 0.1
    figure = figures.learning_curves({"net": {"accuracy": [0.6, 0.9]}}, low=0.45)
    assert figure.axes[0].get_ylim()[0] == 0.45


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
