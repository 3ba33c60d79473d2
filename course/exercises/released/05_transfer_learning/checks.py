"""Checks of exercise 5: preprocessing, features, a head, the right weights frozen, fine-tuning."""

import numpy as np

from course.exercises import Wrong, check, equal, same
MEAN_BGR = np.array([103.939, 116.779, 123.68])


@check(
    "preprocess",
    points=1,
    hint="What becomes of 0, and what of 255? Where does 127.5 go? Is the type float32?",
    more="pixels / 127.5 - 1, as float32. Dividing by 255 gives [0, 1], half the contrast.",
)
def minus_one_to_one(student, reference, rng):
    """gives "mobilenetv2" and "course" values from −1 to 1"""
    pixels = _pixels(rng, 2, 4, 5)
    for name in ("mobilenetv2", "course"):
        got = student.preprocess(pixels, name)
        same(got, pixels / 127.5 - 1, what=f"the array for {name!r}", dtype="float32")


@check(
    "preprocess",
    points=1,
    hint="Which axis holds the colours? And which mean belongs to which colour, once they are "
    "turned round?",
    more="pixels[..., ::-1] turns the last axis round, RGB to BGR. MEAN_BGR is in that order "
    "already, so turn first and subtract then.",
)
def blue_first(student, reference, rng):
    """gives "vgg16" blue first, less the means"""
    pixels = _pixels(rng, 2, 4, 5)
    expected = pixels[..., [2, 1, 0]] - MEAN_BGR
    same(student.preprocess(pixels, "vgg16"), expected, what="the array", dtype="float32")


@check(
    "preparation",
    points=1,
    hint="Write down the smallest and the largest value for each of the three.",
    more="Ask for negative values first; only then whether the largest is above 1.",
)
def tells_the_ranges_apart(student, reference, rng):
    """tells "pixels", "unit" and "symmetric" apart"""
    pixels = _black_and_white(rng)
    _answers(student, pixels, "pixels")
    _answers(student, (pixels / 255).astype("float32"), "unit")
    _answers(student, (pixels / 127.5 - 1).astype("float32"), "symmetric")


@check(
    "preparation",
    points=1,
    hint="How far below zero does black go, if only means are subtracted?",
    more="Black becomes −103.939, −116.779 and −123.68: far below −1.",
)
def finds_the_means_subtracted(student, reference, rng):
    """finds "caffe" """
    values = _black_and_white(rng)[..., ::-1] - MEAN_BGR
    _answers(student, values.astype("float32"), "caffe")


@check(
    "features_of",
    points=1,
    hint="Which axes of (n, h, w, c) are the positions? Did the pixels go through base.preprocess, "
    "once? And is it the base that the function is given?",
    more="np.mean(maps, axis=(1, 2)) of base.model(base.preprocess(batch), training=False).",
)
def means_of_maps(student, reference, rng):
    """gives the mean of each map for one batch"""
    images = _pictures(rng, 3)
    expected = np.mean(reference.maps(images), axis=(1, 2))
    got = student.features(images, 8)
    same(got, expected, what="the array of features", tolerance=1e-3, dtype="float32")


@check(
    "features_of",
    points=1,
    hint="How many rows come back if the number of images is no multiple of the batch size?",
    more="range(0, len(images), batch_size) has a start for the last, smaller batch too, and a "
    "slice that goes past the end is simply shorter.",
)
def last_batch(student, reference, rng):
    """doesn't lose the last images"""
    images = _pictures(rng, 5)
    got = student.features(images, 3)
    expected = [5, reference.maps(images).shape[-1]]
    same(np.shape(got), expected, what="the shape of the features of 5 images in batches of 3")
    if not np.asarray(got).std(axis=0).any():
        raise Wrong("the features of all images are the same.")


@check(
    "train_head",
    points=1,
    hint="head.summary() counts. And what may a probability be?",
    more='One layers.Dense(1, activation="sigmoid") behind the Normalization layer, nothing else '
    "that learns.",
)
def one_neuron(student, reference, rng):
    """returns one neuron that gives probabilities"""
    features, labels, others, _ = _features(reference, rng, 24)
    packed = student.packed_head(features, labels)
    facts = reference.head_facts(packed)
    equal(facts["output"], [None, 1], what="the network's output shape")
    equal(facts["trainable"], 101, what="the number of trainable parameters for 100 features")
    _probabilities(reference.head_says(packed, others))


@check(
    "unfreeze_block",
    points=1,
    hint="Print name and trainable of each layer afterwards. Which are wrong?",
    more="Go through model.layers and set each flag to whether its name begins with the block's.",
)
def only_this_block(student, reference, rng):
    """unfreezes the last block's convolution, and no other one"""
    blocks = _names(rng, 3)
    learns = _learns(student, reference, blocks, blocks[-1], True)
    expected = [f"{blocks[-1]}_conv/kernel"]
    equal([name for name in learns if "_conv" in name], expected, what="what learns")


@check(
    "unfreeze_block",
    points=1,
    hint="Which numbers does each layer hold, and which of them are never trained?",
    more="A sum over model.trainable_weights of the product of each one's shape. The averages "
    "of batch norm are weights, but not trainable ones.",
)
def counts_what_learns(student, reference, rng):
    """counts the numbers that would be trained"""
    width = int(rng.integers(4, 9))
    packed = reference.packed_base(_names(rng, 3), width, True)
    # Kernels from 3 channels, then twice from `width`; scale and offset of three batch norms.
    expected = 9 * 3 * width + 2 * 9 * width**2 + 3 * 2 * width
    equal(student.counted(packed), expected, what="the number for a base that is all free")


@check(
    "fine_tune",
    points=1,
    hint="Which names are missing from the list, or too many? If the block stayed as it was: was "
    "the network compiled again? If other kernels moved: what was free while the head was trained? "
    "If something of `bn` moved: which flag holds it?",
    more="base.trainable = False, compile, fit; then unfreeze the block, without its batch norm, "
    "compile again and fit again.",
)
def moves_block_and_head(student, reference, rng):
    """changes the head and this block's kernel, and no other number"""
    seed = int(rng.integers(1_000_000))
    images, labels = reference.draw_colours(8, seed)
    given = reference.network_to_tune(seed)
    changes = _changes(given, student.tuned(given["packed"], images, labels, "block2"))
    expected = ["block2_conv/kernel", "head/bias", "head/kernel"]
    equal(sorted(changes), expected, what="what has changed in the network for block2")


def _pixels(rng, *shape):
    """Pixels whose three channels are far apart."""
    low, high = [0, 90, 180], [70, 160, 256]
    return rng.integers(low, high, (*shape, 3)).astype("uint8")


def _black_and_white(rng):
    """Pixels of two images, with a black and a white one in each."""
    pixels = rng.integers(0, 256, (2, 6, 5, 3)).astype("uint8")
    pixels[:, 0, 0], pixels[:, 3, 2] = 0, 255
    return pixels


def _answers(student, values, expected):
    span = f"for values from {values.min():.4g} to {values.max():.4g} ({values.dtype}) the answer"
    equal(student.preparation(values), expected, what=span)


def _pictures(rng, n):
    """Images, uint8 (n, 32, 32, 3), each with colours of its own and coarse random patches."""
    patches = rng.integers(0, 256, (n, 4, 8, 3)).astype("uint8")
    return patches.repeat(8, axis=1).repeat(4, axis=2)


def _features(reference, rng, n):
    """n training examples, their labels, 500 others of the same kind, and theirs."""
    features, labels = reference.draw_features(400, int(rng.integers(1_000_000)))
    return features[:n], labels[:n], features[300:], labels[300:]


def _probabilities(said):
    if said.ndim != 2 or said.shape[1] != 1:
        raise Wrong(f"the predictions have shape {said.shape}; expected is {(len(said), 1)}.")
    if not (said.min() >= 0 and said.max() <= 1):
        raise Wrong(
            f"the predictions go from {said.min():.3g} to {said.max():.3g}; "
            "probabilities lie from 0 to 1."
        )


def _names(rng, n):
    """Names of n blocks, counted from somewhere."""
    first = int(rng.integers(2, 6))
    return [f"block{number}" for number in range(first, first + n)]


def _learns(student, reference, blocks, block, free):
    """Names of what learns in a base after the learner's unfreeze_block, rebuilt."""
    packed = student.unfrozen(reference.packed_base(blocks, 4, free), block)
    return reference.what_learns(packed)


def _changes(given, after):
    """By how much of its size each weight has changed that has; given as network_to_tune gives."""
    old, new = given["packed"]["weights"], after["weights"]
    if [array.shape for array in old] != [array.shape for array in new]:
        raise Wrong(
            "what comes back isn't the network that was given: its weights differ in shape."
        )
    return {
        name: float(np.linalg.norm(after - before) / max(np.linalg.norm(before), 1e-9))
        for name, before, after in zip(given["names"], old, new, strict=True)
        if not np.array_equal(before, after)
    }
