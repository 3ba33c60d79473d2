from course.exercises import mutant

# 4.1

mutant(
    "upside_down",
    "turns rows instead of columns round",
    replace="return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)",
    by="return np.where(chosen[:, None, None, None], images[:, ::-1], images)",
    loses=[
        "mirrors_left_to_right",
        "a_coin_for_each_picture",
        "new_coins_from_the_generator",
        "originals_stay",
    ],
)
mutant(
    "one_coin",
    "tosses one coin for the whole batch",
    replace="chosen = random.random(len(images)) < 0.5",
    by="chosen = np.full(len(images), random.random() < 0.5)",
    loses=["a_coin_for_each_picture", "new_coins_from_the_generator"],
)
mutant(
    "own_generator",
    "makes a generator of its own, with a fixed seed",
    replace="chosen = random.random(len(images)) < 0.5",
    by="chosen = np.random.default_rng(4).random(len(images)) < 0.5",
    loses=["new_coins_from_the_generator"],
)
mutant(
    "global_chance",
    "draws from NumPy's global generator",
    replace="chosen = random.random(len(images)) < 0.5",
    by="chosen = np.random.random(len(images)) < 0.5",
    loses=["new_coins_from_the_generator"],
)
mutant(
    "in_place",
    "mirrors in the array that it was given",
    task="flip_some",
    replace="    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)",
    by="""    images[chosen] = images[chosen][:, :, ::-1]
    return images.copy()""",
    loses=["originals_stay"],
)

# 4.2

mutant(
    "always_at_work",
    "drops at inference, too",
    replace="    if not training:\n        return x\n",
    by="",
    loses=["rests_at_inference"],
)
mutant(
    "not_strengthened",
    "leaves what stays as weak as it was",
    replace="return x * kept / (1 - rate)",
    by="return x * kept",
    loses=["strengthens_what_stays"],
)
mutant(
    "weakened_at_inference",
    "corrects at inference, as the first paper did",
    task="dropout",
    replace="""        return x
    kept = random.random(x.shape) >= rate
    return x * kept / (1 - rate)""",
    by="""        return x * (1 - rate)
    kept = random.random(x.shape) >= rate
    return x * kept""",
    loses=["rests_at_inference", "strengthens_what_stays"],
)
mutant(
    "keeps_the_rate",
    "takes the rate for the share that stays",
    replace="kept = random.random(x.shape) >= rate",
    by="kept = random.random(x.shape) < rate",
    loses=["switches_off_the_right_share"],
)
mutant(
    "one_mask",
    "switches the same columns off in all rows",
    replace="kept = random.random(x.shape) >= rate",
    by="kept = random.random(x.shape[-1:]) >= rate",
    loses=["each_number_by_itself"],
)

# 4.3

mutant(
    "box_stays",
    "mirrors the image, and leaves the box where it was",
    replace="(top, width - right, bottom, width - left)",
    by="box",
    loses=["mirrors_both"],
)
mutant(
    "sides_not_exchanged",
    "mirrors left and right, but leaves left on the left",
    replace="(top, width - right, bottom, width - left)",
    by="(top, width - left, bottom, width - right)",
    loses=["mirrors_both"],
)
mutant(
    "off_by_one",
    "counts columns from 1 on",
    replace="(top, width - right, bottom, width - left)",
    by="(top, width - 1 - right, bottom, width - 1 - left)",
    loses=["mirrors_both"],
)
mutant(
    "height_for_width",
    "mixes up rows and columns of the image",
    replace="width = image.shape[1]",
    by="width = image.shape[0]",
    loses=["mirrors_both"],
)
mutant(
    "counts_from_the_image",
    "cuts the box off, but counts from the image's corner",
    task="boxes",
    replace="""    rows = np.clip([box[0] - top, box[2] - top], 0, height)
    columns = np.clip([box[1] - left, box[3] - left], 0, width)
""",
    by="""    rows = np.clip([box[0], box[2]], top, top + height)
    columns = np.clip([box[1], box[3]], left, left + width)
""",
    loses=["counts_from_the_part", "cuts_off_the_rest"],
)
mutant(
    "not_cut_off",
    "moves the box, and lets it stick out",
    replace="""    rows = np.clip([box[0] - top, box[2] - top], 0, height)
    columns = np.clip([box[1] - left, box[3] - left], 0, width)
""",
    by="""    rows = [box[0] - top, box[2] - top]
    columns = [box[1] - left, box[3] - left]
""",
    loses=["cuts_off_the_rest", "none_if_nothing_is_left"],
)
mutant(
    "empty_box",
    "gives a box without any pixel",
    replace="""    if rows[0] == rows[1] or columns[0] == columns[1]:
        return part, None
""",
    by="",
    loses=["none_if_nothing_is_left"],
)

# 4.4

mutant(
    "labels_stay",
    "blends the pictures only",
    replace="return blend(images), blend(labels)",
    by="return blend(images), labels",
    loses=["labels_as_pictures"],
)
mutant(
    "labels_the_other_way",
    "gives the label of the partner the picture's share",
    replace="return blend(images), blend(labels)",
    by="return blend(images), share[:, None] * labels[partner] + (1 - share[:, None]) * labels",
    loses=["labels_as_pictures"],
)
mutant(
    "two_draws",
    "draws partners and shares anew for the labels",
    task="mixup",
    replace="    return blend(images), blend(labels)",
    by="""    blended = blend(images)
    partner = random.permutation(len(images))
    share = random.beta(alpha, alpha, len(images))
    return blended, blend(labels)""",
    loses=["labels_as_pictures"],
)
mutant(
    "rounded",
    "gives pictures in the type they came in",
    replace="return blend(images), blend(labels)",
    by="return blend(images).astype(images.dtype), blend(labels)",
    loses=["labels_as_pictures", "shares_make_one"],
)
mutant(
    "too_bright",
    "adds both with the same share",
    replace="return weight * x + (1 - weight) * x[partner]",
    by="return weight * x + weight * x[partner]",
    loses=["shares_make_one"],
)
mutant(
    "with_itself",
    "blends each picture with itself",
    replace="partner = random.permutation(len(images))",
    by="partner = np.arange(len(images))",
    loses=["shares_make_one", "a_share_for_each_picture", "alpha_sets_the_shares"],
)
mutant(
    "one_share",
    "draws one share for the whole batch",
    replace="share = random.beta(alpha, alpha, len(images))",
    by="share = np.full(len(images), random.beta(alpha, alpha))",
    loses=["a_share_for_each_picture", "alpha_sets_the_shares"],
)
mutant(
    "uniform_shares",
    "ignores alpha",
    replace="share = random.beta(alpha, alpha, len(images))",
    by="share = random.random(len(images))",
    loses=["alpha_sets_the_shares"],
)

# 4.5

mutant(
    "position_for_label",
    "gives the position of the nearest picture instead of its label",
    replace="return known_labels[nearest]",
    by="return np.array(nearest)",
    loses=[
        "finds_the_nearest",
        "measures_a_change",
        "safe_for_naming",
        "the_task_decides",
        "compares_with_no_change",
    ],
)
mutant(
    "changes_both_sides",
    "changes the asked pictures as well",
    replace="known = CHANGES[change](known)",
    by="known, asked = CHANGES[change](known), CHANGES[change](asked)",
    loses=["measures_a_change", "safe_for_naming", "the_task_decides", "compares_with_no_change"],
)
mutant(
    "fixed_measure",
    "asks for an accuracy near 1",
    replace="before = accuracy_knowing(None, *everything)",
    by="before = 1",
    loses=["compares_with_no_change"],
)
mutant(
    "by_opinion",
    "knows in advance what is safe for letters",
    replace="return [name for name in CHANGES if after[name] >= before - loss]",
    by='return ["paler", "darker"]',
    loses=["the_task_decides"],
)
mutant(
    "the_unsafe_ones",
    "names the changes that do harm",
    replace=">= before - loss",
    by="< before - loss",
    loses=["safe_for_naming", "the_task_decides", "compares_with_no_change"],
)

# 4.6

mutant(
    "validation_augmented",
    "augments validation pictures, too",
    replace="    return training, held_out",
    by="""    held_out = held_out.map(lambda images, labels: (augment(images), labels))
    return training, held_out""",
    loses=["validation_stays_as_it_is"],
)
mutant(
    "validation_shuffled",
    "shuffles validation pictures, too",
    replace=".cache().batch(batch_size)",
    by=".cache().shuffle(100).batch(batch_size)",
    loses=["validation_stays_as_it_is"],
)
mutant(
    "labels_lost",
    "shuffles images and labels by themselves",
    replace="training = training.shuffle(len(train[1])).batch(batch_size)",
    by="""images = training.map(lambda image, label: image).shuffle(len(train[1]))
    labels = training.map(lambda image, label: label).shuffle(len(train[1]))
    training = tf.data.Dataset.zip((images, labels)).batch(batch_size)""",
    loses=["each_picture_with_its_label"],
)
mutant(
    "rest_dropped",
    "throws the smaller last batch away",
    replace="training = training.shuffle(len(train[1])).batch(batch_size)",
    by="training = training.shuffle(len(train[1])).batch(batch_size, drop_remainder=True)",
    loses=["each_picture_with_its_label"],
)
mutant(
    "never_shuffled",
    "keeps the training pictures in their order",
    replace="training = training.shuffle(len(train[1])).batch(batch_size)",
    by="training = training.batch(batch_size)",
    loses=["new_order_each_epoch", "batches_are_mixed_anew"],
)
mutant(
    "shuffles_batches",
    "shuffles whole batches",
    replace="training = training.shuffle(len(train[1])).batch(batch_size)",
    by="training = training.batch(batch_size).shuffle(len(train[1]))",
    loses=["batches_are_mixed_anew"],
)
mutant(
    "cache_at_the_end",
    "caches augmented and shuffled batches",
    replace="training = training.map(lambda images, labels: (augment(images), labels))",
    by="training = training.map(lambda images, labels: (augment(images), labels)).cache()",
    loses=["new_order_each_epoch", "batches_are_mixed_anew", "augments_anew"],
)
mutant(
    "augmented_before_the_cache",
    "augments once, and shuffles afterwards",
    task="pipelines",
    replace="""    training = tf.data.Dataset.from_tensor_slices(train).map(prepare).cache()
    training = training.shuffle(len(train[1])).batch(batch_size)
    training = training.map(lambda images, labels: (augment(images), labels))
""",
    by="""    training = tf.data.Dataset.from_tensor_slices(train).map(prepare)
    training = training.map(lambda image, label: (augment(image[None])[0], label)).cache()
    training = training.shuffle(len(train[1])).batch(batch_size)
""",
    loses=["augments_anew"],
)
mutant(
    "never_augmented",
    "forgets the augmentation",
    replace="    training = training.map(lambda images, labels: (augment(images), labels))\n",
    by="",
    loses=["augments_anew"],
)
mutant(
    "prepared_each_epoch",
    "has no cache",
    replace="training = tf.data.Dataset.from_tensor_slices(train).map(prepare).cache()",
    by="training = tf.data.Dataset.from_tensor_slices(train).map(prepare)",
    loses=["prepares_once"],
)
