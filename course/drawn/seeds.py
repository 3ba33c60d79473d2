"""What all drawn pictures share: arguments are checked, classes balanced, dice thrown.

Picture i of a draw depends on the seed and on i alone, so a small draw is the beginning of a
large one, and a part of it may be drawn anywhere.
"""

from collections.abc import Sequence

import numpy as np

from course_utils.arguments import check_integer

N_CLASSES = 10  # classes of garments and of digits, and the block in which labels are shuffled

# The first word of each random stream, so that no two kinds of picture share one.
LABEL_STREAM, GARMENT_STREAM, NUMBER_STREAM = 11, 22, 33
PET_LABEL_STREAM, PET_STREAM, PLACE_STREAM = 44, 45, 46
CAMERA_STREAM, TAG_STREAM, FILE_STREAM = 47, 48, 49
KIND_LABEL_STREAM, KIND_STREAM, KIND_PLACE_STREAM, KIND_CAMERA_STREAM = 50, 51, 52, 53

Rng = np.random.Generator


def checked_counts(n: int, seed: int, start: int) -> list[int]:
    counts = {"n": n, "seed": seed, "start": start}
    return [check_integer(name, value, least=0) for name, value in counts.items()]


def balanced_labels(
    n: int, seed: int, start: int, stream: int = LABEL_STREAM, classes: int = N_CLASSES
) -> np.ndarray:
    """Labels of pictures start .. start + n - 1: one shuffle of the classes a block."""
    first, last = start // classes, (start + n) // classes
    shuffles = [
        np.random.default_rng([stream, seed, block]).permutation(classes)
        for block in range(first, last + 1)
    ]
    skipped = start - first * classes
    return np.concatenate(shuffles)[skipped : skipped + n].astype(np.uint8)


def chance(rng: Rng, probability: float) -> bool:
    return rng.random() < probability


def pick(rng: Rng, options: Sequence):
    return options[int(rng.integers(len(options)))]
