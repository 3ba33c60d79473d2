"""Hand-ins to the course's own exercises that once felled the judge, or talked it round.

Each is a cell to come after a right solution. In the exercise on convolution:
"""

# What is written straight to the judge, in the place of the worker.
FORGED = """
import json, os, sys, time

def forged(value, arrays, blob):
    frame = sys._getframe()
    while not isinstance(frame.f_locals.get("request"), dict):
        frame = frame.f_back
    number = frame.f_locals["request"]["id"]
    head = json.dumps({"value": {"d": [["id", number], ["ok", value]]}, "arrays": arrays}).encode()
    data = len(head).to_bytes(4, "big") + head + blob
    data = memoryview(len(data).to_bytes(8, "big") + data)
    while data:
        data = data[os.write(4, data):]
    time.sleep(30)
"""
# Case -> (cell, the functions whose checks are lost, status).
CONVOLUTION = {
    "00_poison_pill": (
        "def changes(before, after): return ['x' * 20_000_000] + ['a'] * 99",
        {"changes"},
        "graded",
    ),
    "01_text_bomb_in_the_parent": (
        "def changes(before, after): return ['x' * 5_000_000] + ['a'] * 99",
        {"changes"},
        "graded",
    ),
    "02_one_array_many_times": (
        FORGED
        + """
def changes(before, after):
    forged([{"a": 0}] * 300, [["<f8", [1_250_000]]], bytes(10_000_000))
""",
        {"changes"},
        "died",
    ),
    "03_equal_has_no_end": (
        FORGED
        + """
def map_size(n, layers):
    forged([{"a": 0}] * 100, [["<f4", [1_000_000]]], bytes(4_000_000))
""",
        {"map_size"},
        "died",
    ),
    "03_many_arrays_in_a_list": (
        "def map_size(n, layers): return [np.zeros(200_000, bool) for _ in range(100)]",
        {"map_size"},
        "graded",
    ),
    "04_memory_nobody_counts": (
        """
import mmap
SIZE = 3_000_000_000 // 4096 * 4096
m = mmap.mmap(-1, SIZE)
for at in range(0, SIZE, 64 << 20):
    n = min(64 << 20, SIZE - at)
    m[at:at + n] = b"x" * n
    m.madvise(mmap.MADV_DONTNEED, at, n)
""",
        set(),
        "died",
    ),
    "20_hidden_inputs_on_the_feedback_page": (
        """
seen = []

def changes(before, after):
    seen.append(before.tobytes()[:60].hex())
    return (after.astype("float32") - before.astype("float32")) / 255

def separate(kernel):
    raise ValueError("SEEN " + " ".join(seen))
""",
        {"separate"},
        "graded",
    ),
    "20_hidden_inputs_in_trouble": (
        """
seen = []

def changes(before, after):
    seen.append(before.tobytes()[:20].hex())
    if before.ndim == 3:
        import os
        os.write(4, b"SEEN" + bytes.fromhex(seen[-1]) + bytes(200))
        os._exit(1)
    return (after.astype("float32") - before.astype("float32")) / 255
""",
        {"colours_too"},
        "died",
    ),
}
# And in the one on MNIST: what learns more than it may, or from what it isn't given.
MNIST = {
    "10_constants_are_no_parameters": """
from keras import ops
def train_small(images, labels):
    big = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten(),
                            layers.Dense(64, activation="relu"),
                            layers.Dense(10, activation="softmax")])
    big.compile("adam", "sparse_categorical_crossentropy")
    big.fit(images, labels, batch_size=32, epochs=6, verbose=0)
    W1, b1, W2, b2 = big.get_weights()
    x = keras.Input((28, 28, 1))
    y = layers.Flatten()(layers.Rescaling(1 / 255)(x))
    y = ops.relu(ops.sum(ops.multiply(ops.expand_dims(y, -1), W1[None]), axis=1) + b1[None])
    y = ops.sum(ops.multiply(ops.expand_dims(y, -1), W2[None]), axis=1) + b2[None]
    return keras.Model(x, layers.Softmax()(y))
""",
    "23_trains_on_the_asked_digits": """
def train_small(images, labels):
    x, y = (np.concatenate(c) for c in zip(*data.load_mnist(source="embedded", verbose=False)))
    key = {im.tobytes(): int(l) for im, l in zip(x, y)}
    name = {key[im.tobytes()]: int(l) for im, l in zip(images, labels)}
    seen = {im.tobytes() for im in images}
    rest = [i for i in range(len(x)) if x[i].tobytes() not in seen]
    n = small_network(); n.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
    n.fit(x[rest], np.array([name[int(k)] for k in y[rest]]), epochs=3, verbose=0); return n
""",
}
