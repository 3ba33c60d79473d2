"""Measure lessons as whole processes, sliders, instruments, photos and their pipeline, heatmaps.

    python -m tools.bench [--repeats 3]

The results go to docs/benchmarks/.

Times depend on the machine, so the table says which; compare ratios, not seconds.
"""

import argparse
import ast
import contextlib
import datetime
import json
import os
import statistics
import sys
import tempfile
import time

import numpy as np

from course_utils import figures, recorded, sliders, start
from tools import (
    bench_explain,
    bench_grading,
    bench_instruments,
    bench_photos,
    rehearse,
    watched,
)
from tools.build_lessons import read_lesson
from tools.staleness import LESSONS, NOTEBOOKS, ROOT, lessons

RESULTS = ROOT / "docs" / "benchmarks" / "results.json"
TABLE = ROOT / "docs" / "benchmarks" / "README.md"
SAMPLE_SECONDS = 0.05
PIPELINE_IMAGES = 800


def measure_lesson(notebook):
    """Run a notebook from top to bottom in processes of its own.

    Args:
        notebook: path.
    Returns:
        seconds, and peak MB: the largest sum of resident memory of all its processes.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "jupyter", "execute", str(notebook)]
        command.append(f"--output={folder}/executed.ipynb")
        settings = {"COURSE_DATA_DIR": folder}
        seconds, peak = watched.run(
            command, memory_of=memory_of, every=SAMPLE_SECONDS, settings=settings
        )
    return seconds, peak / 1e6


def memory_of(process):
    """Bytes of resident memory of a process and all that it started."""
    import psutil

    total, family = 0, [process]
    with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
        family += process.children(recursive=True)
    commands = {}
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            commands[member.pid] = member.cmdline()
            # A fork that hasn't become another program yet only shares its parent's pages.
            if commands[member.pid] != commands.get(member.ppid()):
                total += member.memory_info().rss
    return total


def slider_figures():
    """The live figures of the lessons: name -> (figure, update, list of states to step through)."""
    from scipy.signal import correlate2d
    from skimage.color import rgb2gray
    from skimage.data import chelsea
    from skimage.transform import resize

    cat = resize(rgb2gray(chelsea()), (150, 225))
    kernel = np.array([[-1, 0, 1]] * 3)

    def apply(image, kernel):
        return correlate2d(image, kernel, mode="same", boundary="symm")

    def turned(degrees):
        angle = np.deg2rad(degrees)
        return np.cos(angle) * kernel + np.sin(angle) * kernel.T

    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (500, 64, 64, 3), np.uint8)
    scores, labels = random.random(500), random.integers(0, 2, 500)
    functions = {"np": np}
    define_from("05", ("smoothed",), functions)
    return {
        "0: turning a kernel": (
            *figures.filter_bench(cat, turned, apply, {"degrees": 0}),
            [{"degrees": d} for d in range(0, 360, 9)],
        ),
        "3: threshold": (
            *figures.threshold_bench(photos, scores, labels, ("cats", "dogs")),
            [{"threshold": t} for t in np.linspace(0.05, 0.95, 19)],
        ),
        "5: smoothing": (
            *figures.smoothing_bench(scores[:80], functions["smoothed"], ylabel="accuracy"),
            [{"weight": w} for w in np.linspace(0, 0.98, 50)],
        ),
    }


def measure_slider(figure, update, states):
    """Milliseconds of a slider's step: median and slowest, and median when all is drawn again."""
    whole = []
    for state in states[:10]:
        begin = time.perf_counter()
        sliders.draw_stills(figure, update, [state])
        whole.append(1000 * (time.perf_counter() - begin))
    render = sliders.frame_renderer(figure, update, states[0])
    steps = []
    for state in states:
        begin = time.perf_counter()
        render(**state)
        steps.append(1000 * (time.perf_counter() - begin))
    return {
        "median_ms": statistics.median(steps),
        "slowest_ms": max(steps),
        "whole_figure_ms": statistics.median(whole),
    }


def define_from(lesson, names, namespace):
    """Define these functions of a lesson in `namespace`, so that they are what is measured."""
    for cell in read_lesson(next(LESSONS.glob(f"{lesson}_*.py"))).cells:
        if cell.cell_type == "code":
            body = ast.parse(cell.source).body
            wanted = [n for n in body if isinstance(n, ast.FunctionDef) and n.name in names]
            exec(compile(ast.Module(wanted, []), f"lesson {lesson}", "exec"), namespace)
    missing = [name for name in names if name not in namespace]
    if missing:
        sys.exit(f"lesson {lesson} no longer defines {', '.join(missing)}, which is measured here")


def measure_pipeline(size):
    """The lessons' photo pipeline at size × size pixels: images a second, and the wait for data.

    Returns:
        images a second decoded (the first epoch), from the cache, from the cache and augmented;
        and the share of a training epoch, not the first, that is spent waiting for a batch.
    """
    import keras
    import tensorflow as tf

    from course import data

    folder, _ = data.load_pets(PIPELINE_IMAGES, 2, size=size, source="embedded", verbose=False)
    files = {"train": list((folder / "train").glob("*/*.jpg"))}
    names = {"folder": folder, "files": files, "SIZE": size, "np": np, "tf": tf, "keras": keras}
    names["layers"] = keras.layers
    define_from("03", ("read_photos", "photo_batches", "make_network"), names)
    define_from("04", ("make_augmentation",), names)

    def images_per_second(batches):
        begin = time.perf_counter()
        count = sum(len(labels) for _, labels in batches)
        return count / (time.perf_counter() - begin)

    batches = names["photo_batches"]("train")
    decoded = images_per_second(batches)
    cached = statistics.median(images_per_second(batches) for _ in range(3))
    augment = keras.Sequential(names["make_augmentation"]())
    augmented = batches.map(lambda x, y: (augment(x, training=True), y))
    next(iter(augmented))
    moved = statistics.median(images_per_second(augmented) for _ in range(3))

    model = names["make_network"](size)
    model.compile("adam", "binary_crossentropy")
    model.train_on_batch(*next(iter(batches)))
    shares = []
    for _ in range(3):
        waited, begin, stream = 0, time.perf_counter(), iter(batches)
        while True:
            asked = time.perf_counter()
            batch = next(stream, None)
            waited += time.perf_counter() - asked
            if batch is None:
                break
            model.train_on_batch(*batch)
        shares.append(waited / (time.perf_counter() - begin))
    return {
        "decoded": decoded,
        "cached": cached,
        "augmented": moved,
        "waiting": statistics.median(shares),
    }


def measure_instruments():
    """Frames and answers of the instruments; see `tools.bench_instruments`."""
    import keras

    functions = {"np": np, "keras": keras, "layers": keras.layers}
    define_from("06", ("make_network",), functions)
    return bench_instruments.measure(functions["make_network"])


def measure_explain():
    """Heatmaps and drawings of filters by `course.explain`; see `tools.bench_explain`."""
    functions = {"np": np}
    define_from("06", ("fine_share",), functions)
    return {
        "heatmaps": bench_explain.measure_heatmaps(),
        "filters": bench_explain.measure_filters(functions["fine_share"]),
    }


def table_of(results):
    """The results as a Markdown page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Times are those of one machine: compare ratios, not seconds.",
        "",
        f"{results['date']}: {results['machine']}; "
        + ", ".join(f"{name} {version}" for name, version in results["versions"].items())
        + ".",
        "",
        f"Each lesson in quick size, offline, as a whole process (median of {results['repeats']};"
        " the memory is the largest seen, TensorFlow included):",
        "",
        "| lesson | seconds | peak MB |",
        "|---|---:|---:|",
    ]
    for name, lesson in results["lessons"].items():
        lines.append(f"| {name} | {lesson['seconds']:.0f} | {lesson['peak_mb']:.0f} |")
    lines += [
        "",
        "A slider's step in the kernel, in milliseconds, beside drawing the whole figure again:",
        "",
        "| lesson: slider | median | slowest | whole figure |",
        "|---|---:|---:|---:|",
    ]
    for name, slider in results["sliders"].items():
        times = (slider["median_ms"], slider["slowest_ms"], slider["whole_figure_ms"])
        lines.append(f"| {name} | " + " | ".join(f"{value:.0f}" for value in times) + " |")
    lines += ["", *bench_instruments.table_lines(results["instruments"])]
    lines += [
        "",
        f"The photo pipeline of lessons 3 and 4, on {results['pipeline_images']} drawn photos:"
        " images a second, and how much of a training epoch (not the first) waits for data:",
        "",
        "| pixels | decoded | from the cache | and augmented | waiting |",
        "|---|---:|---:|---:|---:|",
    ]
    for size, speed in results["pipeline"].items():
        speeds = (speed["decoded"], speed["cached"], speed["augmented"])
        lines.append(
            f"| {size} × {size} | "
            + " | ".join(f"{value:,.0f}" for value in speeds)
            + f" | {speed['waiting']:.1%} |"
        )
    if "photos" in results:  # not in what an earlier edition kept
        lines += ["", *bench_photos.table_lines(results["photos"])]
    lines += ["", *bench_explain.table_lines(results["explain"])]
    lines += ["", *bench_grading.table_lines(results["grading"])]
    if "rehearsal" in results:
        lines += ["", *rehearse.table_lines(results["rehearsal"])]
    return "\n".join(lines) + "\n"


def read():
    """The results as they were kept last: dict, empty if there are none yet."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def keep(results):
    """Keep results, and write the page that shows them.

    Args:
        results: dict, as `main` measures it.
    """
    RESULTS.parent.mkdir(exist_ok=True)
    text = json.dumps(recorded.rounded(results), indent=1, ensure_ascii=False) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    TABLE.write_text(table_of(results), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams.update(start.FIGURE_STYLE)
    before = read()
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": recorded.describe_machine(),
        "versions": recorded.describe_versions(),
        "repeats": repeats,
        "sliders": {name: measure_slider(*parts) for name, parts in slider_figures().items()},
        "instruments": measure_instruments(),
        "pipeline_images": PIPELINE_IMAGES,
        "pipeline": {},
        "photos": bench_photos.measure(),
        "explain": measure_explain(),
        "grading": bench_grading.measure(),
        "lessons": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_DATA_DIR"] = folder
        for size in (64, 150):
            results["pipeline"][str(size)] = measure_pipeline(size)
    for name in (source.stem for source in lessons()):
        runs = [measure_lesson(NOTEBOOKS / f"{name}.ipynb") for _ in range(repeats)]
        seconds, peaks = zip(*runs, strict=True)
        results["lessons"][name] = {
            "seconds": statistics.median(seconds),
            "peak_mb": max(peaks),
        }
        print(f"{name}: {statistics.median(seconds):.0f} s, {max(peaks):.0f} MB", flush=True)
    if "rehearsal" in before:  # `make rehearse` measures it
        results["rehearsal"] = before["rehearsal"]
    keep(results)
    print(table_of(results))


if __name__ == "__main__":
    main()
