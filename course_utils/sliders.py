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
        controls: as for `ipywidgets.interact`: `(min, max)`, `(min, max, step)`, a list of
            options, a widget.
    Raises:
        ValueError: no control, or a still that names an unknown control.
    Source: ipywidgets.interact, which draws the whole figure again at each step.
    """
    import ipywidgets
    from IPython.display import display

    inputs = _make_inputs(controls)
    values = {name: control.value for name, control in inputs.items()}
    for still in stills or []:
        unknown = set(still) - set(values)
        if unknown:
            raise ValueError(
                f"stills name the control(s) {sorted(unknown)}, but the figure has "
                f"{sorted(values)}; name only those"
            )
    figure.alt = alt
    picture = draw_stills(figure, update, [values | still for still in stills or [values]])

    render = frame_renderer(figure, update, values)
    image = ipywidgets.Image(
        value=render(**values),
        format="png",
        layout=ipywidgets.Layout(width="100%", max_width=f"{_width_in_pixels(figure)}px"),
    )
    trouble = ipywidgets.HTML()

    def redraw(_change):
        try:
            image.value = render(**{name: control.value for name, control in inputs.items()})
            trouble.value = ""
        except Exception as error:  # a callback's traceback goes to a log nobody looks at
            trouble.value = f"<b>The figure could not follow:</b> {type(error).__name__}: {error}"
            raise

    for control in inputs.values():
        control.observe(redraw, names="value")
    widget = ipywidgets.VBox([*inputs.values(), image, trouble])
    bundle, metadata = cell_output(picture, alt, width=_width_in_pixels(figure))
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


def draw_stills(figure, update, states):
    """Draw a figure in several states, one below the other.

    Args:
        figure, update: as for `live_figure`.
        states: list of dicts of the controls' values.
    Returns:
        PNG bytes, with the figure's `alt` if it has one.
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
    if alt := getattr(figure, "alt", None):
        words.add_text("Description", alt)
    Image.fromarray(np.concatenate(frames)).save(buffer, "png", pnginfo=words)
    return buffer.getvalue()


def _make_inputs(controls):
    import ipywidgets

    if not controls:
        raise ValueError("a live figure needs a control, for example position=(0, 783)")
    inputs = {}
    for name, given in controls.items():
        control = ipywidgets.interactive.widget_from_abbrev(given)
        if control is None:
            raise ValueError(
                f"the control {name}={given!r} is none that ipywidgets knows; "
                "give (min, max), (min, max, step), a list of options or a widget"
            )
        control.description = control.description or name.replace("_", " ")
        control.style.description_width = "7em"
        control.layout.width = "min(100%, 34em)"
        inputs[name] = control
    return inputs


def _width_in_pixels(figure):
    return round(figure.get_figwidth() * 72)
