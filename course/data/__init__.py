"""Data sets, folders of photos, and pretrained networks.

    (x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=4000, n_test=1000)
    pets = data.load_pets(n_train=200, n_validation=100)

Three modules are imported by name, as in `from course.data import bases`: `bases` (pretrained
networks), `imagenet` (one that names its classes) and `features` (what comes out of them).
`course.data.arrays` tells where each thing comes from, and which settings change that.
"""

from course.data.arrays import (
    DATASETS,
    fetch,
    load_fashion_mnist,
    load_mnist,
    load_svhn,
    status,
)
from course.data.classes import class_names
from course.data.digits import digits_file, digits_kept_back, without_kept_back
from course.data.download import DataError, OfflineError, StorageError, offline
from course.data.kept import data_folder, give_home, remove_all, said_of_place, why_no_files
from course.data.pets import Pets, add_pets, load_pets, remove_pets
from course.data.sources import Status, said_of_mirror

__all__ = [
    "DATASETS",
    "DataError",
    "OfflineError",
    "Pets",
    "Status",
    "StorageError",
    "add_pets",
    "class_names",
    "data_folder",
    "digits_file",
    "digits_kept_back",
    "fetch",
    "load_fashion_mnist",
    "load_mnist",
    "load_pets",
    "load_svhn",
    "offline",
    "remove_all",
    "remove_pets",
    "said_of_mirror",
    "said_of_place",
    "status",
    "why_no_files",
    "without_kept_back",
]

give_home()
