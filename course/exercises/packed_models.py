"""Keras networks as plain data, so that a network can be judged where no submission's code runs."""

import json

import numpy as np

from course.exercises.errors import NotData
from course.exercises.plain_data import describe

# Keras's own layers that a network may consist of. Nothing that carries code, reads files or is
# known by a name of the submission's own: a network is rebuilt where the verdict is found.
LAYERS = frozenset(
    """
    InputLayer Dense Conv1D Conv2D DepthwiseConv2D SeparableConv2D Conv2DTranspose EinsumDense
    MaxPooling2D AveragePooling2D GlobalMaxPooling2D GlobalAveragePooling2D
    Flatten Reshape Permute RepeatVector ZeroPadding2D Cropping2D UpSampling2D
    Dropout SpatialDropout2D AlphaDropout GaussianNoise GaussianDropout ActivityRegularization
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization
    Activation ReLU LeakyReLU PReLU ELU Softmax Identity
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Rescaling Normalization Resizing CenterCrop RandomFlip RandomRotation RandomTranslation
    RandomZoom RandomCrop RandomContrast RandomBrightness
    """.split()  # noqa: SIM905
)
# Functions that a functional network may apply between layers, as in `x + y`.
OPERATIONS = frozenset(
    """
    Add Subtract Multiply Divide TrueDivide Negative Maximum Minimum Mean Sum Max Min Square Sqrt
    Exp Log Reshape Squeeze ExpandDims Concatenate Relu ReLU Relu6 Sigmoid Softmax Silu Gelu Tanh
    """.split()  # noqa: SIM905
)
_OPERATION_MODULES = ("keras.src.ops.", "keras.src.activations.")
_CONTAINERS = {"Sequential", "Functional", "Model"}
_MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints")
_ARRAYS = {"__numpy__", "__tensor__"}  # classes that a configuration names an array's
_LONGEST_SHAPE = 16  # numbers: longer lists of whole numbers are no sizes
_MAX_NUMBER = 1_000_000  # the largest size in a configuration: nothing here needs more
_MAX_SEED = 2**64  # a date will do as a seed: it takes no memory
# TensorFlow's own functions of which Keras has the same by another name.
_ACTIVATIONS = {
    "softmax_v2": "softmax",
    "log_softmax_v2": "log_softmax",
    "swish": "silu",
    "identity": "linear",
}


def pack(model):
    """A Keras network as plain data.

    Args:
        model: a built keras.Sequential or functional keras.Model of Keras's own layers.
    Returns:
        dict: "kind" (class), "config" (JSON), "weights" (list of arrays, in Keras's order),
        "trainable" (list of bool, one for each layer, nested networks included).
    Raises:
        NotData: it isn't a network, isn't built, or holds a layer that isn't Keras's own.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise NotData(f"{describe(model)}, where a Keras network is expected")
    kind = type(model).__name__
    if (
        type(model) not in (keras.Sequential, keras.Model, keras.models.Model)
        and kind != "Functional"
    ):
        raise NotData(_own_class(kind))
    if not model.built:
        raise NotData("a network that isn't built: begin it with keras.Input(shape)")
    try:
        config = model.get_config()
    except NotImplementedError:
        raise NotData(_own_class(kind)) from None
    config = _named_activations(config)
    _allow(config)
    return {
        "kind": "Sequential" if isinstance(model, keras.Sequential) else "Functional",
        "config": json.dumps(config),
        "weights": [np.asarray(weight) for weight in model.get_weights()],
        "trainable": [bool(layer.trainable) for layer in _layers(model)],
    }


def unpack(packed):
    """The network that `pack` wrote, compiled with nothing.

    Args:
        packed: what came from a submission; nothing in it is believed.
    Returns:
        keras.Model.
    Raises:
        NotData: it isn't what `pack` writes, or holds a layer that isn't Keras's own.
    """
    import keras

    if not isinstance(packed, dict):
        raise NotData(f"{describe(packed)}, where a packed network is expected")
    try:
        kind, config = packed["kind"], json.loads(packed["config"])
        weights, trainable = list(packed["weights"]), list(packed["trainable"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotData(f"no packed network: {type(error).__name__}: {error}") from None
    _allow(config)
    containers = {"Sequential": keras.Sequential, "Functional": keras.Model}
    container = containers.get(str(kind))
    if container is None:
        raise NotData(f"a network of class {kind!r}")
    try:
        model = _built(container, config, [np.shape(weight) for weight in weights])
        model.set_weights(weights)
        layers = list(_layers(model))
        for layer, flag in zip(layers, trainable, strict=True):
            layer._trainable = bool(flag)  # this layer's own: the setter would reach into its parts
            if not flag:
                for variable in layer._trainable_variables:
                    variable.trainable = False
            if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
                layer.finalize_state()  # set_weights alone leaves what it computes from them
    except Exception as error:
        raise NotData(
            f"a network that can't be built again: {type(error).__name__}: {error}"
        ) from None
    return model


def parameters(model):
    """How many numbers a network may have learnt: its weights, and what stands in for weights.

    `count_params` sees no arrays that are constants: operands of `x * array`, the scale of a
    Rescaling layer, the given mean of a Normalization layer.

    Args:
        model: a built keras.Model.
    Returns:
        int.
    """
    return model.count_params() + _constants(model.get_config())


def _constants(config, within_call=False):
    """How many constants a configuration has that could be weights; sizes and rates aren't.

    They are the numbers of arrays, of lists of fractions, and of long lists; and in the calls of a
    functional network all that aren't whole.
    """
    if isinstance(config, dict):
        if config.get("class_name") in _ARRAYS:
            return int(np.size(config["config"]["value"]))
        return sum(
            _constants(item, within_call or key == "inbound_nodes")
            for key, item in config.items()
            if not key.endswith("_initializer")  # of what is a weight, and counted as such
        )
    if isinstance(config, list | tuple):
        numbers = _numbers(config)
        if numbers is None:
            return sum(_constants(item, within_call) for item in config)
        fractions = any(isinstance(number, float) for number in numbers)
        return len(numbers) if fractions or len(numbers) > _LONGEST_SHAPE else 0
    return int(within_call and isinstance(config, float))


def _numbers(value):
    """All numbers of lists within lists; None if there is something else in them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, list | tuple):
        return None
    found = []
    for item in value:
        numbers = _numbers(item)
        if numbers is None:
            return None
        found += numbers
    return found


def _built(container, config, shapes):
    """A network of this configuration, which takes no memory before its weights' shapes fit.

    A forged configuration of a few bytes could ask for a matrix of a million by a million.
    """
    import keras
    from keras.src.backend.common import global_state

    with keras.StatelessScope():  # in it, variables have shapes only; they get values at its end
        try:
            model = container.from_config(config)
            wanted = [tuple(weight.shape) for weight in model.weights]
            if wanted != shapes:
                raise ValueError(f"its weights have the shapes {shapes}, which don't belong to it")
        except BaseException:
            global_state.set_global_attribute("uninitialized_variables", [])
            raise
    return model


def _own_class(kind):
    plain = "keras.Sequential or keras.Model(inputs, outputs)"
    return f"a network of your own class {kind}; use {plain}"


def _layers(model):
    """All layers, those within networks within it too; the network itself first."""
    yield model
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer


def _named_activations(config):
    """A configuration in which TensorFlow's functions bear Keras's names, as tf.nn.relu does."""
    if isinstance(config, list | tuple):
        return type(config)(map(_named_activations, config))
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "function" and config.get("config") in _ACTIVATIONS:
        return _ACTIVATIONS[config["config"]]
    return {key: _named_activations(item) for key, item in config.items()}


def _allow(config, depth=0):
    """Raise NotData where a configuration names anything but Keras's own parts."""
    if depth > 60:
        raise NotData("a network nested too deeply")
    if isinstance(config, list | tuple):
        for item in config:
            _allow(item, depth + 1)
    elif isinstance(config, dict):
        if "class_name" in config:
            _allow_part(config)
        for key, item in config.items():
            if not (key == "seed" and type(item) is int and 0 <= item < _MAX_SEED):
                _allow(item, depth + 1)
    elif isinstance(config, int | float) and abs(config) > _MAX_NUMBER:
        raise NotData(f"a network with the number {config} in it")


def _allow_part(config):
    name, module = config["class_name"], config.get("module") or ""
    own = config.get("registered_name")
    if not isinstance(name, str) or not isinstance(module, str):
        raise NotData("a network with a part whose class has no name")
    if name in ("__tuple__", "__keras_tensor__") or name in _ARRAYS:  # data, no code
        return
    if name == "SeedGenerator" and module == "keras.random" and own in (None, name):
        return
    if name == "DTypePolicy" and module in ("keras", "keras.dtype_policies"):
        return
    if name in _CONTAINERS and module.startswith("keras") and own in (None, name):
        return
    if name in LAYERS and module == "keras.layers" and own in (None, name):
        return
    if name in OPERATIONS and module.startswith(_OPERATION_MODULES) and own in (None, name):
        return
    if module in _MODULES and own in (None, name):
        return
    origin = module or own or "your own"
    raise NotData(f"a network with {name!r} ({origin}), which isn't one of Keras's plain layers")
