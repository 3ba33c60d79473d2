"""Wrong solutions of exercise 3: mistakes that people make, and what each must lose."""

from course.exercises import mutant

# 3.1

ALL_VALUES = ["training_photos", "validation_photos"]

mutant(
    "own_statistics",
    "standardises the validation photos with their own mean and spread",
    replace="standardised = [(photos - mean) / spread for photos in (train, validation)]",
    by="standardised = [(p - p.mean((0, 1, 2))) / p.std((0, 1, 2)) for p in (train, validation)]",
    loses=["validation_photos", "one_photo_alone", "four_bytes_each"],
)
mutant(
    "statistics_of_all",
    "lets the validation photos take part in mean and spread",
    replace="    mean = train.mean(axis=(0, 1, 2))\n    spread = train.std(axis=(0, 1, 2))\n",
    by="    both = np.concatenate([train, validation])\n"
    "    mean, spread = both.mean((0, 1, 2)), both.std((0, 1, 2))\n",
    loses=[*ALL_VALUES, "one_photo_alone", "four_bytes_each"],
)
mutant(
    "one_mean_for_all",
    "takes one mean and one spread for all channels",
    replace="    mean = train.mean(axis=(0, 1, 2))\n    spread = train.std(axis=(0, 1, 2))\n",
    by="    mean, spread = train.mean(), train.std()\n",
    loses=[*ALL_VALUES, "four_bytes_each", "one_photo_alone"],
)
mutant(
    "pixel_by_pixel",
    "takes the mean over the photos only, for each pixel by itself",
    replace="    mean = train.mean(axis=(0, 1, 2))\n    spread = train.std(axis=(0, 1, 2))\n",
    by="    mean, spread = train.mean(axis=0), train.std(axis=0)\n",
    loses=[*ALL_VALUES, "four_bytes_each", "one_photo_alone"],
)
mutant(
    "variance_for_spread",
    "divides by the variance",
    replace="train.std(axis=(0, 1, 2))",
    by="train.var(axis=(0, 1, 2))",
    loses=[*ALL_VALUES, "four_bytes_each", "one_photo_alone"],
)
mutant(
    "spread_of_a_sample",
    "divides by n - 1 in the spread",
    replace="train.std(axis=(0, 1, 2))",
    by="train.std(axis=(0, 1, 2), ddof=1)",
    loses=[*ALL_VALUES, "four_bytes_each", "one_photo_alone"],
)
mutant(
    "mean_in_a_byte",
    "subtracts the mean as a byte, so that dark pixels wrap round",
    replace="(photos - mean) / spread",
    by='(photos - mean.astype("uint8")) / spread',
    loses=[*ALL_VALUES, "four_bytes_each", "one_photo_alone"],
)
mutant(
    "left_at_eight_bytes",
    "returns float64",
    replace='photos.astype("float32")',
    by="photos",
    loses=["four_bytes_each"],
)

# 3.2

mutant(
    "sees_the_future",
    "takes the lowest loss of the whole list",
    task="early_stop",
    loses=["best_epoch", "stops_in_time"],
    by="""
def early_stop(losses, patience):
    best = int(np.argmin(losses)) + 1
    return best, min(best + patience, len(losses))
""",
)
mutant(
    "one_epoch_late",
    "stops when patience is exceeded, not when it is used up",
    replace="epoch - best >= patience",
    by="epoch - best > patience",
    loses=["stops_in_time", "ties"],
)
mutant(
    "from_zero",
    "counts epochs from 0",
    replace="return best, epoch",
    by="return best - 1, epoch - 1",
    loses=["best_epoch", "stops_in_time", "to_the_end", "ties"],
)
mutant(
    "better_than_yesterday",
    "compares with the epoch before, not with the best",
    task="early_stop",
    replace="if loss < losses[best - 1]:",
    by="if epoch > 1 and loss < losses[epoch - 2]:",
    loses=["best_epoch", "stops_in_time", "to_the_end", "ties"],
)
mutant(
    "ties_are_progress",
    "takes an equal loss for a better one",
    replace="loss < losses[best - 1]",
    by="loss <= losses[best - 1]",
    loses=["ties"],
)
mutant(
    "waits_in_all",
    "never sets its count back to zero",
    task="early_stop",
    replace="""    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
""",
    by="""    best, waited = 1, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        elif epoch > 1:
            waited += 1
        if waited == patience:
""",
    loses=["stops_in_time", "to_the_end"],
)
mutant(
    "last_weights_kept",
    "keeps the last epoch's weights",
    replace="return best, epoch",
    by="return epoch, epoch",
    loses=["best_epoch", "to_the_end", "ties"],
)
mutant(
    "highest_loss",
    "looks for the highest, as one would for an accuracy",
    replace="loss < losses[best - 1]",
    by="loss > losses[best - 1]",
    loses=["best_epoch", "stops_in_time", "to_the_end", "ties"],
)
mutant(
    "always_patience_more",
    "adds patience to the best epoch even if the list ends before",
    replace="return best, epoch",
    by="return best, best + patience",
    loses=["to_the_end"],
)

# 3.3

mutant(
    "exact_copies_only",
    "finds fingerprints that are equal in all places only",
    replace="different <= most",
    by="different == 0",
    loses=["finds_the_leaks", "at_the_limit"],
)
mutant(
    "below_the_limit",
    "leaves out the pairs that differ in exactly `most` places",
    replace="different <= most",
    by="different < most",
    loses=["finds_the_leaks", "at_the_limit"],
)
mutant(
    "twice_the_places",
    "forgets that each different place lowers the product by 2",
    replace="(places - validation @ train.T) // 2",
    by="places - validation @ train.T",
    loses=["finds_the_leaks", "at_the_limit"],
)
mutant(
    "training_photo_first",
    "gives the training photo's index first",
    replace="(places - validation @ train.T) // 2",
    by="(places - train @ validation.T) // 2",
    loses=["finds_the_leaks", "at_the_limit"],
)
mutant(
    "most_alike_only",
    "finds one training photo for each validation photo, the most similar",
    replace="    return np.argwhere(different <= most)",
    by="    best = different.argmin(axis=1)\n"
    "    pairs = [[v, t] for v, t in enumerate(best) if different[v, t] <= most]\n"
    "    return np.array(pairs, dtype=int).reshape(-1, 2)",
    loses=["finds_the_leaks"],
)
mutant(
    "list_of_nothing",
    "returns an empty array without its two columns",
    replace="np.argwhere(different <= most)",
    by="np.array([(v, t) for v, t in np.argwhere(different <= most)])",
    loses=["no_leaks"],
)
mutant(
    "split_by_photo",
    "picks photos, not animals",
    replace="    for_validation = np.isin(animals, picked)\n",
    by="    for_validation = random.random(len(animals)) < share\n",
    loses=["no_animal_in_both", "share_of_each_class"],
)
mutant(
    "not_stratified",
    "picks from all animals at once, whatever their class",
    replace="    for label in (0, 1):\n        candidates = np.unique(animals[labels == label])\n",
    by="    for _ in (0,):\n        candidates = np.unique(animals)\n",
    loses=["share_of_each_class"],
)
mutant(
    "first_animals",
    "takes the first animals instead of random ones",
    replace="random.choice(candidates, n, replace=False)",
    by="candidates[:n]",
    loses=["drawn_by_the_seed"],
)
mutant(
    "seed_forgotten",
    "draws other animals at each call",
    replace="np.random.default_rng(seed)",
    by="np.random.default_rng()",
    loses=["drawn_by_the_seed"],
)
mutant(
    "seed_written_in",
    "uses a seed of its own",
    replace="np.random.default_rng(seed)",
    by="np.random.default_rng(42)",
    loses=["drawn_by_the_seed"],
)
mutant(
    "picked_twice",
    "may pick an animal twice, and so picks too few",
    replace="random.choice(candidates, n, replace=False)",
    by="random.choice(candidates, n)",
    loses=["share_of_each_class"],
)
mutant(
    "share_of_the_photos",
    "takes a share of the number of photos, not of animals",
    replace="n = round(share * len(candidates))",
    by="n = min(len(candidates) - 1, round(share * np.sum(labels == label)))",
    loses=["share_of_each_class"],
)
mutant(
    "one_photo_an_animal",
    "puts one photo of each picked animal into validation, and drops the others",
    replace="np.flatnonzero(for_validation)",
    by="np.array([np.flatnonzero(animals == animal)[0] for animal in picked])",
    loses=["every_photo_once"],
)
mutant(
    "animals_for_photos",
    "returns the animals' places in the list of animals, not the photos'",
    replace="    for_validation = np.isin(animals, picked)\n",
    by="    for_validation = np.isin(np.unique(animals), picked)\n",
    loses=["no_animal_in_both", "every_photo_once", "share_of_each_class"],
)

# 3.4

PIPELINE = [
    "decodes_once",
    "another_order_each_epoch",
    "mixes_cats_and_dogs",
    "augments_anew",
    "validation_stays",
    "nobody_is_lost",
    "repeats_by_the_seed",
]

mutant(
    "no_cache",
    "decodes the files in every epoch",
    replace="photos = photos.cache()",
    by="photos = photos",
    loses=["decodes_once"],
)
mutant(
    "shuffled_before_the_cache",
    "caches the shuffled photos, in the order of the first epoch",
    replace="    photos = photos.cache()\n"
    "    if training:\n"
    "        photos = photos.shuffle(count, seed=seed)\n",
    by="    if training:\n"
    "        photos = photos.shuffle(count, seed=seed)\n"
    "    photos = photos.cache()\n"
    "    if training:\n",
    loses=["another_order_each_epoch"],
)
mutant(
    "augmented_before_the_cache",
    "caches the augmented photos",
    task="pipeline",
    replace="""    photos = photos.cache()
    if training:
        photos = photos.shuffle(count, seed=seed)
        photos = photos.map(augment, num_parallel_calls=tf.data.AUTOTUNE)
""",
    by="""    photos = photos.map(augment).cache() if training else photos.cache()
    if training:
        photos = photos.shuffle(count, seed=seed)
""",
    loses=["augments_anew"],
)
mutant(
    "cached_at_the_end",
    "puts the cache last, so that every epoch repeats the first",
    task="pipeline",
    replace="""    photos = photos.cache()
    if training:
        photos = photos.shuffle(count, seed=seed)
        photos = photos.map(augment, num_parallel_calls=tf.data.AUTOTUNE)
    return photos.batch(batch_size)""",
    by="""    if training:
        photos = photos.shuffle(count, seed=seed).map(augment)
    return photos.batch(batch_size).cache()""",
    loses=["another_order_each_epoch", "augments_anew"],
)
mutant(
    "small_buffer",
    "shuffles with a buffer of one batch",
    replace="photos.shuffle(count, seed=seed)",
    by="photos.shuffle(batch_size, seed=seed)",
    loses=["mixes_cats_and_dogs"],
)
mutant(
    "batches_shuffled",
    "shuffles whole batches instead of photos",
    task="pipeline",
    replace="""        photos = photos.shuffle(count, seed=seed)
        photos = photos.map(augment, num_parallel_calls=tf.data.AUTOTUNE)
""",
    by="""        return photos.map(augment).batch(batch_size).shuffle(count, seed=seed)
""",
    loses=["mixes_cats_and_dogs"],
)
mutant(
    "shuffled_once",
    "keeps the order of the first epoch",
    replace="photos.shuffle(count, seed=seed)",
    by="photos.shuffle(count, seed=seed, reshuffle_each_iteration=False)",
    loses=["another_order_each_epoch"],
)
mutant(
    "never_shuffled",
    "leaves the training photos in their order",
    replace="        photos = photos.shuffle(count, seed=seed)\n",
    by="",
    loses=["another_order_each_epoch", "mixes_cats_and_dogs", "repeats_by_the_seed"],
)
mutant(
    "order_without_seed",
    "shuffles without the seed",
    replace="shuffle(count, seed=seed)",
    by="shuffle(count)",
    loses=["repeats_by_the_seed"],
)
mutant(
    "validation_augmented",
    "augments validation photos as well",
    replace="    return photos.batch(batch_size)",
    by="    if not training:\n"
    "        photos = photos.map(augment)\n"
    "    return photos.batch(batch_size)",
    loses=["validation_stays"],
)
mutant(
    "validation_shuffled",
    "shuffles validation photos as well",
    replace="    photos = photos.cache()\n",
    by="    photos = photos.cache()\n"
    "    if not training:\n"
    "        photos = photos.shuffle(count)\n",
    loses=["validation_stays"],
)
mutant(
    "validation_not_cached",
    "caches the training photos only",
    replace="photos = photos.cache()",
    by="photos = photos.cache() if training else photos",
    loses=["decodes_once"],
)
mutant(
    "last_batch_dropped",
    "drops the last, smaller batch",
    replace="photos.batch(batch_size)",
    by="photos.batch(batch_size, drop_remainder=True)",
    loses=["nobody_is_lost"],
)
mutant(
    "never_ends",
    "repeats for ever, so that an epoch has no end",
    replace=".prefetch(tf.data.AUTOTUNE)",
    by=".repeat().prefetch(tf.data.AUTOTUNE)",
    loses=PIPELINE,
)

# 3.5

BOTH_INTERVALS = ["interval_in_the_middle", "interval_at_the_ends"]

mutant(
    "two_standard_errors",
    "takes the simple interval, which has no width at the ends",
    task="chance",
    replace="""    middle = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)""",
    by="""    half = z * math.sqrt(p * (1 - p) / n)
    return p, p - half, p + half""",
    loses=BOTH_INTERVALS,
)
mutant(
    "one_standard_error",
    "takes one standard error to each side",
    replace="1.96",
    by="1.0",
    loses=BOTH_INTERVALS,
)
mutant(
    "z_not_squared",
    "leaves z unsquared in the last division",
    replace="return p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)",
    by="return p, (middle - half) / (1 + z / n), (middle + half) / (1 + z / n)",
    loses=BOTH_INTERVALS,
)
mutant(
    "certain_at_the_ends",
    "special-cases the ends, and claims certainty there",
    replace="    half = z *",
    by="    if p in (0, 1):\n        return p, p, p\n    half = z *",
    loses=["interval_at_the_ends"],
)
mutant(
    "high_before_low",
    "gives the upper end first",
    replace="return p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)",
    by="return p, (middle + half) / (1 + z**2 / n), (middle - half) / (1 + z**2 / n)",
    loses=BOTH_INTERVALS,
)
mutant(
    "one_sided",
    "counts one direction only",
    replace="min(1.0, 2 * tail / 2**m)",
    by="min(1.0, tail / 2**m)",
    loses=["compares_in_pairs", "no_difference", "thousands_of_photos"],
)
mutant(
    "above_one",
    "lets a probability be more than 1",
    replace="min(1.0, 2 * tail / 2**m)",
    by="2 * tail / 2**m",
    loses=["no_difference"],
)
mutant(
    "tail_without_its_end",
    "leaves the tosses as uneven as these out",
    replace="range(min(only_a, only_b) + 1)",
    by="range(min(only_a, only_b))",
    loses=["compares_in_pairs", "no_difference", "thousands_of_photos"],
)
mutant(
    "all_photos_tossed",
    "counts the photos on which both agree as tosses",
    replace="m = only_a + only_b",
    by="m = len(right_a)",
    loses=["compares_in_pairs", "no_difference", "thousands_of_photos"],
)
mutant(
    "not_paired",
    "compares the two accuracies as if each network had photos of its own",
    replace="    m = only_a + only_b\n",
    by="    n, p = len(right_a), float(np.mean(right_a) + np.mean(right_b)) / 2\n"
    "    error = math.sqrt(2 * p * (1 - p) / n)\n"
    "    return math.erfc(abs(only_a - only_b) / n / error / math.sqrt(2))\n",
    loses=["compares_in_pairs", "thousands_of_photos"],
)
mutant(
    "floats_overflow",
    "turns whole numbers into floats too early",
    replace="2 * tail / 2**m",
    by="2 * float(tail) / 2.0**m",
    loses=["thousands_of_photos"],
)

# 3.6

mutant(
    "no_bin_for_one",
    "gives a probability of 1 a bin of its own, one too many",
    replace="np.minimum((probabilities * n_bins).astype(int), n_bins - 1)",
    by="(probabilities * n_bins).astype(int)",
    loses=["quite_sure"],
)
mutant(
    "zeros_left_out",
    "makes bins that don't include their lower end, so that 0 is in none",
    replace="    counts = np.bincount(bins, minlength=n_bins)\n",
    by="    inside = probabilities > 0\n"
    "    bins, probabilities, labels = bins[inside], probabilities[inside], labels[inside]\n"
    "    counts = np.bincount(bins, minlength=n_bins)\n",
    loses=["quite_sure"],
)
mutant(
    "rounded_bins",
    "rounds to the nearest bin",
    replace="(probabilities * n_bins).astype(int)",
    by="np.round(probabilities * n_bins).astype(int)",
    loses=["bins_that_are_filled", "empty_bins", "quite_sure"],
)
mutant(
    "middle_of_the_bin",
    "takes the bin's middle for its mean probability",
    replace="np.bincount(bins, probabilities, n_bins) / filled",
    by="np.where(counts, (np.arange(n_bins) + 0.5) / n_bins, 0)",
    loses=["bins_that_are_filled", "empty_bins", "quite_sure"],
)
mutant(
    "divides_by_nothing",
    "divides by zero where a bin is empty",
    replace="filled = np.maximum(counts, 1)",
    by="filled = counts",
    loses=["empty_bins"],
)
mutant(
    "last_bins_missing",
    "has no room for empty bins at the end",
    replace="    counts = np.bincount(bins, minlength=n_bins)\n",
    by="    n_bins = bins.max() + 1\n    counts = np.bincount(bins, minlength=n_bins)\n",
    loses=["empty_bins"],
)
mutant(
    "right_instead_of_dogs",
    "takes the share of right answers for the share of dogs",
    replace="np.bincount(bins, labels, n_bins)",
    by="np.bincount(bins, labels == (probabilities > 0.5), n_bins)",
    loses=["bins_that_are_filled", "empty_bins", "quite_sure"],
)
mutant(
    "bins_count_the_same",
    "gives each bin the same weight",
    replace="float(np.sum(counts * np.abs(confidences - shares)) / np.sum(counts))",
    by="float(np.mean(np.abs(confidences - shares)))",
    loses=["error_of_calibration"],
)
mutant(
    "errors_cancel",
    "lets too high and too low cancel out",
    replace="np.sum(counts * np.abs(confidences - shares))",
    by="abs(np.sum(counts * (confidences - shares)))",
    loses=["error_of_calibration"],
)
