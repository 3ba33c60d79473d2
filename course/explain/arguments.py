"""What the functions of this package are given, checked, and brought into one form."""

import numpy as np

from course.explain import network


def check_built(model) -> None:
    """Raise ValueError if it is no Keras model, not built, of another kind, or takes no images."""
    import keras

    if not isinstance(model, keras.Model):
        raise ValueError(f"model is a {type(model).__name__}; give a keras.Model")
    if not model.built:
        raise ValueError(
            f"the model {model.name!r} is not built; begin it with keras.Input(shape), or call it "
            "on an image"
        )
    try:
        inputs = model.inputs
    except AttributeError:
        raise ValueError(
            f"the model {model.name!r} is a {type(model).__name__}, whose inputs and outputs are "
            "not known; give a Sequential or functional model"
        ) from None
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        shapes = [network.shape_of(tensor) for tensor in inputs]
        raise ValueError(f"the model {model.name!r} takes {shapes}; give one that takes images")


def check_model(model) -> None:
    """Raise ValueError as `check_built`, or if a weight is not finite.

    What comes out does not tell: a compiled convolution with ReLU makes 0 of NaN, and biases make
    of that a map that looks like any other.
    """
    check_built(model)
    if np.isfinite(network.call(model, _sum_of_weights, ())):
        return
    for weight in model.weights:  # large ones may have too large a sum, and be right
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(
                f"the weights {weight.path} are not all finite (NaN or infinity): the model was "
                "not trained well or not loaded well; train it anew with a smaller learning rate"
            )


def _sum_of_weights(model):
    """Body of `network.call`: not finite if a weight is not. Far quicker than to fetch each."""
    import tensorflow as tf

    floats = [weight for weight in model.weights if tf.as_dtype(weight.dtype).is_floating]
    return tf.add_n([0.0, *(tf.cast(tf.reduce_sum(weight), tf.float32) for weight in floats)])


def count_classes(model) -> int:
    """Count the classes that a model tells apart.

    Args:
        model: keras.Model of images, built; Sequential, functional or nested.
    Returns:
        int >= 2, two for one output unit; 0 if the model does not put out (N, classes).
    Raises:
        ValueError: it is no Keras model, not built, takes no images, or has weights that are not
            finite.
    """
    check_model(model)
    outputs = model.outputs
    named = len(outputs) == 1 and len(outputs[0].shape) == 2
    return max(2, outputs[0].shape[-1]) if named else 0


def check_classifier(model) -> int:
    """The number of a model's classes; ValueError as `count_classes`, or if there are none."""
    if classes := count_classes(model):
        return classes
    shapes = [network.shape_of(tensor) for tensor in model.outputs]
    raise ValueError(
        f"the model {model.name!r} puts out {shapes}, and classes are (N, classes); give a "
        "model with its top, a Dense layer"
    )


def check_images(model, images) -> tuple[np.ndarray, bool]:
    """Bring images into the form in which a model takes them.

    Args:
        model: keras.Model of images, built.
        images: uint8 or float array, shape (H, W, C) or (N, H, W, C), as the model takes them.
    Returns:
        float32 array, shape (N, H, W, C), and whether it was one image, without the first axis.
    Raises:
        ValueError: another rank or size than the model takes, no image, no numbers, not finite.
    """
    given, wanted = np.asarray(images), model.inputs[0].shape[1:]
    shape = network.shape_of(model.inputs[0])
    if given.dtype.kind not in "uif":
        raise ValueError(f"images is of type {given.dtype}; give uint8 or float pixels")
    if given.ndim not in (3, 4):
        raise ValueError(
            f"images has the shape {given.shape}; give one image, (H, W, C), or a batch, "
            f"(N, H, W, C): this model takes {shape}"
        )
    batch = given.astype(np.float32) if given.ndim == 4 else given.astype(np.float32)[None]
    fits = zip(batch.shape[1:], wanted, strict=True)
    if not all(side == other or other is None for side, other in fits):
        raise ValueError(
            f"images has the shape {given.shape}, and this model takes {shape}: resize the images"
        )
    if not len(batch):
        raise ValueError(f"images has the shape {given.shape}; give at least one image")
    if not np.isfinite(batch).all():
        raise ValueError("images has values that are not finite (NaN or infinity)")
    return batch, given.ndim == 3


def check_targets(target, n: int, classes: int) -> np.ndarray:
    """The classes to explain, int32 array, shape (n,); -1 for the one with the highest logit.

    Raises:
        ValueError: no integer, out of range, or not as many as there are images.
    """
    if target is None:
        return np.full(n, -1, np.int32)
    given = np.asarray(target)
    if given.dtype.kind not in "ui" or given.shape not in ((), (n,)):
        raise ValueError(
            f"target is {target!r}; give a class number, or one for each of the {n} images, or "
            "None for the class with the highest logit"
        )
    if ((given < 0) | (given >= classes)).any():
        raise ValueError(f"target is {target!r}; this model has classes 0 to {classes - 1}")
    return np.broadcast_to(given.astype(np.int32), (n,))


def settle_targets(model, images, target, classes: int, batch_size: int) -> np.ndarray:
    """As `check_targets`, with the class that each image has by itself in place of -1."""
    targets = check_targets(target, len(images), classes)
    if target is None:
        logits = network.in_batches(model, network.logit_batch, batch_size, (images,))
        targets = logits.argmax(axis=-1).astype(np.int32)
    return targets


def filled(images: np.ndarray, fill, name: str) -> np.ndarray:
    """What images are replaced by: `fill` as an array of their shape.

    Raises:
        ValueError: it does not fit.
    """
    try:
        return np.broadcast_to(np.asarray(fill, np.float32), images.shape)
    except ValueError:
        raise ValueError(
            f"{name} has the shape {np.shape(fill)}; give a number, one a channel, or an image of "
            f"the shape {images.shape[1:]}"
        ) from None
