"""What a network puts out: feature maps, answers, and which of its layers are worth a look."""

import numpy as np

from course.explain import arguments, network
from course_utils.arguments import check_integer


def feature_maps(model, images, layers=None, *, batch_size=32) -> dict[str, np.ndarray]:
    """Compute what layers put out.

    Args:
        model: keras.Model of images, built; Sequential, functional or nested.
        images: uint8 or float array, shape (H, W, C) or (N, H, W, C), as the model takes them.
        layers: name of a layer, or a list of names; None for all convolutions, in the order in
            which the image passes them.
        batch_size: images that go through the model at once, >= 1.
    Returns:
        name as given, or path -> float32 array, shape (h, w, c) or (N, h, w, c).
    Raises:
        ValueError: an unknown layer, one that makes no maps, or other images than the model takes.
    Example:
        >>> import keras, numpy as np
        >>> model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 5)])
        >>> [maps.shape for maps in feature_maps(model, np.zeros((28, 28, 1))).values()]
        [(24, 24, 8)]

    Source: Chollet, Deep Learning with Python, "Visualizing intermediate activations".
    """
    arguments.check_model(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    names = [layers] if isinstance(layers, str) else list(layers or network.convolutions(model))
    paths = tuple(network.find_path(model, name) for name in names)
    maps_by_layer = network.in_batches(model, _maps, batch_size, (batch,), paths)
    pairs = zip(names, maps_by_layer, strict=True)
    return {name: maps[0] if single else maps for name, maps in pairs}


def _maps(model, images, paths):
    done, layers = network.run(model, images), network.layers_of(model)
    return [network.maps_of(done, layers[path]).outputs for path in paths]


def class_probabilities(model, images, *, batch_size=32) -> np.ndarray:
    """Compute how probable a model holds each class.

    Args:
        model: keras.Model of images to classes, built; with or without a softmax or sigmoid.
        images: as for `feature_maps`.
        batch_size: images at once, >= 1.
    Returns:
        float32 array, shape (classes,) or (N, classes), values in [0, 1]; of one output unit, both
        classes.
    Raises:
        ValueError: the model names no classes; or as `feature_maps`.
    """
    arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    chances = network.in_batches(model, network.probabilities, batch_size, (batch,))
    return chances[0] if single else chances


def outputs_and_maps(model, images, layers=()):
    """Run a model once, compiled, for its outputs and the feature maps of some layers.

    Args:
        model: keras.Model, built; Sequential, functional or nested, of whatever it takes.
        images: array, shape (N, ...), as the model takes them; nothing of it is checked.
        layers: names of layers that put out feature maps.
    Returns:
        the outputs, array, shape (N, ...), as they come, finite or not; and for each layer an
        array, shape (N, h, w, c).
    Raises:
        ValueError: an unknown layer, or one that makes no maps.
    """
    paths = tuple(network.find_path(model, name) for name in layers)
    images = np.asarray(images, np.float32)
    outputs, *maps = network.call(model, _outputs_and_maps, (images,), paths)
    return np.asarray(outputs), [np.asarray(tensor) for tensor in maps]


def _outputs_and_maps(model, images, paths):
    done, layers = network.run(model, images), network.layers_of(model)
    return [done.outputs, *(network.maps_of(done, layers[path]).outputs for path in paths)]


def map_layers(model, layers=None) -> list[str]:
    """Find the layers of a model that put out feature maps.

    Args:
        model: keras.Model, built; Sequential, functional or nested.
        layers: a name, or a list of names, of layers that have to; None for all convolutions.
    Returns:
        their paths ("inner/conv"), in the order given or that of the model; without convolutions
        none.
    Raises:
        ValueError: an unknown layer, or one that makes no maps.
    """
    known = network.layers_of(model)
    if layers is None:
        return [path for path, layer in known.items() if network.is_convolution(layer)]
    names = [layers] if isinstance(layers, str) else list(layers)
    paths = [network.find_path(model, name) for name in names]
    for path in paths:
        output = getattr(known[path], "output", None)
        if len(getattr(output, "shape", ())) != 4:
            raise ValueError(
                f"the layer {path!r} puts out {network.shape_of(output)}, and feature maps are "
                "(N, h, w, c); name a layer before it"
            )
    return paths


def stages_of(model) -> list[str]:
    """Find the layers of a model that are worth a look: what puts out maps through an activation.

    Activation layers, and convolutions with an activation of their own; all convolutions where
    there are none.

    Args:
        model: keras.Model of images, built; Sequential, functional or nested.
    Returns:
        their paths ("inner/relu"), in the order of the model.
    Raises:
        ValueError: there is no convolution.
    """
    import keras
    from keras import layers

    convolutions = network.convolutions(model)
    kinds = layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU

    def is_stage(path, layer):
        shape = getattr(getattr(layer, "output", None), "shape", ())
        if len(shape) != 4 or shape[1:3] == (1, 1):  # weights of channels have no places
            return False
        own = getattr(layer, "activation", None)
        active = path in convolutions and own not in (None, keras.activations.linear)
        return active or isinstance(layer, kinds)

    stages = [path for path, layer in network.layers_of(model).items() if is_stage(path, layer)]
    return stages or convolutions
