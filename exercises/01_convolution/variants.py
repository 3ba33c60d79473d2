"""Right solutions of exercise 1 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "loops",
    changes="""
def changes(before, after):
    result = np.zeros(before.shape, dtype=np.float32)
    for place in np.ndindex(*before.shape):
        result[place] = (int(after[place]) - int(before[place])) / 255
    return result
""",
    slide="""
def correlate(image, kernel, padding=0, stride=1):
    height, width = image.shape
    rows, columns = kernel.shape
    output = []
    for top in range(-padding, height + padding - rows + 1, stride):
        line = []
        for left in range(-padding, width + padding - columns + 1, stride):
            total = 0.0
            for a in range(rows):
                for b in range(columns):
                    if 0 <= top + a < height and 0 <= left + b < width:
                        total += float(image[top + a, left + b]) * float(kernel[a, b])
            line.append(total)
        output.append(line)
    return np.array(output)

def convolve(image, kernel, padding=0, stride=1):
    turned = np.zeros_like(kernel)
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            turned[-1 - a, -1 - b] = kernel[a, b]
    return correlate(image, turned, padding=padding, stride=stride)
""",
    bank="""
import math

def gabor(wavelength, degrees, sigma):
    r = math.ceil(3 * sigma)
    theta = math.radians(degrees)
    wave, bell = np.empty((2 * r + 1, 2 * r + 1)), np.empty((2 * r + 1, 2 * r + 1))
    for y in range(-r, r + 1):
        for x in range(-r, r + 1):
            bell[y + r, x + r] = math.exp(-(x * x + y * y) / (2 * sigma * sigma))
            phase = 2 * math.pi * (x * math.cos(theta) + y * math.sin(theta)) / wavelength
            wave[y + r, x + r] = bell[y + r, x + r] * math.cos(phase)
    wave -= bell * (wave.sum() / bell.sum())
    wave /= math.sqrt((wave * wave).sum())
    return wave

def gabor_bank(wavelength, n, sigma):
    bank = []
    for i in range(n):
        bank.append(gabor(wavelength, i * 180 / n, sigma).tolist())
    return bank
""",
    useless="""
def energy_shares(images, bank):
    energies = []
    for kernel in bank:
        length = float(np.sqrt((kernel ** 2).sum()))
        total, count = 0.0, 0
        for image in images:
            for value in respond(image, kernel).ravel():
                total += (value / length) ** 2
                count += 1
        energies.append(total / count)
    return [energy / sum(energies) for energy in energies]

def useless_filters(images, bank):
    silent, doubles = [], []
    for i, share in enumerate(energy_shares(images, bank)):
        if share < 0.001:
            silent.append(i)
    for i in range(len(bank)):
        for j in range(i + 1, len(bank)):
            if i in silent or j in silent:
                continue
            one = np.array([respond(image, bank[i]) for image in images]).ravel()
            other = np.array([respond(image, bank[j]) for image in images]).ravel()
            r = np.corrcoef(one, other)[0, 1]
            if r > 0.99 or r < -0.99:
                doubles.append([i, j])
    return [silent, doubles]
""",
    separate="""
def separate(kernel):
    i, j = np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)
    column = kernel[:, j].copy()
    row = kernel[i] / kernel[i, j]
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            if abs(column[a] * row[b] - kernel[a, b]) > 1e-6 * abs(kernel[i, j]):
                return None
    return [column, row]
""",
    layer="""
def conv_forward(images, kernels, bias, stride=1, padding=0):
    N, H, W, C = images.shape
    K, L, _, F = kernels.shape
    rows = (H + 2 * padding - K) // stride + 1
    columns = (W + 2 * padding - L) // stride + 1
    output = np.zeros((N, rows, columns, F))
    for n in range(N):
        for i in range(rows):
            for j in range(columns):
                for f in range(F):
                    total = float(bias[f])
                    for a in range(K):
                        for b in range(L):
                            y, x = i * stride + a - padding, j * stride + b - padding
                            if 0 <= y < H and 0 <= x < W:
                                for c in range(C):
                                    total += float(images[n, y, x, c]) * float(kernels[a, b, c, f])
                    output[n, i, j, f] = total
    return output

def numerical_gradient(f, x, step=1e-5):
    values = np.array(x, dtype=np.float64)
    flat = [0.0] * values.size
    for number in range(values.size):
        up, down = values.copy(), values.copy()
        up.flat[number] += step
        down.flat[number] -= step
        flat[number] = (f(up) - f(down)) / (2 * step)
    return np.array(flat).reshape(values.shape)

def conv_backward(error, images, kernels, stride=1, padding=0):
    N, H, W, C = images.shape
    K, L, _, F = kernels.shape
    for_images, for_kernels, for_bias = np.zeros((N, H, W, C)), np.zeros((K, L, C, F)), np.zeros(F)
    for n in range(N):
        for i in range(error.shape[1]):
            for j in range(error.shape[2]):
                for f in range(F):
                    e = float(error[n, i, j, f])
                    for_bias[f] += e
                    for a in range(K):
                        for b in range(L):
                            y, x = i * stride + a - padding, j * stride + b - padding
                            if y < 0 or x < 0 or y >= H or x >= W:
                                continue
                            for c in range(C):
                                for_images[n, y, x, c] += e * kernels[a, b, c, f]
                                for_kernels[a, b, c, f] += e * images[n, y, x, c]
    return for_images, for_kernels, for_bias
""",
)

variant(
    "float32 throughout",
    changes="""
def changes(before, after):
    return np.subtract(after, before, dtype=np.float32) / np.float32(255)
""",
    slide="""
def correlate(image, kernel, padding=0, stride=1):
    image, kernel = np.float32(image), np.float32(kernel)
    padded = np.pad(image, ((padding, padding), (padding, padding)))
    rows = (padded.shape[0] - kernel.shape[0]) // stride + 1
    columns = (padded.shape[1] - kernel.shape[1]) // stride + 1
    output = np.zeros((rows, columns), np.float32)
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            seen = padded[a:, b:][::stride, ::stride][:rows, :columns]
            output += kernel[a, b] * seen
    return output

def convolve(image, kernel, padding=0, stride=1):
    return correlate(image, np.rot90(kernel, 2), padding, stride)
""",
    bank="""
def gabor(wavelength, degrees, sigma):
    radius = int(np.ceil(3 * sigma))
    steps = np.arange(-radius, radius + 1, dtype=np.float32)
    x, y = np.meshgrid(steps, steps)
    theta = np.float32(degrees * np.pi / 180)
    bell = np.exp(-(x * x + y * y) / np.float32(2 * sigma**2))
    wave = bell * np.cos(np.float32(2 * np.pi / wavelength) * (x * np.cos(theta) + y * np.sin(theta)))
    kernel = wave - bell * (wave.sum() / bell.sum())
    return kernel / np.sqrt(np.sum(kernel**2))

def gabor_bank(wavelength, n, sigma):
    return np.array([gabor(wavelength, d, sigma) for d in np.arange(n) * (180 / n)], np.float32)
""",
    useless="""
def energy_shares(images, bank):
    images = images.astype(np.float32)
    energies = np.zeros(len(bank), np.float32)
    for i, kernel in enumerate(bank):
        scaled = (kernel / np.linalg.norm(kernel)).astype(np.float32)
        energies[i] = np.mean(np.stack([respond(image, scaled) for image in images]) ** 2)
    return energies / energies.sum()

def useless_filters(images, bank):
    shares = energy_shares(images, bank)
    speaks = np.flatnonzero(shares >= 1e-3)
    answers = np.array(
        [[respond(image.astype(np.float32), bank[i].astype(np.float32)) for image in images] for i in speaks]
    )
    r = np.corrcoef(answers.reshape(len(speaks), -1))
    pairs = np.argwhere(np.triu(np.abs(r) > 0.99, k=1))
    return np.flatnonzero(shares < 1e-3), [(speaks[a], speaks[b]) for a, b in pairs]
""",
    separate="""
def separate(kernel):
    u, s, vt = np.linalg.svd(kernel.astype(np.float32), full_matrices=False)
    if (s[1:] > 1e-6 * s[0]).any():
        return None
    return np.sqrt(s[0]) * u[:, 0], np.sqrt(s[0]) * vt[0]
""",
    layer="""
def conv_forward(images, kernels, bias, stride=1, padding=0):
    padded = np.pad(np.float32(images), ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
    K, L = kernels.shape[:2]
    rows = (padded.shape[1] - K) // stride + 1
    columns = (padded.shape[2] - L) // stride + 1
    output = np.zeros((len(images), rows, columns, kernels.shape[3]), np.float32)
    for a in range(K):
        for b in range(L):
            seen = padded[:, a : a + stride * rows : stride, b : b + stride * columns : stride]
            output += seen @ np.float32(kernels[a, b])
    return output + np.float32(bias)

def numerical_gradient(f, x, step=1e-5):
    x = x.astype(np.float64)
    gradient = np.empty_like(x)
    with np.nditer(x, flags=["multi_index"]) as places:
        for _ in places:
            nudge = np.zeros_like(x)
            nudge[places.multi_index] = step
            gradient[places.multi_index] = (f(x + nudge) - f(x - nudge)) / (2 * step)
    return gradient

def conv_backward(error, images, kernels, stride=1, padding=0):
    error, kernels = np.float32(error), np.float32(kernels)
    padded = np.pad(np.float32(images), ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
    db = np.einsum("nijf->f", error)
    dw, dx = np.zeros_like(kernels), np.zeros_like(padded)
    K, L = kernels.shape[:2]
    for i in range(error.shape[1]):
        for j in range(error.shape[2]):
            here = np.s_[:, i * stride : i * stride + K, j * stride : j * stride + L]
            dw += np.tensordot(padded[here], error[:, i, j], axes=(0, 0))
            dx[here] += np.tensordot(error[:, i, j], kernels, axes=(1, 3))
    if padding:
        dx = dx[:, padding:-padding, padding:-padding]
    return [dx, dw, db]
""",
)

variant(
    "helpers and imports in tagged cells",
    changes="""
# %% tags=["try"]
try:
    import itertools
    import math as mathematics
    whole_range = 2**8 - 1
    print(changes(np.zeros((2, 2), "uint8"), np.ones((2, 2), "uint8")))
except NameError:
    print("nothing yet")

# %% tags=["check"]
check("changes")

def as_floats(picture):
    return picture.astype(np.float32) / whole_range

# %%
def changes(before, after):
    return as_floats(after) - as_floats(before)
""",
    slide="""
# %% tags=["expected"]
from scipy import signal
turn = lambda kernel: np.flip(kernel)

# %%
def correlate(image, kernel, padding=0, stride=1):
    padded = np.pad(image.astype(float), padding)
    return signal.correlate2d(padded, kernel, mode="valid")[::stride, ::stride]

# %% tags=["try"]
def convolve(image, kernel, padding=0, stride=1):
    return correlate(image, turn(kernel), padding, stride)
print("this comes after", convolve)
""",
    stack="""
# %%
def map_size(n, layers):
    for k, s, p, d in layers:
        n = mathematics.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1
    return n

def receptive_field(layers):
    strides = itertools.accumulate((layer[1] for layer in layers), initial=1, func=lambda a, b: a * b)
    return 1 + sum(layer[3] * (layer[0] - 1) * step for layer, step in zip(layers, strides))
""",
    layer='''
# %% tags=["try"]
def places(shape, K, L, stride, padding):
    """Which row and column of the padded images each weight of each window lies on."""
    H, W = shape[1] + 2 * padding, shape[2] + 2 * padding
    tops, lefts = np.arange(0, H - K + 1, stride), np.arange(0, W - L + 1, stride)
    rows = tops[:, None, None, None] + np.arange(K)[:, None]
    columns = lefts[None, :, None, None] + np.arange(L)
    return np.broadcast_arrays(rows, columns)

def im2col(images, K, L, stride, padding):
    padded = np.pad(images, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    rows, columns = places(images.shape, K, L, stride, padding)
    patches = padded[:, rows, columns]  # n, i, j, a, b, c
    return patches.reshape(-1, K * L * images.shape[3]).astype(float), patches.shape[:3]

def col2im(table, shape, K, L, stride, padding):
    rows, columns = places(shape, K, L, stride, padding)
    padded = np.zeros((shape[0], shape[1] + 2 * padding, shape[2] + 2 * padding, shape[3]))
    np.add.at(padded, (slice(None), rows, columns), table.reshape(shape[0], *rows.shape, shape[3]))
    return padded[:, padding : padding + shape[1], padding : padding + shape[2]]

# %%
def conv_forward(images, kernels, bias, stride=1, padding=0):
    K, L, C, F = kernels.shape
    table, shape = im2col(images, K, L, stride, padding)
    return (table @ kernels.reshape(-1, F) + bias).reshape(*shape, F)

def conv_backward(error, images, kernels, stride=1, padding=0):
    K, L, C, F = kernels.shape
    table, _ = im2col(images, K, L, stride, padding)
    flat = error.reshape(-1, F)
    dx = col2im(flat @ kernels.reshape(-1, F).T, images.shape, K, L, stride, padding)
    return dx, (table.T @ flat).reshape(kernels.shape), flat.sum(0)

# %%
def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x, dtype=float)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.reshape([(f(x + step * u) - f(x - step * u)) / 2 / step for u in units], x.shape)
''',
)

variant(
    "annotated",
    slide='''
from __future__ import annotations
from typing import Any
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

def correlate(image: Array, kernel: Array, padding: int = 0, stride: int = 1) -> Array:
    """Cross-correlate.

    >>> correlate(np.ones((2, 2)), np.ones((1, 1))).shape
    (2, 2)
    """
    padded: Array = np.pad(image, padding)
    windows: Array = sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    return np.tensordot(windows, kernel, axes=((2, 3), (0, 1)))

def convolve(image: Array, kernel: Array, padding: int = 0, stride: int = 1) -> Array:
    """The same with a turned kernel."""
    return correlate(image, kernel[::-1, ::-1], padding=padding, stride=stride)
''',
    stack='''
from dataclasses import dataclass

@dataclass(frozen=True)
class Layer:
    """One layer of a stack."""
    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def reach(self) -> int:
        return self.dilation * (self.kernel - 1)

def map_size(n: int, layers: list[tuple[int, int, int, int]]) -> int:
    for layer in (Layer(*numbers) for numbers in layers):
        n = 1 + (n + 2 * layer.padding - layer.reach - 1) // layer.stride
    return n

def receptive_field(layers: list[tuple[int, int, int, int]]) -> int:
    field: int = 1
    for layer in reversed([Layer(*numbers) for numbers in layers]):
        field = (field - 1) * layer.stride + 1 + layer.reach
    return field
''',
    separate='''
def separate(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Column and row, or None."""
    assert kernel.ndim == 2, kernel.shape
    if np.linalg.matrix_rank(kernel, tol=1e-6 * np.linalg.norm(kernel, 2)) != 1:
        return None
    row: np.ndarray = kernel[np.linalg.norm(kernel, axis=1).argmax()]
    return kernel @ row / (row @ row), row
''',
    layer='''
from collections.abc import Callable

def _padded(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return np.pad(images, ((0, 0), (rows, rows), (columns, columns), (0, 0)))

def conv_forward(
    images: np.ndarray, kernels: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Correlate each image with each kernel."""
    assert images.ndim == kernels.ndim == 4 and images.shape[3] == kernels.shape[2]
    padded: np.ndarray = _padded(images, padding, padding)
    windows = sliding_window_view(padded, kernels.shape[:3], axis=(1, 2, 3))
    return np.tensordot(windows[:, ::stride, ::stride, 0], kernels, axes=3) + bias

def numerical_gradient(
    f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Central differences."""
    gradient: np.ndarray = np.zeros(x.shape, dtype=np.float64)
    moved: np.ndarray = x.astype(np.float64, copy=True)
    for place, value in np.ndenumerate(x):
        sides: list[float] = []
        for way in (+1, -1):
            moved[place] = float(value) + way * step
            sides.append(f(moved))
        moved[place] = value
        gradient[place] = (sides[0] - sides[1]) / (2.0 * step)
    return gradient

def conv_backward(
    error: np.ndarray, images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spread the error, and correlate it with the turned kernels: a transposed convolution."""
    n, h, w, f = error.shape
    tall, wide = kernels.shape[:2]
    spread: np.ndarray = np.zeros((n, (h - 1) * stride + 1, (w - 1) * stride + 1, f))
    spread[:, ::stride, ::stride] = error
    turned: np.ndarray = kernels[::-1, ::-1].transpose(0, 1, 3, 2)
    covered = conv_forward(_padded(spread, tall - 1, wide - 1), turned, np.zeros(1))
    whole: np.ndarray = np.zeros_like(_padded(images, padding, padding), dtype=float)
    whole[:, : covered.shape[1], : covered.shape[2]] = covered
    d_images = whole[:, padding : padding + images.shape[1], padding : padding + images.shape[2]]
    # The kernels: the spread error is the kernel that slides over the images, images as channels.
    as_kernel = spread.transpose(1, 2, 0, 3)
    channels_first = _padded(images, padding, padding).transpose(3, 1, 2, 0)
    d_kernels = conv_forward(channels_first, as_kernel, np.zeros(1)).transpose(1, 2, 0, 3)
    return d_images, d_kernels[:tall, :wide], error.reshape(-1, f).sum(axis=0)
''',
)

variant(
    "comprehensions",
    changes="""
def changes(before, after):
    flat = [(int(b) - int(a)) / 255 for a, b in zip(before.flat, after.flat, strict=True)]
    return np.array(flat, "float32").reshape(before.shape)
""",
    slide="""
def correlate(image, kernel, padding=0, stride=1):
    padded = np.pad(image, padding)
    (H, W), (K, L) = padded.shape, kernel.shape
    return np.array([[(padded[i:i + K, j:j + L] * kernel).sum() for j in range(0, W - L + 1, stride)]
                     for i in range(0, H - K + 1, stride)])

def convolve(image, kernel, padding=0, stride=1):
    return correlate(image, np.array([row[::-1] for row in kernel[::-1]]), padding, stride)
""",
    stack="""
def map_size(n, layers):
    sizes = [n]
    [sizes.append((sizes[-1] + 2 * p - d * (k - 1) - 1) // s + 1) for k, s, p, d in layers]
    return sizes[-1]

def receptive_field(layers):
    return 1 + sum(d * (k - 1) * int(np.prod([s for _, s, _, _ in layers[:i]]))
                   for i, (k, _, _, d) in enumerate(layers))
""",
    useless="""
def energy_shares(images, bank):
    energies = [np.mean([np.square(respond(im, k / np.sqrt(np.sum(k * k)))) for im in images]) for k in bank]
    return np.array([e / sum(energies) for e in energies])

def useless_filters(images, bank):
    shares = energy_shares(images, bank)
    answers = {i: np.hstack([respond(im, k).ravel() for im in images])
               for i, (k, s) in enumerate(zip(bank, shares)) if s >= 0.001}
    return ([i for i, s in enumerate(shares) if s < 0.001],
            [(i, j) for i in answers for j in answers
             if i < j and abs(np.corrcoef(answers[i], answers[j])[0][1]) > 0.99])
""",
    layer="""
def conv_forward(images, kernels, bias, stride=1, padding=0):
    p, (K, L, C, F) = padding, kernels.shape
    padded = [np.pad(image, ((p, p), (p, p), (0, 0))) for image in images]
    return np.array([[[[(image[i:i + K, j:j + L] * kernels[..., f]).sum() + bias[f] for f in range(F)]
                       for j in range(0, image.shape[1] - L + 1, stride)]
                      for i in range(0, image.shape[0] - K + 1, stride)] for image in padded])

def numerical_gradient(f, x, step=1e-5):
    def moved(place, by):
        other = np.array(x, float)
        other[place] += by
        return other
    slopes = [(f(moved(p, step)) - f(moved(p, -step))) / (2 * step) for p in np.ndindex(*x.shape)]
    return np.array(slopes, float).reshape(x.shape)

def conv_backward(error, images, kernels, stride=1, padding=0):
    p, (K, L, C, F) = padding, kernels.shape
    N, H, W, _ = images.shape
    sizes = error.shape[1:3]
    hits = [(n, i, j) for n in range(N) for i in range(sizes[0]) for j in range(sizes[1])]
    dx = np.zeros((N, H + 2 * p, W + 2 * p, C))
    padded = np.pad(images, ((0, 0), (p, p), (p, p), (0, 0)))
    at = lambda n, i, j: (n, slice(i * stride, i * stride + K), slice(j * stride, j * stride + L))
    for n, i, j in hits:
        dx[at(n, i, j)] += kernels @ error[n, i, j]
    dw = sum(padded[at(n, i, j)][..., None] * error[n, i, j] for n, i, j in hits)
    return dx[:, p:p + H, p:p + W], dw, [error[..., f].sum() for f in range(F)]
""",
)

variant(
    "recursion and early returns",
    stack="""
def map_size(n, layers):
    if not layers:
        return n
    (k, s, p, d), *rest = layers
    return map_size((n + 2 * p - d * (k - 1) - 1) // s + 1, rest)

def receptive_field(layers):
    if not layers:
        return 1
    k, s, _, d = layers[0]
    return d * (k - 1) + 1 + (receptive_field(layers[1:]) - 1) * s
""",
    separate="""
def separate(kernel):
    def fits(column, row):
        return np.abs(np.outer(column, row) - kernel).max() <= 1e-6 * np.abs(kernel).max()

    for row in kernel:
        if not row.any():
            continue
        column = kernel @ row / row.dot(row)
        if fits(column, row):
            return column, row
        return None
""",
)

variant(
    "lambda, partial and reduce",
    changes="""
changes = lambda before, after: ((after / 255) - (before / 255)).astype("float32")
""",
    slide="""
import functools

def _slide(image, kernel, padding, stride, turn):
    padded = np.pad(image, padding)
    return np.einsum("ijkl,kl", sliding_window_view(padded, kernel.shape)[::stride, ::stride], turn(kernel))

def correlate(image, kernel, padding=0, stride=1):
    return functools.partial(_slide, turn=lambda kernel: kernel)(image, kernel, padding, stride)

def convolve(image, kernel, padding=0, stride=1):
    return functools.partial(_slide, turn=lambda kernel: kernel[::-1, ::-1])(image, kernel, padding, stride)
""",
    stack="""
map_size = lambda n, layers: functools.reduce(lambda n, l: (n + 2 * l[2] - l[3] * (l[0] - 1) - 1) // l[1] + 1, layers, n)
receptive_field = lambda layers: functools.reduce(
    lambda state, l: (state[0] + l[3] * (l[0] - 1) * state[1], state[1] * l[1]), layers, (1, 1))[0]
""",
)

variant(
    "other names for the arguments",
    changes="""
def changes(a, b):
    return ((b.astype(np.int16) - a) / 255).astype(np.float32)
""",
    slide="""
def correlate(img, k, p=0, s=1):
    bild = np.zeros(np.add(img.shape, 2 * p))
    bild[p:p + img.shape[0], p:p + img.shape[1]] = img
    w = sliding_window_view(bild, k.shape)[::s, ::s]
    return (w * k).sum((-2, -1))

def convolve(img, k, *how):
    return correlate(img, k[::-1, ::-1], *how)
""",
    bank="""
def gabor(l, d, s):
    r = -int(-3 * s // 1)
    y, x = np.indices((2 * r + 1,) * 2) - r
    t = d / 180 * np.pi
    b = np.e ** (-(x**2 + y**2) / 2 / s**2)
    w = b * np.real(np.exp(2j * np.pi / l * (x * np.cos(t) + y * np.sin(t))))
    g = w - b * w.sum() / b.sum()
    return g / (g * g).sum() ** 0.5

def gabor_bank(l, n, s):
    return np.concatenate([gabor(l, d, s)[None] for d in np.linspace(0, 180, n, endpoint=False)])
""",
    separate="""
def separate(k):
    u, s, v = np.linalg.svd(k / np.abs(k).max())
    return None if np.sum(s > 1e-6 * s.max()) > 1 else (u[:, 0] * s[0] * np.abs(k).max(), v[0])
""",
    layer="""
from numpy.lib.stride_tricks import as_strided

def _views(x, k, l, s, p):
    x = np.ascontiguousarray(np.pad(x, ((0, 0), (p, p), (p, p), (0, 0))))
    n, h, w, c = x.shape
    a, b, d, e = x.strides
    shape = n, (h - k) // s + 1, (w - l) // s + 1, k, l, c
    return x, as_strided(x, shape, (a, b * s, d * s, b, d, e))

def conv_forward(x, w, b, s=1, p=0):
    return np.einsum("nijabc,abcf->nijf", _views(x, *w.shape[:2], s, p)[1], w, optimize=True) + b

def numerical_gradient(g, x, h=1e-5):
    x = np.array(x, np.float64)
    out = np.zeros_like(x)
    flat, into = x.reshape(-1), out.reshape(-1)
    for i in range(x.size):
        old = flat[i]
        flat[i] = old + h
        plus = g(x)
        flat[i] = old - h
        into[i] = (plus - g(x)) / 2 / h
        flat[i] = old
    return out

def conv_backward(e, x, w, s=1, p=0):
    _, v = _views(x, *w.shape[:2], s, p)
    big, into = _views(np.zeros(x.shape), *w.shape[:2], s, p)
    for i, j in np.ndindex(into.shape[1:3]):
        into[:, i, j] += np.tensordot(e[:, i, j], w, (1, 3))
    dx = big[:, p:big.shape[1] - p, p:big.shape[2] - p]
    return dx, np.tensordot(v, e, ((0, 1, 2), (0, 1, 2))), np.add.reduce(e, (0, 1, 2))
""",
)

variant(
    "a class with a call",
    slide="""
class Slide:
    def __init__(self, turned):
        self.turned = turned

    def __call__(self, image, kernel, padding=0, stride=1):
        if self.turned:
            kernel = np.flipud(np.fliplr(kernel))
        padded = np.pad(image, padding, mode="constant", constant_values=0)
        shape = [(n - k) // stride + 1 for n, k in zip(padded.shape, kernel.shape)]
        output = np.zeros(shape)
        for i, j in np.ndindex(*shape):
            i0, j0 = i * stride, j * stride
            output[i, j] = np.vdot(padded[i0 : i0 + kernel.shape[0], j0 : j0 + kernel.shape[1]], kernel)
        return output

correlate, convolve = Slide(False), Slide(True)
""",
    bank="""
class Bank(list):
    def add(self, kernel):
        self.append(kernel)
        return self

def gabor(wavelength, degrees, sigma):
    axis = np.arange(-np.ceil(3 * sigma), np.ceil(3 * sigma) + 1)
    bell = np.outer(*2 * [np.exp(-(axis**2) / (2 * sigma**2))])
    frequency = 2 * np.pi / wavelength
    theta = np.radians(degrees)
    wave = bell * np.cos(frequency * (np.cos(theta) * axis + (np.sin(theta) * axis)[:, None]))
    wave = wave - bell * (wave.sum() / bell.sum())
    return wave / np.linalg.norm(wave)

def gabor_bank(wavelength, n, sigma):
    bank = Bank()
    for i in range(n):
        bank.add(gabor(wavelength=wavelength, degrees=180 / n * i, sigma=sigma))
    return bank
""",
    layer="""
class Layer:
    def __init__(self, kernels, stride, padding):
        self.kernels, self.stride, self.padding = kernels, stride, padding

    def windows(self, images):
        p = self.padding
        padded = np.zeros((images.shape[0], images.shape[1] + 2 * p, images.shape[2] + 2 * p, images.shape[3]))
        padded[:, p : p + images.shape[1], p : p + images.shape[2]] = images
        seen = sliding_window_view(padded, self.kernels.shape[:2], (1, 2), writeable=True)
        return padded, seen[:, :: self.stride, :: self.stride]

    def __call__(self, images, bias):
        return np.tensordot(self.windows(images)[1], self.kernels, ((4, 5, 3), (0, 1, 2))) + bias

    def back(self, error, images):
        inside, seen = self.windows(np.zeros(images.shape))
        for n, i, j in np.ndindex(error.shape[:3]):
            seen[n, i, j] += (self.kernels @ error[n, i, j]).transpose(2, 0, 1)
        p = self.padding
        for_kernels = np.einsum("nijcab,nijf->abcf", self.windows(images)[1], error)
        return inside[:, p : p + images.shape[1], p : p + images.shape[2]], for_kernels

def conv_forward(images, kernels, bias, stride=1, padding=0):
    return Layer(kernels, stride, padding)(images, bias)

def conv_backward(error, images, kernels, stride=1, padding=0):
    return (*Layer(kernels, stride, padding).back(error, images), error.sum((0, 1, 2)))

def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, float)
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        x[place] += step
        slopes[place] += f(x)
        x[place] -= 2 * step
        slopes[place] -= f(x)
        x[place] += step
    return slopes / step / 2
""",
)

variant(
    "star imports, constants of another cell",
    changes="""
from numpy import *
from math import *

MOST = 255
# %%
def changes(before, after):
    return ((after.astype(int) - before.astype(int)) / MOST).astype(float32)
""",
    stack="""
def map_size(n, layers):
    while layers:
        (k, s, p, d), layers = layers[0], layers[1:]
        n = int(floor((n + 2 * p - d * (k - 1) - 1) / s)) + 1
    return n

if __name__ == "__main__":
    def receptive_field(layers):
        steps = cumprod([1] + [s for _, s, _, _ in layers])[:-1]
        return 1 + sum([d * (k - 1) for k, _, _, d in layers] * steps)
""",
)

variant(
    "walrus, vectorize and numbers of NumPy",
    changes="""
changed = np.vectorize(lambda a, b: (float(b) - float(a)) / 255, otypes=["float32"])

def changes(before, after):
    return changed(before, after)
""",
    stack="""
def map_size(n, layers):
    n = np.int64(n)
    for k, s, p, d in layers:
        if (reach := d * (k - 1) + 1) > 0:
            n = np.floor_divide(n + 2 * p - reach, s) + 1
    return n

def receptive_field(layers):
    step, field = np.array(1), np.array(1)
    for k, s, _, d in layers:
        field, step = field + d * (k - 1) * step, step * s
    return field
""",
    useless="""
def energy_shares(images, bank):
    unit = [kernel / np.linalg.norm(kernel) for kernel in bank]
    answers = [np.concatenate([respond(image, kernel).ravel() for image in images]) for kernel in unit]
    energies = np.mean(np.square(answers), axis=1)
    return (energies / energies.sum()).tolist()

def useless_filters(images, bank):
    quiet = np.array(energy_shares(images, bank)) < 1e-3
    answers = np.array([[respond(image, kernel) for image in images] for kernel in bank])
    answers = answers.reshape(len(bank), -1)[~quiet]
    alike = np.abs(np.corrcoef(answers)) > 0.99
    a, b = np.nonzero(np.triu(alike, 1))
    loud = np.nonzero(~quiet)[0]
    return np.nonzero(quiet)[0], np.stack([loud[a], loud[b]], axis=1)
""",
)

variant(
    "made of correlate and convolve",
    layer="""
def conv_forward(images, kernels, bias, stride=1, padding=0):
    maps = [
        [
            sum(correlate(image[..., c], kernels[..., c, f], padding, stride) for c in range(image.shape[2]))
            for f in range(kernels.shape[3])
        ]
        for image in images
    ]
    return np.moveaxis(maps, 1, 3) + bias

def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype="float64")
    gradient = np.zeros(x.shape)
    places = np.nditer(x, flags=["multi_index"])
    while not places.finished:
        i = places.multi_index
        middle = x[i]
        x[i] = middle + step
        high = f(x)
        x[i] = middle - step
        low = f(x)
        x[i] = middle
        gradient[i] = (high - low) / (2 * step)
        places.iternext()
    return gradient

def conv_backward(error, images, kernels, stride=1, padding=0):
    K, L, C, F = kernels.shape
    edge = ((padding, padding), (padding, padding))
    for_images, for_kernels = np.zeros(images.shape), np.zeros(kernels.shape)
    for n, c, f in np.ndindex(len(images), C, F):
        padded = np.pad(images[n, ..., c], edge)
        spread = np.zeros((padded.shape[0] - K + 1, padded.shape[1] - L + 1))
        spread[::stride, ::stride] = error[n, ..., f]
        for_kernels[..., c, f] += correlate(padded, spread)
        around = np.pad(spread, ((K - 1, K - 1), (L - 1, L - 1)))
        full = convolve(around, kernels[..., c, f])
        for_images[n, ..., c] += full[padding : full.shape[0] - padding, padding : full.shape[1] - padding]
    return for_images, for_kernels, error.sum(axis=2).sum(axis=1).sum(axis=0)
""",
)
