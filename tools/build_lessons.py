"""Build and execute the notebooks from lessons/*.py, as far as they changed.

    python -m tools.build_lessons [02 ...] [--force]

Each lesson runs offline and with an empty data folder, so that what is stored is what a machine
with no network shows, and the same wherever it is built.
"""

import argparse
import base64
import datetime
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from course_utils.files import write_whole
from tools import colab, glossary
from tools.address import published
from tools.lesson_source import questions_file, questions_text, read_lesson
from tools.staleness import NOTEBOOKS, chosen, kept_mark, lessons, mark_of_lesson

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MAX_BYTES = 1_000_000
# What is stored is what a machine with no network and no data shows.
OFFLINE = {
    "COURSE_BASE": None,
    "COURSE_OFFLINE": "1",
    "COURSE_SCALE": "quick",
    "COURSE_DATA_DIR": None,
    "COURSE_MIRROR": None,
    "COURSE_RECORD": None,
    "KERAS_HOME": os.path.join(os.devnull, "keras"),  # where no weights are, nor can be
}
MAX_COLOUR_ERROR = 20  # of 255, for 999 of 1000 pixels
JPEG_QUALITY = 75
JPEG_SHARE = 0.85  # of the PNG's bytes; a JPEG that saves less isn't worth its blur


def with_settings(settings):
    """This process's environment variables with others set, for a process that it starts.

    Args:
        settings: dict of environment variables, such as OFFLINE; None takes a variable away.
    Returns:
        dict.
    """
    return {name: value for name, value in (os.environ | settings).items() if value is not None}


def text_of(notebook):
    """A notebook as its file has it."""
    import nbformat

    return nbformat.writes(notebook) + "\n"


def finished(notebook, mark):
    """A built notebook as it is stored: with its mark, and the cell for Colab if there is one.

    Args:
        notebook: executed and cleaned; changed in place.
        mark: what it was built from, as of `staleness`.
    Returns:
        the notebook.
    """
    built = {"built_from": mark, "shows": shown_mark(notebook)}
    notebook.metadata.setdefault("course", {}).update(built)
    return colab.with_cell(notebook, published())


def shown_mark(notebook):
    """Changes when anything changes that a notebook shows below its cells: 16 hexadecimal digits.

    So it is known whether somebody else's results were saved in a stored notebook.
    """
    shown = [cell.get("outputs", []) for cell in colab.without_cell(notebook)]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def shows_what_was_built(notebook):
    """Whether the results in a stored notebook are those that it was built with."""
    return notebook.metadata.get("course", {}).get("shows") == shown_mark(notebook)


def execute(notebook, settings, *, timeout):
    """Run every cell in a fresh kernel, in an empty folder; outputs land in the notebook.

    Args:
        notebook: changed in place.
        settings: dict of environment variables; None takes a variable away.
        timeout: seconds a cell may take, or None.
    """
    from nbclient import NotebookClient

    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name, value in settings.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        os.environ.setdefault("COURSE_DATA_DIR", folder)
        resources = {"metadata": {"path": folder}}
        try:
            NotebookClient(
                notebook, timeout=timeout, resources=resources, coalesce_streams=True
            ).execute()
        finally:
            os.environ.clear()
            os.environ.update(kept)


def slowest_cells(notebook, count=5):
    """(seconds, first line) of the cells that took longest, where a lesson's minute goes."""
    cells = []
    for cell in notebook.cells:
        times = cell.metadata.get("execution", {})
        if "iopub.execute_input" in times and "shell.execute_reply" in times:
            begin, end = (
                datetime.datetime.fromisoformat(str(times[key]).replace("Z", "+00:00"))
                for key in ("iopub.execute_input", "shell.execute_reply")
            )
            cells.append(((end - begin).total_seconds(), cell.source.splitlines()[0][:80]))
    return sorted(cells, reverse=True)[:count]


def clean(notebook):
    """Remove what is of no use without the kernel that made it, and what churns."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress_bar(output)]
        for output in cell.get("outputs", []):
            bundle = output.get("data", {})
            if WIDGET_VIEW in bundle and {"image/png", "text/markdown"} & set(bundle):
                del bundle[WIDGET_VIEW]
            if "image/png" in bundle:
                kind, picture = smaller_picture(bundle.pop("image/png"))
                bundle[kind] = picture
                bundle.pop("text/html", None)  # the picture once more, for JupyterLab
                if "image/png" in output.metadata:  # its width and words
                    output.metadata[kind] = output.metadata.pop("image/png")
            for kind in {"image/png", "image/jpeg"} & set(bundle):
                words = output.metadata.get(kind, {}).get("alt")  # instead of a figure's repr
                bundle["text/plain"] = words or "A figure."


def is_progress_bar(output):
    """Whether this is tqdm's widget, which is of no use when the work is done."""
    bundle = output.get("data", {})
    return WIDGET_VIEW in bundle and re.search(r"\d+%\|", bundle.get("text/plain", "")) is not None


def smaller_picture(encoded):
    """A PNG, base64, in few bytes that look the same: 256 colours for drawings, JPEG for photos.

    Its "Description" comes along, in a JPEG as the comment.

    Returns:
        "image/png" or "image/jpeg", and the picture, base64.
    """
    import numpy as np
    from PIL import Image, PngImagePlugin

    given = Image.open(io.BytesIO(base64.b64decode(encoded)))
    description, picture = given.info.get("Description", ""), given.convert("RGB")
    words = PngImagePlugin.PngInfo()
    if description:
        words.add_text("Description", description)
    reduced = picture.quantize(256, dither=Image.Dither.NONE, kmeans=2)
    away = np.abs(np.asarray(reduced.convert("RGB"), int) - np.asarray(picture, int)).max(axis=-1)
    exact = io.BytesIO()
    chosen = reduced if np.percentile(away, 99.9) <= MAX_COLOUR_ERROR else picture
    chosen.save(exact, "png", optimize=True, pnginfo=words)
    blurred = io.BytesIO()
    comment = description.encode() or None
    picture.save(blurred, "jpeg", quality=JPEG_QUALITY, optimize=True, comment=comment)
    jpeg = len(blurred.getvalue()) < JPEG_SHARE * len(exact.getvalue())
    kind, buffer = ("image/jpeg", blurred) if jpeg else ("image/png", exact)
    return kind, base64.b64encode(buffer.getvalue()).decode()


def complaints(notebook, size):
    """What a reader must not see, as a list of texts."""
    texts = []
    if size > MAX_BYTES:
        texts.append(f"{size / 1e6:.2f} MB, over {MAX_BYTES / 1e6:g} MB")
    for cell in notebook.cells:
        first_line = cell.source.splitlines()[0] if cell.source else ""
        for output in cell.get("outputs", []):
            if output["output_type"] == "error" or output.get("name") == "stderr":
                text = output.get("text") or output.get("evalue")
                texts.append(f"cell {first_line!r} shows an error or a warning: {text[:300]}")
            text = output.get("data", {}).get("text/plain", "")
            if re.match(r"<[\w.]+ .*>|\w+\(children=", text):
                texts.append(f"cell {first_line!r} shows a raw repr: {text[:80]}")
            if WIDGET_VIEW in output.get("data", {}):
                texts.append(f"cell {first_line!r} has a widget without a picture")
    return texts


def write_questions(source):
    """Write the file with a lesson's questions, which its cells ask for, where it isn't fresh."""
    path, text = questions_file(source), questions_text(source)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text)


def with_new_texts(target, fresh, mark):
    """A stored notebook with the text cells of a fresh one, for where links in them have changed.

    Args:
        target: path of the stored notebook; fresh: as of `read_lesson`, with the same code.
        mark: of both.
    Returns:
        str, its file's text.
    """
    import nbformat

    stored = nbformat.read(target, as_version=4)
    stored.cells = colab.without_cell(stored)
    for cell, new in zip(stored.cells, fresh.cells, strict=True):
        if cell.cell_type == "markdown":
            cell.source, cell["id"] = new.source, new["id"]
    return text_of(finished(stored, mark))


def build(source, force):
    """Build one notebook; True when it is sound."""
    target = NOTEBOOKS / f"{source.stem}.ipynb"
    mark = mark_of_lesson(source)
    write_questions(source)
    if not force and kept_mark(target) == mark:
        text = with_new_texts(target, read_lesson(source), mark)
        changed = text != target.read_text(encoding="utf-8")
        if changed:
            write_whole(target, text)
        print(f"{target.name}: {'links to the glossary brought ' * changed}up to date")
        return True
    print(f"{target.name}: running ...", flush=True)
    start = time.perf_counter()
    notebook = read_lesson(source)
    execute(notebook, OFFLINE, timeout=600)
    slowest = slowest_cells(notebook)
    clean(notebook)
    text = text_of(finished(notebook, mark))
    problems = complaints(notebook, len(text.encode()))
    if problems:
        rejected = Path(tempfile.gettempdir()) / target.name
        rejected.write_text(text, encoding="utf-8")
        print("\n".join(f"  {problem}" for problem in problems))
        print(f"  not kept; look at it: {rejected}")
        return False
    write_whole(target, text)
    print(f"{target.name}: {time.perf_counter() - start:.0f} s, {len(text) / 1e3:.0f} kB; slowest:")
    print("\n".join(f"  {seconds:5.1f} s  {line}" for seconds, line in slowest))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02; none: all of them")
    parser.add_argument("--force", action="store_true", help="also what has not changed")
    options = parser.parse_args()
    try:
        sources = chosen(options.lesson, lessons())
    except ValueError as error:
        parser.error(str(error))
    results = [build(source, options.force or bool(options.lesson)) for source in sources]
    if glossary.write(NOTEBOOKS):
        print(f"docs/{glossary.PAGE.name}, notebooks/{glossary.NOTEBOOK}: brought up to date")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
