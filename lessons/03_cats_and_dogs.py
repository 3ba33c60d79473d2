# %% [markdown]
# # 3. Cats and dogs: a convnet on a small dataset
#
# **What does a network with three million weights do with two thousand photos?**
#
# Digits are small, grey and centred. Photographs are none of these: the animal may be anywhere, of any size, in any
# light, half behind a sofa. And there are few of them, as nearly always in practice. You build the classic convnet
# for this task, train it, and watch what goes wrong. The cures are in the next lesson.
#
# **You will learn**
#
# 1. to turn folders of photos of all sizes into a fast stream of batches, and to check that the split is honest;
# 2. to build the four-block convnet, and to find its learning rate by a test instead of by luck;
# 3. to see overfitting in curves, in errors and in the network's confidence, and to tell a difference from noise.

# %%
from course_utils import figures, recorded, sliders, start
import numpy as np
from course import data, instruments

# COURSE_SCALE=full, or scale="full" here, uses all photos at 150 px
SCALE = start.begin_lesson(seed=3)
instruments.open_lesson("03_cats_and_dogs")

import keras
from keras import layers

# %% [markdown]
# ## 3.1 The photos
#
# The full set is 25,000 photos from pet shelters, that web pages once used to tell people from programs: naming cats
# and dogs was thought to be too hard for a machine. (A convnet won a contest on them, early in 2014, with 98.9 %.)
# Its small version became a classic: 1,000 cats and 1,000 dogs for training, 500 and 500 for validation. In quick size
# you take half of them, and smaller.
#
# The next line says what you have. Without a network and without photos, the course *draws* cats and dogs, of many
# coats, in many poses and lights. A network finds them about as hard as photos, or harder; what this lesson is about
# can be seen with them too. In a cell, `!course data fetch pets` downloads the photos (69 MB, no account), and
# `!course data add pets FOLDER` takes your own, of any two classes. What the course's makers recorded is always of cats
# and dogs; where the text says *pets*, it means these, drawn or not.

# %%
SIZE, n_train, n_validation = (64, 1000, 500) if SCALE == "quick" else (150, None, None)
folder, origin = data.load_pets(n_train, n_validation, size=SIZE)

# %% [markdown]
# The labels are in the names of the folders, one for each class. In the order of the alphabet, the first has the label
# 0, the second 1:

# %%
names = data.class_names(folder)  # and cut, for titles and tables:
short = data.class_names(folder, most=12)
parts = ("train", "validation")
files = {part: sorted((folder / part).glob("*/*.jpg")) for part in parts}
for part in parts:
    for label, name in enumerate(names):
        n = sum(file.parent.name == name for file in files[part])
        print(f"{part}: {n} of the class {label}, {name}")

# %% [markdown]
# Look at some, of the first class above, of the second below. Each keeps its own size and shape:

# %%
from PIL import Image

by_class = [[file for file in files["train"] if file.parent.name == n] for n in names]
each = min(6, *map(len, by_class))
some = [of[i] for of in by_class for i in np.linspace(0, len(of) - 1, each).astype(int)]
pictures = [np.asarray(Image.open(file)) for file in some]
titles = [f"{picture.shape[1]} × {picture.shape[0]}" for picture in pictures]
title = f"{short[0]} above, {short[1]} below"
figures.image_grid(pictures, titles=titles, columns=each, title=title)

# %% [markdown]
# A file is not an image yet. Between the disk and the network lie four steps: read the bytes, decode them, resize,
# and stack into a batch.
#
# **Predict.** How many numbers does the network get for one photo of 150 × 150 pixels? And how many bytes is the
# file?

# %%
print(f"{some[0].parent.name}/{some[0].name}: {some[0].stat().st_size:,} bytes on disk")
picture = pictures[0]
print(
    f"decoded: {picture.shape}, {picture.size:,} bytes, "
    f"from {picture.min()} to {picture.max()}"
)
print(f"resized to 150 × 150: {150 * 150 * 3:,} numbers")

# %% [markdown]
# 67,500 numbers. (In quick size the network gets 64 × 64 × 3 = 12,288.) The file is much smaller than what is decoded
# from it: JPEG leaves out what you hardly see.
#
# ## 3.2 Is the split honest?
#
# Validation photos stand for photos that the network has never seen. If one of them is also in the training folder,
# perhaps under another name, smaller, or compressed again, then the network may know it by heart, and the accuracy is
# a lie. This is **leakage**, and large public sets are full of it.
#
# Comparing bytes finds only exact copies. A **difference hash** finds the others: shrink the photo to 9 × 8 grey
# pixels, and note for each whether it is brighter than its right neighbour. That makes 64 bits that survive resizing
# and compression.

# %%
def fingerprint(image):
    """64 times +1 or -1: is a pixel of 9 × 8 brighter than its right neighbour?"""
    image.draft("L", (64, 64))  # JPEGs can be decoded at a half, a quarter or an eighth
    small = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), int)
    return np.where(small[:, :-1] > small[:, 1:], 1, -1).ravel()

marks = {
    part: np.stack([fingerprint(Image.open(file)) for file in files[part]])
    for part in files
}
distances = (64 - marks["validation"] @ marks["train"].T) // 2
print(
    f"{distances.size:,} pairs compared; "
    f"on average {distances.mean():.0f} of 64 bits differ"
)

# %% [markdown]
# Why does a matrix product count the different bits? Equal bits give +1, different ones −1, so the product is 64 − 2
# × the number that differ.
#
# Does the detector work? Test it on a copy that was shrunk and compressed once more, and then look at the most
# similar pair.

# %%
import io

def shabby_copy(image):
    """A smaller and much more compressed copy."""
    memory = io.BytesIO()
    image.convert("RGB").resize((48, 48)).save(memory, "JPEG", quality=40)
    return Image.open(memory)

copies = np.stack(
    [fingerprint(shabby_copy(Image.open(file))) for file in files["train"][:50]]
)
to_copy = np.diag(64 - copies @ marks["train"][:50].T) // 2
print(
    f"bits that differ from the shabby copy: {np.median(to_copy):.0f} in the middle, "
    f"{to_copy.max()} at most"
)

# %% [markdown]
# Of photos and of drawn pets, half of the copies stay within a few bits, nearly all within a dozen. (Of pictures on an
# even ground fewer do: there every bit is decided by next to nothing.) But 64 bits aren't many, and different photos come
# that close by chance.
#
# **Predict.** How many pairs of a validation and a training photo are so similar? And are the most similar ones
# copies?

# %%
closest = np.argsort(distances, axis=None, kind="stable")[:8]
pairs = np.stack(np.unravel_index(closest, distances.shape), axis=1)
shown = [
    np.asarray(Image.open(files[part][i]))
    for column, part in enumerate(files)
    for i in pairs[:, ::-1][:, column]
]
bits = [f"{distances.flat[place]} bits" for place in closest]
print(
    f"{(distances <= 12).sum()} pairs of {distances.size:,} differ in 12 bits or less"
)
figures.image_grid(shown, titles=[*bits, *8 * [""]], columns=8, size=1.15,
                   title="The most similar pairs, training above, validation below")

# %% [markdown]
# Pets: different ones, even these. (Your own photos: are there two of one moment?) So few bits find candidates; your eyes
# decide, or more bits. When photos come into the cache, `data.load_pets` looks for copies among them with more bits,
# and with the colours; there, copies and others lie far apart. No hash sees that two photos show the same dog on the same
# day, though; split your own data by animal, by patient or by day, not by photo.
#
# ## 3.3 From folders to batches
#
# `image_dataset_from_directory` takes the labels from the folders' names and does the four steps. It forces every
# photo to one size, which squeezes the wide ones a little. `interpolation="area"` averages the pixels that fall into
# one; the default looks at four of them only, whatever the size, and so makes small photos grainy.

# %% tags=["nbval-check-output"]
def read_photos(part, size, **options):
    return keras.utils.image_dataset_from_directory(
        folder / part, label_mode="binary", image_size=(size, size),
        interpolation="area", verbose=False, **options,
    )

for size, batch_size in ((150, 20), (180, 32)):
    images, labels = next(iter(read_photos("train", size, batch_size=batch_size)))
    print(
        "images", images.shape, images.dtype.name,
        " labels", labels.shape, labels.dtype.name,
    )

# %% [markdown]
# Four axes: photo in the batch, row, column, colour. Now make it fast. A pipeline of `tf.data` is a chain of steps,
# and their order matters:
#
# 1. *decode*, one photo at a time;
# 2. *cache*: keep what was decoded, so that it is done once and not in each epoch. As whole numbers from 0 to 255
#    (`uint8`), it needs a quarter of the memory;
# 3. *shuffle*, after the cache, so that each epoch has another order;
# 4. *batch*;
# 5. *prefetch*: prepare the next batch while the network learns from this one.
#
# **Predict.** The files are read folder by folder. What would happen if the shuffle buffer held 100 photos only?

# %%
import tensorflow as tf

def photo_batches(part, size=SIZE, batch_size=32):
    """Batches of uint8 photos and labels, decoded once, shuffled anew in each epoch."""
    def as_bytes(image, label):
        return tf.cast(tf.round(image), tf.uint8), label

    photos = read_photos(part, size, batch_size=None, shuffle=False)
    photos = photos.map(as_bytes, num_parallel_calls=tf.data.AUTOTUNE).cache()
    if part == "train":
        photos = photos.shuffle(len(files[part]))
    return photos.batch(batch_size).prefetch(tf.data.AUTOTUNE)

train, validation = photo_batches("train"), photo_batches("validation")

# %% [markdown]
# Of a class with more than a hundred photos, the first batches would hold nothing else, and the network would learn to
# say "cat" (or whatever comes first in the alphabet); the buffer must hold them all. What is the cache worth?

# %%
import time

def seconds_for(batches):
    begin = time.perf_counter()
    n = sum(len(labels) for _, labels in batches)
    return n, time.perf_counter() - begin

n, first = seconds_for(train)
_, second = seconds_for(train)
print(
    f"first epoch {n / first:6,.0f} photos/s, second {n / second:6,.0f}; "
    f"cache {n * SIZE * SIZE * 3 / 1e6:.0f} MB"
)
assert second < 2 * first or n < 200  # of few photos, both are over in no time

# %% [markdown]
# On a processor, training this network takes in some hundreds of photos a second at most. From the second epoch on it
# never waits for data.
#
# ## 3.4 How far do simple things go?
#
# Before a network, the baselines. The simplest looks at no photo, and always names the class that has most of them.
# What it gets is called **chance**: 50 % for pets, of whom half are cats, and more where one class is larger. But
# perhaps cats lie on sofas and dogs on lawns, and colour alone is worth something? Logistic regression (lesson 1) on the
# mean colour, and on a miniature of 8 × 8 pixels, tells.
#
# **Predict.** What accuracy do you expect from 192 numbers?

# %%
from sklearn.linear_model import LogisticRegression

def as_arrays(batches):
    x, y = zip(*batches, strict=True)
    return np.concatenate(x), np.concatenate(y).ravel().astype(int)

x_train, y_train = as_arrays(train)
x_validation, y_validation = as_arrays(validation)
counts = np.bincount(y_validation)
chance = counts.max() / counts.sum()
print(f"{'chance':12} {chance:.3f}: always {names[counts.argmax()]}")

# %% [markdown]
# And the two baselines that look:

# %%
def miniatures(x, side):
    return tf.image.resize(x, (side, side), method="area").numpy().reshape(len(x), -1)

baseline = {}
for name, side in (("mean colour", 1), ("8 × 8 pixels", 8)):
    small = [miniatures(x, side) / 255 for x in (x_train, x_validation)]
    reader = LogisticRegression(max_iter=2000, C=0.1).fit(small[0], y_train)
    baseline[name] = reader.score(small[1], y_validation)
    print(f"{name:12} {baseline[name]:.3f}")

# %% [markdown]
# With pets: chance, give or take. On all 2,000 real photos of them the miniatures reach 60 %: there is a little truth in
# sofas and lawns. Nothing so simple goes far, and that makes an honest task. (Does it go far with your own photos? Then
# colours or places tell your classes apart, and a network will find these before it finds anything else.)

# %%
full = recorded.load_run("03_cats_and_dogs")
assert origin == "own" or all(0.4 < accuracy < 0.66 for accuracy in baseline.values())
assert round(full["baseline"]["8 × 8 pixels"], 2) == 0.6

# %% [markdown]
# ## 3.5 Four blocks
#
# The network alternates 3 × 3 convolutions and max-pooling, four times. Each block halves the maps and finds larger
# and rarer things, so it has more and more maps: 32, 64, 128, 128. Then a dense layer with 512 units, and one output:
# the probability of the second class, of pets: that it is a dog. The first layer, `Rescaling`, brings 0 to 255 into −1
# to 1, so the network takes photos as they are.

# %%
def make_network(size=SIZE):
    """The four-block convnet for size × size photos."""
    model = keras.Sequential(
        [keras.Input((size, size, 3)), layers.Rescaling(1 / 127.5, offset=-1)]
    )
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model

# %% [markdown]
# **Predict.** 150 × 150 pixels go in. What size are the maps after each of the eight layers? How many numbers reach
# the dense layer? Where do most of the weights lie?

# %% tags=["nbval-check-output"]
network = make_network(150)
blocks, head = network.layers[1:9], network.layers[10:]
print(" → ".join(["150", *(str(layer.output.shape[1]) for layer in blocks)]))
for layer in [layer for layer in blocks if layer.count_params()] + head:
    print(f"{layer.__class__.__name__:7} {layer.count_params():9,} weights")
print(f"{'in all':7} {network.count_params():9,}")

# %% [markdown]
# By hand: the last maps are 7 × 7, 128 of them. And the weights:

# %% tags=["nbval-check-output"]
flat = 7 * 7 * 128
convolutions = sum(
    (9 * depth + 1) * filters
    for depth, filters in ((3, 32), (32, 64), (64, 128), (128, 128))
)
dense, output = (flat + 1) * 512, 512 + 1
in_all = convolutions + dense + output
print(f"{flat:,} numbers; {convolutions:,} + {dense:,} + {output} = {in_all:,}")
print(f"share of the dense layer: {dense / network.count_params():.0%}")

# %% [markdown]
# Three and a half million weights for two thousand photos: 1,700 for each. And 93 % of them are in one dense layer
# that learns each place separately. Remember that when you see the curves. (With 64 × 64 pixels the last maps are 2 ×
# 2, and the same function makes 504,001 weights, half of them in the dense layer: still 500 for each of 1,000
# photos.)

# %%
assert network.layers[9].output.shape[1] == flat == 6272
assert make_network(64).count_params() == 504_001
assert dense == 3_211_776 and network.count_params() == in_all == 3_453_121

# %% [markdown]
# One output with a **sigmoid**, $p = 1 / (1 + e^{-z})$, is the two-class case of softmax. Its loss is **binary
# cross-entropy**: $-\log p$ for a photo of the second class, $-\log(1 - p)$ for one of the first.
#
# **Predict.** What is the loss of a network that always says 50 %?

# %% tags=["nbval-check-output"]
p = 0.5
print(f"loss at chance: {-np.log(p):.3f}")
print(f"99 % sure and right: {-np.log(0.99):.3f}")
print(f"99 % sure and wrong: {-np.log(1 - 0.99):.3f}")

# %% [markdown]
# A loss of .693 that doesn't move means that nothing has been learnt yet. That may last for some epochs.

# %%
theirs = keras.losses.binary_crossentropy([1.0], [p]).numpy()
assert np.isclose(-np.log(p), theirs, atol=1e-5)

# %% [markdown]
# ## 3.6 Which learning rate?
#
# Too small, and training takes forever; too large, and it never settles. The **learning-rate range test** finds the
# region in one short run: start tiny, raise the rate a little after each batch, and watch the loss. Here is the
# training step itself, written out: predict, compare, take the gradient, let the optimiser (Adam) move the weights.

# %%
def range_test(model, batches, rates):
    """The loss of each batch while the learning rate follows `rates`."""
    optimizer, weights = keras.optimizers.Adam(), model.trainable_variables

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            said = model(images, training=True)
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(labels, said))
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    losses = []
    for rate, (images, labels) in zip(rates, batches.repeat(), strict=False):
        optimizer.learning_rate = rate
        losses.append(float(step(images, labels)))
    return losses

# %% [markdown]
# Run it on the same four batches again and again: 128 photos, or all, if you have fewer. With two thousand the loss would
# not fall for an epoch or two; a handful is soon learnt by heart, if the network can learn at all. (So this also finds
# bugs: a network that can't memorise 128 photos is broken.)
#
# **Predict.** The rates go from .00001 to .1, each a fixed factor above the last. Where does the loss begin to fall?
# What does it do at .1?

# %%
rates = np.geomspace(1e-5, 1e-1, 80)
keras.utils.set_random_seed(3)
losses = np.nan_to_num(range_test(make_network(), train.take(4).cache(), rates), nan=9)
# Single batches are noisy:
smooth = [np.mean(losses[max(0, i - 3) : i + 4]) for i in range(len(rates))]
figures.line_plot(
    {"loss, mean of seven batches": (rates, np.minimum(smooth, 1.2))},
    log_x=True, level=(np.log(2), "always 50 %"), xlabel="learning rate",
    ylabel="loss (cut at 1.2)", title="The loss while the learning rate rises",
)

# %% [markdown]
# The curve is flat on the left, where nothing is learnt yet. It falls, bottoms out, and shoots up, wildly, on the
# right. (Unless the classes are so easy to tell apart that it has nothing left to lose.) A good rate lies on the slope,
# well left of where it turns up, by a factor of three to ten: what works for eighty steps may not for two thousand. With
# pets, on the course's machine, that is somewhere between .0003 and .001; yours may differ a little.

# %%
RATE = 1e-3 if SCALE == "quick" else 5e-4  # few epochs: take the faster end
if origin != "own":
    assert min(smooth) < np.log(2) - 0.02 < smooth[0] and max(smooth[-10:]) > np.log(2)
    assert RATE / 5 < rates[np.argmin(smooth)] < RATE * 100

# %% [markdown]
# ## 3.7 Training, and what goes wrong
#
# A **checkpoint** saves the network whenever its validation accuracy is the best so far: the last epoch need not be
# the best.
#
# **Predict.** Sketch two curves over the epochs, accuracy on training photos and on validation photos. Where do they
# end?

# %%
import tempfile
from pathlib import Path

EPOCHS = 12 if SCALE == "quick" else 30
keras.utils.set_random_seed(3)
model = make_network()
model.compile(keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"])
best_file = Path(tempfile.mkdtemp()) / "best.keras"
checkpoint = keras.callbacks.ModelCheckpoint(
    best_file, monitor="val_accuracy", save_best_only=True
)

# %% [markdown]
# Training, by the clock:

# %%
begin = time.perf_counter(), time.process_time()
history = model.fit(
    train, validation_data=validation, epochs=EPOCHS, callbacks=[checkpoint], verbose=2,
    shuffle=False,  # the pipeline shuffles
).history
wall, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
seconds = {"wall": wall, "processor": processor}

# %% [markdown]
# Your curves, and beside them what the full run measured on real photos of pets: 2,000 of them, 150 × 150 pixels, 30
# epochs.

# %%
figures.learning_curves(
    {"yours": history, "2,000 pets (recorded)": full["plain"]}, low=0.45,
    title="Accuracy over the epochs",
)

# %% [markdown]
# The recorded run in numbers. For comparison: in François Chollet's *Deep Learning with Python*, where this task
# became a classic, a similar network (five convolutions, 180 × 180 pixels) reached 75 % on validation photos and 69.5
# % on test photos.

# %%
plain, epochs = full["plain"], len(full["plain"]["loss"])
print(f"{full['date']}, {full['data']}, {full['machine']}")
on_training, on_validation = plain["accuracy"], plain["val_accuracy"]
print(
    f"training {on_training[-1]:.3f}, validation {on_validation[-1]:.3f} "
    f"after {epochs} epochs"
)
print(
    f"best validation {max(on_validation):.3f}, in epoch {np.argmax(on_validation) + 1}"
)
wall, processor = full["seconds"]["wall"] / 60, full["seconds"]["processor"] / 60
print(
    f"{wall:.0f} minutes, {processor:.0f} of processor time; other work ran beside it"
)

# %% [markdown]
# Look at the recorded run first. The dashed curve, on photos that it trains on, climbs to 100 %. The solid one, on
# photos that it doesn't, stops at about 75 %. The network stops learning what cats and dogs have in common and learns
# the photos by heart instead: it has the weights for it. This is **overfitting**. How far has yours come on this way? The
# fewer the photos, the sooner they are known by heart; few epochs keep it from getting there.

# %%
assert plain["accuracy"][-1] > 0.97 and 0.73 <= plain["val_accuracy"][-1] < 0.77

# %% [markdown]
# Accuracy hides how bad it is. **Predict.** What does the validation *loss* do meanwhile?

# %%
figures.learning_curves(
    {"yours": history, "2,000 pets (recorded)": plain}, metric="loss",
    title="The loss over the epochs",
)

# %% [markdown]
# In the recorded run it falls, turns, and climbs far above where it began, while the accuracy stays. No
# contradiction: the network makes as many mistakes as before, and is ever more sure of them, which the logarithm
# punishes.

# %%
assert plain["val_loss"][-1] > max(2 * min(plain["val_loss"]), np.log(2))
settled = np.mean(history["val_accuracy"][-3:])
assert origin == "own" or max(history["accuracy"]) > settled

# %% [markdown]
# ## 3.8 Signal or noise?
#
# You change something, and validation accuracy rises from 71 % to 72.5 %. Better? There are two sources of chance.
# The first is the choice of *validation photos*: with $n$ of them and an accuracy of $p$, the standard error is
# $\sqrt{p (1 - p) / n}$.
#
# **Predict.** How large is it for 1,000 photos? And for 250? (Twice that, either way, holds the truth in 95 of 100
# cases.)

# %% tags=["nbval-check-output"]
def standard_error(p, n):
    return np.sqrt(p * (1 - p) / n)

for n in (250, 1000, 4000):
    error = standard_error(0.72, n)
    print(f"{n:5} photos: standard error {error:.1%}, so 72 % ± {2 * error:.1%}")

# %% [markdown]
# With 1,000 photos, one accuracy is known to within three points either way; four times the photos halve that. The
# difference of two accuracies has √2 times the error if each has photos of its own. On the same photos only those
# count on which the two networks disagree, so it is often less.

# %%
assert round(standard_error(0.72, 1000), 3) == 0.014

# %% [markdown]
# The second source of chance is the *seed*: other starting weights, another order of the photos, another result. The
# full run trained the network from five seeds (smaller, at 64 × 64 pixels, to save time):

# %%
by_seed = np.array(full["seeds"]["val_accuracy"])
last = by_seed[:, -3:].mean(axis=1)
each_seed = ", ".join(f"{value:.3f}" for value in last)
print("mean of the last three epochs, per seed:", each_seed)
print(f"mean {last.mean():.3f}, standard deviation {last.std(ddof=1):.3f}")
epochs = range(1, by_seed.shape[1] + 1)
seeds = zip(full["seeds"]["seed"], by_seed, strict=True)
figures.line_plot(
    {f"seed {s}": (epochs, run) for s, run in seeds},
    xlabel="epoch", ylabel="validation accuracy",
    title="The same network, the same photos, five seeds",
)

# %% [markdown]
# From epoch to epoch a curve jumps by a few points, and the curves differ from one another as much. So: never compare
# two single epochs; average over the last ones; repeat with several seeds; and say how much they scatter.
#
# And a trap: the *best* epoch's validation accuracy was picked because it is high. Some of it is luck, and on new
# photos it won't come back; that may be one reason why 75 % on validation photos became 69.5 % on test photos in the
# book. Honest figures come from photos that took no part in any choice.
#
# Load the checkpoint. Its accuracy is exactly that of the best epoch, which shows that the file holds what it should:

# %%
best = keras.models.load_model(best_file)
probabilities = best.predict(validation, verbose=0).ravel()
accuracy = ((probabilities > 0.5) == y_validation).mean()
print(f"best epoch {max(history['val_accuracy']):.3f}, loaded network {accuracy:.3f}")
assert np.isclose(accuracy, max(history["val_accuracy"]), atol=1e-6)

# %% [markdown]
# ## 3.9 The errors
#
# Which photos does it get wrong, and how sure is it? Here are its most confident mistakes, with what it says.
#
# **Predict.** Will they be hard for you, too?

# %% tags=["thumbnail"]
said = (probabilities > 0.5).astype(int)
sure = np.maximum(probabilities, 1 - probabilities)
wrong = np.flatnonzero(said != y_validation)
worst = wrong[np.argsort(-sure[wrong])][:10]
print(f"{len(wrong)} of {len(said)} validation photos are named wrongly")
titles = [f"{short[said[i]]}?\n{sure[i]:.0%} sure" for i in worst]
if len(worst):
    display(figures.image_grid(
        x_validation[worst], titles=titles, columns=5, title="Sure, and wrong"
    ))

# %% [markdown]
# Of pets, many are easy for you. The network hasn't learnt what a cat is; it has learnt what went with cats in its
# training photos. (It makes no mistake with yours? Then ask two things: how many photos that was measured on, see
# section 3.8, and what else might tell your classes apart, such as the light, the place or the camera.)
#
# One of two errors can be made rarer, at the price of the other: the **threshold** need not be 50 %. Move it. Above
# are the network's answers for all validation photos, below those that it can hardly decide at this threshold.

# %%
asked = x_validation, probabilities, y_validation
figure, update = figures.threshold_bench(*asked, short)
sliders.live_figure(
    figure, update, threshold=(0.05, 0.95, 0.05),
    stills=[{"threshold": 0.5}, {"threshold": 0.8}],
)

# %% [markdown]
# Can you trust the percentages? A network is **calibrated** if, of all its answers that are 80 % sure, 80 % are
# right. Compare the *last* network's average confidence with its accuracy.
#
# **Predict.** Which is larger, on photos it hasn't seen?

# %%
last_p = model.predict(validation, verbose=0).ravel()
confidence = np.maximum(last_p, 1 - last_p).mean()
last_accuracy = ((last_p > 0.5) == y_validation).mean()
print(f"on average {confidence:.0%} sure, and {last_accuracy:.0%} right")
right = plain["val_accuracy"][-1]
print(f"recorded, of pets: {full['confidence']:.0%} sure, {right:.0%} right")

# %% [markdown]
# In the recorded run it is the confidence. An overfitted network is **overconfident**: on its training photos, being sure
# always paid off. That is the climbing loss again, in other words.

# %%
assert full["confidence"] > plain["val_accuracy"][-1] + 0.1

# %% [markdown]
# In full size, the next cell trains the five seeds of section 3.8 on your machine, and the one after it writes the
# results down if the course's makers ask for it. In quick size neither does anything.

# %%
if SCALE == "full":
    small_train, small_validation = (photo_batches(part, 64) for part in parts)
    seed_runs = []
    for seed in range(1, 6):
        keras.utils.set_random_seed(seed)
        small = make_network(64)
        small.compile(
            keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=["accuracy"]
        )
        run = small.fit(
            small_train, validation_data=small_validation, epochs=15, shuffle=False,
            verbose=0,
        ).history["val_accuracy"]
        seed_runs.append(run)
        print(f"seed {seed}: {np.mean(run[-3:]):.3f}")

# %% [markdown]
# And kept:

# %%
if SCALE == "full":
    recorded.keep_run(
        "03_cats_and_dogs", scale=SCALE, seed=3,
        data=f"{len(x_train):,} training and {len(x_validation):,} validation images "
        f"({origin})",
        plain=history, seconds=seconds, confidence=confidence, baseline=baseline,
        seeds={"seed": list(range(1, 6)), "size": 64, "val_accuracy": seed_runs},
    )

# %% [markdown]
# ## Take-aways
#
# - Look for copies between training and validation photos before you believe a number.
# - Decode once, cache as `uint8`, shuffle after the cache with a buffer that holds everything, batch, prefetch.
# - 150 → 148 → 74 → 72 → 36 → 34 → 17 → 15 → 7, 6,272 numbers, 3,453,121 weights, 93 % of them in one dense layer.
# - Three million weights learn two thousand photos of pets by heart: training near 100 %, validation near 75 %, and a
#   validation loss that climbs, because the network grows ever more sure of its mistakes.
# - With 1,000 validation photos, two standard errors are three points; seeds add to it. One run is no result.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/03_cats_and_dogs.ipynb): each answers at once what is right, with hints. And to go further
# on your own:
#
# 1. **A small leak.** Append 100 training photos to the validation arrays and evaluate the last network again. How far
#    does the accuracy rise, and could you tell from that number alone?
#    <details><summary>Check</summary>With 500 photos, 70 % right, and 100 known ones: (350 + 100) / 600 = 75 %. Five points for nothing, and the number looks fine. (In full size (750 + 100) / 1,100 = 77 %, two points.)</details>
# 2. **The wrong order.** Move `.shuffle(...)` before `.cache()`. Read the dataset once to its end (`seconds_for`), then print its first ten labels
#    three times. What has become of the order?
#    <details><summary>Check</summary>Always the same ten: the cache has kept the first epoch's order. (Before it was read to its end, it kept nothing.)</details>
# 3. **A smaller network.** Halve it: 16, 32, 64, 64 filters and 256 units. Does it overfit less? Does it do better?
#    <details><summary>Hint</summary>Compare the last three epochs' mean, and ask section 3.8 whether the difference means anything.</details>
# 4. **No large dense layer.** Replace `Flatten` and `Dense(512)` by `GlobalAveragePooling2D`. Count the weights first, and predict what happens to
#    both curves.
#    <details><summary>Check</summary>240,832 in the convolutions and 129 in the last layer: 240,961, a fourteenth (with 64 pixels, half). Expect it to learn more slowly, and to overfit later.</details>
# 5. **Reliability.** Sort the validation photos by their probability of the second class into ten bins, and plot each bin's
#    share of that class against it. Where would a calibrated network lie?
#    <details><summary>Hint</summary><code>sklearn.calibration.CalibrationDisplay.from_predictions(y_validation, last_p, n_bins=10)</code></details>
# 6. **Fewer photos.** Train on half of them, and on a quarter, for two and four times the epochs, so that the steps are as many. How much accuracy is lost each time?
#    <details><summary>Hint</summary><code>train.unbatch().take(n).cache().shuffle(n).batch(32)</code></details>
#
# ## Where next
#
# The network needs more photos, or less freedom to learn them by heart. The next lesson provides both: [4.
# Augmentation and regularisation](04_augmentation.ipynb).
