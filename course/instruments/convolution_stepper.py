"""The convolution stepper: a kernel slides over an image, and every product can be seen."""

import math

import numpy as np
import traitlets

from course.instruments.base import Instrument, packed, unpacked
from course.instruments.convolution_strip import convolution_strip
from course_utils.arguments import check_integer

LARGEST_SIDE = 128
LARGEST_KERNEL = 7


class ConvolutionStepper(Instrument):
    """Slide a kernel over an image, one position at a time, and see what is multiplied and added.

    In the browser: step, play, drag over every position; edit the kernel, padding, stride,
    dilation and bias; flip the kernel (convolution or cross-correlation); or hide the next value
    and predict it. What was changed there can be read here.

    Args:
        image: float array (H, W), sides up to 128, usually values in [0, 1].
        kernel: array (k, l), sides up to 7.
        padding: "valid", "same" (odd kernels, stride 1), or rows and columns of zeros on each
            side, 0 to 8.
        stride: pixels from one position to the next, 1 to 8.
        dilation: pixels from one weight to the next, 1 to 4.
        bias: number that is added to every sum.
        flip: True for a convolution, which turns the kernel by half a turn first.
        position: the first position shown, counted row by row from 0.
    Attributes:
        output: float64 array, what the kernel makes of the image with the settings of now.
        kernel, padding, stride, dilation, bias, flip, position: as set here or in the browser.
    Raises:
        ValueError: an image or a kernel of another shape or too large, or settings with which
            the kernel doesn't fit.
    Example:
        >>> stepper = ConvolutionStepper(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]])
        >>> stepper.output.tolist()
        [[19.0, 25.0], [37.0, 43.0]]

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
    ):
        image = _checked_table("image", image, LARGEST_SIDE)
        kernel = _checked_table("kernel", kernel, LARGEST_KERNEL)
        super().__init__(
            image=packed(image),
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
        sides = zip(self.image["shape"], np.shape(self.kernel), strict=True)
        return math.prod(
            max(0, (n + 2 * self.padding - self.dilation * (k - 1) - 1) // self.stride + 1)
            for n, k in sides
        )

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
        (height, width), (rows, columns) = self.image["shape"], np.shape(self.kernel)
        return (
            f"A {rows} × {columns} kernel slides over an image of {height} × {width} pixels: at a "
            "few positions its window, the products, and the output computed so far."
        )

    def picture(self, positions=None):
        """Window, products and output so far, at the position of now, a lively one and the last.

        Args:
            positions: those to show instead, counted row by row from 0.
        """
        from course_utils import figures

        image = unpacked(self.image)
        if not self._count():
            text = "The kernel doesn't fit into the image: no output"
            return figures.image_grid([image, np.array(self.kernel)], title=text, size=2.6)
        output = self.output
        if positions is None:
            liveliest = int(np.argmax(np.abs(output)))
            positions = sorted({self.position, liveliest, output.size - 1})
        return convolution_strip(image, self.kernel, output, self._settings(), positions)

    def _settings(self):
        return {
            name: getattr(self, name) for name in ("padding", "stride", "dilation", "bias", "flip")
        }


def correlate(image, kernel, *, padding=0, stride=1, dilation=1, bias=0.0, flip=False):
    """The cross-correlation (or, flipped, convolution) of an image with a kernel.

    Args:
        image: array (H, W).
        kernel: array (k, l).
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

    image, kernel = np.pad(np.asarray(image, float), padding), np.asarray(kernel, float)
    spread = np.zeros([dilation * (side - 1) + 1 for side in kernel.shape])
    spread[::dilation, ::dilation] = kernel[::-1, ::-1] if flip else kernel
    if any(np.greater(spread.shape, image.shape)):
        raise ValueError(
            f"the kernel spans {spread.shape[0]} × {spread.shape[1]} pixels and the padded image "
            f"has {image.shape[0]} × {image.shape[1]}; take more padding or less dilation"
        )
    return correlate2d(image, spread, mode="valid")[::stride, ::stride] + bias


def _checked_table(name, table, largest):
    """The table as a float64 array, or a ValueError that says what was given instead."""
    try:
        array = np.asarray(table, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"the {name} is {table!r}; expected rows of numbers, all equally long"
        ) from None
    if array.ndim != 2 or 0 in array.shape or max(array.shape) > largest:
        raise ValueError(
            f"the {name} has shape {array.shape}; expected a table (height, width) of at most "
            f"{largest} × {largest}. Turn colours grey, or cut out a part"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"the {name} has values that are no finite numbers; replace them first")
    return array


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
