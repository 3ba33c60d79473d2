"""Runs a model, and notes on the way what goes into and comes out of each of its layers.

A nested model is one layer of the model around it, and the tensors of its symbolic graph are not
part of that one's: a second model with an inner layer as output cannot be had. What does happen is
that each layer, wherever it stands, is called. So for the time of one run each layer's `call` is
replaced by one that also takes notes. That run is the tracing of a `tf.function`, which is kept:
later calls run its graph, and touch no layer.
"""

import collections
import contextlib
import weakref
from typing import Any, NamedTuple

import numpy as np

KEPT = 16  # compiled functions a model; the one unused for longest goes first
_functions: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # model -> key -> function


class Call(NamedTuple):
    """One call of a layer: the layer, what it was given, what it put out."""

    layer: Any
    inputs: Any
    outputs: Any


class Run(NamedTuple):
    """One run of a model: its output, and the calls of its layers in the order they ended."""

    outputs: Any
    calls: list[Call]


# --- Layers -------------------------------------------------------------------------------------


def layers_of(model) -> dict[str, Any]:
    """All layers in and below a model, by path ("inner_model/conv"), each once, in graph order."""
    layers: dict[str, Any] = {}
    known = set()

    def walk(parent, before: str) -> None:
        for layer in parent.layers:
            if id(layer) not in known:
                known.add(id(layer))
                layers[before + layer.name] = layer
                if hasattr(layer, "layers"):
                    walk(layer, f"{before}{layer.name}/")

    walk(model, "")
    return layers


def find_path(model, name: str) -> str:
    """The path of the layer with this name or path.

    Raises:
        ValueError: there is none, or more than one; the message lists those that exist.
    """
    layers = layers_of(model)
    if name in layers:
        return name
    paths = [path for path, layer in layers.items() if layer.name == name]
    if len(paths) == 1:
        return paths[0]
    if paths:
        raise ValueError(f"{len(paths)} layers have the name {name!r}; give one of {paths}")
    raise ValueError(f"no layer has the name {name!r}; there are {', '.join(layers)}")


def is_convolution(layer) -> bool:
    from keras import layers

    kinds = layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D
    return isinstance(layer, kinds)


def convolutions(model) -> list[str]:
    """The paths of all convolutions.

    Raises:
        ValueError: there is none.
    """
    layers = layers_of(model)
    paths = [path for path, layer in layers.items() if is_convolution(layer)]
    if not paths:
        raise ValueError(
            f"the model {model.name!r} has no convolution (Conv2D and its kin) among its layers: "
            f"{', '.join(layers)}"
        )
    return paths


# --- A run, and what to take from it ------------------------------------------------------------


@contextlib.contextmanager
def _noted(layers, calls: list[Call]):
    """While this lasts, these layers add to `calls` when they are called."""

    def noting(layer, call):
        def noted(*args, **kwargs):
            outputs = call(*args, **kwargs)
            calls.append(Call(layer, [*args, *kwargs.values()][0], outputs))
            return outputs

        return noted

    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(_replaced(layer, "call", noting(layer, layer.call)))
        yield


@contextlib.contextmanager
def _replaced(layer, name: str, value):
    """Give a layer another attribute for a while, past Keras's and TensorFlow's own tracking."""
    own, missing = vars(layer), object()
    before = own.get(name, missing)
    own[name] = value
    try:
        yield
    finally:
        if before is missing:
            del own[name]
        else:
            own[name] = before


def run(model, images) -> Run:
    """Run the model in inference mode; inside a `tf.function`, see `call`."""
    calls: list[Call] = []
    with _noted(layers_of(model).values(), calls):
        outputs = model(images, training=False)
    return Run(outputs, calls)


def without_activation(call: Call):
    """What a layer puts out if its activation is left away."""
    import keras

    with _replaced(call.layer, "activation", keras.activations.linear):
        return call.layer(call.inputs)


def before_activation(call: Call):
    """What a layer puts out before its activation, if it has one or is one."""
    import keras
    from keras import layers

    if isinstance(call.layer, layers.Activation | layers.ReLU | layers.LeakyReLU | layers.ELU):
        return call.inputs
    own = getattr(call.layer, "activation", None)
    if own in (None, keras.activations.linear) or not is_convolution(call.layer):
        return call.outputs
    return without_activation(call)


def _to_logits(done: Run):
    """The model's output before a softmax or sigmoid at its end, and the name of that."""
    import keras
    from keras import layers

    last = maker(done, done.outputs)
    if last is None:
        return done.outputs, None
    if isinstance(last.layer, layers.Softmax):
        return last.inputs, "softmax"
    for name in ("softmax", "sigmoid"):
        if getattr(last.layer, "activation", None) is getattr(keras.activations, name):
            if isinstance(last.layer, layers.Activation):
                return last.inputs, name
            return without_activation(last), name
    return done.outputs, None


def maker(done: Run, tensor) -> Call | None:
    """The call that made a tensor: the first, as dropout hands on what it was given."""
    return next((call for call in done.calls if call.outputs is tensor), None)


def logits(done: Run):
    """Tensor of logits, float32, shape (N, classes); one unit's is class 1, its negative class 0.

    What goes into a softmax or sigmoid, be it the last layer's own or a layer by itself.
    """
    import tensorflow as tf

    raw = tf.cast(_to_logits(done)[0], tf.float32)
    return tf.concat([-raw, raw], axis=-1) if raw.shape[-1] == 1 else raw


def head(done: Run) -> Call | None:
    """The call that made the logits: that of the last layer but for an activation by itself."""
    last = maker(done, done.outputs)
    raw, _ = _to_logits(done)
    return maker(done, raw) if last is not None and raw is last.inputs else last


def scores(done: Run, targets):
    """Tensor, shape (N,): each image's logit of its target, or its highest where that is -1."""
    import tensorflow as tf

    values = logits(done)
    best = tf.argmax(values, axis=-1, output_type=tf.int32)
    return tf.gather(values, tf.where(targets < 0, best, targets), batch_dims=1)


def probabilities(model, images):
    """Tensor, shape (N, classes): as the model's own last activation says, else softmax."""
    import tensorflow as tf

    done = run(model, images)
    values, (raw, activation) = logits(done), _to_logits(done)
    # Both classes of one unit, too: the sigmoid of -z is what is missing from that of z to 1.
    sigmoid = activation == "sigmoid" or raw.shape[-1] == 1
    return tf.sigmoid(values) if sigmoid else tf.nn.softmax(values)


def maps_of(done: Run, layer) -> Call:
    """The last call of a layer that puts out feature maps; None: that of the last convolution.

    What follows the last convolution at the same size counts as part of it: normalisation,
    activation, the sum of a residual block. Without these, its maps would be half a result.
    """
    if layer is not None:
        calls = [call for call in done.calls if call.layer is layer]
        if not calls:
            raise ValueError(f"the layer {layer.name!r} is not used in the model; give another")
        if len(getattr(calls[-1].outputs, "shape", ())) != 4:
            raise ValueError(
                f"the layer {layer.name!r} puts out the shape {shape_of(calls[-1].outputs)}, and "
                "feature maps are (N, h, w, c); give the name of a layer before it"
            )
        return calls[-1]
    last = max(i for i, call in enumerate(done.calls) if is_convolution(call.layer))
    best = done.calls[last]
    for call in done.calls[last:]:
        shape = getattr(call.outputs, "shape", ())
        if len(shape) != 4 or shape[1:3] != best.outputs.shape[1:3]:
            break
        best = call
    return best


def shape_of(tensor) -> str:
    shape = getattr(tensor, "shape", ("?",))
    return str(tuple(shape)).replace("None", "N")


# --- Compiled functions -------------------------------------------------------------------------


def call(model, body, arrays, *options) -> Any:
    """Run body(model, *tensors, *options), compiled for this model and these shapes.

    Args:
        model: a model that `arguments.check_built` would pass, or one of other images.
        body: function of this package, at module level.
        arrays: float32 or int32 arrays; their first axis may have another length each time, and
            a scalar may differ.
        options: whatever else the body needs, hashable.
    Returns:
        what the body returns, with tensors.
    Raises:
        ValueError: from the body.
    """
    import tensorflow as tf

    arrays = [tf.convert_to_tensor(array) for array in arrays]
    specs = [tf.TensorSpec([None, *a.shape[1:]] if a.shape else [], a.dtype) for a in arrays]
    # A Sequential can get other layers, and a layer another activation.
    layout = tuple(
        (path, id(layer), id(getattr(layer, "activation", None)))
        for path, layer in layers_of(model).items()
    )
    key = (body, tuple((*spec.shape, spec.dtype) for spec in specs), options, layout)
    kept = _functions.setdefault(model, collections.OrderedDict())
    if key in kept:
        kept.move_to_end(key)
        return kept[key](*arrays)
    function = tf.function(
        lambda *tensors: body(model, *tensors, *options), input_signature=specs, autograph=False
    )
    # Only its graph is kept: that holds the weights, and not the model, which would never go. Also,
    # TensorFlow warns of calls that trace, and for one layer after the other they have to.
    kept[key] = function.get_concrete_function()
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return kept[key](*arrays)


def in_batches(model, body, batch_size: int, arrays, *options) -> np.ndarray | list[np.ndarray]:
    """Run the body on so many rows of the arrays at once, and join what it puts out.

    Raises:
        ValueError: it is not finite.
    """
    parts = []
    for begin in range(0, len(arrays[0]), batch_size):
        rows = [array[begin : begin + batch_size] for array in arrays]
        outputs = call(model, body, rows, *options)
        several = isinstance(outputs, list | tuple)
        parts.append(
            [np.asarray(tensor, np.float32) for tensor in (outputs if several else [outputs])]
        )
        for array in parts[-1]:
            check_result(array)
    joined = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    return joined if several else joined[0]


def repeated(model, body, images, targets, versions: int, make, batch_size: int, progress=None):
    """Run the body on several versions of each image, so many at once.

    Args:
        make: function of two int arrays, shape (n,), numbers of images and of versions, to the
            versions, float32 array, shape (n, H, W, C).
        progress: what the progress bar is to say; None shows none.
    Yields:
        numbers of images, numbers of versions, and what the body made of these.
    """
    from tqdm.auto import tqdm

    total = len(images) * versions
    with tqdm(total=total, desc=progress, leave=False, disable=progress is None) as bar:
        for begin in range(0, total, batch_size):
            i, k = np.divmod(np.arange(begin, min(begin + batch_size, total)), versions)
            batch = np.asarray(make(i, k), np.float32)
            yield i, k, in_batches(model, body, batch_size, (batch, targets[i]))
            bar.update(len(i))


def score_batch(model, images, targets):
    """Body of `call`: the targets' logits."""
    return scores(run(model, images), targets)


def probability_batch(model, images, targets):
    """Body of `call`: the targets' probabilities."""
    import tensorflow as tf

    return tf.gather(probabilities(model, images), targets, batch_dims=1)


def logit_batch(model, images):
    """Body of `call`: the logits."""
    return logits(run(model, images))


def check_result(result: np.ndarray) -> None:
    """Raise ValueError if finite weights and images made something that is not."""
    if not np.isfinite(result).all():
        raise ValueError(
            "the model's weights and the images are finite, and what it makes of them is not: "
            "numbers became too large on the way; were the images preprocessed as in training?"
        )
