"""Files of weights as Keras publishes them."""

import tempfile
import warnings
from pathlib import Path


def stored(model) -> bytes:
    """A model's file in that format."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras with NumPy 2, in writing HDF5
        model.save(Path(folder) / "model.h5")
        return (Path(folder) / "model.h5").read_bytes()
