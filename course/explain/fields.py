"""Receptive fields: where in the image the units of a layer look, added up layer by layer."""

import math
from typing import NamedTuple

from course.explain import arguments, network
from course_utils.arguments import check_integer

# What passes each place on to the same place. Layers that change images in training only are among
# them, and Dense, which is a 1 x 1 convolution where there are places.
SAME_PLACE_LAYERS = (
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "BatchNormalization", "Dense", "Identity",
    "Dropout", "SpatialDropout2D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "Rescaling", "Normalization", "RandomFlip", "RandomRotation",
    "RandomTranslation", "RandomZoom", "RandomShear", "RandomContrast", "RandomBrightness",
    "RandomSaturation", "RandomHue", "RandomErasing", "RandomGaussianBlur",
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
)  # fmt: skip
SAME_PLACE_OPERATIONS = {
    "Cast", "Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative", "Absolute", "Square",
    "Sqrt", "Exp", "Maximum", "Minimum", "Clip", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu",
    "Gelu", "Silu", "Sigmoid", "HardSigmoid", "HardSilu", "Softplus", "Tanh",
}  # fmt: skip


class Field(NamedTuple):
    """Where the units of a feature map look: each entry is a pair, (rows, columns).

    Attributes:
        size: pixels on which one unit depends, where no border cuts them off.
        jump: pixels from one unit's field to the next one's.
        start: first pixel of the first unit's field; negative where padding stands before it.
        units: the map's own size.
    """

    size: tuple[int, int]
    jump: tuple[int, int]
    start: tuple[int, int]
    units: tuple[int, int]

    def box(self, row, column):
        """The field of one unit: (top, left, bottom, right), the last two are the first outside.

        Example:
            >>> Field((3, 3), (2, 2), (-1, 0), (8, 8)).box(0, 2)
            (-1, 4, 2, 7)
        """
        top, left = (
            start + jump * place
            for start, jump, place in zip(self.start, self.jump, (row, column), strict=True)
        )
        return top, left, top + self.size[0], left + self.size[1]

    def unit_at(self, row, column):
        """The unit, (row, column), whose field has its middle nearest to a pixel.

        Example:
            >>> Field((8, 8), (2, 2), (0, 0), (72, 72)).unit_at(0, 75)
            (0, 36)
        """
        place = []
        for pixel, size, jump, start, units in zip((row, column), *self, strict=True):
            nearest = math.floor((pixel - start - (size - 1) / 2) / jump + 0.5)
            place.append(max(0, min(units - 1, nearest)))
        return tuple(place)

    def slid(self, window, strides, dilation, *, padding):
        """The field after a layer's window has slid over the map.

        Args:
            window, strides, dilation: pairs, (rows, columns), of places of the map.
            padding: "valid" or "same", as Keras pads: of an odd number the larger half after the
                map.
        Example:
            >>> Field((1, 1), (1, 1), (0, 0), (32, 28)).slid((3, 3), (2, 2), (1, 1), padding="same")
            Field(size=(3, 3), jump=(2, 2), start=(0, 0), units=(16, 14))
        """
        sides = []
        for k, stride, step, size, jump, start, units in zip(
            window, strides, dilation, *self, strict=True
        ):
            reach = (k - 1) * step
            if padding == "same":
                count = -(-units // stride)
                before = max((count - 1) * stride + reach + 1 - units, 0) // 2
            else:
                count, before = (units - reach - 1) // stride + 1, 0
            sides.append((size + reach * jump, jump * stride, start - before * jump, count))
        return Field(*zip(*sides, strict=True))


def fields_of(model, layers=None, *, size=None):
    """Where the units of layers look in the image, added up layer by layer.

    Args:
        model: keras.Model of images, built; Sequential, functional, or with such models inside.
        layers: names or paths ("inner/conv"); None: all layers of the model and of those inside.
        size: (H, W) of the images; None: what the model takes, if that is fixed. It matters where
            "same" padding meets strides: how much stands before the image depends on its size.
    Returns:
        dict from each name to a `Field`, or to None where it is not known: what has no places,
        such as a flattened layer, and what comes after a layer that this walk does not know.
    Raises:
        ValueError: no such layer, or a size that is needed and not given.
    Example:
        >>> import keras
        >>> convolution = keras.layers.Conv2D(8, 3, strides=2, padding="same", name="halved")
        >>> fields_of(keras.Sequential([keras.Input((32, 32, 3)), convolution]))
        {'halved': Field(size=(3, 3), jump=(2, 2), start=(0, 0), units=(16, 16))}

    Source: Araujo et al., "Computing receptive fields of convolutional neural networks", 2019.
    """
    arguments.check_built(model)  # the weights don't matter
    size = tuple(size or model.inputs[0].shape[1:3])
    known = f"the model {model.name!r} takes {network.shape_of(model.inputs[0])}"
    if len(size) != 2 or None in size:
        raise ValueError(f"size is {size}, and {known}; give size=(H, W) in pixels")
    advice = f"in pixels, of size=(H, W): {known}"
    sides = tuple(check_integer("a side", side, least=1, advice=advice) for side in size)
    fields = {}
    _walk(model, "", [Field((1, 1), (1, 1), (0, 0), sides)], fields)
    if layers is None:
        return {path: fields.get(path) for path in network.layers_of(model) if path in fields}
    names = [layers] if isinstance(layers, str) else list(layers)
    return {name: fields.get(network.find_path(model, name)) for name in names}


def _nodes(model):
    """The calls in a model's graph, in order; of a model that has none: nothing."""
    by_depth = getattr(getattr(model, "_functional", None) or model, "_nodes_by_depth", {})
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if not node.is_input)


def _walk(model, before, given, fields):
    """Note the fields of all layers in `fields`, by path; return those of the model's outputs."""
    known = {id(tensor): field for tensor, field in zip(model.inputs, given, strict=True)}
    for node in _nodes(model):
        inputs = [known.get(id(tensor)) for tensor in node.input_tensors]
        path = before + node.operation.name
        if hasattr(node.operation, "layers"):
            outputs = []
            if next(_nodes(node.operation), None) and len(inputs) == len(node.operation.inputs):
                outputs = _walk(node.operation, f"{path}/", inputs, fields)
            field = outputs[0] if len(outputs) == 1 else None
        else:
            field = _through(node, inputs)
        fields[path] = field
        known |= {id(tensor): field for tensor in node.outputs}
    return [known.get(id(tensor)) for tensor in model.outputs]


def _through(node, inputs):
    """The field after one layer or operation; None if it is not known."""
    from keras import layers

    layer = node.operation
    if not inputs or None in inputs:
        return None
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return None
    convolutions = layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D
    if isinstance(layer, convolutions):
        window = layer.kernel_size, layer.strides, layer.dilation_rate
        return inputs[0].slid(*window, padding=layer.padding)
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        return inputs[0].slid(layer.pool_size, layer.strides, (1, 1), padding=layer.padding)
    if isinstance(layer, layers.ZeroPadding2D):
        return _shifted(inputs[0], layer.padding, 1)
    if isinstance(layer, layers.Cropping2D):
        return _shifted(inputs[0], layer.cropping, -1)
    return _joined(inputs) if _keeps_places(node) else None


def _keeps_places(node):
    from keras import layers

    layer = node.operation
    kind = type(layer).__name__
    known = tuple(getattr(layers, name) for name in SAME_PLACE_LAYERS if hasattr(layers, name))
    if isinstance(layer, layers.Concatenate | layers.Softmax):
        return layer.axis in (-1, 3)  # else it puts places side by side, or weighs them up
    if isinstance(layer, known):
        return True
    if not type(layer).__module__.startswith("keras.src"):
        return False
    if kind == "GetItem":  # x[..., ::-1] turns colours round
        key = node.arguments.args[-1]
        return isinstance(key, tuple) and len(key) == 2 and key[0] is Ellipsis
    return kind in SAME_PLACE_OPERATIONS


def _shifted(field, sides, sign):
    """After so many rows and columns were added to each side (sign 1) or taken away (-1)."""
    start = [
        begin - sign * ends[0] * jump
        for begin, ends, jump in zip(field.start, sides, field.jump, strict=True)
    ]
    units = [count + sign * sum(ends) for count, ends in zip(field.units, sides, strict=True)]
    return field._replace(start=tuple(start), units=tuple(units))


def _joined(fields):
    """The smallest field around those of all inputs, if their units stand at the same places."""
    if len({(field.jump, field.units) for field in fields}) != 1:
        return None
    start = tuple(min(field.start[axis] for field in fields) for axis in (0, 1))
    end = [max(field.start[axis] + field.size[axis] for field in fields) for axis in (0, 1)]
    size = tuple(e - s for e, s in zip(end, start, strict=True))
    return fields[0]._replace(size=size, start=start)
