"""What isn't plain data: networks are packed where they were made, and rebuilt to be judged."""


def packed_network(student):
    """The learner's untrained network."""
    from course.exercises import pack

    return pack(student.small_network())


def network_facts(student, packed):
    """Shapes, number of parameters and sides of kernels of a rebuilt network."""
    from course.exercises import parameters, unpack

    network = unpack(packed)
    return {
        "input": network.input_shape,
        "output": network.output_shape,
        "parameters": parameters(network),
        "kernels": sorted({max(layer.kernel_size) for layer in all_convolutions(network)}),
    }


def predictions(student, packed, images):
    """What a rebuilt network says of images (N, 28, 28, 1)."""
    from course.exercises import unpack

    return unpack(packed)(images, training=False)


def packed_block(student, shape, filters, stride):
    """The learner's residual block as a network on images of this shape."""
    import keras

    from course.exercises import pack

    inputs = keras.Input(shape)
    return pack(keras.Model(inputs, student.residual_block(inputs, filters, stride)))


def block_facts(student, packed):
    """Output shape, parameters, and the convolutions of a rebuilt block."""
    from course.exercises import unpack

    network = unpack(packed)
    convolutions = convolutions_of(network)
    strides = {"3 × 3": [], "1 × 1": []}
    for layer in convolutions:
        side = layer.kernel_size[0]
        strides.setdefault(f"{side} × {side}", []).append(layer.strides[0])
    return {
        "output": network.output_shape,
        "parameters": network.count_params(),
        "sides": [layer.kernel_size[0] for layer in convolutions],
        "strides": strides,
        "biases": all(layer.use_bias for layer in convolutions),
    }


def block_output(student, packed, x, branch, projection):
    """What a rebuilt block makes of x when its convolutions have these weights."""
    from course.exercises import unpack

    network = unpack(packed)
    left = list(branch)
    for layer in convolutions_of(network):
        weights = projection if layer.kernel_size[0] == 1 else left.pop(0)
        layer.set_weights([weights["kernel"], weights["bias"]])
    return network(x, training=False)


def all_convolutions(network):
    """The convolutions of a network, of any kind, also of networks within it."""
    from keras import layers

    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
    for layer in network.layers:
        if isinstance(layer, kinds):
            yield layer
        yield from all_convolutions(layer) if hasattr(layer, "layers") else ()


def convolutions_of(network):
    """The convolutions of a network, in the order of its layers."""
    from keras import layers

    return [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]
