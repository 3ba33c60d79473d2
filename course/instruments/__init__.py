"""Instruments: figures to work with. They compute in the browser, or ask the kernel.

Each is a Python class and, beside it, an ES module of the same name; `elements.mjs` has what the
modules share. Show one as the last expression of a cell. Its output holds a picture as well, for
readers without a kernel; what the learner changes can be read from its attributes.
"""

from course_utils.instruments.augmentation_desk import AugmentationDesk
from course_utils.instruments.convolution_stepper import ConvolutionStepper
from course_utils.instruments.digit_pad import DigitPad
from course_utils.instruments.gabor_bench import GaborBench
from course_utils.instruments.lens import Lens
from course_utils.instruments.shape_calculator import ShapeCalculator

__all__ = [
    "AugmentationDesk",
    "ConvolutionStepper",
    "DigitPad",
    "GaborBench",
    "Lens",
    "ShapeCalculator",
]
