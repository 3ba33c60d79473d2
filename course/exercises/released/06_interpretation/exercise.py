# %% [markdown]
# # Exercises 6: what a convnet sees
#
# A network says "dog", and is right. Where did it look? You write three ways to ask, two tests of whether the answer
# is true, and the experiment that finds a network that is right for the wrong reason.
#
# They belong to [lesson 6](../06_interpretation.ipynb) and take about an hour. Write your code where it says
# `NotImplementedError`, then run the `check` cell below it. `check.hint("...")` has two hints for each task.

# %% tags=["setup"]
from course_utils import figures
from course.exercises import open_exercise

check = open_exercise("06_interpretation")

import functools
import numpy as np
import keras
import tensorflow as tf
from keras import layers
from course import drawn, explain

# %% [markdown]
# All networks in these exercises end alike. The layer `"maps"` gives feature maps, after their ReLU. What follows may
# differ, up to the layer `"logits"`: one number for each class. A softmax turns these into probabilities, the output
# of the model. This one is small, and `up_to` makes a model that ends earlier:

# %%
def make_network():
    """Pixels in [0, 1], shape (N, H, W, 3), to the probabilities of two classes."""
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(16, 3, activation="relu")(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(32, 3, activation="relu", name="maps")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(2, name="logits")(x)
    return keras.Model(inputs, layers.Softmax(name="probabilities")(x))

def up_to(model, name):
    """The model of the same layers that ends with this one."""
    return keras.Model(model.input, model.get_layer(name).output)

# %% [markdown]
# To try things on, there are drawings of cats and dogs. In each lies a coloured card: a yellow one beside cats, a
# blue one beside dogs. The first call draws 300 of them and trains a network, which takes some ten seconds.

# %%
def draw_riddle(n, seed):
    """Drawings with cards, float32 (n, 48, 48, 3) in [0, 1], and labels: 0 for a cat, 1 for a dog."""
    pictures, labels = drawn.draw_pets(n, size=48, seed=seed)
    pictures[:, 38:45, 4:11] = np.array([(250, 210, 40), (40, 90, 220)])[labels][:, None, None]
    return (pictures / 255).astype("float32"), labels.astype(int)

@functools.cache
def trained():
    """A trained network, and 100 drawings with labels that it has not seen."""
    keras.utils.set_random_seed(6)
    network = make_network()
    network.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(*draw_riddle(200, seed=61), epochs=12, batch_size=16, verbose=0)
    return network, *draw_riddle(100, seed=62)

# %% [markdown] task="activation_map"
# ## 6.1 The class activation map
#
# A network takes the *mean* of each of its K feature maps, and its logits are weighted sums of these means. Turn the
# sums round, and you have a map of the evidence. Write two functions:
#
# - `activation_map(maps, kernel, target)`: `maps` has the shape (h, w, K), `kernel` the shape (K, classes): one
#   column of weights for each class. Return the class activation map of the class number `target`, shape (h, w):
#
# $$\text{CAM}_{ij} = \sum_k \text{kernel}_{k,\text{target}}\; \text{maps}_{ijk}$$
#
# - `logit_from(cam, bias, target)`: the logit of the class, from its map and the layer's `bias`, shape (classes,):
#   the mean of the map, plus the class's bias.
#
# **Example.** One place with the maps `[1, 2]`, the kernel `[[3, 0], [-1, 5]]`: for class 0 the map has there 3 · 1 −
# 1 · 2 = 1, for class 1 it has 10.

# %% task="activation_map"
def activation_map(maps, kernel, target):
    """The class activation map, shape (h, w), from maps (h, w, K) and a kernel (K, classes)."""
    raise NotImplementedError("Your turn.")

def logit_from(cam, bias, target):
    """The logit of the class from its class activation map."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    network, pictures, labels = trained()
    maps = up_to(network, "maps")(pictures[:1])[0].numpy()
    kernel, bias = network.get_layer("logits").get_weights()
    for k, logit in enumerate(up_to(network, "logits")(pictures[:1])[0]):
        print(f"class {k}: {logit:.3f}, and from the map {logit_from(activation_map(maps, kernel, k), bias, k):.3f}")
except NotImplementedError:
    print("Two logits will stand here, computed in two ways.")

# %% tags=["check"]
check("activation_map")

# %% [markdown] task="occlusion"
# ## 6.2 What if this were hidden?
#
# Cover a square of the image, and see how far the logit falls. Write
# `occlusion(model, image, target, window, stride, fill)`:
#
# - `model` ends as described above; `image` is a float32 array of the shape (H, W, 3); `target` is a class number;
# - a square window of `window` × `window` pixels stands first in the top left corner, then `stride` pixels further
#   right, and so on as long as it fits; then the next row of windows, `stride` pixels further down;
# - for each place, cover the window with the number `fill`, in an image that is otherwise untouched;
# - return the *logit* of the class `target` for the whole image, minus that for the covered one: an array with a
#   value for each place. Its shape is, as for a convolution without padding,
#
# $$\left(\lfloor (H - \text{window}) / \text{stride} \rfloor + 1,\;
#   \lfloor (W - \text{window}) / \text{stride} \rfloor + 1\right)$$
#
# **Example.** An image of 10 × 13 pixels, `window` 4, `stride` 3: the window's first rows are 0, 3 and 6, its first
# columns 0, 3, 6 and 9. The result has the shape (3, 4). A value above 0 says: this was evidence for the class.
#
# Make all covered images first, and ask the model once: `up_to(model, "logits")(images)` takes a batch.

# %% task="occlusion"
def occlusion(model, image, target, window, stride, fill):
    """How far the logit of a class falls for each place of a covering window."""
    raise NotImplementedError("Your turn.")

# %% [markdown]
# To look at it, this lays the falls of windows of 12 × 12 pixels, 6 apart, over the picture:

# %%
def show_falls(picture, falls):
    falls = explain.spread_windows(np.maximum(falls, 0), size=(48, 48), window=12, stride=6)
    return explain.overlay(picture, falls, colours="magma")

# %% tags=["try"]
try:
    network, pictures, labels = trained()
    fall = occlusion(network, pictures[0], labels[0], 12, 6, 0.5)
    display(figures.image_grid([pictures[0], show_falls(pictures[0], fall)], size=1.5))
except NotImplementedError:
    print("A drawing, and where hiding it hurts most, will stand here.")

# %% tags=["check"]
check("occlusion")

# %% [markdown] task="grad_cam"
# ## 6.3 Grad-CAM
#
# For networks that don't end in means, the gradient says what each map is worth. Write
# `grad_cam(model, image, target)`:
#
# - `model` ends as described above; between `"maps"` and `"logits"` there may be *any* layers. `image` has the shape
#   (H, W, 3);
# - let $A$ be the output of the layer `"maps"`, shape (h, w, K), and $z$ the *logit* of the class `target`. Each map
#   has a weight, the mean of the gradient over its h × w places; the heat is the weighted sum of the maps; and what
#   speaks against the class is set to 0:
#
# $$\alpha_k = \frac{1}{hw} \sum_{ij} \frac{\partial z}{\partial A_{ijk}}, \qquad
#   \text{heat}_{ij} = \max\Big(0,\; \sum_k \alpha_k A_{ijk}\Big)$$
#
# - return the heat, an array of the shape (h, w), not rescaled.
#
# **Example.** A network with means and one dense layer: the gradient of the logit is kernel / hw at every place of a
# map. So the heat is the map of 6.1 divided by hw, with its negative values set to 0.
#
# You need a model with two outputs, `keras.Model(model.input, [..., ...])`, and `tf.GradientTape`.

# %% task="grad_cam"
def grad_cam(model, image, target):
    """Where the maps speak for a class: heat (h, w), none below 0."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    network, pictures, labels = trained()
    heat = grad_cam(network, pictures[0], labels[0])
    display(figures.image_grid([pictures[0], explain.overlay(pictures[0], heat, colours="magma")], size=1.5))
except NotImplementedError:
    print("A drawing, and the heat on it, will stand here.")

# %% tags=["check"]
check("grad_cam")

# %% [markdown] task="pointing"
# ## 6.4 The pointing game
#
# Does the hottest point lie on the animal? And how often would it, if it always lay in the middle? Write two
# functions:
#
# - `hits(heat, mask)`: `heat` has the shape (h, w), `mask` is a larger bool array (H, W), True on the animal. Take
#   the hottest cell of the heat, in row $r$ and column $c$ (the first one if there are several). The middle of this
#   cell lies in the mask's row $\lfloor (r + ½)\, H / h \rfloor$ and column $\lfloor (c + ½)\, W / w \rfloor$. Return
#   True if the mask is True there. Heat that has the same value everywhere points nowhere: return False.
# - `lead_over_middle(heats, masks)`: the share of images that are hit, minus the share of masks that are True in the
#   middle of the image, in row `H // 2` and column `W // 2`. `heats` is (N, h, w), `masks` is (N, H, W).
#
# **Example.** A heat of 2 × 2 for a mask of 8 × 8: the hottest cell, at the top right (row 0, column 1), points to
# row 2, column 6. If 7 of 10 heats hit and 4 of 10 masks hold the middle, the lead is .3.

# %% task="pointing"
def hits(heat, mask):
    """Whether the middle of the hottest cell lies in the mask."""
    raise NotImplementedError("Your turn.")

def lead_over_middle(heats, masks):
    """How much more often the heat hits than the middle of the image would."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("pointing")

# %% [markdown] task="forgetting"
# ## 6.5 Does the picture change when the network forgets?
#
# Give the network random weights. A heatmap that stays the same doesn't show what the network had learnt. To say how
# similar two maps are, compare the *order* of their cells from cold to hot: Spearman's **rank correlation**. Write
# two functions:
#
# - `rank_correlation(one, other)` of two arrays of the same shape (h, w): replace each value by its rank among all
#   values of its array (1 for the smallest; equal values share the mean of their ranks), and return the ordinary
#   (Pearson's) correlation of the ranks.
# - `similarity(before, after)`, two stacks of maps, (N, h, w): the mean of the rank correlations of the N pairs. If
#   one map of a pair has the same value everywhere, there is no order to compare: leave the pair out. (There is
#   always a pair left.)
#
# `scipy.stats.rankdata(x)` ranks all values of an array, `np.corrcoef(a, b)[0, 1]` correlates two flat arrays.
#
# **Example.** `[[0, 0], [3, 9]]` has the ranks 1.5, 1.5, 3, 4. With `[[1, 1], [2, 100]]` its rank correlation is 1,
# though the values differ.

# %% task="forgetting"
from scipy.stats import rankdata

def rank_correlation(one, other):
    """Spearman's rank correlation of two maps, over all their cells."""
    raise NotImplementedError("Your turn.")

def similarity(before, after):
    """The mean rank correlation of pairs of maps, without pairs in which one is constant."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    network, pictures, labels = trained()
    keras.utils.set_random_seed(1)
    ignorant = keras.models.clone_model(network)
    heats = [np.stack([grad_cam(one, *pair) for pair in zip(pictures[:10], labels)]) for one in (network, ignorant)]
    print(f"Grad-CAM, trained and random network: {similarity(*heats):.2f}")
    contrast = np.abs(np.diff(pictures[:10], axis=1)).sum(axis=-1)
    print(f"the picture's contrast, for which no network is asked: {similarity(contrast, contrast):.2f}")
except NotImplementedError:
    print("How similar heatmaps of a trained and a random network are will stand here (you need 6.3 for it).")

# %% tags=["check"]
check("forgetting")

# %% [markdown] task="shortcut"
# ## 6.6 Find the shortcut
#
# Heat gives a suspicion. Proof is an experiment: give each picture what lies in a region of a picture of the *other*
# class, and count how often the network is still right. If it reads that region, it is wrong now.
#
# A box is `(top, left, bottom, right)`: it holds `images[:, top:bottom, left:right]`. Labels are 0 or 1, and there
# are as many of the one as of the other. Write three functions:
#
# - `exchange(images, labels, box)`: a new array, in the same order, in which the first picture with label 0 and the
#   first with label 1 have exchanged what is in the box, likewise the second of both, and so on. `images`, shape
#   (N, H, W, 3), stays as it is.
# - `accuracy_exchanged(model, images, labels, box)`: the share of exchanged pictures for which the class with the
#   largest output is still the label.
# - `find_shortcut(model, images, labels, boxes, least)`: `boxes` is a dict from names to boxes. Return the name of
#   the box whose exchange lowers the accuracy most, compared with that on the pictures as they are. If none lowers it
#   by `least` or more, return `None`.
#
# **Example.** Labels `[1, 0, 0, 1]`: pictures 1 and 0 exchange the box, and pictures 2 and 3.

# %% task="shortcut"
def exchange(images, labels, box):
    """The k-th pictures of both classes exchange what is in the box."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="shortcut"
# With it, the experiment:

# %% task="shortcut"
def accuracy_exchanged(model, images, labels, box):
    """How often the model is right once the box is exchanged between classes."""
    raise NotImplementedError("Your turn.")

def find_shortcut(model, images, labels, boxes, least):
    """Name of the box whose exchange costs most, or None if none costs at least so much."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    network, pictures, labels = trained()
    boxes = {f"row {r}, column {c}": (12 * r, 12 * c, 12 * r + 12, 12 * c + 12) for r in range(4) for c in range(4)}
    print("as they are:", np.mean(network(pictures).numpy().argmax(axis=1) == labels))
    for name, box in boxes.items():
        print(f"{name}: {accuracy_exchanged(network, pictures, labels, box):.2f}")
    print("the shortcut:", find_shortcut(network, pictures, labels, boxes, 0.3))
except NotImplementedError:
    print("The accuracy with each of sixteen boxes exchanged will stand here.")

# %% tags=["check"]
check("shortcut")

# %% [markdown]
# ## All done?
#
# `check.progress()` shows where you are. What you have written works for any network with such layers: try it on one
# of your own.

# %% tags=["check"]
check.progress()
