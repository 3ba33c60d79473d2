"""Data sets, folders of photos, and pretrained networks; `arrays` tells where each comes from.

    (x_train, y_train), (x_test, y_test) = data.load_mnist(n_train=4000, n_test=1000)
    pets = data.load_pets(n_train=200, n_validation=100)

Lessons import `bases` (pretrained networks), `imagenet` (one that names its classes) and `features`
(what comes out of them) by name: `from course.data import bases`.
"""

from course.data.arrays import (
    DATASETS,
    fetch,
    load_fashion_mnist,
    load_mnist,
    load_svhn,
    status,
)
from course.data.download import DataError, OfflineError, StorageError
from course.data.pets import Pets, add_pets, load_pets, remove_pets
from course.data.sources import Status, data_folder

__all__ = [
    "DATASETS",
    "DataError",
    "OfflineError",
    "Pets",
    "Status",
    "StorageError",
    "add_pets",
    "data_folder",
    "fetch",
    "load_fashion_mnist",
    "load_mnist",
    "load_pets",
    "load_svhn",
    "remove_pets",
    "status",
]
