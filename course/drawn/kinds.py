"""Drawings of many kinds, none of them a cat or a dog, to train a general network on.

The creatures share skulls, coats, poses, places and light with the drawn cats and dogs, and
differ from each other in ears, eyes, muzzles, noses, tails and build. Things and textures are
there so that a network also learns edges, corners and patterns.
"""

import numpy as np

from course.drawn import creatures, things
from course.drawn.pets import (
    checked_size,
    checked_workers,
    draw_animal,
    photographed,
    run_jobs,
)
from course.drawn.seeds import (
    KIND_CAMERA_STREAM,
    KIND_LABEL_STREAM,
    KIND_PLACE_STREAM,
    KIND_STREAM,
    balanced_labels,
    checked_counts,
)

CREATURES = tuple(creatures.TABLES)
"""Names of the creatures; no animal of the cat or the dog family is among them."""

THINGS = tuple(things.THINGS)
"""Names of the things."""

TEXTURES = tuple(things.TEXTURES)
"""Names of the textures, which fill the picture."""

KIND_NAMES = CREATURES + THINGS + TEXTURES
"""All names; a label is an index into this tuple."""


def draw_kinds(
    n: int, *, size: int = 64, seed: int = 0, start: int = 0, workers: int | None = None,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Draw n colour pictures of creatures, things and textures, to train a general network on.

    Picture i of the answer depends only on `size`, `seed` and `start + i`, whatever the number of
    workers. Each block of `len(KIND_NAMES)` indices holds every kind once, in a shuffled order.
    Each kind varies as breeds and makes do; coats, places and light are drawn alike for all
    creatures, so that only their form tells them apart.

    Args:
        n: how many pictures, >= 0.
        size: pixels a side, >= 32.
        seed: which set, >= 0; use different seeds for training and for testing.
        start: index of the first picture, >= 0.
        workers: processes that draw, >= 1; by default one a core from 200 pictures on.
        progress: show a progress bar.
    Returns:
        images, uint8 array, shape (n, size, size, 3), RGB, and labels, uint8 array, shape (n,),
        indices into `KIND_NAMES`.
    Raises:
        ValueError: a count is no integer or too small; the message states what was given and
            what is allowed.
    Example:
        >>> images, labels = draw_kinds(len(KIND_NAMES), size=32)
        >>> images.shape[1:], len(images) == len(set(labels.tolist()))
        ((32, 32, 3), True)
        >>> "rabbit" in CREATURES, "mug" in THINGS, "stripes" in TEXTURES, "cat" in KIND_NAMES
        (True, True, True, False)

    Source: the drawings are this course's own, on scenery from scikit-image's and scikit-learn's
        photographs; as "Visual Atoms" (Takashima et al., CVPR 2023, arXiv:2303.01112) and
        fractals do, they take the place of photographs in pre-training.
    """
    n, seed, start = checked_counts(n, seed, start)
    size, workers = checked_size(size), checked_workers(workers, n)
    labels = balanced_labels(n, seed, start, KIND_LABEL_STREAM, len(KIND_NAMES))
    jobs = [(KIND_NAMES[label], seed, start + i, size) for i, label in enumerate(labels.tolist())]
    images = np.empty((n, size, size, 3), np.uint8)
    for i, image in enumerate(run_jobs(_draw_kind, jobs, workers, progress, "kinds")):
        images[i] = image
    return images, labels


def _draw_kind(name: str, seed: int, index: int, size: int) -> np.ndarray:
    subject, place, camera = (
        np.random.default_rng([stream, seed, index])
        for stream in (KIND_STREAM, KIND_PLACE_STREAM, KIND_CAMERA_STREAM)
    )
    if name in CREATURES:
        canvas, _ = draw_animal(name, subject, place, size, size)
        colours = canvas.colours
    elif name in THINGS:
        colours = things.draw_thing(name, subject, place, size)
    else:
        colours = things.draw_texture(name, subject, size)
    return photographed(colours, camera)
