"""The diagrams say what the blocks are."""

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course import drawn
from course_utils import start


def labels(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_each_idea_has_its_layers():
    figure = drawn.block_ideas()
    FigureCanvasAgg(figure).draw()
    panels = {axes.get_title().split(":")[0]: labels(axes) for axes in figure.axes}
    assert list(panels) == ["VGG", "Inception", "ResNet", "MobileNetV2"]
    assert panels["VGG"].count("3 × 3") == 3
    assert panels["Inception"].count("1 × 1") == 4 and "concatenate" in panels["Inception"]
    assert "+" in panels["ResNet"] and "+" in panels["MobileNetV2"]
    assert figure.get_figwidth() <= 9
    assert all(name in figure.alt for name in panels)


def test_bottleneck_is_thin_within_and_the_inverted_one_wide():
    def widths(name):
        (axes,) = (a for a in drawn.block_ideas().axes if a.get_title().startswith(name))
        boxes = sorted(
            (box.get_y(), box.get_width()) for box in axes.patches if hasattr(box, "get_boxstyle")
        )
        return [width for _, width in boxes]

    thin, wide = widths("ResNet"), widths("MobileNetV2")
    assert thin[2] < thin[0] == thin[3]
    assert wide[2] > wide[0] == wide[3]


def test_no_text_leaves_its_box():
    with mpl.rc_context(start.FIGURE_STYLE):
        figure = drawn.block_ideas()
        FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        boxes = [patch.get_window_extent() for patch in axes.patches]
        for text in (text for text in axes.texts if text.get_text()):
            extent = text.get_window_extent()
            assert any(box.x0 <= extent.x0 and extent.x1 <= box.x1 for box in boxes), text
