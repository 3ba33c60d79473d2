"""Checks of exercise 2: softmax, loss, parameters, confusions, a small convnet, a block."""

import numpy as np
from scipy.special import log_softmax
from scipy.special import softmax as scipys_softmax
from sklearn.metrics import confusion_matrix as sklearns_matrix
from course.exercises import Wrong, check, equal, same

BUDGET = 6000
SIDES = range(2, 8)  # of a convolution's kernels


@check(
    "softmax",
    points=1,
    hint="Add up a row of your result, and a column. Which of them should be 1?",
    more="Both the maximum and the sum belong to a row: axis=1 with keepdims=True.",
)
def probabilities_in_rows(student, reference, rng):
    """makes probabilities of each row"""
    logits = rng.normal(0, 1.5, (3, 5))
    same(student.softmax(logits), scipys_softmax(logits, axis=1))


@check(
    "softmax",
    points=1,
    hint="Look at np.exp(1000.0). Which number can you take from all logits of a row?",
    more="Take the row's largest logit: then the largest power is np.exp(0) = 1.",
)
def large_logits(student, reference, rng):
    """copes with logits near a thousand"""
    logits = 1000 + rng.normal(0, 1.5, (3, 5))
    same(student.softmax(logits), scipys_softmax(logits, axis=1), magnitude=logits.max())


@check(
    "cross_entropy",
    points=1,
    hint="The loss is one number, the mean. Every class gets the same probability here: how large "
    "is it, and what does it cost?",
    more="Each digit costs ln K, and the mean of N equal numbers is that number. Is yours N times "
    "too large, negative, or in another logarithm? np.log is the natural one.",
)
def a_guess_costs_ln_k(student, reference, rng):
    """gives ln K where all K logits are equal"""
    n, k = int(rng.integers(3, 7)), int(rng.integers(3, 9))
    logits = np.full((n, k), rng.uniform(0.5, 2.0))
    same(student.cross_entropy(logits, rng.integers(0, k, n)), np.log(k), what="the loss")


@check(
    "cross_entropy",
    points=1,
    hint="From row i you want one number only: the logit of class labels[i].",
    more="logits[np.arange(N), labels] takes one number from each row; logits[:, labels] takes N.",
)
def mean_over_digits(student, reference, rng):
    """is the mean cost of the right classes"""
    logits = rng.normal(0, 1, (4, 6))
    labels = np.argsort(logits, axis=1)[np.arange(4), [0, 5, 1, 4]]  # likely and unlikely ones
    expected = -log_softmax(logits, axis=1)[np.arange(4), labels].mean()
    same(student.cross_entropy(logits, labels), expected, what="the loss", tolerance=1e-4)


@check(
    "count_parameters",
    points=1,
    hint="A kernel reads all channels of its input, and each kernel has one bias.",
    more="(k · k · depth + 1) · filters: the 1 stands inside the brackets.",
)
def one_convolution(student, reference, rng):
    """counts a convolution's weights and biases"""
    k, depth, filters = int(rng.choice([3, 5])), int(rng.integers(2, 5)), int(rng.integers(6, 12))
    counts = student.count_parameters((12, 14, depth), [("conv", filters, k)])
    equal(counts, [(k * k * depth + 1) * filters], what="the list of counts")


@check(
    "count_parameters",
    points=1,
    hint="How many numbers come out of flattening? How many does each unit of a layer have?",
    more="Flattening gives height · width · channels numbers, and a unit has a weight for each, "
    "and a bias. The next dense layer reads the units of the one before.",
)
def flatten_and_dense(student, reference, rng):
    """counts dense layers after flattening"""
    height, width, depth, first, second = (int(n) for n in rng.integers((4, 7, 2, 11, 5), 14))
    counts = student.count_parameters(
        (height, width, depth), [("flatten",), ("dense", first), ("dense", second)]
    )
    expected = [0, (height * width * depth + 1) * first, (first + 1) * second]
    equal(counts, expected, what="the list of counts")


@check(
    "confusion",
    points=1,
    hint="Count by hand for the first few examples: which row and which column does each go to?",
    more="matrix[true, said] += 1 for one example after the other. With whole arrays in the "
    "brackets NumPy adds 1 only once for each pair; np.add.at adds as often as the pair occurs.",
)
def rows_are_true(student, reference, rng):
    """counts true classes in rows and answers in columns"""
    labels, said = _answers(rng, 4)
    expected = sklearns_matrix(labels, said, labels=range(4))
    same(student.confusion_matrix(labels, said, 4), expected, what="the matrix", dtype="int")


@check(
    "confusion",
    points=1,
    hint="The largest number of all stands on the diagonal. What does the diagonal count?",
    more="Set the diagonal to 0 (np.fill_diagonal on a copy) before you look for the largest "
    "number, and give the smaller class first.",
)
def off_the_diagonal(student, reference, rng):
    """names two different classes, the smaller one first"""
    matrix = np.diag(rng.integers(80, 100, 6)) + rng.integers(0, 4, (6, 6))
    first, second = sorted(int(k) for k in rng.choice(6, 2, replace=False))
    matrix[first, second] += 20
    matrix[second, first] += 30  # below the diagonal, so that the order has to be mended
    equal(student.most_confused(matrix), [first, second], what="the pair")


@check(
    "small_convnet",
    points=1,
    hint="small_network().summary() shows the shapes, and where the parameters are. What comes "
    "in, what comes out, and how many numbers does flattening hand on?",
    more="Pool twice, and take few kernels in the last convolution: flattening then leaves some "
    "hundred numbers, and the ten classes cost ten times as many parameters.",
)
def within_the_budget(student, reference, rng):
    """takes 28 × 28 digits, and is a convnet of at most 6,000 parameters"""
    facts = reference.network_facts(student.packed_network())
    equal(facts["input"], [None, 28, 28, 1], what="the network's input shape")
    equal(facts["output"], [None, 10], what="the network's output shape")
    _is_small_convnet(facts)


@check(
    "small_convnet",
    points=1,
    hint="Add up the ten numbers that come out for a digit.",
    more='The last layer needs activation="softmax"; without it, logits come out.',
)
def gives_probabilities(student, reference, rng):
    """gives ten probabilities for each digit"""
    images = rng.integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    said = reference.predictions(student.packed_network(), images)
    same(said.sum(axis=1), np.ones(5), what="the sum of each digit's ten numbers", tolerance=1e-3)
    if said.min() < 0:
        raise Wrong(f"one of the ten numbers is {said.min():.3g}, and no probability is negative.")


@check(
    "residual_block",
    points=1,
    hint="Compare block.summary() with the list in the task: which layers are too many or missing?",
    more="With stride 1 and as many filters as channels there are two 3×3 convolutions and no "
    "projection; both pad with zeros.",
)
def keeps_the_shape(student, reference, rng):
    """keeps the shape, with two 3×3 convolutions and nothing else to learn"""
    c = int(rng.integers(2, 6))
    facts = reference.block_facts(student.packed_block((6, 7, c), c, 1))
    equal(facts["output"], [None, 6, 7, c], what="the block's output shape")
    equal(facts["sides"], [3, 3], what="the list of kernel sides")
    equal(facts["parameters"], 2 * (9 * c + 1) * c, what="the number of parameters")


@check(
    "residual_block",
    points=1,
    hint="If F gives zero everywhere, only x is left, and the last ReLU.",
    more="layers.ReLU()(layers.Add()([x, y])), where y is what the second convolution gives.",
)
def adds_the_input(student, reference, rng):
    """gives ReLU(x) where F is zero"""
    c = int(rng.integers(2, 5))
    packed = student.packed_block((5, 6, c), c, 1)
    x = rng.normal(0, 1, (2, 5, 6, c)).astype("float32")
    got = _block_output(reference, packed, x, _branch(c, c))
    same(got, np.maximum(x, 0), what="the block's output where F is zero")


@check(
    "residual_block",
    points=1,
    hint="The shapes of x and F(x) differ here. What makes them equal?",
    more="If the channels differ from filters, x goes through a 1×1 convolution with as many "
    "filters before it is added.",
)
def projects_to_more_channels(student, reference, rng):
    """projects x where the number of channels changes"""
    c, filters = int(rng.integers(2, 4)), int(rng.integers(5, 8))
    packed = student.packed_block((5, 6, c), filters, 1)
    x = rng.normal(0, 1, (2, 5, 6, c)).astype("float32")
    _same_projection(reference, packed, x, filters, 1, rng)


def _is_small_convnet(facts):
    """See that a network has parameters, not too many, and a convolution that slides."""
    if not 0 < facts["parameters"] <= BUDGET:
        raise Wrong(f"the network has {facts['parameters']:,} parameters; allowed are {BUDGET:,}.")
    if not set(facts["kernels"]) & set(SIDES):
        raise Wrong("the network has no convolution with kernels of 2 × 2 to 7 × 7 weights.")


def _answers(rng, n_classes):
    """Labels and answers of a classifier whose mistakes are not symmetric, in mixed order."""
    counts = rng.integers(1, 4, (n_classes, n_classes))
    counts += np.triu(rng.integers(4, 7, (n_classes, n_classes)))
    pairs = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    return pairs[:, rng.permutation(pairs.shape[1])]


def _branch(channels, filters, first_bias=0.0, second_bias=0.0):
    """Weights of the two 3×3 convolutions: kernels of zeros, and these biases."""
    return [
        {
            "kernel": np.zeros((3, 3, depth, filters), "float32"),
            "bias": np.zeros(filters, "float32") + np.float32(bias),
        }
        for depth, bias in ((channels, first_bias), (filters, second_bias))
    ]


def _block_output(reference, packed, x, branch, projection=None):
    """What the rebuilt block makes of x with these weights."""
    facts = reference.block_facts(packed)
    wanted = [3, 3] if projection is None else [1, 3, 3]
    equal(sorted(facts["sides"]), wanted, what="the list of kernel sides")
    if not facts["biases"]:
        raise Wrong("a convolution of the block has no bias; all of them should have one.")
    return reference.block_output(packed, x, branch, projection)


def _same_projection(reference, packed, x, filters, stride, rng):
    """The block with F = 0 is the ReLU of a 1×1 convolution, here a product of matrices."""
    channels = x.shape[-1]
    kernel = rng.normal(0, 1, (channels, filters)).astype("float32")
    bias = rng.normal(0, 0.3, filters).astype("float32")
    projection = {"kernel": kernel[None, None], "bias": bias}
    got = _block_output(reference, packed, x, _branch(channels, filters), projection)
    expected = np.maximum(x[:, ::stride, ::stride] @ kernel + bias, 0)
    same(got, expected, what="the block's output where F is zero", tolerance=1e-4)
