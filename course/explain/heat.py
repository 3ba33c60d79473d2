"""Maps of one image each: where the evidence for a class is."""

import numpy as np

from course.explain import arguments, network
from course_utils.arguments import check_integer

METHODS = ("grad-cam", "hirescam", "layercam", "grad-cam++")
MAGNITUDE, SIGNED = "viridis", "coolwarm"  # colours of heat that is never negative, and of other


def class_activation_map(model, images, *, target=None, batch_size=32) -> np.ndarray:
    """Compute where a class's evidence lies in a model that ends in pooling and one Dense layer.

    The logit is the mean over the map, plus the bias.

    Args:
        model: keras.Model that ends in feature maps, GlobalAveragePooling2D and Dense; dropout
            may stand between, a softmax or sigmoid after.
        images: as for `feature_maps`.
        target: class number, or an integer array, shape (N,); None for the class with the highest
            logit. With one output unit, 1 is what it stands for and 0 the other class.
        batch_size: images at once, >= 1.
    Returns:
        float32 array, shape (h, w) or (N, h, w), signed.
    Raises:
        ValueError: the model ends otherwise, the class is out of range, or as `feature_maps`.
    Source: Zhou et al., "Learning deep features for discriminative localization", 2016.
    """
    return _for_each(_class_activation_map, model, images, target, batch_size)


def _for_each(compute, model, images, target, batch_size):
    """What `compute(model, images, targets)` gives, batch by batch, for checked arguments."""
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    targets = arguments.check_targets(target, len(batch), classes)
    batch_size = check_integer("batch_size", batch_size, least=1)
    maps = network.in_batches(model, compute, batch_size, (batch, targets))
    return maps[0] if single else maps


def _class_activation_map(model, images, targets):
    import tensorflow as tf
    from keras import layers

    done = network.run(model, images)
    head = network.head(done)
    pooled = head and network.maker(done, head.inputs)
    if not (
        pooled
        and isinstance(head.layer, layers.Dense)
        and isinstance(pooled.layer, layers.GlobalAveragePooling2D)
    ):
        raise ValueError(
            f"the model {model.name!r} does not end in GlobalAveragePooling2D and one Dense "
            "layer, as class activation maps need; use grad_cam, which takes any model"
        )
    kernel = tf.cast(head.layer.kernel, tf.float32)
    if kernel.shape[-1] == 1:
        kernel = tf.concat([-kernel, kernel], axis=-1)
    best = tf.argmax(network.logits(done), axis=-1, output_type=tf.int32)
    weights = tf.gather(tf.transpose(kernel), tf.where(targets < 0, best, targets))
    return tf.einsum("nhwc,nc->nhw", tf.cast(pooled.inputs, tf.float32), weights)


def grad_cam(
    model, images, *, layer=None, target=None, method="grad-cam", relu=True, batch_size=32
) -> np.ndarray:
    """Compute where a layer's maps speak for a class, from the gradient of its logit.

    Args:
        model: keras.Model of images to classes, built; Sequential, functional or nested.
        images: as for `feature_maps`.
        layer: name of a layer that puts out feature maps; None for the last convolution, with
            the normalisation, activation and residual sum that follow it at the same size.
        target: as for `class_activation_map`.
        method: with maps A, shape (h, w, c), and the logit's gradient G,
            "grad-cam": sum over c of mean(G) * A;
            "hirescam": sum over c of G * A;
            "layercam": sum over c of max(G, 0) * A;
            "grad-cam++": as Grad-CAM, with a weighted mean of max(G, 0).
        relu: keep what speaks for the class, and drop what speaks against it.
        batch_size: images at once, >= 1.
    Returns:
        float32 array, shape (h, w) or (N, h, w), of the layer's size; >= 0 if relu.
    Raises:
        ValueError: no convolution, an unknown layer or method, a class out of range, or as
            `feature_maps`.
    Source: Selvaraju et al., "Grad-CAM", 2017; Draelos and Carin, "HiResCAM", 2020; Jiang et al.,
        "LayerCAM", 2021; Chattopadhyay et al., "Grad-CAM++", 2018, of exp(logit), without the
        positive factor exp(logit) that all of a map has in common.
    """
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    targets = arguments.check_targets(target, len(batch), classes)
    batch_size = check_integer("batch_size", batch_size, least=1)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; give one of {', '.join(METHODS)}")
    known = network.convolutions(model) if layer is None else None
    path = None if known else network.find_path(model, layer)
    arrays = batch, targets
    heat = network.in_batches(model, _grad_cam, batch_size, arrays, path, method, bool(relu))
    return heat[0] if single else heat


def _grad_cam(model, images, targets, path, method, relu):
    import tensorflow as tf

    done = network.run(model, images)
    call = network.maps_of(done, path and network.layers_of(model)[path])
    (slopes,) = tf.gradients(network.scores(done, targets), call.outputs)
    if slopes is None:
        raise ValueError(
            f"the logits of {model.name!r} do not depend on the layer {call.layer.name!r} in a way "
            "that has a gradient; give another layer"
        )
    maps, slopes = tf.cast(call.outputs, tf.float32), tf.cast(slopes, tf.float32)
    if method == "grad-cam":
        exact = tf.reduce_mean(tf.cast(slopes, tf.float64), axis=(1, 2), keepdims=True)
        weights = tf.cast(exact, tf.float32)  # in float32, large maps would add up to 1e-6
    elif method == "hirescam":
        weights = slopes
    elif method == "layercam":
        weights = tf.nn.relu(slopes)
    else:
        total = tf.reduce_sum(maps, axis=(1, 2), keepdims=True)
        shares = tf.math.divide_no_nan(slopes**2, 2 * slopes**2 + total * slopes**3)
        weights = tf.reduce_sum(shares * tf.nn.relu(slopes), axis=(1, 2), keepdims=True)
    heat = tf.reduce_sum(weights * maps, axis=-1)
    return tf.nn.relu(heat) if relu else heat


def occlusion(
    model, images, *, target=None, window, stride, fill=0.0, batch_size=32, progress=False
) -> np.ndarray:
    """Measure how far a class's logit falls when a window of the image is covered.

    Args:
        model: keras.Model of images to classes, built.
        images: as for `feature_maps`.
        target: as for `class_activation_map`.
        window: side of the square window in pixels, >= 1.
        stride: pixels from one window to the next, >= 1.
        fill: what covers it, in the images' units: a number, one a channel, or an image.
        batch_size: covered images at once, >= 1.
        progress: show a progress bar.
    Returns:
        float32 array, shape (h, w) or (N, h, w) with h = (H - window) // stride + 1: the logit of
        the image minus that of the covered image, > 0 where the window hides evidence.
        `spread_windows` brings it to the size of the image.
    Raises:
        ValueError: the window is larger than the image; a fill that does not fit; or as `grad_cam`.
    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014.
    """
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    window = check_integer("window", window, least=1)
    stride = check_integer("stride", stride, least=1)
    height, width = batch.shape[1:3]
    if window > min(height, width):
        raise ValueError(
            f"window is {window}, and the images are {height} x {width}; give a smaller one"
        )
    fill = arguments.filled(batch, fill, "fill")
    targets = arguments.settle_targets(model, batch, target, classes, batch_size)
    tops, lefts = (np.arange(0, side - window + 1, stride) for side in (height, width))

    def covered(i, k):
        made = batch[i]
        for copy, number, top, left in zip(
            made, i, tops[k // len(lefts)], lefts[k % len(lefts)], strict=True
        ):
            place = (slice(top, top + window), slice(left, left + window))
            copy[place] = fill[number][place]
        return made

    before = network.in_batches(model, network.score_batch, batch_size, (batch, targets))
    drops = np.zeros((len(batch), len(tops) * len(lefts)), np.float32)
    for i, k, after in network.repeated(
        model, network.score_batch, batch, targets, drops.shape[1], covered, batch_size,
        "occlusion" if progress else None,
    ):  # fmt: skip
        drops[i, k] = before[i] - after
    drops = drops.reshape(-1, len(tops), len(lefts))
    return drops[0] if single else drops


def spread_windows(drops, *, size, window, stride) -> np.ndarray:
    """Bring the result of `occlusion` to the size of the image.

    Args:
        drops: float array, shape (h, w) or (N, h, w), from `occlusion`.
        size: (H, W) of the images.
        window, stride: as they were for `occlusion`.
    Returns:
        float32 array, shape (H, W) or (N, H, W): each pixel has the mean of the windows that
        cover it; 0 where none does.
    Raises:
        ValueError: the drops have another shape than such windows give.
    Example:
        >>> spread_windows(np.array([[1.0, 3.0]]), size=(2, 4), window=2, stride=2)
        array([[1., 1., 3., 3.],
               [1., 1., 3., 3.]], dtype=float32)
    """
    drops = np.asarray(drops, np.float32)
    shape = tuple((side - window) // stride + 1 for side in size)
    if drops.ndim not in (2, 3) or drops.shape[-2:] != shape:
        raise ValueError(
            f"drops has the shape {drops.shape}; windows of {window} every {stride} pixels on "
            f"images of {size[0]} x {size[1]} give (N, {shape[0]}, {shape[1]})"
        )
    total = np.zeros((*drops.shape[:-2], *size), np.float32)
    times = np.zeros(size, np.float32)
    for row, column in np.ndindex(*shape):
        top, left = row * stride, column * stride
        place = (..., slice(top, top + window), slice(left, left + window))
        total[place] += drops[..., row, column, None, None]
        times[place] += 1
    return total / np.maximum(times, 1)


def saliency(model, images, *, target=None, batch_size=32) -> np.ndarray:
    """Compute the gradient of a class's logit by each pixel.

    Args:
        model, images, target, batch_size: as for `grad_cam`.
    Returns:
        float32 array, shape (H, W, C) or (N, H, W, C), signed; `np.abs(...).max(axis=-1)` is the
        map that the paper shows.
    Raises:
        ValueError: as `grad_cam`.
    Source: Simonyan et al., "Deep inside convolutional networks", 2014.
    """
    return _for_each(_pixel_slopes, model, images, target, batch_size)


def _pixel_slopes(model, images, targets):
    import tensorflow as tf

    (slopes,) = tf.gradients(network.scores(network.run(model, images), targets), images)
    if slopes is None:
        raise ValueError(f"the logits of {model.name!r} have no gradient by the pixels")
    return slopes


def smooth_grad(
    model, images, *, target=None, samples=25, noise=0.15, seed=0, batch_size=32
) -> np.ndarray:
    """Average the gradients of a class's logit over noisy copies of the image.

    Args:
        model, images, target, batch_size: as for `grad_cam`; the class with the highest logit is
            that of the image without noise.
        samples: copies, >= 1.
        noise: standard deviation beside the image's range (largest minus smallest value), >= 0.
        seed: of the noise, which is the same for each image of a batch.
    Returns:
        float32 array, shape (H, W, C) or (N, H, W, C), signed.
    Raises:
        ValueError: noise is negative; or as `grad_cam`.
    Source: Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017.
    """
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    samples = check_integer("samples", samples, least=1)
    if not noise >= 0:
        raise ValueError(f"noise is {noise!r}; give 0 or more, such as 0.15")
    spread = noise * np.ptp(batch, axis=(1, 2, 3), keepdims=True)

    def noisy(i, k):
        draws = [np.random.default_rng([seed, j]) for j in k]
        added = np.stack([rng.standard_normal(batch.shape[1:], np.float32) for rng in draws])
        return batch[i] + spread[i] * added

    targets = arguments.settle_targets(model, batch, target, classes, batch_size)
    slopes = _mean_slopes(model, batch, targets, samples, noisy, batch_size)
    return slopes[0] if single else slopes


def integrated_gradients(
    model, images, *, target=None, baseline=0.0, steps=128, batch_size=32
) -> np.ndarray:
    """Share out to the pixels by how much a class's logit differs from that of a baseline.

    The attributions of an image sum to logit(image) - logit(baseline), the better the more steps.

    Args:
        model, images, target, batch_size: as for `grad_cam`.
        baseline: the image without evidence, in the images' units: a number, one a channel, or
            an image.
        steps: points on the straight line from the baseline to the image, >= 1; the integral is
            taken by the midpoint rule.
    Returns:
        float32 array, shape (H, W, C) or (N, H, W, C), signed.
    Raises:
        ValueError: a baseline that does not fit; or as `grad_cam`.
    Source: Sundararajan et al., "Axiomatic attribution for deep networks", 2017.
    """
    classes = arguments.check_classifier(model)
    batch, single = arguments.check_images(model, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    steps = check_integer("steps", steps, least=1)
    baseline = arguments.filled(batch, baseline, "baseline")
    targets = arguments.settle_targets(model, batch, target, classes, batch_size)

    def between(i, k):
        way = ((k + 0.5) / steps).astype(np.float32).reshape(-1, 1, 1, 1)
        return baseline[i] + way * (batch[i] - baseline[i])

    slopes = _mean_slopes(model, batch, targets, steps, between, batch_size)
    slopes *= batch - baseline
    return slopes[0] if single else slopes


def _mean_slopes(model, batch, targets, versions, make, batch_size) -> np.ndarray:
    total = np.zeros_like(batch)
    for i, _, slopes in network.repeated(
        model, _pixel_slopes, batch, targets, versions, make, batch_size
    ):
        np.add.at(total, i, slopes)
    return total / np.float32(versions)


def overlay(image, heatmap, *, opacity=0.7, colours=None, limit=None) -> np.ndarray:
    """Put a heatmap on its image: the hotter, the less of the image is seen.

    Args:
        image: uint8 array, or float array with values in [0, 1]; shape (H, W), (H, W, 1) or
            (H, W, 3).
        heatmap: float array, shape (h, w), of any size; it is made as large as the image.
        opacity: of the greatest heat, in [0, 1]; no heat is transparent.
        colours: name of a matplotlib colour map; None for "viridis", or for "coolwarm" centred on
            zero if some heat is negative.
        limit: what counts as greatest heat, > 0, for heatmaps that are to be compared; None for
            the largest magnitude in this one.
    Returns:
        uint8 array, shape (H, W, 3), RGB.
    Raises:
        ValueError: a shape or a range other than these; the message states which.
    Example:
        >>> image = np.full((4, 4), 100, np.uint8)
        >>> overlay(image, np.zeros((2, 2)))[0, 0].tolist()
        [100, 100, 100]
    """
    import matplotlib

    image, heatmap = _pixels(image), np.asarray(heatmap, np.float32)
    if heatmap.ndim != 2 or not np.isfinite(heatmap).all():
        raise ValueError(
            f"heatmap has the shape {heatmap.shape}; give one of the shape (h, w), finite: of a "
            "batch, one at a time; of attributions, np.abs(...).max(axis=-1)"
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is {opacity!r}; give a number from 0 to 1")
    if limit is not None and not limit > 0:
        raise ValueError(f"limit is {limit!r}; give a number above 0, or None")
    signed = bool((heatmap < 0).any())
    heat = resized(heatmap, image.shape[:2]) / (limit or float(np.abs(heatmap).max()) or 1)
    heat = np.clip(heat, -1, 1)
    colours = matplotlib.colormaps[colours or (SIGNED if signed else MAGNITUDE)]
    coloured = colours((heat + 1) / 2 if signed else heat)[..., :3]
    cover = opacity * np.abs(heat)[..., None]
    return np.rint(255 * (image * (1 - cover) + coloured * cover)).astype(np.uint8)


def _pixels(image) -> np.ndarray:
    """An image as float array, shape (H, W, 3), values in [0, 1]."""
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ValueError(f"image has the shape {image.shape}; give (H, W), (H, W, 1) or (H, W, 3)")
    if image.dtype == np.uint8:
        image = image / 255.0
    elif not (image.dtype.kind == "f" and image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"image is {image.dtype} with values from {image.min():g} to {image.max():g}; give "
            "uint8, or floats in [0, 1]: pixels in [0, 255] as image.astype(np.uint8)"
        )
    return np.broadcast_to(image, (*image.shape[:2], 3))


def resized(heatmap: np.ndarray, size) -> np.ndarray:
    """A heatmap, shape (h, w), in another size, by bilinear interpolation; float32."""
    from skimage.transform import resize

    if heatmap.shape == tuple(size):
        return heatmap
    return resize(heatmap.astype(np.float32), size, order=1, mode="edge", anti_aliasing=False)
