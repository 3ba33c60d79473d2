"""Figures that follow sliders at once, and leave a picture for readers who have no kernel."""

import io

import numpy as np

from course_utils.figures import cell_output

# More pixels than a still has, so that a live figure is sharp; each step pays for them.
LIVE_PIXELS_PER_PIXEL = 1.25
# How an output names a widget; ipywidgets 7, which Colab has, makes no bundle to add a picture to.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def live_figure(figure, update, *, stills=None, alt=None, **controls):
    """Show a figure with a slider for each control; only what `update` returns is drawn again.

    The cell's output is two things at once: the live widget, and a PNG of a few telling states
    drawn by the same `update`, which is what GitHub, a PDF or a page without a kernel shows.

    Args:
        figure: a matplotlib figure with everything drawn that stays as it is.
        update: called as `update(**values)` with one value per control; changes artists of the
            figure and returns all that it may change, always the same ones.
        stills: a list of dicts of values, the states of the PNG from top to bottom; the
            controls' first values where nothing is given.
        alt: what one sees, in one sentence, for those who don't see it.
        controls: `(min, max)` or `(min, max, step)` for a slider, which begins in the middle; a
            list for a choice, which begins with the first.
    Raises:
        ValueError: no control, or one that is neither; or a still that names an unknown control.
    Source: ipywidgets.interact, which draws the whole figure again at each step.
    """
    from IPython.display import display

    from course_utils.live import LiveFigure

    if not controls:
        raise ValueError("a live figure needs a control, for example position=(0, 783)")
    made = {name: _control(name, given) for name, given in controls.items()}
    first = {name: value for name, (_, value, _) in made.items()}

    def meant(values):
        return {name: value_of(values[name]) for name, (*_, value_of) in made.items()}

    def draw(values):
        return render(**meant(values)), _in_words(alt or "A figure.", [meant(values)])

    states = [meant(first) | still for still in stills or [{}]]
    if unknown := set().union(*states) - set(first):
        raise ValueError(
            f"stills name the control(s) {sorted(unknown)}, but the figure has "
            f"{sorted(first)}; name only those"
        )
    words, width = alt and _in_words(alt, states), round(figure.get_figwidth() * 72)
    picture = draw_stills(figure, update, states, alt=words)
    render = frame_renderer(figure, update, meant(first))
    widget = LiveFigure([about for about, *_ in made.values()], first, draw, width)
    bundle, metadata = cell_output(picture, words, width=width)
    bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display(bundle, metadata=metadata, raw=True)


def frame_renderer(figure, update, values):
    """Prepare a figure for fast redrawing: what stays is drawn once, what changes each time.

    Args:
        figure, update: as for `live_figure`.
        values: dict of a first value for each control.
    Returns:
        a function of the controls' values that gives the PNG's bytes.
    Source: matplotlib's blitting, without a window.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    moving = sorted(update(**values), key=lambda artist: artist.get_zorder())
    figure.set_dpi(figure.get_dpi() * LIVE_PIXELS_PER_PIXEL)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # the layout with everything in place, kept from here on
    figure.set_layout_engine("none")
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)

    def render(**values):
        canvas.restore_region(background)
        update(**values)
        for artist in moving:
            (artist.axes or figure).draw_artist(artist)
        frame = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        buffer = io.BytesIO()
        frame.save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    return render


def draw_stills(figure, update, states, *, alt=None):
    """Draw a figure in several states, one below the other.

    Args:
        figure, update: as for `live_figure`.
        states: list of dicts of the controls' values.
        alt: a sentence that the picture carries along.
    Returns:
        PNG bytes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image, PngImagePlugin

    canvas = FigureCanvasAgg(figure)
    frames = []
    for state in states:
        update(**state)
        canvas.draw()
        frames.append(np.array(canvas.buffer_rgba())[..., :3])
    buffer, words = io.BytesIO(), PngImagePlugin.PngInfo()
    if alt:
        words.add_text("Description", alt)
    Image.fromarray(np.concatenate(frames)).save(buffer, "png", pnginfo=words)
    return buffer.getvalue()


def _control(name, given):
    """What the browser must know of a control, its first value there, and what a value means."""
    about = {"name": name, "label": name.replace("_", " ")}
    if isinstance(given, list) and given:
        return about | {"options": list(map(str, given))}, 0, given.__getitem__
    numbers = given if isinstance(given, tuple) and len(given) in (2, 3) else ()
    if numbers and all(isinstance(number, int | float) for number in numbers):
        whole = all(isinstance(number, int) for number in numbers)
        low, high, step = (*numbers, 1 if whole else 0.1)[:3]
        if low < high and step > 0:
            value_of = int if whole else _decimal
            middle = value_of(low + int(round((high - low) / 2 / step, 6)) * step)
            return about | {"min": low, "max": high, "step": step}, middle, value_of
    raise ValueError(
        f"the control {name}={given!r} is none; give (min, max) or (min, max, step) with "
        "min < max, or a list of options"
    )


def _decimal(number):
    return round(float(number), 10)  # 0.15, not 0.15000000000000002


def _in_words(alt, states):
    """What is seen, and the controls' values, such as "A map. degrees = 0; degrees = 90."."""
    texts = [
        ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in state.items())
        for state in states
    ]
    return f"{alt} {'; '.join(texts)}."
