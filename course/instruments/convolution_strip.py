"""The convolution stepper on paper: a row of pictures for each position of the kernel."""

import numpy as np

from course_utils import figures


def convolution_strip(image, kernel, output, settings, positions, *, alt=None):
    """The sliding of a kernel over an image: one row of window, products and output per position.

    Args:
        image: float array (H, W), values in [0, 1].
        kernel: array (k, l).
        output: array (h, w), the finished result.
        settings: dict of padding, stride, dilation, bias and flip, as of `ConvolutionStepper`.
        positions: the positions shown, counted row by row from 0.
        alt: as for `figures.image_grid`.
    Returns:
        matplotlib Figure.
    """
    kernel, image = np.asarray(kernel, float), np.asarray(image, float)
    laid = kernel[::-1, ::-1] if settings["flip"] else kernel
    figure = figures.new_figure(9, 3.1 * len(positions), alt)
    rows = figure.subplots(len(positions), 3, squeeze=False)
    for (left, middle, right), position in zip(rows, positions, strict=True):
        row, column = divmod(position, output.shape[1])
        patch = _draw_window(left, image, kernel.shape, settings, row, column)
        padding = settings["padding"]
        left.set_title(f"image, {padding} px of zeros on each side" if padding else "image")
        _draw_products(middle, patch, laid)
        total = f"{kernel.size} products, their sum"
        if settings["bias"]:
            total += f" and {settings['bias']:+.3g}"
        middle.set_title(f"{total}: {output[row, column]:+.2f}".replace("-", "−"))
        _draw_output(right, output, position)
    return figure


def channel_strip(image, kernel, output, settings, positions, names, *, alt=None):
    """The same with channels: a row of window, products and sum for each, and the one output.

    Args:
        image: float array (H, W, C), values in [0, 1].
        kernel: array (k, l, C).
        output, settings, positions, alt: as for `convolution_strip`.
        names: of the C channels.
    Returns:
        matplotlib Figure.
    """
    kernel, image = np.asarray(kernel, float), np.asarray(image, float)
    laid = kernel[::-1, ::-1] if settings["flip"] else kernel
    tall = 2.05 * len(names)
    figure = figures.new_figure(9, tall * len(positions), alt)
    blocks = figure.subfigures(len(positions), 1, squeeze=False)[:, 0]
    for block, position in zip(blocks, positions, strict=True):
        row, column = divmod(position, output.shape[1])
        grid = block.add_gridspec(len(names), 4, width_ratios=(1.9, 2.05, 0.75, 2.9))
        sums = []
        for c, name in enumerate(names):
            left, middle, beside = (block.add_subplot(grid[c, k]) for k in range(3))
            patch = _draw_window(left, image[:, :, c], kernel.shape, settings, row, column)
            zeros = f", {settings['padding']} px of zeros" * bool(settings["padding"])
            left.set_title(figures.plain(name) + zeros, fontsize="medium")
            limit = figures.PALE * (np.abs(kernel).max() or 1)
            _draw_products(middle, patch, laid[:, :, c], limit=limit, most=3)
            middle.set_title(f"{patch.size} products, {figures.plain(name)}", fontsize="medium")
            sums.append(float((patch * laid[:, :, c]).sum()))
            _draw_sum(beside, c, len(names), sums[-1])
        added = [*sums[1:], settings["bias"]] if settings["bias"] else sums[1:]
        terms = " ".join([_number(sums[0]), *map(_signed, added)])
        rounded = np.round([sums[0], *added], 2).sum()
        exact = abs(rounded - np.round(output[row, column], 2)) < 0.005
        total = f"{terms} {'=' if exact else '≈'} {_number(output[row, column])}"
        shown = block.add_subplot(grid[:, 3])
        _draw_output(shown, output, position)
        bias = " + bias" * bool(settings["bias"])
        shown.set_title(
            f"{len(names)} sums{bias} = one number\n{total}\n"
            f"one output map\n{shown.get_title().removeprefix('output ')}",
            fontsize="medium",
        )
    return figure


def _number(value):
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _signed(value):
    return f"{'−' if value < -0.005 else '+'} {abs(value):.2f}"


def _draw_sum(axes, place, count, value):
    """A channel's sum, and its part of the bracket that all of them end in."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0.4, 0.62, "sum" if place == 0 else "+ sum", ha="center", va="center")
    axes.text(0.4, 0.4, _number(value), ha="center", va="center", fontsize=12, fontweight="bold")
    top, bottom = (0.9 if place == 0 else 1.5), (0.1 if place == count - 1 else -0.5)
    style = {"color": "0.3", "linewidth": 1.5, "clip_on": False, "in_layout": False}
    axes.plot([0.92, 0.92], [bottom, top], **style)
    for y in [top] * (place == 0) + [bottom] * (place == count - 1):
        axes.plot([0.8, 0.92], [y, y], **style)


def _draw_window(axes, image, shape, settings, row, column):
    """The padded image with the window of one position; gives the pixels that it reads."""
    padding, stride, dilation = (settings[name] for name in ("padding", "stride", "dilation"))
    padded = np.pad(image, padding)
    reach = dilation * (np.array(shape[:2]) - 1) + 1
    top, start = row * stride, column * stride
    figures.draw_image(axes, padded, limits=(0, 1))
    if padding:
        _box(axes, padding, padding, image.shape, color="0.7", linestyle=":")
    _box(axes, start, top, reach, color=figures.MARK, linewidth=2.5)
    return padded[top : top + reach[0] : dilation, start : start + reach[1] : dilation]


def _draw_output(axes, output, position):
    """The output up to a position, which is framed."""
    row, column = divmod(position, output.shape[1])
    later = np.arange(output.size).reshape(output.shape) > position
    result = figures.draw_image(axes, output, signed=True)
    result.set_data(np.ma.masked_array(output, later))
    result.set_cmap(result.cmap.with_extremes(bad="0.85"))
    _strike_negative(axes, np.where(later, 0, output), np.abs(output).max())
    _box(axes, column, row, (1, 1), color=figures.MARK, linewidth=2)
    axes.set_title(f"output {position + 1} of {output.size}: row {row}, column {column}")


def _box(axes, x, y, size, **style):
    """A frame around `size` (rows, columns) pixels from column x and row y on."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x - 0.5, y - 0.5), size[1], size[0], fill=False, **style))


def _strike_negative(axes, values, strong):
    """A stroke in each clearly negative cell, so that the sign doesn't rest on hue."""
    for colour, low, high in (("#053061", -0.5, -0.04), ("white", -np.inf, -0.5)):
        rows, columns = np.nonzero((values >= low * strong) & (values < high * strong))
        axes.hlines(rows, columns - 0.25, columns + 0.25, color=colour, alpha=0.75, linewidth=1)


def _draw_products(axes, patch, kernel, *, limit=None, most=5):
    """Pixel times weight in each cell, in the colour of the product; above `most` columns, which
    have room for all of it, the product alone, and above five columns no text."""
    limit = limit or figures.PALE * (np.abs(kernel).max() or 1)
    figures.draw_image(axes, patch * kernel, signed=True, limits=(0, limit))
    columns = kernel.shape[1]
    if columns > 5:
        return
    size = min(10, 36 / columns) if most == 5 else 7.5
    for (y, x), weight in np.ndenumerate(kernel):
        text = f"{patch[y, x] * weight + 0.0:.2f}"
        if columns <= most:
            text = f"{patch[y, x]:.2f}\n× {weight + 0.0:.3g}\n= {text}"
        text = text.replace("-0.00", "0.00").replace("-", "−")
        axes.text(x, y, text, ha="center", va="center", fontsize=size)
