"""What all instruments share."""

import base64
import io

import ipywidgets
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from PIL import Image

from course.instruments.base import Instrument

VIEW = "application/vnd.jupyter.widget-view+json"


class Dial(Instrument):
    module = "elements"
    alt = "A dial at zero."

    def picture(self):
        return Figure(figsize=(2, 1))


def test_a_cell_shows_widget_and_picture_with_any_ipywidgets(monkeypatch):
    """With version 7, which Colab has, a widget shows itself, and is asked for no picture."""
    itself = []
    monkeypatch.setattr(
        ipywidgets.DOMWidget, "_ipython_display_", lambda self: itself.append(self), raising=False
    )
    formatter = DisplayFormatter()
    formatter.format(ipywidgets.VBox())
    assert len(itself) == 1  # so it is with version 7
    dial = Dial()
    data, metadata = formatter.format(dial)
    assert len(itself) == 1
    assert data[VIEW]["model_id"] == dial.model_id
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size == (144, 72) and picture.text["Description"] == dial.alt
    assert metadata["image/png"] == {"width": 144, "alt": dial.alt}
