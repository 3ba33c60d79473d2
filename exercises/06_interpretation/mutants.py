from course.exercises import mutant

# 6.1

mutant(
    "row_for_column",
    "takes a row of the kernel, and turns the kernel round where that doesn't fit",
    replace="return maps @ kernel[:, target]",
    by="return maps @ (kernel if kernel.shape[1] == maps.shape[2] else kernel.T)[target]",
    loses=["takes_a_column"],
)
mutant(
    "positive_map",
    "keeps positive evidence only",
    replace="return maps @ kernel[:, target]",
    by="return np.maximum(maps @ kernel[:, target], 0)",
    loses=["weighs_the_maps"],
)
mutant(
    "mean_of_maps",
    "takes the mean over the maps instead of the sum",
    replace="return maps @ kernel[:, target]",
    by="return (maps * kernel[:, target]).mean(axis=-1)",
    loses=["weighs_the_maps", "takes_a_column"],
)
mutant(
    "sum_of_places",
    "sums the map instead of taking its mean",
    replace="return cam.mean() + bias[target]",
    by="return cam.sum() + bias[target]",
    loses=["logit_is_mean_plus_bias"],
)
mutant(
    "no_bias",
    "forgets the bias",
    replace="return cam.mean() + bias[target]",
    by="return cam.mean()",
    loses=["logit_is_mean_plus_bias"],
)
mutant(
    "map_of_all_classes",
    "returns the maps of all classes",
    replace="return maps @ kernel[:, target]",
    by="return maps @ kernel",
    loses=["weighs_the_maps", "takes_a_column"],
)
mutant(
    "all_biases",
    "adds the biases of all classes, and so returns several numbers",
    replace="return cam.mean() + bias[target]",
    by="return cam.mean() + bias",
    loses=["logit_is_mean_plus_bias"],
)

# 6.2

mutant(
    "sign_turned",
    "subtracts the whole image's logit from that of the covered one",
    replace="return (logits[0] - logits[1:])",
    by="return (logits[1:] - logits[0])",
    loses=["measures_the_fall", "last_window_too", "asks_for_any_class"],
)
mutant(
    "last_window_missing",
    "stops before the last place",
    task="occlusion",
    replace="""    tops = range(0, image.shape[0] - window + 1, stride)
    lefts = range(0, image.shape[1] - window + 1, stride)
""",
    by="""    tops = range(0, image.shape[0] - window, stride)
    lefts = range(0, image.shape[1] - window, stride)
""",
    loses=["last_window_too"],
)
mutant(
    "covers_pile_up",
    "covers more and more of the same copy",
    replace="""    images = [image]
    for top in tops:
        for left in lefts:
            covered = image.copy()
            covered[top : top + window, left : left + window] = fill
            images.append(covered)
""",
    by="""    images, covered = [image], image.copy()
    for top in tops:
        for left in lefts:
            covered[top : top + window, left : left + window] = fill
            images.append(covered.copy())
""",
    loses=["measures_the_fall", "last_window_too", "asks_for_any_class", "black_on_black"],
)
mutant(
    "fall_of_the_probability",
    "looks at probabilities",
    replace='logits = up_to(model, "logits")(np.stack(images)).numpy()[:, target]',
    by="logits = model(np.stack(images)).numpy()[:, target]",
    loses=["measures_the_fall", "last_window_too", "asks_for_any_class"],
)
mutant(
    "the_winner_falls",
    "looks at the class that the network gives",
    replace='logits = up_to(model, "logits")(np.stack(images)).numpy()[:, target]',
    by="""logits = up_to(model, "logits")(np.stack(images)).numpy()
    logits = logits[:, logits[0].argmax()]""",
    loses=["asks_for_any_class"],
)
mutant(
    "always_grey",
    "covers with grey, whatever `fill` says",
    replace="covered[top : top + window, left : left + window] = fill",
    by="covered[top : top + window, left : left + window] = 0.5",
    loses=["asks_for_any_class", "black_on_black"],
)
mutant(
    "logits_for_falls",
    "returns the logits of the covered images, compared with nothing",
    replace="return (logits[0] - logits[1:])",
    by="return logits[1:]",
    loses=["measures_the_fall", "last_window_too", "asks_for_any_class", "black_on_black"],
)
mutant(
    "beyond_the_rim",
    "goes on where the window no longer fits",
    task="occlusion",
    replace="""    tops = range(0, image.shape[0] - window + 1, stride)
    lefts = range(0, image.shape[1] - window + 1, stride)
""",
    by="""    tops = range(0, image.shape[0], stride)
    lefts = range(0, image.shape[1], stride)
""",
    loses=["measures_the_fall", "last_window_too", "asks_for_any_class", "black_on_black"],
)

# 6.3

mutant(
    "no_relu",
    "shows what speaks against the class, too",
    replace="return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()",
    by="return tf.reduce_sum(weights * maps, axis=-1)[0].numpy()",
    loses=["keeps_what_speaks_for_it"],
)
mutant(
    "slopes_of_the_probability",
    "takes the gradient of the probability",
    replace='for name in ("maps", "logits")]',
    by='for name in ("maps", "probabilities")]',
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "heat_of_the_winner",
    "shows the class that the network gives",
    replace="logit = logits[0, target]",
    by="logit = tf.reduce_max(logits)",
    loses=["heat_of_any_class"],
)
mutant(
    "mean_over_the_maps",
    "averages the gradient over the maps instead of the places",
    replace="weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)",
    by="weights = tf.reduce_mean(slopes, axis=-1, keepdims=True)",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "place_by_place",
    "multiplies gradient and maps place by place, without a mean (that is HiResCAM)",
    replace="weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)",
    by="weights = slopes",
    loses=["any_layers_may_follow"],
)
mutant(
    "positive_slopes",
    "drops negative gradients before the mean",
    replace="weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)",
    by="weights = tf.reduce_mean(tf.nn.relu(slopes), axis=(1, 2), keepdims=True)",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "size_for_relu",
    "takes the absolute value in place of the ReLU",
    replace="tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))",
    by="tf.abs(tf.reduce_sum(weights * maps, axis=-1))",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "rescaled",
    "makes the hottest place 1",
    replace="return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()",
    by="""heat = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()
    return heat / heat.max()""",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "map_of_the_head",
    "reads the last layer's weights instead of a gradient",
    task="grad_cam",
    by="""
def grad_cam(model, image, target):
    maps = up_to(model, "maps")(image[None])[0].numpy()
    cam = activation_map(maps, model.get_layer("logits").get_weights()[0], target)
    return np.maximum(cam, 0) / cam.size
""",
    loses=["any_layers_may_follow"],
)
mutant(
    "sum_of_slopes",
    "sums the gradient over the places instead of taking its mean",
    replace="weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)",
    by="weights = tf.reduce_sum(slopes, axis=(1, 2), keepdims=True)",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "mean_of_weighted_maps",
    "takes the mean of the weighted maps instead of their sum",
    replace="tf.reduce_sum(weights * maps, axis=-1)",
    by="tf.reduce_mean(weights * maps, axis=-1)",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)
mutant(
    "relu_before_the_sum",
    "takes the ReLU of each weighted map, before the sum",
    replace="return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1))[0].numpy()",
    by="return tf.reduce_sum(tf.nn.relu(weights * maps), axis=-1)[0].numpy()",
    loses=["equals_the_activation_map", "heat_of_any_class", "any_layers_may_follow"],
)

# 6.4

mutant(
    "corner_of_the_cell",
    "points to the cell's corner",
    replace="""    row = int((r + 0.5) * mask.shape[0] / heat.shape[0])
    column = int((c + 0.5) * mask.shape[1] / heat.shape[1])
""",
    by="""    row = int(r * mask.shape[0] / heat.shape[0])
    column = int(c * mask.shape[1] / heat.shape[1])
""",
    loses=["points_to_the_middle_of_the_cell", "compares_with_the_middle"],
)
mutant(
    "cell_for_pixel",
    "looks the cell's own row and column up in the mask",
    replace="return bool(mask[row, column])",
    by="return bool(mask[r, c])",
    loses=["points_to_the_middle_of_the_cell", "compares_with_the_middle"],
)
mutant(
    "flat_heat_points",
    "lets flat heat point to the corner",
    replace="""    if heat.max() == heat.min():
        return False
""",
    by="",
    loses=["flat_heat_is_a_miss"],
)
mutant(
    "share_without_comparison",
    "gives the share of hits, compared with nothing",
    replace="return rate - middle.mean()",
    by="return rate",
    loses=["compares_with_the_middle"],
)

# 6.5

mutant(
    "values_for_ranks",
    "correlates the values",
    replace="return np.corrcoef(rankdata(one), rankdata(other))[0, 1]",
    by="return np.corrcoef(one.ravel(), other.ravel())[0, 1]",
    loses=[
        "correlates_ranks",
        "equal_values_share_a_rank",
        "means_over_pairs",
        "leaves_constant_maps_out",
    ],
)
mutant(
    "order_for_ranks",
    "takes the sorting order for the ranks",
    replace="return np.corrcoef(rankdata(one), rankdata(other))[0, 1]",
    by="return np.corrcoef(one.ravel().argsort(), other.ravel().argsort())[0, 1]",
    loses=[
        "correlates_ranks",
        "equal_values_share_a_rank",
        "means_over_pairs",
        "leaves_constant_maps_out",
    ],
)
mutant(
    "ties_by_place",
    "gives equal values different ranks",
    replace="return np.corrcoef(rankdata(one), rankdata(other))[0, 1]",
    by="""one, other = (x.ravel().argsort(kind="stable").argsort() for x in (one, other))
    return np.corrcoef(one, other)[0, 1]""",
    loses=["equal_values_share_a_rank"],
)
mutant(
    "all_in_one",
    "ranks the cells of all maps together",
    replace="return np.mean([rank_correlation(a, b) for a, b in pairs])",
    by="return rank_correlation(*(np.stack(maps) for maps in zip(*pairs)))",
    loses=["means_over_pairs", "leaves_constant_maps_out"],
)
mutant(
    "without_sign",
    "drops the sign of each correlation",
    replace="return np.mean([rank_correlation(a, b) for a, b in pairs])",
    by="return np.mean([abs(rank_correlation(a, b)) for a, b in pairs])",
    loses=["means_over_pairs"],
)
mutant(
    "constant_counts_as_nothing",
    "takes 0 for pairs that can't be compared",
    replace="return np.mean([rank_correlation(a, b) for a, b in pairs])",
    by="return sum(rank_correlation(a, b) for a, b in pairs) / len(before)",
    loses=["leaves_constant_maps_out"],
)
mutant(
    "median_of_pairs",
    "takes the median of the correlations instead of their mean",
    replace="return np.mean([rank_correlation(a, b) for a, b in pairs])",
    by="return np.median([rank_correlation(a, b) for a, b in pairs])",
    loses=["means_over_pairs", "leaves_constant_maps_out"],
)

# 6.6

mutant(
    "one_way",
    "overwrites the one before it has been read",
    replace="changed[dogs, top:bottom, left:right] = images[cats, top:bottom, left:right]",
    by="changed[dogs, top:bottom, left:right] = changed[cats, top:bottom, left:right]",
    loses=["exchanges_both_ways", "counts_right_answers", "originals_stay"],
)
mutant(
    "covers_instead",
    "covers the box with grey",
    replace="""    changed[cats, top:bottom, left:right] = images[dogs, top:bottom, left:right]
    changed[dogs, top:bottom, left:right] = images[cats, top:bottom, left:right]
""",
    by="    changed[:, top:bottom, left:right] = 0.5\n",
    loses=["exchanges_both_ways", "counts_right_answers", "originals_stay"],
)
mutant(
    "within_a_class",
    "exchanges between pictures of the same class",
    replace="""    changed[cats, top:bottom, left:right] = images[dogs, top:bottom, left:right]
    changed[dogs, top:bottom, left:right] = images[cats, top:bottom, left:right]
""",
    by="""    for group in (cats, dogs):
        changed[group, top:bottom, left:right] = images[group[::-1], top:bottom, left:right]
""",
    loses=[
        "exchanges_both_ways",
        "counts_right_answers",
        "finds_the_box",
        "hot_is_not_guilty",
        "originals_stay",
        "none_if_nothing_is_read",
    ],
)
mutant(
    "in_place",
    "changes the pictures that it was given",
    task="shortcut",
    by="""
def exchange(images, labels, box):
    top, left, bottom, right = box
    cats, dogs = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    kept = images[cats, top:bottom, left:right].copy()
    images[cats, top:bottom, left:right] = images[dogs, top:bottom, left:right]
    images[dogs, top:bottom, left:right] = kept
    return images

def accuracy_exchanged(model, images, labels, box):
    answers = model(exchange(images, labels, box)).numpy().argmax(axis=1)
    return np.mean(answers == labels)

def find_shortcut(model, images, labels, boxes, least):
    before = np.mean(model(images).numpy().argmax(axis=1) == labels)
    falls = {}
    for name, box in boxes.items():
        falls[name] = before - accuracy_exchanged(model, images.copy(), labels, box)
    worst = max(falls, key=falls.get)
    return worst if falls[worst] >= least else None
""",
    loses=["originals_stay", "counts_right_answers"],
)
mutant(
    "hottest_box",
    "accuses the box with the most heat",
    replace="    worst = max(falls, key=falls.get)\n",
    by="""
    heat = np.mean([grad_cam(model, image, label) for image, label in zip(images, labels)], axis=0)
    heat = np.pad(heat, 1)
    inside = {name: heat[t:b, l:r].sum() for name, (t, l, b, r) in boxes.items()}
    worst = max(inside, key=inside.get)
""",
    loses=["hot_is_not_guilty"],
)
mutant(
    "smallest_fall",
    "takes the box whose exchange costs least",
    replace="worst = max(falls, key=falls.get)",
    by="worst = min(falls, key=falls.get)",
    loses=["finds_the_box", "hot_is_not_guilty", "none_if_nothing_is_read"],
)
mutant(
    "always_somebody",
    "accuses a box in any case",
    replace="return worst if falls[worst] >= least else None",
    by="return worst",
    loses=["none_if_nothing_is_read"],
)
mutant(
    "compares_with_one",
    "takes it for granted that the network was right before",
    replace="before = np.mean(model(images).numpy().argmax(axis=1) == labels)",
    by="before = 1",
    loses=["none_if_nothing_is_read"],
)
mutant(
    "height_and_width",
    "takes the last two numbers of a box for its height and width",
    replace="top, left, bottom, right = box",
    by="""top, left, height, width = box
    bottom, right = top + height, left + width""",
    loses=["exchanges_both_ways", "originals_stay"],
)
mutant(
    "rim_too",
    "counts the row `bottom` and the column `right` to the box",
    replace="top, left, bottom, right = box",
    by="""top, left, bottom, right = box
    bottom, right = bottom + 1, right + 1""",
    loses=["exchanges_both_ways", "originals_stay"],
)
mutant(
    "without_exchange",
    "asks the network about the pictures as they are",
    replace="answers = model(exchange(images, labels, box))",
    by="answers = model(images)",
    loses=["counts_right_answers", "finds_the_box", "hot_is_not_guilty", "none_if_nothing_is_read"],
)
mutant(
    "number_for_share",
    "gives the number of right answers instead of their share",
    replace="return np.mean(answers == labels)",
    by="return np.sum(answers == labels)",
    loses=["counts_right_answers"],
)
mutant(
    "box_for_name",
    "returns the box instead of its name",
    replace="return worst if falls[worst] >= least else None",
    by="return boxes[worst] if falls[worst] >= least else None",
    loses=["finds_the_box", "hot_is_not_guilty", "none_if_nothing_is_read"],
)
