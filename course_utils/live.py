"""The widget of `sliders.live_figure`: controls, and a picture that the kernel draws anew."""

import re
from pathlib import Path

import anywidget
import traitlets

FOLDER = Path(__file__).parent


def _module():
    """The widget's ES module in one piece, as front ends take it."""
    shared, own = ((FOLDER / f"{name}.mjs").read_text("utf-8") for name in ("reopening", "live"))
    return re.sub(r"^export (?!default)", "", shared, flags=re.M) + re.sub(r"^import .*\n", "", own)


class LiveFigure(anywidget.AnyWidget):
    """A picture below its controls.

    Args:
        controls: list of dicts with "name", "label", and either "options", a list of texts, or
            "min", "max" and "step".
        values: dict of the first values by name; of options it is the place in the list.
        draw: called as draw(values) whenever they change; gives PNG bytes and a sentence that
            says what is seen.
        width: of the picture, in pixels.
    """

    _esm = _module()
    _css = FOLDER / "live.css"
    controls = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)  # "png", "alt" and "trouble"
    width = traitlets.Int().tag(sync=True)

    def __init__(self, controls, values, draw, width):
        self._draw = draw
        super().__init__(controls=controls, values=values, width=width)

    @traitlets.observe("values")
    def _follow(self, change):
        try:
            png, alt = self._draw(change["new"])
            self.shown = {"png": png, "alt": alt, "trouble": ""}
        except Exception as error:  # a callback's traceback goes to a log nobody looks at
            trouble = f"The figure could not follow: {type(error).__name__}: {error}"
            self.shown = self.shown | {"trouble": trouble}
            raise
