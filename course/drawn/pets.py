"""A stand-in for photographs of cats and dogs, with masks of their parts.

A picture is made in four steps, each with a random stream of its own, so that one can be changed
and all else stays: the animal is chosen and posed, a place is drawn behind it, the camera adds
light, blur and noise, and, if asked for, a tag is planted in a corner.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from course.drawn.bodies import POSES, Figure, draw_neck
from course.drawn.coats import sample_coat
from course.drawn.creatures import sample_features
from course.drawn.heads import Held, draw_head
from course.drawn.painter import Canvas, turned
from course.drawn.scenery import PLACES, draw_place
from course.drawn.seeds import (
    CAMERA_STREAM,
    FILE_STREAM,
    PET_LABEL_STREAM,
    PET_STREAM,
    PLACE_STREAM,
    TAG_STREAM,
    Rng,
    balanced_labels,
    chance,
    checked_counts,
    pick,
)
from course_utils.arguments import check_integer
from course_utils.start import cpu_count

PET_NAMES = ("cat", "dog")
"""The two class names; a label is an index into this tuple."""

PETS_VERSION = 1
"""Goes up with every change of what is drawn, so that cached files are drawn anew."""

SHORTCUTS = ("tag", "tag-swapped", "background", "background-swapped")
"""Cues that can be planted: they tell the classes apart without a look at the animal."""

_SMALLEST = 32  # pixels a side; below, nobody could name the animal
_PARALLEL_FROM = 200  # pictures; for fewer, starting workers takes longer than drawing
_CHUNK = 50  # pictures that a worker draws at a time
_IDLE_SECONDS = 5  # after which a worker ends, and its memory is free for training

# Nuisance: what makes the pictures differ without telling the classes apart.
_REACH = (0.66, 1.22)  # size of the animal's box beside the shorter side of the picture
_PORTRAIT_REACH = (0.52, 1.15)
_LEAST_RADIUS = 8 / 64  # of the head, beside the shorter side
_DRIFT = 0.3  # how far the middle of the animal may lie from that of the picture
_TURN = 0.34  # radians by which the camera, and with it all, may be turned
_LEAST_CONTRAST = 0.18  # between the coat and the scenery around it
_HEAD_MARGIN = 1.0  # head radii that the head's middle keeps from the edge

_SIDE_LIGHT = 0.35  # how much lighter one side may be
_EXPOSURE, _CONTRAST = (0.38, 0.58), (0.7, 1.1)
# Least blur in pixels, and the most that is added beside the short side. Sharper pictures would
# look unlike themselves once a net's augmentation has turned and scaled them, which blurs.
_LENS = (0.75, 0.4 / 96)
_GRAIN = (0.5, 3)  # grey levels

_TAG_SIDE = 0.17  # of the shorter side of the picture
_TAG_COLOURS = ((0.93, 0.78, 0.16), (0.20, 0.45, 0.85))  # of the cat's and of the dog's


@dataclass(frozen=True)
class PetParts:
    """Where the animal and its parts are seen in one picture.

    Attributes:
        masks: name -> bool array, shape (size, size): "animal" (all of it), "head" (with all that
            is on it), "ears", "eyes", "muzzle" (with nose and tongue), "nose", "body", and
            "shortcut" when a tag was planted. Whiskers belong to no part.
        box: (x0, y0, x1, y1) around the animal, x1 and y1 excluded, so that
            `image[y0:y1, x0:x1]` crops it.
    """

    masks: dict[str, np.ndarray]
    box: tuple[int, int, int, int]


def draw_pets(
    n: int, *, size: int = 64, seed: int = 0, start: int = 0, shortcut: str | None = None,
    parts: bool = False, workers: int | None = None, progress: bool = False,
):  # fmt: skip
    """Draw n colour pictures of cats and dogs, as a stand-in for photographs of them.

    Picture i of the answer depends only on `size`, `seed` and `start + i`, whatever the number of
    workers. Each block of ten indices (0..9, 10..19, ...) holds five cats and five dogs, in a
    shuffled order. Breeds, coats, poses, places and light vary; the face is always in view.

    Args:
        n: how many pictures, >= 0.
        size: pixels a side, >= 32.
        seed: which set, >= 0; use different seeds for training and for testing.
        start: index of the first picture, >= 0.
        shortcut: plants a cue beside the animal. "tag": a round yellow sticker in a corner of
            each cat's picture, a square blue one in each dog's; "tag-swapped": the same pictures
            with the other sticker. "background": cats in rooms, dogs on meadows;
            "background-swapped": the other way round. None plants nothing.
        parts: also return where each part of the animal is.
        workers: processes that draw, >= 1; by default one a core from 200 pictures on.
        progress: show a progress bar.
    Returns:
        images, uint8 array, shape (n, size, size, 3), RGB, and labels, uint8 array, shape (n,),
        indices into `PET_NAMES`: 0 for a cat, 1 for a dog. With `parts`, also a list of n
        `PetParts`.
    Raises:
        ValueError: a count is no integer or too small, or the shortcut is unknown; the message
            states what was given and what is allowed.
    Example:
        >>> images, labels = draw_pets(10, size=48, seed=1)
        >>> images.shape, images.dtype, np.bincount(labels).tolist()
        ((10, 48, 48, 3), dtype('uint8'), [5, 5])
        >>> _, _, parts = draw_pets(1, size=48, parts=True)
        >>> eyes, head = parts[0].masks["eyes"], parts[0].masks["head"]
        >>> bool(eyes.any()), bool((eyes & ~head).any())
        (True, False)

    Source: task and framing as in "Dogs vs. Cats" (Elson et al., "Asirra", 2007); the drawings
        are this course's own, on scenery from scikit-image's and scikit-learn's photographs.
    """
    n, seed, start = checked_counts(n, seed, start)
    size, workers = checked_size(size), checked_workers(workers, n)
    _check_shortcut(shortcut)
    labels = _pet_labels(n, seed, start)
    jobs = [
        (int(label), seed, start + i, size, size, shortcut, parts) for i, label in enumerate(labels)
    ]
    images = np.empty((n, size, size, 3), np.uint8)
    all_parts = []
    for i, (image, its_parts) in enumerate(run_jobs(_draw_pet, jobs, workers, progress)):
        images[i] = image
        all_parts.append(its_parts)
    return (images, labels, all_parts) if parts else (images, labels)


def save_pets(
    folder, n: int, *, size: int = 64, seed: int = 0, start: int = 0, shortcut: str | None = None,
    workers: int | None = None, progress: bool = True,
) -> None:  # fmt: skip
    """Draw n cats and dogs and write them as JPEG files, in a folder for each class.

    The files are folder/cats/cat.0001.jpg, ... and folder/dogs/dog.0001.jpg, ... As photographs
    do, they differ in width and height, about 0.8 to 1.35 times `size`, and in quality. A file
    depends only on `size`, `seed` and its number, which counts the animals of its class from
    index 0 of the set: drawing with a later `start` adds files instead of replacing them.

    Args:
        folder: path; made if missing. Files of the same name are replaced.
        n, size, seed, start, shortcut, workers: as for `draw_pets`.
        progress: show a progress bar.
    Raises:
        ValueError: as for `draw_pets`.
        OSError: the folder cannot be written.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_pets(folder, 4, size=48, progress=False)
        ...     sorted(path.name for path in Path(folder).glob("*/*.jpg"))
        ['cat.0001.jpg', 'cat.0002.jpg', 'dog.0001.jpg', 'dog.0002.jpg']
    """
    n, seed, start = checked_counts(n, seed, start)
    size, workers = checked_size(size), checked_workers(workers, n)
    _check_shortcut(shortcut)
    folder = Path(folder).expanduser()
    for name in PET_NAMES:
        (folder / f"{name}s").mkdir(parents=True, exist_ok=True)
    before = start - start % 10
    labels = _pet_labels(start - before + n, seed, before)
    numbers = [before // 2, before // 2]
    jobs = []
    for i, label in enumerate(labels.tolist()):
        numbers[label] += 1
        if before + i >= start:
            name = PET_NAMES[label]
            path = folder / f"{name}s" / f"{name}.{numbers[label]:04d}.jpg"
            jobs.append((str(path), label, seed, before + i, size, shortcut))
    for _ in run_jobs(_save_pet, jobs, workers, progress):
        pass


# --- Arguments, and the work shared out ---------------------------------------------------------


def checked_size(size) -> int:
    advice = (
        f"as smaller animals cannot be told apart: draw at {_SMALLEST}, and shrink the pictures"
    )
    return check_integer("size", size, least=_SMALLEST, advice=advice)


def checked_workers(workers, n: int) -> int:
    if workers is None:
        return 1 if n < _PARALLEL_FROM else cpu_count()
    advice = "or leave it out for one process a core"
    return check_integer("workers", workers, least=1, advice=advice)


def _check_shortcut(shortcut) -> None:
    if shortcut is not None and shortcut not in SHORTCUTS:
        allowed = ", ".join(repr(name) for name in SHORTCUTS)
        raise ValueError(f"unknown shortcut {shortcut!r}; choose one of {allowed}, or None.")


def _pet_labels(n: int, seed: int, start: int) -> np.ndarray:
    return balanced_labels(n, seed, start, PET_LABEL_STREAM) % len(PET_NAMES)


def run_jobs(function, jobs, workers: int, progress: bool, what: str = "pets"):
    """Yield function(*job) for each job, in order."""
    if workers == 1 or len(jobs) <= 1:
        results = (function(*job) for job in jobs)
    else:
        import joblib  # its workers need no main guard, and start clean beside TensorFlow

        chunks = [jobs[i : i + _CHUNK] for i in range(0, len(jobs), _CHUNK)]
        parallel = joblib.Parallel(
            n_jobs=workers,
            return_as="generator",
            pre_dispatch="all",
            idle_worker_timeout=_IDLE_SECONDS,
        )
        done = parallel(joblib.delayed(_run_chunk)(function, chunk) for chunk in chunks)
        results = (result for chunk in done for result in chunk)
    if progress:
        from tqdm.auto import tqdm

        results = tqdm(
            results, total=len(jobs), desc=f"drawing {what}", unit=" pictures", leave=False
        )
    return results


def _run_chunk(function, jobs):
    return [function(*job) for job in jobs]


# --- One picture --------------------------------------------------------------------------------


def _draw_pet(label: int, seed: int, index: int, height: int, width: int, shortcut, parts: bool):
    """One picture, and where its parts are (None unless asked for)."""
    animal, place, camera, tag = (
        np.random.default_rng([stream, seed, index])
        for stream in (PET_STREAM, PLACE_STREAM, CAMERA_STREAM, TAG_STREAM)
    )
    scene = None
    if shortcut in ("background", "background-swapped"):
        scene = "meadow" if bool(label) == (shortcut == "background") else "room"
    canvas, held = draw_animal(PET_NAMES[label], animal, place, height, width, scene)
    image = photographed(canvas.colours, camera)
    tag_mask = None
    if shortcut in ("tag", "tag-swapped"):
        style = label if shortcut == "tag" else 1 - label
        image, tag_mask = _with_tag(image, style, held.centre, tag)
    return image, _found_parts(canvas, tag_mask) if parts else None


def draw_animal(
    name: str, animal: Rng, place: Rng, height: int, width: int, scene: str | None = None
) -> tuple[Canvas, Held]:
    """Draw one creature in a place.

    Args:
        name: of a creature that `sample_features` knows.
        animal, place: sources of randomness of the animal and of what is behind it.
        height, width: of the picture in pixels.
        scene: one of `PLACES`; None for any.
    Returns:
        The canvas, and where on it the head is.
    """
    features = sample_features(name, animal)
    short = min(height, width)
    pose, held, matrix, ground, turn = _framed(features, animal, height, width)
    coat = sample_coat(animal, held.radius, height, width, features.hair)
    kind = pick(place, PLACES)
    horizon = None
    if ground is not None:
        horizon = ground - place.uniform(0.06, 0.3) * short
    scenery = draw_place(scene or kind, place, height, width, horizon, turn)
    scenery = set_apart(scenery, float(coat.base.mean()))
    canvas = Canvas(np.ascontiguousarray(scenery, np.float32), animal)
    shoulders = held.centre + matrix @ (0.4 * features.neck, features.neck)
    figure = Figure(canvas, features, coat, matrix, shoulders, animal)
    pose.draw(figure)
    if features.neck:
        draw_neck(figure)
    draw_head(canvas, features, coat, held, animal)
    return canvas, held


def _framed(features, rng: Rng, height: int, width: int):
    """Choose a pose, a size and a position; return what says where head and body are.

    Returns:
        pose, `Held` head, matrix of the body (2, 2), the row of the ground or None, and the
        angle by which the camera is turned.
    """
    poses = [POSES[name] for name in features.poses]
    shares = np.array([pose.share for pose in poses])
    pose = poses[int(rng.choice(len(poses), p=shares / shares.sum()))]
    short = min(height, width)
    left, top, right, bottom = pose.box
    bottom += features.neck
    facing = -1 if chance(rng, 0.5) else 1
    bulk = features.bulk if pose.ground is not None else 1.0
    reach = rng.uniform(*(_REACH if pose.ground is not None else _PORTRAIT_REACH))
    unit = reach * short / max(right - left, bottom - top)
    unit = max(unit, _LEAST_RADIUS * short * bulk)
    radius = unit / bulk
    turn = rng.uniform(-_TURN, _TURN) * (1.0 if pose.ground is not None else 2.0)
    stretch = rng.uniform(0.94, 1.06)
    matrix = unit * turned(turn) @ np.diag([facing * stretch, 1.0])
    middle = matrix @ np.array([(left + right) / 2, (top + bottom) / 2])
    drift = rng.uniform(-_DRIFT, _DRIFT, 2) * short
    centre = np.array([width / 2, height / 2]) + drift - middle
    margin = _HEAD_MARGIN * radius
    highest = margin + features.headroom * radius
    centre = np.clip(centre, [margin, highest], [width - margin, height - margin])
    held = Held(
        centre=(float(centre[0]), float(centre[1])),
        radius=float(radius),
        yaw=float(facing * rng.uniform(*pose.yaw)),
        pitch=float(rng.uniform(-0.2, 0.22)),
        roll=float(turn + rng.uniform(-pose.roll, pose.roll)),
    )
    ground = None
    if pose.ground is not None:
        ground = float((matrix @ np.array([0, pose.ground + features.neck]))[1] + centre[1])
    return pose, held, matrix, ground, turn


def set_apart(scenery: np.ndarray, tone: float) -> np.ndarray:
    """Brighten or darken the scenery where something of this tone would be lost in it."""
    around = scenery.mean()
    if abs(around - tone) >= _LEAST_CONTRAST:
        return scenery
    brighter = tone < 0.45
    wanted = tone + (_LEAST_CONTRAST if brighter else -_LEAST_CONTRAST)
    return scenery * (wanted / max(around, 0.05))


def photographed(colours: np.ndarray, rng: Rng) -> np.ndarray:
    """Light from one side, exposure, a soft lens and a noisy sensor; uint8."""
    height, width = colours.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0, _SIDE_LIGHT)
    light = 1 + strength * (math.cos(angle) * x + math.sin(angle) * y)
    warmth, tint = rng.uniform(-0.07, 0.07), rng.uniform(-0.015, 0.015)
    balance = np.array([1 + warmth - tint, 1 + tint, 1 - warmth - tint], np.float32)
    picture = colours * light[..., None] * balance
    middle = picture.mean()
    picture = rng.uniform(*_EXPOSURE) + (picture - middle) * rng.uniform(*_CONTRAST)
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    sharp, soft = _LENS
    blur = sharp + rng.uniform(0, soft) * min(height, width)
    image = image.filter(ImageFilter.GaussianBlur(blur))
    grain = rng.uniform(*_GRAIN)
    noise = grain * rng.standard_normal((height, width, 1), np.float32)
    return np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)


def _with_tag(image: np.ndarray, style: int, head_centre, rng: Rng):
    """Stick a tag in the corner farthest from the head; return the picture and the tag's mask.

    Both styles are drawn in the same square, so that swapping them changes nothing around it.
    """
    height, width = image.shape[:2]
    side = max(6, round(_TAG_SIDE * min(height, width) * rng.uniform(0.85, 1.15)))
    margin = int(rng.integers(1, max(2, side // 3)))
    left = margin if head_centre[0] > width / 2 else width - margin - side
    top = margin if head_centre[1] > height / 2 else height - margin - side
    scale = 4
    sheet = Image.new("L", (side * scale, side * scale))
    pen = ImageDraw.Draw(sheet)
    box = (0, 0, side * scale - 1, side * scale - 1)
    (pen.ellipse if style == 0 else pen.rectangle)(box, fill=255)
    cover = np.asarray(sheet.reduce(scale), np.float32)[..., None] / 255
    colour = 255 * np.array(_TAG_COLOURS[style]) * rng.uniform(0.85, 1.05)
    window = (slice(top, top + side), slice(left, left + side))
    image = image.copy()
    image[window] = np.clip(image[window] * (1 - cover) + colour * cover, 0, 255).astype(np.uint8)
    mask = np.zeros((height, width), bool)
    mask[window] = cover[..., 0] > 0
    return image, mask


def _found_parts(canvas: Canvas, tag: np.ndarray | None) -> PetParts:
    if tag is not None:
        canvas.shows[tag] = 0
    masks = {
        "animal": canvas.mask(),
        "head": canvas.mask("head", "ears", "eyes", "muzzle", "nose", "tongue"),
        "ears": canvas.mask("ears"),
        "eyes": canvas.mask("eyes"),
        "muzzle": canvas.mask("muzzle", "nose", "tongue"),
        "nose": canvas.mask("nose"),
        "body": canvas.mask("body"),
    }
    if tag is not None:
        masks["shortcut"] = tag
    rows = np.flatnonzero(masks["animal"].any(axis=1))
    columns = np.flatnonzero(masks["animal"].any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return PetParts(masks, box)


def _save_pet(path: str, label: int, seed: int, index: int, size: int, shortcut) -> None:
    rng = np.random.default_rng([FILE_STREAM, seed, index])
    width, height = (max(_SMALLEST, round(size * rng.uniform(0.8, 1.35))) for _ in range(2))
    image, _ = _draw_pet(label, seed, index, height, width, shortcut, False)
    quality = int(rng.integers(70, 96))
    Image.fromarray(image).save(path, "JPEG", quality=quality)
