# %% [markdown]
# # 0. Start here
#
# **What is a feature map, and does everything run on this machine?**
#
# Welcome. This course teaches how computers learn to see: convolutional networks, from a single kernel to networks that
# you train yourself, and what such networks look at. You learn it by predicting, running and changing
# code. In five minutes you will have made your first feature map.
#
# **You will learn**
#
# 1. how a lesson works, and what you can change without breaking anything;
# 2. what your machine can do, and which data the lessons will use on it;
# 3. what a feature map is, and that a convolutional layer is a stack of small kernels.
#
# This is a notebook: text and code in turn. Click into a cell with code and press **Shift + Enter** to run it. Start with the
# next one, which every lesson has at its top. It takes some seconds, while TensorFlow starts.

# %%
from course_utils import figures, sliders, start
import numpy as np
from course import data
from course.cli import doctor

SCALE = start.begin_lesson(seed=0)  # COURSE_SCALE=full, or scale="full" here, is the long version of a lesson

# %% [markdown]
# ## 0.1 How a lesson works
#
# Each section goes in three steps. **Predict**: a question, before you see the answer. Say your guess aloud or write it down;
# a wrong guess is how you find out what you didn't know. **Run** the cell. **Interpret**: read what the
# next paragraph makes of it, and compare.
#
# Every lesson comes in two sizes. *Quick* takes about a minute on a laptop. *Full* uses all the data and trains to the end; it may
# take an hour without a graphics card, so what it gave has been recorded, and is drawn beside your own curves.
# Where you see a slider, run its cell and move it; on a page without a kernel, such as GitHub, you see a few of its positions.
#
# Change whatever you like. Lines that begin with `assert` check what the text says: after a change they may stop with
# an `AssertionError`, which means that the text is no longer true of your version. Delete the line and go on. If a lesson gets into a muddle: *Kernel → Restart Kernel and Run All Cells*.
#
# ## 0.2 Your machine
#
# The course has a doctor, who looks at the machine and says what to do if something is missing. (In a terminal: `course doctor`.)

# %%
findings = list(doctor.examine())
for finding in findings:
    if finding.level != doctor.OK or finding.topic in ("processor", "memory", "GPU"):
        print(doctor.report(finding))
print("in order:", ", ".join(dict.fromkeys(f.topic for f in findings if f.level == doctor.OK)))

# %% [markdown]
# If a line has an arrow below it, do what the arrow says; none means that all is well. No graphics card is needed: every lesson's quick size is made for a
# processor.
#
# ## 0.3 Your data
#
# Lessons use well-known sets of real images: handwritten digits (MNIST), garments (Fashion-MNIST) and house numbers (SVHN). With a
# network they are fetched when they are needed. Without one, you get 5,000 real digits that are installed already, and garments
# and house numbers that the course draws itself. Whenever data is loaded, one line says which it is (0 + 10 means: no
# training images, ten test images).

# %%
(_, _), (digits, digit_labels) = data.load_mnist(n_train=0, n_test=10)
(_, _), (garments, _) = data.load_fashion_mnist(n_train=0, n_test=10)
(_, _), (houses, _) = data.load_svhn(n_train=0, n_test=10)

# %% [markdown]
# Ten of each:

# %%
figures.image_grid([*digits, *garments, *houses], columns=10)

# %% [markdown]
# To get the real ones now, or before you go where there is no network: `course data fetch` in a terminal. To be sure that the
# network isn't touched: set `COURSE_OFFLINE=1` before you start.
#
# **Predict.** A digit is a table of 28 × 28 numbers, a house number has three such tables of 32 × 32, for red, green and blue. How many numbers
# is each?

# %% tags=["nbval-check-output"]
print("a digit:", digits[0].shape, "→", digits[0].size)
print("a house number:", houses[0].shape, "→", houses[0].size)
assert (digits[0].size, houses[0].size) == (784, 3072)

# %% [markdown]
# To the computer an image is nothing but those numbers. All that the course is about happens to them.
#
# ## 0.4 Your first feature map
#
# Here is Chelsea, a cat whose photograph comes with scikit-image. Make her grey and half as large, and cut off the last
# column.

# %% tags=["nbval-check-output"]
from skimage.color import rgb2gray
from skimage.data import chelsea
from skimage.transform import downscale_local_mean

cat = downscale_local_mean(rgb2gray(chelsea()), (2, 2)).astype("float32")[:, :225]
print(chelsea().shape, "→", cat.shape)

# %% [markdown]
# A **kernel** is a small table of weights. This one has −1 on the left, +1 on the right and 0 between.

# %%
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype="float32")

# %% [markdown]
# Lay it on a 3×3 patch of the image, multiply each pixel with the weight on it, and add up the nine products.
#
# **Predict.** What comes out where all nine pixels are equally bright? And where the patch is dark (0) on its left and bright (1)
# in the middle and on its right?

# %% tags=["nbval-check-output"]
flat = np.full((3, 3), 0.7, dtype="float32")
edge = np.array([[0, 1, 1]] * 3)
print("flat:", (flat * kernel).sum(), " edge:", (edge * kernel).sum())
assert (flat * kernel).sum() == 0 and (edge * kernel).sum() == 3

# %% [markdown]
# Nothing where nothing changes; 3, the most there can be for pixels between 0 and 1, where it gets brighter from left to right. Do that at *every* position, and
# write each result where it belongs: this is a **convolution**, and the image that it gives is a **feature map**. Keras has a
# layer for it. It wants a batch of images with channels, so two axes of length one are put around the cat's.

# %%
import keras

layer = keras.layers.Conv2D(filters=1, kernel_size=3, use_bias=False)
layer.build((None, *cat.shape, 1))
layer.set_weights([kernel[:, :, None, None]])
feature_map = keras.ops.convert_to_numpy(layer(cat[None, :, :, None]))[0, :, :, 0]

# %% [markdown]
# **Predict.** Will whiskers, which run from side to side, show up? What about the sides of the nose?

# %% tags=["thumbnail"]
figures.image_grid(
    [cat, feature_map], titles=["the image", "its feature map"], signed=[False, True], size=4.4,
    title="Red: brighter to the right. Blue: darker to the right. White: nothing changes from left to right",
)

# %% [markdown]
# The upright lines are all there: sides of the nose, pupils, the stripes on the forehead. Whiskers are faint: along them
# nothing changes. The map says *where* something was found, and the kernel *what*.
#
# **Predict.** The image has 150 × 225 pixels. Why does the map have two rows and two columns fewer?

# %% tags=["nbval-check-output"]
print("image", cat.shape, " map", feature_map.shape)
assert feature_map.shape == (cat.shape[0] - 2, cat.shape[1] - 2) == (148, 223)

# %% [markdown]
# A 3×3 kernel has no room to lie with its middle on an outermost pixel: one row and column are lost on each side.
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

# %% [markdown]
# **Predict.** At which angle do the whiskers stand out? Move the slider, and watch them come and go.

# %%
figure, update = figures.filter_bench(cat, turned, apply, {"degrees": 0})
sliders.live_figure(figure, update, degrees=(0, 360, 5), stills=[{"degrees": d} for d in (0, 90)])

# %% [markdown]
# Near 90° and 270° the whiskers are strong, and the sides of the nose are gone. At 180° you have the first map again with
# red and blue exchanged. Check the last claim, and that the two ways to compute a map agree:

# %% tags=["nbval-check-output"]
print("180° is minus 0°:", np.allclose(turned(180), -turned(0)))
print("SciPy and Keras agree:", np.allclose(apply(cat, kernel), feature_map, atol=1e-5))
assert np.allclose(turned(180), -turned(0)) and np.allclose(apply(cat, kernel), feature_map, atol=1e-5)

# %% [markdown]
# ## 0.6 A layer is a stack of kernels
#
# Nobody sets the weights by hand in a network. It begins with random ones and *learns* which are useful. A layer with 16 kernels
# makes 16 maps at once.
#
# **Predict.** How many weights has a layer of 16 kernels of 3×3, each with a bias?

# %% tags=["nbval-check-output"]
layer = keras.layers.Conv2D(filters=16, kernel_size=3)
maps = keras.ops.convert_to_numpy(layer(cat[None, :, :, None]))[0]
print("maps", maps.shape, " weights", layer.count_params())
assert layer.count_params() == 16 * (3 * 3 + 1) == 160

# %% [markdown]
# Eight of the sixteen:

# %%
figures.image_grid(
    np.moveaxis(maps, -1, 0)[:8], columns=4, size=2.2, signed=True, title="Even random kernels pick out lines and shades"
)

# %% [markdown]
# Each random kernel is an accidental filter. Training turns them into useful ones. How, and useful for what: that is the course.
#
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
# 2. Use a photograph of your own: `skimage.io.imread("photo.jpg")`.
# 3. Which of the ten house numbers above would a convolution with your edge kernel leave unreadable?
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
# Each of them ends with a link to exercises that check themselves: you write a function, and learn at once what is right.
