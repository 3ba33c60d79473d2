"""Measure `course.explain` beside the eager loops of textbooks, and its drawings of filters.

Part of `tools.bench`, which see.
"""

import functools
import statistics
import sys
import time

import numpy as np

from course import explain
from course.data import bases

SIZE, IMAGES, FILTERS = 96, 32, 16
WINDOW, STRIDE, FILL = 32, 16, 0.0
REPEATS, LONG_SECONDS = 3, 20  # what takes longer is measured once


def make_network(images):
    """MobileNetV2 with a head for two classes, not nested; batch norm as after these images."""
    import keras

    keras.utils.set_random_seed(0)
    base = keras.applications.MobileNetV2((SIZE, SIZE, 3), include_top=False, weights=None)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    base(images, training=True)  # without this, random weights put out next to nothing
    means = keras.layers.GlobalAveragePooling2D()(base.output)
    return keras.Model(base.input, keras.layers.Dense(2)(means))


def textbook_grad_cam(observer, images, target):
    """One eager call of a model with two outputs: maps and logits."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        maps, logits = observer(images, training=False)
        score = logits[:, target]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()


def textbook_occlusion(model, image, target, *, at_once):
    """An eager call for each window, or one for all windows of the image."""
    places = range(0, SIZE - WINDOW + 1, STRIDE)
    copies = np.repeat(image[None], 1 + len(places) ** 2, axis=0)
    windows = [(top, left) for top in places for left in places]
    for copy, (top, left) in zip(copies[1:], windows, strict=True):
        copy[top : top + WINDOW, left : left + WINDOW] = FILL
    parts = [copies] if at_once else [copy[None] for copy in copies]
    logits = np.concatenate([model(part, training=False).numpy() for part in parts])[:, target]
    return (logits[0] - logits[1:]).reshape(len(places), len(places))


def measure_heatmaps():
    """Milliseconds of Grad-CAM and occlusion, of explain and of the textbook's loops.

    Returns:
        method -> "first_call_s", with its tracing; "batch" and "single", each with the median
        milliseconds of "explain", "one_at_a_time" (an image, or a window, a call) and "at_once"
        (the batch, or all windows of an image, a call). All three give the same, or it is an end.
    """
    import keras

    images = np.random.default_rng(0).uniform(-1, 1, (IMAGES, SIZE, SIZE, 3)).astype(np.float32)
    model = make_network(images)
    observer = keras.Model(model.input, [model.get_layer("out_relu").output, model.output])

    def occlude(images, at_once):
        maps = [textbook_occlusion(model, image, 1, at_once=at_once) for image in images]
        return np.stack(maps)

    def grad_cam_of_each(images):
        return np.concatenate([textbook_grad_cam(observer, image[None], 1) for image in images])

    methods = {
        "Grad-CAM": {
            "explain": functools.partial(explain.grad_cam, model, target=1),
            "one_at_a_time": grad_cam_of_each,
            "at_once": lambda images: textbook_grad_cam(observer, images, 1),
        },
        "occlusion": {
            "explain": functools.partial(
                explain.occlusion, model, target=1, window=WINDOW, stride=STRIDE, fill=FILL
            ),
            "one_at_a_time": functools.partial(occlude, at_once=False),
            "at_once": functools.partial(occlude, at_once=True),
        },
    }
    measured = {}
    for name, ways in methods.items():
        begin = time.perf_counter()
        ways["explain"](images)
        measured[name] = {
            "first_call_s": time.perf_counter() - begin,
            "batch": _median_ms(name, ways, images),
            "single": _median_ms(name, ways, images[:1]),
        }
    return measured


def _median_ms(name, ways, images):
    """Each way's median time, taken in turns, so that what else the machine does hits all."""
    for way in ways.values():
        way(images[:1])
    times, heatmaps = {way: [] for way in ways}, {}
    for _ in range(REPEATS):
        for way, compute in ways.items():
            if sum(times[way]) < 1000 * LONG_SECONDS:
                begin = time.perf_counter()
                heatmaps[way] = compute(images)
                times[way].append(1000 * (time.perf_counter() - begin))
    expected = heatmaps["one_at_a_time"]
    for way, heat in heatmaps.items():
        if not np.allclose(heat, expected, rtol=0, atol=1e-4 * np.abs(expected).max()):
            sys.exit(f"{name}: explain and the textbook's loops no longer agree ({way})")
    return {way: statistics.median(all_times) for way, all_times in times.items()}


def measure_filters(fine_share):
    """Draw filters of the usual base's last layer, at default settings, by both parameters.

    Args:
        fine_share: lesson 6's function from images to their share of energy in fine structures.
    Returns:
        "base", its title; and of each kind of parameters the seconds, tracing included, those of
        the processor, and the share.
    """
    base = bases.load_base(size=SIZE, verbose=False)
    layer, measured = base.model.layers[-1].name, {"base": base.title}
    for parameters in ("fourier", "pixels"):
        begin, worked = time.perf_counter(), time.process_time()
        drawn = explain.visualise_filters(
            base.model, layer, range(FILTERS), parameters=parameters, preprocess=base.preprocess,
            progress=False,
        )  # fmt: skip
        measured[parameters] = {
            "seconds": time.perf_counter() - begin,
            "processor_seconds": time.process_time() - worked,
            "fine_share": fine_share(drawn),
        }
    return measured


def table_lines(measured):
    """What was measured, as lines of Markdown."""
    windows = len(range(0, SIZE - WINDOW + 1, STRIDE)) ** 2
    lines = [
        f"Heatmaps by `course.explain`, on MobileNetV2 at {SIZE} × {SIZE} pixels, in"
        f" milliseconds (median of {REPEATS}; once, if it takes over {LONG_SECONDS} s), beside a"
        " textbook's eager model: called on one image (Grad-CAM) or one window (occlusion,"
        f" {windows} windows an image) at a time, as tutorials do; or on the whole batch, or all"
        " windows of an image, at once. In brackets, how many times as long that is:",
        "",
        "| heatmap | explain | textbook, one at a time | textbook, at once |",
        "|---|---:|---:|---:|",
    ]
    for name, of_method in measured["heatmaps"].items():
        for said, key in ((f"{IMAGES} images", "batch"), ("one image", "single")):
            times = of_method[key]
            ours, *others = (times[way] for way in ("explain", "one_at_a_time", "at_once"))
            cells = [f"{ours:,.0f}", *(f"{other:,.0f} ({other / ours:.1f})" for other in others)]
            lines.append(f"| {name}, {said} | " + " | ".join(cells) + " |")
    first = (
        f"{of_method['first_call_s']:.1f} s ({name})"
        for name, of_method in measured["heatmaps"].items()
    )
    lines += [
        "",
        f"A model's first call, which compiles, takes {' and '.join(first)}.",
        "",
        f"Drawing {FILTERS} channels of the last layer of {measured['filters']['base']} at"
        f" {SIZE} × {SIZE} pixels with `explain.visualise_filters` as it comes, compiling included;"
        " and which share of the pictures' energy lies in waves shorter than four pixels:",
        "",
        "| parameters | seconds | of the processor | fine structures |",
        "|---|---:|---:|---:|",
    ]
    for parameters in ("fourier", "pixels"):
        drawing = measured["filters"][parameters]
        lines.append(
            f"| {parameters} | {drawing['seconds']:.0f} | {drawing['processor_seconds']:.0f}"
            f" | {drawing['fine_share']:.1%} |"
        )
    return lines
