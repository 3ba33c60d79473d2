"""What isn't plain data: networks are packed where they were made, and rebuilt to be judged."""


def own_preprocessing(student, pixels, name):
    """The preprocessing of keras.applications."""
    from course.data import bases

    return bases.preprocessing(name)(pixels)


def maps(student, images):
    """The feature maps of a small base, all images at once."""
    base = small_base()
    return base.model(base.preprocess(images), training=False)


def features(student, images, batch_size):
    """The learner's features with a small base."""
    return student.features_of(small_base(), images, batch_size)


def small_base():
    """A base of random weights, whose batch norm has averages that no batch has."""
    import keras
    import numpy as np
    from keras import layers

    from course.data import bases

    random = np.random.default_rng(5)
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(12, 5, 4, name="block1_conv")(inputs)
    x = layers.BatchNormalization(name="block1_bn")(x)
    model = keras.Model(inputs, layers.ReLU(name="block1_relu")(x))
    kernel, *rest = [random.uniform(0.1, 0.9, weight.shape) for weight in model.weights]
    model.set_weights([kernel - 0.5, *rest])
    preprocess = bases.preprocessing("course")
    return bases.Base(model, preprocess, "small", "a small base", "block1_conv", "nothing")


def packed_head(student, features, labels):
    """The learner's head, trained on these features."""
    from course.exercises import pack

    return pack(student.train_head(features, labels))


def head_facts(student, packed):
    """Output shape and number of trainable parameters of a rebuilt head."""
    from course.exercises import unpack

    head = unpack(packed)
    return {"output": head.output_shape, "trainable": trainable(head)}


def head_says(student, packed, features):
    """What a rebuilt head makes of features."""
    from course.exercises import unpack

    return unpack(packed)(features, training=False)


def trainable(model):
    """How many numbers a training would change."""
    return sum(weight.shape.num_elements() for weight in model.trainable_weights)


def packed_base(student, blocks, width, free):
    """A small base with these blocks, all free or all frozen."""
    from course.exercises import pack

    model = student.make_base(blocks, width)
    model.trainable = free
    return pack(model)


def unfrozen(student, packed, block):
    """The base after the learner's unfreeze_block."""
    from course.exercises import pack, unpack

    model = unpack(packed)
    student.unfreeze_block(model, block)
    return pack(model)


def counted(student, packed):
    """What the learner's count_trainable says of a base."""
    from course.exercises import unpack

    return student.count_trainable(unpack(packed))


def what_learns(student, packed):
    """Layer and name of each trainable weight of a rebuilt model."""
    from course.exercises import unpack

    return [short_name(weight) for weight in unpack(packed).trainable_weights]


def network_to_tune(student, seed):
    """The network that is to be fine-tuned, packed, and its weights' names in the same order."""
    from course.exercises import pack

    network = student.make_network(seed)
    return {"packed": pack(network), "names": [short_name(weight) for weight in network.weights]}


def tuned(student, packed, images, labels, block):
    """The network after the learner's fine_tune."""
    from course.exercises import pack, unpack

    return pack(student.fine_tune(unpack(packed), images, labels, block))


def network_says(student, packed, images):
    """What a rebuilt network makes of images."""
    from course.exercises import unpack

    return unpack(packed)(images, training=False)


def short_name(weight):
    """A weight's layer and its own name."""
    return "/".join(weight.path.split("/")[-2:])
