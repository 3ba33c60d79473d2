"""Whether heatmaps tell the truth: tests that a picture can fail."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from course.explain import arguments, network
from course.explain.heat import resized
from course_utils.arguments import check_integer

SCORES = ("probability", "logit")


class PointingGame(NamedTuple):
    """How often the hottest point lies where it should.

    Attributes:
        hits, n: of so many images.
        rate: hits / n.
        low, high: Wilson's interval of the rate.
    """

    hits: int
    n: int
    rate: float
    low: float
    high: float


def randomise_layers(model, seed=0) -> Iterator[tuple[str, object]]:
    """Set a copy of the model back to random weights, one layer after the other from the top.

    A heatmap that stays the same while the model forgets does not show what the model knows.

    Args:
        model: keras.Model, Sequential or functional, nested or not; it stays as it is.
        seed: of the weights, drawn as each layer's own initialisers say.
    Yields:
        the path of the layer, and the copy, in which this layer and all above it are random. It
        is the same copy each time: use it before you take the next. Layers without weights are
        passed over.
    Raises:
        ValueError: the model is not built, or no Sequential or functional one.
    Source: Adebayo et al., "Sanity checks for saliency maps", 2018.
    """
    import keras

    arguments.check_model(model)
    state = random.getstate()  # Keras draws the seeds of new weights from Python's own
    try:
        random.seed(seed)
        copy = keras.models.clone_model(model)
    finally:
        random.setstate(state)
    layers = [
        (path, layer, layer.get_weights())
        for path, layer in network.layers_of(copy).items()
        if layer.weights and not hasattr(layer, "layers")
    ]
    copy.set_weights(model.get_weights())
    return _forgetting(copy, layers)


def _forgetting(copy, layers):
    for path, layer, weights in reversed(layers):
        layer.set_weights(weights)
        yield path, copy


def deletion_curve(
    model, images, heatmaps, *, target=None, steps=20, fill=0.0, score="probability", seed=0,
    batch_size=32, progress=False,
) -> np.ndarray:  # fmt: skip
    """Follow a class's score while pixels are covered, the hottest first.

    If the heatmap is true, the score falls at once: the smaller the mean of the curve, the better.

    Args:
        model: keras.Model of images to classes, built.
        images: array, shape (H, W, C) or (N, H, W, C), as the model takes them.
        heatmaps: float array, shape (h, w) or (N, h, w), one an image; smaller ones are made as
            large as the images. Only the order of its values counts; pixels of equal heat, such
            as 0, follow each other at random.
        target: class number, or one an image; None for the class with the highest logit of the
            whole image.
        steps: in how many equal steps all pixels are covered, >= 1.
        fill: what covers them: a number, one a channel, or an image, such as a blurred copy.
        score: "probability" or "logit".
        seed: of the order among pixels of equal heat.
        batch_size: covered images at once, >= 1.
        progress: show a progress bar.
    Returns:
        float32 array, shape (steps + 1,) or (N, steps + 1): the score with 0, 1/steps, ..., all
        of the pixels covered.
    Raises:
        ValueError: heatmaps of another number or not finite, an unknown score; or as `grad_cam`.
    Source: Petsiuk et al., "RISE", 2018; Samek et al., "Evaluating the visualization of what a
        deep neural network has learned", 2017.
    """
    return _curve(
        model, images, heatmaps, False, target, steps, fill, score, seed, batch_size, progress
    )


def insertion_curve(
    model, images, heatmaps, *, target=None, steps=20, fill=0.0, score="probability", seed=0,
    batch_size=32, progress=False,
) -> np.ndarray:  # fmt: skip
    """Follow a class's score while pixels are uncovered, the hottest first.

    If the heatmap is true, the score rises at once: the larger the mean of the curve, the better.

    Args:
        model, images, heatmaps, target, steps, fill, score, seed, batch_size, progress: as for
            `deletion_curve`.
    Returns:
        float32 array, shape (steps + 1,) or (N, steps + 1): the score with 0, 1/steps, ..., all
        of the pixels shown.
    Raises:
        ValueError: as `deletion_curve`.
    Source: Petsiuk et al., "RISE", 2018.
    """
    return _curve(
        model, images, heatmaps, True, target, steps, fill, score, seed, batch_size, progress
    )


def _curve(
    model, images, heatmaps, inserted, target, steps, fill, score, seed, batch_size, progress
):
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    steps = check_integer("steps", steps, least=1)
    if score not in SCORES:
        raise ValueError(f"score is {score!r}; give one of {', '.join(SCORES)}")
    fill = arguments.filled(batch, fill, "fill")
    places = _places(_check_heatmaps(heatmaps, len(batch)), batch.shape[1:3], seed)
    targets = arguments.settle_targets(model, batch, target, classes, batch_size)
    first, last = (fill, batch) if inserted else (batch, fill)

    def partly(i, k):
        changed = places[i] < (k * places[0].size // steps)[:, None, None]
        return np.where(changed[..., None], last[i], first[i])

    body = network.probability_batch if score == "probability" else network.score_batch
    curve = np.zeros((len(batch), steps + 1), np.float32)
    said = ("insertion" if inserted else "deletion") if progress else None
    for i, k, scores in network.repeated(
        model, body, batch, targets, steps + 1, partly, batch_size, said
    ):
        curve[i, k] = scores
    return curve[0] if single else curve


def _places(heatmaps, size, seed) -> np.ndarray:
    """Each pixel's place in the order from hot to cold, int array, shape (N, H, W)."""
    tie = np.random.default_rng(seed).random(size).ravel()
    places = np.empty((len(heatmaps), tie.size), np.int64)
    for place, heatmap in zip(places, heatmaps, strict=True):
        order = np.lexsort((tie, -resized(heatmap, size).ravel()))
        place[order] = np.arange(tie.size)
    return places.reshape(-1, *size)


def random_heatmaps(n: int, size, *, seed=0, cells=None) -> np.ndarray:
    """Make heatmaps that know nothing, for comparison.

    Args:
        n: how many, >= 1.
        size: (H, W) in pixels.
        seed: of the noise.
        cells: the noise has so many cells a side, and is made as large as the image: to compare
            with heatmaps as coarse as that; None for a value of its own for each pixel.
    Returns:
        float32 array, shape (n, H, W), values in [0, 1).
    Example:
        >>> random_heatmaps(2, (8, 8), cells=3).shape
        (2, 8, 8)
    """
    n, shape = check_integer("n", n, least=1), size
    if cells is not None:
        shape = [check_integer("cells", cells, least=1)] * 2
    noise = np.random.default_rng(seed).random((n, *shape), np.float32)
    return np.stack([resized(heatmap, size) for heatmap in noise])


def centre_heatmaps(n: int, size) -> np.ndarray:
    """Make heatmaps that say "in the middle", where photographers put things, for comparison.

    Args:
        n: how many, >= 1.
        size: (H, W) in pixels.
    Returns:
        float32 array, shape (n, H, W), values in [0, 1]: 1 in the middle, 0 in the corners.
    Example:
        >>> centre_heatmaps(1, (3, 3))[0].round(2)
        array([[0.  , 0.29, 0.  ],
               [0.29, 1.  , 0.29],
               [0.  , 0.29, 0.  ]], dtype=float32)
    """
    y, x = (np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in size)
    far = np.hypot(y[:, None], x[None])
    heat = (1 - far / max(far.max(), 1e-9)).astype(np.float32)
    return np.repeat(heat[None], check_integer("n", n, least=1), axis=0)


def pointing_game(heatmaps, masks, *, confidence=0.95) -> PointingGame:
    """Count how often the hottest point of a heatmap lies inside the mask of its image.

    Args:
        heatmaps: float array, shape (N, h, w), or a list of N such; smaller than the masks or not.
        masks: bool array, shape (N, H, W), or a list of N such, where the thing is.
        confidence: of the interval, in (0, 1).
    Returns:
        PointingGame(hits, n, rate, low, high). The hottest point is the middle of the hottest
        cell, the first of several; a heatmap of one value only points nowhere, which is a miss.
    Raises:
        ValueError: not as many masks as heatmaps, none, not finite, or a mask that marks nothing.
    Example:
        >>> mask = np.array([[True, False], [False, False]])
        >>> pointing_game([np.array([[3.0, 1.0], [0.0, 2.0]])], [mask])[:3]
        (1, 1, 1.0)

    Source: Zhang et al., "Top-down neural attention by excitation backprop", 2016, without its
        margin of 15 pixels; Wilson, 1927, for the interval.
    """
    from scipy.stats import binomtest

    heatmaps, masks = _check_masks(heatmaps, masks)
    hits = 0
    for heatmap, mask in zip(heatmaps, masks, strict=True):
        cell = np.unravel_index(heatmap.argmax(), heatmap.shape)
        point = tuple(
            int((at + 0.5) * full / own)
            for at, full, own in zip(cell, mask.shape, heatmap.shape, strict=True)
        )
        hits += bool(mask[point] and heatmap.min() < heatmap.max())
    n = len(masks)
    interval = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return PointingGame(hits, n, hits / n, float(interval.low), float(interval.high))


def share_inside(heatmaps, masks) -> np.ndarray:
    """Compute which share of the positive heat lies inside the mask.

    Args:
        heatmaps, masks: as for `pointing_game`; smaller heatmaps are made as large as the masks.
    Returns:
        float32 array, shape (N,), values in [0, 1], NaN for a heatmap without positive heat. By
        chance, it would be the share of the image that the mask covers, `mask.mean()`.
    Raises:
        ValueError: as `pointing_game`.
    Example:
        >>> mask = np.array([[True, False], [False, False]])
        >>> share_inside([np.array([[3.0, 1.0], [0.0, -2.0]])], [mask]).tolist()
        [0.75]
    """
    heatmaps, masks = _check_masks(heatmaps, masks)
    shares = np.full(len(masks), np.nan, np.float32)
    for i, (heatmap, mask) in enumerate(zip(heatmaps, masks, strict=True)):
        heat = np.maximum(resized(heatmap, mask.shape), 0)
        if total := heat.sum(dtype=np.float64):
            shares[i] = heat[mask].sum(dtype=np.float64) / total
    return shares


def _check_masks(heatmaps, masks) -> tuple[list[np.ndarray], list[np.ndarray]]:
    masks = [np.asarray(mask) for mask in masks]
    if not masks or not all(mask.ndim == 2 and mask.dtype == bool for mask in masks):
        given = sorted({f"{mask.dtype} {mask.shape}" for mask in masks}) or "empty"
        raise ValueError(f"masks is {given}; give bool arrays of the shape (H, W), one an image")
    if empty := [i for i, mask in enumerate(masks) if not mask.any()]:
        raise ValueError(f"the masks {empty} mark nothing; leave these images out")
    return _check_heatmaps(heatmaps, len(masks)), masks


def _check_heatmaps(heatmaps, n: int) -> list[np.ndarray]:
    maps = [np.asarray(heatmap, np.float32) for heatmap in heatmaps]
    if n == 1 and maps and all(row.ndim == 1 for row in maps):
        maps = [np.asarray(heatmaps, np.float32)]  # one heatmap by itself
    shapes = sorted({heatmap.shape for heatmap in maps})
    if len(maps) != n or not all(len(shape) == 2 for shape in shapes):
        raise ValueError(
            f"heatmaps has {len(maps)} of the shapes {shapes}; give {n}, each (h, w): of "
            "attributions, np.abs(...).max(axis=-1)"
        )
    for i, heatmap in enumerate(maps):
        if not np.isfinite(heatmap).all():
            raise ValueError(f"heatmap {i} has values that are not finite (NaN or infinity)")
    return maps
