# %% [markdown] given="five"
# # 0. Start here
#
# **What is a feature map, and does everything run on this machine?**
#
# Welcome. This course teaches how computers learn to see: convolutional networks, from a single kernel to networks
# that you train yourself, and what such networks look at. You learn it by predicting, running and changing
# code. In five minutes you will have made your first feature map.
#
# **You will learn**
#
# 1. how a lesson works, and what you can change without breaking anything;
# 2. what your machine can do, and which data the lessons will use on it;
# 3. what a feature map is, and that a convolutional layer is a stack of small kernels.
#
# This is a notebook: text and code by turns. Click into a cell with code and press **Shift + Enter** to run it. Start
# with the next one, which every lesson has at its top. It takes some seconds, while TensorFlow starts.

# %%
from course_utils import figures, sliders, start
import numpy as np
from course import data, instruments
from course.cli import doctor

# scale="full" here, or COURSE_SCALE=full, is the long version of a lesson
SCALE = start.begin_lesson(seed=0)
predict = instruments.open_lesson("00_start_here")

# %% [markdown] given=["three", "two"]
# ## 0.1 How a lesson works
#
# Each section takes three steps. **Predict**: a question, before you see the answer. A wrong guess is how you find
# out what you didn't know. **Run** the cell. **Interpret**: read what the next paragraph makes of it, and compare.
#
# Below many questions stands a cell such as `predict("flat")`: run it, and it asks for your guess. *Commit* locks the
# guess, and once the next cell has run, you are told whether it was right; your first guess is kept and counts in the
# score at the lesson's end. Where there is no such cell, say your guess aloud or write it down.
#
# Every lesson comes in two sizes. *Quick* takes about a minute on a laptop. *Full* uses all the data and trains to the
# end; it may take an hour without a graphics card, so what it gave has been recorded, and is drawn beside your own
# curves. Where you see a slider, run its cell and move it; on a page where no Python runs, such as GitHub, you see a
# few of its positions.
#
# Change whatever you like. Lines that begin with `assert` check what the text says: after a change they may stop with
# an `AssertionError`, which means that the text is no longer true of your version. Delete the line and go on. If a
# lesson gets into a muddle: `Kernel → Restart Kernel and Run All Cells`.
#
# ## 0.2 Your machine
#
# The course has a doctor, which examines the machine and says what to do if something is missing. It takes some
# seconds. (For the long report: `!course doctor` in a cell, or `course doctor` in a terminal, *File → New → Terminal*.)

# %%
doctor.visit()

# %% [markdown] given="5,000"
# If a line has an arrow below it, do what the arrow says; if none has, all is well. No graphics card is needed:
# every lesson's quick size is made for a processor.
#
# ## 0.3 Your data
#
# Lessons use well-known sets of real images: handwritten digits (MNIST), garments (Fashion-MNIST) and house numbers
# (SVHN). With a network they are fetched when they are needed. Without one, you get 5,000 real digits that are
# installed already, and garments and house numbers that the course draws itself. Whenever data is loaded, one line says
# which it is (0 + 10 means: no training images, ten test images).

# %%
(_, _), (digits, digit_labels) = data.load_mnist(n_train=0, n_test=10)
(_, _), (garments, _) = data.load_fashion_mnist(n_train=0, n_test=10)
(_, _), (houses, _) = data.load_svhn(n_train=0, n_test=10)

# %% [markdown]
# Ten of each:

# %%
figures.image_grid(
    [*digits, *garments, *houses], columns=10,
    alt="Three rows of ten small images: white handwritten digits on black, "
    "grey garments on black, and house numbers in colour.",
)

# %% [markdown]
# To get the real ones now, or before you go where there is no network: `!course data fetch` in a cell, or
# `course data fetch` in a terminal. To be sure that the network isn't touched: set `COURSE_OFFLINE=1` before you start.
#
# **Predict.** A digit is a table of 28 × 28 numbers, 784 in all. A house number has three tables of 32 × 32, for red,
# green and blue. How many numbers is that?

# %%
predict.number(
    "house_numbers", 3072,
    mistakes={
        1024: "That is one table of 32 × 32; there is one for each of the three colours.",
        2352: "That is three tables of 28 × 28, a digit's size; these are 32 × 32.",
        9216:
            "That is 96 × 96, a table three times as wide and three times as high: "
            "nine tables.",
        96: "That adds up three sides. Each table has 32 numbers in each of its 32 rows.",
    },
)

# %% [markdown]
# An array knows its shape and its size:

# %% tags=["nbval-check-output"]
for name, image in (("a digit", digits[0]), ("a house number", houses[0])):
    print(f"{name}: {image.shape} → {image.size}")

# %% [markdown] given="half"
# 3 · 1024 = 3072. To the computer an image is nothing but these numbers. Everything in this course
# happens to them.
#
# ## 0.4 Your first feature map
#
# Here is Chelsea, a cat whose photograph comes with scikit-image. To a computer, an image is a table of numbers, one for
# the brightness of each **pixel**. Make the photo grey and half as large, and cut off its last column.

# %% tags=["nbval-check-output"]
from skimage.color import rgb2gray
from skimage.data import chelsea
from skimage.transform import downscale_local_mean

cat = downscale_local_mean(rgb2gray(chelsea()), (2, 2)).astype("float32")[:, :225]
print(chelsea().shape, "→", cat.shape)

# %% [markdown]
# A **kernel** is a small table of numbers, its **weights**. This one has −1 on the left, +1 on the right and 0 between.

# %%
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype="float32")

# %% [markdown]
# Lay it on a 3×3 **patch** of the image, multiply each pixel by the weight on it, and add up the nine products.
#
# **Predict.** What comes out where all nine pixels have the brightness 0.7?

# %%
predict.number(
    "flat", 0,
    mistakes={
        6.3: "That is 9 × 0.7, the sum with weights of 1. Here three weights are 0 and three are −1.",
        2.1: "That is the right column alone, 3 × 0.7; the left one takes as much away again.",
        4.2: "That is 6 × 0.7: the left column's weights are −1, so its products are subtracted.",
        0.7: "Weights that sum to 1 would keep the brightness; these sum to 0.",
    },
)

# %% [markdown]
# A patch like that, times the kernel:

# %% tags=["nbval-check-output"]
flat = np.full((3, 3), 0.7, dtype="float32")
print(flat * kernel)
print("sum:", (flat * kernel).sum())

# %% [markdown]
# The right column adds what the left one takes away: on a patch where nothing changes, the sum is 0.
#
# **Predict.** And where the patch is dark (0) in its left column and bright (1) in the middle and right ones?

# %%
predict.number(
    "edge", 3,
    mistakes={
        6: "Six pixels are bright, but three of them lie under a weight of 0.",
        -3: "That would be an edge the other way round: bright on the left, under the weights of −1.",
        0: "The dark pixels lie under the −1, so nothing is taken away from the bright ones' sum.",
        1: "That is one row. Each of the three rows adds as much.",
    },
)

# %% [markdown]
# The same sum for such a patch:

# %% tags=["nbval-check-output"]
edge = np.array([[0, 1, 1], [0, 1, 1], [0, 1, 1]])
print("sum:", (edge * kernel).sum())

# %% [markdown]
# It is 3, the most there can be for pixels between 0 and 1: it gets brighter from left to right. Do that at *every*
# position, and write each result where it belongs: this is a **convolution**, and the image that it gives is a
# **feature map**. Keras has a layer for it. It wants a **batch**, several images in one array, and **channels**, of which a
# colour image has three. So two axes of length one are put around the cat's.

# %%
import keras

layer = keras.layers.Conv2D(filters=1, kernel_size=3, use_bias=False)
layer.build((None, *cat.shape, 1))
layer.set_weights([kernel[:, :, None, None]])
feature_map = keras.ops.convert_to_numpy(layer(cat[None, :, :, None]))[0, :, :, 0]

# %% [markdown]
# **Predict.** What will stand out in Chelsea's feature map: the whiskers, which run from side to side, or the sides of
# the nose, which run up and down?

# %%
predict.choice(
    "stands_out", "the sides of the nose",
    options=["the whiskers", "the sides of the nose", "both alike"],
    mistakes={
        "the whiskers": "The kernel compares what is left of a pixel with what is right of it, "
        "and along a whisker the two are alike.",
        "both alike": "The kernel compares left with right only, never above with below.",
    },
)

# %% [markdown]
# The image and the map, side by side:

# %% tags=["thumbnail"]
figures.image_grid(
    [cat, feature_map], titles=["the image", "its feature map"],
    signed=[False, True], size=4.4,
    title="Red: brighter to the right. Blue: darker to the right. White: no change",
    alt="A cat's face in grey, and its feature map: thin red and blue lines on white, "
    "strong along some of the face's lines and missing along others.",
)

# %% [markdown]
# The upright lines are all there: the sides of the nose and of the eyes, the stripes on the forehead. The whiskers are
# faint, because along them nothing changes. The map says *where* something was found, and the kernel *what*.
#
# **Predict.** The image has 150 × 225 pixels. What is the shape of the map?

# %%
predict.shape(
    "map_shape", (148, 223),
    mistakes={
        (150, 225): "On an outermost pixel the kernel would hang over the image's rim.",
        (149, 224): "That takes off one. The kernel's middle needs a neighbour above and below, "
        "left and right.",
        (147, 222): "That takes off three. Count the positions: the first one costs nothing, "
        "so there is one more than that.",
        (50, 75): "That is how many kernels fit side by side; it moves by one pixel at a time.",
    },
)

# %% [markdown]
# Both shapes:

# %% tags=["nbval-check-output"]
print("image", cat.shape, " map", feature_map.shape)

# %% [markdown]
# 148 × 223: a 3×3 kernel has no room to lie with its middle on an outermost pixel, so one row or column is lost on each
# side.
#
# ## 0.5 Turn the kernel
#
# The same idea works in any direction: mix the upright kernel with its twin that lies on its side.

# %%
from scipy.signal import correlate2d

def turned(degrees):
    """A 3×3 kernel that answers to edges facing this direction."""
    angle = np.deg2rad(degrees)
    return np.cos(angle) * kernel + np.sin(angle) * kernel.T

def apply(image, kernel):
    return correlate2d(image, kernel, mode="valid")

# %% [markdown] answer=["90°", "270°"]
# **Predict.** At which angle do the whiskers stand out? Move the slider, and watch them come and go.

# %%
figure, update = figures.filter_bench(cat, turned, apply, {"degrees": 0})
sliders.live_figure(
    figure, update, degrees=(0, 360, 5),
    stills=[{"degrees": degrees} for degrees in range(0, 180, 45)],
    alt="A cat's face, a 3×3 kernel turned by an angle, and the map that it gives.",
)

# %% [markdown] given="270"
# Near 90° and 270° the whiskers stand out, and the sides of the nose fade. How much? Take the mean size of the answers,
# whatever their sign, in three small rectangles of the map:

# %% tags=["nbval-check-output"]
places = {
    "side of the nose": (slice(55, 85), slice(102, 112)),
    "whiskers": (slice(105, 128), slice(45, 105)),
    "lower lid": (slice(68, 78), slice(70, 100)),
}
upright, level = apply(cat, turned(0)), apply(cat, turned(90))
for name, place in places.items():
    sizes = [np.abs(each[place]).mean() for each in (upright, level)]
    print(f"{name:16}  at 0° {sizes[0]:.2f}   at 90° {sizes[1]:.2f}")

# %% [markdown]
# The whiskers have doubled, from 0.09 to 0.19, and the side of the nose has dropped to less than a third, from 0.28 to
# 0.09. Strongest of all are the lids: they run from side to side like the whiskers, and are much darker than the fur.
#
# At 180° you have the first map again, with red and blue exchanged. Check that, and that the two ways to compute a map
# agree:

# %% tags=["nbval-check-output"]
print("180° is minus 0°:", np.allclose(turned(180), -turned(0)))
print("SciPy and Keras agree:", np.allclose(apply(cat, kernel), feature_map, atol=1e-5))
assert np.allclose(turned(180), -turned(0)) and feature_map.shape == (148, 223)
assert np.allclose(apply(cat, kernel), feature_map, atol=1e-5)

# %% [markdown]
# ## 0.6 A layer is a stack of kernels
#
# In a network nobody sets the weights by hand. It begins with random ones and *learns* which are useful. A layer with
# 16 kernels makes 16 maps at once.
#
# **Predict.** How many weights does a layer of 16 kernels of 3×3 have, if each has a **bias** too, one number that is
# added to its sums? (A bias counts as a weight.)

# %%
predict.number(
    "layer_weights", 160,
    mistakes={
        144: "That is 16 × 9; each kernel has a bias besides.",
        145: "That is one bias for the whole layer; each of the 16 kernels has its own.",
        10: "That is one kernel with its bias; there are 16 of them.",
        64: "That is 16 × (3 + 1), but a 3×3 kernel has nine weights.",
    },
)

# %% [markdown]
# Keras counts them:

# %% tags=["nbval-check-output"]
layer = keras.layers.Conv2D(filters=16, kernel_size=3)
maps = keras.ops.convert_to_numpy(layer(cat[None, :, :, None]))[0]
print("maps", maps.shape, " weights", layer.count_params())

# %% [markdown]
# 16 times nine weights and a bias: 160. The maps lie one behind the other, 16 numbers at each position. The weights are
# still random. Eight of the sixteen maps, each with the sum of its kernel's nine weights:

# %%
sums = layer.get_weights()[0].sum(axis=(0, 1, 2))[:8]
figures.image_grid(
    np.moveaxis(maps, -1, 0)[:8], columns=4, size=2.2, signed=True,
    titles=[f"sum {total:+.2f}".replace("-", "−") for total in sums],
    title="Most random kernels keep the face; where weights nearly cancel, lines show",
    alt="Eight feature maps of the cat, made by random kernels: "
    "most show the whole face in red or in blue, and in a few fine lines stand out.",
)

# %% [markdown]
# Where the sum is far from zero, the map is little more than the face itself: red if the sum is positive, blue if it is
# negative. Only where the weights nearly cancel each other out, as they do in your edge kernel, do lines stand out. So
# a random kernel is a poor filter. Training turns it into a useful one. How, and useful for what: that is the course.

# %%
brightness = maps[:, :, :8].mean(axis=(0, 1))
assert np.allclose(brightness, sums * cat.mean(), atol=0.02)
assert (sums > 0.5).any() and (sums < -0.5).any() and np.abs(sums).min() < 0.3

# %% [markdown]
# How well did you predict?

# %%
predict.score()

# %% [markdown] given=["nine", "9"]
# ## Take-aways
#
# - An image is an array of numbers; a feature map says where a kernel found its pattern in it.
# - A convolutional layer is a stack of kernels. Their weights are what a network learns.
# - Predict, run, interpret. A lesson always says which data it uses, and in which size it runs.
#
# ## Exercises
#
# 1. Change `kernel` into one that sums to 1 instead of 0, such as nine times 1/9. What does the map look like, and why?
#    <details><summary>Check</summary> A blurred cat: each number is the mean of nine pixels. It is drawn in reds, since
#    no number is negative.</details>
# 2. Use a photograph of your own: `from skimage.io import imread`, then `imread("photo.jpg")` in place of `chelsea()`.
# 3. Turn the ten house numbers above grey with `rgb2gray`, and apply your edge kernel to each. Which digits lose most of
#    their shape?
#    <details><summary>Check</summary> Those with level strokes, such as the 2, the 5 and the 7: the kernel finds upright
#    edges only. And any whose number and wall are equally bright, in different colours: grey can't tell them apart.</details>
#
# ## Where next
#
# | lesson | question |
# |---|---|
# | [1. Convolution and Gabor filter banks](01_convolution.ipynb) | How does a computer find an edge, and how could it learn to? |
# | [2. A convnet for MNIST](02_mnist.ipynb) | How does a network learn to read digits? |
# | [3. Cats and dogs](03_cats_and_dogs.ipynb) | What does a network with three million weights do with two thousand photos? |
# | [4. Augmentation and regularisation](04_augmentation.ipynb) | How do you keep it from learning its photos by heart? |
# | [5. Transfer learning](05_transfer_learning.ipynb) | How can two hundred photos be enough? |
# | [6. What a convnet sees](06_interpretation.ipynb) | Your network is right 97 times in 100. What does it look at? |
#
# Each of them ends with a link to exercises that check themselves: you write a function, and learn at once what is
# right.
#
# *Read on:* Y. LeCun, Y. Bengio and G. Hinton, [*Deep learning*](https://doi.org/10.1038/nature14539) (2015), an overview
# in nine pages; D. Hubel and T. Wiesel, [*Receptive fields, binocular interaction and functional architecture in the cat's
# visual cortex*](https://doi.org/10.1113/jphysiol.1962.sp006837) (1962), who found cells that answer to edges of one
# direction, in cats.
