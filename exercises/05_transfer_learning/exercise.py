# %% [markdown]
# # Exercises 5: transfer learning
#
# Six tasks for [lesson 5](../05_transfer_learning.ipynb): feed a base what it knows, compute its features, train a head on
# them, and fine-tune without spoiling what the base has learnt. They take about an hour together. Write your code where
# it says *Your turn*, then run the cell with `check` below it. It says what is right and what is not. Stuck?
# `check.hint("preprocess")` helps a little, and a second call helps more. Some checks are hidden: they run when your work
# is graded, on other numbers and networks.

# %% tags=["setup"]
from course_utils import figures, start

from contextlib import suppress

import numpy as np

from course import drawn
from course.data import bases
from course.exercises import open_exercise

start.begin_lesson(seed=5)
import keras
from keras import layers

check = open_exercise("05_transfer_learning")

# %% [markdown]
# A base, and four pictures to try things on:

# %% tags=["try"]
base = bases.load_base("course", size=32)
pets, kinds = drawn.draw_pets(4, size=32, seed=5, workers=1)

# %% [markdown] task="preprocess"
# ## 5.1 To each base its own
#
# A base understands pixels as it was trained on them. Three ways are common:
#
# - `"mobilenetv2"` and the course's own base, `"course"`: from [0, 255] to **[−1, 1]**, that is $v / 127.5 - 1$.
# - `"vgg16"` and `"resnet50"`: **blue first**, so RGB becomes BGR; then the mean of each channel is subtracted. The means
#   are 103.939 for blue, 116.779 for green, 123.68 for red. No division.
# - `"efficientnetv2b0"`: the network rescales by itself. The pixels stay **as they are**.
#
# Write `preprocess(pixels, name)`. You are given `pixels`, uint8, shape (N, H, W, 3), RGB, values in [0, 255], and one of
# these five names. Return a **float32** array of the same shape.
#
# Example: the red pixel [255, 0, 0] becomes [1, −1, −1] for MobileNetV2, [−103.939, −116.779, 131.32] for VGG16, and
# [255, 0, 0] for EfficientNetV2B0.

# %% task="preprocess"
MEAN_BGR = np.array([103.939, 116.779, 123.68], "float32")


def preprocess(pixels, name):
    """Pixels, uint8 (N, H, W, 3), as the base of this name wants them, float32."""
    ### BEGIN SOLUTION
    values = pixels.astype("float32")
    if name in ("mobilenetv2", "course"):
        return values / 127.5 - 1
    if name in ("vgg16", "resnet50"):
        return values[..., ::-1] - MEAN_BGR
    return values
    ### END SOLUTION


# %% tags=["expected"]
fed = [pets[0], *(preprocess(pets[:1], name)[0] for name in ("mobilenetv2", "vgg16"))]
figures.image_grid(
    [(values - values.min()) / np.ptp(values) for values in fed], titles=["pixels", "mobilenetv2", "vgg16"],
    title="What each base is fed, drawn as RGB",
)

# %% tags=["try"]
with suppress(NotImplementedError):
    red = np.array([[[[255, 0, 0]]]], "uint8")
    for name in ("mobilenetv2", "vgg16", "efficientnetv2b0"):
        print(f"{name:17}", preprocess(red, name)[0, 0, 0])

# %% tags=["check"]
check("preprocess")

# %% [markdown] task="preparation"
# ## 5.2 What has been done to these pixels?
#
# A wrong preprocessing gives no error, only a worse network. So look at the values before you use them. You get arrays
# from elsewhere, each with at least one black and one white pixel, and must find out what has been done to them:
#
# | answer | what has been done |
# |---|---|
# | `"pixels"` | nothing: values from 0 to 255 (as whole numbers or as floats) |
# | `"unit"` | divided by 255 |
# | `"symmetric"` | $v / 127.5 - 1$ |
# | `"caffe"` | blue first, and the means subtracted, as for VGG16 |
# | `"twice"` | $v / 127.5 - 1$, and what came out went through $v / 127.5 - 1$ *again* |
#
# Write `preparation(values)`. You are given an array of shape (N, H, W, 3). Return one of the five words.
#
# Work out by hand, for each row of the table, what becomes of 0 and of 255. The smallest and the largest value are all
# that you need. Example: values from −1 to 1 are `"symmetric"`.

# %% task="preparation"
def preparation(values):
    """What has been done to pixels: "pixels", "unit", "symmetric", "caffe" or "twice"."""
    ### BEGIN SOLUTION
    low, high = values.min(), values.max()
    if low < -2:
        return "caffe"
    if low < 0:
        return "symmetric" if high > 0 else "twice"
    return "unit" if high <= 1 else "pixels"
    ### END SOLUTION


# %% tags=["try"]
with suppress(NotImplementedError):
    print(preparation(np.array([[[[0, 0, 0], [255, 255, 255]]]]) / 255))

# %% tags=["check"]
check("preparation")

# %% [markdown] task="features_of"
# ## 5.3 Features, batch by batch
#
# A frozen base gives the same for the same picture each time. So each picture goes through it **once**, and what comes
# out is kept. Thousands of photos don't fit into memory together; they go in batches.
#
# Write `features_of(base, images, batch_size)`. You are given
#
# - `base`, with the network `base.model` and the function `base.preprocess`, which takes pixels in [0, 255];
# - `images`, uint8, shape (N, 32, 32, 3);
# - `batch_size`, a whole number: so many images at most go through the network at once.
#
# Send each batch through `base.preprocess` and then through the network, *as in use, not as in training*: `base.model(...,
# training=False)` or `base.model.predict_on_batch(...)`. Maps of shape (n, h, w, c) come out. Take the **mean of each
# map** over its positions, which leaves (n, c). Return the features of all images as one float32 array of shape (N, c),
# row i for image i. The last batch is smaller where N isn't a multiple of `batch_size`.
#
# Whatever the batch size, the features must be the same; and any base will do, so use the one that you are given. (The
# checks bring another one, small and with random weights.) Example: for seven images in batches of three, the batches have
# 3, 3 and 1 images, and with the course's own base the result has shape (7, 120).

# %% task="features_of"
def features_of(base, images, batch_size):
    """The mean of each feature map of each image: float32, shape (N, c)."""
    ### BEGIN SOLUTION
    parts = []
    for begin in range(0, len(images), batch_size):
        batch = base.preprocess(images[begin : begin + batch_size])
        parts.append(np.mean(base.model(batch, training=False), axis=(1, 2)))
    return np.concatenate(parts)
    ### END SOLUTION


# %% tags=["try"]
with suppress(NotImplementedError):
    one, other = features_of(base, pets, 4), features_of(base, pets, 3)
    print(one.shape, other.shape, "largest difference:", np.abs(one - other).max())

# %% tags=["check"]
check("features_of")

# %% [markdown] task="train_head"
# ## 5.4 A head on features
#
# The new classifier is a single neuron: on $c$ features it has $c$ weights and a bias. Features come in all scales: one
# goes from 0 to .01, the next from 300 to 500. The neuron learns well only if they are **standardised** first: less their
# mean over the *training* examples, divided by their standard deviation. `layers.Normalization()` does so, once its method
# `adapt` has seen the training features; its numbers don't count as trainable.
#
# Write `train_head(features, labels)`. You are given `features`, float32, shape (N, c), not standardised, and `labels`, 0
# or 1, shape (N,). Return a trained Keras network that takes features **as they come**, shape (n, c), and gives the
# probability of class 1, shape (n, 1). It is made of Keras's layers, and has exactly c + 1 trainable parameters.
#
# On 300 examples with 100 features it must be right at least 85 times in 100 on others like them; what you train should
# manage over 90. Take a few seconds at most.

# %% task="train_head"
def train_head(features, labels):
    """A neuron on standardised features, trained; from (n, c) to probabilities (n, 1)."""
    ### BEGIN SOLUTION
    scaling = layers.Normalization()
    scaling.adapt(features)
    neuron = layers.Dense(1, activation="sigmoid")
    head = keras.Sequential([keras.Input(features.shape[1:]), scaling, neuron])
    head.compile(keras.optimizers.Adam(2e-2), "binary_crossentropy")
    head.fit(features, labels, batch_size=16, epochs=8, verbose=0)
    return head
    ### END SOLUTION


# %% [markdown]
# Features of the kind that count, to try it on:


# %%
def draw_features(n, seed):
    """Examples of two classes: (2n, 100) features of very different scales, and labels."""
    random = np.random.default_rng(seed)
    scales, means = 10.0 ** random.uniform(-2, 0, 100), random.uniform(0, 5, 100)
    towards = 0.23 * random.choice([-1, 1], 100)
    scales[:10], towards[:10] = 500, 0  # ten that say nothing, loudly
    labels = random.permutation(np.tile([0, 1], n))
    noise = random.normal(size=(2 * n, 100))
    values = scales * (means + noise + np.outer(2 * labels - 1, towards))
    return values.astype("float32"), labels


# %% tags=["try"]
with suppress(NotImplementedError):
    features, labels = draw_features(400, seed=1)
    head = train_head(features[:300], labels[:300])
    said = head.predict(features[300:], verbose=0)[:, 0] > 0.5
    print(f"{np.mean(said == labels[300:]):.3f} of 500 others right")

# %% tags=["check"]
check("train_head")

# %% [markdown] task="unfreeze_block"
# ## 5.5 Unfreeze one block, and count
#
# For fine-tuning one block of the base may learn, and nothing else. Its batch norm layers stay frozen too: a batch norm
# layer with `trainable = False` works as in use and keeps its moving averages.
#
# 1. Write `unfreeze_block(model, block)`. You are given a Keras model and the name of a block. The names of its layers are
#    made of the block's name, an underscore, and what they are, for example `block2_conv`, `block2_bn`. Afterwards exactly
#    the layers of this block learn, **without** its batch norm layers. However the model came, all frozen or all
#    free. Return nothing; change the flags `trainable`.
# 2. Write `count_trainable(model)`. Return how many numbers a training would change, a whole number: all entries of all
#    `model.trainable_weights`.
#
# Two traps. To set the flag of the *model* sets those of all its layers, so it comes first; and while it is off,
# `model.trainable_weights` is empty, whatever the flags of the layers say. And `block1` isn't `block10`.
#
# Example: in the model below, `block2_conv` has a kernel of 3 · 3 · 8 · 8 and no bias. With `block2` unfrozen, 576 numbers
# can be trained.

# %%
def make_base(blocks=("block1", "block2", "block3"), width=8):
    """A small base on (N, 16, 16, 3): a convolution, batch norm and ReLU in each block."""
    x = inputs = keras.Input((16, 16, 3))
    for block in blocks:
        x = layers.Conv2D(width, 3, 2, "same", use_bias=False, name=f"{block}_conv")(x)
        x = layers.BatchNormalization(momentum=0.1, name=f"{block}_bn")(x)
        x = layers.ReLU(name=f"{block}_relu")(x)
    return keras.Model(inputs, x, name="base")


# %% task="unfreeze_block"
def unfreeze_block(model, block):
    """Let the layers of this block learn, its batch norm and all other layers not."""
    ### BEGIN SOLUTION
    model.trainable = True
    for layer in model.layers:
        normalises = isinstance(layer, layers.BatchNormalization)
        layer.trainable = layer.name.startswith(f"{block}_") and not normalises
    ### END SOLUTION


def count_trainable(model):
    """How many numbers a training would change."""
    ### BEGIN SOLUTION
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    ### END SOLUTION


# %% tags=["try"]
with suppress(NotImplementedError):
    model = make_base()
    unfreeze_block(model, "block2")
    print([layer.name for layer in model.layers if layer.trainable], count_trainable(model))

# %% tags=["check"]
check("unfreeze_block")

# %% [markdown] task="fine_tune"
# ## 5.6 Fine-tune one block
#
# Now all of it. A network has the base of task 5.5 (`network.get_layer("base")`), global average pooling, and a head of
# one neuron. The head comes from another task and is *wrong* here. If head and base were trained together from the
# start, the wrong head would pull the base to the wrong place. So:
#
# 1. **Head first.** Freeze the whole base, compile, and train the head.
# 2. **Then the block.** Unfreeze this block of the base, without its batch norm; compile **again**; train block and head
#    with a **small** learning rate. Without compiling, `fit` goes on as before and the block stays as it is, or it stops
#    with *Unknown variable*: the optimiser was made for the head alone.
#
# Write `fine_tune(network, images, labels, block)`. You are given the network (it isn't compiled), `images`, float32, shape
# (N, 16, 16, 3), already as the base wants them, `labels`, 0 or 1, shape (N,), and the name of a block. Return the same
# network, trained. Afterwards
#
# - the head and the block's convolution have changed, and no other number of the network has: no other kernel, and
#   nothing of any batch norm layer;
# - the block's kernel $K$ has changed by **less than a tenth**: $\lVert K_\text{new} - K_\text{old} \rVert < 0.1 \,
#   \lVert K_\text{old} \rVert$ (`np.linalg.norm` of the flattened difference);
# - on other images it is right at least 85 times in 100.
#
# About N = 96 images come, so a few epochs take a second. In each step Adam changes a weight by its learning rate
# or less: reckon how far your steps lead, for the head and for the block. You may use your `unfreeze_block`. (The images
# are warm and cold coloured noise, and the base's weights are random: small enough to train in a moment.)

# %% task="fine_tune"
def fine_tune(network, images, labels, block):
    """Train the head, then head and block; the network's base is its layer "base"."""
    ### BEGIN SOLUTION
    base = network.get_layer("base")
    base.trainable = False
    network.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")
    network.fit(images, labels, batch_size=8, epochs=5, verbose=0)
    unfreeze_block(base, block)
    network.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy")
    network.fit(images, labels, batch_size=16, epochs=2, verbose=0)
    return network
    ### END SOLUTION


# %% [markdown]
# A network and images to try it on:


# %%
def draw_colours(n, seed):
    """Cold (0) and warm (1) images, float32 (2n, 16, 16, 3) in [-1, 1], and their labels."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.tile([0, 1], n))
    tints = np.array([[-0.4, 0.0, 0.4], [0.4, 0.0, -0.4]])[labels]
    tints = tints + random.normal(0, 0.05, tints.shape)
    images = tints[:, None, None] + random.normal(0, 0.2, (2 * n, 16, 16, 3))
    return images.clip(-1, 1).astype("float32"), labels


def make_network(seed):
    """A base with random kernels, whose batch norm knows these images, and a head that is wrong."""
    random, base = np.random.default_rng(seed), make_base(width=16)
    for weight in base.weights:
        if weight.path.endswith("kernel"):
            weight.assign(random.normal(0, np.sqrt(2 / np.prod(weight.shape[:3])), weight.shape))
        elif weight.path.endswith("gamma"):
            weight.assign(np.full(weight.shape, 3.0))
    images, labels = draw_colours(48, seed)
    for _ in range(3):
        base(images, training=True)  # the moving averages come to fit
    means = np.mean(base(images, training=False), axis=(1, 2))
    towards = means[labels == 0].mean(axis=0) - means[labels == 1].mean(axis=0)
    kernel = 0.5 * towards / (towards @ towards)
    head = layers.Dense(1, activation="sigmoid", name="head")
    pooling = layers.GlobalAveragePooling2D()
    network = keras.Sequential([keras.Input((16, 16, 3)), base, pooling, head])
    head.set_weights([kernel[:, None], np.array([-means.mean(axis=0) @ kernel])])
    return network


# %% tags=["try"]
with suppress(NotImplementedError):
    images, labels = draw_colours(200, seed=1)
    network = make_network(seed=1)
    before = network.get_layer("base").get_layer("block3_conv").kernel.numpy()
    network = fine_tune(network, images[:96], labels[:96], "block3")
    change = network.get_layer("base").get_layer("block3_conv").kernel.numpy() - before
    said = network.predict(images[96:], verbose=0)[:, 0] > 0.5
    print(f"kernel changed by {np.linalg.norm(change) / np.linalg.norm(before):.3f} of its size")
    print(f"{np.mean(said == labels[96:]):.3f} of the other images right")

# %% tags=["check"]
check("fine_tune")
