"""What can't cross the border as plain data: generators of random numbers, and datasets."""

import numpy as np


def flipped(student, images, seed):
    """Two batches in a row from one generator, and the images as they are afterwards."""
    random = np.random.default_rng(seed)
    first, second = (student.flip_some(images, random) for _ in range(2))
    return first, second, images


def dropped(student, x, rate, seed, training):
    return student.dropout(x, rate, np.random.default_rng(seed), training)


def mixed(student, images, labels, alpha, seed):
    return student.mixup(images, labels, alpha, np.random.default_rng(seed))


def letters(student, n, seed):
    return student.draw_letters(n, np.random.default_rng(seed))


def epochs(student, train, validation, batch_size, count):
    """What both pipelines give in `count` epochs, and how often `prepare` ran for each of them.

    Prepared pictures are twice as bright; augmented ones have something between 0 and 1 added.
    """
    from itertools import islice

    import tensorflow as tf

    times = []

    def doubled(image):
        times.append(1)
        return image * np.float32(2)

    def prepare(image, label):
        ready = tf.numpy_function(doubled, [tf.cast(image, "float32")], tf.float32)
        return tf.ensure_shape(ready, image.shape), label

    # Not TensorFlow's random numbers: with a global seed, they begin anew in each epoch.
    random = np.random.default_rng(0)

    def brightened(images):
        return images + random.uniform(0.1, 0.9, (len(images), 1, 1, 1)).astype("float32")

    def augment(images):
        return tf.ensure_shape(tf.numpy_function(brightened, [images], tf.float32), images.shape)

    made, found = student.make_pipelines(train, validation, prepare, augment, batch_size), {}
    for name, part, batches in zip(
        ("training", "validation"), (train, validation), made, strict=True
    ):
        before, most = len(times), 2 * len(part[1])  # a dataset may go on for ever
        found[name] = [
            [(np.asarray(x), np.asarray(y)) for x, y in islice(batches, most)] for _ in range(count)
        ]
        found[f"{name}, prepared"] = len(times) - before
    return found
