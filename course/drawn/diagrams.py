"""Diagrams of the blocks that well-known convnets are made of."""

from course_utils import figures

# What is drawn: boxes name -> (x, y, text, half width), y upwards, widths as channels; and arrows.
_IDEAS = {
    "VGG: one after the other": (
        {"in": (0, 0, "input", 0.7), "a": (0, 1, "3 × 3", 1.0), "b": (0, 2, "3 × 3", 1.0),
         "c": (0, 3, "3 × 3", 1.0), "out": (0, 4, "pool", 1.0)},
        ("in a", "a b", "b c", "c out"),
    ),
    "Inception: side by side": (
        {"in": (0, 0, "input", 2.3),
         "a1": (-1.8, 2.5, "1 × 1", 0.5), "b1": (-0.6, 1.2, "1 × 1", 0.5),
         "b2": (-0.6, 2.5, "3 × 3", 0.5), "c1": (0.6, 1.2, "1 × 1", 0.35),
         "c2": (0.6, 2.5, "5 × 5", 0.5), "d1": (1.8, 1.2, "pool", 0.5),
         "d2": (1.8, 2.5, "1 × 1", 0.5), "out": (0, 4, "concatenate", 2.3)},
        ("in a1", "in b1", "in c1", "in d1", "b1 b2", "c1 c2", "d1 d2",
         "a1 out", "b2 out", "c2 out", "d2 out"),
    ),
    "ResNet: past it, and added": (
        {"in": (0, 0, "input", 1.3), "a": (0, 1, "1 × 1", 0.6), "b": (0, 2, "3 × 3", 0.6),
         "c": (0, 3, "1 × 1", 1.3), "out": (0, 4, "+", 0.3)},
        ("in a", "a b", "b c", "c out", "in out"),
    ),
    "MobileNetV2: wide within": (
        {"in": (0, 0, "input", 0.6), "a": (0, 1, "1 × 1", 1.5), "b": (0, 2, "3 × 3 per map", 1.5),
         "c": (0, 3, "1 × 1", 0.6), "out": (0, 4, "+", 0.3)},
        ("in a", "a b", "b c", "c out", "in out"),
    ),
}  # fmt: skip
_WORDS = (
    "Four diagrams of boxes and arrows: VGG is one stack; Inception has four branches, "
    "concatenated; ResNet has a stack, thin in the middle, with an arrow past it; MobileNetV2 "
    "has the same, but broad in the middle."
)
_PLAIN = ("input", "concatenate", "+")  # boxes that compute nothing with weights
_HALF_HEIGHT = 0.28
_WIDE = 2  # a half width from which arrows reach a box straight from above or below
_DETOUR = 1.9  # x of a skip connection


def block_ideas():
    """Four ways to build a block; broad boxes have many channels, narrow ones few, not to scale.

    Returns:
        matplotlib Figure.
    Source: Simonyan and Zisserman (2014), Szegedy et al. (2014), He et al. (2015), Sandler et al.
        (2018).
    """
    figure = figures.new_figure(9, 3.3, _WORDS)
    for axes, (title, (boxes, arrows)) in zip(
        figure.subplots(1, len(_IDEAS)), _IDEAS.items(), strict=True
    ):
        for x, y, text, half in boxes.values():
            axes.text(x, y, text, ha="center", va="center", fontsize="x-small", zorder=3)
            axes.add_patch(_box(x, y, half, "white" if text in _PLAIN else "#dbe9f6"))
        for arrow in arrows:
            _connect(axes, *(boxes[name] for name in arrow.split()))
        axes.set(xlim=(-2.45, 2.45), ylim=(-0.5, 4.5), title=title)
        axes.title.set_fontsize("medium")
        axes.set_axis_off()
    return figure


def _box(x, y, half, colour):
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch(
        (x - half, y - _HALF_HEIGHT), 2 * half, 2 * _HALF_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.12", facecolor=colour, edgecolor="0.3", zorder=2,
    )  # fmt: skip


def _connect(axes, start, end):
    """An arrow from box to box; around what lies between if it skips more than one row."""
    style = {"arrowstyle": "-|>", "color": "0.3", "shrinkA": 0, "shrinkB": 0}
    (x0, y0, _, half0), (x1, y1, text, half1) = start, end
    if text == "+" and y1 - y0 > 1.5:
        axes.plot([x0 + half0, _DETOUR, _DETOUR], [y0, y0, y1], color="0.3", linewidth=1.4)
        axes.annotate("", (x1 + half1, y1), (_DETOUR, y1), arrowprops=style)
        return
    x0, x1 = (x1 if half0 > _WIDE else x0), (x0 if half1 > _WIDE else x1)
    axes.annotate("", (x1, y1 - _HALF_HEIGHT), (x0, y0 + _HALF_HEIGHT), arrowprops=style)
