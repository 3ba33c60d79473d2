# %% [markdown]
# # 2. A convnet for MNIST
#
# **How does a network learn to read digits, and what does convolution have to do with it?**
#
# You give a computer a few thousand handwritten digits with their names, and it learns to read digits that it has
# never seen. First with a network that knows nothing of images, then with one built from the convolutions of
# [lesson 1](01_convolution.ipynb). Then you take the network apart, to find out which of its parts do the work.
#
# **You will learn**
#
# 1. to build, train, save and judge a convolutional network, and to work out its sizes and weights by hand;
# 2. what locality, weight sharing and pooling are worth, by leaving them out;
# 3. why deep networks fail to train, and how initialisation, batch normalisation and skip connections help.

# %%
from course_utils import figures, recorded, start
import numpy as np
from course import data, instruments

# COURSE_SCALE=full, or scale="full" here, trains on all of MNIST.
SCALE = start.begin_lesson(seed=2)
predict = instruments.open_lesson("02_mnist")

import keras
from keras import layers

# %% [markdown]
# ## 2.1 The digits
#
# MNIST holds 70,000 digits, written by employees of the US Census Bureau and by students: 60,000 for training and
# 10,000 for testing. In quick size you train on 4,000 and test on 1,000.

# %%
n_train, n_test = (4000, 1000) if SCALE == "quick" else (None, None)
(x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=n_train, n_test=n_test)

# %% [markdown]
# The line above says which digits you have. A look at them before anything else:

# %%
figures.image_grid(
    x_train[:20], titles=[str(label) for label in y_train[:20]], columns=10,
    alt="Twenty handwritten digits, white on black, each with its class above it.",
)

# %% [markdown]
# **Predict.** You guess the class of each digit, blindly. What share of your answers is right? And if you always
# say the most frequent class?

# %%
predict.number(
    "chance", 0.1, tolerance=0.005, label="Blindly, share from 0 to 1",
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
guesses = np.random.default_rng(0).integers(10, size=len(y_test))
counts = np.bincount(y_test, minlength=10)
print(f"guessing blindly: {np.mean(guesses == y_test):.3f}")
print("test digits of each class:", counts)
print(f"always saying {counts.argmax()}: {counts.max() / counts.sum():.3f}")

# %% [markdown]
# About one in ten, a share of 0.1. The most frequent class is hardly better: the classes are about equally frequent.
# That is **chance**, and any accuracy must be compared with it.

# %%
assert abs(np.mean(guesses == y_test) - 0.1) < 0.03
assert 0.1 <= counts.max() / counts.sum() < 0.13

# %% [markdown]
# ## 2.2 A baseline that knows nothing of images
#
# A **dense** layer connects every input with every output. Flatten the digit to 784 numbers, connect them to 512
# hidden units, and those to ten outputs, one per class. The **softmax** at the end turns ten numbers into ten
# probabilities:
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
# **Predict.** How many weights does this network have, in all?

# %%
predict.number(
    "dense", 407050, label="Number of weights",
    mistakes={
        406528:
            "You counted the connections. Each of the 512 + 10 units has a bias, too.",
        401920: "That is the first layer alone. The second has weights as well.",
        4014080: "You multiplied all three sizes. Each layer has its own weights.",
        1306: "784 + 512 + 10 counts the units. The weights are on their connections.",
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
# To train it you need three things. A **loss** says how wrong the answers are; here it is the cross-entropy,
# minus the natural logarithm of the probability given to the right class. An **optimiser** changes the weights to
# make the loss smaller; Adam is a good default, with a learning rate that falls to zero along a cosine. A
# **metric** is for you to read. Why the logarithm?
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
# of ten. A new ten-class network should start near 2.3; far above means that something is wrong. (Near it isn't
# yet proof that all is well: section 2.12.)

# %%
EPOCHS, BATCH = (4, 64) if SCALE == "quick" else (5, 128)

def train(model, images=x_train, labels=y_train, *, rate=2e-3, **options):
    """Compile and fit; gives loss and accuracy by epoch, on test digits as well."""
    options = {
        "epochs": EPOCHS, "batch_size": BATCH, "verbose": 0,
        "validation_data": (x_test, y_test),
    } | options
    steps = options["epochs"] * -(-len(images) // options["batch_size"])
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(images, labels, **options).history

# %% [markdown]
# An **epoch** is one pass over the training digits, in batches of 64 (128 in full size). After each the network
# reads the test digits too, for you to see; nothing is chosen by them. Four epochs (five in full size):

# %%
dense_history = train(dense)
dense_accuracy = dense_history["val_accuracy"][-1]
trained = dense_history["accuracy"][-1]
print(f"dense: {trained:.3f} on training digits, {dense_accuracy:.3f} on test digits")
assert dense_accuracy > 0.90

# %% [markdown]
# More than nine in ten right, far from chance. What is left to gain? Try an odd experiment: shuffle the pixels of
# all digits, every digit in the same way.

# %%
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
# **Predict.** How well will the dense network learn to read the scrambled ones, compared with the digits as they
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
# The same network, trained anew, on scrambled digits:

# %%
scrambled_dense = keras.models.clone_model(dense)
train(scrambled_dense, scramble(x_train), validation_data=None)
scrambled_accuracy = scrambled_dense.evaluate(scramble(x_test), y_test, verbose=0)[1]
print(f"dense: {dense_accuracy:.3f} on digits, {scrambled_accuracy:.3f} scrambled")

# %% [markdown]
# It reads them just as well: the two accuracies are closer than 2.5 points. To a dense network the order of the
# pixels means nothing; that two pixels are neighbours is something it was never told. Everything you see at a
# glance, strokes, corners, loops, it has to find out from examples, at each place anew.

# %%
assert abs(scrambled_accuracy - dense_accuracy) < 0.025

# %% [markdown]
# A convolution brings two pieces of knowledge with it:
#
# - **locality**: pixels that belong together lie together, so a kernel looks at a small patch;
# - **weight sharing**: a stroke is a stroke wherever it is, so the same kernel goes over the whole image.
#
# ## 2.3 The pieces: convolution, ReLU, pooling
#
# A layer `Conv2D(32, 3)` has 32 kernels of 3×3 pixels. Each gives a **feature map**, which says how strongly the
# kernel answers at each place. The next layer's kernels look at all 32 maps at once: its input has a depth of 32.
#
# After each convolution comes the **ReLU**, max(0, z): negative answers become zero. Without something nonlinear
# in between, two convolutions in a row would only be one larger convolution.
#
# **Max-pooling** keeps the largest of each 2×2 block, and moves on by two. A feature map to pool:

# %%
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
# Split the map into blocks of 2×2, and take the largest of each:

# %% tags=["nbval-check-output"]
blocks = feature_map.reshape(2, 2, 2, 2).swapaxes(1, 2)
print(blocks.max(axis=(2, 3)))

# %% [markdown]
# 4 and 6 above, 8 and 9 below. Pooling says that the kernel found something in this block, and forgets where
# exactly. The maps shrink to a quarter, later layers cost less and see more of the image. Keras's layer does the
# same:

# %%
pooled = layers.MaxPooling2D()(feature_map[None, :, :, None].astype("float32"))
assert np.array_equal(pooled[0, :, :, 0], blocks.max(axis=(2, 3)))

# %% [markdown]
# ## 2.4 The network
#
# Three convolutions with 32, 64 and 64 kernels, max-pooling after the first two, and on top a small dense network
# that turns the last feature maps into a class.

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
        (28, 14, 14, 7, 7): 'That is what padding="same" gives. Here the kernel stays '
        'inside.',
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
# **Predict.** How many weights has the second convolution, with its 64 kernels of 3×3?

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

# %% [markdown]
# 93,322 weights, less than a quarter of the dense network's 407,050. And 36,928 of the head's weights are in one
# dense layer, as many as the last convolution has. Coincidence? 576 · 64 + 64, both times. No: the last maps are
# 3×3, just as large as a kernel, so this dense layer *is* a 3×3 convolution with a single position.
#
# ## 2.5 Training
#
# **Predict.** How many errors will the convnet make on the test digits, compared with the dense network? And as
# it trains, will a gap open between training and test digits?

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
# Four or five epochs again:

# %%
import time

begin = time.perf_counter()
convnet_history = train(convnet, verbose=2)
seconds = time.perf_counter() - begin
convnet_accuracy = convnet_history["val_accuracy"][-1]
for name, accuracy in (("dense", dense_accuracy), ("convnet", convnet_accuracy)):
    print(f"{name:8} {1 - accuracy:.3f} of the test digits wrong")

# %% [markdown]
# The convnet makes fewer errors. Your curves, and beside them what a full run on all of MNIST measured. Solid
# lines are test digits, dashed lines the digits trained on.

# %%
assert convnet_accuracy > max(0.94, dense_accuracy)
full = recorded.load_run("02_mnist")
figures.learning_curves(
    {"dense": dense_history, "convnet": convnet_history,
     "dense (recorded)": full["dense"], "convnet (recorded)": full["convnet"]},
    held_out="test", low=0.85,
    title="The convnet is ahead, in your run and in the recorded one",
    alt="Accuracy by epoch: the convnet's curves lie above the dense network's, in "
    "your run and in the recorded one; at the end each dashed training curve is above "
    "its solid test curve.",
)

# %% [markdown]
# What was recorded, and where:

# %%
print(f"{full['date']}, {full['data']}, {full['machine']}")
for name in ("dense", "convnet"):
    reached = full[name]["val_accuracy"]
    print(f"{name:8} {reached[-1]:.4f} after {len(reached)} epochs")
    assert 0.97 < reached[-1] < 0.99 if name == "dense" else reached[-1] >= 0.99
print(f"the convnet's training took {full['seconds']['convnet']:.0f} s")

# %% [markdown]
# With all the data the convnet passes 99 % within five epochs, and the dense network ends between 97 % and 99 %.
# With four thousand digits, in quick size, both do worse, and the convnet keeps its lead. At first the dashed
# lines lie below: Keras averages the training accuracy over the epoch, while the network still improves, and
# looks at the test digits at its end. In the end they lie above: the network begins to know its training digits
# by heart. This gap grows with fewer and harder images, and has its own lessons.
#
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
# The same training, with scrambled digits:

# %%
scrambled_convnet = keras.models.clone_model(convnet)
train(scrambled_convnet, scramble(x_train), validation_data=None)
scrambled_conv = scrambled_convnet.evaluate(scramble(x_test), y_test, verbose=0)[1]
print(f"digits:           dense {dense_accuracy:.3f}, convnet {convnet_accuracy:.3f}")
print(f"scrambled digits: dense {scrambled_accuracy:.3f}, convnet {scrambled_conv:.3f}")

# %% [markdown]
# Now the order matters, and it falls behind the dense network: wrong knowledge is worse than none. What the
# convnet knows beforehand about images is true for digits and false for scrambled ones.

# %%
assert scrambled_conv < min(convnet_accuracy - 0.01, scrambled_accuracy)

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
before, after = (model.predict(x_test, verbose=0) for model in (convnet, loaded))
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
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay

probabilities = convnet.predict(x_test, verbose=0)
said = probabilities.argmax(axis=1)
assert np.isclose((said == y_test).mean(), convnet_accuracy, atol=1e-6)
figure = Figure(figsize=(4.6, 4.6))
axes = figure.subplots()
ConfusionMatrixDisplay.from_predictions(
    y_test, said, cmap="viridis", colorbar=False, ax=axes
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
wrong = np.flatnonzero(said != y_test)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1))][:10]
titles = [
    f"{y_test[i]}, said {said[i]}\n({probabilities[i].max():.0%} sure)" for i in worst
]
figures.image_grid(
    x_test[worst], titles=titles, columns=5, title="Sure, and wrong",
    alt="Ten handwritten digits that the network got wrong, each with its class, with "
    "what the network said instead and how sure it was.",
)

# %% [markdown]
# Some you may misread yourself. Others you read at once, and the network is sure of something else. (To be 95 %
# sure and wrong is no contradiction: among many answers, some must be. Whether 95 % sure means right 95 times in
# 100 can't be seen from the mistakes alone.) Look at the mistakes of every network that you train; it is the
# fastest way to learn what it knows.
#
# ## 2.8 What do the feature maps show?
#
# A model that gives the outputs of the three convolutions lets you look inside.

# %%
insides = keras.Model(convnet.inputs, [convnet.layers[i].output for i in (1, 3, 5)])
first_maps = insides.predict(x_test[:1], verbose=0)[0][0]
six_maps = [first_maps[:, :, channel] for channel in range(6)]
figures.image_grid(
    [x_test[0], *six_maps], size=1.6, titles=["digit", *(f"map {c}" for c in range(6))],
    alt="A digit, and six feature maps: its strokes, or some of its edges, are bright.",
)

# %% [markdown] answer="the coarser"
# These are six of the 32 maps of the first layer: strokes, and edges in some direction.
#
# **Predict.** What will maps of the second and third layer look like?

# %%
digits = x_test[[0, 1]]
stages = insides.predict(digits, verbose=0)
maps = [
    stage[which, :, :, channel]
    for which in (0, 1) for stage in stages for channel in range(4)
]
titles = [f"layer {layer}\nmap {number}" for layer in (1, 2, 3) for number in range(4)]
figures.image_grid(
    maps, titles=titles + 12 * [""], columns=12, size=0.8,
    alt="Feature maps of two digits, in two rows: four maps of each of three layers.",
)

# %% [markdown] answer=["much worse", "a few pixels"]
# Each row is one digit. The first layer's maps look like the digit. The deeper, the coarser: the third layer's
# numbers no longer say where a stroke is to the pixel, but that a certain combination is there. A map that is
# dark for one digit may light up for another.
#
# Now write your own. The examples are test digits that the network reads rightly, from the one that it is least
# sure of to the surest.
#
# **Predict.** Is a digit in the corner of the pad read as well as one in the middle? And how many pixels must be
# flipped before your network reads something else?

# %%
read, sure = said == y_test, probabilities.max(axis=1)
by_sureness = np.flatnonzero(read)[np.argsort(sure[read])]
examples = x_test[by_sureness[np.linspace(0, len(by_sureness) - 1, 20).astype(int)]]
pad = instruments.DigitPad(convnet, examples=examples)
pad

# %% [markdown]
# MNIST's makers centred all digits, so one in the corner is news to your network, and read much worse; section
# 2.11 measures that. And where the network isn't sure, a few pixels decide what it reads. (What you draw is in
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
    f"{b.argmax()} ({b.max():.0%})\nflipped: {n}\n{a.argmax()} ({a.max():.0%})"
    for b, a, n in zip(before, after, flips)
]
figures.image_grid(
    changed, titles=titles, columns=7, size=1.2,
    alt="Seven digits with single pixels flipped; above each, what the network said "
    "before, how many pixels were flipped, and what it says now.",
)

# %% [markdown]
# Above each digit: what it said, how many pixels were flipped, what it says now. The surer it is, the more it
# takes, and eight may not be enough. To you all of them stay what they were. The network knows what its training
# digits looked like, and nothing of what makes a digit.

# %%
assert before[0].argmax() != after[0].argmax()
assert flips[0] <= 4 and flips[0] < flips[-1]

# %% [markdown]
# ## 2.9 How much of the image does a number see?
#
# The **receptive field** of a number is the part of the image that it depends on. Each layer with kernel $k$ adds
# $(k - 1)$ times the step between its inputs; each stride multiplies that step.

# %%
def receptive_field(stack):
    """Side of the receptive field in pixels; stack is a list of (kernel, stride)."""
    field, step = 1, 1
    for kernel, stride in stack:
        field, step = field + (kernel - 1) * step, step * stride
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
            "Your steps are right. But the 2×2 blocks of pooling widen the field, too: "
            "by 1 and then by 2 pixels.",
        9: "Three times three. But neighbouring fields overlap, so they don't add up.",
        27: "You multiplied the kernels. Each one adds (k − 1) times the step.",
    },
)

# %% [markdown]
# A convolution is (3, 1), a pooling layer (2, 2):

# %% tags=["nbval-check-output"]
with_pooling = receptive_field([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)])
without = receptive_field([(3, 1), (3, 1), (3, 1)])
print("with pooling:", with_pooling, " without:", without)

# %% [markdown]
# 18 × 18 pixels, more than a third of the image, and 7 × 7 without pooling. That is theory. Measure it: the
# gradient of one number with respect to the pixels isn't zero where the number depends on them.

# %%
import tensorflow as tf

images = tf.Variable(x_test[:200, :, :, None].astype("float32"))
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
    [x_test[0], influence, influence > 0], size=2.4,
    titles=["a digit", "influence on the middle number", "not zero: 18 × 18"],
    alt="A digit; the pixels' influence, brightest in the middle and fading towards a "
    "square's rim; and that square of 18 by 18 pixels, white on black.",
)

# %% [markdown]
# Exactly 18 by 18. The rim counts least, since few paths lead through it; where in the middle the peak lies, the
# learned weights decide.
#
# Shapes, weights, receptive fields: you have now worked out all of them by hand, so let a calculator do it.

# %%
calculator = instruments.ShapeCalculator.of(convnet)
assert calculator.totals()["parameters"] == convnet.count_params()
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
# eight pixels further; in the first layer they reach two. Look at the costs, too: what a kernel in a deep layer
# costs depends on how many channels it reads.
#
# ## 2.10 Does max-pooling matter? A true ablation
#
# An **ablation** changes one part and leaves the rest as it is. Compare max-pooling with average pooling, with a
# stride of 2 in the convolutions, and with nothing. The head of these four stays `Flatten` and `Dense(64)`. The
# fifth changes the head instead: **global average pooling** takes the mean of each of the last 64 maps, and a
# single dense layer does the rest.

# %%
def make_variant(name):
    """The convnet, with its pooling or its head changed."""
    other = {"average": layers.AveragePooling2D, "stride 2": None, "no pooling": None}
    pool = other.get(name, layers.MaxPooling2D)
    stride = 2 if name == "stride 2" else 1
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, 3, strides=stride, activation="relu"))
        if pool:
            model.add(pool(2))
    model.add(layers.Conv2D(64, 3, activation="relu"))
    if name == "average head":
        model.add(layers.GlobalAveragePooling2D())
    else:
        model.add(layers.Flatten())
        model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model

# %% [markdown]
# Five networks:

# %%
names = ("max pooling", "average", "stride 2", "no pooling", "average head")
variants = {name: make_variant(name) for name in names}

# %% [markdown]
# **Predict.** Which of them has the most weights? And how many times as many as the smallest?

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
# Counted:

# %% tags=["nbval-check-output"]
smallest = min(model.count_params() for model in variants.values())
for name, model in variants.items():
    count = model.count_params()
    print(f"{name:12} {count:9,} weights, {count / smallest:4.1f} times the smallest")

# %% [markdown]
# It is the one with no pooling: 36 times as many weights as the smallest. Its maps keep 22 × 22 pixels, so 30,976
# numbers reach the head instead of 576, and the head's first layer has nearly two million weights. A stride of 2
# leaves 4 × 4 pixels instead of 3 × 3, so its head is larger too. With the average head hardly anything is left
# but the convolutions' 55,744.

# %%
assert variants["no pooling"].layers[-3].output.shape[1] == 22 * 22 * 64 == 30_976
assert variants["stride 2"].layers[-3].output.shape[1] == 4 * 4 * 64
assert variants["average head"].count_params() == 55_744 + 64 * 10 + 10 == 56_394

# %% [markdown] answer="a quarter of a point"
# In the recorded run each had all of MNIST and five epochs. In quick size you train the first and the fourth, on
# 1,000 digits for two epochs, to see what the difference costs.
#
# **Predict.** Which of the five will be the slowest in the recorded run? And which will read best?

# %%
quick = SCALE == "quick"
chosen, n, epochs = (names[::3], 1000, 2) if quick else (names, len(x_train), EPOCHS)
ablation = {}
for name in chosen:
    begin = time.perf_counter()
    history = train(variants[name], x_train[:n], y_train[:n], epochs=epochs)
    took = time.perf_counter() - begin
    ablation[name] = {"accuracy": history["val_accuracy"][-1], "seconds": took}

# %% [markdown]
# Yours beside the recorded ones:

# %%
line = "{accuracy:.4f} in {seconds:3.0f} s"
for name in names:
    yours = line.format(**ablation[name]) if name in ablation else "not trained here"
    print(f"{name:12}  recorded {line.format(**full['ablation'][name])}  yours {yours}")

# %% [markdown]
# The slowest is the one without pooling. In quick size it may be ahead: with 22 times max pooling's weights it
# learns faster at first. After 32 steps on 1,000 digits that says nothing about where the two end. The recorded
# run says more. (Its max pooling is the network of section 2.5, trained again: the difference in accuracy is the
# seed's, the one in seconds the machine's.)
#
# Which reads best? As far as one run each can tell, it doesn't matter: max, average, stride or nothing, on all of
# MNIST the four lie within a quarter of a point, which is what chance would explain. So max-pooling isn't why
# convnets read digits well. What shrinking the maps buys is *cost*: without it the network needs 22 times the
# weights and several times the time for the same accuracy. A stride of 2 buys it even cheaper, because it never
# computes what it drops. Check it before you believe it:

# %%
runs = full["ablation"]
best = max(run["accuracy"] for run in runs.values())
assert all(best - runs[name]["accuracy"] < 0.0025 for name in names[:4])
assert best - runs["average head"]["accuracy"] > 0.005
assert runs["no pooling"]["seconds"] > 4 * runs["max pooling"]["seconds"]
assert runs["stride 2"]["seconds"] < runs["max pooling"]["seconds"]

# %% [markdown] answer=["at six", "at eight"]
# The average head ends more than half a point lower. It forgets *where* a map answered and keeps only how much,
# and it has one layer less; either may be why. For digits, where a loop at the top makes a 9 and one at the
# bottom a 6, forgetting where asks more of the convolutions. For photos, where the cat may be anywhere, it is the
# usual choice.
#
# ## 2.11 Moving the digits
#
# MNIST's digits are centred. What if they aren't? Move the test digits to the right, pixel by pixel.
#
# **Predict.** How many pixels does it take until the dense network is no better than chance? And the convnet?

# %%
def move(images, pixels):
    """Move images to the right; black comes in from the left."""
    return np.pad(images, ((0, 0), (0, 0), (pixels, 0)))[:, :, :28]

shifts = (0, 2, 4, 6, 8)

def accuracies(model):
    return [model.evaluate(move(x_test, s), y_test, verbose=0)[1] for s in shifts]

moved = {"dense": accuracies(dense), "convnet": accuracies(convnet)}

# %% [markdown]
# And a third: the same convnet, trained with each digit moved at random, by up to two pixels in each direction,
# anew in each epoch. The layer `RandomTranslation` does it, in training only. It trains twice as long, because
# moved digits are harder.

# %%
jittered = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant"),
    *keras.models.clone_model(convnet).layers,
])
longer = {"epochs": 8, "batch_size": 50, "rate": 3e-3} if quick else {"epochs": 10}
jittered_history = train(jittered, **longer)
moved["convnet, trained on moved digits"] = accuracies(jittered)

# %% [markdown]
# All three, from the digits where they were to those moved by eight pixels:

# %%
figures.line_plot(
    {name: (shifts, values) for name, values in moved.items()}, level=(0.1, "chance"),
    xlabel="digits moved to the right by (pixels)", ylabel="test accuracy",
    title="Three networks on digits that have moved",
    alt="Test accuracy against pixels moved: the dense network's curve falls first, "
    "then the convnet's, and last that of the convnet trained on moved digits; a line "
    "marks chance.",
)

# %% [markdown]
# At four pixels the dense network has lost far more than the convnet; it is at chance, or near it, at six, and
# the convnet at eight. It can even fall below: a moved digit often looks like a certain other one. (Beyond four
# pixels many digits lose part of a stroke at the edge, so part of the fall is nobody's fault.)
#
# So a convnet isn't invariant. Its feature maps move with the digit (lesson 1), pooling forgives a little, and
# then the dense head, which knows each place by itself, meets numbers where it never saw any. Showing moved
# digits in training teaches it, within the two pixels and a little beyond.

# %%
assert moved["convnet"][2] > moved["dense"][2] + 0.1
assert moved["convnet, trained on moved digits"][2] > moved["convnet"][2] + 0.05
assert moved["dense"][3] < 0.3 and max(moved["dense"][4], moved["convnet"][4]) < 0.3

# %% [markdown]
# And on the digits where they were, does the training with moved ones harm?

# %%
jittered_accuracy = jittered_history["val_accuracy"][-1]
print(f"convnet {convnet_accuracy:.3f}, with moved digits {jittered_accuracy:.3f}")
assert jittered_accuracy >= 0.97

# %% [markdown]
# No: at least 97 % right. (Most of its lead over the convnet there comes from the longer training: exercise 5.)
#
# ## 2.12 Why deep networks used to fail: initialisation
#
# Training starts from random weights. How large should they be? Send digits through 20 dense layers of 100 units
# each (for convolutions it is the same, only slower to try), and look at the size of the numbers after each
# layer, for three ways to draw the weights:
#
# - a **normal** distribution with standard deviation .05, whatever the layer's size;
# - **Glorot** (also called Xavier): variance 2 / (fan-in + fan-out), worked out for layers that are nearly
# linear, like tanh around zero;
# - **He**: variance 2 / fan-in, made for ReLU.
#
# Fan-in and fan-out are the numbers of inputs and outputs of a unit's layer: 100 and 100 here; for a 3×3
# convolution from 16 to 16 maps, 9 · 16 = 144 each.

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
# The size of the numbers after a layer is their root mean square:

# %%
def with_blocks(model):
    """The same model, which also gives what comes out of each of the twenty layers."""
    blocks = [model.get_layer(f"block_{n}").output for n in range(20)]
    return keras.Model(model.input, [*blocks, model.output])

def signal_sizes(model):
    *blocks, _ = with_blocks(model)(x_test[:64, :, :, None])
    return [float(np.sqrt(np.mean(np.square(block)))) for block in blocks]

# %% [markdown]
# A unit adds up fan-in products, so the power of its sum, the mean square, is fan-in · variance times that of its
# inputs. ReLU then keeps half of it on average.
#
# **Predict.** By what factor does each layer change the *size* of the signal, with Glorot? And with the other
# two?

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
# standard deviation .05, and 1 with He. It is the root of fan-in · variance / 2:

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
# **Predict.** Ten layers, three epochs on 2,000 digits, four networks: the three starts from above, and *normal .05*
# with batch norm. In which order do they learn, the fastest first? (The optimiser here is plain gradient descent with
# momentum. Adam gives each weight a step of its own size, and would hide part of the trouble.)

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
stacks = {name: deep_stack(name, depth=10) for name in initializers}
stacks["normal .05, batch norm"] = deep_stack("normal .05", depth=10, normalise=True)
final = {}
for name, model in stacks.items():
    descent = keras.optimizers.SGD(0.005, momentum=0.9)
    model.compile(descent, "sparse_categorical_crossentropy")
    x, y = x_train[:2000], y_train[:2000]
    fitted = model.fit(x, y, batch_size=32, epochs=3, verbose=0)
    losses = fitted.history["loss"]
    print(f"{name:23}  loss", ", ".join(f"{loss:.2f}" for loss in losses))
    final[name] = losses[-1]

# %% [markdown]
# First *normal .05, batch norm*, then *He*, then *Glorot*, and last *normal .05*. Remember 2.30, the loss of a
# guess: with standard deviation .05 the stack learns nothing at all. With He it gets off to a faster start than
# with Glorot. Batch norm is ahead of them all, and that from the *bad* start. Check it:

# %%
assert final["normal .05"] > 2.25 and final["Glorot"] < 1.9
assert final["normal .05, batch norm"] < final["He"] < final["Glorot"]

# %% [markdown]
# ## 2.13 Skip connections, in one page
#
# Much deeper networks get worse again, even with He and batch norm. The cure of 2015 is one plus sign: a block
# adds its input to its output, $y = x + F(x)$. If the block has nothing to add, it learns $F = 0$ and does no
# harm. And the derivative of $y$ with respect to $x$ is $1 + F'(x)$: the gradient has a way back that leads past
# all the layers.
#
# In the plain stack with Glorot the gradient fades on its way back, as the signal does on its way up.
#
# **Predict.** What does it do with skip connections, from the last layer back to the first? And with batch norm
# in each block as well?

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
# Read it from right to left, the way the gradient goes. In the plain stack it loses a factor of about .7 per
# layer. With skips nothing fades; the gradient grows. Each block adds something to the sum, so the numbers grow
# on the way up, and the gradients on the way back. Batch norm in each block keeps what is added at the same size:
# now the gradient grows only a few times over twenty layers. ResNet is built of such blocks.

# %%
ratio = {name: values[0] / values[-1] for name, values in gradients.items()}
assert ratio["plain"] < 1 / 50 and ratio["skips"] > 10
assert 1 / 2 < ratio["skips and batch norm"] < 12

# %% [markdown]
# The next cell keeps what a full run measured, when the course's makers ask for it; on your machine it does
# nothing.

# %%
recorded.keep_run(
    "02_mnist", scale=SCALE, seed=2,
    data=f"{len(x_train):,} training and {len(x_test):,} test digits",
    dense=dense_history, convnet=convnet_history, jittered=jittered_history,
    ablation=ablation, moved=moved,
    scrambled={"dense": scrambled_accuracy, "convnet": scrambled_conv},
    seconds={"convnet": seconds},
)

# %% [markdown]
# Which of your predictions came true?

# %%
predict.score()

# %% [markdown]
# ## Take-aways
#
# - A dense layer doesn't know that pixels have neighbours. A convolution does: local kernels, shared over the image.
# - Sizes and weights can be worked out by hand: 28 → 26 → 13 → 11 → 5 → 3, and 320 + 18,496 + 36,928 weights.
# - Pooling shrinks the maps, widens the receptive field from 7 to 18, and forgives a little movement; it makes no
# network invariant.
# - With ReLU, initialise with He. Batch normalisation and skip connections let signals and gradients through deep stacks.
# - Always look at the mistakes, compare with a baseline, and change one thing at a time.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/02_mnist.ipynb): each answers at once what is right, with hints. And
# to go further on your own:
#
# 1. **By hand.** Give each convolution `padding="same"`. Which sizes and how many weights come out? Work it out, then check.
#    <details><summary>Check</summary>28 → 28 → 14 → 14 → 7 → 7; the head gets 7 · 7 · 64 = 3,136 inputs, so
#    55,744 + 3,137 · 64 + 650 = 257,162 weights.</details>
# 2. **A budget.** Find a network with at most 10,000 weights that is as good as the dense one.
# 3. **Garments.** Replace `load_mnist` by `load_fashion_mnist`. What is confused with what?
# 4. **Rotation.** Repeat section 2.11 with digits turned by up to 180°. Which digits suffer first, and why is the 6 a special case?
#    <details><summary>Hint</summary><code>scipy.ndimage.rotate(images, angle, axes=(1, 2), reshape=False, order=1)</code></details>
# 5. **One thing at a time.** The network of section 2.11 was trained on moved digits *and* for longer. Train a clone of the convnet with the
#    same settings `longer` on digits that stay in place. How much of the lead is left, on unmoved digits and on moved ones?
#    <details><summary>Check</summary>On unmoved digits about half a point (about .972 against .977); at four pixels, about 30 points.</details>
#
# ## Where next
#
# Digits are a clean world: grey, centred, one size. The next step is photographs, and far too few of them: [3.
# Cats and dogs: a convnet on a small dataset](03_cats_and_dogs.ipynb).
#
# *Read on:* Y. LeCun and others, *Gradient-based learning applied to document recognition* (1998); X. Glorot and
# Y. Bengio (2010) and K. He and others (2015) on initialisation; S. Ioffe and C. Szegedy, *Batch normalization*
# (2015); K. He and others, *Deep residual learning for image recognition* (2016).
