"""Right solutions of exercise 3 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "loops",
    standardise="""
def standardise(train, validation):
    out = [np.zeros(train.shape, "float32"), np.zeros(validation.shape, "float32")]
    for c in range(3):
        values = [float(v) for v in train[:, :, :, c].ravel()]
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        for photos, result in zip((train, validation), out):
            for place in np.ndindex(*photos.shape[:3]):
                result[place][c] = (photos[place][c] - mean) / spread
    return out
""",
    early_stop="""
def early_stop(losses, patience):
    best_loss, best_epoch, waited = float("inf"), 0, 0
    for epoch in range(1, len(losses) + 1):
        if losses[epoch - 1] < best_loss:
            best_loss, best_epoch, waited = losses[epoch - 1], epoch, 0
        else:
            waited += 1
            if waited == patience:
                return [best_epoch, epoch]
    return [best_epoch, len(losses)]
""",
    split="""
def leaks(train, validation, most):
    pairs = []
    for v in range(len(validation)):
        for t in range(len(train)):
            different = 0
            for a, b in zip(validation[v], train[t]):
                if a != b:
                    different += 1
            if different <= most:
                pairs.append([v, t])
    return np.array(pairs, dtype=int).reshape(-1, 2)

def split_by_animal(animals, labels, share, seed):
    rng = np.random.default_rng(seed)
    chosen = set()
    for label in [0, 1]:
        kind = sorted({int(a) for a, l in zip(animals, labels) if l == label})
        rng.shuffle(kind)
        chosen.update(kind[: round(share * len(kind))])
    train, validation = [], []
    for i, animal in enumerate(animals):
        (validation if int(animal) in chosen else train).append(i)
    return train, validation
""",
    chance="""
def accuracy_interval(right):
    n = len(right)
    k = 0
    for r in right:
        if r:
            k += 1
    p, z = k / n, 1.96
    half = z * (p * (1 - p) / n + z * z / 4 / n / n) ** 0.5
    return [p, (p + z * z / 2 / n - half) / (1 + z * z / n), (p + z * z / 2 / n + half) / (1 + z * z / n)]

def chance_of_difference(right_a, right_b):
    a = b = 0
    for one, other in zip(right_a, right_b):
        a += bool(one) and not other
        b += bool(other) and not one
    total = 0
    for i in range(min(a, b) + 1):
        total += math.comb(a + b, i)
    P = total * 2 / 2 ** (a + b)
    if P > 1:
        P = 1.0
    return P
""",
    reliability="""
def reliability(probabilities, labels, n_bins):
    inside = [[] for _ in range(n_bins)]
    for p, label in zip(probabilities, labels):
        i = 0
        while i < n_bins - 1 and p >= (i + 1) / n_bins:
            i += 1
        inside[i].append((p, label))
    counts, confidences, shares = [], [], []
    for pairs in inside:
        counts.append(len(pairs))
        confidences.append(sum(p for p, _ in pairs) / len(pairs) if pairs else 0)
        shares.append(sum(l for _, l in pairs) / len(pairs) if pairs else 0)
    return counts, confidences, shares

def calibration_error(counts, confidences, shares):
    error = 0
    for n, c, s in zip(counts, confidences, shares):
        error += n * abs(c - s)
    return error / sum(counts)
""",
)

variant(
    "float32 throughout",
    standardise="""
def standardise(train, validation):
    train, validation = train.astype(np.float32), validation.astype(np.float32)
    mean, std = train.mean((0, 1, 2)), train.std((0, 1, 2))
    return (train - mean) / std, (validation - mean) / std
""",
    chance="""
def accuracy_interval(right):
    n, z = np.float32(len(right)), np.float32(1.96)
    p = np.mean(right, dtype=np.float32)
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)

def chance_of_difference(right_a, right_b):
    from scipy.stats import binomtest
    a, b = int((right_a > right_b).sum()), int((right_b > right_a).sum())
    return np.float32(binomtest(a, a + b).pvalue if a + b else 1)
""",
    reliability="""
def reliability(probabilities, labels, n_bins):
    p = np.asarray(probabilities, np.float32)
    bins = np.clip(np.floor(p * n_bins), 0, n_bins - 1).astype(int)
    one_hot = np.eye(n_bins, dtype=np.float32)[bins]
    counts = one_hot.sum(0)
    sums, dogs = p @ one_hot, labels.astype(np.float32) @ one_hot
    some = np.where(counts > 0, counts, 1)
    return counts.astype(int), sums / some, dogs / some

def calibration_error(counts, confidences, shares):
    return np.average(np.abs(np.float32(confidences) - np.float32(shares)), weights=np.float32(counts))
""",
)

variant(
    "broadcasting and searchsorted",
    split="""
def leaks(train, validation, most):
    different = (validation[:, None, :] != train[None, :, :]).sum(axis=2)
    return np.stack(np.nonzero(different <= most), axis=1)

def split_by_animal(animals, labels, share, seed):
    random = np.random.default_rng(seed)
    picked = np.concatenate([random.permutation(np.unique(animals[labels == k]))[: round(share * len(np.unique(animals[labels == k])))]
                             for k in np.unique(labels)])
    there = (animals[:, None] == picked).any(1)
    return np.where(there == False)[0], np.where(there)[0]
""",
    early_stop="""
def early_stop(losses, patience):
    lowest = np.minimum.accumulate(losses)
    new = np.r_[True, lowest[1:] < lowest[:-1]]
    best = np.maximum.accumulate(np.where(new, np.arange(1, len(losses) + 1), 0))
    ended = np.flatnonzero(np.arange(1, len(losses) + 1) - best >= patience)
    last = ended[0] + 1 if len(ended) else len(losses)
    return best[last - 1], last
""",
    reliability="""
def reliability(probabilities, labels, n_bins):
    edges = np.arange(1, n_bins) / n_bins
    bins = np.searchsorted(edges, probabilities, side="right")
    counts = np.zeros(n_bins, int)
    np.add.at(counts, bins, 1)
    with np.errstate(invalid="ignore"):
        means = [np.nan_to_num(np.bincount(bins, weights=w, minlength=n_bins) / counts) for w in (probabilities, labels)]
    return (counts, *means)

calibration_error = lambda counts, confidences, shares: np.dot(counts, np.abs(np.subtract(confidences, shares))) / np.sum(counts)
""",
)

variant(
    "comprehensions",
    standardise="""
def standardise(train, validation):
    statistics = [(train[..., c].mean(), train[..., c].std()) for c in range(3)]
    return [np.stack([(photos[..., c] - mean) / spread for c, (mean, spread) in enumerate(statistics)], -1).astype(np.float32)
            for photos in (train, validation)]
""",
    early_stop="""
def early_stop(losses, patience):
    best = [losses.index(min(losses[:n])) + 1 for n in range(1, len(losses) + 1)]
    stopped = next((n for n, b in enumerate(best, 1) if n - b >= patience), len(losses))
    return best[stopped - 1], stopped
""",
    split="""
def leaks(train, validation, most):
    pairs = [(v, t) for v, one in enumerate(validation) for t, other in enumerate(train) if np.sum(one != other) <= most]
    return np.array(pairs) if pairs else np.empty((0, 2), int)

def split_by_animal(animals, labels, share, seed):
    rng = np.random.default_rng(seed)
    kinds = [list(dict.fromkeys(animals[labels == k].tolist())) for k in (0, 1)]
    picked = {a for kind in kinds for a in rng.choice(kind, size=round(share * len(kind)), replace=False).tolist()}
    return (np.array([i for i, a in enumerate(animals.tolist()) if a not in picked]),
            np.array([i for i, a in enumerate(animals.tolist()) if a in picked]))
""",
)

variant(
    "annotated",
    early_stop='''
from dataclasses import dataclass, field

@dataclass
class Stopper:
    """Watches the loss."""

    patience: int
    seen: list[float] = field(default_factory=list)
    best: int = 0

    def stops(self, loss: float) -> bool:
        self.seen.append(loss)
        if self.best == 0 or loss < self.seen[self.best - 1]:
            self.best = len(self.seen)
        return len(self.seen) - self.best >= self.patience

def early_stop(losses: list[float], patience: int) -> tuple[int, int]:
    """Best and last epoch."""
    stopper = Stopper(patience)
    for loss in losses:
        if stopper.stops(loss):
            break
    return stopper.best, len(stopper.seen)
''',
    chance='''
Z: float = 1.96

def accuracy_interval(right: np.ndarray) -> tuple[float, float, float]:
    """Wilson's interval."""
    n: int = right.size
    p: float = float(right.sum()) / n
    root: float = Z * math.sqrt(4 * n * p * (1 - p) + Z**2)
    return p, (2 * n * p + Z**2 - root) / (2 * (n + Z**2)), (2 * n * p + Z**2 + root) / (2 * (n + Z**2))

def chance_of_difference(right_a: np.ndarray, right_b: np.ndarray) -> float:
    """McNemar's test."""
    from fractions import Fraction

    wins: list[int] = [int(np.count_nonzero(x & ~y)) for x, y in ((right_a, right_b), (right_b, right_a))]
    tail: Fraction = sum((Fraction(math.comb(sum(wins), i), 2 ** sum(wins)) for i in range(min(wins) + 1)), Fraction(0))
    return float(min(Fraction(1), 2 * tail))
''',
)

variant(
    "helpers and imports in tagged cells",
    standardise="""
# %% tags=["try"]
AXES = tuple(range(3))
try:
    standardise
except NameError:
    print("later")

# %%
def standardise(train, validation):
    mean, spread = train.mean(AXES), train.std(AXES)
    return tuple(((x - mean) / spread).astype("float32") for x in (train, validation))
""",
    chance="""
# %% tags=["check"]
check("chance")
from scipy.stats import binom

def z():
    return 1.96

# %%
def accuracy_interval(right):
    n, p = right.shape[0], right.mean()
    q = p + z() ** 2 / (2 * n) + np.array([-1, 1]) * z() * np.sqrt(p * (1 - p) / n + z() ** 2 / (4 * n**2))
    return (p, *(q / (1 + z() ** 2 / n)))

def chance_of_difference(right_a, right_b):
    a, b = np.sum(right_a & ~right_b), np.sum(~right_a & right_b)
    return np.minimum(1.0, 2 * binom.cdf(min(a, b), a + b, 0.5))
""",
    pipeline="""
# %% tags=["expected"]
from tensorflow.data import AUTOTUNE as AUTO
print(undefined_name)

# %%
def photo_batches(photos, count, batch_size, augment, training, seed):
    kept = photos.cache()
    if not training:
        return kept.batch(batch_size).prefetch(AUTO)
    return kept.shuffle(count, seed, True).map(augment).batch(batch_size).prefetch(AUTO)
""",
)

variant(
    "other names for the arguments",
    standardise="""
def standardise(a, b):
    m = np.mean(a, axis=(0, 1, 2), keepdims=True)
    s = np.std(a, axis=(0, 1, 2), keepdims=True)
    return np.float32((a - m) / s), np.float32((b - m) / s)
""",
    pipeline="""
def photo_batches(ds, n, size, f, train, s):
    ds = ds.cache()
    if train:
        ds = ds.shuffle(buffer_size=2 * n, seed=s, reshuffle_each_iteration=True)
        ds = ds.map(lambda photo, label: f(photo, label))
    ds = ds.batch(size, drop_remainder=False)
    return ds
""",
    split="""
def leaks(a, b, n):
    return np.argwhere(b @ a.T >= 64 - 2 * n)

def split_by_animal(who, kind, part, s):
    r = np.random.default_rng(s)
    mask = np.zeros(len(who), bool)
    for k in (1, 0):
        u = np.unique(who[kind == k])
        mask |= np.isin(who, u[r.permutation(len(u))[:round(part * len(u))]])
    return [i for i in range(len(who)) if not mask[i]], [i for i in range(len(who)) if mask[i]]
""",
)

variant(
    "recursion and early returns",
    early_stop="""
def early_stop(losses, patience, epoch=1, best=1):
    if losses[epoch - 1] < losses[best - 1]:
        best = epoch
    if epoch - best >= patience or epoch == len(losses):
        return best, epoch
    return early_stop(losses, patience, epoch + 1, best)
""",
    chance="""
def accuracy_interval(right):
    p = np.count_nonzero(right) / len(right)
    def solve(sign):
        a, b, c = 1 + 1.96**2 / len(right), 2 * p + 1.96**2 / len(right), p * p
        return (b + sign * (b * b - 4 * a * c) ** 0.5) / (2 * a)
    return p, solve(-1), solve(1)

def chance_of_difference(right_a, right_b):
    differ = right_a != right_b
    if not differ.any():
        return 1
    m, a = int(differ.sum()), int(right_a[differ].sum())
    if 2 * a == m:
        return 1
    term, total = 1, 1
    for i in range(min(a, m - a)):
        term = term * (m - i) // (i + 1)
        total += term
    return 2 * total / 2**m
""",
)

variant(
    "lambda, partial and accumulate",
    standardise="""
import functools

def _with(mean, spread, photos):
    return np.divide(np.subtract(photos, mean), spread, dtype=np.float64).astype(np.float32)

def standardise(train, validation):
    flat = train.reshape(-1, 3)
    return tuple(map(functools.partial(_with, flat.mean(axis=0), np.sqrt(flat.var(axis=0))), (train, validation)))
""",
    pipeline="""
def photo_batches(photos, count, batch_size, augment, training, seed):
    steps = [lambda p: p.cache()]
    if training:
        steps += [lambda p: p.shuffle(count, seed=seed), lambda p: p.map(augment, num_parallel_calls=4, deterministic=True)]
    steps += [lambda p: p.batch(batch_size), lambda p: p.prefetch(1)]
    return functools.reduce(lambda photos, step: step(photos), steps, photos)

import functools
""",
)

variant(
    "walrus and libraries",
    split="""
from scipy.spatial.distance import cdist

def leaks(train, validation, most):
    if (different := np.rint(64 * cdist(validation, train, "hamming"))).size == 0:
        return np.zeros((0, 2), int)
    return np.transpose(np.where(different <= most))

def split_by_animal(animals, labels, share, seed):
    generator = np.random.default_rng(seed)
    unique, first = np.unique(animals, return_index=True)
    picked = []
    for label in (0, 1):
        of_kind = unique[labels[first] == label]
        generator.shuffle(of_kind)
        picked += list(of_kind[: int(round(share * of_kind.size))])
    return np.arange(len(animals))[~np.isin(animals, picked)], np.arange(len(animals))[np.isin(animals, picked)]
""",
    reliability="""
from scipy.stats import binned_statistic

def reliability(probabilities, labels, n_bins):
    edges = np.linspace(0, 1, n_bins + 1)
    counts, _ = np.histogram(probabilities, edges)
    means = lambda values: np.nan_to_num(binned_statistic(probabilities, values, "mean", edges).statistic)
    return counts, means(probabilities), means(labels)

def calibration_error(counts, confidences, shares):
    return np.mean(np.repeat(np.abs(confidences - shares), counts))
""",
)
