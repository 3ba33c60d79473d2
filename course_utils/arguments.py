"""What a function is given, checked: the one way in which the course asks for an integer."""

import operator


def check_integer(name, value, *, least=None, most=None, advice=""):
    """An argument as an int.

    Args:
        name: the argument's, for the message.
        value: what was given. Bools, floats and text are no integers; NumPy's integers are.
        least, most: the smallest and largest that will do, or None.
        advice: what else the message should say, such as "the images' side in pixels".
    Returns:
        int.
    Raises:
        ValueError: no integer, or out of range; the message says what was given and expected.
    Example:
        >>> check_integer("stride", 0, least=1)
        Traceback (most recent call last):
        ValueError: stride is 0 (int); give an integer, 1 or more

    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    fits = number is not None and (least is None or number >= least)
    if fits and (most is None or number <= most):
        return number
    if least is None and most is None:
        span = ""
    elif most is None:
        span = f", {least:,} or more"
    elif least is None:
        span = f", {most:,} or less"
    else:
        span = f" from {least:,} to {most:,}"
    more = f", {advice}" if advice else ""
    raise ValueError(f"{name} is {value!r} ({type(value).__name__}); give an integer{span}{more}")
