"""Exercise 6, as students answer it: ten typical mistakes, and ten right answers."""

from typical_mistakes import Answer, Mistake

MISTAKES = [
    Mistake(
        "activation_map",
        "adds the map up for the logit, in place of taking its mean",
        "sum_of_places",
        """
def activation_map(maps, kernel, target):
    h, w, K = maps.shape
    cam = np.zeros((h, w))
    for k in range(K):
        cam += kernel[k, target] * maps[:, :, k]
    return cam

def logit_from(cam, bias, target):
    return np.sum(cam) + bias[target]
""",
    ),
    Mistake(
        "occlusion",
        "stops one too early: a window that ends at the border exactly is left out",
        "last_window_missing",
        """
def occlusion(model, image, target, window, stride, fill):
    H, W = image.shape[:2]
    rows = list(range(0, H - window, stride))
    cols = list(range(0, W - window, stride))
    batch = [image]
    for r in rows:
        for c in cols:
            hidden = image.copy()
            hidden[r : r + window, c : c + window] = fill
            batch.append(hidden)
    logits = up_to(model, "logits")(np.array(batch)).numpy()[:, target]
    return (logits[0] - logits[1:]).reshape(len(rows), len(cols))
""",
    ),
    Mistake(
        "occlusion",
        "makes one copy for all places, so that what was covered before stays covered",
        "covers_pile_up",
        """
def occlusion(model, image, target, window, stride, fill):
    scorer = up_to(model, "logits")
    whole = float(scorer(image[None])[0, target])
    n_rows = (image.shape[0] - window) // stride + 1
    n_cols = (image.shape[1] - window) // stride + 1
    drop = np.zeros((n_rows, n_cols))
    covered = np.copy(image)
    for i in range(n_rows):
        for j in range(n_cols):
            y, x = i * stride, j * stride
            covered[y : y + window, x : x + window, :] = fill
            drop[i, j] = whole - float(scorer(covered[np.newaxis])[0, target])
    return drop
""",
    ),
    Mistake(
        "grad_cam",
        "takes the gradient of the probability in place of the logit's",
        "slopes_of_the_probability",
        """
def grad_cam(model, image, target):
    both = keras.Model(model.input, [model.get_layer("maps").output, model.output])
    with tf.GradientTape() as tape:
        feature_maps, predictions = both(np.expand_dims(image, 0))
        score = predictions[:, target]
    gradients = tape.gradient(score, feature_maps)
    weights = tf.reduce_mean(gradients, axis=(0, 1, 2))
    heat = tf.reduce_sum(feature_maps[0] * weights, axis=-1)
    return tf.nn.relu(heat).numpy()
""",
    ),
    Mistake(
        "grad_cam",
        "divides the heat by its largest value",
        "rescaled",
        """
def grad_cam(model, image, target):
    outputs = [model.get_layer(name).output for name in ("maps", "logits")]
    grad_model = keras.Model(model.input, outputs)
    with tf.GradientTape() as tape:
        A, z = grad_model(image[np.newaxis, ...])
        loss = z[0, target]
    grads = tape.gradient(loss, A)[0]
    alpha = tf.reduce_mean(grads, axis=(0, 1))
    heatmap = A[0] @ alpha[:, tf.newaxis]
    heatmap = tf.squeeze(heatmap, axis=-1).numpy()
    heatmap = np.maximum(heatmap, 0)
    if heatmap.max() > 0:
        heatmap = heatmap / heatmap.max()
    return heatmap
""",
    ),
    Mistake(
        "pointing",
        "points to the upper left corner of the hottest cell, not to its middle",
        "corner_of_the_cell",
        """
def hits(heat, mask):
    if heat.max() == heat.min():
        return False
    row, col = divmod(int(heat.argmax()), heat.shape[1])
    y = int(row * mask.shape[0] / heat.shape[0])
    x = int(col * mask.shape[1] / heat.shape[1])
    return bool(mask[y, x])

def lead_over_middle(heats, masks):
    H, W = masks.shape[1:]
    hit = [hits(h, m) for h, m in zip(heats, masks)]
    middle = masks[:, H // 2, W // 2]
    return np.mean(hit) - np.mean(middle)
""",
    ),
    Mistake(
        "forgetting",
        "takes argsort for the ranks: it gives the places of the sorted values",
        "order_for_ranks",
        """
def rank_correlation(one, other):
    ranks_one = np.argsort(one.flatten()) + 1
    ranks_other = np.argsort(other.flatten()) + 1
    return np.corrcoef(ranks_one, ranks_other)[0, 1]

def similarity(before, after):
    scores = []
    for a, b in zip(before, after):
        if np.all(a == a[0, 0]) or np.all(b == b[0, 0]):
            continue
        scores.append(rank_correlation(a, b))
    return np.mean(scores)
""",
    ),
    Mistake(
        "forgetting",
        "correlates the whole stacks at once, in place of pair by pair",
        "all_in_one",
        """
from scipy.stats import rankdata

def rank_correlation(one, other):
    r1 = rankdata(one).ravel()
    r2 = rankdata(other).ravel()
    return np.corrcoef(r1, r2)[0, 1]

def similarity(before, after):
    keep = [i for i in range(len(before)) if before[i].std() > 0 and after[i].std() > 0]
    return rank_correlation(before[keep], after[keep])
""",
    ),
    Mistake(
        "shortcut",
        "swaps two views, so that the first is overwritten before it is copied to the second",
        "one_way",
        """
def exchange(images, labels, box):
    top, left, bottom, right = box
    new = images.copy()
    cats = [i for i, y in enumerate(labels) if y == 0]
    dogs = [i for i, y in enumerate(labels) if y == 1]
    for c, d in zip(cats, dogs):
        part = new[c, top:bottom, left:right]
        new[c, top:bottom, left:right] = new[d, top:bottom, left:right]
        new[d, top:bottom, left:right] = part
    return new

def accuracy_exchanged(model, images, labels, box):
    predicted = np.argmax(model(exchange(images, labels, box)), axis=1)
    return np.mean(predicted == labels)

def find_shortcut(model, images, labels, boxes, least):
    normal = np.mean(np.argmax(model(images), axis=1) == labels)
    drops = {}
    for name in boxes:
        drops[name] = normal - accuracy_exchanged(model, images, labels, boxes[name])
    worst = max(drops, key=drops.get)
    return worst if drops[worst] >= least else None
""",
    ),
    Mistake(
        "shortcut",
        "exchanges in the caller's own images",
        "in_place",
        """
def exchange(images, labels, box):
    t, l, b, r = box
    zeros, ones = np.where(labels == 0)[0], np.where(labels == 1)[0]
    patches = images[zeros, t:b, l:r].copy()
    images[zeros, t:b, l:r] = images[ones, t:b, l:r]
    images[ones, t:b, l:r] = patches
    return images


def accuracy_exchanged(model, images, labels, box):
    swapped = exchange(images, labels, box)
    output = model.predict(swapped, verbose=0)
    return (output.argmax(axis=1) == labels).mean()


def find_shortcut(model, images, labels, boxes, least):
    start = (model.predict(images, verbose=0).argmax(axis=1) == labels).mean()
    best_name, best_drop = None, 0
    for name, box in boxes.items():
        drop = start - accuracy_exchanged(model, images, labels, box)
        if drop > best_drop:
            best_name, best_drop = name, drop
    if best_drop < least:
        return None
    return best_name
""",
    ),
]

RIGHT = [
    Answer(
        "activation_map",
        """
def activation_map(maps, kernel, target):
    weights = kernel[:, target]
    return np.tensordot(maps, weights, axes=1)

def logit_from(cam, bias, target):
    return cam.mean() + bias[target]
""",
    ),
    Answer(
        "activation_map",
        """
def activation_map(maps, kernel, target):
    return tf.einsum("ijk,kc->ijc", maps, kernel)[..., target].numpy()

def logit_from(cam, bias, target):
    total = 0.0
    for row in cam:
        total += sum(row)
    return float(total / (len(cam) * len(cam[0])) + bias[target])
""",
    ),
    Answer(
        "occlusion",
        """
def occlusion(model, image, target, window, stride, fill):
    H, W, _ = image.shape
    ys = np.arange(0, H - window + 1, stride)
    xs = np.arange(0, W - window + 1, stride)
    covered = np.tile(image, (len(ys), len(xs), 1, 1, 1))
    for a, y in enumerate(ys):
        for b, x in enumerate(xs):
            covered[a, b, y : y + window, x : x + window] = fill
    score = up_to(model, "logits")
    before = score(image[None]).numpy()[0, target]
    after = score(covered.reshape(-1, H, W, 3)).numpy()[:, target]
    return before - after.reshape(len(ys), len(xs))
""",
    ),
    Answer(
        "occlusion",
        """
def occlusion(model, image, target, window, stride, fill):
    logits = up_to(model, "logits")

    def logit(picture):
        return float(logits(picture[None])[0][target])

    whole = logit(image)
    falls = []
    top = 0
    while top + window <= image.shape[0]:
        line = []
        left = 0
        while left + window <= image.shape[1]:
            mask = np.zeros(image.shape[:2], bool)
            mask[top : top + window, left : left + window] = True
            line.append(whole - logit(np.where(mask[..., None], np.float32(fill), image)))
            left += stride
        falls.append(line)
        top += stride
    return np.array(falls)
""",
    ),
    Answer(
        "grad_cam",
        """
def grad_cam(model, image, target):
    maps_and_logits = keras.Model(
        inputs=model.input,
        outputs=[model.get_layer("maps").output, model.get_layer("logits").output],
    )
    batch = tf.convert_to_tensor(image[None], dtype=tf.float32)
    with tf.GradientTape() as tape:
        maps, logits = maps_and_logits(batch, training=False)
        chosen = tf.gather(logits, int(target), axis=1)
    grads = tape.gradient(chosen, maps).numpy()[0]
    maps = maps.numpy()[0]
    heat = np.zeros(maps.shape[:2], dtype=np.float32)
    for k in range(maps.shape[-1]):
        heat += grads[:, :, k].mean() * maps[:, :, k]
    heat[heat < 0] = 0
    return heat
""",
    ),
    Answer(
        "pointing",
        """
def hits(heat, mask):
    h, w = heat.shape
    H, W = mask.shape
    if np.ptp(heat) == 0:
        return False
    r, c = np.unravel_index(np.argmax(heat), heat.shape)
    return bool(mask[(2 * r + 1) * H // (2 * h), (2 * c + 1) * W // (2 * w)])

def lead_over_middle(heats, masks):
    n = len(heats)
    hit = sum(hits(heats[i], masks[i]) for i in range(n))
    centre = sum(mask[mask.shape[0] // 2, mask.shape[1] // 2] for mask in masks)
    return float(hit / n - centre / n)
""",
    ),
    Answer(
        "pointing",
        """
def hottest(heat):
    best = (0, 0)
    for r in range(heat.shape[0]):
        for c in range(heat.shape[1]):
            if heat[r, c] > heat[best]:
                best = (r, c)
    return best


def hits(heat, mask):
    if len(np.unique(heat)) == 1:
        return False
    r, c = hottest(heat)
    y = int((r + 0.5) * mask.shape[0] / heat.shape[0])
    x = int((c + 0.5) * mask.shape[1] / heat.shape[1])
    return bool(mask[y][x])


def lead_over_middle(heats, masks):
    lead = 0
    for heat, mask in zip(heats, masks):
        lead += int(hits(heat, mask)) - int(mask[mask.shape[0] // 2, mask.shape[1] // 2])
    return lead / len(heats)
""",
    ),
    Answer(
        "forgetting",
        """
from scipy import stats

def rank_correlation(one, other):
    return float(stats.spearmanr(one.ravel(), other.ravel()).statistic)

def similarity(before, after):
    moving = (np.ptp(before, axis=(1, 2)) > 0) & (np.ptp(after, axis=(1, 2)) > 0)
    return float(np.mean([rank_correlation(a, b) for a, b in zip(before[moving], after[moving])]))
""",
    ),
    Answer(
        "shortcut",
        """
def exchange(images, labels, box):
    top, left, bottom, right = box
    result = np.array(images)
    zeros = np.flatnonzero(np.asarray(labels) == 0)
    ones = np.flatnonzero(np.asarray(labels) == 1)
    here, there = np.concatenate([zeros, ones]), np.concatenate([ones, zeros])
    result[here, top:bottom, left:right] = images[there, top:bottom, left:right]
    return result

def accuracy_exchanged(model, images, labels, box):
    return accuracy(model, exchange(images, labels, box), labels)

def accuracy(model, images, labels):
    best = tf.argmax(model(images), axis=-1)
    return float(np.mean(best == labels))

def find_shortcut(model, images, labels, boxes, least):
    before = accuracy(model, images, labels)
    names = list(boxes)
    falls = [before - accuracy_exchanged(model, images, labels, boxes[name]) for name in names]
    if not falls or max(falls) < least:
        return None
    return names[int(np.argmax(falls))]
""",
    ),
    Answer(
        "shortcut",
        """
def exchange(images, labels, box):
    top, left, bottom, right = box
    swapped = images.copy()
    waiting = {0: [], 1: []}
    for i, label in enumerate(labels):
        label = int(label)
        if waiting[1 - label]:
            j = waiting[1 - label].pop(0)
            swapped[i, top:bottom, left:right] = images[j, top:bottom, left:right]
            swapped[j, top:bottom, left:right] = images[i, top:bottom, left:right]
        else:
            waiting[label].append(i)
    return swapped


def share_right(model, images, labels):
    right = 0
    for scores, label in zip(model(images).numpy(), labels):
        if np.argmax(scores) == label:
            right += 1
    return right / len(labels)


def accuracy_exchanged(model, images, labels, box):
    return share_right(model, exchange(images, labels, box), labels)


def find_shortcut(model, images, labels, boxes, least):
    whole = share_right(model, images, labels)
    found, lowest = None, whole - least
    for name in boxes:
        now = accuracy_exchanged(model, images, labels, boxes[name])
        if now <= lowest and (found is None or now < lowest):
            found, lowest = name, now
    return found
""",
    ),
]
