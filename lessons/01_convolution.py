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
# 1. to compute, pad, stride and flip a convolution, and to predict the size of what comes out;
# 2. what hand-made kernels, Gabor filters among them, pick out of an image, and which are useless for it;
# 3. why a kernel can be learned from examples, and what its gradient is.

# %%
from course_utils import figures, start
import numpy as np
from course import data, instruments

SCALE = start.begin_lesson(seed=1)  # COURSE_SCALE=full, or scale="full" here, uses all the digits

# %% [markdown]
# ## 1.1 An image is an array
#
# A grey image is a table of numbers, one per pixel. Most files store whole numbers from 0 (black) to
# 255 (white) in one byte each: the type `uint8`.
#
# **Predict.** A handwritten digit of the MNIST set is 28 pixels high and wide. How many numbers is that?

# %%
n_train, n_test = (2000, 500) if SCALE == "quick" else (None, None)
(x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=n_train, n_test=n_test)

# %% [markdown]
# The line above says which digits you are using and where they come from. Here is one of them: the
# array's shape, its type, and a piece from its middle.

# %%
digit = x_train[np.flatnonzero(y_train == 5)[0]]
print(digit.shape, digit.dtype, digit.size, "numbers")
digit[10:18, 10:18]

# %% [markdown]
# 28 × 28 = 784 numbers. Now the same array as a picture:

# %%
figures.image_grid([digit, digit[10:18, 10:18]], titles=["the whole digit", "rows and columns 10 to 17"], size=2.6)

# %% [markdown]
# Bytes save memory, and set a trap. **Predict.** What is 200 + 100, if both are `uint8`?

# %% tags=["nbval-check-output"]
bright, also_bright = np.array([200], dtype="uint8"), np.array([100], dtype="uint8")
print(bright + also_bright, bright.astype("float32") + also_bright)

# %% [markdown]
# A byte wraps round at 256, without a warning: 300 − 256 = 44. So turn images into floating-point
# numbers before you compute with them. Dividing by 255 puts them between 0 and 1.
#
# A colour image has three such tables, one each for red, green and blue: its shape is
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
assert red.mean() > green.mean() > blue.mean()
figures.image_grid(
    [cat_colour, red, green, blue], titles=["colour", "red", "green", "blue"], limits=(0, 1), size=2.2,
    title="Fur is brightest in red and darkest in blue: together that is ginger",
)

# %% [markdown]
# For most of this lesson one channel is enough. Grey is a weighted mean of the three, with most of the
# weight on green, where our eyes are most sensitive.

# %%
from skimage.color import rgb2gray

cat = rgb2gray(cat_colour)
print(cat.shape, f"from {cat.min():.2f} to {cat.max():.2f}")

# %% [markdown]
# ## 1.2 A patch times a kernel
#
# Take a small array of weights, the **kernel**. Lay it on a **patch** of the image, multiply each pixel
# by the weight that lies on it, and add everything up. The result is one number: large where the patch is bright under
# large weights. (It grows with the patch's brightness too, so it isn't yet a measure of likeness.)
#
# $$\text{output}[i, j] = \sum_{a}\sum_{b} \text{image}[i + a,\, j + b]\;\cdot\;\text{kernel}[a, b]$$
#
# **Predict.** With the image and kernel below, what is the number at the top left?

# %%
image = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
kernel = np.array([[0, 1], [2, 3]])

# %% [markdown]
# By hand: 0 · 0 + 1 · 1 + 3 · 2 + 4 · 3 = 19.

# %% tags=["nbval-check-output"]
patch = image[0:2, 0:2]
print(patch * kernel)
print("sum:", (patch * kernel).sum())
assert (patch * kernel).sum() == 19

# %% [markdown]
# Now slide the kernel over the image, row by row, and keep one number for each position. Two loops say
# exactly that:

# %%
def correlate(image, kernel):
    """Slide the kernel over the image; a sum of products at each position."""
    height, width = np.subtract(image.shape, kernel.shape) + 1
    output = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            patch = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            output[row, column] = (patch * kernel).sum()
    return output

# %% [markdown]
# The 2×2 kernel fits into the 3×3 image at four positions, so four numbers come out.

# %% tags=["nbval-check-output"]
print(correlate(image, kernel))
assert correlate(image, kernel).tolist() == [[19, 25], [37, 43]]

# %% [markdown]
# **Predict.** How many positions does a 3×3 kernel have on a 5×5 image?

# %% tags=["nbval-check-output"]
positions = correlate(np.ones((5, 5)), np.ones((3, 3)))
print(positions.shape, "→", positions.size, "positions")
assert positions.size == 9

# %% [markdown]
# Three along each side, nine in all. The output is smaller than the image by the kernel's size less one:
# 5 − 3 + 1 = 3.
#
# ## 1.3 Slide it yourself
#
# A kernel with −1 on the left and +1 on the right answers where the image gets brighter from left to
# right. It is called a **vertical edge** kernel, after the edges that it finds. To have one output for
# each pixel, put one row or column of zeros on each side of the image first: this is **padding**.

# %%
vertical_edges = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
digit_edges = correlate(np.pad(digit / 255, 1), vertical_edges)
print(digit.shape, "→", digit_edges.shape)

# %% [markdown]
# **Predict.** The stroke of the digit is bright on black. On which side of a stroke is the output
# positive (red), and on which is it negative (blue)?
#
# Drag over the output, or step through its 784 positions. In the output, a small stroke marks what is negative. (In
# JupyterLab, run the cell to make it live.)

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
# A house number from a street photograph has 32 × 32 = 1024 pixels. Its background isn't flat, and the
# edges don't stand out as well. Again, the line says which images you have.

# %%
(_, _), (houses, house_labels) = data.load_svhn(n_train=0, n_test=100)
greys = rgb2gray(houses)
house = max(greys, key=lambda grey: grey[:, [0, -1]].mean())  # the one with the brightest sides
house_edges = correlate(np.pad(house, 1), vertical_edges)
assert house_edges.size == 1024

# %% [markdown]
# **Predict.** Where will the output be strongest: at the digit, at its neighbours, or somewhere else?

# %%
instruments.ConvolutionStepper(house, vertical_edges, padding="same")

# %% [markdown]
# The frame of red and blue at the left and right border is no edge of the house. It comes from the
# zeros that you padded with: beside a bright wall they look like the dark. Section 1.7 comes back to it.
#
# ## 1.4 Is it right? Is it fast?
#
# Never trust a loop that you just wrote. SciPy and Keras have the same operation: `correlate2d`, and
# the layer `Conv2D` with one filter and no bias.

# %%
import keras
from scipy.signal import correlate2d

layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build((None, 130, 130, 1))
layer.set_weights([vertical_edges[:, :, None, None]])

# %% [markdown]
# Keras wants a batch of images with channels, (batch, height, width, channels), and a kernel of the
# shape (height, width, channels in, channels out). Do all three agree on the cat?

# %% tags=["nbval-check-output"]
ours = correlate(cat, vertical_edges)
scipys = correlate2d(cat, vertical_edges, mode="valid")
kerass = keras.ops.convert_to_numpy(layer(cat[None, :, :, None].astype("float32")))[0, :, :, 0]
print(ours.shape, scipys.shape, kerass.shape)
assert np.allclose(ours, scipys) and np.allclose(ours, kerass, atol=1e-5)

# %% [markdown]
# They agree to rounding: Keras computes with 32 bits, the others with 64.
#
# **Predict.** How many times faster than the two loops are the libraries: 2, 20 or 200 times?
#
# There is a way between: NumPy can show all the patches at once as one array with four axes, without
# copying a pixel, and multiply it with the kernel in one call.

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
# Now all four on the cat:

# %%
cat_batch = keras.ops.convert_to_tensor(cat[None, :, :, None].astype("float32"))
timings = {
    "two loops": milliseconds(lambda: correlate(cat, vertical_edges)),
    "NumPy, all patches": milliseconds(lambda: correlate_at_once(cat, vertical_edges)),
    "SciPy correlate2d": milliseconds(lambda: correlate2d(cat, vertical_edges, mode="valid")),
    "Keras Conv2D": milliseconds(lambda: layer(cat_batch)),
}
for name, time_taken in timings.items():
    print(f"{name:20} {time_taken:8.2f} ms   {timings['two loops'] / time_taken:6.0f} ×")

# %% [markdown]
# The arithmetic is the same 147,456 multiplications each time: 128 × 128 positions, nine weights.
# On the machine that made this page, NumPy and SciPy are over a hundred times as fast as the loops; yours stands above.
# The loops are slow for another reason. At each of 16,384 positions Python looks up names, makes small
# arrays and calls functions, which takes far longer than nine multiplications. A library pays such
# costs once, runs compiled code over memory that lies in order, and, where it can, lets the processor multiply several
# numbers with one instruction. Keras has its own cost for each call, so it gains most with many images
# and many kernels.

# %% tags=["nbval-check-output"]
print(128 * 128, "positions,", 128 * 128 * 9, "multiplications")
assert ours.shape == (128, 128)

# %% [markdown]
# ## 1.5 Correlation or convolution?
#
# In mathematics a **convolution** flips the kernel in both directions first; without the flip it is a
# **cross-correlation**. Deep learning computes the cross-correlation and calls it convolution. Since
# the kernels are learned, it doesn't matter which: the net would learn the flipped one.
#
# **Predict.** An image has a single bright pixel. What does each operation make of it?

# %%
from scipy.signal import convolve2d

dot = np.zeros((7, 7))
dot[3, 3] = 1
arrow = np.array([[1, 2, 3], [0, 0, 4], [0, 0, 5]])
figures.image_grid(
    [dot, arrow, correlate2d(dot, arrow, "same"), convolve2d(dot, arrow, "same")],
    titles=["a dot", "kernel", "cross-correlation", "convolution"], size=2,
    title="Convolution prints the kernel itself; cross-correlation prints it turned by half a turn",
)

# %% [markdown]
# Flip the kernel up-down and left-right, and one operation becomes the other:

# %%
flipped = arrow[::-1, ::-1]
assert np.array_equal(convolve2d(dot, arrow, "same"), correlate2d(dot, flipped, "same"))
assert np.array_equal(convolve2d(dot, arrow, "valid"), correlate(dot, flipped))

# %% [markdown]
# ## 1.6 Kernels made by hand
#
# Here are eight classics. **Predict.** Which of them leave a flat grey wall at zero, and which leave it
# as it is?

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
# On a flat patch of brightness $c$ the sum of products is $c$ times the **sum of the kernel's weights**.

# %% tags=["nbval-check-output"]
wall = np.full((5, 5), 0.5)
for name, kernel in kernels.items():
    response = correlate(wall, kernel)
    print(f"{name:18} sum {kernel.sum():+.0f}   flat 0.5 becomes {response[2, 2]:+.1f}")
    assert np.allclose(response, 0.5 * kernel.sum())

# %% [markdown]
# The edge kernels sum to 0 and ignore flat regions at any brightness. The box blur sums to 1 and keeps
# the brightness. An "edge" kernel that doesn't sum to zero would answer to every bright wall.

# %% tags=["thumbnail"]
maps = [correlate2d(cat, kernel, "valid") for kernel in kernels.values()]
figures.image_grid(
    maps[:-1] + [maps[-1] - 0.5], titles=list(kernels), columns=4, signed=True, size=2.2,
    title="What the eight kernels make of the cat (the blur is shown less 0.5)",
)

# %% [markdown]
# Whiskers, which run sideways, show in *horizontal edges*; the sides of the face in *vertical edges*.
# *All edges* and the *Laplacian* answer in every direction, and to noise as well: they look at
# differences of differences. Like the first two, the Sobel kernels add up three pixels along the edge; they count the
# middle one twice, a gentler smoothing.
#
# Two Sobel kernels together give the strength of an edge whatever its direction: the length of the
# **gradient**.

# %%
across = correlate2d(cat, kernels["Sobel, vertical"], "valid")
down = correlate2d(cat, kernels["Sobel, horizontal"], "valid")
strength = np.hypot(across, down)
figures.image_grid(
    [cat, across, down], titles=["the cat", "left to right", "top to bottom"], signed=[False, True, True], size=2.8
)

# %% [markdown]
# The edge strength is the root of the sum of the two squares, so it is never negative, and doesn't change when bright
# and dark are exchanged.

# %%
negative = np.hypot(*(correlate2d(1 - cat, kernels[f"Sobel, {way}"], "valid") for way in ("vertical", "horizontal")))
assert np.allclose(strength, negative)
figures.image_grid(
    [strength, negative], titles=["edge strength", "the same from the negative"], limits=(0, 0.8), size=2.8
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
# **Predict.** You blur a white image with a box kernel and zero padding. What happens at the border, and
# how dark does a corner get?

# %% tags=["nbval-check-output"]
white = np.ones((5, 5))
blurred = correlate(np.pad(white, 1), np.full((3, 3), 1 / 9))
print(blurred.round(2))
assert np.isclose(blurred[0, 0], 4 / 9) and np.isclose(blurred[0, 2], 6 / 9)

# %% [markdown]
# In a corner only four of the nine pixels are real, the others are black: 4/9 = .44. A network meets such
# borders at every layer, and learns to use them: through its zeros it can tell where the image ends.

# %%
padded = {mode: correlate(np.pad(cat, 4, mode=mode), np.full((9, 9), 1 / 81)) for mode in ("constant", "reflect")}
figures.image_grid(
    list(padded.values()), titles=["zeros outside: a dark frame", "mirrored outside: no frame"], limits=(0, 1), size=2.8
)

# %% [markdown]
# ## 1.8 Stride, and the size of the output
#
# A kernel may move by more than one pixel at a time: the **stride** $s$. With an input of size $n$, a
# kernel of size $k$ and $p$ pixels of padding on each side, the output has the size
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# **Predict.** An image of 70 × 120, a kernel of 7 × 7. What size comes out without padding? With $p = 3$?
# With $p = 3$ and stride 2?

# %%
def output_size(n, k, p=0, s=1):
    """Size of a convolution's output along one side."""
    return (n + 2 * p - k) // s + 1

# %% [markdown]
# First by the formula, for both sides of the image:

# %% tags=["nbval-check-output"]
for p, s in [(0, 1), (3, 1), (3, 2)]:
    print(f"padding {p}, stride {s}: {output_size(70, 7, p, s)} × {output_size(120, 7, p, s)}")

# %% [markdown]
# Keras calls these `padding="valid"` and `"same"`. Let it confirm:

# %% tags=["nbval-check-output"]
sizes = []
for padding, stride in [("valid", 1), ("same", 1), ("same", 2)]:
    layer = keras.layers.Conv2D(1, 7, padding=padding, strides=stride)
    sizes.append(layer.compute_output_shape((None, 70, 120, 1))[1:3])
print(sizes)
assert sizes == [(64, 114), (70, 120), (35, 60)]

# %% [markdown]
# The sizes agree; the positions don't quite. With stride 2, Keras pads two pixels before and three after, not three and
# three. A stride of 2 keeps every second output in each direction, a quarter of all, and computes only those.
# Halving the resolution early is how networks keep their cost down.

# %%
strided = correlate(cat, kernels["Sobel, vertical"])[::2, ::2]
assert strided.shape == (output_size(130, 3, s=2),) * 2 == (64, 64)

# %% [markdown]
# ## 1.9 Channels
#
# On a colour image the kernel has a depth too: a 3×3 kernel for RGB has 3 × 3 × 3 = 27 weights. It still
# gives *one* number at each position, because the sum runs over the channels as well. Several kernels
# give several **feature maps**, the channels of the next layer's input.
#
# **Predict.** How many weights has a layer with 16 kernels of 3×3 on an RGB image? (Each kernel has a
# bias besides.)

# %% tags=["nbval-check-output"]
layer = keras.layers.Conv2D(16, 3)
maps = layer(np.zeros((1, 130, 130, 3), "float32"))
print("kernels", tuple(layer.kernel.shape), " maps", tuple(maps.shape), " weights", layer.count_params())
assert layer.count_params() == 3 * 3 * 3 * 16 + 16 == 448

# %% [markdown]
# Depth lets a kernel look at colour. A **1×1 kernel** sees a single pixel, but all its channels: it mixes
# channels and nothing else. The conversion to grey was one! Others take a difference of two colours, which tells red
# from green even where both give the same grey.

# %%
grey_kernel = np.array([0.2125, 0.7154, 0.0721])  # scikit-image's weights of red, green and blue
assert np.allclose(cat_colour @ grey_kernel, cat)
opponents = {"red − green": [1, -1, 0], "yellow − blue": [0.5, 0.5, -1]}
figures.image_grid(
    [cat_colour @ np.array(weights) for weights in opponents.values()],
    titles=list(opponents), signed=True, size=2.6, title="Two 1×1 kernels turn three channels into two others",
)

# %% [markdown]
# Both maps are mostly red, above zero: ginger fur has more red than green, and more of both than blue.
# Networks use 1×1 kernels to change the number of channels cheaply.
#
# Now you can count a whole stack of layers. On a colour image of 70 × 120, first 16 kernels of 7 × 7 with stride 2,
# padded; then 32 of 3 × 3, not padded. **Predict.** What shape comes out of each, and which has more weights? Then
# reveal the results, one layer at a time.

# %%
two_layers = ["Conv2D(16, 7, strides=2, padding='same')", "Conv2D(32, 3)"]
stack = instruments.ShapeCalculator((70, 120, 3), two_layers, hide_shapes=True)
stack

# %% [markdown]
# The second has about twice the weights, although its kernels are smaller: they are 16 channels deep. A
# **multiply-add** is one weight times one number, added to the rest. Each weight, the biases aside, does it once at
# every position, so the cost is weights times positions: 5 million here, and 9 million. The stride of 2 in the first
# layer makes both about four times as cheap. Change a number, and whatever depends on it follows, the Keras code too. The
# *receptive field*, how much of the image one number sees, is for lesson 2.

# %% tags=["nbval-check-output"]
rows = stack.rows()
print([row["shape"] for row in rows], [row["parameters"] for row in rows], [row["multiply_adds"] for row in rows])
assert [row["parameters"] for row in rows] == [7 * 7 * 3 * 16 + 16, 3 * 3 * 16 * 32 + 32] == [2368, 4640]
assert [row["multiply_adds"] for row in rows] == [35 * 60 * 2352, 33 * 58 * 4608]
positions = {"stride 1": (70 * 120, 68 * 118), "stride 2": (35 * 60, 33 * 58)}
assert all(3.9 < a / b < 4.3 for a, b in zip(*positions.values()))

# %% [markdown]
# ## 1.10 A convolution is a matrix
#
# Write the image as one long vector, row after row. Then each output is a dot product with a vector that
# holds the kernel's weights, and zeros everywhere else. All those vectors, stacked, are a matrix.
#
# **Predict.** A 4×4 image, a 3×3 kernel: what shape has the matrix, and how many of its entries aren't zero?

# %%
def convolution_matrix(kernel, height, width):
    """One row per output: the kernel's weights where it lies, zeros elsewhere."""
    rows = []
    for row in range(height - kernel.shape[0] + 1):
        for column in range(width - kernel.shape[1] + 1):
            weights = np.zeros((height, width))
            weights[row : row + kernel.shape[0], column : column + kernel.shape[1]] = kernel
            rows.append(weights.ravel())
    return np.array(rows)

# %% [markdown]
# Build it for two sizes of image, and count:

# %% tags=["nbval-check-output"]
numbered = np.arange(1, 10).reshape(3, 3)
small, larger = convolution_matrix(numbered, 4, 4), convolution_matrix(numbered, 6, 6)
print(small.shape, np.count_nonzero(small), "nonzeros;", larger.shape, np.count_nonzero(larger), "nonzeros")
assert (small.shape, np.count_nonzero(small)) == ((4, 16), 36)
assert (larger.shape, np.count_nonzero(larger)) == ((16, 36), 144)

# %% [markdown]
# Each output uses 9 pixels: 4 · 9 = 36 and 16 · 9 = 144. The matrix does what the sliding did:

# %%
pixels = np.random.default_rng(0).normal(size=(6, 6))
assert np.allclose(larger @ pixels.ravel(), correlate(pixels, numbered).ravel())
figures.image_grid(
    [small, larger], signed=True, titles=["4×4 image", "6×6 image"], size=4,
    title="The same nine weights in every row, moved along: local, and shared",
)

# %% [markdown]
# A fully connected layer from 36 to 16 numbers has 576 free weights. The convolution has 9. The rest is
# fixed at zero (each output sees only a patch: **locality**) or a copy (the same kernel everywhere:
# **weight sharing**). Lesson 2 shows what that is worth.

# %% [markdown]
# ## 1.11 Move the input, and the output moves along
#
# The same kernel is used everywhere. So if the cat moves three pixels to the right, each patch gives
# the same number as before, three pixels further right. This is called **translation equivariance**.
#
# **Predict.** With a stride of 2, does it still hold if the cat moves by one pixel? By two?

# %%
def shift(image, pixels):
    """Move an image to the right; black comes in from the left."""
    return np.pad(image, ((0, 0), (pixels, 0)))[:, : image.shape[1]]

moved = correlate(shift(cat, 3), kernels["Sobel, vertical"])
assert np.allclose(moved[:, 3:], across[:, :-3])

# %% [markdown]
# With stride 1 it holds exactly, away from the side where black came in. And with stride 2?

# %% tags=["nbval-check-output"]
for pixels in (1, 2):
    strided_moved = correlate(shift(cat, pixels), kernels["Sobel, vertical"])[::2, ::2]
    same = np.allclose(strided_moved[:, 1:], strided[:, :-1])
    print(f"stride 2, moved by {pixels}: {'the same values, one further' if same else 'other values'}")

# %% [markdown]
# Stride and pooling keep equivariance only for moves by a multiple of the stride. What comes between
# changes the values. Remember it when somebody tells you that a convnet doesn't care where the object is.
#
# ## 1.12 Gabor filters
#
# An edge kernel of 3×3 sees fine detail only. A **Gabor filter** has a size, a direction and a fineness
# of its own: it is a wave under a bell. Cells in the visual cortex answer to such patterns, and the
# first layers of trained networks look a lot like them.
#
# $$g(x, y) = \frac{1}{2\pi\sigma^2}\,\exp\!\Big(-\frac{x'^2 + y'^2}{2\sigma^2}\Big)\,\cos(2\pi f x' + \varphi),
# \qquad \begin{aligned}x' &= x\cos\theta + y\sin\theta\\ y' &= -x\sin\theta + y\cos\theta\end{aligned}$$
#
# $f$ is the frequency in cycles per pixel, $\theta$ the direction in which the wave runs, $\sigma$ the
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
# scikit-image has one too. It gives complex numbers, whose real part is the cosine wave.

# %% tags=["nbval-check-output"]
from skimage.filters import gabor_kernel

reference = gabor_kernel(0.25, theta=0, sigma_x=2, sigma_y=2).real
print(gabor(0.25, 0, 2).shape, reference.shape, np.allclose(gabor(0.25, 0, 2), reference))
assert np.allclose(gabor(0.25, 0, 2), reference)

# %% [markdown]
# Four kernels, and what each of three knobs does:

# %%
knobs = {"f = 1/8, θ = 0°, σ = 4": (1 / 8, 0, 4), "f doubled": (1 / 4, 0, 4),
         "θ = 45°": (1 / 8, 45, 4), "σ halved": (1 / 8, 0, 2)}
shown = [gabor(f, np.deg2rad(degrees), sigma) for f, degrees, sigma in knobs.values()]
shown = [np.pad(g, (25 - len(g)) // 2) / g.max() for g in shown]
figures.image_grid(shown, titles=list(knobs), signed=True, size=2.2)

# %% [markdown]
# **Predict.** You turn θ to 90°. Which parts of the cat's face will answer, and where do the two bright
# spots in the spectrum move? What does a smaller σ do to the spots?
#
# Four images to try it on: the cat's face, the digit, the house number, and a pair of trousers. As before, the line
# says which garments you have.

# %%
def respond(image, kernel):
    """A response as large as the image, which is mirrored at its border."""
    return correlate2d(image, kernel, mode="same", boundary="symm")

(_, _), (garments, garment_labels) = data.load_fashion_mnist(n_train=0, n_test=100)
trousers = garments[np.flatnonzero(garment_labels == 1)[0]] / 255
subjects = {"digit": digit / 255, "house number": house, "trousers": trousers}

# %% [markdown]
# Turn the knobs, or drag one of the two spots. They show which frequencies the filter lets through; the middle is
# frequency zero. Below lies a whole bank: a click puts a filter on the bench.

# %%
face = downscale_local_mean(cat, (2, 2))
bench = instruments.GaborBench({"cat": face, **subjects}, frequency=0.15, theta=0, sigma=2)
assert np.allclose(bench.kernel(), gabor(0.15, 0, 2))
assert np.allclose(bench.response(), respond(face, gabor(0.15, 0, 2)), atol=1e-6)
bench

# %% [markdown]
# At θ = 90° the wave runs from top to bottom, so the filter answers to lines that run sideways: the lids and the mouth.
# The stripes on the forehead, which run upright, answered at 0°. The spots lie at distance $f$ from the middle, in the direction θ.
# A small bell knows well *where* and hardly which frequency: wide spots. A large one is the reverse.
# You can't have both; that is the uncertainty principle, and a Gabor filter (strictly, the complex one) is the best
# compromise.
#
# One thing to mend: with a wide wave under a narrow bell the weights don't sum to zero, and the filter
# answers to plain brightness. In the bank's first row that drowns everything else: all directions find the same energy.
# Subtracting a bell of the same total cures it.

# %%
def balanced_gabor(frequency, theta, sigma, phase=0.0):
    """A Gabor kernel whose weights sum to zero."""
    wave, bell = gabor(frequency, theta, sigma, phase), gabor(0, 0, sigma)
    return wave - bell * wave.sum() / bell.sum()

# %% [markdown]
# Check the sums before and after, and the bank's first row. (On the bench, *balanced* does the same.)

# %% tags=["nbval-check-output"]
from course.instruments import bank_shares

plain, balanced = gabor(0.1, 0, 2), balanced_gabor(0.1, 0, 2)
print(f"sum before {plain.sum():.2f}, after {abs(balanced.sum()):.2f}")
assert abs(balanced.sum()) < 1e-12
rows = {on: bank_shares(face, sigma=2, balanced=on)[0] for on in (False, True)}
assert rows[False].max() < 1.05 * rows[False].min() and rows[True].max() > 1.5 * rows[True].min()

# %% [markdown]
# ## 1.13 A filter bank
#
# A **bank** is a set of filters that look for different things. Ours has eight Gabor filters (two sizes,
# four directions), the two Sobel kernels, and the three **Haar wavelets**, the simplest patterns of plus
# and minus there are. Each kernel is scaled to the same length, so that their answers can be compared.

# %%
bank = {}
for period, sigma in [(4, 1.5), (8, 3)]:
    for degrees in (0, 45, 90, 135):
        bank[f"Gabor {period} px, {degrees}°"] = balanced_gabor(1 / period, np.deg2rad(degrees), sigma)
bank |= {name: kernels[name] for name in ("Sobel, vertical", "Sobel, horizontal")}
bank |= {"Haar, vertical": np.array([[1, -1], [1, -1]]), "Haar, horizontal": np.array([[1, 1], [-1, -1]]),
         "Haar, diagonal": np.array([[1, -1], [-1, 1]])}
bank = {name: kernel / np.linalg.norm(kernel) for name, kernel in bank.items()}

# %% [markdown]
# Try it on three kinds of images: digits, house numbers and garments. House numbers come in colour;
# turned grey, most are as easy to read, since shape matters more than colour. (Not one whose number and wall differ in
# colour only.)

# %%
samples = [houses[3], greys[3], houses[7], greys[7]]
figures.image_grid(samples, titles=["colour", "grey"] * 2, size=1.8)

# %% [markdown]
# **Predict.** Which filters will find little in the image of a pair of trousers?
#
# Six of the thirteen filters, on one image of each kind:

# %%
some = ["Gabor 4 px, 0°", "Gabor 8 px, 0°", "Gabor 8 px, 45°", "Gabor 8 px, 90°", "Sobel, vertical", "Haar, diagonal"]
rows = []
for image in subjects.values():
    answers = np.array([respond(image, bank[name]) for name in some])
    rows += [2 * image - 1, *(answers / np.abs(answers).max())]
titles = (["image"] + [name.replace(", ", "\n") for name in some]) + [""] * 14
signed = ([False] + [True] * 6) * 3
figures.image_grid(rows, titles=titles, columns=7, signed=signed, limits=(-1, 1), size=1.25)

# %% [markdown]
# In each row the answers share one scale, so pale means weak. Vertical outlines, which trousers have
# most of, light up the filters at 0°. Those at 90° find waist and hems. The Haar diagonal wants a checkerboard of four
# pixels, and finds next to nothing.
#
# ## 1.14 Which filters are useless?
#
# A filter is of no use for a set of images if it never answers, and suspect if its answers are so weak that noise
# drowns them, or if it says the same as another filter. How strongly it answers can be measured by the mean squared response, its **energy**, as a share of
# the whole bank's. Before the three sets, a case where you know the truth: vertical stripes.
#
# **Predict.** Which of the 13 filters give zero?

# %%
stripes = np.tile([1.0, 1.0, 0.0, 0.0], (28, 7))

def energy(images):
    """Share of each filter in the energy of the bank's answers."""
    answers = [[(respond(image, kernel) ** 2).mean() for image in images] for kernel in bank.values()]
    means = np.mean(answers, axis=1)
    return means / means.sum()

# %% [markdown]
# Those with less than a millionth of the energy:

# %% tags=["nbval-check-output"]
silent = [name for name, share in zip(bank, energy([stripes])) if share < 1e-6]
print(silent)
assert len(silent) == 5

# %% [markdown]
# All five compare a row with others below it, and in vertical stripes all rows are alike. The diagonal
# Gabor filters aren't silent: their waves run partly from left to right. Now the three kinds of images,
# 60 of each:

# %%
coarse = [name.startswith("Gabor 8") for name in bank]
sets = {"digits": x_test[:60] / 255, "house numbers": greys[:60], "garments": garments[:60] / 255}
shares = np.array([energy(images) for images in sets.values()])

# %% [markdown]
# **Predict.** Where will the largest shares be: with the fine filters or the coarse ones?

# %%
from matplotlib.figure import Figure

figure = Figure(figsize=(8, 3.6))
axes = figure.subplots()
for row, (name, mark) in enumerate(zip(sets, "os^")):
    axes.plot(shares[row] * 100, np.arange(len(bank)), mark, label=name)
axes.set(yticks=range(len(bank)), yticklabels=list(bank), xlabel="share of the bank's energy (%)")
axes.set_title("The coarse filters carry most; the Haar diagonal next to nothing")
axes.invert_yaxis(), axes.grid(alpha=0.3), axes.legend(frameon=False)
assert (shares[:, coarse].sum(axis=1) > 0.4).all()
assert (shares[:, list(bank).index("Haar, diagonal")] < 0.05).all()
figure

# %% [markdown]
# The diagonal Haar filter stays under 5 % on all three sets: neighbouring pixels are alike, and hardly
# any detail is one pixel wide. The four coarse Gabor filters hold well over 40 %. Weak isn't useless, though: a later
# layer can scale a weak answer up.
#
# The second kind of useless is the double. The **correlation** of two filters' answers over many images
# tells: near +1 or −1, one of the two says nothing new.

# %%
answers = np.array([np.concatenate([respond(i, kernel).ravel() for i in sets["digits"]]) for kernel in bank.values()])
alike = np.corrcoef(answers)
first, second = np.unravel_index(np.argmax(np.abs(np.triu(alike, 1))), alike.shape)
print(f"{list(bank)[first]} and {list(bank)[second]}: correlation {alike[first, second]:+.2f}")
assert abs(alike[first, second]) > 0.6

# %% [markdown]
# The sign only says which side has the plus. The square of the correlation is the share of one filter's answers that
# the other predicts: even the closest pair of this bank is no perfect double. A network that learns its filters has the
# same troubles, silent ("dead") filters and near doubles.
#
# ## 1.15 Features by hand: SIFT and HOG
#
# Before 2012, most systems that recognised images built on features that people had designed.
#
# - **SIFT** (Lowe, 1999 and 2004) finds distinctive points and describes the surroundings of each by
#   histograms of gradient directions: 4 × 4 cells of 8 directions, 128 numbers, turned and scaled so that
#   the same corner is found again in another photo.
# - **HOG** (Dalal and Triggs, 2005) does it densely, over the whole image: a histogram of directions in
#   each cell, normalised over blocks of cells. It was made for finding pedestrians.
#
# Both are convolutions (with derivative kernels), a nonlinearity (direction and strength) and pooling (sums over
# cells). These are the stages of a convnet, with nothing learned; a simple classifier comes on top.

# %%
from skimage.feature import hog

settings = {"orientations": 9, "pixels_per_cell": (7, 7), "cells_per_block": (2, 2)}
description = hog(digit / 255, **settings)
enlarged = np.kron(digit, np.ones((4, 4)))  # for the picture only, like the square root, which brightens it
picture = hog(enlarged, visualize=True, **settings | {"pixels_per_cell": (28, 28)})[1]
picture = np.sqrt(picture / picture.max())
assert len(description) == 3 * 3 * 2 * 2 * 9 == 324 and 4 * 4 * 8 == 128
figures.image_grid(
    [digit, picture], titles=["digit", f"HOG: {len(description)} numbers"], size=2.6,
    title="Each cell's strokes show which directions its edges have",
)

# %% [markdown]
# 4 × 4 cells make 3 × 3 overlapping blocks of 2 × 2 cells with 9 directions each: 324 numbers.
#
# **Predict.** A linear classifier on the 784 pixels, or on these 324 numbers: which makes fewer mistakes?

# %%
from sklearn.linear_model import LogisticRegression

def accuracy(train, test):
    classifier = LogisticRegression(max_iter=1000).fit(train, y_train)
    return classifier.score(test, y_test)

raw = accuracy(x_train.reshape(len(x_train), -1) / 255, x_test.reshape(len(x_test), -1) / 255)
by_hog = accuracy([hog(x, **settings) for x in x_train], [hog(x, **settings) for x in x_test])
print(f"pixels {raw:.3f}, HOG {by_hog:.3f}, on {len(x_test)} digits that weren't trained on")
assert by_hog > raw + 0.03

# %% [markdown]
# Good features make a simple classifier good. People spent years on finding them. The next idea is to
# let the computer find them.
#
# ## 1.16 Learning a kernel
#
# Suppose that you only have an image and what an unknown kernel made of it. Which kernel was it? Start
# with zeros, compare, and go downhill. The **loss** is the mean squared error
# $L = \frac{1}{N}\sum_{ij} (\text{output}[i,j] - \text{target}[i,j])^2$. Its derivative with respect to
# one weight is
#
# $$\frac{\partial L}{\partial\, \text{kernel}[a, b]} = \frac{2}{N} \sum_{ij} \text{error}[i, j]\;\text{image}[i + a,\, j + b]$$
#
# Look at it twice: the gradient is itself a cross-correlation, of the image with the error.

# %%
noise = np.random.default_rng(1).normal(size=(40, 40))
target = correlate_at_once(noise, kernels["Sobel, vertical"])
kernel, history = np.zeros((3, 3)), []
for _ in range(60):
    error = correlate_at_once(noise, kernel) - target
    gradient = 2 / error.size * correlate_at_once(noise, error)
    kernel = kernel - 0.1 * gradient
    history.append((kernel, (error**2).mean()))

# %% [markdown]
# **Predict.** After how many of the 60 steps can you recognise the Sobel kernel? When is it right?

# %%
steps = [0, 3, 10, 59]
titles = [f"step {step + 1}, loss {history[step][1]:.3f}" for step in steps]
figures.image_grid([history[step][0] for step in steps], titles=titles, signed=True, limits=(-2, 2), size=2.2)

# %% [markdown]
# And the last one in numbers:

# %% tags=["nbval-check-output"]
print(kernel.round(2) + 0.0)
assert np.allclose(kernel, kernels["Sobel, vertical"], atol=0.01)

# %% [markdown]
# Its shape is there after the first step, only pale; in the end it's right to two decimals. (White noise makes it easy:
# exercise 3 tries a photo.) Nobody told it what an
# edge is. It was told only what the answers should be.
#
# Is the gradient right? A test that you can always do: change one weight a little, and see how much the
# loss changes.

# %%
def loss(kernel):
    return ((correlate_at_once(noise, kernel) - target) ** 2).mean()

guess, small = np.ones((3, 3)), np.zeros((3, 3))
small[0, 2] = 1e-5
numeric = (loss(guess + small) - loss(guess - small)) / 2e-5
error = correlate_at_once(noise, guess) - target
assert np.isclose(numeric, (2 / error.size * correlate_at_once(noise, error))[0, 2], rtol=1e-6)

# %% [markdown]
# In Keras the same takes three lines, and nobody has to work out a derivative: a layer with unknown
# weights, a loss, and an optimiser. A convolutional network is many such layers, one on top of another, with
# the only target at the end: the name of what is in the image.

# %%
learner = keras.Sequential([keras.Input((40, 40, 1)), keras.layers.Conv2D(1, 3, use_bias=False)])
learner.compile(keras.optimizers.SGD(0.1), loss="mse")
learner.fit(noise[None, :, :, None], target[None, :, :, None], epochs=60, verbose=0)
learned = learner.get_weights()[0][:, :, 0, 0]
assert np.allclose(learned, kernels["Sobel, vertical"], atol=0.01)

# %% [markdown]
# ## Take-aways
#
# - A convolution lays a kernel on each patch, multiplies and adds. Deep learning's version doesn't flip the kernel.
# - Output size: ⌊(n + 2p − k)/s⌋ + 1. *Same* padding for 3×3 and stride 1 is one pixel on each side.
# - The weights' sum decides what happens to flat regions: 0 for edges, 1 for blurs.
# - Local and shared weights make it a sparse matrix with few free numbers, and make the output move with the input.
# - A kernel can be learned: the gradient of the loss is a cross-correlation too.
#
# ## Exercises
#
# [Six tasks that check themselves](exercises/01_convolution.ipynb): each answers at once what is right, with hints. And to go further
# on your own:
#
# 1. **Dilation.** Put a row and column of zeros between the kernel's weights. Change `output_size` so that it
#    allows for a dilation $d$, and check it with `keras.layers.Conv2D(1, 3, dilation_rate=2)`.
#    <details><summary>Check</summary>The kernel then covers d(k − 1) + 1 pixels; use that instead of k. 28 with
#    k = 3 and d = 2 gives 24.</details>
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
# *Read on:* V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning* (2016);
# N. Dalal and B. Triggs, *Histograms of oriented gradients for human detection* (2005); D. Lowe, *Distinctive
# image features from scale-invariant keypoints* (2004); J. Daugman on Gabor filters and the visual cortex (1985).
