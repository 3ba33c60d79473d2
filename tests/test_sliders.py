import base64
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from course_utils import sliders
from course_utils.live import LiveFigure


def moving_dot():
    """A black figure with one white square whose place is the slider's."""
    figure = Figure(figsize=(2, 1), dpi=72, facecolor="black", layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 20), ylim=(0, 10))
    axes.set_axis_off()
    dot = axes.axvspan(0, 2, color="white")

    def update(place):
        dot.set_x(place)
        return [dot]

    return figure, update


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def where_white(png):
    return np.flatnonzero((pixels(png) > 128).mean(axis=0) > 0.5).mean() / pixels(png).shape[1] * 20


@pytest.fixture
def shown(monkeypatch):
    """What a cell would display: a list of (bundle, metadata)."""
    outputs = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, metadata, raw: outputs.append((bundle, metadata))
    )
    return outputs


def test_fast_frames_equal_whole_drawings():
    figure, update = moving_dot()
    render = sliders.frame_renderer(figure, update, {"place": 0})
    for place in (0, 7, 18):
        fast = pixels(render(place=place))
        fresh_figure, fresh_update = moving_dot()
        fresh_figure.set_dpi(72 * sliders.LIVE_PIXELS_PER_PIXEL)
        whole = pixels(sliders.draw_stills(fresh_figure, fresh_update, [{"place": place}]))
        assert fast.shape == whole.shape
        assert np.abs(fast.astype(int) - whole).mean() < 1


def test_nothing_of_an_earlier_step_stays():
    figure, update = moving_dot()
    render = sliders.frame_renderer(figure, update, {"place": 0})
    first = render(place=3)
    render(place=15)
    assert render(place=3) == first


def test_stills_stand_one_below_the_other():
    figure, update = moving_dot()
    strip = pixels(
        sliders.draw_stills(figure, update, [{"place": 0}, {"place": 10}, {"place": 18}])
    )
    assert strip.shape == (3 * 72, 2 * 72)


def test_output_is_widget_and_picture_with_its_words(shown):
    figure, update = moving_dot()
    stills = [{"place": 0}, {"place": 18}]
    sliders.live_figure(figure, update, place=(0, 18), stills=stills, alt="A dot.")
    ((bundle, metadata),) = shown
    assert set(bundle) == {sliders.WIDGET_VIEW, "image/png", "text/html", "text/plain"}
    png, words = base64.b64decode(bundle["image/png"]), "A dot. place = 0; place = 18."
    assert pixels(png).shape == (144, 144)
    assert Image.open(io.BytesIO(png)).info["Description"] == bundle["text/plain"] == words
    assert metadata == {"image/png": {"width": 144, "alt": words}}


@pytest.fixture
def live(monkeypatch, shown):
    """live(figure, update, ...): the widget that live_figure shows."""

    def live(figure, update, **controls):
        made = []

        class Kept(LiveFigure):
            def __init__(self, *given):
                super().__init__(*given)
                made.append(self)

        monkeypatch.setattr("course_utils.live.LiveFigure", Kept)
        sliders.live_figure(figure, update, **controls)
        return made[0]

    return live


def move(widget, **values):
    """What the browser does when a control is moved."""
    widget.values = widget.values | values
    return widget.shown["png"]


def test_the_output_names_the_widget(live, shown):
    widget = live(*moving_dot(), place=(0, 18))
    ((bundle, _),) = shown
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    assert bundle[sliders.WIDGET_VIEW] == view


def test_the_picture_and_its_words_follow_the_slider(live):
    widget = live(*moving_dot(), place=(0, 18), alt="A white dot.")
    for place in (0, 9, 18):
        assert where_white(move(widget, place=place)) == pytest.approx(place + 1, abs=0.5)
        assert widget.shown["alt"] == f"A white dot. place = {place}."
    assert widget.shown["trouble"] == ""


@pytest.mark.parametrize(
    ("given", "first", "moved", "means"),
    [
        ((0, 360, 5), 180, 45, 45),
        ((0, 10), 5, 9, 9),
        ((0.05, 0.95, 0.05), 0.5, 0.05 + 2 * 0.05, 0.15),
        ((0.0, 1.0), 0.5, 1, 1.0),
        ((0, 0.98, 0.02), 0.48, 0, 0.0),
        (["low", "high"], 0, 1, "high"),
    ],
)
def test_a_control_gives_the_numbers_and_options_that_it_was_given(
    live, given, first, moved, means
):
    seen = []
    figure, draw = moving_dot()
    widget = live(figure, lambda it: seen.append(it) or draw(0), it=given)
    assert widget.values == {"it": first}
    move(widget, it=moved)
    assert seen[-1] == means and type(seen[-1]) is type(means)


def test_an_error_is_shown_and_the_next_step_clears_it(live):
    figure, draw = moving_dot()

    def update(place):
        if place == 7:
            raise ValueError("seven is bad")
        return draw(place)

    widget = live(figure, update, place=(0, 18, 1))
    with pytest.raises(ValueError, match="seven"):
        move(widget, place=7)
    assert "ValueError: seven is bad" in widget.shown["trouble"]
    move(widget, place=8)
    assert widget.shown["trouble"] == ""


def test_bad_controls():
    figure, update = moving_dot()
    with pytest.raises(ValueError, match="needs a control"):
        sliders.live_figure(figure, update)
    with pytest.raises(ValueError, match=r"\['speed'\].*\['place'\]"):
        sliders.live_figure(figure, update, place=(0, 18), stills=[{"speed": 1}])
    for given in (object(), (3, 3), (0, 1, 0), ("a", "b"), [], 5):
        with pytest.raises(ValueError, match=re.escape(f"place={given!r}")):
            sliders.live_figure(figure, update, place=given)
