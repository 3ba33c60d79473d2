"""Checks of exercise 3: clean data, honest numbers."""

import math

import numpy as np

from course.exercises import Wrong, check, equal, same


def photos_of_two_kinds(rng, n_train=4, n_validation=3):
    """Dark training photos and bright validation photos; channels and pixels differ, too."""
    scale = np.array([60, 110, 160])
    train = rng.random((n_train, 3, 5, 3)) * scale
    validation = 60 + rng.random((n_validation, 3, 5, 3)) * scale
    train[:, 0] += 40  # the upper row is brighter
    return train.astype("uint8"), validation.astype("uint8")


def standardised(photos, train):
    """(photos - mean) / spread, channel by channel."""
    out = np.empty(photos.shape)
    for channel in range(3):
        values = train[..., channel].astype(float).ravel()
        mean = sum(values) / len(values)
        spread = (sum((values - mean) ** 2) / len(values)) ** 0.5
        out[..., channel] = (photos[..., channel] - mean) / spread
    return out


def both(answer):
    """The two parts of an answer that should be a pair."""
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Wrong("returns something else than two results; expected is `return first, second`.")
    return answer


@check(
    "standardise",
    points=1,
    hint="Three means and three spreads: one for each channel, over photos, rows and columns.",
    more="train.mean(axis=(0, 1, 2)) and train.std(axis=(0, 1, 2)) have the shape (3,).",
)
def training_photos(student, reference, rng):
    """standardises the training photos, channel by channel"""
    train, validation = photos_of_two_kinds(rng)
    got, _ = both(student.standardise(train, validation))
    same(got, standardised(train, train), what="train")


@check(
    "standardise",
    points=1,
    hint="Whose mean and spread do the validation photos get? They may well end up far from 0.",
    more="Work out mean and spread once, from train, and use them for both.",
)
def validation_photos(student, reference, rng):
    """treats validation photos with the training photos' mean and spread"""
    train, validation = photos_of_two_kinds(rng)
    _, got = both(student.standardise(train, validation))
    same(got, standardised(validation, train), what="validation")


@check(
    "standardise",
    points=1,
    hint="Look at the dtype of both results.",
    more=".astype('float32') at the end, on both.",
)
def four_bytes_each(student, reference, rng):
    """returns float32 for both"""
    train, validation = photos_of_two_kinds(rng)
    for what, got, photos in zip(
        ("train", "validation"),
        both(student.standardise(train, validation)),
        (train, validation),
        strict=True,
    ):
        same(got, standardised(photos, train), what=what, dtype="float32")


def curve(rng, patience, *, late=True):
    """Losses that improve, wait, improve, and wait; then, if late, the lowest of all."""
    down = 3 + np.sort(rng.random(int(rng.integers(3, 6))))[::-1]
    waiting = 3.9 + np.sort(rng.random(patience - 1))[::-1]  # above the best, and falling
    again = [2.8 + 0.1 * rng.random()]
    if late:
        waiting_again = 3.9 + np.sort(rng.random(patience + 2))[::-1]
        losses = [*down, *waiting, *again, *waiting_again, 0.5, 0.4]
    else:
        losses = [*down, *waiting, *again, *waiting]
    best = len(down) + len(waiting) + 1
    return [round(float(loss), 4) for loss in losses], best


@check(
    "early_stop",
    points=1,
    hint="Count epochs from 1. The best is the lowest of those that were trained, not of the "
    "whole list.",
    more="Go through the list from the front; remember the epoch of the lowest loss; break when "
    "it is `patience` epochs old.",
)
def best_epoch(student, reference, rng):
    """names the best epoch before the stop"""
    patience = int(rng.integers(2, 5))
    losses, best = curve(rng, patience)
    got, _ = both(student.early_stop(losses, patience))
    equal(got, best, what=f"best, with patience {patience} and losses {losses},")


@check(
    "early_stop",
    points=1,
    hint="Patience 2: after how many epochs without a new best is it used up? The count begins "
    "anew with each new best.",
    more="It stops after epoch best + patience: `if epoch - best >= patience: break`.",
)
def stops_in_time(student, reference, rng):
    """names the epoch after which the training stops"""
    patience = int(rng.integers(2, 5))
    losses, best = curve(rng, patience)
    _, got = both(student.early_stop(losses, patience))
    equal(got, best + patience, what=f"stopped, with patience {patience} and losses {losses},")


def marks(rng, n):
    """Fingerprints of n photos, of which no two are alike."""
    return rng.choice([-1, 1], (n, 64))


def with_changes(rng, mark, places):
    """A fingerprint that differs in so many places."""
    changed = mark.copy()
    changed[rng.choice(64, places, replace=False)] *= -1
    return changed


def leaky(rng, most):
    """Training and validation fingerprints, some of which differ in `most` places or fewer."""
    train, validation = marks(rng, 9), marks(rng, 6)
    validation[1] = with_changes(rng, train[7], 1)
    train[2] = with_changes(rng, validation[1], most)  # a second look-alike of the same photo
    validation[3] = with_changes(rng, train[5], most + 1)
    validation[4] = train[8]
    return train, validation


def pairs_of(train, validation, most):
    """The pairs, place by place."""
    return [
        [v, t]
        for v in range(len(validation))
        for t in range(len(train))
        if sum(a != b for a, b in zip(validation[v], train[t], strict=True)) <= most
    ]


def _listed(answer):
    """An answer of pairs as lists of ints; [] if there are none."""
    array = np.asarray(answer)
    if array.ndim != 2 or array.shape[1] != 2:
        raise Wrong(f"the pairs have shape {array.shape}; expected is (number of pairs, 2).")
    return array.tolist()


@check(
    "split",
    points=1,
    hint="Compare every validation photo with every training photo. A photo may have several "
    "look-alikes.",
    more="validation @ train.T is 64 − 2 · (places that differ); np.argwhere gives rows of "
    "indices, in order.",
)
def finds_the_leaks(student, reference, rng):
    """finds all the pairs that look alike"""
    train, validation = leaky(rng, 6)
    equal(
        _listed(student.leaks(train, validation, 6)),
        pairs_of(train, validation, 6),
        what="the list of pairs",
    )


def animals_and_labels(rng):
    """Photos of 60 animals, 40 cats and 20 dogs, 1 to 5 photos of each, in mixed order."""
    names = rng.permutation(np.arange(100, 900))[:60]
    kinds = np.repeat([0, 1], [40, 20])
    photos = rng.integers(1, 6, 60)
    order = rng.permutation(photos.sum())
    return np.repeat(names, photos)[order], np.repeat(kinds, photos)[order]


def halves(student, animals, labels, share, seed):
    """The two index arrays of a split, as plain ints."""
    parts = [
        np.asarray(part) for part in both(student.split_by_animal(animals, labels, share, seed))
    ]
    if any(part.dtype == bool for part in parts):
        raise Wrong("returns True and False for each photo; expected are the indices of photos.")
    if any(part.ndim != 1 or part.dtype.kind not in "iu" for part in parts):
        raise Wrong("returns something else than two arrays of indices, of whole numbers.")
    if any(len(part) and not 0 <= part.min() <= part.max() < len(animals) for part in parts):
        raise Wrong(f"returns indices beyond the {len(animals)} photos.")
    return parts


@check(
    "split",
    points=2,
    hint="Take one animal, and look where its photos went.",
    more="Pick from np.unique(animals), not from the photos; then np.isin(animals, picked) says "
    "which photos go with them.",
)
def no_animal_in_both(student, reference, rng):
    """keeps all photos of an animal on one side"""
    animals, labels = animals_and_labels(rng)
    train, validation = halves(student, animals, labels, 0.25, int(rng.integers(1000)))
    torn = np.intersect1d(animals[train], animals[validation])
    if len(torn):
        raise Wrong(
            f"has photos of {len(torn)} of 60 animals on both sides, animal {torn[0]} for one."
        )
    if not len(train) or not len(validation):
        raise Wrong("leaves one side of the split empty.")


@check(
    "split",
    points=1,
    hint="Is each photo's index in one of your two arrays, once?",
    more="np.flatnonzero(mask) and np.flatnonzero(~mask) together have every index, none twice.",
)
def every_photo_once(student, reference, rng):
    """puts every photo on one side, once"""
    animals, labels = animals_and_labels(rng)
    train, validation = halves(student, animals, labels, 0.25, int(rng.integers(1000)))
    everywhere = np.sort(np.concatenate([train, validation]))
    if not np.array_equal(everywhere, np.arange(len(animals))):
        counts = np.bincount(everywhere, minlength=len(animals))
        raise Wrong(f"leaves out {(counts == 0).sum()} photos, and has {(counts > 1).sum()} twice.")


@check(
    "split",
    points=1,
    hint="Count the validation *animals* of each class. Cats and dogs each have their own share.",
    more="Do it once for each label: candidates = np.unique(animals[labels == label]), and "
    "round(share * len(candidates)) of them.",
)
def share_of_each_class(student, reference, rng):
    """picks the right number of animals of each class"""
    for _ in range(12):
        animals, labels = animals_and_labels(rng)
        share = float(rng.choice([0.2, 0.25, 0.3]))
        _, validation = halves(student, animals, labels, share, int(rng.integers(1000)))
        for label, (name, count) in enumerate((("cats", 40), ("dogs", 20))):
            chosen = np.unique(animals[validation][labels[validation] == label])
            what = (
                f"the number of {name} among the validation animals, of {count} with share {share},"
            )
            equal(len(chosen), round(share * count), what=what)


def epochs_of(student, rng, training, count=60, batch_size=20, seed=None):
    """Two epochs of the student's pipeline."""
    seed = int(rng.integers(1, 1000)) if seed is None else seed
    got = student.two_epochs(count, batch_size, training, seed)
    if "epochs" not in got:
        shapes = [tuple(shape) for shape in got["shapes"][:3]]
        raise Wrong(f"gives photos of shapes {shapes}; expected is (batch, 1, 1, 3).")
    for epoch in got["epochs"]:
        if len(epoch["number"]) > count:
            raise Wrong(f"goes on after all {count} photos: an epoch has no end.")
    return got["epochs"]


@check(
    "pipeline",
    points=1,
    hint="Is the slow work done again in the second epoch? Its results can be kept.",
    more="photos.cache(), before anything else.",
)
def decodes_once(student, reference, rng):
    """decodes each photo only once"""
    for training in (True, False):
        first, second = (
            epoch["decoded"][np.argsort(epoch["number"], kind="stable")]
            for epoch in epochs_of(student, rng, training)
        )
        if not np.array_equal(first, second):
            kind = "training" if training else "validation"
            raise Wrong(f"decodes the {kind} photos again in the second epoch.")


@check(
    "pipeline",
    points=1,
    hint="Compare the order of two epochs. A cache keeps the order that it was given.",
    more="First .cache(), then .shuffle(count, seed=seed). By default it shuffles anew in each "
    "epoch.",
)
def another_order_each_epoch(student, reference, rng):
    """gives training photos in another order in each epoch"""
    first, second = (epoch["number"].tolist() for epoch in epochs_of(student, rng, True, 36, 3))
    if first == sorted(first):
        raise Wrong("leaves the training photos in the order of the files.")
    if first == second:
        raise Wrong("gives the training photos in the same order in both epochs.")


@check(
    "pipeline",
    points=1,
    hint="A cache keeps what it was given: also a random change, which is then no longer random.",
    more=".map(augment) comes after .cache(), and only if training.",
)
def augments_anew(student, reference, rng):
    """augments each training photo, and anew in each epoch"""
    first, second = (
        epoch["augmented"][np.argsort(epoch["number"], kind="stable")]
        for epoch in epochs_of(student, rng, True)
    )
    if not first.all():
        raise Wrong("leaves training photos as they are, without calling augment.")
    if max(first.max(), second.max()) > 1.01:
        raise Wrong("augments a training photo more than once.")
    if np.array_equal(first, second):
        raise Wrong("augments the photos in the first epoch, and repeats the same in the second.")


@check(
    "pipeline",
    points=1,
    hint="Which steps are for training only?",
    more="if training: photos = photos.shuffle(...), then .map(augment). For validation neither.",
)
def validation_stays(student, reference, rng):
    """leaves validation photos as they are, in their order"""
    for epoch in epochs_of(student, rng, False):
        if epoch["augmented"].any():
            raise Wrong("augments validation photos.")
        number = epoch["number"].tolist()
        if number != sorted(number):
            raise Wrong("changes the order of the validation photos.")


def three(answer):
    """The parts of an answer that should be three results."""
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        raise Wrong("returns something else than three results.")
    return answer


def some_right(rng, n, k):
    """n photos of which k are right, in mixed order."""
    return rng.permutation(np.arange(n) < k)


def fits(student, right):
    """Raise Wrong unless the ends are where |p - q| is 1.96 standard errors of q."""
    n, k = len(right), int(right.sum())
    said, low, high = three(student.accuracy_interval(right))
    same(said, k / n, what="the accuracy")
    square = 1.96**2 / n  # (p - q)^2 = square * q (1 - q), a quadratic equation for q
    ends = np.roots([1 + square, -(2 * k / n + square), (k / n) ** 2]).real
    what = f"the {{}} end, for {k} right of {n},"
    same(low, ends.min(), what=what.format("lower"))
    same(high, ends.max(), what=what.format("upper"))


@check(
    "chance",
    points=1,
    hint="Work out 8 of 10 by hand, and compare: the middle, the half width, what both are "
    "divided by.",
    more="Under the root: p (1 − p) / n + z² / (4 n²). Divide both middle ± half by 1 + z² / n.",
)
def interval_in_the_middle(student, reference, rng):
    """gives the accuracy and Wilson's interval"""
    n = int(rng.integers(20, 60))
    fits(student, some_right(rng, n, round(float(rng.uniform(0.55, 0.8)) * n)))


def two_networks(rng, only_a, only_b, both_right, both_wrong):
    """Right or wrong, photo by photo, of two networks that differ on so many photos."""
    counts = (only_a, only_b, both_right, both_wrong)
    order = rng.permutation(sum(counts))
    right_a = np.repeat([True, False, True, False], counts)[order]
    right_b = np.repeat([False, True, True, False], counts)[order]
    return right_a, right_b


def tossed(only_a, only_b):
    """The chance of tosses at least as uneven, added up over all of them."""
    m = only_a + only_b
    logs = [math.lgamma(m + 1) - math.lgamma(i + 1) - math.lgamma(m - i + 1) for i in range(m + 1)]
    chances = np.exp(np.array(logs) - m * math.log(2))
    uneven = np.abs(2 * np.arange(m + 1) - m) >= abs(only_a - only_b)
    return float(chances[uneven].sum())


@check(
    "chance",
    points=2,
    hint="Count the photos on which only A is right, and those on which only B is; forget the "
    "others. Both directions count.",
    more="right_a & ~right_b; then 2 * sum(math.comb(m, i) for i in range(min(a, b) + 1)) / 2**m.",
)
def compares_in_pairs(student, reference, rng):
    """compares two networks on the photos where they differ"""
    only = sorted(int(n) for n in rng.choice(np.arange(2, 12), 2, replace=False))
    if rng.random() < 0.5:
        only = only[::-1]
    right = two_networks(rng, *only, int(rng.integers(20, 40)), int(rng.integers(5, 15)))
    got = student.chance_of_difference(*right)
    same(got, tossed(*only), what=f"P, with a = {only[0]} and b = {only[1]},")


def answers_in_bins(rng, n_bins, filled):
    """Probabilities well inside of bins, some in each of the filled bins, and labels."""
    counts = 2 * rng.integers(1, 5, len(filled)) + 1  # odd, so that no share is one half
    bins = np.repeat(filled, counts)
    probabilities = (bins + rng.uniform(0.05, 0.7, len(bins))) / n_bins
    labels = (rng.random(len(bins)) < 0.5).astype(int)
    labels[np.unique(bins, return_index=True)[1]] = 1  # no bin without dogs
    order = rng.permutation(len(bins))
    return probabilities[order], labels[order]


def sorted_into(probabilities, labels, n_bins):
    """Counts, mean probabilities and shares of dogs, bin by bin."""
    counts, confidences, shares = np.zeros((3, n_bins))
    for i in range(n_bins):
        inside = (probabilities >= i / n_bins) & (probabilities < (i + 1) / n_bins)
        if i == n_bins - 1:
            inside |= probabilities == 1
        counts[i] = inside.sum()
        if inside.any():
            confidences[i], shares[i] = probabilities[inside].mean(), labels[inside].mean()
    return counts, confidences, shares


def three_alike(got, expected, kinds=("counts", "confidences", "shares")):
    """Compare the three arrays of a reliability diagram."""
    for what, one, right in zip(kinds, three(got), expected, strict=True):
        same(one, right, what=what)


@check(
    "reliability",
    points=1,
    hint="Which bin has a probability p? And of each bin, mean probability and share of dogs.",
    more="bins = (probabilities * n_bins).astype(int); then np.bincount with weights sums over "
    "each bin.",
)
def bins_that_are_filled(student, reference, rng):
    """sorts probabilities into bins, and averages in each"""
    n_bins = int(rng.integers(4, 8))
    probabilities, labels = answers_in_bins(rng, n_bins, np.arange(n_bins))
    got = student.reliability(probabilities, labels, n_bins)
    three_alike(got, sorted_into(probabilities, labels, n_bins))


@check(
    "reliability",
    points=1,
    hint="A bin of one photo shouldn't weigh as much as a bin of hundred.",
    more="sum(counts * abs(confidences - shares)) / sum(counts).",
)
def error_of_calibration(student, reference, rng):
    """weights each bin by its number of photos"""
    counts = np.array([1, 30, 4, 0, 12]) + np.array([1, 1, 1, 0, 1]) * rng.integers(0, 3)
    confidences, shares = rng.random((2, 5)) * (counts > 0)
    confidences[:3], shares[:3] = [0.1, 0.5, 0.4], [0.9, 0.4, 0.7]
    expected = (
        sum(n * abs(c - s) for n, c, s in zip(counts, confidences, shares, strict=True))
        / counts.sum()
    )
    same(student.calibration_error(counts, confidences, shares), expected, what="the error")
