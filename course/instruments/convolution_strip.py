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
    padding, stride, dilation = (settings[name] for name in ("padding", "stride", "dilation"))
    kernel, image = np.asarray(kernel, float), np.asarray(image, float)
    laid = kernel[::-1, ::-1] if settings["flip"] else kernel
    padded = np.pad(image, padding)
    reach = dilation * (np.array(kernel.shape) - 1) + 1
    figure = figures.new_figure(9, 3.1 * len(positions), alt)
    rows = figure.subplots(len(positions), 3, squeeze=False)
    for (left, middle, right), position in zip(rows, positions, strict=True):
        row, column = divmod(position, output.shape[1])
        top, start = row * stride, column * stride
        patch = padded[top : top + reach[0] : dilation, start : start + reach[1] : dilation]
        figures.draw_image(left, padded, limits=(0, 1))
        if padding:
            _box(left, padding, padding, image.shape, color="0.7", linestyle=":")
            left.set_title(f"image, {padding} px of zeros on each side")
        else:
            left.set_title("image")
        _box(left, start, top, reach, color=figures.MARK, linewidth=2.5)
        _draw_products(middle, patch, laid)
        total = f"{kernel.size} products, their sum"
        if settings["bias"]:
            total += f" and {settings['bias']:+.3g}"
        middle.set_title(f"{total}: {output[row, column]:+.2f}".replace("-", "−"))
        later = np.arange(output.size).reshape(output.shape) > position
        result = figures.draw_image(right, output, signed=True)
        result.set_data(np.ma.masked_array(output, later))
        result.set_cmap(result.cmap.with_extremes(bad="0.85"))
        _strike_negative(right, np.where(later, 0, output), np.abs(output).max())
        _box(right, column, row, (1, 1), color=figures.MARK, linewidth=2)
        right.set_title(f"output {position + 1} of {output.size}: row {row}, column {column}")
    return figure


def _box(axes, x, y, size, **style):
    """A frame around `size` (rows, columns) pixels from column x and row y on."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x - 0.5, y - 0.5), size[1], size[0], fill=False, **style))


def _strike_negative(axes, values, strong):
    """A stroke in each clearly negative cell, so that the sign doesn't rest on hue."""
    for colour, low, high in (("#053061", -0.5, -0.04), ("white", -np.inf, -0.5)):
        rows, columns = np.nonzero((values >= low * strong) & (values < high * strong))
        axes.hlines(rows, columns - 0.25, columns + 0.25, color=colour, alpha=0.75, linewidth=1)


def _draw_products(axes, patch, kernel):
    """Pixel times weight in each cell, in the colour of the product; above five columns no text."""
    limit = figures.PALE * (np.abs(kernel).max() or 1)
    figures.draw_image(axes, patch * kernel, signed=True, limits=(0, limit))
    if kernel.shape[1] > 5:
        return
    size = min(10, 36 / kernel.shape[1])
    for (y, x), weight in np.ndenumerate(kernel):
        text = f"{patch[y, x]:.2f}\n× {weight:.3g}\n= {patch[y, x] * weight + 0.0:.2f}"
        text = text.replace("-0.00", "0.00").replace("-", "−")
        axes.text(x, y, text, ha="center", va="center", fontsize=size)
