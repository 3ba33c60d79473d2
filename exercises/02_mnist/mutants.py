"""Mistakes that people make in exercise 2, and the checks that each must lose."""

from course.exercises import mutant

CONVOLUTIONS = """        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),"""

mutant(
    "softmax_down_the_columns",
    "makes each column add up to 1, not each row",
    task="softmax",
    replace="""    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)""",
    by="""    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)""",
    loses=["probabilities_in_rows", "large_logits", "each_row_by_itself"],
)
mutant(
    "softmax_overflows",
    "takes the powers of the logits as they are",
    replace="np.exp(logits - logits.max(axis=1, keepdims=True))",
    by="np.exp(logits)",
    loses=["large_logits", "each_row_by_itself"],
)
mutant(
    "softmax_one_maximum",
    "takes one maximum for the whole batch",
    replace="np.exp(logits - logits.max(axis=1, keepdims=True))",
    by="np.exp(logits - logits.max())",
    loses=["each_row_by_itself"],
)
mutant(
    "softmax_clipped",
    "clips large logits instead of shifting them",
    replace="np.exp(logits - logits.max(axis=1, keepdims=True))",
    by="np.exp(np.clip(logits, -500, 500))",
    loses=["large_logits", "each_row_by_itself"],
)
mutant(
    "loss_summed",
    "adds the digits' losses up instead of taking their mean",
    replace="np.mean(log_sums",
    by="np.sum(log_sums",
    loses=["a_guess_costs_ln_k", "mean_over_digits", "sure_and_wrong"],
)
mutant(
    "loss_of_all_columns",
    "takes the columns of all labels from every row",
    replace="log_sums - logits[np.arange(len(labels)), labels]",
    by="log_sums[:, None] - logits[:, labels]",
    loses=["mean_over_digits", "sure_and_wrong"],
)
mutant(
    "loss_with_a_small_number",
    "keeps the logarithm finite by a small number added to the probability",
    task="cross_entropy",
    by="""
def cross_entropy(logits, labels):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return -np.mean(np.log(probabilities[np.arange(len(labels)), labels] + 1e-7))
""",
    loses=["sure_and_wrong"],
)
mutant(
    "loss_in_bits",
    "takes the logarithm to base 2",
    replace="np.mean(log_sums - logits[np.arange(len(labels)), labels])",
    by="np.mean(log_sums - logits[np.arange(len(labels)), labels]) / np.log(2)",
    loses=["a_guess_costs_ln_k", "mean_over_digits", "sure_and_wrong"],
)
mutant(
    "no_bias",
    "forgets the biases",
    task="count_parameters",
    replace="(side * side * shape[2] + 1) * filters",
    by="side * side * shape[2] * filters",
    loses=["one_convolution", "whole_stack"],
)
mutant(
    "one_channel_only",
    "counts kernels as if each read one channel",
    replace="(side * side * shape[2] + 1) * filters",
    by="(side * side + 1) * filters",
    loses=["one_convolution", "whole_stack"],
)
mutant(
    "bias_for_each_input",
    "gives a dense layer a bias for each input instead of each unit",
    replace="(shape[0] + 1) * numbers[0], (numbers[0],)",
    by="shape[0] * (numbers[0] + 1), (numbers[0],)",
    loses=["flatten_and_dense", "whole_stack"],
)
mutant(
    "flatten_forgets_channels",
    "flattens height and width only",
    replace="shape = (shape[0] * shape[1] * shape[2],)",
    by="shape = (shape[0] * shape[1],)",
    loses=["flatten_and_dense", "whole_stack"],
)
mutant(
    "convolution_keeps_the_size",
    "takes the convolutions for padded ones",
    replace="shape = (shape[0] - side + 1, shape[1] - side + 1, filters)",
    by="shape = (shape[0], shape[1], filters)",
    loses=["whole_stack"],
)
mutant(
    "pooling_rounds_up",
    "keeps the rows and columns that don't fill a block",
    replace="shape = (shape[0] // numbers[0], shape[1] // numbers[0], shape[2])",
    by="shape = (-(-shape[0] // numbers[0]), -(-shape[1] // numbers[0]), shape[2])",
    loses=["whole_stack"],
)
mutant(
    "rows_and_columns_swapped",
    "puts what was said into the rows",
    replace="matrix[true, answer] += 1",
    by="matrix[answer, true] += 1",
    loses=["rows_are_true", "absent_classes"],
)
mutant(
    "each_pair_once",
    "adds with whole arrays in the brackets, which counts each pair once",
    replace="""    for true, answer in zip(labels, said, strict=True):
        matrix[true, answer] += 1
""",
    by="    matrix[labels, said] += 1\n",
    loses=["rows_are_true", "absent_classes"],
)
mutant(
    "only_classes_found",
    "makes the matrix as large as the largest class that occurs",
    replace="matrix = np.zeros((n_classes, n_classes), int)",
    by="matrix = np.zeros((max(labels.max(), said.max()) + 1,) * 2, int)",
    loses=["absent_classes"],
)
mutant(
    "diagonal_kept",
    "takes the right answers for the most frequent confusion",
    replace="np.triu(matrix + matrix.T, k=1)",
    by="np.triu(matrix + matrix.T)",
    loses=["off_the_diagonal", "both_directions"],
)
mutant(
    "one_direction",
    "looks for the largest number, in one direction only",
    task="confusion",
    replace="""    both = np.triu(matrix + matrix.T, k=1)
    first, second = np.unravel_index(both.argmax(), both.shape)
    return int(first), int(second)""",
    by="""    wrong = matrix - np.diag(np.diag(matrix))
    first, second = np.unravel_index(wrong.argmax(), wrong.shape)
    return int(min(first, second)), int(max(first, second))""",
    loses=["both_directions"],
)
mutant(
    "larger_class_first",
    "gives the pair in the order of the matrix, not the smaller class first",
    replace="np.triu(matrix + matrix.T, k=1)",
    by="np.tril(matrix + matrix.T, k=-1)",
    loses=["off_the_diagonal", "both_directions"],
)
mutant(
    "too_many_parameters",
    "flattens after one pooling, which gives the last layer 19,370 parameters",
    replace="""        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),""",
    by="""        layers.Conv2D(16, 3, strides=1, activation="relu"),
        layers.Flatten(),""",
    loses=["within_the_budget", "reads_digits"],
)
mutant(
    "no_convolution",
    "averages blocks of pixels, and lets dense layers do the rest",
    replace=CONVOLUTIONS,
    by="""        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(28, activation="relu"),""",
    loses=["within_the_budget", "reads_digits"],
)
mutant(
    "dense_in_disguise",
    "takes a convolution as large as the image, which is a dense layer",
    replace=CONVOLUTIONS,
    by="""        layers.AveragePooling2D(2),
        layers.Conv2D(28, 14, activation="relu"),
        layers.Flatten(),""",
    loses=["within_the_budget", "reads_digits"],
)
mutant(
    "pixels_one_by_one",
    "mixes no neighbours: kernels of 1×1 on blocks that were averaged",
    replace=CONVOLUTIONS,
    by="""        layers.AveragePooling2D(2),
        layers.Conv2D(2, 1, activation="relu"),
        layers.Flatten(),""",
    loses=["within_the_budget", "reads_digits"],
)
mutant(
    "logits_come_out",
    "leaves the softmax to the loss, so that logits come out",
    task="small_convnet",
    replace='''        layers.Dense(10, activation="softmax"),
    ])


def train_small(images, labels):
    """A small network, trained on these digits."""
    network = small_network()
    network.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
''',
    by="""        layers.Dense(10),
    ])


def train_small(images, labels):
    network = small_network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(5e-3), loss)
""",
    loses=["gives_probabilities"],
)
mutant(
    "not_trained",
    "returns a network that has learned nothing",
    replace="    network.fit(images, labels, batch_size=32, epochs=8, verbose=0)\n",
    by="",
    loses=["reads_digits"],
)
mutant(
    "trains_on_other_digits",
    "trains on the notebook's digits, not on those that it is given",
    replace="network.fit(images, labels, batch_size=32, epochs=8, verbose=0)",
    by="network.fit(x_train[:1500], y_train[:1500], batch_size=32, epochs=8, verbose=0)",
    loses=["reads_digits"],
)
mutant(
    "learning_rate_too_small",
    "trains with a learning rate for fine-tuning",
    replace="keras.optimizers.Adam(5e-3)",
    by="keras.optimizers.Adam(1e-5)",
    loses=["reads_digits"],
)
mutant(
    "no_addition",
    "leaves out the sum",
    replace="layers.ReLU()(layers.Add()([x, y]))",
    by="layers.ReLU()(y)",
    loses=[
        "adds_the_input",
        "projects_to_more_channels",
        "projects_when_striding",
        "relu_after_the_sum",
        "relu_in_between",
    ],
)
mutant(
    "relu_before_the_sum",
    "applies ReLU to F, and nothing to the sum",
    replace="layers.ReLU()(layers.Add()([x, y]))",
    by="layers.Add()([x, layers.ReLU()(y)])",
    loses=[
        "adds_the_input",
        "projects_to_more_channels",
        "projects_when_striding",
        "relu_after_the_sum",
        "relu_in_between",
    ],
)
mutant(
    "relu_before_and_after",
    "applies ReLU to F, and to the sum once more",
    replace='y = layers.Conv2D(filters, 3, padding="same")(y)',
    by='y = layers.Conv2D(filters, 3, padding="same", activation="relu")(y)',
    loses=["relu_after_the_sum"],
)
mutant(
    "no_relu_in_between",
    "has no ReLU between the two convolutions",
    replace='y = layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu")(x)',
    by='y = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)',
    loses=["relu_in_between"],
)
mutant(
    "no_projection",
    "adds x as it is, whatever its shape",
    replace="    if stride != 1 or x.shape[-1] != filters:\n"
    "        x = layers.Conv2D(filters, 1, strides=stride)(x)\n",
    by="",
    loses=["projects_to_more_channels", "projects_when_striding"],
)
mutant(
    "projection_for_channels_only",
    "forgets that a stride changes the shape as well",
    replace="if stride != 1 or x.shape[-1] != filters:",
    by="if x.shape[-1] != filters:",
    loses=["projects_when_striding"],
)
mutant(
    "always_projects",
    "projects x even where it has the right shape",
    replace="    if stride != 1 or x.shape[-1] != filters:\n"
    "        x = layers.Conv2D(filters, 1, strides=stride)(x)\n",
    by="    x = layers.Conv2D(filters, 1, strides=stride)(x)\n",
    loses=["keeps_the_shape", "adds_the_input", "relu_after_the_sum", "relu_in_between"],
)
mutant(
    "not_padded",
    "leaves out the padding, so that x no longer fits",
    task="residual_block",
    replace='y = layers.Conv2D(filters, 3, padding="same")(y)',
    by="y = layers.Conv2D(filters, 3)(y)",
    loses=[
        "keeps_the_shape",
        "adds_the_input",
        "projects_to_more_channels",
        "projects_when_striding",
        "relu_after_the_sum",
        "relu_in_between",
    ],
)
mutant(
    "stride_in_the_second",
    "strides in the second convolution, after all the work of the first",
    task="residual_block",
    replace="""    y = layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu")(x)
    y = layers.Conv2D(filters, 3, padding="same")(y)
""",
    by="""    y = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(filters, 3, strides=stride, padding="same")(y)
""",
    loses=["projects_when_striding"],
)
