import numpy as np

from course.exercises import Wrong, check, same


def shaped(got, shape, what="the result"):
    """The answer as an array, if it is one of finite numbers and of this shape."""
    same(got, np.zeros(shape), what=what, tolerance=np.inf)
    return np.asarray(got)


def maps_of(weights, images):
    """The maps of images (N, H, W, 3): a 3 × 3 convolution and ReLU, (N, H - 2, W - 2, K)."""
    patches = np.lib.stride_tricks.sliding_window_view(images.astype(float), (3, 3), axis=(1, 2))
    sums = np.einsum("nhwcij,ijck->nhwk", patches, weights["kernel"].astype(float))
    return np.maximum(sums + weights["bias"], 0)


def logits_of(weights, images):
    """(N, classes), of a network with means."""
    return maps_of(weights, images).mean(axis=(1, 2)) @ weights["dense"] + weights["offset"]


def small_weights(rng, values=6, classes=4):
    """Random weights: K = 6 maps, then a dense layer for so many values."""
    kernel = rng.normal(size=(3, 3, 3, 6))
    weights = {
        "kernel": kernel - kernel.mean(axis=(0, 1, 2)),  # so that no map is off everywhere
        "bias": rng.normal(size=6) / 2,
        "dense": rng.normal(size=(values, classes)) * 3,
        "offset": rng.normal(size=classes),
    }
    return {name: array.astype("float32") for name, array in weights.items()}


@check(
    "activation_map",
    points=1,
    hint="At one place there are K numbers in `maps`, and K in the column of the class. What "
    "do you do with them?",
    more="Multiply and sum over the last axis: `maps @ kernel[:, target]`. No mean and no ReLU"
    " here.",
)
def weighs_the_maps(student, reference, rng):
    """sums the maps, each with its weight for the class"""
    maps, kernel = rng.random((4, 6, 5)), rng.normal(size=(5, 3))
    for target in (2, 0):
        expected = sum(kernel[k, target] * maps[:, :, k] for k in range(5))
        same(
            student.activation_map(maps, kernel, target),
            expected,
            what=f"the map of class {target}",
        )


@check(
    "activation_map",
    points=1,
    hint="What is the logit, if it is a weighted sum of *means*? Has each class the same bias?",
    more="The mean over all places of the map, plus `bias[target]`.",
)
def logit_is_mean_plus_bias(student, reference, rng):
    """gets the logit back from the map"""
    cam, bias = rng.normal(size=(4, 6)), rng.normal(size=3) + 2
    for target in (1, 2):
        got = student.logit_from(cam, bias, target)
        same(got, cam.sum() / 24 + bias[target], what=f"the logit of class {target}")


def falls(weights, image, target, window, stride, fill):
    before = logits_of(weights, image[None])[0, target]
    tops, lefts = (range(0, side - window + 1, stride) for side in image.shape[:2])
    result = np.empty((len(tops), len(lefts)))
    for place, (top, left) in zip(
        np.ndindex(result.shape), ((top, left) for top in tops for left in lefts), strict=True
    ):
        covered = image.copy()
        covered[top : top + window, left : left + window] = fill
        result[place] = before - logits_of(weights, covered[None])[0, target]
    return result


def compare_falls(student, rng, shape, window, stride, fill, winner):
    """Compare for the class that the network gives, or for another one."""
    weights, image = small_weights(rng), rng.random((*shape, 3)).astype("float32")
    order = np.argsort(logits_of(weights, image[None])[0])
    case = weights, image, int(order[-1] if winner else order[0]), window, stride, fill
    same(student.occluded(*case), falls(*case), tolerance=1e-4, picture=True)


@check(
    "occlusion",
    points=1,
    hint="Does a value above 0 mean that the logit falls? Is all else in each image untouched?"
    " Is it the logit, not the probability?",
    more="For each place: a fresh copy of the image, the window filled with `fill`, and the "
    "logit of the whole image *minus* that of the copy.",
)
def measures_the_fall(student, reference, rng):
    """measures how far the logit falls, place by place"""
    compare_falls(student, rng, (8, 9), 4, 3, 0.5, winner=True)


@check(
    "occlusion",
    points=1,
    hint="Write the first rows of all windows down, for an image of 10 rows. Does the last "
    "window touch the rim?",
    more="`range(0, H - window + 1, stride)`: the end of a range is not part of it, so it "
    "takes the + 1.",
)
def last_window_too(student, reference, rng):
    """covers every place where the window fits, the last one included"""
    compare_falls(student, rng, (7, 10), 4, 3, 0.5, winner=True)


def mixed_case(rng, winner=True, flat=False):
    """A network, image and class, for which some places speak and some don't; and the heat."""
    size = 7, 9
    while True:
        weights = small_weights(rng, values=35 * 6 if flat else 6)
        image = rng.random((*size, 3)).astype("float32")
        maps = maps_of(weights, image[None])[0]
        if flat:
            logits = maps.ravel() @ weights["dense"] + weights["offset"]
        else:
            logits = maps.mean(axis=(0, 1)) @ weights["dense"] + weights["offset"]
        target = int(np.argsort(logits)[-1 if winner else 0])
        column = weights["dense"][:, target].astype(float)
        slopes = column.reshape(5, 7, 6).mean(axis=(0, 1)) if flat else column / 35
        evidence, only_for = maps @ slopes, maps @ np.maximum(slopes, 0)
        heat = np.maximum(evidence, 0)
        mixed = evidence.min() < -0.05 and np.abs(only_for - heat).max() > 0.05
        if mixed and heat.max() > 0.1 and abs(heat.max() - 1) > 0.05:  # each mistake shows
            return weights, image, target, heat


def compare_heat(student, rng, **case):
    """Compare what is above 0 only: whether the rest is 0 has a check of its own."""
    weights, image, target, expected = mixed_case(rng, **case)
    size = image.shape[:2] if case.get("flat") else None
    got = shaped(student.heat(weights, image, target, size), expected.shape, "the heat")
    same(np.maximum(got, 0), expected, what="the heat above 0", tolerance=1e-4, picture=True)


@check(
    "grad_cam",
    points=2,
    hint="For a network with means you know the answer: the map of 6.1 divided by hw. Is the "
    "gradient that of the *logit*? Over which axes do you take its mean?",
    more="The gradient has the shape (1, h, w, K). Its mean over axes 1 and 2 gives one weight"
    " for each map; then sum weight · map over the last axis. Don't rescale.",
)
def equals_the_activation_map(student, reference, rng):
    """equals the activation map divided by h · w, where a network ends in means"""
    compare_heat(student, rng)


@check(
    "grad_cam",
    points=1,
    hint="What is to happen to places that speak against the class?",
    more="After the sum over the maps: `tf.nn.relu`, or `np.maximum(..., 0)`.",
)
def keeps_what_speaks_for_it(student, reference, rng):
    """sets to 0 what speaks against the class"""
    weights, image, target, expected = mixed_case(rng)
    got = shaped(student.heat(weights, image, target), expected.shape, "the heat")
    if got.max() <= 0:
        raise Wrong("the heat is nowhere above 0.", got=got, expected=expected)
    if got.min() < -1e-6:
        says = f"the heat has values below 0, down to {got.min():.3g}."
        raise Wrong(says, got=got, expected=expected)


def heat_and_place(rng):
    """Heat of 3 × 5 for a mask of 36 × 30, and the pixel that its hottest cell points to."""
    heat = rng.random((3, 5))
    row, column = int(rng.integers(0, 3)), int(rng.integers(0, 5))
    heat[row, column] = 2
    return heat, row * 12 + 6, column * 6 + 3


@check(
    "pointing",
    points=1,
    hint="Which pixel does a cell of the heat stand for, in an image of another size? Its "
    "corner, or its middle?",
    more="`np.unravel_index(heat.argmax(), heat.shape)` gives row and column of the cell; the "
    "middle is `int((r + 0.5) * H / h)`, and for columns likewise with W and w.",
)
def points_to_the_middle_of_the_cell(student, reference, rng):
    """looks at the mask in the middle of the hottest cell"""
    heat, row, column = heat_and_place(rng)
    mask = np.zeros((36, 30), bool)
    mask[row - 1 : row + 2, column - 1 : column + 2] = True
    place = f"The hottest cell's middle is row {row}, column {column} of the mask"
    if not student.hits(heat, mask):
        raise Wrong(f"{place}; it is True there, but the result is not.")
    if student.hits(heat, ~mask):
        raise Wrong(f"{place}; it is False there, but the result is not.")


@check(
    "pointing",
    points=1,
    hint="Where is the hottest point of a heat that is 0 everywhere? What does `argmax` say?",
    more="Return False first, if `heat.max() == heat.min()`: else `argmax` gives the corner.",
)
def flat_heat_is_a_miss(student, reference, rng):
    """counts heat with the same value everywhere as a miss"""
    everywhere = np.ones((36, 30), bool)
    if not student.hits(heat_and_place(rng)[0], everywhere):
        raise Wrong("heat with one hottest cell misses a mask that is True everywhere.")
    if student.hits(np.full((3, 5), float(rng.integers(0, 3))), everywhere):
        raise Wrong("heat with the same value everywhere counts as a hit.")


@check(
    "forgetting",
    points=1,
    hint="Rank `[30, 10, 20]` by hand. Is it `[3, 1, 2]`? And is it the ranks that you "
    "correlate, over all cells together?",
    more="`rankdata(x)` gives the ranks of all cells in one flat array. (`np.argsort` gives "
    "something else: where to find the smallest, the next one, and so on.)",
)
def correlates_ranks(student, reference, rng):
    """correlates the ranks of all cells, not their values"""
    from scipy.stats import spearmanr

    one = rng.random((5, 7))
    other = np.exp(6 * one + rng.normal(size=(5, 7)))
    expected = spearmanr(one, other, axis=None).statistic
    same(student.rank_correlation(one, other), expected, what="the rank correlation")


@check(
    "forgetting",
    points=1,
    hint="Is it one correlation for each pair, and their mean? May it be below 0?",
    more="Go through the pairs with `zip(before, after)`, and take the mean of their rank "
    "correlations.",
)
def means_over_pairs(student, reference, rng):
    """averages the rank correlations of the pairs, whatever their signs"""
    from scipy.stats import spearmanr

    one, pair = rng.random((4, 5, 6)), np.arange(4).reshape(4, 1, 1)
    other = np.exp(4 * one + rng.normal(size=one.shape) / 8) * np.where(pair == 1, -1, 1)
    expected = np.mean([spearmanr(one[i], other[i], axis=None).statistic for i in range(4)])
    before, after = one + 2 * pair, other + 200 * pair
    same(student.similarity(before, after), expected, what="the similarity")

BOXES = {"top left": (1, 1, 5, 5), "top right": (1, 9, 5, 13), "bottom": (9, 5, 13, 9)}
COLOURS = np.array([(1, 0, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (0, 0, 1), (1, 1, 0)])


def coloured(rng, names, n=16):
    """Pictures (n, 14, 14, 3), labels. Box i has colour 2 i where the label is 0, else 2 i + 1."""
    labels = rng.permutation(np.arange(n) % 2)
    images = np.full((n, 14, 14, 3), 0.5)
    for i, name in enumerate(names):
        top, left, bottom, right = BOXES[name]
        images[:, top:bottom, left:right] = COLOURS[2 * i + labels][:, None, None]
    images += rng.uniform(-0.1, 0.1, images.shape)
    return images.astype("float32"), labels


def reader(rng, reads):
    """A network whose map i waits for colour i, and whose logits read those of box `reads`."""
    kernel = np.zeros((3, 3, 3, 6))
    kernel[1, 1] = (2 * COLOURS - 1).T
    dense = rng.uniform(-1, 1, (6, 1)) * [1, 1]  # the same for both classes: tells nothing
    if reads is not None:
        dense[2 * reads : 2 * reads + 2] = [(60, -60), (-60, 60)]
    offset = np.array([0.1, 0])
    parts = {"kernel": kernel, "bias": 0.5 - COLOURS.sum(axis=1), "dense": dense, "offset": offset}
    return {name: array.astype("float32") for name, array in parts.items()}


def shuffled_names(rng):
    return [tuple(BOXES)[i] for i in rng.permutation(3)]


def same_name(got, expected):
    if got is not None and not isinstance(got, str):
        raise Wrong("the result should be the name of a box, or None.")
    if got != expected:
        raise Wrong(f"the result is {got!r}; expected is {expected!r}.")


def swapped(images, labels, box):
    top, left, bottom, right = box
    changed = images.copy()
    for i, j in zip(np.flatnonzero(labels == 0), np.flatnonzero(labels == 1), strict=True):
        for one, other in ((i, j), (j, i)):
            changed[one, top:bottom, left:right] = images[other, top:bottom, left:right]
    return changed


@check(
    "shortcut",
    points=1,
    hint="After `a = b`, where has the old content of a gone? And has every picture a partner "
    "of the other class?",
    more="Write into a copy, and read from the original: `changed[zeros, ...] = images[ones, "
    "...]`, and the other way round, with `zeros = np.flatnonzero(labels == 0)`.",
)
def exchanges_both_ways(student, reference, rng):
    """lets the k-th pictures of both classes exchange the box, both ways"""
    images, labels = rng.random((10, 6, 7, 3)), rng.permutation(np.arange(10) % 2)
    box = (1, 2, 4, 6)
    got, _ = student.exchanged(images, labels, box)
    same(got, swapped(images, labels, box), what="the array of exchanged pictures")


@check(
    "shortcut",
    points=1,
    hint="With which labels do you compare the answers? A network that reads the box should "
    "now be wrong each time.",
    more="`model(exchanged pictures)`, `argmax(axis=1)`, and the share that equals `labels`, "
    "those of before.",
)
def counts_right_answers(student, reference, rng):
    """counts how often the network still gives the label"""
    names = shuffled_names(rng)
    images, labels = coloured(rng, names)
    weights, boxes = reader(rng, 0), [BOXES[name] for name in names[:2]]
    images[:3] = images[3]  # so that it is right in some cases only
    expected = [
        np.mean(logits_of(weights, swapped(images, labels, box)).argmax(axis=1) == labels)
        for box in boxes
    ]
    got = student.accuracies(weights, images, labels, boxes)
    for name, one, other in zip(
        ("that the network reads", "that it ignores"), got, expected, strict=True
    ):
        same(one, other, what=f"the accuracy with the box exchanged {name}")


@check(
    "shortcut",
    points=1,
    hint="Print the accuracy for each box. Which exchange costs most?",
    more="The fall is the accuracy on the pictures as they are, minus that with the box "
    "exchanged. Take the largest.",
)
def finds_the_box(student, reference, rng):
    """names the box that the network reads"""
    names = shuffled_names(rng)
    images, labels = coloured(rng, names)
    for reads in (0, 2):
        got = student.found(reader(rng, reads), images, labels, BOXES, 0.3)
        same_name(got, names[reads])
