"""Networks are built where the submission runs, from weights that the checks send."""


def network(student, weights, size=None):
    """A convolution ("maps"), then means or, for a given size, all values; "logits"; a softmax."""
    import keras
    from keras import layers

    inputs = keras.Input((*(size or (None, None)), 3))
    x = layers.Conv2D(weights["kernel"].shape[-1], 3, activation="relu", name="maps")(inputs)
    x = layers.Flatten()(x) if size else layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(weights["dense"].shape[-1], name="logits")(x)
    model = keras.Model(inputs, layers.Softmax(name="probabilities")(x))
    model.set_weights([weights[name] for name in ("kernel", "bias", "dense", "offset")])
    return model


def occluded(student, weights, image, target, window, stride, fill):
    model = network(student, weights)
    return student.occlusion(model, image, target, window, stride, fill)


def heat(student, weights, image, target, size=None):
    return student.grad_cam(network(student, weights, size), image, target)


def exchanged(student, images, labels, box):
    """The exchanged pictures, and the originals as they are afterwards."""
    return student.exchange(images, labels, box), images


def accuracies(student, weights, images, labels, boxes):
    model = network(student, weights)
    return [student.accuracy_exchanged(model, images, labels, box) for box in boxes]


def found(student, weights, images, labels, boxes, least):
    return student.find_shortcut(network(student, weights), images, labels, boxes, least)
