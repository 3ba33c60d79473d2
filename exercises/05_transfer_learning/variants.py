"""Right solutions of exercise 5 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "keras.applications",
    preprocess="""
from keras.applications import efficientnet, mobilenet_v2, resnet, vgg16

OWN = {"mobilenetv2": mobilenet_v2, "course": mobilenet_v2, "vgg16": vgg16, "resnet50": resnet}

def preprocess(pixels, name):
    if name not in OWN:
        return efficientnet.preprocess_input(np.float32(pixels))
    return OWN[name].preprocess_input(pixels.astype(np.float32))
""",
    features_of="""
def features_of(base, images, batch_size):
    maps = [base.model.predict_on_batch(base.preprocess(images[i:i + batch_size])) for i in range(0, len(images), batch_size)]
    return keras.layers.GlobalAveragePooling2D()(np.concatenate(maps)).numpy()
""",
)

variant(
    "loops",
    preprocess="""
def preprocess(pixels, name):
    result = np.empty(pixels.shape, "float32")
    for place in np.ndindex(*pixels.shape[:-1]):
        r, g, b = (float(v) for v in pixels[place])
        if name == "mobilenetv2" or name == "course":
            result[place] = r / 127.5 - 1, g / 127.5 - 1, b / 127.5 - 1
        elif name == "vgg16" or name == "resnet50":
            result[place] = b - 103.939, g - 116.779, r - 123.68
        else:
            result[place] = r, g, b
    return result
""",
    preparation="""
def preparation(values):
    smallest = largest = float(values.flat[0])
    for value in values.flat:
        smallest = min(smallest, float(value))
        largest = max(largest, float(value))
    if smallest < -50:
        return "caffe"
    elif largest > 2:
        return "pixels"
    elif smallest > -0.001:
        return "unit"
    elif largest > 0.5:
        return "symmetric"
    return "twice"
""",
    features_of="""
def features_of(base, images, batch_size):
    rows = []
    i = 0
    while i < len(images):
        batch = images[i:i + batch_size]
        for maps in np.asarray(base.model(base.preprocess(batch), training=False)):
            rows.append([np.float32(maps[:, :, c].mean()) for c in range(maps.shape[-1])])
        i += batch_size
    return np.array(rows, dtype=np.float32)
""",
    unfreeze_block="""
def unfreeze_block(model, block):
    model.trainable = True
    for layer in model.layers:
        layer.trainable = False
        if layer.name.split("_")[0] == block:
            if type(layer).__name__ != "BatchNormalization":
                layer.trainable = True

def count_trainable(model):
    count = 0
    for weight in model.trainable_weights:
        n = 1
        for side in weight.shape:
            n *= side
        count += n
    return count
""",
)

variant(
    "TensorFlow's tensors",
    preprocess="""
import tensorflow as tf

def preprocess(pixels, name):
    x = tf.cast(pixels, tf.float32)
    if name in {"vgg16", "resnet50"}:
        return tf.reverse(x, axis=[-1]) - tf.constant([103.939, 116.779, 123.68])
    return x if name.startswith("efficient") else x / 127.5 - 1.0
""",
    features_of="""
def features_of(base, images, batch_size):
    batches = tf.data.Dataset.from_tensor_slices(images).batch(batch_size)
    return tf.concat([tf.reduce_mean(base.model(base.preprocess(b.numpy()), training=False), [1, 2]) for b in batches], 0)
""",
    unfreeze_block="""
def unfreeze_block(model, block):
    model.trainable = True
    learns = [l for l in model.layers if l.name.startswith(block + "_") and not isinstance(l, layers.BatchNormalization)]
    for layer in model.layers:
        layer.trainable = layer in learns

def count_trainable(model):
    return sum(tf.size(w) for w in model.trainable_weights)
""",
)

variant(
    "comprehensions",
    preprocess="""
MEANS = dict.fromkeys(("vgg16", "resnet50"), [103.939, 116.779, 123.68])

def preprocess(pixels, name):
    if name in MEANS:
        return np.stack([pixels[..., 2 - c] - np.float32(MEANS[name][c]) for c in range(3)], axis=-1).astype("float32")
    scale, offset = (127.5, 1) if name in ("mobilenetv2", "course") else (1, 0)
    return np.float32(pixels / scale - offset)
""",
    preparation="""
RANGES = {"pixels": (0, 255), "unit": (0, 1), "symmetric": (-1, 1), "caffe": (-123.68, 151.061), "twice": (-1.0157, -0.9921)}

def preparation(values):
    ends = float(values.min()), float(values.max())
    return min(RANGES, key=lambda name: sum(abs(a - b) for a, b in zip(ends, RANGES[name])))
""",
    unfreeze_block="""
def unfreeze_block(model, block):
    model.trainable = True
    [setattr(layer, "trainable", layer.name.partition("_")[0] == block and "bn" not in layer.name) for layer in model.layers]

count_trainable = lambda model: sum([w.numpy().size for w in model.trainable_weights])
""",
)

variant(
    "annotated",
    preparation='''
from enum import StrEnum

class Preparation(StrEnum):
    """What has been done."""

    PIXELS = "pixels"
    UNIT = "unit"
    SYMMETRIC = "symmetric"
    CAFFE = "caffe"
    TWICE = "twice"

def preparation(values: np.ndarray) -> str:
    """By the ends."""
    low: float = np.min(values)
    high: float = np.max(values)
    if low < -1.5:
        return Preparation.CAFFE
    if high < 0:
        return Preparation.TWICE
    if low < 0:
        return Preparation.SYMMETRIC
    return Preparation.UNIT if high < 1.5 else Preparation.PIXELS
''',
    features_of='''
from collections.abc import Iterator

def batches(images: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Parts of so many images."""
    yield from (images[begin : begin + size] for begin in range(0, len(images), size))

def features_of(base, images: np.ndarray, batch_size: int) -> np.ndarray:
    """Features, shape (N, c)."""
    parts: list[np.ndarray] = []
    for batch in batches(images, batch_size):
        maps: np.ndarray = base.model(base.preprocess(batch), training=False).numpy()
        parts.append(maps.reshape(len(maps), -1, maps.shape[-1]).mean(axis=1))
    return np.vstack(parts)
''',
)

variant(
    "helpers and imports in tagged cells",
    features_of="""
# %% tags=["try"]
from math import ceil
with suppress(NameError):
    print(features_of(base, pets, 4).shape)

# %% tags=["check"]
check("features_of")
def means(maps):
    return np.einsum("nhwc->nc", maps) / (maps.shape[1] * maps.shape[2])

# %%
def features_of(base, images, batch_size):
    parts = np.array_split(images, range(batch_size, len(images), batch_size))
    assert len(parts) == ceil(len(images) / batch_size)
    return np.concatenate([means(base.model.predict_on_batch(base.preprocess(part))) for part in parts])
""",
    unfreeze_block="""
# %% tags=["expected"]
is_norm = lambda layer: isinstance(layer, keras.layers.BatchNormalization)
print(nothing_of_this_name)

# %%
def unfreeze_block(model, block):
    model.trainable = True
    for layer in model.layers:
        if is_norm(layer) or not layer.name.startswith(block + "_"):
            layer.trainable = False

def count_trainable(model):
    return int(sum(np.prod(w.shape) for w in model.trainable_variables))
""",
)

variant(
    "functional, tf.nn.sigmoid, a date as seed",
    train_head="""
import tensorflow as tf

def train_head(features, labels):
    inputs = keras.Input(shape=(features.shape[1],))
    normalise = layers.Normalization(axis=-1)
    normalise.adapt(features)
    dense = layers.Dense(1, activation=tf.nn.sigmoid, kernel_initializer=keras.initializers.GlorotUniform(seed=20241231))
    model = keras.Model(inputs, dense(layers.Dropout(0.05, seed=20241231)(normalise(inputs))))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss=keras.losses.BinaryCrossentropy())
    model.fit(features, labels.astype("float32"), epochs=10, batch_size=16, verbose=0)
    return model
""",
)

variant(
    "keyword arguments, mean and variance by hand",
    train_head="""
def train_head(x, y):
    scaling = layers.Normalization(mean=x.mean(axis=0), variance=x.var(axis=0))
    head = keras.models.Sequential([layers.Input(shape=x.shape[1:]), scaling, layers.Dense(units=1), layers.Activation("sigmoid")])
    head.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(2e-2))
    head.fit(x=x, y=y[:, None], batch_size=16, epochs=8, verbose=0)
    return head
""",
    fine_tune="""
def fine_tune(network, images, labels, block):
    def fit(rate, epochs, size):
        network.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss=keras.losses.BinaryCrossentropy())
        network.fit(x=images, y=labels[:, None], batch_size=size, epochs=epochs, verbose=0)

    network.get_layer("base").trainable = False
    fit(rate=1e-2, epochs=6, size=8)
    unfreeze_block(model=network.get_layer("base"), block=block)
    fit(rate=1e-4, epochs=2, size=16)
    return network
""",
)

variant(
    "flags by hand, a loop of its own",
    fine_tune="""
import tensorflow as tf

def fine_tune(network, images, labels, block):
    base = network.layers[0]
    head = network.layers[-1]
    images, labels = tf.constant(images), tf.constant(labels[:, None], tf.float32)

    def train(weights, rate, epochs, size):
        optimizer = keras.optimizers.Adam(rate)
        for epoch in range(epochs):
            order = np.random.default_rng(epoch).permutation(len(images))
            for part in np.split(order, range(size, len(order), size)):
                with tf.GradientTape() as tape:
                    said = network(tf.gather(images, part), training=False)
                    loss = keras.losses.binary_crossentropy(tf.gather(labels, part), said)
                optimizer.apply(tape.gradient(loss, weights), weights)

    train(list(head.trainable_weights), 1e-2, 5, 8)
    train([base.get_layer(block + "_conv").kernel, *head.trainable_weights], 1e-4, 2, 16)
    return network
""",
)

variant(
    "early returns, other names, walrus",
    preprocess="""
def preprocess(p, n):
    p = p * np.float32(1)
    if n == "efficientnetv2b0": return p
    if n[-2:] in ("16", "50"): return (p - np.float32([123.68, 116.779, 103.939]))[..., [2, 1, 0]]
    return (p - 127.5) / np.float32(127.5)
""",
    preparation="""
def preparation(v):
    if (low := v.min()) < -100: return "caffe"
    if (high := v.max()) <= 0: return "twice"
    return {(False, True): "pixels", (False, False): "unit"}.get((bool(low < 0), bool(high > 1)), "symmetric")
""",
    unfreeze_block="""
def unfreeze_block(net, name):
    net.trainable = True
    for part in net._flatten_layers(include_self=False):
        part.trainable = part.name in (f"{name}_conv", f"{name}_relu")

def count_trainable(net):
    return np.sum([np.size(w) for w in map(np.asarray, net.trainable_weights)])
""",
)
