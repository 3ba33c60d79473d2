# %% [markdown]
# # Exercises 4: augmentation and regularisation
#
# More pictures from those you have, with labels that stay true; and a network that can't rely on any one number. You
# write both by hand, in six tasks. The last one puts them into a pipeline.
#
# They belong to [lesson 4](../04_augmentation.ipynb) and take about an hour. Write your code where it says
# `NotImplementedError`, then run the `check` cell below it. `check.hint("...")` has two hints for each task. All
# tasks but the last need NumPy only.
#
# Wherever something is left to chance, you are handed a generator `random`, as `np.random.default_rng(4)` makes it.
# Draw from it, and from nothing else.

# %% tags=["setup"]
from course_utils import figures
import numpy as np
from course import data
from course.exercises import open_exercise

check = open_exercise("04_augmentation")

# %% [markdown]
# A cat to try things on: a photograph, every fourth row and column of it.

# %%
from skimage.data import chelsea

photo = chelsea()[::4, ::4]

# %% [markdown] task="flip_some"
# ## 4.1 A coin for each picture
#
# Mirror about half of a batch. Write `flip_some(images, random)`:
#
# - `images` has the shape (N, H, W, C): N pictures of H rows, W columns and C channels, of any type;
# - `random` is a generator: `random.random(5)` gives five numbers from 0 up to, but not including, 1;
# - return an array of the same shape and type. Each picture, by itself, has a chance of one half to be mirrored left
#   to right. `images` itself stays as it is.
#
# A picture with one row `[1, 2, 3]` comes out as `[1, 2, 3]` or as `[3, 2, 1]`.

# %% task="flip_some"
def flip_some(images, random):
    """Mirror each picture, shape (N, H, W, C), left to right, with a chance of one half."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    cats = flip_some(np.stack(8 * [photo]), np.random.default_rng())
    display(figures.image_grid(cats, columns=4, size=1.2))
except NotImplementedError:
    print("Eight cats will stand here.")

# %% tags=["check"]
check("flip_some")

# %% [markdown] task="dropout"
# ## 4.2 Dropout
#
# Write `dropout(x, rate, random, training)` for an array `x` of any shape:
#
# - with `training` True, switch each number off (set it to 0) with a chance of `rate`, each by itself, and multiply
#   those that stay by $1 / (1 - \text{rate})$;
# - with `training` False, give back `x` as it is.
#
# The rate is at least 0 and below 1. With `rate` .75, `[1, 2, 3, 4]` becomes for instance `[0, 0, 12, 0]`: on average
# three in four are off, and what stays is multiplied by 4.

# %% task="dropout"
def dropout(x, rate, random, training):
    """Switch numbers off with a chance of `rate` and strengthen the rest, in training only."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("dropout")

# %% [markdown] task="boxes"
# ## 4.3 The box moves, too
#
# In other tasks the label is a *place*: a box around the animal. Move the picture, and the box must go with it.
#
# A box is a tuple of four whole numbers, `(top, left, bottom, right)`, such that `image[top:bottom, left:right]` is
# what the box holds. So `bottom` and `right` are the first row and column that no longer belong to it. Write two
# functions:
#
# - `mirror(image, box)`, image of the shape (H, W, C), returns the image mirrored left to right, and its box.
# - `crop(image, box, top, left, height, width)` returns the part of the image whose first row is `top` and whose
#   first column is `left`, of the shape (height, width, C), and the box *in that part*: counted from its corner, and
#   cut off where it leaves the part. If nothing of the box is left, return `None` in place of a box. (The part always
#   lies inside the image.)
#
# **Example.** In an image of 6 columns the box `(0, 1, 2, 3)` holds columns 1 and 2. Mirrored, these are columns 4
# and 3: the box is `(0, 3, 2, 5)`. In the part of height 5 and width 2 that begins at row 1 and column 2, it is
# `(0, 0, 1, 1)`.

# %% task="boxes"
def mirror(image, box):
    """The image, shape (H, W, C), mirrored left to right, and its box (top, left, bottom, right)."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="boxes"
# And the second:

# %% task="boxes"
def crop(image, box, top, left, height, width):
    """The part of the image from (top, left) on, and the box in it, or None if nothing of it is left."""
    raise NotImplementedError("Your turn.")

# %% [markdown]
# To look at it, this draws a frame around what a box holds:

# %%
def framed(image, box):
    """A copy of the image with a yellow frame around the box, if there is one."""
    image = image.copy()
    if box is not None:
        top, left, bottom, right = box
        inner = image[top + 2 : bottom - 2, left + 2 : right - 2].copy()
        image[top:bottom, left:right] = (255, 220, 0)
        image[top + 2 : bottom - 2, left + 2 : right - 2] = inner
    return image

eye = (20, 33, 39, 54)

# %% tags=["try"]
try:
    views = [(photo, eye), mirror(photo, eye), crop(photo, eye, 12, 40, 48, 72)]
    display(figures.image_grid([framed(*view) for view in views], size=1.6))
except NotImplementedError:
    print("Three views of the cat, with a frame around an eye, will stand here.")

# %% tags=["check"]
check("boxes")

# %% [markdown] task="mixup"
# ## 4.4 Mixup
#
# Blend each picture with another one, and their labels in the same shares. Write
# `mixup(images, labels, alpha, random)`:
#
# - `images`: array of the shape (N, H, W, C), of type uint8 or float; `labels`: float array of the shape (N, K), in
#   each row a 1 for the picture's class and 0 elsewhere;
# - for each picture draw a partner: `partner = random.permutation(N)` gives one to each;
# - for each picture draw a share $\lambda$ of its own: `random.beta(alpha, alpha, N)` gives N of them;
# - return the blended images and labels, two float arrays of the same shapes as before:
#
# $$x'_i = \lambda_i\, x_i + (1 - \lambda_i)\, x_{\text{partner}(i)}, \qquad
#   y'_i = \lambda_i\, y_i + (1 - \lambda_i)\, y_{\text{partner}(i)}$$
#
# **Example.** A picture of 100s and label `[1, 0]`, its partner of 200s and label `[0, 1]`, $\lambda$ = .25: the
# blend is of 175s, its label `[.25, .75]`.

# %% task="mixup"
def mixup(images, labels, alpha, random):
    """Blend each picture with a partner, and the labels in the same shares: images, labels."""
    raise NotImplementedError("Your turn.")

# %% tags=["check"]
check("mixup")

# %% [markdown] task="safe_changes"
# ## 4.5 Which changes keep the label? Measure it
#
# Four letters, drawn in 10 × 10 pixels: `b`, `d`, `p` and `q`. Mirrored, a b is a d; upside down it is a p; with half
# a turn it is a q. Here are some changes, and a function that draws letters, with noise and not always at the same
# place:

# %%
CHANGES = {
    "mirrored": lambda images: images[:, :, ::-1],
    "upside down": lambda images: images[:, ::-1],
    "half a turn": lambda images: images[:, ::-1, ::-1],
    "paler": lambda images: images // 2 + 60,
    "darker": lambda images: images // 2,
}
LETTER_B = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 0]])

def draw_letters(n, random):
    """Pictures of letters, uint8 (n, 10, 10), and which they are: 0 for b, 1 for d, 2 for p, 3 for q."""
    kinds = random.permutation(np.arange(n) % 4)
    images = random.integers(0, 50, (n, 10, 10))
    for image, kind in zip(images, kinds):
        row, column = random.integers(1, 4), random.integers(2, 5)
        letter = LETTER_B[:: -1 if kind >= 2 else 1, :: -1 if kind % 2 else 1]
        image[row : row + 6, column : column + 4] += 200 * letter
    return images.astype("uint8"), kinds

# %% tags=["try"]
letters, which = draw_letters(8, np.random.default_rng(4))
figures.image_grid(letters, titles=["bdpq"[kind] for kind in which], size=0.8, limits=(0, 255))

# %% [markdown] task="safe_changes"
# Whether a change keeps the label depends on the task. Is it to *name the letter*? Or only to say whether its bowl is
# at the *left* or at the *right*? Don't argue; measure, as in section 4.4 of the lesson: let the nearest neighbour
# know changed pictures only, under their old labels, and ask it about pictures as they are. If the label has
# survived, it is right as often as when it knows the pictures as they are. (The measure is strict: a change may keep
# the label and cost some accuracy all the same, as the shift does in the lesson.)
#
# Write three functions. Pictures are uint8 arrays of the shape (N, H, W), labels integer arrays of the shape (N,).
#
# - `nearest_labels(known, known_labels, asked)`: for each picture in `asked`, the label of the known picture that is
#   nearest to it, the one with the smallest sum of squared differences over all pixels.
# - `accuracy_knowing(change, known, known_labels, asked, asked_labels)`: the share of `asked`, as they are, that get
#   their own label if the known pictures are changed by `CHANGES[change]`. With `change` None, nothing is changed.
# - `safe_changes(known, known_labels, asked, asked_labels, loss)`: the list of those names in `CHANGES` with which
#   the accuracy is at most `loss` lower than with None, in the order of `CHANGES`.
#
# **Example.** Known are the pictures `[[0, 9]]` with label 5 and `[[9, 0]]` with label 7, asked is `[[1, 8]]`: its
# nearest label is 5. Knowing both mirrored, it is 7.

# %% task="safe_changes"
def nearest_labels(known, known_labels, asked):
    """For each picture asked, the label of the known picture with the smallest sum of squared differences."""
    raise NotImplementedError("Your turn.")

# %% [markdown] task="safe_changes"
# The accuracy, and the decision:

# %% task="safe_changes"
def accuracy_knowing(change, known, known_labels, asked, asked_labels):
    """The share of pictures, as they are, named rightly by one who knows changed pictures only."""
    raise NotImplementedError("Your turn.")

def safe_changes(known, known_labels, asked, asked_labels, loss):
    """Names of the changes that cost at most `loss` of the accuracy."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
try:
    known, asked = draw_letters(400, np.random.default_rng(1)), draw_letters(100, np.random.default_rng(2))
    for name, label in {
        "name the letter": lambda kinds: kinds,
        "bowl left or right": lambda kinds: kinds % 2,
        "bowl up or down": lambda kinds: kinds // 2,
    }.items():
        print(f"{name}: safe are", safe_changes(known[0], label(known[1]), asked[0], label(asked[1]), 0.1))
except NotImplementedError:
    print("For three tasks, the changes that are safe will stand here.")

# %% tags=["check"]
check("safe_changes")

# %% [markdown] task="pipelines"
# ## 4.6 Two pipelines
#
# Now with TensorFlow. Write `make_pipelines(train, validation, prepare, augment, batch_size)`. You are given
#
# - `train` and `validation`: pairs `(images, labels)` of arrays, the first axis counts the pictures;
# - `prepare(image, label)`: takes one picture and its label, returns both, ready for a network. It is slow, and
#   always gives the same;
# - `augment(images)`: takes a *batch* of prepared pictures, returns it changed at random, each time anew.
#
# Both are made of TensorFlow operations, so that `map` takes them. Return two `tf.data.Dataset`s of batches
# `(images, labels)`:
#
# - the training one gives each picture once an epoch, prepared, augmented anew in each epoch, in a new order each
#   epoch, picture by picture, and each with its own label;
# - the validation one gives the pictures prepared, in their order, and otherwise as they are;
# - the last batch may be smaller;
# - `prepare` runs once for each picture, however many epochs there are. (The first epoch runs to its end.)
#
# All that you need: `tf.data.Dataset.from_tensor_slices`, and of a dataset `map`, `cache`, `shuffle`, `batch`. What
# counts is their order.

# %% task="pipelines"
import tensorflow as tf

def make_pipelines(train, validation, prepare, augment, batch_size):
    """Two datasets of batches: training pictures shuffled and augmented anew each epoch, validation as it is."""
    raise NotImplementedError("Your turn.")

# %% tags=["try"]
def halve(image, label):
    return tf.cast(image, "float32") / 2, label

def shift_brightness(images):
    return images + tf.random.uniform((tf.shape(images)[0], 1))

try:
    pair = np.arange(10).reshape(10, 1), np.arange(10)
    for name, batches in zip(("training", "validation"), make_pipelines(pair, pair, halve, shift_brightness, 4)):
        for epoch in (1, 2):
            print(f"{name}, epoch {epoch}:", [labels.numpy().tolist() for _, labels in batches])
except NotImplementedError:
    print("The labels of ten pictures in two epochs will stand here.")

# %% tags=["check"]
check("pipelines")

# %% [markdown]
# ## All done?
#
# `check.progress()` shows where you are. Next come the exercises on transfer learning.

# %% tags=["check"]
check.progress()
