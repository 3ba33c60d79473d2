"""Exercise 1, as students answer it: typical mistakes, and right answers."""

from typical_mistakes import Answer, Mistake

# A layer as many write it, right: the mistakes below change a line of it.
FORWARD = """
def conv_forward(images, kernels, bias, stride=1, padding=0):
    N, H, W, C = images.shape
    kh, kw, _, F = kernels.shape
    x = np.zeros((N, H + 2 * padding, W + 2 * padding, C))
    x[:, padding : padding + H, padding : padding + W, :] = images
    out_h = (H + 2 * padding - kh) // stride + 1
    out_w = (W + 2 * padding - kw) // stride + 1
    out = np.zeros((N, out_h, out_w, F))
    for n in range(N):
        for i in range(out_h):
            for j in range(out_w):
                patch = x[n, i * stride : i * stride + kh, j * stride : j * stride + kw]
                for f in range(F):
                    out[n, i, j, f] = np.sum(patch * kernels[:, :, :, f]) + bias[f]
    return out
"""
NUMERICAL = """
def numerical_gradient(f, x, step=1e-5):
    x = x.astype(np.float64)
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    for _ in it:
        idx = it.multi_index
        old = x[idx]
        x[idx] = old + step
        plus = f(x)
        x[idx] = old - step
        minus = f(x)
        x[idx] = old
        grad[idx] = (plus - minus) / (2 * step)
    return grad
"""
BACKWARD = """
def conv_backward(error, images, kernels, stride=1, padding=0):
    N, H, W, C = images.shape
    kh, kw, _, F = kernels.shape
    p = padding
    x = np.pad(images.astype(float), ((0, 0), (p, p), (p, p), (0, 0)))
    dx = np.zeros_like(x)
    dw = np.zeros(kernels.shape)
    db = error.sum(axis=(0, 1, 2))
    for n in range(N):
        for i in range(error.shape[1]):
            for j in range(error.shape[2]):
                top, left = i * stride, j * stride
                for f in range(F):
                    e = error[n, i, j, f]
                    dw[:, :, :, f] += x[n, top : top + kh, left : left + kw] * e
                    dx[n, top : top + kh, left : left + kw] += kernels[:, :, :, f] * e
    return dx[:, p : p + H, p : p + W], dw, db
"""
LAYER = FORWARD + NUMERICAL + BACKWARD
MISTAKES = [
    Mistake(
        "changes",
        "subtracts bytes, which wrap round below 0, and makes floats of them afterwards",
        "bytes_wrap",
        """
def changes(before, after):
    difference = after - before
    difference = difference.astype(np.float32)
    return difference / 255
""",
    ),
    Mistake(
        "slide",
        "turns the kernel upside down only, not left to right, for the convolution",
        "upside_down_only",
        """
def correlate(image, kernel, padding=0, stride=1):
    padded = np.pad(np.asarray(image, dtype=float), padding)
    kh, kw = kernel.shape
    rows = (padded.shape[0] - kh) // stride + 1
    cols = (padded.shape[1] - kw) // stride + 1
    result = np.empty((rows, cols))
    for r in range(rows):
        for c in range(cols):
            patch = padded[r * stride : r * stride + kh, c * stride : c * stride + kw]
            result[r, c] = (patch * kernel).sum()
    return result


def convolve(image, kernel, padding=0, stride=1):
    flipped = np.flip(kernel, axis=0)
    return correlate(image, flipped, padding, stride)
""",
    ),
    Mistake(
        "slide",
        "makes the map smaller by the stride, but still moves the kernel by one pixel at a time",
        "patch_at_i_j",
        """
def correlate(img, k, padding=0, stride=1):
    H, W = img.shape
    K, L = k.shape
    big = np.zeros((H + 2 * padding, W + 2 * padding))
    big[padding : padding + H, padding : padding + W] = img
    out_h = int((H + 2 * padding - K) / stride) + 1
    out_w = int((W + 2 * padding - L) / stride) + 1
    out = np.zeros((out_h, out_w))
    for i in range(out_h):
        for j in range(out_w):
            out[i][j] = np.sum(big[i : i + K, j : j + L] * k)
    return out

def convolve(img, k, padding=0, stride=1):
    return correlate(img, np.rot90(k, 2), padding, stride)
""",
    ),
    Mistake(
        "stack",
        "multiplies by a layer's own stride before adding what the layer sees",
        "own_stride_first",
        """
def map_size(n, layers):
    for k, s, p, d in layers:
        n = (n + 2 * p - d * (k - 1) - 1) // s + 1
    return n

def receptive_field(layers):
    seen = 1
    step = 1
    for k, s, p, d in layers:
        step = step * s
        seen = seen + d * (k - 1) * step
    return seen
""",
    ),
    Mistake(
        "stack",
        "counts the padding on one side only",
        "padding_once",
        """
import math

def map_size(n, layers):
    size = n
    for layer in layers:
        kernel, stride, padding, dilation = layer
        covered = dilation * (kernel - 1) + 1
        size = math.floor((size + padding - covered) / stride) + 1
    return size

def receptive_field(layers):
    total = 1
    for l, (kernel, _, _, dilation) in enumerate(layers):
        total += dilation * (kernel - 1) * math.prod(layer[1] for layer in layers[:l])
    return total
""",
    ),
    Mistake(
        "bank",
        "spreads the directions so that the last one is 180 degrees, which is the first again",
        "first_direction_again",
        """
def gabor(wavelength, degrees, sigma):
    r = int(np.ceil(3 * sigma))
    ticks = np.arange(-r, r + 1)
    X, Y = np.meshgrid(ticks, ticks)
    theta = np.deg2rad(degrees)
    bell = np.exp(-(X**2 + Y**2) / (2 * sigma**2))
    wave = bell * np.cos(2 * np.pi / wavelength * (X * np.cos(theta) + Y * np.sin(theta)))
    g = wave - bell * wave.sum() / bell.sum()
    return g / np.linalg.norm(g)

def gabor_bank(wavelength, n, sigma):
    return np.array([gabor(wavelength, a, sigma) for a in np.linspace(0, 180, n)])
""",
    ),
    Mistake(
        "bank",
        "balances by taking the mean from every weight, in place of a share of the bell",
        "mean_taken_away",
        """
def gabor(wavelength, degrees, sigma):
    angle = degrees * np.pi / 180
    half = int(np.ceil(3 * sigma))
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    for row in range(2 * half + 1):
        for col in range(2 * half + 1):
            x, y = col - half, row - half
            along = x * np.cos(angle) + y * np.sin(angle)
            bell = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
            kernel[row, col] = bell * np.cos(2 * np.pi * along / wavelength)
    kernel = kernel - kernel.mean()
    return kernel / np.sqrt((kernel**2).sum())


def gabor_bank(wavelength, n, sigma):
    kernels = []
    for i in range(n):
        kernels.append(gabor(wavelength, i * 180 / n, sigma))
    return np.stack(kernels)
""",
    ),
    Mistake(
        "useless",
        "compares the energies of the kernels as they are, without scaling them to length 1",
        "kernels_not_scaled",
        """
def energy_shares(images, bank):
    energies = []
    for kernel in bank:
        squares = [respond(image, kernel) ** 2 for image in images]
        energies.append(np.mean(squares))
    return np.array(energies) / sum(energies)

def useless_filters(images, bank):
    shares = energy_shares(images, bank)
    silent = [i for i in range(len(bank)) if shares[i] < 0.001]
    flat = [np.concatenate([respond(im, k).ravel() for im in images]) for k in bank]
    doubles = []
    for i in range(len(bank)):
        for j in range(i + 1, len(bank)):
            if i in silent or j in silent:
                continue
            if abs(np.corrcoef(flat[i], flat[j])[0, 1]) > 0.99:
                doubles.append((i, j))
    return silent, doubles
""",
    ),
    Mistake(
        "useless",
        "forgets the filters that always say the opposite",
        "opposites_missed",
        """
from itertools import combinations

def answers_of(images, kernel):
    unit = kernel / np.linalg.norm(kernel)
    return np.array([respond(image, unit) for image in images])

def energy_shares(images, bank):
    energy = np.array([(answers_of(images, kernel) ** 2).mean() for kernel in bank])
    return energy / energy.sum()

def useless_filters(images, bank):
    shares = energy_shares(images, bank)
    silent = np.flatnonzero(shares < 1e-3).tolist()
    loud = [i for i in range(len(bank)) if i not in silent]
    doubles = []
    for i, j in combinations(loud, 2):
        a, b = answers_of(images, bank[i]).flatten(), answers_of(images, bank[j]).flatten()
        if np.corrcoef(a, b)[0][1] > 0.99:
            doubles.append((i, j))
    return silent, doubles
""",
    ),
    Mistake(
        "separate",
        "asks whether the second singular value is exactly zero, which rounding prevents",
        "no_tolerance",
        """
def separate(kernel):
    U, S, Vt = np.linalg.svd(kernel)
    if len(S) > 1 and S[1] != 0:
        return None
    column = U[:, 0] * S[0]
    row = Vt[0, :]
    return column, row
""",
    ),
    Mistake(
        "layer",
        "adds the bias inside the loop over the channels, once for each of them",
        "bias_for_each_channel",
        """
def conv_forward(images, kernels, bias, stride=1, padding=0):
    N, H, W, C = images.shape
    kh, kw, _, F = kernels.shape
    x = np.zeros((N, H + 2 * padding, W + 2 * padding, C))
    x[:, padding : padding + H, padding : padding + W, :] = images
    out_h = (H + 2 * padding - kh) // stride + 1
    out_w = (W + 2 * padding - kw) // stride + 1
    out = np.zeros((N, out_h, out_w, F))
    for n in range(N):
        for i in range(out_h):
            for j in range(out_w):
                patch = x[n, i * stride : i * stride + kh, j * stride : j * stride + kw]
                for f in range(F):
                    for c in range(C):
                        out[n, i, j, f] += np.sum(patch[..., c] * kernels[:, :, c, f]) + bias[f]
    return out
"""
        + NUMERICAL
        + BACKWARD,
    ),
    Mistake(
        "layer",
        "compares f a step further with f at the place itself",
        "one_sided",
        FORWARD
        + """
def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=float)
    here = f(x)
    grad = np.zeros(x.shape)
    for idx in np.ndindex(*x.shape):
        moved = x.copy()
        moved[idx] += step
        grad[idx] = (f(moved) - here) / step
    return grad
"""
        + BACKWARD,
    ),
    Mistake(
        "layer",
        "correlates the spread error with kernels that it hasn't turned",
        "not_turned_on_the_way_back",
        FORWARD
        + NUMERICAL
        + """
def conv_backward(error, images, kernels, stride=1, padding=0):
    K, L, C, F = kernels.shape
    N, H, W, _ = images.shape
    pads = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    x = np.pad(images.astype(float), pads)
    # zeros between the errors, then a border of K - 1 around them
    spread = np.zeros((N, x.shape[1] - K + 1, x.shape[2] - L + 1, F))
    spread[:, ::stride, ::stride] = error
    around = np.pad(spread, [(0, 0), (K - 1, K - 1), (L - 1, L - 1), (0, 0)])
    windows = sliding_window_view(around, (K, L), axis=(1, 2))
    dx = np.einsum("nijfab,abcf->nijc", windows, kernels)
    seen = sliding_window_view(x, (K, L), axis=(1, 2))[:, ::stride, ::stride]
    dw = np.einsum("nijcab,nijf->abcf", seen, error)
    return dx[:, padding : padding + H, padding : padding + W], dw, error.sum((0, 1, 2))
""",
    ),
    Mistake(
        "layer",
        "puts the gradient of each window where another one's is already",
        "overwritten_where_windows_overlap",
        FORWARD
        + NUMERICAL
        + """
def conv_backward(error, images, kernels, stride=1, padding=0):
    p, s = padding, stride
    kh, kw = kernels.shape[0], kernels.shape[1]
    x = np.pad(images, ((0, 0), (p, p), (p, p), (0, 0))).astype(np.float64)
    dx, dw = np.zeros(x.shape), np.zeros(kernels.shape)
    for n in range(len(x)):
        for i in range(error.shape[1]):
            for j in range(error.shape[2]):
                rows, cols = slice(i * s, i * s + kh), slice(j * s, j * s + kw)
                dw += x[n, rows, cols][..., None] * error[n, i, j]
                dx[n, rows, cols] = kernels @ error[n, i, j]
    if p > 0:
        dx = dx[:, p:-p, p:-p]
    return dx, dw, error.sum(0).sum(0).sum(0)
""",
    ),
    Mistake(
        "layer",
        "forgets the stride on the way back",
        "back_through_neighbouring_windows",
        LAYER.replace("top, left = i * stride, j * stride", "top, left = i, j"),
    ),
    Mistake(
        "layer",
        "divides the gradient for the kernels by the number of images",
        "kernels_averaged_over_images",
        LAYER.replace("dw, db\n", "dw / N, db\n"),
    ),
    Mistake(
        "layer",
        "gives the gradient for the padded images back",
        "padding_left_on",
        LAYER.replace("return dx[:, p : p + H, p : p + W], dw", "return dx, dw"),
    ),
]

RIGHT = [
    Answer(
        "changes",
        """
def changes(before, after):
    return np.subtract(after, before, dtype=np.float32) / np.float32(255)
""",
    ),
    Answer(
        "changes",
        """
def to_unit(picture: np.ndarray) -> np.ndarray:
    return picture.astype(float) / 255.0


def changes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    gained = to_unit(after) - to_unit(before)
    return np.float32(gained)
""",
    ),
    Answer(
        "slide",
        """
import scipy.signal

def correlate(image, kernel, padding=0, stride=1):
    padded = np.pad(image.astype("float64"), padding)
    return scipy.signal.correlate2d(padded, kernel, mode="valid")[::stride, ::stride]

def convolve(image, kernel, padding=0, stride=1):
    padded = np.pad(image.astype("float64"), padding)
    return scipy.signal.convolve2d(padded, kernel, mode="valid")[::stride, ::stride]
""",
    ),
    Answer(
        "slide",
        """
def correlate(image, kernel, padding=0, stride=1):
    if padding > 0:
        h, w = image.shape
        framed = np.zeros((h + 2 * padding, w + 2 * padding))
        framed[padding:-padding, padding:-padding] = image
    else:
        framed = image.astype(float)
    K, L = kernel.shape
    rows = range(0, framed.shape[0] - K + 1, stride)
    columns = range(0, framed.shape[1] - L + 1, stride)
    sums = [[np.vdot(framed[y : y + K, x : x + L], kernel) for x in columns] for y in rows]
    return np.array(sums)


def convolve(image, kernel, padding=0, stride=1):
    return correlate(image, kernel[::-1, ::-1], padding=padding, stride=stride)
""",
    ),
    Answer(
        "stack",
        """
def map_size(n, layers):
    if not layers:
        return n
    (k, s, p, d), *rest = layers
    return map_size(int(np.floor((n + 2 * p - d * (k - 1) - 1) / s)) + 1, rest)

def receptive_field(layers):
    # backwards: how many pixels in front of a layer does one stretch of its map need?
    field = 1
    for k, s, p, d in reversed(layers):
        field = (field - 1) * s + d * (k - 1) + 1
    return field
""",
    ),
    Answer(
        "stack",
        """
def map_size(n, layers):
    for (kernel, stride, padding, dilation) in layers:
        places = 0
        start = -padding
        while start + dilation * (kernel - 1) < n + padding:
            places += 1
            start += stride
        n = places
    return n


def receptive_field(layers):
    kernels, strides, _, dilations = np.array(layers).reshape(-1, 4).T
    jumps = np.concatenate([[1], np.cumprod(strides)])[:-1] if len(layers) else []
    return int(1 + np.sum(dilations * (kernels - 1) * jumps))
""",
    ),
    Answer(
        "bank",
        """
def gabor(wavelength, degrees, sigma):
    r = int(np.ceil(3 * sigma))
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    t = np.radians(degrees)
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    wave = bell * np.cos(2 * np.pi * (x * np.cos(t) + y * np.sin(t)) / wavelength)
    wave -= bell * (wave.sum() / bell.sum())
    wave /= np.linalg.norm(wave)
    return wave


def gabor_bank(wavelength, n, sigma):
    return np.stack([gabor(wavelength, d, sigma) for d in np.linspace(0, 180, n, endpoint=False)])
""",
    ),
    Answer(
        "bank",
        """
import math

def gabor(wavelength, degrees, sigma):
    reach = math.ceil(3 * sigma)
    theta = math.radians(degrees)
    span = range(-reach, reach + 1)
    b = [[math.exp(-(x * x + y * y) / 2 / sigma**2) for x in span] for y in span]
    phase = [[x * math.cos(theta) + y * math.sin(theta) for x in span] for y in span]
    b, phase = np.array(b), np.array(phase)
    w = b * np.cos(2 * math.pi / wavelength * phase)
    g = w - b * np.sum(w) / np.sum(b)
    length = math.sqrt(np.sum(g * g))
    return g / length

def gabor_bank(wavelength, n, sigma):
    size = 2 * math.ceil(3 * sigma) + 1
    bank = np.zeros((n, size, size))
    for number in range(n):
        bank[number] = gabor(wavelength, 180.0 / n * number, sigma)
    return bank
""",
    ),
    Answer(
        "useless",
        """
def answers(images, bank):
    result = []
    for kernel in bank:
        scaled = kernel / np.sqrt((kernel**2).sum())
        result.append(np.concatenate([respond(image, scaled).ravel() for image in images]))
    return np.array(result)


def energy_shares(images, bank):
    energies = np.var(answers(images, bank), axis=1) + answers(images, bank).mean(axis=1) ** 2
    return energies / energies.sum()


def useless_filters(images, bank):
    quiet = energy_shares(images, bank) < 0.001
    silent = [int(i) for i in np.where(quiet)[0]]
    with np.errstate(all="ignore"):
        table = np.corrcoef(answers(images, bank))
    table = np.abs(np.atleast_2d(table))
    doubles = [
        (i, j)
        for i in range(len(bank))
        for j in range(i + 1, len(bank))
        if not quiet[i] and not quiet[j] and table[i, j] > 0.99
    ]
    return silent, doubles
""",
    ),
    Answer(
        "separate",
        """
def separate(kernel):
    # a separable kernel is made of multiples of one row: take the largest weight's
    i, j = np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)
    column = kernel[:, j] / kernel[i, j]
    row = kernel[i, :].copy()
    if np.allclose(np.outer(column, row), kernel, rtol=0, atol=1e-6 * np.abs(kernel[i, j])):
        return column, row
    return None
""",
    ),
    Answer(
        "layer",
        FORWARD + NUMERICAL + BACKWARD,
    ),
    Answer(
        "layer",
        """
def columns_of(images, size, stride, padding):
    p = padding
    padded = np.pad(images, ((0, 0), (p, p), (p, p), (0, 0)))
    windows = sliding_window_view(padded, size, axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3)

def conv_forward(images, kernels, bias, stride=1, padding=0):
    table = columns_of(images, kernels.shape[:2], stride, padding)
    places = table.shape[:3]
    table = table.reshape(-1, kernels[..., 0].size)  # a row for each window
    return (table @ kernels.reshape(table.shape[1], -1) + bias).reshape(*places, -1)
"""
        + NUMERICAL
        + """
def conv_backward(error, images, kernels, stride=1, padding=0):
    K, L, C, F = kernels.shape
    N, H, W, _ = images.shape
    pads = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    x = np.pad(images.astype(float), pads)
    # zeros between the errors, then a border of K - 1 around them
    spread = np.zeros((N, x.shape[1] - K + 1, x.shape[2] - L + 1, F))
    spread[:, ::stride, ::stride] = error
    around = np.pad(spread, [(0, 0), (K - 1, K - 1), (L - 1, L - 1), (0, 0)])
    windows = sliding_window_view(around, (K, L), axis=(1, 2))
    dx = np.einsum("nijfab,abcf->nijc", windows, kernels[::-1, ::-1])
    seen = sliding_window_view(x, (K, L), axis=(1, 2))[:, ::stride, ::stride]
    dw = np.einsum("nijcab,nijf->abcf", seen, error)
    return dx[:, padding : padding + H, padding : padding + W], dw, error.sum((0, 1, 2))
""",
    ),
]
