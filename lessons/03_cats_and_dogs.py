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
predict = instruments.open_lesson("03_cats_and_dogs")

import keras
from keras import layers

# %% [markdown] given=["25,000", "98.9 %", "half", "69"]
# ## 3.1 The photos
#
# The full set is 25,000 photos from pet shelters. Web pages once used them to tell people from programs: naming cats
# and dogs was thought to be too hard for a machine. (A convnet won a contest on them early in 2014, with 98.9 %.)
# A small part of it became a classic: 1,000 cats and 1,000 dogs for training, 500 and 500 for validation. In quick size
# you take half of them, and make them smaller.
#
# The next line says what you have. Without a network and without photos, the course *draws* cats and dogs, with many
# coats, in many poses and lights. They are no easier than photos, and they show what this lesson is about just as
# well. In a cell, `!course data fetch pets` downloads the photos (69 MB, no account), and
# `!course data add pets FOLDER` takes your own, of any two classes. What the course's makers recorded is always of cats
# and dogs; where the text says *pets*, it means these, drawn or not.

# %%
SIZE, n_train, n_validation = (64, 1000, 500) if SCALE == "quick" else (150, None, None)
folder, origin = data.load_pets(n_train, n_validation, size=SIZE)

# %% [markdown]
# The labels are in the names of the folders, one for each class. In alphabetical order, the first has the label 0, the
# second the label 1:

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
# Look at some: the first class above, the second below. Each keeps its own size and shape:

# %%
from PIL import Image

by_class = [[file for file in files["train"] if file.parent.name == n] for n in names]
each = min(6, *map(len, by_class))
some = [of[i] for of in by_class for i in np.linspace(0, len(of) - 1, each).astype(int)]
pictures = [np.asarray(Image.open(file)) for file in some]
titles = [f"{picture.shape[1]} × {picture.shape[0]}" for picture in pictures]
title = f"{short[0]} above, {short[1]} below"
figures.image_grid(
    pictures, titles=titles, columns=each, title=title,
    alt="Some photos of each class in two rows, each with its size.",
)

# %% [markdown]
# A file is not an image yet. Between the disk and the network lies some work: read the bytes, decode them, resize,
# and stack into a batch.
#
# **Predict.** In full size each photo becomes 150 × 150 pixels. How many numbers does the network get for one of them?

# %%
predict.number(
    "numbers", 67500, label="Numbers for one photo",
    mistakes={
        22500: "That is right for a grey photo. These have three colours.",
        450: "You added the sides up. Rows times columns, times the colours.",
        90000: "Four numbers for each pixel? Red, green and blue make three.",
        17280000: "The network gets bytes, 0 to 255, not single bits.",
    },
)

# %% [markdown]
# What is on the disk, what is decoded from it, and what the network gets:

# %%
print(f"{some[0].parent.name}/{some[0].name}: {some[0].stat().st_size:,} bytes on disk")
picture = pictures[0]
print(
    f"decoded: {picture.shape}, {picture.size:,} bytes, "
    f"from {picture.min()} to {picture.max()}"
)
resized = Image.fromarray(picture).resize((150, 150))
print(f"resized to 150 × 150: {np.asarray(resized).size:,} numbers")

# %% [markdown]
# 150 × 150 × 3 = 67,500 numbers. (In quick size the network gets 64 × 64 × 3 = 12,288.) The file holds far fewer bytes
# than the picture that is decoded from it, because JPEG compresses. Resizing is another matter: a large photo loses
# pixels, and a small one is blown up, which adds numbers but nothing that you could see.

# %%
sizes = [(file.stat().st_size, picture.size) for file, picture in zip(some, pictures)]
assert origin == "own" or all(2 * size < decoded for size, decoded in sizes)

# %% [markdown]
# ## 3.2 Is the split honest?
#
# Validation photos stand for photos that the network has never seen. If one of them is also in the training folder,
# perhaps under another name, smaller, or compressed again, then the network may know it by heart, and the accuracy is
# a lie. This is **leakage**, and many large public sets have some.
#
# Comparing bytes finds only exact copies. A **difference hash** finds others too: shrink the photo to 9 × 8 grey
# pixels, and note for each pixel whether it is brighter than its right neighbour. That makes 8 × 8 = 64 bits, and most
# of them survive resizing and compression.

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
# Why does a matrix product count the different bits? Equal bits give +1, different ones −1, so the product is 64 minus
# twice the number of bits that differ.
#
# Does the detector work? Test it on copies that were shrunk and compressed once more:

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
print(f"{len(to_copy)} copies, bits that differ: {np.median(to_copy):.0f} or fewer "
      f"for half of them, {to_copy.max()} at most")

# %% [markdown]
# With pets, half of the copies differ from the original in no more than a few bits, and nearly all in no more than 12.
# (On a plain background more bits change, because each is decided by next to nothing.) So a pair that differs in 12
# bits or fewer is suspicious.
#
# **Predict.** How many pairs of a validation and a training photo of pets are suspicious?

# %%
predict.choice(
    "suspicious", "dozens or more, all of them different photos",
    options=["none at all", "a handful, all of them copies",
             "dozens or more, all of them different photos"],
    mistakes={
        "none at all":
            "Two photos differ in half of their bits on average. But there are very "
            "many pairs, and some are far from the average.",
        "a handful, all of them copies":
            "This set has been used for years; copies would have been found. What "
            "else makes two photos look alike to 64 bits?",
    },
)

# %% [markdown]
# Count them, and look at the eight pairs that are most alike:

# %%
closest = np.argsort(distances, axis=None, kind="stable")[:8]
pairs = np.stack(np.unravel_index(closest, distances.shape), axis=1)
shown = [
    np.asarray(Image.open(files[part][i]))
    for column, part in enumerate(files)
    for i in pairs[:, ::-1][:, column]
]
suspicious = (distances <= 12).sum()
print(f"{suspicious} pairs of {distances.size:,} differ in 12 bits or fewer")
bits = [f"{distances.flat[place]} bits" for place in closest]

# %% [markdown]
# The pairs:

# %%
figures.image_grid(
    shown, titles=[*bits, *8 * [""]], columns=8, size=1.15,
    title="Training above, validation below",
    alt="Eight pictures above and the eight most similar ones below, each pair with "
    "the number of bits that differ.",
)

# %% [markdown]
# Your eyes are one judge. More pixels are another: the correlation of two photos at 32 × 32 grey pixels, which is 1 for
# the same photo, for the shabby copies and for these pairs.

# %%
def correlation(one, other):
    """How alike two photos are at 32 × 32 grey pixels: 1 for the same photo."""
    small = [
        np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX))
        for image in (one, other)
    ]
    return np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1]

opened = [Image.open(file) for file in files["train"][:50]]
of_copies = [correlation(image, shabby_copy(image)) for image in opened]
of_pairs = [correlation(*map(Image.fromarray, shown[i::8])) for i in range(8)]
print(f"copies: {min(of_copies):.2f} or more; these pairs: {max(of_pairs):.2f} or less")

# %% [markdown]
# With pets there are dozens or more, all of them different photos: no suspicious pair that you see above is anywhere
# near as alike as a copy. (Your own photos: are there two of one moment?) 64 bits are not many, and with so many pairs
# some come close by chance. So a few bits find candidates; your eyes decide, or more bits. When photos are fetched,
# `data.load_pets` looks for copies with more bits, and with the colours. (It doesn't compare drawings: each of these is
# drawn afresh.) But no hash sees that two photos show the same dog on the same day. Split your own data by animal, by
# patient or by day, not by photo.

# %%
assert origin == "own" or np.median(to_copy) <= 4 and (to_copy <= 12).mean() > 0.9
assert origin == "own" or suspicious >= 36 and max(of_pairs) < 0.9 < min(of_copies)

# %% [markdown]
# ## 3.3 From folders to batches
#
# `image_dataset_from_directory` takes the labels from the folders' names and does all of this. It forces every
# photo to one size, which squeezes the wide ones a little. `interpolation="area"` averages all the pixels that become
# one; the default looks at only four of them, however many there are, and so makes small photos grainy.

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

# %% [markdown] given=["255", "a quarter"]
# There are four axes: photo in the batch, row, column, colour. Now make it fast. A `tf.data` pipeline is a chain of
# steps, and their order matters:
#
# 1. *decode*, one photo at a time;
# 2. *cache*: keep what was decoded, so that this is done once and not in every epoch. Whole numbers from 0 to 255
#    (`uint8`) need a quarter of the memory;
# 3. *shuffle*, after the cache, so that each epoch has another order;
# 4. *batch*;
# 5. *prefetch*: prepare the next batch while the network learns from this one.
#
# Shuffling works with a buffer: it is filled, one photo is drawn from it at random, and the next one read takes its
# place. The files are read folder by folder.
#
# **Predict.** What do the first batches of pets look like if the buffer holds only 100 photos?

# %%
predict.choice(
    "buffer", "only the first class",
    options=["half of each class, in random order", "only the first class",
             "the first 100 photos, again and again"],
    mistakes={
        "half of each class, in random order":
            "A photo can only be drawn once it is in the buffer. What has been read "
            "by then?",
        "the first 100 photos, again and again":
            "Each photo that is drawn makes room for the next one from the folder.",
    },
)

# %% [markdown]
# Try it with the labels alone:

# %%
import tensorflow as tf

labels = [float(file.parent.name == names[1]) for file in files["train"]]
for buffer in (100, len(labels)):
    shuffled = tf.data.Dataset.from_tensor_slices(labels).shuffle(buffer, seed=3)
    shares = [batch.numpy().mean() for batch in shuffled.batch(32)]
    first, end = (", ".join(f"{x:.2f}" for x in s) for s in (shares[:4], shares[-4:]))
    print(f"buffer {buffer:4}, share of {short[1]}: {first} … {end}")

# %% [markdown]
# With pets the first batches hold only the first class, and the last ones hardly any but the second. The network would
# learn to say "cat", then to say "dog". The buffer must hold all of the photos:

# %%
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
# What is the cache worth?

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
# On a processor this network trains on a few hundred photos a second. From the second epoch on it never waits for
# data.
#
# ## 3.4 How far do simple things go?
#
# Before a network, the baselines. The simplest one looks at no photo and always names the class that has most of them.
# What it scores is called **chance**: 50 % for pets, half of which are cats, and more where one class is larger. But
# perhaps cats lie on sofas and dogs on lawns, and colour alone is worth something? Logistic regression (lesson 1) will
# tell, on the mean colour and on a miniature of 8 × 8 pixels in three colours, 8 × 8 × 3 = 192 numbers.
#
# **Predict.** How many pets does it name rightly from 192 numbers?

# %%
predict.choice(
    "miniature", "fewer than two in three",
    options=["fewer than two in three", "about four in five", "more than nine in ten"],
    mistakes={
        "about four in five":
            "Lesson 1 did better than that with digits. But digits are centred, and "
            "all of one size: each pixel means the same in every image.",
        "more than nine in ten":
            "So it is with digits, where each pixel means the same in every image. "
            "Here the animal may be anywhere.",
    },
)

# %% [markdown]
# First what chance scores:

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
# And the two baselines that look. Remember from lesson 2 that an accuracy of $p$, measured on $n$ photos, is uncertain
# by about two standard errors, $2\sqrt{p(1 - p)/n}$. Only what lies further than that from chance is a finding.

# %%
n_validated = len(y_validation)

def interval(accuracy, n=n_validated):
    """The accuracy and its two standard errors, as text."""
    return f"{accuracy:.3f} ± {2 * np.sqrt(accuracy * (1 - accuracy) / n):.3f}"

def miniatures(x, side):
    return tf.image.resize(x, (side, side), method="area").numpy().reshape(len(x), -1)

baseline = {}
for name, side in (("mean colour", 1), ("8 × 8 pixels", 8)):
    small = [miniatures(x, side) / 255 for x in (x_train, x_validation)]
    reader = LogisticRegression(max_iter=2000, C=0.1).fit(small[0], y_train)
    simple = reader.predict(small[1]) == y_validation
    baseline[name] = simple.mean()
    uncertain = 2 * np.sqrt(baseline[name] * (1 - baseline[name]) / len(simple))
    beyond = "better than" if baseline[name] - uncertain > chance else "no better than"
    print(f"{name:12} {interval(baseline[name])}: {beyond} chance")

# %% [markdown]
# The last column weighs yours against chance. And recorded, with all the real photos of pets:

# %%
full = recorded.load_run("03_cats_and_dogs")
for name, accuracy in full["baseline"].items():
    print(f"{name:12} {interval(accuracy, 1000)}  (recorded)")

# %% [markdown]
# On real photos the miniatures are better than chance: there is a little truth in sofas and lawns. But with pets, drawn
# or not, fewer than two in three are named rightly. Nothing so simple goes far, and that makes it an honest task. (Does
# it go far with your own photos? Then colours or places tell your classes apart, and a network will find these before
# it finds anything else.)

# %%
assert origin == "own" or all(accuracy < 2 / 3 for accuracy in baseline.values())
assert origin != "photos" or beyond == "better than"
assert full["baseline"]["8 × 8 pixels"] - 0.031 > 0.5

# %% [markdown] given=["0", "255"]
# ## 3.5 Four blocks
#
# The network alternates 3 × 3 convolutions and max-pooling, four times. Each block halves the maps and can find larger
# and rarer things, so there are more and more maps: 32, 64, 128, 128. Then come a dense layer with 512 units, and one
# output: the probability of the second class (with pets, that it is a dog). The first layer, `Rescaling`, turns 0 to
# 255 into −1 to 1, so that the network takes photos as they are.

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
# **Predict.** 150 × 150 pixels go in. Work out the size of the maps after each of the eight layers. How many numbers
# reach the dense layer? And where are most of the weights?

# %%
predict.number(
    "flat", 6272, label="Numbers that reach the dense layer",
    mistakes={
        49: "That is one map. There are 128 of them.",
        8192: "You rounded 15 / 2 up to 8. Pooling leaves an odd row out.",
        10368: "You left the convolutions' rims on: each makes a map 2 smaller.",
        128: "Only after global average pooling. Flatten keeps every place.",
        18816: "The three colours are gone: each kernel reads all maps at once.",
    },
)

# %%
predict.choice(
    "weights", "in the first dense layer", label="Most of the weights are",
    options=["in the last two convolutions", "in the first dense layer",
             "about equally in all layers"],
    mistakes={
        "in the last two convolutions":
            "They have the most kernels, but a kernel is small, and used everywhere.",
        "about equally in all layers":
            "A kernel is small, and used everywhere. A dense layer has a weight for "
            "each number that reaches it, and each unit.",
    },
)

# %% [markdown]
# Layer by layer:

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

# %% [markdown] given=["two thousand", "1,000"]
# 6,272 numbers, and three and a half million weights for two thousand photos: over 1,700 for each. 93 % of them are in
# the first dense layer, which learns each place separately. Remember that when you see the curves. (With 64 × 64 pixels
# the last maps are 2 × 2, and the same function makes 504,001 weights, half of them in the dense layer: still about 500
# for each of 1,000 photos.)

# %%
assert network.count_params() / 2000 > 1700 and 500 < 504_001 / 1000 < 505
assert network.layers[9].output.shape[1] == flat == 6272
assert make_network(64).count_params() == 504_001
assert dense == 3_211_776 and network.count_params() == in_all == 3_453_121

# %% [markdown]
# One output with a **sigmoid**, $p = 1 / (1 + e^{-z})$, is the two-class case of softmax. Its loss is **binary
# cross-entropy**: $-\log p$ for a photo of the second class, $-\log(1 - p)$ for one of the first.
#
# **Predict.** What is the loss of a network that always says 50 %?

# %%
predict.number(
    "half", 0.6931, tolerance=0.004, label="Loss",
    mistakes={
        0.301: "You took the logarithm to base 10. The natural one has base e.",
        1: "You took the logarithm to base 2. The natural one has base e.",
        2.3026: "That is the loss of a guess among ten classes. Here there are two.",
        0.5: "That is how often it is wrong. The loss is a logarithm.",
        -0.6931: "The logarithm of one half is negative, and the loss is minus that.",
    },
)

# %% [markdown]
# That loss, and what it costs to be sure:

# %% tags=["nbval-check-output"]
p = 0.5
print(f"loss at chance: {-np.log(p):.3f}")
print(f"99 % sure and right: {-np.log(0.99):.3f}")
print(f"99 % sure and wrong: {-np.log(1 - 0.99):.3f}")

# %% [markdown]
# A loss of 0.693 that doesn't move means that nothing has been learned yet. That may last for a few epochs.

# %%
theirs = keras.losses.binary_crossentropy([1.0], [p]).numpy()
assert np.isclose(-np.log(p), theirs, atol=1e-5)

# %% [markdown]
# ## 3.6 Which learning rate?
#
# If the rate is too small, training takes forever; if it is too large, training never settles. The **learning-rate
# range test** looks for the region in one short run: start tiny, raise the rate a little after each batch, and watch
# the loss. Here is the training step itself, written out: predict, compare, take the gradient, let the optimiser
# (Adam) move the weights.

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

# %% [markdown] given=["two thousand"]
# Run it on the same four batches again and again: 4 × 32 = 128 photos, or all, if you have fewer. With two thousand the
# loss might not fall for an epoch or two; a handful is soon learned by heart, if the network can learn at all. (So this
# also finds bugs: a network that can't memorise a handful of photos is broken.)
#
# **Predict.** The rates go from .00001 to .1, each a fixed factor above the one before. What does the loss do?

# %%
predict.choice(
    "range", "it stays, then falls, then climbs",
    options=["it falls all the way", "it stays, then falls, then climbs",
             "it falls, then stays"],
    mistakes={
        "it falls all the way":
            "At .1 each step of Adam moves each weight by up to about .1. How large "
            "are the weights?",
        "it falls, then stays":
            "Steps of .00001 hardly move a weight, and steps of .1 move it far too "
            "much: what comes first, and what comes last?",
    },
)

# %% [markdown]
# Eighty steps:

# %%
rates = np.geomspace(1e-5, 1e-1, 80)
few_batches = train.take(4).cache()

def smoothed_test(rates):
    """A new network's loss over the steps; single batches are noisy, so a mean of 7."""
    keras.utils.set_random_seed(3)
    losses = np.nan_to_num(range_test(make_network(), few_batches, rates), nan=9)
    return [np.mean(losses[max(0, i - 3) : i + 4]) for i in range(len(rates))]

smooth = smoothed_test(rates)
figures.line_plot(
    {"loss, mean of seven batches": (rates, np.minimum(smooth, 1.2))},
    log_x=True, level=(np.log(2), "always 50 %"), xlabel="learning rate",
    ylabel="loss (cut at 1.2)", title="The loss while the learning rate rises",
    alt="A curve over the learning rate.",
)

# %% [markdown]
# With pets it stays, then falls, then climbs: nothing is learned on the left, and on the right the steps are too long.
# (Classes that are very easy to tell apart may leave no loss to climb from.) It is tempting to read the best rate off
# the place where the loss falls. But two things changed from left to right: the rate rose, *and* more and more steps
# had been made. A fair test needs a *control*, where only one of the two changes. So make as many steps at one and the
# same rate, .0003:

# %%
constant = smoothed_test(np.full(len(rates), 3e-4))
for step in (20, 40, 60, 80):
    rising, steady = smooth[step - 1], constant[step - 1]
    print(f"step {step}: rate {rates[step - 1]:.5f} has loss {rising:.2f},", end=" ")
    print(f".0003 has {steady:.2f}")

# %% [markdown]
# Both, step by step:

# %%
steps = range(1, len(rates) + 1)
figures.line_plot(
    {"rising rate": (steps, np.minimum(smooth, 1.2)),
     "always .0003": (steps, constant)},
    level=(np.log(2), "always 50 %"), xlabel="step", ylabel="loss (cut at 1.2)",
    title="The same steps with a rising and with a constant rate",
    alt="Two curves of the loss over eighty steps: with a rising rate it falls and "
    "then climbs, with a constant rate it falls.",
)

# %% [markdown]
# With pets the loss falls at the constant rate as well, though no rate rises there. So *where* the curve of the range
# test falls says as much about how many steps have been made as about the rate. What the test does show is the other
# end. Where the rate rises, the loss turns and climbs, and where it doesn't, the loss goes on falling: so the climb is
# the rate's doing. Stay well below it, by a factor of ten or so, because what works for eighty steps may not work for
# thousands; below that, let validation accuracy decide.

# %%
RATE = 1e-3 if SCALE == "quick" else 5e-4  # few epochs: take the faster end
if origin != "own":
    assert min(smooth) < np.log(2) - 0.02 < smooth[0] and max(smooth[-10:]) > np.log(2)
    assert constant[-1] < constant[39] < constant[0] and constant[-1] < np.log(2) - 0.1
    assert rates[np.argmin(smooth)] > RATE

# %% [markdown]
# ## 3.7 Training, and what goes wrong
#
# A **checkpoint** saves the network whenever its validation accuracy is the best so far: the last epoch need not be
# the best.
#
# **Predict.** Sketch two curves over the epochs: accuracy on training photos, and on validation photos. Where do they
# end after 30 epochs on 2,000 photos of pets?

# %%
predict.choice(
    "curves", "near 100 % and near 75 %", label="Training and validation",
    options=["both near 75 %", "both near 100 %", "near 100 % and near 75 %"],
    mistakes={
        "both near 75 %":
            "Think of the weights: over 1,700 of them for each photo. What can a "
            "network do with so many?",
        "both near 100 %":
            "It may get there on photos that it has seen 30 times. On others it "
            "needs what all cats have in common.",
    },
)

# %% [markdown]
# The network, and where its checkpoint goes:

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
# Your curves, and beside them what the full run measured on 2,000 real photos of pets:

# %%
figures.learning_curves(
    {"yours": history, "2,000 pets (recorded)": full["plain"]}, low=0.45,
    title="Accuracy over the epochs",
    alt="Accuracy over the epochs, yours and the recorded run's, on training photos "
    "and on validation photos.",
)

# %% [markdown] given="180"
# The recorded run in numbers, and yours. For comparison: in François Chollet's *Deep Learning with Python*, where this
# task became a classic, a similar network (five convolutions, 180 × 180 pixels) reached 75 % on validation photos and
# 69.5 % on test photos.

# %%
plain, epochs = full["plain"], len(full["plain"]["loss"])
print(f"{full['date']}, {full['data']}, {full['machine']}")
on_training, on_validation = plain["accuracy"], plain["val_accuracy"]
print(
    f"training {on_training[-1]:.3f}, validation {interval(on_validation[-1], 1000)} "
    f"after {epochs} epochs"
)
print(
    f"best validation {max(on_validation):.3f}, in epoch {np.argmax(on_validation) + 1}"
)
wall, processor = full["seconds"]["wall"] / 60, full["seconds"]["processor"] / 60
print(f"{wall:.0f} minutes, {processor:.0f} of processor time, other work beside it")
yours = interval(history["val_accuracy"][-1])
print(f"yours: training {history['accuracy'][-1]:.3f}, validation {yours}")

# %% [markdown]
# Look at the recorded run first. It ends near 100 % and near 75 %. The dashed curve, on photos that the network trains
# on, climbs all the way; the solid one, on other photos, stops far below. The network no longer learns what cats have
# in common; it learns the photos by heart, and it has the weights for it. This is **overfitting**. How far along this
# road is yours? The fewer the photos, the sooner they are known by heart; but it has had only a few epochs.

# %%
assert plain["accuracy"][-1] > 0.97 and 0.73 <= plain["val_accuracy"][-1] < 0.77

# %% [markdown]
# Accuracy hides how bad it is. **Predict.** What does the validation *loss* of the recorded run do over the 30 epochs?

# %%
predict.choice(
    "loss", "it falls, then climbs",
    options=["it falls, then stays", "it keeps falling", "it falls, then climbs"],
    mistakes={
        "it falls, then stays":
            "So does the accuracy. But the loss also asks how sure the network is "
            "of its mistakes.",
        "it keeps falling":
            "The training loss does. The validation photos have no part in training.",
    },
)

# %% [markdown]
# Both losses of both runs:

# %%
figures.learning_curves(
    {"yours": history, "2,000 pets (recorded)": plain}, metric="loss",
    title="The loss over the epochs",
    alt="The loss over the epochs, yours and the recorded run's, on training photos "
    "and on validation photos.",
)

# %% [markdown]
# In the recorded run it falls, then climbs far above where it began, while the accuracy stays. That is no
# contradiction: the network makes as many mistakes as before, but it grows ever more sure of them, and the logarithm
# punishes that.

# %%
assert plain["val_loss"][-1] > max(2 * min(plain["val_loss"]), np.log(2))
settled = np.mean(history["val_accuracy"][-3:])
assert origin == "own" or max(history["accuracy"]) > settled

# %% [markdown] given=["71 %", "72.5 %", "Twice", "95", "100"]
# ## 3.8 Signal or noise?
#
# You change something, and validation accuracy rises from 71 % to 72.5 %. Is that better? Chance comes in twice. First
# through the choice of *validation photos*: with $n$ of them and an accuracy of $p$, the standard error is
# $\sqrt{p (1 - p) / n}$. (Twice that, either way, holds the truth in about 95 of 100 cases.)
#
# **Predict.** How large is one standard error for 1,000 photos and an accuracy of 72 %?

# %%
predict.number(
    "standard error", 1.4, tolerance=0.05, label="Percentage points",
    mistakes={
        0.014: "As a share that is right. In percentage points it is 100 times that.",
        2.8: "Those are two standard errors.",
        44.9: "You forgot to divide by the number of photos.",
        0.72: "The accuracy itself? Take p (1 − p), divide by n, take the root.",
    },
)

# %% [markdown]
# For 1,000 photos, and for fewer and more of them:

# %% tags=["nbval-check-output"]
def standard_error(p, n):
    return np.sqrt(p * (1 - p) / n)

for n in (250, 1000, 4000):
    error = standard_error(0.72, n)
    print(f"{n:5} photos: standard error {error:.1%}, so 72 % ± {2 * error:.1%}")

# %% [markdown]
# It is 1.4 points. With 1,000 photos one accuracy is known to within three points either way; it takes four times as
# many photos to halve that. The difference of two accuracies has √2 times the error if each has photos of its own.
#
# On the *same* photos there is a sharper test. Photos that both networks name rightly, or both wrongly, say nothing
# about which is better. Count only those on which they disagree. If neither is better, each of these is like the toss
# of a coin, and you can ask how often a coin gives a result as uneven as yours: that share is the *p-value* of
# McNemar's test. Try it on the network after its last epoch, and the regression on miniatures of section 3.4:

# %%
from scipy.stats import binomtest

last_p = model.predict(validation, verbose=0).ravel()
network_right = (last_p > 0.5) == y_validation
only_network = int((network_right & ~simple).sum())
only_simple = int((simple & ~network_right).sum())
disagree = only_network + only_simple
p_value = binomtest(only_network, disagree).pvalue if disagree else 1.0
print(f"network {interval(network_right.mean())}, miniatures {interval(simple.mean())}")
print(f"only the network is right: {only_network}; only the regression: {only_simple}")
print(f"a coin is as uneven in {p_value:.2g} of all cases:", end=" ")
print("more than chance" if p_value < 0.05 else "may be chance")

# %% [markdown]
# With pets the network is ahead by more than chance explains: by custom one says so when a coin does it in fewer than 1
# of 20 cases, .05. (With photos of your own, the last line says how it is.)

# %%
assert 4 * 250 == 1000 and round(standard_error(0.72, 1000), 3) == 0.014
assert 2 * standard_error(0.72, 1000) < 0.03
assert 1 / 20 == 0.05 and (origin == "own" or p_value < 0.05)

# %% [markdown]
# Chance comes in a second time with the *seed*: other starting weights and another order of the photos give another
# result. The full run trained the network from five seeds (on smaller photos, to save time):

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
    alt="Five curves of validation accuracy over the epochs, jumping by a few points "
    "and crossing one another.",
)

# %% [markdown]
# From epoch to epoch a curve jumps by a few points, and the curves differ from one another by as much. So never compare
# two single epochs: average over the last few, repeat with several seeds, and say how much they scatter.
#
# There is a trap, too. The *best* epoch's validation accuracy was picked because it is high. Some of it is luck, and
# won't come back on new photos; that may be one reason why 75 % on validation photos became 69.5 % on test photos in
# the book of section 3.7. Honest figures come from photos that took no part in any choice.
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
# Which photos does the network of the best epoch get wrong? Take the ten mistakes that it is most sure of. Of each,
# decide whether *you* would have named the animal.

# %% tags=["thumbnail"]
said = (probabilities > 0.5).astype(int)
sure = np.maximum(probabilities, 1 - probabilities)
wrong = np.flatnonzero(said != y_validation)
worst = wrong[np.argsort(-sure[wrong])][:10]
print(f"{len(wrong)} of {len(said)} validation photos are named wrongly")
titles = [f"{short[said[i]]}?\n{sure[i]:.0%} sure" for i in worst]
if len(worst):
    display(figures.image_grid(
        x_validation[worst], titles=titles, columns=5, title="Sure, and wrong",
        alt="Photos that the network names wrongly, each with what it says and how "
        "sure it is.",
    ))

# %% [markdown]
# Were some of them easy for you? The network doesn't know what a cat is; it knows what went with cats in its training
# photos. (It makes no mistake with your own? Then ask two things: how many photos that was measured on, see section
# 3.8, and what else might tell your classes apart, such as the light, the place or the camera.)
#
# You can make one of the two errors rarer, at the price of the other: the **threshold** need not be 50 %. Move it.
# Above are the network's answers for all validation photos, below those that it can hardly decide at this threshold.

# %%
asked = x_validation, probabilities, y_validation
figure, update = figures.threshold_bench(*asked, short)
sliders.live_figure(
    figure, update, threshold=(0.05, 0.95, 0.05),
    stills=[{"threshold": 0.5}, {"threshold": 0.8}],
    alt="A histogram of the network's answers, and the photos nearest to the "
    "threshold, at two thresholds.",
)

# %% [markdown]
# Can you trust the percentages? A network is **calibrated** if, of all its answers that are 80 % sure, 80 % are right;
# then it is on average as sure as it is often right.
#
# **Predict.** The recorded network is right for 75 % of the validation photos. How sure is it on average, on these
# photos?

# %%
predict.choice(
    "confidence", "more than 90 %",
    options=["about 60 %", "about 75 %", "more than 90 %"],
    mistakes={
        "about 60 %":
            "A network that is often wrong might well be modest. But nothing in its "
            "training taught it to be: there it was right every time.",
        "about 75 %":
            "It would be, if it were calibrated. What did its loss tell you?",
    },
)

# %% [markdown]
# After the last epoch, yours and the recorded one:

# %%
confidence = np.maximum(last_p, 1 - last_p).mean()
print(f"on average {confidence:.0%} sure, right {interval(network_right.mean())}")
right = plain["val_accuracy"][-1]
print(f"recorded, of pets: {full['confidence']:.0%} sure, {right:.0%} right")

# %% [markdown]
# The recorded one is more than 90 % sure on average. An overfitted network is **overconfident**: on its training photos
# it always paid to be sure. That is the climbing loss again, in other words.

# %%
assert full["confidence"] > 0.9 > plain["val_accuracy"][-1] + 0.1

# %% [markdown]
# Which of your predictions came true?

# %%
predict.score()

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
# - The range test shows which learning rate is too large. Where its loss begins to fall depends on the number of steps.
# - Three million weights learn two thousand photos of pets by heart: training near 100 %, validation near 75 %, and a
#   validation loss that climbs, because the network grows ever more sure of its mistakes.
# - With 1,000 validation photos, two standard errors are three points; seeds add to it. Compare two networks on the
#   photos on which they disagree. One run is no result.
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
