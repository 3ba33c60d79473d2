import numpy as np

from course.exercises import check, equal, same


@check(
    "add_frame",
    points=2,
    hint="Look at the corners of your result.",
    more="np.pad(image, width) adds zeros on all four sides.",
)
def zeros_all_around(student, reference, rng):
    """puts zeros on all four sides"""
    image = rng.uniform(0.5, 1, (3, 5))
    same(student.add_frame(image, 1), reference.add_frame(image, 1), picture=True)


@check(
    "add_frame",
    points=3,
    hidden=True,
    hint="Is the frame as wide as asked for?",
    more="The width belongs on each side: the height grows by twice the width.",
)
def any_width(student, reference, rng):
    """makes frames of any width"""
    image = rng.uniform(0.5, 1, (4, 6))
    width = int(rng.integers(2, 5))
    same(student.add_frame(image, width), np.pad(image, width))


@check(
    "brightest",
    points=1,
    hint="How many values do 8 bits have?",
    more="0 to 255.",
)
def counts_levels(student, reference, rng):
    """counts the grey levels of 8 bits"""
    equal(student["levels"], 256, what="`levels`")


@check(
    "brightest",
    points=1.5,
    hint="In which order do rows and columns come?",
    more="np.unravel_index(image.argmax(), image.shape).",
)
def finds_the_pixel(student, reference, rng):
    """finds the brightest pixel"""
    image, place = _spot(rng)
    equal(student.brightest(image), place)


@check(
    "brightest",
    points=2.5,
    hidden=True,
    hint="What if all values are below 0?",
    more="Don't begin a search at 0: use argmax.",
)
def negative_values(student, reference, rng):
    """finds it among negative values"""
    image, place = _spot(rng)
    equal(student.brightest(image - 10), place)


def _spot(rng):
    """An image, wider than high, whose brightest pixel is not on the diagonal."""
    image = rng.uniform(0, 1, (4, 9))
    row, column = int(rng.integers(1, 4)), int(rng.integers(5, 9))
    image[row, column] = 2
    return image, (row, column)
