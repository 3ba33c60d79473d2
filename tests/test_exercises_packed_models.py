"""Networks as plain data: they come back the same, and nothing else gets through."""

import json

import numpy as np
import pytest

from course.exercises import NotData, decode, encode
from course.exercises.packed_models import pack, parameters, unpack

keras = pytest.importorskip("keras")
from keras import layers  # noqa: E402

GENERATOR = keras.random.SeedGenerator(20241231)
IMAGES = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")


def sequential():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(2.0, offset=-1),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-4)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax", kernel_initializer="he_normal"),
        ]
    )


def residual():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x)) + inputs
    x = layers.Concatenate()([layers.Add()([x, inputs]), 2 * x])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def nested():
    """A frozen base in a network, with one layer of the base that isn't frozen."""
    base = sequential()
    base.trainable = False
    base.layers[1].trainable = True
    inputs = keras.Input((8, 8, 3))
    x = base(layers.RandomFlip("horizontal")(inputs), training=False)
    return keras.Model(inputs, layers.Dense(2)(x))


def all_layers(model):
    flat = []
    for layer in model.layers:
        flat += [layer, *(all_layers(layer) if hasattr(layer, "layers") else [])]
    return flat


@pytest.mark.parametrize("make", [sequential, residual, nested])
def test_a_network_comes_back_as_it_went(make):
    model = make()
    model(IMAGES, training=True)  # the statistics of batch norm are weights too
    again = unpack(decode(encode(pack(model))))
    np.testing.assert_allclose(
        again(IMAGES, training=False), model(IMAGES, training=False), atol=1e-6
    )
    assert len(again.weights) == len(model.weights)
    for read, written in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(read, written)
    assert [type(layer) for layer in all_layers(again)] == [type(x) for x in all_layers(model)]
    assert [x.trainable for x in all_layers(again)] == [x.trainable for x in all_layers(model)]
    assert len(again.trainable_weights) == len(model.trainable_weights)
    assert again.count_params() == model.count_params()


@pytest.mark.parametrize("frozen", [[], [1], [1, 2], [6], [1, 2, 6]])
def test_frozen_layers_stay_so(frozen):
    model = sequential()
    for i in frozen:
        model.layers[i].trainable = False
    again = unpack(pack(model))
    assert [layer.trainable for layer in again.layers] == [
        layer.trainable for layer in model.layers
    ]
    shapes = [tuple(weight.shape) for weight in model.trainable_weights]
    assert [tuple(weight.shape) for weight in again.trainable_weights] == shapes


def test_a_frozen_base_stays_so_when_its_parts_say_otherwise():
    model = nested()
    again = unpack(pack(model))
    base = again.layers[2]
    assert not base.trainable and base.layers[1].trainable
    assert len(again.trainable_weights) == len(model.trainable_weights)
    model.trainable = False
    assert unpack(pack(model)).trainable_weights == []


class Own(layers.Layer):
    def call(self, x):
        return x


class OwnModel(keras.Model):
    def call(self, x):
        return x


@keras.saving.register_keras_serializable("mine")
class Registered(layers.Dense):
    pass


class Dense(layers.Dense):
    """A layer that goes by the name of one of Keras's."""


def with_layer(layer, shape=(4,)):
    return keras.Sequential([keras.Input(shape), layer, layers.Dense(1)])


def own_function(x):
    return x * 2


FOREIGN = {
    "own layer": lambda: with_layer(Own()),
    "registered layer": lambda: with_layer(Registered(3)),
    "layer of the same name": lambda: with_layer(Dense(3)),
    "Lambda": lambda: with_layer(layers.Lambda(lambda x: x)),
    "own activation": lambda: with_layer(layers.Dense(2, activation=own_function)),
    "own initializer": lambda: with_layer(layers.Dense(2, kernel_initializer=own_initializer)),
    "wrapper": lambda: with_layer(layers.TimeDistributed(Own()), (4, 4)),
    "nested": lambda: with_layer(with_layer(Own())),
}


def own_initializer(shape, dtype=None):
    return np.ones(shape, dtype)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_isnt_keras_own_is_refused(name):
    with pytest.raises(NotData):
        unpack(pack(FOREIGN[name]()))


@pytest.mark.parametrize("thing", [None, 5, "model", layers.Dense(2), OwnModel(), object(), [1]])
def test_no_network(thing):
    with pytest.raises(NotData):
        pack(thing)


def test_a_network_that_isnt_built_says_what_to_do():
    with pytest.raises(NotData, match=r"keras\.Input"):
        pack(keras.Sequential([layers.Dense(2)]))


def test_a_subclass_of_a_network_says_what_to_use():
    with pytest.raises(NotData, match=r"Mine.*keras\.Sequential"):
        pack(type("Mine", (keras.Sequential,), {})([keras.Input((4,)), layers.Dense(1)]))


# Forged configurations. Each would leave a file, or import a module, if it were believed.

CANARY = """import pathlib
pathlib.Path({path!r}).touch()
def layer(*args, **kwargs):
    pathlib.Path({path!r}).touch()
class Layer:
    def __init__(self, *args, **kwargs):
        layer()
    from_config = classmethod(lambda cls, config: cls())
"""


def forged(part):
    """A packed network whose one layer is `part`."""
    packed = pack(with_layer(layers.Dense(4)))
    config = json.loads(packed["config"])
    config["layers"][1] = part
    return {**packed, "config": json.dumps(config)}


def keras_part(name, config, module="keras.layers", registered=None):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def dense(**changed):
    return keras_part("Dense", {"name": "d", "units": 4, **changed})


FORGED = {
    "foreign module": keras_part("Layer", {}, "canary"),
    "registered name": keras_part("Dense", {"units": 4}, registered="canary>Layer"),
    "foreign module, known class": keras_part("Dense", {"units": 4}, "canary"),
    "Lambda": keras_part("Lambda", {"function": {"class_name": "__lambda__", "config": {}}}),
    "lambda as activation": dense(activation={"class_name": "__lambda__", "config": {"code": ""}}),
    "function as activation": dense(activation=keras_part("function", "layer", "canary", "layer")),
    "function of builtins": dense(activation=keras_part("function", "exec", "builtins", "exec")),
    "initializer": dense(kernel_initializer=keras_part("Layer", {}, "canary")),
    "initializer's module": dense(
        kernel_initializer=keras_part("Layer", {}, "keras.initializers.canary")
    ),
    "initializer that isn't one": dense(
        kernel_initializer=keras_part("get_file", {}, "keras.initializers")
    ),
    "TorchModuleWrapper": keras_part("TorchModuleWrapper", {"module": "x"}),
    "TFSMLayer": keras_part("TFSMLayer", {"filepath": "/tmp/x"}),
    "StringLookup": keras_part("StringLookup", {"vocabulary": "/etc/passwd"}),
    "JaxLayer": keras_part("JaxLayer", {"call_fn": "canary.layer"}),
    "keras.src": keras_part("load_model", "/tmp/x", "keras.src.saving", None),
    "class without a module": {"class_name": "canary>Layer", "config": {}},
    "class name that is no text": {"class_name": ["Dense"], "config": {}},
    "module that is no text": {"class_name": "Dense", "module": 5, "config": {}},
    "huge": dense(units=2_000_000_000),
    "negative": dense(units=-5),
    "NaN": dense(units=float("nan")),
    "text for a number": dense(units="4" * 99),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_network_imports_and_runs_nothing(name, tmp_path, monkeypatch):
    left = tmp_path / "was here"
    (tmp_path / "canary.py").write_text(CANARY.format(path=str(left)), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotData):
        unpack(forged(FORGED[name]))
    assert not left.exists()


def test_a_forged_network_takes_no_memory(monkeypatch):
    """A million by 50,000 would be 200 GB; then an honest one is built as ever."""
    packed = forged(dense(units=50_000))
    config = json.loads(packed["config"])
    config["layers"][0]["config"]["batch_shape"] = [None, 1_000_000]
    config["layers"][2].pop("build_config")
    made, draw = [], keras.initializers.GlorotUniform.__call__

    def counted(self, shape, *rest, **options):
        made.append(tuple(shape))
        assert np.prod(shape) < 10**6
        return draw(self, shape, *rest, **options)

    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", counted)
    with pytest.raises(NotData, match="shapes"):
        unpack({**packed, "config": json.dumps(config)})
    assert made == []
    again = unpack(pack(residual()))
    assert np.isfinite(again(IMAGES)).all() and made


@pytest.mark.parametrize("kind", ["Functional", "Sequential"])
def test_a_forged_container_imports_nothing(kind, tmp_path, monkeypatch):
    left = tmp_path / "was here"
    (tmp_path / "canary.py").write_text(CANARY.format(path=str(left)), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    inner = keras_part(kind, {"name": "x", "layers": [keras_part("Layer", {}, "canary")]}, "keras")
    outer = keras_part(kind, {"name": "x", "layers": []}, "keras.canary", "canary>Layer")
    for part in (inner, outer):
        with pytest.raises(NotData):
            unpack({**forged(part), "kind": kind})
    assert not left.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Own"},
        {"kind": ["Sequential"]},
        {"config": "no json"},
        {"config": 5},
        {"config": "[" * 100_000},
        {"config": "[]"},
        {"config": "null"},
        {"config": '{"layers": 5}'},
        {"weights": []},
        {"weights": 5},
        {"weights": [np.zeros((9, 9))] * 4},
        {"weights": ["text"] * 4},
        {"trainable": []},
        {"trainable": None},
        {"trainable": [True] * 99},
    ],
)
def test_what_pack_never_writes_is_refused(change):
    packed = pack(with_layer(layers.Dense(4)))
    assert unpack(packed).count_params() == 25
    with pytest.raises(NotData):
        unpack({**packed, **change})


@pytest.mark.parametrize("packed", [None, 5, [], {}, "text", np.zeros(3)])
def test_no_packed_network(packed):
    with pytest.raises(NotData):
        unpack(packed)


def test_a_network_with_functions_and_numbers_between_its_layers_survives():
    inputs = keras.Input((4, 4, 2))
    x = (inputs - np.float32([0.5, 0.25])) / np.float32([2.0, 4.0])
    x = keras.activations.relu(keras.layers.Conv2D(2, 1)(x) + x)
    model = keras.Model(inputs, x)
    images = np.random.default_rng(1).random((3, 4, 4, 2), dtype=np.float32)
    np.testing.assert_allclose(unpack(pack(model))(images), model(images), atol=1e-6)


def test_what_normalization_has_seen_survives():
    layer = keras.layers.Normalization()
    values = np.random.default_rng(1).normal(5, 3, (50, 4)).astype("float32")
    layer.adapt(values)
    model = keras.Sequential([keras.Input((4,)), keras.Sequential([layer]), keras.layers.Dense(1)])
    np.testing.assert_allclose(unpack(pack(model))(values), model(values), atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Dropout(0.1, seed=20241231),
        lambda: layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(seed=2**31 - 1)),
        lambda: layers.RandomFlip(seed=20241231),
        lambda: layers.AlphaDropout(0.1, seed=20241231),
        lambda: layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(GENERATOR)),
    ],
)
def test_a_date_will_do_as_a_seed(layer):
    network = keras.Sequential([keras.Input((4, 4, 3)), layer(), layers.Flatten()])
    assert np.array_equal(unpack(pack(network))(IMAGES[:, :4, :4]), network(IMAGES[:, :4, :4]))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "silu", "relu", "sigmoid", "gelu"])
def test_tensorflows_own_activations_are_kerass(name):
    import tensorflow as tf

    for activation in (getattr(tf.nn, name), getattr(keras.activations, name), name):
        dense = layers.Dense(3, activation=activation)
        network = keras.Sequential([keras.Input((4,)), dense, layers.Activation(activation)])
        x = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
        assert np.allclose(unpack(pack(network))(x), network(x), atol=1e-6)


def test_constants_count_as_parameters():
    inputs = keras.Input((4,))
    dense = keras.Model(inputs, layers.Dense(3)(inputs))
    assert parameters(dense) == dense.count_params() == 15
    array = np.arange(12.0).reshape(4, 3).astype("float32")
    learnt = keras.ops.sum(keras.ops.expand_dims(inputs, -1) * array[None], axis=1) + array[0]
    scaled = layers.Rescaling([0.5, 0.25, 2.0], offset=array[1])(learnt * 0.3)
    normal = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=array[2])(scaled)
    whole = np.arange(20).reshape(1, 20)  # no fractions in it
    ends = keras.ops.max(keras.ops.expand_dims(normal, -1) * whole, axis=-1)
    network = keras.Model(inputs, ends)
    assert network.count_params() == 0
    for known in (network, unpack(pack(network))):
        assert parameters(known) == 12 + 3 + 1 + 6 + 6 + 20
    tensor = keras.Model(inputs, inputs * keras.ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0]))
    assert parameters(unpack(pack(tensor))) == 4


def test_sizes_and_rates_are_no_parameters():
    network = keras.Sequential([keras.Input((8, 8, 1)), layers.Rescaling(1 / 255),
                                layers.RandomTranslation((-0.1, 0.1), (-0.2, 0.2), seed=20241231),
                                layers.Conv2D(2, 3, kernel_initializer=keras.initializers.Constant(
                                    np.ones((3, 3, 1, 2)).tolist())),
                                layers.BatchNormalization(), layers.Dropout(0.3),
                                layers.Flatten(), layers.Dense(2)])  # fmt: skip
    assert parameters(network) - network.count_params() <= 4  # the two ranges
