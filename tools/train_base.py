"""Train the course's own base: a small convnet that names kinds of things the course draws.

    python -m tools.train_base [--images 40000] [--epochs 16]

Cats and dogs are not among the kinds. The weights go to course/data/weights/, what was measured
to course_utils/recorded/course_base.json: how often it names drawings it has not seen, and what
its features are worth for 200 drawn cats and dogs, beside a network trained on these alone.
About an hour on two cores.
"""

import argparse
import hashlib
import os
import time

import numpy as np

from course import drawn
from course.data import course_base
from course_utils import recorded, start
from tools.bench import define_from

SIZE, BATCH, SEED = 64, 64, 5
N_TEST = 2000  # drawings of the kinds, held out
N_PETS, N_PETS_TEST = 200, 1000
TRANSFER_SEEDS = (1, 2, 3, 4, 5)
PEAK_RATE, DECAY = 2e-3, 2e-4  # learning rate at its highest; weight decay
CROP = (0.7, 1.0)  # side of what is shown in training, beside the side of the drawing


def training_batches(images, labels):
    """Endless batches, each picture cropped, mirrored, lighter or darker at random, in [-1, 1]."""
    import tensorflow as tf

    def changed(pictures, kinds):
        n = tf.shape(pictures)[0]
        side = tf.random.uniform((n, 2), *CROP)
        corner = tf.random.uniform((n, 2)) * (1 - side)
        top, left = tf.unstack(corner, axis=1)
        bottom, right = tf.unstack(corner + side, axis=1)
        mirrored = tf.random.uniform((n,)) < 0.5
        left, right = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
        boxes = tf.stack([top, left, bottom, right], axis=1)
        pixels = tf.cast(pictures, "float32")
        pixels = tf.image.crop_and_resize(pixels, boxes, tf.range(n), (SIZE, SIZE))
        light = tf.random.uniform((n, 1, 1, 3), 0.85, 1.15) * tf.random.uniform(
            (n, 1, 1, 1), 0.8, 1.2
        )
        return course_base.preprocess(tf.clip_by_value(pixels * light, 0, 255)), kinds

    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10_000, seed=SEED)
    return dataset.repeat().batch(BATCH).map(changed, tf.data.AUTOTUNE).prefetch(2)


def train_base(images, labels, test, epochs):
    """Train base and head; return the base and the share of the test drawings named rightly."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(SEED)
    base = course_base.build_course_base(SIZE)
    pooled = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(base.output))
    model = keras.Model(base.input, layers.Dense(len(drawn.KIND_NAMES))(pooled))
    steps = len(images) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(
        PEAK_RATE / 10, epochs * steps - steps, warmup_target=PEAK_RATE, warmup_steps=steps
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=DECAY),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    unseen = course_base.preprocess(test[0].astype("float32")), test[1]
    history = model.fit(
        training_batches(images, labels), steps_per_epoch=steps, epochs=epochs, shuffle=False,
        verbose=2, validation_data=unseen,
    ).history  # fmt: skip
    return base, history


def pooled_features(base, images):
    """Means over the feature maps, shape (N, channels)."""
    maps = base.predict(course_base.preprocess(images.astype("float32")), verbose=0)
    return maps.mean(axis=(1, 2))


def measure_transfer(base):
    """Validation accuracy from 200 drawn pets, for each seed: on the base's features; from scratch.

    Each seed has pets of its own. From scratch: lesson 4's network for small photos, with batch
    norm and gentle augmentation, 60 epochs; of its last three epochs, the mean.
    """
    import keras
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    names = {"keras": keras, "layers": keras.layers, "SIZE": SIZE}
    define_from("04", ("make_network", "make_augmentation"), names)
    validation = drawn.draw_pets(N_PETS_TEST, size=SIZE, seed=2)
    known = pooled_features(base, validation[0])
    scores = {"features": [], "scratch": []}
    for seed in TRANSFER_SEEDS:
        images, labels = drawn.draw_pets(N_PETS, size=SIZE, seed=100 + seed)
        linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
        linear.fit(pooled_features(base, images), labels)
        scores["features"].append(linear.score(known, validation[1]))
        keras.utils.set_random_seed(seed)
        network = names["make_network"](
            SIZE, names["make_augmentation"](gentle=True), batch_norm=True
        )
        network.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
        history = network.fit(
            images, labels, batch_size=32, epochs=60, verbose=0, validation_data=validation
        ).history
        scores["scratch"].append(float(np.mean(history["val_accuracy"][-3:])))
        print(
            f"seed {seed}:",
            {name: round(values[-1], 3) for name, values in scores.items()},
            flush=True,
        )
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--epochs", type=int, default=16)
    options = parser.parse_args()
    start.import_tensorflow()
    begin = time.perf_counter()
    images, labels = drawn.draw_kinds(options.images, size=SIZE, seed=SEED, progress=True)
    test = drawn.draw_kinds(N_TEST, size=SIZE, seed=SEED + 1)
    base, history = train_base(images, labels, test, options.epochs)
    course_base.WEIGHTS.parent.mkdir(exist_ok=True)
    base.save_weights(course_base.WEIGHTS)
    minutes = (time.perf_counter() - begin) / 60
    os.environ["COURSE_RECORD"] = "1"
    recorded.keep_run(
        course_base.RECORD, scale="full", seed=SEED,
        data=f"{len(images):,} drawings of {len(drawn.KIND_NAMES)} kinds", n_images=len(images),
        n_kinds=len(drawn.KIND_NAMES), kinds=list(drawn.KIND_NAMES), epochs=options.epochs,
        minutes=minutes, history=history, transfer=measure_transfer(base),
        sha256=hashlib.sha256(course_base.WEIGHTS.read_bytes()).hexdigest(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
