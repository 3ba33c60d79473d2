"""Right solutions of exercise 4 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "loops",
    flip_some="""
def flip_some(images, random):
    flipped = images.copy()
    for i in range(len(images)):
        if random.random() < 0.5:
            for row in range(images.shape[1]):
                for column in range(images.shape[2]):
                    flipped[i, row, column] = images[i, row, -1 - column]
    return flipped
""",
    dropout="""
def dropout(x, rate, random, training):
    if training == False:
        return x
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        if random.random() >= rate:
            result[place] = x[place] / (1 - rate)
    return result
""",
    boxes="""
def mirror(image, box):
    mirrored = np.zeros_like(image)
    for column in range(image.shape[1]):
        mirrored[:, column] = image[:, image.shape[1] - 1 - column]
    return [mirrored, [box[0], image.shape[1] - box[3], box[2], image.shape[1] - box[1]]]

def crop(image, box, top, left, height, width):
    part = image[top:top + height, left:left + width].copy()
    a, b, c, d = box
    a, c = a - top, c - top
    b, d = b - left, d - left
    if a < 0:
        a = 0
    if b < 0:
        b = 0
    if c > height:
        c = height
    if d > width:
        d = width
    if c <= a or d <= b:
        return [part, None]
    return [part, [a, b, c, d]]
""",
    mixup="""
def mixup(images, labels, alpha, random):
    N = len(images)
    partner, share = random.permutation(N), random.beta(alpha, alpha, N)
    new_images, new_labels = [], []
    for i in range(N):
        new_images.append(share[i] * images[i] + (1 - share[i]) * images[partner[i]])
        new_labels.append(share[i] * labels[i] + (1 - share[i]) * labels[partner[i]])
    return np.array(new_images), np.array(new_labels)
""",
    safe_changes="""
def nearest_labels(known, known_labels, asked):
    found = []
    for picture in asked:
        best, label = float("inf"), None
        for other, its in zip(known, known_labels):
            distance = ((picture.astype(int) - other.astype(int)) ** 2).sum()
            if distance < best:
                best, label = distance, its
        found.append(int(label))
    return found

def accuracy_knowing(change, known, known_labels, asked, asked_labels):
    if change is None:
        changed = known
    else:
        changed = CHANGES[change](known)
    right = 0
    for said, label in zip(nearest_labels(changed, known_labels, asked), asked_labels):
        right += said == label
    return right / len(asked)

def safe_changes(known, known_labels, asked, asked_labels, loss):
    before = accuracy_knowing(None, known, known_labels, asked, asked_labels)
    safe = []
    for name in CHANGES:
        if not accuracy_knowing(name, known, known_labels, asked, asked_labels) < before - loss:
            safe.append(name)
    return safe
""",
)

variant(
    "float32 throughout",
    flip_some="""
def flip_some(images, random):
    chosen = random.random(len(images), dtype=np.float32) < np.float32(0.5)
    result = images.copy()
    result[chosen] = result[chosen][:, :, ::-1]
    return result
""",
    dropout="""
def dropout(x, rate, random, training):
    x = np.asarray(x, np.float32)
    if not training:
        return x
    return np.where(random.random(x.shape, np.float32) < rate, np.float32(0), x / np.float32(1 - rate))
""",
    mixup="""
def mixup(images, labels, alpha, random):
    n = len(images)
    partner = random.permutation(n)
    share = random.beta(alpha, alpha, n).astype(np.float32)
    images, labels = images.astype(np.float32), labels.astype(np.float32)
    blended = share[:, None, None, None] * images + (1 - share[:, None, None, None]) * images[partner]
    return blended, share[:, None] * labels + (1 - share[:, None]) * labels[partner]
""",
    safe_changes="""
def nearest_labels(known, known_labels, asked):
    a = asked.reshape(len(asked), -1).astype(np.float32)
    b = known.reshape(len(known), -1).astype(np.float32)
    squares = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)
    return known_labels[squares.argmin(axis=1)]

def accuracy_knowing(change, known, known_labels, asked, asked_labels):
    known = known if change is None else CHANGES[change](known)
    return np.mean(nearest_labels(known, known_labels, asked) == asked_labels, dtype=np.float32)

def safe_changes(known, known_labels, asked, asked_labels, loss):
    accuracy = {change: accuracy_knowing(change, known, known_labels, asked, asked_labels)
                for change in (None, *CHANGES)}
    return tuple(name for name in CHANGES if accuracy[None] - accuracy[name] <= loss + 1e-6)
""",
)

variant(
    "integers as coins, choose and flips of NumPy",
    flip_some="""
def flip_some(images, random):
    heads = random.integers(0, 2, size=images.shape[0]).astype(bool)
    return np.stack([np.fliplr(image) if head else image for head, image in zip(heads, images)])
""",
    dropout="""
def dropout(x, rate, random, training):
    if training:
        return x * random.binomial(1, 1 - rate, size=x.shape) / (1 - rate)
    return x.copy()
""",
    boxes="""
def mirror(image, box):
    top, left, bottom, right = box
    return np.flip(image, axis=1), tuple(np.array([top, image.shape[1] - right, bottom, image.shape[1] - left]))

def crop(image, box, top, left, height, width):
    corners = np.array(box).reshape(2, 2) - (top, left)
    corners = np.clip(corners, 0, (height, width))
    part = image[top:, left:][:height, :width]
    return part, (None if (corners[0] >= corners[1]).any() else corners.ravel())
""",
)

variant(
    "choices of the generator",
    flip_some="""
def flip_some(images, random):
    return np.array([image[:, ::random.choice([-1, 1])] for image in images])
""",
    dropout="""
def dropout(x, rate, random, training):
    if not training: return x
    return x * random.choice([0, 1 / (1 - rate)], size=x.shape, p=[rate, 1 - rate])
""",
    mixup="""
def mixup(images, labels, alpha, random):
    mix = np.zeros((len(images), len(images)))
    share = random.beta(alpha, alpha, len(images))
    own = np.arange(len(images))
    mix[own, own] += share
    mix[own, random.permutation(own)] += 1 - share
    return np.tensordot(mix, images, axes=1), mix @ labels
""",
)

variant(
    "helpers and imports in tagged cells",
    flip_some="""
# %% tags=["try"]
try:
    display(flip_some)
except NameError:
    pass
import numpy.random as rnd

def toss(n, random):
    return random.uniform(size=n) < 0.5

# %%
def flip_some(images, random):
    return np.where(toss(len(images), random).reshape(-1, 1, 1, 1), np.flip(images, 2), images)
""",
    safe_changes="""
# %% tags=["check"]
from scipy.spatial import distance
check("safe_changes")

# %%
def nearest_labels(known, known_labels, asked):
    flat = lambda pictures: pictures.reshape(len(pictures), -1).astype("float64")
    return known_labels[distance.cdist(flat(asked), flat(known), "sqeuclidean").argmin(1)]

def accuracy_knowing(change, known, known_labels, asked, asked_labels):
    return (nearest_labels(MAKE[change](known), known_labels, asked) == asked_labels).mean()

def safe_changes(known, known_labels, asked, asked_labels, loss):
    rest = known, known_labels, asked, asked_labels
    return list(filter(lambda name: accuracy_knowing(name, *rest) >= accuracy_knowing(None, *rest) - loss, CHANGES))

# %% tags=["expected"]
MAKE = {None: lambda pictures: pictures, **CHANGES}
print(1 / 0)
""",
)

variant(
    "annotated",
    boxes='''
from typing import NamedTuple, Optional

class Box(NamedTuple):
    """Rows and columns."""

    top: int
    left: int
    bottom: int
    right: int

    def moved(self, down: int, right: int) -> "Box":
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)

def mirror(image: np.ndarray, box: tuple[int, int, int, int]) -> tuple[np.ndarray, Box]:
    """Left to right."""
    b, width = Box(*box), image.shape[1]
    return image[:, ::-1, :], b._replace(left=width - b.right, right=width - b.left)

def crop(image: np.ndarray, box: tuple, top: int, left: int, height: int, width: int) -> tuple[np.ndarray, Optional[Box]]:
    """A part."""
    inner: Box = Box(*box).moved(-top, -left)
    inner = Box(max(inner.top, 0), max(inner.left, 0), min(inner.bottom, height), min(inner.right, width))
    part: np.ndarray = image[top : top + height, left : left + width]
    if inner.top >= inner.bottom or inner.left >= inner.right:
        return part, None
    return part, inner
''',
    mixup='''
def mixup(images: np.ndarray, labels: np.ndarray, alpha: float, random: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Blend."""
    n: int = len(images)
    partner: np.ndarray = random.permutation(n)
    lam: np.ndarray = random.beta(alpha, alpha, size=(n, 1, 1, 1))
    x = lam * images + (1.0 - lam) * images[partner]
    lam = lam.reshape(n, 1)
    return x, lam * labels + (1.0 - lam) * labels[partner]
''',
)

variant(
    "other names for the arguments",
    flip_some="""
def flip_some(x, rng):
    out = x.copy()
    out[i] = x[(i := rng.random(len(x)) > 0.5), :, ::-1]
    return out
""",
    dropout="""
def dropout(a, p, rng, train):
    keep = 1 - p
    return (rng.random(a.shape) < keep) * a / keep if train else a
""",
    boxes="""
def mirror(im, b):
    w = im.shape[1]
    return im[:, range(w - 1, -1, -1)], (b[0], w - b[3], b[2], w - b[1])

def crop(im, b, y, x, h, w):
    rows = [r - y for r in range(b[0], b[2]) if y <= r < y + h]
    columns = [c - x for c in range(b[1], b[3]) if x <= c < x + w]
    if not rows or not columns:
        return im[y:y + h, x:x + w], None
    return im[y:y + h, x:x + w], (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
""",
    pipelines="""
from tensorflow.data import Dataset

def make_pipelines(a, b, f, g, n):
    one, two = (Dataset.from_tensor_slices(pair).map(f).cache() for pair in (a, b))
    return one.shuffle(10 * len(a[0])).batch(n).map(lambda x, y: (g(x), y)), two.batch(n)
""",
)

variant(
    "pipelines with prefetch and calls in parallel",
    pipelines="""
import tensorflow as tf

AUTOTUNE = tf.data.AUTOTUNE

def make_pipelines(train, validation, prepare, augment, batch_size):
    def augmented(images, labels):
        return augment(images), labels

    def prepared(pair):
        images, labels = pair
        dataset = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(images),
                                       tf.data.Dataset.from_tensor_slices(labels)))
        return dataset.map(prepare, num_parallel_calls=AUTOTUNE, deterministic=True).cache()

    training = prepared(train).shuffle(buffer_size=len(train[0]), reshuffle_each_iteration=True)
    training = training.batch(batch_size, drop_remainder=False).map(augmented, num_parallel_calls=AUTOTUNE)
    return training.prefetch(AUTOTUNE), prepared(validation).batch(batch_size).prefetch(AUTOTUNE)
""",
    dropout="""
import functools

def _drop(keep, x, random):
    return np.divide(np.multiply(x, random.random(np.shape(x)) < keep), keep)

def dropout(x, rate, random, training):
    return functools.partial(_drop, 1 - rate)(x, random) if training else x
""",
)

variant(
    "lists of datasets, seeds and a class",
    pipelines="""
import tensorflow as tf

class Augment:
    def __init__(self, function):
        self.function = function

    def __call__(self, images, labels):
        return self.function(images), labels

def make_pipelines(train, validation, prepare, augment, batch_size):
    both = []
    for pair, training in ((train, True), (validation, False)):
        images, labels = (tf.convert_to_tensor(part) for part in pair)
        dataset = tf.data.Dataset.from_tensor_slices((images, labels))
        dataset = dataset.map(lambda x, y: prepare(x, y)).cache()
        if training:
            dataset = dataset.shuffle(1000, seed=20241231)
        dataset = dataset.batch(batch_size)
        both.append(dataset.map(Augment(augment)) if training else dataset)
    return both
""",
    mixup="""
def mixup(images, labels, alpha, random):
    share = random.beta(alpha, alpha, len(images))
    partner = random.permutation(len(images))
    def blended(x):
        return np.einsum("n,n...->n...", share, x) + np.einsum("n,n...->n...", 1 - share, x[partner])
    return [blended(images).tolist(), blended(labels)]
""",
)

variant(
    "recursion, early returns and sets of names",
    safe_changes="""
def nearest_labels(known, known_labels, asked):
    if len(asked) == 0:
        return np.array([], int)
    difference = known.astype(np.int64) - asked[0].astype(np.int64)
    nearest = np.einsum("nhw,nhw->n", difference, difference).argmin()
    return np.append(known_labels[nearest], nearest_labels(known, known_labels, asked[1:]))

def accuracy_knowing(change, known, known_labels, asked, asked_labels):
    if change is not None:
        return accuracy_knowing(None, CHANGES[change](known), known_labels, asked, asked_labels)
    return float(np.sum(nearest_labels(known, known_labels, asked) == asked_labels)) / len(asked_labels)

def safe_changes(known, known_labels, asked, asked_labels, loss):
    least = accuracy_knowing(None, known, known_labels, asked, asked_labels) - loss
    bad = {name for name in CHANGES if accuracy_knowing(name, known, known_labels, asked, asked_labels) < least}
    return sorted(set(CHANGES) - bad, key=list(CHANGES).index)
""",
    boxes="""
def mirror(image, box):
    covered = np.zeros(image.shape[:2], int)
    covered[box[0]:box[2], box[1]:box[3]] = 1
    return image[:, ::-1], around(covered[:, ::-1])

def crop(image, box, top, left, height, width):
    covered = np.zeros(image.shape[:2], int)
    covered[box[0]:box[2], box[1]:box[3]] = 1
    window = np.s_[top:top + height, left:left + width]
    return image[window], around(covered[window])

def around(covered):
    if not covered.any():
        return
    rows, columns = np.nonzero(covered)
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
""",
)
