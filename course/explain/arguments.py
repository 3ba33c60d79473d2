"""What the functions of this package are given, checked, and brought into one form."""

import numpy as np

from course.explain import network


def check_model(model, *, classes=True) -> int:
    """The number of a model's classes, two for one output unit; 0 if classes do not matter.

    Raises:
        ValueError: it is no Keras model, not built, of another kind, does not name classes, or
            has weights that are not finite.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise ValueError(f"model is a {type(model).__name__}; give a keras.Model")
    if not model.built:
        raise ValueError(
            f"the model {model.name!r} is not built; begin it with keras.Input(shape), or call it "
            "on an image"
        )
    try:
        inputs, outputs = model.inputs, model.outputs
    except AttributeError:
        raise ValueError(
            f"the model {model.name!r} is a {type(model).__name__}, whose inputs and outputs are "
            "not known; give a Sequential or functional model"
        ) from None
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        shapes = [network.shape_of(one) for one in inputs]
        raise ValueError(f"the model {model.name!r} takes {shapes}; give one that takes images")
    # What comes out does not tell: a compiled convolution with ReLU makes 0 of NaN.
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(
                f"the weights {weight.path} are not all finite (NaN or infinity): the model was "
                "not trained well or not loaded well; train it anew with a smaller learning rate"
            )
    if not classes:
        return 0
    if len(outputs) != 1 or len(outputs[0].shape) != 2:
        shapes = [network.shape_of(one) for one in outputs]
        raise ValueError(
            f"the model {model.name!r} puts out {shapes}, and classes are (N, classes); give a "
            "model with its top, a Dense layer"
        )
    return max(2, outputs[0].shape[-1])


def check_images(model, images) -> tuple[np.ndarray, bool]:
    """Images as a float32 batch, and whether one was given.

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
        found = network.in_batches(model, network.logit_batch, batch_size, (images,))
        targets = found.argmax(axis=-1).astype(np.int32)
    return targets


def check_count(name: str, value, least: int = 1) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"{name} is {value!r}; give an integer, {least} or more")
    return int(value)


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
