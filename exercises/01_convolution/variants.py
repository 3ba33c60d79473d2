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
