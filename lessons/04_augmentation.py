# %% [markdown]
# # 4. Augmentation and regularisation
#
# **How do you keep a network from learning its photos by heart?**
#
# In [lesson 3](03_cats_and_dogs.ipynb) a convnet learnt 2,000 photos of cats and dogs by heart: nearly 100 % on them,
# some 75 % on others. Two things help. Show it more photos, if need be made from those you have: **augmentation**.
# And take away its freedom to memorise: **regularisation**. You write both by hand, find out what each is worth, and
# prove that the photos you judge the network by stay untouched.
#
# **You will learn**
#
# 1. to make new photos from old ones that keep their label, by hand and with Keras layers, in training only;
# 2. what dropout, L2 and batch normalisation do, and which of them rest at inference;
# 3. to take a cure apart: an ablation with several seeds, so that you can tell what helps from what just sounds good.

# %%
from course_utils import figures, recorded, start
import numpy as np
from course import data, instruments

# COURSE_SCALE=full, or scale="full" here, trains for an hour on all photos
SCALE = start.begin_lesson(seed=4)
instruments.open_lesson("04_augmentation")

import keras
from keras import layers

# %% [markdown]
# ## 4.1 Where we stand
#
# The photos of lesson 3, in the same pipeline: decoded once, cached as whole numbers, shuffled, batched, prefetched. (If
# you have added your own, these. What the course's makers recorded is always of *pets*, cats and dogs.)

# %%
SIZE, n_train, n_validation = (64, 1000, 500) if SCALE == "quick" else (150, None, None)
folder, origin = data.load_pets(n_train, n_validation, size=SIZE)
short = data.class_names(folder, most=12)

# %% [markdown]
# The same function as in lesson 3, only shorter:

# %%
import tensorflow as tf

def photo_batches(part, size=SIZE, n=None):
    """Batches of 32 uint8 photos and labels, decoded once; training photos shuffled."""
    def as_bytes(image, label):
        return tf.cast(tf.round(image), tf.uint8), label

    photos = keras.utils.image_dataset_from_directory(
        folder / part, label_mode="binary", image_size=(size, size), batch_size=None,
        interpolation="area", shuffle=part == "train", seed=4, verbose=False,
    )
    photos = photos.take(n or -1).map(as_bytes).cache()
    photos = photos.shuffle(2000) if part == "train" else photos
    return photos.batch(32).prefetch(tf.data.AUTOTUNE)

train, validation = photo_batches("train"), photo_batches("validation")

# %% [markdown]
# And this is the trouble, as the full run of lesson 3 recorded it on real photos of pets:

# %%
before = recorded.load_run("03_cats_and_dogs")["plain"]
assert before["accuracy"][-1] - before["val_accuracy"][-1] > 0.2
figures.learning_curves(
    {"plain (recorded)": before}, low=0.45,
    title="The gap between the curves is what was learnt by heart",
)

# %% [markdown]
# The surest cure is more data. Drawn cats and dogs can be had without end, so there it can be measured. The course's
# makers trained this network, with batch norm (section 4.7), on 1,000 drawings and on many more:

# %%
drawn = recorded.load_run("drawn_pets")
small, large = drawn["small"], drawn["large"]
parts = ("training", "validation")
runs = small["runs"]["plain"]
few = {part: np.mean([run[part][-1] for run in runs]) for part in parts}
many = {part: large["run"][part][-1] for part in parts}
for n, accuracy in ((small["n_train"], few), (large["n_train"], many)):
    shares = ", ".join(f"{part} {accuracy[part]:.3f}" for part in parts)
    print(f"{n:6,} drawings: {shares}")
assert many["validation"] > few["validation"] + 0.1
assert large["n_train"] == 15 * small["n_train"]

# %% [markdown]
# With enough images there is little left to cure. But who has 15 times as many photos of what matters to them? So
# make some.
#
# ## 4.2 New photos from old ones, by hand
#
# A cat stays a cat if you mirror, turn, shift or enlarge the photo a little. All of these are one operation: each
# pixel of the new photo *fetches* its colour from some place in the old one, and a 3 × 3 matrix says from where.
# Mirroring, turning, enlarging and shifting each have their matrix; one after the other is their product.

# %%
def place_matrix(size, turn=0.0, zoom=0.0, right=0.0, down=0.0, mirror=False):
    """Where new pixels come from; turn in turns, the others in shares of the side."""
    a, k, middle = 2 * np.pi * turn, 1 + zoom, (size - 1) / 2
    centre = np.array([[1, 0, middle], [0, 1, middle], [0, 0, 1]])
    cos, sin = np.cos(a), np.sin(a)
    rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    scale = np.diag([-k if mirror else k, k, 1])
    shift = np.array([[1, 0, -right * size], [0, 1, -down * size], [0, 0, 1]])
    return centre @ rotate @ scale @ np.linalg.inv(centre) @ shift

# %% [markdown]
# Read the product from right to left: shift, move the origin to the middle, scale and turn, move it back. `warp` then
# fetches the colours, taking a weighted mean of the four nearest pixels, since the place is rarely a whole number.
#
# **Predict.** The photo is enlarged where `zoom` is negative. Why that sign?

# %%
from skimage.data import chelsea
from skimage.transform import resize, warp

middle = chelsea()[:, 75:375]
photo = resize(middle, (96, 96), anti_aliasing=True, preserve_range=True)
photo = photo.round().astype("uint8")

def moved(photo, fill="symmetric", **how):
    matrix = place_matrix(len(photo), **how)
    return warp(photo, matrix, mode=fill, preserve_range=True).round().astype("uint8")

changes = {
    "as it is": {}, "mirror": {"mirror": True}, "turn .1": {"turn": 0.1},
    "zoom −.3": {"zoom": -0.3}, "zoom .3": {"zoom": 0.3},
    "right .2": {"right": 0.2}, "down .2": {"down": 0.2},
}
shown = [moved(photo, **how) for how in changes.values()]
figures.image_grid(shown, titles=list(changes), columns=7, size=1.25)

# %% [markdown]
# Because the matrix says where to *fetch*: with `zoom` −.3 the pixels come from a region of .7 of the side, so the
# photo grows. Forgetting this is the classic mistake: everything turns the wrong way round.
#
# Where a pixel comes from outside the photo, something must be filled in:

# %%
fills = {
    "symmetric": "reflect", "edge": "nearest", "wrap": "wrap", "constant": "constant",
}
shifted = [moved(photo, fill=fill, right=0.25, turn=0.06) for fill in fills]
figures.image_grid(
    shifted, titles=list(fills.values()), columns=4, size=1.5,
    title="Four ways to fill (the names are those of Keras)",
)

# %% [markdown]
# Mirrored at the rim, the last pixel repeated, from the other side, or black. None is true. Mirroring looks most like
# a photo; black tells the network something that no validation photo will.
#
# Now at random, anew each time the photo is seen:

# %%
def random_change(random, rotation=0.1, zoom=0.2, shift=0.1):
    """Draw a change: at most `rotation` turns, and so on; half are mirrored."""
    most = {"turn": rotation, "zoom": zoom, "right": shift, "down": shift}
    mirror = random.random() < 0.5
    moves = {name: random.uniform(-m, m) for name, m in most.items()}
    return {"mirror": mirror, **moves}

random = np.random.default_rng(4)
versions = [moved(photo, **random_change(random)) for _ in range(11)]

# %% [markdown]
# **Predict.** In how many of these would you still name the animal?

# %% tags=["thumbnail"]
figures.image_grid(
    [photo, *versions], titles=["the photo", *11 * [""]], columns=6, size=1.4,
    title="One photo, eleven more",
)

# %% [markdown]
# In all of them, and that is the condition: *the label must survive*.
#
# ## 4.3 The same with Keras layers
#
# Keras has a layer for each. They are layers like others, with one difference: they are meant for training only. Is
# `RandomRotation` what you wrote? Fix its angle, and compare:

# %%
fixed_turn = layers.RandomRotation((0.1, 0.1), fill_mode="reflect")
theirs = fixed_turn(photo[None].astype("float32"), training=True)[0].numpy()
ours = moved(photo, turn=0.1)
print(f"mean difference: {np.abs(theirs - ours).mean():.2f} of 255")
assert np.abs(theirs - ours).mean() < 1 < np.abs(theirs - photo).mean()

# %% [markdown]
# Equal up to rounding: the layer is your matrix. (One difference: of several layers, each fetches the colours anew,
# and each time the photo gets a little softer. One matrix for all movements does it once.) Now a gallery. Each column
# is one layer, with five draws:

# %%
gallery = {
    "flip": layers.RandomFlip("horizontal"), "rotation .1": layers.RandomRotation(0.1),
    "translation .2": layers.RandomTranslation(0.2, 0.2),
    "zoom .3": layers.RandomZoom(0.3), "shear .3": layers.RandomShear(0.3, 0.3),
    "brightness .3": layers.RandomBrightness(0.3),
    "contrast .5": layers.RandomContrast(0.5), "hue .2": layers.RandomHue(0.2),
    "saturation": layers.RandomSaturation((0.35, 0.65)),
}
batch = np.stack(5 * [photo]).astype("float32")
rows = {name: layer(batch, training=True).numpy() for name, layer in gallery.items()}
shown = [rows[name][i].clip(0, 255).astype("uint8") for i in range(5) for name in rows]
figures.image_grid(shown, titles=[*rows, *36 * [""]], columns=9, size=1.05)

# %% [markdown]
# Two checks of what the numbers mean. **Predict.** In what unit is the .1 of `RandomRotation`? And what do two flips
# make?

# %% tags=["nbval-check-output"]
turns = layers.RandomRotation(0.1, seed=1)
blank = np.zeros((5000, 8, 8, 3))
angles = turns.get_random_transformation(blank, training=True)["angle"].numpy()
print(f"angles from {angles.min():.0f}° to {angles.max():.0f}°")
flipped = tf.image.flip_left_right(tf.image.flip_left_right(batch)).numpy()
print("pixels that differ after two flips:", (flipped != batch).any(axis=-1).sum())

# %% [markdown]
# A tenth of a full turn: ±36°. (That is a lot. In radians it would be ±6°.) And two flips give the photo back.

# %%
assert np.array_equal(flipped, batch) and np.abs(angles).max() <= 36

# %% [markdown]
# Two traps. **Predict.** A grey image with values in [0, 1], all .5. `RandomBrightness(.2)` changes brightness by at
# most a fifth of the range. What comes out?

# %% tags=["nbval-check-output"]
grey = np.full((1000, 1, 1, 3), 0.5, "float32")
for options in ({}, {"value_range": (0, 1)}):
    out = layers.RandomBrightness(0.2, seed=1, **options)(grey, training=True).numpy()
    print(options or "default", f"from {out.min():.1f} to {out.max():.1f}")

# %% [markdown]
# By default it believes that values go up to 255, and a fifth of *that* is 51: black, or far too bright, and no
# error. Colour layers must know their `value_range`; or let them work before `Rescaling`, as here.
#
# The second trap is the type. `RandomContrast` refuses whole numbers with an error. `RandomBrightness` doesn't, and a
# dark 30 made darker becomes 237, because `uint8` begins again at 255 below 0. Convert to `float32` first; inside a
# model Keras does.
#
# ### From the old generator
#
# Older books use `ImageDataGenerator`, which Keras 3 has put aside (only `tf.keras` still carries a copy). Its
# arguments, translated:
#
# | `ImageDataGenerator` | Keras 3 | mind |
# |---|---|---|
# | `rescale=1/255` | `Rescaling(1/255)` | as a layer of the model it can't be forgotten later |
# | `horizontal_flip=True` | `RandomFlip("horizontal")` | |
# | `rotation_range=40` | `RandomRotation(40/360)` | degrees became turns |
# | `width_shift_range=.2, height_shift_range=.1` | `RandomTranslation(.1, .2)` | height comes first |
# | `zoom_range=.2` | `RandomZoom(.2, .2)` | both directions on their own, as before; `RandomZoom(.2)` keeps the proportions |
# | `shear_range=11.3` | `RandomShear(.2, 0.)` | degrees became a slope, and the rim is held instead of the middle, so the photo moves too; the books' `shear_range=.2` was .2 *degrees*, invisible |
# | `brightness_range=(.8, 1.2)` | `RandomBrightness(.2)` | it multiplied; the layer adds a share of the range |
# | `channel_shift_range=50` | `RandomBrightness(50/255)` | it added the same to all channels |
# | `fill_mode="nearest"` | `fill_mode="nearest"` | it was the default; now "reflect" is |
# | `featurewise_center, featurewise_std_normalization` | `Normalization()` and `adapt` | |
# | `preprocessing_function=f` | `dataset.map(lambda x, y: (f(x), y))` | `f` had one NumPy image; now it must be TensorFlow code, and gets a batch |
# | `validation_split=.2` | `image_dataset_from_directory(..., validation_split=.2, subset=..., seed=...)` | the same seed twice |
#
# A table can lie. Run its rows, and check the units of two of them:

# %%
translated = [
    layers.RandomFlip("horizontal"), layers.RandomRotation(40 / 360),
    layers.RandomTranslation(0.1, 0.2), layers.RandomZoom(0.2, 0.2),
    layers.RandomShear(0.2, 0.0), layers.RandomBrightness(0.2),
    layers.RandomBrightness(50 / 255),
]
for layer in translated:
    assert layer(batch, training=True).shape == batch.shape

# %% [markdown]
# The units:

# %% tags=["nbval-check-output"]
many_blank = np.zeros((5000, 10, 10, 3), "float32")

def largest(layer, what):
    drawn = layer.get_random_transformation(many_blank, training=True)[what]
    return np.abs(drawn).max(axis=0)

sheared = largest(translated[4], "shear_factor")
degrees = np.degrees(np.arctan(sheared[0]))
print(f"shear: tangent up to {sheared[0]:.1f}, {degrees:.1f}°", end=" ")
print(f"(and {sheared[1]:.0f} the other way)")
offsets = largest(translated[2], "translations")
print("largest shift, x and y, in pixels of 10:", offsets.round(1))

# %% [markdown]
# How strong may they be? That is for you to say. Move the sliders, cross out each version in which you would no longer
# name the animal, and note how strong a change is when you cross out the first. Then choose the six as the photo.
# **Predict.** Which changes does a six survive as well as a cat, and which not?

# %%
(digits, labels), (test_digits, test_labels) = data.load_mnist(
    n_train=4000, n_test=1000, source="embedded"
)
first_six = digits[np.flatnonzero(labels == 6)[0]]
six = np.stack(3 * [np.kron(first_six, np.ones((3, 3), "uint8"))], axis=-1)
desk = instruments.AugmentationDesk(
    {"cat": photo, "six": six}, rotation=0.1, zoom=0.2, translation=0.1
)
desk

# %% [markdown]
# The code below the grid is what makes these versions, ready to be copied; `desk.layers()` gives the layers
# themselves, `desk.refused` what you crossed out. Here is the six, turned and mirrored:

# %%
half_turn = layers.RandomRotation((0.5, 0.5), fill_mode="constant")
turned_six = half_turn(six[None].astype("float32"), training=True)[0].numpy()

figures.image_grid(
    [six, turned_six.clip(0, 255).astype("uint8"), six[:, ::-1]],
    titles=["six", "half a turn", "mirrored"], size=1.5,
)

# %% [markdown]
# A cat survives nearly everything. Keep your list for the six: what is lost can be measured.

# %%
assert np.abs(turned_six - six[::-1, ::-1]).mean() < 2

# %% [markdown]
# ## 4.4 Does the label survive?
#
# Mirroring a cat gives a cat. That is knowledge about cats, not about images. For digits it is false. Take the
# simplest classifier, the **nearest neighbour**, which gives a digit the label of the most similar one it knows, and
# let it know nothing but changed digits, under their old names.
#
# **Predict.** Which change does harm, and which digits will suffer?

# %%
from sklearn.neighbors import KNeighborsClassifier

def names_after(change):
    """What the nearest neighbour calls test digits if it knows changed digits only."""
    known, asked = (
        images.reshape(len(images), -1).astype("float32")
        for images in (change(digits), test_digits)
    )
    return KNeighborsClassifier(1).fit(known, labels).predict(asked)

# %% [markdown]
# Three cases, and the share named rightly, of all digits and of each:

# %% tags=["nbval-check-output"]
cases = {
    "as they are": lambda x: x,
    "one pixel to the right": lambda x: np.roll(x, 1, axis=2),
    "upside down": lambda x: x[:, ::-1, ::-1],
}
called = {name: names_after(change) for name, change in cases.items()}
for name, said in called.items():
    right = said == test_labels
    each = " ".join(f"{right[test_labels == digit].mean():.2f}" for digit in range(10))
    print(f"{name:23} {right.mean():.2f}; 0 to 9: {each}")

# %% [markdown]
# A shift keeps the label; it costs some points only because all known digits now lie elsewhere. Half a turn doesn't
# keep it: who has learnt from digits upside down calls most nines six, and many sixes nine.

# %% tags=["nbval-check-output"]
for name, said in called.items():
    six_as_nine = np.mean(said[test_labels == 6] == 9)
    nine_as_six = np.mean(said[test_labels == 9] == 6)
    print(f"{name:23} 6 called 9: {six_as_nine:.2f}, 9 called 6: {nine_as_six:.2f}")

# %% [markdown]
# Ask two questions of each change: *Is the label still right?* And: *Could such a photo turn up?* A cat upside down
# is still a cat, but photographers rarely offer one, and the network would spend its weights on it. Turning the
# colours blue keeps a dog a dog; it would ruin the task of naming ripe fruit.
#
# ## 4.5 In the model or in the pipeline
#
# There are two places for augmentation. *In the model*, as first layers: it travels with the model, runs on the GPU
# if there is one, and rests in `predict` and `evaluate`. *In the pipeline*, with `map`: it runs on the CPU while the
# GPU learns, and works on anything, labels included. The order matters: after the cache, or each epoch sees the same
# "random" photos.

# %%
def make_augmentation(gentle=False):
    """Layers that mirror and shift at random; unless gentle, also turn and zoom."""
    more = [] if gentle else [layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
    return [layers.RandomFlip("horizontal"), *more, layers.RandomTranslation(0.1, 0.1)]

augment = keras.Sequential(make_augmentation())
# The second place:
augmented = train.map(lambda images, labels: (augment(images, training=True), labels))

# %% [markdown]
# Augment the training photos only! Validation photos stand for the world, and the world isn't augmented. You can
# prove that you kept to it. **Predict.** What do the layers do with `training=False`?

# %% tags=["nbval-check-output"]
import hashlib

def digest(batches):
    """One fingerprint of every byte of a dataset."""
    bytes_read = hashlib.sha256()
    for images, labels in batches:
        bytes_read.update(np.asarray(images).astype("float32").tobytes())
        bytes_read.update(np.asarray(labels).tobytes())
    return bytes_read.hexdigest()

def resting(images, labels):
    return augment(images, training=False), labels

digests = {digest(validation), digest(validation.map(resting)), digest(validation)}
print("training=False, the same photos as before:", len(digests) == 1)
fixed = next(iter(train))[0]
twice = [np.asarray(augment(fixed, training=True)) for _ in range(2)]
print("training=True, the same photos twice:", np.array_equal(*twice))

# %% [markdown]
# Byte for byte the same with `training=False`; and the same batch never comes out twice the same in training. Mind
# the direct call: `predict` and `evaluate` say `training=False` for you, but these layers, called without it, believe
# that it is training.

# %%
assert len(digests) == 1 and not np.array_equal(*twice)
assert not np.array_equal(augment(fixed), fixed)

# %% [markdown]
# ## 4.6 Dropout
#
# **Dropout** switches each unit off with probability $r$, anew for each photo in each step. No unit can rely on any
# other one, so remembering a single photo by a conspiracy of units becomes hard. The units that stay are multiplied
# by $1 / (1 - r)$.
#
# **Predict.** What is that factor good for? How many weights does a dropout layer add?

# %% tags=["nbval-check-output"]
def dropout(x, rate, random):
    """Switch off a share of the numbers and strengthen the rest, as in training."""
    kept = random.random(x.shape) >= rate
    return x * kept / (1 - rate)

x = np.ones((1000, 1000))
ours, layer = dropout(x, 0.5, np.random.default_rng(4)), layers.Dropout(0.5, seed=4)
theirs = layer(x, training=True).numpy()
for who, out in (("by hand", ours), ("Keras", theirs)):
    off = np.mean(out == 0)
    print(f"{who:8} values {np.unique(out)}, mean {out.mean():.2f}, off {off:.1%}")
unchanged = np.array_equal(layer(x, training=False), x)
print("weights:", layer.count_params(), " at inference unchanged:", unchanged)

# %% [markdown]
# The mean stays what it was, so the next layer needs no correction when dropout rests at inference. And it has
# nothing to learn: no weights.

# %%
assert layer.count_params() == 0 and abs(ours.mean() - 1) < 0.01

# %% [markdown]
# ## 4.7 L2 and batch norm
#
# **L2 regularisation** adds $\lambda \sum w^2$ to the loss. Its gradient, $2 \lambda w$, pulls each weight towards
# zero in each step, so a large weight must earn its keep. (With plain gradient descent this is **weight decay**: each
# weight shrinks by a fixed share in each step. With Adam it isn't, since Adam rescales the gradient;
# `keras.optimizers.AdamW` does the real thing.) Keras adds the term where a layer has a `kernel_regularizer`:

# %% tags=["nbval-check-output"]
layer = layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.01))
layer(np.ones((1, 5)))
by_hand = 0.01 * np.sum(np.square(layer.kernel.numpy()))
print("the same as by hand:", np.isclose(float(layer.losses[0]), by_hand, rtol=1e-5))
assert np.isclose(float(layer.losses[0]), by_hand, rtol=1e-5)

# %% [markdown]
# **Batch norm** (lesson 2) is meant to speed up training. It regularises in passing: a photo's numbers are normalised
# with the mean and spread of the batch that it happens to be in, which is a kind of noise. At inference it uses
# running averages from training instead, so that an answer doesn't depend on the photo's neighbours.
#
# All of it in one function. Everything is off unless asked for, and then this is the network of lesson 3. (Pooling
# comes before ReLU here. The largest of four numbers stays the largest after ReLU, so for the plain network the order
# makes no difference. With batch norm in between it is a slightly different network, and a faster one: batch norm has
# only a quarter of the numbers to work on.)

# %%
def make_network(size=SIZE, augment=(), drop=0.0, l2=0.0, batch_norm=False):
    """The four-block convnet with cures: augmentation, dropout, λ of L2, batch norm."""
    decay = keras.regularizers.L2(l2) if l2 else None
    model = keras.Sequential(
        [keras.Input((size, size, 3)), *augment, layers.Rescaling(1 / 127.5, offset=-1)]
    )
    for filters in (32, 64, 128, 128):
        model.add(
            layers.Conv2D(filters, 3, use_bias=not batch_norm, kernel_regularizer=decay)
        )
        model.add(layers.MaxPooling2D(2))
        if batch_norm:
            # Averages that settle within some hundred steps:
            model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.Flatten())
    if drop:
        model.add(layers.Dropout(drop))
    model.add(layers.Dense(512, activation="relu", kernel_regularizer=decay))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model

# %% [markdown]
# **Predict.** The plain one had 3,453,121 weights. Which cures add some? (Batch norm has four numbers per map, and
# makes the convolution's bias superfluous.)

# %% tags=["nbval-check-output"]
alone = {
    "plain": {}, "augmentation": {"augment": make_augmentation()},
    "dropout": {"drop": 0.5}, "batch norm": {"batch_norm": True},
}
weights = {
    name: make_network(150, **cures).count_params() for name, cures in alone.items()
}
for name, count in weights.items():
    print(f"{name:13} {count:9,} weights")

# %% [markdown]
# Batch norm alone: three more for each of its 352 maps.

# %%
maps = 32 + 64 + 128 + 128
assert maps == 352
assert weights["plain"] == weights["augmentation"] == weights["dropout"] == 3_453_121
assert weights["batch norm"] == 3_453_121 + (4 - 1) * maps

# %% [markdown]
# Augmentation and dropout are for training only. Do they really rest at inference? (Batch norm doesn't: it works on,
# with its averages. L2 has only shaped the weights.) Give a network *with* augmentation and dropout the weights of
# one *without*, and compare what the two answer, to the last bit:

# %% tags=["nbval-check-output"]
bare = make_network(batch_norm=True)
cured = make_network(augment=make_augmentation(), drop=0.5, batch_norm=True)
cured.set_weights(bare.get_weights())
photos = tf.cast(next(iter(validation))[0], "float32")
answers = [model(photos, training=False).numpy().tobytes() for model in (bare, cured)]
print("same bytes at inference:", answers[0] == answers[1])
twice = [cured(photos, training=True) for _ in range(2)]
print("same in training:", np.array_equal(*twice))
assert answers[0] == answers[1]

# %% [markdown]
# ## 4.8 The cure
#
# In quick size, train the plain network and the cured one on the same photos, for the same number of epochs. The
# learning rate falls along a cosine to zero, so that the last epochs settle instead of jumping. In full size the
# plain one is the makers', of lesson 3: 30 epochs at a constant rate, on pets. It stood at 75 % from epoch 20 on, and
# more epochs would not have helped it.
#
# **Predict.** Sketch the four curves. Which training accuracy will be lower, and why is that good?

# %%
def fit(model, batches, epochs, rate=1e-3):
    """Train with Adam and a falling learning rate; give back the curves."""
    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * len(batches))
    model.compile(
        keras.optimizers.Adam(schedule), "binary_crossentropy", metrics=["accuracy"]
    )
    return model.fit(
        batches, validation_data=validation, epochs=epochs, verbose=2,
        shuffle=False,  # the pipeline shuffles
    ).history

# %% [markdown]
# In quick size there is time for ten epochs, on 1,000 photos at most. A strong cure takes many more, and turning and zooming
# blur small photos; so a gentle one is tried there, without dropout.

# %%
def strong_cure():
    return {"augment": make_augmentation(), "drop": 0.5, "batch_norm": True}

if SCALE == "quick":
    cure, epochs = {"augment": make_augmentation(gentle=True), "batch_norm": True}, 10
    keras.utils.set_random_seed(4)
    plain_history = fit(make_network(), train, epochs)
else:
    cure, epochs = strong_cure(), 80

# %% [markdown]
# That was the plain network (in full size, lesson 3 has trained it); this is the cured one:

# %%
import time

begin = time.perf_counter(), time.process_time()
keras.utils.set_random_seed(4)
cured_network = make_network(**cure)
history = fit(cured_network, train, epochs)
wall, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
seconds = {"wall": wall, "processor": processor}

# %% [markdown]
# How sure is it of its answers? (In full size, what was measured is written down, if the course's makers ask for it.)

# %%
probabilities = cured_network.predict(validation, verbose=0)
confidence = np.maximum(probabilities, 1 - probabilities).mean()
if SCALE == "full":
    n_images = [sum(len(labels) for _, labels in part) for part in (train, validation)]
    recorded.keep_run(
        "04_cured", scale=SCALE, seed=4,
        data="{:,} training and {:,} validation images ({})".format(*n_images, origin),
        cured=history, seconds=seconds, confidence=confidence,
    )

# %% [markdown]
# What yours reached. Single epochs jump, so compare means over the last three (lesson 3):

# %%
def settled(history, key="val_accuracy"):
    """The mean over the last three epochs."""
    return np.mean(history[key][-3:])

other, its = "plain, of pets (recorded)", before
if SCALE == "quick":
    other, its = "plain", plain_history
runs = {other: its, "cured": history}
for name, run in runs.items():
    on_training = settled(run, "accuracy")
    print(f"{name:6} training {on_training:.3f}, validation {settled(run):.3f}")
figures.learning_curves(runs, low=0.45, title="Two networks: cured and plain")

# %% [markdown]
# In quick size and with pets the cured network leads from the beginning, because batch norm also learns faster; the plain
# one has hardly begun to learn by heart. (Of a few dozen photos of your own, these ten epochs are too few steps for
# either.) Now the full run on 2,000 real photos of pets, 150 × 150 pixels, beside the plain one of lesson 3:

# %%
full = recorded.load_run("04_cured")
figures.learning_curves(
    {"plain (recorded)": before, "cured (recorded)": full["cured"]}, low=0.45,
    title="The full run: cured and plain",
)

# %% [markdown]
# In numbers:

# %%
print(f"{full['date']}, {full['data']}, {full['machine']}")
for name, run in (("plain", before), ("cured", full["cured"])):
    print(f"{name:6} {len(run['loss']):3} epochs: ", end="")
    on_training = settled(run, "accuracy")
    print(f"training {on_training:.3f}, validation {settled(run):.3f}")
wall, processor = full["seconds"]["wall"] / 60, full["seconds"]["processor"] / 60
print(
    f"{wall:.0f} minutes, {processor:.0f} of processor time; other work ran beside it"
)

# %% [markdown]
# Twelve points, from the same photos. Chollet's book reports 80 to 85 % on validation photos, and 83.5 % on test
# photos after 69.5 % without the cure.
#
# Three things to see in the curves. The cured network's training accuracy rises more *slowly*: it never sees the same
# photo twice. The gap is seven points instead of twenty-five: most of what it learns on training photos also holds
# for others. And the training accuracy is measured on *augmented* photos, with dropout at work, so that for a long
# time the dashed line hardly lies above the solid one.

# %%
gain = settled(full["cured"]) - settled(before)
assert settled(full["cured"]) >= 0.87 and 0.115 < gain < 0.125

# %% [markdown]
# **Predict.** The plain network learnt nothing new after its twentieth epoch. When did the cured one stop?

# %%
curve = np.array(full["cured"]["val_accuracy"])
ahead = next(
    epoch for epoch in range(len(curve)) if (curve[epoch:] > settled(before)).all()
)
for epoch in (20, 40, 60, 80):
    print(f"epoch {epoch}: {curve[epoch - 5 : epoch].mean():.3f} (mean of five)")
print(f"ahead of the plain one for good from epoch {ahead + 1}")

# %% [markdown]
# It went on gaining to the end. A cure pays off late: after a dozen epochs you would have thrown it away.

# %%
assert curve[75:80].mean() > curve[35:40].mean() > curve[15:20].mean()

# %% [markdown]
# What about its confidence?

# %%
print(
    f"yours: on average {confidence:.0%} sure, {history['val_accuracy'][-1]:.0%} right"
)
plain_sure = recorded.load_run("03_cats_and_dogs")["confidence"]
for name, sure, run in (
    ("cured", full["confidence"], full["cured"]), ("plain", plain_sure, before)
):
    right = run["val_accuracy"][-1]
    print(f"recorded, {name}: on average {sure:.0%} sure, {right:.0%} right")
assert 0.05 < full["confidence"] - full["cured"]["val_accuracy"][-1] < 0.06

# %% [markdown]
# In the recorded runs, the cured network is still too sure of itself, but by six points instead of twenty-one. This may be
# worth more than the accuracy.
#
# ## 4.9 Two more: cutout and mixup
#
# **Cutout** hides a square of each photo, so that no single part, an ear or a nose, may decide alone. **Mixup**
# blends two photos, and their labels in the same shares: 70 % cat and 30 % dog is a label of .3. It asks the network
# to change its mind gradually between photos. Mixup changes labels too, so it belongs in the pipeline; here cutout
# goes there as well. (Keras has both as layers: `RandomErasing` and `MixUp`.)

# %%
def cutout(images, labels, side=0.4):
    """Make a square of each photo grey."""
    corner = tf.random.uniform((2, tf.shape(images)[0], 1, 1)) * (1 - side)
    grid = tf.range(images.shape[1], dtype="float32") / images.shape[1]
    rows, columns = grid[None, :, None], grid[None, None, :]
    inside = (rows >= corner[0]) & (rows < corner[0] + side)
    inside &= (columns >= corner[1]) & (columns < corner[1] + side)
    return tf.where(inside[..., None], tf.constant(127, images.dtype), images), labels

# %% [markdown]
# And mixup, with a share that is often near 0 or 1 (a beta distribution):

# %%
def mixup(images, labels, alpha=0.2):
    """Blend each photo with its neighbour in the batch, and the labels likewise."""
    one, other = (tf.random.gamma((tf.shape(images)[0], 1), alpha) for _ in range(2))
    share = one / (one + other)

    def blend(x, weight):
        x = tf.cast(x, "float32")
        return weight * x + (1 - weight) * tf.roll(x, 1, axis=0)

    return blend(images, share[:, :, None, None]), blend(labels, share)

# %% [markdown]
# **Predict.** What label has a blend of 20 % cat and 80 % dog?

# %%
images, labels = next(iter(train))
cut, _ = cutout(images[:6], labels[:6])
# A larger α blends more, to show it:
mixed, shares = mixup(images[:6], labels[:6], alpha=2.0)
shown = [*cut.numpy(), *mixed.numpy().astype("uint8")]
titles = [
    *(f"{label:.0f}" for label in labels[:6, 0]),
    *(f"{share:.2f}" for share in shares[:, 0]),
]

figures.image_grid(
    shown, titles=titles, columns=len(cut), size=1.4,
    title=f"Cutout above, mixup below; the number is the label, 1 for {short[1]}",
)

# %% [markdown]
# .8. With such labels the *accuracy on training photos* no longer means anything, and the loss can't reach zero.

# %%
assert ((cut.numpy() != images[:6].numpy()).any(axis=-1).mean(axis=(1, 2)) < 0.2).all()

# %% [markdown]
# ## 4.10 Which cure does what? An ablation
#
# Three cures at once tell nothing about any one of them. The full run trained the plain network; one with batch norm;
# and then batch norm with one more cure at a time, on 1,000 photos of 64 × 64 pixels, for 16 epochs, with the same
# falling learning rate, from three seeds each.
#
# **Predict.** Order them: plain; batch norm; batch norm and L2; … and dropout; … and augmentation; … and both of
# these; and both with cutout or mixup on top.

# %%
def make_variant(name):
    """The network for small photos, with the cures named in `name`."""
    cure = {"batch_norm": name != "plain", "l2": 1e-3 if "L2" in name else 0.0}
    if "both" in name or "dropout" in name:
        cure["drop"] = 0.5
    if "both" in name or "augmentation" in name:
        cure["augment"] = make_augmentation()
    return make_network(64, **cure)

names = (
    "plain", "batch norm", "… and L2", "… and dropout", "… and augmentation",
    "… and both", "both, and cutout", "both, and mixup",
)
counts = {name: make_variant(name).count_params() for name in names}
assert counts["… and both"] == counts["batch norm"] > counts["plain"]

# %% [markdown]
# One run of a variant, from one seed:

# %%
def run_variant(name, seed, epochs=16):
    """Train one variant on 1,000 small photos; its training and validation accuracy."""
    keras.utils.set_random_seed(seed)
    model = make_variant(name)
    change = {"both, and cutout": cutout, "both, and mixup": mixup}.get(name)
    batches = small_train.map(change) if change else small_train
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, epochs * len(batches))
    model.compile(
        keras.optimizers.Adam(schedule), "binary_crossentropy", metrics=["accuracy"]
    )
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0)
    sets = {"training": small_train, "validation": small_validation}
    return {part: model.evaluate(x, verbose=0)[1] for part, x in sets.items()}

# %% [markdown]
# In full size it runs here; in quick size you read what was recorded.

# %%
ablation = published = recorded.load_run("04_ablation")["ablation"]
if SCALE == "full":
    small_train = photo_batches("train", 64, n=1000)
    small_validation = photo_batches("validation", 64)
    ablation = {}
    for name in names:
        ablation[name] = [run_variant(name, seed) for seed in (1, 2, 3)]
        print(name, [round(run["validation"], 3) for run in ablation[name]], flush=True)
    recorded.keep_run(
        "04_ablation", scale=SCALE, seed=[1, 2, 3],
        data=f"1,000 training and 1,000 validation images ({origin})",
        ablation=ablation,
    )

# %% [markdown]
# The table, and the picture: a dot for each seed, a bar for their mean. (Recorded ones are of pets.)

# %%
assert tuple(ablation) == names
validated = {
    name: [run["validation"] for run in runs] for name, runs in ablation.items()
}
for name, runs in ablation.items():
    values = validated[name]
    print(f"{name:19} training {np.mean([run['training'] for run in runs]):.2f}   "
          f"validation {np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}")
figures.dot_plot(
    validated, xlabel="validation accuracy",
    title="Validation accuracy after 16 epochs; a dot is a seed",
)

# %% [markdown]
# Read the recorded one with lesson 3 in mind: one accuracy on 1,000 photos is known to within three points, and all runs
# share these photos, so the dots scatter less than the truth. Some of it is clear all the same:
#
# - L2, dropout and augmentation each add about two points to batch norm, from every one of the three seeds.
# - Only augmentation keeps the network from learning the photos by heart: .86 on training photos (as they are), not 1.00.
# - Together, dropout and augmentation do *worse* than either alone, and cutout or mixup on top make it worse still. Their training accuracy shows
#   why: around .8, they have hardly begun.

# %%
def accuracies(name, part="validation"):
    return np.array([run[part] for run in published[name]])

single = ("… and L2", "… and dropout", "… and augmentation")
for name in single:
    gains = accuracies(name) - accuracies("batch norm")
    assert min(gains) > 0 and 0.015 < np.mean(gains) < 0.03
mean = {name: accuracies(name).mean() for name in published}
seen = {name: accuracies(name, "training").mean() for name in published}
assert mean["… and both"] < min(mean[name] for name in single)
assert seen["… and both"] < seen["… and augmentation"] < 0.9
assert max(mean["both, and cutout"], mean["both, and mixup"]) < mean["… and both"]

# %% [markdown]
# The medicine is right, the dose is wrong: 16 epochs on 1,000 small photos are too few for so strong a cure. With 80
# epochs on 2,000 larger photos, the same pair made the best network of this lesson. So an ablation answers for its
# own setting only, and the dose of a cure belongs to the length of the training.
#
# ## Take-aways
#
# - Augmentation makes new photos whose label is still right and that could turn up. What keeps the label is knowledge about the task.
# - Movements are one matrix that says where each pixel fetches its colour; a tenth of a turn is 36°; mind `value_range`.
# - Augment after the cache and in training only; prove that validation photos stay the same, byte for byte.
# - Augmentation and dropout rest at inference; batch norm works on, with its running averages; L2 acts on the loss only. The price of a strong cure is paid in epochs.
# - Take a cure apart, with several seeds, before you believe in any part of it; and match its dose to the length of the training.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/04_augmentation.ipynb): each answers at once what is right, with hints. And to go further
# on your own:
#
# 1. **Black corners.** Set `fill_mode="constant"` in all layers and look at a batch. What could the network learn from the corners that it won't
#    find in validation photos?
#    <details><summary>Hint</summary>Whether a photo was turned, and how far. It says nothing about cats, but uses up weights.</details>
# 2. **The wrong place.** `wrong = augmented.cache()`. Compare `digest(wrong)` with itself, over whole epochs. What has become of chance?
#    <details><summary>Check</summary>Equal: each photo is changed once, and then always the same, in the same order too. The network can learn it by heart again. (With <code>.take(5)</code> the cache is never filled, and the mistake hides.)</details>
# 3. **Another label.** Name a task for which `RandomFlip("horizontal")` gives wrong labels, one for which turning does, one for which colour does.
#    <details><summary>Check</summary>For instance: left or right shoe; the time on a clock; ripe or unripe fruit.</details>
# 4. **Without the large layer.** Replace `Flatten` by `GlobalAveragePooling2D` in the cured network. Is dropout still worth its price?
#    <details><summary>Hint</summary>Two seeds each, and look at the gap between the curves: what is left to cure?</details>
# 5. **Two views.** Average the predictions for a photo and for its mirror image. How much does it bring, over the whole validation set?
#    <details><summary>Hint</summary><code>cured_network.predict(validation.map(lambda x, y: (tf.image.flip_left_right(x), y)), verbose=0)</code></details>
# 6. **Too much.** Find out at which strength of turning validation accuracy falls: `RandomRotation` with .05, .1, .25 and .5.
#    <details><summary>Hint</summary>Change it in <code>make_augmentation</code>; look at the photos in the bench of section 4.2 first, and predict.</details>
#
# ## Where next
#
# Two thousand photos of pets, cured, are worth some 87 %. A network that has seen a million others gets far more from
# the same two thousand: [5. Transfer learning](05_transfer_learning.ipynb).
