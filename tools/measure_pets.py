"""Measure the drawn cats and dogs against the bars that lessons rely on.

    python -m tools.measure_pets [linear] [small] [large] [speed] [quick] [--seeds 5]

linear: simple statistics of the colours hardly tell the classes apart. small: on 1,000 pictures a
plain net overfits, and augmentation with dropout cures it. large: 15,000 pictures solve the task.
speed: pictures are drawn fast enough to be made anew. quick: lesson 4 shows its point in quick
size from nearly every seed, on the images that it would load now (photos, where there are any).

The figures go to course_utils/recorded/drawn_pets.json, where lesson 4 reads some of them. Exits
with status 1 if a bar is missed.
"""

import argparse
import contextlib
import datetime
import io
import json
import os
import statistics
import sys
import time

import numpy as np

from course import data
from course.drawn import draw_pets
from course_utils import recorded
from tools.bench import define_from

RESULTS = recorded.FOLDER / "drawn_pets.json"
BARS = ("linear", "small", "large", "speed", "quick")

SIZE = 64
TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 1, 2, 3  # of the drawn sets
N_SMALL, N_VALIDATION, N_LARGE = 1000, 1000, 15_000
PLAIN_EPOCHS, CURED_EPOCHS, LARGE_EPOCHS = 30, 40, 5
LEARNING_RATE, BATCH = 1e-3, 32  # the rate falls to 0 along a cosine, for every net
BATCH_NORM = True  # in every net
QUICK_TRAIN, QUICK_VALIDATION, QUICK_EPOCHS = 1000, 500, 10  # as in lesson 4

LINEAR_MOST = 0.60
LINEAR_STRENGTHS = (0.001, 0.01, 0.1, 1)  # of logistic regression, C; the best one counts
CHANCE_LEFT_BY, VALIDATION_AT_START, TRAINING_AT_START = 5, 0.55, 0.60
TRAINING_LEAST, PLAIN_BETWEEN, CURE_LEAST, LARGE_LEAST = 0.95, (0.70, 0.82), 0.04, 0.93
SMALL_PER_SECOND, LARGE_SECONDS = 80, 45
QUICK_SHARE = 0.8  # of the seeds


def measure_linear():
    """Test accuracy of logistic regression on three simple descriptions of a picture."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = draw_pets(2000, size=SIZE, seed=TRAIN_SEED)
    new_x, new_y = draw_pets(1000, size=SIZE, seed=TEST_SEED)
    figures = {}
    for describe in (colour_histograms, mean_colours, thumbnails):
        scores = []
        for strength in LINEAR_STRENGTHS:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=3000))
            scores.append(model.fit(describe(x), y).score(describe(new_x), new_y))
        figures[describe.__name__] = float(max(scores))
    return figures, [
        (f"logistic regression on {name}", value, f"<= {LINEAR_MOST}", value <= LINEAR_MOST)
        for name, value in figures.items()
    ]


def colour_histograms(images):
    """Sixteen bins a channel, shape (n, 48)."""
    bins = np.arange(16)
    return np.stack(
        [(image[..., None] // 16 == bins).mean(axis=(0, 1)).ravel() for image in images]
    )


def mean_colours(images):
    return images.mean(axis=(1, 2))


def thumbnails(images):
    """Means of 8 x 8 blocks, shape (n, 192)."""
    n, side = len(images), images.shape[1] // 8
    return images.reshape(n, 8, side, 8, side, 3).mean(axis=(2, 4)).reshape(n, -1)


def build_net(cured):
    """Lesson 4's own net, with batch norm, and with or without its cure for overfitting."""
    import keras

    lesson = {"keras": keras, "layers": keras.layers, "SIZE": SIZE}
    define_from("04", ("make_augmentation", "make_network"), lesson)
    cure = {"augment": lesson["make_augmentation"](), "drop": 0.5} if cured else {}
    return lesson["make_network"](batch_norm=BATCH_NORM, **cure)


def train(train_set, validation_set, *, cured, epochs, seed):
    """Train a net; return the accuracies on training and validation set after each epoch."""
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    net = build_net(cured)
    steps = epochs * -(-len(train_set[0]) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    net.compile(keras.optimizers.Adam(rate), loss="binary_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    history = net.fit(
        *train_set, batch_size=BATCH, epochs=epochs, validation_data=validation_set, verbose=0
    ).history
    curves = {"training": history["accuracy"], "validation": history["val_accuracy"]}
    seconds = time.perf_counter() - begin
    print(
        f"  {'cured' if cured else 'plain'}, {len(train_set[0]):,} pictures, seed {seed}: "
        f"training {curves['training'][-1]:.3f}, validation {curves['validation'][-1]:.3f}, "
        f"{seconds:.0f} s; by epoch " + " ".join(f"{v:.2f}" for v in curves["validation"]),
        flush=True,
    )
    return curves


def measure_small(seeds):
    """Plain and cured net on 1,000 pictures, for several seeds of the nets."""
    small = draw_pets(N_SMALL, size=SIZE, seed=TRAIN_SEED)
    validation = draw_pets(N_VALIDATION, size=SIZE, seed=VALIDATION_SEED)
    runs = {"plain": [], "cured": []}
    for seed in range(seeds):
        runs["plain"].append(train(small, validation, cured=False, epochs=PLAIN_EPOCHS, seed=seed))
        runs["cured"].append(train(small, validation, cured=True, epochs=CURED_EPOCHS, seed=seed))
    plain, cured = (
        statistics.mean(run["validation"][-1] for run in runs[name]) for name in ("plain", "cured")
    )
    started = [
        max(run["validation"][:CHANCE_LEFT_BY]) >= VALIDATION_AT_START
        or max(run["training"][:CHANCE_LEFT_BY]) > TRAINING_AT_START
        for run in runs["plain"]
    ]
    training = min(run["training"][-1] for run in runs["plain"])
    low, high = PLAIN_BETWEEN
    figures = {"n_train": N_SMALL, "plain": plain, "cured": cured, "runs": runs}
    return figures, [
        (f"plain nets that leave chance by epoch {CHANCE_LEFT_BY}", sum(started), f"= {seeds}",
         all(started)),
        ("plain: lowest final training accuracy", training, f">= {TRAINING_LEAST}",
         training >= TRAINING_LEAST),
        ("plain: mean final validation accuracy", plain, f"{low} to {high}", low <= plain <= high),
        ("cured minus plain, mean", cured - plain, f">= {CURE_LEAST}", cured - plain >= CURE_LEAST),
    ]  # fmt: skip


def measure_large():
    """The plain net on 15,000 pictures."""
    large = draw_pets(N_LARGE, size=SIZE, seed=TRAIN_SEED)
    validation = draw_pets(N_VALIDATION, size=SIZE, seed=VALIDATION_SEED)
    run = train(large, validation, cured=False, epochs=LARGE_EPOCHS, seed=0)
    best = max(run["validation"])
    return {"n_train": N_LARGE, "best": best, "run": run}, [
        (f"plain net on {N_LARGE:,} pictures, best epoch", best, f">= {LARGE_LEAST}",
         best >= LARGE_LEAST),
    ]  # fmt: skip


def measure_speed():
    """Pictures a second at 64 pixels, and seconds for 2,000 pictures of 150 pixels."""
    figures = {"cores": os.cpu_count()}
    for size in (SIZE, 150):
        draw_pets(10, size=size, workers=1)  # photographs and strands of hair are read once
        begin = time.process_time()
        draw_pets(200, size=size, seed=TEST_SEED, workers=1)
        figures[f"cpu_ms_each_{size}"] = 1000 * (time.process_time() - begin) / 200
    draw_pets(400, size=SIZE, seed=VALIDATION_SEED)  # starts the workers
    begin = time.perf_counter()
    draw_pets(2000, size=SIZE, seed=TEST_SEED)
    figures["pictures_a_second_64"] = 2000 / (time.perf_counter() - begin)
    begin = time.perf_counter()
    draw_pets(2000, size=150, seed=TEST_SEED)
    figures["seconds_2000_at_150"] = time.perf_counter() - begin
    small, large = figures["pictures_a_second_64"], figures["seconds_2000_at_150"]
    return figures, [
        ("pictures a second, 64 px", small, f">= {SMALL_PER_SECOND}", small >= SMALL_PER_SECOND),
        ("seconds for 2,000 of 150 pixels", large, f"<= {LARGE_SECONDS}", large <= LARGE_SECONDS),
    ]


def measure_quick(seeds):
    """Lesson 4 in quick size, from several seeds: its plain net, and its gently cured one."""
    import keras
    import tensorflow as tf

    folder, origin = data.load_pets(QUICK_TRAIN, QUICK_VALIDATION, size=SIZE)
    lesson = {"folder": folder, "SIZE": SIZE, "np": np, "tf": tf, "keras": keras}
    lesson["layers"] = keras.layers
    functions = ("photo_batches", "make_augmentation", "make_network", "fit", "settled")
    define_from("04", functions, lesson)
    photos = lesson["photo_batches"]("train")
    lesson["validation"] = lesson["photo_batches"]("validation")
    runs = {"plain": [], "cured": []}
    for seed in range(1, seeds + 1):
        for name, reached in runs.items():
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            cure = {"augment": lesson["make_augmentation"](gentle=True), "batch_norm": True}
            net = lesson["make_network"](**(cure if name == "cured" else {}))
            with contextlib.redirect_stdout(io.StringIO()):
                history = lesson["fit"](net, photos, QUICK_EPOCHS)
            reached.append(float(lesson["settled"](history)))
        print(f"  {origin}, seed {seed}: plain {runs['plain'][-1]:.3f}", end=", ")
        print(f"cured {runs['cured'][-1]:.3f}", flush=True)
    ahead = sum(c > p for p, c in zip(runs["plain"], runs["cured"], strict=True))
    wanted = QUICK_SHARE * seeds
    return {origin: runs}, [
        (f"seeds that put the cured net ahead, {origin}", ahead, f">= {wanted:g}", ahead >= wanted)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bars", nargs="*", choices=[*BARS, []], help="all if none is named")
    parser.add_argument("--seeds", type=int, default=5, help="for `small` and `quick`")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    measures = {
        "linear": measure_linear,
        "small": lambda: measure_small(arguments.seeds),
        "large": measure_large,
        "speed": measure_speed,
        "quick": lambda: measure_quick(arguments.seeds),
    }
    missed = 0
    for bar in arguments.bars or BARS:
        figures, checks = measures[bar]()
        for name, value, wanted, met in checks:
            print(f"{'met   ' if met else 'MISSED'}  {name}: {value:.3f} ({wanted})", flush=True)
            missed += not met
        keep(bar, figures)
    sys.exit(1 if missed else 0)


def keep(bar, figures):
    """Put the figures of one bar in the file, beside those of the others."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    before = results.get(bar, {}) if bar == "quick" else {}  # photos beside drawings
    results[bar] = before | {
        "date": datetime.date.today().isoformat(),
        "machine": recorded.describe_machine(),
        "versions": recorded.describe_versions(),
        **figures,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    text = json.dumps(recorded.rounded(results), indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
