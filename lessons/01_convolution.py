# %% [markdown]
# # 1. Convolution and Gabor filter banks
#
# **How does a computer find an edge in an array of numbers, and how could it learn to?**
#
# A convolutional network does one operation millions of times: it lays a small grid of weights on a
# patch of the image, multiplies, and adds up. In this lesson you write that operation yourself, check
# it against two libraries, build a bank of filters by hand, and in the end let the computer find a
# filter on its own.
#
# **You will learn**
#
# 1. to compute a convolution on any number of channels, with padding and stride, and to predict the size of
#    what comes out;
# 2. what hand-made kernels, Gabor filters among them, pick out of an image, and which are useless for it;
# 3. why a kernel can be learned from examples, and how the error flows back through a convolution.
#
# The lesson has three parts: the convolution itself (to section 1.11), filter banks (to section 1.15) and learning
# (to section 1.18). The end of each is a good place to stop for the day. Sections marked *optional* can be left
# out: nothing later needs them.

# %%
from course_utils import figures, start
import numpy as np
from course import data, instruments

# scale="full" here, or COURSE_SCALE=full, uses all the digits
SCALE = start.begin_lesson(seed=1)
predict = instruments.open_lesson("01_convolution")

# %% [markdown]
# ## 1.1 An image is an array
#
# A grey image is a table of numbers, one per **pixel**. Most files store whole numbers from 0 (black) to
# 255 (white) in one byte each: the type `uint8`. Load some handwritten digits of the MNIST set:

# %%
n_train, n_test = (2000, 500) if SCALE == "quick" else (None, None)
(x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=n_train, n_test=n_test)

# %% [markdown]
# The line above says which digits you are using and where they come from.
#
# **Predict.** A digit is 28 pixels high and 28 wide. How many numbers is that?

# %%
predict.number(
    "pixels", 784,
    mistakes={
        56: "That adds the height and the width. Each of the 28 rows holds 28 numbers.",
        112: "That is the way round the image: its four sides. Its inside is made of pixels, too.",
        2352: "That is three numbers a pixel, as in a colour image; a grey one has one.",
    },
)

# %% [markdown]
# Here is one of them: the array's shape, its type, how many numbers it has, and a piece from its middle.

# %%
digit = x_train[np.flatnonzero(y_train == 5)[0]]
print(digit.shape, digit.dtype, digit.size, "numbers")
digit[10:18, 10:18]

# %% [markdown]
# 28 × 28 = 784 numbers. Now the same array as a picture:

# %%
figures.image_grid(
    [digit, digit[10:18, 10:18]], size=2.6,
    titles=["the whole digit", "rows and columns 10 to 17"],
    alt="A handwritten five, white on black, and an enlarged piece of its stroke: "
    "squares in shades of grey.",
)

# %% [markdown]
# Bytes save memory, and set a trap.
#
# **Predict.** What is 200 + 100, if both are `uint8`?

# %%
predict.number(
    "wrap", 44,
    mistakes={
        300: "A byte holds no number above 255.",
        255: "That would be stopping at the top, as image editors do. NumPy goes on from 0 instead.",
        45: "That takes off 255. But a byte has 256 values, from 0 to 255: after 255 comes 0.",
    },
)

# %% [markdown]
# Once with bytes, and once with the first of the two as a floating-point number:

# %% tags=["nbval-check-output"]
bright, also_bright = np.array([200], dtype="uint8"), np.array([100], dtype="uint8")
print(bright + also_bright, bright.astype("float32") + also_bright)

# %% [markdown]
# A byte wraps round at 256, without a warning: 300 − 256 = 44. So turn images into floating-point
# numbers before you compute with them. Dividing by 255 puts them between 0 and 1.
#
# A colour image has three such tables, its **channels**, one each for red, green and blue: its shape is
# (height, width, 3). The cat is Chelsea, a photograph that comes with scikit-image. Cut out her face and
# take the mean of each 2×2 block, which halves the size.

# %% tags=["nbval-check-output"]
from skimage.data import chelsea
from skimage.transform import downscale_local_mean

cat_colour = downscale_local_mean(chelsea()[10:270, 90:350] / 255, (2, 2, 1))
print(chelsea().shape, chelsea().dtype, "→", cat_colour.shape, cat_colour.dtype)
assert chelsea().shape == (300, 451, 3)

# %% [markdown]
# To see what one channel holds, show it as a grey image.

# %%
red, green, blue = np.moveaxis(cat_colour, -1, 0)
figures.image_grid(
    [cat_colour, red, green, blue], limits=(0, 1), size=2.2,
    titles=["colour", "red", "green", "blue"],
    title="Fur is brightest in red and darkest in blue: together that is ginger",
    alt="A ginger cat's face in colour, and its red, green and blue channels in grey, "
    "each darker than the one before.",
)

# %% [markdown]
# The means of the three channels fall from red to blue. Until section 1.9 one channel is enough. Grey is a
# mean of the three in which green counts most, since our eyes are most sensitive to it.

# %%
from skimage.color import rgb2gray

assert red.mean() > green.mean() > blue.mean()
cat = rgb2gray(cat_colour)
print(cat.shape, f"from {cat.min():.2f} to {cat.max():.2f}")

# %% [markdown]
# ## 1.2 A patch times a kernel
#
# Take a small array of **weights**, the **kernel**, also called a filter. Lay it on a **patch** of the image, multiply
# each pixel by the weight that lies on it, and add everything up. The result is one number: large where the patch is
# bright under large weights. (It grows with the patch's brightness too, so it isn't yet a measure of likeness.)
#
# $$\text{output}[i, j] = \sum_{a}\sum_{b} \text{image}[i + a,\, j + b]\;\cdot\;\text{kernel}[a, b]$$
#
# A small image, and a smaller kernel:

# %%
image = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
kernel = np.array([[0, 1], [2, 3]])

# %% [markdown]
# **Predict.** Lay the kernel on the top left of the image. What is the number that comes out?

# %%
predict.number(
    "first_sum", 19,
    mistakes={
        8: "That is the sum of the four pixels; each has to be multiplied by its weight.",
        5: "That is the sum with the kernel turned by half a turn; here it isn't turned.",
        25: "That is one step to the right.",
        37: "That is one step down.",
        28: "That is the sum of a matrix product. Here each pixel meets one weight only.",
    },
)

# %% [markdown]
# The four products, and their sum:

# %% tags=["nbval-check-output"]
patch = image[0:2, 0:2]
print(patch * kernel)
print("sum:", (patch * kernel).sum())

# %% [markdown]
# By hand: 0 · 0 + 1 · 1 + 3 · 2 + 4 · 3 = 19.
#
# Now slide the kernel over the image, row by row, and keep one number for each position. Two loops say
# exactly that:

# %%
def correlate(image, kernel):
    """Slide the kernel over the image; a sum of products at each position."""
    tall, wide = kernel.shape
    output = np.zeros((image.shape[0] - tall + 1, image.shape[1] - wide + 1))
    for row in range(output.shape[0]):
        for column in range(output.shape[1]):
            patch = image[row : row + tall, column : column + wide]
            output[row, column] = (patch * kernel).sum()
    return output

# %% [markdown]
# The 2×2 kernel fits into the 3×3 image at four positions, so four numbers come out.

# %% tags=["nbval-check-output"]
print(correlate(image, kernel))
assert correlate(image, kernel).tolist() == [[19, 25], [37, 43]]

# %% [markdown]
# **Predict.** How many positions does a 3×3 kernel have on a 5×5 image?

# %%
predict.number(
    "positions", 9,
    mistakes={
        25: "That is one for each pixel; on the outermost ones the kernel would hang over the rim.",
        4: "Two steps along each side: but with two steps you stand in three places.",
        3: "That is one row of them; the kernel moves down as well.",
        1: "That is how many fit without overlapping; the kernel moves by one pixel at a time.",
    },
)

# %% [markdown]
# Count the numbers that come out:

# %% tags=["nbval-check-output"]
sums = correlate(np.ones((5, 5)), np.ones((3, 3)))
print(sums.shape, "→", sums.size)

# %% [markdown]
# Three along each side, 9 in all. The output is smaller than the image by the kernel's size less one:
# 5 − 3 + 1 = 3.
#
# ## 1.3 Slide it yourself
#
# A kernel with −1 on the left and +1 on the right gives a positive number where the image gets brighter from
# left to right. It is called a **vertical edge** kernel, after the edges that it finds. To have one output for
# each pixel, put one row or column of zeros on each side of the image first: this is **padding**.

# %%
vertical_edges = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
digit_edges = correlate(np.pad(digit / 255, 1), vertical_edges)
print(digit.shape, "→", digit_edges.shape)
assert digit_edges.size == 784

# %% [markdown]
# **Predict.** The stroke of the digit is bright on black. Where is the output positive (red)?

# %%
predict.choice(
    "red_side", "the left side",
    options=["the left side", "the right side", "both sides", "the whole stroke"],
    mistakes={
        "the right side": "There it goes from bright to dark: the bright pixels lie under −1.",
        "both sides": "The kernel tells a step up from a step down: the two have opposite signs.",
        "the whole stroke": "Inside a wide stroke all is alike: what +1 adds, −1 takes away.",
    },
)

# %% [markdown]
# Drag over the output, or step through its 784 positions. In the output, a small dash marks what is negative.
# (In JupyterLab, run the cell to make it live.)

# %%
stepper = instruments.ConvolutionStepper(digit / 255, vertical_edges, padding="same")
assert np.allclose(stepper.output, digit_edges, atol=1e-6)
stepper

# %% [markdown]
# Going right, the left side of a stroke is a step from dark to bright: positive, red. Its right side is
# a step back into the dark: blue. In flat regions, black or white, the sum is zero.
#
# Now be the computer. Tick *Predict* and work out three values at the rim of a stroke. If you are wrong, it
# says what your answer looks like: a flipped kernel, say, or the row below. Then type a kernel of your own.
#
# A house number has 32 × 32 = 1024 pixels, and often a piece of its neighbours. Its background isn't flat, and
# the edges don't stand out as well. Again, the line says which images you have.

# %%
(_, _), (houses, house_labels) = data.load_svhn(n_train=0, n_test=100)
greys = rgb2gray(houses)
house = max(greys, key=np.min)
house_edges = correlate(np.pad(house, 1), vertical_edges)
assert house_edges.size == 1024
figures.image_grid([house], limits=(0, 1), size=2.2, alt="A house number in grey.")

# %% [markdown]
# **Predict.** The same kernel, with a frame of zeros round the image as before. Where will the output be strongest,
# be it positive or negative?

# %%
predict.choice(
    "strongest", "at the left and right border",
    options=["at the digit", "at its neighbours", "at the left and right border"],
    mistakes={
        "at the digit": "Its edges are steps between two shades of grey. The zeros outside, "
        "beside a bright wall, are a larger step.",
        "at its neighbours": "Their edges are steps between two shades, too. The zeros outside, "
        "beside a bright wall, are a larger step.",
    },
)

# %% [markdown]
# Slide it over the house number:

# %%
instruments.ConvolutionStepper(house, vertical_edges, padding="same")

# %% [markdown]
# It is strongest at the left and right border, and that frame of red and blue is no edge of the house. It comes
# from the zeros that you padded with: beside a bright wall they look like the dark. (The code above looked
# for the image whose darkest pixel is brightest.) Section 1.7 comes back to it.
#
# ## 1.4 Is it right? Is it fast?
#
# Never trust a loop that you just wrote. SciPy and Keras have the same operation: `correlate2d`, and
# the layer `Conv2D` with one kernel and no bias (a number that it would add to each output).

# %%
import keras
from scipy.signal import correlate2d

layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build((None, 130, 130, 1))
layer.set_weights([vertical_edges[:, :, None, None]])

# %% [markdown]
# Keras wants several images at once, a **batch**, with channels: (images, height, width, channels). And it wants a
# kernel of the shape (height, width, channels in, channels out). Do all three agree on the cat?

# %% tags=["nbval-check-output"]
ours = correlate(cat, vertical_edges)
by_scipy = correlate2d(cat, vertical_edges, mode="valid")
cat_batch = keras.ops.convert_to_tensor(cat[None, :, :, None].astype("float32"))
by_keras = keras.ops.convert_to_numpy(layer(cat_batch))[0, :, :, 0]
print(ours.shape, by_scipy.shape, by_keras.shape)
print("in", ours.dtype, "and", by_keras.dtype)
assert np.allclose(ours, by_scipy) and np.allclose(ours, by_keras, atol=1e-5)

# %% [markdown] given=["32 bits", "64"]
# They agree to rounding: Keras computes with 32 bits, the others with 64.
#
# There is a way between the loops and a library: NumPy can show all the patches at once as one array with four
# axes, without copying a pixel. `einsum` then multiplies and adds up in one call. It names each axis by a letter: `ij`
# is the position, `ab` the place in the kernel, and a letter that is missing after the arrow is summed over.

# %%
from numpy.lib.stride_tricks import sliding_window_view

def correlate_at_once(image, kernel):
    """All patches, (height, width, k, k), times the kernel, in one call."""
    return np.einsum("ijab,ab->ij", sliding_window_view(image, kernel.shape), kernel)

assert np.allclose(correlate_at_once(cat, vertical_edges), ours)

# %% [markdown]
# To time them, run each five times and take the middle time.

# %%
import time

def milliseconds(function, repeats=5):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - begin))
    return np.median(times)

# %% [markdown]
# **Predict.** About how many times as fast as the two loops are NumPy and SciPy?

# %%
predict.choice(
    "faster", "far more than that",
    options=["twice", "ten times", "far more than that"],
    mistakes={
        "twice": "It would be about that if the time went into multiplying. It goes into Python, which "
        "has to be asked anew at each of 16,384 positions.",
        "ten times": "Python's part is larger: at each of 16,384 positions it looks up names, makes "
        "small arrays and calls functions, which takes far longer than nine multiplications.",
    },
)

# %% [markdown]
# All four on the cat:

# %%
timings = {
    "two loops": milliseconds(lambda: correlate(cat, vertical_edges)),
    "NumPy, all patches": milliseconds(lambda: correlate_at_once(cat, vertical_edges)),
    "SciPy": milliseconds(lambda: correlate2d(cat, vertical_edges, "valid")),
    "Keras": milliseconds(lambda: layer(cat_batch)),
}
for name, time_taken in timings.items():
    times = timings["two loops"] / time_taken
    print(f"{name:20} {time_taken:8.2f} ms   {times:6.0f} ×")

# %% [markdown]
# Far more than that, both of them: the last column has what your machine measured. The arithmetic is the same each
# time: 128 × 128 = 16,384 positions, with nine weights each. The loops are slow for another reason. At every position Python looks up names, makes small arrays and calls functions, which takes far
# longer than nine multiplications. A library pays such costs once, runs compiled code over memory that lies in order,
# and, where it can, lets the processor multiply several numbers with one instruction. Keras has its own cost for each
# call, so it gains most with many images and many kernels.

# %% tags=["nbval-check-output"]
positions, weights = ours.size, vertical_edges.size
print(positions, "positions ×", weights, "weights =", positions * weights, "products")
assert ours.shape == (128, 128)

# %% [markdown]
# ## 1.5 Correlation or convolution?
#
# In mathematics a **convolution** flips the kernel in both directions first; without the flip it is a
# **cross-correlation**. Deep learning computes the cross-correlation and calls it convolution. Since
# the kernels are learned, it doesn't matter which: a network would learn the flipped one.
#
# Take an image with a single bright pixel, and a kernel that has a direction:

# %%
from scipy.signal import convolve2d

dot = np.zeros((7, 7))
dot[3, 3] = 1
arrow = np.array([[1, 2, 3], [0, 0, 4], [0, 0, 5]])
figures.image_grid([dot, arrow], titles=["a dot", "kernel"], size=2, alt=(
    "A white dot in the middle of a black square, and a 3×3 kernel in grey: "
    "a bar along its top, which turns down on the right."
))

# %% [markdown]
# **Predict.** What does cross-correlation, without a flip, put in the place of the dot?

# %%
predict.choice(
    "printed", "the kernel turned by half a turn",
    options=["the kernel itself", "the kernel turned by half a turn", "the kernel turned by a quarter"],
    mistakes={
        "the kernel itself": "The kernel's top left weight meets the dot when its middle lies below "
        "and to the right of the dot. So that is where this weight appears: bottom right.",
        "the kernel turned by a quarter": "Up and down are exchanged, and left and right as well: "
        "together that is more than a quarter.",
    },
)

# %% [markdown]
# Both operations on the dot:

# %%
figures.image_grid(
    [correlate2d(dot, arrow, "same"), convolve2d(dot, arrow, "same")], size=2,
    titles=["cross-correlation", "convolution"],
    alt="Two pictures of the kernel on black, which face in opposite directions.",
)

# %% [markdown]
# Cross-correlation puts there the kernel turned by half a turn, convolution the kernel itself. Flip the
# kernel up-down and left-right, and one operation becomes the other:

# %%
flipped = arrow[::-1, ::-1]
assert np.array_equal(convolve2d(dot, arrow, "same"), correlate2d(dot, flipped, "same"))
assert np.array_equal(convolve2d(dot, arrow, "valid"), correlate(dot, flipped))

# %% [markdown]
# The stepper has a switch for it, *flip*. Watch which weight meets the dot at each position, with the switch
# off and on:

# %%
instruments.ConvolutionStepper(dot, arrow, padding="same", position=16)

# %% [markdown]
# ## 1.6 Kernels made by hand
#
# Here are eight classics:

# %%
kernels = {
    "horizontal edges": np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]),
    "vertical edges": np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "diagonal edges": np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]]),
    "all edges": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "Laplacian": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "Sobel, vertical": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel, horizontal": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "box blur": np.full((3, 3), 1 / 9),
}

# %% [markdown]
# **Predict.** How many of the eight turn a flat grey wall into zeros?

# %%
predict.number(
    "zeros", 7,
    mistakes={
        8: "The box blur has no negative weight, so nothing can cancel out.",
        4: "That is those with *edges* in their name. Add up the weights of the other four as well.",
        6: "One of those with a single large weight is easily missed: 8 against eight times 1, "
        "or 4 against four times 1.",
        5: "Those with a single large weight count as well: 8 against eight times 1, 4 against four times 1.",
    },
)

# %% [markdown]
# The wall has the brightness 0.5. What each kernel makes of it:

# %% tags=["nbval-check-output"]
wall = np.full((5, 5), 0.5)
for name, kernel in kernels.items():
    print(f"{name:18} {np.unique(correlate(wall, kernel).round(6) + 0.0)}")

# %% [markdown]
# Of the eight, 7 turn the wall into zeros, and would do so at any brightness; the box blur leaves it as it is. On
# a flat patch of brightness $c$ the sum of products is $c$ times the **sum of the kernel's weights**:

# %% tags=["nbval-check-output"]
print({name: round(float(kernel.sum())) for name, kernel in kernels.items()})
for kernel in kernels.values():
    assert np.allclose(correlate(wall, kernel), 0.5 * kernel.sum())
assert sum(abs(kernel.sum()) < 1e-12 for kernel in kernels.values()) == 7

# %% [markdown]
# It is 1 for the box blur and 0 for all the others. An "edge" kernel that doesn't sum to zero would respond to
# every bright wall. Now the cat:

# %% tags=["thumbnail"]
maps = {name: correlate2d(cat, k, "valid") for name, k in kernels.items()}
blurred = maps.pop("box blur")
reach = [np.percentile(np.abs(map_), 99.5) for map_ in maps.values()]
titles = [f"{name}\nfrom −{r:.1f} to {r:.1f}" for name, r in zip(maps, reach)]
scaled = [map_ / r for map_, r in zip(maps.values(), reach)]
figures.image_grid(
    scaled + [2 * blurred - 1], titles=titles + ["box blur\nfrom 0 to 1"], columns=4,
    signed=[True] * 7 + [False], limits=(-1, 1), size=2.2,
    title="Each kernel has its own kind of line",
    alt="Seven maps of the cat's face in red and blue: lines across, upright lines, "
    "slanting lines, twice a fine speckle, upright lines, lines across; "
    "and a blurred face in grey.",
)

# %% [markdown]
# The lids, and the whiskers at the bottom left, run sideways and show in *horizontal edges*; the stripes on the
# forehead and the sides of the nose in *vertical edges*. The colours of each panel have a scale of their own,
# which its title gives, since a kernel with large weights makes large numbers.
#
# The first two are **Prewitt's** kernels. Like these, the **Sobel** kernels add up three pixels along the edge, but
# count the middle one twice, a gentler smoothing. *All edges* and the **Laplacian** are one idea with opposite signs:
# a pixel against its neighbours, with the diagonal ones or without. They respond to edges in every direction, and to
# noise as well: they take differences of differences.
#
# The two Sobel kernels measure how fast the brightness changes from left to right, and from top to bottom. Such
# a pair of slopes is called the **image gradient**; its length is the strength of an edge, whatever its
# direction.

# %%
across = correlate2d(cat, kernels["Sobel, vertical"], "valid")
down = correlate2d(cat, kernels["Sobel, horizontal"], "valid")
strength = np.hypot(across, down)
figures.image_grid(
    [cat, across, down], titles=["the cat", "left to right", "top to bottom"],
    signed=[False, True, True], size=2.8,
    alt="The cat's face, its upright lines in red and blue, and its level lines.",
)

# %% [markdown]
# The edge strength is the root of the sum of the two squares, so it is never negative, and doesn't change when
# bright and dark are exchanged.

# %%
sobels = [kernels["Sobel, vertical"], kernels["Sobel, horizontal"]]
negative = np.hypot(*(correlate2d(1 - cat, kernel, "valid") for kernel in sobels))
assert np.allclose(strength, negative)
figures.image_grid(
    [strength, negative], titles=["edge strength", "the same from the negative"],
    limits=(0, 0.8), size=2.8,
    alt="Twice the same picture: the outlines of the cat's face, white on black.",
)

# %% [markdown]
# ## 1.7 Borders: padding
#
# Without padding a k×k kernel costs k − 1 rows and columns. Three ways to deal with it:
#
# - **valid**: use only positions where the kernel fits; the output shrinks;
# - **same**: pad with zeros so that the output has the image's size. A 3×3 kernel needs *one* row at the
#   top, one at the bottom, one column at the left and one at the right: one on each side;
# - other fillings, such as mirroring the image at its border.
#
# **Predict.** You blur a white image, all ones, with a 3×3 box kernel and zero padding. Inside, it stays at 1.
# What is the value in a corner?

# %%
predict.number(
    "corner", 0.4444444444444444, tolerance=0.005,
    mistakes={
        4: "The kernel adds up ninths: each real pixel counts for one ninth, not for one.",
        1: "With zeros outside, the mean at the border takes in some of them.",
        0.6666666666666666: "That is in the middle of a side, where six of the nine pixels are real.",
        0.5: "A corner pixel is not counted by halves: count how many of the nine are in the image.",
        0.25: "A quarter is too little: the image fills 2 × 2 of the kernel's 3 × 3 places.",
        0.1111111111111111: "That would be the corner pixel alone; three of its neighbours are real, too.",
    },
)

# %% [markdown]
# Ones in the middle, zeros round them:

# %% tags=["nbval-check-output"]
white = np.ones((5, 5))
blurred = correlate(np.pad(white, 1), np.full((3, 3), 1 / 9))
print(blurred.round(2))

# %% [markdown]
# In a corner only four of the nine pixels are real, the others are black: 4/9 = 0.44. Along a side it is 6/9. A
# network meets such borders at every layer, and can learn to use them: the zeros tell it where the image
# ends. The same on the cat:

# %%
assert np.isclose(blurred[0, 0], 4 / 9) and np.isclose(blurred[0, 2], 6 / 9)
box = np.full((9, 9), 1 / 81)
padded = [correlate(np.pad(cat, 4, mode=mode), box) for mode in ("constant", "reflect")]
figures.image_grid(
    padded, titles=["zeros outside: a dark frame", "mirrored outside: no frame"],
    limits=(0, 1), size=2.8,
    alt="Two blurred pictures of the cat, the first with a dark rim all round.",
)

# %% [markdown]
# ## 1.8 Stride, dilation, and the size of the output
#
# A kernel may move by more than one pixel at a time: its step is called the **stride**, $s$. On a row of seven
# pixels, a kernel of three then has these positions:

# %%
instruments.window_positions(
    {"stride 1": {"n": 7, "k": 3}, "stride 2": {"n": 7, "k": 3, "stride": 2}},
    title="A stride of 2 keeps every second position",
)

# %% [markdown]
# With an input of size $n$, a kernel of size $k$ and $p$ pixels of padding on each side, the output has the size
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# As code:

# %%
def output_size(n, k, p=0, s=1):
    """Size of a convolution's output along one side."""
    return (n + 2 * p - k) // s + 1

# %% [markdown]
# **Predict.** An image of 70 × 120, a kernel of 7 × 7, no padding, stride 1. What shape comes out?

# %%
predict.shape(
    "valid", (64, 114),
    mistakes={
        (63, 113): "That takes off the kernel's whole size; the + 1 at the formula's end is missing.",
        (70, 120): "That needs padding: three pixels on each side.",
        (67, 117): "That takes off 3 on one side only; the kernel's middle stays away from both.",
        (10, 17): "That moves the kernel by its own size; with stride 1 it moves by one pixel.",
    },
)

# %% [markdown]
# The formula for both sides of the image, without padding and with three pixels of it:

# %% tags=["nbval-check-output"]
for p in (0, 3):
    print(f"padding {p}: {output_size(70, 7, p)} × {output_size(120, 7, p)}")

# %% [markdown]
# Without padding it is 64 × 114, six fewer each way. With $p = 3$ the output is as large as the image.
#
# **Predict.** And with $p = 3$ and stride 2?

# %%
predict.shape(
    "strided", (35, 60),
    mistakes={
        (34, 59): "That leaves out the + 1: 69/2, rounded down, is 34, and one more is 35.",
        (36, 61): "That rounds up: 69/2 is 34.5, rounded down 34, and one more is 35.",
        (32, 57): "That is without the padding.",
        (70, 120): "That is with stride 1.",
        (35, 120): "The stride applies in both directions.",
    },
)

# %% [markdown]
# By the formula:

# %% tags=["nbval-check-output"]
print(f"{output_size(70, 7, p=3, s=2)} × {output_size(120, 7, p=3, s=2)}")

# %% [markdown]
# 35 × 60: 70 / 2 = 35 and 120 / 2 = 60. Here (70 + 6 − 7)/2 = 34.5 is rounded down, since there are no half steps, and
# the first position adds one.
# Keras calls the paddings `"valid"` and `"same"`. Let it confirm:

# %% tags=["nbval-check-output"]
sizes = []
for padding, stride in [("valid", 1), ("same", 1), ("same", 2)]:
    layer = keras.layers.Conv2D(1, 7, padding=padding, strides=stride)
    sizes.append(layer.compute_output_shape((None, 70, 120, 1))[1:3])
print(sizes)
assert sizes == [(64, 114), (70, 120), (35, 60)]

# %% [markdown]
# The sizes agree; the positions don't quite. With stride 2, Keras pads two pixels before and three after, not
# three and three. A stride of 2 keeps every second output in each direction, a quarter of all, and computes
# only those. Halving the resolution early is how networks keep their cost down. Check it on the cat, and two
# sizes from before:

# %%
strided = correlate(cat, kernels["Sobel, vertical"])[::2, ::2]
assert strided.shape == (output_size(130, 3, s=2),) * 2 == (64, 64)
assert strided.size == ours.size / 4
assert output_size(5, 3) ** 2 == 9 and output_size(28, 3, p=1) == 28

# %% [markdown]
# There is a second kind of step: between the weights. With a **dilation** of $d$, neighbouring weights lie on
# pixels that are $d$ apart, so a small kernel reaches further with no more weights. A dilation of 1 is the usual
# kernel; 2 leaves one pixel out between any two:

# %%
instruments.window_positions(
    {"dilation 1": {"n": 7, "k": 3}, "dilation 2": {"n": 7, "k": 3, "dilation": 2}},
    title="Three weights, further apart",
)

# %% [markdown]
# **Predict.** An image of 28 × 28, a kernel of 3 × 3 with dilation 2, no padding, stride 1. How many positions
# does it have along one side?

# %%
predict.number(
    "dilated", 24,
    mistakes={
        26: "That is with dilation 1: the kernel then covers three pixels.",
        23: "That takes the kernel to cover 6 pixels, twice three. Between three weights there are two gaps.",
        22: "That leaves out two pixels between weights. With dilation 2 they lie two apart, with one between.",
        14: "That is a stride of 2, with padding: the weights move apart here, not the positions.",
        13: "That is a stride of 2: the weights move apart here, not the positions.",
        12: "That is dilation and stride 2 together.",
    },
)

# %% [markdown]
# A kernel with $k$ weights in a row has $k - 1$ gaps, so it covers $d(k - 1) + 1$ pixels. Put that in place of $k$ in
# the formula:

# %% tags=["nbval-check-output"]
def covered(k, d):
    """Pixels from a dilated kernel's first weight to its last."""
    return d * (k - 1) + 1

layer = keras.layers.Conv2D(1, 3, dilation_rate=2)
by_keras = layer.compute_output_shape((None, 28, 28, 1))[1]
by_formula = output_size(28, covered(3, 2))
print("covers", covered(3, 2), "→", by_formula, "positions; Keras:", by_keras)

# %% [markdown]
# The kernel covers 5 pixels, and has 24 positions along each side. The stepper has fields for stride and dilation: change
# them, and watch the window and the size of the output.

# %%
assert by_keras == output_size(28, covered(3, 2)) == 24
instruments.ConvolutionStepper(
    digit / 255, vertical_edges, stride=2, dilation=2, position=66
)

# %% [markdown]
# ## 1.9 Channels
#
# On a colour image the kernel has a depth too: a 3×3 kernel for RGB has 3 × 3 × 3 = 27 weights, a table for each
# channel. It still gives *one* number at each position, because the sum runs over the channels as well:
# correlate each channel with its own table, and add up the three maps. What each kernel makes of the image is called
# a **feature map**. At the end, the same number is added everywhere, the kernel's **bias**.

# %%
redder = np.zeros((3, 3, 3))
redder[:, :, 0], redder[:, :, 1] = vertical_edges, -vertical_edges
small_cat = downscale_local_mean(cat_colour, (5, 5, 1))
one_map = sum(correlate(small_cat[:, :, c], redder[:, :, c]) for c in range(3))
print(small_cat.shape, "and", redder.shape, "→", one_map.shape)

# %% [markdown]
# This kernel looks for places where red minus green gets larger from left to right. See how its three tables
# make one number:

# %%
channels = instruments.ConvolutionStepper(small_cat, redder)
assert np.allclose(channels.output, one_map, atol=1e-6)
channels

# %% [markdown]
# A layer has several kernels, and each makes a map of its own: these are the channels of the next layer's input.
# Usually there is a batch of several images as well. So the array of images has four axes, (images, height, width,
# channels), and that of kernels as well, (height, width, channels in, kernels). Written with the patches of section
# 1.4, the whole layer is one sum, over the kernel's rows $a$, its columns $b$ and the channels $c$.
# (`sliding_window_view` puts the places in the window last: the patches' axes are $n, i, j, c, a, b$.)

# %%
def convolve_layer(images, kernels, bias):
    """Images (N, H, W, C), kernels (k, k, C, F), bias (F,): maps (N, H', W', F)."""
    patches = sliding_window_view(images, kernels.shape[:2], axis=(1, 2))
    return np.einsum("nijcab,abcf->nijf", patches, kernels) + bias

# %% [markdown]
# Is it what Keras computes? Two images of 9 × 8 with 3 channels, 5 kernels, all filled with random numbers:

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(2)
batch = rng.normal(size=(2, 9, 8, 3))
filters, bias = rng.normal(size=(3, 3, 3, 5)), rng.normal(size=5)
assert batch.shape == (2, 9, 8, 3)
layer = keras.layers.Conv2D(5, 3)
layer.build(batch.shape)
layer.set_weights([filters, bias])
by_keras = keras.ops.convert_to_numpy(layer(batch.astype("float32")))
by_numpy = convolve_layer(batch, filters, bias)
print(by_numpy.shape, by_keras.shape, np.allclose(by_numpy, by_keras, atol=1e-5))

# %% [markdown]
# It is. Now count.
#
# **Predict.** How many weights does a layer with 16 kernels of 3×3 have on an RGB image? (Each kernel has a
# bias besides, which counts as a weight.)

# %%
predict.number(
    "rgb_weights", 448,
    mistakes={
        432: "That is 16 × 27; each of the 16 kernels has a bias besides.",
        160: "That is for a grey image: on RGB a kernel has 27 weights, not nine.",
        480: "That counts a bias for each of a kernel's three channels. It has one, for the whole sum.",
        433: "That is one bias for the whole layer; each of the 16 kernels has its own.",
    },
)

# %% [markdown]
# Let Keras count:

# %% tags=["nbval-check-output"]
layer = keras.layers.Conv2D(16, 3)
maps = layer(np.zeros((1, 130, 130, 3), "float32"))
print("kernels", tuple(layer.kernel.shape), " maps", tuple(maps.shape))
print("weights", layer.count_params())

# %% [markdown]
# 16 · 27 weights and 16 biases: 448.
#
# Depth lets a kernel look at colour. A **1×1 kernel** sees a single pixel, but all its channels: it mixes
# channels and nothing else. The conversion to grey was one, with scikit-image's weights of red, green and blue!
# Others take a difference of two colours, which tells red from green even where both give the same grey.

# %%
assert np.allclose(by_numpy, by_keras, atol=1e-5)
assert layer.count_params() == 3 * 3 * 3 * 16 + 16 == 448
grey_kernel = np.array([0.2125, 0.7154, 0.0721])
assert np.allclose(cat_colour @ grey_kernel, cat)
opponents = {"red − green": [1, -1, 0], "yellow − blue": [0.5, 0.5, -1]}
figures.image_grid(
    [cat_colour @ np.array(weights) for weights in opponents.values()],
    titles=list(opponents), signed=True, size=2.6,
    title="Two 1×1 kernels turn three channels into two others",
    alt="Two maps of the cat's face, both in reds; in the first the eyes are pale.",
)

# %% [markdown]
# Both maps are mostly red, above zero: ginger fur has more red than green, and more of both than blue.
# Networks use 1×1 kernels to change the number of channels cheaply.
#
# Now you can count a whole stack of layers. On a colour image of 70 × 120, first 16 kernels of 7 × 7 with
# stride 2, padded as in section 1.8; then 32 of 3 × 3, not padded, with stride 1.
#
# **Predict.** What shape comes out in the end: height, width, channels?

# %%
predict.shape(
    "two_layers", (33, 58, 32),
    mistakes={
        (33, 58, 16): "The second layer has 32 kernels, and each of them makes one map.",
        (35, 60, 32): "The second layer isn't padded: a 3×3 kernel costs two rows and two columns.",
        (35, 60, 16): "That comes out of the first layer; the second follows.",
        (33, 58, 512): "Each of the 32 kernels reads all 16 maps, and adds up what it finds to one number.",
        (33, 58, 48): "The second layer's maps take the place of the first one's.",
    },
)

# %% [markdown] answer="The second has about twice the weights"
# **Predict.** And which of the two layers has more weights? Reveal the results, one layer at a time.

# %%
two_layers = ["Conv2D(16, 7, strides=2, padding='same')", "Conv2D(32, 3)"]
stack = instruments.ShapeCalculator((70, 120, 3), two_layers, hide_shapes=True)
rows = stack.rows()
stack

# %% [markdown]
# 35 × 60 × 16 after the first layer, 33 × 58 × 32 after the second. The second has about twice the weights. A kernel
# has about as many in both, 7 · 7 · 3 = 147 and 3 · 3 · 16 = 144: the second layer's are smaller, but deeper. And
# the second layer has twice as many kernels, 32 = 2 · 16.
#
# A **multiply-add** is one weight times one number, added to the rest. Each weight, the biases aside, does it once at
# every position, so the cost is weights times positions: about 5 million in the first layer, 9 million in the second.
# The stride of 2 in the first layer cuts both to about a quarter. Change a number, and whatever depends on it follows,
# the Keras code too.

# %% tags=["nbval-check-output"]
for row in rows:
    print(row["shape"], row["parameters"], row["multiply_adds"])
weights, costs = ([row[key] for row in rows] for key in ("parameters", "multiply_adds"))
assert weights == [7 * 7 * 3 * 16 + 16, 3 * 3 * 16 * 32 + 32] == [2368, 4640]
assert 1.9 < weights[1] / weights[0] < 2.1
assert costs == [35 * 60 * 2352, 33 * 58 * 4608]
assert [row["receptive_field"] for row in rows] == [(7, 7), (11, 11)]
positions = {"stride 1": (70 * 120, 68 * 118), "stride 2": (35 * 60, 33 * 58)}
assert all(0.23 < b / a < 0.26 for a, b in zip(*positions.values()))

# %% [markdown]
# How much of the image does a number see? In the first layer 7 × 7 pixels, its kernel's size. In the second it
# sees 3 × 3 numbers of the first layer, and through them more of the image: 11 × 11 pixels, as the figure says. That
# part of the image is called its **receptive field**.
#
# **Predict.** And if the second layer had kernels of 5 × 5? How many pixels wide would the receptive field of one of its
# numbers be? (The first layer has kernels of 7 × 7 and stride 2, as before.)

# %%
predict.number(
    "receptive_field", 15,
    mistakes={
        11: "That is with kernels of 3 × 3, or with stride 1. Here the windows of neighbours in the first "
        "layer lie two pixels apart.",
        35: "That is five windows side by side; neighbouring windows overlap.",
        5: "That counts numbers of the first layer, not pixels of the image.",
        17: "Between five windows there are four steps: the last begins eight pixels after the first.",
        13: "That is with four windows of 7 pixels, each two pixels further than the last; there are five.",
    },
)

# %% [markdown]
# Try it out: change one pixel after another in a row of random numbers, and see which of them make a difference to
# a number in the middle of the second layer.

# %% tags=["nbval-check-output"]
def middle_number(row):
    first = np.correlate(row, np.ones(7), "valid")[::2]
    return np.correlate(first, np.ones(5), "valid")[10]

row = rng.normal(size=70)
seen = [middle_number(row + one) != middle_number(row) for one in np.eye(70)]
print(np.flatnonzero(seen), "→", np.count_nonzero(seen), "pixels")

# %% [markdown]
# 15 pixels: the first window has 7, and each of the next four adds a stride of 2. With kernels of 3 × 3 two are added:
# 7 + 2 · 2 = 11. So each layer adds $k - 1$ steps, and a step is as long as all the strides before it, multiplied. The
# receptive field grows with depth, and faster after a stride.

# %%
assert np.count_nonzero(seen) == 7 + (5 - 1) * 2 == 15

# %% [markdown]
# ## 1.10 A convolution is a matrix
#
# Write the image as one long vector, row after row. Then each output is a dot product with a vector that
# holds the kernel's weights, and zeros everywhere else. All those vectors, stacked, are a matrix.

# %%
def convolution_matrix(kernel, height, width):
    """One row per output: the kernel's weights where it lies, zeros elsewhere."""
    rows = []
    tall, wide = kernel.shape
    for row in range(height - tall + 1):
        for column in range(width - wide + 1):
            weights = np.zeros((height, width))
            weights[row : row + tall, column : column + wide] = kernel
            rows.append(weights.ravel())
    return np.array(rows)

# %% [markdown]
# **Predict.** A 4×4 image, a 3×3 kernel: what shape does the matrix have?

# %%
predict.shape(
    "matrix", (4, 16),
    mistakes={
        (16, 4): "Rows and columns are exchanged: each output has a row, each pixel a column.",
        (16, 16): "Without padding there are fewer outputs than pixels.",
        (9, 16): "There is a row for each position of the kernel, not for each of its weights.",
        (4, 9): "Each row has a place for every pixel of the image, also where the kernel doesn't lie.",
        (2, 2): "That is the output; the matrix has a row for each of its numbers.",
    },
)

# %% [markdown]
# **Predict.** And how many of its entries aren't zero, if none of the nine weights is?

# %%
predict.number(
    "nonzeros", 36,
    mistakes={
        9: "That is one row; there is one for each position.",
        64: "That is all the entries. A row has nine weights, and zeros for the pixels outside.",
        28: "That is how many are zero.",
        144: "That is nine for each pixel; there are nine for each output.",
    },
)

# %% [markdown]
# Build it for two sizes of image, and count:

# %% tags=["nbval-check-output"]
numbered = np.arange(1, 10).reshape(3, 3)
small, larger = (convolution_matrix(numbered, size, size) for size in (4, 6))
for matrix in (small, larger):
    print(matrix.shape, np.count_nonzero(matrix), "nonzeros")

# %% [markdown]
# For the 4×4 image the matrix is 4 × 16: a row for each output, a column for each pixel. Each output uses 9
# pixels: 4 · 9 = 36 entries aren't zero, and 16 · 9 = 144 for the 6×6 image. It does what the sliding did:

# %%
assert (small.shape, np.count_nonzero(small)) == ((4, 16), 36)
assert (larger.shape, np.count_nonzero(larger)) == ((16, 36), 144)
pixels = np.random.default_rng(0).normal(size=(6, 6))
assert np.allclose(larger @ pixels.ravel(), correlate(pixels, numbered).ravel())
figures.image_grid(
    [small, larger], signed=True, titles=["4×4 image", "6×6 image"], size=4,
    title="The same nine weights in every row, moved along: local, and shared",
    alt="Two matrices, white but for slanting stripes: in each row three short runs of "
    "growing weights, which lie further right from row to row.",
)

# %% [markdown]
# A layer in which every output has a weight for every input, a **dense** or fully connected layer, has 36 · 16 =
# 576 free weights here. The convolution has 9. The rest is fixed at zero (each output sees only a patch:
# **locality**) or a copy (the same kernel everywhere: **weight sharing**). Lesson 2 shows what that is worth.
#
# Nobody computes with such a matrix: nearly all of it is zeros, and more so, the larger the image. But it proves
# that a convolution is linear, and section 1.17 needs its transpose.
#
# What many libraries do compute is another matrix product. Write each *patch* as a row, and each *kernel* as a
# column; then all sums of products are one product of two full matrices, for which processors are built. The step
# is called **im2col**, image to columns. For the layer of section 1.9:

# %% tags=["nbval-check-output"]
patches = sliding_window_view(batch, (3, 3), axis=(1, 2))  # n, i, j, c, a, b
as_rows = np.moveaxis(patches, 3, -1).reshape(-1, 27)  # a row for each n, i, j
as_columns = filters.reshape(27, 5)
product = as_rows @ as_columns + bias
print(as_rows.shape, "@", as_columns.shape, "→", product.shape)
assert np.allclose(product.reshape(2, 7, 6, 5), by_numpy)

# %% [markdown]
# Two images with 7 · 6 positions make 84 rows; the result has a row for each position and a column for each kernel.
# The price is memory: each pixel stands in up to nine rows.

# %% [markdown]
# ## 1.11 Move the input, and the output moves along
#
# The same kernel is used everywhere. So if the cat moves three pixels to the right, each patch gives
# the same number as before, three pixels further right. This is called **translation equivariance**.
#
# With stride 1 it holds exactly, away from the side where black came in:

# %%
def shift(image, pixels):
    """Move an image to the right; black comes in from the left."""
    return np.pad(image, ((0, 0), (pixels, 0)))[:, : image.shape[1]]

moved = correlate(shift(cat, 3), kernels["Sobel, vertical"])
assert np.allclose(moved[:, 3:], across[:, :-3])

# %% [markdown] given="half as many"
# **Predict.** With a stride of 2, the map would have to move along by half as many pixels. You move the cat by one
# pixel, or by two. In which case does the map have the same values as before, moved along?

# %%
predict.choice(
    "stride_moves", "by two pixels only",
    options=["by one pixel and by two", "by two pixels only", "by one pixel only"],
    mistakes={
        "by one pixel and by two": "After a move by one, the kernel lies on patches that it left out before.",
        "by one pixel only": "After a move by one, the kernel lies on patches that it left out before; "
        "after two, on the same ones.",
    },
)

# %% [markdown]
# Move the cat, and compare with the map before, moved by one:

# %% tags=["nbval-check-output"]
for pixels in (1, 2):
    strided_moved = correlate(shift(cat, pixels), kernels["Sobel, vertical"])[::2, ::2]
    same = np.allclose(strided_moved[:, 1:], strided[:, :-1])
    print("moved by", pixels, "pixel(s): the same values, one further?", same)

# %% [markdown]
# By two pixels only: a stride keeps equivariance for moves by a multiple of itself. Any other move
# changes the values. Remember it when somebody tells you that a convolutional network doesn't care where something is.
#
# *A good place to stop.* You have the whole operation: sliding, padding, stride, dilation, channels, and the matrix
# that it is. What comes next is which kernels are worth having.
#
# ## 1.12 Gabor filters
#
# An edge kernel of 3×3 sees fine detail only. A **Gabor filter** has a size, a direction and a fineness
# of its own: it is a wave under a bell. Cells in the visual cortex respond to such patterns, and lesson 2 looks
# for them in what a network has learned.
#
# $$g(x, y) = \frac{1}{2\pi\sigma^2}\,\exp\!\Big(-\frac{x'^2 + y'^2}{2\sigma^2}\Big)\,\cos(2\pi f x' + \varphi),
# \qquad \begin{aligned}x' &= x\cos\theta + y\sin\theta\\ y' &= -x\sin\theta + y\cos\theta\end{aligned}$$
#
# $f$ is the **frequency** in cycles per pixel, $\theta$ the direction in which the wave runs, $\sigma$ the
# width of the bell, $\varphi$ the phase. In code:

# %%
def gabor(frequency, theta, sigma, phase=0.0):
    """Gabor kernel: a cosine wave under a Gaussian bell, three sigma to each side."""
    radius = int(np.ceil(3 * sigma))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along = x * np.cos(theta) + y * np.sin(theta)
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    return bell * np.cos(2 * np.pi * frequency * along + phase)

# %% [markdown]
# scikit-image has one too. It gives complex numbers, whose real part is the cosine wave under the bell.

# %% tags=["nbval-check-output"]
from skimage.filters import gabor_kernel

reference = gabor_kernel(0.25, theta=0, sigma_x=2, sigma_y=2).real
by_hand = gabor(0.25, theta=0, sigma=2)
print(by_hand.shape, reference.shape, np.allclose(by_hand, reference))
assert np.allclose(by_hand, reference)

# %% [markdown]
# Four kernels, and what each of three knobs does:

# %%
knobs = {"f = 1/8, θ = 0°, σ = 4": (1 / 8, 0, 4), "f doubled": (1 / 4, 0, 4),
         "θ = 45°": (1 / 8, 45, 4), "σ halved": (1 / 8, 0, 2)}
shown = [gabor(f, np.deg2rad(degrees), sigma) for f, degrees, sigma in knobs.values()]
shown = [np.pad(g, (25 - len(g)) // 2) / g.max() for g in shown]
figures.image_grid(
    shown, titles=list(knobs), signed=True, size=2.2,
    alt="Four patterns of red and blue stripes that fade outwards: upright, "
    "twice as fine, slanting, and half as wide with fewer stripes.",
)

# %% [markdown]
# One thing has to be mended first. An edge kernel's weights sum to zero (section 1.6). Do a Gabor filter's?

# %% tags=["nbval-check-output"]
plain = gabor(0.1, 0, 2)
print(f"sum of the weights: {plain.sum():.2f}")

# %% [markdown]
# They don't: with a wide wave under a narrow bell, most of the weights are positive, and the filter responds to
# plain brightness. Subtracting a bell of the same total cures it. The filter is then **balanced**; in books it is called
# *zero-mean* or *DC-free*.

# %%
def balanced_gabor(frequency, theta, sigma, phase=0.0):
    """A Gabor kernel whose weights sum to zero."""
    wave, bell = gabor(frequency, theta, sigma, phase), gabor(0, 0, sigma)
    return wave - bell * wave.sum() / bell.sum()

assert abs(balanced_gabor(0.1, 0, 2).sum()) < 1e-12

# %% [markdown]
# Four images to try it on: the cat's face, the digit, the house number, and a pair of trousers. As before, the
# line says which garments you have.

# %%
def respond(image, kernel):
    """A response as large as the image, which is mirrored at its border."""
    return correlate2d(image, kernel, mode="same", boundary="symm")

(_, _), (garments, garment_labels) = data.load_fashion_mnist(n_train=0, n_test=100)
trousers = garments[np.flatnonzero(garment_labels == 1)[0]] / 255
subjects = {"digit": digit / 255, "house number": house, "trousers": trousers}

# %% [markdown]
# How much does the cure matter? The same filter in several directions on the cat, before and after. The mean square of
# a filter's response is called its **energy**:

# %% tags=["nbval-check-output"]
face = downscale_local_mean(cat, (2, 2))
angles = np.deg2rad(np.arange(0, 180, 30))
for make in (gabor, balanced_gabor):
    energies = [np.mean(respond(face, make(0.08, angle, 2)) ** 2) for angle in angles]
    ratio = max(energies) / min(energies)
    print(f"{make.__name__:15} largest over smallest: {ratio:.2f}")

# %% [markdown]
# Before, brightness drowned everything else: all directions found the same. Now they differ, and the filter tells
# how much there is of *its* direction. So the bench below starts with balanced filters. (Untick *balanced*, and
# all directions get the same share in the first of the rows below.)
#
# The bench has a picture that may be new. Every image is a sum of waves, and its **spectrum** says how much there is
# of each: the middle stands for no wave at all (plain brightness), the distance from it for the frequency, and the
# direction for the wave's direction. A filter has a spectrum, too, which shows the waves that it lets through. For a
# Gabor filter these are two bright spots.
#
# **Predict.** You make the bell narrower: a smaller σ. What does that give?

# %%
predict.choice(
    "spots", "wider spots",
    options=["wider spots", "smaller spots", "spots further apart", "the same spots"],
    mistakes={
        "smaller spots": "A narrow bell has room for a wave or less, and that fits many frequencies.",
        "spots further apart": "How far apart they are says how fine the wave is: that is f, not σ.",
        "the same spots": "A narrow bell has room for a wave or less, and that fits many frequencies.",
    },
)

# %% [markdown] answer=["lids", "above and below"] nearby="1.13"
# **Predict.** You turn θ to 90°. Which parts of the cat's face will respond, and where do the two spots move?
#
# Turn the knobs, or drag one of the spots. Below lies a whole **filter bank**, a set of filters that look
# for different things: a click puts one on the bench.

# %%
images = {"cat": face, **subjects}
bench = instruments.GaborBench(images, frequency=0.15, theta=0, sigma=2, balanced=True)
assert np.allclose(bench.kernel(), balanced_gabor(0.15, 0, 2))
by_hand = respond(face, balanced_gabor(0.15, 0, 2))
assert np.allclose(bench.response(), by_hand, atol=1e-6)
bench

# %% [markdown] nearby="1.13"
# At θ = 90° the wave runs from top to bottom, so the filter responds to lines that run sideways: the lids, above
# all. The stripes on the forehead, which run upright, responded at 0°. The spots lie at distance $f$ from the middle,
# in the direction θ: now above and below it. A smaller σ gives wider spots: a small bell knows well *where*, and hardly
# which frequency. A large one is the reverse. You can't have both; that is the uncertainty principle, and a
# Gabor filter (strictly, the complex one) is the best compromise.

# %% [markdown]
# ## 1.13 A filter bank
#
# A **bank** is a set of filters that look for different things. Ours has eight Gabor filters (two sizes, four
# directions), the two Sobel kernels, and the three **Haar wavelets**, the simplest patterns of plus and minus there
# are. Each kernel is scaled to the same length, the root of the sum of its squares, so that their responses can be
# compared.

# %%
bank = {}
for period, sigma in [(4, 1.5), (8, 3)]:
    for degrees in (0, 45, 90, 135):
        gabor_filter = balanced_gabor(1 / period, np.deg2rad(degrees), sigma)
        bank[f"Gabor {period} px, {degrees}°"] = gabor_filter
bank |= {name: kernels[name] for name in ("Sobel, vertical", "Sobel, horizontal")}
bank |= {"Haar, vertical": np.array([[1, -1], [1, -1]]),
         "Haar, horizontal": np.array([[1, 1], [-1, -1]]),
         "Haar, diagonal": np.array([[1, -1], [-1, 1]])}
bank = {name: kernel / np.linalg.norm(kernel) for name, kernel in bank.items()}
assert len(bank) == 13

# %% [markdown]
# Try it on three kinds of images: digits, house numbers and garments. House numbers come in colour; turned
# grey, most are as easy to read, since shape matters more than colour. (The exception is a number that differs from
# its wall in colour alone.)

# %%
samples = [houses[3], greys[3], houses[7], greys[7]]
figures.image_grid(
    samples, titles=["colour", "grey"] * 2, size=1.8,
    alt="Two house numbers, each once in colour and once in grey.",
)

# %% [markdown]
# Six of the thirteen filters:

# %%
some = ["Gabor 4 px, 0°", "Gabor 8 px, 0°", "Gabor 8 px, 45°", "Gabor 8 px, 90°"]
some += ["Sobel, vertical", "Haar, diagonal"]

# %% [markdown]
# **Predict.** Which of these will find least in the image of a pair of trousers?

# %%
predict.choice(
    "trousers", "the Haar diagonal",
    options=["the fine Gabor at 0°", "the coarse Gabor at 90°", "the vertical Sobel", "the Haar diagonal"],
    mistakes={
        "the fine Gabor at 0°": "It responds to upright lines, and trousers have little else.",
        "the coarse Gabor at 90°": "It misses the legs' outlines, but finds waist and hems.",
        "the vertical Sobel": "It responds to upright lines, and trousers have little else.",
    },
)

# %% [markdown]
# All six on one image of each kind:

# %%
rows = []
for image in subjects.values():
    answers = np.array([respond(image, bank[name]) for name in some])
    rows += [2 * image - 1, *(answers / np.abs(answers).max())]
titles = (["image"] + [name.replace(", ", "\n") for name in some]) + [""] * 14
signed = ([False] + [True] * 6) * 3
figures.image_grid(
    rows, titles=titles, columns=7, signed=signed, limits=(-1, 1), size=1.25,
    alt="A digit, a house number and a pair of trousers, "
    "and to the right of each what six filters make of it, strong or pale.",
)

# %% [markdown]
# In each row the responses share one scale, so pale means weak. Vertical outlines, which trousers have most of,
# light up the filters at 0°. The one at 90° finds waist and hems. The Haar diagonal wants a checkerboard of
# four pixels, and finds next to nothing.
#
# ## 1.14 Which filters are useless?
#
# A filter is of no use for a set of images if it never responds, and suspect if its responses are so weak that
# noise drowns them, or if it says the same as another filter. How strongly it responds is measured by its energy, the
# mean squared response, as a share of the whole bank's.

# %%
def energy(images):
    """Share of each filter in the energy of the bank's responses."""
    means = [np.mean([respond(image, kernel) ** 2 for image in images])
             for kernel in bank.values()]
    return np.array(means) / np.sum(means)

# %% [markdown] nearby="1.13"
# Before the three sets, a case where you can know the truth: an image of upright stripes, two pixels white, two
# black. In the bank are four Gabor filters of each size, at 0°, 45°, 90° and 135°, the two Sobel kernels, and
# the three Haar wavelets.
#
# **Predict.** How many of these 13 filters give zero?

# %%
predict.number(
    "silent", 5,
    mistakes={
        4: "The Haar diagonal is easily missed: its second row takes away what the first one adds.",
        2: "The Gabor filters at 90° aren't the only ones that compare a row with those below it.",
        3: "Look at the Gabor filters at 90° as well as at Sobel and Haar.",
        9: "A slanting wave runs partly from left to right: the Gabor filters at 45° and 135° do respond.",
        8: "That is how many respond.",
    },
)

# %% [markdown]
# Those with next to none of the energy:

# %% tags=["nbval-check-output"]
stripes = np.tile([1.0, 1.0, 0.0, 0.0], (28, 7))
silent = [name for name, share in zip(bank, energy([stripes])) if share < 1e-6]
print(silent)

# %% [markdown]
# All 5 compare a row with others below it, and in upright stripes all rows are alike. The slanting
# Gabor filters aren't silent: their waves run partly from left to right. Now the three kinds of images,
# 60 of each:

# %%
assert len(silent) == 5
sets = {"digits": x_test[:60] / 255, "house numbers": greys[:60],
        "garments": garments[:60] / 255}
shares = np.array([energy(images) for images in sets.values()])

# %% [markdown]
# **Predict.** Which filters will have the largest shares: the fine ones, whose pattern changes from pixel to pixel,
# or the coarse ones, the Gabor filters with waves of 8 pixels?

# %%
predict.choice(
    "shares", "the coarse ones",
    options=["the fine ones", "the coarse ones", "all about the same"],
    mistakes={
        "the fine ones": "Fine detail is weak in most images: a pixel is much like its neighbours, "
        "and what changes, changes over several pixels.",
        "all about the same": "All kernels have the same length, but images don't have as much of each pattern.",
    },
)

# %% [markdown]
# Each filter's share, on each of the three sets:

# %%
from matplotlib.figure import Figure

figure = Figure(figsize=(8, 3.6))
axes = figure.subplots()
for row, (name, mark) in enumerate(zip(sets, "os^")):
    axes.plot(shares[row] * 100, np.arange(len(bank)), mark, label=name)
axes.set(yticks=range(len(bank)), yticklabels=list(bank))
axes.set(xlabel="share of the bank's energy (%)")
axes.invert_yaxis(), axes.grid(alpha=0.3), axes.legend(frameon=False)
figures.show(figure, alt=(
    "Thirteen rows, one for each filter, with three marks each: "
    "its share of the energy on digits, house numbers and garments."
))

# %% [markdown]
# The coarse ones have the largest shares: the four Gabor filters with waves of 8 pixels hold well over 40 %
# on each of the three sets. The Haar diagonal stays under 5 % on all of them: neighbouring pixels are alike,
# and hardly any detail is one pixel wide. Weak isn't useless, though: a later layer can scale a weak response up.
# The bounds, checked:

# %%
coarse = [name.startswith("Gabor 8") for name in bank]
assert (shares[:, coarse].sum(axis=1) > 0.4).all()
assert (shares[:, list(bank).index("Haar, diagonal")] < 0.05).all()

# %% [markdown]
# The second kind of useless filter is the double. The **correlation** of two filters' responses over many images
# tells: near +1 or −1, one of the two says nothing new.

# %%
answers = [[respond(image, kernel).ravel() for image in sets["digits"]]
           for kernel in bank.values()]
answers = np.reshape(answers, (len(bank), -1))
alike = np.corrcoef(answers)
first, second = np.unravel_index(np.argmax(np.abs(np.triu(alike, 1))), alike.shape)
names = list(bank)
print(f"{names[first]} and {names[second]}: correlation {alike[first, second]:+.2f}")
assert abs(alike[first, second]) > 0.6

# %% [markdown]
# The sign only says which side has the plus. The square of the correlation is the share of the variance of one
# filter's responses that the other accounts for: even the closest pair of this bank is no perfect double. A network
# that learns its filters has the same troubles, silent ("dead") filters and near doubles.

# %% [markdown] tags=["optional"]
# ## 1.15 Features by hand: SIFT and HOG
#
# *Optional.*
#
# Before 2012, most systems that recognised images built on features that people had designed.
#
# - **SIFT** (Lowe, 1999 and 2004) finds distinctive points and describes the surroundings of each by
#   histograms of the directions of the image gradient: 4 × 4 cells of 8 directions, 128 numbers, turned and scaled so that
#   the same corner is found again in another photo.
# - **HOG** (Dalal and Triggs, 2005) does it densely, over the whole image: a histogram of directions in
#   each cell, normalised over blocks of cells. It was made for finding pedestrians.
#
# Both consist of convolutions (with edge kernels), a **nonlinearity**, a function that is no weighted sum (direction and
# strength), and **pooling**, which turns several numbers into one (here a histogram of each cell). These are the stages
# of a convolutional network, with nothing learned; a simple classifier comes on top.

# %%
from skimage.feature import hog

settings = {"orientations": 9, "pixels_per_cell": (7, 7), "cells_per_block": (2, 2)}
description = hog(digit / 255, **settings)
enlarged = np.kron(digit, np.ones((4, 4)))  # for the picture only, like the square root
picture = hog(enlarged, visualize=True, **settings | {"pixels_per_cell": (28, 28)})[1]
picture = np.sqrt(picture / picture.max())
assert len(description) == 3 * 3 * 2 * 2 * 9 == 324 and 4 * 4 * 8 == 128
figures.image_grid(
    [digit, picture], titles=["digit", f"HOG: {len(description)} numbers"], size=2.6,
    title="Each cell's strokes show which directions its edges have",
    alt="A handwritten five, and a picture of 4 × 4 cells: where the stroke passes, "
    "a star of lines, brighter in some directions.",
)

# %% [markdown] nearby="1.1"
# 4 × 4 cells make 3 × 3 overlapping blocks of 2 × 2 cells with 9 directions each: 324 numbers.
#
# **Predict.** The same linear classifier on the 784 pixels, and on these 324 numbers: with which does it make
# fewer mistakes?

# %%
predict.choice(
    "features", "with the 324 numbers",
    options=["with the 784 pixels", "with the 324 numbers", "with both about as many"],
    mistakes={
        "with the 784 pixels": "All that HOG knows is in the pixels, too, but not in a form that a weighted "
        "sum could use: move a stroke by two pixels, and other pixels are bright.",
        "with both about as many": "Move a stroke by two pixels, and other pixels are bright, "
        "but the cells count nearly the same directions.",
    },
)

# %% [markdown]
# Train it on each, and count on digits that it hasn't seen:

# %%
from sklearn.linear_model import LogisticRegression

def accuracy(train, test):
    classifier = LogisticRegression(max_iter=1000).fit(train, y_train)
    return classifier.score(test, y_test)

raw = accuracy(*(x.reshape(len(x), -1) / 255 for x in (x_train, x_test)))
by_hog = accuracy(*([hog(x, **settings) for x in each] for each in (x_train, x_test)))
print(f"accuracy: pixels {raw:.3f}, HOG {by_hog:.3f}, on {len(x_test)} digits")

# %% [markdown]
# With the 324 numbers: of a hundred digits, at least three more are right.

# %%
assert by_hog > raw + 0.03

# %% [markdown] given=["38 × 38"]
# Good features make a simple classifier good. People spent years on finding them. The next idea is to
# let the computer find them.
#
# *A good place to stop.*
#
# ## 1.16 Learning a kernel
#
# Suppose that you only have an image and what an unknown kernel made of it. Which kernel was it? Start with zeros,
# compare, and change the weights so that the difference gets smaller. The **loss** says how large it is: here the
# mean of the squared errors, over all $N$ outputs.
#
# $$L = \frac{1}{N}\sum_{ij} \text{error}[i, j]^2, \qquad \text{error} = \text{output} - \text{target}$$
#
# If one weight grows a little, how much does the loss? That is its derivative, and the table of them, one for each
# weight, is called the **gradient** of the loss. (The image gradient of section 1.6 says how fast the brightness
# changes as you move across the image; this one says how fast the loss changes as you change the weights.) In the sum of
# section 1.2, the weight kernel[a, b] stands once in each output, multiplied by one pixel:
#
# $$\frac{\partial\, \text{output}[i, j]}{\partial\, \text{kernel}[a, b]} = \text{image}[i + a,\, j + b]$$
#
# The chain rule does the rest. The derivative of the loss with respect to one output is $2\,\text{error}[i, j] / N$,
# and all outputs together give
#
# $$\frac{\partial L}{\partial\, \text{kernel}[a, b]} = \frac{2}{N} \sum_{ij} \text{error}[i, j]\;\text{image}[i + a,\, j + b]$$
#
# Look at it twice: the gradient is itself a cross-correlation, of the image with the error. (An error of 38 × 38 has
# 3 × 3 positions on an image of 40 × 40, one for each weight.) To go downhill, take from
# each weight a tenth of its derivative, and again, and again. This is **gradient descent**; each time is a **step**,
# and the tenth is the **learning rate**. The code keeps each kernel on the way with its loss, beginning with zeros:

# %%
noise = np.random.default_rng(1).normal(size=(40, 40))
target = correlate_at_once(noise, kernels["Sobel, vertical"])
kernel, history = np.zeros((3, 3)), []
for _ in range(61):
    error = correlate_at_once(noise, kernel) - target
    history.append((kernel, (error**2).mean()))
    gradient = 2 / error.size * correlate_at_once(noise, error)
    kernel = kernel - 0.1 * gradient

# %% [markdown] answer=["after the first step", "after 29 steps"]
# **Predict.** After how many of the 60 steps can you recognise the Sobel kernel? And after about how many is it
# right to two decimals?

# %%
steps = [1, 4, 12, 40]
titles = [f"step {step}, loss {history[step][1]:.2g}" for step in steps]
figures.image_grid(
    [history[step][0] for step in steps], titles=titles, signed=True, limits=(-2, 2),
    size=2.2, alt="Four kernels of 3×3 weights in blue, white and red, "
    "at four of the sixty steps, from pale to strong.",
)

# %% [markdown]
# And in numbers, the loss before the first step, and when the kernel is right to two decimals:

# %% tags=["nbval-check-output"]
right = [np.array_equal(k.round(2), kernels["Sobel, vertical"]) for k, _ in history]
print(f"loss at the start: {history[0][1]:.1f}")
print("right to two decimals after", right.index(True), "steps:")
print(history[right.index(True)][0].round(2) + 0.0)

# %% [markdown]
# Its shape is there after the first step, only pale; after 29 steps it's right to two decimals. (Noise, in which no
# pixel tells anything about another, makes it easy: *Learning from a photo*, at the end, tries the cat.) Nobody told
# it what an edge is. It was told only what the answers should be.
#
# Is the gradient right? A test that you can always do, and should whenever you have worked out a derivative
# yourself: change one number a little, up and down, and see how much the loss changes. It is called a **gradient
# check**. As a function, for any array:

# %%
def numerical_gradient(loss, x, small=1e-5):
    """The derivative of loss(x) with respect to each number of x, by trying it out."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = small
        gradient[place] = (loss(x + nudge) - loss(x - nudge)) / (2 * small)
    return gradient

# %% [markdown]
# For a kernel of ones, on the same noise:

# %%
def loss(kernel):
    return ((correlate_at_once(noise, kernel) - target) ** 2).mean()

guess = np.ones((3, 3))
error = correlate_at_once(noise, guess) - target
gradient = 2 / error.size * correlate_at_once(noise, error)
assert np.allclose(gradient, numerical_gradient(loss, guess), rtol=1e-6)
assert right[29:] == [True] * 32 and not any(right[:29])
after_one = history[1][0].ravel()
assert np.corrcoef(after_one, kernels["Sobel, vertical"].ravel())[0, 1] > 0.99

# %% [markdown]
# The formula and the trial agree. In Keras the same learning takes a few lines, and nobody has to work out a
# derivative: a layer with unknown weights, a loss, and an **optimiser**, the rule for the steps. SGD, *stochastic*
# gradient descent, takes a few images at random for each step; with one image, it is plain gradient descent.

# %%
layer = keras.layers.Conv2D(1, 3, use_bias=False)
learner = keras.Sequential([keras.Input((40, 40, 1)), layer])
learner.compile(keras.optimizers.SGD(0.1), loss="mse")
learner.fit(noise[None, :, :, None], target[None, :, :, None], epochs=60, verbose=0)
learned = learner.get_weights()[0][:, :, 0, 0]
assert np.allclose(learned, kernels["Sobel, vertical"], atol=0.01)

# %% [markdown]
# It learns the same kernel. But there was a target for the layer's own output. A convolutional network is many such
# layers, one on top of another, with the only target at the end: the name of what is in the image. How does a
# layer in the middle learn?
#
# ## 1.17 The error flows back
#
# What goes into a layer came out of the one before. So the one before can learn if it is told how *its* outputs should
# change, and these are this layer's image. What we need is the gradient of the loss with respect to the **image**.
#
# From here on, an output's **error** is the derivative of the loss with respect to it. (For the mean square, that is the
# error of section 1.16 times $2/N$.) Its **window** is the patch of the image that it was computed from.
#
# **Predict.** Only one output has an error, of 1; all the others have none. What does the gradient for the image
# look like?

# %%
predict.choice(
    "stamp", "the kernel, in its window",
    options=["the kernel, in its window", "the kernel in its window, turned by half a turn",
             "one pixel, in the middle of the window", "the whole window, evenly grey"],
    mistakes={
        "the kernel in its window, turned by half a turn": "Each pixel was multiplied by the weight that "
        "lay on it. If the pixel grows by a little, the output grows by that weight times as much.",
        "one pixel, in the middle of the window": "All the pixels of the window have a part in the output.",
        "the whole window, evenly grey": "A pixel under a large weight has a larger part than one under a small weight.",
    },
)

# %% [markdown]
# Try it out: nudge one pixel after another, and see how much the output with the error changes.

# %%
single = np.zeros((5, 5))
single[1, 3] = 1

def loss(image):
    return (single * correlate(image, arrow)).sum()

tried = numerical_gradient(loss, np.ones((7, 7)))
figures.image_grid(
    [single, arrow, tried], size=2,
    titles=["error", "kernel", "gradient for the image"],
    alt="A single white pixel, the kernel, and a picture in which the kernel stands "
    "above and to the right of the middle.",
)

# %% [markdown]
# It shows the kernel, in its window: if a pixel grows by a little, the output grows by the weight that lay on the pixel,
# times as much. So each error stamps the kernel, times itself, onto the window that it came from, and where
# windows overlap the stamps add up:

# %%
def stamp(error, kernel):
    """The gradient for the image: each error puts the kernel in its window."""
    tall, wide = kernel.shape
    gradient = np.zeros((error.shape[0] + tall - 1, error.shape[1] + wide - 1))
    for row in range(error.shape[0]):
        for column in range(error.shape[1]):
            window = np.s_[row : row + tall, column : column + wide]
            gradient[window] += error[row, column] * kernel
    return gradient

# %% [markdown]
# Compare it with `correlate` in section 1.2: the same two loops, but what was read is now written. With one error it
# gives what was tried out, and with two the windows overlap:

# %%
assert np.allclose(stamp(single, arrow), tried)
two = np.zeros((5, 5))
two[2, 1] = two[3, 2] = 1
figures.image_grid(
    [two, stamp(two, arrow)], titles=["two errors", "gradient for the image"], size=2,
    alt="Two white pixels, and two kernels that overlap.",
)

# %% [markdown]
# The kernel itself in the place of each dot: you have seen that in section 1.5. It is what a *convolution* makes, the
# one of mathematics, with the flip. In numbers, for the pixel [p, q], collect all the outputs that read it (there is no
# error outside the array):
#
# $$\frac{\partial L}{\partial\, \text{image}[p, q]} = \sum_{ab} \text{error}[p - a,\, q - b]\;\text{kernel}[a, b]$$
#
# The minus signs are the flip. So the gradient for the image is the cross-correlation of the error with the *flipped*
# kernel, with so much padding that every overlap counts: $k - 1$ zeros on each side, which is called *full*. And as a
# matrix (section 1.10)? There each row of the matrix took an output's numbers from its window; the transpose, `W.T`,
# hands an output's error back to its window. Five ways, one result. (The gradient check needs a loss whose
# derivative with respect to each output is just that error: the sum of error times output.)

# %%
rng = np.random.default_rng(3)
error, image = rng.normal(size=(4, 4)), rng.normal(size=(6, 6))
W = convolution_matrix(arrow, 6, 6)

def loss(image):
    return (error * correlate(image, arrow)).sum()

for_image = stamp(error, arrow)
assert np.allclose(for_image, correlate(np.pad(error, 2), arrow[::-1, ::-1]))
assert np.allclose(for_image, convolve2d(error, arrow, "full"))
assert np.allclose(for_image.ravel(), W.T @ error.ravel())
assert np.allclose(for_image, numerical_gradient(loss, image))

# %% [markdown]
# All five agree. Now two layers can be stacked, and the first one learns though it has no target of its own. Let
# two unknown kernels, one after the other, make a target, and start two others at random:

# %%
truth = correlate_at_once(noise, kernels["Sobel, vertical"] / 4)
target = correlate_at_once(truth, kernels["box blur"])
first, second = rng.normal(size=(2, 3, 3)) / 3
losses = []
for _ in range(300):
    middle = correlate_at_once(noise, first)
    error = correlate_at_once(middle, second) - target
    losses.append((error**2).mean())
    back = correlate_at_once(np.pad(error, 2), second[::-1, ::-1])  # for the middle
    second = second - 0.1 * 2 / error.size * correlate_at_once(middle, error)
    first = first - 0.1 * 2 / error.size * correlate_at_once(noise, back)

# %% [markdown]
# The error goes back through the second layer to the middle, where it plays the part that the error of the output
# plays in section 1.16 (the code leaves the factor 2/N to the end). Going back like this, layer by layer, is called
# **backpropagation**.

# %%
print(f"loss before {losses[0]:.3f}, after 300 steps {losses[-1]:.1e}")

# %% [markdown] given="half"
# The loss falls to less than a thousandth. Each of the two kernels may differ from those that made the target
# (twice the one and half the other do the same), but one after the other they act as one kernel of 5×5, and
# that is the same:

# %%
hidden = convolve2d(kernels["box blur"], kernels["Sobel, vertical"] / 4)
found = convolve2d(second, first)
figures.image_grid(
    [hidden, found], titles=["what made the target", "what was learned"], signed=True,
    limits=(-0.15, 0.15), size=2.4, title="Two kernels, learned together",
    alt="Two 5×5 tables of weights, blue on the left and red on the right, alike.",
)

# %% [markdown]
# Alike, to less than a tenth of the largest weight. So two convolutions in a row can do no more than one that is larger;
# lesson 2 puts something between them, so that they can. The bounds, checked:

# %%
assert losses[-1] < losses[0] / 1000
assert np.abs(found - hidden).max() < 0.1 * np.abs(hidden).max()

# %% [markdown]
# ## 1.18 Backward through a whole layer
#
# With channels, several kernels and a batch of images it is the same two sums. Forward, the layer of section 1.9
# sums over the channels, since a kernel reads them all. Backward, the gradient for the images sums over the
# kernels, since each of them read the same channels; that for the kernels sums over positions and images, since a kernel
# was used at all of them. And the bias was added at each position of each image, so its gradient is the sum of all
# these errors.

# %%
def layer_backward(error, images, kernels):
    """Error (N, H', W', F): the gradients for images, kernels and bias."""
    k = kernels.shape[0]
    patches = sliding_window_view(images, (k, k), axis=(1, 2))
    for_kernels = np.einsum("nijcab,nijf->abcf", patches, error)
    padded = np.pad(error, ((0, 0), (k - 1, k - 1), (k - 1, k - 1), (0, 0)))
    stamps = sliding_window_view(padded, (k, k), axis=(1, 2))
    for_images = np.einsum("nijfab,abcf->nijc", stamps, kernels[::-1, ::-1])
    return for_images, for_kernels, error.sum(axis=(0, 1, 2))

# %% [markdown]
# Check all three with the two images and five kernels of section 1.9, by trying out each of their numbers:

# %% tags=["nbval-check-output"]
error = rng.normal(size=(2, 7, 6, 5))
gradients = layer_backward(error, batch, filters)

def loss(images, kernels, bias):
    return (error * convolve_layer(images, kernels, bias)).sum()

numerical = [
    numerical_gradient(lambda x: loss(x, filters, bias), batch),
    numerical_gradient(lambda x: loss(batch, x, bias), filters),
    numerical_gradient(lambda x: loss(batch, filters, x), bias),
]
for ours, tried in zip(gradients, numerical):
    print(ours.shape, np.allclose(ours, tried))

# %% [markdown]
# They are right. Keras has TensorFlow work out the same three, from nothing but the code of the forward pass: every
# operation in it knows its own backward pass, and a `GradientTape` notes which ones were used.

# %% tags=["nbval-check-output"]
import tensorflow as tf

layer = keras.layers.Conv2D(5, 3)
layer.build(batch.shape)
layer.set_weights([filters, bias])
images = tf.constant(batch, "float32")
with tf.GradientTape() as tape:
    tape.watch(images)
    loss = tf.reduce_sum(error.astype("float32") * layer(images))
by_keras = tape.gradient(loss, [images, *layer.trainable_variables])
for ours, theirs in zip(gradients, by_keras):
    print(tuple(theirs.shape), np.allclose(ours, theirs, atol=1e-4))

# %% [markdown]
# All agree. One more layer has no weights at all, and is in many networks. **Max-pooling** takes the largest of each
# block of 2×2 numbers:

# %%
def max_pool(image):
    """The largest number of each block of 2×2."""
    height, width = image.shape
    return image.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))

image = np.array([[3, 1, 2, 0], [0, 4, 1, 7], [5, 2, 9, 8], [1, 0, 6, 3]])
assert max_pool(image).tolist() == [[4, 7], [5, 9]]
instruments.pooled_blocks(image)

# %% [markdown]
# **Predict.** One of the four outputs has an error. How is it shared among the four numbers of its block?

# %%
predict.choice(
    "pooled", "the largest gets all of it",
    options=["a quarter for each", "the largest gets all of it", "in proportion to their size", "none gets any"],
    mistakes={
        "a quarter for each": "That is for the mean of four. Here, three of them could be a little larger, and the "
        "output would be the same.",
        "in proportion to their size": "The second largest could be a little larger, and the output would be the same.",
        "none gets any": "There are no weights to learn, but the output does change with one of its four numbers.",
    },
)

# %% [markdown]
# Try it out: four errors, and each number nudged.

# %% tags=["nbval-check-output"]
error = np.array([[10, 20], [30, 40]])

def loss(image):
    return (error * max_pool(image)).sum()

tried = numerical_gradient(loss, image.astype(float))
print(tried.round().astype(int))

# %% [markdown]
# In each block the largest gets all of it, and the others nothing: if one of these grows by a little, the output stays
# the same. As code:

# %%
def max_pool_backward(error, image):
    """Each error goes to the number that won its block."""
    def spread(x):
        return np.kron(x, np.ones((2, 2)))

    return spread(error) * (image == spread(max_pool(image)))

assert np.allclose(max_pool_backward(error, image), tried)

# %% [markdown]
# (If two numbers tie, this hands the error to both; most libraries choose one.)
#
# Last, look once more at `stamp`. It takes a small array to a larger one, and needs no loss for that: it can be a
# layer of its own, with a kernel that is learned. Then it is called a **transposed convolution**, after the
# `W.T` of section 1.17. With a stride of 2 the stamps lie two pixels apart, which about doubles the size. Networks that
# draw, or that say what each pixel belongs to, often enlarge their maps with it.
#
# **Predict.** A 4×4 array, a kernel of 3×3, stride 2: how large is what the stamps cover?

# %%
predict.shape(
    "transposed", (9, 9),
    mistakes={
        (8, 8): "That is twice the size; the last stamp reaches one pixel further.",
        (6, 6): "That is with stride 1: 4 + 3 − 1.",
        (11, 11): "That is 4 · 2 + 3, but between four stamps there are only three steps.",
        (12, 12): "That is with stamps side by side, three pixels apart.",
        (1, 1): "That is forward, a convolution; here the array grows.",
        (7, 7): "That is how far apart the first and the last stamp begin, and one; a stamp is 3 wide.",
    },
)

# %% [markdown]
# Put zeros between the numbers, and stamp:

# %% tags=["nbval-check-output"]
small = np.arange(16.0).reshape(4, 4)
spread = np.zeros((7, 7))
spread[::2, ::2] = small
larger = stamp(spread, arrow)
layer = keras.layers.Conv2DTranspose(1, 3, strides=2, use_bias=False)
layer.build((None, 4, 4, 1))
layer.set_weights([arrow[:, :, None, None]])
by_keras = layer(small[None, :, :, None].astype("float32"))
print(larger.shape, tuple(by_keras.shape), np.allclose(larger, by_keras[0, :, :, 0]))

# %% [markdown]
# 9 × 9: the stamps begin at 0, 2, 4 and 6, and the last one ends at 8. In general $m$ numbers become $(m - 1)s + k$: the
# formula of section 1.8, without padding, solved for $n$.

# %%
assert larger.shape == (9, 9) == ((4 - 1) * 2 + 3,) * 2
assert np.allclose(larger, by_keras[0, :, :, 0]) and output_size(9, 3, s=2) == 4

# %% [markdown]
# And how well did you predict?

# %%
predict.score()

# %% [markdown]
# ## Take-aways
#
# - A convolution lays a kernel on each patch, multiplies and adds. Deep learning's version doesn't flip the kernel.
# - Output size: ⌊(n + 2p − k)/s⌋ + 1. *Same* padding for 3×3 and stride 1 is one pixel on each side.
# - The weights' sum decides what happens to flat regions: 0 for edges, 1 for blurs.
# - A kernel reads all channels and makes one map. A layer has $k \cdot k \cdot C \cdot F$ weights, and $F$ biases.
# - Local and shared weights make it a sparse matrix with few free numbers, and make the output move with the input.
# - Backward: the gradient for the kernel is the cross-correlation of the image with the error; that for the image is
#   the full convolution of the error with the kernel. So layers can be stacked.
#
# ## Exercises
#
# [Tasks that check themselves](exercises/01_convolution.ipynb): each answers at once what is right, with hints; in the
# last you write a layer forward and backward, with stride and padding. And to go further on your own:
#
# 1. **Same, with dilation.** How much padding keeps the size, for a kernel of size $k$ with dilation $d$ and stride 1?
#    Check it with `keras.layers.Conv2D(1, 3, dilation_rate=2, padding="same")`.
#    <details><summary>Check</summary>Half of what the kernel covers beyond one pixel: d(k − 1)/2. With
#    k = 3 and d = 2 that is 2 on each side, and 28 stays 28.</details>
# 2. **Separable.** Write the Sobel kernel as a column times a row. How many multiplications per position does it
#    take to apply one after the other?
#    <details><summary>Check</summary><code>np.outer([1, 2, 1], [-1, 0, 1])</code>; 6 instead of 9.</details>
# 3. **Learning from a photo.** Learn the Sobel kernel from the cat instead of from noise. Use
#    `(cat - cat.mean()) / cat.std()`. Is the kernel right when the loss is small?
#    <details><summary>Check</summary>After 60 steps the loss is below 0.02, and some weights are still wrong by 0.3.
#    Neighbouring pixels of a photo are alike, so some combinations of weights hardly change the output.</details>
# 4. **Your own filters.** Keep three filters on the bench; `bench.kernels()` gives their weights. Add them to the bank,
#    and find out on which of the three sets each has the largest share of the energy.
#
# ## Where next
#
# [Lesson 2](02_mnist.ipynb) stacks learned convolutions into a network that reads handwritten digits.
#
# *Read on:* V. Dumoulin and F. Visin, [A guide to convolution arithmetic for deep
# learning](https://arxiv.org/abs/1603.07285) (2016); N. Dalal and B. Triggs, [Histograms of oriented gradients for human
# detection](https://doi.org/10.1109/CVPR.2005.177) (2005); D. Lowe, [Distinctive image features from scale-invariant
# keypoints](https://doi.org/10.1023/B:VISI.0000029664.99615.94) (2004); J. Daugman, [Uncertainty relation for resolution in
# space, spatial frequency, and orientation](https://doi.org/10.1364/JOSAA.2.001160) (1985), on Gabor filters and the
# visual cortex.
