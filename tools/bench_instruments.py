"""Measure the instruments: frames of a drag in Chromium, and answers of the kernel.

Part of `tools.bench`, which see.
"""

import io
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np

from course import instruments
from course_utils import figures
from tools import chromium, exported

STEPS = 120
ANSWERS = 20
# Without these a frame never takes less than the screen's 16.7 ms, and its cost can't be seen.
UNCAPPED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]
# Moves a pointer or a slider by one step a frame. A frame ends where the next one begins, with
# what was drawn and painted in between.
DRAG = """async (target, steps) => {
    const box = target.getBoundingClientRect();
    const next = () => new Promise(requestAnimationFrame);
    target.setPointerCapture = () => {};
    const point = (kind, share) => target.dispatchEvent(new PointerEvent(kind, {
        bubbles: true, pointerId: 1, isPrimary: true,
        clientX: box.left + share * (box.width - 1), clientY: box.top + share * (box.height - 1),
    }));
    const slide = (share) => {
        target.value = Number(target.min) + share * (target.max - target.min);
        target.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const move = target.matches("input") ? slide : (share) => point("pointermove", share);
    point("pointerdown", 0);
    await next();
    let last = await next();
    const times = [];
    for (let step = 0; step <= steps; step++) {
        move(step / steps);
        const now = await next();
        times.push(now - last);
        last = now;
    }
    point("pointerup", 1);
    return times.slice(1);
}"""
CELL = """
import numpy as np
from skimage.color import rgb2gray
from skimage.data import chelsea
from skimage.transform import resize
from course import instruments
photo = resize(chelsea()[:, 75:375], (96, 96), anti_aliasing=True)
grey = rgb2gray(photo)
"""
# name -> (the cell's last line, the label of the slider that is dragged, or None for the output)
IN_BROWSER = {
    "1: stepper, 28 × 28, over all positions": (
        "instruments.ConvolutionStepper(resize(grey, (28, 28)), [[-1, 0, 1]] * 3, padding='same')",
        None,
    ),
    "1: stepper, 28 × 28 × 3, over all positions": (
        "instruments.ConvolutionStepper(resize(photo, (28, 28)), "
        "np.ones((3, 3, 3)) * [[[-1]], [[0]], [[1]]], padding='same')",
        None,
    ),
    "1: Gabor bench, 65 × 65, θ": (
        "instruments.GaborBench({'cat': resize(grey, (65, 65))})",
        "direction θ",
    ),
    "1: Gabor bench, 96 × 96, θ at σ = 5": (
        "instruments.GaborBench({'cat': grey}, sigma=5)",
        "direction θ",
    ),
    "4: augmentation desk, 96 × 96, rotation": (
        "instruments.AugmentationDesk((255 * photo).astype('uint8'))",
        "rotation",
    ),
}


def measure(make_network):
    """Frames of each instrument that lives in the browser, and answers of those that ask.

    Args:
        make_network: lesson 6's function of that name.
    """
    return {"frames": measure_frames(), "answers": measure_answers(make_network)}


def measure_frames():
    """Milliseconds of a frame while something is dragged, and of drawing the whole figure.

    Returns:
        dict from a name to a dict of "median_ms", "slowest_ms" and "whole_figure_ms".
    """
    from playwright.sync_api import sync_playwright

    path = chromium.find() or sys.exit(chromium.MISSING)
    pages = {name: page_of(line) for name, (line, _) in IN_BROWSER.items()}
    frames = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        flags = [*chromium.FLAGS, *UNCAPPED]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        for name, (line, label) in IN_BROWSER.items():
            target = Path(folder) / "page.html"
            target.write_text(pages[name], encoding="utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.goto(target.as_uri())
            page.wait_for_selector(".course-instrument")
            output = page.locator("canvas[data-part=output]")
            before = page.locator(".course-instrument").inner_text()
            times = (page.get_by_label(label) if label else output).evaluate(DRAG, STEPS)
            if page.locator(".course-instrument").inner_text() == before:
                raise RuntimeError(f"{name}: the drag moved nothing")
            page.close()
            frames[name] = {
                "median_ms": statistics.median(times),
                "slowest_ms": max(times),
                "whole_figure_ms": measure_redraw(line),
            }
        browser.close()
    return frames


def page_of(line):
    """A page without a kernel, with the instrument of a cell's last line."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(cells=[new_code_cell(CELL + line)])
    NotebookClient(notebook, timeout=120).execute()
    return exported.page(notebook)


def measure_redraw(line, repeats=5):
    """Milliseconds of drawing an instrument's state anew as a whole figure, as a slider would."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    scope = {}
    exec(f"{CELL}widget = {line}", scope)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        FigureCanvasAgg(draw_state(scope["widget"])).print_png(io.BytesIO())
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def draw_state(widget):
    """What the instrument shows now, computed and drawn in the kernel."""
    if isinstance(widget, instruments.ConvolutionStepper):
        return widget.picture([400])
    if isinstance(widget, instruments.GaborBench):
        panels = (widget.pixels(), widget.kernel(), widget.response())
        return figures.image_grid(panels, signed=[False, True, True], size=2.2)
    versions = widget.versions().round().astype("uint8")
    return figures.image_grid(list(versions), columns=6, size=1.4)


def measure_answers(make_network):
    """Milliseconds from a question to its answer in the kernel: median and slowest."""
    random = np.random.default_rng(0)
    scope = {"keras": keras, "layers": keras.layers}
    exec(instruments.ShapeCalculator().code, scope)  # lesson 2's network
    digits = random.integers(0, 256, (ANSWERS, 28, 28), np.uint8)
    pad = instruments.DigitPad(scope["model"], examples=digits)
    texts = [digit.tobytes().hex() for digit in digits]
    asked = [{"pixels": t, "start": texts[0], "layer": pad.layer, "view": "bench"} for t in texts]
    photos = {str(n): random.integers(0, 256, (150, 150, 3), np.uint8) for n in range(ANSWERS)}
    lens = instruments.Lens(make_network(), photos, classes=("cat", "dog"))
    first, *others = photos
    lens.respond({"what": "heat", "image": first, "method": "saliency", "class": "cat"})  # compiles
    heat = [
        {"what": "heat", "image": name, "method": method, "class": "cat"}
        for name in others
        for method in ("Grad-CAM", "saliency")
    ]
    maps = [
        {"what": "maps", "image": name, "layer": layer, "channel": 0}
        for name in others
        for layer in lens.layers
    ]
    return {
        "2: digit pad, a drawing is read": timed(
            pad, [question | {"kind": "read"} for question in asked]
        ),
        "2: digit pad, which of 784 pixels hurts most": timed(
            pad, [question | {"kind": "hurt", "target": 0} for question in asked]
        ),
        "6: lens, a channel of another image or layer": timed(lens, maps),
        "6: lens, Grad-CAM of another image": timed(lens, heat[::2]),
        "6: lens, saliency of another image": timed(lens, heat[1::2]),
        "all lessons: a cell that has run is noted": measure_noting(),
    }


def measure_noting():
    """Milliseconds that a cell takes longer because a lesson notes that it ran."""
    hooked = instruments.prediction.Predictions("01_convolution")
    times = []
    for number in range(ANSWERS):
        info = SimpleNamespace(raw_cell=f"size = {number}", cell_id=None)
        result = SimpleNamespace(info=info, success=True)
        begin = time.perf_counter()
        hooked.cell_has_run(result)
        times.append(1000 * (time.perf_counter() - begin))
    return {"median_ms": statistics.median(times), "slowest_ms": max(times)}


def timed(widget, questions):
    """Milliseconds of each question's answer: median and slowest."""
    times = []
    for number, question in enumerate(questions, start=1):
        begin = time.perf_counter()
        widget.question = question | {"number": number}
        times.append(1000 * (time.perf_counter() - begin))
        if "error" in widget.answer:
            raise RuntimeError(widget.answer["error"])
    return {"median_ms": statistics.median(times), "slowest_ms": max(times)}


def table_lines(results):
    """The results as lines of Markdown."""
    lines = [
        "A frame of an instrument while it is dragged, in Chromium on the same machine, in"
        " milliseconds, beside drawing its state as a whole figure in the kernel:",
        "",
        "| lesson: instrument | median | slowest | whole figure |",
        "|---|---:|---:|---:|",
    ]
    for name, frame in results["frames"].items():
        times = (frame["median_ms"], frame["slowest_ms"], frame["whole_figure_ms"])
        lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in times) + " |")
    lines += [
        "",
        "An answer of the kernel to an instrument that asks, in milliseconds:",
        "",
        "| lesson: instrument, question | median | slowest |",
        "|---|---:|---:|",
    ]
    for name, answer in results["answers"].items():
        lines.append(f"| {name} | {answer['median_ms']:.1f} | {answer['slowest_ms']:.1f} |")
    return lines
