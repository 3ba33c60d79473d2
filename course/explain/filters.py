"""Pictures of what a channel responds to, by gradient ascent on the pixels or their spectrum."""

import numpy as np

from course.explain import arguments, network
from course_utils.arguments import check_integer

PARAMETERS = ("fourier", "pixels")
SIZE = 96  # where the model leaves it open
SLOPE = 0.1  # of negative activations, so that a channel that is off everywhere can be woken
ADAM = 0.9, 0.99, 1e-8
# How the colours of natural images go together (a square root of their covariance): lucid's.
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)


def visualise_filters(
    model, layer, channels, *, size=None, steps=64, seed=0, parameters="fourier", rate=None,
    jitter=None, zoom=None, preprocess=None, batch_size=16, progress=True,
) -> np.ndarray:  # fmt: skip
    """Find images to which channels of a layer respond strongly, by gradient ascent.

    What is raised is the mean over the channel's map, taken before the activation if the layer
    has one or is one, with a tenth of what is negative there: so a channel that is off everywhere,
    or at the upper end of a ReLU6, has a gradient too.

    Args:
        model: keras.Model of images, built; with or without a top.
        layer: name of a layer that puts out feature maps, in the model or one inside it.
        channels: list of channel numbers.
        size: side of the images in pixels; None for that of the model.
        steps: of the ascent, >= 1.
        seed: of the noise that it starts from, which is the same for each channel, and of jitter
            and zoom.
        parameters: "pixels" climbs from grey noise by steps along the gradient, divided by its
            root mean square; "fourier" climbs, with Adam, in the spectrum of the image, divided
            by the frequency, with colours that go together as in photographs.
        rate: of each step; None for 0.02 ("pixels") or 0.05 ("fourier").
        jitter: the image is moved by up to so many pixels in each step; None for 0 ("pixels") or
            a twelfth of the size ("fourier").
        zoom: and scaled by a factor of up to 1 + zoom or 1 - zoom; None for 0 ("pixels") or 0.1
            ("fourier").
        preprocess: function from pixels in [0, 255] to what the model takes, such as that of a
            base; None if that is pixels in [0, 255].
        batch_size: channels at once, >= 1.
        progress: show a progress bar.
    Returns:
        float32 array, shape (len(channels), size, size, C), values in [0, 1].
    Raises:
        ValueError: an unknown layer, a channel out of range, or other arguments than these.
    Source: Olah et al., "Feature visualization", 2017, and its library lucid.
    """
    from tqdm.auto import tqdm

    arguments.check_model(model)
    path = network.find_path(model, layer)
    channels = _check_channels(model, path, channels)
    size = _check_size(model, size)
    steps = check_integer("steps", steps, least=1)
    batch_size = check_integer("batch_size", batch_size, least=1)
    if parameters not in PARAMETERS:
        raise ValueError(f"parameters is {parameters!r}; give one of {', '.join(PARAMETERS)}")
    fourier = parameters == "fourier"
    rate = rate if rate is not None else 0.05 if fourier else 0.02
    jitter = jitter if jitter is not None else size // 12 if fourier else 0
    zoom = zoom if zoom is not None else 0.1 if fourier else 0.0
    depth, kind = model.inputs[0].shape[-1], (path, parameters, preprocess, bool(jitter or zoom))
    start = _start(size, depth, seed, fourier)
    drawn = []
    total = steps * -(-len(channels) // batch_size)
    with tqdm(total=total, desc=f"filters of {layer}", leave=False, disable=not progress) as bar:
        for begin in range(0, len(channels), batch_size):
            chosen = channels[begin : begin + batch_size]
            value = np.repeat(start[None], len(chosen), axis=0)
            state = value, np.zeros_like(value), np.zeros_like(value)
            for step in range(steps):
                numbers = np.array([step, seed], np.int32)
                moves = np.array([rate, jitter / size, zoom], np.float32)
                state = network.call(model, _climb, (*state, chosen, numbers, moves), *kind)
                bar.update()
            images = network.call(model, _image_batch, (state[0],), parameters)
            drawn.append(np.asarray(images, np.float32))
            network.check_result(drawn[-1])
    return np.concatenate(drawn)


def _climb(
    model, value, first, second, channels, numbers, moves, path, parameters, preprocess, moved
):
    """One step: the parameters of the images, and the two moments of their gradient."""
    import tensorflow as tf

    images = _as_images(value, parameters)
    seen = _moved(images, moves[1], moves[2], numbers) if moved else images
    seen = 255 * seen
    done = network.run(model, preprocess(seen) if preprocess else seen)
    call = network.maps_of(done, network.layers_of(model)[path])
    maps = tf.cast(network.before_activation(call), tf.float32)
    # Not tf.nn.leaky_relu: TensorFlow's optimiser fails on its gradient after a bias, and says so.
    maps = tf.maximum(maps, SLOPE * maps)
    raised = tf.gather(tf.transpose(maps, [0, 3, 1, 2]), channels, batch_dims=1)
    (slopes,) = tf.gradients(tf.reduce_mean(raised, axis=(1, 2)), value)
    if slopes is None:
        raise ValueError(f"the layer {call.layer.name!r} has no gradient by the pixels")
    if parameters == "pixels":
        size = tf.sqrt(tf.reduce_mean(slopes**2, axis=(1, 2, 3), keepdims=True))
        value = value + moves[0] * tf.math.divide_no_nan(slopes, size)
        return tf.clip_by_value(value, 0.0, 1.0), first, second
    keep, keep_square, least = ADAM
    first = keep * first + (1 - keep) * slopes
    second = keep_square * second + (1 - keep_square) * slopes**2
    time = tf.cast(numbers[0] + 1, tf.float32)
    rate = moves[0] * tf.sqrt(1 - keep_square**time) / (1 - keep**time)  # as keras.optimizers.Adam
    return value + rate * first / (tf.sqrt(second) + least), first, second


def _start(size: int, depth: int, seed: int, fourier: bool) -> np.ndarray:
    """The parameters that the ascent starts from, without the axis of the channels."""
    rng = np.random.default_rng(seed)
    if fourier:
        shape = (2, depth, size, size // 2 + 1)  # real and imaginary parts
        return (0.01 * rng.standard_normal(shape)).astype(np.float32)
    return rng.uniform(0.4, 0.6, (size, size, depth)).astype(np.float32)


def _image_batch(_model, value, parameters):
    """Body of `network.call`: the images."""
    return _as_images(value, parameters)


def _as_images(value, parameters):
    """The images that the parameters stand for, values in [0, 1]."""
    import tensorflow as tf

    if parameters == "pixels":
        return tf.identity(value)
    size, depth = value.shape[3], value.shape[2]
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    scale = (size / np.maximum(frequency, 1 / size)).astype(np.float32)
    spectrum = tf.complex(value[:, 0] * scale, value[:, 1] * scale)
    images = tf.signal.irfft2d(spectrum, [size, size]) / 4
    images = tf.transpose(images, [0, 2, 3, 1])
    if depth == 3:
        images = images @ (COLOURS / np.linalg.norm(COLOURS, axis=0).max()).T
    return tf.sigmoid(images)


def _moved(images, jitter, zoom, numbers):
    """The images moved and scaled at random, the same for each; grey comes in from outside."""
    import tensorflow as tf

    draws = tf.random.stateless_uniform([3], numbers, -1.0, 1.0)
    middle, half = 0.5 + jitter * draws[:2], 0.5 / (1.0 + zoom * draws[2])
    box = tf.concat([middle - half, middle + half], axis=0)
    n, size = tf.shape(images)[0], images.shape[1]
    boxes = tf.repeat(box[None], n, axis=0)
    return tf.image.crop_and_resize(
        images, boxes, tf.range(n), [size, size], extrapolation_value=0.5
    )


def _check_channels(model, path: str, channels) -> np.ndarray:
    given = np.asarray(channels)
    if given.ndim != 1 or given.dtype.kind not in "ui" or not len(given):
        raise ValueError(f"channels is {channels!r}; give a list of channel numbers")
    shape = network.layers_of(model)[path].output.shape
    if len(shape) != 4:
        raise ValueError(
            f"the layer {path!r} puts out {len(shape) - 1} axes an image, and feature maps have "
            "3; give the name of a layer before it"
        )
    if given.min() < 0 or given.max() >= shape[-1]:
        raise ValueError(
            f"channels goes from {given.min()} to {given.max()}; the layer {path!r} has channels "
            f"0 to {shape[-1] - 1}"
        )
    return given.astype(np.int32)


def _check_size(model, size) -> int:
    height, width = model.inputs[0].shape[1:3]
    if size is None:
        size = height or width or SIZE
    size = check_integer("size", size, least=1)
    if any(side not in (None, size) for side in (height, width)):
        raise ValueError(
            f"size is {size}, and the model {model.name!r} takes images of {height} x {width}; "
            "leave size out, or build the model for another"
        )
    return size
