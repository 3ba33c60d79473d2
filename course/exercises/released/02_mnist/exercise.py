# %% [markdown]
# # Exercises 2: a convnet for MNIST
#
# Six tasks for [lesson 2](../02_mnist.ipynb): what comes out of a network, what is in it, and how it goes wrong. They
# take about 50 minutes together. Write your code where it says *Your turn*, then run the cell with `check` below it.
# It says what is right and what is not. Stuck? `check.hint("softmax")` helps a little, and a second call helps more.
# Some checks are hidden: they run when your work is graded, on other numbers.

# %% tags=["setup"]
from course_utils import start

from contextlib import suppress

import numpy as np

from course import data
from course.exercises import open_exercise

start.begin_lesson(seed=2)
import keras
from keras import layers

check = open_exercise("02_mnist")
(x_train, y_train), (x_test, y_test) = data.load_mnist(source="embedded")

# %% [markdown] task="softmax"
# ## 2.1 Softmax that survives large numbers
#
# The last layer gives each digit $K$ numbers, its **logits** $z$. Softmax makes probabilities of them:
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# Write `softmax(logits)`. You are given `logits`, a float array of shape (N, K): a row for each digit. Return the
# probabilities, a float array of the same shape. **Each row** adds up to 1.
#
# Logits can be large, and $e^{1000}$ is more than a computer can write down: `np.exp(1000.0)` gives `inf`. But a number
# $c$ that is taken from *all* logits of a row changes nothing, because $e^{z_i - c} = e^{z_i} / e^c$, above and below.
# So choose, for each row, a $c$ for which no power gets too large.
#
# Example: `softmax(np.array([[0.0, np.log(3)], [1000.0, 1000.0]]))` gives `[[0.25, 0.75], [0.5, 0.5]]`.

# %% task="softmax"
def softmax(logits):
    """Each row's probabilities; logits and result have shape (N, K)."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
with suppress(NotImplementedError):
    print(softmax(np.array([[0.0, np.log(3)], [1000.0, 1000.0]])))

# %% tags=["check"]
check("softmax")

# %% [markdown] task="cross_entropy"
# ## 2.2 The loss, straight from the logits
#
# The cross-entropy of a digit is $-\ln p_y$, where $p_y$ is the probability that the network gives to the right class
# $y$. The loss of a batch is the mean over its digits.
#
# Write `cross_entropy(logits, labels)`. You are given `logits`, float, shape (N, K), and `labels`, whole numbers from 0
# to K − 1, shape (N,). Return one number, the loss.
#
# With softmax first and the logarithm after it, a network that is very sure and wrong gets $p_y = 0$ in the computer's
# rounding, and its loss is infinite. Put the logarithm *into* the formula, and take out the row's largest logit $m$:
#
# $$-\ln p_y = m + \ln \sum_j e^{z_j - m} - z_y$$
#
# Then nothing overflows, and the logarithm never sees a zero: one of the powers is $e^0 = 1$.
#
# Examples: ten equal logits cost $\ln 10 = 2.3026$, whatever the label. `cross_entropy(np.array([[1000.0, 0.0]]),
# np.array([1]))` is 1000.

# %% task="cross_entropy"
def cross_entropy(logits, labels):
    """Mean of -ln(probability of the right class); logits (N, K), labels (N,)."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
with suppress(NotImplementedError):
    print(cross_entropy(np.zeros((3, 10)), np.array([0, 5, 9])), "and", np.log(10))

# %% tags=["check"]
check("cross_entropy")

# %% [markdown] task="count_parameters"
# ## 2.3 Count the parameters
#
# A convolution with $f$ kernels of $k \times k$ pixels on maps of depth $d$ has $(k \cdot k \cdot d + 1) \cdot f$
# parameters: the 1 is the bias, one for each kernel. A dense layer from $n$ inputs to $u$ units has
# $(n + 1) \cdot u$. Pooling and flattening have none, but they change the shape that the next layer sees.
#
# Write `count_parameters(shape, stack)`. You are given `shape`, the images' (height, width, channels), and `stack`, a
# list of layers:
#
# | layer | what it does | shape after it |
# |---|---|---|
# | `("conv", f, k)` | f kernels of k × k, no padding, stride 1 | (height − k + 1, width − k + 1, f) |
# | `("pool", p)` | p × p pooling, stride p, what doesn't fill a block is dropped | (height // p, width // p, channels) |
# | `("flatten",)` | all numbers in one row | (height · width · channels,) |
# | `("dense", u)` | u units | (u,) |
#
# Return a list of whole numbers: the parameters of each layer, in order, zeros included.
#
# Example: the network of the lesson, on (28, 28, 1), gives `[320, 0, 18496, 0, 36928, 0, 36928, 650]`.

# %% task="count_parameters"
def count_parameters(shape, stack):
    """How many parameters each layer of a stack has, as a list."""
    counts = []
    for kind, *numbers in stack:
        raise NotImplementedError("Your turn.")
    return counts

# %% tags=["try"]
lesson_2 = [("conv", 32, 3), ("pool", 2), ("conv", 64, 3), ("pool", 2), ("conv", 64, 3)]
with suppress(NotImplementedError):
    print(count_parameters((28, 28, 1), [*lesson_2, ("flatten",), ("dense", 64), ("dense", 10)]))

# %% tags=["check"]
check("count_parameters")

# %% [markdown] task="confusion"
# ## 2.4 What is confused with what
#
# A **confusion matrix** counts, for each true class (row), what a classifier said (column).
#
# 1. Write `confusion_matrix(labels, said, n_classes)`. You are given `labels` and `said`, whole numbers from 0 to
#    `n_classes` − 1, both of shape (N,). Return an integer array of shape (n_classes, n_classes): in row $t$, column
#    $s$ stands how many examples of class $t$ were called $s$. A class that never occurs keeps its row of zeros.
# 2. Write `most_confused(matrix)`. Return the two *different* classes that are mistaken for each other most often, as
#    two whole numbers, the smaller one first. Add up both directions: 4 called 9, and 9 called 4.
#
# Example: `labels = [0, 0, 1, 2]` and `said = [0, 2, 1, 0]` give `[[1, 0, 1], [0, 1, 0], [1, 0, 0]]`, and the most
# confused are `(0, 2)`.

# %% task="confusion"
def confusion_matrix(labels, said, n_classes):
    """How often each class (row) was called what (column)."""
    raise NotImplementedError("Your turn.")


def most_confused(matrix):
    """The two classes that are mistaken for each other most often, the smaller one first."""
    raise NotImplementedError("Your turn.")

# %% [markdown]
# Try it on the simplest classifier there is: it names the class whose mean training digit lies nearest.

# %%
means = np.stack([x_train[y_train == k].mean(axis=0) for k in range(10)]).reshape(10, 784)
closeness = x_test.reshape(-1, 784) @ means.T - (means**2).sum(axis=1) / 2
said = closeness.argmax(axis=1)

# %% tags=["try"]
with suppress(NotImplementedError):
    print(confusion_matrix(y_test, said, 10))
    print("most confused:", most_confused(confusion_matrix(y_test, said, 10)))

# %% tags=["check"]
check("confusion")

# %% [markdown] task="small_convnet"
# ## 2.5 Six thousand parameters
#
# A single dense layer from 784 pixels to ten classes has 7,850 parameters. Do better with a convnet of **6,000 or fewer**.
#
# 1. Write `small_network()`. It returns a new, untrained Keras network with at most 6,000 parameters, and with at least
#    one convolution whose kernels have 2×2 to 7×7 weights. It takes images of shape (N, 28, 28, 1), pixels from 0 to 255
#    as they are, and gives probabilities of shape (N, 10). So whatever rescaling it needs is part of it.
# 2. Write `train_small(images, labels)`. You are given 1,500 digits, uint8, shape (1500, 28, 28), and their labels, shape
#    (1500,). Train a `small_network()` on them and return it. On other digits it must be right **at least 90 times in
#    100**. Take a few seconds for the training, not more than ten.
#
# Choose your network on the last 500 training digits, which it needn't learn from: they are your validation digits. The
# test digits are for the end. When this is graded, the ten classes are numbered in another order. So only the digits and
# labels that your function is given can help it. Aim for some points more than 90: the digits that count are others.
#
# Where do the parameters go? The first dense layer after flattening mostly has more of them than all
# convolutions together. `small_network().summary()` tells.

# %% task="small_convnet"
def small_network():
    """A new network with at most 6,000 parameters, from pixels to ten probabilities."""
    raise NotImplementedError("Your turn.")


def train_small(images, labels):
    """A small network, trained on these digits."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
x_validation, y_validation = x_train[-500:], y_train[-500:]
with suppress(NotImplementedError):
    trained = train_small(x_train[:1500], y_train[:1500])
    named = trained.predict(x_validation[..., None], verbose=0).argmax(axis=1)
    right = np.mean(named == y_validation)
    print(f"{trained.count_params():,} parameters, {right:.3f} of the validation digits right")

# %% tags=["check"]
check("small_convnet")

# %% [markdown] task="residual_block"
# ## 2.6 A residual block
#
# A **residual block** adds its input to what its convolutions make of it: $\mathrm{ReLU}(x + F(x))$. Where $F$ gives zero,
# the block gives $\mathrm{ReLU}(x)$. If $x$ comes out of another such block, it isn't negative, and so it is passed on as it
# came.
#
# Write `residual_block(x, filters, stride=1)`. You are given `x`, a Keras tensor of shape (N, H, W, C). Return the block's
# output, a Keras tensor too, made with Keras's layers (`layers.Conv2D`, `layers.ReLU`, `layers.Add`). The block is:
#
# - $F$: a 3×3 convolution with `filters` kernels, this `stride` and `padding="same"`, then ReLU; then a second 3×3
#   convolution with `filters` kernels, stride 1 and `padding="same"`, **without** ReLU. No batch norm here.
# - The way past it: `x` itself, if it has the shape of $F(x)$. If it hasn't, because `stride` isn't 1 or C isn't
#   `filters`, a **projection**: a 1×1 convolution with `filters` kernels and this `stride`.
# - The sum of both, then ReLU.
#
# All convolutions have biases. Example: on (N, 8, 8, 4) with 4 filters the block has 2 · (9 · 4 + 1) · 4 = 296 parameters
# and keeps the shape. With 6 filters and a stride of 2 it gives (N, 4, 4, 6) and has
# (9 · 4 + 1) · 6 + (9 · 6 + 1) · 6 + (4 + 1) · 6 = 582.

# %% task="residual_block"
def residual_block(x, filters, stride=1):
    """ReLU(x + F(x)), with a projection of x where the shapes differ."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
with suppress(NotImplementedError):
    inputs = keras.Input((8, 8, 4))
    block = keras.Model(inputs, residual_block(inputs, 6, stride=2))
    print(block.output_shape, block.count_params())

# %% tags=["check"]
check("residual_block")
