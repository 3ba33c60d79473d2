"""What explains a network: identities, hand-worked nets, and that the network stays as it is."""

import functools
import gc
import random
import weakref

import numpy as np
import pytest

from course import explain
from course.data import bases
from course.explain import network

SIZE, N = 16, 5


def residual_block(x):
    """What is last at its size is not the convolution."""
    from keras import layers

    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1")(x)
    before = x = layers.MaxPooling2D(name="pool")(x)
    x = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    x = layers.BatchNormalization(name="bn")(x)
    return layers.ReLU(name="relu")(layers.Add(name="add")([x, before]))


def make_base():
    import keras

    inputs = keras.Input((SIZE, SIZE, 3))
    return keras.Model(inputs, residual_block(inputs), name="base")


def make_top(units, activation):
    from keras import layers

    top = [layers.GlobalAveragePooling2D(name="gap"), layers.Dropout(0.5, name="drop")]
    dense = layers.Dense(units, name="dense")
    if activation in ("softmax", "sigmoid"):
        dense = layers.Dense(units, activation, name="dense")
    top.append(dense)
    if activation == "layer":
        top.append(layers.Activation("softmax"))
    if activation == "Softmax":
        top.append(layers.Softmax())
    return top


def make_model(kind="nested", units=3, activation="softmax"):
    """The same network in different clothes; its weights are what the order of layers makes."""
    import keras
    from keras import layers

    inputs, top = keras.Input((SIZE, SIZE, 3)), make_top(units, activation)
    if kind == "nested":  # as in lesson 5
        x = layers.RandomRotation(0.1)(layers.RandomFlip("horizontal")(inputs))
        x = make_base()(x / 127.5 - 1)
    elif kind == "flat":
        x = residual_block(_scaled()(inputs))
    if kind == "sequential":
        model = keras.Sequential([inputs, _scaled(), keras.Sequential([make_base()]), *top])
    else:
        model = keras.Model(inputs, functools.reduce(lambda x, layer: layer(x), top, x))
    rng = np.random.default_rng(3)
    for weight in model.weights:
        size = np.sqrt(np.prod(weight.shape[:-1])) if len(weight.shape) > 1 else 3
        weight.assign(rng.standard_normal(weight.shape) / size + ("variance" in weight.name))
    return model


def _scaled():
    from keras import layers

    return layers.Rescaling(1 / 127.5, offset=-1)


def make_linear(kernel, bias=0.0, activation="sigmoid"):
    """One unit: the sum of kernel times image, plus bias."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input(kernel.shape), layers.Flatten(), layers.Dense(1, activation)]
    )
    model.layers[-1].set_weights([kernel.reshape(-1, 1), np.array([bias])])
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def other_clothes():
    """The same network, flat and as a Sequential."""
    return [make_model("flat"), make_model("sequential")]


@pytest.fixture(scope="module")
def raw():
    """The same network without an activation at its end."""
    return make_model(activation=None)


@pytest.fixture(scope="module")
def binary():
    return make_model(units=1, activation="sigmoid")


@pytest.fixture(scope="module")
def images():
    """Coloured blobs, unlike enough that a network has an opinion on each."""
    blobs = explain.random_heatmaps(N * 3, (SIZE, SIZE), seed=1, cells=4).reshape(N, 3, SIZE, SIZE)
    return np.uint8(255.99 * (blobs.transpose(0, 2, 3, 1) > 0.5))


@pytest.fixture(scope="module")
def kernel():
    return np.random.default_rng(2).standard_normal((4, 4, 1)).astype(np.float32)


@pytest.fixture
def no_new_runs(monkeypatch):
    """From here on, each run of a model by its Keras layers is an error."""

    def begin():
        monkeypatch.setattr(network, "run", None)

    return begin


def logits_of(model, images):
    """From the probabilities that the model puts out itself."""
    found = np.asarray(model.predict_on_batch(np.asarray(images, np.float32)), np.float64)
    if found.shape[-1] == 1:
        return np.log(found / (1 - found))
    return np.log(found)  # but for a constant


def close(found, expected, tolerance=1e-5):
    """Within a share of the largest expected magnitude."""
    expected = np.asarray(expected)
    assert np.shape(found) == expected.shape
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


# Maps and gradients


def test_feature_maps(model, images):
    base = model.get_layer("base")
    inner = np.asarray(base(images / np.float32(127.5) - 1, training=False))
    found = explain.feature_maps(model, images, ["relu", "base/conv2", "base"], batch_size=2)
    assert list(found) == ["relu", "base/conv2", "base"]
    close(found["relu"], inner)
    np.testing.assert_array_equal(found["base"], found["relu"])
    assert found["base/conv2"].shape == (N, 8, 8, 4) and found["base/conv2"].dtype == np.float32
    single = explain.feature_maps(model, images[1])
    assert {name: maps.shape for name, maps in single.items()} == {
        "base/conv1": (16, 16, 4), "base/conv2": (8, 8, 4)}  # fmt: skip
    close(single["base/conv2"], found["base/conv2"][1])
    assert list(explain.feature_maps(base, images, "conv1")) == ["conv1"]  # needs no top


@pytest.mark.parametrize("target", [None, 0, 2, [0, 1, 2, 1, 0]])
def test_cam_is_grad_cam(model, images, target):
    cam = explain.class_activation_map(model, images, target=target)
    assert cam.shape == (N, 8, 8) and cam.dtype == np.float32 and cam.max() > 0
    assert not isinstance(target, list) or cam.min() < 0  # so that the ReLU has something to do
    heat = explain.grad_cam(model, images, target=target, relu=False)
    close(8 * 8 * heat, cam, 1e-6)
    np.testing.assert_array_equal(
        explain.grad_cam(model, images, target=target), np.maximum(heat, 0)
    )


def test_mean_of_cam_is_the_logit(model, raw, binary, images):
    logits, bias = logits_of(model, images), model.layers[-1].bias.numpy()
    maps = [explain.class_activation_map(model, images, target=k) for k in range(3)]
    means = np.stack([cam.mean(axis=(1, 2)) for cam in maps], axis=-1) + bias
    close(means - means[:, :1], logits - logits[:, :1])
    close(means, raw.predict_on_batch(images.astype(np.float32)))
    best = explain.class_activation_map(model, images)
    close(best, np.stack(maps)[logits.argmax(axis=-1), np.arange(N)])
    z = logits_of(binary, images)[:, 0]
    for target, sign in ((1, 1), (0, -1)):
        cam = explain.class_activation_map(binary, images, target=target)
        close(cam.mean(axis=(1, 2)) + sign * binary.layers[-1].bias.numpy(), sign * z)
    best = explain.class_activation_map(binary, images)
    second = explain.class_activation_map(binary, images, target=1)
    for of_one, cam, value in zip(second, best, z, strict=True):
        close(cam, np.sign(value) * of_one)


def test_cam_of_a_part_is_that_of_all(model, raw, images):
    """Of the Dense layer after pooling, whether the softmax is its own or stands by itself."""
    apart = [make_model(activation=activation) for activation in ("layer", "Softmax")]
    cams = [explain.class_activation_map(net, images, target=1) for net in (model, raw, *apart)]
    for other in cams[1:]:
        close(other, cams[0], 1e-6)


@pytest.fixture(scope="module")
def flat_and_raw():
    return make_model("flat", activation=None)


@pytest.mark.parametrize("method", ["grad-cam", "hirescam", "layercam", "grad-cam++"])
def test_methods_are_the_papers_formulas(flat_and_raw, images, method):
    """Written out, eagerly, for a two-output model, which a flat network allows."""
    import keras
    import tensorflow as tf

    model = flat_and_raw
    inner = keras.Model(model.inputs, [model.get_layer("conv2").output, model.output])
    with tf.GradientTape() as tape:
        maps, logits = inner([images.astype(np.float32)], training=False)
        score = logits[:, 1]
    a, g = maps.numpy().astype(float), tape.gradient(score, maps).numpy().astype(float)
    positive = np.maximum(g, 0)
    if method == "grad-cam++":
        below = 2 * g**2 + a.sum(axis=(1, 2), keepdims=True) * g**3
        alpha = np.divide(g**2, below, out=np.zeros_like(g), where=below != 0)
    expected = {
        "grad-cam": lambda: g.mean(axis=(1, 2), keepdims=True) * a,
        "hirescam": lambda: g * a,
        "layercam": lambda: positive * a,
        "grad-cam++": lambda: (alpha * positive).sum(axis=(1, 2), keepdims=True) * a,
    }[method]().sum(axis=-1)
    heat = functools.partial(explain.grad_cam, model, layer="conv2", target=1, method=method)
    close(heat(images, relu=False), expected)
    close(heat(images), np.maximum(expected, 0))


def test_saliency_of_a_linear_model_is_its_kernel(kernel):
    model = make_linear(kernel)
    images = np.random.default_rng(0).random((3, 4, 4, 1))
    for target, sign in ((1, 1), (0, -1)):
        expected = np.stack([sign * kernel] * 3)
        np.testing.assert_allclose(explain.saliency(model, images, target=target), expected)
        found = explain.smooth_grad(model, images, target=target, samples=3)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        found = explain.integrated_gradients(model, images, target=target, baseline=0.5, steps=3)
        np.testing.assert_allclose(found, expected * (images - 0.5), rtol=1e-5, atol=1e-6)


def test_smooth_grad(model, images):
    plain = explain.saliency(model, images, target=1)
    assert plain.shape == images.shape and plain.dtype == np.float32
    close(explain.smooth_grad(model, images, target=1, noise=0, samples=2), plain, 1e-6)
    noisy, again, other = (
        explain.smooth_grad(model, images, target=1, samples=2, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(noisy, again)
    assert np.abs(noisy - plain).max() > 0.1 * np.abs(plain).max()
    assert np.abs(noisy - other).max() > 0.1 * np.abs(plain).max()
    # By hand: noise 0.15 of the range, the same for each image.
    draws = [
        np.random.default_rng([0, k]).standard_normal(images.shape[1:], np.float32) for k in (0, 1)
    ]
    spread = np.float32(0.15) * (images[0].max() - images[0].min())
    copies = [images[0] + spread * draw for draw in draws]
    close(noisy[0], explain.saliency(model, np.stack(copies), target=1).mean(axis=0))


def test_integrated_gradients_are_complete(binary, images):
    grey = np.full_like(images, 90)
    difference = (logits_of(binary, images) - logits_of(binary, grey))[:, 0]
    found = explain.integrated_gradients(binary, images, target=1, baseline=90)
    assert found.shape == images.shape and found.dtype == np.float32
    close(found.sum(axis=(1, 2, 3)), difference, 1e-3)
    other = explain.integrated_gradients(binary, images, target=0, baseline=grey[0])
    close(other, -found)


# Occlusion


def test_occlusion_of_a_linear_model_by_hand():
    kernel = np.array([[1.0, 2, 0], [0, -1, 0], [0, 0, 4]])[..., None]
    image = np.array([[3.0, 1, 5], [2, 2, 1], [1, 1, 1]])[..., None]
    model = make_linear(kernel, bias=7)
    # Contributions: 3 2 0 / 0 -2 0 / 0 0 4; windows of 2 x 2, every pixel.
    drops = explain.occlusion(model, image, target=1, window=2, stride=1)
    np.testing.assert_allclose(drops, [[3, 0], [-2, 2]], atol=1e-5)
    drops = explain.occlusion(model, image, target=0, window=2, stride=2)
    np.testing.assert_allclose(drops, [[-3]], atol=1e-5)
    drops = explain.occlusion(model, image, target=1, window=1, stride=2, fill=1.0)
    np.testing.assert_allclose(drops, [[2, 0], [0, 0]], atol=1e-5)  # what is over 1 counts
    other = np.zeros((3, 3, 1)) + [[[10.0]], [[0.0]], [[0.0]]]
    drops = explain.occlusion(model, image, target=1, window=3, stride=1, fill=other)
    np.testing.assert_allclose(drops, [[7 - 30]], atol=1e-5)
    again = explain.occlusion(model, image[None], window=2, stride=1, batch_size=3)
    assert again.shape == (1, 2, 2)  # the predicted class is 1: 7 + 7 > 0
    np.testing.assert_allclose(again[0], [[3, 0], [-2, 2]], atol=1e-5)


def test_occluding_zeros_with_zeros_changes_nothing(model, images):
    dark = images.copy()
    dark[:, 4:12, :8] = 0
    drops = explain.occlusion(model, dark, window=4, stride=4)
    assert drops.shape == (N, 4, 4)
    np.testing.assert_allclose(drops[:, 1:3, :2], 0, atol=1e-6)
    assert (np.abs(drops).max(axis=(1, 2)) > 1e-3).all()


def test_spread_windows():
    drops = np.array([[4.0, 8.0]])
    found = explain.spread_windows(drops, size=(2, 4), window=2, stride=1 + 1)
    np.testing.assert_array_equal(found, [[4, 4, 8, 8]] * 2)
    found = explain.spread_windows(drops, size=(3, 5), window=3, stride=2)  # one column twice
    np.testing.assert_array_equal(found, [[4, 4, 6, 8, 8]] * 3)
    found = explain.spread_windows(drops[None], size=(2, 5), window=2, stride=2)
    np.testing.assert_array_equal(found, [[[4, 4, 8, 8, 0]] * 2])  # covered by none


# The same network, whatever it looks like, and whatever is asked of it at once


EXPLAINERS = {
    "cam": explain.class_activation_map,
    "grad_cam": explain.grad_cam,
    "inner grad_cam": functools.partial(explain.grad_cam, layer="conv1", method="layercam"),
    "saliency": explain.saliency,
    "smooth_grad": functools.partial(explain.smooth_grad, samples=2),
    "integrated": functools.partial(explain.integrated_gradients, steps=3, baseline=50),
    "occlusion": functools.partial(explain.occlusion, window=8, stride=8),
}


@pytest.mark.parametrize("name", EXPLAINERS)
def test_same_network_same_answer(model, other_clothes, images, name):
    found = EXPLAINERS[name](model, images)
    for other in other_clothes:
        close(EXPLAINERS[name](other, images), found)
    one_by_one = np.stack([EXPLAINERS[name](model, image) for image in images])
    close(one_by_one, found)
    close(EXPLAINERS[name](model, images, batch_size=3), found)
    np.testing.assert_array_equal(EXPLAINERS[name](model, images), found)


@pytest.mark.parametrize("name", ["deletion", "insertion"])
def test_same_network_same_curve(model, other_clothes, images, name):
    curve = {"deletion": explain.deletion_curve, "insertion": explain.insertion_curve}[name]
    curve = functools.partial(curve, steps=4, fill=127.0, score="logit", target=1)
    heat = explain.random_heatmaps(N, (SIZE, SIZE))
    found = curve(model, images, heat)
    for other in other_clothes:
        close(curve(other, images, heat), found)
    pairs = zip(images, heat, strict=True)
    close(np.stack([curve(model, *pair) for pair in pairs]), found)
    close(curve(model, images, heat, batch_size=3), found)


@pytest.mark.parametrize("parameters", ["pixels", "fourier"])
def test_same_network_same_filters(model, other_clothes, parameters):
    drawn = [
        explain.visualise_filters(
            net, "conv2", [0, 3], steps=4, parameters=parameters, progress=False
        )
        for net in (model, *other_clothes)
    ]
    for other in drawn[1:]:
        np.testing.assert_allclose(other, drawn[0], atol=1e-4)


def test_logits_whatever_the_last_activation(model, raw, images):
    batch = [images.astype(np.float32)]
    logits = network.call(raw, network.logit_batch, batch)
    others = [make_model(activation=activation) for activation in ("sigmoid", "layer", "Softmax")]
    for other in (model, *others):
        close(network.call(other, network.logit_batch, batch), logits, 1e-6)


@pytest.mark.parametrize(("units", "activation"), [(3, "softmax"), (3, "sigmoid"), (1, "sigmoid")])
def test_class_probabilities_are_the_models_own(images, units, activation):
    model = make_model(units=units, activation=activation)
    own = model.predict_on_batch(images.astype(np.float32))
    if units == 1:
        own = np.concatenate([1 - own, own], axis=1)
    assert explain.count_classes(model) == own.shape[1]
    found = explain.class_probabilities(model, images, batch_size=2)
    np.testing.assert_allclose(found, own, atol=1e-5)
    np.testing.assert_allclose(explain.class_probabilities(model, images[1]), own[1], atol=1e-5)


def test_class_probabilities_of_logits(raw, images):
    logits = raw.predict_on_batch(images.astype(np.float32)).astype(float)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(explain.class_probabilities(raw, images), expected, atol=1e-5)


def test_outputs_and_maps_are_as_they_come(model, images):
    maps = explain.feature_maps(model, images, ["base/conv1", "relu"])
    outputs, found = explain.outputs_and_maps(model, images, list(maps))
    close(outputs, model.predict_on_batch(images.astype(np.float32)))
    for own, expected in zip(found, maps.values(), strict=True):
        np.testing.assert_array_equal(own, expected)
    alone, none = explain.outputs_and_maps(model, images)
    close(alone, outputs)
    assert none == []


def test_layers_that_put_out_maps(model, kernel):
    assert explain.map_layers(model) == ["base/conv1", "base/conv2"]
    assert explain.map_layers(model, ["relu", "base/pool"]) == ["base/relu", "base/pool"]
    assert explain.map_layers(model, "conv1") == ["base/conv1"]
    assert explain.map_layers(make_linear(kernel)) == []
    for layer, says in (("conv9", "'conv9'.*base/conv1"), ("gap", r"'gap'.*\(N, 4\)")):
        with pytest.raises(ValueError, match=says):
            explain.map_layers(model, [layer])
    assert explain.count_classes(make_base()) == 0


def test_training_mode_does_not_matter_and_nothing_changes(images):
    """Neither the layers' own `training=True`, nor what is frozen; no weight or layer changes."""
    import keras
    from keras import layers

    inputs = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(4, 3, name="conv")(inputs)
    x = layers.BatchNormalization(name="bn")(x, training=True)
    x = layers.Dropout(0.5)(x, training=True)
    x = layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, x)
    before = [weight.numpy() for weight in model.variables]
    known = {path: dict(vars(layer)) for path, layer in network.layers_of(model).items()}
    ways = [explainer for name, explainer in EXPLAINERS.items() if name != "inner grad_cam"]
    heat = explain.random_heatmaps(N, (SIZE, SIZE))
    for curve in (explain.deletion_curve, explain.insertion_curve):
        ways.append(lambda model, x, target, c=curve: c(model, x, heat[: len(x)], target=target))
    ways.append(lambda model, x, target: explain.feature_maps(model, x, "bn")["bn"])
    found = [explainer(model, images, target=1) for explainer in ways]
    draw = functools.partial(explain.visualise_filters, model, "bn", [0, 1], steps=2)
    drawn = draw(progress=False)
    model.trainable = False
    np.testing.assert_array_equal(draw(progress=False), drawn)
    for explainer, expected in zip(ways, found, strict=True):
        np.testing.assert_array_equal(explainer(model, images, target=1), expected)
        close(expected[:2], explainer(model, images[:2], target=1))
    model.trainable = True
    for weight, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    for path, layer in network.layers_of(model).items():
        own = vars(layer)
        assert "call" not in own and own.get("activation") is known[path].get("activation"), path


def test_layers_are_given_back_after_an_error(images):
    import keras
    from keras import layers

    class Failing(layers.Layer):
        def call(self, x):
            raise RuntimeError("broken")

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape)

    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Conv2D(2, 3),
            Failing(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    with pytest.raises(RuntimeError, match="broken"):
        explain.grad_cam(model, images)
    assert all("call" not in vars(layer) for layer in model.layers)


def test_half_precision(images):
    import keras
    from keras import layers

    def make(dtype):
        convolution = layers.Conv2D(4, 3, activation="relu", dtype=dtype)
        top = [layers.GlobalAveragePooling2D(dtype=dtype), layers.Dense(2, "softmax", dtype=dtype)]
        return keras.Sequential([keras.Input((SIZE, SIZE, 3)), _scaled(), convolution, *top])

    model, half = make("float32"), make("mixed_bfloat16")
    rng = np.random.default_rng(1)
    model.set_weights([rng.standard_normal(weight.shape) / 5 for weight in model.weights])
    half.set_weights(model.get_weights())
    for name in ("cam", "grad_cam"):
        found = EXPLAINERS[name](half, images, target=1)
        assert found.dtype == np.float32
        close(found, EXPLAINERS[name](model, images, target=1), 0.05)


# Layers by name


def test_the_default_layer_is_the_last_convolution_and_what_belongs_to_it(model, images):
    found = explain.grad_cam(model, images, method="hirescam")
    np.testing.assert_array_equal(
        found, explain.grad_cam(model, images, method="hirescam", layer="relu")
    )
    other = explain.grad_cam(model, images, method="hirescam", layer="base/conv2")
    assert np.abs(found - other).max() > 0.1 * found.max()


def test_a_layer_of_a_name_that_others_have(images):
    import keras
    from keras import layers

    def inner(name):
        convolution = layers.Conv2D(2, 3, padding="same", name="conv")
        return keras.Sequential([keras.Input((SIZE, SIZE, 2)), convolution], name=name)

    model = keras.Sequential([keras.Input((SIZE, SIZE, 2)), inner("a"), inner("b")])
    with pytest.raises(ValueError, match=r"\b2\b.*'conv'.*a/conv.*b/conv"):
        explain.feature_maps(model, images[..., :2], "conv")
    a, b = explain.feature_maps(model, images[..., :2], ["a/conv", "b/conv"]).values()
    close(a, model.get_layer("a")(images[..., :2].astype(np.float32)))
    close(b, model(images[..., :2].astype(np.float32)))


# Compiled once, kept for as long as it is of use


def test_nothing_is_compiled_twice(model, images, no_new_runs):
    found = explain.grad_cam(model, images, target=1)
    drops = explain.occlusion(model, images, window=8, stride=8)
    no_new_runs()
    np.testing.assert_array_equal(explain.grad_cam(model, images, target=1), found)
    close(explain.grad_cam(model, images[:3], target=[1, 1, 1]), found[:3])
    explain.grad_cam(model, images[0], target=2)
    explain.occlusion(model, images[:2], target=2, window=3, stride=4, fill=1.0)
    close(explain.occlusion(model, images, window=8, stride=8), drops)
    with pytest.raises(TypeError):  # that the fixture works
        explain.grad_cam(model, images, layer="conv1")


def test_changes_of_the_model_are_seen(images):
    from keras import layers

    model = make_model("sequential")
    before = explain.class_activation_map(model, images, target=1)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([2 * kernel, bias])
    close(explain.class_activation_map(model, images, target=1), 2 * before)
    model.pop()
    model.add(layers.Dense(3, "softmax"))
    model.layers[-1].set_weights([-kernel, bias])
    close(explain.class_activation_map(model, images, target=1), -before)


def test_memory_is_bounded_and_given_back(images, monkeypatch, caplog):
    monkeypatch.setattr(network, "KEPT", 2)
    model = make_model()
    for layer in ("conv1", "pool", "conv2", "bn", "add", "relu"):
        explain.grad_cam(model, images, layer=layer)
        assert len(network._functions[model]) <= 2
    assert not caplog.records  # TensorFlow's warning of functions traced too often
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


# Filters


@pytest.fixture(scope="module")
def edges():
    """Two edge filters, with ReLU, as a model and as part of another."""
    import keras
    from keras import layers

    sobel = np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 255 / 3
    convolution = layers.Conv2D(2, 3, activation="relu", name="edges")
    inner = keras.Sequential([keras.Input((32, 32, 3)), convolution])
    kernel = np.stack([np.stack([sobel] * 3, -1), np.stack([sobel.T] * 3, -1)], -1)
    convolution.set_weights([kernel, np.zeros(2)])
    return keras.Sequential([keras.Input((32, 32, 3)), inner])


def activations(model, drawn):
    return explain.feature_maps(model, 255 * drawn, "edges")["edges"].mean(axis=(1, 2))


@pytest.mark.parametrize("parameters", ["pixels", "fourier"])
def test_filters_are_found(edges, parameters):
    draw = functools.partial(
        explain.visualise_filters, edges, "edges", parameters=parameters, progress=False
    )
    drawn = draw([0, 1], steps=20)
    assert drawn.shape == (2, 32, 32, 3) and drawn.dtype == np.float32
    assert drawn.min() >= 0 and drawn.max() <= 1
    start, end = activations(edges, draw([0, 1], steps=1)), activations(edges, drawn)
    assert (np.diag(end) > 3 * np.diag(start)).all()
    assert end[0, 0] > 1.2 * end[0, 1] and end[1, 1] > 1.2 * end[1, 0]  # to its own edges
    np.testing.assert_array_equal(draw([0, 1], steps=20), drawn)
    second = draw([1], steps=20, batch_size=1)
    np.testing.assert_allclose(second[0], drawn[1], atol=1e-4)
    assert np.abs(draw([0, 1], steps=20, seed=1) - drawn).max() > 0.1


def high_share(drawn):
    """The share of the energy, without the mean, at more than a quarter of the sampling rate."""
    power = np.abs(np.fft.fft2(drawn - drawn.mean(axis=(1, 2), keepdims=True), axes=(1, 2))) ** 2
    along = np.fft.fftfreq(drawn.shape[1])
    high = np.hypot(along[:, None], along[None]) > 0.25
    return power[:, high].sum() / power.sum()


def test_fourier_parameters_leave_out_high_frequencies(edges):
    base = bases.load_base("course", size=48, verbose=False)
    for draw in (
        functools.partial(explain.visualise_filters, edges, "edges", steps=32),
        functools.partial(
            explain.visualise_filters, base.model, "block4_relu", steps=8,
            preprocess=base.preprocess,
        ),
    ):  # fmt: skip
        fourier, pixels = (
            draw([0, 1], parameters=parameters, progress=False)
            for parameters in ("fourier", "pixels")
        )
        assert high_share(fourier) < high_share(pixels) / 2


def test_fourier_parameters_climb_with_adam():
    """Written out for a smooth network whose gradients are as small as Adam's epsilon."""
    import keras
    import tensorflow as tf
    from keras import layers

    side, steps = 24, 5
    first, last = layers.Conv2D(4, 3, activation="tanh"), layers.Conv2D(3, 3, name="last")
    model = keras.Sequential([keras.Input((side, side, 3)), _scaled(), first, last])
    rng = np.random.default_rng(6)
    for weight, size in zip(model.weights, (0.2, 0.2, 1e-7, 1e-7), strict=True):
        weight.assign(size * rng.standard_normal(weight.shape))

    along = np.fft.fftfreq(side)
    frequency = np.hypot(along[:, None], np.abs(along[: side // 2 + 1]))
    frequency[0, 0] = 1 / side
    colours = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    colours /= np.sqrt((colours**2).sum(axis=0).max())

    def picture_of(spectrum):
        waves = spectrum * np.float32(side / frequency)
        planes = tf.signal.irfft2d(tf.complex(waves[0], waves[1])) / 4
        return tf.sigmoid(tf.einsum("chw,kc->hwk", planes, np.float32(colours)))

    def climb(channel):
        start = np.random.default_rng(2).standard_normal((2, 3, side, side // 2 + 1)) / 100
        spectrum = tf.Variable(np.float32(start))
        adam = keras.optimizers.Adam(0.05, beta_2=0.99, epsilon=1e-8)
        for _ in range(steps):
            with tf.GradientTape() as tape:
                maps = model(255 * picture_of(spectrum)[None])[..., channel]
                loss = -tf.reduce_mean(tf.where(maps > 0, maps, 0.1 * maps))
            adam.apply([tape.gradient(loss, spectrum)], [spectrum])
        return picture_of(spectrum).numpy()

    drawn = explain.visualise_filters(
        model, "last", [0, 2], steps=steps, seed=2, jitter=0, zoom=0, progress=False
    )
    np.testing.assert_allclose(drawn, [climb(0), climb(2)], atol=1e-4)


def test_pixels_climb_along_the_gradient(edges):
    """The first step, written out."""
    start = np.random.default_rng(4).uniform(0.4, 0.6, (32, 32, 3)).astype(np.float32)
    kernel = edges.layers[0].layers[0].kernel.numpy()[..., 0] * 255
    patches = np.lib.stride_tricks.sliding_window_view(start, (3, 3), axis=(0, 1))
    maps = np.einsum("yxcij,ijc->yx", patches, kernel)
    slope = np.zeros_like(start)
    for y, x in np.ndindex(30, 30):
        slope[y : y + 3, x : x + 3] += kernel * (1 if maps[y, x] > 0 else 0.1)
    expected = np.clip(start + 0.1 * slope / np.sqrt((slope**2).mean()), 0, 1)
    drawn = explain.visualise_filters(
        edges, "edges", [0], steps=1, parameters="pixels", rate=0.1, seed=4, progress=False
    )
    np.testing.assert_allclose(drawn[0], expected, atol=1e-4)


def test_filters_of_preprocessed_pixels_and_of_what_an_activation_gets(images):
    """A base wants other values; its ReLU is climbed by what goes in."""
    base = make_base()
    draw = functools.partial(
        explain.visualise_filters, base, steps=3, parameters="pixels", progress=False
    )
    drawn = draw("add", [1], preprocess=lambda x: x / 127.5 - 1)
    same = draw("relu", [1], preprocess=lambda x: x / 127.5 - 1)
    np.testing.assert_array_equal(drawn, same)
    assert np.abs(drawn - draw("add", [1])).max() > 0.01


# Pictures


def test_overlay():
    image = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(explain.overlay(image, np.zeros((2, 2))), image)
    np.testing.assert_array_equal(explain.overlay(image, np.ones((3, 3)), opacity=0), image)
    heat = np.zeros((6, 6))
    heat[1, 2], heat[3, 3] = 5.0, 2.5
    found = explain.overlay(image / 255, heat, opacity=1)
    assert found.dtype == np.uint8 and found.shape == (6, 6, 3)
    assert found[1, 2].tolist() == [253, 231, 37]  # viridis' end: #fde725
    np.testing.assert_array_equal(found[heat == 0], image[heat == 0])
    half = np.array([33, 145, 140])  # viridis' middle: #21918c
    np.testing.assert_allclose(found[3, 3], (half + image[3, 3]) / 2, atol=1.5)
    red, _, blue = explain.overlay(image, heat - 5 * (heat == 2.5), opacity=1)[1, 2].tolist()
    assert red > 2 * blue  # signed: heat for is red, against is blue
    weaker = explain.overlay(image, heat, limit=10.0, opacity=1)
    np.testing.assert_allclose(weaker[1, 2], (half + image[1, 2]) / 2, atol=1.5)
    assert explain.overlay(image[..., 0], heat).shape == (6, 6, 3)


def test_overlay_spreads_a_small_map_evenly():
    found = explain.overlay(np.zeros((8, 8)), [[0, 0], [0, 1.0]], opacity=1, colours="gray")
    assert found[-1, -1].tolist() == [255] * 3 and not found[:2].any()
    np.testing.assert_array_equal(found, found.transpose(1, 0, 2))


# Tests of truth


def test_randomise_layers(model, images):
    before = {path: layer.get_weights() for path, layer in network.layers_of(model).items()}
    state, steps, found = random.getstate(), [], []
    for path, copy in explain.randomise_layers(model, seed=1):
        steps.append(path)
        changed = {
            name
            for name, layer in network.layers_of(copy).items()
            if layer.weights
            and not hasattr(layer, "layers")
            and any(np.any(a != b) for a, b in zip(layer.get_weights(), before[name], strict=True))
        }
        assert changed == set(steps)
        assert copy is not model and np.isfinite(explain.grad_cam(copy, images[0])).all()
        found.append(copy.layers[-1].kernel.numpy())
    assert steps == ["dense", "base/bn", "base/conv2", "base/conv1"]
    assert random.getstate() == state
    for path, layer in network.layers_of(model).items():
        for weight, value in zip(layer.get_weights(), before[path], strict=True):
            np.testing.assert_array_equal(weight, value)
    _, copy = next(explain.randomise_layers(model, seed=1))
    np.testing.assert_array_equal(copy.layers[-1].kernel.numpy(), found[0])
    _, copy = next(explain.randomise_layers(model, seed=2))
    assert np.any(copy.layers[-1].kernel.numpy() != found[0])


def test_curves_of_a_linear_model(kernel):
    model = make_linear(kernel, bias=0.5)
    image = np.random.default_rng(5).random((4, 4, 1), np.float32)
    shares = (kernel * image)[..., 0]
    logits = 0.5 + shares.sum() - np.concatenate([[0], np.sort(shares.ravel())[::-1].cumsum()])
    deleted = functools.partial(explain.deletion_curve, model, image, shares, target=1, steps=16)
    np.testing.assert_allclose(deleted(score="logit"), logits, atol=1e-5)
    np.testing.assert_allclose(deleted(), 1 / (1 + np.exp(-logits)), atol=1e-5)
    found = explain.insertion_curve(model, image, -shares, score="logit", target=1, steps=16)
    np.testing.assert_allclose(found, logits[::-1], atol=1e-5)
    found = explain.insertion_curve(
        model, [image] * 2, [shares] * 2, steps=3, target=[0, 1], batch_size=3
    )
    assert found.shape == (2, 4) and found.dtype == np.float32
    np.testing.assert_allclose(found[0] + found[1], 1, atol=1e-6)
    # Filled with the image itself, nothing is lost.
    np.testing.assert_allclose(deleted(fill=image, score="logit"), logits[0], atol=1e-5)


def test_curves_give_the_models_own_probabilities(images):
    for units, activation in ((3, "softmax"), (3, "sigmoid"), (1, "sigmoid")):
        model = make_model(units=units, activation=activation)
        own = model.predict_on_batch(images.astype(np.float32))
        heat = explain.random_heatmaps(N, (4, 4))
        for target in range(units):
            expected = own[:, target]
            found = explain.deletion_curve(
                model, images, heat, target=target + (units == 1), steps=1
            )
            np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)


def test_pixels_of_equal_heat_follow_each_other_at_random():
    """Else an empty heatmap would take the image away from top to bottom."""
    rows = np.broadcast_to(np.array([1.0, 0, 0, 0])[:, None, None], (4, 4, 1))
    model = make_linear(rows.copy())
    found = explain.deletion_curve(
        model, np.ones((4, 4, 1)), np.zeros((4, 4)), target=1, steps=4, score="logit"
    )
    assert found[0] == 4 and found[4] == 0 and 0 < found[1] < 4


def test_baselines():
    noise = explain.random_heatmaps(3, (8, 6), seed=1)
    assert noise.shape == (3, 8, 6) and np.any(noise[0] != noise[1])
    np.testing.assert_array_equal(noise, explain.random_heatmaps(3, (8, 6), seed=1))
    coarse = explain.random_heatmaps(50, (32, 32), cells=4)
    steps = np.abs(np.diff(coarse, axis=2)).mean()
    assert steps < np.abs(np.diff(explain.random_heatmaps(50, (32, 32)), axis=2)).mean() / 4
    centre = explain.centre_heatmaps(2, (5, 9))
    assert centre.shape == (2, 5, 9) and np.unravel_index(centre[0].argmax(), (5, 9)) == (2, 4)
    np.testing.assert_array_equal(centre[1], centre[0][::-1, ::-1])


def test_pointing_game_by_hand():
    mask = np.zeros((8, 8), bool)
    mask[2:4, 4:8] = True
    inside, outside, flat = np.zeros((3, 4, 4))
    inside[1, 2], outside[0, 2] = 1, 1  # the middle of the cell is pixel (3, 5), or (1, 5)
    full = np.zeros((8, 8))
    full[3, 7] = 1
    found = explain.pointing_game([inside, outside, flat, full], [mask] * 4)
    assert found[:3] == (2, 4, 0.5)
    assert explain.pointing_game(full[None] - 1, [~mask]).hits == 0


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval(hits, n, low, high):
    """Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I."""
    mask = np.array([[True, False]])
    heatmaps = [[[1, 0]]] * hits + [[[0, 1]]] * (n - hits)
    found = explain.pointing_game(heatmaps, [mask] * n)
    assert found[:3] == (hits, n, hits / n)
    np.testing.assert_allclose(found[3:], (low, high), atol=5e-5)
    wider = explain.pointing_game(heatmaps, [mask] * n, confidence=0.99)
    assert wider.high > found.high


def test_share_inside_by_hand():
    mask = np.zeros((4, 4), bool)
    mask[:, :2] = True
    heat = np.zeros((4, 4))
    heat[0, 0], heat[0, 3], heat[1, 1] = 3, 1, -9
    found = explain.share_inside([heat, np.ones((2, 2)), -heat * (heat > 0)], [mask] * 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0.75, 0.5, np.nan])


# What is wrong, and what to do


def test_no_convolution(kernel):
    with pytest.raises(ValueError, match="Conv2D.*flatten"):
        explain.grad_cam(make_linear(kernel), np.zeros((4, 4, 1)))
    with pytest.raises(ValueError, match="GlobalAveragePooling2D.*grad_cam"):
        explain.class_activation_map(make_linear(kernel), np.zeros((4, 4, 1)))


def test_models_that_are_none_or_not_built(images):
    import keras
    from keras import layers

    with pytest.raises(ValueError, match=r"list.*keras\.Model"):
        explain.grad_cam([], images)
    model = keras.Sequential([layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match=r"'sequential.*keras\.Input"):
        explain.grad_cam(model, images)
    model(images.astype(np.float32))
    assert explain.grad_cam(model, images).shape == (N, 14, 14)
    with pytest.raises(ValueError, match=r"'base'.*\(N, 8, 8, 4\).*\(N, classes\)"):
        explain.grad_cam(make_base(), images)

    class Own(keras.Model):
        def call(self, x):
            return x

    own = Own()
    own(images.astype(np.float32))
    with pytest.raises(ValueError, match="Own.*Sequential"):
        explain.grad_cam(own, images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "conv9"}, "'conv9'.*base/conv1.*dense"),
        ({"layer": "gap"}, r"'gap'.*\(N, 4\).*\(N, h, w, c\)"),
        ({"target": 3}, "target is 3; this model has classes 0 to 2"),  # the wording, once
        ({"target": -1}, r"target.* -1\b.*\b0\b.*\b2\b"),
        ({"target": [0, 1]}, r"target.*\[0, 1\].*\b5\b"),
        ({"target": 1.0}, r"target.* 1\.0\b"),
        ({"method": "cam"}, "method.*'cam'.*grad-cam.*hirescam.*layercam"),
        ({"batch_size": 0}, r"batch_size.* 0 .*\b1\b"),
    ],
)
def test_wrong_options(model, images, options, message):
    with pytest.raises(ValueError, match=message):
        explain.grad_cam(model, images, **options)


def test_two_classes_of_one_unit(binary, images):
    with pytest.raises(ValueError, match=r"target.* 2\b.*\b0\b.*\b1\b"):
        explain.saliency(binary, images, target=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[0, ..., 0], r"\(16, 16\).*\(N, 16, 16, 3\)"),
        (lambda x: x[:, :8], r"\(5, 8, 16, 3\).*\(N, 16, 16, 3\)"),
        (lambda x: x[:0], r"\(0, 16, 16, 3\)"),
        (lambda x: x.astype(str), "<U3.*uint8"),
        (lambda x: x / np.float32(0), "NaN or infinity"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_wrong_images(model, images, change, message):
    for explainer in (explain.saliency, explain.feature_maps, explain.class_probabilities):
        with pytest.raises(ValueError, match=message):
            explainer(model, change(images))


LOOKERS = EXPLAINERS | {
    "deletion": lambda model, x: explain.deletion_curve(model, x, np.ones((N, 4, 4)), steps=1),
    "insertion": lambda model, x: explain.insertion_curve(model, x, np.ones((N, 4, 4)), steps=1),
    "first maps": lambda model, x: explain.feature_maps(model, x, "conv1"),
    "all maps": explain.feature_maps,
    "probabilities": explain.class_probabilities,
    "filters": lambda model, _: explain.visualise_filters(
        model, "conv1", [0], steps=1, parameters="pixels", progress=False
    ),
    "layers made random": lambda model, _: next(explain.randomise_layers(model)),
    "classes": lambda model, _: explain.count_classes(model),
}


@pytest.fixture(scope="module")
def to_spoil(images):
    """A model of which each function has compiled what it needs while the weights were right."""
    model = make_model()
    for look in LOOKERS.values():
        look(model, images)
    return model


@pytest.mark.parametrize(
    "path", ["conv1/kernel", "conv2/bias", "bn/gamma", "bn/moving_variance", "dense/kernel"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("many", [True, False], ids=["all", "one"])
def test_weights_that_are_not_finite(to_spoil, images, path, value, many):
    """Wherever they are, be it one of thousands, and whatever the images.

    A compiled convolution with ReLU makes 0 of NaN. If that is the first one, the biases behind it
    make a map that is finite and not 0: what comes out does not tell.
    """
    mixed = images * (np.arange(N) != 2)[:, None, None, None]  # the map of one image may be 0
    (weight,) = (weight for weight in to_spoil.weights if weight.path == path)
    before = weight.numpy()
    spoilt = before.copy()
    spoilt.flat[slice(None) if many else -1] = value
    weight.assign(spoilt)
    try:
        for name, look in LOOKERS.items():
            with pytest.raises(ValueError, match=f"{path}.*NaN or infinity"):
                look(to_spoil, mixed)
                raise AssertionError(name)
        assert explain.fields_of(to_spoil)["base/conv1"].size == (3, 3)  # needs no weights
    finally:
        weight.assign(before)
    assert np.isfinite(explain.saliency(to_spoil, mixed)).all()


def test_large_weights_whose_sum_is_not_finite_are_right(images):
    model = make_model()
    kernel = model.layers[-1].kernel
    kernel.assign(np.full(kernel.shape, 3e38))
    assert explain.count_classes(model) == 3
    with pytest.raises(ValueError, match="preprocessed") as caught:
        explain.class_activation_map(model, np.float32(1e6) * images)
    assert "kernel" not in str(caught.value)


def test_a_model_without_weights():
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D()])
    assert explain.count_classes(model) == 2


def test_other_wrong_arguments(model, images):
    with pytest.raises(ValueError, match="window.* 17.* 16 x 16"):
        explain.occlusion(model, images, window=17, stride=1)
    with pytest.raises(ValueError, match=r"fill.*\(2,\).*\(16, 16, 3\)"):
        explain.occlusion(model, images, window=4, stride=4, fill=[1, 2])
    with pytest.raises(ValueError, match="noise.* -1"):
        explain.smooth_grad(model, images, noise=-1)
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(N, 4, 4\)"):
        explain.spread_windows(np.zeros((3, 3)), size=(16, 16), window=4, stride=4)
    draw = functools.partial(explain.visualise_filters, model, progress=False)
    with pytest.raises(ValueError, match="channels.* 0 to 4.* 0 to 3"):
        draw("conv1", [0, 4])
    with pytest.raises(ValueError, match="channels.* 3.*list"):
        draw("conv1", 3)
    with pytest.raises(ValueError, match=r"'dense'.*\b1\b.*\b3\b"):
        draw("dense", [0])
    with pytest.raises(ValueError, match="size.* 20.* 16 x 16"):
        draw("conv1", [0], size=20)
    with pytest.raises(ValueError, match="'wavelet'.*fourier.*pixels"):
        draw("conv1", [0], parameters="wavelet")


def test_wrong_heatmaps_and_masks(model, images):
    heat, mask = np.ones((N, 4, 4)), np.ones((16, 16), bool)
    with pytest.raises(ValueError, match=r"heatmaps.*\b4\b.*\(4, 4\).*\b5\b"):
        explain.deletion_curve(model, images, heat[:4])
    with pytest.raises(ValueError, match=r"\(4, 4, 3\).*np.abs"):
        explain.insertion_curve(model, images, np.ones((N, 4, 4, 3)))
    with pytest.raises(ValueError, match="heatmap 4 .*NaN or infinity"):
        explain.deletion_curve(
            model, images, np.where(np.arange(N)[:, None, None] == 4, np.nan, heat)
        )
    with pytest.raises(ValueError, match="score.*'loss'.*probability.*logit"):
        explain.deletion_curve(model, images, heat, score="loss")
    with pytest.raises(ValueError, match=r"masks.*\[1\]"):
        explain.pointing_game(heat[:2], [mask, ~mask])
    with pytest.raises(ValueError, match=r"uint8 \(16, 16\).*bool"):
        explain.share_inside(heat[:1], [mask.astype(np.uint8)])
    with pytest.raises(ValueError, match="masks.*empty"):
        explain.pointing_game([], [])
    with pytest.raises(ValueError, match=r"image.*\(4, 4, 2\)"):
        explain.overlay(np.zeros((4, 4, 2)), heat[0])
    with pytest.raises(ValueError, match=r"float64.* 0 to 255.*\[0, 1\]"):
        explain.overlay(np.linspace(0, 255, 16).reshape(4, 4), heat[0])
    with pytest.raises(ValueError, match=r"heatmap.*\(5, 4, 4\).*\(h, w\)"):
        explain.overlay(np.zeros((4, 4)), heat)
    with pytest.raises(ValueError, match="opacity.* 2"):
        explain.overlay(np.zeros((4, 4)), heat[0], opacity=2)
    with pytest.raises(ValueError, match="limit.* 0"):
        explain.overlay(np.zeros((4, 4)), heat[0], limit=0)


def test_release_frees_a_deleted_model_and_its_functions():
    import keras

    from course_utils import memory

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    explain.feature_maps(model, np.zeros((8, 8, 3)))
    gone = weakref.ref(model)
    del model
    memory.release()
    assert gone() is None
