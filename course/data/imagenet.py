"""A network that names what it sees: MobileNetV2 with its top, for ImageNet's 1,000 classes.

    classifier = imagenet.load_classifier(size=160)
    probabilities = classifier.model.predict_on_batch(classifier.preprocess(images))
    classifier.names[probabilities[0].argmax()]

Its two files, weights and names, are those that Keras publishes, and are looked for where
`course.data.bases` looks for the weights of its networks. Nothing that comes with the course
takes their place: with none to be had, there is no classifier.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course.data import bases, download, sources
from course.data.download import DataError
from course.data.forward_pass import check_forward_pass
from course.data.sources import DataFile, Dataset, data_folder
from course_utils.start import import_tensorflow

if TYPE_CHECKING:
    import keras

__all__ = ["DATASETS", "NAME", "Classifier", "load_classifier"]

NAME, NETWORK = "imagenet-classes", "mobilenetv2"
TITLE = bases.TITLES[NETWORK]
CLASSES = 1000
WEIGHTS = DataFile(  # these weights serve all sizes
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5", "", 14.5, ()
)
INDEX = DataFile(  # address and hash: keras/src/applications/imagenet_utils.py
    "imagenet_class_index.json",
    "md5:c2c37ea517e94d9795004a39431a14cb",
    0.04,
    (),
    "https://storage.googleapis.com/download.tensorflow.org/data/",
)
DATASETS = {
    NAME: Dataset(
        f"{TITLE} with ImageNet's classes",
        "weights",
        {},
        bases.DATASETS[NETWORK].hosts,
        "models/",
        (WEIGHTS, INDEX),
    )
}


class Classifier(NamedTuple):
    """A pretrained network with its top, and the names of its classes.

    Args:
        model: keras.Model from preprocessed images, shape (N, size, size, 3), to the
            probabilities of the classes, shape (N, 1000), values in [0, 1] with sum 1.
        preprocess: function from pixels in [0, 255], as an array or tensor of any type, a
            symbolic one too, to float32 values in [-1, 1]; its argument stays as it is.
        names: the 1,000 names in the order of the probabilities, such as "tiger cat". Two names
            are there twice: "crane", bird and machine, and "maillot".
        title: its name in prose, "MobileNetV2".
    """

    model: "keras.Model"
    preprocess: Callable[[Any], Any]
    names: tuple[str, ...]
    title: str


def load_classifier(*, size=160, source="auto", verbose=True) -> Classifier | None:
    """Load MobileNetV2 with its top, trained on ImageNet, if its files are to be had.

    Args:
        size: side of the images in pixels, >= 32.
        source: "auto" (cache, mirror, Keras's cache folder, download, else None), "real" (never
            None), or "embedded" (None: no such network comes with the course).
        verbose: print one line that says what this is and where it is from, or why there is
            none; show a progress bar while downloading.
    Returns:
        Classifier(model, preprocess, names, title), or None. Python's random numbers go on as if
        nothing had been built.
    Raises:
        ValueError: an unknown source, or a size that is no integer or too small.
        DataError: source="real", and no place has the files; the message lists each.
        MemoryError: a batch of 32 images needs more memory than there is.
    Example:
        >>> load_classifier(source="embedded")
        Classifier: no MobileNetV2 with ImageNet's classes (as asked)
        >>> load_classifier(size=24)
        Traceback (most recent call last):
            ...
        ValueError: size is 24, and MobileNetV2 needs images of 32 pixels or more; make them larger

    Source: `keras.applications`; Sandler et al. (2018); Russakovsky et al. (2015).
    """
    sources.check_source(source)
    size = bases.check_size(NETWORK, size)
    if source == "real":
        download.forget_unreachable()
    classifier, reason, hint = None, "as asked", ""
    if source != "embedded":
        try:
            with bases.random_numbers_kept():
                classifier, line = _load_real(size, progress=verbose, anew=source == "real")
            line += sources.told_of_place()
        except DataError as error:
            if source == "real":
                raise
            reason, hint = error.reason, f". To get it: {sources.to_fetch(NAME)}"
    if classifier is None:
        line = f"no {DATASETS[NAME].title} ({reason}){hint}"
    if verbose:
        print(f"Classifier: {line}")
    return classifier


def _load_real(size: int, *, progress: bool, anew: bool) -> tuple[Classifier, str]:
    """The classifier, and what to say of it."""
    model = _build(size)
    check_forward_pass(model, TITLE, bases.USUAL_BATCH)
    origin = fetch(progress=progress, anew=anew)
    folder = data_folder() / NAME
    try:
        bases.fill(model, folder / WEIGHTS.name, TITLE)
        names = _read_names(folder / INDEX.name)
    except ValueError as error:  # of another version of Keras or of the course?
        advice = f"Delete it, then: {sources.to_fetch(NAME)}"
        raise DataError(f"Loading {folder}", str(error), advice) from error
    said = f"{TITLE}, trained on ImageNet, {model.count_params():,} parameters, {CLASSES:,} classes"
    classifier = Classifier(model, bases.preprocessing(NETWORK), names, TITLE)
    return classifier, f"{said}; weights and names from {origin}"


def fetch(*, progress: bool = True, anew: bool = True) -> str:
    """Bring weights and names into the cache, and return where they were: see `data.fetch`.

    Args: as `sources.bring_files`.
    """
    origins = [
        sources.bring_files(
            NAME,
            DATASETS[NAME],
            [file],
            _check,
            progress=progress,
            anew=anew,
            also=sources.keras_models(),
        )
        for file in DATASETS[NAME].files
    ]
    return ", ".join(dict.fromkeys(origins))


def _check(path: Path, file: DataFile) -> None:
    """Raise ValueError unless the file is what it should be."""
    if file.name == INDEX.name:
        _read_names(path)
    else:
        bases.check_file(path, TITLE, lambda: _build(bases.SMALLEST[NETWORK]))


def _read_names(path: Path) -> tuple[str, ...]:
    """The names of the classes, in order; raise ValueError if they are not all there."""
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    if not isinstance(index, dict) or len(index) != CLASSES:
        kind = f"{len(index):,} entries" if isinstance(index, dict) else type(index).__name__
        raise ValueError(f'it holds {kind}, not {CLASSES:,} entries "0" to "{CLASSES - 1}"')
    names = []
    for number in range(CLASSES):
        match index.get(str(number)):
            case [str(), str(name)] if name:
                names.append(name.replace("_", " "))
            case other:
                raise ValueError(f'its entry "{number}" is {other!r}, not [WordNet\'s id, name]')
    return tuple(names)


def _build(size: int):
    """MobileNetV2 with its top, with random weights."""
    import_tensorflow()
    import keras

    return keras.applications.MobileNetV2(weights=None, input_shape=(size, size, 3))
