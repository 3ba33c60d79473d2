"""Checks of exercise 1: convolution and filter banks."""

from itertools import combinations

import numpy as np

from course.exercises import Wrong, check, equal, same


def shaped(got, shape, what="the result"):
    """The answer as an array, if it is one of finite numbers and of this shape."""
    same(got, np.zeros(shape), what=what, tolerance=np.inf)
    return np.asarray(got)


def a_kernel(rng, rows, columns):
    """Weights of which no two are alike, so that no turn or exchange of axes goes unseen."""
    weights = np.arange(1.0, rows * columns + 1) + rng.uniform(-0.3, 0.3, rows * columns)
    return rng.permutation(weights).reshape(rows, columns)


def slid(image, kernel, padding=0, stride=1):
    """The cross-correlation, pixel by pixel."""
    rows, columns = np.add(image.shape, 2 * padding)
    padded = np.zeros((rows, columns))
    padded[padding : rows - padding, padding : columns - padding] = image
    places = [
        range(0, size - reach + 1, stride)
        for size, reach in zip(padded.shape, kernel.shape, strict=True)
    ]
    height, width = kernel.shape
    return np.array(
        [
            [(padded[i : i + height, j : j + width] * kernel).sum() for j in places[1]]
            for i in places[0]
        ]
    )


def pair_of_pictures(rng, *shape):
    """Two pictures of bytes; about half of the pixels become brighter, half darker."""
    before = rng.integers(0, 256, shape, dtype="uint8")
    after = rng.integers(0, 256, shape, dtype="uint8")
    before.flat[:2], after.flat[:2] = (250, 10), (5, 240)
    return before, after


@check(
    "changes",
    points=1,
    hint="Are the values between -1 and 1? And look at a pixel that gets darker: 149 − 200 is no "
    "byte, so NumPy wraps it round.",
    more="Turn both pictures into floats first, with .astype; then subtract; then divide by 255.",
)
def brighter_and_darker(student, reference, rng):
    """gives what each pixel gains, negative where it gets darker"""
    before, after = pair_of_pictures(rng, 5, 7)
    expected = (after / 255) - (before / 255)
    same(student.changes(before, after), expected, picture=True)


@check(
    "changes",
    points=1,
    hint="Bytes divided by 255 become float64: look at the dtype of your result.",
    more=".astype('float32') on both pictures before you compute, or on the result at the end.",
)
def in_four_bytes(student, reference, rng):
    """returns float32"""
    before, after = pair_of_pictures(rng, 4, 6)
    same(student.changes(before, after), (after / 255) - (before / 255), dtype="float32")


@check(
    "slide",
    points=1,
    hint="At how many places does the whole kernel fit into the image? At one of them, work out "
    "the number by hand: which weights lie on which pixels?",
    more="patch = image[i : i + K, j : j + L], then (patch * kernel).sum(). The kernel isn't "
    "turned.",
)
def plain_sliding(student, reference, rng):
    """slides a kernel over an image, without padding, in steps of one"""
    image, kernel = rng.random((6, 9)), a_kernel(rng, 2, 3)
    same(student.correlate(image, kernel), slid(image, kernel), picture=True)


@check(
    "slide",
    points=1,
    hint="Zeros go on all four sides; p rows at the top, and as many at the bottom.",
    more="np.pad(image, padding) does it. Slide over what it gives, not over the image.",
)
def with_padding(student, reference, rng):
    """pads with zeros on every side"""
    image, kernel, padding = 0.5 + rng.random((5, 8)), a_kernel(rng, 3, 2), int(rng.integers(1, 3))
    expected = slid(image, kernel, padding)
    same(student.correlate(image, kernel, padding), expected, picture=True)


@check(
    "slide",
    points=1,
    hint="Stride skips places of the kernel, in rows and in columns; it doesn't thin the image "
    "out.",
    more="Output [i, j] looks at the patch that begins at row i · s, column j · s. Or: all, then "
    "[::s, ::s].",
)
def with_stride(student, reference, rng):
    """moves the kernel by the stride, in both directions"""
    image, kernel = rng.random((9, 13)), a_kernel(rng, 4, 5)
    stride = int(rng.integers(2, 4))
    expected = slid(image, kernel, 0, stride)
    same(student.correlate(image, kernel, 0, stride), expected, picture=True)


@check(
    "slide",
    points=1,
    hint="Half a turn: what was at the top left is at the bottom right.",
    more="kernel[::-1, ::-1] turns it; then correlate.",
)
def half_a_turn(student, reference, rng):
    """turns the kernel by half a turn in `convolve`"""
    image, kernel = rng.random((6, 8)), a_kernel(rng, 3, 2)
    expected = slid(image, kernel[::-1, ::-1])
    same(student.convolve(image, kernel), expected, what="the convolution", picture=True)


def a_stack(rng, count, dilated):
    """Layers (kernel, stride, padding, dilation) on which the usual mistakes show."""
    while True:
        layers = [
            (
                int(rng.integers(2, 6)),
                int(rng.integers(1, 4)),
                int(rng.integers(0, 3)),
                int(rng.integers(2, 4)) if dilated else 1,
            )
            for _ in range(count)
        ]
        strides = [stride for _, stride, _, _ in layers]
        if (count == 1 or strides[0] > 1) and len(set(layers)) == count:
            n = int(rng.integers(120, 200))
            if _tell_apart(n, layers):
                return n, layers


def _tell_apart(n, layers):
    """Whether rounding, padding, dilation and order make a difference for n pixels."""
    right = sizes(n, layers)[-1]
    others = [
        sizes(n, layers, up=True)[-1],
        sizes(n, layers, sides=1)[-1],
        sizes(n, layers, sides=0)[-1],
        *([sizes(n, layers, wide=w)[-1] for w in (0, 1)] if layers[0][3] > 1 else []),
        *([sizes(n, layers[-1:])[-1], sizes(n, layers[::-1])[-1]] if len(layers) > 1 else []),
    ]
    fields = [seen(layers), seen(layers[::-1])] if len(layers) > 1 else [1, 2]
    return right > 1 and right not in others and fields[0] != fields[1]


def sizes(n, layers, up=False, sides=2, wide=None):
    """The sizes of all maps: counts the places where the kernel fits, unless told to go wrong."""
    maps = [n]
    for kernel, stride, padding, dilation in layers:
        reach = {None: dilation * (kernel - 1) + 1, 0: kernel, 1: dilation * kernel}[wide]
        room = maps[-1] + sides * padding - reach
        maps.append(len(range(0, room + (stride if up else 1), stride)))
    return maps


def seen(layers):
    """The receptive field, by following one number back to all the pixels it depends on."""
    pixels = {0}
    for kernel, stride, _, dilation in layers[::-1]:
        pixels = {p * stride + dilation * a for p in pixels for a in range(kernel)}
    return max(pixels) - min(pixels) + 1


@check(
    "stack",
    points=1,
    hint="Padding counts twice, at both ends. Where the kernel doesn't fit once more, there is no "
    "output.",
    more="Whole-number division rounds down: (n + 2 * padding - dilation * (kernel - 1) - 1) // "
    "stride + 1.",
)
def one_layer(student, reference, rng):
    """finds the size that comes out of one layer"""
    n, layers = _one_layer(rng)
    equal(student.map_size(n, layers), sizes(n, layers)[-1], what=f"map_size({n}, {layers})")


def _one_layer(rng):
    """A layer with padding, and a stride that doesn't divide evenly."""
    while True:
        layers = [(int(rng.integers(2, 6)), int(rng.integers(2, 4)), int(rng.integers(1, 3)), 1)]
        n = int(rng.integers(20, 60))
        if _tell_apart(n, layers):
            return n, layers


@check(
    "stack",
    points=1,
    hint="What comes out of one layer goes into the next.",
    more="A loop: n becomes the size after the layer, and the next layer begins with that n.",
)
def whole_stack(student, reference, rng):
    """finds the size that comes out of a stack"""
    n, layers = a_stack(rng, 3, dilated=False)
    equal(student.map_size(n, layers), sizes(n, layers)[-1], what=f"map_size({n}, {layers})")


@check(
    "stack",
    points=1,
    hint="Which strides make a layer's steps longer: its own, or those of the layers before it?",
    more="Keep two numbers: field and step, both 1 at first. Add (k − 1) · d · step; only then "
    "multiply step by the stride.",
)
def field_of_a_stack(student, reference, rng):
    """finds the receptive field of a stack"""
    _, layers = a_stack(rng, 3, dilated=False)
    equal(student.receptive_field(layers), seen(layers), what=f"receptive_field({layers})")


def some_sigma(rng):
    """A sigma, three of which aren't a whole number: rounding up and down differ."""
    return float(rng.choice([1.2, 1.5, 1.9, 2.1, 2.2]))


def a_wave(rng):
    """Wavelength and sigma: long waves, so that a kernel needs balancing."""
    sigma = some_sigma(rng)
    return float(sigma * rng.uniform(3.2, 4.5)), sigma


@check(
    "bank",
    points=1,
    hint="Three sigma to each side, rounded up, and one pixel in the middle.",
    more="radius = int(np.ceil(3 * sigma)), then 2 * radius + 1 rows and columns.",
)
def reaches_three_sigma(student, reference, rng):
    """makes a kernel that reaches three sigma to each side"""
    wavelength, sigma = a_wave(rng)
    side = 2 * int(np.ceil(3 * sigma)) + 1
    kernel = shaped(student.gabor(wavelength, 0, sigma), (side, side), f"gabor(..., sigma={sigma})")
    middle = kernel[side // 2, side // 2]
    if not (middle > 0 and middle == kernel.max() > kernel.min()):
        raise Wrong(f"the weight in the middle is {middle:.3g}; expected is the largest of all.")


@check(
    "bank",
    points=1,
    hint="Sum your weights, and sum their squares. Which of the steps changes the other's result?",
    more="Take bell * wave.sum() / bell.sum() away, then divide by np.linalg.norm of what is "
    "left: in this order.",
)
def balanced_and_of_length_one(student, reference, rng):
    """makes weights that sum to zero and have length 1"""
    wavelength, sigma = a_wave(rng)
    kernel = np.asarray(student.gabor(wavelength, 0, sigma), float)
    same(kernel.sum(), 0.0, what="the sum of the weights", tolerance=1e-6)
    same((kernel**2).sum(), 1.0, what="the sum of the squared weights", tolerance=1e-6)


@check(
    "bank",
    points=1,
    hint="At 0° the wave runs to the right: look at a picture of your kernel. How many pixels is "
    "one wave long? How wide is the bell?",
    more="Whole pixels, rows first: y, x = np.mgrid[-r : r + 1, -r : r + 1]. The cosine of 2π / "
    "wavelength · along; the exponential of −(x² + y²) / (2σ²), with both brackets.",
)
def wave_to_the_right(student, reference, rng):
    """makes a Gabor kernel at 0 degrees"""
    wavelength, sigma = a_wave(rng)
    expected = reference.gabor(wavelength, 0, sigma)
    same(student.gabor(wavelength, 0, sigma), expected, what="the kernel", picture=True)


@check(
    "bank",
    points=1,
    hint="NumPy's sine and cosine take radians. And y grows downwards.",
    more="theta = np.deg2rad(degrees); along = x * np.cos(theta) + y * np.sin(theta).",
)
def turned_wave(student, reference, rng):
    """turns the wave clockwise, by degrees"""
    wavelength, sigma = a_wave(rng)
    degrees = float(rng.uniform(20, 70))
    expected = reference.gabor(wavelength, degrees, sigma)
    what = f"the kernel at {degrees:.0f}°"
    same(student.gabor(wavelength, degrees, sigma), expected, what=what, picture=True)


def own_directions(student, rng, n):
    """Compare a bank with the student's own `gabor`: a mistake in that isn't counted twice.

    But it must be one that makes kernels, and others for other directions.
    """
    wavelength, sigma = a_wave(rng)
    kernels = [np.asarray(student.gabor(wavelength, 180 * i / n, sigma)) for i in range(n)]
    if kernels[0].ndim != 2 or any(kernel.shape != kernels[0].shape for kernel in kernels):
        raise Wrong("`gabor` doesn't make kernels of one shape, so there is no bank of them.")
    differences = [np.abs(np.subtract(*pair)).max() for pair in combinations(kernels, 2)]
    if not min(differences) > 1e-3 * np.abs(kernels).max() > 0:
        raise Wrong("`gabor` gives the same in all directions, so there is no bank of them.")
    same(student.gabor_bank(wavelength, n, sigma), np.stack(kernels), what=f"the bank of {n}")


@check(
    "bank",
    points=1,
    hint="Print your directions for n = 4. Are they those of the task?",
    more="Direction i is 180 * i / n; np.stack puts the kernels into one array.",
)
def bank_of_directions(student, reference, rng):
    """spreads the directions of a bank evenly over half a turn"""
    own_directions(student, rng, 4)


def pictures_and_bank(rng):
    """Slopes of brightness with noise, and filters of several shapes and lengths."""
    y, x = np.mgrid[:8, :11]
    images = np.stack([a * x + b * y for a, b in rng.uniform(0.2, 1, (3, 2))])
    images = (images + rng.random((3, 8, 11))) * np.array([1.0, 2.0, 4.0])[:, None, None]
    bank = [
        rng.uniform(2, 4) * np.array([[-1.0, 0, 1]] * 3),
        rng.uniform(0.2, 0.4) * np.array([[-1.0], [1]]),
        a_kernel(rng, 2, 3) / 30,
        np.array([[1.0, -1], [-1, 1]]),
    ]
    return images, bank


def shares_of(images, bank):
    """The shares, with every patch's sum of products written out."""
    energies = []
    for kernel in bank:
        unit = kernel / np.sqrt((kernel**2).sum())
        room = [((k - 1) // 2, k - 1 - (k - 1) // 2) for k in unit.shape]
        padded = [np.pad(image, room, mode="symmetric") for image in images]
        energies.append(np.mean([slid(image, unit) ** 2 for image in padded]))
    return np.array(energies) / sum(energies)


@check(
    "useless",
    points=1,
    hint="Scale each kernel first; square each answer, then take the mean, over the pixels of all "
    "images.",
    more="scaled = kernel / np.linalg.norm(kernel), then np.mean of respond(image, scaled) ** 2, "
    "and divide by the sum in the end.",
)
def shares_of_energy(student, reference, rng):
    """finds each filter's share of the energy"""
    images, bank = pictures_and_bank(rng)
    same(student.energy_shares(images, bank), shares_of(images, bank), what="the shares")


def striped_case(rng):
    """Stripes in which all rows, or all columns, are alike, and filters whose answers are known."""
    profile = rng.random((2, 16)) + 0.5 * np.arange(16)
    profile[:, ::2] += 1.5
    images = np.repeat(profile[:, None, :], 12, axis=1)
    across = np.array([[-1.0, 0, 1]] * 3)
    kinds = {
        "edge": across,
        "blurred": np.array([[0.2, 1, 0.2]] * 3),
        "silent": across.T,
        "checkered": np.array([[1.0, -1], [-1, 1]]),
    }
    order = [str(name) for name in rng.permutation(list(kinds))]
    bank = [kinds[name] for name in order]
    return images, bank, order


@check(
    "useless",
    points=1,
    hint="Which kernels compare only rows with each other, in a picture whose rows are all alike?",
    more="Silent means: share below 0.001. Give their indices as a list, in increasing order.",
)
def finds_the_silent(student, reference, rng):
    """finds the filters that never answer"""
    images, bank, order = striped_case(rng)
    silent = student.useless_filters(images, bank)[0]
    equal(
        silent,
        [i for i, name in enumerate(order) if name in ("silent", "checkered")],
        what="silent",
    )


@check(
    "useless",
    points=1,
    hint="Compare the answers of two filters, over all pixels of all images, with np.corrcoef.",
    more="Flatten the answers of each filter into one row; then the absolute value of "
    "np.corrcoef(rows) above 0.99. Pairs with i < j.",
)
def finds_the_doubles(student, reference, rng):
    """finds filters that say the same, or the opposite"""
    images, bank, order = striped_case(rng)
    factor = float(rng.choice([-3, -0.5]))
    bank.append(factor * bank[order.index("edge")])
    doubles = student.useless_filters(images, bank)[1]
    equal(doubles, [(order.index("edge"), len(order))], what="doubles")


def product_kernel(rng, rows, columns):
    """A separable kernel whose weights sum to zero."""
    row = rng.uniform(0.5, 2, columns) * np.where(np.arange(columns) % 2, -1, 1)
    row[0] -= row.sum()
    return np.outer(rng.uniform(0.5, 2, rows), row)


def multiply_out(parts, kernel):
    """Raise Wrong unless column times row gives the kernel."""
    if parts is None:
        raise Wrong("says that a kernel isn't separable, which is one.")
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise Wrong("returns something else than a column and a row.")
    column, row = (np.asarray(part, float) for part in parts)
    shapes = ((kernel.shape[0],), (kernel.shape[1],))
    if (column.shape, row.shape) != shapes:
        raise Wrong(
            f"returns shapes {column.shape} and {row.shape} for a kernel of {kernel.shape}; "
            f"expected are {shapes[0]} and {shapes[1]}."
        )
    largest = np.abs(kernel).max()
    got = np.outer(column, row) / largest
    same(
        got,
        kernel / largest,
        what="column times row (the largest weight counted as 1)",
        tolerance=1e-6,
        picture=True,
    )


@check(
    "separate",
    points=1,
    hint="Multiply your column by your row, with np.outer. What is missing?",
    more="columns[:, 0] and rows[0] of the SVD have length 1: one of them needs the singular "
    "value, strengths[0].",
)
def takes_it_apart(student, reference, rng):
    """takes a separable kernel apart"""
    kernel = product_kernel(rng, 3, 5)
    multiply_out(student.separate(kernel), kernel)


@check(
    "separate",
    points=1,
    hint="Not every kernel is a column times a row. What are the other singular values?",
    more="If the second singular value is more than a millionth of the first, return None.",
)
def says_so_if_not(student, reference, rng):
    """returns None for a kernel that isn't separable"""
    kernel = product_kernel(rng, 4, 4)
    multiply_out(student.separate(kernel), kernel)
    parts = student.separate(kernel + product_kernel(rng, 4, 4))
    if parts is not None:
        raise Wrong("returns something for a kernel that isn't separable; expected is None.")


def a_layer(rng, pictures, size, shape, stride=1, padding=0):
    """Images, kernels of this shape, a bias, and an error for each number of the output."""
    images = rng.uniform(-1, 1, (pictures, *size, shape[2]))
    kernels = a_kernel(rng, 1, int(np.prod(shape))).reshape(shape) / np.prod(shape) - 0.6
    maps = [(n + 2 * padding - k) // stride + 1 for n, k in zip(size, shape[:2], strict=True)]
    error = rng.uniform(-1, 1, (pictures, *maps, shape[3]))
    return images, kernels, a_kernel(rng, 1, shape[3])[0], error


def layered(images, kernels, bias, stride=1, padding=0):
    """A layer's output, window by window."""
    pictures, rows, columns, channels = images.shape
    padded = np.zeros((pictures, rows + 2 * padding, columns + 2 * padding, channels))
    padded[:, padding : rows + padding, padding : columns + padding] = images
    tall, wide = kernels.shape[:2]
    tops = range(0, rows + 2 * padding - tall + 1, stride)
    lefts = range(0, columns + 2 * padding - wide + 1, stride)
    windows = [[padded[:, i : i + tall, j : j + wide] for j in lefts] for i in tops]
    return np.tensordot(windows, kernels, 3).transpose(2, 0, 1, 3) + bias


def pulled(layer, stride=1, padding=0):
    """The gradients of the sum of errors times outputs: what a unit of each input adds to it."""
    images, kernels, _, error = layer
    units = np.eye(images[0].size).reshape(-1, *images.shape[1:])
    outputs = layered(units, kernels, 0, stride, padding)
    for_images = np.tensordot(error, outputs, ([1, 2, 3], [1, 2, 3]))
    units = np.eye(kernels[..., 0].size).reshape(*kernels.shape[:3], -1)
    outputs = layered(images, units, 0, stride, padding)
    for_kernels = np.tensordot(outputs, error, ([0, 1, 2], [0, 1, 2]))
    for_bias = np.tensordot(np.ones(error.shape[:3]), error, 3)
    return for_images.reshape(images.shape), for_kernels.reshape(kernels.shape), for_bias


def same_maps(got, expected, what, *, rows=1):
    """Compare arrays of four axes by the map that differs most; `rows` is the first of its axes."""
    order = (0, 3, 1, 2) if rows else (2, 3, 0, 1)
    maps, right = (np.transpose(a, order) for a in (shaped(got, expected.shape, what), expected))
    far = np.abs(maps - right).max((2, 3))
    one, other = (int(n) for n in np.unravel_index(far.argmax(), far.shape))
    place = f"{one}, :, :, {other}" if rows else f":, :, {one}, {other}"
    got, expected = maps[one, other], right[one, other]
    same(got, expected, what=f"{what}, at [{place}],", picture=True)


def same_gradients(student, names, layer, stride=1, padding=0):
    """Compare some of a layer's three gradients."""
    images, kernels, _, error = layer
    got = student.conv_backward(error, images, kernels, stride, padding)
    if not isinstance(got, list | tuple) or len(got) != 3:
        raise Wrong(
            "`conv_backward` doesn't give three arrays; expected are the gradients for the images, "
            "the kernels and the bias."
        )
    order = ("images", "kernels", "bias")
    for name, given, expected in zip(order, got, pulled(layer, stride, padding), strict=True):
        what = f"the gradient for the {name}"
        if name in names and name == "bias":
            same(given, expected, what=what)
        elif name in names:
            same_maps(given, expected, what, rows=name == "images")


@check(
    "layer",
    points=1,
    hint="One image, one channel, one kernel: this is `correlate`, with an axis of length 1 in "
    "front and one at the end.",
    more="A window is padded[n, i : i + K, j : j + L], of the shape (K, L, C). Times "
    "kernels[..., f], added up, it is output[n, i, j, f].",
)
def one_channel_one_kernel(student, reference, rng):
    """lays one kernel on one image in `conv_forward`"""
    images, kernels, _, _ = a_layer(rng, 1, (5, 7), (2, 3, 1, 1))
    got = student.conv_forward(images, kernels, np.zeros(1))
    same_maps(got, layered(images, kernels, 0), "the output")


@check(
    "layer",
    points=1,
    hint="Each kernel is as deep as the images. How many numbers does it make of one window?",
    more="One: the sum runs over the channels, too. Each of the F kernels makes a map of its own.",
)
def channels_and_kernels(student, reference, rng):
    """adds up over the channels, with a map for each kernel"""
    images, kernels, _, _ = a_layer(rng, 1, (4, 6), (2, 3, 3, 2))
    got = student.conv_forward(images, kernels, np.zeros(2))
    same_maps(got, layered(images, kernels, 0), "the output")


@check(
    "layer",
    points=1,
    hint="Every image goes through the same kernels. And to which numbers of the output does "
    "bias[f] go?",
    more="To all of map f, once, when the sum is done: output + bias does it for an array whose "
    "last axis is F long.",
)
def images_and_bias(student, reference, rng):
    """takes many images, and adds each kernel's bias"""
    images, kernels, bias, _ = a_layer(rng, 3, (4, 5), (3, 2, 2, 3))
    got = student.conv_forward(images, kernels, bias)
    same_maps(got, layered(images, kernels, bias), "the output")


@check(
    "layer",
    points=1,
    hint="Padding goes around rows and columns only: none around the images or the channels. Then "
    "the windows begin every `stride` pixels.",
    more="np.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0))). "
    "np.pad(images, padding) pads all four axes.",
)
def padded_and_in_steps(student, reference, rng):
    """pads and strides in `conv_forward`"""
    images, kernels, bias, _ = a_layer(rng, 2, (6, 7), (3, 2, 2, 3))
    for stride, padding in ((1, 1), (2, 0)):
        got = student.conv_forward(images, kernels, bias, stride, padding)
        expected = layered(images, kernels, bias, stride, padding)
        same_maps(got, expected, f"with stride {stride} and padding {padding} the output")


@check(
    "layer",
    points=1,
    hint="Work out the task's example, [1, 2] with a step of 0.1, by hand. Which two numbers do "
    "you subtract, and how far apart are their places?",
    more="f is asked once at x + step and once at x − step, and these lie two steps apart.",
)
def slope_between_two_sides(student, reference, rng):
    """takes central differences in `numerical_gradient`"""
    x, weights = rng.uniform(0.5, 2, 4), rng.uniform(1, 3, 4)
    step = float(rng.uniform(0.1, 0.3))
    gradient, _ = student.slopes(weights, 0.0, x, step)
    same(gradient, weights * (3 * x**2 + step**2), what="the gradient")


@check(
    "layer",
    points=1,
    hint="While one value moves, all others must be where they were. And what does the caller's "
    "`x` hold when you are done? Is your result of its shape?",
    more="Work on a copy. `for place in np.ndindex(x.shape)` visits each value of any shape; put "
    "it back before the next one moves.",
)
def each_value_by_itself(student, reference, rng):
    """moves one value at a time, and leaves `x` as it is"""
    x, weights = rng.uniform(0.5, 2, (2, 3)), rng.uniform(1, 3, (2, 3))
    step = float(rng.uniform(0.1, 0.3))
    gradient, afterwards = student.slopes(weights, 1.0, x, step)
    expected = weights * (3 * x**2 + step**2) + 2 * x.sum()
    same(gradient, expected, what="the gradient", picture=True)
    same(afterwards, x, what="the caller's x after the call")


@check(
    "layer",
    points=1,
    hint="Which outputs does bias[f] go into, and times what? `conv_backward` gives three arrays; "
    "this is about the last.",
    more="Into all of map f, of every image, times 1: add up its errors, over all axes but the "
    "last.",
)
def error_for_the_bias(student, reference, rng):
    """finds the gradient for the bias"""
    same_gradients(student, ["bias"], a_layer(rng, 2, (4, 5), (2, 2, 2, 3)))


@check(
    "layer",
    points=1,
    hint="The weight [a, b, c, f] multiplies one pixel for each output [n, i, j, f]. Which one? "
    "Add up those pixels times their errors, over all images.",
    more="The pixel [n, i + a, j + b, c]. So add up window[a, b, c] · error[f] over all windows of "
    "all images; the windows are those of the way forward.",
)
def error_for_the_kernels(student, reference, rng):
    """finds the gradient for the kernels"""
    same_gradients(student, ["kernels"], a_layer(rng, 2, (4, 6), (2, 3, 2, 3)))


@check(
    "layer",
    points=1,
    hint="A pixel is in several windows, under another weight in each. It gets something from all "
    "of them, and from every kernel.",
    more="Begin with zeros; for each window, add kernels @ error[n, i, j] to the pixels that it "
    "saw, with +=.",
)
def error_for_the_images(student, reference, rng):
    """finds the gradient for the images"""
    same_gradients(student, ["images"], a_layer(rng, 2, (4, 6), (2, 3, 2, 3)))


@check(
    "layer",
    points=1,
    hint="The windows lie on the padded images, on the way back too. Which part of that are the "
    "images themselves?",
    more="Work out the gradient for the padded images; then cut `padding` rows and columns off on "
    "each side. (A slice that ends at -padding is empty where the padding is 0.)",
)
def back_through_padding(student, reference, rng):
    """goes back through padding"""
    padding = int(rng.integers(1, 3))
    layer = a_layer(rng, 2, (4, 5), (3, 2, 2, 3), 1, padding)
    same_gradients(student, ["kernels", "images"], layer, 1, padding)


@check(
    "layer",
    points=1,
    hint="Error [i, j] belongs to the window that begins at row i · s, column j · s, as on the way "
    "forward.",
    more="Add to the pixels [i · s + a, j · s + b]. With a full correlation instead: spread the "
    "error first, s − 1 zeros between its numbers.",
)
def back_through_stride(student, reference, rng):
    """goes back through strides"""
    layer = a_layer(rng, 2, (7, 8), (3, 4, 2, 3), 2)
    same_gradients(student, ["kernels", "images"], layer, 2)
