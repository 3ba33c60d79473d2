"""Right solutions of exercise 6 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "loops",
    activation_map="""
def activation_map(maps, kernel, target):
    h, w, k = maps.shape
    cam = [[0.0] * w for _ in range(h)]
    for i in range(h):
        for j in range(w):
            for c in range(k):
                cam[i][j] += float(kernel[c, target]) * float(maps[i, j, c])
    return cam

def logit_from(cam, bias, target):
    total, count = 0.0, 0
    for row in cam:
        for value in row:
            total += value
            count += 1
    return float(total / count + bias[target])
""",
    occlusion="""
def occlusion(model, image, target, window, stride, fill):
    logits = keras.Model(model.inputs, model.get_layer("logits").output)
    before = float(logits(image[None])[0][target])
    falls = []
    top = 0
    while top + window <= image.shape[0]:
        line, left = [], 0
        while left + window <= image.shape[1]:
            covered = np.array(image)
            for i in range(window):
                for j in range(window):
                    covered[top + i, left + j, :] = fill
            line.append(before - float(logits(covered[None])[0][target]))
            left += stride
        falls.append(line)
        top += stride
    return np.array(falls)
""",
    pointing="""
def hits(heat, mask):
    h, w = heat.shape
    best, place, alike = None, None, True
    for r in range(h):
        for c in range(w):
            alike = alike and heat[r, c] == heat[0, 0]
            if best is None or heat[r, c] > best:
                best, place = heat[r, c], (r, c)
    if alike:
        return False
    r, c = place
    return mask[(2 * r + 1) * mask.shape[0] // (2 * h)][(2 * c + 1) * mask.shape[1] // (2 * w)]

def lead_over_middle(heats, masks):
    hit = middle = 0
    for heat, mask in zip(heats, masks):
        if hits(heat, mask):
            hit += 1
        if mask[mask.shape[0] // 2, mask.shape[1] // 2]:
            middle += 1
    return (hit - middle) / len(heats)
""",
    shortcut="""
def exchange(images, labels, box):
    top, left, bottom, right = box
    changed = np.array(images)
    zeros = [i for i in range(len(labels)) if labels[i] == 0]
    ones = [i for i in range(len(labels)) if labels[i] == 1]
    for a, b in zip(zeros, ones):
        kept = changed[a, top:bottom, left:right].copy()
        changed[a, top:bottom, left:right] = changed[b, top:bottom, left:right]
        changed[b, top:bottom, left:right] = kept
    return changed

def accuracy_exchanged(model, images, labels, box):
    right = 0
    for scores, label in zip(model.predict(exchange(images, labels, box), verbose=0), labels):
        right += int(np.argmax(scores) == label)
    return right / len(labels)

def find_shortcut(model, images, labels, boxes, least):
    before = sum(np.argmax(model.predict(images, verbose=0), axis=1) == labels) / len(labels)
    found, most = None, least
    for name in boxes:
        fall = before - accuracy_exchanged(model, images, labels, boxes[name])
        if fall >= most:
            found, most = name, fall
    return found
""",
)

variant(
    "float32 throughout",
    activation_map="""
def activation_map(maps, kernel, target):
    return np.sum(np.float32(maps) * np.float32(kernel)[None, None, :, target], axis=-1)

def logit_from(cam, bias, target):
    return np.float32(np.mean(cam, dtype=np.float32) + np.float32(bias[target]))
""",
    forgetting="""
from scipy.stats import rankdata, pearsonr

def rank_correlation(one, other):
    a, b = rankdata(one).astype("float32"), rankdata(other).astype("float32")
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())

def similarity(before, after):
    values = np.array([rank_correlation(a, b) for a, b in zip(before, after) if a.std() and b.std()], "float32")
    return values.mean()
""",
    pointing="""
def hits(heat, mask):
    heat = np.float32(heat)
    if (heat == heat[0, 0]).all():
        return np.bool_(False)
    cell = np.float32(np.divmod(heat.argmax(), heat.shape[1]))
    row, column = ((cell + np.float32(0.5)) * np.float32(mask.shape) / np.float32(heat.shape)).astype(int)
    return mask[row, column]

def lead_over_middle(heats, masks):
    rate = np.mean([hits(heat, mask) for heat, mask in zip(heats, masks)], dtype=np.float32)
    return rate - np.mean(masks[:, masks.shape[1] // 2, masks.shape[2] // 2], dtype=np.float32)
""",
)

variant(
    "einsum and matrix products",
    activation_map="""
def activation_map(maps, kernel, target):
    return np.einsum("hwk,kc->chw", maps, kernel)[target]

def logit_from(cam, bias, target):
    return (cam.sum() / cam.size + bias)[target]
""",
    occlusion="""
def occlusion(model, image, target, window, stride, fill):
    tops = np.arange(0, image.shape[0] - window + 1, stride)
    lefts = np.arange(0, image.shape[1] - window + 1, stride)
    places = np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)
    rows, columns = np.arange(image.shape[0]), np.arange(image.shape[1])
    in_rows = (rows >= places[:, :1]) & (rows < places[:, :1] + window)
    in_columns = (columns >= places[:, 1:]) & (columns < places[:, 1:] + window)
    inside = np.einsum("nh,nw->nhw", in_rows, in_columns)[..., None]
    covered = np.where(inside, np.float32(fill), image).astype("float32")
    logits = up_to(model, "logits").predict(np.concatenate([image[None], covered]), verbose=0)
    return np.reshape(logits[0, target] - logits[1:, target], (len(tops), len(lefts)))
""",
    grad_cam="""
def grad_cam(model, image, target):
    both = keras.Model(model.inputs, [model.get_layer("maps").output, model.get_layer("logits").output])
    with tf.GradientTape() as tape:
        maps, logits = both(tf.constant(image[None]))
        tape.watch(maps)
        score = tf.reduce_sum(logits * tf.one_hot([target], logits.shape[-1]))
    alpha = tf.einsum("nhwk->k", tape.gradient(score, maps)) / (maps.shape[1] * maps.shape[2])
    return np.maximum(np.einsum("hwk,k->hw", maps[0], alpha), 0)
""",
)

variant(
    "helpers and imports in tagged cells",
    activation_map="""
# %% tags=["try"]
try:
    print(activation_map(np.ones((1, 1, 2)), np.ones((2, 2)), 0))
except NameError:
    print("not yet")
def column_of(kernel, target):
    return kernel[:, target]

# %%
def activation_map(maps, kernel, target):
    return np.dot(maps, column_of(kernel, target))

def logit_from(cam, bias, target):
    return cam.mean() + bias[target]
""",
    forgetting="""
# %% tags=["check"]
from scipy import stats
check("forgetting")

# %%
def rank_correlation(one, other):
    return stats.spearmanr(one, other, axis=None).statistic

def similarity(before, after):
    return np.mean([rank_correlation(a, b) for a, b in zip(before, after)
                    if len(np.unique(a)) > 1 and len(np.unique(b)) > 1])
""",
    shortcut="""
# %% tags=["expected"]
OF = {label: (lambda labels, label=label: np.where(labels == label)[0]) for label in (0, 1)}

# %%
def exchange(images, labels, box):
    partner = np.arange(len(labels))
    partner[OF[0](labels)], partner[OF[1](labels)] = OF[1](labels), OF[0](labels)
    inside = np.zeros(images.shape[1:3] + (1,), bool)
    inside[box[0]:box[2], box[1]:box[3]] = True
    return np.where(inside, images[partner], images)

# %% tags=["try"]
def accuracy_exchanged(model, images, labels, box):
    return keras.ops.convert_to_numpy(share_of(model, exchange(images, labels, box), labels))

def share_of(model, images, labels):
    return tf.reduce_mean(tf.cast(tf.argmax(model(images), axis=1) == labels, tf.float32))

# %%
def find_shortcut(model, images, labels, boxes, least):
    falls = [(float(share_of(model, images, labels) - accuracy_exchanged(model, images, labels, box)), name)
             for name, box in boxes.items()]
    fall, name = max(falls)
    return name if fall >= least else None
""",
)

variant(
    "annotated",
    activation_map='''
from numpy.typing import NDArray

def activation_map(maps: NDArray, kernel: NDArray, target: int) -> NDArray:
    """The class activation map.

    >>> activation_map(np.array([[[1, 2]]]), np.array([[3, 0], [-1, 5]]), 0)
    array([[1]])
    """
    weights: NDArray = kernel.T[target]
    return (maps * weights).sum(axis=2)

def logit_from(cam: NDArray, bias: NDArray, target: int) -> float:
    """The logit."""
    return float(np.average(cam)) + float(bias[target])
''',
    pointing='''
from dataclasses import dataclass

@dataclass
class Cell:
    """A cell of the heat."""

    row: int
    column: int

    @classmethod
    def hottest(cls, heat: np.ndarray) -> "Cell":
        return cls(*np.unravel_index(np.argmax(heat), heat.shape))

    def in_mask(self, heat: np.ndarray, mask: np.ndarray) -> tuple[int, int]:
        return (int(np.floor((self.row + 0.5) * mask.shape[0] / heat.shape[0])),
                int(np.floor((self.column + 0.5) * mask.shape[1] / heat.shape[1])))

def hits(heat: np.ndarray, mask: np.ndarray) -> bool:
    return np.ptp(heat) > 0 and bool(mask[Cell.hottest(heat).in_mask(heat, mask)])

def lead_over_middle(heats: np.ndarray, masks: np.ndarray) -> float:
    _, height, width = masks.shape
    rate: float = sum(map(hits, heats, masks)) / len(heats)
    return rate - float(masks[:, height // 2, width // 2].mean())
''',
)

variant(
    "comprehensions",
    occlusion="""
def occlusion(model, image, target, window, stride, fill):
    H, W, _ = image.shape
    logit = lambda pictures: up_to(model, "logits")(np.array(pictures))[:, target]

    def cover(top, left):
        covered = image.copy()
        covered[top:top + window, left:left + window, :] = fill
        return covered

    return [[float(logit([image])[0] - logit([cover(top, left)])[0])
             for left in range(0, W - window + 1, stride)] for top in range(0, H - window + 1, stride)]
""",
    pointing="""
def hits(heat, mask):
    if len(set(np.ravel(heat).tolist())) == 1:
        return 0
    (r, c), *_ = [(r, c) for r in range(heat.shape[0]) for c in range(heat.shape[1]) if heat[r, c] == heat.max()]
    return int(mask[int((r + .5) * len(mask) / len(heat)), int((c + .5) * len(mask[0]) / len(heat[0]))])

def lead_over_middle(heats, masks):
    H, W = masks.shape[1:]
    return np.mean([int(hits(h, m)) - int(m[H // 2, W // 2]) for h, m in zip(heats, masks)])
""",
    shortcut="""
def exchange(images, labels, box):
    t, l, b, r = box
    rank = [list(np.flatnonzero(labels == y)).index(i) for i, y in enumerate(labels)]
    other = [np.flatnonzero(labels == 1 - y)[k] for k, y in zip(rank, labels)]
    return np.stack([np.concatenate([im[:t], np.concatenate([im[t:b, :l], images[o][t:b, l:r], im[t:b, r:]], 1), im[b:]])
                     for im, o in zip(images, other)])

def accuracy_exchanged(model, images, labels, box):
    return np.mean([a == y for a, y in zip(np.argmax(model(exchange(images, labels, box)), 1), labels)])

def find_shortcut(model, images, labels, boxes, least):
    before = accuracy_exchanged(model, images, labels, (0, 0, 0, 0))
    falls = {name: before - accuracy_exchanged(model, images, labels, box) for name, box in boxes.items()}
    return ([None] + [name for name, fall in sorted(falls.items(), key=lambda pair: pair[1]) if fall >= least])[-1]
""",
)

variant(
    "nested gradients and functions",
    grad_cam="""
def grad_cam(model, image, target):
    layers_after = model.layers[model.layers.index(model.get_layer("maps")) + 1:-1]

    @tf.function
    def run(pictures):
        with tf.GradientTape() as tape:
            maps = x = keras.Model(model.input, model.get_layer("maps").output)(pictures)
            tape.watch(maps)
            for layer in layers_after:
                x = layer(x)
            logit = x[:, target]
        return maps, tape.gradient(logit, maps)

    maps, slopes = run(tf.convert_to_tensor(image[np.newaxis]))
    weights = keras.ops.mean(slopes, axis=(1, 2))
    heat = tf.linalg.matvec(maps[0], weights[0])
    return tf.maximum(heat, 0.0)
""",
    activation_map="""
def activation_map(maps, kernel, target):
    return tf.tensordot(tf.constant(maps), tf.constant(kernel)[:, target], axes=1)

def logit_from(cam, bias, target):
    return tf.reduce_mean(cam) + bias[target]
""",
)

variant(
    "keyword arguments and other names",
    grad_cam="""
def grad_cam(network, picture, cls):
    watched = keras.Model(inputs=network.input, outputs={"m": network.get_layer(name="maps").output,
                                                         "z": network.get_layer(name="logits").output})
    with tf.GradientTape(persistent=True) as t:
        out = watched(np.expand_dims(picture, axis=0), training=False)
        z = out["z"][:, cls]
    g = t.gradient(target=z, sources=out["m"]).numpy()[0]
    a = g.mean(axis=0).mean(axis=0)
    heat = np.zeros(g.shape[:2], np.float32)
    for k, weight in enumerate(a):
        heat += weight * out["m"].numpy()[0, :, :, k]
    heat[heat < 0] = 0
    return heat
""",
    forgetting="""
import scipy.stats

def rank_correlation(x, y):
    return scipy.stats.pearsonr(scipy.stats.rankdata(x, method="average").ravel(),
                                scipy.stats.rankdata(y, method="average").ravel())[0]

def similarity(x, y):
    different = [i for i in range(len(x)) if not (x[i] == x[i][0, 0]).all() and not (y[i] == y[i][0, 0]).all()]
    return sum(rank_correlation(x[i], y[i]) for i in different) / len(different)
""",
)

variant(
    "early returns, walrus and ranks by hand",
    forgetting="""
def ranks(x):
    flat = np.asarray(x, float).ravel()
    return np.array([(flat < v).sum() + ((flat == v).sum() + 1) / 2 for v in flat])

def rank_correlation(one, other):
    a, b = ranks(one), ranks(other)
    return float(np.cov(a, b, bias=True)[0, 1] / (a.std() * b.std()))

def similarity(before, after):
    kept = []
    for a, b in zip(before, after):
        if a.max() == a.min():
            continue
        if b.max() == b.min():
            continue
        kept.append(rank_correlation(a, b))
    return np.asarray(kept).mean()
""",
    pointing="""
def hits(heat, mask):
    if (low := np.min(heat)) == (high := np.max(heat)):
        return False
    large = np.repeat(np.repeat(heat == high, mask.shape[0] // heat.shape[0], 0), mask.shape[1] // heat.shape[1], 1)
    rows, columns = mask.shape[0] // heat.shape[0], mask.shape[1] // heat.shape[1]
    r, c = np.argwhere(large)[0]
    return mask[r + rows // 2, c + columns // 2].item()

def lead_over_middle(heats, masks):
    return np.mean(list(map(hits, heats, masks))) - np.mean(masks, axis=0)[masks.shape[1] // 2, masks.shape[2] // 2]
""",
)

variant(
    "partial, a class and a module of its own",
    activation_map="""
class Head:
    def __init__(self, kernel):
        self.kernel = kernel

    def __call__(self, maps, target):
        return np.matmul(maps, self.kernel[:, target, None])[..., 0]

def activation_map(maps, kernel, target):
    return Head(kernel)(maps, target)

logit_from = lambda cam, bias, target: np.add(np.mean(cam), bias[target])
""",
    shortcut="""
from operator import itemgetter

def exchange(images, labels, box):
    (t, l, b, r), changed = box, images.copy()
    order = np.argsort(labels, kind="stable")
    half = len(labels) // 2
    changed[order, t:b, l:r] = images[np.roll(order, half), t:b, l:r]
    return changed

def accuracy_exchanged(model, images, labels, box):
    metric = keras.metrics.SparseCategoricalAccuracy()
    metric.update_state(labels, model(exchange(images, labels, box)))
    return metric.result()

def find_shortcut(model, images, labels, boxes, least):
    accuracy = functools.partial(accuracy_exchanged, model, images, labels)
    before = float(accuracy(box=(0, 0, 0, 0)))
    falls = [(name, before - float(accuracy(box=box))) for name, box in boxes.items()]
    name, fall = max(falls, key=itemgetter(1))
    if fall < least:
        return None
    return name
""",
)
