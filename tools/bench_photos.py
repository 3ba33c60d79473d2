"""Measure the import of one's own photos, and the search for those that look alike.

    python -m tools.bench_photos

Part of `tools.bench`, which see.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from course.data import photos
from tools import watched

SIZE = 256
NUMBERS = (1000, 3000, 10_000)
SAMPLE_SECONDS = 0.05


def draw_photograph(number):
    """Soft spots of colour with grain, all over the picture."""
    rng = np.random.default_rng(number)
    spots = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    smooth = Image.fromarray(spots).resize((SIZE, SIZE * 3 // 4), Image.Resampling.BICUBIC)
    grain = rng.integers(-12, 13, (SIZE * 3 // 4, SIZE, 1))
    return Image.fromarray(np.uint8((np.asarray(smooth, int) + grain).clip(0, 255)))


def draw_product(number):
    """A disc or a square of some colour and size on white: so flat that all are candidates."""
    rng = np.random.default_rng(number)
    image, half = Image.new("RGB", (SIZE, SIZE), "white"), int(rng.integers(30, 110))
    colour = tuple(int(value) for value in rng.integers(0, 230, 3))
    draw, (x, y) = ImageDraw.Draw(image), rng.integers(118, 139, 2)
    shape = draw.ellipse if number % 2 else draw.rectangle
    shape((x - half, y - half, x + half, y + half), fill=colour)
    return image


def draw_frame(number):
    """One of a film in which little moves, with the camera's grain: all look alike."""
    frame = np.asarray(draw_photograph(0), int)
    grain = np.random.default_rng(number).integers(-9, 10, frame.shape)
    return Image.fromarray(np.uint8((frame + grain).clip(0, 255)))


KINDS = {
    "photographs": draw_photograph,
    "products on white": draw_product,
    "frames of a film": draw_frame,
}


def measure():
    """Import so many photos of each kind, each time in a process of its own.

    Returns:
        kind -> number -> "import" and "compare", each with "seconds" and "processor_seconds"; and
        "peak_mb", the process's own memory included.
    """
    measured = {}
    for kind, draw in KINDS.items():
        measured[kind] = {}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "drawn").mkdir()
            for before, number in zip((0, *NUMBERS), NUMBERS, strict=False):
                for one in range(before, number):
                    draw(one).save(Path(folder) / "drawn" / f"{one}.jpg", quality=90)
                results = Path(folder) / "results.json"
                command = [sys.executable, "-m", "tools.bench_photos", "--one", folder]
                _, peak = watched.run(command, every=SAMPLE_SECONDS)
                seconds = json.loads(results.read_text(encoding="utf-8"))
                measured[kind][str(number)] = seconds | {"peak_mb": peak / 1e6}
    return measured


def import_and_compare(folder):
    """What `course data add pets` does with photos, less their places: how long both parts take."""
    with tempfile.TemporaryDirectory(dir=folder) as new:
        groups = {"all": photos.files_below(folder / "drawn")}
        begin = clocks()
        came = photos.import_photos(
            groups, Path(new) / "images", root=folder, anew=True, progress=False
        ).photos
        imported = clocks()
        photos.exact_copies(list(came.values()))
        photos.look_alikes(list(came.values()))
        parts = {"import": (begin, imported), "compare": (imported, clocks())}
    return {
        part: {name: end[name] - start[name] for name in start}
        for part, (start, end) in parts.items()
    }


def clocks():
    """Seconds on the wall, and of the processor, which the machine's other work leaves alone."""
    return {"seconds": time.perf_counter(), "processor_seconds": time.process_time()}


def table_lines(measured):
    """What was measured, as lines of Markdown: list of str."""
    lines = [
        f"One's own photos of {SIZE} px: to decode them and save them anew, and to find those that"
        " look alike, in seconds (of the processor); and the most memory that the process takes:",
        "",
        "| photos | number | import | look-alikes | peak MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for kind, numbers in measured.items():
        for number, one in numbers.items():
            times = " | ".join(
                f"{one[part]['seconds']:.1f} ({one[part]['processor_seconds']:.1f})"
                for part in ("import", "compare")
            )
            lines.append(f"| {kind} | {int(number):,} | {times} | {one['peak_mb']:.0f} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)  # the process that is watched
    folder = parser.parse_args().one
    if folder:
        text = json.dumps(import_and_compare(folder))
        (folder / "results.json").write_text(text, encoding="utf-8")
    else:
        print("\n".join(table_lines(measure())))


if __name__ == "__main__":
    main()
