"""Where a kernel's windows lie, and which block of pixels becomes one number: pictures of both."""

import numpy as np

from course_utils import figures
from course_utils.arguments import check_integer
from course_utils.texts import counted

LARGEST_ROW = 20  # cells along a side, zeros included, of what is still readable
LARGEST_TABLE = 12
WIDTH, HEIGHT = 9, 5  # of the panels, in inches, at most
KEY_WIDTH = 4.8
SETTINGS = {"n", "k", "stride", "padding", "dilation"}
READ, KEPT = "#4477aa", "0.15"


def window_positions(cases, *, grid=False, title=None, alt=None):
    """Where a kernel's windows lie on an image's side, or on the image, in several settings.

    Along a side, each position has a line below the pixels: those that it reads are filled, and
    what it makes is numbered at the end. Positions that the stride leaves out are dashed. On the
    grid, a dot is the middle of each window that is kept, and a ring of one that is left out; the
    first window is framed, what it reads filled, and the frames of its neighbours are dashed.

    Args:
        cases: dict from a panel's title to its settings, a dict of
            n: pixels along the side, or with `grid` (height, width);
            k: weights along it; the kernel is square;
            stride, padding, dilation: as of a convolution; 1, 0 and 1 where they aren't given.
        grid: True for the whole image, False for one side of it.
        title: the finding, above all panels.
        alt: as for `figures.image_grid`; None: what is drawn, and how many positions there are.
    Returns:
        matplotlib Figure.
    Raises:
        ValueError: a setting that isn't known or is out of range, or a kernel that doesn't fit.
    Example:
        >>> figure = window_positions({"stride 2": {"n": 7, "k": 3, "stride": 2}})
        >>> figure.alt
        'stride 2: 3 positions of 3 weights on 7 pixels, 2 pixels apart.'

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """
    if not cases:
        raise ValueError("window_positions was given no cases; give at least one, with n and k")
    for name, case in cases.items():
        if not {"n", "k"} <= {*case} <= SETTINGS:
            raise ValueError(
                f"{name!r} has the settings {', '.join(case) or 'none'}; give n and k, and if you "
                "like stride, padding and dilation"
            )
    layouts = {name: _layout(name, grid=grid, **case) for name, case in cases.items()}
    beside = 0.3 if grid else 2  # cells: room between panels, and for the outputs' numbers
    cells = [layout["size"][1] + beside for layout in layouts.values()]
    lines = max(layout["size"][0] if grid else 2 + layout["steps"] for layout in layouts.values())
    cell = min(0.38, (WIDTH - 0.1) / sum(cells), HEIGHT / lines)
    others = 0.35 + 0.3 * bool(title) + 0.3 * grid
    width = max(cell * sum(cells) + 0.1, KEY_WIDTH * grid)
    figure = figures.new_figure(width, cell * lines + others, alt)
    if alt is None:
        figure.alt = "; ".join(f"{name}: {_in_words(one)}" for name, one in layouts.items()) + "."
    panels = figure.subplots(1, len(cells), squeeze=False, width_ratios=cells)[0]
    for axes, (name, layout) in zip(panels, layouts.items(), strict=True):
        (_draw_grid if grid else _draw_side)(axes, layout)
        axes.set_title(figures.plain(name))
        axes.set(aspect="equal", anchor="N")
        axes.set_axis_off()
    if grid:
        key = "■ read by the framed window    ● middle of a window"
        if any(layout["stride"] > 1 for layout in layouts.values()):
            key += "    ○ left out"
        figure.supxlabel(key, fontsize=9)
    if title:
        figure.suptitle(figures.plain(title))
    return figure


def pooled_blocks(table, size=2, *, titles=None, title=None, alt=None):
    """Max-pooling: which block of a table becomes which number, the largest of it, marked.

    Args:
        table: array (H, W) of numbers, sides up to 12. Rows and columns that fill no block are
            left out, as by Keras; they are grey.
        size: height and width of a block.
        titles: of the table and of what comes out; None: their shapes.
        title: the finding, above both.
        alt: as for `figures.image_grid`; None: each block in words.
    Returns:
        matplotlib Figure.
    Raises:
        ValueError: no table of finite numbers, or one that is too large, or smaller than a block.
    Source: keras.layers.MaxPooling2D does the same.
    """
    table = np.asarray(table, float)
    if table.ndim != 2 or 0 in table.shape or max(table.shape) > LARGEST_TABLE:
        raise ValueError(
            f"the table has shape {table.shape}; expected (height, width) of at most "
            f"{LARGEST_TABLE} × {LARGEST_TABLE}. Cut out a part"
        )
    if not np.isfinite(table).all():
        raise ValueError("the table has values that are no finite numbers; replace them first")
    size = check_integer("size", size, least=1, most=min(table.shape), advice="a block must fit")
    rows, columns = (side // size for side in table.shape)
    blocks = table[: rows * size, : columns * size].reshape(rows, size, columns, size)
    blocks = blocks.swapaxes(1, 2).reshape(rows, columns, size * size)
    largest = blocks.max(axis=2)
    cell = min(0.5, (WIDTH - 1.6) / (table.shape[1] + columns))
    height = cell * table.shape[0] + (0.85 if title else 0.5)
    figure = figures.new_figure(cell * (table.shape[1] + columns) + 1.6, height, alt)
    if alt is None:
        words = (
            f"{', '.join(map(_number, block))} become {_number(block.max())}"
            for block in blocks.reshape(-1, size * size)
        )
        figure.alt = f"Blocks of {size} × {size}, row by row: {'; '.join(words)}."
    ratios = table.shape[1], 0.9, columns
    left, between, right = figure.subplots(1, 3, width_ratios=ratios)
    shade = np.add.outer(np.arange(table.shape[0]) // size, np.arange(table.shape[1]) // size) % 2
    shade[rows * size :, :] = shade[:, columns * size :] = 2
    _draw_table(left, table, shade)
    for row, column in np.ndindex(rows, columns):
        down, across = divmod(int(blocks[row, column].argmax()), size)
        y, x = row * size + down, column * size + across
        _square(left, x, y, color=figures.MARK, linewidth=2.5, inset=0.08)
        left.texts[y * table.shape[1] + x].set_fontweight("bold")
        _square(left, column * size, row * size, size, color=KEPT, linewidth=2)
    _draw_table(right, largest, np.add.outer(np.arange(rows), np.arange(columns)) % 2)
    for row, column in np.ndindex(rows, columns):
        _square(right, column, row, color=KEPT, linewidth=2)
    between.set_axis_off()
    between.annotate("", (1, 0.5), (0, 0.5), arrowprops={"arrowstyle": "->", "linewidth": 2})
    shapes = [" × ".join(map(str, array.shape)) for array in (table, largest)]
    for axes, text in zip((left, right), titles or shapes, strict=True):
        axes.set_title(figures.plain(text))
    if title:
        figure.suptitle(figures.plain(title))
    return figure


def _layout(name, *, grid, n, k, stride=1, padding=0, dilation=1):
    """Of one panel: cells with zeros outside, the span of a window, and its starts at stride 1."""
    sides = n if grid and np.ndim(n) == 1 else (n, n)
    for setting, value, least in (
        *(("n", side, 1) for side in sides),
        ("k", k, 1),
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        check_integer(f"{setting} of {name!r}", value, least=least, most=LARGEST_ROW)
    size = [side + 2 * padding for side in sides]
    span = dilation * (k - 1) + 1
    if not span <= min(size) <= max(size) <= LARGEST_ROW:
        raise ValueError(
            f"{name!r}: a window spans {span} pixels and a side has {min(size)} to {max(size)}, "
            f"zeros included; it must fit, and {LARGEST_ROW} can be drawn. Choose other sizes"
        )
    return {
        "size": size, "k": k, "span": span, "stride": stride, "padding": padding,
        "dilation": dilation, "steps": size[1] - span + 1,
        "count": [(side - span) // stride + 1 for side in size], "grid": grid,
    }  # fmt: skip


def _in_words(layout):
    """A panel in words: how many positions, how far apart, and what each of them reads."""
    grid, padding = layout["grid"], layout["padding"]
    pixels = [side - 2 * padding for side in layout["size"]]
    text = counted(layout["count"][1], "position")
    if grid:
        text = " × ".join(map(str, layout["count"])) + " positions"
    weights = f"{layout['k']} × {layout['k']} weights" if grid else counted(layout["k"], "weight")
    text += f" of {weights} on {pixels[0]} × {pixels[1]} pixels" if grid else (
        f" of {weights} on {counted(pixels[1], 'pixel')}"
    )  # fmt: skip
    if padding:
        text += f" and {counted(padding, 'zero')} on each side"
    if layout["stride"] > 1:
        text += f", {layout['stride']} pixels apart"
    if layout["dilation"] > 1:
        text += f", reading pixels that lie {layout['dilation']} apart"
    return text


def _draw_side(axes, layout):
    """The pixels of one side, and below them a line for each place of the window."""
    padding, long, dilation = layout["padding"], layout["size"][1], layout["dilation"]
    for x in range(long):
        _draw_cell(axes, x, 0, outside=not padding <= x < long - padding, number=x - padding)
    for start in range(layout["steps"]):
        y = 1.4 + start
        output, left_out = divmod(start, layout["stride"])
        style = {"color": "0.55", "linestyle": "--"} if left_out else {"color": KEPT}
        end = start + layout["span"] - 1
        axes.plot([start, end], [y, y], linewidth=1, **style)
        for x in range(start, end + 1, dilation):
            ground = {"facecolor": "white" if left_out else READ, "edgecolor": style["color"]}
            edge = {"linestyle": style.get("linestyle", "-"), "linewidth": 1}
            _square(axes, x, y, inset=0.16, fill=True, zorder=3, **ground, **edge)
        if not left_out:
            axes.text(long - 0.2, y, f"→ {output}", va="center", fontsize=9)
    axes.set(xlim=(-0.6, long + 1.1), ylim=(layout["steps"] + 1.0, -0.6))


def _draw_grid(axes, layout):
    """The pixels of the image, the first window on them, and the middles of all."""
    padding, (tall, wide), span = layout["padding"], layout["size"], layout["span"]
    stride, count = layout["stride"], layout["count"]
    for y, x in np.ndindex(tall, wide):
        inside = padding <= x < wide - padding and padding <= y < tall - padding
        _draw_cell(axes, x, y, outside=not inside)
    for y, x in np.ndindex(layout["k"], layout["k"]):
        x, y = x * layout["dilation"], y * layout["dilation"]
        _square(axes, x, y, fill=True, inset=0.1, facecolor=READ, edgecolor="none", alpha=0.75)
    for y, x in np.ndindex(tall - span + 1, wide - span + 1):
        kept = y % stride == 0 and x % stride == 0
        style = {"color": KEPT, "markeredgecolor": "w"} if kept else {"mfc": "w", "mec": "0.55"}
        middle = x + (span - 1) / 2, y + (span - 1) / 2
        axes.plot(*middle, "o", markersize=6 if kept else 3.5, zorder=4, **style)
    neighbours = [(stride, 0)] * (count[1] > 1) + [(0, stride)] * (count[0] > 1)
    for x, y in neighbours:
        _square(axes, x, y, span, color=KEPT, linestyle="--", linewidth=1.5, zorder=3)
    _square(axes, 0, 0, span, color=figures.MARK, linewidth=3, zorder=3)
    axes.set(xlim=(-0.6, wide - 0.4), ylim=(tall - 0.4, -0.6))


def _draw_cell(axes, x, y, *, outside, number=None):
    """A pixel, with its number along the side; outside the image a zero, dotted."""
    style = {"facecolor": "white", "linestyle": ":"} if outside else {"facecolor": "0.9"}
    _square(axes, x, y, fill=True, edgecolor="0.6", linewidth=1, **style)
    if outside or number is not None:
        text = "0" if outside else str(number)
        ink = {"color": "0.5", "fontstyle": "italic"} if outside else {}
        axes.text(x, y, text, ha="center", va="center", fontsize=8, **ink)


def _draw_table(axes, table, shade):
    """Numbers in cells, white, grey or (2: not used) hatched."""
    height, width = table.shape
    size = 12 if max(len(_number(value)) for value in table.flat) < 5 else 9
    for (y, x), value in np.ndenumerate(table):
        unused = {"hatch": "///", "edgecolor": "0.75"} if shade[y, x] == 2 else {"edgecolor": "0.6"}
        ground = ("white", "0.9", "0.95")[shade[y, x]]
        _square(axes, x, y, fill=True, facecolor=ground, linewidth=1, **unused)
        axes.text(x, y, _number(value), ha="center", va="center", fontsize=size)
    axes.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal")
    axes.set_axis_off()


def _number(value):
    return f"{value + 0.0:.4g}".replace("-", "−")


def _square(axes, x, y, side=1, *, inset=0.0, fill=False, **style):
    """A square of so many cells, whose upper left one is in column x and row y."""
    from matplotlib.patches import Rectangle

    corner = x - 0.5 + inset, y - 0.5 + inset
    axes.add_patch(Rectangle(corner, side - 2 * inset, side - 2 * inset, fill=fill, **style))
