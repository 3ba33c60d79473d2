# %% [markdown]
# # Exercises 3: clean data, honest numbers
#
# A network is quickly trained. Whether its accuracy means anything is decided before, by the split and the pipeline, and
# afterwards, by what you conclude from it. You write the six steps at which it most often goes wrong.
#
# They belong to [lesson 3](../03_cats_and_dogs.ipynb). The tasks go from a first easy win to a stretch, and take about an
# hour. Nothing is trained here, and only 3.4 needs TensorFlow, which takes some seconds to load. Write your code where it
# says `NotImplementedError`, then run the `check` cell below it. `check.hint("...")` has two hints for each task.

# %% tags=["setup"]
from course_utils import figures
from course.exercises import open_exercise

check = open_exercise("03_cats_and_dogs")

import math
import numpy as np
import tensorflow as tf

# %% [markdown] task="standardise"
# ## 3.1 Zero mean, unit spread
#
# Many networks like their input standardised: for each colour channel, mean 0 and standard deviation 1. Mean and standard
# deviation are *learned* from data, just like weights, so only the training photos may take part. Validation photos are
# treated with the training photos' numbers. Write `standardise(train, validation)`:
#
# - `train` has the shape (N, H, W, 3), `validation` the shape (M, H, W, 3); both are `uint8`. No channel is constant;
# - return two `float32` arrays of these shapes: (photo − mean) / spread. Mean and spread are three numbers each, one for
#   each channel, over all pixels of all *training* photos. The spread is the plain standard deviation,
#   $\sqrt{\frac{1}{n}\sum (x - \text{mean})^2}$, as `np.std` gives it.
#
# If a channel of the training photos holds 0 and 100, half and half, its mean is 50 and its spread 50. These pixels become
# −1 and 1, and a validation pixel of 200 becomes 3.

# %% task="standardise"
def standardise(train, validation):
    """Both sets of photos, with the mean and spread of the training photos' channels taken out."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("standardise")

# %% [markdown] task="early_stop"
# ## 3.2 When to stop
#
# **Early stopping** ends a training when the validation loss hasn't improved for some epochs, and goes back to the weights
# of the best one. Write `early_stop(losses, patience)`:
#
# - `losses` is a list of validation losses, one for each epoch that *could* be trained; `patience` is a whole number, 1 or
#   more;
# - the training stops after the epoch in which the best loss so far is `patience` epochs old. An epoch is better only if
#   its loss is **below** the best so far; a tie is no progress. If that never happens, it runs to the last epoch;
# - return two ints `(best, stopped)`, counting epochs from 1: the epoch with the best loss of those that were trained, and
#   the last one trained.
#
# With losses 0.7, 0.6, 0.65, 0.62, 0.55 and patience 2 the answer is (2, 4): in epoch 4 the best, 0.6, is two epochs old.
# The 0.55 is never seen. With patience 3 it is (5, 5).
#
# (In Keras: `EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)`. Mind that the best loss was picked
# because it is low, so some of it is luck.)

# %% task="early_stop"
def early_stop(losses, patience):
    """The epoch whose weights are kept, and the last epoch that is trained, counted from 1."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("early_stop")

# %% [markdown] task="split"
# ## 3.3 An honest split
#
# A dog in a shelter is photographed five times within a minute. If some of these photos are for training and others for
# validation, the network knows the validation photos nearly by heart: this is **leakage**, and the accuracy is a lie. First
# find it, then avoid it.
#
# You have each photo's fingerprint, made as in section 3.2 of the lesson: 64 numbers, +1 or −1. Photos whose fingerprints
# differ in few places look alike. Write `leaks(train, validation, most)`:
#
# - `train` is an int array of the shape (N, 64), `validation` one of the shape (M, 64); `most` is a whole number;
# - return an int array of the shape (number of pairs, 2): a row `[v, t]` for each pair of a validation photo `v` and a
#   training photo `t` whose fingerprints differ in `most` places or fewer. Sort by `v`, then by `t`. No such pair: shape
#   (0, 2).
#
# If validation photo 0 differs from the three training photos in 30, 4 and 5 places, `most=4` gives `[[0, 1]]`.

# %% task="split"
def leaks(train, validation, most):
    """Pairs [validation index, training index] whose fingerprints differ in `most` places or fewer."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="split"
# A fingerprint doesn't see that two photos show the same dog from two sides. So split by *animal*, and let each class have
# its share. Write `split_by_animal(animals, labels, share, seed)`:
#
# - `animals` and `labels` are int arrays of the shape (N,), one number for each photo: the animal that it shows (any
#   numbers, in any order), and 0 for a cat or 1 for a dog. Photos of one animal have one label;
# - of the animals of **each class**, pick `round(share * count)` for validation, where `count` is how many different
#   animals the class has. Pick at random, with `np.random.default_rng(seed)`: the same seed gives the same split. *All*
#   photos of a picked animal are for validation, all other photos are for training;
# - return two int arrays: the indices of the training photos, and those of the validation photos.
#
# Photos of the cats 7, 7, 9 and of the dogs 4, 4, 4, 2, with share 0.5: one cat and one dog are for validation. Should it
# be 9 and 4, the answer is `[0, 1, 6]` and `[2, 3, 4, 5]`.

# %% task="split"
def split_by_animal(animals, labels, share, seed):
    """Indices of the training photos and of the validation photos; no animal is in both."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="split"
# To look at: twelve animals, three photos of each, drawn by the course. A photo of a burst is the drawing a little moved
# and a little brighter or darker. Above are validation photos, below the training photos that look like them.

# %% tags=["check"]
check("split")

# %% [markdown] task="pipeline"
# ## 3.4 The right order
#
# A pipeline is a chain of steps, and their order decides what it does. Write
# `photo_batches(photos, count, batch_size, augment, training, seed)`, which returns a `tf.data.Dataset`:
#
# - `photos` is a `tf.data.Dataset` of pairs (photo, label), one photo at a time, as many as `count`. They come folder by
#   folder: first all cats, then all dogs. Going through it decodes the files, which is slow;
# - `augment` is a function: it takes a photo and a label, changes the photo at random, and returns both;
# - return batches of `batch_size` photos and labels; the last batch may be smaller, and no photo is left out.
#
# In both cases each photo is decoded once only, in the first epoch. When `training` is `True`, moreover:
#
# - each epoch has another order, and any photo can come at any place in it;
# - each photo is augmented anew in each epoch;
# - with the same `seed`, the order of the photos in the first epoch, and in the second, is the same when the function is
#   called again. (Not the augmentation; `augment` has its own chance.)
#
# When `training` is `False`, `augment` and `seed` aren't used. Every epoch is the same, in the order of `photos`: numbers
# can only be compared if they were measured on the same thing.
#
# You need `.cache()`, `.shuffle(...)`, `.map(...)` and `.batch(...)`. A cache keeps what it was given in the first epoch,
# random or not. Put `.prefetch(tf.data.AUTOTUNE)` at the end; it changes no result, only the time.

# %% task="pipeline"
def photo_batches(photos, count, batch_size, augment, training, seed):
    """Batches of photos and labels: decoded once; for training shuffled and augmented anew."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="pipeline"
# To look at: six "photos" of one pixel, numbered 0 to 5, which `wobble` changes by less than a half. Two epochs should give
# two orders with two wobbles, or twice the same.

# %% tags=["try"]
def wobble(photo, label):
    """Add a random number between -0.4 and 0.4."""
    return photo + tf.random.uniform((1,), -0.4, 0.4), label

six = tf.data.Dataset.from_tensor_slices((np.arange(6, dtype="float32")[:, None], [0, 0, 0, 1, 1, 1]))
try:
    for training in (True, False):
        batches = photo_batches(six, 6, 4, wobble, training, seed=3)
        for epoch in (1, 2):
            values = np.concatenate([photos.numpy().ravel() for photos, _ in batches])
            print("training  " if training else "validation", "epoch", epoch, values.round(1))
except NotImplementedError:
    print("Your photos' numbers will stand here.")

# %% tags=["check"]
check("pipeline")

# %% [markdown] task="chance"
# ## 3.5 Better, or only lucky
#
# With $n$ validation photos and $k$ right, the accuracy is $p = k/n$. How far may the truth be? Lesson 3 takes two standard
# errors, $\sqrt{p(1-p)/n}$ each, to both sides. That breaks down near the ends: with all right, $p = 1$, it says that there is no
# doubt at all. **Wilson's interval** asks instead which true accuracies $q$ would make a result like yours no surprise: those
# with $|p - q| \le z\sqrt{q(1-q)/n}$, where $z = 1.96$ for 95 %. Solved for $q$:
#
# $$\frac{p + \frac{z^2}{2n} \;\pm\; z\sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
#
# Write `accuracy_interval(right)`: `right` is a bool array of the shape (n,), `True` for each photo that the network got
# right, n ≥ 1. Return three floats `(accuracy, low, high)`, with $z = 1.96$.
#
# For 8 right of 10 it gives 0.8, 0.490, 0.943; for 10 of 10, 1.0, 0.722, 1.0.

# %% task="chance"
def accuracy_interval(right):
    """Accuracy, and the lower and upper end of Wilson's 95 % interval."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="chance"
# Two networks, A and B, on the **same** photos. Where both are right or both are wrong, nothing can be learned about which is
# better. What counts are the photos on which just one of them is right: $a$ photos for A, $b$ for B. If the two are equally
# good, each of these $m = a + b$ photos is like the toss of a coin. How likely is a toss at least as uneven as yours, either
# way?
#
# $$P = \min\Big(1,\; 2\sum_{i=0}^{\min(a, b)} \binom{m}{i}\,\frac{1}{2^m}\Big)$$
#
# This is the exact **McNemar test**. Write `chance_of_difference(right_a, right_b)`: two bool arrays of the shape (n,), for
# the same n photos in the same order; return P as a float. If the two never differ, it is 1.
#
# With $a = 1$ and $b = 5$: 2 · (1 + 6) / 64 = 0.219. A difference of four photos out of six is what chance does now and
# then. `math.comb(m, i)` gives $\binom{m}{i}$.

# %% task="chance"
def chance_of_difference(right_a, right_b):
    """How likely a difference as large as this is, if both networks are equally good."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
random = np.random.default_rng(3)
right_a, right_b = random.random(500) < 0.72, random.random(500) < 0.76
try:
    for name, right in (("A", right_a), ("B", right_b)):
        print(f"network {name}: %.3f, between %.3f and %.3f" % accuracy_interval(right))
    print(f"equally good networks would differ as much with probability {chance_of_difference(right_a, right_b):.2f}")
except NotImplementedError:
    print("Two networks, compared, will stand here.")

# %% tags=["check"]
check("chance")

# %% [markdown] task="reliability"
# ## 3.6 When 80 % sure is 80 % right
#
# A stretch. Sort the validation photos into bins by the predicted probability of a dog. In each bin of a **calibrated**
# network, the share of dogs is the mean probability. Write `reliability(probabilities, labels, n_bins)`:
#
# - `probabilities` is a float array of the shape (N,), from 0 to 1; `labels` an int array of the shape (N,), 1 for a dog
#   and 0 for a cat;
# - the bins are equally wide. Bin $i$ goes from $i/n$ up to, but not including, $(i+1)/n$, for $n$ bins; the last one
#   includes 1;
# - return three arrays of the shape (n_bins,): `counts`, how many photos each bin holds (int); `confidences`, the mean
#   probability in it; `shares`, the share of dogs in it. Of an empty bin, both are 0.
#
# Then write `calibration_error(counts, confidences, shares)`: the mean of |confidence − share| over the bins, each weighted
# by its number of photos. It is known as the *expected calibration error*.
#
# Probabilities 0.1, 0.3, 0.8, 1 with labels 0, 1, 1, 1, in 2 bins: counts 2 and 2, confidences 0.2 and 0.9, shares 0.5 and 1,
# and the error is (2 · 0.3 + 2 · 0.1) / 4 = 0.2.

# %% task="reliability"
def reliability(probabilities, labels, n_bins):
    """Count, mean probability and share of dogs in each bin of equal width; zeros where empty."""
    raise NotImplementedError("Your turn.")

# %% task="reliability"
def calibration_error(counts, confidences, shares):
    """Mean distance between confidence and share of dogs; each photo counts the same."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("reliability")

# %% [markdown]
# ## Where next
#
# `check.progress()` shows what you have. [Exercises 4](04_augmentation.ipynb) make more photos from few.
