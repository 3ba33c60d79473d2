"""Pretrained bases for transfer learning: networks without their top, weights and preprocessing.

    base = bases.load_base("mobilenetv2", size=150)
    feature_maps = base.model(base.preprocess(images), training=False)

The weights are those of `keras.applications`, looked for in the cache, in a mirror, in Keras's own
cache folder and on their host. A file is taken only if it has its published hash, where there is
one, fits its network, and holds finite numbers. With none to be had, there is the course's own
base, whose weights come with it: see `course.data.course_base`.
"""

import contextlib
import functools
import hashlib
import os
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course.data import course_base, download, sources
from course.data.download import DataError
from course.data.forward_pass import check_forward_pass
from course.data.sources import DataFile, Dataset, data_folder
from course_utils import recorded
from course_utils.arguments import check_integer
from course_utils.start import import_tensorflow

if TYPE_CHECKING:
    import keras

__all__ = [
    "DATASETS",
    "NAMES",
    "Base",
    "check_file",
    "check_size",
    "fill",
    "load_base",
    "preprocessing",
    "random_numbers_kept",
]

USUAL, COURSE = "mobilenetv2", "course"
USUAL_BATCH = 32  # images that must fit into memory
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"


class _Network(NamedTuple):
    title: str
    module: str  # of keras.applications; also its folder on the host
    file: str
    md5: str
    megabytes: float
    top_block: str  # the first layer of the last block
    smallest: int = 32  # side of the images, in pixels


# fmt: off
_NETWORKS = {  # files and hashes: keras/src/applications
    "mobilenetv2": _Network(  # these weights serve all sizes
        "MobileNetV2", "mobilenet_v2", f"mobilenet_v2_{_KERNELS}_1.0_224_no_top.h5", "", 9.4,
        "block_16_expand"),
    "vgg16": _Network(
        "VGG16", "vgg16", f"vgg16_{_KERNELS}_notop.h5", "6d6bbae143d832006294945121d1f1fc", 58.9,
        "block5_conv1"),
    "resnet50": _Network(
        "ResNet50", "resnet", f"resnet50_{_KERNELS}_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626", 94.8, "conv5_block1_1_conv"),
    "inceptionv3": _Network(
        "InceptionV3", "inception_v3", f"inception_v3_{_KERNELS}_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63", 87.9, "after mixed9", 75),
    "efficientnetv2b0": _Network(
        "EfficientNetV2B0", "efficientnet_v2", "efficientnetv2-b0_notop.h5",
        "893217f2bb855e2983157299931e43ff", 24.3, "block6h_expand_conv"),
}
DATASETS = {
    name: Dataset(
        network.title, "weights", {}, (f"{_KERAS}{network.module}/",), "models/",
        (DataFile(network.file, network.md5 and f"md5:{network.md5}", network.megabytes, ()),),
        on_request=name != USUAL)
    for name, network in _NETWORKS.items()
}
# fmt: on
NAMES = (*DATASETS, COURSE)
TITLES = {name: network.title for name, network in _NETWORKS.items()}
TITLES[COURSE] = "the course's own base"
SMALLEST = {name: network.smallest for name, network in _NETWORKS.items()} | {COURSE: 32}


class Base(NamedTuple):
    """A pretrained network without its top.

    Args:
        model: keras.Model from preprocessed images, shape (N, size, size, 3), to feature maps,
            shape (N, h, w, c).
        preprocess: function from pixels in [0, 255], as an array or tensor of any type, a
            symbolic one too, to the float32 values that the base was trained on; its argument
            stays as it is.
        name: one of NAMES.
        title: its name in prose, such as "MobileNetV2".
        top_block: name of the first layer of the last block: to train that block alone, freeze
            what comes before this layer in `model.layers`.
        knows: what it was trained on, "ImageNet" or "drawings".
    """

    model: "keras.Model"
    preprocess: Callable[[Any], Any]
    name: str
    title: str
    top_block: str
    knows: str


def load_base(name=None, *, size, source="auto", verbose=True) -> Base:
    """Load a pretrained base, or the course's own where its weights are not to be had.

    Args:
        name: one of NAMES; None: the environment variable COURSE_BASE, else "mobilenetv2".
        size: side of the images in pixels, >= 32, for InceptionV3 >= 75.
        source: "auto" (cache, mirror, Keras's cache folder, download, else the course's own
            base), "real" (never the course's own), or "embedded" (the course's own).
        verbose: print one line that says which base this is, and where its weights are from;
            show a progress bar while downloading.
    Returns:
        Base(model, preprocess, name, title, top_block, knows). Python's random numbers go on as
        if nothing had been built.
    Raises:
        ValueError: an unknown name or source, or a size that is no integer or too small.
        DataError: source="real", and no place has the weights; the message lists each. Or the
            course's own weights are missing or damaged.
        MemoryError: a batch of 32 images needs more memory than there is.
    Example:
        >>> load_base("inceptionv3", size=64)
        Traceback (most recent call last):
            ...
        ValueError: size is 64, and InceptionV3 needs images of 75 pixels or more; make them \
larger, or take another base: MobileNetV2, VGG16, ResNet50, EfficientNetV2B0

    Source: `keras.applications`, whose own download has no timeout and no way back.
    """
    name = _check_name(name)
    sources.check_source(source)
    if source == "real" and name == COURSE:
        raise ValueError('the base is "course", and source is "real": change one of them')
    size = check_size(name, size)
    if source == "real":
        download.forget_unreachable()
    reason, hint = "as asked", ""
    with random_numbers_kept():
        base = None
        if source != "embedded" and name != COURSE:
            try:
                base, line = _load_real(name, size, progress=verbose, anew=source == "real")
                line += sources.told_of_place()
            except DataError as error:
                if source == "real":
                    raise
                reason, hint = error.reason, f". To get it: {sources.to_fetch(name)}"
        if base is None:
            base, line = _load_course(size)
            line += "" if name == COURSE else f", in place of {TITLES[name]}"
            line += f" ({reason}){hint}"
    if verbose:
        print(f"Base: {line}")
    return base


def chosen() -> str:
    """The base that a lesson takes unless it names one: COURSE_BASE, unchecked, or the usual."""
    return os.environ.get("COURSE_BASE", "").strip() or USUAL


def check_size(name: str, size) -> int:
    """The side of a base's images as an int.

    Raises:
        ValueError: no integer, or too small for this base; the message says what to do.
    """
    size = check_integer("size", size, advice="the images' side in pixels")
    if size < SMALLEST[name]:
        others = [TITLES[other] for other in DATASETS if SMALLEST[other] <= size]
        advice = f", or take another base: {', '.join(others)}" if others else ""
        raise ValueError(
            f"size is {size}, and {TITLES[name]} needs images of {SMALLEST[name]} pixels or "
            f"more; make them larger{advice}"
        )
    return size


def _check_name(name) -> str:
    origin = "name"
    if name is None:
        name, origin = chosen(), "the environment variable COURSE_BASE"
    if name not in NAMES:
        raise ValueError(f"{origin} is {name!r}; give one of {', '.join(NAMES)}")
    return name


@contextlib.contextmanager
def random_numbers_kept():
    """Keras draws the seeds of new weights from Python's random numbers; put these back."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _load_real(name: str, size: int, *, progress: bool, anew: bool) -> tuple[Base, str]:
    """The base with its ImageNet weights, and what to say of it."""
    model = _build(name, size)
    check_forward_pass(model, TITLES[name], USUAL_BATCH)
    origin = fetch(name, progress=progress, anew=anew)
    path = data_folder() / name / DATASETS[name].files[0].name
    base = _filled(name, model, path, f"Delete it, then: {sources.to_fetch(name)}")
    said = f"{TITLES[name]}, trained on ImageNet, {model.count_params():,} parameters"
    return base, f"{said}; weights from {origin}"


def _load_course(size: int) -> tuple[Base, str]:
    """The course's own base, if its weights are the very bytes that its record describes."""
    path = course_base.WEIGHTS
    attempt = f"Loading {TITLES[COURSE]}"
    advice = "Get it again: git checkout course, or install the course anew"
    try:
        record = recorded.load_run(course_base.RECORD)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        missing = error.filename or f"the record {course_base.RECORD}.json"
        raise DataError(attempt, f"{missing} is missing", advice) from error
    if digest != record["sha256"]:
        reason = f"{path} is damaged: its sha256 is {digest}, not {record['sha256']}"
        raise DataError(attempt, reason, advice)
    model = _build(COURSE, size)
    check_forward_pass(model, TITLES[COURSE], USUAL_BATCH)
    said = f"the course's own, trained on {record['n_images']:,} drawings of {record['n_kinds']} "
    said += "kinds" + ", no cats or dogs among them" * {"cat", "dog"}.isdisjoint(record["kinds"])
    return _filled(COURSE, model, path, advice), f"{said}, {model.count_params():,} parameters"


def _filled(name: str, model, path: Path, advice: str) -> Base:
    """The base of this model, with weights from a file."""
    try:
        fill(model, path, TITLES[name])
    except ValueError as error:  # of another version of Keras or of the course?
        raise DataError(f"Loading {path}", str(error), advice) from error
    return Base(
        model=model,
        preprocess=preprocessing(name),
        name=name,
        title=TITLES[name],
        top_block=_top_block(name, [layer.name for layer in model.layers]),
        knows="drawings" if name == COURSE else "ImageNet",
    )


def fetch(name: str, *, progress: bool = True, anew: bool = True) -> str:
    """Bring a base's weights into the cache, and return where they were: see `data.fetch`.

    Args: as `sources.bring_files`.
    """

    def check(path: Path, _) -> None:
        check_file(path, TITLES[name], lambda: _build(name, SMALLEST[name]))

    dataset, also = DATASETS[name], sources.keras_models()
    return sources.bring_files(
        name, dataset, dataset.files, check, progress=progress, anew=anew, also=also
    )


def check_file(path: Path, title: str, build: Callable[[], Any]) -> None:
    """Make sure that a file holds the weights of a network.

    Args:
        path: the file, which may be anything that came.
        title: the network's name, for the message.
        build: called without arguments; returns the network, of any size, with random weights.
    Raises:
        ValueError: it is not HDF5, or as `fill`.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start.startswith(b"\x89HDF\r\n\x1a\n"):
        raise ValueError(f"it begins with {start!r}, as no HDF5 file does" if start else "0 bytes")
    with random_numbers_kept():
        fill(build(), path, title)


def fill(model, path: Path, title: str) -> None:
    """Load a network's weights from a file.

    Args:
        model: keras.Model, whose weights are replaced.
        path: a file that `save` or `save_weights` of such a model has written.
        title: the network's name, for the message.
    Raises:
        ValueError: the file is damaged, its weights are not for this model, or not all finite.
    """
    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of layers that are left as they were
            model.load_weights(path)
    except OSError as error:  # h5py: cut short or changed
        raise ValueError(f"it cannot be read: {error}") from error
    except (ValueError, KeyError, UserWarning) as error:
        text = " ".join(str(error).split())
        raise ValueError(f"its weights are not those of {title}: {text}") from error
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(f"its weights {weight.path} are not all finite")


def _build(name: str, size: int):
    """The network of a base without its top, with random weights."""
    import_tensorflow()
    if name == COURSE:
        return course_base.build_course_base(size)
    import keras

    build = getattr(keras.applications, TITLES[name])
    return build(weights=None, include_top=False, input_shape=(size, size, 3))


def _top_block(name: str, layers: list[str]) -> str:
    if name == COURSE:
        last = max(layer.split("_")[0] for layer in layers if layer.startswith("block"))
        return next(layer for layer in layers if layer.startswith(f"{last}_"))
    before = _NETWORKS[name].top_block.removeprefix("after ")
    # Keras numbers the layers of InceptionV3, in each session on: these names change.
    return layers[layers.index(before) + (before != _NETWORKS[name].top_block)]


def preprocessing(name: str) -> Callable[[Any], Any]:
    """The function that makes of pixels what the base of this name wants: see `Base`."""
    return functools.partial(_preprocess, name)


def _preprocess(name: str, pixels):
    """Pixels in [0, 255] as a base wants them, in a new array or tensor."""
    import keras
    import numpy as np

    if isinstance(pixels, np.ndarray | list | tuple):
        pixels = np.array(pixels, dtype=np.float32)  # a copy: preprocess_input works in place
    else:
        pixels = keras.ops.cast(pixels, "float32")
    if name == COURSE:
        return course_base.preprocess(pixels)
    return getattr(keras.applications, _NETWORKS[name].module).preprocess_input(pixels)
