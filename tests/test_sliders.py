import base64
import io

import numpy as np
import pytest
from ipywidgets import VBox
from matplotlib.figure import Figure
from PIL import Image

from course_utils import sliders


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
    sliders.live_figure(figure, update, place=(0, 18), stills=stills, alt="A white dot.")
    ((bundle, metadata),) = shown
    assert set(bundle) == {sliders.WIDGET_VIEW, "image/png", "text/html", "text/plain"}
    png = base64.b64decode(bundle["image/png"])
    assert pixels(png).shape == (144, 144)
    assert Image.open(io.BytesIO(png)).info["Description"] == bundle["text/plain"] == "A white dot."
    assert metadata == {"image/png": {"width": 144, "alt": "A white dot."}}


def test_the_output_names_the_widget_for_any_ipywidgets(shown, monkeypatch):
    """Version 7, which Colab has, has another method for showing a widget than version 8."""
    import ipywidgets

    made = []
    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_", raising=False)
    monkeypatch.setattr(ipywidgets, "VBox", lambda parts: made.append(VBox(parts)) or made[-1])
    sliders.live_figure(*moving_dot(), place=(0, 18))
    (((bundle, _),), (box,)) = shown, made
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": box.model_id}


def live(monkeypatch, figure, update, **controls):
    """The widgets that live_figure shows: (inputs, image, trouble)."""
    import ipywidgets

    made = []
    box = ipywidgets.VBox

    def keep(children):
        made.append(children)
        return box(children)

    monkeypatch.setattr(ipywidgets, "VBox", keep)
    sliders.live_figure(figure, update, **controls)
    (*inputs, image, trouble) = made[0]
    return inputs, image, trouble


def test_the_picture_follows_the_slider(monkeypatch, shown):
    (slider,), image, trouble = live(monkeypatch, *moving_dot(), place=(0, 18))
    for place in (0, 9, 18):
        slider.value = place
        assert where_white(image.value) == pytest.approx(place + 1, abs=0.5)
    assert trouble.value == ""


def test_an_error_is_shown_and_the_next_step_clears_it(monkeypatch, shown):
    figure, draw = moving_dot()

    def update(place):
        if place == 7:
            raise ValueError("seven is bad")
        return draw(place)

    (slider,), _, trouble = live(monkeypatch, figure, update, place=(0, 18, 1))
    with pytest.raises(ValueError, match="seven"):
        slider.value = 7
    assert "ValueError: seven is bad" in trouble.value
    slider.value = 8
    assert trouble.value == ""


def test_bad_controls():
    figure, update = moving_dot()
    with pytest.raises(ValueError, match="needs a control"):
        sliders.live_figure(figure, update)
    with pytest.raises(ValueError, match=r"\['speed'\].*\['place'\]"):
        sliders.live_figure(figure, update, place=(0, 18), stills=[{"speed": 1}])
    with pytest.raises(ValueError, match="place=<object"):
        sliders.live_figure(figure, update, place=object())
