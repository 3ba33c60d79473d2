# %% [markdown]
# # 6. What a convnet sees
#
# **Your network is right 97 times in 100. What does it look at?**
#
# The accuracy doesn't say. There are pictures that do: of what a network's layers make of an image, of what a channel
# waits for, of where in the image the evidence for "cat" lies. They are beautiful, and people believe them. Some of
# them would look just as beautiful if the network knew nothing. So this lesson does two things: it builds each of
# these pictures, and then it puts them to the test.
#
# **You will learn**
#
# 1. to look inside: activations, receptive fields, what a channel responds to most;
# 2. to ask an answer for its reasons: class activation maps, Grad-CAM, occlusion, gradients of pixels;
# 3. to tell whether such a picture is true; and to find a network that is right for the wrong reason, and to mend it.

# %%
from course_utils import figures, memory, recorded, start
import numpy as np
from course import data, drawn, explain, instruments
from course.data import bases, features, imagenet

# COURSE_SCALE=full, or scale="full" here, takes all photos, more seeds: half an hour
SCALE = start.begin_lesson(seed=6)
instruments.open_lesson("06_interpretation")

import keras
import tensorflow as tf
from keras import layers

# %% [markdown]
# ## 6.1 A quick success
#
# Somebody hands you 400 drawings of cats and dogs, and 200 more for validation. Don't look at them yet.

# %%
HERE, ELSEWHERE = drawn.SHORTCUTS[:2]
pictures, kinds = drawn.draw_pets(400, size=64, seed=61, shortcut=HERE)
new_pictures, new_kinds, new_parts = drawn.draw_pets(
    200, size=64, seed=62, shortcut=HERE, parts=True
)
print(f"{len(pictures)} drawings for training, ", end="")
print(f"{len(new_pictures)} others for validation, {pictures.shape[1:]}")

# %% [markdown]
# And some more for later, some of them with masks that say where the head is:

# %%
other_pictures, _ = drawn.draw_pets(
    200, size=64, seed=61, start=200, shortcut=ELSEWHERE
)
new_others, _ = drawn.draw_pets(200, size=64, seed=62, shortcut=ELSEWHERE)
study, study_labels = drawn.draw_pets(200, size=96, seed=63)
test, test_labels, test_parts = drawn.draw_pets(200, size=96, seed=64, parts=True)

# %% [markdown]
# The network has the four convolutions of [lesson 4](04_augmentation.ipynb), with batch norm but none of the other
# cures. At its end stands the *mean* of each feature map (global average pooling) in place of a large dense layer. So
# it takes images of any size, which will be useful soon.

# %%
def make_network():
    """Pixels to the probability of a dog: convolutions, means of maps, one neuron."""
    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for number, filters in enumerate((32, 64, 128, 128), start=1):
        if number > 1:
            x = layers.MaxPooling2D(2, name=f"pool{number - 1}")(x)
        x = layers.Conv2D(filters, 3, use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.GlobalAveragePooling2D()(x)
    network = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    network.compile(
        keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"]
    )
    return network

# %% [markdown]
# **Predict.** In lesson 4's quick size such a network, with all its cures, was right some 70 times in 100. What will
# 400 drawings and five epochs give?

# %%
def is_right(network, images, labels):
    """For each image, whether the network names its class."""
    return (network.predict(images, batch_size=8, verbose=0)[:, 0] > 0.5) == labels

def accuracy(network, images, labels):
    return float(is_right(network, images, labels).mean())

network = make_network()
network.fit(pictures, kinds, epochs=5, batch_size=16, verbose=0)
on_new = accuracy(network, new_pictures, new_kinds)
print(f"validation accuracy {on_new:.3f}")

# %% [markdown]
# Nearly perfect, on drawings that it has never seen. Would you use it? Keep the question in mind. First you need
# tools.

# %%
assert on_new >= 0.93

# %% [markdown]
# ## 6.2 What the layers make of a cat
#
# Photographs to look at: scikit-image's Chelsea, who is a real cat, and one of the second class of your photos. Without
# photos of your own this is a dog: a real one, if you have the photos.

# %%
n_train, n_validation = (120, 40) if SCALE == "quick" else (None, None)
folder, origin = data.load_pets(n_train, n_validation, size=150)
names, short = data.class_names(folder), data.class_names(folder, most=12)

# %% [markdown]
# Both as squares of 150 × 150 pixels, the size of lesson 3:

# %%
from skimage.data import chelsea
from skimage.transform import resize

def square(image, side, left=None):
    """The image's middle (or from this column on), at another size: (side, side, 3)."""
    height, width = image.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2 if left is None else left
    part = image[top : top + short, left : left + short]
    part = resize(part, (side, side), anti_aliasing=True)
    return (255 * part).round().astype("uint8")

other_file = sorted((folder / "validation" / names[1]).glob("*"))[:2][-1]
cat, other = square(chelsea(), 150, left=60), keras.utils.load_img(other_file)
other = square(np.asarray(other), 150)
shown_as = ["Chelsea, a cat", "a dog" if names[1] == "dogs" else short[1]]
figures.image_grid([cat, other], titles=shown_as, size=2.2)

# %% [markdown]
# A network is a chain of layers, so what comes out of each can be looked at. Name the outputs you want, and make a
# second model of the same layers:

# %%
stages = [f"relu{number}" for number in (1, 2, 3, 4)]
observer = keras.Model(
    network.inputs, [network.get_layer(name).output for name in stages]
)
both = np.stack([cat, other])
activations = dict(zip(stages, observer.predict(both, verbose=0)))

# %% [markdown]
# **Predict.** The convolutions are 3 × 3 and not padded, with 2 × 2 pooling between them. How large are the feature
# maps of an image of 150 × 150?

# %% tags=["nbval-check-output"]
for name, maps in activations.items():
    print(f"{name}: {maps.shape[1]} × {maps.shape[2]} × {maps.shape[3]}")

# %% [markdown]
# From 67,500 numbers to 28,800: coarser in space, and richer in kinds.

# %%
shapes = [maps.shape[1:] for maps in activations.values()]
assert shapes == [(148, 148, 32), (72, 72, 64), (34, 34, 128), (15, 15, 128)]

# %% [markdown]
# The module `explain` does the same for any model, one that has others inside it included (which a second model can't
# look into):

# %%
found = explain.feature_maps(network, both, stages)
for name, maps in activations.items():
    assert np.allclose(found[name], maps, atol=1e-4)

# %% [markdown]
# One channel of the first layer, and one of the third: those with the largest contrast on the cat.

# %%
def liveliest(maps, count=1):
    """The channels with the largest standard deviation over the first image."""
    return np.argsort(-maps[0].std(axis=(0, 1)))[:count]

first, third = liveliest(activations["relu1"])[0], liveliest(activations["relu3"])[0]
figures.image_grid(
    [cat, activations["relu1"][0, :, :, first], activations["relu3"][0, :, :, third]],
    size=2.1, titles=["cat", f"layer 1, channel {first}", f"layer 3, channel {third}"],
    title="Each channel is a picture: bright where it finds what it waits for",
)

# %% [markdown]
# And all channels. Each has its own scale here, from its least to its largest value. (A tile that looks black is
# either zero everywhere, or has a few very bright points.)

# %%
from skimage.util import montage

def all_channels(maps, columns):
    """The maps of one image side by side, each from 0 to 1."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    scaled = (maps - low) / np.where(high > low, high - low, 1)
    grid, padding = (-(-maps.shape[-1] // columns), columns), max(1, len(maps) // 12)
    tiles = scaled.transpose(2, 0, 1)
    return montage(tiles, grid_shape=grid, padding_width=padding)

tiles, titles = [], []
for (name, maps), columns in zip(activations.items(), (8, 8, 16, 16)):
    tiles.append(all_channels(maps[0], columns))
    titles.append(f"{name}: {maps.shape[-1]} maps of {maps.shape[1]} × {maps.shape[2]}")
title = "From pictures of the cat to places of something"
figures.image_grid(tiles, columns=2, size=3.2, titles=titles, title=title)

# %% [markdown]
# - *Layer 1* still shows the cat, 32 times: its outlines, its stripes, light from dark. Next to nothing is thrown
#   away.
# - *Layer 2* has edges in certain directions, and spots.
# - *Layers 3 and 4* no longer look like a cat. They say *where* something is that this network looks for, in coarse
#   cells, no longer how it looks.
#
# Many books add that the deeper the layer, the more of its maps are *empty*: they wait for something that isn't in
# this image. **Predict.** How many maps are empty for the cat, layer by layer?

# %%
for name, maps in activations.items():
    empty, dark = (maps[0].max(axis=(0, 1)) == 0).sum(), (maps[0] == 0).mean()
    print(f"{name}: {empty:3} of {maps.shape[-1]} maps are empty, ", end="")
    print(f"{dark:.0%} of all values are zero")

# %% [markdown]
# Hardly any! What the books show holds for networks like that of lesson 3, without batch norm. Here each channel is
# centred before its ReLU, so that over the training images it is on about half of the time. So it isn't depth alone
# that empties maps; the offset before the ReLU matters more here. (Exercise 1 takes batch norm away and counts
# again.)
#
# The same channels on both pictures:

# %%
chosen = [
    ("relu1", first), ("relu2", liveliest(activations["relu2"])[0]), ("relu3", third),
    ("relu4", liveliest(activations["relu4"])[0]),
]
pairs = [
    activations[name][which, :, :, channel]
    for which in (0, 1)
    for name, channel in chosen
]
scales = [f"{name}, channel {channel}" for name, channel in chosen]
figures.image_grid(
    [cat, *pairs[:4], other, *pairs[4:]], columns=5,
    titles=[shown_as[0], *scales, shown_as[1], *scales],
    size=1.35, title="A channel does the same to every image",
)

# %% [markdown]
# A channel isn't a cat detector or a dog detector. It is a filter, and it answers wherever its pattern is. How large can
# such a pattern be?
#
# ## 6.3 How far a neuron sees
#
# In lesson 2 you added up the **receptive field** of a stack, the square of pixels on which one number of a feature
# map depends. Here is the same for any model. A 3 × 3 convolution sees 3 × 3. The next one sees 3 × 3 of these, which
# makes 5 × 5; and after pooling by 2 neighbours lie two pixels apart, so the same kernel spans twice as much. So you
# need two numbers: the *field*, and the *jump* from one position to the next, in pixels.

# %%
def receptive_fields(model):
    """For each layer: the side of the square of pixels that it sees, and the jump."""
    fields, reached = {}, {}
    for layer in model.layers:  # in order: what a layer needs comes before it
        before = layer.input if isinstance(layer.input, list) else [layer.input]
        field, jump = max(
            [reached[id(x)] for x in before if id(x) in reached], default=(1, 1)
        )
        kernel = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1,)))[0]
        stride = getattr(layer, "strides", (1,))[0]
        fields[layer.name] = reached[id(layer.output)] = (
            field + (kernel - 1) * jump, jump * stride,
        )
    return fields

# %% [markdown]
# **Predict.** How far does a neuron of your network's last convolution see? And one in VGG16's last convolution, at
# 224 × 224 pixels?

# %% tags=["nbval-check-output"]
yours = receptive_fields(network)
for name in stages:
    field, jump = yours[name]
    print(f"your network, {name}: {field} × {field} pixels, every {jump}")
vgg = keras.applications.VGG16(
    weights=None, include_top=False, input_shape=(224, 224, 3)
)
field, jump = receptive_fields(vgg)["block5_conv3"]
shape = vgg.get_layer("block5_conv3").output.shape[1:]
print("VGG16, block5_conv3:", shape, f"{field} × {field} pixels, every {jump}")
del vgg

# %% [markdown]
# Drawn at true size on the cat, around one eye:

# %%
figures.frames_on(
    cat,
    {
        f"layer {number}: {yours[name][0]} × {yours[name][0]}": (62, 56, yours[name][0])
        for number, name in enumerate(stages, start=1)
    },
    title="The last convolution sees an eye, but never a face",
)

# %% [markdown]
# Nothing in this network ever sees a whole cat's head at this size. (On the small drawings that it was trained on, 38
# pixels are more than half of the side.) From edges to parts to animals, that is how it is meant to go; but what is a
# part depends on how much of it fits into the field.

# %%
assert [yours[name] for name in stages] == [(3, 1), (8, 2), (18, 4), (38, 8)]
assert (field, jump) == (196, 16) and shape == (14, 14, 512)

# %% [markdown]
# Put a lens on the network, and look at as many channels as you like: choose a layer, move over the cat, and see how
# far the unit there sees and what it answers. **Predict.** Where will the liveliest channel of the last layer answer
# most?

# %%
seen = dict(zip(shown_as, both))
lens = instruments.Lens(network, seen, layers=stages, methods={})
lens

# %% [markdown]
# In the picture each ring marks where the liveliest channel of a layer answers most, and each square what the unit sees
# there. In the last layer 38 × 38 pixels are all that this one number knows of the cat.

# %%
sides = [lens.fields[shown_as[0]][name][0][0] for name in stages]
assert sides == [yours[name][0] for name in stages]

# %% [markdown]
# Is the sum right? Measure: which pixels change a neuron in the middle of the map? The gradient says so. Its size,
# averaged over ten drawings and over the layer's channels:

# %%
def measured_field(layer, images):
    """How strongly each pixel moves the layer's neurons in the map's middle: (H, W)."""
    part = keras.Model(network.inputs, network.get_layer(layer).output)
    images = tf.constant(images, "float32")
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = part(images, training=False)
        middle = tf.reduce_sum(maps[:, maps.shape[1] // 2, maps.shape[2] // 2])
    return np.abs(tape.gradient(middle, images)).mean(axis=(0, 3))

influence = {name: measured_field(name, pictures[:10]) for name in stages}
sides = {name: int(one.any(axis=0).sum()) for name, one in influence.items()}
print("measured sides:", sides)
assert list(sides.values()) == [yours[name][0] for name in stages]

# %% [markdown]
# To the pixel. But how is the influence spread within the field?

# %%
def half_side(influence):
    """The side of the smallest square in the middle with half of the influence."""
    (top, bottom), (left, right) = (
        np.flatnonzero(influence.any(axis=axis))[[0, -1]] for axis in (1, 0)
    )
    field = influence[top : bottom + 1, left : right + 1] / influence.sum()
    n = len(field)
    for side in range(2 - n % 2, n + 1, 2):
        edge = (n - side) // 2
        if field[edge : n - edge, edge : n - edge].sum() >= 0.5:
            return side
    return n

# %% [markdown]
# In each layer:

# %%
halves = {name: half_side(one) for name, one in influence.items()}
figures.image_grid(
    list(influence.values()), size=2.1, title="The middle of the field counts most",
    titles=[
        f"{name}: half of the influence\nlies in {halves[name]} of {sides[name]} pixels"
        for name in stages
    ],
)

# %% [markdown]
# The deeper the layer, the more the middle outweighs the rim: many ways lead through the network to the middle, few
# to the rim. So the *effective* receptive field is smaller than the theoretical one (Luo et al., 2016). Half of the
# last layer's influence comes from about a third of its field's area; evenly spread, it would take half of it.

# %%
assert (halves["relu4"] / sides["relu4"]) ** 2 < 0.45

# %% [markdown]
# ## 6.4 What a channel waits for
#
# Two ways to find out. Show the channel many images, and note where it answers most strongly. Or let it *draw* what
# it wants. The subject is a network that has learnt from many more images than yours: the course's own base from
# [lesson 5](05_transfer_learning.ipynb), which can name 43 kinds of creatures, things and textures. Its stages, by
# the size of their maps:

# %%
course = bases.load_base("course", size=96, verbose=False)

def stages_of(model):
    """The last layer of each size of maps, of the last four sizes."""
    last = {}
    for layer in model.layers:
        if not isinstance(layer, layers.ZeroPadding2D):
            # A later layer of the same size replaces it:
            last[layer.output.shape[1]] = layer.name
    return [last[side] for side in sorted(last, reverse=True)][-4:]

fields = receptive_fields(course.model)
for name in stages_of(course.model):
    shape, field = course.model.get_layer(name).output.shape[1:], fields[name][0]
    print(f"{name}: {shape}, sees {field} × {field} pixels")

# %% [markdown]
# The first way. The answer of a channel to an image is its highest activation, and it has a place; around that place
# lies the patch of pixels that the channel saw:

# %%
def strongest_patches(images, maps, field, jump, count=5):
    """For each channel the patches that it answers most strongly to, at true size."""
    half, side, rows = images.shape[1] // 2, min(field, images.shape[1]), []
    edges = (0, 0), (half, half), (half, half), (0, 0)
    padded = np.pad(images, edges, constant_values=128)  # grey beyond the edge
    for one in np.moveaxis(maps, -1, 0):
        for i in np.argsort(-one.max(axis=(1, 2)))[:count]:
            places = np.unravel_index(one[i].argmax(), one.shape[1:])
            top, left = (int((p + 0.5) * jump) + half - side // 2 for p in places)
            rows.append(padded[i, top : top + side, left : left + side])
    return rows

# %% [markdown]
# The second way: **gradient ascent** on the pixels. Start from grey noise, and change it, step by step, so that the
# channel's mean activation rises. Take it *before* the ReLU, and keep a tenth of what is negative; else a channel
# that is off everywhere has no gradient to follow. Every step has the same size (the gradient is divided by its root
# mean square), and pixels stay in [0, 1].

# %%
def ascend(model, layer, channel, side=64, steps=16, rate=0.02):
    """Pixels (side, side, 3) in [0, 1] that raise a channel of a layer."""
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    noise = np.random.default_rng(0).uniform(0.4, 0.6, (1, side, side, 3))
    image = tf.constant(noise, "float32")
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = part(255 * image, training=False)[..., channel]
            wanted = tf.reduce_mean(tf.maximum(maps, 0.1 * maps))
        slope = tape.gradient(wanted, image)
        step = rate * slope / tf.sqrt(tf.reduce_mean(slope**2))
        image = tf.clip_by_value(image + step, 0, 1)
    return image[0].numpy()

# %% [markdown]
# `explain.visualise_filters` does the same, many channels at once and compiled. (It finds by itself what comes before
# the ReLU.) On one channel of your network:

# %%
channel = int(liveliest(activations["relu4"])[0])
mine = ascend(network, "norm4", channel)
theirs = explain.visualise_filters(
    network, "relu4", [channel], size=64, steps=16, parameters="pixels"
)[0]
reached = explain.feature_maps(network, 255 * np.stack([mine, theirs]), "norm4")
answers = reached["norm4"][..., channel].mean(axis=(1, 2))
print(f"activation that the loop reaches {answers[0]:.2f}, the module {answers[1]:.2f}")
assert np.ptp(answers) < 0.1 * answers.max()

# %% [markdown]
# **Predict.** What will the picture look like: an eye, a piece of fur, a whole cat?

# %%
figures.image_grid(
    [mine, theirs], titles=["the loop above", "the module's"], size=1.8,
    title="The picture that the channel draws",
)

# %% [markdown]
# High-frequency noise, mostly. Changing a pixel here and one there is the cheapest way to please a channel, since
# nothing asks the picture to look like one. Three tricks make it look for what photographs are made of (Olah et al.,
# 2017). The first two change only the way there; the third adds a demand, that the picture please when moved, too.
#
# 1. **Climb in the spectrum.** Write the image as a sum of waves, and divide each by its frequency, as in
#    photographs. Then a step changes large structures as readily as fine ones.
# 2. **Colours that go together.** In photographs red, green and blue rise and fall together. So mix three other axes:
#    light against dark, orange against blue, and, least, green against magenta.
# 3. **Jitter.** Move and scale the image a little before each step. A pattern that works only at one pixel's place
#    doesn't survive.
#
# The first two, written out:

# %%
red, green, blue = [0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]
axes_of_colour = np.float32([red, green, blue])
axes_of_colour /= np.linalg.norm(axes_of_colour, axis=0).max()

def picture_of(spectrum):
    """A spectrum (2, 3, side, side // 2 + 1) as an image (side, side, 3) in [0, 1]."""
    side = spectrum.shape[2]
    # In waves per pixel:
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    scale = np.float32(side / np.maximum(frequency, 1 / side))
    waves = tf.complex(spectrum[0] * scale, spectrum[1] * scale)
    planes = tf.signal.irfft2d(waves, [side, side]) / 4
    return tf.sigmoid(tf.transpose(planes, [1, 2, 0]) @ axes_of_colour.T)

# %% [markdown]
# The climb itself is as before, now with Adam, since the waves differ in how far they have to go:

# %%
def ascend_in_spectrum(model, layer, channel, side=64, steps=16):
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    shape = 2, 3, side, side // 2 + 1
    start_at = 0.01 * np.random.default_rng(0).standard_normal(shape)
    spectrum = tf.Variable(start_at.astype("float32"))
    adam = keras.optimizers.Adam(0.05, beta_2=0.99, epsilon=1e-8)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            maps = part(255 * picture_of(spectrum)[None], training=False)[..., channel]
            loss = -tf.reduce_mean(tf.maximum(maps, 0.1 * maps))
        adam.apply([tape.gradient(loss, spectrum)], [spectrum])
    return picture_of(spectrum).numpy()

# %% [markdown]
# Beside it the module's version, without and with jitter:

# %%
mine = ascend_in_spectrum(network, "norm4", channel)
theirs, moved = (
    explain.visualise_filters(network, "relu4", [channel], size=64, steps=16, **how)[0]
    for how in ({"jitter": 0, "zoom": 0}, {})
)
figures.image_grid(
    [mine, theirs, moved], titles=["the loop above", "the module's", "with jitter"],
    size=1.8, title="The same channel, climbing in the spectrum",
)

# %% [markdown]
# Do loop and module agree? On the way a rounding error can decide which of two equal values a max pooling takes, and
# the pictures part a little; the activations they reach do not. And measure the noise, too: which share of a
# picture's energy lies in its fine structures, in waves shorter than four pixels?

# %%
def fine_share(images):
    """The share of the energy at more than a quarter of a wave per pixel."""
    varying = images - images.mean(axis=(1, 2), keepdims=True)
    energy = np.abs(np.fft.fft2(varying, axes=(1, 2))) ** 2
    waves = (np.fft.fftfreq(side) for side in images.shape[1:3])
    frequency = np.hypot(*np.meshgrid(*waves))
    return float(energy[:, frequency > 0.25].sum() / energy.sum())

reached = explain.feature_maps(network, 255 * np.stack([mine, theirs]), "norm4")
reached = reached["norm4"][..., channel].mean(axis=(1, 2))
print(f"activation, loop {reached[0]:.2f}, module {reached[1]:.2f}")
assert np.ptp(reached) < 0.1 * reached.max()

# %% [markdown]
# The noise of the three:

# %%
in_pixels = explain.visualise_filters(
    network, "relu4", [channel], size=64, steps=16, parameters="pixels"
)
drawings = {"pixels": in_pixels, "spectrum": mine[None], "with jitter": moved[None]}
noise = {name: fine_share(images) for name, images in drawings.items()}
shown = ", ".join(f"{name} {share:.2f}" for name, share in noise.items())
print("energy in fine structures:", shown)
assert noise["with jitter"] < noise["pixels"] / 2

# %% [markdown]
# What are the channels of your network's last layer waiting for? Sixteen of them, those that matter most to its
# decision:

# %%
weights = network.layers[-1].get_weights()[0][:, 0]
decisive = np.argsort(-np.abs(weights))[:16]
wanted = explain.visualise_filters(network, "relu4", decisive, size=64, steps=32)
figures.image_grid(
    wanted, columns=8, size=1.1,
    titles=["dog" if weights[channel] > 0 else "cat" for channel in decisive],
    title="What sixteen channels of your network want, and for which class they speak",
)

# %% [markdown]
# Where are the ears, the eyes, the muzzles? Remember this picture.
#
# ### The base, stage by stage
#
# Now the base. For each of four stages two channels: the picture that the channel draws, then the patches that it
# likes best among 96 drawings of cats and dogs (it has never seen one), as large as it sees them. Which two? Those
# that are *choosy*: very lively for some drawing, and quiet for most.

# %%
def up_to(model, layer):
    """The model as far as this layer: quicker than all of it."""
    return keras.Model(model.input, model.get_layer(layer).output)

def stretched(pictures):
    """Each picture with its least value at 0 and its largest at 1."""
    low, high = (
        pictures.min(axis=(1, 2, 3), keepdims=True),
        pictures.max(axis=(1, 2, 3), keepdims=True),
    )
    return (pictures - low) / (high - low)

# %% [markdown]
# For each channel six pictures, one drawn and five found:

# %%
def gallery(base, images, name):
    """For two choosy channels of a stage: a picture drawn, and five patches found."""
    part = up_to(base.model, name)
    maps = explain.feature_maps(part, base.preprocess(images), name)[name]
    peaks = maps.max(axis=(1, 2))
    contrast = peaks.max(axis=0) / (np.median(peaks, axis=0) + peaks.max() / 10)
    choosy = np.argsort(-contrast)[:2]
    pictured = explain.visualise_filters(
        part, name, choosy, steps=16, preprocess=base.preprocess
    )
    pictured = stretched(pictured)
    field, jump = receptive_fields(base.model)[name]
    patches = strongest_patches(images, maps[..., choosy], field, jump)
    return [pictured[0], *patches[:5], pictured[1], *patches[5:]]

# %% [markdown]
# **Predict.** Will drawn and found agree? And what will an early stage want, what a late one?

# %%
def show_gallery(base, images):
    names = stages_of(base.model)
    rows = [gallery(base, images, name) for name in names]
    titles = [
        [name, "", f"found, {len(row[1])} pixels", "", "", "", *[""] * 6]
        for name, row in zip(names, rows)
    ]
    title = "Drawn (left) and found, stage by stage"
    return figures.image_grid(
        sum(rows, []), columns=6, size=1.0, titles=sum(titles, []), title=title
    )

show_gallery(course, study[:96])

# %% [markdown]
# Read it from the top, and compare each picture with what was found.
#
# - *Early:* edges of one direction, spots of one size, contrasts of two colours. Whatever the picture, it has them.
# - *In the middle:* textures, and small parts, wherever they are: an eye is first of all a dark spot with a light
#   rim.
# - *Late:* the drawn pictures show fur and dark spots together, as in a face. (Mind the last patches: 93 of 96 pixels
#   show an animal for any channel.)
#
# Nobody told the network about eyes. One way to read it: to name creatures, eyes are useful; to see eyes, spots are;
# to see spots, edges are.
#
# An early layer with many channels as a whole, with 64 of them:

# %%
def channels(name):
    return course.model.get_layer(name).output.shape[-1]

early = next(name for name in stages_of(course.model) if channels(name) >= 64)
part = up_to(bases.load_base("course", size=48, verbose=False).model, early)
grid = explain.visualise_filters(
    part, early, range(64), steps=16, preprocess=course.preprocess
)
how = {"grid_shape": (4, 16), "padding_width": 2, "fill": (1, 1, 1)}
figures.image_grid(
    [montage(stretched(grid), **how, channel_axis=-1)],
    size=7.5, titles=[f"64 channels of {early}"],
    title="An early layer is a box of edges, spots and textures",
)

# %% [markdown]
# It is the filter bank of [lesson 1](01_convolution.ipynb), some layers further; and nobody wrote it down: it was
# learnt.
#
# ### Is the picture true?
#
# A picture that a channel draws should please it more than anything it finds. **Predict.** For how many of eight
# channels of the last stage does the drawn picture beat the best of the 200 drawings? And a picture that climbed on
# pixels?

# %%
last, eight = stages_of(course.model)[-1], np.arange(8)

def pleased(images):
    maps = explain.feature_maps(course.model, course.preprocess(images), last)[last]
    return maps.mean(axis=(1, 2))[:, eight]

found_best, shares, beaten = pleased(study).max(axis=0), {}, {}
for way in ("pixels", "fourier"):
    few = explain.visualise_filters(
        course.model, last, eight, steps=16, preprocess=course.preprocess,
        parameters=way,
    )
    beaten[way] = int((pleased(255 * few)[eight, eight] > found_best).sum())
    shares[way] = fine_share(few)
    print(f"{way:8} {beaten[way]} of 8 beat every drawing; ", end="")
    print(f"energy in fine structures {shares[way]:.2f}")

# %% [markdown]
# Both do. So this test can't tell a readable picture from noise: it says that the channel is pleased, not that you
# have understood it. (Images that please a network beyond all photos, and show a human nothing, have been found for
# every network that people tried: Nguyen et al., 2015. Keep them in mind when you read "the network sees an eye".)

# %%
assert min(beaten.values()) >= 6 and shares["fourier"] < shares["pixels"] / 2

# %% [markdown]
# Beware of one thing more. A channel often answers to several things that have nothing in common, and one picture
# shows only one of them. That is what the patches are for.
#
# ### ImageNet
#
# A base that has seen 1.28 million photos knows more. This is what MobileNetV2's first eight channels of four stages
# draw, in a run of the course's makers, from an early stage (top) to the last (bottom). **Predict.** What will you be
# able to name?

# %%
if SCALE == "full":
    wide = bases.load_base(size=160)
    rows, titles = [], []
    for name in stages_of(wide.model):
        rows += [*explain.visualise_filters(
            wide.model, name, range(8), steps=128, preprocess=wide.preprocess
        )]
        titles += [name.removesuffix("_expand_relu"), *7 * [""]]
    grid = figures.image_grid(np.stack(rows), columns=8, size=0.95, titles=titles)
    recorded.keep_picture("06_filters", grid, scale=SCALE)
recorded.load_picture("06_filters")

# %% [markdown]
# Stripes and grains in the first row, scales and round things in the second, some shapes in the third. The last is
# hard to name: its channels stand for things that the whole picture shows, and often for several.

# %% [markdown]
# ## 6.5 Where is the evidence? Class activation maps
#
# Now to answers. The network to ask is that of lesson 5, on your pictures of two classes, cats and dogs or your own: a
# base, the mean of each map, one neuron, whose weights a linear classifier sets. (The neuron's sum, before the sigmoid,
# is the **logit**: positive for the second class, negative for the first.)

# %%
del observer, part  # what has served goes, and its memory with it
memory.release()
base = bases.load_base(size=160)
if base.knows == "drawings":
    base = course
SIZE = base.model.input_shape[1]

# %% [markdown]
# The pictures, read as in lesson 5, but cropped to squares:

# %%
def read_part(part):
    """The pictures of one part, mixed, uint8 (N, SIZE, SIZE, 3); labels, 0 or 1."""
    batches = keras.utils.image_dataset_from_directory(
        folder / part, label_mode="int", image_size=(SIZE, SIZE), interpolation="area",
        shuffle=False, verbose=False, crop_to_aspect_ratio=True,
    )
    pairs = [
        (images.round().astype("uint8"), labels)
        for images, labels in batches.as_numpy_iterator()
    ]
    photos, labels = (np.concatenate(column) for column in zip(*pairs))
    order = np.random.default_rng(6).permutation(len(labels))
    return photos[order], labels[order]

# %% [markdown]
# The network:

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

def pets_network(base, images, labels):
    """Pixels to the probability of class 1; its neuron is fitted to these images."""
    x = features.compute_features(base, images, progress=False)
    linear = LogisticRegression(C=0.003, max_iter=2000)
    scaler, linear = make_pipeline(StandardScaler(), linear).fit(x, labels)
    inputs = keras.Input(images.shape[1:])
    means = layers.GlobalAveragePooling2D()(base.model(base.preprocess(inputs)))
    logit = layers.Dense(1, name="logit")(means)
    network = keras.Model(inputs, layers.Activation("sigmoid")(logit))
    kernel = linear.coef_[0] / scaler.scale_
    bias = linear.intercept_ - kernel @ scaler.mean_
    network.get_layer("logit").set_weights([kernel[:, None], bias])
    return network

photos, labels = read_part("train")
validation_photos, validation_labels = read_part("validation")
pets = pets_network(base, photos, labels)
print(f"validation accuracy {accuracy(pets, validation_photos, validation_labels):.3f}")

# %% [markdown]
# The logit is a weighted sum of means, and a mean is a sum over places. So turn the sums round: first weight the
# maps, then take the mean. What you have before that mean is a map that says how much each *place* contributes. (A
# place of the map: each cell has seen the square of its receptive field, if mostly the middle of it.) It is the
# **class activation map**, CAM (Zhou et al., 2016):
#
# $$\text{logit} = \sum_k w_k \underbrace{\frac{1}{HW}\sum_{ij} A_{ijk}}_{\text{mean of map } k} + b
#   = \frac{1}{HW} \sum_{ij} \underbrace{\sum_k w_k A_{ijk}}_{\text{CAM}_{ij}} + b$$

# %%
some = [np.flatnonzero(validation_labels == kind)[:4] for kind in (0, 1)]
some = np.concatenate(some)
asked, asked_labels = validation_photos[some], validation_labels[some]
kernel, bias = pets.get_layer("logit").get_weights()
maps = base.model.predict(base.preprocess(asked), verbose=0)
cam = maps @ kernel[:, 0]
print(f"maps {maps.shape[1:]}, weights {kernel.shape}, CAM {cam.shape[1:]}")

# %% [markdown]
# **Predict.** What is the mean of a CAM, plus the bias?

# %%
print((cam.mean(axis=(1, 2)) + bias).round(2))

# %% [markdown]
# The logit:

# %% tags=["nbval-check-output"]
logits_of = up_to(pets, "logit")
logits = logits_of.predict(asked, verbose=0)[:, 0]
assert np.allclose(cam.mean(axis=(1, 2)) + bias, logits, atol=1e-4)
by_module = explain.class_activation_map(pets, asked, target=1)
assert np.allclose(by_module, cam, atol=1e-5 * np.abs(cam).max())
print("mean of the CAM + bias = logit; the module's CAM is the same")

# %% [markdown]
# It is no more than a rearrangement; nothing is estimated. To see it on the picture, bring it to the picture's size,
# colour it, and lay it over, the more opaque the hotter. (Mind that this interpolates: a map of a few cells looks
# more exact than it is.)

# %%
import matplotlib

def lay_over(image, heat, opacity=0.7):
    """A heatmap >= 0 on an image, uint8 (H, W, 3)."""
    large = resize(heat, image.shape[:2], order=1, mode="edge") / (heat.max() or 1)
    colours = matplotlib.colormaps["viridis"](large)[..., :3]
    cover = opacity * large[..., None]
    return (image * (1 - cover) + 255 * colours * cover).round().astype("uint8")

for_it = np.maximum(cam[-1], 0)
by_module = explain.overlay(asked[-1], for_it).astype(int)
assert np.abs(lay_over(asked[-1], for_it) - by_module).max() <= 1

# %% [markdown]
# `explain.overlay` does the same, and knows signs: red where the evidence is for the second class, blue where it is for
# the first, each picture on a scale of its own:

# %%
probabilities = 1 / (1 + np.exp(-logits))
figures.image_grid(
    [explain.overlay(image, heat) for image, heat in zip(asked, cam)], columns=4,
    size=1.7,
    titles=[f"{short[k]}:\n{p:.0%}" for k, p in zip(asked_labels, probabilities)],
    title=f"How probable is “{short[1]}”? Red speaks for it, blue for “{short[0]}”",
)

# %% [markdown]
# ## 6.6 Grad-CAM
#
# CAM needs a network that ends in means and one layer. **Grad-CAM** (Selvaraju et al., 2017) works for any network
# that has feature maps: the weight of a map is the mean *gradient* of the logit on it. Cut the network in two, in
# front of the gradient and behind:

# %%
def grad_cam(body, head, images, relu=True):
    """Heatmaps (N, h, w): the body makes feature maps, the head a logit of them."""
    maps = tf.constant(body.predict(images, verbose=0))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = head(maps)
    slopes = tape.gradient(logits, maps)
    weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
    heat = tf.reduce_sum(weights * maps, axis=-1)
    return (tf.nn.relu(heat) if relu else heat).numpy()

def pets_head(maps):
    return tf.reduce_mean(maps, axis=(1, 2)) @ kernel + bias

# %% [markdown]
# **Predict.** On this network, how do CAM and Grad-CAM differ? (What is the gradient of the logit on one value of map
# *k*?)

# %%
ours = grad_cam(base.model, pets_head, base.preprocess(asked), relu=False)
print(f"a row of {maps.shape[1]} × {maps.shape[2]} cells of the last picture, CAM:")
print(cam[-1, 1].round(3))
print("Grad-CAM:")
print(ours[-1, 1].round(4))

# %% [markdown]
# It is $w_k / HW$, everywhere the same: so Grad-CAM is CAM here, but for a factor.

# %% tags=["nbval-check-output"]
height, width = maps.shape[1:3]
error = np.abs(height * width * ours - cam).max() / np.abs(cam).max()
assert error < 1e-6, error
by_module, positive = explain.grad_cam(pets, asked, target=1), np.maximum(ours, 0)
assert np.allclose(by_module, positive, atol=1e-4 * np.abs(ours).max())
print("H·W·(Grad-CAM before the ReLU) = CAM, to 1e-6; ", end="")
print("the module's Grad-CAM is the same")

# %% [markdown]
# Elsewhere it is an approximation: it takes the mean of the gradient, as if every place counted alike. Three siblings
# change just that:
#
# - **HiResCAM** (2020) doesn't average: gradient times map, place by place.
# - **LayerCAM** (2021) takes only positive gradients, place by place; meant for early layers.
# - **Grad-CAM++** (2018) takes a weighted mean of the positive gradients.
#
# Always take the logit, not the probability. Through a sigmoid the whole map shrinks by $p (1 - p)$, for a sure
# answer to next to nothing, and where several gradients are averaged, sure ones count less. Through a softmax, what
# speaks *against other classes* gets mixed in.
#
# The last ReLU keeps what speaks *for* the class. One neuron stands for two classes: for the first, everything is
# negated.
#
# ### Two real photographs
#
# Scikit-image brings Chelsea and a cup of coffee. A network that knows ImageNet's 1,000 classes has names for both.
# (It is MobileNetV2 with its top; without it you see the makers' run.) Then both in one picture, side by side.
# **Predict.** What does Grad-CAM show for the cat, and what for the coffee, in the *same* picture?

# %%
from skimage.data import coffee

def ask_both(classifier):
    """Grad-CAM for each photograph's best class, and for both in a picture of both."""
    one, other = square(chelsea(), 192, left=60), square(coffee(), 192)
    halves = np.concatenate([one[:, 48:144], other[:, 48:144]], axis=1)
    images = np.stack([one, other, halves, halves])
    fed = classifier.preprocess(images)
    best = classifier.model.predict(fed[:2], verbose=0).argmax(axis=1)
    heat = explain.grad_cam(classifier.model, fed, target=np.tile(best, 2))
    left = np.broadcast_to(np.arange(192) < 96, (192, 192))
    shares = explain.share_inside(heat[2:], [left, ~left])
    titles = [classifier.names[k] for k in best]
    titles += [f"{n}: {s:.0%} in its half" for n, s in zip(titles, shares)]
    tiles = [explain.overlay(image, one) for image, one in zip(images, heat)]
    return figures.image_grid(tiles, titles=titles, size=2.25, title="Class by class")

# %% [markdown]
# ImageNet's classes have numbers, and many books ask for number 386, which is the African elephant. Some others,
# compared with the list if it is there:

# %% tags=["nbval-check-output"]
some_classes = {
    281: "tabby", 282: "tiger cat", 285: "Egyptian cat", 386: "African elephant",
    967: "espresso",
}
classifier = imagenet.load_classifier(size=192, verbose=False)
if classifier:
    assert all(
        classifier.names[number] == name for number, name in some_classes.items()
    )
print(", ".join(f"{number} {name}" for number, name in some_classes.items()))

# %% [markdown]
# And the photographs:

# %% tags=["thumbnail"]
if classifier:
    recorded.keep_picture("06_two_photographs", ask_both(classifier), scale=SCALE)
    print(f"computed here, by {classifier.title}")
else:
    print("the makers' run, by MobileNetV2")
ask_both(classifier) if classifier else recorded.load_picture("06_two_photographs")

# %% [markdown]
# The same network, the same picture, the same maps; only the gradient differs. So the heatmap does depend on the
# question, as it should. That is a first, small test; section 6.9 has harder ones.
#
# ## 6.7 Occlusion
#
# To test heatmaps you must know what is in a picture. Nobody knows it of a photo to the pixel; of a drawing, the
# course does, since it drew the head, the ears, the eyes. So from here on the network is the course's own base with a
# neuron trained on 200 drawings, and the pictures are drawn, with their masks:

# %%
del classifier, pets, logits_of, base
memory.release()
judge = pets_network(course, study, study_labels)
judge_logits = up_to(judge, "logit")
heads = [parts.masks["head"] for parts in test_parts]
judged = accuracy(judge, test, test_labels)
print(f"accuracy on {len(test)} new drawings {judged:.3f}")
assert judged > 0.9

# %% [markdown]
# The plainest question to a network: what if this were hidden? Cover a square with grey, and see how far the logit
# falls; then the next square, and so on (Zeiler and Fergus, 2014). No gradient, no look inside:

# %%
def occlude(logits, image, sign, window=24, stride=12, fill=127):
    """How far sign · logit falls for each place of the window: (h, w)."""
    tops = range(0, len(image) - window + 1, stride)
    covered = np.repeat(image[None].astype("float32"), len(tops) ** 2, axis=0)
    places = ((top, left) for top in tops for left in tops)
    for one, (top, left) in zip(covered, places):
        one[top : top + window, left : left + window] = fill
    before = logits.predict(image[None].astype("float32"), verbose=0)[0, 0]
    after = logits.predict(covered, verbose=0)[:, 0]
    return sign * (before - after).reshape(len(tops), -1)

# %% [markdown]
# **Predict.** What does covering change where the picture is black, if black is what you cover it with?

# %% tags=["nbval-check-output"]
chosen = [int(np.flatnonzero(test_labels == kind)[0]) for kind in (0, 1)]
subjects, targets = test[chosen].astype("float32"), test_labels[chosen].astype(int)
half_black = subjects[0] * (np.arange(96) >= 48)[None, :, None]
on_black = occlude(judge_logits, half_black, 1, fill=0)[:, :3]
print(f"where it is black, the logit changes by {np.abs(on_black).max():.2f} at most")

# %% [markdown]
# Nothing. And on a cat and a dog, in grey:

# %% tags=["nbval-check-output"]
assert np.abs(on_black).max() < 1e-4
signs = 2 * targets - 1
drops = np.stack([occlude(judge_logits, *pair) for pair in zip(subjects, signs)])
how = {"window": 24, "stride": 12, "fill": 127}
by_module = explain.occlusion(judge, subjects, target=targets, **how)
assert np.allclose(drops, by_module, atol=1e-3)
print(f"{drops.shape[1]} × {drops.shape[2]} windows; the module's drops are the same")

# %% [markdown]
# Beside Grad-CAM:

# %%
cams = explain.grad_cam(judge, subjects, target=targets)
hidden = explain.spread_windows(drops, size=(96, 96), window=24, stride=12)
tiles = []
for image, cam, drop in zip(subjects.astype("uint8"), cams, hidden):
    tiles += [
        image, explain.overlay(image, cam), explain.overlay(image, np.maximum(drop, 0)),
    ]
figures.image_grid(
    tiles, columns=6, size=1.5, titles=["", "Grad-CAM", "occlusion"] * 2,
    title="Two questions, much the same answer",
)

# %% [markdown]
# Two methods that share nothing agree by and large. But occlusion has its own trouble: a grey square is itself
# something to see, and no such picture was in training. Its price: 49 passes of the network for each picture, where
# Grad-CAM needs one, and its gradient.
#
# ## 6.8 Pixels
#
# The gradient can be taken down to the pixels: which pixel, if it changed a little, would change the logit most? That
# is **saliency** (Simonyan et al., 2014). It is noisy, so **SmoothGrad** averages it over noisy copies (Smilkov et
# al., 2017). **Integrated gradients** (Sundararajan et al., 2017) walk from a black picture to yours and sum up what
# each pixel contributes on the way:

# %%
def gradients(images):
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = judge_logits(images, training=False)
    return tape.gradient(logits, images)

slopes_of = tf.function(gradients, reduce_retracing=True)  # compiled at its first call

def slopes(images):
    """The gradient of each image's logit by its pixels, 16 images at a time."""
    parts = np.split(images, range(16, len(images), 16))
    return np.concatenate([slopes_of(tf.constant(part, "float32")) for part in parts])

# %% [markdown]
# Averaged over noisy copies, and along the way from black:

# %%
def smooth_grad(image, samples=25, noise=0.15):
    grain = [
        np.random.default_rng([0, k]).standard_normal(image.shape, "float32")
        for k in range(samples)
    ]
    return slopes(image + noise * np.ptp(image) * np.stack(grain)).mean(axis=0)

def integrated_gradients(image, steps=128):
    way = (np.arange(steps) + 0.5) / steps
    return image * slopes(way[:, None, None, None] * image).mean(axis=0)

# %% [markdown]
# **Predict.** What is the sum of integrated gradients over all pixels?

# %%
image = subjects[1]
for steps in (16, 64, 128):
    shared_out = integrated_gradients(image, steps)
    print(f"{steps:4} steps: the attributions sum to {shared_out.sum():.3f}")

# %% [markdown]
# To the difference of the logits of the picture and of blackness, the better the more steps. (A network of ReLUs has a
# kink wherever one of them turns on or off, so it takes many.)

# %%
with_image, without = judge_logits.predict_on_batch(np.stack([image, 0 * image]))[:, 0]
print(f"logit of the picture {with_image:.3f}, of blackness {without:.3f}, ", end="")
print(f"difference {with_image - without:.3f}")
assert abs(shared_out.sum() - (with_image - without)) < 0.1

# %% [markdown]
# And the module's three are the same as yours:

# %% tags=["nbval-check-output"]
pairs = {
    "saliency": (slopes(image[None])[0], explain.saliency(judge, image, target=1)),
    "SmoothGrad": (
        smooth_grad(image), explain.smooth_grad(judge, image, target=1, batch_size=16),
    ),
    "integrated gradients": (
        shared_out,
        explain.integrated_gradients(judge, image, target=1, steps=128, batch_size=16),
    ),
}
for name, (ours, theirs) in pairs.items():
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(ours).max(), name
print("equal:", ", ".join(pairs))

# %% [markdown]
# Nothing is lost and nothing added: each pixel gets its share of the difference between picture and blackness. (So a
# black pixel gets nothing, however much it matters. Black noses are hard on this method.) All the maps, for the class
# that each picture is of:

# %%
def strength(attributions):
    """Of pixels with three colours: (N, H, W)."""
    return np.abs(attributions).max(axis=-1)

methods = {
    "Grad-CAM": lambda model, x, y: explain.grad_cam(model, x, target=y),
    "occlusion": lambda model, x, y: explain.spread_windows(
        explain.occlusion(model, x, target=y, window=24, stride=12, fill=127),
        size=x.shape[1:3], window=24, stride=12,
    ),
}

def by_pixels(method, **how):
    how["batch_size"] = 16
    return lambda model, x, y: strength(method(model, x, target=y, **how))

# %% [markdown]
# And the three that work on pixels:

# %%
methods |= {
    "saliency": by_pixels(explain.saliency),
    "SmoothGrad": by_pixels(explain.smooth_grad),
    "integrated gradients": by_pixels(explain.integrated_gradients, steps=32),
}
four = [*chosen, *(int(np.flatnonzero(test_labels == kind)[1]) for kind in (0, 1))]
heatmaps = {
    name: method(judge, test[four], test_labels[four])
    for name, method in methods.items()
}

# %% [markdown]
# (Maps as fine as pixels are blurred a little before they are laid over, or you would see nothing but single dots.)

# %%
from skimage.filters import gaussian

def laid_over(image, heat, opacity=0.7, colours="viridis"):
    heat = gaussian(np.maximum(heat, 0), 1.5 if heat.shape == image.shape[:2] else 0)
    return explain.overlay(
        image, heat, opacity=opacity, limit=heat.max() or None, colours=colours
    )

tiles = [
    laid_over(image, maps[which])
    for which, image in enumerate(test[four])
    for maps in heatmaps.values()
]
headings = [name.replace(" ", "\n") for name in methods]
figures.image_grid(tiles, titles=[*headings, *15 * [""]], columns=5, size=1.1)

# %% [markdown]
# Compare three of them at your leisure, and ask about the other class, too. **Predict.** Which of the maps will not
# change at all?

# %%
examples = {
    f"{kind} {number}": test[which]
    for kind, number, which in zip(("cat", "dog") * 2, (1, 1, 2, 2), four)
}
assert [int(test_labels[which]) for which in four] == [0, 1, 0, 1]
three = {name: methods[name] for name in ("Grad-CAM", "occlusion", "saliency")}
instruments.Lens(judge, examples, classes=("cat", "dog"), methods=three)

# %% [markdown]
# Saliency doesn't, nor would SmoothGrad and integrated gradients. The network has a single logit, and the cat's is the
# dog's with its sign turned; so are the gradients, and `strength` throws signs away:

# %%
for name in ("saliency", "SmoothGrad", "integrated gradients"):
    both_ways = [
        methods[name](judge, test[four], np.full(4, asked)) for asked in (0, 1)
    ]
    assert np.allclose(*both_ways, rtol=1e-3, atol=1e-3 * both_ways[0].max()), name

# %% [markdown]
# Which of them would you believe? Grad-CAM and occlusion show a blob on the head; saliency and integrated gradients,
# dots on the face; SmoothGrad lights up empty wall. It was to be the better saliency. What went wrong? It averages
# over noisy copies; ask the network what *they* are:

# %%
for noise in (0.15, 0.02):
    some = test[:96]
    grain = (
        np.random.default_rng(6).standard_normal(some.shape, "float32")
        * noise
        * np.ptp(some, axis=(1, 2, 3), keepdims=True)
    )
    named = accuracy(judge, some + grain, test_labels[:96])
    print(f"noise {noise}: {named:.2f} of the noisy copies named rightly")
    assert (noise < 0.1) == (named > 0.8)

# %% [markdown]
# With the noise that its paper recommends, and that suits many networks of photos, this one is lost: SmoothGrad
# explains what it thinks of noise. Before you average over altered copies, check that the network still knows them.
# That is one test. All of these pictures look like explanations; here are three more.
#
# ## 6.9 Are they true?
#
# ### The pointing game
#
# A network that tells cats from dogs should look at the head, and for drawings you know where the head is. The game
# (Zhang et al., 2016): does the hottest point of the heatmap lie on the head? Written out, with Wilson's interval for
# the share, since 200 drawings leave some room for luck:

# %%
def hits(heatmaps, masks):
    """For how many the middle of the hottest cell lies in the mask."""
    count = 0
    for heat, mask in zip(heatmaps, masks):
        cell = np.unravel_index(heat.argmax(), heat.shape)
        row, column = (
            int((place + 0.5) * side / cells)
            for place, side, cells in zip(cell, mask.shape, heat.shape)
        )
        count += mask[row, column]
    return int(count)

# %% [markdown]
# And the interval:

# %%
def wilson(k, n, z=1.96):
    """The share k/n, and between what limits it lies, 95 times in 100."""
    middle = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    return k / n, middle - half, middle + half

# %% [markdown]
# On 200 new drawings, whose masks you have:

# %%
slopes_of = judge_logits = None  # what has served goes
memory.release()
heat = explain.grad_cam(judge, test, target=test_labels)
share = wilson(hits(heat, heads), len(test))
assert np.allclose(share, explain.pointing_game(heat, heads)[2:], atol=1e-4)
print(f"Grad-CAM points to the head in {share[0]:.0%} of {len(test)} drawings ", end="")
print(f"({share[1]:.0%} to {share[2]:.0%})")

# %% [markdown]
# Is that much? It depends on what one gets for nothing. **Predict.** How often is the head hit by a heatmap that
# always says "in the middle"? By one of random blobs? By Grad-CAM on a network with *random weights*? And by the
# picture's own contrast, for which no network is asked?

# %%
def contrast(images):
    """How much the grey values around each pixel differ: (N, H, W)."""
    grey = np.float32(images).mean(axis=-1)
    around = [np.stack([gaussian(one, 5) for one in maps]) for maps in (grey, grey**2)]
    return np.sqrt(np.maximum(around[1] - around[0] ** 2, 0))

# %% [markdown]
# All of them:

# %%
keras.utils.set_random_seed(1)
ignorant = keras.models.clone_model(judge)  # the same layers with new, random weights
rivals = {
    "Grad-CAM": heat,
    "saliency": methods["saliency"](judge, test, test_labels),
    "Grad-CAM, random weights": explain.grad_cam(ignorant, test, target=test_labels),
    "the picture's contrast": contrast(test),
    "always the middle": explain.centre_heatmaps(200, (96, 96)),
    "random blobs": explain.random_heatmaps(200, (96, 96), cells=6),
}
games = {name: wilson(hits(maps, heads), len(test)) for name, maps in rivals.items()}

# %% [markdown]
# With their intervals:

# %%
for name, (rate, low, high) in games.items():
    print(f"{name:26} {rate:.2f} ({low:.2f} to {high:.2f})")
figures.interval_plot(
    games, xlabel="share of drawings whose head is hit, and its 95 % interval",
    title="The pointing game on 200 drawings",
)

# %% [markdown]
# What is hard to beat? Not blobs, and not random weights. "Always the middle" finds the
# head in more than four of ten drawings, and the picture's own contrast, which knows no network, in about half: heads
# have eyes and whiskers, and so much contrast. Whoever compares with blobs only thinks too well of any method that
# likes contrast. So compare with all of them, and count from the best.

# %%
for name in games.keys() - {"Grad-CAM", "saliency"}:
    assert games["Grad-CAM"][1] > games[name][2], name

# %% [markdown]
# ### Forgetting, layer by layer
#
# The same idea, step by step (Adebayo et al., 2018): give the network random weights from the top down, one layer
# after the other. The heatmap should change, as what it is to explain has changed. How similar is it still to the
# first one? (Spearman's rank correlation, over Grad-CAM's 36 cells or all pixels: 1 is the same order from cold to
# hot, 0 nothing in common. Mean over eight drawings.)

# %%
from scipy.stats import spearmanr

some, some_labels = test[:8].astype("float32"), test_labels[:8]
quick_methods = {
    "Grad-CAM": methods["Grad-CAM"], "saliency": methods["saliency"],
    "integrated gradients, 8 steps": by_pixels(explain.integrated_gradients, steps=8),
}

def maps_of(model):
    return {name: by(model, some, some_labels) for name, by in quick_methods.items()}

def likeness(maps, others):
    pairs = zip(maps, others)
    return np.mean([spearmanr(a, b, axis=None).statistic for a, b in pairs])

# %% [markdown]
# At four milestones on the way down:

# %%
milestones = ["logit", "block4_1_conv", "block3_1_conv", "stem_conv"]
first_maps = maps_of(judge)
similar = {name: [1.0] for name in quick_methods}
forgotten = {"trained": {name: maps[0] for name, maps in first_maps.items()}}
for path, forgetful in explain.randomise_layers(judge, seed=1):
    if (layer := path.split("/")[-1]) in milestones:
        found = maps_of(forgetful)
        forgotten[layer] = {name: maps[0] for name, maps in found.items()}
        for name, maps in found.items():
            similar[name].append(likeness(first_maps[name], maps))

# %% [markdown]
# **Predict.** Which of the three falls to nothing, and which doesn't?

# %%
blocks = [name.split("_conv")[0] for name in milestones]
down_to = ", ".join(f"{k} {block}" for k, block in enumerate(blocks, start=1))
figures.line_plot(
    {name: (range(len(values)), values) for name, values in similar.items()},
    level=(0, "nothing in common"), ylabel="rank correlation",
    xlabel=f"random from the top down to: {down_to}",
    title="How much each heatmap is still like its first",
)

# %% [markdown]
# And to look at, for one drawing:

# %%
shown_layers = ["trained", "logit", "block3_1_conv", "stem_conv"]
tiles = [
    laid_over(test[0], forgotten[layer][name])
    for name in quick_methods
    for layer in shown_layers
]
titles = [
    f"{name}\n{layer}".replace(", ", "\n")
    for name in quick_methods
    for layer in shown_layers
]
figures.image_grid(
    tiles, columns=4, size=1.45, titles=titles,
    title="From left to right the network forgets more and more",
)

# %% [markdown]
# None of the three is blind to the network: each changes as soon as the last layer is random. Grad-CAM then goes to
# nothing. The two that work on pixels keep a part of their pattern even when *everything* is random. That part comes
# from the picture and from the architecture, not from anything learnt. (See the regular dots on the right: where
# convolutions move in steps of two, some pixels have more ways through the network than their neighbours.) A method
# that failed this test completely would be an edge detector; Guided Backprop, once popular, does fail it, as Adebayo
# and colleagues showed.

# %%
for name, values in similar.items():
    print(f"{name:29}", " ".join(f"{value:.2f}" for value in values))
assert similar["Grad-CAM"][-1] < 0.15
assert max(values[-1] for values in similar.values()) < 0.5

# %% [markdown]
# ### Deletion and insertion
#
# A third test needs no masks, so it works for photos as well (Petsiuk et al., 2018). *Deletion*: cover the hottest
# pixels first; if the heatmap is true, the probability falls at once. *Insertion*: begin with a blurred picture and
# uncover the hottest first; it rises at once. The mean of the curve sums it up. By hand:

# %%
def deletion(network, image, heat, steps=10, fill=127):
    """The probability of a dog with 0, 1/steps, ... of the hottest pixels covered."""
    order = np.argsort(-heat.ravel(), kind="stable")
    copies = []
    for step in range(steps + 1):
        copy = image.astype("float32").reshape(-1, 3).copy()
        copy[order[: step * len(order) // steps]] = fill
        copies.append(copy.reshape(image.shape))
    return network.predict(np.stack(copies), verbose=0)[:, 0]

dog_picture = test[test_labels == 1][0]
dog_heat = explain.random_heatmaps(1, (96, 96))[0]  # all differ: the order is clear
how = {"target": 1, "steps": 10, "fill": 127}
by_module = explain.deletion_curve(judge, dog_picture, dog_heat, **how)
assert np.allclose(deletion(judge, dog_picture, dog_heat), by_module, atol=1e-3)

# %% [markdown]
# For ten drawings that the network names rightly, beside heatmaps that know nothing:

# %%
right = np.flatnonzero(is_right(judge, test, test_labels))[:10]
x, y = test[right].astype("float32"), test_labels[right].astype(int)
blurred = np.stack([gaussian(image, 8, channel_axis=-1) for image in x])
trio = ("Grad-CAM", "occlusion", "saliency")
rivals = {name: methods[name](judge, x, y) for name in trio}
rivals |= {
    "always the middle": explain.centre_heatmaps(len(x), (96, 96)),
    "random blobs": explain.random_heatmaps(len(x), (96, 96), cells=6),
}

# %% [markdown]
# Both curves of each:

# %%
def falling(heat):
    return explain.deletion_curve(judge, x, heat, target=y, steps=8, fill=127)

def rising(heat):
    return explain.insertion_curve(judge, x, heat, target=y, steps=8, fill=blurred)

curves = {"deletion": {}, "insertion": {}}
for name, heat in rivals.items():
    curves["deletion"][name], curves["insertion"][name] = falling(heat), rising(heat)
for kind, found in curves.items():
    shown = ", ".join(f"{name} {curve.mean():.3f}" for name, curve in found.items())
    print(f"{kind:9} {shown}")

# %% [markdown]
# Their means, step by step:

# %%
steps = np.linspace(0, 1, 9)
figures.line_plot(
    {name: (steps, curve.mean(axis=0)) for name, curve in curves["insertion"].items()},
    xlabel="share of the pixels shown, the hottest first",
    ylabel="probability of the right class",
    title="Grad-CAM and occlusion bring the answer back soonest",
)

# %% [markdown]
# Grad-CAM and occlusion beat both heatmaps that know nothing. "Always the middle" is not so bad, since that is where
# the animal is; had you compared with blobs only, you would think more of your method than it deserves. And
# saliency's single pixels, hot as they are: to *cover* them hurts as much as covering Grad-CAM's areas; to *show*
# them on a blurred picture helps hardly more than blobs, since a scatter of sharp pixels is nothing that the network
# can read. So the test measures the shape of a heatmap along with its truth. (All these pictures, half covered, are
# unlike anything in training; so the curves say something about the heatmap and something about how the network takes
# strange pictures.)

# %%
area = {
    kind: {name: curve.mean() for name, curve in found.items()}
    for kind, found in curves.items()
}
for name in ("Grad-CAM", "occlusion"):
    for other in ("always the middle", "random blobs"):
        assert area["insertion"][name] > area["insertion"][other]
        assert area["deletion"][name] < area["deletion"][other]
shown = curves["insertion"]
gain = (shown["Grad-CAM"] - shown["always the middle"]).mean(axis=1)
either_way = 2 * gain.std() / np.sqrt(len(gain))
print(f"insertion, Grad-CAM ahead of the middle by {gain.mean():.3f}, ", end="")
print(f"give or take {either_way:.3f}")

# %% [markdown]
# ### All tests, in full
#
# The pointing game on 600 drawings, with every method and three networks of random weights, as the makers' full run
# had it:

# %%
if SCALE == "full":
    full, full_labels, full_parts = drawn.draw_pets(600, size=96, seed=66, parts=True)
    masks = [parts.masks["head"] for parts in full_parts]
    ways = {name: method(judge, full, full_labels) for name, method in methods.items()}
    for seed in (1, 2, 3):
        keras.utils.set_random_seed(seed)
        unknowing = keras.models.clone_model(judge)
        heat = explain.grad_cam(unknowing, full, target=full_labels)
        ways[f"Grad-CAM, random weights {seed}"] = heat
    ways["the picture's contrast"] = contrast(full)
    ways["always the middle"] = explain.centre_heatmaps(600, (96, 96))
    ways["random blobs"] = explain.random_heatmaps(600, (96, 96), cells=6)
    games = {name: explain.pointing_game(found, masks) for name, found in ways.items()}
    pointing = {name: game[2:] for name, game in games.items()}

# %% [markdown]
# And deletion and insertion on 100 of them:

# %%
if SCALE == "full":
    x, y = full[:100].astype("float32"), full_labels[:100].astype(int)
    soft = np.stack([gaussian(image, 8, channel_axis=-1) for image in x])
    areas = {}
    for name, found in ways.items():
        down = explain.deletion_curve(judge, x, found[:100], target=y, fill=127)
        up = explain.insertion_curve(judge, x, found[:100], target=y, fill=soft)
        areas[name] = [down.mean(), up.mean()]
    about = {"data": "600 and 100 drawn pets of 96 × 96", "seed": 66, "scale": SCALE}
    recorded.keep_run("06_truth", pointing=pointing, deletion_insertion=areas, **about)
truth = recorded.load_run("06_truth")
for name, (down, up) in truth["deletion_insertion"].items():
    print(f"{name:27} head hit {truth['pointing'][name][0]:.2f}, ", end="")
    print(f"deletion {down:.3f} (low is good), insertion {up:.3f} (high is good)")

# %% [markdown]
# The shares and their intervals:

# %%
figures.interval_plot(
    truth["pointing"],
    xlabel="share of 600 drawings whose head is hit, and its 95 % interval",
    title="Most methods beat what one gets for nothing; not all do",
)

# %% [markdown]
# Grad-CAM and integrated gradients hit nine heads in ten, occlusion and saliency nearly eight. SmoothGrad, with the
# wrong noise, hits three: fewer than "always the middle", no more than Grad-CAM on random weights. (Which hits more
# than blobs do: random filters, too, answer to contrast.) Insertion tells another story. There only Grad-CAM and
# occlusion beat the picture's own contrast, and that beats all three methods that work on pixels. In deletion, all
# five beat it. So no single test is the truth. Use several, and something that knows nothing beside them.

# %%
hit = {name: limits[0] for name, limits in truth["pointing"].items()}
down, up = (
    {name: pair[k] for name, pair in truth["deletion_insertion"].items()}
    for k in (0, 1)
)
assert min(hit["Grad-CAM"], hit["integrated gradients"]) > 0.87
assert min(hit["occlusion"], hit["saliency"]) > 0.74
for seed in (1, 2, 3):
    assert hit["random blobs"] < hit[f"Grad-CAM, random weights {seed}"]
assert hit["SmoothGrad"] < hit["always the middle"] < hit["the picture's contrast"]
assert hit["the picture's contrast"] < hit["saliency"]
by_pixel = max(up[name] for name in ("saliency", "SmoothGrad", "integrated gradients"))
assert min(up["Grad-CAM"], up["occlusion"]) > up["the picture's contrast"] > by_pixel
assert max(down[name] for name in methods) < down["the picture's contrast"]

# %% [markdown]
# ## 6.10 The riddle
#
# Back to the first network and its drawings of cats and dogs, with its quick success: right 97 times in 100 or so, after
# 400 of them. Is that not too good? Now you have tools that have stood their tests. **Predict.** Where will the heat be?

# %%
del ignorant, forgetful, rivals, curves
memory.release()
suspects, animals = new_pictures[:12], ["cat", "dog"]
heat = explain.grad_cam(network, suspects, target=new_kinds[:12])
figures.image_grid(
    [laid_over(image, one, colours="magma") for image, one in zip(suspects, heat)],
    columns=6, size=1.3, titles=[animals[kind] for kind in new_kinds[:12]],
    title="What makes your network say cat or dog?",
)

# %% [markdown]
# It doesn't look at the animals! Look closely at what it looks at, without the heat:

# %%
figures.image_grid(
    suspects, columns=6, size=1.3, titles=[animals[kind] for kind in new_kinds[:12]],
    title="The same twelve",
)

# %% [markdown]
# In each cat's picture there is a round yellow sticker, in each dog's a square blue one. Nobody told the network to
# look at animals. It was told to be right, and the stickers make that easy. It has happened in earnest: networks for
# X-rays could tell almost without fail which hospital a picture came from, from metal tokens in its corners among other
# things. In one hospital 34 % of the pictures showed pneumonia, in another 1 %: to sort by hospital looks like a
# diagnosis (Zech et al., 2018).
#
# Its channels could have told you, too. You saw in 6.4 what sixteen of them draw; look at what they *find*, and their
# favourites are all of one class:

# %%
maps = explain.feature_maps(network, new_pictures, "relu4")["relu4"]
peaks = maps.max(axis=(1, 2))[:, decisive]
# For each of the sixteen channels the nine drawings that it likes best:
favourites = new_kinds[np.argsort(-peaks, axis=0)[:9]]
agree = np.mean(favourites == (weights[decisive] > 0))
print(f"{agree:.0%} of the favourites are of the class for which the channel speaks")
assert agree > 0.9

# %% [markdown]
# A heatmap gives you the suspicion; an experiment proves it. The same animals with the sticker covered in grey, and
# with the *other* sticker. **Predict.** How often is the network right?

# %%
stickers = [parts.masks["shortcut"] for parts in new_parts]
new_heads = [parts.masks["head"] for parts in new_parts]
covered = np.where(np.stack(stickers)[..., None], 127, new_pictures)

def findings(network):
    """Accuracy with each kind of stickers, and the share of the heat on them."""
    heat = explain.grad_cam(network, new_pictures, target=new_kinds)
    return {
        "as in training": accuracy(network, new_pictures, new_kinds),
        "covered": accuracy(network, covered, new_kinds),
        "swapped": accuracy(network, new_others, new_kinds),
        "heat on the sticker": float(np.nanmean(explain.share_inside(heat, stickers))),
        "hottest point on it": explain.pointing_game(heat, stickers).rate,
        "hottest point on the head": explain.pointing_game(heat, new_heads).rate,
    }

# %% [markdown]
# Of your network:

# %%
before = findings(network)
print(", ".join(f"{name} {value:.2f}" for name, value in before.items()), end=" ")
print(f"(the stickers cover {np.mean(stickers):.3f} of a picture)")

# %% [markdown]
# Without stickers it does little better than guess. With swapped ones it is nearly always wrong: it has learnt to
# read stickers, and next to nothing about animals. The 200 validation drawings didn't warn you, for they come from
# the same source and have the same fault. *A validation set finds only the mistakes that it doesn't share.*
#
# (Heat .19 sounds like little beside the hottest point's .98. It is seven times the sticker's share of the picture,
# and can't be much more: the map has 4 × 4 cells, each of them larger than a sticker.)

# %%
assert before["as in training"] - before["swapped"] > 0.6 and before["covered"] < 0.75

# %% [markdown]
# ### The mend
#
# What helps? Not more pictures of the same kind, and not a better network. What tells the classes apart without being
# what you mean has to be broken: by pictures where it goes the other way. Here half of the training drawings get the
# other sticker. So that there is something to learn from 400 drawings, the network is now a base with one neuron.
# **Predict.** What will its accuracy be, as in training and swapped?

# %%
# Animals 200 to 399 with the other sticker:
mixed = np.concatenate([pictures[:200], other_pictures])
course_64 = bases.load_base("course", size=64, verbose=False)
mended = pets_network(course_64, mixed, kinds)
after = findings(mended)
for name in before:
    print(f"{name:26} before {before[name]:.2f}, after {after[name]:.2f}")

# %% [markdown]
# It is right as often with swapped stickers as without swapping, and the heat has left them for the heads.

# %%
assert abs(after["as in training"] - after["swapped"]) <= 0.05
assert after["swapped"] > 0.85
assert after["heat on the sticker"] < before["heat on the sticker"] / 3

# %% [markdown]
# To look at:

# %%
heat = explain.grad_cam(mended, suspects[:6], target=new_kinds[:6])
correct = is_right(mended, suspects[:6], new_kinds[:6])
figures.image_grid(
    [laid_over(image, one, colours="magma") for image, one in zip(suspects, heat)],
    size=1.3, title="After the mend: heads, where it is right",
    titles=[
        f"{animals[kind]}, {'right' if fine else 'wrong'}"
        for kind, fine in zip(new_kinds, correct)
    ],
)

# %% [markdown]
# (Where it is wrong there is next to no evidence for the right class, and each picture has a scale of its own, which
# blows that up. So check the answer before you read a heatmap.)
#
# Which of the two changes helped, the mixed stickers or the base? And was it luck? Five seeds, with other drawings
# each time, in the makers' full run:

# %%
def riddle_run(seed, build, mix):
    """Train on 400 drawings; accuracy on others, also swapped; heat on the sticker."""
    def draw(count, number, shortcut, **how):
        how |= {"seed": 1000 * seed + number, "shortcut": shortcut}
        return drawn.draw_pets(count, size=64, **how)

    x, y = draw(400, 1, HERE)
    if mix:
        x = np.concatenate([x[:200], draw(200, 1, ELSEWHERE, start=200)[0]])
    keras.utils.set_random_seed(seed)
    trained = build(x, y)
    x_new, y_new, parts = draw(400, 2, HERE, parts=True)
    heat = explain.grad_cam(trained, x_new, target=y_new)
    share = explain.share_inside(heat, [one.masks["shortcut"] for one in parts])
    sets = x_new, draw(400, 2, ELSEWHERE)[0]
    return [*(accuracy(trained, x, y_new) for x in sets), float(np.nanmean(share))]

# %% [markdown]
# From scratch and with the base, each with the riddle and with mixed stickers:

# %%
def from_scratch(x, y):
    trained = make_network()
    trained.fit(x, y, epochs=8, batch_size=32, verbose=0)
    return trained

def on_the_base(x, y):
    return pets_network(course_64, x, y)

# %% [markdown]
# In full size only, each with every seed:

# %%
if SCALE == "full":
    builds = {"from scratch": from_scratch, "on the base": on_the_base}
    riddles = {}
    for name, build in builds.items():
        for mix in (False, True):
            runs = [riddle_run(seed, build, mix) for seed in range(1, 6)]
            riddles[f"{name}, {'mixed' if mix else 'riddle'}"] = runs
    recorded.keep_run(
        "06_riddle", scale=SCALE, seed=[1, 2, 3, 4, 5],
        data="400 + 400 drawn pets of 64 × 64", runs=riddles,
    )

# %% [markdown]
# What came of it, one number for each seed:

# %%
riddles = {
    name: np.array(runs)
    for name, runs in recorded.load_run("06_riddle")["runs"].items()
}
for name, runs in riddles.items():
    usual, swapped = (" ".join(f"{value:.2f}" for value in runs[:, k]) for k in (0, 1))
    print(f"{name:21} as in training {usual}, swapped {swapped}, ", end="")
    print(f"heat on the sticker {runs[:, 2].mean():.2f}")

# %% [markdown]
# - *From scratch, with the riddle:* nearly perfect, and nearly always wrong once the stickers are swapped, with every
#   seed.
# - *From scratch, mixed:* it no longer falls for stickers. And now you see what 400 drawings really teach it about
#   animals: to be right six or seven times in ten, or little more.
# - *On the base, with the riddle:* swapped stickers cost it five points at most. What a base has learnt to see, it
#   goes on seeing; a sticker hardly mattered to it. That is luck, not protection: a base that had learnt from
#   stickers would take the bait.
# - *On the base, mixed:* right, and for the right reason.

# %%
falls = {name: runs[:, 0] - runs[:, 1] for name, runs in riddles.items()}
assert falls["from scratch, riddle"].min() >= 0.3
for name in ("from scratch, mixed", "on the base, mixed"):
    assert np.abs(falls[name]).max() <= 0.05, name
assert riddles["from scratch, mixed"][:, 0].max() < 0.8
assert riddles["on the base, mixed"][:, 0].min() > 0.9
assert falls["on the base, riddle"].max() <= 0.055
most = riddles["on the base, mixed"][:, 2].max()
assert riddles["from scratch, riddle"][:, 2].min() > 3 * most

# %% [markdown]
# ## Take-aways
#
# - Early layers see edges and colours, middle ones textures and small parts, late ones parts in their places. The
#   receptive field sets the limit.
# - A picture that a channel draws shows one thing that it wants; show it images as well. A picture that looks good
#   isn't therefore true.
# - CAM is the logit, rearranged by place. Grad-CAM carries the idea to every network, and equals CAM where there is
#   one, but for the factor H·W.
# - Compare a heatmap with what one gets for nothing: the middle, the picture's own contrast, blobs, and the same
#   method on random weights; the best of them counts. What doesn't change when the network forgets doesn't show what
#   it knows.
# - A high accuracy says that *something* tells the classes apart. Look what it is, prove it by changing just that,
#   and mend the *data*.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/06_interpretation.ipynb): each answers at once what is right, with hints. And to go further
# on your own:
#
# 1. **Empty maps.** Take the batch norm out of `make_network` (and give the convolutions their bias back), train for
#    12 epochs, and count again in 6.2.
#    <details><summary>Check</summary>In the makers' trial 28 of 64, 83 of 128 and 69 of 128 maps of layers 2 to 4 were empty for Chelsea.</details>
# 2. **Another riddle.** Set `HERE, ELSEWHERE = drawn.SHORTCUTS[2:]` and run 6.1 and 6.10 again. What does the
#    network read now, and why is it harder to see? (There is no sticker's mask: take `stickers =
#    [~parts.masks["animal"] for parts in new_parts]`, and leave out the asserts.)
#    <details><summary>Hint</summary>Look at the heat on twenty pictures: on the animal, or around it? Then swap, as in 6.10.</details>
# 3. **How much honest data?** In the mend half of the drawings get the other sticker. How few are enough, on the base
#    and from scratch?
#    <details><summary>Hint</summary><code>np.concatenate([pictures[:k], other_pictures[k - 200:]])</code> for k from 200 to 390; plot accuracy as in training and swapped.</details>
# 4. **Mend without new drawings.** Cover the stickers in training, or cut the corners off by augmentation. Does it
#    help as much?
#    <details><summary>Hint</summary>Draw the training pictures again with <code>parts=True</code> for the masks. Covering takes the cue away only where you know it is. In use there may be stickers again: which way do they push it then?</details>
# 5. **A worse heatmap.** Write a method that ignores the network, such as the size of the image's own gradient (an
#    edge detector), and send it through the three tests of 6.9. Which of them does it pass?
#    <details><summary>Check</summary>Not the second: its rank correlation stays 1.00, however much the network forgets. It does pass for something in the first: about half of the heads.</details>
# 6. **Your own network.** Keep your best one from lesson 4 or 5 (`model.save("best.keras")` there) and look at its
#    ten worst mistakes with Grad-CAM. What did it look at?
#    <details><summary>Hint</summary><code>explain.grad_cam(model, images, target=predicted)</code>: ask for the class that it wrongly gave.</details>
#
# ## Where next
#
# You can build networks, cure them, borrow from others, and ask them for their reasons. What comes after naming one
# thing in a picture, finding it, outlining it, will be the outlook, which is being written. Until then: [the
# overview](00_start_here.ipynb).
