"""Instruments: figures to work with. They compute in the browser, or ask the kernel.

Each is a Python class and, beside it, an ES module of the same name; `elements.mjs` has what the
modules share. Show one as the last expression of a cell. Its output holds a picture as well, for
readers without a kernel; what the learner changes can be read from its attributes.
"""

from course.instruments.augmentation_desk import AugmentationDesk
from course.instruments.convolution_stepper import ConvolutionStepper
from course.instruments.digit_pad import DigitPad
from course.instruments.gabor_bench import GaborBench, bank_shares
from course.instruments.lens import Lens
from course.instruments.prediction import Prediction, open_lesson
from course.instruments.shape_calculator import ShapeCalculator
from course.instruments.window_pictures import pooled_blocks, window_positions

__all__ = [
    "AugmentationDesk",
    "ConvolutionStepper",
    "DigitPad",
    "GaborBench",
    "Lens",
    "Prediction",
    "ShapeCalculator",
    "bank_shares",
    "open_lesson",
    "pooled_blocks",
    "window_positions",
]
