"""Right solutions of exercise 2 in other styles: each must get all points."""

from course.exercises import variant

variant(
    "Keras's own softmax, in float32",
    softmax="""
def softmax(logits):
    return layers.Softmax()(logits).numpy()
""",
    cross_entropy="""
def cross_entropy(logits, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return loss(labels, logits)
""",
    confusion="""
import tensorflow as tf

def confusion_matrix(labels, said, n_classes):
    return tf.math.confusion_matrix(labels, said, n_classes)

def most_confused(matrix):
    both = tf.linalg.band_part(matrix + tf.transpose(matrix), 0, -1)
    both = both - tf.linalg.diag(tf.linalg.diag_part(both))
    return tuple(divmod(int(tf.argmax(tf.reshape(both, [-1]))), len(matrix)))
""",
)

variant(
    "float32 throughout",
    softmax="""
import tensorflow as tf

def softmax(logits):
    return tf.nn.softmax(tf.cast(logits, tf.float32), axis=-1)
""",
    cross_entropy="""
def cross_entropy(logits, labels):
    z = np.float32(logits)
    z = z - z.max(1, keepdims=True)
    costs = np.log(np.exp(z).sum(1, dtype=np.float32)) - np.take_along_axis(z, labels[:, None], 1)[:, 0]
    return costs.mean(dtype=np.float32)
""",
)

variant(
    "loops",
    softmax="""
def softmax(logits):
    rows = []
    for row in logits:
        powers = [np.exp(z - max(row)) for z in row]
        rows.append([power / sum(powers) for power in powers])
    return rows
""",
    cross_entropy="""
import math

def cross_entropy(logits, labels):
    total = 0.0
    for row, label in zip(logits, labels):
        m = max(row)
        total += m + math.log(sum(math.exp(z - m) for z in row)) - row[label]
    return total / len(labels)
""",
    count_parameters="""
def count_parameters(shape, stack):
    counts = []
    for layer in stack:
        match layer:
            case ("conv", f, k):
                counts.append(k * k * shape[2] * f + f)
                shape = [shape[0] - k + 1, shape[1] - k + 1, f]
            case ("pool", p):
                counts.append(0)
                shape = [shape[0] // p, shape[1] // p, shape[2]]
            case ("flatten",):
                counts.append(0)
                shape = [shape[0] * shape[1] * shape[2]]
            case ("dense", u):
                counts.append(shape[0] * u + u)
                shape = [u]
    return counts
""",
    confusion="""
def confusion_matrix(labels, said, n_classes):
    matrix = [[0] * n_classes for _ in range(n_classes)]
    for i in range(len(labels)):
        matrix[labels[i]][said[i]] += 1
    return matrix

def most_confused(matrix):
    most, pair = -1, None
    for i in range(len(matrix)):
        for j in range(i + 1, len(matrix)):
            if matrix[i][j] + matrix[j][i] > most:
                most, pair = matrix[i][j] + matrix[j][i], [i, j]
    return pair
""",
)

variant(
    "counted by Keras",
    count_parameters="""
def count_parameters(shape, stack):
    make = dict(conv=layers.Conv2D, pool=layers.MaxPool2D, flatten=layers.Flatten, dense=layers.Dense)
    network = keras.Sequential([keras.Input(shape), *(make[kind](*numbers) for kind, *numbers in stack)])
    return [layer.count_params() for layer in network.layers]
""",
    confusion="""
from sklearn.metrics import confusion_matrix as of_sklearn

def confusion_matrix(labels, said, n_classes):
    return of_sklearn(labels, said, labels=np.arange(n_classes))

def most_confused(matrix):
    pairs = [(i, j) for i in range(len(matrix)) for j in range(i)]
    return sorted(max(pairs, key=lambda pair: matrix[pair] + matrix[pair[::-1]]))
""",
)

variant(
    "annotated",
    count_parameters='''
from dataclasses import dataclass

@dataclass
class Maps:
    """What a layer sees."""

    height: int
    width: int
    depth: int
    flat: int = 0

    def conv(self, filters: int, side: int) -> int:
        count = (side**2 * self.depth + 1) * filters
        self.height, self.width, self.depth = self.height - side + 1, self.width - side + 1, filters
        return count

    def pool(self, side: int) -> int:
        self.height, self.width = self.height // side, self.width // side
        return 0

    def flatten(self) -> int:
        self.flat = self.height * self.width * self.depth
        return 0

    def dense(self, units: int) -> int:
        count, self.flat = (self.flat + 1) * units, units
        return count

def count_parameters(shape: tuple[int, ...], stack: list[tuple]) -> list[int]:
    """Parameters, layer by layer."""
    maps = Maps(*shape)
    return [getattr(maps, kind)(*numbers) for kind, *numbers in stack]
''',
    softmax='''
from numpy.typing import NDArray

def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities.

    >>> softmax(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    shifted: NDArray = logits - np.amax(logits, axis=-1, keepdims=True)
    return np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
''',
)

variant(
    "helpers and imports in tagged cells",
    softmax="""
# %% tags=["try"]
import scipy.special as special
with suppress(NotImplementedError, NameError):
    print(softmax(np.zeros((1, 2))))

# %%
def softmax(logits):
    return special.softmax(logits, axis=1)
""",
    cross_entropy="""
# %% tags=["check"]
check("softmax")
def mean(values):
    return sum(values) / len(values)

# %%
def cross_entropy(logits, labels):
    return mean(special.logsumexp(logits, axis=1) - logits[range(len(labels)), labels])
""",
    confusion="""
def confusion_matrix(labels, said, n_classes):
    return np.bincount(np.asarray(labels) * n_classes + said, minlength=n_classes**2).reshape(n_classes, -1)

# %% tags=["try"]
def most_confused(matrix):
    both = matrix + matrix.T
    return sorted(np.argwhere(both == both[~np.eye(len(both), dtype=bool)].max() * (1 - np.eye(len(both))))[0])
print(most_confused)
""",
)

variant(
    "einsum, one-hot and recursion",
    cross_entropy="""
def cross_entropy(z, y):
    hot = np.eye(z.shape[1])[y]
    return np.logaddexp.reduce(z, axis=1).mean() - np.einsum("nk,nk->", z, hot) / len(y)
""",
    count_parameters="""
def count_parameters(shape, stack):
    if not stack:
        return []
    (kind, *n), *rest = stack
    if kind == "flatten":
        return [0] + count_parameters((int(np.prod(shape)),), rest)
    if kind == "dense":
        return [(shape[0] + 1) * n[0]] + count_parameters((n[0],), rest)
    if kind == "pool":
        return [0] + count_parameters((shape[0] // n[0], shape[1] // n[0], shape[2]), rest)
    return [(n[1] ** 2 * shape[2] + 1) * n[0]] + count_parameters((shape[0] - n[1] + 1, shape[1] - n[1] + 1, n[0]), rest)
""",
    confusion="""
def confusion_matrix(labels, said, n_classes):
    hot = np.eye(n_classes, dtype=int)
    return np.einsum("nt,ns->ts", hot[labels], hot[said])

def most_confused(matrix):
    both = (matrix + matrix.T) * ~np.eye(len(matrix), dtype=bool)
    place = np.argmax(both)
    return np.array([place // len(both), place % len(both)])
""",
)

variant(
    "a date as seed, tf.nn.softmax",
    small_convnet="""
import tensorflow as tf

def small_network():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, activation=tf.nn.relu, kernel_initializer=keras.initializers.HeNormal(seed=20241231)),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation=keras.activations.relu),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.1, seed=20241231),
        layers.Dense(10, activation=tf.nn.softmax),
    ])

def train_small(images, labels):
    model = small_network()
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=5e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x=images[..., None], y=labels, batch_size=32, epochs=8, verbose=0)
    return model
""",
)

variant(
    "functional, from tensorflow import keras",
    small_convnet="""
from tensorflow import keras as tf_keras
from tensorflow.keras.layers import *

def small_network():
    x = inputs = Input(shape=(28, 28, 1))
    x = x / 255
    for filters in (8, 16):
        x = MaxPool2D()(ReLU()(Conv2D(filters, kernel_size=3)(x)))
    outputs = Softmax()(Dense(10)(Flatten()(x)))
    return tf_keras.Model(inputs=inputs, outputs=outputs)

def train_small(images, labels):
    network = small_network()
    network.compile("adam", loss=tf_keras.losses.CategoricalCrossentropy())
    network.optimizer.learning_rate = 5e-3
    one_hot = tf_keras.utils.to_categorical(labels, 10)
    network.fit(images[..., np.newaxis].astype("float32"), one_hot, batch_size=32, epochs=8, verbose=0)
    return network
""",
    residual_block="""
def residual_block(x, filters, stride=1):
    shortcut = x
    y = layers.Conv2D(filters, (3, 3), strides=(stride, stride), padding="same")(x)
    y = layers.Activation("relu")(y)
    y = layers.Conv2D(filters, (3, 3), padding="same")(y)
    if y.shape != x.shape:
        shortcut = layers.Conv2D(filters, (1, 1), strides=(stride, stride))(x)
    return layers.Activation("relu")(y + shortcut)
""",
)

variant(
    "a loop of its own, without pooling after all",
    small_convnet="""
import tensorflow as tf

def small_network():
    model = keras.models.Sequential(name="small")
    model.add(layers.InputLayer(shape=(28, 28, 1)))
    model.add(layers.Rescaling(scale=1.0 / 127.5, offset=-1.0))
    model.add(layers.Conv2D(filters=12, kernel_size=5, strides=2, activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(filters=12, kernel_size=3, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(units=10, activation="softmax"))
    return model

def train_small(images, labels):
    network, optimizer = small_network(), keras.optimizers.Adam(5e-3)
    x, y = tf.constant(images[..., None], tf.float32), tf.constant(labels)

    @tf.function
    def step(batch, answers):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(answers, network(batch, training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables))

    optimizer.build(network.trainable_variables)
    random = np.random.default_rng(20241231)
    for _ in range(8):
        order = random.permutation(len(images))
        for begin in range(0, len(order) - 31, 32):
            step(tf.gather(x, order[begin:begin + 32]), tf.gather(y, order[begin:begin + 32]))
    return network
""",
)

variant(
    "keyword arguments and other names",
    residual_block="""
from functools import partial

def residual_block(t, n, s=1):
    conv = partial(layers.Conv2D, filters=n, padding="same", use_bias=True)
    way = [conv(kernel_size=3, strides=s, activation=keras.activations.relu), conv(kernel_size=3)]
    f = t
    for layer in way:
        f = layer(f)
    past = t if s == 1 and t.shape[-1] == n else conv(kernel_size=1, strides=s)(t)
    return layers.ReLU()(layers.add([past, f]))
""",
    softmax="""
def softmax(z):
    e = (lambda d: np.exp(d))(z.T - z.max(1))
    return (e / e.sum(0)).T
""",
)
