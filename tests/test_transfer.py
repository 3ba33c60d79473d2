"""Lesson 5's own functions: what fine-tuning changes, and what the wrong preprocessing does."""

import functools

import numpy as np
import pytest

from course import drawn
from course.data import bases, course_base, features
from tools.bench import define_from

SIZE = 64


@functools.cache
def networks():
    """Base -> network, its base, and the names with which the layers begin that should change."""
    import keras

    keras.utils.set_random_seed(1)
    apps = keras.applications
    own = bases.load_base("course", size=SIZE, verbose=False)
    shape = {"include_top": False, "weights": None, "input_shape": (SIZE, SIZE, 3)}
    models = {
        "vgg16": (apps.VGG16(**shape), "block5_conv1", "block5"),
        "mobilenetv2": (apps.MobileNetV2(**shape), "block_16_expand", ("block_16", "Conv_1")),
        "course": (own.model, own.top_block, "block4"),
    }
    names = {"keras": keras, "layers": keras.layers, "SIZE": SIZE}
    define_from("05", ("make_augmentation", "make_network", "unfreeze_from"), names)
    found = {}
    for name, (model, first, block) in models.items():
        base = bases.Base(model, course_base.preprocess, name, name, first, "")
        model.trainable = False
        network = names["make_network"](base, names["make_augmentation"]())
        names["unfreeze_from"](model, first)
        found[name] = network, model, block
    return found


@pytest.mark.parametrize("name", ["vgg16", "mobilenetv2", "course"])
def test_way_c_changes_the_block_and_the_head_and_nothing_else(name):
    import keras

    network, base, block = networks()[name]
    # With random weights signals and gradients get tiny on their way; Adam steps all the same
    network.compile(keras.optimizers.Adam(0.01, epsilon=1e-20), "binary_crossentropy")
    images, labels = drawn.draw_pets(8, size=SIZE, seed=1)
    before = [weight.numpy() for weight in network.weights]
    network.fit(images, labels, epochs=2, verbose=0)
    changed = {
        weight.path
        for weight, old in zip(network.weights, before, strict=True)
        if not np.array_equal(weight, old)
    }
    head = network.layers[-1].name
    meant = {
        weight.path
        for layer in base.layers
        if layer.name.startswith(block) and not isinstance(layer, keras.layers.BatchNormalization)
        for weight in layer.weights
    } | {f"{head}/kernel", f"{head}/bias"}
    assert changed == meant == {weight.path for weight in network.trainable_weights}
    assert not any("moving" in path for path in changed)
    if name == "vgg16":
        assert (len(base.trainable_weights), len(changed)) == (6, 8)
        assert sum(weight.numpy().size for weight in base.trainable_weights) == 7_079_424


def test_vgg16_with_its_top_has_as_many_weights_as_the_lesson_counts():
    import keras

    assert keras.applications.VGG16(weights=None).count_params() == 138_357_544


@pytest.fixture(scope="module")
def pets():
    return drawn.draw_pets(200, size=SIZE, seed=101), drawn.draw_pets(300, size=SIZE, seed=2)


def accuracy(base, pets):
    names = {}
    exec(
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler",
        names,
    )
    define_from("05", ("fit_linear",), names)
    (x, y), (x_test, y_test) = pets
    seen, asked = (features.compute_features(base, one, progress=False) for one in (x, x_test))
    return names["fit_linear"](seen, y).score(asked, y_test)


def test_wrong_preprocessing_is_refused_or_costs_accuracy(pets):
    base = bases.load_base("course", size=SIZE, verbose=False)
    right = accuracy(base, pets)
    assert right >= 0.85  # from 200 drawings; measured .93
    with pytest.raises(ValueError, match="divided by 255"):
        features.compute_features(base, pets[0][0] / 255)
    with pytest.raises(ValueError, match="preprocessed"):
        features.compute_features(base, base.preprocess(pets[0][0]))
    raw = base._replace(preprocess=lambda pixels: np.asarray(pixels, np.float32))
    assert accuracy(raw, pets) < right - 0.05
