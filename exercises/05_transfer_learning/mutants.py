"""Mistakes that people make in exercise 5, and the checks that each must lose."""

from course.exercises import mutant

mutant(
    "zero_to_one",
    "divides by 255 for a base that wants [-1, 1]",
    replace="return values / 127.5 - 1",
    by="return values / 255",
    loses=["minus_one_to_one"],
)
mutant(
    "red_first",
    "subtracts the means, but leaves the colours in RGB order",
    replace="values[..., ::-1] - MEAN_BGR",
    by="values - MEAN_BGR[::-1]",
    loses=["blue_first", "every_base"],
)
mutant(
    "mirrored",
    "turns the axis of the columns round instead of that of the colours",
    replace="values[..., ::-1] - MEAN_BGR",
    by="values[:, :, ::-1] - MEAN_BGR",
    loses=["blue_first", "every_base"],
)
mutant(
    "all_alike",
    "gives every base that isn't VGG16's kind values in [-1, 1]",
    replace="- MEAN_BGR\n    return values",
    by="- MEAN_BGR\n    return values / 127.5 - 1",
    loses=["every_base"],
)
mutant(
    "whole_numbers_left",
    "leaves whole numbers where floats are asked for",
    replace="- MEAN_BGR\n    return values",
    by="- MEAN_BGR\n    return pixels",
    loses=["every_base"],
)
mutant(
    "largest_value_first",
    "asks for a largest value of at most 1 before it looks for negative ones",
    task="preparation",
    by="""
def preparation(values):
    if values.max() <= 1:
        return "unit"
    return "caffe" if values.min() < -2 else "pixels"
""",
    loses=["tells_the_ranges_apart", "finds_twice"],
)
mutant(
    "negative_is_symmetric",
    "takes everything with negative values for [-1, 1]",
    replace='    if low < -2:\n        return "caffe"\n',
    by="",
    loses=["finds_the_means_subtracted"],
)
mutant(
    "twice_not_seen",
    "looks at the smallest value only",
    replace='return "symmetric" if high > 0 else "twice"',
    by='return "symmetric"',
    loses=["finds_twice"],
)
mutant(
    "by_the_type",
    "takes whole numbers for pixels, and floats for anything else",
    replace='return "unit" if high <= 1 else "pixels"',
    by='return "unit" if values.dtype.kind == "f" else "pixels"',
    loses=["whatever_the_type"],
)
mutant(
    "last_batch_lost",
    "goes through whole batches only",
    replace="range(0, len(images), batch_size)",
    by="range(0, len(images) - batch_size + 1, batch_size)",
    loses=["means_of_maps", "last_batch", "any_batch_size"],
)
mutant(
    "not_preprocessed",
    "gives the network pixels as they are",
    replace="base.preprocess(images[begin : begin + batch_size])",
    by='images[begin : begin + batch_size].astype("float32")',
    loses=["means_of_maps", "any_batch_size"],
)
mutant(
    "preprocessed_twice",
    "preprocesses all images, and each batch once more",
    replace="base.preprocess(images[begin : begin + batch_size])",
    by="base.preprocess(base.preprocess(images)[begin : begin + batch_size])",
    loses=["means_of_maps", "any_batch_size"],
)
mutant(
    "pooled_over_the_channels",
    "takes the mean over a position and the channels",
    replace="np.mean(base.model(batch, training=False), axis=(1, 2))",
    by="np.mean(base.model(batch, training=False), axis=(2, 3))",
    loses=["means_of_maps", "last_batch", "any_batch_size"],
)
mutant(
    "one_layer_too_early",
    "takes the maps before the last layer",
    task="features_of",
    replace="base.model(batch, training=False)",
    by="keras.Model(base.model.input, base.model.layers[-2].output)(batch, training=False)",
    loses=["means_of_maps", "any_batch_size"],
)
mutant(
    "training_mode",
    "runs batch norm as in training",
    replace="base.model(batch, training=False)",
    by="base.model(batch, training=True)",
    loses=["means_of_maps", "any_batch_size"],
)
mutant(
    "the_notebooks_base",
    "uses the notebook's base, whichever it is given",
    replace="def features_of(base, images, batch_size):",
    by="def features_of(network, images, batch_size):",
    loses=["means_of_maps", "last_batch", "any_batch_size"],
)
mutant(
    "not_standardised",
    "trains on features as they come",
    replace="keras.Input(features.shape[1:]), scaling, neuron",
    by="keras.Input(features.shape[1:]), neuron",
    loses=["tells_classes_apart"],
)
mutant(
    "head_not_trained",
    "compiles the head and forgets to fit it",
    replace="    head.fit(features, labels, batch_size=16, epochs=8, verbose=0)\n",
    by="",
    loses=["tells_classes_apart"],
)
mutant(
    "softmax_of_one",
    "takes the softmax of one number, which is always 1",
    replace='neuron = layers.Dense(1, activation="sigmoid")',
    by='neuron = layers.Dense(1, activation="softmax")',
    loses=["tells_classes_apart"],
)
mutant(
    "head_gives_logits",
    "leaves the sigmoid to the loss, so that logits come out",
    task="train_head",
    replace="""    neuron = layers.Dense(1, activation="sigmoid")
    head = keras.Sequential([keras.Input(features.shape[1:]), scaling, neuron])
    head.compile(keras.optimizers.Adam(2e-2), "binary_crossentropy")
""",
    by="""    neuron = layers.Dense(1)
    head = keras.Sequential([keras.Input(features.shape[1:]), scaling, neuron])
    head.compile(keras.optimizers.Adam(2e-2), keras.losses.BinaryCrossentropy(from_logits=True))
""",
    loses=["one_neuron", "tells_classes_apart"],
)
mutant(
    "everything_trainable",
    "unfreezes the whole base",
    task="unfreeze_block",
    replace='layer.trainable = layer.name.startswith(f"{block}_") and not normalises',
    by="layer.trainable = True",
    loses=[
        "only_this_block",
        "batch_norm_frozen",
        "frozen_before",
        "block1_is_not_block10",
        "moves_block_and_head",
    ],
)
mutant(
    "batch_norm_learns",
    "unfreezes the block's batch norm as well",
    replace='layer.trainable = layer.name.startswith(f"{block}_") and not normalises',
    by='layer.trainable = layer.name.startswith(f"{block}_")',
    loses=["batch_norm_frozen", "frozen_before", "moves_block_and_head"],
)
mutant(
    "model_stays_frozen",
    "sets the layers' flags while that of the model is off",
    replace="    model.trainable = True\n",
    by="",
    loses=["frozen_before"],
)
mutant(
    "from_this_block_on",
    "unfreezes all layers from this block on",
    replace="""    for layer in model.layers:
        normalises = isinstance(layer, layers.BatchNormalization)
        layer.trainable = layer.name.startswith(f"{block}_") and not normalises
""",
    by="""    reached = False
    for layer in model.layers:
        reached = reached or layer.name.startswith(f"{block}_")
        layer.trainable = reached and not isinstance(layer, layers.BatchNormalization)
""",
    loses=["frozen_before", "block1_is_not_block10", "moves_block_and_head"],
)
mutant(
    "block1_and_block10",
    "compares names without the underscore",
    replace='layer.name.startswith(f"{block}_")',
    by="layer.name.startswith(block)",
    loses=["block1_is_not_block10"],
)
mutant(
    "counts_averages_too",
    "counts all numbers of the layers that learn, batch norm's moving averages too",
    replace="sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)",
    by="sum(layer.count_params() for layer in model.layers if layer.trainable)",
    loses=["counts_what_learns"],
)
mutant(
    "not_compiled_again",
    "unfreezes the block and doesn't compile again",
    replace='    network.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy")\n',
    by="",
    loses=["moves_block_and_head", "learns_and_forgets_little"],
)
mutant(
    "never_frozen",
    "trains the head with the whole base free",
    replace="    base.trainable = False\n",
    by="",
    loses=["moves_block_and_head", "learns_and_forgets_little"],
)
mutant(
    "no_head_first",
    "trains block and head together from the start, with a small rate",
    replace="    base.trainable = False\n"
    '    network.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")\n'
    "    network.fit(images, labels, batch_size=8, epochs=5, verbose=0)\n",
    by="",
    loses=["learns_and_forgets_little"],
)
mutant(
    "rate_too_large",
    "fine-tunes with the head's learning rate",
    replace="keras.optimizers.Adam(1e-4)",
    by="keras.optimizers.Adam(1e-2)",
    loses=["learns_and_forgets_little"],
)
