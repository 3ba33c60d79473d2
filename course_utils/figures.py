"""Drawings that cells and lessons share; each gives a figure, or a figure and its update.

Grey is for images, a diverging map centred on zero for signed values, viridis for magnitudes.
"""

import base64
import functools
import html

import numpy as np

from course_utils.texts import counted

SIGNED = "RdBu_r"
MAGNITUDE = "viridis"
# From here on, a signed scale ends at the 99.5th percentile, not at one extreme pixel.
MANY_PIXELS = 1000
PALE = 1.8  # a scale this much wider than the values keeps black text readable on them
MARK = "#d95f02"  # one orange for whatever the text points at, readable on grey, red and blue
# Drawn on white, in the dark of JupyterLab: a card, no brighter than the text around it.
DARK_CARD = (
    '<style>[data-jp-theme-light="false"] img.course-figure { padding: 6px; border-radius: 6px; '
    "background: white; filter: brightness(0.88); }</style>"
)


def show(figure, *, alt):
    """Show a figure below its cell, with words for those who don't see it.

    Args:
        figure: matplotlib Figure.
        alt: what one sees, in one sentence.
    """
    from IPython.display import display

    figure.alt = alt
    display(figure)


def show_with_words(shell):
    """Let a notebook show every matplotlib figure as `cell_output` says, with the figure's `alt`.

    Args:
        shell: IPython's, with `%matplotlib inline`.
    """
    from IPython.core.pylabtools import print_figure
    from matplotlib.figure import Figure

    def output_of(figure, include=None, exclude=None):
        alt = getattr(figure, "alt", None)
        png = print_figure(figure, metadata={"Description": alt})
        return cell_output(png, alt) if png else None  # nothing is drawn on it

    shell.display_formatter.formatters["image/png"].pop(Figure, None)
    shell.display_formatter.mimebundle_formatter.for_type(Figure, output_of)


def cell_output(png, alt, *, width=None):
    """What a cell's output has of a picture: the picture, and words wherever they are looked for.

    A page that nbconvert makes takes them from the metadata, VS Code from the text. JupyterLab
    looks nowhere, so it gets the picture in HTML as well; stored notebooks do without.

    Args:
        png: bytes.
        alt: what one sees, in one sentence, or None.
        width: in pixels, where it isn't the picture's own.
    Returns:
        data and metadata, both dicts by MIME type.
    """
    encoded, shown = base64.b64encode(png).decode(), alt or "A figure."
    written = {"alt": html.escape(shown), "src": f"data:image/png;base64,{encoded}"}
    size = {"width": width} if width else {}
    attributes = " ".join(f'{name}="{value}"' for name, value in (written | size).items())
    image = f'{DARK_CARD}<img class="course-figure" {attributes}>'
    data = {"image/png": encoded, "text/html": image, "text/plain": shown}
    about = size | ({"alt": alt} if alt else {})
    return data, {"image/png": about} if about else {}


def new_figure(width, height, alt=None):
    """A matplotlib Figure, so many inches wide and high, that has words: `alt` in one sentence."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.alt = alt
    return figure


def plain(text):
    """Any text, as a figure shows it: no $ begins a formula, no _ hides a label, and a character
    that no font here has is its code.
    """
    shown = text if text.isascii() else "".join(c if _is_known(c) else ascii(c)[1:-1] for c in text)
    return " " * shown.startswith("_") + shown.replace("$", r"\$")


@functools.cache
def _is_known(character):
    from matplotlib.font_manager import FontProperties, findfont, get_font

    files = [findfont(FontProperties(family=[name])) for name in FontProperties().get_family()]
    return character == "\n" or any(get_font(file).get_char_index(ord(character)) for file in files)


def image_grid(
    images, *, titles=None, columns=None, signed=False, limits=None, size=1.5, title=None, alt=None
):
    """Images side by side, in rows.

    Args:
        images: sequence of arrays (H, W) or (H, W, C); sizes may differ.
        titles: one text for each image, or None.
        columns: images in a row; None: all in one row.
        signed: True for values around zero: blue below, red above, white at zero; or a sequence
            that says so for each image.
        limits: (low, high), the same scale for all images; None: each image has its own. A signed
            image's scale is symmetric around zero and reaches to the larger of the two.
        size: width of an image in inches; made smaller where a row would be over 9 inches.
        title: text above the whole figure.
        alt: what one sees, in one sentence, for those who don't see it.
    Returns:
        matplotlib Figure.
    Raises:
        ValueError: no images, or as many titles as images are not given.
    """
    images = [np.asarray(image) for image in images]
    if not images:
        raise ValueError("image_grid was given no images; give at least one array (H, W)")
    if titles is not None and len(titles) != len(images):
        given = f"{counted(len(images), 'image')} and {counted(len(titles), 'title')}"
        raise ValueError(f"image_grid was given {given}; give one for each")
    columns = min(columns or len(images), len(images))
    rows = -(-len(images) // columns)
    size = min(size, 9 / columns)
    height = size * max(image.shape[0] / image.shape[1] for image in images)
    title_lines = 1 + max(text.count("\n") for text in titles) if titles is not None else 0
    title_height = 0.07 + 0.2 * title_lines
    heights = rows * (height + title_height) + (0.35 if title else 0)
    figure = new_figure(columns * size, heights, alt)
    signs = [signed] * len(images) if isinstance(signed, bool) else signed
    for place, (image, sign) in enumerate(zip(images, signs, strict=True)):
        axes = figure.add_subplot(rows, columns, place + 1)
        draw_image(axes, image, signed=sign, limits=limits)
        if titles is not None:
            axes.set_title(plain(titles[place]))
    if title:
        figure.suptitle(plain(title))
    return figure


def draw_image(axes, image, *, signed=False, limits=None):
    """Draw one image without ticks, in the course's colours.

    Args:
        axes: matplotlib Axes.
        image: array (H, W) or (H, W, C).
        signed, limits: as for `image_grid`.
    Returns:
        matplotlib AxesImage.
    """
    if limits is not None:
        low, high = limits
    elif signed and np.size(image) > MANY_PIXELS:
        low, high = 0, np.nanpercentile(np.abs(image), 99.5)
    else:
        low, high = np.nanmin(image), np.nanmax(image)
    if signed:
        high = max(abs(low), abs(high)) or 1
        low = -high
    shown = axes.imshow(image, cmap=SIGNED if signed else "gray", vmin=low, vmax=high)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("0.7")
    return shown


def filter_bench(image, make_kernel, apply_kernel, values):
    """An image, a kernel with a few parameters, and what the kernel makes of the image.

    Args:
        image: float array (H, W), values in [0, 1].
        make_kernel: called as make_kernel(**values); gives an array (k, k), always of one size.
            3×3 kernels are shown with their numbers.
        apply_kernel: called as apply_kernel(image, kernel); gives an array (h, w), of one size.
        values: dict of the parameters' first values.
    Returns:
        figure and update; `update(**values)`.
    """
    first = make_kernel(**values)
    size = len(first)
    figure = new_figure(9, 2.5)
    wide = image.shape[1] / image.shape[0]
    panels = list(figure.subplots(1, 3, width_ratios=(wide, 1, wide)))
    draw_image(panels[0], image, limits=(0, 1))
    panels[0].set_title("image")
    kernel_shown = draw_image(panels[1], np.zeros((size, size)), signed=True, limits=(0, 1))
    moving = [kernel_shown, kernel_title := panels[1].set_title(" \n ")]
    numbers = []
    if size == 3:
        kernel_shown.set_clim(-PALE, PALE)
        numbers = [panels[1].text(x, y, "", ha="center", va="center") for y, x in np.ndindex(3, 3)]
    response_shown = draw_image(panels[-1], apply_kernel(image, first), signed=True, limits=(0, 1))
    moving += [response_shown, response_title := panels[-1].set_title(" \n "), *numbers]

    def update(**values):
        kernel = make_kernel(**values)
        response = apply_kernel(image, kernel)
        strong = np.percentile(np.abs(response), 99.5) or 1
        kernel_shown.set_data(kernel / (np.abs(kernel).max() or 1))
        response_shown.set_data(response / strong)
        kernel_title.set_text(
            "kernel\n" + ", ".join(f"{name} {value:g}" for name, value in values.items())
        )
        response_title.set_text(
            f"feature map,\n{response.min():.2f} to {response.max():.2f}".replace("-", "−")
        )
        for text, weight in zip(numbers, kernel.flat, strict=False):
            text.set_text(f"{round(weight, 2) + 0.0:.2f}".replace("-", "−"))  # never −0.00
        return moving

    update(**values)
    return figure, update


def frames_on(image, frames, *, title, alt=None):
    """Square frames on an image, each at its true size.

    Args:
        image: uint8 array (H, W, 3).
        frames: dict from a label to (row, column, side) in pixels: the middle and the side. What
            lies outside the image is cut off.
        title: the finding.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    from matplotlib.patches import Rectangle

    figure = new_figure(7, 4.2, alt)
    axes = figure.subplots()
    draw_image(axes, image)
    for number, (label, (row, column, side)) in enumerate(frames.items()):
        colour, style = f"C{number}", ("-", "--", "-.", ":")[number % 4]
        corner = column - side / 2, row - side / 2
        for width, edge in ((4, "w"), (2, colour)):
            axes.add_patch(
                Rectangle(
                    corner, side, side, fill=False, edgecolor=edge, linewidth=width,
                    linestyle=style if edge == colour else "-", label=label * (edge == colour),
                )
            )  # fmt: skip
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    axes.set_title(title)
    return figure


def threshold_bench(images, scores, labels, names, *, shown=8):
    """Where a threshold between two classes lies, what it gets right, and what it can hardly tell.

    Args:
        images: uint8 array (N, H, W, 3).
        scores: float array (N,), the probability of the second class, in [0, 1].
        labels: int array (N,) of 0 and 1.
        names: of the two classes.
        shown: how many images, at most, are shown whose scores are nearest to the threshold.
    Returns:
        figure and update; `update(threshold)` with 0 < threshold < 1.
    """
    names, shown = [plain(name) for name in names], min(shown, len(images))
    figure = new_figure(9, 3.8)
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.25, 1))
    axes = top.subplots()
    counts = [
        axes.hist(scores[labels == k], np.linspace(0, 1, 41), label=name, **style)[0]
        for k, (name, style) in enumerate(
            zip(names, ({"alpha": 0.5}, {"histtype": "step", "lw": 2}), strict=True)
        )
    ]
    axes.set(xlim=(0, 1), xlabel=f"probability of {names[1]}", ylabel="images")
    axes.set_ylim(top=1.35 * max(map(np.max, counts)))  # room for the title's line
    axes.legend(frameon=False, loc="upper center", ncols=2)
    line = axes.axvline(0.5, color="0.2", linewidth=2)
    title = axes.set_title(" ")
    tiles = [draw_image(panel, images[0]) for panel in np.ravel(bottom.subplots(1, shown))]
    for tile in tiles:
        tile.axes.set_axis_off()  # a frame would be drawn below a moving image
    titles = [tile.axes.set_title(" \n ", fontsize="small") for tile in tiles]

    def update(threshold):
        said = scores > threshold
        line.set_xdata([threshold, threshold])
        there = [k for k in (0, 1) if (labels == k).any()]
        right = [f"{np.mean(said[labels == k] == k):.0%} of {names[k]}" for k in there]
        right.append(f"{np.mean(said == labels):.1%} of all")
        title.set_text(f"threshold {threshold:.2f}: right are {', '.join(right)}")
        nearest = np.argsort(np.abs(scores - threshold), kind="stable")[:shown]
        for tile, text, i in zip(tiles, titles, nearest[np.argsort(scores[nearest])], strict=True):
            tile.set_data(images[i])
            text.set_text(f"{names[labels[i]]}\n{scores[i]:.2f}")
        return [line, title, *tiles, *titles]

    update(threshold=0.5)
    return figure, update


def smoothing_bench(values, smooth, *, ylabel):
    """A noisy curve, one value an epoch, and its smoothed version.

    Args:
        values: sequence of numbers, one for each epoch.
        smooth: called as smooth(values, weight); gives as many numbers.
        ylabel: quantity and unit.
    Returns:
        figure and update; `update(weight)` with 0 <= weight < 1.
    """
    figure = new_figure(8, 3)
    axes = figure.subplots()
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, values, "o-", color="0.6", linewidth=1, markersize=3, label="as measured")
    (line,) = axes.plot(epochs, values, color="C1", linewidth=2.5, label="smoothed")
    axes.set(xlabel="epoch", ylabel=ylabel)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    title = axes.set_title(" ")

    def update(weight):
        line.set_ydata(smooth(values, weight))
        title.set_text(f"weight {weight:.2f}: behind by {weight / (1 - weight):.1f} epochs")
        return [line, title]

    update(weight=0.0)
    return figure, update


def learning_curves(
    runs, *, metric="accuracy", held_out="validation", title=None, low=None, alt=None
):
    """Training and validation curves of one or several runs.

    Args:
        runs: dict from a name to a dict of lists, such as `History.history`; "NAME (recorded)"
            has the colour of NAME, with thinner lines and hollow marks.
        metric: the dashed curve; "val_" + metric is the solid one, where there is one.
        held_out: what the solid curve is measured on, for the legend.
        title: the finding.
        low: bottom of the axis, where no curve goes lower.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    figure = new_figure(8.5, 3.2, alt)
    axes = figure.subplots()
    colours = {}
    for name, history in runs.items():
        recorded = name.endswith("(recorded)")
        colour = colours.setdefault(name.removesuffix(" (recorded)"), f"C{len(colours)}")
        style = {"color": colour, "linewidth": 1 if recorded else 2, "markersize": 5}
        if recorded:
            style["markerfacecolor"] = "white"
        for key, line, mark, what in (
            (f"val_{metric}", "-", "o", held_out),
            (metric, "--", None, "training"),
        ):
            if key in history:
                epochs = np.arange(1, len(history[key]) + 1)
                style["label"] = plain(f"{name}, {what}")
                axes.plot(epochs, history[key], line, marker=mark, **style)
    axes.set(xlabel="epoch", ylabel=metric)
    if low is not None:
        axes.set_ylim(bottom=min([low, *(min(line.get_ydata()) - 0.02 for line in axes.lines)]))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    if title:
        axes.set_title(plain(title))
    return figure


def line_plot(lines, *, xlabel, ylabel, title, log=False, log_x=False, level=None, alt=None):
    """A few labelled curves, told apart by colour and by mark.

    Args:
        lines: dict from a name to (x, y).
        xlabel, ylabel: quantity and unit.
        title: the finding.
        log, log_x: True for a logarithmic y or x axis.
        level: (y, name) of a horizontal line to compare with.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    figure = new_figure(8, 3, alt)
    axes = figure.subplots()
    for (name, (x, y)), mark in zip(lines.items(), "so^Dv*", strict=False):
        axes.plot(x, y, marker=mark, markersize=5, label=plain(name))
    if level:
        axes.axhline(level[0], color="0.5", linestyle=":", label=plain(level[1]))
    axes.set(xlabel=xlabel, ylabel=ylabel, title=plain(title))
    axes.set(xscale="log" if log_x else "linear", yscale="log" if log else "linear")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    if not log_x and all(float(value).is_integer() for x, _ in lines.values() for value in x):
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def spread_plot(curves, *, xlabel, ylabel, title, level=None, alt=None):
    """Measurements from several seeds against a number on a logarithmic axis.

    Args:
        curves: dict from a name to a dict from x to a list of measurements. Each is a dot; the
            line joins their means.
        xlabel, ylabel: quantity and unit.
        title: the finding.
        level: (y, name) of a horizontal line to compare with.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    figure = new_figure(8, 3.4, alt)
    axes = figure.subplots()
    for k, ((name, curve), mark) in enumerate(zip(curves.items(), "so^Dv*", strict=False)):
        xs = np.repeat(list(curve), [len(values) for values in curve.values()])
        axes.plot(xs, np.concatenate(list(curve.values())), mark, color=f"C{k}", alpha=0.35)
        means = [np.mean(values) for values in curve.values()]
        axes.plot(list(curve), means, marker=mark, markersize=4, color=f"C{k}", label=plain(name))
    if level:
        axes.axhline(level[0], color="0.5", linestyle=":", label=plain(level[1]))
    ticks = sorted({x for curve in curves.values() for x in curve})
    axes.set(xlabel=xlabel, ylabel=ylabel, title=plain(title), xscale="log")
    axes.set_xticks(ticks, [f"{x:,}" for x in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def dot_plot(groups, *, xlabel, title, alt=None):
    """A row of dots for each group, and a bar at its mean.

    Args:
        groups: dict from a name to a list of numbers, drawn from the top down.
        xlabel: quantity and unit.
        title: the finding.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    figure = new_figure(8, 0.9 + 0.3 * len(groups), alt)
    axes = figure.subplots()
    for row, values in enumerate(groups.values()):
        axes.plot(values, np.full(len(values), row), "o", color="C0", alpha=0.6)
        axes.plot([np.mean(values)], [row], "|", color="0.2", markersize=16, markeredgewidth=2)
    axes.set(xlabel=xlabel, title=plain(title), yticks=range(len(groups)))
    axes.set_yticklabels(map(plain, groups))
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    return figure


def interval_plot(groups, *, xlabel, title, level=None, alt=None):
    """A share and its interval for each of a few groups.

    Args:
        groups: dict from a name to (share, low, high), drawn from the top down.
        xlabel: what the share is of.
        title: the finding.
        level: (x, name) of a vertical line to compare with.
        alt: as for `image_grid`.
    Returns:
        matplotlib Figure.
    """
    figure = new_figure(8, 0.9 + 0.3 * len(groups), alt)
    axes = figure.subplots()
    rows = range(len(groups))
    shares, lows, highs = np.array(list(groups.values())).T
    axes.hlines(rows, lows, highs, color="C0", linewidth=2)
    axes.plot(shares, rows, "o", color="C0")
    if level:
        axes.axvline(level[0], color="0.5", linestyle=":", label=plain(level[1]))
        axes.legend(frameon=False)
    axes.set(xlabel=xlabel, title=plain(title), xlim=(0, 1), yticks=rows)
    axes.set_yticklabels(map(plain, groups))
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    return figure
