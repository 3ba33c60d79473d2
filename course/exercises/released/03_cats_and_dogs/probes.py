"""What the checks ask of a submission besides plain calls: a dataset isn't plain data."""


def two_epochs(student, count, batch_size, training, seed):
    """Two epochs of `photo_batches`, as plain data.

    A photo has three numbers: which one it is, one drawn when it is decoded, and one drawn when it
    is augmented (0 before). The first half of the photos has label 0, the second half label 1.
    """
    import itertools

    import numpy as np
    import tensorflow as tf

    # Not TensorFlow's random numbers: with a global seed, they begin anew in each epoch.
    random = np.random.default_rng(0)

    def draw():
        number = tf.numpy_function(lambda: np.float32(random.uniform(0.1, 1)), [], tf.float32)
        return tf.ensure_shape(number, ())

    @tf.autograph.experimental.do_not_convert
    def decode(number):
        kept = tf.stack([tf.cast(number, tf.float32), draw(), 0.0])
        return tf.reshape(kept, (1, 1, 3)), tf.cast(2 * number >= count, tf.int32)

    @tf.autograph.experimental.do_not_convert
    def augment(photo, label):
        return photo + draw() * [[[0.0, 0.0, 1.0]]], label

    photos = tf.data.Dataset.range(count).map(decode)
    batches = student.photo_batches(photos, count, batch_size, augment, training, seed)
    epochs = []
    for _ in range(2):
        pairs = [  # cut where it has gone on for too long: it may never end
            (np.asarray(photo), np.asarray(label))
            for photo, label in itertools.islice(batches, 2 * count // batch_size + 2)
        ]
        shapes = [list(photo.shape) for photo, _ in pairs]
        if not pairs or any(len(shape) != 4 or shape[1:] != [1, 1, 3] for shape in shapes):
            return {"shapes": shapes}
        number, decoded, augmented = np.concatenate([photo for photo, _ in pairs])[:, 0, 0].T
        epochs.append(
            {
                "number": number,
                "decoded": decoded,
                "augmented": augmented,
                "label": np.concatenate([label.ravel() for _, label in pairs]),
                "sizes": [shape[0] for shape in shapes],
            }
        )
    return {"epochs": epochs}
