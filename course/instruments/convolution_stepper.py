"""The convolution stepper: a kernel slides over an image, and every product can be seen."""

import math

import numpy as np
import traitlets

from course.instruments.base import Instrument, packed, unpacked
from course.instruments.convolution_strip import channel_strip, convolution_strip
from course_utils.arguments import check_integer

LARGEST_SIDE = 128
LARGEST_KERNEL = 7
MOST_CHANNELS = 4
LONGEST_NAME = 20


class ConvolutionStepper(Instrument):
    """Slide a kernel over an image, one position at a time, and see what is multiplied and added.

    In the browser: step, play, drag over every position; edit the kernel, padding, stride,
    dilation and bias; flip the kernel (convolution or cross-correlation); or hide the next value
    and predict it. What was changed there can be read here.

    On an image with channels the kernel is as deep as the image: each channel has its window,
    weights, products and sum, and all sums and the bias make one number of one output map.

    Args:
        image: float array (H, W) or (H, W, C), sides up to 128, C up to 4, usually values in
            [0, 1]. (H, W, 1) is taken as (H, W).
        kernel: array (k, l), or (k, l, C) where the image has C channels; sides up to 7.
        padding: "valid", "same" (odd kernels, stride 1), or rows and columns of zeros on each
            side, 0 to 8.
        stride: pixels from one position to the next, 1 to 8.
        dilation: pixels from one weight to the next, 1 to 4.
        bias: number that is added to every sum.
        flip: True for a convolution, which turns the kernel by half a turn first.
        position: the first position shown, counted row by row from 0.
        channels: their names, shown beside them; None: "red", "green", "blue" for three, otherwise
            "channel 0" and so on.
    Attributes:
        output: float64 array (h, w), what the kernel makes of the image with the settings of now.
        kernel, padding, stride, dilation, bias, flip, position: as set here or in the browser;
            kernel as nested lists of the kernel's shape.
        channels: tuple of their names; empty for an image of one channel.
    Raises:
        ValueError: an image or a kernel of another shape or too large, a kernel with another
            number of channels than the image, or settings with which the kernel doesn't fit.
    Example:
        >>> stepper = ConvolutionStepper(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]])
        >>> stepper.output.tolist()
        [[19.0, 25.0], [37.0, 43.0]]
        >>> colours = ConvolutionStepper(np.ones((3, 3, 3)), np.ones((2, 2, 3)), bias=0.5)
        >>> colours.output.tolist()
        [[12.5, 12.5], [12.5, 12.5]]

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """

    module = "convolution_stepper"
    image = traitlets.Dict().tag(sync=True)
    kernel = traitlets.Any().tag(sync=True)  # list of rows; an array may be set
    padding = traitlets.Int(0, min=0, max=8).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=8).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=4).tag(sync=True)
    bias = traitlets.Float(0.0).tag(sync=True)
    flip = traitlets.Bool(False).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        image,
        kernel,
        *,
        padding="valid",
        stride=1,
        dilation=1,
        bias=0.0,
        flip=False,
        position=0,
        channels=None,
    ):
        image = _checked_table("image", image, LARGEST_SIDE)
        kernel = _checked_table("kernel", kernel, LARGEST_KERNEL)
        _check_depths(image.shape, kernel.shape)
        names = _checked_names(channels, 1 if image.ndim == 2 else image.shape[2])
        super().__init__(
            image=packed(image) | ({"channels": names} if image.ndim == 3 else {}),
            kernel=kernel,
            padding=_pixels_of(padding, kernel.shape, stride, dilation),
            stride=stride,
            dilation=dilation,
            bias=float(bias),
            flip=flip,
        )
        count = self.output.size
        if not 0 <= position < count:
            raise ValueError(f"position {position} is none of the {count} positions; count from 0")
        self.position = position

    @traitlets.validate("kernel")
    def _check_kernel(self, proposal):
        kernel = _checked_table("kernel", proposal["value"], LARGEST_KERNEL)
        if self.kernel is not None and kernel.shape != np.shape(self.kernel):
            raise ValueError(
                f"the kernel has shape {kernel.shape} and the stepper's {np.shape(self.kernel)}; "
                "for another size make another stepper"
            )
        return kernel.tolist()

    @traitlets.validate("image")
    def _check_image(self, proposal):
        image, shape = proposal["value"], tuple(proposal["value"]["shape"])
        if self.kernel is not None:
            _check_depths(shape, np.shape(self.kernel))
        if len(shape) == 2:
            return image
        return image | {"channels": _checked_names(image.get("channels"), shape[2])}

    @traitlets.validate("bias")
    def _check_bias(self, proposal):
        if not np.isfinite(proposal["value"]):
            raise ValueError(f"bias is {proposal['value']}; give a finite number")
        return proposal["value"]

    @traitlets.observe("padding", "stride", "dilation", "kernel", "position")
    def _stay_inside(self, _change):
        """Fewer positions than before: the last of them."""
        if self.kernel is not None and self.image:
            self.position = min(self.position, max(0, self._count() - 1))

    def _count(self):
        """How many positions there are, 0 where the kernel doesn't fit."""
        sides = zip(self.image["shape"][:2], np.shape(self.kernel)[:2], strict=True)
        return math.prod(
            max(0, (n + 2 * self.padding - self.dilation * (k - 1) - 1) // self.stride + 1)
            for n, k in sides
        )

    @property
    def channels(self):
        return tuple(self.image.get("channels", ()))

    @property
    def output(self):
        return correlate(
            unpacked(self.image),
            self.kernel,
            padding=self.padding,
            stride=self.stride,
            dilation=self.dilation,
            bias=self.bias,
            flip=self.flip,
        )

    @property
    def alt(self):
        (height, width), (rows, columns) = self.image["shape"][:2], np.shape(self.kernel)[:2]
        if self.channels:
            return (
                f"A {rows} × {columns} × {len(self.channels)} kernel slides over an image of "
                f"{height} × {width} pixels with the channels {_listed(self.channels)}: of each "
                "its window, its products and their sum; all sums and the bias together are one "
                "number of the one output map computed so far."
            )
        return (
            f"A {rows} × {columns} kernel slides over an image of {height} × {width} pixels: at a "
            "few positions its window, the products, and the output computed so far."
        )

    def picture(self, positions=None):
        """Window, products and output so far, at the position of now, a lively one and the last.

        With channels, which take a row each, it is one position: that of now, or a lively one
        where that is the first.

        Args:
            positions: those to show instead, counted row by row from 0.
        """
        from course_utils import figures

        image = unpacked(self.image)
        if not self._count():
            text = "The kernel doesn't fit into the image: no output"
            kernel = np.array(self.kernel)
            slices = [kernel] if kernel.ndim == 2 else list(np.moveaxis(kernel, 2, 0))
            shown = image if image.ndim == 2 else image.mean(axis=2)
            return figures.image_grid([shown, *slices], title=text, size=2.6)
        output = self.output
        liveliest = int(np.argmax(np.abs(output)))
        if self.channels:
            positions = positions or [self.position or liveliest]
            names = self.channels
            return channel_strip(image, self.kernel, output, self._settings(), positions, names)
        if positions is None:
            positions = sorted({self.position, liveliest, output.size - 1})
        return convolution_strip(image, self.kernel, output, self._settings(), positions)

    def _settings(self):
        return {
            name: getattr(self, name) for name in ("padding", "stride", "dilation", "bias", "flip")
        }


def correlate(image, kernel, *, padding=0, stride=1, dilation=1, bias=0.0, flip=False):
    """The cross-correlation (or, flipped, convolution) of an image with a kernel.

    Args:
        image: array (H, W) or (H, W, C).
        kernel: array (k, l) or (k, l, C); the sum runs over the channels as well.
        padding: rows and columns of zeros on each side.
        stride, dilation: pixels between positions, and between weights.
        bias: added to each sum.
        flip: True to turn the kernel by half a turn first.
    Returns:
        float64 array (h, w), h = ⌊(H + 2 padding − dilation (k − 1) − 1) / stride⌋ + 1.
    Raises:
        ValueError: the kernel, with its dilation, is larger than the padded image.
    Source: scipy.signal.correlate2d does the sums.
    """
    from scipy.signal import correlate2d

    image, kernel = np.atleast_3d(np.asarray(image, float)), np.atleast_3d(kernel)
    image = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
    reach = [dilation * (side - 1) + 1 for side in kernel.shape[:2]]
    spread = np.zeros([*reach, kernel.shape[2]])
    spread[::dilation, ::dilation] = kernel[::-1, ::-1] if flip else kernel
    if any(np.greater(spread.shape, image.shape)):
        raise ValueError(
            f"the kernel spans {spread.shape[0]} × {spread.shape[1]} pixels and the padded image "
            f"has {image.shape[0]} × {image.shape[1]}; take more padding or less dilation"
        )
    layers = zip(np.moveaxis(image, 2, 0), np.moveaxis(spread, 2, 0), strict=True)
    sums = [correlate2d(*layer, mode="valid")[::stride, ::stride] for layer in layers]
    return np.sum(sums, axis=0) + bias


def _checked_table(name, table, largest):
    """The table as a float64 array, (height, width) or with several channels, or a ValueError."""
    try:
        array = np.asarray(table, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"the {name} is {table!r}; expected rows of numbers, all equally long"
        ) from None
    if array.ndim not in (2, 3) or 0 in array.shape or max(array.shape[:2]) > largest:
        raise ValueError(
            f"the {name} has shape {array.shape}; expected a table (height, width), or one for "
            f"each channel, (height, width, channels), of at most {largest} × {largest}. Cut out "
            "a part; of a batch, or of a layer's kernels, take one"
        )
    if array.ndim == 3 and array.shape[2] > MOST_CHANNELS:
        raise ValueError(
            f"the {name} has shape {array.shape}, {array.shape[2]} channels; the stepper shows "
            f"{MOST_CHANNELS} at most. Channels come last; take some of them"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"the {name} has values that are no finite numbers; replace them first")
    return array[:, :, 0] if array.shape[2:] == (1,) else array


def _check_depths(image, kernel):
    """A kernel is as deep as the image: of these two shapes the last numbers agree."""
    if image[2:] == kernel[2:]:
        return
    said = f"the image has shape {image} and the kernel {kernel}"
    if len(image) == 2:
        raise ValueError(
            f"{said}: the image has one channel, and the kernel {kernel[2]}. Take one of the "
            "kernel's channels, kernel[:, :, 0], or an image with as many"
        )
    wanted = (*kernel[:2], image[2])
    raise ValueError(
        f"{said}: a kernel has weights for each of the image's {image[2]} channels, here "
        f"{wanted}. Turn colours grey, or give such a kernel; np.stack([kernel] * {image[2]}, "
        "axis=-1) has the same weights for each"
    )


def _checked_names(names, count):
    """A list of so many names of channels, all different, or a ValueError."""
    if names is None:
        usual = ["red", "green", "blue"]
        return usual if count == 3 else [f"channel {number}" for number in range(count)]
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"channels is {names!r}; give a list of names, one for each channel")
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"channels is {names!r}; give {count} different names, one a channel")
    if not all(0 < len(name.strip()) <= LONGEST_NAME for name in names):
        raise ValueError(f"channels is {names!r}; give names of 1 to {LONGEST_NAME} letters")
    return list(names)


def _listed(names):
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _pixels_of(padding, shape, stride, dilation):
    if padding == "valid":
        return 0
    if padding == "same":
        if shape[0] % 2 == 0 or shape[0] != shape[1] or stride != 1:
            raise ValueError(
                f"padding='same' with a kernel of {shape[0]} × {shape[1]} and stride {stride} has "
                "no equal padding on all sides; give a number of pixels"
            )
        return dilation * (shape[0] - 1) // 2
    return check_integer("padding", padding, least=0, most=8, advice="or 'valid', or 'same'")
