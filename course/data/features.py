"""What a pretrained base makes of images, computed once and kept on disk.

    features = compute_features(base, images)  # (N, c)

The cache's folder has features/KEY.npy for each base, size, preprocessing and kind of pooling,
with a row for each image: a digest of its pixels, and its features. Beside it lies a record, as for
all cached files, whose sha256 tells whether it is as it was. A file keeps the newest images up to
FILE_BYTES, the folder the files used last up to FOLDER_BYTES.
"""

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from course.data import bases, download
from course.data.download import DataError
from course.data.forward_pass import check_forward_pass
from course.data.sources import data_folder
from course_utils.arguments import check_integer

__all__ = ["compute_features"]

FILE_BYTES, FOLDER_BYTES = 500e6, 1000e6
PROBE_SIDE = 16  # pixels of the image that tells one preprocessing from another
PREPROCESSED_ONCE = "Give them as they were: this base's own preprocess does what it needs"


def compute_features(
    base, images, *, batch_size=32, pooled=True, progress=True, verbose=False
) -> np.ndarray:
    """Compute the features of images, or take them from the cache.

    Args:
        base: `bases.Base`; its model's weights may have been trained further.
        images: uint8 or float array, shape (N, size, size, 3), pixels in [0, 255].
        batch_size: images that go through the base at once, >= 1; the result does not depend
            on it.
        pooled: average over the positions of the feature maps.
        progress: show a progress bar while computing.
        verbose: print how many came from the cache.
    Returns:
        float32 array, shape (N, c), or (N, h, w, c) if not pooled; row i belongs to images[i].
    Raises:
        ValueError: images of another shape or type, or not in [0, 255]: not finite, negative, or
            none above 1, as when they were preprocessed before. A batch_size that is no integer
            or below 1.
        MemoryError: a batch needs more memory than there is.
    Source: Keras's guide to transfer learning, which calls this feature extraction.
    """
    images = _check_images(base, images)
    batch_size = check_integer("batch_size", batch_size, least=1)
    shape = base.model.output_shape[-1:] if pooled else base.model.output_shape[1:]
    features = np.zeros((len(images), *shape), np.float32)
    if not len(images):
        return features
    row = np.dtype([("image", "V32"), ("features", np.float32, shape)])
    path = data_folder() / "features" / f"{_key(base, pooled)}.npy"
    digests = [_digest(image) for image in images]
    known = _known(path, row, set(digests))
    new = {digest: i for i, digest in enumerate(digests) if digest not in known}  # each image once
    if new:
        # Few different widths, because Keras traces the model anew for each.
        width = min(batch_size, 1 << (len(new) - 1).bit_length())
        check_forward_pass(base.model, base.title, width)
        added = np.zeros(len(new), row)
        added["image"] = np.frombuffer(b"".join(new), "V32")
        done = 0
        try:
            for part in _compute(base, images, [*new.values()], width, pooled, progress):
                added["features"][done : done + len(part)] = part
                done += len(part)
        finally:  # also when the learner interrupts it
            _keep(path, added[:done])
        known |= dict(zip(new, added["features"], strict=True))
    for i, digest in enumerate(digests):
        features[i] = known[digest]
    if verbose:
        cached = sum(digest not in new for digest in digests)
        print(f"Features: {cached:,} from the cache, {len(images) - cached:,} computed")
    return features


def _check_images(base, images) -> np.ndarray:
    """The images as an array, if they are pixels of the right shape."""
    images, (side, _, _) = np.asarray(images), base.model.input_shape[1:]
    wanted = f"this {base.title} takes (N, {side}, {side}, 3)"
    if images.ndim == 3 and images.shape[-1] == 3:
        raise ValueError(f"images has the shape {images.shape}, one image's; give images[None]")
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"images has the shape {images.shape}; {wanted}")
    height, width = images.shape[1:3]
    if (height, width) != (side, side):
        advice = f"resize them to {side} x {side}"
        if height == width and height >= bases.SMALLEST.get(base.name, 32):
            advice += f", or load the base with size={height}"
        raise ValueError(f"images has the shape {images.shape}; {wanted}: {advice}")
    if images.dtype == np.uint8 or not images.size:
        return images
    if images.dtype.kind != "f":
        raise ValueError(f"images is {images.dtype}; give uint8 or float pixels in [0, 255]")
    low, high = float(images.min()), float(images.max())  # NaN if there is one
    reason = ""
    if not (np.isfinite(low) and np.isfinite(high)):
        reason = f"values go from {low:g} to {high:g}: look for what made them so"
    elif low < 0:
        reason = f"smallest value is {low:g}: were they preprocessed? {PREPROCESSED_ONCE}"
    elif 0 < high <= 1:
        reason = f"largest value is {high:g}: were they divided by 255? {PREPROCESSED_ONCE}"
    elif high > 255:
        reason = f"largest value is {high:g}: bring them into that range"
    if reason:
        raise ValueError(f"images are to be pixels in [0, 255], and their {reason}")
    return images


def _compute(base, images, chosen: list[int], width: int, pooled, progress) -> Iterator[np.ndarray]:
    """The features of the images with these numbers, so many at once; the last batch is filled."""
    from tqdm.auto import tqdm

    n = len(chosen)
    with tqdm(total=n, desc=base.title, unit="image", leave=False, disable=not progress) as bar:
        for begin in range(0, n, width):
            numbers = chosen[begin : begin + width]
            filled = numbers + numbers[:1] * (width - len(numbers))
            maps = base.model.predict_on_batch(base.preprocess(images[filled]))
            maps = np.asarray(maps, np.float32)[: len(numbers)]
            yield maps.mean(axis=(1, 2)) if pooled else maps
            bar.update(len(numbers))


def _digest(image: np.ndarray) -> bytes:
    kind = f"{image.dtype.str} {image.shape}".encode()
    return hashlib.sha256(kind + np.ascontiguousarray(image).tobytes()).digest()


def _key(base, pooled: bool) -> str:
    """Changes with anything that features depend on, but for the images and the machine."""
    digest = hashlib.sha256(_layout(base.model).encode())
    for weight in base.model.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    probe = np.arange(3 * PROBE_SIDE**2, dtype=np.uint32) % 256
    probe = probe.astype(np.uint8).reshape(1, PROBE_SIDE, PROBE_SIDE, 3)
    seen = np.asarray(base.preprocess(probe), np.float32)
    digest.update(seen.tobytes() + str((seen.shape, pooled)).encode())
    return f"{base.name}-{base.model.input_shape[1]}-{digest.hexdigest()[:32]}"


def _layout(model) -> str:
    """The model's configuration without what does not change its features.

    Keras numbers layers on and on in a session, so each name becomes its place in here.
    """
    names: dict[str, str] = {}

    def clean(node: dict) -> dict:
        node.pop("trainable", None)
        if isinstance(node.get("name"), str):
            names.setdefault(json.dumps(node["name"]), f'"#{len(names)}"')
        return node

    config = json.loads(json.dumps(model.get_config(), default=str), object_hook=clean)
    text = json.dumps(config, sort_keys=True)
    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda quoted: names.get(quoted[0], quoted[0]), text)


def _known(path: Path, row: np.dtype, digests: set[bytes]) -> dict[bytes, np.ndarray]:
    """The features in the file of those images; none if it is missing or damaged."""
    if not path.exists():
        return {}
    table = _read(path, row)
    if table is None:  # or is another process replacing it at this moment?
        with contextlib.suppress(DataError), download.locked(path.parent, progress=False):
            table = _read(path, row)
    if table is None:
        print(f"The features kept in {path} are damaged; they are computed anew.")
        return {}
    with contextlib.suppress(OSError):  # a folder that is read only has nothing to tidy either
        path.touch()
    images = (image.tobytes() for image in table["image"])
    return {image: table["features"][i] for i, image in enumerate(images) if image in digests}


def _read(path: Path, row: np.dtype) -> np.ndarray | None:
    if not download.record_of(path):
        return None
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError):  # replaced since, or no such file
        return None
    return table if table.dtype == row and table.ndim == 1 else None


def _keep(path: Path, added: np.ndarray) -> None:
    """Add rows to the file, the newest first; say so if that cannot be done."""
    if not len(added):
        return
    try:
        with (
            download.locked(path.parent),
            download.storage_errors(f"Keeping features in {path.parent}", path.parent),
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".making-") as scratch,
        ):
            for left in set(path.parent.glob(".making-*")) - {Path(scratch)}:
                shutil.rmtree(left, ignore_errors=True)  # of a process that was killed
            old = _read(path, added.dtype)
            if old is not None:
                fresh_ones = {image.tobytes() for image in added["image"]}
                others = [image.tobytes() not in fresh_ones for image in old["image"]]
                added = np.concatenate([added, old[others]])
            fresh = Path(scratch) / path.name
            np.save(fresh, added[: int(FILE_BYTES // added.itemsize)], allow_pickle=False)
            download.obtain(fresh, path, progress=False, owner="the data folder")
            _tidy(path)
    except DataError as error:
        print(f"These features are not kept for the next time: {error.reason}. {error.advice}.")


def _tidy(newest: Path) -> None:
    """Delete what was used longest ago, until the folder is small enough."""
    files = [file for file in newest.parent.glob("*.npy") if file != newest]
    room = FOLDER_BYTES - newest.stat().st_size
    for file in sorted(files, key=lambda file: file.stat().st_mtime, reverse=True):
        room -= file.stat().st_size
        if room < 0:
            file.unlink()
            file.with_name(file.name + ".json").unlink(missing_ok=True)
