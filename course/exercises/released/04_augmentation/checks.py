import numpy as np

from course.exercises import Wrong, check, equal, same


def shaped(got, shape, what="the result"):
    """The answer as an array, if it is one of finite numbers and of this shape."""
    same(got, np.zeros(shape), what=what, tolerance=np.inf)
    return np.asarray(got)


def seed_from(rng):
    return int(rng.integers(2**31))


def which_are_mirrored(got, images):
    """For each picture whether it came out mirrored; one that is neither is Wrong."""
    got = shaped(got, images.shape)
    as_before = (got == images).all(axis=(1, 2, 3))
    mirrored = (got == images[:, :, ::-1]).all(axis=(1, 2, 3))
    if not (as_before | mirrored).all():
        i = int(np.argmin(as_before | mirrored))
        raise Wrong(
            f"picture {i} comes out neither as it was nor mirrored left to right.",
            got=got[i],
            expected=images[i, :, ::-1],
        )
    return mirrored


def batch_with_mirrored(student, images, rng):
    """What comes out, with some of it mirrored; and the images as they are afterwards."""
    for _ in range(20):  # for who tosses one coin for all
        got, *_, after = student.flipped(images, seed_from(rng))
        if which_are_mirrored(got, images).any():
            return got, after
    raise Wrong("of twenty batches, not one picture comes out mirrored.")


@check(
    "flip_some",
    points=1,
    hint="The axes are pictures, rows, columns, channels. Which one do you turn round?",
    more="`images[:, :, ::-1]` is the whole batch mirrored: left to right means that the order"
    " of the columns, axis 2, is turned round.",
)
def mirrors_left_to_right(student, reference, rng):
    """gives each picture as it was or mirrored left to right, in its own type"""
    images = rng.integers(0, 256, (40, 5, 7, 3)).astype("uint8")
    got, _ = batch_with_mirrored(student, images, rng)
    same(got, np.asarray(got), dtype="uint8")


@check(
    "flip_some",
    points=1,
    hint="How many coins do you toss for a batch, and how many pictures are in it?",
    more="Toss one coin for each picture: `random.random(len(images)) < 0.5`. Then choose with"
    " `np.where`; the coins need three more axes, `[:, None, None, None]`.",
)
def a_coin_for_each_picture(student, reference, rng):
    """decides for each picture by itself, and mirrors about half of them"""
    images = rng.random((600, 2, 3, 1)).astype("float32")
    got, *_ = student.flipped(images, seed_from(rng))
    share = which_are_mirrored(got, images).mean()
    if not 0.35 < share < 0.65:  # seven standard deviations
        raise Wrong(f"of 600 pictures {share:.0%} came out mirrored; it should be about half.")


@check(
    "dropout",
    points=1,
    hint="What should happen to `x` if `training` is False? Is any factor needed then?",
    more="`if not training: return x`. What stays in training is strengthened, so nothing is "
    "left to correct at inference.",
)
def rests_at_inference(student, reference, rng):
    """gives `x` back unchanged if `training` is False"""
    x, seed = rng.normal(size=(6, 9)).astype("float32"), seed_from(rng)
    in_training = shaped(student.dropped(x, 0.6, seed, True), x.shape, "the result in training")
    if not (in_training == 0).any() or not in_training.any():
        raise Wrong("in training, all numbers are off, or none; some of each are expected.")
    same(student.dropped(x, 0.6, seed, False), x, what="the result at inference")


@check(
    "dropout",
    points=1,
    hint="Which two values can a number x have afterwards? Work it out for a rate of .75.",
    more="0, or x / (1 - rate): of four numbers one stays, and it must stand for all four.",
)
def strengthens_what_stays(student, reference, rng):
    """sets each number to 0, or multiplies it by 1 / (1 - rate)"""
    x, rate = rng.uniform(1, 2, (30, 40)), round(float(rng.uniform(0.6, 0.8)), 2)
    got = shaped(student.dropped(x, rate, seed_from(rng), True), x.shape)
    fine = np.isclose(got, 0, atol=1e-5) | np.isclose(got, x / (1 - rate), rtol=1e-4)
    if not fine.all():
        at = np.unravel_index(fine.argmin(), fine.shape)
        raise Wrong(
            f"with a rate of {rate}, {x[at]:.3f} became {got[at]:.3f}; "
            f"expected is 0 or {x[at] / (1 - rate):.3f}."
        )
    if not 0 < (got == 0).mean() < 1:
        raise Wrong("all numbers are off, or none; some of each are expected.")


def image_and_box(got, image, box):
    """Compare (image, box) with what is expected, the image first."""
    if not isinstance(got, list | tuple) or len(got) != 2:
        raise Wrong("the result should be two things: an image and its box.")
    same(got[0], image, what="the image", picture=True)
    if (got[1] is None) != (box is None):
        raise Wrong(f"the box is {got[1]}; expected is {box}.")
    equal(got[1], box, what="the box")


@check(
    "boxes",
    points=1,
    hint="Draw an image of six columns on paper, with a box of two columns near the left rim. "
    "Where is it after mirroring? Which of its sides becomes which?",
    more="The right side becomes the left one: the new left is width - right, the new right is"
    " width - left. No 1 comes in, since right is the first column outside.",
)
def mirrors_both(student, reference, rng):
    """mirrors the image and its box"""
    image = rng.integers(0, 256, (8, 12, 3)).astype("uint8")
    top, left = int(rng.integers(1, 4)), int(rng.integers(0, 3))
    bottom, right = top + int(rng.integers(2, 4)), left + int(rng.integers(2, 4))
    expected = (top, 12 - right, bottom, 12 - left)
    image_and_box(student.mirror(image, (top, left, bottom, right)), np.fliplr(image), expected)


def cropped(student, image, box, top, left, height, width, expected):
    part = image[top : top + height, left : left + width]
    image_and_box(student.crop(image, box, top, left, height, width), part, expected)


@check(
    "boxes",
    points=1,
    hint="The part has its own row 0 and column 0. Which row and column of the image are they?",
    more="Take `top` from the box's rows and `left` from its columns.",
)
def counts_from_the_part(student, reference, rng):
    """gives the part of the image, and the box counted from the part's corner"""
    image = rng.random((12, 15, 3))
    top, left = int(rng.integers(1, 3)), int(rng.integers(4, 6))
    box = (top + 2, left + 1, top + 5, left + 7)
    cropped(student, image, box, top, left, 7, 9, (2, 1, 5, 7))


def blended(student, rng, alpha, n):
    """What is in each blended picture, (n, n), and its label, (n, n)."""
    images = np.uint8(200) * np.eye(n, dtype="uint8").reshape(n, n // 4, 4, 1)
    got = student.mixed(images, np.eye(n), alpha, seed_from(rng))
    if not isinstance(got, list | tuple) or len(got) != 2:
        raise Wrong("the result should be two things: images and labels.")
    pictures = shaped(got[0], images.shape, "the array of images").reshape(n, n) / 200
    return pictures, shaped(got[1], (n, n), "the array of labels")


@check(
    "mixup",
    points=2,
    hint="How much of each picture is in a blend, and what does its label say? Are shares and "
    "partners the same for both?",
    more="Draw partners and shares once, and use them for images and labels alike. Don't "
    "round: the blended images are floats.",
)
def labels_as_pictures(student, reference, rng):
    """blends labels in the same shares as pictures, with the same partners"""
    pictures, labels = blended(student, rng, 1.0, 60)
    if not pictures.any(axis=1).all():
        raise Wrong("some blends have nothing of any picture in them.")
    i, j = np.unravel_index(np.abs(labels - pictures).argmax(), labels.shape)
    has, says = pictures[i, j], labels[i, j]
    if abs(has - says) > 1e-4:
        raise Wrong(f"blend {i} has {has:.3f} of picture {j} in it, but its label says {says:.3f}.")


@check(
    "mixup",
    points=1,
    hint="A blend of two pictures of 100s: which values must it have, whatever the share?",
    more="If one has the share λ, the other has 1 - λ. And the partner must be another picture.",
)
def shares_make_one(student, reference, rng):
    """blends two pictures, with shares that make 1 together"""
    pictures, _ = blended(student, rng, 1.0, 60)
    total = pictures.sum(axis=1)
    same(total, np.ones(60), what="the sum of the shares of each blend", tolerance=1e-3)
    if pictures.min() < -1e-6 or ((pictures > 1e-6).sum(axis=1) > 2).any():
        raise Wrong("some blends are made of more than two pictures, or have a negative share.")
    if ((pictures > 1e-6).sum(axis=1) == 2).mean() < 0.5:
        raise Wrong("hardly any picture is blended with another one.")

MOVES = {
    "mirrored": lambda images: images[:, :, ::-1],
    "upside down": lambda images: images[:, ::-1],
    "half a turn": lambda images: images[:, ::-1, ::-1],
    "paler": lambda images: images // 2 + 60,
    "darker": lambda images: images // 2,
}
TASKS = {  # of the kinds 0 to 3 (b, d, p, q), the label
    "name the letter": lambda kinds: kinds,
    "left or right": lambda kinds: kinds % 2,
    "up or down": lambda kinds: kinds // 2,
    "b and q, or d and p": lambda kinds: np.isin(kinds, (0, 3)).astype(int),
}


def neighbours(known, known_labels, asked):
    from scipy.spatial.distance import cdist

    flat = (images.reshape(len(images), -1).astype(float) for images in (asked, known))
    return known_labels[cdist(*flat).argmin(axis=1)]


def measured(change, known, known_labels, asked, asked_labels):
    changed = known if change is None else MOVES[change](known)
    return np.mean(neighbours(changed, known_labels, asked) == asked_labels)


def compare_safe(student, everything, loss=0.15):
    least = measured(None, *everything) - loss
    expected = [change for change in MOVES if measured(change, *everything) >= least]
    equal(student.safe_changes(*everything, loss), expected, what="the list of safe changes")


def question(reference, rng, task):
    """Known letters and asked ones with the labels of a task."""
    (known, kinds), (asked, asked_kinds) = (
        reference.letters(n, seed_from(rng)) for n in (400, 100)
    )
    return known, TASKS[task](kinds), asked, TASKS[task](asked_kinds)


@check(
    "safe_changes",
    points=1,
    hint="What type do the pictures have, and what is 3 - 5 in it? And do you look for the "
    "smallest distance?",
    more="In uint8, 3 - 5 is 254. Use `.astype(float)` before you subtract; then `argmin` over"
    " the known pictures.",
)
def finds_the_nearest(student, reference, rng):
    """gives the label of the nearest known picture"""
    known, asked = (rng.integers(0, 256, (n, 4, 5)).astype("uint8") for n in (30, 12))
    labels = rng.permutation(100)[:30]
    got = student.nearest_labels(known, labels, asked)
    same(got, neighbours(known, labels, asked), what="`nearest_labels`")


@check(
    "safe_changes",
    points=1,
    hint="Which pictures are changed, and which stay as they are? If an accuracy is 1 although"
    " mirrored letters have another name, look at what you compare.",
    more="Change the known pictures only. If both sides are changed, they fit each other "
    "again, and nothing is measured.",
)
def measures_a_change(student, reference, rng):
    """measures the accuracy of one who knows changed pictures only"""
    for task, change in zip(TASKS, ("mirrored", None, "mirrored"), strict=False):
        asked = question(reference, rng, task)
        got = student.accuracy_knowing(change, *asked)
        same(got, measured(change, *asked), what=f"the accuracy ({task}; change: {change})")


@check(
    "safe_changes",
    points=1,
    hint="Print the accuracies for all changes. Which are far below that without any change?",
    more="Keep a change if its accuracy is at least that with None, minus `loss`.",
)
def safe_for_naming(student, reference, rng):
    """names the changes that are safe where the letter is to be named"""
    compare_safe(student, question(reference, rng, "name the letter"))

N, BATCH = 42, 4


def run_epochs(student, rng, count=2):
    """What the pipelines gave, and what they were given: images, labels, twice."""
    parts = []
    for n in (N, 9):
        images = 10 * np.arange(n).reshape(-1, 1, 1, 1) * np.ones((1, 2, 3, 1))
        parts.append((images.astype("float32"), rng.permutation(1000)[:n]))
    return student.epochs(*parts, BATCH, count), *parts


def together(epoch):
    """Images and labels of an epoch's batches, one behind the other."""
    if not epoch:
        raise Wrong("an epoch without any picture.")
    return tuple(np.concatenate([batch[k] for batch in epoch]) for k in (0, 1))


def numbers(batches_or_images):
    """Which pictures these are, from 0 to N - 1."""
    return (batches_or_images[:, 0, 0, 0] // 20).astype(int)


@check(
    "pipelines",
    points=2,
    hint="What may happen to validation pictures? Compare two epochs of them with the pictures"
    " that went in.",
    more="`prepare`, `cache`, `batch`, and nothing else: no `shuffle`, no `augment`.",
)
def validation_stays_as_it_is(student, reference, rng):
    """leaves the validation pictures in their order, prepared and otherwise unchanged"""
    found, _, (images, labels) = run_epochs(student, rng)
    for epoch in found["validation"]:
        got, got_labels = together(epoch)
        same(got_labels, labels, what="the array of an epoch's validation labels")
        same(got, 2 * images, what="the array of an epoch's validation pictures")


@check(
    "pipelines",
    points=1,
    hint="Are there as many pictures in an epoch as you put in? Does each of them have its own"
    " label?",
    more="Shuffle pairs of image and label, never both by themselves. The last batch may be "
    "smaller: no `drop_remainder`.",
)
def each_picture_with_its_label(student, reference, rng):
    """gives each training picture once an epoch, in batches, with its own label"""
    found, (_, labels), _ = run_epochs(student, rng)
    for epoch in found["training"]:
        got, got_labels = together(epoch)
        if len(got_labels) > N:
            raise Wrong(f"an epoch gives {len(got_labels)} pictures or more, where {N} were given.")
        sizes = [len(batch_labels) for _, batch_labels in epoch]
        equal(
            sorted(sizes, reverse=True),
            [BATCH] * (N // BATCH) + [N % BATCH],
            what="the list of batch sizes of an epoch, the largest first,",
        )
        equal(np.sort(numbers(got)), np.arange(N), what="the list of an epoch's pictures, sorted,")
        same(
            got_labels[np.argsort(numbers(got))],
            labels,
            what="the array of labels, sorted as their pictures were given,",
        )


@check(
    "pipelines",
    points=1,
    hint="Look at the order of the labels in two epochs. Are they equal, or just as they went in?",
    more="`shuffle` draws a new order each epoch, unless a `cache` behind it keeps the first one.",
)
def new_order_each_epoch(student, reference, rng):
    """gives the training pictures in a new order each epoch"""
    found, (_, labels), _ = run_epochs(student, rng)
    orders = [together(epoch)[1].tolist() for epoch in found["training"]]
    if labels.tolist() in orders:
        raise Wrong("an epoch has the training pictures in the order in which they were given.")
    if orders[0] == orders[1]:
        raise Wrong("both epochs have the training pictures in the same order.")
