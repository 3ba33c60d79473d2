# %% [markdown]
# # 2. A convnet for MNIST
#
# **How does a network learn to read digits, and what does convolution have to do with it?**
#
# You give a computer a few thousand handwritten digits and their names, and it learns to read digits that it has
# never seen. First with a network that knows nothing about images, then with one built from the convolutions of
# [lesson 1](01_convolution.ipynb). Then you take the network apart to find out which of its parts do the work.
#
# **You will learn**
#
# 1. to build, train, save and judge a convolutional network, and to work out its sizes, weights and costs by hand;
# 2. what locality, weight sharing and pooling are worth, by leaving them out, and what a network's kernels become;
# 3. why deep networks fail to train, and how initialisation, batch normalisation and skip connections help.
#
# It is a long lesson. After section 2.7 is a good place to stop for the day, and 2.13 and 2.14 can wait until lesson
# 5 needs them.

# %%
from course_utils import figures, recorded, start
import numpy as np
from course import data, instruments

# COURSE_SCALE=full, or scale="full" here, trains on all of MNIST.
SCALE = start.begin_lesson(seed=2)
predict = instruments.open_lesson("02_mnist")

import keras
from keras import layers

# %% [markdown] given=["70,000", "60,000"]
# ## 2.1 The digits, in three parts
#
# MNIST holds 70,000 digits, written by employees of the US Census Bureau and by students: 60,000 to learn from and
# 10,000 for testing. In quick size you take a small part of both.

# %%
n_train, n_test = (4000, 1000) if SCALE == "quick" else (None, None)
(x, y), (x_test, y_test) = data.load_mnist(n_train=n_train, n_test=n_test)

# %% [markdown]
# The line above says which digits you have. The network learns from the **training** digits. To compare networks and
# choose between them you need digits that it hasn't learned from, so keep some of the digits back. These are for
# **validation**:

# %%
held_out = 500 if SCALE == "quick" else 10_000
x_train, x_validation = x[:-held_out], x[-held_out:]
y_train, y_validation = y[:-held_out], y[-held_out:]
print(f"{len(x_train):,} for training, {len(x_validation):,} for validation, "
      f"{len(x_test):,} for the test")

# %% [markdown]
# Why keep the test digits apart as well? If you try twenty networks and choose the best on the validation digits, it
# is the best partly by luck, and its accuracy there flatters it. So the **test** digits stay locked away until all
# choices have been made: section 2.15 opens them, once.
#
# Before anything else, look at the data:

# %%
figures.image_grid(
    x_train[:20], titles=[str(label) for label in y_train[:20]], columns=10,
    alt="Twenty handwritten digits, white on black, each with its class above it.",
)

# %% [markdown]
# **Predict.** You guess the class of each digit blindly. What share of your answers is right?

# %%
predict.number(
    "chance", 0.1, tolerance=0.005, label="Share, from 0 to 1",
    mistakes={
        10: "You mean ten in a hundred. As a share that is 0.1.",
        0.5: "One half is chance with two classes. Here there are ten.",
        0.11: "One in nine? Count the 0 as well: there are ten classes.",
        0.01:
            "You multiplied two tenths. The digit is given; only the guess has to hit.",
    },
)

# %% [markdown]
# Let NumPy guess, and count how frequent each class is:

# %%
guesses = np.random.default_rng(0).integers(10, size=len(y_validation))
counts = np.bincount(y_validation, minlength=10)
print(f"guessing blindly: {np.mean(guesses == y_validation):.3f}")
print("validation digits of each class:", counts)
print(f"always saying {counts.argmax()}: {counts.max() / counts.sum():.3f}")

# %% [markdown]
# About one in ten, a share of 0.1. Always naming the most frequent class is hardly better, because all classes are
# about equally frequent. This is **chance**, and every accuracy has to be compared with it.

# %%
assert abs(np.mean(guesses == y_validation) - 0.1) < 0.04
assert 0.1 <= counts.max() / counts.sum() < 0.14

# %% [markdown]
# ## 2.2 A baseline that knows nothing about images
#
# A **unit** does what a kernel does on one patch: it multiplies each of its inputs by a weight, adds the products up,
# and adds a bias. In a **dense** layer every unit reads every input. Flatten the digit to a row of 784 numbers, let
# 512 units read them, and ten more units, one for each class, read those.
#
# The 512 are followed by a **ReLU**, max(0, z), which turns negative sums into zeros. The **softmax** at the end
# turns ten numbers into ten probabilities:
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$

# %%
dense = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Rescaling(1 / 255),
    layers.Flatten(),
    layers.Dense(512, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

# %% [markdown]
# **Predict.** How many weights does this network have in all? (A bias counts as a weight.)

# %%
predict.number(
    "dense", 407050, label="Number of weights",
    mistakes={
        406528:
            "You counted the connections. Each of the 512 + 10 units has a bias, too.",
        401920: "That is the first layer alone. The second has weights as well.",
        4014080: "You multiplied all three sizes. Each layer has its own weights.",
        1306: "784 + 512 + 10 counts the numbers. The weights are between them.",
    },
)

# %% [markdown]
# Layer by layer, and all together:

# %% tags=["nbval-check-output"]
for layer in dense.layers[2:]:
    print(f"{layer.count_params():7,} weights, output {layer.output.shape[1:]}")
print(f"{dense.count_params():7,} weights in all")

# %% [markdown]
# Each unit has one weight per input, and a bias: 784 · 512 + 512 = 401,920 in the first layer, 512 · 10 + 10 =
# 5,130 in the second, 407,050 together. (Rescaling and flattening have none.)
#
# To train it you need a **loss**, which says how wrong the answers are. Here it is the cross-entropy: minus the
# natural logarithm of the probability given to the right class.
#
# **Predict.** What is the loss of a guess in the dark, where every class gets the probability 0.1?

# %%
predict.number(
    "loss", 2.3026, tolerance=0.01, label="Loss",
    mistakes={
        1: "You took the logarithm to base 10. The natural one has base e.",
        3.32: "You took the logarithm to base 2. The natural one has base e.",
        -2.3026: "The logarithm of 0.1 is negative, and the loss is minus that.",
        0.9: "That is how far 0.1 falls short of 1. The loss is a logarithm.",
    },
)

# %% [markdown]
# The loss of that guess, and of a few others:

# %% tags=["nbval-check-output"]
for probability in (0.99, 0.5, 0.1, 0.001):
    print(f"right class given {probability}: loss {-np.log(probability):.2f}")

# %% [markdown]
# Being sure and right costs nearly nothing; being sure and wrong costs a lot; guessing costs 2.30, the logarithm
# of ten. A new ten-class network should start near 2.30; far above it, something is wrong. (Starting near it isn't
# yet proof that all is well: section 2.13.)
#
# Then you go downhill, as in lesson 1: the **gradient** says how the loss changes with each weight, and **gradient
# descent** changes all weights a little against it. How little is set by the **learning rate**. Two things are new:
#
# - Each **step** looks at a few digits only, a **batch**, since the gradient over all digits would cost a whole pass
#   for a single step. A pass through all training digits, batch by batch, is an **epoch**.
# - The optimiser **Adam** follows a running mean of the gradients, which is called **momentum**, and gives each
#   weight a step of its own length. The learning rate falls to zero along a cosine: long steps first, fine ones at
#   the end.

# %%
EPOCHS, BATCH, RATE = (10, 32, 2e-3) if SCALE == "quick" else (5, 128, 2e-3)
validation = (x_validation, y_validation)

def train(
    model, images=x_train, labels=y_train, *,
    watched=validation, epochs=EPOCHS, **options,
):
    """Compile and fit; gives loss and accuracy of each epoch, also on those watched."""
    settings = {"batch_size": BATCH, "verbose": 0} | options
    steps = epochs * int(np.ceil(len(images) / settings["batch_size"]))
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = model.fit(
        images, labels, epochs=epochs, validation_data=watched, **settings
    )
    return fitted.history

# %% [markdown]
# After each epoch the network also reads the validation digits, without learning from them. It is trained by the loss;
# the accuracy, the share of digits read right, is a **metric**, which is for you to read.

# %%
dense_history = train(dense)
trained, dense_accuracy = (dense_history[k][-1] for k in ("accuracy", "val_accuracy"))
print(f"dense: {trained:.3f} on training digits, {dense_accuracy:.3f} on validation")

# %% [markdown]
# More than nine in ten right, far from chance. What is left to gain? Try an odd experiment: shuffle the pixels of
# all digits, every digit in the same way.

# %%
assert dense_accuracy > 0.90
places = np.random.default_rng(0).permutation(784)

def scramble(images):
    """The pixels of all images in another order, the same for each."""
    return images.reshape(len(images), 784)[:, places].reshape(images.shape)

figures.image_grid(
    [*x_train[:4], *scramble(x_train[:4])], columns=8,
    title="You can read the left four. Who can read the others?",
    alt="Four handwritten digits, and the same four scrambled into specks.",
)

# %% [markdown]
# **Predict.** How well will the dense network learn to read the scrambled digits, compared with the digits as they
# were?

# %%
predict.choice(
    "scrambled, dense", "just as well",
    options=["just as well", "clearly less well", "as badly as a guess"],
    mistakes={
        "as badly as a guess":
            "You can't read them, because you see strokes. The network has no eyes "
            "for strokes: it has a weight for each pixel, wherever it lies.",
        "clearly less well":
            "It would be so if the network made use of which pixels lie side by "
            "side. But no dense layer is told.",
    },
)

# %% [markdown]
# The same network, trained anew on scrambled digits, for three epochs:

# %%
def train_scrambled(model):
    """Train for three epochs on scrambled digits; the accuracy on those watched."""
    watched = (scramble(x_validation), y_validation)
    history = train(model, scramble(x_train), watched=watched, epochs=3)
    return history["val_accuracy"][-1]

scrambled = {"dense": train_scrambled(keras.models.clone_model(dense))}
print(f"dense: {dense_accuracy:.3f} on digits, {scrambled['dense']:.3f} scrambled")

# %% [markdown]
# It reads them just as well: the two accuracies are closer than 2.5 points. To a dense network the order of the
# pixels means nothing; that two pixels are neighbours is something it was never told. Everything that you see at a
# glance, strokes, corners, loops, it has to find out from examples, at each place anew.

# %%
assert abs(scrambled["dense"] - dense_accuracy) < 0.025

# %% [markdown] nearby="2.4"
# A convolution brings two pieces of knowledge with it:
#
# - **locality**: pixels that belong together lie together, so a kernel looks at a small patch;
# - **weight sharing**: a stroke is a stroke wherever it is, so the same kernel goes over the whole image.
#
# ## 2.3 What a convnet is made of
#
# In lesson 1 a kernel went over an image and gave a **feature map**, which says how strongly the kernel answers at
# each place. A layer `Conv2D(32, 3)` has 32 kernels of 3×3 weights, so it gives 32 maps. They lie one behind the
# other, like the red, green and blue of a photo, and the next layer takes them as its input: each of its kernels
# reads **all** maps at once, a patch 3 high, 3 wide and 32 deep, and gives one new map. Maps go in, maps come out.
# That is all there is to a convnet: the same step, again and again.
#
# Here is that step, with the loops of lesson 1 left to NumPy, and the ReLU that follows it:

# %%
def convolve(maps, kernels, biases):
    """Maps (H, W, C), kernels (k, k, C, F): a sum over patch and depth, F times."""
    window = np.lib.stride_tricks.sliding_window_view
    patches = window(maps, kernels.shape[:2], axis=(0, 1))
    return np.einsum("ijcab,abcf->ijf", patches, kernels) + biases

def relu(z):
    return np.maximum(z, 0)

# %% [markdown]
# What does a second layer add? Take a white square. Of the first layer's two kernels, one looks for left sides and
# one for top sides. The second layer has a single kernel, all ones, which adds up both maps, and a bias of −18: a
# straight side gives it exactly 18, and nothing is left.

# %%
square = np.zeros((14, 14))
square[4:10, 4:10] = 1
left_sides = np.array([[-1, 0, 1]] * 3)
sides = np.stack([left_sides, left_sides.T], axis=-1)[:, :, None, :]
first = relu(convolve(square[:, :, None], sides, biases=0))
figures.image_grid(
    [square, first[:, :, 0], first[:, :, 1]], size=2,
    titles=["input", "left sides", "top sides"],
    alt="A white square on black, a bright bar where its left side is, and another "
    "where its top side is.",
)

# %% [markdown]
# **Predict.** Where will the second layer's map be above zero?

# %%
predict.choice(
    "corner", "at one corner",
    options=["on two sides", "at one corner", "at all four corners", "nowhere"],
    mistakes={
        "on two sides":
            "On a side only one of the two maps answers, with 18 in all. The bias "
            "takes just that away.",
        "at all four corners":
            "At the bottom there is no top side, on the right no left side. The "
            "kernels answer there with negative numbers, and ReLU makes them zero.",
        "nowhere":
            "There is a place where both maps answer within one patch, with more than "
            "18 in all.",
    },
)

# %% [markdown]
# Two layers, one after the other:

# %%
second = relu(convolve(first, np.ones((3, 3, 2, 1)), biases=-18))[:, :, 0]
figures.image_grid(
    [square, second], size=2, titles=["input", "second layer's map"],
    alt="A white square on black, and a map that is black but for a small spot.",
)

# %% [markdown]
# It answers at one corner, the top left one. Neither map of the first layer knows corners; "a left side **and** a top
# side, close together" is a corner. From edges come corners, from corners and strokes loops, from loops digits. And
# nobody will set these weights: all of them are learned together, by the gradient that goes back through the layers.

# %%
assert [tuple(p) for p in np.argwhere(second > 1)] == [(2, 2), (2, 3), (3, 2)]
assert convolve(first, np.ones((3, 3, 2, 1)), biases=0)[5, 1, 0] == 18

# %% [markdown]
# What was the ReLU good for? Leave it out, and see what two layers come to.
#
# **Predict.** Two convolutions with 3×3 kernels, one right after the other, with nothing in between, are the same as
# a single convolution. How large is its kernel?

# %%
predict.number(
    "stacked", 5, label="Side of the one kernel",
    mistakes={
        3: "A number of the second map reads three of the first map's, "
        "and each of these reads a patch of its own.",
        6: "The two patches overlap: 3 + 3 − 1.",
        9: "The patches overlap: the second kernel's three places lie side by side.",
        7: "That takes three layers.",
    },
)

# %% [markdown]
# The digit through both, and through the one kernel that they come to:

# %% tags=["nbval-check-output"]
from scipy.signal import convolve2d, correlate2d

one, other = np.random.default_rng(0).normal(size=(2, 3, 3))
merged = convolve2d(one, other)
in_turn = correlate2d(correlate2d(x_train[0], one, "valid"), other, "valid")
print("one kernel:", merged.shape)
print("the same map:", np.allclose(in_turn, correlate2d(x_train[0], merged, "valid")))

# %% [markdown]
# It is 5 × 5. So without something nonlinear in between, a stack of convolutions is only one larger convolution, a
# weighted sum: it can't say *and*. The ReLU makes the difference.
#
# One piece is left: **max-pooling** keeps the largest of each 2×2 block, and moves on by two. A feature map to pool:

# %%
assert np.allclose(in_turn, correlate2d(x_train[0], merged, "valid"))
feature_map = np.array([[1, 3, 0, 6], [4, 2, 1, 3], [0, 0, 9, 7], [8, 1, 2, 5]])
feature_map

# %% [markdown]
# **Predict.** Four numbers are left. Which one stands at the top right?

# %%
predict.number(
    "pooled", 6, label="Top right",
    mistakes={
        3:
            "That is the largest of the two columns in the middle. Blocks don't "
            "overlap: they move on by two, so the second one has the last two columns.",
        9: "That is the largest of the last two columns. A block has two rows, too.",
        2.5: "That is the mean of the right block: average pooling would give it.",
        10: "That is the sum of the right block. Pooling keeps the largest.",
    },
)

# %% [markdown]
# Split the maps into blocks of 2×2, and take the largest of each:

# %% tags=["nbval-check-output"]
def pool(maps):
    """The largest of each 2 × 2 block; what doesn't fill a block is dropped."""
    tall, wide, depth = maps.shape[0] // 2, maps.shape[1] // 2, maps.shape[2]
    blocks = maps[: 2 * tall, : 2 * wide].reshape(tall, 2, wide, 2, depth)
    return blocks.max(axis=(1, 3))

print(pool(feature_map[:, :, None])[:, :, 0])

# %% [markdown] given="a quarter"
# 4 and 6 above, 8 and 9 below. Pooling says that the kernel found something in this block, and forgets where
# exactly. The maps shrink to a quarter, so later layers cost less, and see more of the image.
#
# ## 2.4 The network
#
# Three convolutions with 32, 64 and 64 kernels, max-pooling after the first two, and on top a small dense network
# that turns the last maps into a class:

# %%
convnet = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Rescaling(1 / 255),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(64, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

# %% [markdown]
# **Predict.** A 28×28 digit goes in. No padding is used. What is the side of the maps after each of the first
# five layers: convolution, pooling, convolution, pooling, convolution?

# %%
predict.shape(
    "sides", (26, 13, 11, 5, 3), label="Five sides, in order",
    mistakes={
        (26, 13, 11, 6, 4):
            "Pooling drops the odd row: of 11 rows, five pairs are left.",
        (28, 14, 14, 7, 7):
            'That is what padding="same" gives. Here the kernel stays inside.',
        (27, 13, 12, 6, 5):
            "A 2×2 kernel would take off one row. This one takes off two.",
        (25, 12, 9, 4, 1):
            "You took off three rows each time. A 3×3 kernel takes off two.",
    },
)

# %% [markdown]
# The layers know:

# %% tags=["nbval-check-output"]
for layer in convnet.layers[1:7]:
    print(f"{layer.__class__.__name__:14} {layer.output.shape[1:]}")

# %% [markdown]
# A 3×3 kernel takes off two rows and two columns; pooling halves, and drops an odd row:
# 28 → 26 → 13 → 11 → 5 → 3. Flattened, the last maps are 3 · 3 · 64 = 576 numbers.
#
# **Predict.** How many weights does the second convolution have, with its 64 kernels of 3×3?

# %%
predict.number(
    "convolution", 18496, label="Number of weights",
    mistakes={
        18432: "The kernels are complete. Each of the 64 has a bias as well.",
        640: "Your kernels are flat. Each looks at all 32 maps at once: 3×3×32.",
        576: "Your kernels are flat, and have no bias. Each is 3×3×32, and one more.",
        20480: "You gave each 3×3 slice a bias. A kernel has one, whatever its depth.",
    },
)

# %% [markdown]
# The weights of each layer:

# %% tags=["nbval-check-output"]
for layer in convnet.layers[1:]:
    print(f"{layer.__class__.__name__:14} {layer.count_params():7,}")
print(f"{'all':14} {convnet.count_params():7,}")

# %% [markdown]
# 18,496: a kernel has height × width × depth weights and a bias, (3 · 3 · 32 + 1) · 64. All of them by hand:

# %% tags=["nbval-check-output"]
by_hand = [(3 * 3 * 1 + 1) * 32, (3 * 3 * 32 + 1) * 64, (3 * 3 * 64 + 1) * 64]
head = (576 + 1) * 64 + (64 + 1) * 10
print(by_hand, "convolutions:", sum(by_hand), " with the head:", sum(by_hand) + head)
assert by_hand == [layer.count_params() for layer in convnet.layers[1:6:2]]
assert convnet.count_params() == sum(by_hand) + head
assert dense.count_params() == 407_050

# %% [markdown]
# 93,322 weights, against the dense network's 407,050. The layers behind the convolutions, which turn what these found
# into an answer, are called the **head**. 36,928 of its weights are in one dense layer, as many as the last
# convolution has. Coincidence? 576 · 64 + 64, both times. No: the last maps are 3×3, just as large as a kernel, so this
# dense layer *is* a 3×3 convolution with a single position.
#
# You have all the pieces, so be the network. This is everything that it does with a digit:

# %%
def read(digit, network):
    """What the convnet does with one digit (28, 28), in NumPy: ten probabilities."""
    weights = iter(network.get_weights())
    maps = digit[:, :, None] / 255
    maps = pool(relu(convolve(maps, next(weights), next(weights))))
    maps = pool(relu(convolve(maps, next(weights), next(weights))))
    maps = relu(convolve(maps, next(weights), next(weights)))
    units = relu(maps.ravel() @ next(weights) + next(weights))
    logits = units @ next(weights) + next(weights)
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()

# %% [markdown]
# Its weights are still random, but NumPy and Keras have to come to the same ten probabilities:

# %% tags=["nbval-check-output"]
kerass = convnet.predict(x_train[:1], verbose=0)[0]
agree = np.allclose(read(x_train[0], convnet), kerass, atol=1e-5)
print("NumPy and Keras agree:", agree)
assert agree

# %% [markdown]
# What does that cost? As in lesson 1, a **multiply-add** is one weight times one number, added to the rest. Seconds
# depend on the machine and on what else it does; multiply-adds don't.
#
# **Predict.** Which layer needs the most of them?

# %%
predict.choice(
    "costliest", "the second convolution",
    options=["the first convolution", "the second convolution", "the third convolution",
             "the larger dense layer"],
    mistakes={
        "the first convolution":
            "It has by far the most positions, but its kernels read a single map.",
        "the third convolution":
            "It has the most weights, but they are used at 3 × 3 positions only.",
        "the larger dense layer":
            "It has as many weights as the third convolution, but uses each only once.",
    },
)

# %% [markdown]
# Each weight, the biases aside, works once at each position of its layer's output:

# %% tags=["nbval-check-output"]
def multiply_adds(layer):
    """How many a layer needs for one digit."""
    if not layer.weights:
        return 0
    positions = int(np.prod(layer.output.shape[1:-1]))
    return positions * int(np.prod(layer.kernel.shape))

for layer in convnet.layers[1:]:
    numbers = int(np.prod(layer.output.shape[1:]))
    name = layer.__class__.__name__
    print(f"{name:14} {multiply_adds(layer):9,}   hands on {numbers:6,}")
print(f"{'all':14} {sum(map(multiply_adds, convnet.layers)):9,}")

# %% [markdown] given=["a quarter", "twice"]
# The second convolution: 11 · 11 · 18,432 = 2,230,272 of 2,794,240 in all. Look at the last column, too: it is how
# many numbers each layer hands on.
#
# That is why the number of kernels may grow with depth. Each pooling leaves a quarter of the positions, so twice the
# kernels on both sides cost as much as before, and what is handed on shrinks all the same. And there is more to tell
# apart: the first layer needs a few dozen kinds of edges, but edges combine into a great many kinds of corners, bends
# and ends of strokes.
#
# In training the numbers in the last column have to be kept until the gradient comes back, for each digit of the
# batch.
#
# **Predict.** Which takes more memory, the weights, or what is kept of a batch of 32 digits?

# %%
predict.choice(
    "memory", "the batch, many times as much",
    options=["the weights, many times as much", "both about as much",
             "the batch, many times as much"],
    mistakes={
        "the weights, many times as much":
            "A kernel's few weights are there once. Its map has a number for each "
            "position, of each digit.",
        "both about as much":
            "For two or three digits that would be right. A batch has more of them.",
    },
)

# %% [markdown] given="four"
# A number takes four bytes:

# %% tags=["nbval-check-output"]
kept = sum(int(np.prod(layer.output.shape[1:])) for layer in convnet.layers[1:])
print(f"weights:          {4 * convnet.count_params() / 1e6:5.2f} MB")
print(f"outputs, 1 digit: {4 * kept / 1e6:5.2f} MB")
print(f"32 digits:        {4 * 32 * kept / 1e6:5.2f} MB")

# %% [markdown]
# The batch, many times as much: over ten times what the weights take. With photos instead of digits this is what
# fills a graphics card, and why people train with small batches there. (The weights take a few times their size as
# well: gradients, and Adam's running means.)

# %%
assert 10 < 32 * kept / convnet.count_params() < 14

# %% [markdown]
# ## 2.5 Training
#
# **Predict.** How many errors will the convnet make on the validation digits, compared with the dense network?

# %%
predict.choice(
    "errors", "fewer errors",
    options=["more errors", "about as many", "fewer errors"],
    mistakes={
        "more errors":
            "It has fewer weights, that's true. But each kernel's weights are used at "
            "every place of the image, and learn from all of them.",
        "about as many":
            "Scrambling cost the dense network nothing, so it had no use for what "
            "lies side by side. There is something left to gain.",
    },
)

# %% [markdown]
# Keep the first layer's kernels as they are before training, for section 2.8. Then train:

# %%
def first_kernels(model):
    """The kernels of the first convolution, (number, side, side)."""
    return np.moveaxis(model.layers[1].get_weights()[0][:, :, 0], -1, 0)

small_before = first_kernels(convnet)
convnet_history = train(convnet, verbose=2)
convnet_accuracy = convnet_history["val_accuracy"][-1]
for name, accuracy in (("dense", dense_accuracy), ("convnet", convnet_accuracy)):
    print(f"{name:8} {1 - accuracy:.3f} of the validation digits wrong")

# %% [markdown]
# The convnet makes fewer errors. Your curves, and beside them what a full run on all of MNIST measured. Solid
# lines are validation digits, dashed lines the digits trained on.

# %%
assert convnet_accuracy >= 0.96 and convnet_accuracy > dense_accuracy
full = recorded.load_run("02_mnist")
figures.learning_curves(
    {"dense": dense_history, "convnet": convnet_history,
     "dense (recorded)": full["dense"], "convnet (recorded)": full["convnet"]},
    low=0.85, title="The convnet is ahead, in your run and in the recorded one",
    alt="Accuracy by epoch: the convnet's curves lie above the dense network's, in "
    "your run and in the recorded one; at the end each dashed training curve is above "
    "its solid validation curve.",
)

# %% [markdown]
# What was recorded, and where:

# %%
print(f"{full['date']}, {full['data']}, {full['machine']}")
for name in ("dense", "convnet"):
    reached = full[name]["val_accuracy"]
    print(f"{name:8} {reached[-1]:.4f} after {len(reached)} epochs")

# %% [markdown]
# With all the data the convnet gets at least 98.5 % right after five epochs, and the dense network fewer. With a few
# thousand digits, in quick size, both do worse, and the convnet keeps its lead. At first the dashed lines lie below:
# Keras averages the training accuracy over the epoch, while the network still improves, and looks at the validation
# digits at the epoch's end. In the end they lie above: the network begins to know its training digits by heart. This
# gap grows with fewer and harder images: lessons 3 and 4 are about it.

# %%
assert full["dense"]["val_accuracy"][-1] + 0.004 < full["convnet"]["val_accuracy"][-1]
assert full["convnet"]["val_accuracy"][-1] >= 0.985
assert len(full["convnet"]["val_accuracy"]) == 5

# %% [markdown]
# And the scrambled digits?
#
# **Predict.** Once trained on them, where is the convnet, compared with the dense network?

# %%
predict.choice(
    "scrambled, convnet", "behind", label="The convnet ends up",
    options=["behind", "level", "still ahead"],
    mistakes={
        "still ahead":
            "It was ahead because pixels that belong together lie together. "
            "Scrambling has taken just that away.",
        "level":
            "They would be level if the convnet took as little notice of the order as "
            "the dense network. But its kernels look at patches.",
    },
)

# %% [markdown]
# Three epochs on scrambled digits, as for the dense network:

# %%
scrambled["convnet"] = train_scrambled(keras.models.clone_model(convnet))
print(f"digits:           dense {dense_accuracy:.3f}, convnet {convnet_accuracy:.3f}")
print("scrambled digits: " + ", ".join(f"{k} {v:.3f}" for k, v in scrambled.items()))

# %% [markdown]
# Now the order matters, and it falls behind the dense network: wrong knowledge is worse than none. What the
# convnet knows beforehand about images is true of digits and false of scrambled ones.

# %%
assert scrambled["convnet"] < min(convnet_accuracy - 0.01, scrambled["dense"])

# %% [markdown]
# Knowledge that fits the data replaces examples; this is the whole point of an architecture.
#
# ## 2.6 Save it, load it
#
# A trained network is worth keeping, and so is its history. The file `.keras` holds architecture, weights and
# optimiser state. The history is a plain dictionary: JSON will do.

# %%
import json
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
convnet.save(folder / "convnet.keras")
(folder / "history.json").write_text(json.dumps(convnet_history))
loaded = keras.models.load_model(folder / "convnet.keras")

# %% [markdown]
# Is it the same network? Don't believe it, check it.

# %% tags=["nbval-check-output"]
some = x_validation[:500]
before, after = (model.predict(some, verbose=0) for model in (convnet, loaded))
same = np.array_equal(before, after)
same_history = json.loads((folder / "history.json").read_text()) == convnet_history
print("same predictions:", same, " same history:", same_history)
assert same and same_history

# %% [markdown]
# ## 2.7 Which mistakes does it make?
#
# One number hides a lot. The **confusion matrix** counts, for each true class (row), what the network said
# (column).

# %%
from sklearn.metrics import ConfusionMatrixDisplay

probabilities = convnet.predict(x_validation, verbose=0)
said = probabilities.argmax(axis=1)
assert np.isclose((said == y_validation).mean(), convnet_accuracy, atol=1e-6)
figure = figures.new_figure(4.6, 4.6)
axes = figure.subplots()
ConfusionMatrixDisplay.from_predictions(
    y_validation, said, cmap="viridis", colorbar=False, ax=axes
)
axes.set_title("Nearly all on the diagonal")
figures.show(
    figure, alt="A table of ten by ten counts, the true class against what the network "
    "said: large counts on the diagonal, zeros and small ones beside it.",
)

# %% [markdown] answer=["misread", "at once"]
# The interesting ones are off the diagonal. Look at those where the network was most sure and wrong.
#
# **Predict.** Will you find the network's mistakes excusable?

# %% tags=["thumbnail"]
wrong = np.flatnonzero(said != y_validation)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:10]
titles = [
    f"{y_validation[i]}, said {said[i]}\n({probabilities[i].max():.0%} sure)"
    for i in worst
]
figures.image_grid(
    x_validation[worst], titles=titles, columns=5, title="Sure, and wrong",
    alt="Ten handwritten digits that the network got wrong, each with its class, with "
    "what the network said instead and how sure it was.",
)

# %% [markdown]
# Some you may misread yourself. Others you read at once, and the network is sure of something else. (Being very sure
# and wrong is no contradiction in itself: among many answers that are nearly certain, a few must be wrong. Whether
# the network is right as often as it is sure can't be seen from its mistakes alone.) Look at the mistakes of every
# network that you train; it is the fastest way to find out what it has learned.
#
# ## 2.8 From Gabor to learned
#
# Lesson 1 said that the first layers of trained networks look a lot like Gabor filters. Here are sixteen of the
# convnet's first kernels, as they were before training and as they are now:

# %%
small_after = first_kernels(convnet)
figures.image_grid(
    [*small_before[:16], *small_after[:16]], columns=16, signed=True, size=0.55,
    limits=(-0.4, 0.4), title="Above: before training. Below: after",
    alt="Two rows of sixteen kernels of 3 by 3 weights in red and blue; those below "
    "are stronger, with no pattern that one could name.",
)

# %% [markdown]
# They have become stronger, and that is all one can say: nine weights leave no room for a wave. So train a network
# whose first kernels have 9×9 weights, also for a few epochs:

# %%
large = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Rescaling(1 / 255),
    layers.Conv2D(16, 9, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
assert np.abs(small_after).mean() > np.abs(small_before).mean()
large_before = first_kernels(large)
large_accuracy = train(large, epochs=6)["val_accuracy"][-1]
print(f"with 9 × 9 kernels: {large_accuracy:.3f} of the validation digits right")

# %% [markdown]
# Beside them, lay a bank of Gabor filters like lesson 1's, of the same size: four wavelengths, eight directions, and
# for each a wave with its crest in the middle and one with its slope there. They are balanced, so that the weights of
# each sum to zero.

# %%
def gabor(wavelength, theta, phase):
    """A balanced Gabor filter, 9 × 9, with sigma 2, as in lesson 1."""
    y, x = np.mgrid[-4:5, -4:5]
    along = x * np.cos(theta) + y * np.sin(theta)
    bell = np.exp(-(x**2 + y**2) / (2 * 2**2))
    wave = bell * np.cos(2 * np.pi * along / wavelength + phase)
    return wave - bell * wave.sum() / bell.sum()

directions, phases = np.pi * np.arange(8) / 8, (0, np.pi / 2)
bank = np.array([
    gabor(wavelength, theta, phase)
    for wavelength in (4, 6, 8, 12) for theta in directions for phase in phases
])
print(len(bank), "filters")

# %% [markdown]
# Measure the likeness of a kernel by its **correlation** with each filter of the bank, and keep the largest, whatever
# its sign: 1 would be a Gabor filter itself.

# %%
def flat(stack):
    """Each kernel in a row, with mean 0 and length 1."""
    rows = stack.reshape(len(stack), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)

def most_alike(kernels):
    """For each kernel: the best correlation with the bank, and the filter."""
    correlations = flat(kernels) @ flat(bank).T
    best = np.abs(correlations).argmax(axis=1)
    values = correlations[np.arange(len(kernels)), best]
    return np.abs(values), bank[best] * np.sign(values)[:, None, None]

# %% [markdown]
# Among so many filters the best one fits a little, whatever the kernel. So the trained kernels need rivals. One set
# is the same kernels before training. The other is harder to beat: random kernels that are as smooth as the trained
# ones. They have the same waves, as strong, but each wave is moved to a random place, so that they no longer add up
# to anything.

# %%
def moved_waves(kernels, seed):
    """Kernels with the same frequencies, as strong, in random places."""
    noise = np.random.default_rng(seed).normal(size=kernels.shape)
    places = np.exp(1j * np.angle(np.fft.fft2(noise)))
    return np.fft.ifft2(np.abs(np.fft.fft2(kernels)) * places).real

# %% [markdown]
# **Predict.** Which are most like Gabor filters?

# %%
predict.choice(
    "likest", "the trained kernels",
    options=["the trained kernels", "the kernels before training", "the moved waves",
             "the trained ones and the moved waves, alike"],
    mistakes={
        "the kernels before training":
            "They are noise: all frequencies are in them, and a Gabor filter has one.",
        "the moved waves":
            "They have the right frequencies, which is worth a lot. But a bar or an "
            "edge is more than that: the waves have to meet in one place.",
        "the trained ones and the moved waves, alike":
            "It would be so if training had only made the kernels smooth.",
    },
)

# %% [markdown]
# The mean of each set, and of the moved waves the best of twenty sets:

# %%
large_after = first_kernels(large)
rivals = [most_alike(moved_waves(large_after, seed))[0].mean() for seed in range(20)]
likeness = {
    "before training": most_alike(large_before)[0].mean(),
    "moved waves": np.mean(rivals),
    "moved waves, best of 20 sets": max(rivals),
    "trained": most_alike(large_after)[0].mean(),
}
for name, value in likeness.items():
    print(f"{name:29} {value:.2f}")

# %% [markdown]
# The trained kernels are. And here they are: before training, after it, and below each the filter that it is most
# like.

# %%
alike, nearest = most_alike(large_after)
best = np.argsort(-alike)[:12]
rows = [kernels / np.abs(kernels).max(axis=(1, 2), keepdims=True)
        for kernels in (large_before[best], large_after[best], nearest[best])]
figures.image_grid(
    np.concatenate(rows), columns=12, signed=True, limits=(-1, 1), size=0.75,
    title="Before training, after it, and the most similar Gabor filter",
    alt="Three rows of twelve kernels of 9 by 9 weights: noise; bars and edges in "
    "several directions; and Gabor filters, many of them in the same directions.",
)

# %% [markdown]
# Above is noise, in the middle are bars and edges in several directions. Nobody put them there: it is what helps to
# tell digits apart. The moved waves show that one must be careful with such sights. Smoothness alone is worth a great
# deal of likeness; training adds the rest, and none of the twenty sets comes up to it. (Here the filters have the
# sign that fits: a dark bar is a bright one upside down.)

# %%
assert likeness["trained"] > likeness["moved waves, best of 20 sets"]
assert likeness["trained"] > likeness["before training"] + 0.2
assert likeness["trained"] > likeness["moved waves"] + 0.03
assert len(rivals) == 20

# %% [markdown]
# ## 2.9 What do the feature maps show?
#
# A model doesn't have to be a row of layers. In Keras's **functional API** you say what goes in and what is to come
# out, `keras.Model(inputs, outputs)`, and anything that is computed in between may come out. This model gives the
# maps of all three convolutions:

# %%
convolutions = [layer for layer in convnet.layers if isinstance(layer, layers.Conv2D)]
insides = keras.Model(convnet.inputs, [layer.output for layer in convolutions])
first_maps = insides.predict(x_validation[:1], verbose=0)[0][0]
six_maps = [first_maps[:, :, channel] for channel in range(6)]
figures.image_grid(
    [x_validation[0] / 255, *(each / first_maps.max() for each in six_maps)],
    size=1.25, limits=(0, 1), titles=["digit", *(f"map {c}" for c in range(6))],
    alt="A digit, and six feature maps on one scale: its strokes, or some of its "
    "edges, are bright, and some maps stay dark.",
)

# %% [markdown] answer="the coarser"
# These are six of the 32 maps of the first layer, on one scale: strokes, and edges in some direction.
#
# **Predict.** What will maps of the second and third layer look like?

# %%
stages = insides.predict(x_validation[:2], verbose=0)
maps = [
    stage[which, :, :, channel] / stage.max()
    for which in (0, 1) for stage in stages for channel in range(4)
]
titles = [f"layer {layer}\nmap {number}" for layer in (1, 2, 3) for number in range(4)]
figures.image_grid(
    maps, titles=titles + 12 * [""], columns=12, size=0.8, limits=(0, 1),
    alt="Feature maps of two digits, in two rows: four maps of each of three layers.",
)

# %% [markdown]
# Each row is one digit, and each layer has one scale. The first layer's maps look like the digit. The deeper, the
# coarser: the third layer's numbers no longer say where a stroke is to the pixel, but that a certain combination is
# there.
#
# Some maps are dark. Does a map that is dark for one digit light up for another? Not if it is **dead**: if its sums
# are negative for every digit, ReLU makes zeros of all of them.
#
# **Predict.** Look at 500 validation digits. How many of the third layer's 64 maps answer to none of them?

# %%
predict.choice(
    "dead", "some",
    options=["none", "some", "most"],
    mistakes={
        "none":
            "Nothing in training asks that all be of use. And once a map has fallen "
            "silent, no gradient comes through its ReLU that could wake it up.",
        "most": "That would be a network with far too large a learning rate.",
    },
)

# %% [markdown]
# The strongest answer of each map to any of the 500:

# %%
def answers(images):
    """Each map's strongest answer to any of the images, and all those of layer 3."""
    stages = insides.predict(images, verbose=0)
    return [stage.max(axis=(0, 1, 2)) for stage in stages], stages[2]

strongest, third = answers(x_validation[:500])
dead = [int((each == 0).sum()) for each in strongest]
for number, each in enumerate(strongest):
    print(f"layer {number + 1}: {dead[number]} of {len(each)} maps are dead")

# %% [markdown]
# In the third layer, some. Such a map costs weights and multiply-adds, and gives nothing. Its kernel won't get better
# either: where ReLU gives zero, the gradient behind it is zero, too. And the others? For each class, how strongly
# each of the third layer's maps answers:

# %%
profile = np.array([
    third[y_validation[:500] == digit].mean(axis=(0, 1, 2)) for digit in range(10)
])
peaks = profile.max(axis=0, initial=1e-9)
order = np.lexsort((profile.argmax(axis=0), strongest[2] == 0))
figure = figures.new_figure(8.5, 2.3)
axes = figure.subplots()
shown = axes.imshow((profile / peaks)[:, order], cmap="viridis", aspect="auto")
figure.colorbar(shown, label="share of its peak")
axes.set(yticks=range(10), ylabel="class", xlabel="map of the third layer, sorted")
axes.set_title("Most maps answer to several classes; the dead ones are on the right")
figures.show(figure, alt=(
    "A table of ten classes by 64 maps: each map is bright for one class and less so "
    "for a few others; the last columns are dark throughout."
))

# %% [markdown]
# Each column is one map. Hardly any answers to a single class: a class is told by a combination of maps, as a corner
# is by a combination of edges.

# %%
shares = np.sort((profile / peaks)[:, strongest[2] > 0], axis=0)
assert 0 < dead[2] < 32 and np.median(shares[-2]) > 0.5

# %% [markdown] answer=["much worse", "a few pixels"]
# Now write your own. The examples are validation digits that the network reads rightly, from the one that it is least
# sure of to the surest.
#
# **Predict.** Is a digit in the corner of the pad read as well as one in the middle? And how many pixels must be
# flipped before your network reads something else?

# %%
right, sure = said == y_validation, probabilities.max(axis=1)
by_sureness = np.flatnonzero(right)[np.argsort(sure[right])]
twenty = np.linspace(0, len(by_sureness) - 1, 20).astype(int)
examples = x_validation[by_sureness[twenty]]
pad = instruments.DigitPad(convnet, examples=examples)
pad

# %% [markdown] nearby="2.2"
# MNIST's makers centred all digits, so one in the corner is news to your network, and is read much worse; section
# 2.12 measures that. And where the network isn't sure, a few pixels decide what it reads. (What you draw is in
# `pad.pixels`, what the network says in `pad.probabilities`.)
#
# How many does it take where it is sure? *Flip the pixel that hurts most* tries all 784 and flips the one that
# lowers the answer most. Here it does so up to eight times, or until the answer changes, for seven of the
# examples:

# %%
asked = examples[::3]
changed = np.stack([pad.search_flips(digit, most=8) for digit in asked])
before, after = (convnet.predict(batch, verbose=0) for batch in (asked, changed))
flips = (changed != asked).sum(axis=(1, 2))
titles = [
    f"was {b.argmax()} ({b.max():.0%})\nnow {a.argmax()} ({a.max():.0%})\n{n} flipped"
    for b, a, n in zip(before, after, flips)
]
figures.image_grid(
    changed, titles=titles, columns=7, size=1.2,
    alt="Seven digits with single pixels flipped; above each, what the network said "
    "before, what it says now, and how many pixels were flipped.",
)

# %% [markdown]
# Above each digit: what it said, what it says now, and how many pixels were flipped in between. The surer it is, the more it takes,
# and eight may not be enough. To you all of them stay what they were. The network has learned what its training
# digits looked like, and nothing of what makes a digit.

# %%
assert before[0].argmax() != after[0].argmax()
assert flips[0] <= 4 and flips[0] < flips[-1] <= 8
assert len(asked) == 7

# %% [markdown]
# ## 2.10 How much of the image does a number see?
#
# The **receptive field** of a number is the part of the image that it depends on. Each layer with kernel $k$ adds
# $(k - 1)$ times the distance between its inputs, in pixels; each stride multiplies that distance.

# %%
def receptive_field(stack):
    """Side of the receptive field in pixels; stack is a list of (kernel, stride)."""
    field, distance = 1, 1
    for kernel, stride in stack:
        field, distance = field + (kernel - 1) * distance, distance * stride
    return field

# %% [markdown]
# **Predict.** How many pixels wide is the receptive field after the third convolution of your network? (And
# without the pooling layers?)

# %%
predict.number(
    "field", 18, label="Width in pixels, with pooling",
    mistakes={
        7: "That is the field without pooling: two pixels for each convolution.",
        15:
            "Your distances are right. But the 2×2 blocks of pooling widen the field, "
            "too: by 1 and then by 2 pixels.",
        9: "Three times three. But neighbouring fields overlap, so they don't add up.",
        27:
            "You multiplied the kernels. Each one adds (k − 1) times the distance.",
    },
)

# %% [markdown]
# A convolution is (3, 1), a pooling layer (2, 2):

# %% tags=["nbval-check-output"]
with_pooling = receptive_field([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)])
without = receptive_field([(3, 1), (3, 1), (3, 1)])
print("with pooling:", with_pooling, " without:", without)

# %% [markdown]
# 18 × 18 of the image's 28 × 28 pixels, and 7 × 7 without pooling. That is theory. Measure it: where the
# gradient of one number with respect to a pixel isn't zero, the number depends on this pixel.

# %%
import tensorflow as tf

images = tf.Variable(x_validation[:200, :, :, None].astype("float32"))
with tf.GradientTape() as tape:
    middle = tf.reduce_sum(insides(images)[2][:, 1, 1, :])
influence = np.abs(tape.gradient(middle, images)).sum(axis=(0, 3))
rows, columns = np.nonzero(influence)
height, width = np.ptp(rows) + 1, np.ptp(columns) + 1

# %% [markdown]
# Summed over 200 digits, so that hardly a path through the ReLUs stays closed in all of them:

# %%
print(f"measured: {height} × {width} pixels")
assert (height, width) == (18, 18)
figures.image_grid(
    [x_validation[0], influence, influence > 0], size=2.4,
    titles=["a digit", "influence on the middle number", "not zero: 18 × 18"],
    alt="A digit; the pixels' influence, brightest in the middle and fading towards a "
    "square's rim; and that square of 18 by 18 pixels, white on black.",
)

# %% [markdown]
# Exactly 18 by 18. The rim counts least, since few paths lead through it; where in the middle the peak lies, the
# learned weights decide.
#
# Shapes, weights, costs, receptive fields: you have now worked out all of them by hand, so let a calculator do it.

# %%
calculator = instruments.ShapeCalculator.of(convnet)
assert calculator.totals()["parameters"] == convnet.count_params()
assert calculator.totals()["multiply_adds"] == sum(map(multiply_adds, convnet.layers))
assert calculator.rows()[4]["receptive_field"] == (18, 18)
calculator

# %% [markdown]
# **Predict.** You make one of the three kernels 5 × 5. In which layer does that widen the third convolution's
# field most? (Now it is 18 × 18.)

# %%
predict.choice(
    "wider", "in the last",
    options=["in the first", "in the second", "in the last", "by as much in each"],
    mistakes={
        "in the first":
            "It is nearest to the pixels, and for that very reason two weights more "
            "reach only two pixels further.",
        "in the second":
            "Its inputs lie two pixels apart. There are some that lie further apart.",
        "by as much in each":
            "Each kernel reaches two inputs further. But inputs of later layers lie "
            "further apart, two pixels after one pooling, four after two.",
    },
)

# %% [markdown]
# Try it in the calculator, and with your own function:

# %% tags=["nbval-check-output"]
wider = [[(5 if layer == wide else 3, 1) for layer in range(3)] for wide in range(3)]
fields = [receptive_field([a, (2, 2), b, (2, 2), c]) for a, b, c in wider]
print("5 × 5 in the first, second, third layer:", fields)

# %% [markdown]
# Most in the last: 26 pixels, against 22 and 20. Its inputs lie four pixels apart, so two more of them reach
# eight pixels further; in the first layer they reach two.
#
# But why are kernels small at all? Without pooling, three layers of 3×3 see 7 × 7 pixels. So does a single layer of
# 7×7. Let there be 64 maps before and after each layer, and leave the biases aside.
#
# **Predict.** How many weights do the three layers of 3×3 have together?

# %%
predict.number(
    "three_small", 110592, label="Number of weights",
    mistakes={
        200704: "That is the one layer of 7×7.",
        36864: "That is one layer. There are three of them.",
        1728: "You forgot the depth: each kernel reads 64 maps.",
        27648: "You took 16 maps in place of 64, on one side.",
    },
)

# %% [markdown]
# Both, weight by weight:

# %% tags=["nbval-check-output"]
for name, sides in (("three of 3 × 3", [3, 3, 3]), ("one of 7 × 7", [7])):
    weights = sum(side * side * 64 * 64 for side in sides)
    field = receptive_field([(side, 1) for side in sides])
    print(f"{name:14}  {weights:7,} weights, field {field}, ReLUs: {len(sides)}")

# %% [markdown]
# 110,592 against 200,704. With padding, so that the maps keep their size, each of them works
# once at every position: the multiply-adds stand in the same ratio. And the stack has three ReLUs, so it can put
# together three times where the large kernel can only add up once. What it costs is memory: three sets of maps are
# kept for the gradient instead of one. VGG (2014) made this the rule.
#
# ## 2.11 Does max-pooling matter? A true ablation
#
# An **ablation** changes one part and leaves the rest as it is. Compare max-pooling with average pooling, with a
# stride of 2 in the convolutions, and with nothing. The fifth network changes the head: **global average pooling**
# takes the mean of each of the last 64 maps, and a single dense layer does the rest.

# %%
def make_variant(name):
    """The convnet, with its pooling or its head changed."""
    other = {"average": layers.AveragePooling2D, "stride 2": None, "no pooling": None}
    pooling = other.get(name, layers.MaxPooling2D)
    stride = 2 if name == "stride 2" else 1
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, 3, strides=stride, activation="relu"))
        if pooling:
            model.add(pooling(2))
    model.add(layers.Conv2D(64, 3, activation="relu"))
    if name == "average head":
        model.add(layers.GlobalAveragePooling2D())
    else:
        model.add(layers.Flatten())
        model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model

names = ("max pooling", "average", "stride 2", "no pooling", "average head")

# %% [markdown]
# **Predict.** Which of the five has the most weights?

# %%
predict.choice(
    "largest", "no pooling",
    options=["max pooling", "average", "stride 2", "no pooling", "average head"],
    mistakes={
        "max pooling":
            "Pooling has no weights, and it leaves only 576 numbers for the head.",
        "average":
            "Pooling has no weights, and it leaves only 576 numbers for the head.",
        "stride 2":
            "It leaves maps of 4 × 4 where pooling leaves 3 × 3, and the head pays "
            "for them. But that is not the largest difference.",
        "average head": "Its head reads one number from each map, 64 in all.",
    },
)

# %% [markdown]
# Weights, and multiply-adds for one digit:

# %% tags=["nbval-check-output"]
variants = {name: make_variant(name) for name in names}
costs = {}
for name, model in variants.items():
    costs[name] = sum(map(multiply_adds, model.layers))
    weights = model.count_params()
    print(f"{name:12} {weights:9,} weights {costs[name]:11,} multiply-adds")

# %% [markdown]
# The one with no pooling, by far: its maps keep 22 × 22 pixels, so 30,976 numbers reach the head instead of 576. It
# also needs nearly eleven times the multiply-adds of max-pooling; a stride of 2 needs the fewest, because it never
# computes what pooling drops. With the average head hardly anything is left but the convolutions' 55,744 weights.
#
# In the recorded run each network learned from 5,000 digits for five epochs, from three seeds; the one with no
# pooling, which takes so long, from one.
#
# **Predict.** Which of the five will read the validation digits best?

# %%
predict.choice(
    "best", "max pooling and no pooling",
    options=["max pooling and no pooling", "average and stride 2", "average head",
             "the first four about equally"],
    mistakes={
        "average and stride 2":
            "The mean dilutes what a kernel found in one place of four, and a stride "
            "of 2 doesn't look at three of them.",
        "average head": "It forgets where a map answered. In digits, where matters.",
        "the first four about equally":
            "So it may be with far more digits. With five thousand it matters what is "
            "kept of each block.",
    },
)

# %% [markdown]
# Training them is a few lines. (On a processor it takes far longer than the rest of the lesson, so in quick size the
# next cell trains none of them, and the recorded runs are shown.)

# %%
chosen = names if SCALE == "full" else ()
ablation = {name: [] for name in chosen}
for name in chosen:
    for seed in range(1 if name == "no pooling" else 3):
        keras.utils.set_random_seed(seed)
        history = train(
            make_variant(name), x_train[:5000], y_train[:5000], epochs=5, batch_size=50
        )
        ablation[name].append(history["val_accuracy"][-1])

# %% [markdown]
# Each dot is a run, and below each name stand its multiply-adds:

# %%
runs = ablation or full["ablation"]
figure = figures.new_figure(7.5, 3, (
    "Validation accuracy of five networks, up to three dots for each; the costs, "
    "written below, are very different."
))
axes = figure.subplots()
for place, name in enumerate(names):
    axes.plot([place] * len(runs[name]), runs[name], "o", color="C0", markersize=5)
labels = [f"{name}\n{costs[name] / 1e6:.1f}" for name in names]
axes.set(xticks=range(5), xticklabels=labels, ylabel="accuracy")
axes.set_xlabel("network, and its multiply-adds for a digit, in millions")
axes.set_title("Max pooling and no pooling are level, at very different costs")
axes.grid(axis="y", alpha=0.3)
figure

# %% [markdown]
# Best are max pooling and no pooling, and they are level. So it isn't pooling that makes a convnet read well: leave
# it out, and nothing is lost but time and memory. What shrinking the maps buys is **cost**. But *how* they are shrunk
# matters. The mean falls behind, and so does a stride of 2, which computes one number in four and never sees the
# others; the largest of each block keeps what the kernel has found. (With all of MNIST the distances shrink: the more
# examples there are, the less the architecture has to know.)

# %%
means = {name: np.mean(each) for name, each in runs.items()}
assert 10.9 < costs["no pooling"] / costs["max pooling"] < 11
assert min(costs, key=costs.get) == "stride 2"
assert variants["no pooling"].layers[-3].output.shape[1] == 22 * 22 * 64 == 30_976
assert variants["max pooling"].layers[-3].output.shape[1] == 576
assert variants["average head"].count_params() == 55_744 + 64 * 10 + 10
assert abs(means["max pooling"] - means["no pooling"]) < 0.005
assert means["max pooling"] > max(means["average"], means["stride 2"]) + 0.004
assert means["average head"] < min(means[name] for name in names[:4]) - 0.01

# %% [markdown]
# The average head is furthest behind. It forgets *where* a map answered and keeps only how much, and it has one layer
# less; either may be why. For digits, where a loop at the top makes a 9 and one at the bottom a 6, forgetting where
# asks more of the convolutions. For photos, where the cat may be anywhere, it is the usual choice.
#
# ## 2.12 Moving the digits
#
# MNIST's digits are centred. What if they aren't? Move the validation digits to the right, pixel by pixel.

# %%
def move(images, pixels):
    """Move images to the right; black comes in from the left."""
    return np.pad(images, ((0, 0), (0, 0), (pixels, 0)))[:, :, :28]

shifts = (0, 2, 4, 6, 8)

def accuracies(model):
    moved = [move(x_validation, pixels) for pixels in shifts]
    return [model.evaluate(each, y_validation, verbose=0)[1] for each in moved]

# %% [markdown]
# **Predict.** The digits are moved by four pixels. Which network reads more of them?

# %%
predict.choice(
    "moved", "the convnet",
    options=["the dense network", "the convnet", "both about as many"],
    mistakes={
        "the dense network":
            "It has a weight for each pixel, and now other pixels are bright.",
        "both about as many":
            "The dense network meets pixels that it has no use for. The convnet's maps "
            "move along with the digit, and pooling forgives a little.",
    },
)

# %% [markdown]
# Both, at five distances:

# %%
shifted = {"dense": accuracies(dense), "convnet": accuracies(convnet)}
for name, values in shifted.items():
    print(f"{name:8}", ", ".join(f"{s} px {v:.2f}" for s, v in zip(shifts, values)))

# %% [markdown]
# At four pixels the convnet reads far more, but it isn't **invariant** either: what it says isn't the same wherever
# the digit is. Its feature maps move with the digit (lesson 1), pooling forgives a little, and then the dense head,
# which knows each place by itself, meets numbers where it never saw any.
#
# Can it be taught? Train the same convnet in the same way, for no more than five epochs, but move each digit at
# random by up to two pixels in each direction, anew in each epoch. The layer `RandomTranslation` does it, in training
# only.

# %%
assert shifted["convnet"][2] > shifted["dense"][2] + 0.1
jittered = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant"),
    *keras.models.clone_model(convnet).layers,
])
jittered_history = train(jittered, epochs=4)
shifted["convnet, trained on moved digits"] = accuracies(jittered)

# %% [markdown]
# All three, from the digits where they were to those moved by eight pixels:

# %%
figures.line_plot(
    {name: (shifts, values) for name, values in shifted.items()}, level=(0.1, "chance"),
    xlabel="digits moved to the right by (pixels)", ylabel="validation accuracy",
    title="Three networks on digits that have moved",
    alt="Accuracy against pixels moved: the dense network's curve falls first, "
    "then the convnet's, and last that of the convnet trained on moved digits; a line "
    "marks chance.",
)

# %% [markdown]
# It can, within the two pixels and a little beyond. At eight pixels all three have lost most; the dense network is
# near chance at six already, and may fall below: a moved digit often looks like a certain other one. (Beyond four
# pixels many digits lose part of a stroke at the edge, so part of the fall is nobody's fault.)

# %%
taught = shifted["convnet, trained on moved digits"]
assert max(values[-1] for values in shifted.values()) < 0.5
assert taught[2] > shifted["convnet"][2] + 0.05
assert shifted["dense"][3] < 0.3
assert max(shifted["dense"][4], shifted["convnet"][4]) < 0.3

# %% [markdown]
# And on the digits where they were, does the training with moved ones do harm?

# %%
jittered_accuracy = jittered_history["val_accuracy"][-1]
print(f"convnet {convnet_accuracy:.3f}, with moved digits {jittered_accuracy:.3f}")
assert jittered_accuracy > convnet_accuracy - 0.015

# %% [markdown]
# Hardly, though it has had no more epochs, and fewer in quick size. A moved digit is one that the network hasn't seen
# yet: lesson 4 makes a method of it.
#
# ## 2.13 Why deep networks used to fail: initialisation
#
# Training starts from random weights. How large should they be? Send digits through 20 dense layers of 100 units
# each, and look at the size of the numbers after each layer, for three ways to draw the weights:
#
# - a **normal** distribution with standard deviation .05, whatever the layer's size;
# - **Glorot** (also called Xavier): variance 2 / (fan-in + fan-out), worked out for layers that are nearly
# linear, like tanh around zero;
# - **He**: variance 2 / fan-in, made for ReLU.
#
# Fan-in is how many numbers a unit reads, fan-out how many units read what it gives: 100 and 100 here; for a 3×3
# convolution from 16 to 16 maps, 9 · 16 = 144 each.
#
# In the functional API a layer is called like a function, on what comes in, and gives what goes out:

# %%
initializers = {
    "normal .05": lambda: keras.initializers.RandomNormal(stddev=0.05),
    "Glorot": keras.initializers.GlorotNormal,
    "He": keras.initializers.HeNormal,
}

def deep_stack(name, depth=20, skip=False, normalise=False):
    """ReLU layers of 100 units, and a softmax."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    x = layers.Dense(100)(x)
    for number in range(depth):
        y = layers.Dense(100, kernel_initializer=initializers[name]())(x)
        if normalise:
            y = layers.BatchNormalization(momentum=0.9)(y)
        y = layers.ReLU()(y)
        block = f"block_{number}"
        x = layers.Add(name=block)([x, y]) if skip else layers.Identity(name=block)(y)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))

# %% [markdown]
# (`skip` and `normalise` are for later.) The size of the numbers after a layer is their root mean square:

# %%
def with_blocks(model):
    """The same model, which also gives what comes out of each of the twenty layers."""
    blocks = [model.get_layer(f"block_{n}").output for n in range(20)]
    return keras.Model(model.input, [*blocks, model.output])

def signal_sizes(model):
    *blocks, _ = with_blocks(model)(x_validation[:64, :, :, None])
    return [float(np.sqrt(np.mean(np.square(block)))) for block in blocks]

# %% [markdown] given="half"
# A unit adds up fan-in products, so the power of its sum, the mean square, is fan-in · variance times that of its
# inputs. ReLU then keeps half of it on average.
#
# **Predict.** By what factor does each layer change the *size* of the signal, with Glorot?

# %%
predict.number(
    "glorot", 0.7071, tolerance=0.012, label="Factor per layer, with Glorot",
    mistakes={
        0.5: "That is the factor of the power. The size is its root.",
        1: "So it would be without ReLU. With it, half of the power is lost.",
        1.41: "That is He's variance without ReLU. Glorot's is 2 / (100 + 100).",
        0.1: "That is the weights' standard deviation. A unit adds up 100 products.",
    },
)

# %% [markdown]
# Send 64 digits through each stack:

# %%
signals = {name: signal_sizes(deep_stack(name)) for name in initializers}
figures.line_plot(
    {name: (range(1, 21), values) for name, values in signals.items()}, log=True,
    xlabel="layer", ylabel="root mean square", title="The signal, layer by layer",
    alt="Three nearly straight lines on a logarithmic scale over twenty layers: He "
    "stays level, Glorot falls, and normal .05 falls steeply.",
)

# %% [markdown]
# Straight lines on a logarithmic scale: each layer multiplies by the same factor, 0.71 with Glorot, 0.35 with
# standard deviation .05, and 1.00 with He. It is the root of fan-in · variance / 2:

# %% tags=["nbval-check-output"]
variances = {"normal .05": 0.05**2, "Glorot": 2 / (100 + 100), "He": 2 / 100}
for name, variance in variances.items():
    factor = np.sqrt(100 * variance / 2)
    print(f"{name:10}  × {factor:.2f} per layer,  × {factor**20:.1e} after 20")

# %% [markdown]
# Of the three, only He keeps the signal alive through 20 ReLU layers. Did it come out as computed?

# %%
assert signals["He"][-1] > 0.1
assert 1e-5 < signals["Glorot"][-1] < 0.02
assert signals["normal .05"][-1] < 1e-6

# %% [markdown]
# What shrinks on the way up shrinks on the way back too: where the signal vanishes, so does the gradient, and the
# first layers learn nothing. **Batch normalisation** goes at it from the other side. Whatever the weights, it
# brings each unit's numbers (in a convolution, each map's) to mean 0 and standard deviation 1 over the batch,
# then learns a new scale and offset.
#
# **Predict.** Ten layers, two epochs on 2,000 digits, four networks: the three starts from above, and *normal .05*
# with batch norm. In which order do they learn, the fastest first? (The optimiser is plain gradient descent with
# momentum: each step also keeps nine tenths of the one before. Adam gives each weight a step of its own length, and
# would hide part of the trouble.)

# %%
predict.order(
    "learners", ["normal .05, batch norm", "He", "Glorot", "normal .05"],
    mistakes={
        ("He", "normal .05, batch norm", "Glorot", "normal .05"):
        "He makes the start good. Batch norm keeps it good, at every step.",
        ("He", "Glorot", "normal .05, batch norm", "normal .05"):
        "You judged it by its start. Batch norm puts the size right after each layer.",
        ("normal .05, batch norm", "Glorot", "He", "normal .05"):
        "Glorot loses a factor of 0.71 per layer: after ten, 3 % of it is left.",
    },
)

# %% [markdown]
# All four, and the training loss after each epoch:

# %%
def losses_of(models, digits, rate, epochs):
    """The training loss of each model after each epoch on so many digits."""
    losses = {}
    for name, model in models.items():
        descent = keras.optimizers.SGD(rate, momentum=0.9)
        model.compile(descent, "sparse_categorical_crossentropy")
        fitted = model.fit(
            x_train[:digits], y_train[:digits], batch_size=25, epochs=epochs, verbose=0
        )
        losses[name] = fitted.history["loss"]
        print(f"{name:23}", ", ".join(f"{loss:.2f}" for loss in losses[name]))
    return losses

stacks = {name: deep_stack(name, depth=10) for name in initializers}
stacks["normal .05, batch norm"] = deep_stack("normal .05", depth=10, normalise=True)
losses = losses_of(stacks, digits=2000, rate=0.005, epochs=2)

# %% [markdown]
# First *normal .05, batch norm*, then *He*, then *Glorot*, and last *normal .05*. Remember 2.30, the loss of a
# guess: with standard deviation .05 the stack learns nothing at all. With He it gets off to a faster start than
# with Glorot. Batch norm is ahead of them all, and that from the *bad* start. Check it:

# %%
final = {name: each[-1] for name, each in losses.items()}
assert final["normal .05"] > 2.25 and final["Glorot"] < 1.9
assert final["normal .05, batch norm"] < final["He"] < final["Glorot"]

# %% [markdown]
# Those were ten dense layers. And your own convnet? You never said how it should start, so Keras took its default,
# Glorot. It has three convolutions and two dense layers.
#
# **Predict.** Trained with plain gradient descent, too, does your convnet learn faster from another start?

# %%
predict.choice(
    "own start", "faster with He, and faster still with batch norm",
    options=["no, it is too shallow for that",
             "faster with He, and batch norm adds nothing",
             "faster with He, and faster still with batch norm"],
    mistakes={
        "no, it is too shallow for that":
            "Five layers lose less than twenty. But the digits are mostly black and "
            "their pixels at most 1: the signal is small when it comes in.",
        "faster with He, and batch norm adds nothing":
            "He makes the start good. Batch norm keeps it good, at every step.",
    },
)

# %% [markdown]
# The convnet with three starts, on 1,000 digits:

# %%
def started(initializer, normalise=False):
    """The convnet, with another initialisation, and with batch norm if asked for."""
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for number, filters in enumerate((32, 64, 64)):
        model.add(layers.Conv2D(filters, 3, kernel_initializer=initializer))
        if normalise:
            model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        if number < 2:
            model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu", kernel_initializer=initializer))
    model.add(layers.Dense(10, activation="softmax"))
    return model

starts = losses_of({
    "Glorot": started("glorot_uniform"),
    "He": started("he_uniform"),
    "He, batch norm": started("he_uniform", normalise=True),
}, digits=1000, rate=0.01, epochs=1)

# %% [markdown]
# Faster with He, and faster still with batch norm: after one epoch the losses lie far apart. In section 2.5,
# with Adam and more epochs, Keras's default did well enough. The deeper the network, the more the start decides.

# %%
early = {name: each[0] for name, each in starts.items()}
assert early["He, batch norm"] < early["He"] - 0.2 < early["Glorot"] - 0.4

# %% [markdown]
# ## 2.14 Skip connections, in one page
#
# Much deeper networks get worse again, even with He and batch norm. The cure of 2015 is one plus sign: a block
# adds its input to its output, $y = x + F(x)$, which is called a **skip connection**. If the block has nothing to add,
# it learns $F = 0$ and does no harm. And the derivative of $y$ with respect to $x$ is $1 + F'(x)$: the gradient has a way
# back that leads past all the layers.
#
# In the plain stack with Glorot the gradient fades on its way back, as the signal does on its way up.
#
# **Predict.** What does it do with skip connections, from the last layer back to the first?

# %%
predict.choice(
    "skips", "grows", label="On its way back the gradient",
    options=["fades, but more slowly", "keeps its size", "grows"],
    mistakes={
        "fades, but more slowly":
            "The 1 in 1 + F′ lets all of it pass, and what F gives comes on top.",
        "keeps its size":
            "It would if each F were 0. But with random weights each block adds "
            "something to what passes by.",
    },
)

# %% [markdown]
# Measure the gradient with respect to what comes out of each layer:

# %%
def gradient_sizes(model):
    """Size of the loss's gradient with respect to the output of each of the layers."""
    images = tf.Variable(x_train[:64, :, :, None].astype("float32"))
    with tf.GradientTape() as tape:
        *blocks, predicted = with_blocks(model)(images, training=True)
        loss = keras.losses.sparse_categorical_crossentropy(y_train[:64], predicted)
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, blocks)]

skips_and_norm = deep_stack("Glorot", skip=True, normalise=True)
gradients = {
    "plain": gradient_sizes(deep_stack("Glorot")),
    "skips": gradient_sizes(deep_stack("Glorot", skip=True)),
    "skips and batch norm": gradient_sizes(skips_and_norm),
}

# %% [markdown]
# The picture, on a logarithmic scale:

# %%
figures.line_plot(
    {name: (range(1, 21), values) for name, values in gradients.items()}, log=True,
    xlabel="layer", ylabel="size of the gradient", title="The gradient, layer by layer",
    alt="Three lines on a logarithmic scale over twenty layers. From the last layer to "
    "the first, plain falls, skips rises, and skips with batch norm rises a little.",
)

# %% [markdown]
# Read it from right to left, the way the gradient goes. In the plain stack it loses about the factor per layer that
# the signal lost. With skips nothing fades; the gradient grows. Each block adds something to the sum, so the numbers
# grow on the way up, and the gradients on the way back. Batch norm in each block keeps what is added at the same
# size: now the gradient grows only a few times over twenty layers. ResNet is built of such blocks.

# %%
ratio = {name: values[0] / values[-1] for name, values in gradients.items()}
assert 0.6 < ratio["plain"] ** (1 / 19) < 0.8 and ratio["skips"] > 10
assert 1 / 2 < ratio["skips and batch norm"] < 12

# %% [markdown]
# ## 2.15 The test digits, opened once
#
# All choices have been made. Now open the test digits.
#
# **Predict.** The validation digits have been looked at all along. How will the accuracies on the test digits compare
# with those on the validation digits?

# %%
predict.choice(
    "test", "about the same",
    options=["clearly worse", "about the same", "clearly better"],
    mistakes={
        "clearly worse":
            "So it would be if you had tried many networks and kept the one that did "
            "best on the validation digits. Here hardly anything was chosen by them.",
        "clearly better": "Nothing was learned from either of them.",
    },
)

# %% [markdown]
# Once, for the three networks that were compared. With $n$ digits, an accuracy of $p$ is uncertain by about two
# standard errors, $2\sqrt{p(1 - p)/n}$:

# %%
def interval(accuracy, n):
    """The accuracy and its two standard errors, as text."""
    return f"{accuracy:.3f} ± {2 * np.sqrt(accuracy * (1 - accuracy) / n):.3f}"

finished = {"dense": dense, "convnet": convnet, "moved digits": jittered}
test_accuracy = {}
for name, model in finished.items():
    before, test_accuracy[name] = (
        model.evaluate(*each, verbose=0)[1] for each in (validation, (x_test, y_test))
    )
    print(f"{name:12}  validation {interval(before, len(x_validation))}", end="")
    print(f"  test {interval(test_accuracy[name], len(x_test))}")

# %% [markdown] nearby="2.5"
# About the same, within what chance explains. A small validation set leaves more to chance than a large one. And what
# the recorded run, with all of MNIST, read right of its 10,000 test digits:

# %%
for name, accuracy in full["test"].items():
    print(f"{name:12}  test {interval(accuracy, 10_000)}  (recorded)")

# %% [markdown]
# The convnet passes 99 %. From now on these digits are no test any more: whoever goes on changing the network and
# looks at them again is choosing by them.

# %%
errors = [np.sqrt(0.025 / len(part)) for part in (x_validation, x_test)]
gap = test_accuracy["convnet"] - convnet_accuracy
assert abs(gap) < 3 * np.hypot(*errors)
assert full["test"]["convnet"] >= 0.99 > full["test"]["dense"]

# %% [markdown]
# Which of your predictions came true?

# %%
predict.score()

# %% [markdown] given="180"
# ## Take-aways
#
# - A dense layer doesn't know that pixels have neighbours. A convolution does: local kernels, shared over the image.
# - Maps in, maps out: each kernel reads all maps of the layer before. With ReLU in between, layers combine edges into
#   corners and corners into shapes; without it, a stack is one larger convolution.
# - Sizes, weights and costs can be worked out by hand: 28 → 26 → 13 → 11 → 5 → 3, 320 + 18,496 + 36,928 weights,
#   2,794,240 multiply-adds with the head.
# - Pooling shrinks the maps, widens the receptive field from 7 to 18, and forgives a little movement; it makes no
#   network invariant.
# - With ReLU, initialise with He; Keras's default is Glorot. Batch normalisation and skip connections let signals and
#   gradients through deep stacks.
# - Choose on validation digits, and open the test digits once. Compare with a baseline, and change one thing at a
#   time.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/02_mnist.ipynb): each answers at once what is right, with hints. And to
# go further on your own (choose on the validation digits):
#
# 1. **By hand.** Give each convolution `padding="same"`. Which sizes and how many weights come out? Work it out, then check.
#    <details><summary>Check</summary>28 → 28 → 14 → 14 → 7 → 7; the head gets 7 · 7 · 64 = 3,136 inputs, so
#    55,744 + 3,137 · 64 + 650 = 257,162 weights.</details>
# 2. **A budget.** Find a network with at most 10,000 weights that is as good as the dense one.
# 3. **Garments.** Replace `load_mnist` by `load_fashion_mnist`. What is confused with what? And how many maps are dead now?
# 4. **Rotation.** Repeat section 2.12 with digits turned by up to 180°. Which digits suffer first, and why is the 6 a
#    special case?
#    <details><summary>Hint</summary><code>scipy.ndimage.rotate(images, angle, axes=(1, 2), reshape=False, order=1)</code></details>
# 5. **Raise the dead.** Train the convnet with a learning rate ten times as large, and ten times as small (`RATE`).
#    How many maps of the third layer are dead afterwards?
#
# ## Where next
#
# Digits are a clean world: grey, centred, one size. The next step is photographs, and far too few of them: [3.
# Cats and dogs: a convnet on a small dataset](03_cats_and_dogs.ipynb).
#
# *Read on:* Y. LeCun and others, [*Gradient-based learning applied to document
# recognition*](https://doi.org/10.1109/5.726791) (1998), where MNIST comes from; D. Kingma and
# J. Ba, [*Adam*](https://arxiv.org/abs/1412.6980) (2014); K. Simonyan and A. Zisserman, [*Very deep convolutional
# networks*](https://arxiv.org/abs/1409.1556) (2014), on stacks of 3×3; M. Lin and others, [*Network in
# network*](https://arxiv.org/abs/1312.4400) (2013), on global average pooling; J. Springenberg and others, [*Striving
# for simplicity*](https://arxiv.org/abs/1412.6806) (2014), on stride instead of pooling; A. Araujo and others,
# [*Computing receptive fields*](https://doi.org/10.23915/distill.00021) (2019); A. Azulay and Y. Weiss, [*Why do deep
# convolutional networks generalize so poorly to small image transformations?*](https://arxiv.org/abs/1805.12177)
# (2018); X. Glorot and Y. Bengio, [*Understanding the difficulty of training deep feedforward neural
# networks*](https://proceedings.mlr.press/v9/glorot10a.html) (2010), and K. He and others, [*Delving deep into
# rectifiers*](https://arxiv.org/abs/1502.01852) (2015), on initialisation; S. Ioffe and C. Szegedy, [*Batch
# normalization*](https://arxiv.org/abs/1502.03167) (2015); K. He and others, [*Deep residual learning for image
# recognition*](https://arxiv.org/abs/1512.03385) (2015).
